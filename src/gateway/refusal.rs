//! What a route cannot say, and what it says differently.

/// Why something has no equal in a route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The kind, which has a reason code.
    pub kind: RefusalKind,
    /// What it is about.
    pub message: String,
}

/// The kinds of refusals; each has a reason code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// A rule of Traefik has a condition that is not read.
    MatchNotRead,
    /// A path is a pattern or a template, or the Gateway API does not take it.
    PathPattern,
    /// The controller decides how a path is compared.
    PathTypeImplementation,
    /// There is no host.
    HostEmpty,
    /// A star is elsewhere than in place of the first label of a host.
    HostWildcard,
    /// Which of two rules wins depends on Traefik.
    RouterPriority,
    /// A middleware has no filter that does the same.
    MiddlewareNotConverted,
    /// Requests would need no authentication any more.
    AuthWouldBeLost,
    /// Addresses that are kept out would have access.
    AccessWouldWiden,
    /// An annotation that nobody has said anything about.
    AnnotationNotKnown,
    /// The backend speaks TLS.
    BackendTls,
    /// The certificate of a host is made for its Ingress.
    CertificatePerApp,
}

/// What is different with a route, or not said by it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The kind.
    pub kind: NoteKind,
    /// What it is about.
    pub message: String,
}

/// The kinds of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// The route takes a path that Traefik does not take.
    PrefixWider,
    /// The route does not take paths that Traefik takes.
    PrefixNarrower,
    /// Plain HTTP is answered now, and will be redirected.
    HttpRedirected,
    /// The star stands for several labels, too.
    WildcardWider,
    /// Nobody reads the annotation on a route, as far as is known.
    NotReadOnRoutes,
    /// The Gateway has a default of its own.
    DefaultDiffers,
    /// It depends on the version of the Gateway's controller whether it knows the filter.
    FilterSupport,
    /// Something else does it, or the configuration drops it.
    NotNeeded,
}

impl Refusal {
    /// A refusal.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Refusal {
        Refusal { kind, message: message.into() }
    }
}

impl Note {
    /// A note.
    pub fn new(kind: NoteKind, message: impl Into<String>) -> Note {
        Note { kind, message: message.into() }
    }
}

impl NoteKind {
    /// Whether somebody must look before it lands.
    pub fn wants_review(self) -> bool {
        matches!(self, NoteKind::PrefixWider | NoteKind::PrefixNarrower | NoteKind::HttpRedirected)
    }
}

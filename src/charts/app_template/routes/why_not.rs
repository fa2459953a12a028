//! Why entries of `ingress` cannot become routes.

/// Why an entry cannot become a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRouted {
    /// The entry; empty where it is about all of them.
    pub entry: String,
    /// The reason.
    pub why: WhyNot,
}

/// The reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// Before 3.7.3 the primary port takes the place of the one that is stated.
    ChartTooOld,
    /// Whether it is enabled is not known.
    SwitchUnknown,
    /// A default backend takes the place of all rules.
    DefaultBackend,
    /// It has no host with a path.
    NoRules,
    /// A host is empty.
    HostEmpty,
    /// A host has a star elsewhere than in front.
    HostWildcard,
    /// A path is a pattern or a template.
    PathPattern,
    /// How a path is compared depends on the controller.
    PathTypeImplementation,
    /// It names no enabled Service.
    BackendNotFound,
    /// The port has no number.
    BackendPortUnknown,
    /// 3.x takes the name of a Service as it is.
    BackendTemplated,
    /// 3.x looks up a name as an identifier first.
    NameIsIdentifier,
    /// A route of that key serves other hosts.
    RouteKeyTaken,
    /// A route of that key serves the same hosts in another way.
    RouteDiffers,
    /// Another route has the name that it would get.
    RouteNameTaken,
    /// A route that is there would get another name.
    RouteNameMoves,
    /// The values leave it open.
    Open,
}

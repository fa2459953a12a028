//! What middlewares of Traefik become: filters of an HTTPRoute (`docs/gateway.md#middlewares`).

mod configured;
mod headers;
mod middleware;
mod redirect;
mod rewrite;
#[cfg(test)]
mod tests;

pub use configured::Configured;
pub use middleware::MiddlewareName;
pub(super) use redirect::{redirect_of_url, redirect_to_path};
pub(super) use rewrite::{prefix_replaced, with_hostname};

use configured::apply;
use headers::{Headers, Side};
use middleware::{Weight, flattened};

use std::collections::BTreeMap;

use super::{Note, NoteKind, PathMatch, Refusal, RefusalKind};
use crate::flux::Value;

/// The Middlewares of the tree: the `spec` of each, by namespace and name.
pub type Middlewares = BTreeMap<(String, String), Value>;

/// What the configuration says about middlewares, by id, and about the texts of `auth-url`.
pub type AllConfigured = BTreeMap<String, Configured>;

/// What a route listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listens {
    /// HTTP behind TLS alone.
    Https,
    /// Plain HTTP alone.
    Http,
    /// Both.
    Both,
}

/// The rule whose middlewares become filters, and what there is around it.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The namespace of the route.
    pub namespace: &'a str,
    /// The hosts of the rule.
    pub hosts: &'a [String],
    /// The path of the rule; `None` for all.
    pub path: Option<&'a PathMatch>,
    /// What the route listens to.
    pub listens: Listens,
    /// Whether Flux puts variables into the text: then `$$` is a dollar sign.
    pub substitutes: bool,
    /// Whether the Gateway was chosen because of a limit of addresses.
    pub limits_are_mapped: bool,
    /// Whether Traefik is the controller of the Gateway.
    pub is_traefik: bool,
    /// The Middlewares of the tree.
    pub middlewares: &'a Middlewares,
    /// What the configuration says.
    pub configured: &'a AllConfigured,
}

/// What the middlewares of a rule become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// The filters, in the order of the middlewares; no kind twice, but extensions.
    pub filters: Vec<Value>,
    /// Whether a filter redirects: then the rule has no backend.
    pub replaces_backend: bool,
    /// What is different.
    pub notes: Vec<Note>,
    /// The ids of middlewares that authenticate. Each has a component or an extension.
    pub authentication: Vec<String>,
    /// The ids of middlewares that limit addresses. Each has a Gateway, a component or an extension.
    pub limits: Vec<String>,
    /// The components of the configuration that do what filters do not.
    pub components: Vec<String>,
    /// Whether filters have texts that Flux may change: variables, `$$`. Where the Middleware is applied
    /// they may become something else than where the route is.
    pub has_variables: bool,
    /// Whether somebody must look at it.
    pub review: bool,
}

/// Makes filters of the middlewares of a rule, in their order.
///
/// # Errors
/// If one of them has no equal, and the configuration does not say what to do.
pub fn filters_of(middlewares: &[MiddlewareName], around: &Surroundings<'_>) -> Result<Filters, Refusal> {
    let mut parts = Parts { around, made: Filters::default(), places: Vec::new(), headers: Default::default() };
    for middleware in middlewares {
        for link in flattened(middleware, around)? {
            match around.configured.get(&link.name.id) {
                Some(configured) => apply(configured, &link, &mut parts)?,
                None => parts.convert(&link)?,
            }
        }
    }
    parts.finished()
}

/// Whether middlewares send HTTP to HTTPS of the same host. A route of both then belongs on HTTPS alone:
/// the Gateway redirects HTTP for all routes.
///
/// # Errors
/// If a chain cannot be followed.
pub fn redirects_to_https(middlewares: &[MiddlewareName], around: &Surroundings<'_>) -> Result<bool, Refusal> {
    for middleware in middlewares {
        let links = flattened(middleware, around)?;
        let converted = links.iter().filter(|link| !around.configured.contains_key(&link.name.id));
        let mut kinds = converted.filter_map(Link::kind);
        if kinds.any(|(kind, options)| kind == "redirectScheme" && redirect::is_to_https(options)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A middleware of a rule, after chains were followed.
struct Link<'a> {
    name: MiddlewareName,
    /// Its `spec`; `None` if it is not in the tree.
    spec: Option<&'a Value>,
    weight: Weight,
}

/// Where a filter stands in the order of the middlewares.
enum Place {
    Headers(Side),
    Filter(Value),
}

/// The filters of a rule while they are made.
struct Parts<'a> {
    around: &'a Surroundings<'a>,
    made: Filters,
    places: Vec<Place>,
    headers: [Headers; 2],
}

impl Parts<'_> {
    fn note(&mut self, kind: NoteKind, message: impl Into<String>) {
        self.made.notes.push(Note::new(kind, message));
    }

    /// Adds a filter. The Gateway API takes each type once, but extensions and mirrors, and rewrites
    /// no request that it redirects.
    fn add(&mut self, link: &Link<'_>, filter: Value) -> Result<(), Refusal> {
        let kind = filter.text_at(&["type"]).unwrap_or_default().to_owned();
        let is_there = |other: &str| match self.places.iter().find(|place| place.kind() == other) {
            Some(_) => Err(link.refusal(&format!("would need {kind} beside {other}, which a rule cannot have"))),
            None => Ok(()),
        };
        match &*kind {
            "ExtensionRef" | "RequestMirror" => {}
            "RequestRedirect" => ["RequestRedirect", "URLRewrite"].into_iter().try_for_each(is_there)?,
            "URLRewrite" => ["URLRewrite", "RequestRedirect"].into_iter().try_for_each(is_there)?,
            other => is_there(other)?,
        }
        self.made.replaces_backend |= kind == "RequestRedirect";
        self.places.push(Place::Filter(filter));
        Ok(())
    }

    /// Sets or removes a header.
    fn header(&mut self, link: &Link<'_>, side: Side, name: &str, value: &str) -> Result<(), Refusal> {
        if !self.places.iter().any(|place| place.kind() == side.filter()) {
            self.places.push(Place::Headers(side));
        } else if self.headers[side as usize].is_empty() {
            let why = format!("would need {} twice, which a rule cannot have", side.filter());
            return Err(link.refusal(&why));
        }
        self.headers[side as usize].add(link, name, value)
    }

    /// Makes what one middleware becomes.
    fn convert(&mut self, link: &Link<'_>) -> Result<(), Refusal> {
        self.made.review = true;
        let id = &link.name.id;
        match link.weight {
            Weight::Authentication => return Err(link.refused_authentication()),
            Weight::Limit if self.around.limits_are_mapped => {
                self.made.limits.push(id.clone());
                return Ok(());
            }
            Weight::Limit => return Err(link.refused_limit()),
            Weight::Plain => {}
        }
        let (kind, options) = link.kind().expect("a middleware of unknown kind counts as authentication");
        match kind {
            "headers" => headers::convert(self, link, options),
            "redirectScheme" => redirect::of_scheme(self, link, options),
            "redirectRegex" => redirect::of_regex(self, link, options),
            "stripPrefix" => rewrite::of_strip(self, link, options),
            "addPrefix" => rewrite::of_add(self, link, options),
            "replacePath" => rewrite::of_replace(self, link, options),
            _ => Err(link.refusal("has no filter that does the same")),
        }
    }

    fn finished(mut self) -> Result<Filters, Refusal> {
        for place in self.places {
            self.made.filters.push(match place {
                Place::Headers(side) => self.headers[side as usize].to_filter(side),
                Place::Filter(filter) => filter,
            });
        }
        let mut texts = Vec::new();
        self.made.filters.iter().for_each(|filter| filter.texts(&mut texts));
        self.made.has_variables = texts.iter().any(|text| text.contains("${") || text.contains("$$"));
        let responds = |filter: &Value| filter.text_at(&["type"]) == Some(Side::Response.filter());
        if self.around.is_traefik && self.made.filters.iter().any(responds) {
            let message = "ResponseHeaderModifier: whether Traefik knows it depends on its version";
            self.made.notes.push(Note::new(NoteKind::FilterSupport, message));
        }
        Ok(self.made)
    }
}

impl Place {
    fn kind(&self) -> &str {
        match self {
            Place::Headers(side) => side.filter(),
            Place::Filter(filter) => filter.text_at(&["type"]).unwrap_or_default(),
        }
    }
}

impl Link<'_> {
    /// The kind of the middleware and its options: the only key of its `spec`.
    fn kind(&self) -> Option<(&str, &Value)> {
        middleware::kind(self.spec?)
    }

    fn described(&self) -> String {
        let kind = self.kind().map_or("not in the tree", |(kind, _)| kind);
        format!("{} ({kind})", self.name.id)
    }

    fn refusal(&self, why: &str) -> Refusal {
        Refusal::new(RefusalKind::MiddlewareNotConverted, format!("{} {why}", self.described()))
    }

    fn refused_authentication(&self) -> Refusal {
        let message = format!("{} may authenticate, and has no component and no extension", self.described());
        Refusal::new(RefusalKind::AuthWouldBeLost, message)
    }

    fn refused_limit(&self) -> Refusal {
        let message = format!("{} limits addresses, and has no Gateway of its own and no component", self.described());
        Refusal::new(RefusalKind::AccessWouldWiden, message)
    }
}

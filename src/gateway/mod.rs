//! How requests reach Services: Ingresses, IngressRoutes of Traefik, and Gateways with their
//! HTTPRoutes, read as values. Pure functions; `docs/gateway.md` has the sources of their rules.

mod annotations;
mod filters;
mod http_route;
mod listener;
mod refusal;
mod route;
mod router;

pub use annotations::{Change, Changes, Controller, Entry, Fate, Ledger, fate, is_of_nginx};
pub use filters::{
    AllConfigured, Configured, Filters, Listens, MiddlewareName, Middlewares, Surroundings, filters_of,
    redirects_to_https,
};
pub use http_route::{HttpRoute, ObjectRef, ParentRef, Rule};
pub use listener::{GROUP, Gateway, Listener, ListenerRef, Protocol};
pub use refusal::{Note, NoteKind, Refusal, RefusalKind};
pub use route::{RouteRule, object, parent_refs};
pub use router::{PathKind, PathMatch, Ranked, Router, host_of_route, order_is_kept};

#[cfg(test)]
mod testing {
    use crate::flux::Value;
    use crate::rounds::Numbers;
    use crate::yaml::Stream;

    /// The value of a YAML text.
    pub(super) fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    /// One of some things, at random.
    pub(super) fn one_of<T: Copy>(numbers: &mut Numbers, things: &[T]) -> T {
        things[numbers.below(things.len() as u64) as usize]
    }
}

//! How requests reach Services: Ingresses, IngressRoutes of Traefik, and Gateways with their
//! HTTPRoutes, read as values. Pure functions; `docs/gateway.md` has the sources of their rules.

mod listener;

pub use listener::{Gateway, Listener, ListenerRef, Protocol};

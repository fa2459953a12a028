//! Middlewares by name, chains of them, and what they are for.

use super::{Link, Middlewares, Surroundings};
use crate::flux::Value;
use crate::gateway::{Refusal, RefusalKind};

/// How chains may nest. More is a chain that contains itself, which Traefik refuses, too.
const DEPTH: usize = 16;

/// Kinds that ask who somebody is.
const AUTHENTICATION: &[&str] = &["basicAuth", "digestAuth", "forwardAuth"];

/// Kinds that ask for an address.
const LIMITS: &[&str] = &["ipAllowList", "ipWhiteList"];

/// Kinds that keep nobody out.
const PLAIN: &[&str] = &[
    "addPrefix",
    "buffering",
    "circuitBreaker",
    "compress",
    "contentType",
    "errors",
    "grpcWeb",
    "headers",
    "inFlightReq",
    "passTLSClientCert",
    "plugin",
    "rateLimit",
    "redirectRegex",
    "redirectScheme",
    "replacePath",
    "replacePathRegex",
    "retry",
    "stripPrefix",
    "stripPrefixRegex",
];

/// The provider of Middlewares that are objects of Kubernetes.
const PROVIDER: &str = "kubernetescrd";

/// A middleware that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiddlewareName {
    /// Its id: `NAMESPACE-NAME@kubernetescrd`, or of another provider.
    pub id: String,
    /// Its namespace and name, if it is known which part of the id is what.
    at: Option<(String, String)>,
}

/// What is lost with a middleware; the greatest is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Nothing that keeps somebody out.
    Plain,
    /// A limit of addresses.
    Limit,
    /// Authentication; also anything of which it is not known what it does.
    Authentication,
}

impl MiddlewareName {
    /// An entry of `middlewares` of a rule or of a chain, in a namespace.
    ///
    /// # Errors
    /// If it has no name.
    pub fn of_rule(entry: &Value, namespace: &str, all: &Middlewares) -> Result<MiddlewareName, Refusal> {
        let Some(name) = entry.text_at(&["name"]) else {
            return Err(Refusal::new(RefusalKind::MiddlewareNotConverted, "a middleware has no name"));
        };
        if name.contains('@') {
            return Ok(MiddlewareName::of_id(name, all));
        }
        let namespace = entry.text_at(&["namespace"]).filter(|stated| !stated.is_empty()).unwrap_or(namespace);
        let id = format!("{namespace}-{name}@{PROVIDER}");
        Ok(MiddlewareName { id, at: Some((namespace.to_owned(), name.to_owned())) })
    }

    /// The list of an annotation `router.middlewares`.
    pub fn of_annotation(list: &str, all: &Middlewares) -> Vec<MiddlewareName> {
        let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| MiddlewareName::of_id(id, all)).collect()
    }

    /// An id. Its namespace and name are known where exactly one way to read it is in the tree.
    fn of_id(id: &str, all: &Middlewares) -> MiddlewareName {
        let joined = id.strip_suffix(PROVIDER).and_then(|rest| rest.strip_suffix('@')).unwrap_or_default();
        let ways = joined.match_indices('-').map(|(at, _)| (joined[..at].to_owned(), joined[at + 1..].to_owned()));
        let mut there = ways.filter(|way| all.contains_key(way));
        let at = there.next().filter(|_| there.next().is_none());
        MiddlewareName { id: id.to_owned(), at }
    }

    /// Its name, if it is in a namespace.
    pub(super) fn name_in(&self, namespace: &str) -> Option<&str> {
        match &self.at {
            Some((own, name)) => (own == namespace).then_some(name),
            None => self.id.strip_prefix(namespace)?.strip_prefix('-')?.strip_suffix(PROVIDER)?.strip_suffix('@'),
        }
    }

    fn spec<'a>(&self, all: &'a Middlewares) -> Option<&'a Value> {
        self.at.as_ref().and_then(|at| all.get(at))
    }

    /// The middlewares of a chain, each with its spec.
    fn links(&self, chain: &Value, all: &Middlewares) -> Result<Vec<MiddlewareName>, Refusal> {
        let namespace = self.at.as_ref().map_or("", |(namespace, _)| namespace);
        let links = chain.get("middlewares").map(Value::items).unwrap_or_default();
        links.iter().map(|link| MiddlewareName::of_rule(link, namespace, all)).collect()
    }
}

/// The kind of a middleware and its options. `None` if there are several, which Traefik refuses, or
/// one that is not known.
pub(super) fn kind(spec: &Value) -> Option<(&str, &Value)> {
    let [(kind, options)] = spec.entries() else { return None };
    let is_known = [AUTHENTICATION, LIMITS, PLAIN, &["chain"]].concat().contains(&kind.as_str());
    is_known.then_some((kind, options))
}

/// The middlewares that one stands for: itself, or those of the chain that it is. One that the
/// configuration names is itself.
pub(super) fn flattened<'a>(name: &MiddlewareName, around: &Surroundings<'a>) -> Result<Vec<Link<'a>>, Refusal> {
    let mut links = Vec::new();
    flatten(name, around, DEPTH, &mut links)?;
    Ok(links)
}

fn flatten<'a>(
    name: &MiddlewareName,
    around: &Surroundings<'a>,
    depth: usize,
    links: &mut Vec<Link<'a>>,
) -> Result<(), Refusal> {
    let spec = name.spec(around.middlewares);
    let is_configured = around.configured.contains_key(&name.id);
    if let Some(("chain", chain)) = spec.and_then(kind).filter(|_| !is_configured) {
        let Some(depth) = depth.checked_sub(1) else {
            let message = format!("{}: the chain contains itself", name.id);
            return Err(Refusal::new(RefusalKind::MiddlewareNotConverted, message));
        };
        let inner = name.links(chain, around.middlewares)?;
        return inner.iter().try_for_each(|link| flatten(link, around, depth, links));
    }
    let weight = weight(name, around.middlewares, DEPTH);
    links.push(Link { name: name.clone(), spec, weight });
    Ok(())
}

/// What is lost with a middleware, or with one of the chain that it is.
fn weight(name: &MiddlewareName, all: &Middlewares, depth: usize) -> Weight {
    let Some(depth) = depth.checked_sub(1) else { return Weight::Authentication };
    match name.spec(all).and_then(kind) {
        None => Weight::Authentication,
        Some(("chain", chain)) => match name.links(chain, all) {
            Err(_) => Weight::Authentication,
            Ok(links) => links.iter().map(|link| weight(link, all, depth)).max().unwrap_or(Weight::Plain),
        },
        Some((kind, _)) if AUTHENTICATION.contains(&kind) => Weight::Authentication,
        Some((kind, _)) if LIMITS.contains(&kind) => Weight::Limit,
        Some(_) => Weight::Plain,
    }
}

//! external-dns reads routes before the first Ingress is cut.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::codes;
use crate::flux::{Identity, Installed, Release, Value, View};
use crate::plan::Finding;

/// The source that reads HTTPRoutes.
pub(super) const ROUTES: &str = "gateway-httproute";

/// The sources that read what becomes a route.
pub(super) const READ_TODAY: [&str; 2] = ["ingress", "traefik-proxy"];

/// What the chart reads by default (`sources` of its `values.yaml`).
const BY_DEFAULT: [&str; 2] = ["service", "ingress"];

/// The sources that values state.
pub(super) fn sources(values: &Value) -> Vec<String> {
    match values.get("sources") {
        Some(Value::Sequence(items)) => items.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
        _ => BY_DEFAULT.map(str::to_owned).to_vec(),
    }
}

/// Which records a release of external-dns makes.
#[derive(Default)]
pub(super) struct Dns {
    /// Namespace and name of the release.
    pub(super) release: (String, String),
    sources: Vec<String>,
    domains: Vec<String>,
    excluded: Vec<String>,
    /// The keys of its filter of annotations.
    filters: Vec<String>,
    /// The classes of the Ingresses that it reads; all, if there is none (`--ingress-class`).
    classes: Vec<String>,
    /// The Gateway whose routes it reads; each part only if it is stated.
    gateway: (Option<String>, Option<String>),
    /// Whether labels choose Gateways.
    has_labels: bool,
    /// Whether it makes no records of hosts that are in `tls` of an Ingress alone.
    ignores_tls: bool,
}

/// A host of which a release of external-dns would make a record as soon as it reads routes, and makes none
/// today.
#[derive(Clone)]
pub(super) struct Leak {
    pub(super) dns: (String, String),
    pub(super) host: String,
    pub(super) gateway: String,
}

/// A release of external-dns that reads Ingresses, and no routes yet.
pub(super) struct DnsRelease<'v> {
    pub(super) release: &'v Release,
    pub(super) identity: Identity,
    /// Its values in the file, and what they become.
    pub(super) verdict: Result<(Value, Value), Finding>,
}

/// Those of some clusters. They do not get to read routes as long as that leaks a host.
pub(super) fn releases<'v>(view: &'v View, clusters: &BTreeSet<String>, leaks: &[Leak]) -> Vec<DnsRelease<'v>> {
    view.releases().iter().filter_map(|release| of_release(view, clusters, leaks, release)).collect()
}

fn of_release<'v>(
    view: &'v View,
    clusters: &BTreeSet<String>,
    leaks: &[Leak],
    release: &'v Release,
) -> Option<DnsRelease<'v>> {
    let reaches = view.graph().reaches(&release.at).iter();
    let installed = reaches
        .filter(|reach| clusters.contains(&view.graph().clusters[reach.cluster].name))
        .filter_map(|reach| view.installed(&release.at, reach))
        .find(|installed| view.chart_name(installed) == Some("external-dns"))?;
    let nothing = Value::Null;
    let arriving = installed.object.at(&["spec", "values"]).unwrap_or(&nothing);
    let error = |code, message: String| Finding::error(code, message).at(&release.at.path, release.line);
    let mut texts = Vec::new();
    arriving.texts(&mut texts);
    let is_source = |text: &&&str| **text == "--source" || text.starts_with("--source=");
    let of_mapping = arriving.at(&["extraArgs", "source"]).map(|_| "extraArgs.source");
    let by_argument = texts.iter().find(is_source).copied().or(of_mapping);
    let reads_now = sources(arriving);
    let identity = view.identity(release);
    if let Some(argument) = by_argument {
        let message = format!("external-dns gets a source by {argument}");
        return Some(DnsRelease { release, identity, verdict: Err(error(codes::DNS_ARGS, message)) });
    }
    let reads_ingresses = reads_now.iter().any(|source| READ_TODAY.contains(&source.as_str()));
    if !reads_ingresses || reads_now.iter().any(|source| source == ROUTES) {
        return None;
    }
    let is_here = |leak: &&Leak| leak.dns.0 == installed.namespace && leak.dns.1 == installed.release;
    if let Some(Leak { host, gateway, .. }) = leaks.iter().find(is_here) {
        let message = format!(
            "external-dns makes no record of {host} today, and would make one of its route on Gateway {gateway}"
        );
        return Some(DnsRelease { release, identity, verdict: Err(error(codes::DNS_WIDER, message)) });
    }
    let stated = view.node(&release.at).and_then(|root| root.at(&["spec", "values"])).and_then(Value::of);
    let stated = stated.unwrap_or(Value::Null);
    let verdict = if sources(&stated) == reads_now {
        let all = reads_now.iter().map(String::as_str).chain([ROUTES]).map(Value::string);
        let mut after = stated.clone();
        after.set("sources", Value::Sequence(all.collect()));
        Ok((stated, after))
    } else {
        Err(error(codes::INGRESS_PATCHED, "a patch changes `sources` on its way to the cluster".to_owned()))
    };
    Some(DnsRelease { release, identity, verdict })
}

impl Dns {
    /// What its values say (`docs/gateway.md#annotations`).
    pub(super) fn of(installed: &Installed, values: &Value) -> Dns {
        let texts = |key: &str| {
            let items = values.get(key).map(Value::items).unwrap_or_default().iter();
            items.filter_map(Value::text).map(str::to_owned).collect::<Vec<_>>()
        };
        let stated = |key: &str, argument: &str| {
            values.text_at(&[key]).map(str::to_owned).into_iter().chain(arguments(values, argument))
        };
        Dns {
            release: (installed.namespace.clone(), installed.release.clone()),
            sources: sources(values).into_iter().chain(arguments(values, "source")).collect(),
            domains: texts("domainFilters").into_iter().chain(arguments(values, "domain-filter")).collect(),
            excluded: texts("excludeDomains").into_iter().chain(arguments(values, "exclude-domains")).collect(),
            filters: stated("annotationFilter", "annotation-filter").flat_map(|filter| keys_of(&filter)).collect(),
            // Another chart of this name, by Bitnami, has a key for it.
            classes: texts("ingressClassFilters").into_iter().chain(arguments(values, "ingress-class")).collect(),
            gateway: (
                stated("gatewayNamespace", "gateway-namespace").next(),
                arguments(values, "gateway-name").into_iter().next(),
            ),
            has_labels: !arguments(values, "gateway-label-filter").is_empty(),
            ignores_tls: arguments(values, "ignore-ingress-tls-spec").iter().any(|value| value != "false"),
        }
    }

    /// The keys of annotations by which it chooses objects.
    pub(super) fn filters(&self) -> &[String] {
        &self.filters
    }

    /// Whether it makes records of a host.
    pub(super) fn takes(&self, host: &str) -> bool {
        let is_below = |domain: &String| {
            let domain = domain.trim_start_matches('.');
            host == domain || host.ends_with(&format!(".{domain}"))
        };
        (self.domains.is_empty() || self.domains.iter().any(is_below)) && !self.excluded.iter().any(is_below)
    }

    /// Whether it reads routes now.
    pub(super) fn reads_routes(&self) -> bool {
        self.sources.iter().any(|source| source == ROUTES)
    }

    /// Whether it reads what becomes a route, and so is to read routes.
    pub(super) fn reads_ingresses(&self) -> bool {
        self.sources.iter().any(|source| READ_TODAY.contains(&source.as_str()))
    }

    /// Whether it reads Ingresses of a class, or IngressRoutes: these it does not choose by class.
    pub(super) fn reads(&self, class: Option<&str>, is_ingress: bool) -> bool {
        let source = READ_TODAY[usize::from(!is_ingress)];
        let is_of_class =
            self.classes.is_empty() || class.is_some_and(|class| self.classes.iter().any(|own| own == class));
        self.sources.iter().any(|own| own == source) && (is_of_class || !is_ingress)
    }

    /// Whether it makes records of hosts that only `tls` of an Ingress of a class has.
    pub(super) fn reads_tls(&self, class: Option<&str>) -> bool {
        !self.ignores_tls && self.reads(class, true)
    }

    /// Whether it reads routes of a Gateway, once it reads routes; `None` if labels decide.
    pub(super) fn reads_gateway(&self, namespace: &str, name: &str) -> Option<bool> {
        let (of, called) = &self.gateway;
        let is_it = of.as_ref().is_none_or(|of| of == namespace) && called.as_ref().is_none_or(|called| called == name);
        (!is_it || !self.has_labels).then_some(is_it)
    }
}

/// The values of an argument in `extraArgs`, which is a list of texts or a mapping. A flag has the next text,
/// or none: an empty one.
fn arguments(values: &Value, name: &str) -> Vec<String> {
    let stated = values.get("extraArgs").unwrap_or(&Value::Null);
    let texts: Vec<&str> = stated.items().iter().filter_map(Value::text).collect();
    let of_list = texts.iter().enumerate().filter_map(|(place, text)| {
        let rest = text.strip_prefix("--")?.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if rest.is_empty() => Some(texts.get(place + 1).map_or(String::new(), |value| (*value).to_owned())),
            None => None,
        }
    });
    let of_mapping = stated.get(name).into_iter().flat_map(|value| match value {
        Value::Sequence(items) => items.iter().filter_map(Value::text).map(str::to_owned).collect(),
        other => other.text().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    });
    of_list.chain(of_mapping).collect()
}

/// The keys of a selector: `a=b,c in (d,e),!f`.
fn keys_of(selector: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let requirements = selector.split(|sign: char| {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        sign == ',' && depth == 0
    });
    let key = |requirement: &str| {
        let requirement = requirement.trim().trim_start_matches('!').trim_start();
        let end = requirement.find(['=', '!', ' ', '\t']).unwrap_or(requirement.len());
        requirement[..end].to_owned()
    };
    requirements.map(key).filter(|key| !key.is_empty()).collect()
}

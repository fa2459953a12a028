//! external-dns reads routes before the first Ingress is cut.

use std::collections::BTreeSet;

use super::codes;
use crate::flux::{Identity, Release, Value, View};
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
pub(super) struct Dns {
    pub(super) domains: Vec<String>,
    pub(super) excluded: Vec<String>,
    /// The key of `annotationFilter`.
    pub(super) filter: Option<String>,
}

/// A release of external-dns that reads Ingresses, and no routes yet.
pub(super) struct DnsRelease<'v> {
    pub(super) release: &'v Release,
    pub(super) identity: Identity,
    /// Its values in the file, and what they become.
    pub(super) verdict: Result<(Value, Value), Finding>,
}

/// Those of some clusters.
pub(super) fn releases<'v>(view: &'v View, clusters: &BTreeSet<String>) -> Vec<DnsRelease<'v>> {
    view.releases().iter().filter_map(|release| of_release(view, clusters, release)).collect()
}

fn of_release<'v>(view: &'v View, clusters: &BTreeSet<String>, release: &'v Release) -> Option<DnsRelease<'v>> {
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
    /// What its values say.
    pub(super) fn of(values: &Value) -> Dns {
        let texts = |key: &str| {
            let items = values.get(key).map(Value::items).unwrap_or_default().iter();
            items.filter_map(Value::text).map(str::to_owned).collect::<Vec<_>>()
        };
        let filter = values.text_at(&["annotationFilter"]).map(|text| {
            let end = text.find(['=', '!', ' ', ',']).unwrap_or(text.len());
            text[..end].to_owned()
        });
        let (domains, excluded) = (texts("domainFilters"), texts("excludeDomains"));
        Dns { domains, excluded, filter: filter.filter(|key| !key.is_empty()) }
    }

    /// Whether it makes records of a host.
    pub(super) fn takes(&self, host: &str) -> bool {
        let is_below = |domain: &String| {
            let domain = domain.trim_start_matches('.');
            host == domain || host.ends_with(&format!(".{domain}"))
        };
        (self.domains.is_empty() || self.domains.iter().any(is_below)) && !self.excluded.iter().any(is_below)
    }
}

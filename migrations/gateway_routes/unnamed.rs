//! Middlewares and charts that the configuration names, and nothing else does.

use std::collections::BTreeSet;

use super::codes;
use super::find::Found;
use super::object::Source;
use super::settings::GatewayRoutesSettings;
use crate::config::FILE;
use crate::flux::{Release, Value, View};
use crate::gateway::{MiddlewareName, Middlewares};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::text::nearest;

/// What there is to say of ids under `middlewares` that no Middleware has, and no Ingress names, and of `charts` that
/// no release installs.
pub(super) fn unnamed(found: &Found<'_>, settings: &GatewayRoutesSettings) -> Vec<Finding> {
    let mut all = middlewares(found, settings);
    all.extend(charts(found.view, settings));
    all
}

fn charts(view: &View, settings: &GatewayRoutesSettings) -> Vec<Finding> {
    if settings.charts.is_empty() {
        return Vec::new();
    }
    let of = |release: &Release| {
        let reaches = view.graph().reaches(&release.at).iter();
        let installed = reaches.filter_map(|reach| view.installed(&release.at, reach));
        installed.filter_map(|installed| view.chart_name(&installed).map(str::to_owned)).collect::<Vec<_>>()
    };
    let known: BTreeSet<String> = view.releases().iter().flat_map(of).collect();
    let finding = |chart: &String| {
        let near = did_you_mean(chart, &known);
        let message = format!("`charts` has {chart}, and no HelmRelease installs it{near}");
        Finding::warning(codes::CHART_UNKNOWN, message).at(&RepoPath::new(FILE).expect("it is a path"), None)
    };
    settings.charts.keys().filter(|chart| !known.contains(*chart)).map(finding).collect()
}

fn did_you_mean(name: &str, known: &BTreeSet<String>) -> String {
    let near = nearest(name, known.iter().map(|name| (name.as_str(), name)));
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn middlewares(found: &Found<'_>, settings: &GatewayRoutesSettings) -> Vec<Finding> {
    let asked: Vec<&String> = settings.middlewares.keys().filter(|id| !is_written(found.view, id)).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let known = known(found);
    let finding = |id: &&String| {
        let near = did_you_mean(id, &known);
        let message = format!("`middlewares` has {id}, and nothing names it{near}");
        let path = RepoPath::new(FILE).expect("it is a path");
        Finding::warning(codes::MIDDLEWARE_UNKNOWN, message).at(&path, None)
    };
    asked.iter().filter(|id| !known.contains(**id)).map(finding).collect()
}

/// Whether a file has the text of an id: an annotation, or the `auth-url` that it is. One with variables may be
/// written in another way.
fn is_written(view: &View, id: &str) -> bool {
    let word = id.rsplit(['/', '@']).find(|part| !part.is_empty()).unwrap_or(id);
    let is_in = |path: &RepoPath| {
        let stream = view.file(path).and_then(|file| file.stream.as_deref());
        path.as_str() != FILE && stream.is_none_or(|stream| stream.text().contains(id))
    };
    let has_open_url = || {
        let files = view.files_with("auth-url").filter_map(|(_, file)| file.stream.as_deref());
        files
            .into_iter()
            .any(|stream| stream.text().lines().any(|line| line.contains("auth-url") && line.contains('$')))
    };
    view.files_with(word).any(|(path, _)| is_in(path)) || id.contains("://") && has_open_url()
}

/// The ids of Middlewares, and those that IngressRoutes and chains name.
fn known(found: &Found<'_>) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for cluster in &found.clusters {
        for ((namespace, name), spec) in &cluster.middlewares {
            known.insert(format!("{namespace}-{name}@kubernetescrd"));
            known.extend(ids(spec.get("chain"), namespace, &cluster.middlewares));
        }
    }
    let routes = found.objects.iter().filter(|routable| Source::of(routable.object) == Some(Source::IngressRoute));
    for routable in routes {
        let object = found.view.node(&routable.object.at).and_then(Value::of).unwrap_or(Value::Null);
        let rules = object.at(&["spec", "routes"]).map(Value::items).unwrap_or_default();
        for reach in found.view.graph().reaches(&routable.object.at) {
            let all = &found.clusters[reach.cluster].middlewares;
            let namespace = reach.namespace.as_deref().unwrap_or_default();
            known.extend(rules.iter().flat_map(|rule| ids(Some(rule), namespace, all)));
        }
    }
    known
}

/// The ids that a rule or a chain names.
fn ids(holder: Option<&Value>, namespace: &str, all: &Middlewares) -> Vec<String> {
    let names = holder.and_then(|holder| holder.get("middlewares")).map(Value::items).unwrap_or_default().iter();
    names.filter_map(|name| Some(MiddlewareName::of_rule(name, namespace, all).ok()?.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, INGRESS, traefik};
    use crate::plan::author::testing::Planned;

    #[test]
    fn an_id_that_nothing_names_is_reported() {
        let files = format!(
            "//- apps/kustomization.yaml\nresources: [./site.yaml]\n//- apps/site.yaml\n{GATEWAY}---\n{INGRESS}---\n\
             apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: tag, namespace: network}}\n\
             spec: {{headers: {{frameDeny: true}}}}\n---\n\
             apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: wiki\n  namespace: apps\n\
             spec: {{routes: [{{match: Host(`a`), middlewares: [{{name: made, namespace: login}}]}}]}}\n"
        );
        let findings = |id: &str| {
            let settings = format!("gateway-routes: {{middlewares: {{\"{id}\": {{drop: because}}}}}}");
            let planned = Planned::of(&GatewayRoutes, &settings, &files);
            let of_code = planned.plan.findings.into_iter().filter(|finding| finding.code.id == "middleware-not-named");
            of_code.map(|finding| finding.message).collect::<Vec<_>>()
        };
        for known in ["network-tag@kubernetescrd", "login-made@kubernetescrd"] {
            assert_eq!(findings(known), [""; 0], "{known}");
        }
        let misspelt = findings("network-tags@kubernetescrd");
        assert!(
            misspelt.len() == 1 && misspelt[0].ends_with("did you mean `network-tag@kubernetescrd`?"),
            "{misspelt:?}"
        );
        assert_eq!(findings("https://nobody.example.org/verify").len(), 1);
    }

    #[test]
    fn a_chart_that_nothing_installs_is_reported() {
        let files = format!(
            "//- apps/kustomization.yaml\nresources: [./board.yaml, ./gateway.yaml]\n//- apps/gateway.yaml\n{GATEWAY}\
             //- apps/board.yaml\n{}",
            traefik("board", "{ingress: {enabled: true, hosts: [a.example.org]}}").replace("traefik", "grafana")
        );
        let findings = |chart: &str| {
            let settings = format!("gateway-routes: {{charts: {{{chart}: {{skip: because}}}}}}");
            let planned = Planned::of(&GatewayRoutes, &settings, &files);
            let of_code = planned.plan.findings.into_iter().filter(|finding| finding.code.id == "chart-not-installed");
            of_code.map(|finding| finding.message).collect::<Vec<_>>()
        };
        assert_eq!(findings("grafana"), [""; 0]);
        assert_eq!(
            findings("grafan"),
            ["`charts` has grafan, and no HelmRelease installs it; did you mean `grafana`?"]
        );
    }
}

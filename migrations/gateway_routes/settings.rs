use std::collections::BTreeMap;

use super::charts::{ChartLine, chart_line};
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::flux::Value;
use crate::gateway::{AllConfigured, Configured};
use crate::repo::RepoPath;
use crate::yaml::{New, Node};

/// What you can configure: the section `gateway-routes` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayRoutesSettings {
    /// `gateways`: which Gateway takes the place of which ingress class; the first that fits.
    pub gateways: Vec<ClassMap>,
    /// `middlewares`: what replaces middlewares of Traefik, and URLs of `auth-url`.
    pub middlewares: AllConfigured,
    /// `annotations.keep`: annotations that go along although nobody here knows them.
    pub keep: Vec<String>,
    /// `annotations.drop`: annotations that are not needed any more.
    pub drop: Vec<String>,
    /// `cut`: when an Ingress is removed.
    pub cut: Cut,
    /// `charts`: what charts other than app-template make routes of, by their names.
    pub charts: BTreeMap<String, ChartLine>,
}

/// When an Ingress is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// `later`: once its route runs in the cluster.
    #[default]
    Later,
    /// `at-once`: with the merge that brings its route.
    AtOnce,
}

/// Which Gateway takes the place of an ingress class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassMap {
    /// `class`: the ingress class; empty for what names none, where it is left out.
    pub class: String,
    /// `when`: only for what has this annotation.
    pub when: Option<String>,
    /// `cluster`: only on this cluster.
    pub cluster: Option<String>,
    /// `gateway`: namespace and name.
    pub gateway: (String, String),
    /// `target`: where the records of a Gateway that is created point to.
    pub target: Option<String>,
    /// `create`: the Gateway is written if it is not there.
    pub create: Option<Create>,
    /// `section`: the listener, where the Gateway is not in this repository.
    pub section: Option<String>,
}

/// How a Gateway is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// `class`: its GatewayClass, which is to be there.
    pub class: String,
    /// `path`: the new file; the kustomization of its directory lists it.
    pub path: RepoPath,
    /// `certificates`: the Secrets with its certificates, in its namespace; the first is the default.
    pub certificates: Vec<String>,
}

impl ClassMap {
    /// Whether it is about a cluster.
    pub(super) fn is_of(&self, cluster: &str) -> bool {
        self.cluster.as_ref().is_none_or(|own| own == cluster)
    }
}

impl Section for GatewayRoutesSettings {
    const KEY: &'static str = "gateway-routes";

    fn read(keys: &mut Keys<'_, '_>) -> GatewayRoutesSettings {
        keys.about("Which Gateway takes the place of which ingress class; the first that fits.");
        let gateways = keys.mappings("gateways", "a class", class_map).unwrap_or_default();
        keys.about("What replaces middlewares of Traefik, and URLs of auth-url.");
        let middlewares = keys
            .mapping("middlewares", |keys| keys.named("a middleware", |keys, name, at| (name, counterpart(keys, at))));
        let names = |keys: &mut Keys<'_, '_>, key: &'static str, about: &str| {
            let texts = keys.about(about).texts(key).unwrap_or_default();
            texts.into_iter().map(|(text, _)| text.to_owned()).collect::<Vec<_>>()
        };
        keys.about("What becomes of annotations that are not known here.");
        let (keep, drop) = keys
            .mapping("annotations", |keys| {
                let keep = names(keys, "keep", "Keys that go along.");
                (keep, names(keys, "drop", "Keys that are not needed any more."))
            })
            .unwrap_or_default();
        keys.about(
            "When an Ingress is removed: once its route runs in the cluster, or with the merge that brings the route.",
        );
        let cut = keys.one_of("cut", &[("later", Cut::Later), ("at-once", Cut::AtOnce)]);
        keys.about("Charts that make routes of their own values, beside those that are known, or that are left alone.");
        let charts =
            keys.mapping("charts", |keys| keys.named("a chart", |keys, name, at| (name, chart_line(keys, at))));
        let charts = charts.unwrap_or_default().into_iter();
        let middlewares = middlewares.unwrap_or_default().into_iter();
        GatewayRoutesSettings {
            gateways: gateways.into_iter().filter_map(|(_, map)| map).collect(),
            middlewares: middlewares.filter_map(|(name, counterpart)| Some((name.to_owned(), counterpart?))).collect(),
            keep,
            drop,
            cut,
            charts: charts.filter_map(|(name, line)| Some((name.to_owned(), line?))).collect(),
        }
    }

    fn described(&self) -> Vec<Described> {
        vec![Described { key: "middlewares", about: ABOUT_MIDDLEWARES, value: New::Mapping(Vec::new()) }]
    }
}

const ABOUT_MIDDLEWARES: &str = "\
What replaces middlewares of Traefik, by their ids. Further keys:
  gateways:                  # which Gateway takes the place of which ingress class; without
                             # them: the only Gateway of a cluster with one class
    - class: internal
      gateway: network/internal   # namespace/name
      section: https         # the listener, if the Gateway is not in this repository
      when: {annotation: nginx.ingress.kubernetes.io/whitelist-source-range}
      cluster: main          # only on this cluster
      target: gateway.example.org   # where records of the Gateway point to, if it is created
      create: {class: envoy, path: kubernetes/apps/network/gateways/internal.yaml, certificates: [wildcard-tls]}
  annotations: {keep: [example.org/owner], drop: [example.org/legacy]}
  cut: at-once               # each Ingress is removed with the merge that brings its route (review);
                             # by default later, once the route runs
  charts:                    # charts beside those that are known here (explain gateway-routes), or not
    open-webui: {ingress: ingress, key: route, from-version: 8.0.0}
    grafana: {skip: its route is written by hand}
Each middleware has a Component with a policy that targets the route, filters, or itself as an extension of
Traefik; or it is dropped:
  middlewares:
    network-forward@kubernetescrd: {component: kubernetes/components/forward-auth}
    network-tag@kubernetescrd: {filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Tag, value: home}]}}]}
    network-limits@kubernetescrd: {extension: true}
    network-compress@kubernetescrd: {drop: the Gateway compresses}";

fn class_map(keys: &mut Keys<'_, '_>) -> Option<ClassMap> {
    let class = keys.about("The ingress class; without it, for what names none.").text("class");
    let gateway = keys.about("The Gateway, as namespace/name.").text("gateway");
    let section = keys.about("The listener, where the Gateway is not in this repository.").text("section");
    keys.about("Only for what has this.");
    let when = keys.mapping("when", |keys| {
        keys.about("The key of an annotation.").text("annotation").map(|(text, _)| text.to_owned())
    });
    let cluster = keys.about("Only on this cluster.").text("cluster").map(|(text, _)| text.to_owned());
    let target = keys.about("Where the records of a Gateway that is created point to.").text("target");
    keys.about("The Gateway is written if it is not there.");
    let create = keys.mapping("create", create);
    let Some((text, node)) = gateway else {
        if !keys.has("gateway") {
            keys.missing("gateway", "network/internal");
        }
        return None;
    };
    let Some((namespace, name)) = text.split_once('/').filter(|(namespace, name)| is_name(namespace) && is_name(name))
    else {
        let help = "write namespace and name of the Gateway, such as `network/internal`";
        keys.mistake(INVALID_VALUE, node, format!("`{text}` does not name a Gateway"), help);
        return None;
    };
    Some(ClassMap {
        class: class.map(|(text, _)| text.to_owned()).unwrap_or_default(),
        when: when.flatten(),
        cluster,
        target: target.map(|(text, _)| text.to_owned()),
        create: create.flatten(),
        gateway: (namespace.to_owned(), name.to_owned()),
        section: section.map(|(text, _)| text.to_owned()),
    })
}

fn create(keys: &mut Keys<'_, '_>) -> Option<Create> {
    const PATH: &str = "kubernetes/apps/network/gateways/internal.yaml";
    let class = keys.about("Its GatewayClass, which is to be there.").text("class");
    let path = keys.about("The new file; the kustomization of its directory lists it.").text("path");
    keys.about("The Secrets with its certificates, in its namespace; the first is the default.");
    let certificates = keys.texts("certificates");
    for (key, example) in [("class", "envoy"), ("path", PATH), ("certificates", "[wildcard-tls]")] {
        if !keys.has(key) {
            keys.missing(key, example);
        }
    }
    let (class, (path, node)) = (class?.0.to_owned(), path?);
    let path = keys.path(path, node, PATH)?;
    if !path.as_str().ends_with(".yaml") && !path.as_str().ends_with(".yml") {
        let message = format!("`{path}` does not end in .yaml");
        keys.mistake(INVALID_VALUE, node, message, format!("write a file, such as `{PATH}`"));
        return None;
    }
    let certificates = certificates?.into_iter().map(|(text, _)| text.to_owned()).collect();
    Some(Create { class, path, certificates })
}

/// What replaces a middleware.
fn counterpart(keys: &mut Keys<'_, '_>, at: Node<'_>) -> Option<Configured> {
    const ALL: [&str; 4] = ["component", "filters", "extension", "drop"];
    let component = keys.about("A Component with a policy that targets the route.").text("component");
    let filters = keys.about("Filters of the route that do the same.").list("filters");
    let extension = keys.about("The Middleware itself, where Traefik serves the Gateway.").flag("extension");
    let reason = keys.about("Why nothing has to replace it.").text("drop");
    let stated: Vec<&str> = ALL.into_iter().filter(|key| keys.has(key)).collect();
    if stated.len() != 1 {
        let help = "write one of `component: kubernetes/components/forward-auth`, `filters:` with filters of HTTPRoutes, \
                    `extension: true`, and `drop:` with a reason";
        let message = match &stated[..] {
            [] => "what replaces the middleware is not there".to_owned(),
            [one, other, ..] => format!("`{one}` and `{other}` are both there"),
            [_] => unreachable!("one is what is wanted"),
        };
        keys.mistake(INVALID_VALUE, at, message, help);
        return None;
    }
    match (component, filters, extension, reason) {
        (Some((text, node)), ..) => {
            let path = keys.path(text, node, "kubernetes/components/forward-auth")?;
            Some(Configured::Component(path.as_str().to_owned()))
        }
        (_, Some(filters), ..) => {
            let filters: Option<Vec<Value>> = filters.into_iter().map(|node| filter(keys, node)).collect();
            filters.map(Configured::Filters)
        }
        (_, _, Some(true), _) => Some(Configured::Extension),
        (_, _, Some(false), _) => {
            keys.mistake(INVALID_VALUE, at, "`extension` is false".to_owned(), "write `extension: true`");
            None
        }
        (.., Some((reason, _))) => Some(Configured::Drop(reason.to_owned())),
        _ => None,
    }
}

/// A filter of an HTTPRoute, as it is written there.
fn filter(keys: &mut Keys<'_, '_>, node: Node<'_>) -> Option<Value> {
    let filter = Value::of(node).filter(|value| value.text_at(&["type"]).is_some());
    if filter.is_none() {
        let help = "write it as in an HTTPRoute: `{type: ResponseHeaderModifier, responseHeaderModifier: {...}}`";
        keys.mistake(INVALID_VALUE, node, "a filter has no `type`".to_owned(), help);
    }
    filter
}

/// A name as Kubernetes has it (RFC 1123).
fn is_name(name: &str) -> bool {
    let is_inner = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-' || sign == '.';
    !name.is_empty() && name.len() <= 253 && name.chars().all(is_inner) && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SectionType, Settings};

    fn read(text: &str) -> Result<GatewayRoutesSettings, Vec<String>> {
        let text = format!("gateway-routes: {{{text}}}\n");
        let settings = Settings::read("a.yaml", &text, &[SectionType::of::<GatewayRoutesSettings>()]);
        let message = |mistake: &crate::config::Mistake| format!("{}; {}", mistake.message, mistake.help);
        settings.map(|settings| settings.section()).map_err(|error| error.mistakes.iter().map(message).collect())
    }

    #[test]
    fn classes_and_counterparts() {
        let text = "gateways: [{class: a, gateway: n/g, when: {annotation: x/y}}, {gateway: n/h, section: s}], \
                    middlewares: {m@f: {component: k/c}, n: {drop: why}, o: {extension: true}, p: {filters: [{type: X}]}}, annotations: {keep: [a/b], drop: [c/d]}";
        let settings = read(text).unwrap();
        let [first, second] = &settings.gateways[..] else { panic!("two") };
        assert_eq!((first.class.as_str(), first.when.as_deref()), ("a", Some("x/y")));
        assert_eq!(second.gateway, ("n".to_owned(), "h".to_owned()));
        assert_eq!((second.class.as_str(), second.section.as_deref()), ("", Some("s")));
        assert_eq!(settings.middlewares["m@f"], Configured::Component("k/c".to_owned()));
        assert_eq!(settings.middlewares["n"], Configured::Drop("why".to_owned()));
        assert_eq!(settings.middlewares["o"], Configured::Extension);
        let filter = Value::mapping([("type", Value::string("X"))]);
        assert_eq!(settings.middlewares["p"], Configured::Filters(vec![filter]));
        assert_eq!((settings.keep, settings.drop), (vec!["a/b".to_owned()], vec!["c/d".to_owned()]));
    }

    #[test]
    fn mistakes_say_what_is_meant() {
        for (text, expected) in [
            ("gateways: [{class: a, gateway: internal}]", "`internal` does not name a Gateway"),
            ("gateways: [{class: a}]", "`gateway` is missing"),
            ("gateways: [{class: a, gateway: n/g, clas: b}]", "unknown key `clas`"),
            ("middlewares: {m: {}}", "what replaces the middleware is not there"),
            ("middlewares: {m: {extension: false}}", "`extension` is false"),
            ("middlewares: {m: {filters: [{name: x}]}}", "a filter has no `type`"),
            ("middlewares: {m: {component: k, drop: x}}", "`component` and `drop` are both there"),
            ("charts: {c: {}}", "what the chart makes routes of is not there"),
            ("charts: {c: {key: route}}", "what the chart makes routes of is not there"),
            ("charts: {c: {key: route..main, from-version: 1.0.0}}", "`route..main` is no place in values"),
            ("charts: {c: {key: route, from-version: '>=1'}}", "`>=1` is no exact version"),
            ("charts: {c: {key: route, skip: why}}", "`skip` is not alone"),
        ] {
            let mistakes = read(text).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{text}: {mistakes:?}");
        }
    }
}

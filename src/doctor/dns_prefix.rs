//! Annotations of external-dns under the prefix that its controller reads: from 0.22.0 another one is the
//! default, and there is no fallback.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::{PREFIX_EARLY, PREFIX_LOST};
use super::finding;
use super::installed::{Release, releases};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ClusterId, Value, View};
use crate::yaml::Node;

/// The prefix until 0.21 (external-dns, `docs/annotations`, 2026-08).
const OLD: &str = "external-dns.alpha.kubernetes.io/";
/// The prefix from 0.22.0.
const NEW: &str = "external-dns.kubernetes.io/";
/// The first chart, and the first image, with the new one.
const FIRST: [[u32; 3]; 2] = [[1, 22, 0], [0, 22, 0]];
/// From here on a flag adds the new key in memory.
const WITH_LEGACY: [[u32; 3]; 2] = [[1, 23, 0], [0, 23, 0]];

/// How the address of its image ends.
pub(super) const IMAGE: &str = "/external-dns";

/// The keys of an object with either prefix, each with its value.
pub(super) fn keys(object: &Value) -> Vec<String> {
    let is_key = |key: &str| key.starts_with(OLD) || key.starts_with(NEW);
    let here = object.entries().iter().filter(|(key, _)| is_key(key));
    let here = here.map(|(key, value)| format!("{key}: {}", value.to_flow()));
    let values = object.entries().iter().map(|(_, value)| value).chain(object.items());
    here.chain(values.flat_map(keys)).collect()
}

/// What is on a cluster.
#[derive(Default)]
struct Keys<'v> {
    /// How many keys have the old prefix alone, and where they are.
    old: (usize, BTreeSet<&'v At>),
    /// Those with the new prefix alone.
    new: (usize, BTreeSet<&'v At>),
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let mut of_clusters: BTreeMap<ClusterId, Keys<'_>> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        let text = view.node(at).map(Node::source).unwrap_or_default();
        if !text.contains(OLD) && !text.contains(NEW) {
            continue;
        }
        for reach in reaches {
            let Some(object) = view.effective(at, reach) else { continue };
            let keys = of_clusters.entry(reach.cluster).or_default();
            count(&object, at, keys);
        }
    }
    if of_clusters.is_empty() {
        return Vec::new();
    }
    let controllers = releases(view).filter_map(|release| Some((Controller::of(view, &release)?, release)));
    controllers
        .filter_map(|(controller, release)| {
            controller.finding(view, &release, of_clusters.get(&release.reach.cluster)?)
        })
        .collect()
}

/// Counts the keys of mappings that have no twin: the same key with the other prefix, and the same value.
fn count<'v>(value: &Value, at: &'v At, keys: &mut Keys<'v>) {
    for (key, inner) in value.entries() {
        for (prefix, other, found) in [(OLD, NEW, &mut keys.old), (NEW, OLD, &mut keys.new)] {
            let Some(name) = key.strip_prefix(prefix) else { continue };
            if value.get(&format!("{other}{name}")) != Some(inner) {
                found.0 += 1;
                found.1.insert(at);
            }
        }
        count(inner, at, keys);
    }
    value.items().iter().for_each(|item| count(item, at, keys));
}

/// An external-dns.
struct Controller {
    /// Whether its default prefix is the new one.
    is_new: bool,
    prefix: Option<String>,
    adds_new_keys: bool,
    deletes: bool,
    is_dry: bool,
}

impl Controller {
    /// What a release runs, if that is external-dns in a version that is known.
    fn of(view: &View, release: &Release<'_>) -> Option<Controller> {
        if release.is_remote(view) {
            return None;
        }
        let chart = view.chart_name(&release.installed)?;
        let empty = Value::Mapping(Vec::new());
        let values = release.installed.object.at(&["spec", "values"]).unwrap_or(&empty);
        // The tag of an image is what runs; the chart only says which it would be.
        let tag = tag(values, chart == "external-dns");
        let (version, scale) = match tag {
            Some(tag) => (exact(tag)?, 1),
            None if chart == "external-dns" => (exact(release.installed.chart.as_ref()?.version.as_deref()?)?, 0),
            None => return None,
        };
        let mut texts = Vec::new();
        values.texts(&mut texts);
        let argument = |flag: &str| {
            let stated = texts.iter().find_map(|text| text.strip_prefix(&format!("--{flag}=")).map(str::to_owned));
            stated.or_else(|| Some(values.text_at(&["extraArgs", flag])?.to_owned()))
        };
        let is_set = |flag: &str| {
            let named = texts.iter().any(|text| *text == format!("--{flag}"));
            named || argument(flag).is_some_and(|value| value != "false")
        };
        let prefix = values.text_at(&["annotationPrefix"]).map(str::to_owned).or_else(|| argument("annotation-prefix"));
        let policy = argument("policy").or_else(|| values.text_at(&["policy"]).map(str::to_owned));
        Some(Controller {
            is_new: version >= FIRST[scale],
            prefix: prefix.filter(|prefix| !prefix.is_empty()),
            adds_new_keys: version >= WITH_LEGACY[scale] && is_set("enable-legacy-annotation-prefix"),
            deletes: policy.as_deref() == Some("sync"),
            is_dry: is_set("dry-run"),
        })
    }

    fn finding(&self, view: &View, release: &Release<'_>, keys: &Keys<'_>) -> Option<Finding> {
        let reads = match &self.prefix {
            Some(prefix) => format!("{}/", prefix.trim_end_matches('/')),
            None if self.is_new => NEW.to_owned(),
            None => OLD.to_owned(),
        };
        let line = release.line_of(view, &["annotationPrefix"]);
        let name = &release.reach.name;
        let (code, severity, (count, places), other) = match &*reads {
            OLD if !self.is_dry && !self.is_new => (PREFIX_EARLY, Severity::Error, &keys.new, NEW),
            reads if reads != OLD && self.is_new && !self.adds_new_keys && !self.is_dry => {
                let severity = if self.deletes { Severity::Error } else { Severity::Warning };
                (PREFIX_LOST, severity, &keys.old, OLD)
            }
            _ => return None,
        };
        let first = places.iter().next()?;
        let then = if code == PREFIX_LOST && self.deletes { "; with policy sync it deletes their records" } else { "" };
        let message = format!(
            "{name} reads annotations with {reads} alone, and {count} in {} files have {other}, the first in {}{then}",
            places.iter().map(|at| &at.path).collect::<BTreeSet<_>>().len(),
            first.path
        );
        Some(finding(severity, code, &release.at.path, line, message))
    }
}

/// The tag of the image of external-dns in values.
fn tag(values: &Value, is_own_chart: bool) -> Option<&str> {
    if is_own_chart {
        return values.text_at(&["image", "tag"]).filter(|tag| !tag.is_empty());
    }
    let is_it = values.text_at(&["repository"]).is_some_and(|repository| repository.ends_with(IMAGE));
    if let Some(tag) = values.text_at(&["tag"]).filter(|_| is_it) {
        return Some(tag);
    }
    let entries = values.entries().iter().map(|(_, value)| value);
    entries.chain(values.items()).find_map(|value| tag(value, false))
}

/// A version of three numbers, with a `v` or a digest around it.
fn exact(text: &str) -> Option<[u32; 3]> {
    let text = text.split('@').next()?.trim_start_matches('v');
    let mut parts = text.split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use crate::doctor::tests::found;

    const LOST: &str = "dns-prefix-lost";
    const EARLY: &str = "dns-prefix-early";

    fn cluster(version: &str, values: &str, annotations: &str) -> String {
        format!(
            "//- apps/dns.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: dns, namespace: \
             network}}\nspec:\n  chart: {{spec: {{chart: external-dns, version: {version}, sourceRef: {{kind: HelmRepository, \
             name: charts, namespace: flux-system}}}}}}\n  values: {{{values}}}\n\
             //- apps/service.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: plex, namespace: media, annotations: \
             {{{annotations}}}}}\n"
        )
    }

    const ALPHA: &str = "external-dns.alpha.kubernetes.io/hostname: plex.example.org";
    const GA: &str = "external-dns.kubernetes.io/hostname: plex.example.org";

    #[test]
    fn keys_that_are_not_read_any_more() {
        let expected = "apps/dns.yaml: dns reads annotations with external-dns.kubernetes.io/ alone, and 1 in 1 files have \
                        external-dns.alpha.kubernetes.io/, the first in apps/service.yaml";
        assert_eq!(found(LOST, &cluster("1.22.0", "", ALPHA)), [expected]);
        let sync = format!("{expected}; with policy sync it deletes their records");
        assert_eq!(found(LOST, &cluster("1.22.0", "policy: sync", ALPHA)), [sync]);
        for (version, values, annotations) in [
            ("1.21.1", "", ALPHA),
            (">=1.22.0", "", ALPHA),
            ("1.22.0", "annotationPrefix: external-dns.alpha.kubernetes.io/", ALPHA),
            ("1.22.0", "extraArgs: [--annotation-prefix=external-dns.alpha.kubernetes.io/]", ALPHA),
            ("1.22.0", "extraArgs: {annotation-prefix: external-dns.alpha.kubernetes.io/}", ALPHA),
            ("1.23.0", "extraArgs: [--enable-legacy-annotation-prefix]", ALPHA),
            ("1.22.0", "extraArgs: [--dry-run]", ALPHA),
            ("1.22.0", "image: {tag: v0.21.0}", ALPHA),
            ("1.22.0", "", &format!("{ALPHA}, {GA}")),
            ("1.22.0", "", GA),
        ] {
            assert_eq!(
                found(LOST, &cluster(version, values, annotations)),
                [""; 0],
                "{version} {values} {annotations}"
            );
        }
        let twin = format!("{ALPHA}, {}", GA.replace("plex", "other"));
        assert_eq!(found(LOST, &cluster("1.22.0", "", &twin)).len(), 1, "the other value is not its twin");
        let legacy = cluster("1.22.0", "extraArgs: [--enable-legacy-annotation-prefix]", ALPHA);
        assert_eq!(found(LOST, &legacy).len(), 1, "the flag is there from 0.23 on");
    }

    #[test]
    fn keys_that_are_not_read_yet() {
        assert_eq!(found(EARLY, &cluster("1.21.1", "", GA)).len(), 1);
        for (version, values, annotations) in [
            ("1.22.0", "", GA),
            ("1.21.1", "annotationPrefix: external-dns.kubernetes.io/", GA),
            ("1.21.1", "", &format!("{ALPHA}, {GA}")),
            ("1.21.1", "", ALPHA),
        ] {
            assert_eq!(
                found(EARLY, &cluster(version, values, annotations)),
                [""; 0],
                "{version} {values} {annotations}"
            );
        }
    }
}

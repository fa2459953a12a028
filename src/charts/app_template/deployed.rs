//! A release as its values are judged: only where version and values are certain
//! (`docs/app-template.md#what-doctor-finds-in-values`).

use super::flaws::sets_label;
use super::installed::version_of;
use super::items::switch;
use super::references::Referent;
use super::version::exact;
use super::{Chart, Version};
use crate::flux::{Installed, Value, View};

/// A release of 3.7, 4.x or 5.x of which version and values are certain.
#[derive(Clone, Copy, Debug)]
pub struct Deployed<'v> {
    /// The chart with its values. 5.x names everything as 4.1 does.
    pub chart: Chart<'v>,
    pub(super) numbers: [u32; 3],
    /// Whether Helm checks the values against the schema of the chart.
    pub(super) checks_schema: bool,
    /// Whether post-renderers change what the chart makes.
    pub(super) is_changed_later: bool,
}

/// A Secret or ConfigMap without which a pod does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodInput {
    /// The keys to the name in the values, and positions in lists, from 0.
    pub at: Vec<String>,
    /// `Secret` or `ConfigMap`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Sections of the values that name objects and make none of another name.
const NAMING: [&str; 9] = [
    "controllers",
    "defaultPodOptions",
    "defaultContainerOptions",
    "persistence",
    "service",
    "route",
    "serviceMonitor",
    "serviceAccount",
    "rbac",
];

impl<'v> Deployed<'v> {
    /// A release at a version; `None` for other versions than 3.7, 4.x and 5.x.
    pub fn of(version: &str, release: &'v str, namespace: &'v str, values: &'v Value) -> Option<Deployed<'v>> {
        let numbers = exact(version)?;
        let version = match numbers {
            [3, 7, _] => Version::of(version)?,
            [4, 0, _] => Version::V4_0,
            [4 | 5, ..] => Version::V4_1,
            _ => return None,
        };
        let chart = Chart { version, release, namespace, values };
        Some(Deployed { chart, numbers, checks_schema: true, is_changed_later: false })
    }

    /// What a HelmRelease installs where a cluster applies it. `None` for other charts, where the
    /// version is not certain, and where values come from elsewhere.
    pub fn installed(view: &View, release: &'v Installed) -> Option<Deployed<'v>> {
        let object = &release.object;
        let lists_any = |path: &[&str]| object.at(path).is_some_and(|list| !list.items().is_empty());
        if lists_any(&["spec", "valuesFrom"]) || lists_any(&["spec", "chart", "spec", "valuesFiles"]) {
            return None;
        }
        if !states_its_version(view, release) {
            return None;
        }
        static NONE: Value = Value::Null;
        let values = object.at(&["spec", "values"]).unwrap_or(&NONE);
        let found = Deployed::of(version_of(view, release)?, &release.release, &release.namespace, values)?;
        let skips_schema = |action: &str| {
            let field = object.at(&["spec", action, "disableSchemaValidation"]);
            switch(field, false) != Some(false)
        };
        Some(Deployed {
            checks_schema: !["install", "upgrade"].into_iter().any(skips_schema),
            is_changed_later: object.at(&["spec", "postRenderers"]).is_some(),
            ..found
        })
    }

    /// The Secrets and ConfigMaps that pods name and that must be there: in `envFrom`, in
    /// `valueFrom` and as volumes, but for optional ones.
    pub fn pod_inputs(&self) -> Vec<PodInput> {
        if self.is_changed_later {
            return Vec::new();
        }
        let input = |reference: super::Reference| {
            let kind = reference.kind.filter(|kind| kind == "Secret" || kind == "ConfigMap")?;
            let Referent::Name(Ok(name)) = reference.to else { return None };
            let keys: Vec<&str> = reference.path.iter().map(String::as_str).collect();
            let is_read = match keys.as_slice() {
                ["controllers", _, "containers" | "initContainers", ..] => {
                    keys.iter().any(|key| matches!(*key, "envFrom" | "env"))
                }
                ["persistence", item, "name"] => self.is_mounted(item),
                _ => false,
            };
            let is_needed = is_read && self.is_on(&keys) && !self.is_optional(&keys);
            is_needed.then(|| PodInput { at: reference.path.clone(), kind, name })
        };
        self.chart.references().into_iter().filter_map(input).collect()
    }

    /// Whether what is in the values may make an object of a name beside those that
    /// [`Chart::objects`] has: a text in a section for whole objects has it.
    pub fn may_make(&self, name: &str) -> bool {
        self.sections_of_objects().any(|value| has_text(value, name))
    }

    /// The sections in which objects may stand as a whole.
    pub fn sections_of_objects(&self) -> impl Iterator<Item = &'v Value> {
        let sections = self.chart.values.entries().iter();
        sections.filter(|(section, _)| !NAMING.contains(&section.as_str())).map(|(_, value)| value)
    }

    /// Whether its pods certainly lack a label that the chart of 3.x gave them.
    pub fn has_pods_without(&self, label: &str) -> bool {
        !self.chart.version.is_before_4() && !self.is_changed_later && !sets_label(self.chart.values, label)
    }

    /// Whether a role of the values lets pods write Secrets or ConfigMaps.
    pub fn may_write_secrets(&self) -> bool {
        let roles = self.chart.values.at(&["rbac", "roles"]);
        roles.is_some_and(|roles| has_text(roles, "secrets") || has_text(roles, "configmaps") || has_text(roles, "*"))
    }

    /// Whether everything on the way to a place is certainly enabled.
    pub(super) fn is_on(&self, path: &[&str]) -> bool {
        let mut value = self.chart.values;
        for key in path {
            let next = match value {
                Value::Sequence(items) => key.parse().ok().and_then(|n: usize| items.get(n)),
                value => value.get(key),
            };
            let Some(next) = next else { return false };
            if switch(next.get("enabled"), true) != Some(true) {
                return false;
            }
            value = next;
        }
        true
    }

    /// Whether the mapping around a name says that the pod starts without the object, or may.
    fn is_optional(&self, path: &[&str]) -> bool {
        let Some((_, around)) = path.split_last() else { return false };
        let mapping = around.iter().try_fold(self.chart.values, |value, key| match value {
            Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        });
        mapping.is_some_and(|mapping| switch(mapping.get("optional"), false) != Some(false))
    }

    /// Whether a pod mounts a volume: everywhere, or in a controller that is enabled.
    fn is_mounted(&self, item: &str) -> bool {
        let Some(volume) = self.chart.values.at(&["persistence", item]) else { return false };
        let is_given = |key: &str| volume.get(key).is_some_and(|mounts| !mounts.items().is_empty());
        let advanced = volume.get("advancedMounts").map(Value::entries).unwrap_or_default();
        if is_given("globalMounts") || advanced.is_empty() {
            return volume.get("advancedMounts").is_none_or(|mounts| matches!(mounts, Value::Mapping(_)));
        }
        let is_there = |controller: &str| self.is_on(&["controllers", controller]);
        advanced.iter().any(|(controller, mounts)| !mounts.entries().is_empty() && is_there(controller))
    }
}

/// Whether the version that is installed is the one that is written: nothing else of the source
/// wins over its tag, and no patch may change it.
fn states_its_version(view: &View, release: &Installed) -> bool {
    let Some(chart) = release.chart.as_ref() else { return false };
    if chart.name.is_some() {
        return true;
    }
    let Some(source) = chart.at.as_ref().and_then(|at| view.node(at)) else { return false };
    let wins = |field: &str| source.at(&["spec", "ref", field]).is_some();
    !wins("semver") && !wins("name") && !view.may_patch("OCIRepository", &chart.source.name)
}

/// Whether a text in a value has a name in it.
fn has_text(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Scalar { text, .. } => text.contains(name),
        Value::Sequence(items) => items.iter().any(|item| has_text(item, name)),
        Value::Mapping(entries) => entries.iter().any(|(key, value)| key.contains(name) || has_text(value, name)),
    }
}

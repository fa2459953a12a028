use std::collections::BTreeMap;
use std::fmt;

use super::flux_kustomization::FluxKustomization;
use super::graph::Reach;
use super::instance_spec;
use crate::flux::files::At;
use crate::flux::kustomize::{Parts, Patch};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A flag of a controller of Flux that decides what a reference or a variable may be, where the tree shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControllerFlag {
    /// The controller: `helm-controller`.
    pub controller: &'static str,
    /// What it is told.
    pub flag: Flag,
    /// The file that says so.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
}

/// A flag that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// `--no-cross-namespace-refs`: whether references to sources in other namespaces are refused.
    NoCrossNamespaceRefs(bool),
    /// `--feature-gates=StrictPostBuildSubstitutions=...`: whether a variable without value is an error. From Flux 2.9 it is, unless
    /// this says otherwise.
    StrictPostBuildSubstitutions(bool),
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flag::NoCrossNamespaceRefs(on) => write!(f, "--no-cross-namespace-refs={on}"),
            Flag::StrictPostBuildSubstitutions(on) => write!(f, "--feature-gates=StrictPostBuildSubstitutions={on}"),
        }
    }
}

const CONTROLLERS: [&str; 5] = [
    "helm-controller",
    "image-automation-controller",
    "image-reflector-controller",
    "kustomize-controller",
    "notification-controller",
];

impl Flag {
    /// The controllers that know it.
    fn is_of(self, controller: &str) -> bool {
        match self {
            Flag::NoCrossNamespaceRefs(_) => true,
            Flag::StrictPostBuildSubstitutions(_) => controller == "kustomize-controller",
        }
    }

    /// The flags that a line of arguments holds.
    fn in_line(line: &str) -> Vec<Flag> {
        let line = line.split(" #").next().unwrap_or_default().trim_start();
        if line.starts_with('#') {
            return Vec::new();
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ']' | '}');
        let value = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            let rest = rest.split(is_end).next().unwrap_or_default();
            Some(rest.strip_prefix('=').unwrap_or(rest).to_owned())
        };
        let cross = value("--no-cross-namespace-refs").and_then(|value| on(value.trim_end_matches(','), true));
        let gates = value("--feature-gates").unwrap_or_default();
        let strict = gates.split(',').find_map(|gate| on(gate.strip_prefix("StrictPostBuildSubstitutions=")?, false));
        let found = [cross.map(Flag::NoCrossNamespaceRefs), strict.map(Flag::StrictPostBuildSubstitutions)];
        found.into_iter().flatten().collect()
    }
}

/// A switch as Go reads it, or what nothing at all means; `None` for what is no switch.
fn on(value: &str, absent: bool) -> Option<bool> {
    match value {
        "" => absent.then_some(true),
        value if ["1", "t", "true"].contains(&value.to_lowercase().as_str()) => Some(true),
        value if ["0", "f", "false"].contains(&value.to_lowercase().as_str()) => Some(false),
        _ => None,
    }
}

/// The flags that a cluster's tree shows: in patches of the controllers' Deployments (of its Flux Kustomizations, of the kustomizations that
/// it builds, of its FluxInstance), in Deployments that it applies, and as `multitenant` of its FluxInstance.
pub(in crate::flux) fn controller_flags(
    kustomizations: &[FluxKustomization],
    cluster: usize,
    reached: &BTreeMap<At, Vec<Reach>>,
    parts: &Parts<'_>,
) -> Vec<ControllerFlag> {
    let mut found = Vec::new();
    let own = kustomizations.iter().filter(|kustomization| kustomization.cluster == cluster);
    for kustomization in own {
        let at = &kustomization.at;
        let text = parts.text(&at.path).filter(|text| may_hold_flags(text));
        let Some(root) = text.and_then(|_| parts.node(at)) else { continue };
        let patches = Patch::listed_in(&at.path, root.at(&["spec", "patches"]), &|_| None);
        found.extend(patches.iter().flat_map(|patch| in_patch(patch, parts)));
        if let Some(spec) = instance_spec(root) {
            let patches = Patch::listed_in(&at.path, spec.at(&["kustomize", "patches"]), &|_| None);
            found.extend(patches.iter().flat_map(|patch| in_patch(patch, parts)));
            found.extend(multitenant(spec, &at.path));
        }
    }
    let mut files: Vec<&RepoPath> = Vec::new();
    for (at, reaches) in reached {
        files.extend(reaches.iter().flat_map(|reach| &reach.through));
        let Some(controller) =
            reaches.iter().find_map(|reach| CONTROLLERS.into_iter().find(|name| *name == reach.name))
        else {
            continue;
        };
        let is_deployment = parts.object(at).is_some_and(|object| object.kind == "Deployment");
        if let Some(root) = parts.node(at).filter(|_| is_deployment) {
            let text = parts.text(&at.path).and_then(|text| text.get(root.range())).unwrap_or_default();
            found.extend(in_lines(text, root.line(), &at.path, &[controller]));
        }
    }
    files.sort_unstable();
    files.dedup();
    let patches = files.iter().filter_map(|file| parts.kustomizations.get(&file.dir())).flat_map(|own| &own.patches);
    found.extend(patches.flat_map(|patch| in_patch(patch, parts)));
    found.sort();
    found.dedup();
    found
}

/// Whether a file is worth looking for flags in: few are.
fn may_hold_flags(text: &str) -> bool {
    ["--no-cross-namespace-refs", "--feature-gates", "multitenant"].iter().any(|word| text.contains(word))
}

/// The lockdown of flux-operator, which sets the flag on all controllers.
fn multitenant(spec: Node<'_>, path: &RepoPath) -> Vec<ControllerFlag> {
    let Some(node) = spec.at(&["cluster", "multitenant"]).filter(|node| node.is_true()) else { return Vec::new() };
    let flag = Flag::NoCrossNamespaceRefs(true);
    CONTROLLERS.map(|controller| ControllerFlag { controller, flag, path: path.clone(), line: node.line() }).into()
}

fn in_patch(patch: &Patch, parts: &Parts<'_>) -> Vec<ControllerFlag> {
    let text = patch.text();
    if !may_hold_flags(text) || text.lines().all(|line| Flag::in_line(line).is_empty()) {
        return Vec::new();
    }
    let controllers: Vec<&'static str> =
        CONTROLLERS.into_iter().filter(|name| patch.is_for_named("Deployment", name)).collect();
    // An inline patch stands below the line of its entry; one in a file of its own is told by that entry.
    let shown = parts.text(&patch.path).unwrap_or_default().lines().enumerate().skip(patch.line.saturating_sub(1));
    let places: Vec<(usize, &str)> = shown.map(|(number, line)| (number + 1, line.trim())).collect();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !Flag::in_line(line).is_empty()) {
        let place = places.iter().find(|(_, shown)| shown.ends_with(line)).map_or(patch.line, |(number, _)| *number);
        found.extend(in_lines(line, place, &patch.path, &controllers));
    }
    found
}

fn in_lines(text: &str, first: usize, path: &RepoPath, controllers: &[&'static str]) -> Vec<ControllerFlag> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for flag in Flag::in_line(line) {
            let own = controllers.iter().filter(|controller| flag.is_of(controller));
            found.extend(own.map(|controller| ControllerFlag {
                controller,
                flag,
                path: path.clone(),
                line: first + number,
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_the_controllers_read_them() {
        let flags = |line: &str| Flag::in_line(line).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(flags("value: --no-cross-namespace-refs=true"), ["--no-cross-namespace-refs=true"]);
        assert_eq!(flags("- \"--no-cross-namespace-refs\""), ["--no-cross-namespace-refs=true"]);
        assert_eq!(flags("args: [--no-cross-namespace-refs=false, --x]"), ["--no-cross-namespace-refs=false"]);
        let strict = "value: --feature-gates=OOMWatch=true,StrictPostBuildSubstitutions=true";
        assert_eq!(flags(strict), ["--feature-gates=StrictPostBuildSubstitutions=true"]);
        assert_eq!(flags("# value: --no-cross-namespace-refs=true"), [""; 0]);
        assert_eq!(flags("value: --x # --no-cross-namespace-refs"), [""; 0]);
        assert_eq!(flags("value: --feature-gates=OOMWatch=true"), [""; 0]);
        assert_eq!(flags("value: --no-cross-namespace-refs=${STRICT}"), [""; 0]);
    }
}

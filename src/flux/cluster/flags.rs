//! Where a tree states flags of controllers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::by_id::ClusterId;
use super::entry_point::instance_spec;
use super::flag::{CONTROLLERS, ControllerFlag, Flag};
use super::flux_kustomization::FluxKustomization;
use super::reach::Reach;
use crate::flux::files::At;
use crate::flux::kustomize::{ParsedTree, Patch};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// The flags of the controllers of a cluster: in patches of their Deployments (of its Flux
/// Kustomizations, of the kustomizations that it builds, of its FluxInstance), in Deployments that
/// it applies, and as `multitenant` of its FluxInstance.
pub(super) fn controller_flags(
    kustomizations: &[FluxKustomization],
    cluster: ClusterId,
    reached: &BTreeMap<At, Vec<Reach>>,
    parsed: &ParsedTree<'_>,
) -> Vec<ControllerFlag> {
    let mut found = Vec::new();
    for kustomization in kustomizations.iter().filter(|kustomization| kustomization.cluster == cluster) {
        let at = &kustomization.at;
        let text = parsed.text(&at.path).filter(|text| may_state_flags(text));
        let Some(root) = text.and_then(|_| parsed.node(at)) else { continue };
        let patches = Patch::listed_in(&at.path, root.at(&["spec", "patches"]), &|_| None);
        found.extend(patches.iter().flat_map(|patch| in_patch(patch, parsed)));
        if let Some(spec) = instance_spec(root) {
            found.extend(in_instance(spec, &at.path, parsed));
        }
    }
    let mut files: Vec<&RepoPath> = Vec::new();
    for (at, reaches) in reached {
        files.extend(reaches.iter().flat_map(|reach| &reach.through));
        // One without `sync` makes no Flux Kustomization.
        if reaches.iter().any(|reach| reach.kind == "FluxInstance") {
            let spec = parsed.node(at).and_then(instance_spec);
            found.extend(spec.into_iter().flat_map(|spec| in_instance(spec, &at.path, parsed)));
        }
        let Some(controller) =
            reaches.iter().find_map(|reach| CONTROLLERS.into_iter().find(|name| *name == reach.name))
        else {
            continue;
        };
        let is_deployment = parsed.object(at).is_some_and(|object| object.kind == "Deployment");
        if let Some(root) = parsed.node(at).filter(|_| is_deployment) {
            let text = parsed.text(&at.path).and_then(|text| text.get(root.range())).unwrap_or_default();
            found.extend(in_lines(text, root.line(), &at.path, &[controller]));
        }
    }
    files.sort_unstable();
    files.dedup();
    let patches =
        files.iter().filter_map(|file| parsed.kustomizations.get(&file.dir())).flat_map(|built| &built.patches);
    found.extend(patches.flat_map(|patch| in_patch(patch, parsed)));
    found.sort();
    found.dedup();
    found
}

fn in_instance(spec: Node<'_>, path: &RepoPath, parsed: &ParsedTree<'_>) -> Vec<ControllerFlag> {
    let patches = Patch::listed_in(path, spec.at(&["kustomize", "patches"]), &|_| None);
    let mut found: Vec<ControllerFlag> = patches.iter().flat_map(|patch| in_patch(patch, parsed)).collect();
    found.extend(multitenant(spec, path));
    found
}

/// Whether a text may state flags; few do.
fn may_state_flags(text: &str) -> bool {
    const WORDS: [&str; 5] =
        ["--no-cross-namespace-refs", "--watch-all-namespaces", "--sops-age-secret", "--feature-gates", "multitenant"];
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(WORDS).expect("the words are few"));
    FINDER.is_match(text)
}

/// The multitenancy lockdown of flux-operator, which sets the flag on all controllers.
fn multitenant(spec: Node<'_>, path: &RepoPath) -> Vec<ControllerFlag> {
    let Some(node) = spec.at(&["cluster", "multitenant"]).filter(|node| node.is_true()) else { return Vec::new() };
    let flag = Flag::NoCrossNamespaceRefs(true);
    CONTROLLERS.map(|controller| ControllerFlag { controller, flag, path: path.clone(), line: node.line() }).into()
}

fn in_patch(patch: &Patch, parsed: &ParsedTree<'_>) -> Vec<ControllerFlag> {
    let text = patch.text();
    if !may_state_flags(text) || text.lines().all(|line| Flag::in_line(line).is_empty()) {
        return Vec::new();
    }
    let controllers: Vec<&'static str> =
        CONTROLLERS.into_iter().filter(|name| patch.is_for_named("Deployment", name)).collect();
    // An inline patch is below the line of its entry; for one in another file, the entry itself is
    // reported.
    let shown = parsed.text(&patch.path).unwrap_or_default().lines().enumerate().skip(patch.line.saturating_sub(1));
    let places: Vec<(usize, &str)> = shown.map(|(index, line)| (index + 1, line.trim())).collect();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !Flag::in_line(line).is_empty()) {
        let place = places.iter().find(|(_, shown)| shown.ends_with(line)).map_or(patch.line, |(line, _)| *line);
        found.extend(in_lines(line, place, &patch.path, &controllers));
    }
    found
}

fn in_lines(text: &str, first: usize, path: &RepoPath, controllers: &[&'static str]) -> Vec<ControllerFlag> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for flag in Flag::in_line(line) {
            let having_it = controllers.iter().filter(|controller| flag.is_of(controller));
            found.extend(having_it.map(|controller| ControllerFlag {
                controller,
                flag,
                path: path.clone(),
                line: first + index,
            }));
        }
    }
    found
}

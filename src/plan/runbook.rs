//! The steps around the merge of a batch, as data; `output` makes text of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Batch, Subject, Unit};
use crate::flux::{KustomizationId, Reach, View};
use crate::repo::RepoPath;
use crate::text::shell;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do or to check, in a sentence.
    pub what: String,
    /// The commands, with real names, ready for a shell.
    pub commands: Vec<String>,
}

impl Step {
    /// A step with its commands, each a list of words. The words come from the repository and are
    /// quoted, so that a shell runs none of them.
    pub fn new(what: impl Into<String>, commands: Vec<Vec<String>>) -> Step {
        let line = |words: &Vec<String>| words.iter().map(|word| shell(word)).collect::<Vec<_>>().join(" ");
        Step { what: what.into(), commands: commands.iter().map(line).collect() }
    }
}

/// The steps around the landing of some units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runbook {
    /// What the units do, and why, in two sentences.
    pub what: String,
    /// Before their change is merged.
    pub before: Vec<Step>,
    /// After it.
    pub after: Vec<Step>,
    /// How to roll back, and from which point that is no longer possible.
    pub back: Vec<Step>,
}

impl Runbook {
    /// What there is to say of a change to objects that no cluster applies, whatever it is.
    pub fn of_no_cluster() -> Runbook {
        let what = "No cluster applies these objects, so nothing changes on a cluster.".to_owned();
        Runbook { what, back: vec![Step::new("Revert the merge.", Vec::new())], ..Runbook::default() }
    }

    /// The same steps, with commands for a context of kubectl and flux.
    #[must_use]
    pub fn in_context(mut self, context: &str) -> Runbook {
        for step in self.before.iter_mut().chain(&mut self.after).chain(&mut self.back) {
            for command in &mut step.commands {
                for program in ["kubectl ", "flux "] {
                    if let Some(rest) = command.strip_prefix(program) {
                        *command = format!("{program}--context {} {rest}", shell(context));
                        break;
                    }
                }
            }
        }
        self
    }

    /// The steps of a change that Flux only has to reconcile: nothing before it, nothing by hand.
    pub fn reconcile_only(view: &View, batch: &Batch<'_>, what: impl Into<String>) -> Runbook {
        let mut after = vec![reconcile(view, batch)];
        let commands = get_releases(&batch.units);
        if !commands.is_empty() {
            after.push(Step::new("Check that every release is Ready.", commands));
        }
        let back = vec![Step::new("Revert the merge. Nothing on the cluster has to be undone by hand.", Vec::new())];
        Runbook { what: what.into(), before: Vec::new(), after, back }
    }
}

/// A command, its words as a list.
pub fn command<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// A command about names of the repository, with options after them. Names that begin with `-`
/// stand behind `--`, so that no program takes them for options.
pub fn command_about(words: &[&str], names: &[&str], options: &[&str]) -> Vec<String> {
    let may_be_options = names.iter().any(|name| name.starts_with('-'));
    let parts = if may_be_options { [words, options, &["--"], names] } else { [words, names, options, &[]] };
    command(parts.concat())
}

/// `kubectl get` of objects of a kind, one command for each namespace.
pub fn get<'n>(kind: &str, names: impl IntoIterator<Item = (&'n str, &'n str)>) -> Vec<Vec<String>> {
    get_with(kind, names, &[])
}

/// The same as [`get`], with options.
pub fn get_with<'n>(
    kind: &str,
    names: impl IntoIterator<Item = (&'n str, &'n str)>,
    options: &[&str],
) -> Vec<Vec<String>> {
    let mut by_namespace: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (namespace, name) in names {
        by_namespace.entry(namespace).or_default().insert(name);
    }
    let get = |(namespace, names): (&str, BTreeSet<&str>)| {
        let namespaced = ["--namespace", namespace].into_iter().filter(|_| !namespace.is_empty());
        let words: Vec<&str> = ["kubectl"].into_iter().chain(namespaced).chain(["get", kind]).collect();
        command_about(&words, &names.into_iter().collect::<Vec<_>>(), options)
    };
    by_namespace.into_iter().map(get).collect()
}

/// `kubectl get` of the releases that units are about, under all names that clusters apply them as.
pub fn get_releases(units: &[&Unit]) -> Vec<Vec<String>> {
    let releases = units.iter().filter(|unit| matches!(unit.id.subject, Subject::Release { .. }));
    let names = releases.flat_map(|unit| {
        let also = unit.also.iter().filter_map(|other| other.split_once('/'));
        also.chain([(unit.id.subject.namespace(), unit.id.subject.name())])
    });
    get("helmreleases", names)
}

/// Commands that print what is failing, and what is neither ready nor failing: reconciling, or stuck.
/// One that prints everything not ready needs Flux 2.9.
pub fn get_not_ready(kind: &str) -> Vec<Vec<String>> {
    let not_ready = |status| command(["flux", "get", kind, "--all-namespaces", "--status-selector", status]);
    vec![not_ready("ready=false"), not_ready("ready=unknown")]
}

/// The step that makes Flux reconcile what was merged: the source of each cluster, then the
/// Kustomizations that the batch reaches.
pub fn reconcile(view: &View, batch: &Batch<'_>) -> Step {
    let clusters = view.graph().clusters.iter().filter(|cluster| batch.lane.clusters.contains(&cluster.name));
    let sources: BTreeSet<_> =
        clusters.map(|cluster| (cluster.source.namespace.as_deref(), &*cluster.source.name)).collect();
    let reached = batch.units.iter().flat_map(|unit| match unit.is_for_others() || unit.is_removal() {
        // They do not change what uses them: the Kustomizations that apply them have to be
        // reconciled.
        true => unit.touches.iter().flat_map(|path| appliers(view, path)).collect::<Vec<_>>(),
        false => unit
            .radius
            .kustomizations
            .iter()
            .map(|kustomization| (kustomization.cluster.clone(), kustomization.name.clone()))
            .collect(),
    });
    let reached: BTreeSet<String> =
        reached.filter(|(cluster, _)| batch.lane.clusters.contains(cluster)).map(|(_, name)| name).collect();
    let reached =
        reached.iter().map(|full| full.split_once('/').map_or((None, &**full), |(ns, name)| (Some(ns), name)));
    let flux = |what: &[&str], (namespace, name): (Option<&str>, &str)| {
        let namespaced: Vec<&str> = namespace.into_iter().flat_map(|namespace| ["--namespace", namespace]).collect();
        command_about(&[&["flux", "reconcile"], what].concat(), &[name], &namespaced)
    };
    let commands = sources.into_iter().map(|source| flux(&["source", "git"], source));
    let commands = commands.chain(reached.map(|kustomization| flux(&["kustomization"], kustomization)));
    Step::new("Reconcile now, or wait for the next interval.", commands.collect())
}

/// The Flux Kustomizations that apply something in the directory of a file, or in the nearest
/// directory above it, each with its cluster.
fn appliers(view: &View, path: &RepoPath) -> Vec<(String, String)> {
    let graph = view.graph();
    for dir in path.ancestors() {
        let mut found = BTreeSet::new();
        for (at, reaches) in graph.reached() {
            let of_dir = |reach: &&Reach| at.path.dir() == dir || reach.through.iter().any(|file| file.dir() == dir);
            found.extend(reaches.iter().filter(of_dir).map(|reach| reach.kustomization));
        }
        if !found.is_empty() {
            let named = |id: KustomizationId| {
                let kustomization = &graph.kustomizations[id];
                (graph.clusters[kustomization.cluster].name.clone(), kustomization.full_name())
            };
            return found.into_iter().map(named).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_context() {
        let steps = vec![Step::new("See.", vec![command(["kubectl", "get", "pods"]), command(["git", "push"])])];
        let runbook = Runbook { after: steps, ..Runbook::default() }.in_context("the edge");
        assert_eq!(runbook.after[0].commands, ["kubectl --context 'the edge' get pods", "git push"]);
    }

    #[test]
    fn names_are_words_for_a_shell() {
        let names = [("media", "plex"), ("media", "$(rm -rf ~)"), ("", "x")];
        let step = Step::new("See.", get("helmreleases", names));
        assert_eq!(
            step.commands,
            ["kubectl get helmreleases x", "kubectl --namespace media get helmreleases '$(rm -rf ~)' plex"]
        );
        let step = Step::new("See.", get_with("pods", [("media", "--all"), ("media", "x")], &["--output", "name"]));
        assert_eq!(step.commands, ["kubectl --namespace media get pods --output name -- --all x"]);
    }
}

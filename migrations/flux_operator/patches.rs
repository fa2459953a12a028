//! Patches of today's installation, as the FluxInstance is to have them.
//!
//! ```yaml
//! patches:                              kustomize:
//!   # More workers                        patches:
//!   - patch: |                              # More workers
//!       - op: add                           - patch: |
//!         path: /spec/.../args/-                - op: add
//!         value: --concurrent=8      →            path: /spec/.../args/-
//!     target:                                     value: --concurrent=8
//!       kind: Deployment                      target:
//!       namespace: flux-system                  kind: Deployment
//! ```
//!
//! In a FluxInstance objects have no namespace yet when patches come: a target with one matches
//! nothing, and says nothing (`docs/hazards.md#f4`). So each patch is proven to select the same objects of
//! Flux as today.

use super::codes;
use super::distribution::Identity;
use super::versions::Version;
use crate::flux::{Patch, Patches, Value, rewrite};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::yaml::{Edit, Emptied, Fate, Node, Stream};

/// The patches of an installation, converted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// How many patches there are for objects of Flux.
    pub(super) count: usize,
    /// Whether no patch deletes the NetworkPolicies.
    pub(super) network_policy: bool,
    /// The entries that go along: their lines, with the comments above them.
    pub(super) entries: Vec<Entry>,
    /// Their places in today's list, and that of the one that `networkPolicy` replaces.
    pub(super) of_flux: Vec<usize>,
}

/// An entry of the list of patches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its lines without line ends, the dash at column 0; comments first.
    pub(super) lines: Vec<String>,
    /// What it says.
    pub(super) value: Value,
}

/// Where patches are today, and what they are for.
pub(super) struct Today<'v> {
    pub(super) path: &'v RepoPath,
    pub(super) stream: &'v Stream,
    pub(super) list: Option<Node<'v>>,
    pub(super) namespace: &'v str,
    pub(super) version: Version,
    pub(super) identities: &'v [Identity],
    /// Whether objects of others are among what the patches may select: then those that select none
    /// of Flux stay.
    pub(super) among_others: bool,
    /// The entry that is the guard: it is removed with the old installation.
    pub(super) guard: Option<Value>,
}

impl Today<'_> {
    /// Converts them one by one.
    ///
    /// # Errors
    /// A finding for each that would not mean the same.
    pub(super) fn carried(&self) -> Result<Carried, Vec<Finding>> {
        let mut carried = Carried { network_policy: true, ..Carried::default() };
        let mut problems = Vec::new();
        let Some(list) = self.list else { return Ok(carried) };
        let items: Vec<Node<'_>> = list.items().collect();
        for (number, item) in items.iter().enumerate() {
            if self.guard.is_some() && Value::of(*item) == self.guard {
                carried.of_flux.push(number);
                continue;
            }
            let before =
                number.checked_sub(1).map_or_else(|| self.line_above(list), |before| self.last_line(items[before]));
            match self.entry(*item, before) {
                Ok(Some(Converted::NetworkPolicy)) => {
                    carried.network_policy = false;
                    carried.count += 1;
                    carried.of_flux.push(number);
                }
                Ok(Some(Converted::Entry(entry))) => {
                    carried.entries.push(entry);
                    carried.count += 1;
                    carried.of_flux.push(number);
                }
                Ok(None) => {}
                Err(message) => {
                    let message = format!("the patch in line {}: {message}", item.line());
                    problems.push(Finding::error(codes::PATCH, message).at(self.path, item.line()));
                }
            }
        }
        if problems.is_empty() { Ok(carried) } else { Err(problems) }
    }

    /// The line of the key of the list, which is above its first item.
    fn line_above(&self, list: Node<'_>) -> usize {
        let first = list.items().next().map_or(1, Node::line);
        let mut line = first.saturating_sub(1);
        while line > 0 && self.text_of(line).trim_start().starts_with('#') {
            line -= 1;
        }
        line
    }

    fn last_line(&self, item: Node<'_>) -> usize {
        let range = item.range();
        let text = self.stream.text()[range.clone()].trim_end();
        self.stream.position(range.start + text.len().saturating_sub(1)).line
    }

    fn text_of(&self, line: usize) -> &str {
        let range = self.stream.line(line).unwrap_or_default();
        self.stream.text()[range].trim_end_matches(['\n', '\r'])
    }

    fn entry(&self, item: Node<'_>, before: usize) -> Result<Option<Converted>, String> {
        let value = Value::of(item).ok_or("it cannot be read")?;
        let patches = self.readable(&value)?;
        let [patch] = patches.as_slice() else { return Err("it has several documents; give each an entry".to_owned()) };
        let today: Vec<bool> =
            self.selected(|identity| patch.selects_value(&identity.installed(self.namespace, self.version)));
        if !today.contains(&true) {
            // It is for others, or for nothing, and today's build takes it as it is.
            return match self.among_others {
                true => Ok(None),
                false => Err("it selects nothing of Flux today; remove it".to_owned()),
            };
        }
        if has_anchors(item) {
            return Err("it has anchors or aliases; write it out".to_owned());
        }
        if has_text(&value, "${") || has_text(&value, "$$") {
            return Err("it has a variable; write its value".to_owned());
        }
        let policies = self.selected(|identity| identity.kind == "NetworkPolicy");
        if patch.deletes() && today == policies {
            return Ok(Some(Converted::NetworkPolicy));
        }
        let entry = self.converted(item, before, &value)?;
        let patches = self.readable(&entry.value)?;
        let then = self.selected(|identity| {
            let seen = identity.in_instance();
            patches.iter().any(|patch| seen.iter().any(|object| patch.selects_value(object)))
        });
        if then != today {
            let other = self.identities.iter().zip(today.iter().zip(&then)).find(|(_, (was, is))| was != is);
            let (identity, (was, _)) = other.expect("they differ");
            let how = if *was { "would not select" } else { "would also select" };
            return Err(format!("in a FluxInstance it {how} {} {}", identity.kind, identity.name));
        }
        Ok(Some(Converted::Entry(entry)))
    }

    fn selected(&self, is: impl Fn(&Identity) -> bool) -> Vec<bool> {
        self.identities.iter().map(is).collect()
    }

    fn readable(&self, entry: &Value) -> Result<Patches, String> {
        let patches = Patch::of_entry(self.path, 1, entry).ok_or("its text is in another file; write it here")?;
        match patches.iter().all(|patch| patch.is_readable()) {
            true => Ok(patches),
            false => Err("it cannot be read as a patch".to_owned()),
        }
    }

    /// The lines of an entry, changed where a FluxInstance needs it, and what they say.
    fn converted(&self, item: Node<'_>, before: usize, value: &Value) -> Result<Entry, String> {
        let (first, last) = (item.line(), self.last_line(item));
        let column = self.text_of(first).find('-').unwrap_or_default();
        let indent = " ".repeat(column);
        let line = |number: usize| {
            let text = self.text_of(number);
            text.strip_prefix(&indent).unwrap_or_else(|| text.trim_start()).to_owned()
        };
        let comments: Vec<String> = (before + 1..first).map(line).collect();
        let text: String = (first..=last).map(|number| line(number) + "\n").collect();
        let stream = Stream::parse(&*text).map_err(|_| "its lines cannot be moved")?;
        let moved = stream.documents().next().and_then(|root| root.items().next());
        let moved =
            moved.filter(|moved| Value::of(*moved).as_ref() == Some(value)).ok_or("its lines cannot be moved")?;
        let to = self.without_namespace(value)?;
        let mut edit = Edit::of(&stream).in_order();
        let written = rewrite(&mut edit, moved, value, &to, "objects have no namespace there");
        let edited = written.and_then(|()| edit.finish()).map_err(|error| format!("it cannot be changed: {error}"))?;
        let text = stream.apply(&edited.splices).map_err(|error| format!("it cannot be changed: {error}"))?;
        let lines = comments.into_iter().chain(text.lines().map(str::to_owned));
        Ok(Entry { lines: lines.collect(), value: to })
    }

    /// An entry without namespaces; one that names its object by itself gets a target.
    fn without_namespace(&self, entry: &Value) -> Result<Value, String> {
        let mut to = entry.clone();
        let is_own = |namespace: &str| match namespace == self.namespace {
            true => Ok(()),
            false => Err(format!("it is for the namespace {namespace}")),
        };
        if let Some(target) = to.get_mut("target") {
            if let Some(namespace) = target.text_at(&["namespace"]) {
                is_own(namespace)?;
                target.remove("namespace");
            }
            return Ok(to);
        }
        let text = entry.text_at(&["patch"]).unwrap_or_default();
        let inner = Stream::parse(text).map_err(|_| "its text cannot be read")?;
        let root = inner.documents().next().ok_or("its text is empty")?;
        let (Some(kind), Some(name)) = (root.text_at(&["kind"]), root.text_at(&["metadata", "name"])) else {
            return Err("it names no object".to_owned());
        };
        let target = Value::mapping([("kind", Value::string(kind)), ("name", Value::string(name))]);
        if let Some(metadata) = root.get("metadata").filter(|metadata| metadata.own_entry("namespace").is_some()) {
            is_own(metadata.text_at(&["namespace"]).unwrap_or_default())?;
            let mut edit = Edit::of(&inner);
            let because = |_: &str| Fate::Dropped("objects have no namespace there".to_owned());
            let removed = edit.remove_entry(metadata, "namespace", Emptied::NoEntry, because);
            let edited =
                removed.and_then(|()| edit.finish()).map_err(|error| format!("its namespace stays: {error}"))?;
            let text = inner.apply(&edited.splices).map_err(|error| format!("its namespace stays: {error}"))?;
            to.set("patch", Value::string(&text));
        }
        to.set("target", target);
        Ok(to)
    }
}

/// What becomes of a patch that is for objects of Flux.
enum Converted {
    /// `cluster.networkPolicy: false` says the same.
    NetworkPolicy,
    /// It is carried.
    Entry(Entry),
}

fn has_anchors(node: Node<'_>) -> bool {
    let is_marked = node.is_alias() || node.source().starts_with(['&', '*', '!']);
    is_marked || node.children().into_iter().any(|(_, child)| has_anchors(child))
}

fn has_text(value: &Value, part: &str) -> bool {
    let mut texts = Vec::new();
    value.texts(&mut texts);
    texts.iter().any(|text| text.contains(part))
}

#[cfg(test)]
mod tests {
    use super::super::distribution::{components, identities};
    use super::*;

    const VERSION: Version = Version(2, 7, 5);

    fn carried(patches: &str, among_others: bool) -> Result<Carried, Vec<String>> {
        let stream = Stream::parse(patches).unwrap();
        let all: Vec<String> = components(VERSION).into_iter().map(str::to_owned).collect();
        let today = Today {
            path: &RepoPath::new("flux.yaml").unwrap(),
            stream: &stream,
            list: stream.documents().next().and_then(|root| root.get("patches")),
            namespace: "flux-system",
            version: VERSION,
            identities: &identities(VERSION, &all, "flux-system"),
            among_others,
            guard: None,
        };
        let messages = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.message).collect();
        today.carried().map_err(messages)
    }

    #[test]
    fn lines_and_comments_go_along() {
        let carried = carried(
            "patches:
    # No policies
    - patch: |
        $patch: delete
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: not-used
      target:
        kind: NetworkPolicy
    # More workers
    # https://example.org
    - patch: |
        - op: add
          path: /spec/template/spec/containers/0/args/-
          value: --concurrent=8   # eight
      target:
        kind: Deployment
        name: (kustomize-controller|helm-controller)
        namespace: flux-system # ours
",
            false,
        )
        .unwrap();
        assert_eq!((carried.count, carried.network_policy, carried.of_flux), (2, false, vec![0, 1]));
        let [entry] = &carried.entries[..] else { panic!("one") };
        assert_eq!(
            entry.lines.join("\n"),
            "# More workers
# https://example.org
- patch: |
    - op: add
      path: /spec/template/spec/containers/0/args/-
      value: --concurrent=8   # eight
  target:
    kind: Deployment
    name: (kustomize-controller|helm-controller)"
        );
        assert_eq!(entry.value.at(&["target", "namespace"]), None);
    }

    #[test]
    fn a_merge_alone_gets_a_target() {
        let text = "patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: helm-controller
        namespace: flux-system
      spec: {replicas: 2}
";
        let carried = carried(text, false).unwrap();
        let expected = "- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: helm-controller
    spec: {replicas: 2}
  target:
    kind: Deployment
    name: helm-controller";
        assert_eq!(carried.entries[0].lines.join("\n"), expected);
        assert!(carried.network_policy);
    }

    #[test]
    fn what_would_not_mean_the_same_is_refused() {
        let entry = |target: &str| {
            format!(
                "patches:\n- patch: '[{{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": \"1\"}}]'\n  target: {target}\n"
            )
        };
        for (target, expected) in [
            ("{kind: Deployment, namespace: flux-.*}", "it is for the namespace flux-.*"),
            ("{kind: Deployment, namespace: other}", "it selects nothing of Flux today"),
            ("{labelSelector: app.kubernetes.io/part-of=flux}", "would not select Namespace flux-system"),
            ("{labelSelector: app.kubernetes.io/instance}", "would not select Namespace flux-system"),
            (
                "{kind: ClusterRole, name: '(crd-controller|flux-edit-flux-system)'}",
                "would also select ClusterRole crd-controller",
            ),
            ("{kind: Deploymint}", "it selects nothing of Flux today"),
            ("{kind: &k Deployment}", "it has anchors"),
            ("{kind: Deployment, name: '${NAME}'}", "it has a variable"),
        ] {
            let problems = carried(&entry(target), false).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(expected), "{target}: {problems:?}");
        }
        let others = carried(&entry("{kind: Kustomization, name: flux-system}"), true).unwrap();
        assert_eq!((others.count, others.entries.len()), (0, 0), "it stays where it is");
        let variable = "patches:\n- patch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": \"${X}\"}]'\n  target: {kind: Deployment}\n";
        assert!(carried(variable, false).unwrap_err()[0].contains("it has a variable"));
        let labels = carried(&entry("{kind: Deployment, labelSelector: app.kubernetes.io/part-of=flux}"), false);
        assert_eq!(labels.unwrap().entries.len(), 1, "its controllers have that label on both ways");
    }
}

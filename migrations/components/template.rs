//! Templates, and who names them.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::ComponentsSettings;
use crate::flux::{Kustomization, View};
use crate::repo::RepoPath;

/// Where templates are.
pub(super) struct Templates<'s>(&'s ComponentsSettings);

/// An entry of `resources` that names a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// As it is written.
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
    /// The directory, or the file in one.
    pub(super) target: RepoPath,
}

/// A kustomization file outside of the templates that names some.
#[derive(Clone, Debug)]
pub(super) struct Consumer<'v> {
    pub(super) kustomization: &'v Kustomization,
    /// What it lists, in its order.
    pub(super) references: Vec<Reference>,
    /// What stands there as a comment.
    pub(super) commented: Vec<Reference>,
}

/// Another place that names a template, which is no list of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    /// The file.
    pub(super) path: RepoPath,
    /// The line, from 1.
    pub(super) line: usize,
    /// `spec.path` or `spec.components` of a Flux Kustomization, `components` of a kustomization file, or its inputs.
    pub(super) field: &'static str,
    /// What it names.
    pub(super) target: RepoPath,
}

impl<'s> Templates<'s> {
    pub(super) fn of(settings: &'s ComponentsSettings) -> Templates<'s> {
        Templates(settings)
    }

    /// Whether a tree has neither templates nor anybody who names one.
    pub(super) fn are_none(&self, view: &View) -> bool {
        view.kustomizations().all(|own| self.root_of(&own.path).is_none()) && self.consumers(view).is_empty()
    }

    /// The directory of templates that a path lies in: the outermost that is called so. The directory itself is no template.
    pub(super) fn root_of(&self, path: &RepoPath) -> Option<RepoPath> {
        let is_root = |dir: &RepoPath| {
            self.0.templates.iter().any(|own| if own.contains('/') { dir.as_str() == own } else { dir.name() == own })
        };
        let above: Vec<RepoPath> = path.ancestors().skip(1).collect();
        above.into_iter().rev().find(is_root)
    }

    /// Whether something lies among templates and has not become a Component there.
    fn is_template(&self, view: &View, path: &RepoPath) -> bool {
        self.root_of(path).is_some() && view.kustomization(path).is_none_or(|own| !own.component)
    }

    /// The consumers, by file.
    pub(super) fn consumers<'v>(&self, view: &'v View) -> Vec<Consumer<'v>> {
        let outside = view.kustomizations().filter(|own| self.root_of(&own.path).is_none());
        let consumers = outside.map(|kustomization| Consumer {
            references: self.listed(view, kustomization),
            commented: self.commented(view, kustomization),
            kustomization,
        });
        consumers.filter(|own| !own.references.is_empty() || !own.commented.is_empty()).collect()
    }

    /// The entries of `resources` and `bases` that lead to a template, in whatever spelling.
    fn listed(&self, view: &View, kustomization: &Kustomization) -> Vec<Reference> {
        let local = kustomization.resources.iter().filter(|entry| !entry.is_remote());
        let references = local.filter_map(|entry| {
            let target = view.resolve(kustomization, &entry.text)?;
            self.root_of(&target)?;
            Some(Reference { text: entry.text.clone(), line: entry.line, target })
        });
        references.collect()
    }

    /// Comments that would be such entries without their `#`.
    fn commented(&self, view: &View, kustomization: &Kustomization) -> Vec<Reference> {
        let Some(stream) = view.file(&kustomization.path).and_then(|file| file.stream.as_ref()) else {
            return Vec::new();
        };
        let reference = |comment: &crate::yaml::Comment| {
            let text = stream.text()[comment.range.clone()].trim_start_matches('#').trim_start();
            let entry = text.strip_prefix('-')?.split_whitespace().next()?.trim_matches(['"', '\'']);
            let target = view.resolve(kustomization, entry)?;
            self.root_of(&target).filter(|_| view.tree().holds(&target))?;
            Some(Reference { text: entry.to_owned(), line: comment.line, target })
        };
        stream.comments().iter().filter(|comment| !comment.trailing).filter_map(reference).collect()
    }

    /// Who else names a template: Flux Kustomizations by `spec.path` or `spec.components`, kustomization files under `components` or as what
    /// patches and generators read.
    pub(super) fn elsewhere(&self, view: &View) -> Vec<Elsewhere> {
        let mut found = Vec::new();
        for kustomization in view.kustomizations().filter(|own| self.root_of(&own.path).is_none()) {
            let lists = [("components", &kustomization.components), ("a patch or generator", &kustomization.inputs)];
            for (field, entry) in lists.into_iter().flat_map(|(field, list)| list.iter().map(move |own| (field, own))) {
                let target = view.resolve(kustomization, &entry.text).filter(|target| self.is_template(view, target));
                let (path, line) = (kustomization.path.clone(), entry.line);
                found.extend(target.map(|target| Elsewhere { path, line, field, target }));
            }
        }
        let stated = view.files().flat_map(|(_, file)| &file.objects).filter(|own| own.is_flux_kustomization());
        for object in stated {
            let reached = view.graph().kustomizations.iter().filter(|own| own.at == object.at).cloned();
            for own in reached.chain(view.stated(&object.at)) {
                let paths = own.path.iter().map(|path| ("spec.path", path));
                let components = own.components.iter().map(|path| ("spec.components", path));
                for (field, target) in paths.chain(components).filter(|(_, path)| self.is_template(view, path)) {
                    let (path, target) = (object.at.path.clone(), target.clone());
                    let new = Elsewhere { path, line: object.line, field, target };
                    if !found.contains(&new) {
                        found.push(new);
                    }
                }
            }
        }
        found
    }

    /// What names a template and is no consumer: templates that list each other, by target.
    pub(super) fn among_themselves(&self, view: &View) -> BTreeMap<RepoPath, BTreeSet<RepoPath>> {
        let mut found: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
        for kustomization in view.kustomizations().filter(|own| self.root_of(&own.path).is_some()) {
            let listed = kustomization.resources.iter().chain(&kustomization.components).chain(&kustomization.inputs);
            for target in listed.filter_map(|entry| view.resolve(kustomization, &entry.text)) {
                if self.root_of(&target).is_some() && !target.is_in(&kustomization.dir()) {
                    found.entry(target).or_default().insert(kustomization.path.clone());
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::repo::{Change, Changes, Folder, Mode, Tree};

    /// A view of files with these texts.
    fn view(files: &[(&str, &str)]) -> View {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::of(Arc::new(Folder::plain(dir.path()).unwrap()));
        let mut changes = Changes::new();
        for (path, text) in files {
            let text = (*text).to_owned();
            changes.set(RepoPath::new(path).unwrap(), Change::Create { text, mode: Mode::File });
        }
        View::of(tree.with(&changes).unwrap()).unwrap()
    }

    #[test]
    fn references_are_found_in_any_spelling() {
        let view = view(&[
            ("k/templates/a/kustomization.yaml", "resources: [./x.yaml]\n"),
            ("k/templates/a/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
            (
                "k/apps/one/kustomization.yaml",
                "resources:\n  - ./own.yaml\n  - ../../templates/a\n  - \"./../..//templates/./a/\" # again\n  - ../../templates/a/x.yaml\n  \
                 #- ../../templates/a TODO\n  # - ../../templates/gone\n  # templates/a is nice\n",
            ),
            ("k/apps/two/kustomization.yaml", "bases:\n  - ../../templates/a\n"),
            ("k/apps/three/kustomization.yaml", "resources:\n  - https://example.org/templates/a\n"),
        ]);
        let settings = ComponentsSettings::default();
        let found = Templates::of(&settings).consumers(&view);
        let shown: Vec<_> = found
            .iter()
            .map(|own| {
                let targets: Vec<_> = own.references.iter().map(|own| (own.line, own.target.as_str())).collect();
                let commented: Vec<_> = own.commented.iter().map(|own| own.line).collect();
                (own.kustomization.path.as_str(), targets, commented)
            })
            .collect();
        assert_eq!(
            shown,
            [
                (
                    "k/apps/one/kustomization.yaml",
                    vec![(3, "k/templates/a"), (4, "k/templates/a"), (5, "k/templates/a/x.yaml")],
                    vec![6]
                ),
                ("k/apps/two/kustomization.yaml", vec![(2, "k/templates/a")], vec![]),
            ]
        );
    }

    #[test]
    fn templates_are_where_the_configuration_says() {
        let root = |templates: &[&str], path: &str| {
            let templates = templates.iter().map(|own| (*own).to_owned()).collect();
            let settings = ComponentsSettings { templates, ..ComponentsSettings::default() };
            Templates::of(&settings).root_of(&RepoPath::new(path).unwrap()).map(|root| root.as_str().to_owned())
        };
        assert_eq!(root(&["templates"], "k/templates/a/b").as_deref(), Some("k/templates"));
        assert_eq!(root(&["templates"], "k/templates"), None, "the directory itself is none");
        assert_eq!(root(&["k/shapes"], "k/shapes/a").as_deref(), Some("k/shapes"));
        assert_eq!(root(&["k/shapes"], "x/k/shapes/a"), None);
    }
}

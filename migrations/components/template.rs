//! Templates, and what names them.

use std::collections::{BTreeMap, BTreeSet};

use super::made;
use super::settings::ComponentsSettings;
use crate::flux::{FileView, Kustomization, View};
use crate::repo::RepoPath;
use crate::yaml::Comment;

/// The last part of a path.
fn last(path: &str) -> Option<&str> {
    path.rsplit('/').next()
}

/// Where templates are.
#[derive(Clone, Copy)]
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
    /// What comments in it would list.
    pub(super) commented: Vec<Reference>,
}

/// Another place that names a template, which is no list of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    /// The file.
    pub(super) path: RepoPath,
    /// The line, from 1.
    pub(super) line: usize,
    /// The field: `spec.path` of a Flux Kustomization, `components` of a kustomization file.
    pub(super) field: &'static str,
    /// What it names.
    pub(super) target: RepoPath,
}

impl<'s> Templates<'s> {
    pub(super) fn of(settings: &'s ComponentsSettings) -> Templates<'s> {
        Templates(settings)
    }

    /// Whether a tree has neither templates nor anything that names one.
    pub(super) fn are_none(self, view: &View) -> bool {
        let are_some = self.inside(view).next().is_some() || !self.consumers(view).is_empty();
        !are_some && !view.tree().entries().any(|(path, _)| self.is_lone(view, &path))
    }

    /// The outermost directory of templates that a path is in; the directory itself is no template.
    pub(super) fn root_of(self, path: &RepoPath) -> Option<RepoPath> {
        // Every path of a tree is asked for: directories are made of those alone that are roots.
        let is_called = |dir: &str, name: &String| dir == name || !name.contains('/') && last(dir) == Some(name);
        let mut above = path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at]);
        let root = above.find(|dir| self.0.templates.iter().any(|name| is_called(dir, name)))?;
        path.ancestors().find(|dir| dir.as_str() == root)
    }

    /// Whether the text of a file may name something among templates.
    fn may_be_in(self, file: &FileView) -> bool {
        let has = |text: &str| {
            text.contains(['$', '\\'])
                || self.0.templates.iter().any(|name| last(name).is_some_and(|last| text.contains(last)))
        };
        file.stream.as_ref().is_some_and(|stream| has(stream.text()))
    }

    /// Whether something is among templates and has not become a Component there.
    fn is_template(self, view: &View, path: &RepoPath) -> bool {
        self.root_of(path).is_some() && view.kustomization(path).is_none_or(|there| !there.component)
    }

    /// The kustomizations among templates.
    fn inside(self, view: &View) -> impl Iterator<Item = &Kustomization> {
        view.kustomizations().filter(move |kustomization| self.root_of(&kustomization.path).is_some())
    }

    /// The files with objects among templates that are in no directory with a kustomization: each is
    /// a template by itself. `view` is a [`View::whole`].
    pub(super) fn lone_files(self, view: &View) -> impl Iterator<Item = &RepoPath> {
        let with_objects = view.files().filter(|(_, file)| !file.objects.is_empty());
        with_objects.map(|(path, _)| path).filter(move |path| self.is_lone(view, path))
    }

    /// Whether a file may be a template by itself. The templates of a Helm chart are none.
    fn is_lone(self, view: &View, path: &RepoPath) -> bool {
        // Most paths are elsewhere, which is quickly seen.
        let may_be_in = |name: &String| path.as_str().contains(name.as_str());
        let Some(root) = self.0.templates.iter().any(may_be_in).then(|| self.root_of(path)).flatten() else {
            return false;
        };
        let chart = root.dir().join("Chart.yaml").filter(|chart| view.tree().entry(chart).is_some());
        let mut dirs = path.ancestors().skip(1).take_while(|dir| dir.is_in(&root));
        chart.is_none()
            && [".yaml", ".yml"].iter().any(|ending| path.name().ends_with(ending))
            && made::is_file(view, path)
            && dirs.all(|dir| view.kustomization(&dir).is_none())
    }

    /// All other kustomizations.
    fn outside(self, view: &View) -> impl Iterator<Item = &Kustomization> {
        view.kustomizations().filter(move |kustomization| self.root_of(&kustomization.path).is_none())
    }

    /// The consumers, by file.
    pub(super) fn consumers(self, view: &View) -> Vec<Consumer<'_>> {
        let consumers = self.outside(view).map(|kustomization| Consumer {
            references: self.listed(view, kustomization),
            commented: self.commented(view, kustomization),
            kustomization,
        });
        consumers.filter(|consumer| !consumer.references.is_empty() || !consumer.commented.is_empty()).collect()
    }

    /// The entries of `resources` and `bases` that lead to a template, in whatever spelling.
    fn listed(self, view: &View, kustomization: &Kustomization) -> Vec<Reference> {
        let local = kustomization.resources.iter().filter(|entry| !entry.is_remote());
        let references = local.filter_map(|entry| {
            let target = view.resolve(kustomization, &entry.text)?;
            self.root_of(&target)?;
            Some(Reference { text: entry.text.into(), line: entry.line, target })
        });
        references.collect()
    }

    /// Comments that would be such entries without their `#`.
    fn commented(self, view: &View, kustomization: &Kustomization) -> Vec<Reference> {
        let Some(stream) = view.file(&kustomization.path).and_then(|file| file.stream.as_ref()) else {
            return Vec::new();
        };
        let reference = |comment: &Comment| {
            let text = stream.text()[comment.range.clone()].trim_start_matches('#').trim_start();
            let entry = text.strip_prefix('-')?.split_whitespace().next()?.trim_matches(['"', '\'']);
            let target = view.resolve(kustomization, entry)?;
            self.root_of(&target).filter(|_| view.tree().holds(&target))?;
            Some(Reference { text: entry.to_owned(), line: comment.line, target })
        };
        stream.comments().iter().filter(|comment| !comment.trailing).filter_map(reference).collect()
    }

    /// What else names a template: Flux Kustomizations by `spec.path` or `spec.components`,
    /// kustomization files under `components` or as what patches and generators read.
    pub(super) fn elsewhere(self, view: &View) -> Vec<Elsewhere> {
        let mut found = Vec::new();
        for kustomization in self.outside(view) {
            for (field, entries) in
                [("components", &kustomization.components), ("a patch or generator", &kustomization.inputs)]
            {
                let resolved =
                    entries.iter().filter_map(|entry| Some((entry, view.resolve(kustomization, &entry.text)?)));
                found.extend(resolved.filter(|(_, target)| self.is_template(view, target)).map(|(entry, target)| {
                    Elsewhere { path: kustomization.path.clone(), line: entry.line, field, target }
                }));
            }
        }
        let stated = view.files().flat_map(|(_, file)| file.objects.iter().map(move |object| (file, object)));
        for (file, object) in stated.filter(|(_, object)| object.is_flux_kustomization()) {
            // What is not applied is read only if it may name one.
            let stated = if self.may_be_in(file) { view.stated(&object.at) } else { None };
            for flux in view.graph().kustomizations_at(&object.at).chain(stated.as_ref()) {
                let paths = flux.path.iter().map(|path| ("spec.path", path));
                let components = flux.components.iter().map(|path| ("spec.components", path));
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

    /// The templates that other templates list, with the kustomization files of these.
    pub(super) fn among_themselves(self, view: &View) -> BTreeMap<RepoPath, BTreeSet<RepoPath>> {
        let mut found: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
        for kustomization in self.inside(view) {
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
    use super::*;
    use crate::repo::Memory;

    #[test]
    fn references_are_found_in_any_spelling() {
        let consumer = "resources:
  - ./own.yaml
  - ../../templates/a
  - \"./../..//templates/./a/\" # again
  - ../../templates/a/x.yaml
  #- ../../templates/a TODO
  # - ../../templates/gone
  # templates/a is nice
";
        let tree = Memory::tree([
            ("k/templates/a/kustomization.yaml", "resources: [./x.yaml]\n"),
            ("k/templates/a/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
            ("k/apps/one/kustomization.yaml", consumer),
            ("k/apps/two/kustomization.yaml", "bases:\n  - ../../templates/a\n"),
            ("k/apps/three/kustomization.yaml", "resources:\n  - https://example.org/templates/a\n"),
        ]);
        let (view, settings) = (View::of(tree).unwrap(), ComponentsSettings::default());
        let shown = |references: &[Reference]| -> Vec<String> {
            references.iter().map(|reference| format!("{} {}", reference.line, reference.target)).collect()
        };
        let found = Templates::of(&settings).consumers(&view);
        let shown: Vec<_> = found
            .iter()
            .map(|found| (found.kustomization.path.as_str(), shown(&found.references), shown(&found.commented)))
            .collect();
        let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let listed = strings(&["3 k/templates/a", "4 k/templates/a", "5 k/templates/a/x.yaml"]);
        assert_eq!(
            shown,
            [
                ("k/apps/one/kustomization.yaml", listed, strings(&["6 k/templates/a"])),
                ("k/apps/two/kustomization.yaml", strings(&["2 k/templates/a"]), vec![]),
            ]
        );
    }

    #[test]
    fn templates_are_where_the_configuration_says() {
        let root = |name: &str, path: &str| {
            let settings = ComponentsSettings { templates: vec![name.to_owned()], ..ComponentsSettings::default() };
            Templates::of(&settings).root_of(&RepoPath::new(path).unwrap()).map(|root| root.to_string())
        };
        assert_eq!(root("templates", "k/templates/a/b").as_deref(), Some("k/templates"));
        assert_eq!(root("templates", "k/templates"), None, "the directory itself is none");
        assert_eq!(root("k/shapes", "k/shapes/a").as_deref(), Some("k/shapes"));
        assert_eq!(root("k/shapes", "x/k/shapes/a"), None);
    }
}

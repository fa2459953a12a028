//! What a build does to objects, noted stage by stage, to show that two builds are the same without
//! rendering them.
//!
//! Objects are taken for the same if their files state the same and the same is done to them in the
//! same order: patches that select them, by text, the namespace, and all other fields of the
//! kustomizations on their way, as data. Each stage then works on the same objects in both builds,
//! because these are the objects that have it in their list, so its effect need not be known. A
//! field whose meaning depends on where it is counts as the same only in the same file. The price:
//! what is the same for another reason counts as different.

use std::sync::Arc;

use super::View;
use crate::flux::cluster::FluxKustomization;
use crate::flux::files::{At, Name};
use crate::flux::kustomize::{Builders, Content, Rendered, RenderedIdentity, Stage, objects};
use crate::flux::value::Value;
use crate::repo::RepoPath;

/// An object of a build: `apiVersion`, kind, namespace and name.
pub type ObjectId = (Name, Name, Name, Name);

/// An object of a build: what its file states, and everything that is done to it, in order.
#[derive(Clone, Debug)]
pub struct Traced {
    /// What it is, as the build has it.
    pub id: ObjectId,
    /// Where it is; for a generated one, the kustomization file.
    pub at: At,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// What its file states; `None` for a generated one.
    pub stated: Option<Value>,
    generated: Option<Arc<Content>>,
    /// What is done to it.
    pub stages: Vec<Arc<Stage>>,
}

impl Traced {
    fn of(object: Rendered, stated: Option<Value>) -> Traced {
        let RenderedIdentity { api_version, kind, namespace, name, at, content, .. } = (*object).clone();
        Traced {
            id: (api_version, kind, namespace.unwrap_or_default(), name),
            at,
            through: object.through,
            stated,
            generated: content,
            stages: object.stages,
        }
    }

    /// Whether it is certainly the same object with the same contents, wherever it is.
    pub fn is_same(&self, other: &Traced) -> bool {
        let known = self.stated.is_some() || self.generated.is_some();
        known
            && self.id == other.id
            && self.stated == other.stated
            && self.generated == other.generated
            && self.stages == other.stages
    }

    /// All texts in it: those of its file, or of what its generators read.
    pub fn texts(&self) -> Vec<&str> {
        let mut found = Vec::new();
        if let Some(stated) = &self.stated {
            stated.texts(&mut found);
        }
        found.extend(self.generated.iter().flat_map(|content| content.texts()));
        found
    }

    /// `Kind namespace/name`.
    pub fn shown(&self) -> String {
        let (_, kind, namespace, name) = &self.id;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }
}

impl View {
    /// The same as [`View::builds`], with everything that is done to each object. Objects of files
    /// that were not parsed are missing, so this is for a [`View::whole`].
    pub fn traced<'k>(&self, kustomizations: impl IntoIterator<Item = &'k FluxKustomization>) -> Vec<Vec<Traced>> {
        self.trace(kustomizations, |builders, kustomization: &FluxKustomization| {
            let builder = builders.of(&kustomization.artifact);
            let path = kustomization.path.as_ref();
            path.map(|path| builder.with_overlay(path, kustomization.overlay())).unwrap_or_default()
        })
    }

    /// The same as [`View::traced`], for directories, also those of Components, each by itself.
    /// Nothing for one without a kustomization file.
    pub fn traced_directories<'p>(&self, dirs: impl IntoIterator<Item = &'p RepoPath>) -> Vec<Vec<Traced>> {
        self.trace(dirs, |builders, dir: &RepoPath| builders.of_all().directory(dir).to_vec())
    }

    /// The objects of a file, as it states them.
    pub fn traced_file(&self, path: &RepoPath) -> Vec<Traced> {
        let objects = self.file(path).into_iter().flat_map(objects);
        objects
            .map(|object| {
                let stated = self.node(&object.at).and_then(Value::of);
                Traced::of(object, stated)
            })
            .collect()
    }

    fn trace<'v, T>(
        &'v self,
        what: impl IntoIterator<Item = T>,
        build: impl Fn(&mut Builders<'v>, T) -> Vec<Rendered>,
    ) -> Vec<Vec<Traced>> {
        let mut builders = Builders::that_trace(&self.parsed());
        let trace = |mut object: Rendered| {
            object.finish(self.tree());
            let stated = self.node(&object.at).filter(|_| !object.is_generated()).and_then(Value::of);
            Traced::of(object, stated)
        };
        what.into_iter().map(|item| build(&mut builders, item).into_iter().map(trace).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::tests::view;

    fn traced(files: &[(&str, &'static str)], dir: &str) -> Vec<Traced> {
        let dirs = [RepoPath::new(dir).unwrap()];
        view(files).whole().traced_directories(&dirs).remove(0)
    }

    const CONFIG: (&str, &str) =
        ("t/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a}\ndata: {k: 1}\n");

    /// Whether `x`, taken in by `a` in one tree and by `a` in another, is the same.
    fn is_same(one: &[(&str, &'static str)], other: &[(&str, &'static str)]) -> bool {
        let of = |more: &[(&str, &'static str)]| traced(&[&[CONFIG], more].concat(), "a").remove(0);
        of(one).is_same(&of(other))
    }

    #[test]
    fn where_an_object_comes_from_does_not_matter() {
        let template = [("t/kustomization.yaml", "resources: [x.yaml]"), ("a/kustomization.yaml", "resources: [../t]")];
        let component = [
            ("t/kustomization.yaml", "kind: Component\nresources: [x.yaml]"),
            ("a/kustomization.yaml", "components: [../t]"),
        ];
        assert!(is_same(&template, &component));
        assert!(is_same(&template, &[("a/kustomization.yaml", "resources: [../t/x.yaml]")]));
    }

    #[test]
    fn what_is_done_to_it_does() {
        let plain = [("a/kustomization.yaml", "resources: [../t/x.yaml]")];
        for change in [
            "namePrefix: p-",
            "namespace: b",
            "commonLabels: {l: m}",
            "images: [{name: i, newTag: t}]",
            "patches: [{target: {kind: ConfigMap}, patch: '- {op: add, path: /data/y, value: z}'}]",
            "replacements: []",
        ] {
            let text: &'static str = format!("resources: [../t/x.yaml]\n{change}\n").leak();
            assert!(!is_same(&plain, &[("a/kustomization.yaml", text)]), "{change}");
        }
        let other =
            "resources: [../t/x.yaml]\npatches: [{target: {kind: Secret}, patch: '- {op: remove, path: /data}'}]\n";
        assert!(is_same(&plain, &[("a/kustomization.yaml", other)]), "a patch of something else");
    }

    #[test]
    fn the_order_in_which_it_is_done_does() {
        let order = |list: &'static str| {
            [
                ("p/kustomization.yaml", "kind: Component\nnamePrefix: p-"),
                ("q/kustomization.yaml", "kind: Component\nnamePrefix: q-"),
                ("a/kustomization.yaml", list),
            ]
        };
        let one = order("resources: [../t/x.yaml]\ncomponents: [../p, ../q]");
        assert!(is_same(&one, &one));
        assert!(!is_same(&one, &order("resources: [../t/x.yaml]\ncomponents: [../q, ../p]")));
    }

    #[test]
    fn generated_objects_are_compared_by_what_they_hold() {
        let generated = |text: &'static str| traced(&[("a/kustomization.yaml", text)], "a").remove(0);
        let one = "configMapGenerator: [{name: x, literals: [a=1], options: {disableNameSuffixHash: true}}]";
        let other = "configMapGenerator: [{name: x, literals: [a=2], options: {disableNameSuffixHash: true}}]";
        assert!(generated(one).is_same(&generated(one)));
        assert!(!generated(one).is_same(&generated(other)));
    }
}

//! What Flux gives to Kustomize for a Flux Kustomization: the kustomization file of its path, or a
//! generated one, with what its `spec` adds.
//!
//! The source of the rules is Flux's `pkg/kustomize` (`Generator.WriteFile`); see
//! `docs/flux-and-kustomize.md#what-spec-adds-to-the-build`.

mod fields;
mod plain;
mod reads;
#[cfg(test)]
mod reads_tests;

use std::collections::BTreeSet;

use thiserror::Error;

use super::View;
use crate::flux::cluster::FluxKustomization;
use crate::flux::files::{Name, kustomization_files_in};
use crate::flux::kustomize::{Builders, Listed};
use crate::flux::value::Value;
use crate::repo::RepoPath;

/// What Flux lets Kustomize build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The directory.
    pub dir: RepoPath,
    /// Its kustomization file.
    pub file: RepoPath,
    /// The text that Flux writes there; `None` if the file stays as it is.
    pub text: Option<String>,
    /// All files of the tree that the build reads.
    pub reads: BTreeSet<RepoPath>,
}

/// Why a Flux Kustomization cannot be built here as in a cluster.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotBuilt {
    /// It builds from another repository, or from outside of this one.
    #[error("it does not build from this repository")]
    Elsewhere,
    /// Flux refuses it.
    #[error("{0}")]
    Refused(String),
    /// It builds something that is not in this tree.
    #[error("{path}:{line} lists {text}, which is not in this repository")]
    Remote {
        /// The kustomization file, or the file of the Flux Kustomization.
        path: RepoPath,
        /// The line.
        line: usize,
        /// The entry.
        text: String,
    },
    /// What it reads cannot be told, so that it may be a file of this machine.
    #[error("{path}:{line} {why}, and what cannot be checked is not built")]
    Unchecked {
        /// The file.
        path: RepoPath,
        /// The line.
        line: usize,
        /// What is in the way.
        why: String,
    },
}

impl View {
    /// What Flux gives to Kustomize for a Flux Kustomization of this view.
    ///
    /// # Errors
    /// [`NotBuilt`], if Flux refuses it, or if not all of it is in the tree.
    pub fn input(&self, flux: &FluxKustomization) -> Result<Input, NotBuilt> {
        let path = flux.path.as_ref().ok_or(NotBuilt::Elsewhere)?;
        // Links are in no artifact.
        let dir = self.tree().follow(path).filter(|dir| dir == path).ok_or(NotBuilt::Elsewhere)?;
        if !self.tree().holds(&dir) {
            return Err(NotBuilt::Refused(format!("there is no {dir}")));
        }
        let stated = reads::kustomization_file(self, &dir)?;
        let mut kustomization = Value::Null;
        match &stated {
            Some(file) => kustomization = reads::content(self, file)?,
            None => {
                let entries: Vec<RepoPath> = self.tree().entries().map(|(file, _)| file).collect();
                let mut builders = Builders::new(&self.parsed());
                let builder = builders.of(&flux.artifact);
                let resources = builder.generated_resources(&dir, entries.iter()).resources();
                let listed = resources.iter().map(|resource| Value::string(&resource.seen_from(&dir)));
                kustomization.set("apiVersion", Value::string("kustomize.config.k8s.io/v1beta1"));
                kustomization.set("kind", Value::string("Kustomization"));
                kustomization.set("resources", Value::Sequence(listed.collect()));
            }
        }
        let components = self.components_of_flux(&dir, flux)?;
        let adds = add(&mut kustomization, &dir, flux, &components);
        let text = (adds || stated.is_none()).then(|| format!("{}\n", kustomization.to_flow()));
        let file = stated.or_else(|| kustomization_files_in(&dir).next()).ok_or(NotBuilt::Elsewhere)?;
        let mut reads = reads::reads(self, &dir, &file, &kustomization)?;
        if text.is_none() {
            reads.insert(file.clone());
        }
        Ok(Input { dir, file, text, reads })
    }

    /// The directories of `spec.components`. Flux refuses absolute paths and addresses.
    fn components_of_flux(&self, dir: &RepoPath, flux: &FluxKustomization) -> Result<Vec<RepoPath>, NotBuilt> {
        let may_miss = flux.object.at(&["spec", "ignoreMissingComponents"]).is_some_and(Value::is_true);
        let listed = flux.object.at(&["spec", "components"]).map_or(&[][..], Value::items);
        let mut found = Vec::new();
        for text in listed.iter().filter_map(Value::text) {
            let is_remote = Listed { text: Name::of(text), line: 0 }.is_remote();
            let component = dir.join(text).filter(|_| !is_remote);
            let component = component.ok_or_else(|| {
                NotBuilt::Refused(format!("Flux refuses {text} in spec.components: not a relative path"))
            })?;
            if !may_miss || self.tree().holds(&component) {
                found.push(component);
            }
        }
        Ok(found)
    }
}

/// Adds to the kustomization what a Flux Kustomization states, and says whether that changes it.
fn add(kustomization: &mut Value, dir: &RepoPath, flux: &FluxKustomization, components: &[RepoPath]) -> bool {
    let before = kustomization.clone();
    for (field, key) in [("targetNamespace", "namespace"), ("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")] {
        if let Some(text) = flux.object.text_at(&["spec", field]) {
            kustomization.set(key, Value::string(text));
        }
    }
    let listed =
        |kustomization: &Value, key: &str| kustomization.get(key).map_or(Vec::new(), |list| list.items().to_vec());
    let of_spec = |key: &str| flux.object.at(&["spec", key]).map_or(&[][..], Value::items);
    let patches = of_spec("patches").to_vec();
    let components = components.iter().map(|component| Value::string(&component.seen_from(dir))).collect();
    for (key, added) in [("patches", patches), ("components", components)] {
        if !added.is_empty() {
            kustomization.set(key, Value::Sequence([listed(kustomization, key), added].concat()));
        }
    }
    let mut images = listed(kustomization, "images");
    for image in of_spec("images") {
        match images.iter_mut().find(|present| present.get("name") == image.get("name")) {
            Some(present) => *present = image.clone(),
            None => images.push(image.clone()),
        }
    }
    if !images.is_empty() {
        kustomization.set("images", Value::Sequence(images));
    }
    *kustomization != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::tests::view;

    const FLUX: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec:
  path: ./app
  sourceRef: {kind: GitRepository, name: home}
";

    fn input(spec: &str, files: &[(&str, &'static str)]) -> Result<Input, NotBuilt> {
        let flux: &'static str = format!("{FLUX}{spec}").leak();
        let view = view(&[files, &[("flux.yaml", flux)]].concat());
        let at = view.file(&RepoPath::new("flux.yaml").unwrap()).unwrap().objects[0].at.clone();
        view.input(&view.stated(&at).unwrap())
    }

    fn text(spec: &str, files: &[(&str, &'static str)]) -> Option<String> {
        input(spec, files).unwrap().text
    }

    #[test]
    fn a_path_without_a_kustomization_gets_one() {
        let files = [
            ("app/b.yml", "{}"),
            ("app/.sops.yaml", ""),
            ("app/.github/x.yaml", ""),
            ("app/a/deep/x.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: x}}"),
            ("app/notes.md", ""),
            ("app/own/kustomization.yml", "resources: [x.yaml]"),
            ("app/own/deep/kustomization.yaml", ""),
            ("app/own/x.yaml", ""),
            ("apps/x.yaml", ""),
        ];
        let start = r#"{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": "#;
        let generated = format!("{start}[\"./a/deep/x.yaml\", \"./b.yml\", \"./own\"]}}\n");
        assert_eq!(text("", &files), Some(generated));
        assert_eq!(input("", &files).unwrap().file.as_str(), "app/kustomization.yaml");
    }

    #[test]
    fn what_the_spec_says_is_added_to_what_is_there() {
        let there = "resources: [a.yaml]\nnamespace: own\ncomponents: [../one]\nimages: [{name: a, newTag: '1'}, {name: b, newTag: '1'}]\n";
        let files =
            [("app/Kustomization", there), ("app/a.yaml", ""), ("one/kustomization.yaml", ""), ("two/x.yaml", "")];
        assert_eq!(text("", &files), None, "the file stays as it is");
        let spec = "  targetNamespace: flux\n  namePrefix: p-\n  components: [../two]\n  images: [{name: b, newTag: '2'}, {name: c, digest: x}]\n\
                    \x20 patches: [{patch: \"- {op: test}\\n\", target: {kind: Pod}}]\n";
        let input = input(spec, &files).unwrap();
        assert_eq!(input.file.as_str(), "app/Kustomization");
        let expected = r#"{"resources": ["a.yaml"], "namespace": "flux", "components": ["../one", "../two"], "images": [{"name": "a", "newTag": "1"}, {"name": "b", "newTag": "2"}, {"name": "c", "digest": "x"}], "namePrefix": "p-", "patches": [{"patch": "- {op: test}\n", "target": {"kind": "Pod"}}]}"#;
        assert_eq!(input.text.as_deref(), Some(&*format!("{expected}\n")));
    }

    #[test]
    fn components_that_flux_refuses_or_may_miss() {
        let files = [("app/kustomization.yaml", "resources: []")];
        for bad in ["https://example.org/x", "/x"] {
            assert!(matches!(input(&format!("  components: ['{bad}']\n"), &files), Err(NotBuilt::Refused(_))), "{bad}");
        }
        let missing = "  components: [../missing]\n";
        assert!(text(missing, &files).unwrap().contains("../missing"), "Kustomize is to say so");
        assert_eq!(text(&format!("{missing}  ignoreMissingComponents: true\n"), &files), None);
        assert_eq!(input("", &[]), Err(NotBuilt::Refused("there is no app".into())));
    }

    /// The schema of Flux drops it, but Kustomize would read the file.
    #[test]
    fn a_patch_of_flux_names_no_file_of_this_machine() {
        let files = [("app/kustomization.yaml", "resources: []")];
        let outside = input("  patches: [{path: /etc/passwd, target: {kind: Secret}}]\n", &files);
        assert!(matches!(outside, Err(NotBuilt::Remote { .. })), "{outside:?}");
    }
}

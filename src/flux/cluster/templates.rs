//! Templates that would be entry points or Flux Kustomizations.

use super::flux_kustomization::path_of;
use crate::flux::files::{Barred, FileView};
use crate::flux::kustomize::ParsedTree;
use crate::repo::{RepoPath, Tree};

/// A template that would be where a cluster begins: what it says is only known after something else has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryTemplate {
    /// The file.
    pub path: RepoPath,
    /// The line that names its kind, from 1.
    pub line: usize,
    /// What it would state: `Kustomization`, `FluxInstance`, or `flux-instance` for the values of that chart.
    pub kind: &'static str,
}

/// The templates among the files of a view that would be entry points.
pub(in crate::flux) fn entry_templates(parsed: &ParsedTree<'_>) -> Vec<EntryTemplate> {
    let templates = parsed.scan.files.iter().filter(|(_, file)| file.barred == Some(Barred::Template));
    let mut found = Vec::new();
    for (path, _) in templates {
        let Ok(Some(file)) = parsed.tree.read(path) else { continue };
        let Ok(text) = str::from_utf8(&file.bytes) else { continue };
        found.extend(stated(path, text).map(|(line, kind)| EntryTemplate { path: path.clone(), line, kind }));
    }
    found
}

/// A Flux Kustomization that stands in a template, and says in plain text what it builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KustomizationTemplate {
    /// The file.
    pub path: RepoPath,
    /// The line that names its kind, from 1.
    pub line: usize,
    /// Its name, if that is plain text.
    pub name: Option<String>,
    /// The directory that it builds.
    pub builds: RepoPath,
}

/// The Flux Kustomizations that stand in the templates among the files of a tree, by path.
pub(in crate::flux) fn kustomization_templates<'f>(
    tree: &Tree,
    files: impl Iterator<Item = (&'f RepoPath, &'f FileView)>,
) -> Vec<KustomizationTemplate> {
    let mut found = Vec::new();
    for (path, _) in files.filter(|(_, file)| file.barred == Some(Barred::Template)) {
        let Ok(Some(file)) = tree.read(path) else { continue };
        let Ok(text) = str::from_utf8(&file.bytes) else { continue };
        found.extend(kustomizations(path, text));
    }
    found
}

/// The Flux Kustomizations in the text of a template whose `path` is plain.
fn kustomizations(path: &RepoPath, text: &str) -> Vec<KustomizationTemplate> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut from = 0;
    for document in lines.split(|line| line.trim_end() == "---") {
        let first = from;
        from += document.len() + 1;
        let is_flux = document.iter().any(|line| line.starts_with("apiVersion: kustomize.toolkit.fluxcd.io/"));
        let kind = document.iter().position(|line| line.trim_end() == "kind: Kustomization").filter(|_| is_flux);
        let value = |key: &str| {
            let line = document.iter().find_map(|line| line.strip_prefix("  ")?.strip_prefix(key))?;
            let text = line.trim().trim_matches(['"', '\'']);
            (!text.is_empty() && !text.contains(['{', '}', '$', '#', '%', ' '])).then_some(text)
        };
        let Some((line, builds)) = kind.zip(value("path:").and_then(|text| path_of(Some(text)))) else { continue };
        let name = value("name:").map(str::to_owned);
        found.push(KustomizationTemplate { path: path.clone(), line: first + line + 1, name, builds });
    }
    found
}

/// The first document of a template that would be an entry point: a FluxInstance, the values of its chart, or a Flux Kustomization that
/// builds the directory in which the template lies.
fn stated(path: &RepoPath, text: &str) -> Option<(usize, &'static str)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut from = 0;
    for document in lines.split(|line| line.trim_end() == "---") {
        let first = from;
        from += document.len() + 1;
        let line = |wanted: &str| document.iter().position(|line| line.trim_end() == wanted).map(|at| first + at + 1);
        let begins = |what: &str| document.iter().any(|line| line.trim_start().starts_with(what));
        if let Some(line) = line("kind: FluxInstance") {
            return Some((line, "FluxInstance"));
        }
        if let Some(line) = line("instance:").filter(|_| begins("sync:")) {
            return Some((line, "flux-instance"));
        }
        let is_flux = begins("apiVersion: kustomize.toolkit.fluxcd.io/");
        if let Some(line) = line("kind: Kustomization").filter(|_| is_flux && builds_itself(path, document)) {
            return Some((line, "Kustomization"));
        }
    }
    None
}

/// Whether the path that a Flux Kustomization builds is where its template lies, or above; where the path is itself a template, whether
/// the directory is named as those of entry points are.
fn builds_itself(path: &RepoPath, document: &[&str]) -> bool {
    let dir = path.dir();
    let built = document.iter().find_map(|line| line.trim().strip_prefix("path:"));
    let built = built.unwrap_or_default().trim().trim_matches(['"', '\'']);
    let built = built.trim_start_matches("./").trim_end_matches('/');
    if built.is_empty() || built.contains(['{', '$']) {
        let parts = || dir.as_str().split('/');
        return parts().any(|part| ["flux", "flux-system", "cluster", "clusters"].contains(&part))
            && !parts().any(|part| part == "apps");
    }
    // What is rendered from templates often lies in a directory of its own.
    format!("/{dir}/").contains(&format!("/{built}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str, text: &str) -> Option<(usize, &'static str)> {
        stated(&RepoPath::new(path).unwrap(), text)
    }

    #[test]
    fn kustomizations_with_plain_paths() {
        let text = "{% if apps %}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\nspec:\n  \
                    path: ./kubernetes/apps\n  interval: {{ interval }}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  \
                    path: ./kubernetes/{{ cluster }}\n{% endif %}\n";
        let found = kustomizations(&RepoPath::new("flux/apps.yaml.j2").unwrap(), text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].line, found[0].name.as_deref(), found[0].builds.as_str()),
            (4, Some("apps"), "kubernetes/apps")
        );
    }

    #[test]
    fn only_what_would_begin_a_cluster() {
        let kustomization = |path: &str| {
            format!(
                "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: cluster\nspec:\n  path: {path}\n"
            )
        };
        let own = kustomization("./kubernetes/flux/cluster");
        assert_eq!(kind("kubernetes/flux/cluster/ks.yaml.j2", &own), Some((3, "Kustomization")));
        assert_eq!(kind("templates/config/kubernetes/flux/cluster/ks.yaml.j2", &own), Some((3, "Kustomization")));
        let app = kustomization("./kubernetes/apps/media/plex/app");
        assert_eq!(kind("kubernetes/apps/media/plex/ks.yaml.j2", &app), None);
        assert_eq!(kind("kubernetes/flux/cluster/apps.yaml.j2", &kustomization("./kubernetes/apps")), None);
        let unknown = kustomization("\"./kubernetes/#{ cluster }#/flux\"");
        assert_eq!(kind("kubernetes/edge/flux/config/cluster.yaml.j2", &unknown), Some((3, "Kustomization")));
        assert_eq!(kind("kubernetes/apps/flux-system/x/ks.yaml.j2", &unknown), None);
        let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\n";
        assert_eq!(kind("bootstrap/flux.yaml.j2", instance), Some((2, "FluxInstance")));
        assert_eq!(
            kind("x/values.yaml.j2", "---\ninstance:\n  sync:\n    path: {{ path }}\n"),
            Some((2, "flux-instance"))
        );
        let plain = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [\"{{ x }}\"]\n";
        assert_eq!(kind("kubernetes/flux/kustomization.yaml.j2", plain), None);
    }
}

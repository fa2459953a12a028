//! Templates that would be entry points or Flux Kustomizations.

use super::flux_kustomization::path_of;
use crate::flux::files::{Barred, FileView};
use crate::flux::kustomize::ParsedTree;
use crate::repo::{RepoPath, Tree};

/// A template of an entry point: what it states is only known after another program has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryTemplate {
    /// The file.
    pub path: RepoPath,
    /// The line with its kind, from 1.
    pub line: usize,
    /// What it is a template of: `Kustomization`, `FluxInstance`, or `flux-instance` for the values
    /// of that chart.
    pub kind: &'static str,
}

/// The templates of entry points among the files of a tree.
pub(in crate::flux) fn entry_templates(parsed: &ParsedTree<'_>) -> Vec<EntryTemplate> {
    let templates = parsed.scan.files.iter().filter(|(_, file)| file.barred == Some(Barred::Template));
    let mut found = Vec::new();
    for (path, _) in templates {
        let Ok(Some(file)) = parsed.tree.read(path) else { continue };
        let Some(text) = file.bytes.text() else { continue };
        found.extend(entry_point_in(path, text).map(|(line, kind)| EntryTemplate { path: path.clone(), line, kind }));
    }
    found
}

/// A Flux Kustomization in a template, whose path is plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KustomizationTemplate {
    /// The file.
    pub path: RepoPath,
    /// The line with its kind, from 1.
    pub line: usize,
    /// Its name, if that is plain text.
    pub name: Option<String>,
    /// The directory that it builds.
    pub builds: RepoPath,
}

/// The Flux Kustomizations in the templates among the files of a tree, by path.
pub(in crate::flux) fn kustomization_templates<'f>(
    tree: &Tree,
    files: impl Iterator<Item = (&'f RepoPath, &'f FileView)>,
) -> Vec<KustomizationTemplate> {
    let mut found = Vec::new();
    for (path, _) in files.filter(|(_, file)| file.barred == Some(Barred::Template)) {
        let Ok(Some(file)) = tree.read(path) else { continue };
        let Some(text) = file.bytes.text() else { continue };
        found.extend(kustomizations(path, text));
    }
    found
}

/// The Flux Kustomizations in the text of a template.
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

/// The first entry point in a template, with its line: a FluxInstance, the values of its chart, or
/// a Flux Kustomization that builds the directory of the template.
fn entry_point_in(path: &RepoPath, text: &str) -> Option<(usize, &'static str)> {
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

/// Whether a Flux Kustomization builds the directory of its template, or one above. If its path is
/// a template, too, whether the directory has a name that is usual for entry points.
fn builds_itself(path: &RepoPath, document: &[&str]) -> bool {
    let dir = path.dir();
    let built = document.iter().find_map(|line| line.trim().strip_prefix("path:"));
    let built = built.unwrap_or_default().trim().trim_matches(['"', '\'']);
    let built = built.trim_start_matches("./").trim_end_matches('/');
    if built.is_empty() || built.contains(['{', '$']) {
        let names = || dir.as_str().split('/');
        return names().any(|name| ["flux", "flux-system", "cluster", "clusters"].contains(&name))
            && !names().any(|name| name == "apps");
    }
    // Templates are often in a directory of their own, with the same structure.
    format!("/{dir}/").contains(&format!("/{built}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str, text: &str) -> Option<(usize, &'static str)> {
        entry_point_in(&RepoPath::new(path).unwrap(), text)
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
    fn only_entry_points_are_found() {
        let kustomization = |path: &str| {
            format!(
                "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: cluster\nspec:\n  path: {path}\n"
            )
        };
        let entry = kustomization("./kubernetes/flux/cluster");
        assert_eq!(kind("kubernetes/flux/cluster/ks.yaml.j2", &entry), Some((3, "Kustomization")));
        assert_eq!(kind("templates/config/kubernetes/flux/cluster/ks.yaml.j2", &entry), Some((3, "Kustomization")));
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

use super::files::relocated;
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::repo::RepoPath;
use crate::yaml::{New, Node};

/// What you can decide about this migration: the section `components` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentsSettings {
    /// `templates`: what directories of templates are called, or where they are.
    pub templates: Vec<String>,
    /// `directory`: where new Components go; without it, beside the templates.
    pub directory: Option<RepoPath>,
    /// `pairs`: which Component takes the place of which template, where rendering leaves it open.
    pub pairs: Vec<(RepoPath, RepoPath)>,
    /// `destination`: where a consumer names its Components.
    pub destination: Destination,
    /// `create`: how a template for which there is no Component becomes one.
    pub create: Create,
    /// `protect-claims`: whether claims are protected from pruning before anything else changes.
    pub protect_claims: bool,
    /// `renames`: directories that are renamed.
    pub renames: Vec<(RepoPath, RepoPath)>,
}

/// Where a consumer names its Components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// In `components` of its kustomization file.
    #[default]
    Kustomization,
    /// In `spec.components` of the Flux Kustomizations whose `spec.path` it is. A consumer that
    /// other kustomizations include names them itself.
    FluxKustomization,
}

impl Destination {
    const ALL: [(&'static str, Destination); 2] =
        [("kustomization", Destination::Kustomization), ("flux-kustomization", Destination::FluxKustomization)];
}

/// How a template for which there is no Component becomes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// A Component is made of it, consumers are switched one by one, and the template is removed
    /// last.
    #[default]
    Copy,
    /// It becomes the Component where it is, together with all its consumers.
    InPlace,
}

impl Create {
    const ALL: [(&'static str, Create); 2] = [("copy", Create::Copy), ("in-place", Create::InPlace)];
}

impl Default for ComponentsSettings {
    fn default() -> ComponentsSettings {
        ComponentsSettings {
            templates: vec!["templates".to_owned()],
            directory: None,
            pairs: Vec::new(),
            destination: Destination::default(),
            create: Create::default(),
            protect_claims: false,
            renames: Vec::new(),
        }
    }
}

impl ComponentsSettings {
    /// Where a path is once all renames are done.
    pub(super) fn renamed(&self, path: &RepoPath) -> RepoPath {
        let rename = self.renames.iter().find(|(from, _)| path.is_in(from));
        rename.map_or_else(|| path.clone(), |(from, to)| relocated(path, from, to))
    }
}

impl Section for ComponentsSettings {
    const KEY: &'static str = "components";

    fn read(keys: &mut Keys<'_, '_>) -> ComponentsSettings {
        let default = ComponentsSettings::default();
        keys.about("Names of directories of templates, or their paths from the root.");
        let templates = keys.texts("templates").map(|texts| {
            texts.into_iter().filter_map(|(text, node)| Some(path(keys, text, node)?.as_str().to_owned())).collect()
        });
        let directory = keys.about("Where new Components go; without it, beside the templates.").text("directory");
        let directory = directory.and_then(|(text, node)| path(keys, text, node));
        keys.about("Which Component takes the place of which template, where rendering leaves it open.");
        let pairs = keys.mappings("pairs", "a pair", pair).unwrap_or_default();
        keys.about("Directories to rename, with everything that names them.");
        let renames = keys.mappings("renames", "a rename", rename).unwrap_or_default();
        ComponentsSettings {
            templates: templates.unwrap_or(default.templates),
            directory,
            pairs: pairs.into_iter().filter_map(|(_, pair)| pair).collect(),
            destination: keys
                .about("Where a consumer names its Components: in its kustomization, or in its Flux Kustomization.")
                .one_of("destination", &Destination::ALL),
            create: keys
                .about("Whether a Component is a copy of its template, or the template where it is.")
                .one_of("create", &Create::ALL),
            protect_claims: keys
                .about("Whether claims are protected from pruning before anything else changes.")
                .flag("protect-claims")
                .unwrap_or_default(),
            renames: renames.into_iter().filter_map(|(_, rename)| rename).collect(),
        }
    }

    fn described(&self) -> Vec<Described> {
        let templates = self.templates.iter().map(New::string).collect();
        vec![Described { key: "templates", about: ABOUT_TEMPLATES, value: New::Sequence(templates) }]
    }
}

const ABOUT_TEMPLATES: &str = "\
Names of directories of templates, or their paths from the root. Further keys:
  directory: kubernetes/components   # where new Components go; without it, beside the templates
  pairs:                             # where rendering leaves open which Component is meant
    - template: kubernetes/templates/volsync
      component: kubernetes/components/volsync
  destination: flux-kustomization    # name Components in spec.components of the Flux Kustomization; without it, in the kustomization
  create: in-place                   # a template becomes a Component where it is, with all consumers; without it, a copy
  protect-claims: true               # annotate claims first, so that Flux never deletes them
  renames:                           # directories to rename, with everything that names them
    - from: kubernetes/components/gaurded
      to: kubernetes/components/guarded";

/// A path from the root, which is not the root itself.
fn path(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> Option<RepoPath> {
    keys.directory(text, node, "kubernetes/templates")
}

fn pair(keys: &mut Keys<'_, '_>) -> Option<(RepoPath, RepoPath)> {
    let template = needed(keys.about("The template."), "template", "kubernetes/templates/volsync");
    let component = needed(keys.about("Its Component."), "component", "kubernetes/components/volsync");
    Some((template?, component?))
}

fn rename(keys: &mut Keys<'_, '_>) -> Option<(RepoPath, RepoPath)> {
    let from = needed(keys.about("The directory as it is called."), "from", "kubernetes/components/gaurded");
    let place = keys.about("What it is to be called.").text("to").map(|(_, node)| node);
    let to = needed(keys, "to", "kubernetes/components/guarded");
    let (from, to) = (from?, to?);
    if from.is_in(&to) || to.is_in(&from) {
        let help = "name two directories, neither of them inside the other";
        keys.mistake(INVALID_VALUE, place?, format!("{from} cannot become {to}"), help);
        return None;
    }
    Some((from, to))
}

/// A path under a key that must be there.
fn needed(keys: &mut Keys<'_, '_>, key: &'static str, example: &str) -> Option<RepoPath> {
    match keys.text(key) {
        Some((text, node)) => path(keys, text, node),
        None => {
            if !keys.has(key) {
                keys.missing(key, example);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigError, SectionType, Settings};

    fn read(text: &str) -> Result<ComponentsSettings, ConfigError> {
        let settings = Settings::read("a.yaml", text, &[SectionType::of::<ComponentsSettings>()]);
        settings.map(|settings| settings.section())
    }

    #[test]
    fn paths_are_from_the_root() {
        let settings = read(
            "components:\n  templates: [templates, ./k/shapes/]\n  directory: k/components\n  pairs:\n  - {template: k/t/a, component: k/c/a}\n",
        );
        let settings = settings.unwrap();
        assert_eq!(settings.templates, ["templates", "k/shapes"]);
        assert_eq!(settings.directory, RepoPath::new("k/components").ok());
        assert_eq!(settings.pairs, [(RepoPath::new("k/t/a").unwrap(), RepoPath::new("k/c/a").unwrap())]);
    }

    #[test]
    fn choices_and_renames_are_read() {
        let settings = read(
            "components:\n  destination: flux-kustomization\n  create: in-place\n  protect-claims: true\n  renames: [{from: k/a, to: ./k/b/}]\n",
        );
        let settings = settings.unwrap();
        assert_eq!((settings.destination, settings.create), (Destination::FluxKustomization, Create::InPlace));
        assert!(settings.protect_claims);
        assert_eq!(settings.renames, [(RepoPath::new("k/a").unwrap(), RepoPath::new("k/b").unwrap())]);
    }

    #[test]
    fn mistakes_are_reported() {
        for text in [
            "templates: [../x]",
            "directory: .",
            "pairs: [{template: a}]",
            "pairs: [{template: a, component: b, c: d}]",
            "destination: flux",
            "create: [copy]",
            "protect-claims: yes",
            "renames: [{from: a}]",
            "renames: [{from: a, to: a/b}]",
        ] {
            let mistakes = read(&format!("components:\n  {text}\n")).unwrap_err().mistakes;
            assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
        }
    }

    /// Otherwise a repository could have its own files moved into its hooks.
    #[test]
    fn the_directory_of_git_is_no_place_for_anything() {
        for text in [
            "templates: [.git]",
            "directory: .git/..",
            "directory: a/.GIT/hooks",
            "pairs: [{template: a, component: git~1/b}]",
            "renames: [{from: a, to: .git/hooks}]",
            "renames: [{from: ./.git., to: b}]",
        ] {
            let mistakes = read(&format!("components:\n  {text}\n")).unwrap_err().mistakes;
            let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
            assert_eq!(codes, [crate::config::PATH_OF_GIT], "{text}: {mistakes:?}");
        }
    }
}

use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::repo::RepoPath;
use crate::yaml::{New, Node};

/// What a person may decide about this migration: the section `components` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentsSettings {
    /// `templates`: what directories of templates are called, or where they are.
    pub templates: Vec<String>,
    /// `directory`: where new Components go; without it, beside the templates.
    pub directory: Option<RepoPath>,
    /// `pairs`: which Component takes the place of which template, where rendering does not tell.
    pub pairs: Vec<(RepoPath, RepoPath)>,
}

impl Default for ComponentsSettings {
    fn default() -> ComponentsSettings {
        ComponentsSettings { templates: vec!["templates".to_owned()], directory: None, pairs: Vec::new() }
    }
}

impl Section for ComponentsSettings {
    const KEY: &'static str = "components";

    fn read(keys: &mut Keys<'_, '_>) -> ComponentsSettings {
        let default = ComponentsSettings::default();
        let templates = keys.texts("templates").map(|texts| {
            texts.into_iter().filter_map(|(text, node)| Some(path(keys, text, node)?.as_str().to_owned())).collect()
        });
        let directory = keys.text("directory").and_then(|(text, node)| path(keys, text, node));
        let items = keys.list("pairs").unwrap_or_default();
        let pairs = items.into_iter().filter_map(|item| keys.nested(item, "a pair", pair)).collect();
        ComponentsSettings { templates: templates.unwrap_or(default.templates), directory, pairs }
    }

    fn described(&self) -> Vec<Described> {
        let templates = self.templates.iter().map(New::string).collect();
        vec![Described { key: "templates", about: ABOUT_TEMPLATES, value: New::Sequence(templates) }]
    }
}

const ABOUT_TEMPLATES: &str = "\
What directories of templates are called, or their paths from the root. Beside it may stand:
  directory: kubernetes/components   # where new Components go; without it, beside the templates
  pairs:                             # where rendering does not tell which Component is meant
    - template: kubernetes/templates/volsync
      component: kubernetes/components/volsync";

/// A path from the root, which is not the root itself.
fn path(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> Option<RepoPath> {
    let path = RepoPath::root().join(text).filter(|path| *path != RepoPath::root());
    if path.is_none() {
        let help = "write it from the root of the repository, such as `kubernetes/templates`";
        keys.mistake(INVALID_VALUE, node, format!("`{text}` is no directory inside the repository"), help);
    }
    path
}

fn pair(keys: &mut Keys<'_, '_>) -> Option<(RepoPath, RepoPath)> {
    let mut one = |key: &'static str, example: &str| match keys.text(key) {
        Some((text, node)) => path(keys, text, node),
        None => {
            if !keys.has(key) {
                keys.missing(key, example);
            }
            None
        }
    };
    let template = one("template", "kubernetes/templates/volsync");
    let component = one("component", "kubernetes/components/volsync");
    Some((template?, component?))
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
        let own = read(
            "components:\n  templates: [templates, ./k/shapes/]\n  directory: k/components\n  pairs:\n  - {template: k/t/a, component: k/c/a}\n",
        );
        let own = own.unwrap();
        assert_eq!(own.templates, ["templates", "k/shapes"]);
        assert_eq!(own.directory, RepoPath::new("k/components").ok());
        assert_eq!(own.pairs, [(RepoPath::new("k/t/a").unwrap(), RepoPath::new("k/c/a").unwrap())]);
    }

    #[test]
    fn mistakes_are_said() {
        for text in [
            "templates: [../x]",
            "directory: .",
            "pairs: [{template: a}]",
            "pairs: [{template: a, component: b, c: d}]",
        ] {
            let mistakes = read(&format!("components:\n  {text}\n")).unwrap_err().mistakes;
            assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
        }
    }
}

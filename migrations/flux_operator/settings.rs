//! The section `flux-operator` of the configuration.

use super::distribution::CONTROLLERS;
use super::versions::{NEWEST_OPERATOR, Version};
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::yaml::Node;

/// What you can configure: the section `flux-operator` of the configuration. Without the section
/// nothing is in scope: nobody gets pending work that takes Flux itself apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FluxOperatorSettings {
    /// Whether the section is there.
    pub is_stated: bool,
    /// `operator`: the version of the chart and image of Flux Operator.
    pub operator: Version,
    /// `directory`: where the two Flux Kustomizations are listed, below the releases root.
    pub directory: Option<String>,
    /// `components`: the controllers; `None` keeps those of today.
    pub components: Option<Vec<String>>,
    /// `sync: adopt`: whether the FluxInstance makes what Flux starts with, too.
    pub adopts: bool,
    /// `instance`: how the FluxInstance is stated.
    pub instance: Stated,
    /// `promotion`: whether each stage waits for the same stage of earlier clusters.
    pub in_order: bool,
}

/// How the FluxInstance is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stated {
    /// `manifest`: as an object.
    #[default]
    Manifest,
    /// `chart`: as values of the chart flux-instance.
    Chart,
}

impl Default for FluxOperatorSettings {
    fn default() -> FluxOperatorSettings {
        FluxOperatorSettings {
            is_stated: false,
            operator: NEWEST_OPERATOR,
            directory: None,
            components: None,
            adopts: false,
            instance: Stated::Manifest,
            in_order: true,
        }
    }
}

impl Section for FluxOperatorSettings {
    const KEY: &'static str = "flux-operator";

    fn read(keys: &mut Keys<'_, '_>) -> FluxOperatorSettings {
        let operator = keys.about("The version of Flux Operator: of its chart, and of its image.").text("operator");
        let operator = operator.and_then(|(text, node)| {
            let version = Version::exact(text);
            if version.is_none() {
                let help = format!("write an exact version, such as `{NEWEST_OPERATOR}`");
                keys.mistake(INVALID_VALUE, node, format!("`{text}` is no exact version"), help);
            }
            version
        });
        keys.about("The folder in which the two Flux Kustomizations are listed, below the releases root.");
        let directory = keys.text("directory").and_then(|(text, node)| {
            let path = keys.directory(text, node, "apps/flux-system")?;
            Some(path.as_str().to_owned())
        });
        let components = components(keys);
        keys.about("What becomes of the source and the Kustomization that Flux starts with.");
        let adopts = keys.one_of("sync", &[("keep", false), ("adopt", true)]);
        keys.about("How the FluxInstance is stated.");
        let instance = keys.one_of("instance", &[("manifest", Stated::Manifest), ("chart", Stated::Chart)]);
        keys.about("Whether each stage waits until earlier clusters have it.");
        let in_order = promotion(keys);
        FluxOperatorSettings {
            is_stated: true,
            operator: operator.unwrap_or(NEWEST_OPERATOR),
            directory,
            components,
            adopts,
            instance,
            in_order,
        }
    }

    fn described(&self) -> Vec<Described> {
        Vec::new()
    }
}

/// `promotion`: `on` or `off`, which some parsers read as booleans.
fn promotion(keys: &mut Keys<'_, '_>) -> bool {
    let Some(node) = keys.any_value("promotion") else { return true };
    match node.text() {
        Some("on" | "true") => true,
        Some("off" | "false") => false,
        _ => {
            let message = "`promotion` is neither `on` nor `off`".to_owned();
            keys.mistake(INVALID_VALUE, node, message, "write `on` or `off`");
            true
        }
    }
}

/// `components`: `keep`, or a list.
fn components(keys: &mut Keys<'_, '_>) -> Option<Vec<String>> {
    let node = keys.about("The controllers, as a list; `keep` for those of today.").any_value("components")?;
    if node.text() == Some("keep") {
        return None;
    }
    let items: Vec<Node<'_>> = node.items().collect();
    if items.is_empty() {
        let help = "write `keep`, or a list of controllers such as `source-controller`";
        keys.mistake(INVALID_VALUE, node, "`components` is no list".to_owned(), help);
    }
    let names = items.into_iter().filter_map(|item| Some((keys.item(item, "components")?, item)));
    let names: Vec<_> = names.collect();
    let known = |text: &str| CONTROLLERS.contains(&text);
    for (text, node) in names.iter().filter(|(text, _)| !known(text)) {
        let help = "write the name of a controller of Flux, such as `source-controller`";
        keys.mistake(INVALID_VALUE, *node, format!("`{text}` is no controller of Flux"), help);
    }
    Some(names.into_iter().map(|(text, _)| text.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SectionType, Settings};

    fn read(text: &str) -> Result<FluxOperatorSettings, Vec<String>> {
        let settings = Settings::read("a.yaml", text, &[SectionType::of::<FluxOperatorSettings>()]);
        let message = |mistake: &crate::config::Mistake| mistake.message.clone();
        settings.map(|settings| settings.section()).map_err(|error| error.mistakes.iter().map(message).collect())
    }

    #[test]
    fn the_section_alone_puts_it_in_scope() {
        assert!(!read("").unwrap().is_stated);
        let settings = read("flux-operator: {}\n").unwrap();
        assert_eq!(settings, FluxOperatorSettings { is_stated: true, ..FluxOperatorSettings::default() });
        let text = "flux-operator: {operator: 0.58.0, components: keep, sync: keep, instance: chart, promotion: off}\n";
        let settings = read(text).unwrap();
        assert_eq!(settings.instance, Stated::Chart);
        assert_eq!((settings.operator.to_string().as_str(), settings.in_order), ("0.58.0", false));
        let listed = read("flux-operator: {components: [source-controller, kustomize-controller]}\n").unwrap();
        assert_eq!(listed.components.unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (text, expected) in [
            ("instance: helm", "`instance` cannot be `helm`"),
            ("operator: 0.x", "`0.x` is no exact version"),
            ("components: [source]", "`source` is no controller of Flux"),
            ("components: all", "`components` is no list"),
            ("promotion: 24h", "`promotion` is neither `on` nor `off`"),
        ] {
            assert_eq!(read(&format!("flux-operator: {{{text}}}\n")).unwrap_err(), [expected], "{text}");
        }
    }
}

use super::fields::{Field, HELM_RELEASE, KUSTOMIZATION};
use super::set::Set;
use crate::config::{Described, INVALID_VALUE, Keys, Section, UNKNOWN_KEY, WRONG_TYPE};
use crate::flux::Value;
use crate::text::nearest;
use crate::yaml::{Kind, New, Node};

/// What a person may decide about this migration: the section `remediation-defaults` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemediationDefaultsSettings {
    /// `scope`: which releases get the defaults.
    pub scope: Scope,
    /// `label`: the key of the label by which a release, or a Flux Kustomization, is in or out.
    pub label: String,
    /// `spec`: the defaults of HelmReleases, in the shape of their `spec`; without it, what most releases of the tree say.
    pub spec: Option<Set>,
    /// `kustomization`: the defaults of Flux Kustomizations, in the shape of their `spec`; without it, none.
    pub kustomization: Set,
    /// `own-patches`: what becomes of Flux Kustomizations with a list of patches of their own.
    pub own_patches: OwnPatches,
    /// `overridden`: what becomes of what says otherwise than the defaults.
    pub overridden: Overridden,
    /// `max-opted-out`: how many percent of the releases may be left out before the plan stops.
    pub max_opted_out: usize,
}

/// Which releases get the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `opt-in`: those with the label.
    OptIn,
    /// `opt-out`: those without it.
    OptOut,
}

/// What becomes of Flux Kustomizations with a list of patches of their own, which the one of the root would replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPatches {
    /// `merge`: the defaults are put into that list.
    Merge,
    /// `opt-out`: they get no defaults.
    OptOut,
}

/// What becomes of what says otherwise than the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overridden {
    /// `keep`: it stays as it is, without the defaults.
    Keep,
    /// `override`: it gets them all the same.
    Override,
}

const LABEL: &str = "remediation.flux.home.arpa/defaults";

impl Default for RemediationDefaultsSettings {
    fn default() -> RemediationDefaultsSettings {
        RemediationDefaultsSettings {
            scope: Scope::OptIn,
            label: LABEL.to_owned(),
            spec: None,
            kustomization: Set::default(),
            own_patches: OwnPatches::Merge,
            overridden: Overridden::Keep,
            max_opted_out: 20,
        }
    }
}

impl RemediationDefaultsSettings {
    /// The label of Flux Kustomizations that their own defaults leave out: beside the one of the releases.
    pub(super) fn kustomization_label(&self) -> String {
        match self.label.split_once('/') {
            Some((prefix, _)) => format!("{prefix}/kustomization-defaults"),
            None => "kustomization-defaults".to_owned(),
        }
    }
}

impl Section for RemediationDefaultsSettings {
    const KEY: &'static str = "remediation-defaults";

    fn read(keys: &mut Keys<'_, '_>) -> RemediationDefaultsSettings {
        let default = RemediationDefaultsSettings::default();
        let label = keys.text("label").map(|(key, node)| {
            if !is_label_key(key) || key.ends_with("/kustomization-defaults") || key == "kustomization-defaults" {
                let help = "write the key of a label of Kubernetes, such as `example.org/defaults`";
                keys.mistake(INVALID_VALUE, node, format!("`{key}` cannot be the key of this label"), help);
            }
            key.to_owned()
        });
        let percent = keys.number("max-opted-out", 0);
        if let Some(node) = percent.filter(|percent| *percent > 100).and_then(|_| keys.value("max-opted-out")) {
            keys.mistake(INVALID_VALUE, node, "`max-opted-out` is in percent".to_owned(), "write 100 or less");
        }
        RemediationDefaultsSettings {
            scope: keys.one_of("scope", &[("opt-in", Scope::OptIn), ("opt-out", Scope::OptOut)]),
            label: label.unwrap_or(default.label),
            spec: keys.value("spec").map(|node| set(keys, node, HELM_RELEASE)),
            kustomization: keys.value("kustomization").map(|node| set(keys, node, KUSTOMIZATION)).unwrap_or_default(),
            own_patches: keys.one_of("own-patches", &[("merge", OwnPatches::Merge), ("opt-out", OwnPatches::OptOut)]),
            overridden: keys.one_of("overridden", &[("keep", Overridden::Keep), ("override", Overridden::Override)]),
            max_opted_out: percent.unwrap_or(default.max_opted_out),
        }
    }

    fn described(&self) -> Vec<Described> {
        let word = |word: &str| New::string(word);
        vec![
            Described { key: "scope", about: ABOUT_SCOPE, value: word("opt-in") },
            Described {
                key: "label",
                about: "The key of the label by which a release, or a Flux Kustomization, is in or out.",
                value: word(&self.label),
            },
            Described {
                key: "own-patches",
                about: "Flux Kustomizations with a list of patches of their own, which the one of the root would\nreplace: the \
                        defaults go into that list (`merge`), or they get none (`opt-out`).",
                value: word("merge"),
            },
            Described {
                key: "overridden",
                about: "What says otherwise than the defaults stays as it is (`keep`), or gets them all the same\n(`override`).",
                value: word("keep"),
            },
            Described {
                key: "max-opted-out",
                about: "How many percent of the releases may be left out before the plan stops.",
                value: New::Plain(self.max_opted_out.to_string()),
            },
        ]
    }
}

const ABOUT_SCOPE: &str = "\
Releases get the defaults that have the label (`opt-in`), or that have it not (`opt-out`).
Beside it may stand the defaults themselves, in the shape of `spec` of a HelmRelease and of a
Flux Kustomization; without them, what more than half of the releases say, and none:
  spec:
    install: {remediation: {retries: 3}}
    upgrade: {cleanupOnFail: true, remediation: {retries: 3}}
  kustomization:
    timeout: 5m";

/// A set of defaults, in the shape of `spec`. What Flux's API does not have at a place is a mistake
/// (`docs/hazards.md#r2`).
fn set<'s>(keys: &mut Keys<'_, 's>, node: Node<'s>, table: &'static [Field]) -> Set {
    let mut found = Vec::new();
    entries(keys, node, table, &mut Vec::new(), &mut found);
    found.sort_by_key(|(number, ..)| *number);
    for pair in found.windows(2) {
        if let [(one, ..), (other, _, second)] = pair
            && one == other
        {
            let message = format!("`{}` stands twice", table[*one].short());
            keys.mistake(crate::config::DUPLICATE, *second, message, "leave one of them out");
        }
    }
    Set(found.into_iter().map(|(number, value, _)| (&table[number], value)).collect())
}

fn entries<'s>(
    keys: &mut Keys<'_, 's>,
    node: Node<'s>,
    table: &'static [Field],
    path: &mut Vec<&'s str>,
    found: &mut Vec<(usize, Value, Node<'s>)>,
) {
    if node.kind() != Kind::Mapping {
        let name = if path.is_empty() { "this".to_owned() } else { format!("`{}`", path.join(".")) };
        let below = "write a mapping of fields, in the shape of `spec`";
        keys.mistake(WRONG_TYPE, node, format!("{name} is no mapping of fields"), below);
        return;
    }
    for (key, value) in node.entries() {
        let Some(name) = key.text() else { continue };
        path.push(name);
        if let Some(number) = table.iter().position(|field| field.path == *path) {
            match Value::of(value) {
                Some(scalar @ Value::Scalar { .. }) if fits(&table[number], &scalar) => {
                    found.push((number, scalar, value))
                }
                _ => {
                    let help = format!("write {}", table[number].takes.wanted());
                    let message = format!("`{}` cannot be {}", path.join("."), value.text().unwrap_or("that"));
                    keys.mistake(INVALID_VALUE, value, message, help);
                }
            }
        } else if table.iter().any(|field| field.path.starts_with(path)) {
            entries(keys, value, table, path, found);
        } else {
            keys.mistake(UNKNOWN_KEY, key, format!("defaults cannot set `{}`", path.join(".")), meant(table, path));
        }
        path.pop();
    }
}

fn fits(field: &Field, value: &Value) -> bool {
    matches!(value, Value::Scalar { text, string } if field.takes.fits(text, !string))
}

/// What may be meant by a field that is not there: the nearest in its place, or where one of its name is.
fn meant(table: &[Field], path: &[&str]) -> String {
    let (name, above) = path.split_last().expect("a field has a name");
    let beside = table.iter().filter(|field| field.path.len() > above.len() && field.path.starts_with(above));
    let beside: Vec<&str> = beside.map(|field| field.path[above.len()]).collect();
    if let Some(near) = nearest(name, beside.iter().map(|own| (*own, *own))) {
        return format!("did you mean `{near}`?");
    }
    let place = |field: &Field| {
        let at = field.path.iter().position(|part| part == name)?;
        Some(field.path[..=at].join("."))
    };
    let near = table.iter().filter(|field| field.path.first() == path.first()).find_map(place);
    let elsewhere = near.or_else(|| table.iter().find_map(place));
    match elsewhere {
        Some(place) => format!("there is `{place}`"),
        None => {
            let mut beside = beside;
            beside.dedup();
            format!("there is: {}", beside.join(", "))
        }
    }
}

/// The key of a label as Kubernetes has it: a name, behind a DNS name and a slash or not.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let ends = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let is_name =
        name.len() <= 63 && ends(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_prefix = prefix.is_none_or(|prefix| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        prefix.len() <= 253 && ends(prefix) && prefix.chars().all(allowed)
    });
    is_name && is_prefix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SectionType, Settings};

    fn read(text: &str) -> Result<RemediationDefaultsSettings, Vec<String>> {
        let text = format!("remediation-defaults:\n  {}\n", text.replace('\n', "\n  "));
        let settings = Settings::read("a.yaml", &text, &[SectionType::of::<RemediationDefaultsSettings>()]);
        let about = |error: crate::config::ConfigError| {
            let one = |own: &crate::config::Mistake| format!("{}: {}; {}", own.code, own.message, own.help);
            error.mistakes.iter().map(one).collect()
        };
        settings.map(|settings| settings.section()).map_err(about)
    }

    #[test]
    fn defaults_are_in_the_shape_of_spec() {
        let read = read(
            "scope: opt-out\nlabel: example.org/x\nspec:\n  upgrade: {crds: CreateReplace, remediation: {retries: 2}}\n  install:\n    \
             crds: CreateReplace\nkustomization: {timeout: 5m, wait: true}\nmax-opted-out: 5",
        );
        let own = read.unwrap();
        let spec = own.spec.clone().unwrap().lines();
        assert_eq!(
            spec,
            ["install.crds: CreateReplace", "upgrade.crds: CreateReplace", "upgrade.remediation.retries: 2"]
        );
        assert_eq!(own.kustomization.lines(), ["timeout: 5m", "wait: true"]);
        assert_eq!((own.scope, own.max_opted_out), (Scope::OptOut, 5));
        assert_eq!(own.kustomization_label(), "example.org/kustomization-defaults");
    }

    /// `docs/hazards.md#r2`: wrong nesting.
    #[test]
    fn what_the_api_has_not_is_a_mistake() {
        for (text, expected) in [
            (
                "spec: {install: {rollback: {cleanupOnFail: true}}}",
                "config-unknown-key: defaults cannot set `install.rollback`; there is `rollback`",
            ),
            (
                "spec: {upgrade: {retries: 3}}",
                "config-unknown-key: defaults cannot set `upgrade.retries`; there is `upgrade.remediation.retries`",
            ),
            (
                "spec: {upgrade: {cleanUpOnFail: true}}",
                "defaults cannot set `upgrade.cleanUpOnFail`; did you mean `cleanupOnFail`?",
            ),
            ("spec: {strategy: {name: RetryOnFailure}}", "defaults cannot set `strategy`; there is `install.strategy`"),
            (
                "spec: {upgrade: {remediation: {retries: '3'}}}",
                "`upgrade.remediation.retries` cannot be 3; write a whole number",
            ),
            (
                "spec: {upgrade: {crds: Replace}}",
                "`upgrade.crds` cannot be Replace; write `Skip` or `Create` or `CreateReplace`",
            ),
            ("spec: {upgrade: true}", "config-wrong-type: `upgrade` is no mapping of fields"),
            ("spec: {values: {a: 1}}", "defaults cannot set `values`"),
            ("kustomization: {interval: 5}", "`interval` cannot be 5; write a duration such as `5m`"),
            ("kustomization: {prune: true}", "defaults cannot set `prune`"),
            ("scope: optin", "`scope` cannot be `optin`"),
            ("label: a b", "`a b` cannot be the key of this label"),
            ("max-opted-out: 101", "`max-opted-out` is in percent"),
        ] {
            let mistakes = read(text).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{text}: {mistakes:?}");
        }
    }
}

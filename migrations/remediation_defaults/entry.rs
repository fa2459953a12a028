//! The entry of a `spec.patches` list that states defaults: how it is written and recognised.
//!
//! An entry is recognised by the label that its selector asks for. What else it contains is read,
//! because it may have been edited.

use super::fields::ObjectKind;
use super::set::Set;
use super::settings::{Scope, Settings};
use crate::flux::Value;
use crate::yaml::{New, Stream};

/// The value of the label of what gets the defaults.
pub(super) const ENABLED: &str = "enabled";
/// The value of the label of what gets no defaults.
pub(super) const DISABLED: &str = "disabled";
/// The value of the label of a Flux Kustomization with its own list of patches.
pub(super) const OWN: &str = "own";

/// How an entry reaches the objects that get the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// It selects Flux Kustomizations, and sets their `spec.patches`, which patch HelmReleases.
    TwoLevels,
    /// It selects the HelmReleases that the root renders itself.
    OneLevel,
    /// It selects Flux Kustomizations, which get defaults themselves.
    Kustomizations,
}

/// An entry that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its index in the list.
    pub(super) index: usize,
    /// Its form.
    pub(super) form: Form,
    /// What it sets; `None` if that is more than defaults.
    pub(super) set: Option<Set>,
    /// The text of its patch.
    pub(super) patch: String,
    /// The label selector of its target; behind it that of the patch that it sets, if it sets one.
    selectors: Vec<String>,
}

impl Entry {
    /// The entries of a list of patches that state defaults.
    pub(super) fn all(patches: &Value, settings: &Settings) -> Vec<Entry> {
        let items = patches.items().iter().enumerate();
        items.filter_map(|(index, item)| Entry::read(index, item, settings)).collect()
    }

    fn read(index: usize, item: &Value, settings: &Settings) -> Option<Entry> {
        let (patch, selector) = (item.text_at(&["patch"])?, item.text_at(&["target", "labelSelector"])?);
        let asks_for = |kind: ObjectKind| {
            let is_key = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            selector.split(|c| !is_key(c)).any(|part| part == settings.label_of(kind))
        };
        let body = body_of(patch);
        let spec = body.as_ref().and_then(|body| body.get("spec"));
        let set = |kind: ObjectKind| spec.and_then(|spec| Set::of(spec, kind.table()));
        let mut selectors = vec![selector.to_owned()];
        let (form, set) = match item.text_at(&["target", "kind"]) {
            Some("HelmRelease") if asks_for(ObjectKind::Release) => (Form::OneLevel, set(ObjectKind::Release)),
            Some("Kustomization") if asks_for(ObjectKind::Release) => {
                let inner = spec.and_then(|spec| match (spec.entries(), spec.at(&["patches"])?.items()) {
                    ([_], [item]) => Entry::read(0, item, settings).filter(|inner| inner.form == Form::OneLevel),
                    _ => None,
                });
                selectors.extend(inner.iter().flat_map(|inner| inner.selectors.clone()));
                (Form::TwoLevels, inner.and_then(|inner| inner.set))
            }
            Some("Kustomization") if asks_for(ObjectKind::Kustomization) => {
                (Form::Kustomizations, set(ObjectKind::Kustomization))
            }
            _ => return None,
        };
        Some(Entry { index, form, set, patch: patch.to_owned(), selectors })
    }
}

/// The object that a patch merges in; `None` for anything else.
pub(super) fn body_of(patch: &str) -> Option<Value> {
    let stream = Stream::parse(patch).ok()?;
    let mut documents = stream.documents();
    let body = Value::of(documents.next()?)?;
    (documents.next().is_none() && matches!(body, Value::Mapping(_))).then_some(body)
}

/// An entry that is to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its form.
    pub(super) form: Form,
    /// What it sets.
    pub(super) set: Set,
    /// How its patches name objects.
    pub(super) names: Names,
}

/// How patches name objects. Kustomize looks at none of it where there is a target, and targets
/// name no version, so that releases of every version get the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// `apiVersion` of HelmReleases: the newest in use.
    helm_release: String,
    /// `apiVersion` of Flux Kustomizations, likewise.
    kustomization: String,
    /// `metadata.name`: as other patches have it.
    placeholder: String,
}

impl Names {
    /// By the API versions of releases and of Flux Kustomizations, and the patches that are there.
    pub(super) fn of(releases: &[&str], kustomizations: &[&str], patches: &[Value]) -> Names {
        let name = |item: &Value| {
            let body = body_of(item.get("target").and(item.text_at(&["patch"]))?)?;
            body.text_at(&["metadata", "name"]).map(str::to_owned)
        };
        Names {
            helm_release: newest(releases).unwrap_or("helm.toolkit.fluxcd.io/v2").to_owned(),
            kustomization: newest(kustomizations).unwrap_or("kustomize.toolkit.fluxcd.io/v1").to_owned(),
            placeholder: patches.iter().find_map(name).unwrap_or_else(|| "not-used".to_owned()),
        }
    }
}

impl Wanted {
    fn one_level(&self) -> Wanted {
        Wanted { form: Form::OneLevel, ..self.clone() }
    }

    /// Group, `apiVersion` and kind of the objects that it selects.
    fn selected(&self) -> (&str, &str, &str) {
        match self.form {
            Form::OneLevel => ("helm.toolkit.fluxcd.io", &self.names.helm_release, "HelmRelease"),
            Form::TwoLevels | Form::Kustomizations => {
                ("kustomize.toolkit.fluxcd.io", &self.names.kustomization, "Kustomization")
            }
        }
    }

    /// The text of its patch.
    pub(super) fn patch(&self, settings: &Settings) -> String {
        let (_, api_version, kind) = self.selected();
        let spec = match self.form {
            Form::TwoLevels => New::mapping([("patches", New::Sequence(vec![self.one_level().item(settings)]))]),
            Form::OneLevel | Form::Kustomizations => New::from(&self.set.spec()),
        };
        let body = New::mapping([
            ("apiVersion", New::string(api_version)),
            ("kind", New::string(kind)),
            ("metadata", New::mapping([("name", New::string(&self.names.placeholder))])),
            ("spec", spec),
        ]);
        body.document(&[], "\n").trim_end().to_owned()
    }

    /// The label selector of its target.
    pub(super) fn selector(&self, settings: &Settings) -> String {
        let label = &settings.label;
        match (self.form, settings.scope) {
            (Form::OneLevel, Scope::OptIn) => format!("{label}={ENABLED}"),
            (Form::OneLevel, Scope::OptOut) => format!("{label} notin ({DISABLED})"),
            (Form::TwoLevels, _) => format!("{label} notin ({DISABLED}, {OWN})"),
            (Form::Kustomizations, _) => {
                format!("{} notin ({DISABLED})", settings.label_of(ObjectKind::Kustomization))
            }
        }
    }

    /// The entry as it is written.
    pub(super) fn item(&self, settings: &Settings) -> New {
        let (group, _, kind) = self.selected();
        let target = New::mapping([
            ("group", New::string(group)),
            ("kind", New::string(kind)),
            ("labelSelector", New::string(self.selector(settings))),
        ]);
        New::mapping([("patch", New::Text(self.patch(settings))), ("target", target)])
    }

    /// The comments above it: what it does, and the label that opts in or out.
    pub(super) fn comments(&self, settings: &Settings) -> [String; 2] {
        let label = &settings.label;
        let (text, label) = match (self.form, settings.scope) {
            (Form::Kustomizations, _) => (
                "Defaults of the Flux Kustomizations that are applied from here. To leave one out, label it:",
                format!("{}: {DISABLED}", settings.label_of(ObjectKind::Kustomization)),
            ),
            (_, Scope::OptIn) => ("Defaults of the HelmReleases that are labelled so:", format!("{label}: {ENABLED}")),
            (_, Scope::OptOut) => {
                ("Defaults of all HelmReleases. To leave one out, label it:", format!("{label}: {DISABLED}"))
            }
        };
        [text.to_owned(), label]
    }

    /// The entry as you would paste it into `spec.patches`.
    pub(super) fn to_paste(&self, settings: &Settings) -> String {
        let comments = self.comments(settings);
        New::Sequence(vec![self.item(settings)]).document(&comments.each_ref().map(String::as_str), "\n")
    }

    /// Whether the entries of its form, of which there is at least one, state all that is wanted.
    pub(super) fn is_stated_in(&self, entries: &[Entry], settings: &Settings) -> bool {
        let mut entries = entries.iter().filter(|entry| entry.form == self.form).peekable();
        entries.peek().is_some() && entries.all(|entry| self.is_stated_by(entry, settings))
    }

    /// Whether an entry states all that is wanted.
    pub(super) fn is_stated_by(&self, entry: &Entry, settings: &Settings) -> bool {
        let mut selectors = vec![self.selector(settings)];
        if self.form == Form::TwoLevels {
            selectors.push(self.one_level().selector(settings));
        }
        entry.form == self.form && entry.set.as_ref() == Some(&self.set) && entry.selectors == selectors
    }
}

/// The newest API version of a group: releases, then betas, then alphas; higher numbers first.
fn newest<'a>(versions: &[&'a str]) -> Option<&'a str> {
    let key = |version: &str| {
        let version = version.rsplit('/').next().unwrap_or_default().trim_start_matches('v');
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>();
        let stage = version.trim_start_matches(|c: char| c.is_ascii_digit());
        let beta = stage.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let major = digits(version).unwrap_or_default();
        (major, stage.is_empty(), stage.starts_with("beta"), digits(beta).unwrap_or_default())
    };
    versions.iter().copied().max_by_key(|version| (key(version), *version))
}

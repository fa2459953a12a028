//! The entry of a `spec.patches` list that states defaults: how it is written, and how it is known again.
//!
//! An entry is ours if its selector asks for our label. What else it says is read, not taken for granted: a person may have changed it.

use super::fields::{HELM_RELEASE, KUSTOMIZATION};
use super::set::Set;
use super::settings::{RemediationDefaultsSettings, Scope};
use crate::flux::Value;
use crate::yaml::{New, Stream};

/// The value of the label of what is in.
pub(super) const ENABLED: &str = "enabled";
/// The value of the label of what is out.
pub(super) const DISABLED: &str = "disabled";
/// The value of the label of a Flux Kustomization that has a list of patches of its own.
pub(super) const OWN: &str = "own";

const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// How an entry reaches what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// It selects Flux Kustomizations, and patches HelmReleases by a list that it puts into these.
    TwoLevels,
    /// It selects the HelmReleases that the root renders itself.
    OneLevel,
    /// It selects Flux Kustomizations, and is for these.
    Kustomizations,
}

/// An entry that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Which of the list it is.
    pub(super) number: usize,
    /// Its form.
    pub(super) form: Form,
    /// What it sets; `None` where that is more than defaults.
    pub(super) set: Option<Set>,
    /// The text of its patch.
    pub(super) patch: String,
    /// The label selector of its target.
    pub(super) selector: String,
}

impl Entry {
    /// The entries of a list of patches that are ours.
    pub(super) fn all(patches: &Value, settings: &RemediationDefaultsSettings) -> Vec<Entry> {
        let entries = patches.items().iter().enumerate();
        entries.filter_map(|(number, item)| Entry::read(number, item, settings)).collect()
    }

    fn read(number: usize, item: &Value, settings: &RemediationDefaultsSettings) -> Option<Entry> {
        let (patch, selector) = (item.text_at(&["patch"])?, item.text_at(&["target", "labelSelector"])?);
        let names = |key: &str| {
            let word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            selector.split(|c| !word(c)).any(|part| part == key)
        };
        let kind = item.text_at(&["target", "kind"]);
        let body = body_of(patch);
        let spec = body.as_ref().and_then(|body| body.get("spec"));
        let (form, set) = match kind {
            Some("HelmRelease") if names(&settings.label) => {
                (Form::OneLevel, spec.and_then(|spec| Set::of(spec, HELM_RELEASE)))
            }
            Some("Kustomization") if names(&settings.label) => {
                let inner = spec.and_then(|spec| match spec.entries() {
                    [(key, list)] if key == "patches" && list.items().len() == 1 => {
                        let inner = Entry::read(0, &list.items()[0], settings)?;
                        inner.set.filter(|_| inner.form == Form::OneLevel)
                    }
                    _ => None,
                });
                (Form::TwoLevels, inner)
            }
            Some("Kustomization") if names(&settings.kustomization_label()) => {
                (Form::Kustomizations, spec.and_then(|spec| Set::of(spec, KUSTOMIZATION)))
            }
            _ => return None,
        };
        Some(Entry { number, form, set, patch: patch.to_owned(), selector: selector.to_owned() })
    }
}

/// What a patch merges in; `None` for anything but one object.
pub(super) fn body_of(patch: &str) -> Option<Value> {
    let stream = Stream::parse(patch).ok()?;
    let mut documents = stream.documents();
    let body = Value::of(documents.next()?)?;
    (documents.next().is_none() && matches!(body, Value::Mapping(_))).then_some(body)
}

/// What an entry is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its form.
    pub(super) form: Form,
    /// What it sets.
    pub(super) set: Set,
    /// `apiVersion` of the HelmReleases: the newest in use. The target names none, so that releases of every version get the defaults.
    pub(super) helm_release: String,
    /// `apiVersion` of the Flux Kustomizations, likewise.
    pub(super) kustomization: String,
    /// `metadata.name` of patches, which Kustomize does not look at where there is a target.
    pub(super) placeholder: String,
}

impl Wanted {
    /// The text of its patch.
    pub(super) fn patch(&self, settings: &RemediationDefaultsSettings) -> String {
        match self.form {
            Form::OneLevel => self.body(&self.helm_release, "HelmRelease", self.set.spec()),
            Form::Kustomizations => self.body(&self.kustomization, "Kustomization", self.set.spec()),
            Form::TwoLevels => {
                let inner = Wanted { form: Form::OneLevel, ..self.clone() }.item(settings);
                let spec = New::mapping([("patches", New::Sequence(vec![inner]))]);
                self.body(&self.kustomization, "Kustomization", spec)
            }
        }
    }

    fn body(&self, api_version: &str, kind: &str, spec: New) -> String {
        let body = New::mapping([
            ("apiVersion", New::string(api_version)),
            ("kind", New::string(kind)),
            ("metadata", New::mapping([("name", New::string(&self.placeholder))])),
            ("spec", spec),
        ]);
        body.document(&[], "\n").trim_end().to_owned()
    }

    /// The label selector of its target.
    pub(super) fn selector(&self, settings: &RemediationDefaultsSettings) -> String {
        match (self.form, settings.scope) {
            (Form::OneLevel, Scope::OptIn) => format!("{}={ENABLED}", settings.label),
            (Form::OneLevel, Scope::OptOut) => format!("{} notin ({DISABLED})", settings.label),
            (Form::TwoLevels, _) => format!("{} notin ({DISABLED}, {OWN})", settings.label),
            (Form::Kustomizations, _) => format!("{} notin ({DISABLED})", settings.kustomization_label()),
        }
    }

    /// The entry as it is written.
    pub(super) fn item(&self, settings: &RemediationDefaultsSettings) -> New {
        let (group, kind) = match self.form {
            Form::OneLevel => (HELM_GROUP, "HelmRelease"),
            Form::TwoLevels | Form::Kustomizations => (KUSTOMIZE_GROUP, "Kustomization"),
        };
        let target = New::mapping([
            ("group", New::string(group)),
            ("kind", New::string(kind)),
            ("labelSelector", New::string(self.selector(settings))),
        ]);
        New::mapping([("patch", New::Text(self.patch(settings))), ("target", target)])
    }

    /// The comments above it: what it does, and how to be left out.
    pub(super) fn comments(&self, settings: &RemediationDefaultsSettings) -> Vec<String> {
        let key = &settings.label;
        match (self.form, settings.scope) {
            (Form::Kustomizations, _) => vec![
                "Defaults of the Flux Kustomizations that are applied from here. To leave one out, label it:"
                    .to_owned(),
                format!("{}: {DISABLED}", settings.kustomization_label()),
            ],
            (_, Scope::OptIn) => {
                vec!["Defaults of the HelmReleases that are labelled so:".to_owned(), format!("{key}: {ENABLED}")]
            }
            (_, Scope::OptOut) => vec![
                "Defaults of all HelmReleases. To leave one out, label it:".to_owned(),
                format!("{key}: {DISABLED}"),
            ],
        }
    }

    /// The entry as a person would paste it into `spec.patches`.
    pub(super) fn to_paste(&self, settings: &RemediationDefaultsSettings) -> String {
        let comments = self.comments(settings);
        let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
        New::Sequence(vec![self.item(settings)]).document(&comments, "\n")
    }

    /// Whether an entry says all that is wanted.
    pub(super) fn is_said_by(&self, entry: &Entry, settings: &RemediationDefaultsSettings) -> bool {
        let inner = Wanted { form: Form::OneLevel, ..self.clone() }.selector(settings);
        let selects = self.form != Form::TwoLevels || inner_selector(&entry.patch).as_deref() == Some(&*inner);
        entry.form == self.form
            && entry.set.as_ref() == Some(&self.set)
            && entry.selector == self.selector(settings)
            && selects
    }
}

/// The selector of the HelmReleases in a patch of Flux Kustomizations.
fn inner_selector(patch: &str) -> Option<String> {
    let body = body_of(patch)?;
    let [item] = body.at(&["spec", "patches"])?.items() else { return None };
    item.text_at(&["target", "labelSelector"]).map(str::to_owned)
}

/// The newest of API versions of one group: a release before betas, these before alphas, higher numbers first.
pub(super) fn newest<'a>(versions: impl Iterator<Item = &'a str>) -> Option<String> {
    let key = |version: &str| {
        let version = version.rsplit('/').next().unwrap_or_default().trim_start_matches('v');
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>();
        let major = digits(version).unwrap_or_default();
        let stage = version.trim_start_matches(|c: char| c.is_ascii_digit());
        let beta = stage.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        (major, stage.is_empty(), stage.starts_with("beta"), digits(beta).unwrap_or_default())
    };
    versions.max_by_key(|version| (key(version), (*version).to_owned())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(form: Form) -> Wanted {
        let spec = body_of("{upgrade: {cleanupOnFail: true, remediation: {retries: 3}}}").unwrap();
        Wanted {
            form,
            set: Set::of(&spec, HELM_RELEASE).unwrap(),
            helm_release: "helm.toolkit.fluxcd.io/v2".into(),
            kustomization: "kustomize.toolkit.fluxcd.io/v1".into(),
            placeholder: "not-used".into(),
        }
    }

    #[test]
    fn what_is_written_is_known_again() {
        let settings = RemediationDefaultsSettings::default();
        for form in [Form::TwoLevels, Form::OneLevel] {
            let wanted = wanted(form);
            let text = wanted.to_paste(&settings);
            let stream = Stream::parse(text).unwrap();
            let list = Value::of(stream.documents().next().unwrap()).unwrap();
            let [entry] = &Entry::all(&list, &settings)[..] else { panic!("one entry") };
            assert!(wanted.is_said_by(entry, &settings), "{entry:?}");
            let other = RemediationDefaultsSettings { scope: Scope::OptOut, ..settings.clone() };
            assert!(!wanted.is_said_by(entry, &other));
            let elsewhere = RemediationDefaultsSettings { label: "example.org/defaults".into(), ..settings.clone() };
            assert!(Entry::all(&list, &elsewhere).is_empty());
        }
    }

    #[test]
    fn the_newest_version_is_taken() {
        let of = |versions: &[&str]| newest(versions.iter().copied());
        assert_eq!(of(&["a/v2beta2", "a/v2", "a/v2beta1"]).as_deref(), Some("a/v2"));
        assert_eq!(of(&["a/v2beta1", "a/v2beta2"]).as_deref(), Some("a/v2beta2"));
        assert_eq!(of(&["a/v1", "a/v2beta1"]).as_deref(), Some("a/v2beta1"));
        assert_eq!(of(&[]), None);
    }
}

//! The fields of Flux's API that defaults may set: what each takes, the version of Flux that brought it, and what holds where it is absent.
//!
//! A closed table: a field that is not in it does not exist at that place, such as `rollback` under
//! `install`. Sources: the types of helm-controller's and kustomize-controller's API v1 and v2
//! (`HelmReleaseSpec`, `Install`, `Upgrade`, `Rollback`, `KustomizationSpec`), their release notes
//! for the versions, and `docs/remediation-defaults.md#defaults-of-flux`.

use crate::flux::{FluxVersion, Value};

/// A field below `spec`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The way to it from `spec`.
    pub(super) path: &'static [&'static str],
    /// What it takes.
    pub(super) takes: Takes,
    /// What holds where it is absent.
    pub(super) absent: Absent,
    /// The minor of Flux 2 that brought it.
    pub(super) since: u32,
    /// The minor of Flux 2 from which on it does nothing.
    pub(super) until: Option<u32>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A duration of Go: `5m`, `1h30m`.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// What holds where a field is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// This.
    Is(&'static str),
    /// What another field says.
    As(&'static [&'static str]),
    /// `true` if retries are positive (`upgrade.remediation.remediateLastFailure`).
    IfRetried,
    /// Nothing: the field must be there.
    Required,
}

const CRDS: Takes = Takes::Word(&["Skip", "Create", "CreateReplace"]);
const STRATEGY: Takes = Takes::Word(&["RemediateOnFailure", "RetryOnFailure"]);
const APPLY: Takes = Takes::Word(&["enabled", "disabled", "auto"]);
const TIMEOUT: Absent = Absent::As(&["timeout"]);
const OFF: Absent = Absent::Is("false");
const TESTS: Absent = Absent::As(&["test", "ignoreFailures"]);

const fn field(path: &'static [&'static str], takes: Takes, absent: Absent) -> Field {
    Field { path, takes, absent, since: 0, until: None }
}

const fn since(minor: u32, own: Field) -> Field {
    Field { since: minor, ..own }
}

/// The fields of a HelmRelease, in the order in which Flux documents them.
pub(super) static HELM_RELEASE: &[Field] = &[
    field(&["timeout"], Takes::Duration, Absent::Is("5m")),
    field(&["install", "timeout"], Takes::Duration, TIMEOUT),
    field(&["install", "crds"], CRDS, Absent::Is("Create")),
    field(&["install", "createNamespace"], Takes::Flag, OFF),
    field(&["install", "disableHooks"], Takes::Flag, OFF),
    field(&["install", "disableOpenAPIValidation"], Takes::Flag, OFF),
    since(4, field(&["install", "disableSchemaValidation"], Takes::Flag, OFF)),
    since(5, field(&["install", "disableTakeOwnership"], Takes::Flag, OFF)),
    field(&["install", "disableWait"], Takes::Flag, OFF),
    field(&["install", "disableWaitForJobs"], Takes::Flag, OFF),
    field(&["install", "replace"], Takes::Flag, OFF),
    since(8, field(&["install", "serverSideApply"], Takes::Flag, Absent::Is("as helm-controller is told"))),
    since(7, field(&["install", "strategy", "name"], STRATEGY, Absent::Is("RemediateOnFailure"))),
    since(7, field(&["install", "strategy", "retryInterval"], Takes::Duration, Absent::Is("5m"))),
    field(&["install", "remediation", "retries"], Takes::Number, Absent::Is("0")),
    field(&["install", "remediation", "ignoreTestFailures"], Takes::Flag, TESTS),
    field(&["install", "remediation", "remediateLastFailure"], Takes::Flag, OFF),
    field(&["upgrade", "timeout"], Takes::Duration, TIMEOUT),
    field(&["upgrade", "crds"], CRDS, Absent::Is("Skip")),
    field(&["upgrade", "cleanupOnFail"], Takes::Flag, OFF),
    field(&["upgrade", "disableHooks"], Takes::Flag, OFF),
    field(&["upgrade", "disableOpenAPIValidation"], Takes::Flag, OFF),
    since(4, field(&["upgrade", "disableSchemaValidation"], Takes::Flag, OFF)),
    since(5, field(&["upgrade", "disableTakeOwnership"], Takes::Flag, OFF)),
    field(&["upgrade", "disableWait"], Takes::Flag, OFF),
    field(&["upgrade", "disableWaitForJobs"], Takes::Flag, OFF),
    field(&["upgrade", "force"], Takes::Flag, OFF),
    field(&["upgrade", "preserveValues"], Takes::Flag, OFF),
    since(8, field(&["upgrade", "serverSideApply"], APPLY, Absent::Is("as helm-controller is told"))),
    since(7, field(&["upgrade", "strategy", "name"], STRATEGY, Absent::Is("RemediateOnFailure"))),
    since(7, field(&["upgrade", "strategy", "retryInterval"], Takes::Duration, Absent::Is("5m"))),
    field(&["upgrade", "remediation", "retries"], Takes::Number, Absent::Is("0")),
    field(&["upgrade", "remediation", "ignoreTestFailures"], Takes::Flag, TESTS),
    field(&["upgrade", "remediation", "remediateLastFailure"], Takes::Flag, Absent::IfRetried),
    field(&["upgrade", "remediation", "strategy"], Takes::Word(&["rollback", "uninstall"]), Absent::Is("rollback")),
    field(&["rollback", "timeout"], Takes::Duration, TIMEOUT),
    field(&["rollback", "cleanupOnFail"], Takes::Flag, OFF),
    field(&["rollback", "disableHooks"], Takes::Flag, OFF),
    field(&["rollback", "disableWait"], Takes::Flag, OFF),
    field(&["rollback", "disableWaitForJobs"], Takes::Flag, OFF),
    field(&["rollback", "force"], Takes::Flag, OFF),
    Field { until: Some(8), ..field(&["rollback", "recreate"], Takes::Flag, OFF) },
    since(8, field(&["rollback", "serverSideApply"], APPLY, Absent::Is("as helm-controller is told"))),
];

/// The fields of a Flux Kustomization that its defaults may set.
pub(super) static KUSTOMIZATION: &[Field] = &[
    field(&["interval"], Takes::Duration, Absent::Required),
    field(&["retryInterval"], Takes::Duration, Absent::As(&["interval"])),
    field(&["timeout"], Takes::Duration, Absent::As(&["interval"])),
    field(&["wait"], Takes::Flag, OFF),
];

/// What of a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holds {
    /// Its value.
    pub(super) value: String,
    /// Whether the object says so itself.
    pub(super) stated: bool,
}

impl Holds {
    /// For people: what Flux supplies is marked as such.
    pub(super) fn shown(&self) -> String {
        if self.stated { self.value.clone() } else { format!("{} (Flux's default)", self.value) }
    }
}

impl Field {
    /// `spec.upgrade.remediation.retries`.
    pub(super) fn name(&self) -> String {
        format!("spec.{}", self.short())
    }

    /// `upgrade.remediation.retries`.
    pub(super) fn short(&self) -> String {
        self.path.join(".")
    }

    /// What `spec` states for it.
    pub(super) fn stated<'v>(&self, spec: &'v Value) -> Option<&'v Value> {
        spec.at(self.path).filter(|value| **value != Value::Null)
    }

    /// What of it holds in an object.
    pub(super) fn holds(&self, spec: &Value, table: &[Field]) -> Holds {
        if let Some(value) = self.stated(spec) {
            return Holds { value: value.text().unwrap_or_default().to_owned(), stated: true };
        }
        let value = match self.absent {
            Absent::Is(text) => text.to_owned(),
            Absent::Required => "nothing".to_owned(),
            Absent::IfRetried => {
                let retries = spec.text_at(&[self.path[0], "remediation", "retries"]);
                let positive = retries.and_then(|text| text.parse::<i64>().ok()).is_some_and(|number| number > 0);
                positive.to_string()
            }
            Absent::As(path) => match table.iter().find(|own| own.path == path) {
                Some(other) => other.holds(spec, table).value,
                None => spec.text_at(path).unwrap_or("false").to_owned(),
            },
        };
        Holds { value, stated: false }
    }

    /// Whether a value is what Flux supplies anyway, whatever else an object says.
    pub(super) fn is_built_in(&self, value: &Value) -> bool {
        matches!((self.absent, value.text()), (Absent::Is(text), Some(own)) if text == own)
    }

    /// Whether a release that says so is an exception on purpose: it asks for CRDs to be left
    /// alone, for endless retries, for an uninstall where others roll back, or for no hooks.
    /// Defaults are not for it, whichever fields they set (`docs/hazards.md#r5`).
    pub(super) fn is_exception(&self, value: &Value) -> bool {
        match (self.path.last(), value.text()) {
            (Some(&"crds"), Some("Skip")) | (Some(&"strategy"), Some("uninstall")) => true,
            (Some(&"disableHooks"), _) => value.is_true(),
            (Some(&"retries"), Some(text)) => text.starts_with('-'),
            _ => false,
        }
    }

    /// Why a version of Flux cannot be asked for it; `None` where it can.
    pub(super) fn lacking(&self, flux: Option<FluxVersion>) -> Option<String> {
        let Some(flux) = flux else {
            let is_new = self.since > 0 || self.until.is_some();
            return is_new.then(|| "which version of Flux it runs is not stated here".to_owned());
        };
        if !flux.is_at_least(self.since) {
            return Some(format!("it runs Flux {flux}, and the field came with 2.{}", self.since));
        }
        let gone = self.until.filter(|minor| flux.is_at_least(*minor))?;
        Some(format!("it runs Flux {flux}, where the field does nothing (from 2.{gone} on)"))
    }
}

impl Takes {
    /// Whether a scalar is such.
    pub(super) fn fits(self, text: &str, is_plain: bool) -> bool {
        match self {
            Takes::Flag => is_plain && matches!(text, "true" | "false"),
            Takes::Number => is_plain && text.parse::<i32>().is_ok(),
            Takes::Duration => is_duration(text),
            Takes::Word(words) => words.contains(&text),
        }
    }

    /// For people: what to write.
    pub(super) fn wanted(self) -> String {
        match self {
            Takes::Flag => "`true` or `false`".to_owned(),
            Takes::Number => "a whole number".to_owned(),
            Takes::Duration => "a duration such as `5m`".to_owned(),
            Takes::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        }
    }
}

/// A duration as the API takes it: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &rest[..rest.len() - digits.len()];
        let Some(unit) = ["ms", "s", "m", "h"].into_iter().find(|unit| digits.starts_with(unit)) else { return false };
        let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok();
        if !is_number || number.ends_with('.') {
            return false;
        }
        rest = &digits[unit.len()..];
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn spec(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    fn holds(spec: &Value, name: &str) -> String {
        let field = HELM_RELEASE.iter().find(|field| field.short() == name).unwrap();
        field.holds(spec, HELM_RELEASE).shown()
    }

    #[test]
    fn what_is_absent_has_a_meaning() {
        let own =
            spec("{timeout: 20m, upgrade: {timeout: 1h, remediation: {retries: 3}}, test: {ignoreFailures: true}}");
        for (name, want) in [
            ("timeout", "20m"),
            ("install.timeout", "20m (Flux's default)"),
            ("upgrade.timeout", "1h"),
            ("install.crds", "Create (Flux's default)"),
            ("upgrade.crds", "Skip (Flux's default)"),
            ("upgrade.remediation.retries", "3"),
            ("upgrade.remediation.remediateLastFailure", "true (Flux's default)"),
            ("install.remediation.remediateLastFailure", "false (Flux's default)"),
            ("install.remediation.ignoreTestFailures", "true (Flux's default)"),
            ("upgrade.strategy.name", "RemediateOnFailure (Flux's default)"),
        ] {
            assert_eq!(holds(&own, name), want, "{name}");
        }
        let endless = spec("{upgrade: {remediation: {retries: -1}}}");
        assert_eq!(holds(&endless, "upgrade.remediation.remediateLastFailure"), "false (Flux's default)");
        assert_eq!(holds(&spec("{}"), "rollback.timeout"), "5m (Flux's default)");
    }

    #[test]
    fn fields_come_and_go_with_versions() {
        let of = |name: &str| HELM_RELEASE.iter().find(|field| field.short() == name).unwrap();
        let flux = FluxVersion::parse;
        assert!(of("upgrade.strategy.name").lacking(flux("2.6.4")).is_some());
        assert!(of("upgrade.strategy.name").lacking(flux("2.7.5")).is_none());
        assert!(of("upgrade.strategy.name").lacking(None).is_some());
        assert!(of("upgrade.remediation.retries").lacking(None).is_none());
        assert!(of("rollback.recreate").lacking(flux("2.7.5")).is_none());
        assert!(of("rollback.recreate").lacking(flux("2.8.0")).is_some());
    }

    #[test]
    fn durations_are_those_of_the_api() {
        for text in ["5m", "1h30m", "1.5h", "100ms"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "5", "m", "5 m", "5d", "1.h", ".5h", "-5m"] {
            assert!(!is_duration(text), "{text}");
        }
    }
}

//! The fields of Flux's API that defaults may set: what each takes, the version of Flux that
//! brought it, and what is in force where it is absent.
//!
//! A closed table: a field that is not in it does not exist at that place, such as `rollback` under
//! `install`. Sources: the types of helm-controller's and kustomize-controller's API v1 and v2
//! (`HelmReleaseSpec`, `Install`, `Upgrade`, `Rollback`, `KustomizationSpec`), their release notes
//! for the versions, and `docs/remediation-defaults.md#defaults-of-flux`.

use crate::flux::{FluxVersion, Value};

/// The kind of the objects that get defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    /// HelmReleases.
    Release,
    /// Flux Kustomizations.
    Kustomization,
}

impl ObjectKind {
    /// Both kinds.
    pub(super) const ALL: [ObjectKind; 2] = [ObjectKind::Release, ObjectKind::Kustomization];

    /// The fields that its defaults may set.
    pub(super) fn table(self) -> &'static [Field] {
        match self {
            ObjectKind::Release => HELM_RELEASE,
            ObjectKind::Kustomization => KUSTOMIZATION,
        }
    }
}

/// A field below `spec`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its keys, from `spec` on.
    pub(super) path: &'static [&'static str],
    /// What it takes.
    pub(super) takes: Takes,
    /// What is in force where it is absent.
    pub(super) absent: Absent,
    /// The minor version of Flux 2 that brought it.
    since: u32,
    /// The minor version of Flux 2 from which on it does nothing.
    until: Option<u32>,
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

/// What is in force where a field is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// This.
    Is(&'static str),
    /// The value of another field.
    As(&'static [&'static str]),
    /// `true` if retries are positive (`upgrade.remediation.remediateLastFailure`).
    IfRetried,
    /// Nothing: the field is required.
    Required,
}

const CRDS: Takes = Takes::Word(&["Skip", "Create", "CreateReplace"]);
const STRATEGY: Takes = Takes::Word(&["RemediateOnFailure", "RetryOnFailure"]);
const APPLY: Takes = Takes::Word(&["enabled", "disabled", "auto"]);
const TIMEOUT: Absent = Absent::As(&["timeout"]);
const SERVER_SIDE: Absent = Absent::Is("as helm-controller is configured");
const OFF: Absent = Absent::Is("false");
const TESTS: Absent = Absent::As(&["test", "ignoreFailures"]);

const fn field(path: &'static [&'static str], takes: Takes, absent: Absent) -> Field {
    Field { path, takes, absent, since: 0, until: None }
}

const fn since(minor: u32, field: Field) -> Field {
    Field { since: minor, ..field }
}

/// The fields of a HelmRelease, in the order in which Flux documents them.
static HELM_RELEASE: &[Field] = &[
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
    since(8, field(&["install", "serverSideApply"], Takes::Flag, SERVER_SIDE)),
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
    since(8, field(&["upgrade", "serverSideApply"], APPLY, SERVER_SIDE)),
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
    since(8, field(&["rollback", "serverSideApply"], APPLY, SERVER_SIDE)),
];

/// The fields of a Flux Kustomization that its defaults may set.
static KUSTOMIZATION: &[Field] = &[
    field(&["interval"], Takes::Duration, Absent::Required),
    field(&["retryInterval"], Takes::Duration, Absent::As(&["interval"])),
    field(&["timeout"], Takes::Duration, Absent::As(&["interval"])),
    field(&["wait"], Takes::Flag, OFF),
];

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

    /// The value in force in an object, as it is shown: Flux's defaults are marked.
    pub(super) fn shown(&self, spec: &Value, table: &[Field]) -> String {
        let mark = if self.stated(spec).is_some() { "" } else { " (Flux's default)" };
        self.in_force(spec, table) + mark
    }

    /// The value in force in an object.
    pub(super) fn in_force(&self, spec: &Value, table: &[Field]) -> String {
        if let Some(value) = self.stated(spec) {
            return value.text().unwrap_or_default().to_owned();
        }
        match self.absent {
            Absent::Is(text) => text.to_owned(),
            Absent::Required => "nothing".to_owned(),
            Absent::IfRetried => {
                let retries = spec.text_at(&[self.path[0], "remediation", "retries"]);
                let positive = retries.and_then(|text| text.parse::<i64>().ok()).is_some_and(|number| number > 0);
                positive.to_string()
            }
            Absent::As(path) => match table.iter().find(|field| field.path == path) {
                Some(other) => other.in_force(spec, table),
                None => spec.text_at(path).unwrap_or("false").to_owned(),
            },
        }
    }

    /// Whether Flux does this anyway, whatever else an object states.
    pub(super) fn is_built_in(&self, value: &Value) -> bool {
        matches!((self.absent, value.text()), (Absent::Is(text), Some(stated)) if text == stated)
    }

    /// Whether a release with this value is an exception on purpose: CRDs are left alone, retries
    /// are endless, an uninstall is the remediation, or hooks are disabled. It gets no defaults,
    /// whichever fields they set (`docs/hazards.md#r5`).
    pub(super) fn is_exception(&self, value: &Value) -> bool {
        match (self.path.last(), value.text()) {
            (Some(&"crds"), Some("Skip")) | (Some(&"strategy"), Some("uninstall")) => true,
            (Some(&"disableHooks"), _) => value.is_true(),
            (Some(&"retries"), Some(text)) => text.starts_with('-'),
            _ => false,
        }
    }

    /// Why it cannot be set with a version of Flux; `None` where it can.
    pub(super) fn lacking(&self, flux: Option<FluxVersion>) -> Option<String> {
        let Some(flux) = flux else {
            let is_new = self.since > 0 || self.until.is_some();
            return is_new.then(|| "its version of Flux is not known".to_owned());
        };
        if !flux.is_at_least(self.since) {
            return Some(format!("it runs Flux {flux}, and the field came with 2.{}", self.since));
        }
        let until = self.until.filter(|minor| flux.is_at_least(*minor))?;
        Some(format!("it runs Flux {flux}, where the field does nothing (from 2.{until} on)"))
    }
}

impl Takes {
    /// Whether it takes a value.
    pub(super) fn fits(self, value: &Value) -> bool {
        let Value::Scalar { text, string } = value else { return false };
        match self {
            Takes::Flag => !string && matches!(&**text, "true" | "false"),
            Takes::Number => !string && text.parse::<i32>().is_ok(),
            Takes::Duration => is_duration(text),
            Takes::Word(words) => words.contains(&&**text),
        }
    }

    /// What to write.
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
    let is_part = |part: &str| {
        let number = part.strip_suffix(['s', 'm', 'h']).unwrap_or_default();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        [whole, fraction].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    !text.is_empty() && text.replace("ms", "s").split_inclusive(['s', 'm', 'h']).all(is_part)
}

//! What Flux does where a field is absent: fields of which that is known, what each takes, and the
//! version of Flux that brought it.
//!
//! A closed table: a field of these mappings that is not in it does not exist, such as `rollback`
//! under `install`. Sources: the types of helm-controller's and kustomize-controller's API v1 and v2
//! (`HelmReleaseSpec`, `Install`, `Upgrade`, `Rollback`, `KustomizationSpec`), their release notes
//! for the versions, and `docs/remediation-defaults.md#defaults-of-flux`.

use super::duration::is_duration;
use crate::flux::Value;

/// A field below `spec`.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its keys, from `spec` on.
    pub path: &'static [&'static str],
    /// What it takes.
    pub takes: Takes,
    /// What is in force where it is absent.
    pub absent: Absent,
    /// The minor version of Flux 2 that brought it.
    pub since: u32,
    /// The minor version of Flux 2 from which on it does nothing.
    pub until: Option<u32>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
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
pub enum Absent {
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
pub static HELM_RELEASE: &[Field] = &[
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
pub static KUSTOMIZATION: &[Field] = &[
    field(&["interval"], Takes::Duration, Absent::Required),
    field(&["retryInterval"], Takes::Duration, Absent::As(&["interval"])),
    field(&["timeout"], Takes::Duration, Absent::As(&["interval"])),
    field(&["wait"], Takes::Flag, OFF),
];

impl Field {
    /// What `spec` states for it.
    pub fn stated<'v>(&self, spec: &'v Value) -> Option<&'v Value> {
        spec.at(self.path).filter(|value| **value != Value::Null)
    }

    /// The value in force in an object.
    pub fn in_force(&self, spec: &Value, table: &[Field]) -> String {
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

    /// Whether Flux does what an object states where the field is absent; `None` if the field is
    /// required, or if that depends on how a controller is configured.
    fn states_the_default(&self, spec: &Value, table: &[Field]) -> Option<bool> {
        if self.absent == SERVER_SIDE || self.absent == Absent::Required {
            return None;
        }
        let value = spec.at(self.path)?;
        let mut without = spec.clone();
        without.remove_at(self.path);
        Some(self.takes.fits(value) && value.text() == Some(&*self.in_force(&without, table)))
    }
}

impl Takes {
    /// Whether it takes a value.
    pub fn fits(self, value: &Value) -> bool {
        let Value::Scalar { text, string } = value else { return false };
        match self {
            Takes::Flag => !string && matches!(&**text, "true" | "false"),
            Takes::Number => !string && text.parse::<i32>().is_ok(),
            Takes::Duration => is_duration(text),
            Takes::Word(words) => words.contains(&&**text),
        }
    }

    /// What to write.
    pub fn wanted(self) -> String {
        match self {
            Takes::Flag => "`true` or `false`".to_owned(),
            Takes::Number => "a whole number".to_owned(),
            Takes::Duration => "a duration such as `5m`".to_owned(),
            Takes::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        }
    }
}

/// Whether a field of an object states what Flux does where it is absent. `None` if that is not
/// known.
pub fn states_the_default(object: &Value, path: &[&str]) -> Option<bool> {
    let group = object.text_at(&["apiVersion"])?.split_once('/')?.0;
    let table = match (group, object.text_at(&["kind"])?) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => HELM_RELEASE,
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => KUSTOMIZATION,
        _ => return None,
    };
    let path = path.strip_prefix(&["spec"])?;
    table.iter().find(|field| field.path == path)?.states_the_default(object.get("spec")?, table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    #[test]
    fn what_flux_does_anyway() {
        let states = |api_version: &str, kind: &str, spec: &str, path: &str| {
            let text = format!("{{apiVersion: {api_version}, kind: {kind}, spec: {spec}}}");
            let object = Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
            states_the_default(&object, &path.split('.').collect::<Vec<_>>())
        };
        let last_failure = "spec.upgrade.remediation.remediateLastFailure";
        for (spec, path, want) in [
            ("{timeout: 5m}", "spec.timeout", Some(true)),
            ("{timeout: 6m}", "spec.timeout", Some(false)),
            ("{timeout: 6m, install: {timeout: 6m}}", "spec.install.timeout", Some(true)),
            ("{install: {timeout: 6m}}", "spec.install.timeout", Some(false)),
            ("{upgrade: {remediation: {strategy: rollback}}}", "spec.upgrade.remediation.strategy", Some(true)),
            ("{upgrade: {force: false}}", "spec.upgrade.force", Some(true)),
            ("{upgrade: {force: 'false'}}", "spec.upgrade.force", Some(false)),
            ("{upgrade: {remediation: {retries: 3, remediateLastFailure: true}}}", last_failure, Some(true)),
            ("{upgrade: {serverSideApply: auto}}", "spec.upgrade.serverSideApply", None),
            ("{maxHistory: 5}", "spec.maxHistory", None),
            ("{}", "spec.timeout", None),
            ("{timeout: 5m}", "timeout", None),
        ] {
            assert_eq!(states("helm.toolkit.fluxcd.io/v2", "HelmRelease", spec, path), want, "{spec} {path}");
        }
        let kustomization = |spec, path| states("kustomize.toolkit.fluxcd.io/v1", "Kustomization", spec, path);
        assert_eq!(kustomization("{wait: false}", "spec.wait"), Some(true));
        assert_eq!(kustomization("{interval: 1h, timeout: 1h}", "spec.timeout"), Some(true));
        assert_eq!(kustomization("{interval: 1h}", "spec.interval"), None);
    }
}

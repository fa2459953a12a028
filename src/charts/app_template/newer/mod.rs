//! Values of 4.x as values of 5.0.1 and 5.1 that make the same objects: what 4.x does by itself is
//! stated (`docs/app-template.md#from-4x-to-5x`).
//!
//! No 5.x is rendered here: the rules are those of its templates, and so what is stated is pinned
//! by rule. None of it changes what 4.x makes of the values, but for `jobLabel` and `manifest`,
//! which 4.x rejects.

mod adopt;
mod raw;
#[cfg(test)]
mod tests;

pub use adopt::{Around, Leaves, Left};

use std::fmt;

use super::items::{as_it_is, enabled, switch, text};
use super::name::Unknown;
use super::{Chart, Section};
use crate::flux::Value;

/// The versions of 5.x to which values can be taken. Pods of 5.0.0 may ask for an account that is not
/// there, and in 5.2 every text of the values is a template.
pub const KNOWN_OF_5: [&str; 2] = ["5.0.1", "5.1.0"];

const TOKEN: [&str; 2] = ["defaultPodOptions", "automountServiceAccountToken"];
const ACCOUNT: [&str; 2] = ["global", "createDefaultServiceAccount"];

/// What values of 4.x have to say so that 5.x makes the same of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// What is stated or rewritten.
    pub kept: Vec<Kept>,
    /// What is left to 5.x, where its defaults are adopted.
    pub left: Vec<Left>,
    /// What nothing that is written here keeps, or what is not known.
    pub open: Vec<Open>,
}

/// A place in the values, and what is done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The keys to it.
    pub at: Vec<String>,
    /// What is done.
    pub what: Keeps,
    /// Why that is needed, where the defaults of 5.x are adopted otherwise.
    pub because: Option<String>,
}

/// What is done so that 5.x makes the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Pods mount the token of their account.
    Token,
    /// The chart makes no account of its own.
    NoAccount,
    /// A controller states the account that its pods have: `identifier` or `name`.
    Account {
        /// The key.
        key: &'static str,
        /// The account.
        account: String,
    },
    /// A ServiceMonitor keeps the label that it takes `job` from.
    JobLabel(String),
    /// The controller of a policy goes, because its `podSelector` wins.
    NoController,
    /// A raw resource gets its `manifest`.
    Manifest,
}

/// Something that is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The keys to it.
    pub at: Vec<String>,
    /// What it is.
    pub why: Lost,
}

/// Why something is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A switch is neither true nor false to every reader, so that what 4.x makes of it is unknown.
    Switch,
    /// The account of the pods of a controller in 4.x is unknown.
    Account(Unknown),
    /// The name of a ServiceMonitor is unknown.
    Monitor(Unknown),
    /// `spec` of a raw resource is no mapping, so that it has no place in `manifest`.
    Body,
    /// `spec` of a raw resource says again what stands outside of it.
    Repeated(String),
    /// A label of a raw resource is one that the chart sets: in 4.x the one of the values wins, in
    /// 5.x that of the chart.
    Label(String),
    /// A label or an annotation of a raw resource is a template, and text in 5.0 and 5.1.
    Template,
}

impl fmt::Display for Keeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keeps::Token => {
                f.write_str("pods go on mounting the token of their account, which 5.x leaves out by default")
            }
            Keeps::NoAccount => f.write_str("5.x would make an account, and pods would use it instead of `default`"),
            Keeps::Account { account, .. } => write!(f, "its pods stay with account {account}"),
            Keeps::JobLabel(_) => f.write_str("the label `job` of its metrics stays the name of the Service"),
            Keeps::NoController => f.write_str("5.x rejects a controller beside podSelector, which wins in 4.x"),
            Keeps::Manifest => f.write_str("5.x takes raw resources under `manifest` alone"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Switch => f.write_str("it is neither true nor false to every YAML reader"),
            Lost::Account(unknown) => write!(f, "the account of its pods is unknown ({unknown})"),
            Lost::Monitor(unknown) => write!(f, "its name is unknown ({unknown})"),
            Lost::Body => f.write_str("its `spec` is no mapping, and so cannot be part of `manifest`"),
            Lost::Repeated(key) => write!(f, "its `spec` has the key {key}, which has another meaning in `manifest`"),
            Lost::Label(label) => write!(f, "the chart sets the label {label}, too: in 5.x its value wins"),
            Lost::Template => f.write_str("it is a template in 4.x, and text in 5.0 and 5.1"),
        }
    }
}

impl Chart<'_> {
    /// What keeps, in 5.0.1 and 5.1, what 4.x makes of these values.
    pub fn keeping_in_5(&self) -> Keeping {
        let mut keeping = Keeping::default();
        self.keep_token(&mut keeping);
        self.keep_accounts(&mut keeping);
        self.keep_job_labels(&mut keeping);
        for policy in enabled(self.section(Section::NetworkPolicies)) {
            if policy.values.get("controller").is_some() && policy.values.get("podSelector").is_some() {
                keeping.keep(&["networkpolicies", policy.identifier, "controller"], Keeps::NoController);
            }
        }
        raw::keep(self, &mut keeping);
        keeping
    }

    /// The default of pods. What a controller says itself wins in both.
    fn keep_token(&self, keeping: &mut Keeping) {
        let controllers = enabled(self.section(Section::Controllers));
        for controller in &controllers {
            let at = ["controllers", controller.identifier, "pod", TOKEN[1]];
            if switch(self.values.at(&at), true).is_none() {
                keeping.lose(&at, Lost::Switch);
            }
        }
        match self.values.at(&TOKEN) {
            None if !controllers.is_empty() => keeping.keep(&TOKEN, Keeps::Token),
            stated if switch(stated, true).is_none() => keeping.lose(&TOKEN, Lost::Switch),
            _ => {}
        }
    }

    fn keep_accounts(&self, keeping: &mut Keeping) {
        // Helm's versions differ in whether a key that is null is there.
        if matches!(self.section(Section::ServiceAccount), None | Some(Value::Null)) {
            match switch(self.values.at(&ACCOUNT), true) {
                Some(true) => keeping.keep(&ACCOUNT, Keeps::NoAccount),
                Some(false) => {}
                None => keeping.lose(&ACCOUNT, Lost::Switch),
            }
            return;
        }
        let accounts = self.accounts();
        let pods = if accounts.is_empty() { Vec::new() } else { self.pod_accounts() };
        for pod in pods {
            let at = ["controllers", pod.controller.as_str(), "serviceAccount"];
            let is_stated = |key| self.values.at(&at).is_some_and(|stated| !matches!(text(stated, key), Ok(None)));
            if is_stated("identifier") || is_stated("name") {
                continue;
            }
            let name = match pod.name {
                Ok(name) => name,
                Err(unknown) => {
                    keeping.lose(&at, Lost::Account(unknown));
                    continue;
                }
            };
            let made = accounts.iter().find(|account| account.name.as_ref() == Ok(&name));
            let identifier = made.filter(|account| as_it_is(&account.identifier).is_ok());
            let (key, account) = match identifier {
                Some(account) => ("identifier", account.identifier.clone()),
                None => ("name", name),
            };
            keeping.keep(&at, Keeps::Account { key, account });
        }
    }

    /// 4.x takes `job` from a label of the monitor's name, which no Service has.
    fn keep_job_labels(&self, keeping: &mut Keeping) {
        let objects = self.objects();
        for monitor in enabled(self.section(Section::ServiceMonitor)) {
            let at = ["serviceMonitor", monitor.identifier, "jobLabel"];
            if monitor.values.get("jobLabel").is_some() {
                continue;
            }
            let is_it = |object: &&super::Object| {
                object.section == Section::ServiceMonitor && object.identifier == monitor.identifier
            };
            match objects.iter().find(is_it).map(|object| object.name.clone()) {
                Some(Ok(name)) => keeping.keep(&at, Keeps::JobLabel(name)),
                Some(Err(unknown)) => keeping.lose(&at[..2], Lost::Monitor(unknown)),
                None => {}
            }
        }
    }
}

impl Keeping {
    fn keep(&mut self, at: &[&str], what: Keeps) {
        self.kept.push(Kept { at: path(at), what, because: None });
    }

    fn lose(&mut self, at: &[&str], why: Lost) {
        self.open.push(Open { at: path(at), why });
    }

    /// These values with all this done: those that it was read off, or the same before patches and
    /// variables.
    pub fn applied(&self, values: &Value) -> Value {
        let mut values = values.clone();
        for kept in &self.kept {
            let at: Vec<&str> = kept.at.iter().map(String::as_str).collect();
            match &kept.what {
                Keeps::Token => state(&mut values, &TOKEN, "true", Some("controllers")),
                Keeps::NoAccount => state(&mut values, &ACCOUNT, "false", None),
                Keeps::Account { key, account } => {
                    set_in_item(&mut values, &at, Value::Mapping(vec![((*key).to_owned(), Value::string(account))]));
                }
                Keeps::JobLabel(name) => set_in_item(&mut values, &at, Value::string(name)),
                Keeps::NoController => {
                    if let Some(policy) = values.at_mut(&at[..at.len() - 1]) {
                        policy.remove("controller");
                    }
                }
                Keeps::Manifest => {
                    if let Some(resource) = values.at_mut(&at) {
                        raw::wrap(resource);
                    }
                }
            }
        }
        values
    }
}

fn path(at: &[&str]) -> Vec<String> {
    at.iter().map(|&key| key.to_owned()).collect()
}

/// Sets a switch in a section. If that is not there it stands after another one, or before all.
fn state(values: &mut Value, at: &[&str; 2], text: &str, after: Option<&str>) {
    if let Value::Mapping(entries) = values
        && !entries.iter().any(|(key, _)| key == at[0])
    {
        let is_before = |(key, _): &(String, Value)| Some(key.as_str()) == after;
        let place = entries.iter().position(is_before).map_or(0, |place| place + 1);
        entries.insert(place, (at[0].to_owned(), Value::Mapping(Vec::new())));
    }
    values.set_at(at, Value::Scalar { text: text.to_owned(), string: false });
}

/// Sets a key of an item that is there.
fn set_in_item(values: &mut Value, at: &[&str], value: Value) {
    let (key, item) = at.split_last().expect("it has a key");
    if let Some(item @ Value::Mapping(_)) = values.at_mut(item) {
        item.set(key, value);
    }
}

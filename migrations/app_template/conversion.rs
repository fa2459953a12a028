//! The values of a release, converted: worked out from what arrives in the clusters, written into
//! the file, and compared with what would arrive then.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::codes;
use super::evidence::{self, Evidence};
use super::in_5::{in_5, keeping_in_5};
use super::settings::{AppTemplateSettings, Selectors};
use crate::charts::app_template::{
    Around, Chart, Conversion, Doubt, Keeping, Leaves, Matter, Pins, Stop, Version, line_of,
};
use crate::flux::{At, Reach, Value, View, WorkloadKind, rewrite};
use crate::plan::author::After;
use crate::plan::{Code, Finding, Severity};
use crate::yaml::{Edit, Error, Node};

pub(super) static NO_VALUES: Value = Value::Null;

/// A release as one cluster installs it, and how its values become values of the target.
pub(super) struct Installation<'v> {
    /// The name of the Helm release.
    pub(super) release: String,
    /// The namespace of the objects of the chart.
    pub(super) namespace: String,
    /// The HelmRelease.
    pub(super) object: Arc<Value>,
    /// Its values, with what the chart has by default in 2.x.
    stated: Value,
    /// Who applies it; `None` for a release that no cluster has.
    pub(super) reach: Option<&'v Reach>,
    /// How its values of 2.x or 3.x become values of 4.x.
    pub(super) conversion: Option<Conversion>,
    /// What keeps, in 5.x, what 4.x makes of them.
    pub(super) keeping: Option<Keeping>,
    /// The version that it is on.
    pub(super) from: Version,
}

impl Installation<'_> {
    /// Whether its pods change, because a default of 5.x is adopted.
    pub(super) fn changes_pods(&self) -> bool {
        let left = self.keeping.iter().flat_map(|keeping| &keeping.left);
        left.into_iter().any(|left| matches!(left.what, Leaves::NoToken { .. } | Leaves::OwnAccount(_)))
    }

    /// The chart as it is now.
    pub(super) fn chart(&self) -> Chart<'_> {
        Chart { version: self.from, release: &self.release, namespace: &self.namespace, values: &self.stated }
    }

    /// What keeps names and accounts on the way from 3.x.
    pub(super) fn pins(&self) -> Option<&Pins> {
        self.conversion.as_ref().map(|conversion| &conversion.pins)
    }

    fn applied(&self, values: &Value) -> Value {
        let converted = self.conversion.as_ref().map(|conversion| conversion.applied(values));
        let converted = converted.unwrap_or_else(|| values.clone());
        match &self.keeping {
            Some(keeping) => keeping.applied(&converted),
            None => converted,
        }
    }
}

/// A release whose values become values of the target.
pub(in crate::migrations) struct Converted<'v> {
    /// The tree.
    pub(super) view: &'v View,
    /// Where the release stands.
    pub(super) at: At,
    /// Where it is installed.
    pub(super) installations: Vec<Installation<'v>>,
    selectors: Selectors,
    /// `spec.values` of the file, before and after.
    values: Option<(Value, Value)>,
}

impl<'v> Converted<'v> {
    /// Reads a release that is on `from`, a version before the target's, wherever it is installed.
    ///
    /// # Errors
    /// A finding at the release, if two clusters need different values in the one file, or if its
    /// name depends on a variable without a value.
    ///
    /// With `evidence`, what nothing relies on is left to 5.x.
    pub(in crate::migrations) fn of(
        view: &'v View,
        at: &At,
        from: Version,
        settings: &AppTemplateSettings,
        evidence: Option<&Evidence>,
    ) -> Result<Converted<'v>, Finding> {
        let (installations, selectors) = (Vec::new(), settings.selectors);
        let mut converted = Converted { view, at: at.clone(), installations, selectors, values: None };
        for (release, namespace, object, reach) in installed(view, at) {
            if release.contains("${") || namespace.contains("${") {
                let message = format!("the name of the release is a variable without a value: {namespace}/{release}");
                return Err(converted.error(codes::NAME_UNRESOLVED, message));
            }
            let values = object.at(&["spec", "values"]).unwrap_or(&NO_VALUES);
            let chart = Chart { version: from, release: &release, namespace: &namespace, values };
            let conversion = from.is_before_4().then(|| chart.conversion(settings.version, settings.tokens));
            let around = evidence.map(|evidence| evidence::From { evidence, namespace: &namespace });
            let around = around.as_ref().map(|around| around as &dyn Around);
            let keeping =
                settings.pins_for_5.then(|| keeping_in_5(&chart, conversion.as_ref(), settings.version, around));
            let stated = chart.stated();
            let place = Installation { release, namespace, object, stated, reach, conversion, keeping, from };
            converted.installations.push(place);
        }
        let Some(stated) = converted.stated().and_then(Value::of) else { return Ok(converted) };
        let mut wanted = converted.installations.iter().map(|place| converted.applied(place, &stated));
        if let Some(first) = wanted.next() {
            if wanted.any(|other| other != first) {
                let message = "the clusters that apply it need different values in this file";
                return Err(converted.error(codes::DIFFERS, message));
            }
            converted.values = Some((stated, first));
        }
        Ok(converted)
    }

    /// Values of an installation, converted; with the label of old selectors, where these are kept.
    fn applied(&self, installation: &Installation<'_>, values: &Value) -> Value {
        let mut values = installation.applied(values);
        for workload in self.kept_in(installation) {
            // Labels of the controller replace default ones, unless the strategy is to merge.
            let merges = values.text_at(&["defaultPodOptionsStrategy"]) == Some("merge");
            let defaults = values.at(&["defaultPodOptions", "labels"]).filter(|_| !merges).cloned();
            let controller = values.at_mut(&["controllers", &workload.identifier]);
            if let Some(controller @ Value::Mapping(_)) = controller {
                let has_labels = controller.at(&["pod", "labels"]).is_some_and(|labels| !labels.entries().is_empty());
                let defaults = defaults.as_ref().filter(|_| !has_labels).map(Value::entries).unwrap_or_default();
                for (label, text) in defaults {
                    controller.set_at(&["pod", "labels", label], text.clone());
                }
                controller.set_at(&["pod", "labels", workload.label], Value::string(&workload.identifier));
            }
        }
        values
    }

    /// Writes the values into an edit of the file.
    ///
    /// # Errors
    /// Where the text does not allow it.
    pub(super) fn write(&self, edit: &mut Edit<'v>) -> Result<(), Error> {
        match (&self.values, self.stated()) {
            (Some((before, after)), Some(values)) => {
                rewrite(edit, values, before, after, "it is about something that the new version does not take")
            }
            _ => Ok(()),
        }
    }

    /// The workloads whose selectors a post-renderer keeps: those that every cluster has.
    pub(super) fn kept(&self) -> Vec<Kept> {
        let mut kept = self.installations.iter().map(|installation| self.kept_in(installation));
        let first = kept.next().unwrap_or_default();
        if kept.all(|other| other == first) { first } else { Vec::new() }
    }

    /// Deployments and DaemonSets, of which nothing but the selector is immutable.
    fn kept_in(&self, installation: &Installation<'_>) -> Vec<Kept> {
        if !installation.from.is_before_4() {
            return Vec::new();
        }
        let workloads = installation.chart().workloads().into_iter();
        let kept = workloads.filter(|workload| self.selectors == Selectors::Keep && workload.stop == Stop::Selector);
        let kept = kept.filter_map(|workload| {
            let label = installation.from.controller_label();
            Some(Kept { identifier: workload.identifier, kind: workload.kind?, name: workload.name.ok()?, label })
        });
        kept.collect()
    }

    /// Checks the values that the edited file makes: in every cluster, those that are meant.
    ///
    /// # Errors
    /// A finding at the release, if it is not.
    pub(in crate::migrations) fn check(&self, after: &After<'_>) -> Result<(), Finding> {
        let edited = after.object(&self.at);
        let root = edited.as_ref().and_then(|(stream, at)| at.node(stream));
        for installation in &self.installations {
            let arrives = installation.object.at(&["spec", "values"]).unwrap_or(&NO_VALUES);
            let wanted = self.applied(installation, arrives);
            let object = match installation.reach {
                Some(reach) => root.and_then(|root| self.view.effective_text(root, reach)),
                None => root.and_then(Value::of),
            };
            let values = object.as_ref().and_then(|object| object.at(&["spec", "values"])).unwrap_or(&NO_VALUES);
            if *values != wanted {
                let message = "patches or variables would change the converted values on their way to the cluster";
                return Err(self.error(codes::OVERRIDDEN, message));
            }
        }
        Ok(())
    }

    /// What there is to report about the conversion, each finding with its line.
    pub(in crate::migrations) fn findings(&self) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let keeps_label = !self.kept().is_empty();
        let conversions = self.installations.iter().filter_map(|installation| installation.conversion.as_ref());
        for doubt in conversions.flat_map(|conversion| &conversion.doubts) {
            if keeps_label && matches!(doubt.matter, Matter::Component { .. }) {
                continue;
            }
            let line = self.line_of(&doubt.at);
            let (severity, code) = severity_and_code(doubt);
            let path = if doubt.at.is_empty() { "spec.values".to_owned() } else { doubt.at.join(".") };
            let message = format!("{path}: {}", doubt.matter);
            if seen.insert((line, message.clone())) {
                found.push(Finding::new(severity, code, message).at(&self.at.path, line));
            }
        }
        for finding in self.installations.iter().filter_map(|place| place.keeping.as_ref()).flat_map(in_5) {
            let line = self.line_of(finding.at);
            let message = format!("{}: {}", finding.at.join("."), finding.message);
            if seen.insert((line, message.clone())) {
                found.push(Finding::new(finding.severity, finding.code, message).at(&self.at.path, line));
            }
        }
        let from = self.view.node(&self.at).and_then(|root| root.at(&["spec", "valuesFrom"]));
        if let Some(from) = from.filter(|from| !from.is_null()) {
            let names: Vec<&str> = from.items().filter_map(|item| item.text_at(&["name"])).collect();
            let message = format!("values also come from {}, which is not read", names.join(", "));
            found.push(Finding::warning(codes::VALUES_FROM, message).at(&self.at.path, from.line()));
        }
        found
    }

    /// `spec.values` as it stands in the file.
    pub(super) fn stated(&self) -> Option<Node<'v>> {
        self.view.node(&self.at)?.at(&["spec", "values"]).filter(|values| !values.is_null())
    }

    /// The line of the deepest of these keys of the values that stands in the file.
    pub(super) fn line_of(&self, keys: &[impl AsRef<str>]) -> usize {
        self.stated().map_or_else(|| self.line().unwrap_or(1), |values| line_of(values, keys))
    }

    /// The line of the release.
    pub(super) fn line(&self) -> Option<usize> {
        self.view.object(&self.at).map(|object| object.line)
    }

    /// The name of the release, in the first cluster that applies it.
    pub(super) fn name(&self) -> &str {
        let applied = self.view.graph().reaches(&self.at).first().map(|reach| reach.name);
        applied.or_else(|| Some(self.view.object(&self.at)?.name)).unwrap_or_default().as_str()
    }

    /// An error at the release.
    fn error(&self, code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::error(code, message).at(&self.at.path, self.line())
    }
}

/// A workload whose selector is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its controller.
    pub(super) identifier: String,
    /// Its kind.
    pub(super) kind: WorkloadKind,
    /// Its name.
    pub(super) name: String,
    /// The label that its selector asks for.
    pub(super) label: &'static str,
}

/// A release wherever it is installed: the name of the Helm release, the namespace of its objects,
/// the HelmRelease, and who applies it.
pub(super) fn installed<'v>(view: &'v View, at: &At) -> Vec<(String, String, Arc<Value>, Option<&'v Reach>)> {
    let reaches = view.graph().reaches(at);
    if !reaches.is_empty() {
        let installed = reaches.iter().filter_map(|reach| Some((view.installed(at, reach)?, reach)));
        return installed.map(|(place, reach)| (place.release, place.namespace, place.object, Some(reach))).collect();
    }
    let Some(object) = view.node(at).and_then(Value::of) else { return Vec::new() };
    let text = |section: &str, key: &str| object.text_at(&[section, key]).map(str::to_owned);
    let name = text("metadata", "name").unwrap_or_default();
    let target = text("spec", "targetNamespace");
    let release = text("spec", "releaseName")
        .unwrap_or_else(|| target.as_ref().map_or_else(|| name.clone(), |target| format!("{target}-{name}")));
    let namespace = target.or_else(|| text("metadata", "namespace")).unwrap_or_default();
    vec![(release, namespace, Arc::new(object), None)]
}

fn severity_and_code(doubt: &Doubt) -> (Severity, &'static Code) {
    match &doubt.matter {
        Matter::NameOpen(_) | Matter::PresenceOpen => (Severity::Error, codes::NAME_UNRESOLVED),
        Matter::NameTemplated(_) => (Severity::Warning, codes::NAME_TEMPLATE),
        Matter::NameLost { .. } => (Severity::Warning, codes::NAME_LOST),
        Matter::ClaimLost { .. } => (Severity::Error, codes::CLAIM_LOST),
        Matter::Clash { .. } => (Severity::Error, codes::NAME_CLASH),
        Matter::TokenDropped { .. } => (Severity::Note, codes::TOKEN_DROPPED),
        Matter::AccountOpen(_) => (Severity::Error, codes::ACCOUNT_UNRESOLVED),
        Matter::Rejected(_) => (Severity::Error, codes::REJECTED),
        Matter::DeadIdentifier { .. } => (Severity::Warning, codes::DEAD_IDENTIFIER),
        Matter::EmptyOption => (Severity::Note, codes::EMPTY_OPTION),
        Matter::NameRandom { .. } => (Severity::Warning, codes::NAME_RANDOM),
        Matter::NameShared { .. } => (Severity::Warning, codes::NAME_SHARED),
        Matter::ClaimApart { .. } => (Severity::Warning, codes::CLAIM_APART),
        Matter::Drawn(_) => (Severity::Warning, codes::DEFAULT_RANDOM),
        Matter::Removed(_) => (Severity::Note, codes::DEAD_KEY),
        Matter::Escaped { .. } => (Severity::Note, codes::ESCAPED),
        Matter::Changes(_) => (Severity::Note, codes::CHANGES),
        Matter::Stated(_) => (Severity::Note, codes::STATED),
        Matter::OpenIn2(_) => (Severity::Error, codes::UNKNOWN_IN_2),
        Matter::Component { .. } => (Severity::Warning, codes::COMPONENT_SELECTOR),
    }
}

//! The values of a release, converted: read off what arrives in the clusters, written into the text, and proven to arrive.

use std::collections::BTreeSet;

use super::codes;
use super::settings::{AppTemplateV4Settings, Selectors};
use crate::charts::app_template::{COMPONENT, Chart, Conversion, Doubt, Matter, Stop, Version};
use crate::flux::WorkloadKind;
use crate::flux::{At, Reach, Value, View, rewrite};
use crate::plan::{Code, Finding, Severity};
use crate::yaml::{Edit, Error, Node, Stream};

static NONE: Value = Value::Null;

/// A release as it is installed in one place.
pub(crate) struct Place<'v> {
    /// The name of the Helm release.
    pub(crate) release: String,
    /// The namespace of what the chart makes.
    pub(crate) namespace: String,
    /// The whole object.
    pub(crate) object: Value,
    /// Who applies it; nobody, for a release that no cluster has.
    pub(crate) reach: Option<&'v Reach>,
    /// How its values become values of 4.x.
    pub(crate) conversion: Conversion,
    from: Version,
}

impl Place<'_> {
    /// The chart as it is now.
    pub(crate) fn chart(&self) -> Chart<'_> {
        let values = self.object.at(&["spec", "values"]).unwrap_or(&NONE);
        Chart { version: self.from, release: &self.release, namespace: &self.namespace, values }
    }
}

/// The values of a release on their way to 4.x.
pub(crate) struct Converted<'v> {
    /// Where it is installed.
    pub(crate) places: Vec<Place<'v>>,
    selectors: Selectors,
    /// What `spec.values` says, and is to say.
    values: Option<(Value, Value)>,
}

impl<'v> Converted<'v> {
    /// Reads a release that is on `from`, a version of 3.x, in all places where it is installed.
    ///
    /// # Errors
    /// A finding at the release, where the places differ in what the text has to say, or a variable leaves open what it is called.
    pub(crate) fn of(
        view: &'v View,
        at: &At,
        from: Version,
        settings: &AppTemplateV4Settings,
    ) -> Result<Converted<'v>, Finding> {
        let line = view.object(at).map(|object| object.line);
        let refuse = |code, message: String| finding(Severity::Error, code, at, line, message);
        let known = |name: &str| !name.contains("${");
        let mut places = Vec::new();
        for (release, namespace, object, reach) in installed(view, at) {
            if !known(&release) || !known(&namespace) {
                let message =
                    format!("a variable leaves open what the release is called: `{release}` in `{namespace}`");
                return Err(refuse(codes::NAME_OPEN, message));
            }
            let values = object.at(&["spec", "values"]).unwrap_or(&NONE);
            let chart = Chart { version: from, release: &release, namespace: &namespace, values };
            let conversion = chart.conversion(settings.version, settings.tokens);
            places.push(Place { release, namespace, object, reach, conversion, from });
        }
        let mut converted = Converted { places, selectors: settings.selectors, values: None };
        let raw = values_of(view, at).and_then(Value::of);
        let mut wanted = raw.iter().flat_map(|raw| converted.places.iter().map(|place| converted.applied(place, raw)));
        if let Some(first) = wanted.next() {
            if wanted.any(|other| other != first) {
                let message = "the values would have to say different things for the places where it is applied";
                return Err(refuse(codes::DIFFERS, message.to_owned()));
            }
            drop(wanted);
            converted.values = raw.map(|raw| (raw, first));
        }
        Ok(converted)
    }

    /// Values of a place, converted, with the label that old selectors ask for, where these are kept.
    fn applied(&self, place: &Place<'_>, values: &Value) -> Value {
        let mut values = place.conversion.applied(values);
        if self.selectors == Selectors::Keep {
            for workload in kept(&place.chart()) {
                // Labels of its own take the place of default ones, unless the strategy is to merge.
                let merges = values.text_at(&["defaultPodOptionsStrategy"]) == Some("merge");
                let default = values.at(&["defaultPodOptions", "labels"]).filter(|_| !merges).cloned();
                let controller = values.get_mut("controllers").and_then(|all| all.get_mut(&workload.identifier));
                if let Some(controller @ Value::Mapping(_)) = controller {
                    let own = controller.at(&["pod", "labels"]).is_some_and(|own| !own.entries().is_empty());
                    for (label, text) in default.as_ref().filter(|_| !own).map(Value::entries).unwrap_or_default() {
                        put(controller, &["pod", "labels", label], text.clone());
                    }
                    put(controller, &["pod", "labels", COMPONENT], Value::string(&workload.identifier));
                }
            }
        }
        values
    }

    /// Writes the values into an edit of the release's file.
    ///
    /// # Errors
    /// Where the text does not allow it.
    pub(crate) fn write<'s>(&self, edit: &mut Edit<'s>, values: Option<Node<'s>>) -> Result<(), Error> {
        match (&self.values, values) {
            (Some((from, to)), Some(values)) => {
                rewrite(edit, values, from, to, "it is about something that 4.x does not take")
            }
            _ => Ok(()),
        }
    }

    /// The workloads whose selectors a post-renderer is to keep, by kind and name, with their identifiers: those that all places have.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        if self.selectors != Selectors::Keep {
            return Vec::new();
        }
        let mut places = self.places.iter().map(|place| kept(&place.chart()));
        let first = places.next().unwrap_or_default();
        if places.all(|other| other == first) { first } else { Vec::new() }
    }

    /// Sees whether what is written arrives: in every place, the values of the new text are those of the old, converted.
    ///
    /// # Errors
    /// A finding at the release, where they are not.
    pub(crate) fn check(&self, view: &View, at: &At, text: &str) -> Result<(), Finding> {
        let line = view.object(at).map(|object| object.line);
        let stream = Stream::parse(text.to_owned()).ok();
        let root = stream.as_ref().and_then(|stream| stream.documents().nth(at.document));
        for place in &self.places {
            let chart = place.chart();
            let want = self.applied(place, chart.values);
            let object = match place.reach {
                Some(reach) => root.and_then(|root| view.effective_text(root, reach)),
                None => root.and_then(Value::of),
            };
            let is = object.as_ref().and_then(|object| object.at(&["spec", "values"])).unwrap_or(&NONE);
            if *is != want {
                let message = "what patches or variables make of the values would not be what is meant".to_owned();
                return Err(finding(Severity::Error, codes::NOT_AS_MEANT, at, line, message));
            }
        }
        Ok(())
    }

    /// What there is to say of the conversion, each with its line.
    pub(crate) fn findings(&self, view: &View, at: &At) -> Vec<Finding> {
        let values = values_of(view, at);
        let start = view.object(at).map_or(1, |object| object.line);
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let keeps = !self.kept().is_empty();
        for doubt in self.places.iter().flat_map(|place| &place.conversion.doubts) {
            if keeps && doubt.matter == Matter::Component {
                continue;
            }
            let line = values.map_or(start, |values| doubt.line(values));
            let (severity, code) = weight(doubt);
            let path = if doubt.at.is_empty() { "spec.values".to_owned() } else { doubt.at.join(".") };
            let message = format!("{path}: {}", doubt.matter);
            if seen.insert((line, message.clone())) {
                found.push(finding(severity, code, at, Some(line), message));
            }
        }
        let from = view.node(at).and_then(|root| root.at(&["spec", "valuesFrom"]));
        if let Some(from) = from.filter(|from| !from.is_null()) {
            let names: Vec<&str> = from.items().filter_map(|item| item.text_at(&["name"])).collect();
            let message = format!("values come from {}, too, which is not read", names.join(", "));
            found.push(finding(Severity::Warning, codes::VALUES_FROM, at, Some(from.line()), message));
        }
        found
    }
}

/// A workload whose selector is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its controller.
    pub(crate) identifier: String,
    /// Its kind.
    pub(crate) kind: WorkloadKind,
    /// Its name.
    pub(crate) name: String,
}

/// Deployments and DaemonSets, whose selector is all that is immutable.
fn kept(chart: &Chart<'_>) -> Vec<Kept> {
    let workloads = chart.workloads().into_iter().filter(|workload| workload.stop == Stop::Selector);
    let kept = workloads.filter_map(|workload| {
        Some(Kept { identifier: workload.identifier, kind: workload.kind?, name: workload.name.ok()? })
    });
    kept.collect()
}

fn put(value: &mut Value, path: &[&str], new: Value) {
    match path {
        [key] => value.set(key, new),
        [key, rest @ ..] => {
            if !matches!(value.get(key), Some(Value::Mapping(_))) {
                value.set(key, Value::Mapping(Vec::new()));
            }
            if let Some(inner) = value.get_mut(key) {
                put(inner, rest, new);
            }
        }
        [] => {}
    }
}

/// A release in each place: its name, the namespace of what it makes, the object, and who applies it.
fn installed<'v>(view: &'v View, at: &At) -> Vec<(String, String, Value, Option<&'v Reach>)> {
    let reaches = view.graph().reaches(at);
    if reaches.is_empty() {
        let Some(object) = view.node(at).and_then(Value::of) else { return Vec::new() };
        let text = |path: &[&str]| object.text_at(path).unwrap_or_default().to_owned();
        let named = |field: &str| object.text_at(&["spec", field]).map(str::to_owned);
        let own = text(&["metadata", "name"]);
        let target = named("targetNamespace");
        let release = named("releaseName")
            .unwrap_or_else(|| target.as_ref().map_or(own.clone(), |target| format!("{target}-{own}")));
        let namespace = target.unwrap_or_else(|| text(&["metadata", "namespace"]));
        return vec![(release, namespace, object, None)];
    }
    let installed = reaches.iter().filter_map(|reach| Some((reach, view.installed(at, reach)?)));
    installed.map(|(reach, own)| (own.release, own.namespace, own.object, Some(reach))).collect()
}

/// `spec.values` as it stands in the text.
pub(crate) fn values_of<'v>(view: &'v View, at: &At) -> Option<Node<'v>> {
    view.node(at)?.at(&["spec", "values"]).filter(|values| !values.is_null())
}

fn weight(doubt: &Doubt) -> (Severity, &'static Code) {
    match &doubt.matter {
        Matter::NameOpen(_) | Matter::PresenceOpen => (Severity::Error, codes::NAME_OPEN),
        Matter::NameTemplated(_) => (Severity::Warning, codes::NAME_TEMPLATE),
        Matter::NameLost { .. } => (Severity::Warning, codes::NAME_LOST),
        Matter::ClaimLost { .. } => (Severity::Error, codes::CLAIM_LOST),
        Matter::Clash { .. } => (Severity::Error, codes::NAME_CLASH),
        Matter::TokenDropped { .. } => (Severity::Note, codes::TOKEN_DROPPED),
        Matter::AccountOpen(_) => (Severity::Error, codes::ACCOUNT_OPEN),
        Matter::Rejected(_) => (Severity::Error, codes::REJECTED),
        Matter::DeadIdentifier { .. } => (Severity::Warning, codes::DEAD_IDENTIFIER),
        Matter::EmptyOption => (Severity::Note, codes::EMPTY_OPTION),
        Matter::Component => (Severity::Warning, codes::COMPONENT_SELECTOR),
    }
}

/// A finding in the file of a release, with the advice of its code.
pub(crate) fn finding(
    severity: Severity,
    code: &'static Code,
    at: &At,
    line: Option<usize>,
    message: String,
) -> Finding {
    Finding { severity, code, path: Some(at.path.clone()), line, message }
}

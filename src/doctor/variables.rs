//! Variables without a value.

use std::collections::{BTreeMap, BTreeSet};

use super::builds::Builds;
use super::changed::Scope;
use super::codes::{FILLED_BY_WEBHOOK, VARIABLE};
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{
    At, ClusterId, FluxKustomization, Object, Rendered, SUBSTITUTE, SubstituteFrom, Value, Variables, View, is_disabled,
};

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope) -> Vec<Finding> {
    // One finding for each variable and place, however many Kustomizations build it.
    let mut found: BTreeMap<(&At, usize, String), (bool, BTreeSet<String>)> = BTreeMap::new();
    let mut unsubstituted: BTreeMap<(&At, String), BTreeSet<String>> = BTreeMap::new();
    let made = secrets_made(view);
    let mut silenced: BTreeMap<ClusterId, BTreeSet<(&At, String)>> = BTreeMap::new();
    let in_scope = view.graph().kustomizations.entries().filter(|(_, one)| scope.has(view, one));
    for (id, kustomization) in in_scope {
        if may_come_from_elsewhere(kustomization, &made) {
            continue;
        }
        // Flux substitutes nothing at all here, and no name can have a `$`.
        if !kustomization.variables.any {
            for object in builds.by(id) {
                let names = [Some(&object.name), object.namespace.as_ref()];
                for name in names.into_iter().flatten().flat_map(|text| kustomization.variables.missing_in(text)) {
                    if view.fills_variables(kustomization.cluster).is_some() {
                        silenced.entry(kustomization.cluster).or_default().insert((&object.at, name));
                        continue;
                    }
                    unsubstituted.entry((&object.at, name)).or_default().insert(kustomization.full_name());
                }
            }
            continue;
        }
        let strict = view.graph().clusters[kustomization.cluster].substitutes_strictly() == Some(true);
        for object in builds.by(id).iter().filter(|object| is_substituted(object)) {
            for (line, name) in missing(view, &kustomization.variables, object) {
                if view.fills_variables(kustomization.cluster).is_some() {
                    silenced.entry(kustomization.cluster).or_default().insert((&object.at, name));
                    continue;
                }
                let (is_error, by) = found.entry((&object.at, line, name)).or_default();
                *is_error |= strict;
                by.insert(kustomization.full_name());
            }
        }
    }
    let unsubstituted = unsubstituted.into_iter().map(|((at, name), by)| {
        let message = format!("${{{name}}} is in a name, and {} has no spec.postBuild: it stays as it is", listed(by));
        finding(Severity::Error, VARIABLE, &at.path, line(view, at), message)
    });
    let notes = silenced.into_iter().filter_map(|(cluster, variables)| {
        let (at, what) = view.fills_variables(cluster)?;
        let number = variables.len();
        let them = if number == 1 {
            "1 variable without a value is".to_owned()
        } else {
            format!("{number} variables without a value are")
        };
        let cluster = &view.graph().clusters[cluster].name;
        let message = format!("{what} may fill variables in cluster {cluster}: {them} not reported");
        Some(finding(Severity::Note, FILLED_BY_WEBHOOK, &at.path, line(view, at), message))
    });
    let notes: Vec<Finding> = notes.collect();
    found
        .into_iter()
        .map(|((at, line, name), (is_error, by))| {
            let severity = if is_error { Severity::Error } else { Severity::Warning };
            let then = if is_error { "Flux fails" } else { "Flux replaces it by nothing" };
            let message = format!("${{{name}}} has neither a value nor a default in {}: {then}", listed(by));
            finding(severity, VARIABLE, &at.path, line, message)
        })
        .chain(unsubstituted)
        .chain(notes)
        .collect()
}

/// The names of the Secrets that an ExternalSecret or another controller makes: their keys are not
/// in this tree.
fn secrets_made(view: &View) -> BTreeSet<String> {
    let objects = view.files().flat_map(|(_, file)| &file.objects).flat_map(Object::expanded);
    let making =
        objects.filter(|object| ["ExternalSecret", "SealedSecret", "ClusterExternalSecret"].contains(&&*object.kind));
    let name = |object: &Object| {
        let target = view.node(&object.at).and_then(|root| root.text_at(&["spec", "target", "name"]));
        target.unwrap_or(&object.name).to_owned()
    };
    making.map(name).collect()
}

/// Whether a ConfigMap or Secret that must exist, and is not in this tree, may give it a value.
/// Optional ones are usually absent, but for Secrets that are made.
fn may_come_from_elsewhere(kustomization: &FluxKustomization, made: &BTreeSet<String>) -> bool {
    let is_made = |from: &SubstituteFrom| from.kind == "Secret" && made.contains(&from.name);
    let missing = kustomization.substitute_from.iter().filter(|from| !from.optional || is_made(from));
    missing
        .map(|from| format!("{}/{}", from.kind, from.name))
        .any(|from| kustomization.variables.elsewhere.contains(&from))
}

fn is_substituted(object: &Rendered) -> bool {
    !is_disabled(SUBSTITUTE, [&object.labels, &object.annotations])
}

/// The variables that an object uses and that have neither a value nor a default, each with its
/// line. What patches add is not looked at.
fn missing(view: &View, variables: &Variables, object: &Rendered) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if let Some(texts) = object.generated_texts() {
        let line = line(view, &object.at);
        found.extend(texts.iter().flat_map(|text| variables.missing_in(text)).map(|name| (line, name)));
    } else if let Some(root) = view.node(&object.at).filter(|root| Value::of(*root).is_some()) {
        // Nested aliases can expand without limit: an object with those has no value.
        root.scalars(&mut |scalar| {
            let text = scalar.text().unwrap_or_default();
            found.extend(variables.missing_in(text).into_iter().map(|name| (scalar.line(), name)));
        });
    }
    found.sort();
    found.dedup();
    found
}

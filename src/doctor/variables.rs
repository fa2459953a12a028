//! Variables without a value.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::builds::Builds;
use super::changed::Scope;
use super::codes::{FILLED_BY_WEBHOOK, VARIABLE};
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{
    At, Cluster, ClusterId, FluxKustomization, Missing, Object, Rendered, SUBSTITUTE, SubstituteFrom, Value, Variables,
    View, is_disabled,
};

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    // One finding for each variable and place, however many Kustomizations build it.
    let mut found: BTreeMap<(&At, usize, Missing), (bool, BTreeSet<String>)> = BTreeMap::new();
    let mut unsubstituted: BTreeMap<(&At, String), BTreeSet<String>> = BTreeMap::new();
    let made = OnceCell::new();
    let made = || made.get_or_init(|| secrets_made(view));
    let mut silenced: BTreeMap<ClusterId, BTreeSet<(&At, String)>> = BTreeMap::new();
    let in_scope = view.graph().kustomizations.entries().filter(|(_, one)| scope.has(view, one));
    for (id, kustomization) in in_scope {
        let may_be_given = || may_come_from_elsewhere(kustomization, made());
        let objects = || scope.objects(view, kustomization, builds.by(id));
        // Flux substitutes nothing at all here, and no name can have a `$`.
        if !kustomization.variables.any {
            for object in objects() {
                let names = [Some(&object.name), object.namespace.as_ref()];
                for name in names.into_iter().flatten().flat_map(|text| kustomization.variables.missing_in(text)) {
                    if may_be_given() {
                        break;
                    }
                    if view.fills_variables(kustomization.cluster).is_some() {
                        silenced.entry(kustomization.cluster).or_default().insert((&object.at, name));
                        continue;
                    }
                    unsubstituted.entry((&object.at, name)).or_default().insert(kustomization.full_name());
                }
            }
            continue;
        }
        let cluster = &view.graph().clusters[kustomization.cluster];
        for object in objects().filter(|object| is_substituted(object)) {
            for (line, missing) in missing(view, &kustomization.variables, object) {
                if may_be_given() {
                    break;
                }
                if view.fills_variables(kustomization.cluster).is_some() {
                    silenced.entry(kustomization.cluster).or_default().insert((&object.at, missing.name));
                    continue;
                }
                let is_strict = refuses(cluster, &missing);
                let (is_error, by) = found.entry((&object.at, line, missing)).or_default();
                *is_error |= is_strict;
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
        .map(|((at, line, missing), (is_error, by))| {
            let severity = if is_error { Severity::Error } else { Severity::Warning };
            let then = if is_error { "Flux fails" } else { "Flux replaces it by nothing" };
            let message = format!("{} has neither a value nor a default in {}: {then}", missing.used, listed(by));
            finding(severity, VARIABLE, &at.path, line, message)
        })
        .chain(unsubstituted)
        .chain(notes)
        .collect()
}

/// Whether Flux fails on a variable without a value: in strict mode, and in transforms from 2.9 on.
fn refuses(cluster: &Cluster, missing: &Missing) -> bool {
    let has_strict_transforms = || cluster.flux.is_some_and(|flux| flux.is_at_least(9));
    cluster.substitutes_strictly() == Some(true) && (!missing.is_transformed || has_strict_transforms())
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
fn missing(view: &View, variables: &Variables, object: &Rendered) -> Vec<(usize, Missing)> {
    let mut found = Vec::new();
    if let Some(texts) = object.generated_texts() {
        let line = line(view, &object.at);
        found.extend(texts.iter().flat_map(|text| variables.uses_missing_in(text)).map(|missing| (line, missing)));
    } else if let Some(root) = view.node(&object.at).filter(|root| Value::of(*root).is_some()) {
        // Nested aliases can expand without limit: an object with those has no value.
        root.scalars(&mut |scalar| {
            let text = scalar.text().unwrap_or_default();
            found.extend(variables.uses_missing_in(text).into_iter().map(|missing| (scalar.line(), missing)));
        });
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use crate::doctor::tests::found;

    const CODE: &str = "variable-without-value";

    /// An object with a text, built with variables by a cluster with this Flux and its flags.
    fn files(flux: &str, arguments: &str, text: &str, of_object: &str) -> String {
        format!(
            "//- apps/flux.yaml\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux, namespace: \
             flux-system}}\nspec:\n  distribution: {{version: {flux}, registry: ghcr.io/fluxcd}}\n{arguments}\
             //- apps/app.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: app, namespace: \
             flux-system}}\nspec: {{path: ./app, prune: true, sourceRef: {{kind: GitRepository, name: home}}, postBuild: \
             {{substitute: {{A: b}}}}}}\n\
             //- app/map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: map{of_object}}}\ndata: {{x: '{text}'}}\n"
        )
    }

    /// Whether Flux fails, or replaces it by nothing; `None` if nothing is reported.
    fn fails(files: &str) -> Option<bool> {
        let found = found(CODE, files);
        assert!(found.len() < 2, "{found:?}");
        found.first().map(|message| message.ends_with("Flux fails"))
    }

    #[test]
    fn strict_mode_refuses_what_has_no_value() {
        let gate = |on: bool| {
            format!(
                "  kustomize:\n    patches:\n      - target: {{kind: Deployment, name: kustomize-controller}}\n        patch: \
                 '[{{\"op\": \"add\", \"path\": \"/spec/template/spec/containers/0/args/-\", \"value\": \
                 \"--feature-gates=StrictPostBuildSubstitutions={on}\"}}]'\n"
            )
        };
        for (flux, arguments, text, expected) in [
            ("2.9.4", "", "${X}", Some(true)),
            ("2.7.5", "", "${X}", Some(false)),
            ("2.9.4", &*gate(false), "${X}", Some(false)),
            ("2.7.5", &*gate(true), "${X}", Some(true)),
            ("2.9.4", "", "${X/a/b}", Some(true)),
            ("2.9.4", "", "${X^}", Some(true)),
            ("2.9.4", "", "${#X}", Some(true)),
            ("2.9.4", "", "${X:0}", Some(true)),
            ("2.7.5", &*gate(true), "${X,}", Some(false)),
            ("2.7.5", "", "${X/a/b}", Some(false)),
            ("2.9.4", "", "${A/a/b}", None),
            ("2.9.4", "", "$X $${X} ${X:=a} ${X:-a} ${X:+a}", None),
        ] {
            assert_eq!(fails(&files(flux, arguments, text, "")), expected, "Flux {flux} {text} {arguments}");
        }
        let message = found(CODE, &files("2.9.4", "", "${X/a/b}", "")).remove(0);
        assert!(message.contains("${X/a/b} has neither a value nor a default in flux-system/app"), "{message}");
    }

    #[test]
    fn what_is_not_substituted_may_say_anything() {
        let annotated = |value: &str| {
            let annotation = format!(", annotations: {{kustomize.toolkit.fluxcd.io/substitute: {value}}}");
            fails(&files("2.9.4", "", "${X}", &annotation))
        };
        assert_eq!(annotated("disabled"), None);
        assert_eq!(annotated("Disabled"), Some(true), "Flux compares the case");
    }
}

//! Two renders that somebody made: what is installed today, and what the operator will apply. They are
//! the same but for what the operator is known to change (measured with flux-operator 0.58.1 on Flux
//! 2.7.5 and 2.9.4).

use std::collections::BTreeMap;

use super::codes;
use crate::flux::Value;
use crate::plan::Finding;
use crate::yaml::Stream;

/// How many differences are shown.
const SHOWN: usize = 20;

/// Labels of owners, and who says that it manages an object.
const LABELS: [&str; 5] = [
    "app.kubernetes.io/managed-by",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
    "fluxcd.controlplane.io/name",
    "fluxcd.controlplane.io/namespace",
];

/// Annotations with which the operator takes an object, and its own on the Namespace.
const ANNOTATIONS: [&str; 3] =
    ["kustomize.toolkit.fluxcd.io/ssa", "kustomize.toolkit.fluxcd.io/prune", "fluxcd.controlplane.io/prune"];

/// Kinds of the operator, which Alerts and Receivers may name.
const KINDS: [&str; 3] = ["FluxInstance", "ResourceSet", "ResourceSetInputProvider"];

/// Group, kind, namespace and name.
type Name = (String, String, String, String);

/// Compares today's render with that of the FluxInstance.
pub fn compare_renders(today: &str, instance: &str) -> Vec<Finding> {
    let read = |text: &str, which: &str| {
        objects(text)
            .map_err(|why| Finding::error(codes::RENDERS_DIFFER, format!("the render {which} cannot be read: {why}")))
    };
    let (old, new) = match (read(today, "of today"), read(instance, "of the FluxInstance")) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => return [old.err(), new.err()].into_iter().flatten().collect(),
    };
    let mut found: Vec<String> = Vec::new();
    found.extend(
        old.keys().filter(|name| !new.contains_key(name)).map(|name| format!("{} would not be applied", shown(name))),
    );
    found.extend(new.keys().filter(|name| !old.contains_key(name)).map(|name| format!("{} is new", shown(name))));
    for (name, was) in &old {
        let differences = new.get(name).filter(|is| !was.same_as(is)).map(|is| was.differences(is));
        found.extend(differences.into_iter().flatten().map(|difference| {
            let show = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
            format!(
                "{}: {} is {}, was {}",
                shown(name),
                difference.field,
                show(difference.after),
                show(difference.before)
            )
        }));
    }
    if old.is_empty() {
        return vec![Finding::error(codes::RENDERS_DIFFER, "the render of today has no objects")];
    }
    if found.is_empty() {
        let message = format!("{} objects are the same in both renders, but for what the operator changes", old.len());
        return vec![Finding::note(codes::RENDERS_SAME, message)];
    }
    let more = found.len().saturating_sub(SHOWN);
    let mut findings: Vec<Finding> =
        found.into_iter().take(SHOWN).map(|message| Finding::error(codes::RENDERS_DIFFER, message)).collect();
    if more > 0 {
        findings.push(Finding::error(codes::RENDERS_DIFFER, format!("and {more} more differences")));
    }
    findings
}

fn shown((_, kind, namespace, name): &Name) -> String {
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}

/// The objects of a render, without what may differ.
fn objects(text: &str) -> Result<BTreeMap<Name, Value>, String> {
    let stream = Stream::parse(text).map_err(|error| error.to_string())?;
    let mut found = BTreeMap::new();
    for root in stream.documents() {
        let mut object = Value::of(root).ok_or_else(|| format!("line {} cannot be read", root.line()))?;
        let text = |path: &[&str]| object.text_at(path).unwrap_or_default().to_owned();
        let version = text(&["apiVersion"]);
        let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let name = (group, text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]));
        if name.1.is_empty() || name.3.is_empty() {
            return Err(format!("line {} has no kind or no name", root.line()));
        }
        reduce(&mut object, &name);
        if found.insert(name.clone(), object).is_some() {
            return Err(format!("{} is there twice", shown(&name)));
        }
    }
    Ok(found)
}

/// Takes off what the operator is known to change.
fn reduce(object: &mut Value, (_, kind, _, name): &Name) {
    LABELS.iter().for_each(|label| object.remove_at(&["metadata", "labels", label]));
    ANNOTATIONS.iter().for_each(|annotation| object.remove_at(&["metadata", "annotations", annotation]));
    if kind == "Deployment" {
        for label in ["instance", "version"] {
            object.remove_at(&["spec", "template", "metadata", "labels", &format!("app.kubernetes.io/{label}")]);
        }
        let evict = "cluster-autoscaler.kubernetes.io/safe-to-evict";
        object.remove_at(&["spec", "template", "metadata", "annotations", evict]);
        without_digests(object);
    }
    let is_of_kinds =
        ["alerts.notification.toolkit.fluxcd.io", "receivers.notification.toolkit.fluxcd.io"].contains(&name.as_str());
    if kind == "CustomResourceDefinition" && is_of_kinds {
        without_kinds(object);
    }
    if let Some(Value::Sequence(rules)) = object.at_mut(&["rules"]).filter(|_| name == "crd-controller-flux-system") {
        let is_own = |rule: &Value| {
            let groups = rule.get("apiGroups").map(Value::items).unwrap_or_default();
            matches!(groups, [group] if group.text() == Some("fluxcd.controlplane.io"))
        };
        rules.retain(|rule| !is_own(rule));
    }
}

/// Images without digests.
fn without_digests(deployment: &mut Value) {
    let Some(Value::Sequence(containers)) = deployment.at_mut(&["spec", "template", "spec", "containers"]) else {
        return;
    };
    for container in containers {
        let bare =
            container.text_at(&["image"]).and_then(|image| image.split_once('@')).map(|(bare, _)| Value::string(bare));
        if let Some(bare) = bare {
            container.set("image", bare);
        }
    }
}

/// Lists of kinds without those of the operator.
fn without_kinds(value: &mut Value) {
    match value {
        Value::Mapping(entries) => {
            for (key, inner) in entries {
                match inner {
                    Value::Sequence(items) if key == "enum" => {
                        items.retain(|item| item.text().is_none_or(|kind| !KINDS.contains(&kind)));
                    }
                    inner => without_kinds(inner),
                }
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(without_kinds),
        Value::Null | Value::Scalar { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "apiVersion: v1
kind: Namespace
metadata: {name: flux-system, labels: {app.kubernetes.io/part-of: flux, kustomize.toolkit.fluxcd.io/name: flux}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: helm-controller, namespace: flux-system, labels: {app.kubernetes.io/part-of: flux}}
spec:
  template:
    metadata:
      labels: {app: helm-controller, app.kubernetes.io/instance: flux-system, app.kubernetes.io/version: v2.7.5}
      annotations: {prometheus.io/scrape: 'true'}
    spec: {containers: [{name: manager, image: 'ghcr.io/fluxcd/helm-controller:v1.4.5', args: [--concurrent=8]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: crd-controller-flux-system, labels: {app.kubernetes.io/part-of: flux}}
rules: [{apiGroups: [source.toolkit.fluxcd.io], resources: ['*'], verbs: ['*']}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: alerts.notification.toolkit.fluxcd.io, labels: {app.kubernetes.io/part-of: flux}}
spec: {versions: [{schema: {kind: {enum: [Bucket, Kustomization], type: string}}}]}
";

    fn instance() -> String {
        let marks = "annotations: {kustomize.toolkit.fluxcd.io/ssa: Ignore, kustomize.toolkit.fluxcd.io/prune: Disabled}, labels: \
                     {app.kubernetes.io/managed-by: flux-operator, ";
        TODAY
            .replace(", kustomize.toolkit.fluxcd.io/name: flux", "")
            .replace("labels: {app.kubernetes.io/part-of", &format!("{marks}app.kubernetes.io/part-of"))
            .replace(", app.kubernetes.io/instance: flux-system, app.kubernetes.io/version: v2.7.5", "")
            .replace("'true'}", "'true', cluster-autoscaler.kubernetes.io/safe-to-evict: 'true'}")
            .replace("v1.4.5", "v1.4.5@sha256:ab")
            .replace("[Bucket, ", "[Bucket, FluxInstance, ResourceSet, ")
            .replace("rules: [", "rules: [{apiGroups: [fluxcd.controlplane.io], resources: ['*'], verbs: ['*']}, ")
    }

    fn told(today: &str, instance: &str) -> Vec<String> {
        let told = |finding: Finding| format!("{} {}", finding.code, finding.message);
        compare_renders(today, instance).into_iter().map(told).collect()
    }

    #[test]
    fn what_the_operator_changes_is_no_difference() {
        let same = "renders-same 4 objects are the same in both renders, but for what the operator changes";
        assert_ne!(TODAY, instance());
        assert_eq!(told(TODAY, &instance()), [same]);
        assert_eq!(told(TODAY, TODAY), [same]);
    }

    #[test]
    fn everything_else_is() {
        let of = |from: &str, to: &str| {
            let changed = instance().replace(from, to);
            assert_ne!(changed, instance(), "{from}");
            told(TODAY, &changed)
        };
        assert_eq!(
            of("--concurrent=8", "--concurrent=4"),
            ["renders-differ Deployment flux-system/helm-controller: spec.template.spec.containers[0].args[0] is \
                 --concurrent=4, was --concurrent=8"]
        );
        assert_eq!(
            of("kind: Deployment\nmetadata: {name: helm-controller", "kind: Deployment\nmetadata: {name: other"),
            [
                "renders-differ Deployment flux-system/helm-controller would not be applied",
                "renders-differ Deployment flux-system/other is new"
            ]
        );
        assert_eq!(of("v1.4.5@", "v1.4.6@").len(), 1);
        assert_eq!(of("[Bucket, ", "[GitRepository, Bucket, ").len(), 1);
        assert_eq!(of("app: helm-controller", "app: helm").len(), 1);
        assert!(told("", &instance())[0].contains("is new") || told("", &instance())[0].contains("no objects"));
        assert!(told("a: [", TODAY)[0].contains("the render of today cannot be read"));
        assert!(told(TODAY, &format!("{TODAY}---\n{TODAY}"))[0].contains("is there twice"));
    }
}

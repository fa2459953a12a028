//! What one object of a build has to do with an object that is asked for.

use super::candidate::{Candidate, Release};
use super::{Asked, Makers};
use crate::charts::app_template::{self, Deployed, is_installed};
use crate::doctor::names::{Words, fits};
use crate::flux::{Rendered, Value};

/// What an object has to do with the one that is asked for.
pub(super) enum Part {
    Nothing,
    /// It has the name and makes nothing.
    Names,
    /// It makes it in another namespace.
    In(String),
    /// It is the object, but for a hash in its name.
    Hashed,
    /// It makes it, or may.
    Makes,
}

/// Groups whose objects make no Secret, ConfigMap or Service of their own, or say which.
const INERT: [&str; 24] = [
    "apps",
    "autoscaling",
    "batch",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "snapshot.storage.k8s.io",
    "apiextensions.k8s.io",
    "networking.k8s.io",
    "gateway.networking.k8s.io",
    "monitoring.coreos.com",
    "cilium.io",
    "k8s.cni.cncf.io",
    "keda.sh",
    "volsync.backube",
    "externaldns.k8s.io",
    "source.toolkit.fluxcd.io",
    "kustomize.toolkit.fluxcd.io",
    "notification.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "traefik.io",
    "gateway.envoyproxy.io",
    "metallb.io",
];

/// Kinds of which each object makes one Secret in its own namespace, under a name that it states.
const STATING: [(&str, &str); 3] =
    [("external-secrets.io", "ExternalSecret"), ("bitnami.com", "SealedSecret"), ("cert-manager.io", "Certificate")];

impl Makers<'_> {
    /// What an object that a Flux Kustomization builds has to do with the one that is asked for.
    pub(super) fn part(&self, candidate: &Candidate<'_>, asked: &Asked<'_>) -> Part {
        let Candidate { object, group, name, namespace, .. } = candidate;
        let group = *group;
        let may_be_there = asked.is_in(namespace) || namespace.contains("${");
        if group == asked.group && object.kind == asked.kind {
            let is_it = fits(name, asked.name);
            let is_copied =
                object.annotations.iter().any(|(key, _)| key.contains("reflector") || key.contains("replicator"));
            let hash = name.strip_prefix(asked.name).and_then(|rest| rest.strip_prefix('-'));
            let is_hashed = self.is_generated(object) && hash.is_some_and(|hash| hash.len() == 10);
            return match (is_it, is_hashed) {
                (true, _) if may_be_there || is_copied => Part::Makes,
                (false, true) if may_be_there && self.is_renamed_on_its_way(object) => Part::Makes,
                (false, true) if may_be_there => Part::Hashed,
                (true, _) | (_, true) => Part::In(namespace.clone()),
                (false, false) => Part::Nothing,
            };
        }
        if group == "helm.toolkit.fluxcd.io" {
            return candidate.release(self.view).map_or(Part::Makes, |release| self.part_of_release(release, asked));
        }
        // A policy or set that makes objects of any name.
        if object.kind == "ResourceSet" || self.says_key(object, "generate") {
            return Part::Makes;
        }
        let is_called_after_it = may_be_there && asked.name.contains(name.as_str());
        if group.is_empty() || !asked.is_input() {
            let makes_secrets = STATING.iter().any(|(of, _)| *of == group);
            let is_known = group.is_empty() || makes_secrets || INERT.contains(&group);
            // Services of operators have names of their own, too.
            let may_make = is_called_after_it || may_be_there && asked.kind == "Service";
            return if may_make && !is_known { Part::Makes } else { Part::Nothing };
        }
        let says = |word: &str| candidate.says(self.view, word);
        let says_so = says(asked.name);
        if STATING.contains(&(group, object.kind.as_str())) {
            return match says_so || fits(name, asked.name) || self.states(candidate, asked.name) {
                false => Part::Nothing,
                true if may_be_there || says("reflector") || says("replicat") => Part::Makes,
                true => Part::In(namespace.clone()),
            };
        }
        // Certificates of Ingresses and Gateways become Secrets.
        let is_inert = INERT.contains(&group) && !matches!(object.kind.as_str(), "Ingress" | "Gateway");
        match (is_inert, says_so) {
            (true, _) if may_be_there && object.kind == "Role" && says("create") => Part::Makes,
            (true, true) => Part::Names,
            (true, false) => Part::Nothing,
            (false, true) => Part::Makes,
            (false, false) if is_called_after_it => Part::Makes,
            (false, false) => Part::Nothing,
        }
    }

    /// What a chart makes.
    fn part_of_release(&self, release: &Release, asked: &Asked<'_>) -> Part {
        let Release { installed: release, words, objects } = release;
        let is_there = asked.is_in(&release.namespace) || release.namespace.contains("${");
        let says_so = words.have(asked.name);
        let names = || if says_so { Part::Names } else { Part::Nothing };
        if let Some(deployed) = Deployed::installed(self.view, release) {
            let is_it = |made: &app_template::Object| {
                let kind = made.kind.as_deref();
                kind.is_none_or(|kind| kind == asked.kind) && made.name.as_ref().is_ok_and(|name| name == asked.name)
                    || kind == Some(asked.kind) && made.name.is_err()
            };
            let makes = is_there && objects.iter().any(is_it);
            // A whole object in the values has its kind there, too.
            let is_whole = || is_there && asked.kind != "Service" && deployed.may_make(asked.kind);
            let may_make = deployed.may_make(asked.name) && (asked.is_input() || is_whole());
            let has_role = is_there && asked.is_input() && deployed.may_write_secrets();
            return if makes || may_make || has_role { Part::Makes } else { names() };
        }
        // All names of app-template begin with that of the release, or stand in the values.
        let is_app_template = is_installed(self.view, release) == Some(true);
        let may =
            asked.name.contains(&release.release) || says_so || release.object.at(&["spec", "valuesFrom"]).is_some();
        match (is_there, is_app_template) {
            (true, true) if !may => Part::Nothing,
            (true, _) => Part::Makes,
            (false, _) if says_so && asked.is_input() => Part::Makes,
            // Charts put Gateways and routes into other namespaces, if values say so.
            (false, false) if asked.kind != "Service" && states(&release.object, asked) => Part::Makes,
            (false, _) => Part::Nothing,
        }
    }

    fn is_generated(&self, object: &Rendered) -> bool {
        self.view.object(&object.at).is_none_or(|stated| stated.kind != object.kind)
    }

    /// Whether a kustomization on the way of an object may put its name with the hash into others.
    fn is_renamed_on_its_way(&self, object: &Rendered) -> bool {
        let files = object.through.iter().chain([&object.at.path]);
        let mut on_the_way = files.filter_map(|path| self.view.kustomization(&path.dir()));
        on_the_way.any(|kustomization| !kustomization.configurations.is_empty())
    }

    /// Whether an object of [`STATING`] may make a Secret of this name.
    fn states(&self, candidate: &Candidate<'_>, name: &str) -> bool {
        let Some(root) = self.view.node(&candidate.object.at) else { return true };
        let paths = [&["spec", "target", "name"][..], &["spec", "secretName"]];
        let mut stated = paths.iter().filter_map(|path| root.text_at(path));
        stated.any(|text| fits(&candidate.by.variables.substitute(text), name))
    }

    fn says_key(&self, object: &Rendered, key: &str) -> bool {
        let is_policy = object.api_version.contains("kyverno.io/");
        is_policy && self.view.node(&object.at).and_then(Value::of).is_none_or(|value| value.has_key(key))
    }
}

/// Whether a text of a release has a name and a namespace that are asked for, but for the parents that
/// routes name.
fn states(release: &Value, asked: &Asked<'_>) -> bool {
    let mut others = release.clone();
    remove_all(&mut others, "parentRefs");
    let words = Words::of(&others);
    words.have(asked.name) && words.have(asked.namespace)
}

fn remove_all(value: &mut Value, key: &str) {
    match value {
        Value::Null | Value::Scalar { .. } => {}
        Value::Sequence(items) => items.iter_mut().for_each(|item| remove_all(item, key)),
        Value::Mapping(entries) => {
            entries.retain(|(name, _)| name != key);
            entries.iter_mut().for_each(|(_, value)| remove_all(value, key));
        }
    }
}

//! What makes an object of a kind and name in a cluster, or may make it.
//!
//! The answer is for rules that say "nothing makes it", so whatever is not certain may: charts of
//! which nothing is known here, operators that call what they make after one of their objects, and
//! any text that has the name and is no known reference.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use super::builds::Builds;
use super::listed;
use super::names::{fits, has_name, is_in_comment, is_whole_word};
use crate::charts::app_template::{Deployed, is_installed};
use crate::flux::{ById, ClusterId, FluxKustomization, KustomizationId, Rendered, Value, View};
use crate::repo::{EntryKind, RepoPath};

/// An object that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'q> {
    pub(super) cluster: ClusterId,
    pub(super) kind: &'q str,
    pub(super) namespace: &'q str,
    pub(super) name: &'q str,
}

/// What there is where nothing makes the object.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// The namespaces in which it is made.
    namespaces: BTreeSet<String>,
    /// The name with a hash that a generator gives it.
    hashed: Option<String>,
    /// The files with its name that do not make it: they need it, too, or make it elsewhere.
    explained: BTreeSet<RepoPath>,
}

pub(super) struct Makers<'a> {
    view: &'a View,
    builds: &'a Builds,
    /// Whether all that a Flux Kustomization builds is in this tree.
    is_whole: OnceCell<ById<KustomizationId, bool>>,
}

/// What an object has to do with the one that is asked for.
enum Part {
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

impl<'a> Makers<'a> {
    pub(super) fn of(view: &'a View, builds: &'a Builds) -> Makers<'a> {
        Makers { view, builds, is_whole: OnceCell::new() }
    }

    /// What there is instead of an object; `None` if something makes it, or may.
    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<Absent> {
        let graph = self.view.graph();
        if !graph.clusters[asked.cluster].in_tree {
            return None;
        }
        // What goes to another cluster is not here.
        let is_here = |one: &FluxKustomization| one.cluster == asked.cluster && one.remote_cluster().is_none();
        let here: Vec<_> = graph.kustomizations.entries().filter(|(_, one)| is_here(one)).collect();
        let mut absent = Absent::default();
        // The namespace itself first: there it is made, if it is.
        for in_namespace in [true, false] {
            for (id, kustomization) in &here {
                let is_there = |object: &Rendered| namespace_of(kustomization, object) == asked.namespace;
                if in_namespace && self.is_open(*id, kustomization, asked.namespace) {
                    return None;
                }
                for object in self.builds.by(*id).iter().filter(|object| is_there(object) == in_namespace) {
                    match self.part(*id, kustomization, object, asked) {
                        Part::Nothing => continue,
                        Part::Names => {}
                        Part::In(namespace) => drop(absent.namespaces.insert(namespace)),
                        Part::Hashed => absent.hashed = Some(kustomization.variables.substitute(&object.name)),
                        Part::Makes => return None,
                    }
                    absent.explained.insert(object.at.path.clone());
                }
            }
        }
        Some(absent)
    }

    /// Whether a Flux Kustomization may apply to a namespace what is not in this tree.
    fn is_open(&self, id: KustomizationId, kustomization: &FluxKustomization, namespace: &str) -> bool {
        let may_target = kustomization.target_namespace.as_deref().is_none_or(|target| target == namespace);
        let is_there = |object: &Rendered| namespace_of(kustomization, object) == namespace;
        match &kustomization.path {
            None => kustomization.source.name != "flux-manifests" && may_target,
            Some(_) => self.builds.by(id).iter().any(is_there) && !self.is_whole(id),
        }
    }

    /// Whether other files have these names in them: what is not applied by Flux, scripts, notes.
    /// Somebody may make the object from there.
    pub(super) fn named_elsewhere(&self, names: &[(&str, &Absent)]) -> Vec<bool> {
        let mut named = vec![false; names.len()];
        let Ok(finder) = AhoCorasick::new(names.iter().map(|(name, _)| name)) else { return vec![true; names.len()] };
        if names.is_empty() {
            return named;
        }
        let tree = self.view.tree();
        for (path, _) in tree.entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. })) {
            let Ok(Some(file)) = tree.read(&path) else { continue };
            for found in finder.find_overlapping_iter(&*file.bytes) {
                // Equal names have several numbers, and all of them are found.
                let (_, absent) = names[found.pattern().as_usize()];
                let is_explained = absent.explained.contains(&path) && !is_in_comment(&file.bytes, found.start());
                if !is_explained && is_whole_word(&file.bytes, found.range()) {
                    named[found.pattern().as_usize()] = true;
                }
            }
        }
        named
    }

    fn is_whole(&self, id: KustomizationId) -> bool {
        let all = || {
            let is_whole = |one: &FluxKustomization| one.path.is_none() || self.view.input(one).is_ok();
            self.view.graph().kustomizations.iter().map(is_whole).collect()
        };
        self.is_whole.get_or_init(all)[id]
    }

    fn part(&self, id: KustomizationId, by: &FluxKustomization, object: &Rendered, asked: &Asked<'_>) -> Part {
        let namespace = namespace_of(by, object);
        let may_be_there = namespace == asked.namespace || namespace.contains("${");
        let name = by.variables.substitute(&object.name);
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
        if group.is_empty() && object.kind == asked.kind {
            let is_it = fits(&name, asked.name);
            let is_copied =
                object.annotations.keys().any(|key| key.contains("reflector") || key.contains("replicator"));
            let hash = name.strip_prefix(asked.name).and_then(|rest| rest.strip_prefix('-'));
            let is_hashed = self.is_generated(object) && hash.is_some_and(|hash| hash.len() == 10);
            return match (is_it, is_hashed) {
                (true, _) if may_be_there || is_copied => Part::Makes,
                (false, true) if may_be_there && self.is_renamed_on_its_way(object) => Part::Makes,
                (false, true) if may_be_there => Part::Hashed,
                (true, _) | (_, true) => Part::In(namespace),
                (false, false) => Part::Nothing,
            };
        }
        if group.is_empty() || asked.kind == "Service" && group != "helm.toolkit.fluxcd.io" {
            let is_operators = !group.is_empty() && !INERT.contains(&group);
            return if is_operators && may_be_there && asked.name.contains(&name) {
                Part::Makes
            } else {
                Part::Nothing
            };
        }
        if group == "helm.toolkit.fluxcd.io" {
            return self.part_of_release(id, object, asked);
        }
        let says_so = self.says(by, object, asked.name);
        if STATING.contains(&(group, object.kind.as_str())) {
            return match says_so || fits(&name, asked.name) || self.states(by, object, asked.name) {
                false => Part::Nothing,
                true if may_be_there || self.says(by, object, "reflector") || self.says(by, object, "replicat") => {
                    Part::Makes
                }
                true => Part::In(namespace),
            };
        }
        // Certificates of Ingresses and Gateways become Secrets.
        let is_inert = INERT.contains(&group) && !matches!(object.kind.as_str(), "Ingress" | "Gateway");
        match (is_inert, says_so) {
            (true, _) if may_be_there && object.kind == "Role" && self.says(by, object, "create") => Part::Makes,
            (true, true) => Part::Names,
            (true, false) => Part::Nothing,
            (false, true) => Part::Makes,
            // A policy or set that makes objects of any name.
            (false, false) if object.kind == "ResourceSet" || self.says_key(object, "generate") => Part::Makes,
            (false, false) if may_be_there && asked.name.contains(&name) => Part::Makes,
            (false, false) => Part::Nothing,
        }
    }

    /// What a chart makes.
    fn part_of_release(&self, id: KustomizationId, object: &Rendered, asked: &Asked<'_>) -> Part {
        let mut reaches = self.view.graph().reaches(&object.at).iter();
        let reach = reaches.find(|reach| reach.kustomization == id && reach.kind == "HelmRelease");
        let Some(release) = reach.and_then(|reach| self.view.installed(&object.at, reach)) else { return Part::Makes };
        let is_there = release.namespace == asked.namespace || release.namespace.contains("${");
        let says_so = has_name(&release.object, asked.name);
        let names = || if says_so { Part::Names } else { Part::Nothing };
        if let Some(deployed) = Deployed::installed(self.view, &release) {
            let is_it = |made: &crate::charts::app_template::Object| {
                let kind = made.kind.as_deref();
                kind.is_none_or(|kind| kind == asked.kind) && made.name.as_ref().is_ok_and(|name| name == asked.name)
                    || kind == Some(asked.kind) && made.name.is_err()
            };
            let makes = is_there && deployed.chart.objects().iter().any(is_it);
            let may_make = deployed.may_make(asked.name) && asked.kind != "Service";
            let has_role = is_there && deployed.may_write_secrets();
            return if makes || may_make || has_role { Part::Makes } else { names() };
        }
        // All names of app-template begin with that of the release, or stand in the values.
        let is_app_template = is_installed(self.view, &release) == Some(true);
        let may =
            asked.name.contains(&release.release) || says_so || release.object.at(&["spec", "valuesFrom"]).is_some();
        match (is_there, is_app_template) {
            (true, true) if !may => Part::Nothing,
            (true, _) => Part::Makes,
            (false, _) if says_so && asked.kind != "Service" => Part::Makes,
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

    /// Whether a text of an object has a name in it.
    fn says(&self, by: &FluxKustomization, object: &Rendered, name: &str) -> bool {
        let Some(value) = self.view.node(&object.at).and_then(Value::of) else { return true };
        let mut value = value;
        value.map_text(&|text| by.variables.substitute(text));
        has_name(&value, name)
    }

    /// Whether an object of [`STATING`] may make a Secret of this name.
    fn states(&self, by: &FluxKustomization, object: &Rendered, name: &str) -> bool {
        let Some(root) = self.view.node(&object.at) else { return true };
        let paths = [&["spec", "target", "name"][..], &["spec", "secretName"]];
        let mut stated = paths.iter().filter_map(|path| root.text_at(path));
        stated.any(|text| fits(&by.variables.substitute(text), name))
    }

    fn says_key(&self, object: &Rendered, key: &str) -> bool {
        let is_policy = object.api_version.contains("kyverno.io/");
        is_policy && self.view.node(&object.at).and_then(Value::of).is_none_or(|value| value.has_key(key))
    }
}

impl Absent {
    /// Where it is instead, as the end of a sentence.
    pub(super) fn instead(&self) -> String {
        match &self.hashed {
            Some(hashed) => format!("; a generator makes {hashed}, and the hash is not added in values"),
            None if self.namespaces.is_empty() => String::new(),
            None => format!("; there is one in namespace {}", listed(self.namespaces.iter().cloned())),
        }
    }
}

fn namespace_of(by: &FluxKustomization, object: &Rendered) -> String {
    by.variables.substitute(object.namespace.as_deref().unwrap_or_default())
}

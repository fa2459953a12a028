//! What a move from 3.x to 4.x cannot keep (`docs/app-template.md#what-cannot-be-kept`).

use super::items::{Item, enabled, literal};
use super::name::Name;
use super::restore::{Pinned, Pins};
use super::{Chart, Object, Reference, Referent, Section};
use crate::flux::Value;
use crate::flux::WorkloadKind;

/// What stops an upgrade from 3.x to 4.x at a workload, until it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stop {
    /// Nothing: a CronJob, or a Job that is a Helm hook, which Helm deletes before it makes it
    /// again.
    Nothing,
    /// `spec.selector` of a Deployment or DaemonSet, always: the label `component` is now
    /// `controller`.
    Selector,
    /// `spec` of a StatefulSet but for a few fields, always, by its selector.
    Spec,
    /// `spec.selector` and `spec.template` of a Job.
    Template,
    /// Unknown, because the chart does not know the kind.
    Unknown,
}

/// A workload that the chart makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// The controller, by its key.
    pub identifier: String,
    /// Its kind; `None` for one that the chart does not know.
    pub kind: Option<WorkloadKind>,
    /// Its name.
    pub name: Name,
    /// Whether it is a Helm hook.
    pub is_hook: bool,
    /// What stops an upgrade from 3.x to 4.x at it.
    pub stop: Stop,
    /// The claims that a StatefulSet makes by itself.
    pub claim_templates: Vec<ClaimTemplate>,
    /// Whether these go with the StatefulSet when it is deleted:
    /// `persistentVolumeClaimRetentionPolicy.whenDeleted` is not `Retain`.
    pub loses_claims: bool,
}

/// A claim that a StatefulSet makes for each of its pods (row F of
/// `docs/app-template.md#names-in-3x`): `<name>-<StatefulSet>-<n>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimTemplate {
    /// `metadata.name`: what the values say, in both majors.
    pub name: Name,
}

/// What else a move from 3.x to 4.x costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A claim whose name cannot be kept: a new, empty volume, and Helm deletes the old claim.
    Claim {
        /// The name in 3.x.
        name: Name,
        /// The name in 4.x; `None` where it makes none.
        then: Option<Name>,
    },
    /// A binding that keeps its name while the role that it names changes: `roleRef` is immutable.
    RoleRef {
        /// The name of the binding.
        binding: Name,
        /// The name of the role in 3.x.
        role: Name,
    },
    /// A Service whose selector has the new label before there are pods with it: no endpoints
    /// until the workload is recreated.
    NoEndpoints {
        /// The name of the Service.
        service: Name,
        /// The controllers that may be behind it, by their keys.
        controllers: Vec<String>,
    },
}

impl Chart<'_> {
    /// The workloads that the chart makes.
    pub fn workloads(&self) -> Vec<Workload> {
        let objects = self.objects();
        let named = objects.iter().filter(|object| object.section == Section::Controllers);
        let controllers = enabled(self.section(Section::Controllers));
        // Both are the enabled controllers, in the order of the values.
        controllers.iter().zip(named).map(|(item, object)| self.workload(item, object.name.clone())).collect()
    }

    fn workload(&self, item: &Item<'_>, name: Name) -> Workload {
        let kind = super::workloads::kind(item.values);
        let is_hook = item.values.at(&["annotations", "helm.sh/hook"]).is_some();
        let stop = match kind {
            None => Stop::Unknown,
            Some(WorkloadKind::CronJob) => Stop::Nothing,
            Some(_) if is_hook => Stop::Nothing,
            Some(WorkloadKind::Deployment | WorkloadKind::DaemonSet) => Stop::Selector,
            Some(WorkloadKind::StatefulSet) => Stop::Spec,
            Some(WorkloadKind::Job) => Stop::Template,
        };
        let stateful_set = item.values.get("statefulset").unwrap_or(&Value::Null);
        let templates = stateful_set.get("volumeClaimTemplates").map(Value::items).unwrap_or_default().iter();
        let template = |template: &Value| {
            let name = literal(template, "name").map(|name| name.unwrap_or_default().to_owned());
            ClaimTemplate { name }
        };
        let retention = |values: &Value| {
            let policy = values.at(&["persistentVolumeClaimRetentionPolicy", "whenDeleted"])?;
            Some(policy.text() != Some("Retain"))
        };
        Workload {
            identifier: item.identifier.to_owned(),
            kind,
            name,
            is_hook,
            stop,
            claim_templates: templates.map(template).collect(),
            loses_claims: retention(stateful_set).or_else(|| retention(item.values)).unwrap_or(false),
        }
    }

    /// What a move of these values of 3.x costs beside the workloads, with what the pins can keep.
    pub fn costs(&self, pins: &Pins) -> Vec<Cost> {
        let is_lost = |pinned: &&Pinned| !pinned.pin.keeps();
        let lost: Vec<&Pinned> = pins.objects.iter().filter(is_lost).collect();
        let claims = lost.iter().filter(|pinned| pinned.object.section == Section::Persistence);
        let mut costs: Vec<Cost> = claims
            .map(|pinned| Cost::Claim { name: pinned.object.name.clone(), then: pinned.untouched.clone() })
            .collect();
        costs.extend(self.immutable_role_refs(&lost));
        costs.extend(self.services_without_endpoints());
        costs
    }

    /// The bindings whose role loses its name.
    fn immutable_role_refs(&self, lost: &[&Pinned]) -> Vec<Cost> {
        let objects = self.objects();
        let keeps = |section, identifier: &str| {
            !lost.iter().any(|pinned| pinned.object.section == section && pinned.object.identifier == identifier)
        };
        let cost = |reference: Reference| {
            let [rbac, bindings, identifier, role_ref, ..] = reference.path.as_slice() else { return None };
            if [rbac, bindings, role_ref] != ["rbac", "bindings", "roleRef"] {
                return None;
            }
            let role = reference.target(&objects)?;
            // A binding by a literal name stays and finds no role, which an upgrade does not
            // notice.
            let is_renamed =
                !keeps(Section::Roles, &role.identifier) && matches!(reference.to, Referent::Identifier(..));
            let is_it = |object: &&Object| object.section == Section::Bindings && object.identifier == *identifier;
            let binding = objects.iter().find(is_it).filter(|_| is_renamed && keeps(Section::Bindings, identifier))?;
            Some(Cost::RoleRef { binding: binding.name.clone(), role: role.name.clone() })
        };
        self.references().into_iter().filter_map(cost).collect()
    }

    fn services_without_endpoints(&self) -> Vec<Cost> {
        let workloads = self.workloads();
        let services = enabled(self.section(Section::Service)).into_iter().filter(|service| {
            // It has no selector.
            service.values.text_at(&["type"]) != Some("ExternalName")
        });
        let objects = self.objects();
        let cost = |service: Item<'_>| {
            let stated = service.values.text_at(&["controller"]);
            let behind = workloads.iter().filter(|workload| stated.is_none_or(|stated| stated == workload.identifier));
            let stopped =
                behind.filter(|workload| matches!(workload.stop, Stop::Selector | Stop::Spec | Stop::Unknown));
            let controllers: Vec<String> = stopped.map(|workload| workload.identifier.clone()).collect();
            let is_it =
                |object: &&Object| object.section == Section::Service && object.identifier == service.identifier;
            let service = objects.iter().find(is_it)?.name.clone();
            (!controllers.is_empty()).then_some(Cost::NoEndpoints { service, controllers })
        };
        services.filter_map(cost).collect()
    }
}

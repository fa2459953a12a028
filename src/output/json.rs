//! The plan as JSON, schema 1. The shape is a promise: a change of it raises the number, and
//! `docs/schema` has it as JSON Schema.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::Planned;
use super::recipe::{RecipeEntry, recipe_entry};
use crate::flux::{InCluster, View};
use crate::plan::{
    Batch, Effect, Finding, How, Impact, Judged, OutOfScope, Outcome, Phase, Safety, Severity, State, Subject, Unit,
    UnitId, Verdict,
};

/// The number of the schema of all JSON documents.
pub(super) const SCHEMA: u32 = 1;

/// A plan, as `plan --format json` and `check --format json` print it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The plan of flux-codemod")]
pub struct PlanDocument {
    /// The version of this schema.
    schema: u32,
    /// The clusters, in the order of promotion.
    clusters: Vec<ClusterEntry>,
    /// The migrations that were planned.
    migrations: Vec<MigrationEntry>,
    /// The selected units, in an order in which each comes after what it needs.
    units: Vec<UnitEntry>,
    /// The batches of the units that would be written, in the order in which they land.
    batches: Vec<BatchEntry>,
    /// Findings about the repository. Those about a unit are in the unit.
    findings: Vec<FindingEntry>,
    /// How builds before and after compare, if a migration promises that they stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<JudgedEntry>,
}

/// The findings of `doctor`, as `doctor --format json` prints them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The findings of flux-codemod doctor")]
pub struct FindingsDocument {
    /// The version of this schema.
    schema: u32,
    /// The findings.
    findings: Vec<FindingEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ClusterEntry {
    name: String,
    /// The directory that Flux starts from, relative to the root of the repository.
    path: String,
    /// The git branch that the cluster follows.
    branch: Option<String>,
    /// The version of Flux.
    flux: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MigrationEntry {
    id: String,
    version: u32,
    phase: Phase,
    out_of_scope: OutOfScopeEntry,
    /// Of a migration that is a recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipe: Option<RecipeEntry>,
}

/// What the migration leaves alone.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OutOfScopeEntry {
    count: usize,
    what: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct UnitEntry {
    /// The same on every run and every tree.
    id: String,
    migration: String,
    step: String,
    /// The stage of its recipe, if that has stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    subject: SubjectEntry,
    /// Other names under which clusters apply it, `namespace/name`.
    also: BTreeSet<String>,
    title: String,
    /// The cluster whose objects it changes, `shared` for several, `none` for none.
    lane: String,
    clusters: BTreeSet<String>,
    safety: Safety,
    /// What becomes of it now, without regard to what it needs.
    state: State,
    impact: Impact,
    /// The kinds of its workloads, if they are known.
    workloads: Vec<String>,
    /// Whether a Helm hook runs when it lands.
    hooks: bool,
    /// How many Flux Kustomizations depend on the one that applies it.
    dependents: usize,
    radius: RadiusEntry,
    /// The ids of the units that must land before it.
    needs: Vec<String>,
    /// The files that it may change.
    touches: Vec<String>,
    /// Whether it would be written.
    chosen: bool,
    findings: Vec<FindingEntry>,
    /// Why gates hold it back, such as an earlier cluster that has something pending.
    held: Vec<FindingEntry>,
    /// The migration that has to land first, if that is all that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    effects: Vec<EffectEntry>,
    /// What you could paste into the file yourself, for some refused units.
    #[serde(skip_serializing_if = "Option::is_none")]
    paste: Option<String>,
}

/// What a unit is about.
#[derive(Debug, Serialize, JsonSchema)]
struct SubjectEntry {
    kind: String,
    namespace: String,
    name: String,
    path: String,
}

/// What the files of a unit can affect.
#[derive(Debug, Serialize, JsonSchema)]
struct RadiusEntry {
    clusters: BTreeSet<String>,
    kustomizations: Vec<InClusterEntry>,
    releases: Vec<InClusterEntry>,
    /// The Flux Kustomizations that wait while one of these is not Ready.
    held_up: Vec<InClusterEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InClusterEntry {
    cluster: String,
    /// `namespace/name`.
    name: String,
}

/// What becomes of a field of an object on a cluster.
#[derive(Debug, Serialize, JsonSchema)]
struct EffectEntry {
    cluster: String,
    /// `Kind namespace/name`.
    object: String,
    /// Empty for the object as a whole.
    field: String,
    before: String,
    after: String,
    outcome: Outcome,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BatchEntry {
    name: String,
    migration: String,
    lane: String,
    clusters: BTreeSet<String>,
    class: String,
    /// Empty if its units have none.
    namespace: String,
    /// The git branch that `branch` makes for it.
    branch: String,
    /// The ids of its units.
    units: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FindingEntry {
    severity: Severity,
    /// A stable reason code, for `flux-codemod explain`.
    code: String,
    path: Option<String>,
    /// From 1.
    line: Option<usize>,
    message: String,
    /// What to do about it.
    help: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JudgedEntry {
    /// The program with its version; null if there is none.
    by: Option<String>,
    /// How many builds are the same.
    same: usize,
    builds: Vec<BuildEntry>,
}

/// A Flux Kustomization, built before and after.
#[derive(Debug, Serialize, JsonSchema)]
struct BuildEntry {
    cluster: String,
    /// `namespace/name`.
    name: String,
    verdict: VerdictEntry,
    why: Option<String>,
    /// The objects that differ.
    objects: Vec<DifferingEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum VerdictEntry {
    /// The same objects, with the same contents.
    Same,
    /// Some objects differ.
    Differs,
    /// It builds before and not after.
    Breaks,
    /// It builds after and not before.
    Fixed,
    /// Nothing is known.
    Unknown,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DifferingEntry {
    /// `Kind namespace/name`.
    object: String,
    how: How,
}

/// The plan as JSON.
pub fn plan_as_json(planned: &Planned<'_>) -> PlanDocument {
    let Planned { view, plan, selection, batches, migrations, .. } = *planned;
    let migrations = migrations.iter().map(|migration| {
        let meta = migration.meta();
        let out_of_scope = OutOfScopeEntry::from(plan.out_of_scope.get(meta.id).cloned().unwrap_or_default());
        let (version, phase) = (meta.version, meta.phase);
        MigrationEntry { id: meta.id.to_owned(), version, phase, out_of_scope, recipe: recipe_entry(plan, *migration) }
    });
    let selected = [
        &selection.chosen,
        &selection.to_review,
        &selection.held,
        &selection.refused,
        &selection.opted_out,
        &selection.waiting,
    ];
    let selected: BTreeSet<&UnitId> = selected.into_iter().flatten().map(|unit| &unit.id).collect();
    let chosen: BTreeSet<&UnitId> = selection.chosen.iter().map(|unit| &unit.id).collect();
    let is_selected = |unit: &&Unit| selected.contains(&unit.id);
    PlanDocument {
        schema: SCHEMA,
        clusters: cluster_entries(view),
        migrations: migrations.collect(),
        units: plan.units.iter().filter(is_selected).map(|unit| unit_entry(unit, &chosen)).collect(),
        batches: batches.iter().map(batch_entry).collect(),
        findings: plan.findings.iter().map(FindingEntry::from).collect(),
        judged: plan.judged.as_ref().map(judged_entry),
    }
}

/// The clusters of a tree, in the order of promotion.
pub(super) fn cluster_entries(view: &View) -> Vec<ClusterEntry> {
    let clusters = view.graph().clusters.iter().map(|cluster| ClusterEntry {
        name: cluster.name.clone(),
        path: cluster.path.to_string(),
        branch: cluster.branch.clone(),
        flux: cluster.flux.map(|version| version.to_string()),
    });
    clusters.collect()
}

/// Findings as JSON.
pub fn findings_as_json(findings: &[Finding]) -> FindingsDocument {
    FindingsDocument { schema: SCHEMA, findings: findings.iter().map(FindingEntry::from).collect() }
}

fn judged_entry(judged: &Judged) -> JudgedEntry {
    let builds = judged.builds.iter().map(|(kustomization, build)| {
        let (verdict, why, objects) = match &build.verdict {
            Verdict::Same => (VerdictEntry::Same, None, &[][..]),
            Verdict::Differs(objects) => (VerdictEntry::Differs, None, objects.as_slice()),
            Verdict::Breaks(why) => (VerdictEntry::Breaks, Some(why.clone()), &[][..]),
            Verdict::Fixed => (VerdictEntry::Fixed, None, &[][..]),
            Verdict::Unknown(why) => (VerdictEntry::Unknown, Some(why.clone()), &[][..]),
        };
        let objects = objects.iter().map(|object| DifferingEntry { object: object.object.clone(), how: object.how });
        let InCluster { cluster, name } = kustomization.clone();
        BuildEntry { cluster, name, verdict, why, objects: objects.collect() }
    });
    JudgedEntry { by: judged.by.clone(), same: judged.same(), builds: builds.collect() }
}

fn batch_entry(batch: &Batch<'_>) -> BatchEntry {
    BatchEntry {
        name: batch.name(),
        migration: batch.migration.to_owned(),
        lane: batch.lane.to_string(),
        clusters: batch.lane.clusters.clone(),
        class: batch.class.to_string(),
        namespace: batch.namespace.clone(),
        branch: batch.branch(),
        units: batch.units.iter().map(|unit| unit.id.to_string()).collect(),
    }
}

fn unit_entry(unit: &Unit, chosen: &BTreeSet<&UnitId>) -> UnitEntry {
    UnitEntry {
        id: unit.id.to_string(),
        migration: unit.id.migration.to_owned(),
        step: unit.id.step.to_owned(),
        stage: unit.stage().map(str::to_owned),
        subject: SubjectEntry::from(&unit.id.subject),
        also: unit.also.clone(),
        title: unit.title.clone(),
        lane: unit.lane.to_string(),
        clusters: unit.lane.clusters.clone(),
        safety: unit.safety,
        state: unit.state(),
        impact: unit.impact,
        workloads: unit.workloads.iter().map(ToString::to_string).collect(),
        hooks: unit.hooks,
        dependents: unit.dependents,
        radius: RadiusEntry {
            clusters: unit.radius.clusters.clone(),
            kustomizations: unit.radius.kustomizations.iter().map(InClusterEntry::from).collect(),
            releases: unit.radius.releases.iter().map(InClusterEntry::from).collect(),
            held_up: unit.radius.held_up.iter().map(InClusterEntry::from).collect(),
        },
        needs: unit.needs.iter().map(ToString::to_string).collect(),
        touches: unit.touches.iter().map(ToString::to_string).collect(),
        chosen: unit.is_able() && chosen.contains(&unit.id),
        findings: unit.findings.iter().map(FindingEntry::from).collect(),
        held: unit.held.iter().map(FindingEntry::from).collect(),
        waits_for: unit.waits_for.map(str::to_owned),
        effects: unit.effects.iter().map(EffectEntry::from).collect(),
        paste: unit.paste.clone(),
    }
}

impl From<OutOfScope> for OutOfScopeEntry {
    fn from(left: OutOfScope) -> OutOfScopeEntry {
        OutOfScopeEntry { count: left.count, what: left.what }
    }
}

impl From<&Subject> for SubjectEntry {
    fn from(subject: &Subject) -> SubjectEntry {
        // The name of a kustomization file is its path.
        let name = if subject.is_path() { "" } else { subject.name() };
        let (kind, namespace) = (subject.kind().to_owned(), subject.namespace().to_owned());
        SubjectEntry { kind, namespace, name: name.to_owned(), path: subject.path().to_string() }
    }
}

impl From<&Effect> for EffectEntry {
    fn from(effect: &Effect) -> EffectEntry {
        let Effect { cluster, object, field, before, after, outcome } = effect.clone();
        EffectEntry { cluster, object, field, before, after, outcome }
    }
}

impl From<&InCluster> for InClusterEntry {
    fn from(object: &InCluster) -> InClusterEntry {
        InClusterEntry { cluster: object.cluster.clone(), name: object.name.clone() }
    }
}

impl From<&Finding> for FindingEntry {
    fn from(finding: &Finding) -> FindingEntry {
        FindingEntry {
            severity: finding.severity,
            code: finding.code.id.to_owned(),
            path: finding.path.as_ref().map(ToString::to_string),
            line: finding.line,
            message: finding.message.clone(),
            help: finding.help().to_owned(),
        }
    }
}

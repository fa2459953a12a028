use serde_json::{Value, json};

use crate::flux::{InCluster, View};
use crate::plan::{Batch, Differing, Effect, Finding, Judged, Migration, Plan, Selection, Subject, Unit, Verdict};

/// The plan as JSON, schema 1. The shape is a promise: a change of it raises the number.
pub fn plan_as_json(
    view: &View,
    plan: &Plan,
    selection: &Selection<'_>,
    batches: &[Batch<'_>],
    migrations: &[&dyn Migration],
) -> Value {
    let clusters = view.graph().clusters.iter().map(|cluster| {
        json!({
            "name": cluster.name,
            "path": cluster.path.as_str(),
            "branch": cluster.branch,
            "flux": cluster.flux.map(|version| version.to_string()),
        })
    });
    let migrations = migrations.iter().map(|migration| {
        let meta = migration.meta();
        let out_of_scope = plan.out_of_scope.get(meta.id);
        json!({
            "id": meta.id,
            "version": meta.version,
            "phase": meta.phase,
            "out_of_scope": {
                "count": out_of_scope.map_or(0, |out| out.count),
                "what": out_of_scope.map_or("", |out| &out.what),
            },
        })
    });
    let asked = |unit: &&Unit| {
        let all =
            [&selection.chosen, &selection.to_review, &selection.refused, &selection.opted_out, &selection.waiting];
        all.into_iter().flatten().any(|own| own.id == unit.id)
    };
    let mut all = json!({
        "schema": 1,
        "clusters": clusters.collect::<Vec<_>>(),
        "migrations": migrations.collect::<Vec<_>>(),
        "units": plan.units.iter().filter(asked).map(|unit| of_unit(unit, selection)).collect::<Vec<_>>(),
        "batches": batches.iter().map(of_batch).collect::<Vec<_>>(),
        "findings": plan.findings.iter().map(of_finding).collect::<Vec<_>>(),
    });
    // Only where there are builds to prove.
    if let Some(judged) = &plan.judged {
        all["judged"] = of_judged(judged);
    }
    all
}

fn of_judged(judged: &Judged) -> Value {
    let builds = judged.builds.iter().map(|(own, build)| {
        let (why, objects) = match &build.verdict {
            Verdict::Same | Verdict::Mended => (None, &[][..]),
            Verdict::Differs(objects) => (None, objects.as_slice()),
            Verdict::Breaks(why) | Verdict::Unknown(why) => (Some(why), &[][..]),
        };
        let object = |own: &Differing| json!({ "object": own.object, "how": own.how.word() });
        json!({
            "cluster": own.cluster,
            "name": own.name,
            "verdict": build.verdict.word(),
            "why": why,
            "objects": objects.iter().map(object).collect::<Vec<_>>(),
        })
    });
    json!({ "by": judged.by, "same": judged.same(), "builds": builds.collect::<Vec<_>>() })
}

fn of_batch(batch: &Batch<'_>) -> Value {
    json!({
        "name": batch.name(),
        "migration": batch.migration,
        "lane": batch.lane.to_string(),
        "clusters": batch.lane.0,
        "class": batch.class.to_string(),
        "namespace": batch.namespace,
        "branch": batch.branch(),
        "units": batch.units.iter().map(|unit| unit.id.to_string()).collect::<Vec<_>>(),
    })
}

fn of_unit(unit: &Unit, selection: &Selection<'_>) -> Value {
    let subject = match &unit.id.subject {
        Subject::Release { namespace, name, path } => {
            json!({ "kind": "HelmRelease", "namespace": namespace, "name": name, "path": path.as_str() })
        }
        Subject::Object { kind, namespace, name, path } => {
            json!({ "kind": kind, "namespace": namespace, "name": name, "path": path.as_str() })
        }
        consumer @ Subject::Consumer { .. } => {
            json!({ "kind": consumer.kind(), "namespace": "", "name": "", "path": consumer.path().as_str() })
        }
    };
    let mut shown = json!({
        "id": unit.id.to_string(),
        "migration": unit.id.migration,
        "step": unit.id.step,
        "subject": subject,
        "also": unit.also,
        "title": unit.title,
        "lane": unit.lane.to_string(),
        "clusters": unit.lane.0,
        "safety": unit.safety.word(),
        "impact": unit.impact.word(),
        "workloads": unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "hooks": unit.hooks,
        "dependents": unit.dependents,
        "radius": {
            "clusters": unit.radius.clusters,
            "kustomizations": unit.radius.kustomizations.iter().map(in_cluster).collect::<Vec<_>>(),
            "releases": unit.radius.releases.iter().map(in_cluster).collect::<Vec<_>>(),
            "held_up": unit.radius.held_up.iter().map(in_cluster).collect::<Vec<_>>(),
        },
        "needs": unit.needs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "touches": unit.touches.iter().map(|path| path.as_str()).collect::<Vec<_>>(),
        "chosen": unit.safety.is_able() && selection.chosen.iter().any(|own| own.id == unit.id),
        "findings": unit.findings.iter().map(of_finding).collect::<Vec<_>>(),
        "effects": unit.effects.iter().map(of_effect).collect::<Vec<_>>(),
    });
    // Only a refused unit may have something to paste.
    if let Some(paste) = &unit.paste {
        shown["paste"] = json!(paste);
    }
    shown
}

fn of_effect(effect: &Effect) -> Value {
    json!({
        "cluster": effect.cluster,
        "object": effect.object,
        "field": effect.field,
        "before": effect.before,
        "after": effect.after,
        "outcome": effect.outcome.word(),
    })
}

fn in_cluster(object: &InCluster) -> Value {
    json!({ "cluster": object.cluster, "name": object.name })
}

pub(super) fn of_finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.word(),
        "code": finding.code.id,
        "path": finding.path.as_ref().map(|path| path.as_str()),
        "line": finding.line,
        "message": finding.message,
        "help": finding.help(),
    })
}

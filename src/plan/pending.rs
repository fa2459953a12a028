use super::{Code, Finding, Plan, Selection, Severity, Unit, codes};
use crate::flux::View;
use crate::repo::RepoPath;

/// The result of `check` as findings: the selected units that are not done, each at the place of
/// its object, then the findings about the tree.
///
/// What makes `check` fail is an error. A refused unit is the reason for which it is refused.
pub fn as_findings(view: &View, plan: &Plan, selection: &Selection<'_>) -> Vec<Finding> {
    let unit = |code: &'static Code, unit: &&Unit| {
        let (path, line) = place_of(view, unit);
        let message = format!("{}: {}", unit.id, unit.title);
        Finding { severity: Severity::Error, code, path, line, message }
    };
    let about = |unit: &&Unit, least: Severity| -> Vec<Finding> {
        let (path, line) = place_of(view, unit);
        let reasons = unit.findings.iter().filter(|finding| finding.severity <= least);
        reasons
            .map(|finding| Finding {
                path: finding.path.clone().or_else(|| path.clone()),
                line: if finding.path.is_some() { finding.line } else { line },
                message: format!("{}: {}", unit.id, finding.message),
                ..finding.clone()
            })
            .collect()
    };
    let chosen = selection.chosen.iter().map(|pending| unit(codes::PENDING, pending));
    let to_review = selection.to_review.iter().flat_map(|reviewed| {
        let reasons = about(reviewed, Severity::Warning);
        [unit(codes::TO_REVIEW, reviewed)].into_iter().chain(reasons)
    });
    let refused = selection.refused.iter().flat_map(|refused| about(refused, Severity::Error));
    let held = selection.held.iter().flat_map(|unit| {
        let (path, line) = place_of(view, unit);
        let reason = move |reason: &Finding| Finding {
            path: path.clone(),
            line,
            message: format!("{}: {}", unit.id, reason.message),
            ..reason.clone()
        };
        unit.held.iter().map(reason).collect::<Vec<_>>()
    });
    let mut found: Vec<Finding> = chosen.chain(to_review).chain(refused).chain(held).collect();
    found.extend(plan.findings.iter().cloned());
    found
}

/// Where a unit's object begins; for one that is yet to be written, the file that will list it.
pub fn place_of(view: &View, unit: &Unit) -> (Option<RepoPath>, Option<usize>) {
    let subject = &unit.id.subject;
    let (path, name, kind) = (subject.path(), subject.name(), subject.kind());
    let is_there = |path: &&RepoPath| view.tree().entry(path).is_some();
    let Some(file) = Some(path).filter(is_there).or_else(|| unit.touches.iter().find(is_there)) else {
        return (unit.touches.first().cloned(), None);
    };
    let of_kind = || view.file(file).into_iter().flat_map(|file| &file.objects).filter(|object| object.kind == kind);
    let is_named = |object: &&crate::flux::Object| {
        object.name == name || view.graph().reaches(&object.at).iter().any(|reach| reach.name == name)
    };
    let object = of_kind().find(is_named).filter(|_| file == path);
    (Some(file.clone()), Some(object.map_or(1, |object| object.line)))
}

//! Opt-outs (`# flux-codemod: skip[ID] reason`): which units they stop, and findings about them.
//!
//! They are honoured where all text is made, in [`land`](super::land), so every way of writing
//! honours them. A unit meets an opt-out if the covered text would not be the same afterwards, or
//! if the comment would be gone: the edited file is read again, and covered text is compared with
//! covered text. So an insert beside a covered item does not meet it, and an insert into a covered
//! list does. Units that need an opted-out unit are opted out with it.
//!
//! A survey may ask earlier ([`kept_by`](super::kept_by)), so that an opted-out object has no say
//! in what others share.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Code, Finding, Meta, Migration, Plan, Severity, Unit, codes, lines};
use crate::finding::SKIP_UNUSED;
use crate::flux::{Covered, Skip, View};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::nearest;
use crate::yaml::Stream;

/// An opt-out that a unit met: the file and the line of the comment.
pub(super) type Met = (RepoPath, usize);

/// That a unit is opted out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// By which comment, and why.
    pub finding: Finding,
    /// All comments that say so.
    pub(super) met: BTreeSet<Met>,
}

impl OptOut {
    /// This, found in a tree on which others have landed, with the lines of the tree as it is.
    pub(super) fn pointing_into(mut self, start: &View, landed: &View) -> OptOut {
        lines::point_into(start, landed, [&mut self.finding].into_iter());
        let old = |(path, line): (RepoPath, usize)| {
            let line = lines::old_line(start, landed, &path, line);
            (path, line)
        };
        self.met = self.met.into_iter().map(old).collect();
        self
    }
}

/// Whether the changes of a unit of a migration touch what an opt-out of that covers: the covered text or
/// the comment itself would not be the same afterwards.
pub(super) fn touched(view: &View, meta: &Meta, unit: &Unit, changes: &Changes) -> Option<OptOut> {
    let met = changes.iter().flat_map(|(path, change)| {
        let (path, splices) = match change {
            Change::Create { .. } => return Vec::new(),
            Change::Delete { .. } => (path, None),
            Change::Move { from, .. } => (from, None),
            Change::Edit(splices) => (path, Some(splices)),
        };
        let skips = skips(view, path, meta, unit.stage());
        let Some(stream) = view.file(path).and_then(|file| file.stream.as_deref()).filter(|_| !skips.is_empty()) else {
            return Vec::new();
        };
        let after = splices.and_then(|splices| Stream::parse(stream.apply(splices).ok()?).ok());
        let kept = |skip: &&Skip| after.as_ref().is_some_and(|after| is_kept(skip, &skips, stream, after));
        skips.iter().copied().filter(|skip| !kept(skip)).map(|skip| (path.clone(), skip.clone())).collect()
    });
    opted_out(met.collect())
}

/// Whether an opt-out covers the same text in another version of its file.
fn is_kept(skip: &Skip, among: &[&Skip], before: &Stream, after: &Stream) -> bool {
    let text = |stream: &Stream, skip: &Skip| {
        skip.covers.as_ref().map(|covered| stream.text()[covered.range.clone()].to_owned())
    };
    let is_like = |other: &Skip| other.ids == skip.ids && other.reason == skip.reason;
    // Of several that say the same, each is compared with its own: none is ever added.
    let number = among.iter().take_while(|earlier| earlier.line < skip.line).filter(|earlier| is_like(earlier)).count();
    let others = Skip::find(after);
    let mut others = others.iter().filter(|other| other.covers.is_some() && is_like(other));
    others.nth(number).is_some_and(|other| text(after, other) == text(before, skip))
}

/// Whether a unit was refused for something that an opt-out of its migration covers.
pub(super) fn refused_there(view: &View, meta: &Meta, unit: &Unit) -> Option<OptOut> {
    let errors = unit.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let met = errors.filter_map(|finding| Some((finding.path.as_ref()?, finding.line))).flat_map(|(path, line)| {
        let covering = skips(view, path, meta, unit.stage()).into_iter().filter(move |skip| skip.covers_line(line));
        covering.map(|skip| (path.clone(), skip.clone()))
    });
    opted_out(met.collect())
}

/// Why a survey should not count on changing a part of a file: an opt-out of the migration covers
/// some of it. To be the reason of a refused unit, which then is opted out; so that what is opted
/// out has no say in what the others share.
pub fn kept_by(view: &View, meta: &Meta, path: &RepoPath, part: &Range<usize>) -> Option<Finding> {
    let touches = |covered: &Covered| covered.range.start < part.end && part.start < covered.range.end;
    let skip = skips(view, path, meta, None).into_iter().find(|skip| skip.covers.as_ref().is_some_and(touches))?;
    let line = skip.covers.as_ref().map(|covered| covered.lines.0);
    let (path, message) = (Some(path.clone()), "opted out".to_owned());
    Some(Finding { severity: Severity::Error, code: codes::OPTED_OUT, path, line, message })
}

/// The opt-outs of a file that skip a migration, or a stage of it, and cover something.
fn skips<'v>(view: &'v View, path: &RepoPath, meta: &Meta, stage: Option<&str>) -> Vec<&'v Skip> {
    let skips = view.file(path).into_iter().flat_map(|file| &file.skips);
    skips.filter(|skip| meta.names().any(|name| skip.names_stage(name, stage)) && skip.covers.is_some()).collect()
}

fn opted_out(met: Vec<(RepoPath, Skip)>) -> Option<OptOut> {
    let (path, skip) = met.first()?;
    let finding = Finding {
        severity: Severity::Note,
        code: codes::OPTED_OUT,
        path: Some(path.clone()),
        line: Some(skip.line),
        message: skip.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    };
    Some(OptOut { finding, met: met.iter().map(|(path, skip)| (path.clone(), skip.line)).collect() })
}

/// Findings about the opt-outs of a tree: those that cannot be read, have no reason, name something
/// unknown, or skip nothing. `all` are all known migrations; whether an opt-out skips nothing is
/// only known for those that were planned, `planned`.
pub fn about_skips(view: &View, plan: &Plan, planned: &[&dyn Migration], all: &[&dyn Migration]) -> Vec<Finding> {
    let stages = |migration: &&dyn Migration| {
        let id = migration.meta().id;
        migration.stage_names().into_iter().map(|stage| format!("{id}/{stage}")).collect::<Vec<_>>()
    };
    let mut known: BTreeSet<String> = all.iter().flat_map(stages).collect();
    known.extend(all.iter().flat_map(|migration| migration.meta().names()).map(str::to_owned));
    known.extend(codes::codes(all).iter().map(|code| code.id.to_owned()));
    let mut found = Vec::new();
    let skips = view.files().flat_map(|(path, file)| file.skips.iter().map(move |skip| (path, skip)));
    for (path, skip) in skips {
        let mut report = |code: &'static Code, message: String| {
            let (path, line) = (Some(path.clone()), Some(skip.line));
            found.push(Finding { severity: Severity::Warning, code, path, line, message });
        };
        if !skip.is_readable() {
            report(codes::SKIP_UNREADABLE, "this opt-out cannot be parsed, so it skips nothing".to_owned());
            continue;
        }
        if skip.reason.is_none() {
            report(codes::SKIP_WITHOUT_REASON, format!("skip[{}] gives no reason", skip.ids.join(", ")));
        }
        for id in &skip.ids {
            if !known.contains(id) {
                let near = nearest(id, known.iter().map(|known| (known.as_str(), known.as_str())));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                report(codes::SKIP_UNKNOWN, format!("`{id}` is neither a migration nor a reason code{near}"));
            } else if skip.covers.is_none() {
                report(SKIP_UNUSED, format!("skip[{id}] has nothing below it that it could cover"));
            } else if planned.iter().any(|migration| {
                let meta = migration.meta();
                meta.is_called(id.split('/').next().unwrap_or(id)) && !plan.is_met(meta.id, path, skip.line)
            }) {
                report(SKIP_UNUSED, format!("skip[{id}] skips nothing: {id} has nothing to change there"));
            }
        }
    }
    found
}

//! `apply --interactive`: unit by unit, as `git add --patch` does with hunks.
//!
//! Each unit is landed on the tree with those that were accepted before it, so that what is shown is
//! what it adds. What is written in the end is landed by the same path as without questions, unless a
//! text was edited.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use super::editor;
use crate::cli::ask::{Asking, Choice};
use crate::cli::context::Context;
use crate::cli::diff;
use crate::flux::View;
use crate::output::visible;
use crate::plan::{self, Selection, Unit, UnitId};
use crate::repo::{Change, Changes, FileChange};
use crate::text::{Splice, Splices};

/// Units, and the files that they change, those that others need first.
pub(super) struct Picked<'p> {
    pub(super) units: Vec<&'p Unit>,
    pub(super) changes: Vec<FileChange>,
}

const CHOICES: [Choice; 6] = [
    Choice::new('y', "yes", "write this unit, and what it needs"),
    Choice::new('n', "no", "leave this unit out"),
    Choice::new('a', "all", "write this unit and all later ones of its migration"),
    Choice::new('d', "done", "leave out this unit and all later ones of its migration"),
    Choice::new('q', "quit", "ask no more: write what was accepted, and leave out the rest"),
    Choice::new('e', "edit", "edit the files of this unit, then write it"),
];

/// Opens texts for editing.
type Editor<'e> = &'e dyn Fn(&[(String, String)]) -> anyhow::Result<Vec<String>>;

/// Asks about each unit. `None` if nothing is to be written: nothing was accepted, or the input has
/// ended.
pub(super) fn pick<'p>(
    asking: &mut Asking<'_>,
    context: &Context,
    selection: &Selection<'p>,
) -> anyhow::Result<Option<Picked<'p>>> {
    Picking::of(context, selection).run(asking, &editor::edit)
}

struct Picking<'c, 'p> {
    context: &'c Context,
    selection: &'c Selection<'p>,
    /// The tree with what was accepted.
    view: View,
    taken: BTreeSet<&'p UnitId>,
    left: BTreeSet<&'p UnitId>,
    is_edited: bool,
}

impl<'c, 'p> Picking<'c, 'p> {
    fn of(context: &'c Context, selection: &'c Selection<'p>) -> Picking<'c, 'p> {
        let view = (*context.view).clone();
        Picking { context, selection, view, taken: BTreeSet::new(), left: BTreeSet::new(), is_edited: false }
    }

    fn run(mut self, asking: &mut Asking<'_>, edit: Editor<'_>) -> anyhow::Result<Option<Picked<'p>>> {
        let needed: BTreeSet<&UnitId> = self.selection.chosen.iter().flat_map(|unit| &unit.needs).collect();
        // What exists for others comes with the first unit that needs it.
        let is_asked = |unit: &&&'p Unit| !(unit.is_for_others() && needed.contains(&unit.id));
        let to_ask: Vec<&'p Unit> = self.selection.chosen.iter().filter(is_asked).copied().collect();
        // What holds for the rest of a migration.
        let mut settled: BTreeMap<&str, char> = BTreeMap::new();
        for (number, unit) in to_ask.iter().enumerate() {
            let group = self.with_needs(unit);
            if let Some(lacking) = group.iter().find(|other| self.left.contains(&other.id)) {
                asking.say(&format!(
                    "({}/{}) {} is left out, because it needs {}, which you left out",
                    number + 1,
                    to_ask.len(),
                    unit.id,
                    lacking.id
                ))?;
                self.left.insert(&unit.id);
                continue;
            }
            let landed =
                plan::land(&self.view, &group, &self.context.migrations, &self.context.settings)?.complete()?;
            let changes = landed.view.tree().changed_since(self.view.tree())?;
            let mut answer = settled.get(unit.id.migration).copied();
            if answer.is_none() && !changes.is_empty() {
                asking.say(&heading(unit, number + 1, to_ask.len()))?;
                asking.show(&diff::styled(&changes, true))?;
            }
            loop {
                let answered = match answer {
                    Some(answer) => answer,
                    None if changes.is_empty() => 'y',
                    None => match asking.choose("Write this unit? [y,n,a,d,q,e,?]", &CHOICES, None)? {
                        Some(answer) => answer,
                        None => return Ok(None),
                    },
                };
                match answered {
                    'y' => self.take(&group, landed.view.clone()),
                    'a' => {
                        settled.insert(unit.id.migration, 'y');
                        self.take(&group, landed.view.clone());
                    }
                    'e' => match edited(&landed.view, &changes, edit) {
                        Ok(view) => {
                            self.is_edited = true;
                            self.take(&group, view);
                        }
                        Err(error) => {
                            asking.say(&format!("{error:#}; nothing of it was taken over"))?;
                            answer = None;
                            continue;
                        }
                    },
                    'q' => return self.finish(),
                    answered => {
                        if answered == 'd' {
                            settled.insert(unit.id.migration, 'n');
                        }
                        self.left.insert(&unit.id);
                    }
                }
                break;
            }
        }
        self.finish()
    }

    /// A unit behind what it needs and what is not accepted yet.
    fn with_needs(&self, unit: &'p Unit) -> Vec<&'p Unit> {
        let by_id: BTreeMap<&UnitId, &'p Unit> = self.selection.chosen.iter().map(|unit| (&unit.id, *unit)).collect();
        let mut wanted: BTreeSet<&UnitId> = BTreeSet::new();
        let mut open = vec![unit];
        while let Some(unit) = open.pop() {
            if !self.taken.contains(&unit.id) && wanted.insert(&unit.id) {
                open.extend(unit.needs.iter().filter_map(|need| by_id.get(need)));
            }
        }
        self.selection.chosen.iter().filter(|unit| wanted.contains(&unit.id)).copied().collect()
    }

    fn take(&mut self, group: &[&'p Unit], view: View) {
        self.taken.extend(group.iter().map(|unit| &unit.id));
        self.view = view;
    }

    fn finish(self) -> anyhow::Result<Option<Picked<'p>>> {
        let units: Vec<&'p Unit> =
            self.selection.chosen.iter().filter(|unit| self.taken.contains(&unit.id)).copied().collect();
        let chosen = Selection { chosen: units.clone(), ..self.selection.clone() };
        let (_, mut changes) = self.context.land(&chosen)?;
        if self.is_edited {
            // In the same order: what others need comes first.
            let place = |change: &FileChange| changes.iter().position(|other| other.path == change.path);
            let mut of_edited = self.view.tree().changed_since(self.context.view.tree())?;
            of_edited.sort_by_key(|change| place(change).unwrap_or(usize::MAX));
            changes = of_edited;
        }
        Ok((!changes.is_empty()).then_some(Picked { units, changes }))
    }
}

fn heading(unit: &Unit, number: usize, of: usize) -> String {
    format!("({number}/{of}) {}: {} (impact {}, lane {})", unit.id, unit.title, unit.impact, unit.lane)
}

/// The tree with what the user makes of the changes of a unit.
fn edited(landed: &View, changes: &[FileChange], edit: Editor<'_>) -> anyhow::Result<View> {
    let written: Vec<(&FileChange, String)> =
        changes.iter().filter_map(|change| Some((change, change.after.as_ref()?.bytes.text()?.to_owned()))).collect();
    let texts: Vec<(String, String)> =
        written.iter().map(|(change, text)| (change.path.name().to_owned(), text.clone())).collect();
    if texts.is_empty() {
        anyhow::bail!("this unit only removes files, so there is nothing to edit");
    }
    let mut edits = Changes::new();
    for ((change, old), new) in written.iter().zip(edit(&texts)?) {
        if *old != new {
            let all = Splice { range: 0..old.len(), with: new };
            let splices = Splices::new(old, vec![all]).context("the edited text does not fit")?;
            edits.set(change.path.clone(), Change::Edit(splices));
        }
    }
    let view = landed.with(&edits)?;
    for (path, _) in edits.iter() {
        let broken = view.file(path).and_then(|file| file.broken.as_ref());
        if let Some(broken) = broken {
            anyhow::bail!("{}:{} is not valid YAML: {}", visible(path.as_str()), broken.line, broken.message);
        }
    }
    Ok(view)
}

#[cfg(test)]
#[path = "pick_tests.rs"]
mod tests;

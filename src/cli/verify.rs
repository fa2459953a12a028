use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use clap::Args;

use super::context::{Context, registry_at, repository};
use super::promotion::Branches;
use super::{Asked, Outcome, Start, layout, page_text};
use crate::git::{Base, Claim, Made, Repository};
use crate::output::visible;
use crate::plan::{self, Batch, Lane, Meta, Unit};
use crate::repo::{File, RepoPath, Tree};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The commits, as git has it: `origin/main..my-branch`, or one commit
    range: String,
}

/// `verify`: for each commit, whether it is what this program writes on the commit before it.
pub(super) fn run(start: &Start, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let git = repository(start)?;
    let commits = git.made_in(&args.range)?;
    if commits.is_empty() {
        bail!("there is no commit in {}; the base comes first, as in main..my-branch", visible(&args.range));
    }
    let layout = layout();
    let (mut text, mut others) = (String::new(), 0);
    for made in &commits {
        let verdict = verdict(start, &git, made)?;
        let (word, why) = match &verdict {
            None => ("same", None),
            Some(why) => ("other", Some(why)),
        };
        others += usize::from(why.is_some());
        let head = format!("{word:<6} {}  ", made.commit.id.short());
        text.push_str(&layout.fold_deeper(&head, &" ".repeat(head.len()), &visible(&made.subject)));
        text.push('\n');
        if let Some(why) = why {
            text.push_str(&layout.fold_deeper(&" ".repeat(head.len()), &" ".repeat(head.len() + 2), why));
            text.push('\n');
        }
    }
    let all = commits.len();
    text.push_str(&match others {
        0 if all == 1 => "the commit is what flux-codemod writes\n".to_owned(),
        0 => format!("all {all} commits are what flux-codemod writes\n"),
        others => format!("{others} of {all} commits: not what flux-codemod writes\n"),
    });
    page_text(&text)?;
    Ok(Outcome::pending_if(others > 0))
}

/// Why a commit is not what this program writes; `None` if it is.
fn verdict(start: &Start, git: &Repository, made: &Made) -> anyhow::Result<Option<String>> {
    let Some(claim) = &made.claim else { return Ok(Some("it names no batch of flux-codemod".to_owned())) };
    let [parent] = made.parents.as_slice() else {
        let why = if made.parents.is_empty() { "it has no commit before it" } else { "it is a merge" };
        return Ok(Some(why.to_owned()));
    };
    // A recipe is that of the commit before: what a commit brings itself proves nothing.
    let asked = Asked { migrations: vec![claim.migration.clone()], ..Asked::default() }.resolved();
    let all = registry_at(start, git, &Asked::default(), parent)?;
    let is_idle = all.idle().contains(&&*claim.migration);
    let all = if is_idle { registry_at(start, git, &asked, parent)? } else { all };
    let Some(meta) = all.all().into_iter().map(|one| one.meta()).find(|meta| meta.is_called(&claim.migration)) else {
        return Ok(Some(format!("there is no migration {}", visible(&claim.migration))));
    };
    let written = match written(start, git, parent, claim, meta)? {
        Ok(written) => written,
        Err(why) => return Ok(Some(why)),
    };
    let now = git.tree(&made.commit)?;
    let mut changed: BTreeMap<Vec<u8>, Option<File>> =
        written.changed_files()?.into_iter().map(|file| (file.path.as_str().as_bytes().to_vec(), file.after)).collect();
    for path in git.changed_between(parent, &made.commit)? {
        if let Entry::Vacant(new) = changed.entry(path) {
            let before = path_of(new.key()).map(|path| written.read(&path)).transpose()?.flatten();
            new.insert(before);
        }
    }
    for (path, expected) in &changed {
        let found = path_of(path).map(|path| now.read(&path)).transpose()?.flatten();
        if found != *expected {
            let place = format!(
                "{}{}",
                visible(&String::from_utf8_lossy(path)),
                first_other(expected.as_ref(), found.as_ref())
            );
            let by = match claim.version {
                version if version == meta.version => String::new(),
                version => format!("; the commit names version {version}"),
            };
            return Ok(Some(format!("{place} is not what {}@{} writes{by}", meta.id, meta.version)));
        }
    }
    Ok(None)
}

fn path_of(path: &[u8]) -> Option<RepoPath> {
    RepoPath::new(std::str::from_utf8(path).ok()?).ok()
}

/// The tree that the units of a commit make of the one before it, or why there is none.
fn written(
    start: &Start,
    git: &Repository,
    parent: &Base,
    claim: &Claim,
    meta: &Meta,
) -> anyhow::Result<Result<Tree, String>> {
    let asked = Asked {
        migrations: vec![meta.id.to_owned()],
        review: true,
        no_gate: true,
        unreached: claim.lane == Lane::NONE,
        ..Asked::default()
    };
    let branches = Branches::of(start, git, registry_at(start, git, &asked, parent)?, &asked);
    let context = Context::of_commit(parent, &asked, &branches, None)?;
    let of_lane: Vec<String> = Lane::named(&claim.lane).into_iter().map(str::to_owned).collect();
    // As it was made: for all clusters of its branch, or for some of them.
    for cluster in [Vec::new()].into_iter().chain(Some(of_lane).filter(|names| !names.is_empty())) {
        if cluster.iter().any(|name| !context.clusters().contains(name)) {
            continue;
        }
        let asked = Asked { cluster, ..asked.clone() };
        let selection = context.select(&asked)?;
        let batches = context.batches(&asked, &selection)?;
        let Some(units) = batches.iter().find_map(|batch| claimed(batch, claim)) else { continue };
        let landed = plan::ordered(&units)
            .and_then(|units| plan::land(&context.view, &units, &context.migrations, &context.settings)?.complete());
        return Ok(match landed {
            Ok(landed) => Ok(landed.view.tree().clone()),
            Err(error) => Err(format!("its units cannot land on the commit before it: {error}")),
        });
    }
    Ok(Err(format!(
        "on the commit before it, {} has no batch {} with these units",
        visible(&claim.migration),
        visible(&format!("{}/{}", claim.lane, claim.batch))
    )))
}

/// The units of a batch that a commit names, if it is this batch and has all of them.
fn claimed<'u>(batch: &Batch<'u>, claim: &Claim) -> Option<Vec<&'u Unit>> {
    if batch.lane.to_string() != claim.lane || batch.name() != claim.batch {
        return None;
    }
    let named = |unit: &&&Unit| claim.units.contains(&unit.id.subject.to_string());
    let units: Vec<&Unit> = batch.units.iter().filter(named).copied().collect();
    let found: BTreeSet<String> = units.iter().map(|unit| unit.id.subject.to_string()).collect();
    (found == claim.units).then_some(units)
}

/// `:LINE` of the first line that differs; empty if a file is on one side alone, or binary.
fn first_other(one: Option<&File>, other: Option<&File>) -> String {
    let text = |file: Option<&File>| file?.bytes.text().map(str::to_owned);
    let (Some(one), Some(other)) = (text(one), text(other)) else { return String::new() };
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    format!(":{}", same + 1)
}

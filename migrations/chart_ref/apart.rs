//! Releases that cannot share a source with the others of their chart: they want it to carry other
//! credentials or signature checks. They get a source beside them, so that they do not keep the
//! others from moving.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::codes;
use super::findings::at_release;
use super::home::Home;
use super::settings::ChartRefSettings;
use super::source::agreed;
use super::want::carried;
use crate::flux::{OciRepository, View};
use crate::migrations::sources::SourceKey;
use crate::migrations::sources::existing::fits;
use crate::plan::Finding;
use crate::yaml::New;

/// What a source carries: fields of `spec`.
type Carried = [(String, New)];

/// Sets releases apart from those that share a source. The source that is there already says what
/// it carries; else it is what most of the releases want, so that the answer is the same once some
/// of them have moved.
pub(super) fn set_apart(view: &View, candidates: &mut [Candidate<'_>], settings: &ChartRefSettings) {
    let mut groups: BTreeMap<(SourceKey, bool), Vec<usize>> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        if let Some(want) = candidate.want().filter(|want| want.home != Home::PerApp) {
            groups.entry((want.key.clone(), want.home == Home::Shared)).or_default().push(index);
        }
    }
    for ((key, is_shared), members) in groups {
        let sources = there(view, &key, is_shared, settings);
        let most: Option<Vec<(String, New)>> = match sources[..] {
            [] => match of_most(candidates, &members) {
                Some(most) => Some(most.to_vec()),
                None => {
                    refuse_all(&key, candidates, &members);
                    continue;
                }
            },
            _ => None,
        };
        for index in members {
            let wanted = &candidates[index].want().expect("only those that can move are in a group").carried;
            let stays = match &most {
                Some(most) => is_part_of(wanted, most),
                None => sources.iter().any(|source| fits(view, source, &key, wanted)),
            };
            if !stays {
                set_one_apart(view, &mut candidates[index], settings);
            }
        }
    }
}

/// The sources of this chart and version that releases could share, whatever they carry.
fn there<'v>(view: &'v View, key: &SourceKey, is_shared: bool, settings: &ChartRefSettings) -> Vec<&'v OciRepository> {
    let is_at_home = |source: &&OciRepository| {
        let mut reaches = view.graph().reaches(&source.at).iter();
        let in_component = || view.kustomization(&source.at.path.dir()).is_some_and(|listing| listing.component);
        if is_shared {
            reaches.any(|reach| reach.namespace.as_deref() == Some(&settings.source_namespace))
        } else {
            in_component()
        }
    };
    view.oci_repositories().iter().filter(|source| fits(view, source, key, &[])).filter(is_at_home).collect()
}

/// What most of the releases want, of two the one that wants less; `None` if that is not certain.
fn of_most<'c>(candidates: &'c [Candidate<'_>], members: &[usize]) -> Option<&'c Carried> {
    let mut counts: Vec<(&Carried, usize)> = Vec::new();
    for want in members.iter().filter_map(|index| candidates[*index].want()) {
        match counts.iter_mut().find(|(carried, _)| *carried == want.carried) {
            Some((_, count)) => *count += 1,
            None => counts.push((&want.carried, 1)),
        }
    }
    let rank = |(carried, count): &(&Carried, usize)| (*count, Reverse(carried.len()));
    let best = counts.iter().map(rank).max()?;
    let mut first = counts.iter().filter(|one| rank(one) == best);
    first.next().filter(|_| first.next().is_none()).map(|(carried, _)| *carried)
}

fn is_part_of(wanted: &Carried, most: &Carried) -> bool {
    wanted.iter().all(|field| most.contains(field))
}

fn refuse_all(key: &SourceKey, candidates: &mut [Candidate<'_>], members: &[usize]) {
    let all: Vec<&Candidate<'_>> = members.iter().map(|index| &candidates[*index]).collect();
    let Err(reason) = agreed(key, &all) else { return };
    members.iter().for_each(|index| candidates[*index].refuse(reason.code, reason.message.clone()));
}

/// Gives a release a source beside it, if that can carry what the release wants.
fn set_one_apart(view: &View, candidate: &mut Candidate<'_>, settings: &ChartRefSettings) {
    let Ok(want) = &mut candidate.verdict else { return };
    want.home = Home::PerApp;
    match carried(view, candidate.release, want, settings) {
        Ok(carried) => {
            want.carried = carried;
            let message = "its credentials or signature check are not those of most releases of the chart, so it \
                           gets a source beside it";
            candidate.findings.push(at_release(candidate.release, Finding::note(codes::CREDENTIALS_DIFFER, message)));
        }
        Err(reason) => candidate.verdict = Err(reason),
    }
}

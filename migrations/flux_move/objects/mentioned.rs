//! Whatever else states kind and name of a source, a store or a Gateway: what is not followed keeps it where it is.

use std::collections::BTreeMap;

use super::moved::Objects;
use super::unfollowed::{Places, of_other_groups, unfollowed};
use crate::flux::{Barred, Namer, SourceNames, View};
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::write::mapping_at;
use crate::plan::Finding;
use crate::repo::RepoPath;

/// Adds what names them and cannot be followed, and what may name them and cannot be read.
pub(super) fn mentioned(view: &View, objects: &mut Objects<'_>) {
    let stated = objects.uses.iter().filter(|user| user.is_stated);
    let known =
        stated.filter_map(|user| Some((&user.at.path, mapping_at(view.node(user.at)?, &user.named.way)?.line())));
    let of_policies = objects.policies.targets.iter().map(|target| (&target.at.path, target.line));
    let gateways = objects.all.iter().map(|one| one.kind).find(|kind| kind.is_gateway());
    let of_others = gateways.map(|kind| of_other_groups(view, kind)).unwrap_or_default();
    let known: Places<'_> = known.chain(of_policies).chain(of_others).collect();
    let mut names: BTreeMap<&'static str, SourceNames<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for one in &objects.all {
        let Some((at, _)) = one.first else { continue };
        let names = names.entry(one.kind.name).or_insert_with(|| SourceNames::of(view, one.kind.name));
        let findings = names.of_source(at).into_iter().filter_map(|namer| match namer {
            Namer::Release(release) => {
                let is_followed = objects.uses.iter().any(|user| *user.at == release && user.is_stated);
                let line = view.node(&release).map(|root| root.line());
                (!is_followed).then(|| of_file(view, &release.path, line, &one.old_name()))
            }
            Namer::Other(path, line) => {
                (!known.contains(&(&path, line))).then(|| of_file(view, &path, Some(line), &one.old_name()))
            }
        });
        let unread = names.unread().first().map(|unread| {
            let finding = Finding::warning(codes::MAY_BE_NAMED, format!("{} may name {}", unread.what, one.old_name()));
            match &unread.path {
                Some(path) => finding.at(path, unread.line),
                None => one.finding(view, finding),
            }
        });
        let mut findings: Vec<_> = findings.collect();
        if one.kind.is_gateway() {
            findings.extend(unfollowed(view, one, &known));
        }
        found.push((findings, unread));
    }
    let firsts = objects.all.iter_mut().filter(|one| one.first.is_some());
    for (one, (findings, unread)) in firsts.zip(found) {
        for finding in findings {
            let is_known = |other: &Finding| {
                other.code.id == finding.code.id && (&other.path, other.line) == (&finding.path, finding.line)
            };
            if !one.findings.iter().any(is_known) {
                one.findings.push(finding);
            }
        }
        one.last.extend(unread);
    }
}

/// What there is to say about a file that states kind and name.
pub(super) fn of_file(view: &View, path: &RepoPath, line: Option<usize>, name: &str) -> Finding {
    let is_template = path.name().ends_with(".j2")
        || path.name().ends_with(".tmpl")
        || view.file(path).is_some_and(|file| file.barred == Some(Barred::Template));
    let is_set = || {
        let objects = view.file(path).into_iter().flat_map(|file| &file.objects);
        objects.flat_map(|object| object.expanded()).any(|object| object.is("fluxcd.controlplane.io", "ResourceSet"))
    };
    if is_template || is_set() {
        return Finding::error(codes::IN_TEMPLATE, format!("{path} names {name}, and is a template")).at(path, line);
    }
    if is_built(view, path) {
        let message = format!("{path} names {name} in a way that is not followed");
        return Finding::error(codes::NOT_MODELLED, message).at(path, line);
    }
    Finding::note(codes::MENTIONED, format!("{path} names {name}, and is not changed")).at(path, line)
}

/// Whether a cluster builds something of a file: an object, a patch, a kustomization, or what one reads.
fn is_built(view: &View, path: &RepoPath) -> bool {
    let graph = view.graph();
    graph.built.contains(path)
        || graph.reached().any(|(at, _)| at.path == *path)
        || view.readers(path).next().is_some()
        || view.patch_files().contains(path)
}

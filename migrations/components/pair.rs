//! Which Component takes the place of which template: the one that renders the same.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::proof::{Difference, differences};
use super::protect::is_kept;
use super::settings::{ComponentsSettings, Create};
use super::template::Templates;
use super::unit::is_claim;
use crate::flux::{At, Kustomization, Traced, View, is_kustomization_file};
use crate::plan::Code;
use crate::repo::{EntryKind, RepoPath};

/// The `apiVersion` of Components.
pub(super) const VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// The Component for a template.
#[derive(Clone, Debug)]
pub(super) struct Counterpart {
    /// Its directory.
    pub(super) dir: RepoPath,
    /// The template that it is to be made from, where it is not there yet.
    pub(super) made_from: Option<RepoPath>,
    /// Whether it is the template itself, which becomes one where it stands.
    pub(super) in_place: bool,
    /// The claims that the template and it render and that Flux may prune, by where they stand.
    pub(super) claims: BTreeSet<At>,
    /// How it differs from the template. Nothing, where it renders the same.
    pub(super) differs: Vec<Difference>,
    /// All texts of what it renders.
    pub(super) texts: Vec<String>,
}

/// Why there is none: a reason code and what there is to say.
pub(super) type Lacking = (&'static Code, String);

/// What a template or Component renders, by its path.
struct Shape<'v> {
    dir: &'v RepoPath,
    objects: Vec<Traced>,
}

/// The Components for templates: those that consumers name, each a directory or a file in one, and all others, of which none is made.
/// `view` is a [`View::whole`].
pub(super) fn counterparts(
    view: &View,
    templates: &Templates<'_>,
    settings: &ComponentsSettings,
    (named, all): (&BTreeSet<RepoPath>, &BTreeSet<RepoPath>),
) -> BTreeMap<RepoPath, Result<Counterpart, Lacking>> {
    // One of another version is none to Kustomize (`docs/hazards.md#c2`).
    let is_version = |own: &Kustomization| own.api_version.as_ref().is_none_or(|version| version.text == VERSION);
    let is_one = |own: &&Kustomization| own.component && is_version(own);
    let dirs: Vec<RepoPath> = view.kustomizations().filter(is_one).map(Kustomization::dir).collect();
    let built = view.traced_directories(&dirs);
    let components: Vec<Shape<'_>> = dirs.iter().zip(built).map(|(dir, objects)| Shape { dir, objects }).collect();
    let targets: Vec<&RepoPath> = named.iter().chain(all.difference(named)).collect();
    let rendered = rendered(view, &targets);
    // Of several templates that render the same, the first is the one that is made a Component.
    let mut made: Vec<(Counterpart, &[Traced])> = Vec::new();
    let mut found = BTreeMap::new();
    for (target, objects) in targets.into_iter().zip(&rendered) {
        let counterpart = match of_one(view, target, objects, &components, settings) {
            Ok(Some(counterpart)) => Ok(counterpart),
            Ok(None) => {
                let same = made.iter().find(|(_, other)| differences(objects, other).is_empty());
                match same {
                    Some((counterpart, _)) => Ok(counterpart.clone()),
                    None if named.contains(target) => new(view, templates, settings, target, objects),
                    None => Err((
                        codes::NO_SUCH_COMPONENT,
                        format!("nothing names {target}, and no Component renders the same"),
                    )),
                }
            }
            Err(lacking) => Err(lacking),
        };
        if let Ok(own) = counterpart.as_ref()
            && (own.made_from.as_ref() == Some(target) || own.dir == *target)
        {
            made.push((own.clone(), objects));
        }
        found.insert(target.clone(), counterpart);
    }
    found
}

/// What each template renders by itself.
fn rendered(view: &View, targets: &[&RepoPath]) -> Vec<Vec<Traced>> {
    let of_dirs = view.traced_directories(targets.iter().copied());
    let all = targets.iter().zip(of_dirs).map(|(target, objects)| match view.tree().entry(target) {
        Some(EntryKind::File { .. }) => view.traced_file(target),
        _ => objects,
    });
    all.collect()
}

/// The Component that is there for a template.
fn of_one(
    view: &View,
    target: &RepoPath,
    objects: &[Traced],
    components: &[Shape<'_>],
    settings: &ComponentsSettings,
) -> Result<Option<Counterpart>, Lacking> {
    if view.kustomization(target).is_some_and(|own| own.component) {
        return Err((codes::UNDER_RESOURCES, format!("{target} is a Component, and is listed under resources")));
    }
    if objects.is_empty() {
        return Err((codes::EMPTY, format!("nothing is known that {target} renders")));
    }
    let counterpart = |own: &Shape<'_>| Counterpart {
        dir: own.dir.clone(),
        made_from: None,
        in_place: false,
        claims: unprotected(objects).chain(unprotected(&own.objects)).collect(),
        differs: differences(objects, &own.objects),
        texts: texts(&own.objects),
    };
    if let Some((_, dir)) = settings.pairs.iter().find(|(template, _)| template == target) {
        let renamed = settings.renamed(dir);
        return match components.iter().find(|own| own.dir == dir || *own.dir == renamed) {
            Some(own) => Ok(Some(counterpart(own))),
            None => {
                Err((codes::NO_SUCH_COMPONENT, format!("{dir}, which is configured for {target}, is no Component")))
            }
        };
    }
    let same: Vec<&Shape<'_>> = components.iter().filter(|own| differences(objects, &own.objects).is_empty()).collect();
    if let Some(own) = nearest(target, &same)? {
        return Ok(Some(counterpart(own)));
    }
    let ids = |objects: &[Traced]| objects.iter().map(|own| own.id.clone()).collect::<BTreeSet<_>>();
    let alike: Vec<&Shape<'_>> = components.iter().filter(|own| ids(&own.objects) == ids(objects)).collect();
    Ok(nearest(target, &alike)?.map(counterpart))
}

/// Of several Components, the one whose path ends as that of the template does.
fn nearest<'c, 'v>(target: &RepoPath, among: &[&'c Shape<'v>]) -> Result<Option<&'c Shape<'v>>, Lacking> {
    let ending = |dir: &RepoPath| {
        let pairs = dir.as_str().rsplit('/').zip(target.as_str().rsplit('/'));
        pairs.take_while(|(a, b)| a == b).count()
    };
    let most = among.iter().map(|own| ending(own.dir)).max().unwrap_or_default();
    let mut best = among.iter().filter(|own| ending(own.dir) == most);
    match (best.next(), best.next()) {
        (Some(one), Some(other)) => {
            Err((codes::SEVERAL, format!("both {} and {} could take the place of {target}", one.dir, other.dir)))
        }
        (one, _) => Ok(one.copied()),
    }
}

/// The Component that is to be made of a template.
fn new(
    view: &View,
    templates: &Templates<'_>,
    settings: &ComponentsSettings,
    target: &RepoPath,
    objects: &[Traced],
) -> Result<Counterpart, Lacking> {
    let Some(own) = view.kustomization(target) else {
        return Err((codes::SINGLE_FILE, format!("no Component renders just what {target} does")));
    };
    if acts_on_others(view, own, &mut BTreeSet::new()) {
        let message =
            format!("{} changes objects, and as a Component would change those of its consumers, too", own.path);
        return Err((codes::TRANSFORMS, message));
    }
    let found = |dir: RepoPath, made_from: Option<RepoPath>| Counterpart {
        in_place: made_from.is_none(),
        claims: unprotected(objects).collect(),
        differs: Vec::new(),
        texts: texts(objects),
        made_from,
        dir,
    };
    if settings.create == Create::InPlace {
        return match view.barred(&own.path) {
            Some(barred) => Err((codes::NOT_COPIED, format!("{} is never touched ({})", own.path, barred))),
            None => Ok(found(target.clone(), None)),
        };
    }
    movable(view, target, own)?;
    let root = templates.root_of(target).expect("a template lies in a directory of templates");
    let base = settings.directory.clone().or_else(|| root.dir().join("components"));
    let rest = target.as_str()[root.as_str().len()..].trim_start_matches('/');
    let dir = base.and_then(|base| base.join(rest)).expect("a path in the repository");
    let dir = settings.renamed(&dir);
    if view.tree().holds(&dir) {
        return Err((
            codes::PLACE_TAKEN,
            format!("{dir}, where its Component would go, is there already, and is no Component that renders the same"),
        ));
    }
    Ok(found(dir, Some(target.clone())))
}

/// Whether a template can be copied as it is.
fn movable(view: &View, dir: &RepoPath, own: &Kustomization) -> Result<(), Lacking> {
    let listed = own.resources.iter().chain(&own.components).chain(&own.inputs).chain(&own.configurations);
    for entry in listed {
        let target = view.resolve(own, &entry.text).filter(|_| !entry.is_remote());
        if target.is_none_or(|target| !target.is_in(dir)) {
            let message = format!("{}:{} names {}, which is not in its directory", own.path, entry.line, entry.text);
            return Err((codes::NOT_COPIED, message));
        }
    }
    for (path, kind) in view.tree().entries().filter(|(path, _)| path.is_in(dir)) {
        let plain = matches!(kind, EntryKind::File { filtered: false, .. });
        let text = view.tree().read(&path).ok().flatten().is_some_and(|file| str::from_utf8(&file.bytes).is_ok());
        let below = is_kustomization_file(&path) && path != own.path;
        if !plain || !text || below || view.barred(&path).is_some() {
            return Err((codes::NOT_COPIED, format!("{path} cannot be copied")));
        }
    }
    Ok(())
}

/// Whether a kustomization, or a Component that it takes in, changes objects rather than add some.
pub(super) fn acts_on_others(view: &View, own: &Kustomization, seen: &mut BTreeSet<RepoPath>) -> bool {
    let by_itself = own.stage.is_some()
        || own.namespace.is_some()
        || !own.patches.is_empty()
        || own.generators.iter().any(|generator| !generator.makes_new());
    by_itself || {
        let components = own.components.iter().filter_map(|entry| view.resolve(own, &entry.text));
        let components: Vec<RepoPath> = components.filter(|dir| seen.insert(dir.clone())).collect();
        components.iter().filter_map(|dir| view.kustomization(dir)).any(|own| acts_on_others(view, own, seen))
    }
}

/// The claims among objects that Flux may prune.
fn unprotected(objects: &[Traced]) -> impl Iterator<Item = At> {
    let claims = objects.iter().filter(|own| is_claim(&own.id.1));
    claims.filter(|claim| claim.stated.as_ref().is_some_and(|value| !is_kept(value))).map(|claim| claim.at.clone())
}

fn texts(objects: &[Traced]) -> Vec<String> {
    objects.iter().flat_map(Traced::texts).map(str::to_owned).collect()
}

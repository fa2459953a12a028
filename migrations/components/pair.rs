//! Which Component takes the place of which template: the one that renders the same.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::files::relocated;
use super::made;
use super::proof::{Difference, differences};
use super::protect::{is_claim, is_protected};
use super::settings::{ComponentsSettings, Create};
use super::template::Templates;
use crate::flux::{At, Kustomization, ObjectId, Traced, View, is_kustomization_file};
use crate::plan::Code;
use crate::repo::RepoPath;

/// The `apiVersion` of Components.
pub(super) const VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// The Component for a template.
#[derive(Clone, Debug)]
pub(super) struct Counterpart {
    /// Its directory.
    pub(super) dir: RepoPath,
    /// The template that it is to be made from, where it is not there yet.
    pub(super) made_from: Option<RepoPath>,
    /// Whether it is the template itself, which becomes one where it is.
    pub(super) in_place: bool,
    /// The claims that the template and it render, and that Flux may prune.
    pub(super) claims: BTreeSet<At>,
    /// How it differs from the template. Empty where it renders the same.
    pub(super) differs: Vec<Difference>,
    /// All texts of what it renders.
    pub(super) texts: Vec<String>,
}

/// Why there is none: a reason code and a message.
pub(super) type Lacking = (&'static Code, String);

/// A Component that is there, and what it renders.
struct Component {
    dir: RepoPath,
    objects: Vec<Traced>,
}

/// The Components for what consumers list, directories and single files. Also for all other
/// templates that have one; for these none is made. `view` is a [`View::whole`].
pub(super) fn counterparts(
    view: &View,
    settings: &ComponentsSettings,
    listed: &BTreeSet<RepoPath>,
    all: &BTreeSet<RepoPath>,
) -> BTreeMap<RepoPath, Result<Counterpart, Lacking>> {
    let pairing = Pairing::of(view, settings, all);
    let mut targets: Vec<&RepoPath> = listed.iter().chain(all.difference(listed)).collect();
    // What is in another template and has its own consumers keeps its place.
    targets.sort_by_key(|target| made::is_nested(view, target));
    let rendered = rendered(view, &targets);
    // Of several templates that render the same, the first becomes a Component.
    let mut made: Vec<(Counterpart, &[Traced])> = Vec::new();
    let mut found = BTreeMap::new();
    for (target, objects) in targets.into_iter().zip(&rendered) {
        let same = made.iter().find(|(_, others)| differences(objects, others).is_empty());
        let counterpart = match (pairing.existing(target, objects), same) {
            (Ok(Some(existing)), _) => Ok(existing),
            (Err(lacking), _) => Err(lacking),
            (Ok(None), Some((new, _))) => Ok(new.clone()),
            (Ok(None), None) if !listed.contains(target) => continue,
            (Ok(None), None) => {
                let new = pairing.made_of(target, objects).and_then(|new| is_apart(view, new, &made));
                made.extend(new.iter().map(|new| (new.clone(), objects.as_slice())));
                new
            }
        };
        found.insert(target.clone(), counterpart);
    }
    found
}

/// A new Component, if its files are apart from those of other new ones.
///
/// # Errors
/// If another one is to be made there.
fn is_apart(view: &View, new: Counterpart, made: &[(Counterpart, &[Traced])]) -> Result<Counterpart, Lacking> {
    let files = |new: &Counterpart| -> BTreeSet<RepoPath> {
        new.made_from.iter().flat_map(|template| made::files(view, template, &new.dir)).collect()
    };
    let own = files(&new);
    let mut others = made.iter().map(|(other, _)| other).filter(|other| other.made_from.is_some());
    let is_there = |other: &&Counterpart| other.dir == new.dir || !files(other).is_disjoint(&own);
    match others.find(is_there).filter(|_| new.made_from.is_some()) {
        Some(other) => {
            let message = format!("{} is the place of the Component that is made of another template", other.dir);
            Err((codes::PLACE_TAKEN, message))
        }
        None => Ok(new),
    }
}

/// What each template renders by itself.
fn rendered(view: &View, targets: &[&RepoPath]) -> Vec<Vec<Traced>> {
    let of_dirs = view.traced_directories(targets.iter().copied());
    let all = targets.iter().zip(of_dirs).map(|(target, objects)| match made::is_file(view, target) {
        true => view.traced_file(target),
        false => objects,
    });
    all.collect()
}

/// Why nothing is known that a template renders.
fn empty(view: &View, target: &RepoPath) -> Lacking {
    let tree = view.tree();
    let is_file = made::is_file(view, target);
    if !is_file && !tree.holds(target) {
        return (codes::MISSING, format!("{target} does not exist, so there is no template to switch"));
    }
    let broken = |path: &RepoPath| {
        let broken = view.file(path)?.broken.as_ref()?;
        Some(format!("{path}:{} is not valid YAML, so it is not known what {target} renders", broken.line))
    };
    let file = view.files_in(target).map(|(path, _)| path).find(|path| is_of(path, target)).unwrap_or(target);
    let why = match broken(file) {
        Some(why) => why,
        None if !is_file && view.kustomization(target).is_none() => format!("{target} has no kustomization file"),
        None => format!("{target} renders no known objects"),
    };
    (codes::EMPTY, why)
}

/// Whether a file is the kustomization file of a directory.
fn is_of(path: &RepoPath, dir: &RepoPath) -> bool {
    is_kustomization_file(path) && path.dir() == *dir
}

/// Looks for the Components of templates, or for where to make them.
struct Pairing<'v> {
    view: &'v View,
    settings: &'v ComponentsSettings,
    /// The templates of the tree.
    templates: &'v BTreeSet<RepoPath>,
    /// The Components by what they render.
    components: BTreeMap<BTreeSet<ObjectId>, Vec<Component>>,
}

impl<'v> Pairing<'v> {
    fn of(view: &'v View, settings: &'v ComponentsSettings, templates: &'v BTreeSet<RepoPath>) -> Pairing<'v> {
        // Kustomize takes one of another version for none (`docs/hazards.md#c2`).
        let is_one = |kustomization: &&Kustomization| {
            let version = kustomization.api_version.as_ref();
            kustomization.component && version.is_none_or(|version| version.text == VERSION)
        };
        let dirs: Vec<RepoPath> = view.kustomizations().filter(is_one).map(Kustomization::dir).collect();
        let rendered = view.traced_directories(&dirs);
        let mut components: BTreeMap<_, Vec<Component>> = BTreeMap::new();
        for (dir, objects) in dirs.into_iter().zip(rendered) {
            components.entry(ids(&objects)).or_default().push(Component { dir, objects });
        }
        Pairing { view, settings, templates, components }
    }

    /// The Component that is there for a template.
    fn existing(&self, target: &RepoPath, objects: &[Traced]) -> Result<Option<Counterpart>, Lacking> {
        if self.view.kustomization(target).is_some_and(|kustomization| kustomization.component) {
            return Err((codes::UNDER_RESOURCES, format!("{target} is a Component, and is listed under `resources`")));
        }
        if objects.is_empty() {
            return Err(empty(self.view, target));
        }
        let counterpart = |component: &Component| Counterpart {
            dir: component.dir.clone(),
            made_from: None,
            in_place: false,
            claims: unprotected(objects).chain(unprotected(&component.objects)).collect(),
            differs: differences(objects, &component.objects),
            texts: texts(&component.objects),
        };
        if let Some((_, dir)) = self.settings.pairs.iter().find(|(template, _)| template == target) {
            let renamed = self.settings.renamed(dir);
            let all = self.components.values().flatten();
            let configured =
                all.filter(|component| [dir, &renamed].contains(&&component.dir)).min_by_key(|one| &one.dir);
            let lacking = || (codes::NO_SUCH_COMPONENT, format!("{dir}, configured for {target}, is not a Component"));
            return configured.map(|component| Some(counterpart(component))).ok_or_else(lacking);
        }
        let alike = self.components.get(&ids(objects)).into_iter().flatten();
        let is_same = |component: &&Component| differences(objects, &component.objects).is_empty();
        let same = nearest(target, alike.clone().filter(is_same).collect())?;
        let may_differ = |component: &&Component| !self.is_of_another(target, &component.dir);
        let found = if same.is_some() { same } else { nearest(target, alike.filter(may_differ).collect())? };
        Ok(found.map(counterpart))
    }

    /// Whether a Component is that of another template: it stands among the templates, or where a copy of the other
    /// is made. It was no counterpart before it was made, and is none after, unless it renders the same.
    fn is_of_another(&self, target: &RepoPath, dir: &RepoPath) -> bool {
        let stands_for = |template: &RepoPath| self.place(template) == *dir;
        let is_copy = || !stands_for(target) && self.templates.iter().any(stands_for);
        Templates::of(self.settings).root_of(dir).is_some() || is_copy()
    }

    /// The Component that is to be made of a template.
    fn made_of(&self, target: &RepoPath, objects: &[Traced]) -> Result<Counterpart, Lacking> {
        let kustomization = self.view.kustomization(target);
        if kustomization.is_none() && !made::is_file(self.view, target) {
            return Err((codes::EMPTY, format!("{target} has no kustomization")));
        }
        if let Some(Kustomization { path, .. }) = kustomization.filter(|there| changes_others(self.view, there)) {
            let message = format!("{path} changes objects; as a Component it would change those of its consumers, too");
            return Err((codes::TRANSFORMS, message));
        }
        // A single file cannot become one where it is.
        let in_place = kustomization.filter(|_| self.settings.create == Create::InPlace);
        let dir = if in_place.is_some() { target.clone() } else { self.place(target) };
        if let Some(Kustomization { path, .. }) = in_place {
            if let Some(barred) = self.view.barred(path) {
                return Err((codes::NOT_COPIED, format!("{path} is never changed ({barred})")));
            }
        } else {
            made::check_can_be_copied(self.view, target)?;
            if made::is_taken(self.view, target, &dir) {
                let message = format!("{dir} exists already, and is not a Component that renders the same as {target}");
                return Err((codes::PLACE_TAKEN, message));
            }
        }
        let in_place = in_place.is_some();
        Ok(Counterpart {
            dir,
            made_from: (!in_place).then(|| target.clone()),
            in_place,
            claims: unprotected(objects).collect(),
            differs: Vec::new(),
            texts: texts(objects),
        })
    }

    /// Where the copy of a template is made.
    fn place(&self, target: &RepoPath) -> RepoPath {
        let root = Templates::of(self.settings).root_of(target).expect("a template is in a directory of templates");
        let beside = || root.dir().join("components").expect("a path in the repository");
        let base = self.settings.directory.clone().unwrap_or_else(beside);
        let place = relocated(target, &root, &base);
        // That of a single file is a directory with the name of the file.
        let stem = place.name().rsplit_once('.').filter(|_| made::is_file(self.view, target)).map(|(stem, _)| stem);
        let place = stem.and_then(|stem| place.dir().join(stem)).unwrap_or(place);
        self.settings.renamed(&place)
    }
}

/// Of several Components, the one whose path ends like that of the template.
fn nearest<'c>(target: &RepoPath, among: Vec<&'c Component>) -> Result<Option<&'c Component>, Lacking> {
    let ending = |component: &&Component| {
        let parts = component.dir.as_str().rsplit('/').zip(target.as_str().rsplit('/'));
        parts.take_while(|(a, b)| a == b).count()
    };
    let longest = among.iter().map(ending).max().unwrap_or_default();
    let mut best = among.into_iter().filter(|component| ending(component) == longest);
    match (best.next(), best.next()) {
        (Some(one), Some(other)) => {
            Err((codes::SEVERAL, format!("both {} and {} could take the place of {target}", one.dir, other.dir)))
        }
        (one, _) => Ok(one),
    }
}

/// Whether a kustomization, or a Component that it uses, changes objects instead of adding some.
pub(super) fn changes_others(view: &View, kustomization: &Kustomization) -> bool {
    fn changes(view: &View, kustomization: &Kustomization, seen: &mut BTreeSet<RepoPath>) -> bool {
        let by_itself = kustomization.stage.is_some()
            || kustomization.namespace.is_some()
            || !kustomization.patches.is_empty()
            || kustomization.generators.iter().any(|generator| !generator.makes_new());
        by_itself || {
            let dirs = kustomization.components.iter().filter_map(|entry| view.resolve(kustomization, &entry.text));
            let new: Vec<RepoPath> = dirs.filter(|dir| seen.insert(dir.clone())).collect();
            new.iter().filter_map(|dir| view.kustomization(dir)).any(|component| changes(view, component, seen))
        }
    }
    changes(view, kustomization, &mut BTreeSet::new())
}

/// The claims among objects that Flux may prune.
fn unprotected(objects: &[Traced]) -> impl Iterator<Item = At> {
    let claims = objects.iter().filter(|object| is_claim(&object.id.1));
    let of_files = claims.filter(|claim| claim.stated.as_ref().is_some_and(|value| !is_protected(value)));
    of_files.map(|claim| claim.at.clone())
}

fn ids(objects: &[Traced]) -> BTreeSet<ObjectId> {
    objects.iter().map(|object| object.id).collect()
}

fn texts(objects: &[Traced]) -> Vec<String> {
    objects.iter().flat_map(Traced::texts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::migrations::components::Components;
    use crate::plan::author::testing::check_refused;

    #[test]
    fn why_nothing_is_known_of_a_template_is_said() {
        let consumer = "//- apps/kustomization.yaml\nresources:\n  - ../templates/gatus\n";
        let refused = |more: &str, code: &str| {
            check_refused(
                &Components,
                &format!("{consumer}{more}"),
                &[&format!("refused {code} apps/kustomization.yaml:2")],
            );
        };
        refused("", "template-missing");
        refused("//- templates/gatus/config.yaml\na: 1\n", "template-empty");
        refused("//- templates/gatus/kustomization.yaml\nresources: [\n", "template-empty");
    }
}

//! Migrations that say what the value of an object becomes, and nothing else.

use super::{After, Edits, edited, hooks, workloads};
use crate::config::{SectionType, Settings};
use crate::flux::{At, FluxKustomization, Object, Reach, Value, View, rewrite};
use crate::plan::runbook::Runbook;
use crate::plan::{
    Batch, Class, Code, Draft, Edited, Finding, Impact, Meta, Migration, Subject, Survey, Unit, UnitId, codes,
};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// The step of all units here.
const STEP: &str = "rewrite";

/// A migration from value to value: *objects of this group and kind, wherever they stand, become
/// what this function says*.
///
/// The house finds the objects (in files of several documents and in Lists, too), names the units,
/// writes the difference and proves it, honours opt-outs, and compares what arrives on every
/// cluster with what is meant: a patch, a variable or `commonAnnotations` on the way that would
/// undo or repeat the change refuses the unit. What implements this is a [`Migration`].
pub trait Rewrite: Send + Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// What can be configured about it.
    fn section(&self) -> Option<SectionType> {
        None
    }

    /// The objects that it is about.
    fn objects(&self) -> Objects;

    /// What the value of an object becomes. Asked of the value as the file states it, and of the
    /// value as it arrives in each cluster. Pure: the same value gives the same verdict.
    fn rewrite(&self, object: &Value, target: &Target<'_>) -> Verdict;
}

/// Objects of a group and kind, in any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objects {
    /// The API group: `helm.toolkit.fluxcd.io`.
    pub group: &'static str,
    /// The kind: `HelmRelease`.
    pub kind: &'static str,
}

impl Objects {
    /// HelmReleases of Flux.
    pub const HELM_RELEASES: Objects = Objects { group: "helm.toolkit.fluxcd.io", kind: "HelmRelease" };
    /// Kustomizations of Flux.
    pub const FLUX_KUSTOMIZATIONS: Objects = Objects { group: "kustomize.toolkit.fluxcd.io", kind: "Kustomization" };

    /// Those in a file, Lists opened.
    fn in_file<'v>(self, view: &'v View, path: &RepoPath) -> impl Iterator<Item = &'v Object> {
        let objects = view.file(path).into_iter().flat_map(|file| &file.objects);
        objects.flat_map(Object::expanded).filter(move |object| object.is(self.group, self.kind))
    }

    /// Whether the patches on their way are known. For other kinds only that there are some.
    fn are_followed(self) -> bool {
        [Objects::HELM_RELEASES, Objects::FLUX_KUSTOMIZATIONS].contains(&self)
    }
}

/// An object that a rewrite is asked about.
#[derive(Clone, Copy)]
pub struct Target<'v> {
    /// The tree.
    pub view: &'v View,
    /// Where it is.
    pub at: &'v At,
    /// The configuration.
    pub settings: &'v Settings,
}

/// What becomes of an object.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Nothing: it is not concerned, or it is done.
    Nothing,
    /// Another value.
    Becomes(Becomes),
    /// It is in scope, and cannot be changed, for this reason.
    Refused(&'static Code, String),
}

/// What an object becomes.
#[derive(Clone, Debug)]
pub struct Becomes {
    /// Its new value.
    pub value: Value,
    /// What that does, in a few words: the title of the unit.
    pub title: String,
    /// What it does to the cluster.
    pub impact: Impact,
    /// Why you should look at it first, if so.
    pub review: Option<(&'static Code, String)>,
}

impl Verdict {
    /// It becomes this value, as the title says; nothing where that is the value that it has.
    pub fn becomes(value: Value, title: impl Into<String>) -> Verdict {
        Verdict::Becomes(Becomes { value, title: title.into(), impact: Impact::Upgrade, review: None })
    }

    /// It cannot be changed.
    pub fn refuse(code: &'static Code, message: impl Into<String>) -> Verdict {
        Verdict::Refused(code, message.into())
    }

    /// What the change does to the cluster, where that is not an upgrade.
    #[must_use]
    pub fn with_impact(self, impact: Impact) -> Verdict {
        match self {
            Verdict::Becomes(becomes) => Verdict::Becomes(Becomes { impact, ..becomes }),
            other => other,
        }
    }

    /// You should look at the change first.
    #[must_use]
    pub fn with_review(self, code: &'static Code, message: impl Into<String>) -> Verdict {
        match self {
            Verdict::Becomes(becomes) => Verdict::Becomes(Becomes { review: Some((code, message.into())), ..becomes }),
            other => other,
        }
    }
}

impl<T: Rewrite> Migration for T {
    fn meta(&self) -> &'static Meta {
        Rewrite::meta(self)
    }

    fn section(&self) -> Option<SectionType> {
        Rewrite::section(self)
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let all = view.whole();
        let files = all.files_with(self.objects().kind).map(|(path, _)| path.clone()).collect::<Vec<_>>();
        let objects = files.iter().flat_map(|path| self.objects().in_file(&all, path));
        let drafts = objects.filter_map(|object| Rewriting { migration: self, view: &all, settings }.draft(object));
        Survey { drafts: drafts.collect(), ..Survey::default() }
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let all = view.whole();
        let rewriting = Rewriting { migration: self, view: &all, settings };
        units.iter().map(|unit| rewriting.edit(unit)).collect()
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], _: &Settings) -> Vec<Runbook> {
        batches.iter().map(|batch| Runbook::reconcile_only(view, batch, Rewrite::meta(self).summary)).collect()
    }
}

/// A rewrite at work on a tree.
struct Rewriting<'r, T> {
    migration: &'r T,
    view: &'r View,
    settings: &'r Settings,
}

impl<T: Rewrite> Rewriting<'_, T> {
    fn asked(&self, value: &Value, at: &At) -> Verdict {
        self.migration.rewrite(value, &Target { view: self.view, at, settings: self.settings })
    }

    fn draft(&self, object: &Object) -> Option<Draft> {
        let (view, at) = (self.view, &object.at);
        let id = UnitId::new(Rewrite::meta(self.migration), STEP, subject(view, object));
        let draft =
            |title: String| Draft { also: other_names(view, at), ..Draft::new(id.clone(), title, [at.path.clone()]) };
        let refused = |reason: Finding| Draft { findings: vec![reason], ..draft("stays as it is".to_owned()) };
        let becomes = match self.asked(&view.node(at).and_then(Value::of)?, at) {
            Verdict::Nothing => return self.stated_elsewhere(object).map(refused),
            Verdict::Refused(code, message) => {
                return Some(refused(Finding::error(code, message).at(&at.path, object.line)));
            }
            Verdict::Becomes(becomes) => becomes,
        };
        let is_release = object.is_helm_release();
        let runs = is_release && becomes.impact >= Impact::Upgrade;
        let mut findings = self.to_review(object);
        let review = becomes.review.map(|(code, message)| Finding::warning(code, message).at(&at.path, object.line));
        findings.extend(review);
        Some(Draft {
            impact: if view.graph().reaches(at).is_empty() { Impact::None } else { becomes.impact },
            workloads: if is_release { workloads(view, at) } else { Default::default() },
            class: (!is_release).then_some(OBJECTS),
            hooks: runs && !hooks(view, at).is_empty(),
            findings,
            ..draft(becomes.title)
        })
    }

    /// Why the change should be looked at first, whatever the migration says.
    fn to_review(&self, object: &Object) -> Vec<Finding> {
        let reaches = self.view.graph().reaches(&object.at);
        let warn = |code, message| Finding::warning(code, message).at(&object.at.path, object.line);
        if reaches.is_empty() {
            return vec![warn(codes::UNREACHED, format!("no cluster applies {}", object.name))];
        }
        let patches = |reach: &Reach| patches_on_the_way(self.view, reach);
        match reaches.iter().find_map(patches).filter(|_| !self.migration.objects().are_followed()) {
            Some(path) => {
                let message = format!("{path} has patches, and whether they change {} is not known", object.name);
                vec![warn(codes::PATCHES_NOT_FOLLOWED, message)]
            }
            None => Vec::new(),
        }
    }

    /// Why an object that needs nothing as its file states it does need something as it arrives in
    /// a cluster.
    fn stated_elsewhere(&self, object: &Object) -> Option<Finding> {
        let reaches = self.view.graph().reaches(&object.at).iter();
        let root = self.view.node(&object.at)?;
        let verdict = reaches.filter_map(|reach| arriving(self.view, root, reach)).find_map(|value| {
            match self.asked(&value, &object.at) {
                Verdict::Nothing => None,
                Verdict::Becomes(becomes) => Some(becomes.title),
                Verdict::Refused(_, message) => Some(message),
            }
        })?;
        let message = format!("as {} arrives in a cluster it is still to be changed: {verdict}", object.name);
        Some(Finding::error(codes::STATED_ELSEWHERE, message).at(&object.at.path, object.line))
    }

    fn edit(&self, unit: &Unit) -> Edited {
        let path = unit.id.subject.path();
        let is_it = |object: &&Object| subject(self.view, object) == unit.id.subject;
        let Some(object) = self.migration.objects().in_file(self.view, path).find(is_it) else {
            return Edited::gone(unit);
        };
        let Some((root, from)) = self.view.node(&object.at).and_then(|root| Some((root, Value::of(root)?))) else {
            return Edited::Already;
        };
        let to = match self.asked(&from, &object.at) {
            Verdict::Nothing => return Edited::Already,
            Verdict::Refused(code, message) => {
                return Edited::Refused(Finding::error(code, message).at(path, object.line));
            }
            Verdict::Becomes(becomes) => becomes,
        };
        let mut edits = Edits::of(self.view);
        let done = edits.file(path, |edit| rewrite(edit, root, &from, &to.value, &to.title));
        edited(done.and_then(|()| edits.finish_if(|after| self.arrives(object, after))))
    }

    /// Sees that what arrives in every cluster is what the migration makes of what arrived before.
    fn arrives(&self, object: &Object, after: &After<'_>) -> Result<(), Finding> {
        let (view, at) = (self.view, &object.at);
        let edited = after.object(at);
        let differs = |reach: &Reach| {
            let before = view.node(at).and_then(|root| arriving(view, root, reach));
            let after = edited.as_ref().and_then(|(stream, at)| arriving(view, at.node(stream)?, reach));
            let meant = before.as_ref().map(|before| match self.asked(before, at) {
                Verdict::Becomes(becomes) => becomes.value,
                Verdict::Nothing | Verdict::Refused(..) => before.clone(),
            });
            match (meant, after) {
                (Some(meant), Some(after)) => !meant.same_as(&after),
                _ => true,
            }
        };
        let Some(reach) = view.graph().reaches(at).iter().find(|reach| differs(reach)) else { return Ok(()) };
        let cluster = &view.graph().clusters[reach.cluster].name;
        let message = format!("{} would not arrive in {cluster} as it is meant", object.name);
        Err(Finding::error(codes::CHANGED_ON_THE_WAY, message).at(&at.path, object.line))
    }
}

/// An object as it arrives in a cluster: patched, substituted, and with the labels and annotations
/// that the kustomizations on its way give to all objects.
pub fn arriving(view: &View, root: Node<'_>, reach: &Reach) -> Option<Value> {
    let mut value = view.effective_text(root, reach)?;
    let on_its_way = reach.through.iter().rev().filter_map(|path| view.kustomization(&path.dir()));
    for kustomization in on_its_way {
        for (field, pairs) in [("labels", &kustomization.labels), ("annotations", &kustomization.annotations)] {
            for (key, text) in pairs {
                value.set_at(&["metadata", field, key], Value::string(text));
            }
        }
    }
    Some(value)
}

/// The first file on the way of an object that has patches.
pub fn patches_on_the_way(view: &View, reach: &Reach) -> Option<RepoPath> {
    let of_kustomize = reach.through.iter().find(|path| {
        let kustomization = view.kustomization(&path.dir());
        kustomization.is_some_and(|kustomization| !kustomization.patches.is_empty())
    });
    let flux = &view.graph().kustomizations[reach.kustomization];
    of_kustomize.cloned().or_else(|| (!flux.patches.is_empty()).then(|| flux.at.path.clone()))
}

/// Objects that are no HelmReleases, in batches of their own.
pub const OBJECTS: Class = Class::new(25, "objects", "objects", "object");

/// What the unit of an object is about: the object as the first cluster applies it, or as its file
/// states it.
pub fn subject(view: &View, object: &Object) -> Subject {
    let reach = view.graph().reaches(&object.at).first();
    let name = reach.map_or(object.name, |reach| reach.name).as_str();
    let namespace = reach.map_or(object.namespace, |reach| reach.namespace).unwrap_or_default().as_str();
    if object.is_helm_release() {
        Subject::release(namespace, name, &object.at.path)
    } else {
        Subject::object(&object.kind, namespace, name, &object.at.path)
    }
}

/// What a unit about a Flux Kustomization is about.
pub fn subject_of_flux(one: &FluxKustomization) -> Subject {
    Subject::object("Kustomization", &one.namespace, &one.name, &one.at.path)
}

/// The names under which other Flux Kustomizations apply the same object.
pub fn other_names(view: &View, at: &At) -> std::collections::BTreeSet<String> {
    let full = |reach: &Reach| format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
    let reaches = view.graph().reaches(at);
    let first = reaches.first().map(full);
    reaches.iter().map(full).filter(|name| Some(name) != first.as_ref()).collect()
}

//! The second sources, of 4.x, for releases of sources of 3.x that others use, too.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::carriers::{Slots, carriers};
use super::settings::AppTemplateSettings;
use super::source::{is_before, is_of_chart, key, version_of};
use crate::flux::{At, ClusterId, OciRepository, View};
use crate::migrations::sources::codes::NAME_TAKEN;
use crate::migrations::sources::existing::{existing, proven_beside, trial_of_all};
use crate::migrations::sources::name::name_of_second;
use crate::migrations::sources::place::{Place, beside};
use crate::migrations::sources::{SourceKey, Spec, copy};
use crate::plan::Finding;
use crate::yaml::Node;

/// The second source, of 4.x, for the releases of one source of 3.x.
#[derive(Clone)]
pub(super) struct Second {
    /// The source of 3.x.
    pub(super) old: At,
    /// The name that a chartRef names.
    pub(super) name: String,
    /// What is to be written, and where; `None` if it is there.
    pub(super) new: Option<NewSource>,
}

/// A source that is to be written.
#[derive(Clone)]
pub(super) struct NewSource {
    pub(super) spec: Spec,
    pub(super) place: Place,
    /// The source of 3.x that it is written beside.
    pub(super) beside: At,
}

/// Clusters, each with a namespace.
pub(super) type Places = BTreeSet<(ClusterId, String)>;

/// A chart, in a namespace of a cluster.
type Slot = (SourceKey, ClusterId, String);

/// A source of 3.x, and where its releases look for the one of 4.x.
struct Needed<'v> {
    old: &'v OciRepository,
    spec: Spec,
    places: Places,
}

/// A second source that is not there, and where it can be written.
struct Drafted<'v> {
    old: &'v OciRepository,
    spec: Spec,
    place: Result<Place, Finding>,
}

impl<'v> Needed<'v> {
    fn of(view: &View, old: &'v OciRepository, target: &str, places: Places) -> Needed<'v> {
        Needed { old, spec: spec(view, old, key(old, target).0), places }
    }

    /// The source, if it is there wherever it is needed.
    fn there(&self, view: &View) -> Option<Second> {
        let mut by_namespace: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (cluster, namespace) in &self.places {
            by_namespace.entry(namespace).or_default().insert(view.graph().clusters[*cluster].name.clone());
        }
        let Spec { key, carried, .. } = &self.spec;
        let found = by_namespace.into_iter();
        let mut found = found.map(|(namespace, clusters)| existing(view, key, carried, &clusters, namespace));
        let name = found.next()??;
        let is_everywhere = found.all(|other| other.as_ref() == Some(&name));
        is_everywhere.then(|| Second { old: self.old.at.clone(), name, new: None })
    }

    fn draft(self, view: &View) -> (Drafted<'v>, Slots<Slot>) {
        let Needed { old, spec, places } = self;
        let place = twin(view, &spec.key).map_or_else(|| beside(view, &old.at, &spec.key), Err);
        let of_key = |places: Places| {
            places.into_iter().map(|(cluster, namespace)| (spec.key.clone(), cluster, namespace)).collect()
        };
        let arrives = place.is_ok().then(|| of_key(places_of(view, old)));
        let slots = Slots { needed: of_key(places), arrives };
        (Drafted { old, spec, place }, slots)
    }
}

/// Whether one source has all that is to be carried to another.
fn carries_all(one: &Spec, other: &Spec) -> bool {
    other.carried.iter().all(|carried| carried.0 == "timeout" || one.carried.contains(carried))
}

/// Why a second source of this key is not written, if one of another registry would have its name.
fn twin(view: &View, of: &SourceKey) -> Option<Finding> {
    let is_twin = |other: &&OciRepository| {
        let (other, _) = key(other, of.version.text());
        other != *of && name_of_second(&other) == name_of_second(of)
    };
    let other = view.oci_repositories().iter().filter(|source| is_of_chart(source)).find(is_twin)?;
    let message = format!("the source of {of} would be called {}, as that of {}", name_of_second(of), other.url);
    Some(Finding::error(NAME_TAKEN, message))
}

impl Drafted<'_> {
    /// The source, proven to arrive wherever the one of 3.x does; `together` is a view in which all
    /// that are needed are written.
    ///
    /// # Errors
    /// A finding, if it has no place or does not arrive.
    fn second(&self, view: &View, together: Option<&View>) -> Result<Second, Finding> {
        let (old, spec, place) = (&self.old.at, self.spec.clone(), self.place.clone()?);
        let name = proven_beside(view, &spec, &place, old, together)?;
        Ok(Second { old: old.clone(), name, new: Some(NewSource { spec, place, beside: old.clone() }) })
    }

    /// The source that is written beside another one of 3.x, for the releases of this one, too.
    ///
    /// # Errors
    /// A finding, if it does not arrive, or if it has not all credentials and checks of this one: what
    /// it has beside is no loss, as with a source that is there.
    fn shared(&self, carrier: &Drafted<'_>, view: &View, together: Option<&View>) -> Result<Second, Finding> {
        let second = carrier.second(view, together)?;
        if carries_all(&carrier.spec, &self.spec) {
            return Ok(Second { old: self.old.at.clone(), ..second });
        }
        let what = format!("the new source {} is needed for {}, too", second.name, carrier.old.at);
        Err(Finding::error(NAME_TAKEN, format!("{what}, which has other credentials or checks")))
    }

    /// Why it is not written: in some of its namespaces another one would have its name.
    fn taken(&self, other: Option<&Drafted<'_>>) -> Finding {
        let other = other.map(|other| format!(" (beside {})", other.old.at)).unwrap_or_default();
        let message = format!(
            "some namespaces would get two new sources of one name, for {} and for another version{other}, and others \
             only one of them; list what carries the two in the same kustomizations",
            self.old.at
        );
        Finding::error(NAME_TAKEN, message)
    }
}

/// The second source for the releases of each of these sources of 3.x, which look for it in these
/// places: the one that is there, or one to be written. Where several would arrive in one namespace
/// there is one for all of them.
///
/// Errors are findings at the source of 3.x, if there is no place.
pub(super) fn seconds<'v>(
    view: &'v View,
    target: &str,
    needed: impl IntoIterator<Item = (&'v OciRepository, Places)>,
) -> Vec<(&'v OciRepository, Result<Second, Finding>)> {
    let needed = needed.into_iter().map(|(old, places)| Needed::of(view, old, target, places));
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for needed in needed {
        match needed.there(view) {
            Some(second) => found.push((needed.old, Ok(second))),
            None => missing.push(needed),
        }
    }
    // Where several get the same one, it is like that of the newest.
    missing.sort_by_key(|needed| Reverse(version_of(needed.old)));
    let drafts = missing.into_iter().map(|needed| needed.draft(view));
    let (drafts, slots): (Vec<_>, Vec<_>) = drafts.unzip();
    let carriers = carriers(&slots);
    let chosen: BTreeSet<usize> = carriers.iter().flatten().copied().collect();
    let written =
        chosen.iter().filter_map(|carrier| Some((&drafts[*carrier].spec, drafts[*carrier].place.as_ref().ok()?)));
    let together = trial_of_all(view, written);
    for (index, draft) in drafts.iter().enumerate() {
        let second = match carriers[index] {
            Some(carrier) if carrier == index => draft.second(view, together.as_ref()),
            Some(carrier) => draft.shared(&drafts[carrier], view, together.as_ref()),
            None => Err(draft.place.as_ref().err().cloned().unwrap_or_else(|| {
                let other = chosen.iter().find(|other| slots[**other].meets(&slots[index]));
                draft.taken(other.map(|other| &drafts[*other]))
            })),
        };
        found.push((draft.old, second));
    }
    found
}

/// The second sources that there can be, each beside its source of 3.x, needed wherever that is: on
/// a tree in which the releases that need them cannot move yet.
pub(super) fn possible(view: &View, settings: &AppTemplateSettings) -> Vec<Second> {
    let mut of_3: Vec<_> = view.oci_repositories().iter().filter(|source| is_before(source, settings)).collect();
    of_3.sort_by_key(|source| Reverse(version_of(source)));
    let seconds = of_3.into_iter().filter_map(|old| {
        let needed = Needed::of(view, old, &settings.target, places_of(view, old));
        needed.there(view).or_else(|| needed.draft(view).0.second(view, None).ok())
    });
    seconds.collect()
}

/// Where a source is, and so another one that is written beside it.
fn places_of(view: &View, source: &OciRepository) -> Places {
    let reaches = view.graph().reaches(&source.at).iter();
    reaches.map(|reach| (reach.cluster, reach.namespace.unwrap_or_default().to_string())).collect()
}

/// A source of 4.x as the source of 3.x is: with its credentials, checks and interval.
fn spec(view: &View, old: &OciRepository, key: SourceKey) -> Spec {
    const NOT_CARRIED: [&str; 4] = ["interval", "layerSelector", "ref", "url"];
    let node = view.node(&old.at).and_then(|root| root.get("spec"));
    let entries = node.into_iter().flat_map(Node::entries).filter(|(_, value)| !value.is_null());
    let carried = entries.filter_map(|(key, value)| {
        let key = key.text().filter(|key| !NOT_CARRIED.contains(key))?;
        Some((key.to_owned(), copy(value)))
    });
    let interval = node.and_then(|node| node.text_at(&["interval"])).unwrap_or("15m").to_owned();
    Spec { key, interval, carried: carried.collect(), comments: Vec::new() }
}

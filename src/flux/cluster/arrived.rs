//! The objects of a file as they arrive, kept with the file: most views of a run have most files
//! in common, and the same patches and variables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::effective::effective;
use super::flux_kustomization::FluxKustomization;
use crate::flux::files::{At, FileView, Name};
use crate::flux::kustomize::Patches;
use crate::flux::value::{Value, Variables};

/// How many ways of one object are kept.
const WAYS: usize = 8;

/// What is known of the objects of a file.
#[derive(Default)]
pub(super) struct Arrived {
    objects: Ways<Option<Arc<Value>>>,
    pub(super) kustomizations: Ways<Option<Arc<FluxKustomization>>>,
}

/// What happens to an object on its way.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) patches: Patches,
    pub(super) name: Name,
    pub(super) namespace: Option<Name>,
    pub(super) variables: Arc<Variables>,
}

impl PartialEq for Way {
    fn eq(&self, other: &Way) -> bool {
        let same_patches = self.patches.len() == other.patches.len()
            && self.patches.iter().zip(&other.patches).all(|(one, another)| Arc::ptr_eq(one, another));
        same_patches
            && self.name == other.name
            && self.namespace == other.namespace
            && (Arc::ptr_eq(&self.variables, &other.variables) || self.variables == other.variables)
    }
}

/// What comes out at the end of each way of each object.
pub(super) struct Ways<T>(Mutex<ByPlace<T>>);

/// By document, and item of a List.
type ByPlace<T> = HashMap<(usize, Option<usize>), Vec<(Way, T)>>;

impl<T> Default for Ways<T> {
    fn default() -> Ways<T> {
        Ways(Mutex::default())
    }
}

impl<T: Clone> Ways<T> {
    /// What comes out at the end of a way, worked out once.
    pub(super) fn end(&self, at: &At, way: Way, find: impl FnOnce() -> T) -> T {
        let place = (at.document, at.item);
        let known = |all: &ByPlace<T>| {
            let ways = all.get(&place)?;
            ways.iter().find(|(known, _)| *known == way).map(|(_, end)| end.clone())
        };
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = known(&lock()) {
            return end;
        }
        let end = find();
        let mut all = lock();
        let ways = all.entry(place).or_default();
        if ways.len() == WAYS {
            ways.remove(0);
        }
        ways.push((way, end.clone()));
        end
    }
}

impl Arrived {
    pub(super) fn of(file: &FileView) -> &Arrived {
        file.memo.of()
    }
}

/// An object of a file as it arrives.
pub(in crate::flux) fn arriving(
    file: &FileView,
    at: &At,
    patches: &Patches,
    (name, namespace): (&str, Option<&str>),
    variables: &Arc<Variables>,
) -> Option<Arc<Value>> {
    let root = at.node(file.stream.as_ref()?)?;
    let way = Way {
        patches: patches.clone(),
        name: Name::of(name),
        namespace: namespace.map(Name::of),
        variables: variables.clone(),
    };
    let find = || effective(root, patches, Some((name, namespace)), variables).map(Arc::new);
    Arrived::of(file).objects.end(at, way, find)
}

//! Lists whose items have ids of their own type, so that no cluster is looked up by the place of a
//! Flux Kustomization.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Index, IndexMut};

/// The id of an item: its place in the list.
pub trait Id: Copy {
    /// The id of a place.
    fn of(place: usize) -> Self;

    /// The place.
    fn place(self) -> usize;
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(usize);

        impl Id for $name {
            fn of(place: usize) -> $name {
                $name(place)
            }

            fn place(self) -> usize {
                self.0
            }
        }
    };
}

id! {
    /// A cluster in its [`Graph`](crate::flux::Graph).
    ClusterId
}

id! {
    /// A Flux Kustomization in its [`Graph`](crate::flux::Graph).
    KustomizationId
}

impl ClusterId {
    /// No cluster: for a Flux Kustomization that a file states and that is in no graph.
    pub(in crate::flux) const NONE: ClusterId = ClusterId(usize::MAX);
}

/// A list whose items are found by ids of one type. It is read as a slice is.
#[derive(Clone, Debug)]
pub struct ById<I, T> {
    items: Vec<T>,
    id: PhantomData<I>,
}

impl<I: Id, T> ById<I, T> {
    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::of)
    }

    /// The items with their ids, in order.
    pub fn entries(&self) -> impl Iterator<Item = (I, &T)> + Clone {
        self.items.iter().enumerate().map(|(place, item)| (I::of(place), item))
    }

    /// Adds an item, and returns its id.
    pub(super) fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::of(self.items.len() - 1)
    }

    /// Removes all items from a place on.
    pub(super) fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }
}

impl<I, T> Default for ById<I, T> {
    fn default() -> ById<I, T> {
        ById { items: Vec::new(), id: PhantomData }
    }
}

impl<I, T> FromIterator<T> for ById<I, T> {
    fn from_iter<A: IntoIterator<Item = T>>(items: A) -> ById<I, T> {
        ById { items: items.into_iter().collect(), id: PhantomData }
    }
}

impl<I, T> Deref for ById<I, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<I, T> DerefMut for ById<I, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<I: Id, T> Index<I> for ById<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.items[id.place()]
    }
}

impl<I: Id, T> IndexMut<I> for ById<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.place()]
    }
}

impl<'l, I, T> IntoIterator for &'l ById<I, T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

//! Beside which of several sources of 3.x the one of 4.x is written that their releases share.

use std::collections::BTreeSet;

/// Where releases of a source of 3.x need 4.x, and where a source beside it would arrive.
pub(super) struct Slots<Slot> {
    /// Where its releases look for the source.
    pub(super) needed: BTreeSet<Slot>,
    /// Wherever the source of 3.x is; `None` if nothing can be written beside it.
    pub(super) arrives: Option<BTreeSet<Slot>>,
}

impl<Slot: Ord> Slots<Slot> {
    fn carries(&self, other: &Slots<Slot>) -> bool {
        self.arrives.as_ref().is_some_and(|arrives| other.needed.is_subset(arrives))
    }

    /// Whether both would be in one place.
    pub(super) fn meets(&self, other: &Slots<Slot>) -> bool {
        let both = self.arrives.iter().chain([&self.needed]);
        both.flatten().any(|slot| other.needed.contains(slot) || other.arrives.iter().any(|at| at.contains(slot)))
    }
}

/// For each of the sources of 3.x, preferred ones first, the one beside which its second source is
/// written: so that no namespace of a cluster gets two of one name. `None` where that is not
/// possible.
///
/// One source for all that meet is best: the lists of namespaces stay as they are, and whichever
/// release is the last to move changes nothing. What is chosen stays chosen while releases move,
/// because they move only once the source is there.
pub(super) fn carriers<Slot: Ord>(all: &[Slots<Slot>]) -> Vec<Option<usize>> {
    let mut carriers = vec![None; all.len()];
    for group in groups(all) {
        let carries_all = |carrier: &usize| group.iter().all(|member| all[*carrier].carries(&all[*member]));
        let chosen = match group.iter().copied().find(carries_all) {
            Some(one) => vec![one],
            None => apart(all, &group),
        };
        for member in group {
            carriers[member] = chosen.iter().copied().find(|carrier| all[*carrier].carries(&all[member]));
        }
    }
    carriers
}

/// Those that never arrive where an earlier one of them does.
fn apart<Slot: Ord>(all: &[Slots<Slot>], group: &[usize]) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for member in group {
        let Some(arrives) = &all[*member].arrives else { continue };
        let mut others = chosen.iter().filter_map(|other| all[*other].arrives.as_ref());
        if others.all(|other| other.is_disjoint(arrives)) {
            chosen.push(*member);
        }
    }
    chosen
}

/// Those that meet somewhere, directly or through others; each group in order.
fn groups<Slot: Ord>(all: &[Slots<Slot>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, slots) in all.iter().enumerate() {
        let meets = |group: &mut Vec<usize>| group.iter().any(|member| all[*member].meets(slots));
        let mut joined: Vec<usize> = groups.extract_if(.., meets).flatten().chain([index]).collect();
        joined.sort_unstable();
        groups.push(joined);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each source by the namespaces that need it, and those that have it (`-`: no place).
    fn chosen(all: &[(&'static str, &'static str)]) -> Vec<Option<usize>> {
        let slots = |(needed, arrives): &(&'static str, &'static str)| Slots {
            needed: needed.split_whitespace().collect(),
            arrives: (*arrives != "-").then(|| arrives.split_whitespace().collect()),
        };
        carriers(&all.iter().map(slots).collect::<Vec<_>>())
    }

    #[test]
    fn sources_that_never_meet_get_one_each() {
        assert_eq!(chosen(&[("media", "media"), ("home", "home")]), [Some(0), Some(1)]);
    }

    #[test]
    fn a_namespace_with_two_sources_gets_one() {
        assert_eq!(chosen(&[("media", "media"), ("media", "media")]), [Some(0), Some(0)]);
        assert_eq!(chosen(&[("media", "media"), ("media", "home media")]), [Some(0), Some(0)]);
    }

    #[test]
    fn the_one_that_is_everywhere_carries_it() {
        assert_eq!(chosen(&[("media", "media"), ("home media", "home media")]), [Some(1), Some(1)]);
        let through_a_third = [("media", "media"), ("home", "home"), ("home", "home media")];
        assert_eq!(chosen(&through_a_third), [Some(2), Some(2), Some(2)]);
    }

    #[test]
    fn those_that_share_only_some_namespaces_are_not_written_twice() {
        assert_eq!(chosen(&[("home media", "home media"), ("lab media", "lab media")]), [Some(0), None]);
        assert_eq!(
            chosen(&[("media", "media"), ("home", "home media"), ("lab", "home lab")]),
            [Some(0), Some(2), Some(2)]
        );
    }

    #[test]
    fn without_a_place_the_other_one_carries_it() {
        assert_eq!(chosen(&[("media", "-"), ("media", "media")]), [Some(1), Some(1)]);
        assert_eq!(chosen(&[("media", "-"), ("home", "home")]), [None, Some(1)]);
    }
}

//! The sorted place of a new item in a list.

/// How the items of a list are ordered, to find the place of a new one.
pub struct Order<'o> {
    /// What items are compared by.
    pub key: &'o dyn Fn(&str) -> String,
    /// The item after which the new one is placed, together with others of its kind; without it,
    /// the whole list counts.
    pub after: Option<&'o dyn Fn(&str) -> bool>,
}

impl Order<'_> {
    /// The place of a new item among the others.
    ///
    /// Either way it is placed after what sorts before it: in the run that follows its anchor, else
    /// after the last such item of the list. So two new items give the same result in either order.
    pub(super) fn place(&self, items: &[Option<&str>], new: &str) -> usize {
        let key = (self.key)(new);
        let sorts_before = |item: &Option<&str>| item.is_none_or(|item| (self.key)(item) <= key);
        let anchor = self.after.and_then(|is_it| items.iter().position(|item| item.is_some_and(is_it)));
        match anchor {
            Some(anchor) => anchor + 1 + items[anchor + 1..].iter().take_while(|item| sorts_before(item)).count(),
            None => items.iter().rposition(sorts_before).map_or(0, |last| last + 1),
        }
    }
}

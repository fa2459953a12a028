/// How the items of a list are ordered, for a new one to find its place.
pub struct Order<'o> {
    /// What items are compared by.
    pub key: &'o dyn Fn(&str) -> String,
    /// The item that the new one belongs to and goes after, with others of its kind; without one the whole list decides.
    pub after: Option<&'o dyn Fn(&str) -> bool>,
}

impl Order<'_> {
    /// The place of a new item among the others.
    ///
    /// Either way it stands behind what sorts before it: in the run that follows its anchor, else behind the last such item of the list.
    /// So two new items have one result in whichever order they come.
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

//! Keys of one mapping, to see whether one is there twice.

use std::collections::HashSet;

/// The keys of one mapping so far. Most mappings have a few, for which a list is quicker than hashes.
#[derive(Default)]
pub struct Keys<'s> {
    few: Vec<&'s str>,
    many: HashSet<&'s str>,
}

impl<'s> Keys<'s> {
    /// Whether a key is new. It is one of them from now on.
    pub fn are_without(&mut self, key: &'s str) -> bool {
        const FEW: usize = 16;
        if self.few.len() < FEW {
            let is_new = !self.few.contains(&key);
            self.few.extend(is_new.then_some(key));
            return is_new;
        }
        if self.many.is_empty() {
            self.many.extend(&self.few);
        }
        self.many.insert(key)
    }
}

use super::keys::Keys;
use super::section::Described;
use crate::yaml::New;

/// How units are divided among batches: the section `batches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// `recreate-at-most`: how many releases with a workload to be deleted by hand share a batch.
    pub recreate_at_most: usize,
    /// `alone-above`: a release that more Kustomizations than this depend on has a batch of its own.
    pub alone_above: usize,
    /// `one-app-each`: every release has a batch of its own.
    pub one_app_each: bool,
}

impl Default for BatchSettings {
    fn default() -> BatchSettings {
        BatchSettings { recreate_at_most: 5, alone_above: 5, one_app_each: false }
    }
}

impl BatchSettings {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> BatchSettings {
        let default = BatchSettings::default();
        BatchSettings {
            recreate_at_most: keys.number("recreate-at-most", 1).unwrap_or(default.recreate_at_most),
            alone_above: keys.number("alone-above", 0).unwrap_or(default.alone_above),
            one_app_each: keys.flag("one-app-each").unwrap_or(default.one_app_each),
        }
    }

    pub(super) fn described(&self) -> Vec<Described> {
        vec![
            Described {
                key: "recreate-at-most",
                about: "How many releases with a workload that has to be deleted by hand share a batch.",
                value: New::Plain(self.recreate_at_most.to_string()),
            },
            Described {
                key: "alone-above",
                about: "A release that more Flux Kustomizations than this depend on has a batch of its own.",
                value: New::Plain(self.alone_above.to_string()),
            },
            Described {
                key: "one-app-each",
                about: "Whether every release has a batch of its own.",
                value: New::Plain(self.one_app_each.to_string()),
            },
        ]
    }
}

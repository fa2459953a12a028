use super::keys::Keys;
use super::section::Described;
use crate::yaml::New;

/// How units are grouped into batches: the section `batches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// `recreate-at-most`: how many releases with a workload that you must delete share a batch.
    pub recreate_at_most: usize,
    /// `alone-above`: a release that more Kustomizations than this depend on gets a separate batch.
    pub alone_above: usize,
    /// `one-app-each`: every release gets a separate batch.
    pub one_app_each: bool,
    /// `none-together`: what touches nothing that runs shares a batch, whatever its namespace.
    pub none_together: bool,
}

impl Default for BatchSettings {
    fn default() -> BatchSettings {
        BatchSettings { recreate_at_most: 5, alone_above: 5, one_app_each: false, none_together: false }
    }
}

impl BatchSettings {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> BatchSettings {
        let default = BatchSettings::default();
        BatchSettings {
            recreate_at_most: keys.number("recreate-at-most", 1).unwrap_or(default.recreate_at_most),
            alone_above: keys.number("alone-above", 0).unwrap_or(default.alone_above),
            one_app_each: keys.flag("one-app-each").unwrap_or(default.one_app_each),
            none_together: keys.flag("none-together").unwrap_or(default.none_together),
        }
    }

    pub(super) fn described(&self) -> Vec<Described> {
        vec![
            Described {
                key: "recreate-at-most",
                about: "The most releases in one batch, if each has a workload that you must delete.",
                value: New::Plain(self.recreate_at_most.to_string()),
            },
            Described {
                key: "alone-above",
                about: "A release gets a separate batch if more Flux Kustomizations than this depend on it.",
                value: New::Plain(self.alone_above.to_string()),
            },
            Described {
                key: "one-app-each",
                about: "Whether every release gets a separate batch.",
                value: New::Plain(self.one_app_each.to_string()),
            },
            Described {
                key: "none-together",
                about: "Whether what touches nothing that runs shares a batch across namespaces.",
                value: New::Plain(self.none_together.to_string()),
            },
        ]
    }
}

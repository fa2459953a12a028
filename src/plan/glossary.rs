//! The glossary: the words of this program that Flux, Kustomize and git do not have.
//!
//! `explain` prints it, and docs/words.md has the same list.

/// A word and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, in lower case.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
    /// Its values, each with what it means, if it has a fixed set of them.
    pub values: &'static [(&'static str, &'static str)],
}

/// All words, the most basic first.
pub const GLOSSARY: &[Word] = &[
    Word {
        name: "unit",
        meaning: "The smallest change that can be reverted alone, such as one HelmRelease, one source, or one removal.",
        values: &[],
    },
    Word {
        name: "in scope",
        meaning: "The charts, templates and clusters that the configuration, or its default, names. What is out of scope \
                  is counted in one line and is never pending.",
        values: &[],
    },
    Word {
        name: "safety",
        meaning: "Whether a unit is written.",
        values: &[
            ("safe", "is written"),
            ("review", "is right as far as can be seen, but you should look first; written with `--review`"),
            ("refused", "is never written; the plan says why"),
            ("opted-out", "a comment in the file keeps it as it is"),
        ],
    },
    Word {
        name: "state",
        meaning: "What becomes of a unit now. All commands count by it.",
        values: &[
            ("pending", "is written"),
            ("to review", "is written with `--review`"),
            ("waiting", "can land when another migration has, or when units have that were not asked for"),
            (
                "held",
                "waits for an earlier cluster (`--no-gate` lifts that), or for the gate of its stage (nothing does)",
            ),
            ("refused", "is never written; the plan says why"),
            ("opted out", "a comment in the file keeps it as it is"),
        ],
    },
    Word {
        name: "impact",
        meaning: "What a unit does on the cluster.",
        values: &[
            ("none", "nothing changes"),
            ("reconcile", "Flux reads an object again; nothing that runs changes"),
            ("upgrade", "a Helm upgrade, or changed objects"),
            ("restart", "pods restart"),
            ("recreate", "a workload must be deleted first"),
            ("data", "a volume is at risk"),
        ],
    },
    Word {
        name: "lane",
        meaning: "The cluster whose objects a unit changes; `edge+prod` if there are several, `shared` if \
                  these are all, `none` if no cluster applies them.",
        values: &[],
    },
    Word {
        name: "batch",
        meaning: "Units that land together: of one lane, one class (sources, CronJobs, Deployments, ...) and one \
                  namespace. `branch` makes a git branch of each batch.",
        values: &[],
    },
    Word {
        name: "promotion",
        meaning: "The order of clusters, first those that may break. A cluster gets a migration when the branch of \
                  each one before it has nothing of it pending any more.",
        values: &[],
    },
    Word {
        name: "releases root",
        meaning: "The Flux Kustomization above those that contain HelmReleases. What is stated there can apply to all \
                  releases of the cluster.",
        values: &[],
    },
    Word {
        name: "opt-out",
        meaning: "A comment that keeps a place as it is: `# flux-codemod: skip[MIGRATION] reason`. It also takes a \
                  reason code of `doctor`.",
        values: &[],
    },
];

/// Looks a word up, by its name or by one of its values; `-` and blanks are the same.
pub fn word(name: &str) -> Option<&'static Word> {
    let simple = |text: &str| text.to_lowercase().replace('-', " ");
    let is_called = |word: &&Word| simple(word.name) == simple(name);
    let has_value = |word: &&Word| word.values.iter().any(|(value, _)| simple(value) == simple(name));
    GLOSSARY.iter().find(is_called).or_else(|| GLOSSARY.iter().find(has_value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Impact, Safety, State};

    fn values(name: &str) -> Vec<&'static str> {
        word(name).unwrap().values.iter().map(|(value, _)| *value).collect()
    }

    #[test]
    fn values_are_those_of_units() {
        let safeties = [Safety::Safe, Safety::Review, Safety::Refused, Safety::OptedOut];
        assert_eq!(values("safety"), safeties.map(|safety| safety.to_string()));
        assert_eq!(values("state"), State::ALL.map(|state| state.to_string()));
        let impacts =
            [Impact::None, Impact::Reconcile, Impact::Upgrade, Impact::Restart, Impact::Recreate, Impact::Data];
        assert_eq!(values("impact"), impacts.map(|impact| impact.to_string()));
    }

    #[test]
    fn words_are_found_however_they_are_joined() {
        for name in ["releases root", "releases-root", "Releases root"] {
            assert_eq!(word(name).map(|word| word.name), Some("releases root"));
        }
        assert_eq!(word("opt out").map(|word| word.name), Some("opt-out"));
        assert_eq!(word("gate"), None);
    }

    #[test]
    fn a_value_leads_to_its_word() {
        for (value, name) in [("held", "state"), ("to review", "state"), ("recreate", "impact"), ("State", "state")] {
            assert_eq!(word(value).map(|word| word.name), Some(name), "{value}");
        }
        assert_eq!(word("helt"), None);
    }
}

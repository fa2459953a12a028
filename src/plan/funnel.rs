use std::fmt;

/// How the documents that a stage of a recipe may be about became those that it changes: how many
/// there are, how many each condition leaves, how many change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// The stage; `None` of a recipe without stages.
    pub stage: Option<&'static str>,
    /// The numbers, which never grow.
    pub counts: Vec<Count>,
}

/// A number of documents, and what they have in common: `112`, `` by `file` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub number: usize,
    /// What is counted.
    pub what: String,
}

impl fmt::Display for Funnel {
    /// ``118 HelmReleases, 112 by `file`, 57 to change``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts.iter().map(|count| format!("{} {}", count.number, count.what));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}

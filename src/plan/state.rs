use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What becomes of a unit now. All commands count by it. What is done is no unit any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is written.
    Pending,
    /// It is written with `--review`.
    Review,
    /// It can land when another migration has, or when units that were not asked for have.
    Waits,
    /// A gate holds it back, such as an earlier cluster that has something pending.
    Held,
    /// It is in scope and never written.
    Refused,
    /// A comment in the repository keeps it as it is.
    OptedOut,
}

impl State {
    /// All states, in the order in which they are counted.
    pub const ALL: [State; 6] =
        [State::Pending, State::Review, State::Waits, State::Held, State::Refused, State::OptedOut];
}

impl fmt::Display for State {
    /// As it is counted: `3 to review`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Pending => "pending",
            State::Review => "to review",
            State::Waits => "waiting",
            State::Held => "held",
            State::Refused => "refused",
            State::OptedOut => "opted out",
        })
    }
}

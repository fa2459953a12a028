use std::fmt;

/// A name that the chart gives, or why it cannot be told.
pub type Name = Result<String, Unknown>;

/// A name, or an account, that cannot be told from the values: whoever asks must decide, and a person has to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The text that leaves it open.
    pub text: String,
    /// Why it does.
    pub why: Why,
}

impl Unknown {
    pub(super) fn new(text: &str, why: Why) -> Unknown {
        Unknown { text: text.to_owned(), why }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`", self.why, self.text)
    }
}

/// Why a name cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A Helm template that says more than the release's name and namespace.
    Template,
    /// A Helm template where the chart renders none, so that the braces would stay.
    NotRendered,
    /// A variable (`${...}`) that nothing replaces, or a namespace that nothing gives.
    Variable,
    /// Not text to every reader: a number, a boolean, a list.
    NotText,
    /// A switch (`enabled`, `create`, `primary`, ...) that is neither true nor false to every reader, as `"false"` and `off` are not.
    Switch,
    /// The name depends on how many there are of its kind, and that is open.
    Siblings,
    /// The chart refuses to render: there are several accounts and the controller names none, or none of the name that it does.
    Account,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Template => "a template that only Helm can render",
            Why::NotRendered => "a template where the chart renders none",
            Why::Variable => "a variable without a value",
            Why::NotText => "not text to every reader",
            Why::Switch => "neither true nor false to every reader",
            Why::Siblings => "it is open how many there are of its kind",
            Why::Account => "no account that the chart could choose",
        })
    }
}

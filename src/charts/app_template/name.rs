use std::fmt;

/// A name that the chart gives, or why it is unknown.
pub type Name = Result<String, Unknown>;

/// A name, or an account, that does not follow from the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The text that it depends on.
    pub text: String,
    /// Why that is not enough.
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

/// Why a name is unknown.
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
    /// A switch (`enabled`, `create`, `primary`, ...) that is neither true nor false to every
    /// reader, as `"false"` and `off` are not.
    Switch,
    /// The name depends on how many there are of its kind, and that is open.
    Siblings,
    /// It is drawn at random, again on every render; the text has the names that it may be.
    Random,
    /// The chart refuses to render: there are several accounts and the controller names none, or
    /// none of the name that it does.
    Account,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Template => "a template that only Helm can render",
            Why::NotRendered => "a template where the chart does not render templates",
            Why::Variable => "a variable without a value",
            Why::NotText => "not a string to every YAML reader",
            Why::Switch => "neither true nor false to every YAML reader",
            Why::Siblings => "it is unknown how many there are of its kind",
            Why::Random => "drawn at random on every render",
            Why::Account => "the chart cannot choose one of the accounts",
        })
    }
}

//! Routes as values: those that are there, and those that are to be written.

use crate::flux::Value;

/// A route that is there, and enabled.
#[derive(Clone, Debug)]
pub struct StatedRoute<'v> {
    /// Its key below `route`.
    pub key: &'v str,
    /// The name of the HTTPRoute.
    pub name: String,
    /// Its hosts as the chart renders them.
    pub hosts: Vec<String>,
    /// The values under its key.
    pub values: &'v Value,
}

/// A route that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoute {
    /// Its key below `route`.
    pub key: String,
    /// The entry of `ingress` that it stands for.
    pub entry: String,
    /// Its hosts as the values state them.
    pub stated_hosts: Vec<String>,
    /// Its hosts as the chart renders them.
    pub hosts: Vec<String>,
    /// Its rules.
    pub rules: Vec<NewRule>,
}

/// A rule of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Type and value of the path; `None` where it is all of the host.
    pub path: Option<(&'static str, String)>,
    /// Where requests go.
    pub backend: Backend,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The field that names the Service, and its text.
    pub field: (&'static str, String),
    /// The number of its port.
    pub port: String,
    /// The values of the Service and of its port, where the release has them.
    pub service: Option<(Value, Value)>,
}

impl NewRoute {
    /// Its values, with parents and with more fields before them.
    pub fn value(&self, parents: &Value, before: Vec<(String, Value)>) -> Value {
        let text = |text: &String| Value::string(text);
        let mut fields = before;
        fields.push(("hostnames".to_owned(), Value::Sequence(self.stated_hosts.iter().map(text).collect())));
        if *parents != Value::Null {
            fields.push(("parentRefs".to_owned(), parents.clone()));
        }
        let rules = self.rules.iter().map(NewRule::value);
        fields.push(("rules".to_owned(), Value::Sequence(rules.collect())));
        Value::Mapping(fields)
    }
}

impl NewRule {
    fn value(&self) -> Value {
        let number = Value::Scalar { text: self.backend.port.clone(), string: false };
        let (field, name) = &self.backend.field;
        let backend = Value::Mapping(vec![((*field).to_owned(), Value::string(name)), ("port".to_owned(), number)]);
        let mut fields = Vec::new();
        if let Some((kind, path)) = &self.path {
            let mut matches = Value::Null;
            matches.set_at(&["path", "type"], Value::string(kind));
            matches.set_at(&["path", "value"], Value::string(path));
            fields.push(("matches".to_owned(), Value::Sequence(vec![matches])));
        }
        fields.push(("backendRefs".to_owned(), Value::Sequence(vec![backend])));
        Value::Mapping(fields)
    }
}

//! external-dns reads the routes of one Gateway, if its arguments name one
//! (`docs/gateway.md#what-names-a-gateway`).

use std::collections::BTreeSet;

use super::may_mean;
use crate::flux::{At, Reach, Value, View};
use crate::migrations::flux_move::references::Step;
use crate::migrations::flux_move::settings::Name;
use crate::repo::RepoPath;

const NAME: &str = "gateway-name";
const NAMESPACE: &str = "gateway-namespace";
/// The key of the chart for the second one.
const OF_CHART: &str = "gatewayNamespace";
/// The variables of the environment for both; these are not followed.
const VARIABLES: &str = "EXTERNAL_DNS_GATEWAY_NAME";

/// An argument, and where its text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) way: Vec<Step>,
    /// What comes before the value in the text.
    prefix: &'static str,
    pub(super) value: String,
}

impl Argument {
    /// The text with another value.
    pub(super) fn with(&self, value: &str) -> String {
        format!("{}{value}", self.prefix)
    }
}

/// What the arguments of one object say about Gateways.
#[derive(Clone, Debug)]
pub(super) struct Arguments<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    pub(super) name: Option<Argument>,
    pub(super) namespace: Option<Argument>,
    /// Whether they are followed: each is there once, and its file states it.
    pub(super) is_followed: bool,
}

impl Arguments<'_> {
    /// Whether routes of a Gateway are read.
    pub(super) fn reads(&self, (namespace, name): &Name) -> bool {
        reads(&self.values(), (namespace, name))
    }

    /// The same, if a variable may be anything.
    pub(super) fn may_read(&self, (namespace, name): &Name) -> bool {
        let [of, called] = self.values();
        of.is_none_or(|of| may_mean(of, namespace)) && called.is_none_or(|called| may_mean(called, name))
    }

    /// Namespace and name, each if it is stated.
    fn values(&self) -> [Option<&str>; 2] {
        [&self.namespace, &self.name].map(|argument| argument.as_ref().map(|argument| &*argument.value))
    }

    /// What is written so that the routes of another Gateway are read.
    pub(super) fn texts(&self, (namespace, name): &Name) -> Vec<(Vec<Step>, String)> {
        let both = [(&self.namespace, namespace), (&self.name, name)];
        let stated = both.into_iter().filter_map(|(argument, to)| Some((argument.as_ref()?, to)));
        let changed = stated.filter(|(argument, to)| argument.value != **to);
        changed.map(|(argument, to)| (argument.way.clone(), argument.with(to))).collect()
    }

    /// Gateways of a cluster, other than these two, whose routes are read either before or after one becomes
    /// the other.
    pub(super) fn differing<'g>(&self, from: &Name, to: &Name, gateways: &'g BTreeSet<Name>) -> Option<&'g Name> {
        let (namespace, name) = to;
        let [of, called] = self.values();
        let after = [of.map(|_| &**namespace), called.map(|_| &**name)];
        let mut others = gateways.iter().filter(|other| *other != from && *other != to);
        others.find(|other| self.reads(other) != reads(&after, (&other.0, &other.1)))
    }
}

fn reads([of, called]: &[Option<&str>; 2], (namespace, name): (&str, &str)) -> bool {
    of.is_none_or(|of| of == namespace) && called.is_none_or(|called| called == name)
}

/// What a text with such arguments has in it.
pub(super) const WORDS: [&str; 4] = [NAME, NAMESPACE, OF_CHART, VARIABLES];

/// The files that may have such arguments.
pub(super) fn files(view: &View) -> BTreeSet<&RepoPath> {
    WORDS.into_iter().flat_map(|word| view.files_with(word)).map(|(path, _)| path).collect()
}

/// All of them.
pub(super) fn arguments(view: &View) -> Vec<Arguments<'_>> {
    let files = files(view);
    let reached = view.graph().each_reach().filter(|(at, _)| files.contains(&at.path));
    let of_object = |(at, reach): (&'_ At, &'_ Reach)| {
        let object = view.effective(at, reach)?;
        let mut found = Found::in_value(&object);
        let is_stated = view.node(at).and_then(Value::of).is_some_and(|text| Found::in_value(&text) == found);
        let is_single = found.names.len() <= 1 && found.namespaces.len() <= 1 && !found.has_variables;
        let is_any = found.has_variables || !found.names.is_empty() || !found.namespaces.is_empty();
        let (name, namespace) = (found.names.pop(), found.namespaces.pop());
        is_any.then_some((name, namespace, is_stated && is_single))
    };
    let all = reached.filter_map(|(at, reach)| {
        let (name, namespace, is_followed) = of_object((at, reach))?;
        Some(Arguments { at, reach, name, namespace, is_followed })
    });
    all.collect()
}

/// The arguments in one object.
#[derive(Default, PartialEq)]
struct Found {
    names: Vec<Argument>,
    namespaces: Vec<Argument>,
    has_variables: bool,
}

impl Found {
    fn in_value(object: &Value) -> Found {
        let mut found = Found::default();
        found.walk(Vec::new(), object);
        found
    }

    fn list(&mut self, argument: &str) -> Option<&mut Vec<Argument>> {
        match argument {
            NAME => Some(&mut self.names),
            NAMESPACE | OF_CHART => Some(&mut self.namespaces),
            _ => None,
        }
    }

    fn walk(&mut self, way: Vec<Step>, value: &Value) {
        let with = |step: Step| way.iter().cloned().chain([step]).collect::<Vec<_>>();
        for (number, item) in value.items().iter().enumerate() {
            if let Some((argument, next)) = item.text().zip(value.items().get(number + 1).and_then(Value::text))
                && let Some(list) = argument.strip_prefix("--").and_then(|argument| self.list(argument))
            {
                list.push(Argument { way: with(Step::Item(number + 1)), prefix: "", value: next.to_owned() });
            }
            for prefix in ["--gateway-name=", "--gateway-namespace="] {
                let argument = prefix.trim_matches(['-', '=']);
                if let Some(value) = item.text().and_then(|text| text.strip_prefix(prefix))
                    && let Some(list) = self.list(argument)
                {
                    list.push(Argument { way: with(Step::Item(number)), prefix, value: value.to_owned() });
                }
            }
            self.walk(with(Step::Item(number)), item);
        }
        for (key, entry) in value.entries() {
            self.has_variables |=
                key.starts_with(VARIABLES) || entry.text().is_some_and(|text| text.starts_with(VARIABLES));
            if let Some(text) = entry.text().filter(|text| !text.is_empty())
                && let Some(list) = self.list(key)
            {
                list.push(Argument { way: with(Step::Name(key.clone())), prefix: "", value: text.to_owned() });
            }
            self.walk(with(Step::Name(key.clone())), entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn found(text: &str) -> Found {
        let stream = Stream::parse(text).unwrap();
        Found::in_value(&Value::of(stream.documents().next().unwrap()).unwrap())
    }

    #[test]
    fn arguments_are_texts_of_a_list_or_keys_of_a_mapping() {
        for (text, name, namespace) in [
            ("args: [--gateway-name=external]", Some("external"), None),
            ("args: [--gateway-name, external, --source=x]", Some("external"), None),
            ("extraArgs: {gateway-name: external, gateway-namespace: network}", Some("external"), Some("network")),
            ("{gatewayNamespace: network, extraArgs: []}", None, Some("network")),
            ("{gatewayNamespace: '', args: [--gateway-label-filter=x]}", None, None),
        ] {
            let found = found(text);
            let value = |all: &[Argument]| all.first().map(|argument| argument.value.clone());
            let expected = [name, namespace].map(|text| text.map(str::to_owned));
            assert_eq!([value(&found.names), value(&found.namespaces)], expected, "{text}");
        }
        assert!(found("env: [{name: EXTERNAL_DNS_GATEWAY_NAMESPACE, value: x}]").has_variables);
    }
}

//! Ports of Services in values that have an anchor, or are aliases: routes name them in the same way.

use std::collections::BTreeMap;

use super::values::INGRESS;
use crate::flux::Value;
use crate::yaml::{Kind, New, Node};

/// The anchors of ports, by the key of the Service and the number.
#[derive(Default)]
pub(super) struct Ports<'v>(BTreeMap<(&'v str, &'v str), &'v str>);

impl<'v> Ports<'v> {
    /// The ports of values in a document whose anchors hold where routes are put: behind `ingress`, or where `route` is
    /// already.
    pub(super) fn of(root: Node<'v>, values: Node<'v>) -> Ports<'v> {
        let anchored = anchored(values);
        if anchored.is_empty() {
            return Ports::default();
        }
        let mut anchors = Vec::new();
        add_anchors(root, &mut anchors);
        let blocks = [INGRESS, "route"].into_iter().filter_map(|key| values.own_entry(key));
        let place = blocks.map(|(key, _)| key.range().start).min().unwrap_or_default();
        let holds = |anchored: &Node<'v>| {
            let of_name = anchors.iter().filter(|other| other.anchor() == anchored.anchor()).count();
            of_name == 1 && anchored.range().end <= place
        };
        let named = anchored.into_iter().filter(|(_, port)| holds(port));
        let named = named.filter_map(|(service, port)| Some(((service, port.text()?), port.anchor()?)));
        Ports(named.collect())
    }

    /// Whether an alias is that of a port.
    pub(super) fn has(&self, alias: Node<'_>) -> bool {
        alias.resolved().anchor().is_some_and(|anchor| self.0.values().any(|known| *known == anchor))
    }

    /// Whether one of them is named in a node.
    pub(super) fn are_in(&self, node: Node<'_>) -> bool {
        if node.is_alias() { self.has(node) } else { node.children().into_iter().any(|(_, child)| self.are_in(child)) }
    }

    /// A value of a route, in which backends name their ports by alias.
    pub(super) fn spelled(&self, value: &Value) -> New {
        match value {
            Value::Mapping(entries) => {
                let service = value.text_at(&["identifier"]).or_else(|| value.text_at(&["name"]));
                let port = value.text_at(&["port"]);
                let anchor = service.zip(port).and_then(|names| self.0.get(&names));
                New::mapping(entries.iter().map(|(key, value)| match anchor.filter(|_| key == "port") {
                    Some(anchor) => (key.as_str(), New::Alias((*anchor).to_owned(), Box::new(New::from(value)))),
                    None => (key.as_str(), self.spelled(value)),
                }))
            }
            Value::Sequence(items) => New::Sequence(items.iter().map(|item| self.spelled(item)).collect()),
            _ => New::from(value),
        }
    }
}

/// The numbers of ports that have an anchor, each with the key of its Service.
fn anchored<'v>(values: Node<'v>) -> Vec<(&'v str, Node<'v>)> {
    let services = values.own_entry("service").into_iter().flat_map(|(_, services)| services.entries());
    let ports = services.filter_map(|(service, node)| Some((service.text()?, node.own_entry("ports")?.1)));
    let each = ports.flat_map(|(service, ports)| ports.entries().map(move |(_, port)| (service, port)));
    let numbers = each.filter_map(|(service, port)| Some((service, port.own_entry("port")?.1.resolved())));
    let is_number = |node: Node<'_>| matches!(Value::of(node), Some(Value::Scalar { string: false, .. }));
    numbers.filter(|(_, number)| number.anchor().is_some() && is_number(*number)).collect()
}

/// The nodes that have an anchor.
fn add_anchors<'v>(node: Node<'v>, anchors: &mut Vec<Node<'v>>) {
    if node.anchor().is_some() {
        anchors.push(node);
    }
    if !node.is_alias() && node.kind() != Kind::Scalar {
        node.children().into_iter().for_each(|(_, child)| add_anchors(child, anchors));
    }
}

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
        let mut anchors = Vec::new();
        add_anchors(root, &mut anchors);
        let blocks = [INGRESS, "route"].into_iter().filter_map(|key| values.own_entry(key));
        let place = blocks.map(|(key, _)| key.range().start).min().unwrap_or_default();
        let holds = |anchored: &Node<'v>| {
            let of_name = anchors.iter().filter(|other| other.anchor() == anchored.anchor()).count();
            of_name == 1 && anchored.range().end <= place
        };
        let services = values.own_entry("service").into_iter().flat_map(|(_, services)| services.entries());
        let ports = services.filter_map(|(service, node)| Some((service.text()?, node.own_entry("ports")?.1)));
        let each = ports.flat_map(|(service, ports)| ports.entries().map(move |(_, port)| (service, port)));
        let named = each.filter_map(|(service, port)| {
            let anchored = port.own_entry("port")?.1.resolved();
            let is_number =
                Value::of(anchored).is_some_and(|value| matches!(value, Value::Scalar { string: false, .. }));
            let anchor = anchored.anchor().filter(|_| is_number && holds(&anchored))?;
            Some(((service, anchored.text()?), anchor))
        });
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

/// The nodes that have an anchor.
fn add_anchors<'v>(node: Node<'v>, anchors: &mut Vec<Node<'v>>) {
    if node.anchor().is_some() {
        anchors.push(node);
    }
    if !node.is_alias() && node.kind() != Kind::Scalar {
        node.children().into_iter().for_each(|(_, child)| add_anchors(child, anchors));
    }
}

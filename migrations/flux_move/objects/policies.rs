//! Policies of the Gateway API: they name Gateways of their own namespace by `targetRefs`, or select them by
//! labels (`docs/gateway.md#what-names-a-gateway`).
//!
//! While there are two Gateways a policy is for both: one that asks for a password must not be missing on
//! either. So it names the second one before a route does, and the first one until that goes.

use std::collections::BTreeSet;

use super::kinds::kind;
use super::may_mean;
use super::moved::Moved;
use crate::flux::{At, Reach, Value, View, group_of};
use crate::repo::RepoPath;
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node};

/// The policies that are known to take several Gateways. The Gateway API itself asks implementations not to rely on
/// it (`BackendTLSPolicySpec.targetRefs`).
const OF_SEVERAL: &str = "gateway.envoyproxy.io";

/// A policy that names a Gateway.
#[derive(Clone, Debug)]
pub(super) struct Target<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    /// Its place in `targetRefs`; `None` in `targetRef`.
    pub(super) number: Option<usize>,
    pub(super) namespace: String,
    pub(super) name: String,
    section: Option<String>,
    /// Whether its file states it as it arrives, and nothing may change it on the way.
    pub(super) is_stated: bool,
    /// Whether its list may have several.
    pub(super) is_of_several: bool,
    /// The line of the mapping.
    pub(super) line: usize,
}

/// A policy that selects Gateways by labels.
#[derive(Clone, Debug)]
pub(super) struct Selector<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    selector: Value,
}

/// All of them.
#[derive(Default)]
pub(super) struct Policies<'v> {
    pub(super) targets: Vec<Target<'v>>,
    pub(super) selectors: Vec<Selector<'v>>,
}

fn is_gateway(reference: &Value) -> bool {
    let named = reference.text_at(&["kind"]).and_then(kind);
    named.is_some_and(|kind| kind.is_gateway() && kind.is_of_group(reference))
}

impl<'v> Policies<'v> {
    pub(super) fn of(view: &'v View) -> Policies<'v> {
        let mut policies = Policies::default();
        let files = ["targetRef", "targetSelectors"].into_iter().flat_map(|word| view.files_with(word));
        let files: BTreeSet<&RepoPath> = files.map(|(path, _)| path).collect();
        for (at, reach) in view.graph().each_reach().filter(|(at, _)| files.contains(&at.path)) {
            policies.take(view, at, reach);
        }
        policies
    }

    fn take(&mut self, view: &'v View, at: &'v At, reach: &'v Reach) {
        let Some(object) = view.effective(at, reach) else { return };
        let text = view.node(at).and_then(Value::of).unwrap_or(Value::Null);
        let list = |value: &Value, key: &str| value.at(&["spec", key]).map_or(&[][..], Value::items).to_vec();
        let is_stated = |key: &str| text.at(&["spec", key]) == object.at(&["spec", key]);
        let is_changed = view.may_patch(&reach.kind, &reach.name);
        let own = reach.namespace.as_deref().unwrap_or_default();
        let spec = view.node(at).and_then(|root| root.get("spec"));
        let mut add = |number: Option<usize>, item: &Value, key: &str| {
            let Some(name) = item.text_at(&["name"]).filter(|_| is_gateway(item)) else { return };
            let node = spec.and_then(|spec| spec.get(key));
            let node = node.and_then(|node| number.map_or(Some(node), |number| node.items().nth(number)));
            self.targets.push(Target {
                at,
                reach,
                number,
                namespace: item.text_at(&["namespace"]).unwrap_or(own).to_owned(),
                name: name.to_owned(),
                section: item.text_at(&["sectionName"]).map(str::to_owned),
                is_of_several: number.is_some() && group_of(&reach.api_version) == OF_SEVERAL,
                is_stated: is_stated(key) && !is_changed,
                line: node.map_or(1, |node| node.line()),
            });
        };
        for (number, item) in list(&object, "targetRefs").iter().enumerate() {
            add(Some(number), item, "targetRefs");
        }
        if let Some(item) = object.at(&["spec", "targetRef"]) {
            add(None, item, "targetRef");
        }
        let selectors = list(&object, "targetSelectors").into_iter().filter(is_gateway);
        self.selectors.extend(selectors.map(|selector| Selector { at, reach, selector }));
    }

    /// What names a Gateway of a cluster, or may.
    pub(super) fn naming<'s>(
        &'s self,
        one: &'s Moved<'v>,
        (namespace, name): (&'s str, &'s str),
    ) -> impl Iterator<Item = &'s Target<'v>> {
        let is_here = |target: &&Target<'_>| one.clusters.contains(&target.reach.cluster);
        let is_it = move |target: &&Target<'_>| may_mean(&target.namespace, namespace) && may_mean(&target.name, name);
        self.targets.iter().filter(is_here).filter(is_it)
    }

    /// What names the first of two Gateways, and not the second: neither in the same list, nor does another policy
    /// of its kind for the same listener.
    pub(super) fn lacking<'s>(&'s self, one: &'s Moved<'v>) -> impl Iterator<Item = &'s Target<'v>> {
        let is_named = |target: &Target<'_>| {
            let is_same = |other: &Target<'_>| {
                let of = |one: &Target<'_>| (one.reach.kind, one.reach.cluster, one.section.clone());
                of(other) == of(target) && other.name == one.to.1
            };
            self.naming(one, (&one.to.0, &one.to.1)).any(is_same)
        };
        self.naming(one, (&one.from.0, &one.from.1)).filter(move |target| !is_named(target))
    }

    /// What names the first of two Gateways beside the second, in one list.
    pub(super) fn beside<'s>(&'s self, one: &'s Moved<'v>) -> impl Iterator<Item = &'s Target<'v>> {
        let names_second = |target: &Target<'_>| {
            let mut seconds = self.naming(one, (&one.to.0, &one.to.1));
            seconds.any(|other| other.at == target.at && other.section == target.section && other.name == one.to.1)
        };
        self.naming(one, (&one.from.0, &one.from.1)).filter(move |target| names_second(target))
    }
}

impl Selector<'_> {
    /// Whether it may select an object with these labels. Only labels that are listed are compared.
    pub(super) fn may_select(&self, object: &Value) -> bool {
        let wanted = self.selector.get("matchLabels").map_or(&[][..], Value::entries);
        let has = |(key, value): &(String, Value)| {
            value.text().is_some_and(|text| text.contains("${"))
                || object.text_at(&["metadata", "labels", key]) == value.text()
        };
        self.selector.get("matchExpressions").is_some() || wanted.iter().all(has)
    }
}

/// Names the second Gateway behind the first.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn add<'v>(edit: &mut Edit<'v>, root: Node<'v>, number: usize, name: &str) -> Result<(), Error> {
    let Some(list) = root.at(&["spec", "targetRefs"]) else { return Ok(()) };
    let Some(mut item) = list.items().nth(number).and_then(Value::of) else { return Ok(()) };
    item.set("name", Value::string(name));
    edit.insert_item(list, number + 1, &New::from(&item))
}

/// Does not name the first Gateway any more.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn remove<'v>(edit: &mut Edit<'v>, root: Node<'v>, number: usize, because: &str) -> Result<(), Error> {
    let Some(list) = root.at(&["spec", "targetRefs"]) else { return Ok(()) };
    edit.remove_item(list, number, Emptied::Brackets, |_| Fate::Dropped(because.to_owned()))
}

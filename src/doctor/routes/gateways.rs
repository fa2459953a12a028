//! The Gateways of clusters that are certainly as they are stated.

use std::collections::BTreeMap;

use super::objects::Objects;
use crate::doctor::names::is_literal;
use crate::flux::{At, ClusterId, Reach};
use crate::gateway::{GROUP, Gateway, ListenerRef};

/// A Gateway of a cluster.
pub(super) struct Found<'v> {
    pub(super) at: &'v At,
    pub(super) cluster: ClusterId,
    pub(super) gateway: Gateway,
}

/// Gateways by cluster, namespace and name; `None` for one of which not all is known.
pub(super) struct Gateways<'v>(BTreeMap<(ClusterId, String, String), Option<Found<'v>>>);

impl<'v> Gateways<'v> {
    pub(super) fn of(objects: &Objects<'v>) -> Gateways<'v> {
        let mut found = BTreeMap::new();
        for (at, reach) in objects.here(GROUP, "Gateway") {
            let key = (reach.cluster, reach.namespace.unwrap_or_default().to_string(), reach.name.to_string());
            let one = certain(objects, at, reach);
            // Of two with one name, either may be the last that is applied.
            found.entry(key).and_modify(|known| *known = None).or_insert(one);
        }
        Gateways(found)
    }

    /// A Gateway: nothing if the cluster has no object of this name.
    pub(super) fn get(&self, cluster: ClusterId, named: &ListenerRef) -> Option<Option<&Gateway>> {
        let found = self.0.get(&(cluster, named.namespace.clone(), named.name.clone()))?;
        Some(found.as_ref().map(|found| &found.gateway))
    }

    /// Those of which all is known.
    pub(super) fn all(&self) -> impl Iterator<Item = &Found<'v>> {
        self.0.values().flatten()
    }
}

fn certain<'v>(objects: &Objects<'_>, at: &'v At, reach: &Reach) -> Option<Found<'v>> {
    let object = objects.arriving(at, reach)?;
    let mut texts = Vec::new();
    object.get("spec")?.texts(&mut texts);
    let gateway = Gateway::of(&object, reach.namespace.as_deref().unwrap_or_default())?;
    texts.into_iter().all(is_literal).then_some(Found { at, cluster: reach.cluster, gateway })
}

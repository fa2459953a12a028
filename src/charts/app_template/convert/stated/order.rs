//! The order of containers: 2.x sorts them by the text of `order` and their key, 3.x by what they
//! depend on, then by their key (`templates/lib/pod/fields/_containers.tpl`).

use super::{MAIN, Place, Stating, Step, path};
use crate::flux::Value;

/// The order of a container that states none.
const DEFAULT: &str = "99";
/// That of the container that 2.x has by default.
const OF_MAIN: &str = "1";

pub(super) fn state(stating: &mut Stating) {
    for controller in stating.keys(&["controllers"]) {
        for kind in ["containers", "initContainers"] {
            let at = ["controllers", controller.as_str(), kind];
            let has_default = controller == MAIN && kind == "containers";
            in_one(stating, &at, has_default);
        }
    }
}

fn in_one(stating: &mut Stating, at: &[&str; 3], has_default: bool) {
    let Some(containers) = stating.values.at(at).cloned() else { return };
    let Some(by_order) = sorted(&containers, has_default) else {
        return stating.open(at, "the order of a container is neither text nor a number");
    };
    let depends = containers.entries().iter().any(|(_, container)| container.get("dependsOn").is_some());
    if depends && by_dependence(&containers) != Some(by_order.clone()) {
        // The first versions of 2.x do not know `dependsOn`, the later ones go by it alone.
        return stating
            .open(at, "`dependsOn` and `order` mean different orders, and which one 2.x takes depends on the version");
    }
    let mut by_key = by_order.clone();
    by_key.sort();
    for (n, container) in by_order.iter().enumerate() {
        let at = [at[0], at[1], at[2], container];
        if let Some(before) = n.checked_sub(1).map(|n| &by_order[n])
            && !depends
            && by_key != by_order
        {
            let place = if stating.values.at(&at).is_some_and(|values| values.get("order").is_some()) {
                Place::After("order")
            } else {
                Place::Head
            };
            let why = format!("2.x starts it after {before}, by `order`, which 3.x does not know");
            stating.state(&[&at[..], &["dependsOn"]].concat(), Value::string(before), place, &why);
        }
        let order = path(&[&at[..], &["order"]].concat());
        if stating.values.at(&at).is_some_and(|values| values.get("order").is_some()) {
            stating.do_it(Step::Remove(order));
        }
    }
}

/// The containers by the text of their order and their key.
fn sorted(containers: &Value, has_default: bool) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for (key, container) in containers.entries() {
        let absent = if has_default && key == MAIN { OF_MAIN } else { DEFAULT };
        let order = container.get("order").map_or(Some(absent), Value::text)?;
        found.push((format!("{order}-{key}"), key.clone()));
    }
    found.sort();
    Some(found.into_iter().map(|(_, key)| key).collect())
}

/// The containers as 3.x sorts them: always the first by key of those that wait for nothing. `None`
/// where it fails.
fn by_dependence(containers: &Value) -> Option<Vec<String>> {
    let waits_for = |container: &Value| -> Vec<String> {
        let depends = container.get("dependsOn");
        let all = depends.map(Value::items).unwrap_or_default().iter().chain(depends);
        all.filter_map(Value::text).map(str::to_owned).collect()
    };
    let mut left: Vec<(String, Vec<String>)> =
        containers.entries().iter().map(|(key, container)| (key.clone(), waits_for(container))).collect();
    left.sort();
    let mut found: Vec<String> = Vec::new();
    while !left.is_empty() {
        let next = left.iter().position(|(_, waits)| waits.iter().all(|other| found.contains(other)))?;
        found.push(left.remove(next).0);
    }
    Some(found)
}

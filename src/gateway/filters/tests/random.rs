//! Whatever is configured, nothing that keeps somebody out is lost without a counterpart (G9, G16).

use super::*;
use crate::gateway::testing::one_of;
use crate::rounds::{Numbers, rounds};

const NAMES: [&str; 8] = ["forward", "basic", "lan", "zip", "headers", "one", "two", "made"];

fn id(name: &str) -> String {
    format!("network-{name}@kubernetescrd")
}

/// Middlewares of which two are chains of any others; `made` is not in the tree.
fn specs(numbers: &mut Numbers) -> String {
    let mut chain = || {
        let links = (0..numbers.below(4)).map(|_| format!("{{name: {}}}", one_of(numbers, &NAMES)));
        format!("{{chain: {{middlewares: [{}]}}}}", links.collect::<Vec<_>>().join(", "))
    };
    let (one, two) = (chain(), chain());
    format!(
        "forward: {{forwardAuth: {{address: a}}}}\nbasic: {{basicAuth: {{secret: s}}}}\nlan: {{ipAllowList: {{}}}}\n\
         zip: {{compress: {{}}}}\nheaders: {{headers: {{frameDeny: true}}}}\none: {one}\ntwo: {two}\n"
    )
}

fn configured(numbers: &mut Numbers) -> AllConfigured {
    let mut all = AllConfigured::new();
    for name in NAMES {
        let filter = "{type: RequestMirror}";
        let configured = match numbers.below(9) {
            0 => Configured::Component(name.to_owned()),
            1 => Configured::Extension,
            2 | 3 => Configured::Drop("no".to_owned()),
            4 => Configured::Filters(vec![value(filter)]),
            _ => continue,
        };
        all.insert(id(name), configured);
    }
    all
}

/// Whether all that authenticates, or limits, in a middleware has what takes its place.
fn is_kept(name: &str, kinds: &[&str], tree: &Middlewares, route: &Route, depth: usize) -> bool {
    let by_other_means =
        matches!(route.configured.get(&id(name)), Some(Configured::Component(_) | Configured::Extension));
    if by_other_means {
        return true;
    }
    let Some(spec) = tree.get(&("network".to_owned(), name.to_owned())) else { return kinds != ["ipAllowList"] };
    let links = spec.at(&["chain", "middlewares"]).map(Value::items).unwrap_or_default();
    let keep = |link: &Value| is_kept(link.text_at(&["name"]).unwrap(), kinds, tree, route, depth - 1);
    !kinds.iter().any(|kind| spec.get(kind).is_some()) && depth > 0 && links.iter().all(keep)
}

#[test]
fn g9_g16_nothing_that_keeps_somebody_out_is_lost() {
    let mut numbers = Numbers::new();
    let all = rounds(1000, 100_000);
    let (mut made, mut kept) = (0, 0);
    for _ in 0..all {
        let specs = specs(&mut numbers);
        let limits_are_mapped = numbers.below(2) == 0;
        let is_traefik = numbers.below(2) == 0;
        let route = Route { configured: configured(&mut numbers), limits_are_mapped, is_traefik, ..Route::default() };
        let names: Vec<_> = (0..=numbers.below(2)).map(|_| one_of(&mut numbers, &NAMES)).collect();
        let list = names.iter().map(|name| id(name)).collect::<Vec<_>>().join(",");
        let Ok(filters) = route.filters(&specs, &list) else { continue };
        made += 1;
        kept += usize::from(!filters.authentication.is_empty());
        let tree = tree(&specs);
        for name in &names {
            let case = || format!("{name} in {list} of\n{specs}{:?}", route.configured);
            let not_in_the_tree = *name == "made" && !route.configured.contains_key(&id(name));
            assert!(!not_in_the_tree && is_kept(name, &["forwardAuth", "basicAuth"], &tree, &route, 9), "{}", case());
            assert!(limits_are_mapped || is_kept(name, &["ipAllowList"], &tree, &route, 9), "{}", case());
        }
        for id in &filters.authentication {
            let configured = &route.configured[id];
            assert!(
                matches!(configured, Configured::Component(_)) || (*configured == Configured::Extension && is_traefik)
            );
        }
    }
    assert!(made > all / 10 && kept > 20, "{made} of {all}, {kept} with authentication");
}

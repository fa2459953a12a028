//! What is there: in 2.x some items are enabled unless they say no, and some are disabled unless
//! they say yes. What is not there goes.

use super::{MAIN, Stating};
use crate::flux::Value;

/// The sections, each with the item that 2.x has for it, and whether that is there by itself.
const SECTIONS: [(&str, &str, bool); 9] = [
    ("controllers", MAIN, true),
    ("service", MAIN, true),
    ("serviceMonitor", MAIN, false),
    ("ingress", MAIN, false),
    ("route", MAIN, false),
    ("persistence", "config", false),
    ("networkpolicies", MAIN, false),
    ("configMaps", "config", false),
    ("secrets", "secret", false),
];

pub(super) fn state(stating: &mut Stating) {
    for (section, item, is_there) in SECTIONS {
        in_section(stating, section, item, is_there);
    }
    for controller in stating.keys(&["controllers"]) {
        for kind in ["containers", "initContainers"] {
            let at = ["controllers", controller.as_str(), kind];
            for container in stating.keys(&at) {
                let at = [at[0], at[1], kind, &container];
                let why = "it is disabled, and 3.x asks for all that a container has; it is removed";
                if_disabled(stating, &at, true, why);
            }
        }
    }
    for service in stating.keys(&["service"]) {
        for port in stating.keys(&["service", &service, "ports"]) {
            let why = "it is disabled, and 3.x asks for its number; it is removed";
            if_disabled(stating, &["service", &service, "ports", &port], true, why);
        }
    }
}

fn in_section(stating: &mut Stating, section: &str, item: &str, is_there: bool) {
    let values = stating.values.get(section);
    // A section that is null takes the place of that of 2.x, with all that is in it.
    if values == Some(&Value::Null) {
        return;
    }
    let is_missing = values.and_then(|values| values.get(item)).is_none();
    if is_there && is_missing {
        let why = format!("2.x has `{item}` here unless it is disabled, and it is not complete by itself");
        return stating.open(&[section], &why);
    }
    for identifier in stating.keys(&[section]) {
        let absent = is_there || identifier != item;
        let why = if absent { "it is disabled; it is removed" } else { "2.x has it disabled; it is removed" };
        if_disabled(stating, &[section, &identifier], absent, why);
    }
}

/// Removes what is certainly disabled.
fn if_disabled(stating: &mut Stating, at: &[&str], absent: bool, why: &str) {
    match stating.values.at(at) {
        Some(Value::Mapping(_)) => {}
        // Neither 2.x nor later versions render that.
        _ => return stating.open(at, "it is no mapping"),
    }
    match stating.is_on(&[at, &["enabled"]].concat(), absent) {
        Some(true) => {}
        Some(false) => stating.remove(at, why),
        None => stating.open(at, "whether it is enabled is neither true nor false to every YAML reader"),
    }
}

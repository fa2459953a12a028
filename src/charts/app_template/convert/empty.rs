//! What is empty: 4.x rejects sections that are null, and takes an empty mapping for a decision.

use crate::charts::app_template::Section;
use crate::flux::Value;

/// The sections that may not be null in 4.x.
const SECTIONS: [Section; 10] = [
    Section::Controllers,
    Section::ConfigMaps,
    Section::Secrets,
    Section::Service,
    Section::Ingress,
    Section::Route,
    Section::ServiceMonitor,
    Section::NetworkPolicies,
    Section::Persistence,
    Section::RawResources,
];

/// The sections that are null.
pub(super) fn null_sections(values: &Value) -> Vec<&'static str> {
    let names = SECTIONS.iter().map(|section| section.path()[0]);
    names.filter(|section| values.get(section) == Some(&Value::Null)).collect()
}

/// Takes away sections that are null, and empty pod options over defaults: in 3.x the defaults
/// apply, in 4.x the empty mapping wins.
pub(super) fn remove(values: &mut Value) {
    for section in null_sections(values) {
        values.remove(section);
    }
    for [controllers, controller, pod, option] in shadowing(values) {
        if let Some(pod) = values.get_mut(&controllers).and_then(|all| all.get_mut(&controller)?.get_mut(&pod)) {
            pod.remove(&option);
        }
        // Nothing is left of it but what 3.x and 4.x take for nothing.
        if let Some(controller) = values.get_mut(&controllers).and_then(|all| all.get_mut(&controller))
            && controller.get(&pod) == Some(&Value::Mapping(Vec::new()))
        {
            controller.remove(&pod);
        }
    }
}

/// The pod options of controllers that are empty mappings where there is a default:
/// `controllers.X.pod.OPTION`.
pub(super) fn shadowing(values: &Value) -> Vec<[String; 4]> {
    let has_default = |option: &str| {
        let default = values.at(&["defaultPodOptions", option]);
        default.is_some_and(|default| !matches!(default, Value::Null) && *default != Value::Mapping(Vec::new()))
    };
    let controllers = values.get("controllers").map(Value::entries).unwrap_or_default();
    let options = controllers.iter().flat_map(|(controller, values)| {
        let options = values.get("pod").map(Value::entries).unwrap_or_default();
        options.iter().map(move |(option, value)| (controller, option, value))
    });
    let empty = options.filter(|(_, option, value)| **value == Value::Mapping(Vec::new()) && has_default(option));
    empty.map(|(controller, option, _)| ["controllers", controller, "pod", option].map(str::to_owned)).collect()
}

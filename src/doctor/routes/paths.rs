//! How routes compare paths.

use super::stated::Stated;
use crate::doctor::codes::ROUTE_PATH_TYPE;
use crate::doctor::names::is_literal;
use crate::finding::{Finding, Severity};

/// `PathMatchType` of the Gateway API, in v1.
const TYPES: [&str; 3] = ["Exact", "PathPrefix", "RegularExpression"];

pub(super) fn findings(routes: &[Stated<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in routes {
        for (n, rule) in route.route.rules.iter().enumerate() {
            for (m, path_type) in rule.path_types.iter().enumerate() {
                let Some(text) = path_type.as_deref().filter(|text| !TYPES.contains(text) && is_literal(text)) else {
                    continue;
                };
                let message = format!("the Gateway API has no path type {text}, only {}", TYPES.join(", "));
                let keys = ["rules", &n.to_string(), "matches", &m.to_string(), "path", "type"];
                found.push(route.finding(Severity::Error, ROUTE_PATH_TYPE, &keys, &message));
            }
        }
    }
    found
}

//! Which of two rules takes a request that both match (`docs/gateway.md#paths`).

use super::super::{Refusal, RefusalKind};
use super::{PathKind, Router};

/// A router of Traefik, with what decides when a request matches several.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'r> {
    /// What it takes.
    pub router: &'r Router,
    /// The text of its rule, the longest of which wins by default.
    pub rule: &'r str,
    /// Its priority, if stated.
    pub priority: Option<i64>,
}

/// Whether a Gateway decides between two routers as Traefik does.
///
/// # Errors
/// If some request matches both, and a priority is stated, or the longer rule is not the one that a
/// Gateway prefers.
pub fn order_is_kept(one: Ranked<'_>, other: Ranked<'_>) -> Result<(), Refusal> {
    if !one.router.overlaps(other.router) {
        return Ok(());
    }
    let refuse = |why: &str| {
        let message = format!("a request can match both {} and {}, and {why}", one.rule.trim(), other.rule.trim());
        Err(Refusal::new(RefusalKind::RouterPriority, message))
    };
    if one.stated().or(other.stated()).is_some() {
        return refuse("a stated priority decides between them");
    }
    if one.rule.len().cmp(&other.rule.len()) != one.router.precedence().cmp(&other.router.precedence()) {
        return refuse("Traefik takes the longer rule, which is not the one that a Gateway prefers");
    }
    Ok(())
}

impl Ranked<'_> {
    /// The priority that overrules the length of the rule; 0 does not.
    fn stated(&self) -> Option<i64> {
        self.priority.filter(|priority| *priority != 0)
    }
}

impl Router {
    /// Whether some request can match both. A header or a parameter may be there several times, so
    /// two values of one do not exclude each other.
    pub fn overlaps(&self, other: &Router) -> bool {
        let share_a_host =
            self.hosts.is_empty() || other.hosts.is_empty() || self.hosts.iter().any(|host| other.hosts.contains(host));
        let paths_meet = self.path.iter().all(|path| other.path.iter().all(|theirs| path.overlaps(theirs)));
        let methods_meet = self.method.iter().all(|method| other.method.iter().all(|theirs| method == theirs));
        share_a_host && paths_meet && methods_meet
    }

    /// What a Gateway prefers, the greatest: an exact path, the longest prefix, a method, most
    /// headers, most parameters.
    fn precedence(&self) -> (bool, usize, bool, usize, usize) {
        let is_exact = self.path.as_ref().is_some_and(|path| path.kind == PathKind::Exact);
        let length = self.path.as_ref().map_or(1, |path| path.value.len());
        (is_exact, length, self.method.is_some(), self.headers.len(), self.query.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(one: (&str, Option<i64>), other: (&str, Option<i64>)) -> Result<(), String> {
        let [first, second] = [one, other].map(|(rule, _)| Router::of_match(rule).unwrap());
        let first = Ranked { router: &first, rule: one.0, priority: one.1 };
        let second = Ranked { router: &second, rule: other.0, priority: other.1 };
        let result = order_is_kept(first, second);
        assert_eq!(result.is_ok(), order_is_kept(second, first).is_ok(), "the order of the two does not matter");
        result.map_err(|refusal| {
            assert_eq!(refusal.kind, RefusalKind::RouterPriority);
            refusal.message
        })
    }

    #[test]
    fn the_longer_path_wins_in_traefik_and_on_a_gateway() {
        let all = "Host(`a.example.org`)";
        let api = "Host(`a.example.org`) && PathPrefix(`/api`)";
        assert_eq!(decided((all, None), (api, None)), Ok(()));
        assert_eq!(decided((all, Some(0)), (api, None)), Ok(()), "0 is the default");
        let post = "Host(`a.example.org`) && PathPrefix(`/api`) && Method(`POST`)";
        assert_eq!(decided((post, None), (api, None)), Ok(()));
    }

    #[test]
    fn a_stated_priority_is_dropped_only_where_nothing_overlaps() {
        let web = "Host(`a.example.org`) && PathPrefix(`/web`)";
        let api = "Host(`a.example.org`) && PathPrefix(`/api`)";
        let other_host = "Host(`b.example.org`)";
        let other_method = "Host(`a.example.org`) && PathPrefix(`/api`) && Method(`PUT`)";
        assert_eq!(decided((web, Some(100)), (api, None)), Ok(()));
        assert_eq!(decided((other_host, Some(100)), (api, Some(1))), Ok(()));
        let post = "Host(`a.example.org`) && PathPrefix(`/api`) && Method(`POST`)";
        assert_eq!(decided((post, Some(5)), (other_method, None)), Ok(()));
        let refused = decided((api, Some(100)), ("PathPrefix(`/`)", None)).unwrap_err();
        assert!(refused.ends_with("and a stated priority decides between them"), "{refused}");
    }

    #[test]
    fn a_rule_that_is_long_for_another_reason_is_refused() {
        let many = "(Host(`a.example.org`) || Host(`b.example.org`) || Host(`c.example.org`))";
        let api = "Host(`a.example.org`) && PathPrefix(`/api`)";
        let refused = decided((many, None), (api, None)).unwrap_err();
        assert!(refused.contains("Traefik takes the longer rule"), "{refused}");
        // Traefik prefers the longer word `PathPrefix`, a Gateway the exact path.
        decided(("Path(`/api/v1`)", None), ("PathPrefix(`/api/v`)", None)).unwrap_err();
    }
}

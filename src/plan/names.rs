//! Names that Kubernetes would not accept. Commands are made of names, and one such as `--all`
//! would be taken for an option: a unit about such an object is refused as a whole.

use super::codes::INVALID_NAME;
use super::{Subject, Unit};
use crate::finding::Finding;
use crate::repo::RepoPath;

/// Refuses the units about objects whose name or namespace Kubernetes would not accept.
pub(super) fn refuse_invalid(units: &mut [Unit]) {
    for unit in units {
        if let Some(why) = invalid(unit) {
            let reason = Finding::error(INVALID_NAME, why).at(unit.id.subject.path(), None);
            unit.refuse(reason);
        }
    }
}

/// The first name of a unit that is not one.
fn invalid(unit: &Unit) -> Option<String> {
    let subject = &unit.id.subject;
    if subject.is_path() || is_path(subject) {
        return None;
    }
    let also = unit.also.iter().map(|full| full.split_once('/').unwrap_or(("", full)));
    let names = also.chain([(subject.namespace(), subject.name())]);
    names.into_iter().find_map(|(namespace, name)| {
        let is_good = if is_of_rbac(subject.kind()) { is_path_part(name) } else { is_subdomain(name) };
        if !is_good {
            Some(format!("{name:?} is not a name that Kubernetes accepts"))
        } else if !namespace.is_empty() && !is_label(&filled(namespace)) {
            Some(format!("{namespace:?} is not a name that Kubernetes accepts for a namespace"))
        } else {
            None
        }
    })
}

/// Whether the subject is a file, or a directory with a kustomization file, which is called by its
/// path.
fn is_path(subject: &Subject) -> bool {
    let (kind, name) = (subject.kind(), subject.name());
    matches!(kind, "Component" | "Directory" | "File" | "Kustomization")
        && subject.namespace().is_empty()
        && !name.starts_with('-')
        && RepoPath::new(name).is_ok_and(|dir| !name.is_empty() && subject.path().is_in(&dir))
}

/// A text with a letter for each variable that Flux fills in.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, variable)) = rest.split_once("${") {
        let Some((_, after)) = variable.split_once('}') else { break };
        out.push_str(before);
        out.push('x');
        rest = after;
    }
    out + rest
}

/// Roles and their bindings, the only objects whose names may be any part of a path.
fn is_of_rbac(kind: &str) -> bool {
    matches!(kind, "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding")
}

fn is_path_part(name: &str) -> bool {
    !name.starts_with('-') && !name.contains(['/', '%']) && !name.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// A subdomain of RFC 1123. An object without a name is not for this rule.
fn is_subdomain(name: &str) -> bool {
    const LONGEST: usize = 253;
    let name = filled(name);
    name.is_empty() || name.len() <= LONGEST && name.split('.').all(is_part)
}

/// A label of RFC 1123.
fn is_label(name: &str) -> bool {
    const LONGEST: usize = 63;
    name.len() <= LONGEST && is_part(name)
}

fn is_part(part: &str) -> bool {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(is_end) && part.ends_with(is_end) && part.chars().all(|c| is_end(c) || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Draft, Safety, UnitId};

    fn unit(namespace: &str, name: &str, also: &[&str]) -> Unit {
        let path = RepoPath::new("a.yaml").unwrap();
        let subject = Subject::Release { namespace: namespace.into(), name: name.into(), path };
        let id = UnitId { migration: "chart-ref", step: "release", subject };
        let also = also.iter().map(|name| (*name).to_owned()).collect();
        let mut units = [Unit::of(Draft { also, ..Draft::new(id, "", []) })];
        refuse_invalid(&mut units);
        let [unit] = units;
        unit
    }

    #[test]
    fn names_that_kubernetes_accepts() {
        for (namespace, name) in
            [("media", "plex"), ("", "plex"), ("a-1", "x.y-z.0"), ("${NS}", "${APP}"), ("a", "${APP:=x}-db"), ("a", "")]
        {
            assert_eq!(unit(namespace, name, &[]).safety, Safety::Safe, "{namespace}/{name}");
        }
    }

    #[test]
    fn other_names_are_refused_as_a_whole() {
        let long = "x".repeat(64);
        for (namespace, name) in [
            ("home", "--all"),
            ("home", "-x"),
            ("--all-namespaces", "x"),
            ("home", "x y"),
            ("home", "X"),
            ("home", "a\n::error::b"),
            ("home", "$(id)"),
            ("home", "x."),
            ("a.b", "x"),
            ("home", "${APP"),
            ("home", "${APP} --all"),
            (&long, "x"),
        ] {
            let unit = unit(namespace, name, &[]);
            assert_eq!(unit.safety, Safety::Refused, "{namespace}/{name}");
            assert_eq!(unit.findings[0].code.id, "invalid-name");
            assert!(!unit.findings[0].message.contains('\n'), "{}", unit.findings[0].message);
        }
        assert_eq!(unit("home", "x", &["home/--all"]).safety, Safety::Refused);
    }
}

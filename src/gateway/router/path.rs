//! How paths are compared (`docs/gateway.md#paths`).

use super::super::{Note, NoteKind, Refusal, RefusalKind};
use crate::flux::Value;

/// How a path is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathKind {
    /// As the beginning, by elements: `PathPrefix`.
    Prefix,
    /// As a whole.
    Exact,
}

/// The paths that a rule takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathMatch {
    /// How it is compared.
    pub kind: PathKind,
    /// The path.
    pub value: String,
}

/// Characters of patterns and variables. Of an annotation of nginx or of a template, the path is a
/// pattern for one controller and a text for another.
const OF_PATTERNS: &[char] = &['(', ')', '[', ']', '^', '$', '*', '+', '?', '|', '\\', '{', '}'];

/// What the Gateway API takes besides letters and digits. A percent sign is left out: proxies differ
/// in whether they decode before they compare.
const OF_PATHS: &str = "-/._~!&',;=:@";

impl PathMatch {
    /// A path that is compared in a way.
    ///
    /// # Errors
    /// If it is a pattern, or the Gateway API does not take it.
    pub fn new(kind: PathKind, value: &str) -> Result<PathMatch, Refusal> {
        let refuse = |why: &str| Err(Refusal::new(RefusalKind::PathPattern, format!("the path {value} {why}")));
        if value.contains(OF_PATTERNS) {
            return refuse("is a pattern, a template or a variable");
        }
        let is_taken = |c: char| c.is_ascii_alphanumeric() || OF_PATHS.contains(c);
        if let Some(wrong) = value.chars().find(|c| !is_taken(*c)) {
            return refuse(&format!("has the character {wrong:?}, which is not compared alike everywhere"));
        }
        let has_dots = value.split('/').any(|element| matches!(element, "." | ".."));
        if !value.starts_with('/') || value.contains("//") || has_dots || value.len() > 1024 {
            return refuse("is none of the Gateway API: one begins with a slash, and has no empty element, . or ..");
        }
        Ok(PathMatch { kind, value: value.to_owned() })
    }

    /// The path of an Ingress with its type.
    ///
    /// # Errors
    /// If it is a pattern, or its controller decides how it is compared.
    pub fn of_ingress(path: &str, path_type: &str) -> Result<PathMatch, Refusal> {
        let path = if path.is_empty() { "/" } else { path };
        let prefix = PathMatch::new(PathKind::Prefix, path)?;
        match path_type {
            "Prefix" => Ok(prefix),
            "Exact" => Ok(PathMatch { kind: PathKind::Exact, ..prefix }),
            "ImplementationSpecific" if prefix.is_all() => Ok(prefix),
            _ => {
                let message =
                    format!("the path {path} has the type {path_type}, which each controller compares its own way");
                Err(Refusal::new(RefusalKind::PathTypeImplementation, message))
            }
        }
    }

    /// Whether it takes all paths.
    pub fn is_all(&self) -> bool {
        self.kind == PathKind::Prefix && self.value == "/"
    }

    /// What a prefix that Traefik compares by characters gains or loses when it is compared by
    /// elements.
    pub fn by_elements(&self) -> Option<Note> {
        if self.kind == PathKind::Exact || self.is_all() {
            return None;
        }
        let value = &self.value;
        Some(match value.strip_suffix('/') {
            Some(bare) => Note::new(NoteKind::PrefixWider, format!("{value} takes {bare}, too")),
            None => {
                Note::new(NoteKind::PrefixNarrower, format!("{value} does not take {value}x any more, only {value}/x"))
            }
        })
    }

    /// Whether Traefik can take one request by this path and by another one.
    pub(super) fn overlaps(&self, other: &PathMatch) -> bool {
        match (self.kind, other.kind) {
            (PathKind::Exact, PathKind::Exact) => self.value == other.value,
            (PathKind::Exact, PathKind::Prefix) => self.value.starts_with(&other.value),
            (PathKind::Prefix, PathKind::Exact) => other.overlaps(self),
            (PathKind::Prefix, PathKind::Prefix) => {
                self.value.starts_with(&other.value) || other.value.starts_with(&self.value)
            }
        }
    }

    /// The `path` of a match of an HTTPRoute.
    pub fn to_value(&self) -> Value {
        let kind = match self.kind {
            PathKind::Prefix => "PathPrefix",
            PathKind::Exact => "Exact",
        };
        Value::mapping([("type", Value::string(kind)), ("value", Value::string(&self.value))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(value: &str) -> PathMatch {
        PathMatch::new(PathKind::Prefix, value).unwrap()
    }

    #[test]
    fn traefik_compares_characters_and_a_gateway_compares_elements() {
        let note = |value| prefix(value).by_elements().map(|note| (note.kind, note.message));
        assert_eq!(note("/"), None);
        assert_eq!(note("/hook/"), Some((NoteKind::PrefixWider, "/hook/ takes /hook, too".to_owned())));
        let narrower = "/api does not take /apix any more, only /api/x".to_owned();
        assert_eq!(note("/api"), Some((NoteKind::PrefixNarrower, narrower)));
        assert_eq!(PathMatch::new(PathKind::Exact, "/hook/").unwrap().by_elements(), None);
    }

    #[test]
    fn types_of_ingresses_have_their_equal_or_are_refused() {
        let of = |path, path_type| PathMatch::of_ingress(path, path_type).map_err(|refusal| refusal.kind);
        assert_eq!(of("/api", "Prefix"), Ok(prefix("/api")));
        assert_eq!(of("/h", "Exact"), PathMatch::new(PathKind::Exact, "/h").map_err(|refusal| refusal.kind));
        assert_eq!(of("/", "ImplementationSpecific"), Ok(prefix("/")));
        assert_eq!(of("", "ImplementationSpecific"), Ok(prefix("/")));
        assert_eq!(of("/api", "ImplementationSpecific"), Err(RefusalKind::PathTypeImplementation));
        assert_eq!(of("/api", "PathPrefix"), Err(RefusalKind::PathTypeImplementation));
        assert_eq!(of("/api(/|$)(.*)", "ImplementationSpecific"), Err(RefusalKind::PathPattern));
    }

    #[test]
    fn patterns_templates_and_what_the_gateway_api_does_not_take_are_refused() {
        for path in [
            "/{{ .Release.Name }}",
            "/${APP}",
            "/{id:[0-9]+}",
            "/a.*",
            "/a?b",
            "/a|b",
            "^/a",
            "/a\\b",
            "/a+b",
            "api",
            "/a//b",
            "/a/../b",
            "/a/.",
            "/a b",
            "/a%20b",
            "/a#b",
            "/ä",
        ] {
            assert_eq!(
                PathMatch::new(PathKind::Prefix, path).map_err(|refusal| refusal.kind),
                Err(RefusalKind::PathPattern),
                "{path}"
            );
        }
        for path in ["/.well-known/acme-challenge/", "/a..b", "/~user/x,y;z=1:2@3"] {
            assert_eq!(prefix(path).value, path);
        }
    }

    #[test]
    fn paths_overlap_by_characters() {
        let exact = |value| PathMatch::new(PathKind::Exact, value).unwrap();
        assert!(prefix("/").overlaps(&exact("/x")));
        assert!(prefix("/api").overlaps(&prefix("/apiv2")));
        assert!(exact("/apiv2").overlaps(&prefix("/api")));
        assert!(!prefix("/a").overlaps(&prefix("/b")));
        assert!(!exact("/a").overlaps(&exact("/a/")));
    }
}

//! `postBuild`: the variables that Flux fills in after a build.

use std::collections::{BTreeMap, BTreeSet};

/// How deep defaults may be nested in each other. Deeper ones stay as they are.
const NESTING: usize = 16;

/// The longest value of a variable. A longer one counts as unknown: values that repeat each other
/// from one Kustomization to the next would fill the memory.
const LONGEST_VALUE: usize = 64 << 10;

/// The longest text with variables filled in. A longer one stays as it is.
const LONGEST_TEXT: usize = 4 << 20;

/// The variables of a Flux Kustomization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// The value of each; `None` if it cannot be read here, for instance because it is in a Secret.
    values: BTreeMap<String, Option<String>>,
    /// The ConfigMaps and Secrets of `substituteFrom` that are not in this tree, as `kind/name`:
    /// what is in them is unknown.
    pub elsewhere: BTreeSet<String>,
    /// Whether `postBuild` names any variable or source of variables, or has them filled in always.
    /// Otherwise Flux substitutes nothing at all.
    pub any: bool,
}

impl Variables {
    /// Sets a variable; later ones win.
    pub(in crate::flux) fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.filter(|value| value.len() <= LONGEST_VALUE);
        self.values.insert(name.to_owned(), value.map(str::to_owned));
    }

    /// Whether a variable has a value, known here or not.
    pub fn gives(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The variables in a text that have neither value nor default, in order.
    pub fn missing_in(&self, text: &str) -> Vec<String> {
        self.uses_missing_in(text).into_iter().map(|missing| missing.name).collect()
    }

    /// The same, with how the text uses each.
    pub fn uses_missing_in(&self, text: &str) -> Vec<Missing> {
        self.missing(text, NESTING)
    }

    fn missing(&self, text: &str, nesting: usize) -> Vec<Missing> {
        let missing = |place: Place<'_>| match place.default {
            _ if self.gives(place.name) => Vec::new(),
            Some(default) => nesting.checked_sub(1).map(|nesting| self.missing(default, nesting)).unwrap_or_default(),
            None => vec![Missing {
                name: place.name.to_owned(),
                used: text[place.start..place.end].to_owned(),
                is_transformed: !place.is_plain,
            }],
        };
        places(text).flat_map(missing).collect()
    }

    /// The names of all variables in a text, those in defaults included.
    pub fn names_in(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        Variables::collect_names(text, NESTING, &mut found);
        found
    }

    fn collect_names(text: &str, nesting: usize, found: &mut BTreeSet<String>) {
        for place in places(text) {
            found.insert(place.name.to_owned());
            if let (Some(default), Some(nesting)) = (place.default, nesting.checked_sub(1)) {
                Variables::collect_names(default, nesting, found);
            }
        }
    }

    /// Replaces variables in a text by their values, as Flux does after a build: `${NAME}`,
    /// `${NAME:=default}`, `${NAME:-default}`, where a default may have variables again. What `:+` and `:?` have is a
    /// default, too (fluxcd/pkg, `envsubst/template.go`).
    ///
    /// A variable without value stays as it is, unlike in Flux: its value may come from a ConfigMap
    /// or Secret of the cluster. `$${` is an escape and stays, too.
    pub fn substitute(&self, text: &str) -> String {
        if !self.any || !text.contains("${") {
            return text.to_owned();
        }
        self.filled(text, NESTING).unwrap_or_else(|| text.to_owned())
    }

    /// Whether filling in variables changes a text beside those that have neither value nor default:
    /// `$$` becomes `$`, too. See `docs/flux-and-kustomize.md#variables`.
    pub fn changes_more_in(&self, text: &str) -> bool {
        text.contains("$$") || places(text).any(|place| place.default.is_some() || self.gives(place.name))
    }

    /// A text as Flux applies it where a variable without value becomes nothing. A value that is not
    /// known here stays as it is.
    pub fn applied(&self, text: &str) -> String {
        let text = self.substitute(text);
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for place in places(&text).filter(|place| place.default.is_none() && !self.gives(place.name)) {
            out.push_str(&text[end..place.start]);
            end = place.end;
        }
        (out + &text[end..]).replace("$$", "$")
    }

    /// `None` for what is nested too deep or becomes too long.
    fn filled(&self, text: &str, nesting: usize) -> Option<String> {
        let nesting = nesting.checked_sub(1)?;
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for variable in places(text) {
            out.push_str(&text[end..variable.start]);
            let whole = &text[variable.start..variable.end];
            let value = match self.values.get(variable.name) {
                Some(value) => value.clone(),
                None => match variable.default {
                    Some(default) => Some(self.filled(default, nesting)?),
                    None => None,
                },
            };
            out.push_str(value.as_deref().filter(|_| variable.is_plain).unwrap_or(whole));
            end = variable.end;
            if out.len() > LONGEST_TEXT {
                return None;
            }
        }
        out.push_str(&text[end..]);
        Some(out)
    }
}

/// A variable that has neither value nor default, in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// What the text says: `${NAME}`, `${NAME/a/b}`.
    pub used: String,
    /// Whether its value would be measured, cut or replaced. Strict mode refuses that only from Flux 2.9
    /// (fluxcd/pkg#1167).
    pub is_transformed: bool,
}

/// A text with `$$` before each of some variables, so that they stay as they are. `None` if one of them
/// is in the default of another.
pub fn with_escaped(text: &str, names: &BTreeSet<String>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for place in places(text) {
        if place.default.is_some_and(|default| places(default).any(|inner| names.contains(inner.name))) {
            return None;
        }
        out.push_str(&text[end..place.start]);
        if names.contains(place.name) && place.default.is_none() {
            out.push('$');
        }
        out.push_str(&text[place.start..place.end]);
        end = place.end;
    }
    Some(out + &text[end..])
}

/// A `${...}` of a text.
struct Place<'t> {
    start: usize,
    end: usize,
    name: &'t str,
    default: Option<&'t str>,
    /// Whether it is one of the forms above, and not one that cuts or replaces.
    is_plain: bool,
}

fn places(text: &str) -> impl Iterator<Item = Place<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find("${")?;
            let end = start + closing_brace(&text[start..])? + 1;
            from = end;
            if text[..start].ends_with('$') {
                continue;
            }
            let inner = &text[start + 2..end - 1];
            let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            // `${#NAME}` is a length.
            let length = inner.strip_prefix('#').filter(|name| name.chars().all(is_in_name));
            let is_length = length.is_some();
            let inner = length.unwrap_or(inner);
            let name_end = inner.find(|c| !is_in_name(c)).unwrap_or(inner.len());
            let (name, rest) = inner.split_at(name_end);
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let default = [":=", ":-", ":+", ":?", "=", "-"].iter().find_map(|sign| rest.strip_prefix(sign));
            return Some(Place {
                start,
                end,
                name,
                default,
                is_plain: (rest.is_empty() || default.is_some()) && !is_length,
            });
        }
    })
}

/// Where the first brace is closed; there may be others inside.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => return None,
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_only() {
        let mut values = Variables { any: true, ..Variables::default() };
        values.set("APP", Some("plex"));
        values.set("SECRET", None);
        for (text, expected) in [
            ("${APP}-x", "plex-x"),
            ("${OTHER}", "${OTHER}"),
            ("${OTHER:=d}-${APP:-e}", "d-plex"),
            ("${OTHER:-${APP}}-x", "plex-x"),
            ("${APP:-${OTHER}}", "plex"),
            ("${OTHER:-${ELSE}}", "${ELSE}"),
            ("${SECRET:=d}", "${SECRET:=d}"),
            ("${APP:0:2}", "${APP:0:2}"),
            ("$${APP}", "$${APP}"),
            ("${APP", "${APP"),
            ("${1}${}", "${1}${}"),
            ("none", "none"),
        ] {
            assert_eq!(values.substitute(text), expected);
        }
        assert_eq!(Variables::default().substitute("${X:=d}"), "${X:=d}", "without variables nothing is substituted");
    }

    #[test]
    fn bombs_stay_as_they_are() {
        let mut values = Variables { any: true, ..Variables::default() };
        values.set("A", Some(&"x".repeat(LONGEST_VALUE)));
        values.set("B", Some(&"x".repeat(LONGEST_VALUE + 1)));
        assert_eq!(values.substitute("${A}").len(), LONGEST_VALUE);
        assert_eq!(values.substitute("${B}"), "${B}");
        let many = "${A}".repeat(200);
        assert_eq!(values.substitute(&many), many);
        let nested = "${X:=".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(values.substitute(&nested), nested);
        assert!(values.missing_in(&nested).is_empty());
    }

    #[test]
    fn what_flux_applies_where_nothing_is_strict() {
        let mut values = Variables { any: true, ..Variables::default() };
        values.set("APP", Some("plex"));
        values.set("SECRET", None);
        assert_eq!(values.applied("${APP} ${X}${Y:-d} $${Z} $$ ${SECRET} ${V:0:2}"), "plex d ${Z} $ ${SECRET} ");
        for (text, more) in [("${X} ${Y}", false), ("${X} $$", true), ("${APP}", true), ("${X:-d}", true)] {
            assert_eq!(values.changes_more_in(text), more, "{text}");
        }
    }

    #[test]
    fn all_names() {
        let names = Variables::names_in("${A} $${B} ${C:=${D}} ${E/a/b} $F");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["A", "C", "D", "E"]);
    }

    #[test]
    fn escaped_variables_stay() {
        let names = BTreeSet::from(["X".to_owned(), "Y".to_owned()]);
        let escaped = |text: &str| with_escaped(text, &names);
        assert_eq!(escaped("${X} $${X} ${APP} ${Y/a/b} ${X:-d}"), Some("$${X} $${X} ${APP} $${Y/a/b} ${X:-d}".into()));
        assert_eq!(escaped("${APP:-${X}}"), None, "what an escape in a default means is not certain");
    }

    #[test]
    fn what_has_neither_value_nor_default() {
        let mut values = Variables { any: true, ..Variables::default() };
        values.set("APP", Some("plex"));
        values.set("SECRET", None);
        let text = "a: ${APP} ${SECRET} ${A}\nb: ${B:=x} $${C} ${D/x/y} ${E:-${F}} ${APP:-${G}}\n";
        assert_eq!(values.missing_in(text), ["A", "D", "F"]);
        for transformed in ["${#X}", "${X^}", "${X^^}", "${X,}", "${X:0}", "${X:0:2}", "${X/a/b}", "${X##a}", "${X%a}"]
        {
            let missing = values.uses_missing_in(&format!("a {transformed} b"));
            let [Missing { name, used, is_transformed: true }] = &missing[..] else { panic!("{missing:?}") };
            assert_eq!((&**name, &**used), ("X", transformed));
            assert!(values.missing_in(&transformed.replace('X', "APP")).is_empty(), "it has a value");
        }
        for default in ["${X:=a}", "${X:-a}", "${X=a}", "${X:+a}", "${X:?a}", "${X:-}", "$${X/a/b}", "$X"] {
            assert!(values.uses_missing_in(default).is_empty(), "{default}");
        }
        assert!(!values.uses_missing_in("${X}")[0].is_transformed);
    }
}

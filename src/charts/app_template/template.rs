use super::Chart;
use super::name::{Name, Unknown, Why};

impl Chart<'_> {
    /// A text as Helm's `tpl` renders it: the release's name and namespace, by themselves or in
    /// literal text, with trims. Anything else only Helm can render.
    pub fn rendered(&self, text: &str) -> Name {
        if text.contains("${") {
            return Err(Unknown::new(text, Why::Variable));
        }
        let open = |why| Unknown::new(text, why);
        let mut made = String::new();
        let mut rest = text;
        let mut trims = false;
        while let Some((literal, action)) = rest.split_once("{{") {
            let (action, after) = action.split_once("}}").ok_or_else(|| open(Why::Template))?;
            // A trim marker needs a blank on its inner side: `{{-1}}` is a number.
            let (left, action) = match action.strip_prefix('-').filter(|action| action.starts_with(BLANKS)) {
                Some(action) => (true, action),
                None => (false, action),
            };
            let (right, action) = match action.strip_suffix('-').filter(|action| action.ends_with(BLANKS)) {
                Some(action) => (true, action),
                None => (false, action),
            };
            made.push_str(trimmed(literal, trims, left));
            made.push_str(match action.trim_matches(BLANKS) {
                ".Release.Name" | "$.Release.Name" => given(self.release)?,
                ".Release.Namespace" | "$.Release.Namespace" => given(self.namespace)?,
                _ => return Err(open(Why::Template)),
            });
            (rest, trims) = (after, right);
        }
        made.push_str(trimmed(rest, trims, false));
        Ok(made)
    }
}

/// What the template language takes for blank.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn trimmed(literal: &str, left: bool, right: bool) -> &str {
    let literal = if left { literal.trim_start_matches(BLANKS) } else { literal };
    if right { literal.trim_end_matches(BLANKS) } else { literal }
}

/// A name or namespace of the release that is there and has no variable in it.
pub(super) fn given(text: &str) -> Result<&str, Unknown> {
    if text.is_empty() || text.contains("${") { Err(Unknown::new(text, Why::Variable)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::super::Version;
    use super::*;
    use crate::flux::Value;

    fn rendered(text: &str) -> Result<String, Why> {
        let chart = Chart { version: Version::V4_1, release: "app", namespace: "media", values: &Value::Null };
        chart.rendered(text).map_err(|unknown| {
            assert_eq!(unknown.text, text);
            unknown.why
        })
    }

    #[test]
    fn name_and_namespace_of_the_release_are_rendered_and_nothing_else() {
        for (text, want) in [
            ("", ""),
            ("x", "x"),
            ("}}", "}}"),
            ("{{ .Release.Name }}", "app"),
            ("{{.Release.Name}}", "app"),
            ("{{ $.Release.Namespace }}", "media"),
            ("a-{{ .Release.Name }}-{{ .Release.Namespace }}-b", "a-app-media-b"),
            ("a {{- .Release.Name -}} b", "aappb"),
            ("a {{- .Release.Name }} b", "aapp b"),
            ("a {{ .Release.Name }} b", "a app b"),
            ("a  {{- .Release.Name -}}\n b", "aappb"),
            ("a {{- \t.Release.Name\n -}} b {{- .Release.Name }}", "aappbapp"),
        ] {
            assert_eq!(rendered(text), Ok(want.to_owned()), "{text}");
        }
        for text in [
            "{{ .Values.x }}",
            "{{ .Release.Name | upper }}",
            "{{ .Release.Name",
            "{{ include \"x\" . }}",
            "{{-.Release.Name}}",
            "{{.Release.Name-}}",
            "{{/* x */}}",
            "{{ .Release . Name }}",
            "{{{ .Release.Name }}}",
            "{{}}",
            "{{ \"a\" }}",
            "{{ .Release.Service }}",
        ] {
            assert_eq!(rendered(text), Err(Why::Template), "{text}");
        }
        assert_eq!(rendered("${APP}-x"), Err(Why::Variable));
    }

    #[test]
    fn a_release_that_is_open_leaves_its_templates_open() {
        let chart = Chart { version: Version::V4_1, release: "${APP}", namespace: "", values: &Value::Null };
        assert_eq!(chart.rendered("x"), Ok("x".to_owned()));
        assert_eq!(chart.rendered("{{ .Release.Name }}").unwrap_err().why, Why::Variable);
        assert_eq!(chart.rendered("{{ .Release.Namespace }}").unwrap_err().why, Why::Variable);
    }
}

use std::collections::BTreeMap;

/// Puts the values of variables into a text, as Flux does after a build: `${NAME}`, `${NAME:=default}`, `${NAME:-default}`.
///
/// What has no value here stays visible as it is, unlike in Flux: it may come from a ConfigMap or Secret of the cluster. `$${` is an
/// escape and stays.
pub(super) fn substitute(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, variable) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = variable.find('}') else { break };
        let (whole, after) = variable.split_at(end + 1);
        let inner = &whole[2..end];
        let name_end = inner.find([':', '=', '-']).unwrap_or(inner.len());
        let default = inner[name_end..].strip_prefix(":=").or(inner[name_end..].strip_prefix(":-"));
        let value = values.get(&inner[..name_end]).map(String::as_str).or(default);
        match value {
            Some(value) if !before.ends_with('$') => out.push_str(value),
            _ => out.push_str(whole),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_only() {
        let values = BTreeMap::from([("APP".to_owned(), "plex".to_owned())]);
        for (text, expected) in [
            ("${APP}-x", "plex-x"),
            ("${OTHER}", "${OTHER}"),
            ("${OTHER:=d}-${APP:-e}", "d-plex"),
            ("$${APP}", "$${APP}"),
            ("${APP", "${APP"),
            ("none", "none"),
        ] {
            assert_eq!(substitute(text, &values), expected);
        }
    }
}

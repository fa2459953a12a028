use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use crate::plan::{Code, Finding, Severity};
use crate::repo::RepoPath;
use crate::text::ContentId;

/// Findings as SARIF 2.1.0, which GitHub and editors read:
/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
///
/// The codes that occur become rules. Each result has a location, because GitHub requires one: line
/// 1 for a finding about a whole file, and the repository itself for one without a file.
pub fn findings_as_sarif(findings: &[Finding]) -> Value {
    let met: BTreeSet<&Code> = findings.iter().map(|finding| finding.code).collect();
    let rules: Vec<Value> = met
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "shortDescription": { "text": code.what },
                "fullDescription": { "text": code.why },
                "help": { "text": code.todo },
            })
        })
        .collect();
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let rule = met.iter().position(|code| *code == finding.code);
            let mut result = json!({
                "ruleId": finding.code.id,
                "level": level(finding.severity),
                "message": { "text": message(finding) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(finding.path.as_ref()), "uriBaseId": "%SRCROOT%" },
                        "region": { "startLine": finding.line.unwrap_or(1).max(1) },
                    },
                }],
                "partialFingerprints": { "fluxCodemod/v1": fingerprint(finding, &mut seen) },
            });
            if let Some(rule) = rule {
                result["ruleIndex"] = rule.into();
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn message(finding: &Finding) -> String {
    plain(&format!("{}\n{}", finding.message, finding.help()))
}

/// A text in which brackets make no link (3.11.6). Backslashes before them are escaped, too, so
/// that none of them escapes another backslash.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut backslashes = 0;
    for c in text.chars() {
        if matches!(c, '[' | ']') {
            out.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(c);
    }
    out
}

/// The path as a relative URI. Everything except letters, digits and `-._~/` is percent-encoded,
/// including a `:`, which would make the first part a scheme.
fn uri(path: Option<&RepoPath>) -> String {
    let mut uri = String::new();
    for byte in path.map_or(".", RepoPath::as_str).bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

/// What identifies a finding from run to run: code, path, and message without line numbers.
/// Findings with the same identity are numbered.
fn fingerprint(finding: &Finding, seen: &mut BTreeMap<String, usize>) -> String {
    let mut parts = finding.message.split(':');
    let mut about = format!("{}\0{}\0", finding.code.id, finding.path.as_ref().map_or("", RepoPath::as_str));
    about.extend(parts.next());
    for part in parts {
        about.push(':');
        about.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let number = seen.entry(about.clone()).or_default();
    *number += 1;
    ContentId::of(format!("{about}\0{number}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::hostile;

    #[test]
    fn hostile_names_are_encoded() {
        let sarif = findings_as_sarif(&hostile());
        let expected = json!([
            {
                "ruleId": "b-code",
                "level": "error",
                "message": { "text": "`a\nb::c%0A, ü` is odd at x.yaml:7\nFix it: 100%." },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": "apps/a%3A%3Ab%2C%25%20%C3%BC%23%3F.yaml",
                            "uriBaseId": "%SRCROOT%",
                        },
                        "region": { "startLine": 7 },
                    },
                }],
                "partialFingerprints": { "fluxCodemod/v1": "5e7b1f6a" },
                "ruleIndex": 1,
            },
            {
                "ruleId": "a-code",
                "level": "note",
                "message": { "text": "about all of it\nDo a." },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": ".", "uriBaseId": "%SRCROOT%" },
                        "region": { "startLine": 1 },
                    },
                }],
                "partialFingerprints": { "fluxCodemod/v1": "5e7b1f6a" },
                "ruleIndex": 0,
            },
        ]);
        let mut results = sarif["runs"][0]["results"].clone();
        for result in results.as_array_mut().unwrap() {
            let id = result["partialFingerprints"]["fluxCodemod/v1"].as_str().unwrap();
            assert!(id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
            result["partialFingerprints"]["fluxCodemod/v1"] = "5e7b1f6a".into();
        }
        assert_eq!(results, expected);
        let rules = &sarif["runs"][0]["tool"]["driver"]["rules"];
        assert_eq!(rules.as_array().unwrap().len(), 2, "only what occurs");
        assert_eq!(rules[1]["id"], "b-code");
        assert_eq!(rules[1]["help"]["text"], "Fix it: 100%.");
    }

    #[test]
    fn brackets_make_no_link() {
        assert_eq!(plain("[approve](https://x.example)"), "\\[approve\\](https://x.example)");
        assert_eq!(plain("a\\[b\\\\] \\c"), "a\\\\\\[b\\\\\\\\\\] \\c");
    }

    #[test]
    fn fingerprints_do_not_know_lines() {
        let ids = |line: usize| {
            let mut findings = hostile();
            findings[0].line = Some(line);
            findings[0].message = format!("it is at x.yaml:{line}");
            findings.push(findings[0].clone());
            let sarif = findings_as_sarif(&findings);
            let results = sarif["runs"][0]["results"].as_array().unwrap().clone();
            results.iter().map(|result| result["partialFingerprints"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(3), ids(40));
        assert_eq!(ids(3).iter().collect::<BTreeSet<_>>().len(), 3, "each has its own");
    }
}

use super::visible;
use crate::plan::{Finding, Severity};

/// Findings as workflow commands of GitHub Actions, one on each line. GitHub shows them at the
/// lines of a pull request: ten of each severity and step; the log has all. Escaping:
/// `@actions/core`, `command.ts`.
pub fn findings_as_github(findings: &[Finding]) -> String {
    findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(path) = &finding.path {
        properties.push(format!("file={}", property(path.as_str())));
        properties.extend(finding.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(finding.code.id)));
    let lines = finding.message.split('\n').chain([finding.help()]);
    let text: Vec<_> = lines.map(visible).collect();
    format!("::{name} {}::{}\n", properties.join(","), data(&text.join("\n")))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::hostile;

    #[test]
    fn hostile_names_end_no_command() {
        assert_eq!(
            findings_as_github(&hostile()),
            "::error file=apps/a%3A%3Ab%2C%25 ü#?.yaml,line=7,title=b-code::`a%0Ab::c%250A, ü` is odd at x.yaml:7%0AFix it: 100%25.\n\
             ::notice title=a-code::about all of it%0ADo a.\n"
        );
        assert_eq!(data("a\r\nb%"), "a%0D%0Ab%25");
        assert_eq!(property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }

    #[test]
    fn a_terminal_obeys_nothing_in_it() {
        let mut finding = hostile().remove(1);
        finding.message = "\u{1b}[31m\r::error::x".into();
        assert_eq!(findings_as_github(&[finding]), "::notice title=a-code::\\x1b[31m\\r::error::x%0ADo a.\n");
    }
}

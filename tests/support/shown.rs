//! Which migrations the snapshots of the command line show: the four of [`SHOWN`], however many
//! there are. So whoever adds a migration that has nothing to do in the example changes no
//! snapshot:
//!
//! - Blocks about another migration, or about a code that only another one has, are left out. A
//!   block is a line that starts with the name, and the lines below it that are indented further.
//! - So are sections of a configuration.
//! - A list of all migrations is `[MIGRATIONS]`, one of all reason codes `[CODES]`.
//!
//! A migration of which the snapshots should show something is added to [`SHOWN`].

use flux_codemod::migrations;
use flux_codemod::plan::{self, Migration};
use regex::Regex;

const SHOWN: [&str; 4] = ["components", "chart-ref", "app-template", "remediation-defaults"];

/// What there is, and what of it is shown.
pub struct Shown {
    migrations: Vec<String>,
    codes: Vec<String>,
    /// The names of migrations and codes that are left out.
    others: Vec<String>,
}

impl Shown {
    /// As the registry has it.
    pub fn of_the_registry() -> Shown {
        let all = migrations::all();
        let (shown, _): (Vec<_>, Vec<_>) = all.iter().copied().partition(|one| SHOWN.contains(&one.meta().id));
        let names = |some: &[&dyn Migration]| some.iter().map(|one| one.meta().id.to_owned()).collect::<Vec<_>>();
        let codes = |some: &[&dyn Migration]| plan::codes(some).iter().map(|code| code.id.to_owned()).collect();
        Shown::of([names(all), names(&shown)], [codes(all), codes(&shown)])
    }

    /// Each pair is all that there are, and what of them is shown.
    fn of([migrations, shown]: [Vec<String>; 2], [mut codes, shown_codes]: [Vec<String>; 2]) -> Shown {
        let others = migrations.iter().filter(|name| !shown.contains(name));
        let others = others.chain(codes.iter().filter(|code| !shown_codes.contains(code))).cloned().collect();
        codes.sort();
        Shown { migrations, codes, others }
    }

    /// A text without what is left out.
    pub fn text(&self, text: &str) -> String {
        let text = without_list(text, &self.migrations, "[MIGRATIONS]");
        let text = without_list(&text, &self.codes, "[CODES]");
        self.without_blocks(&text)
    }

    /// A configuration without the sections that are left out, which are paragraphs of their own.
    pub fn configuration(&self, text: &str) -> String {
        let is_other = |line: &str| self.others.iter().any(|other| line.strip_prefix(other.as_str()) == Some(":"));
        let paragraphs = text.trim_end().split("\n\n").filter(|paragraph| !paragraph.lines().any(is_other));
        paragraphs.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    fn without_blocks(&self, text: &str) -> String {
        let mut left_out: Option<usize> = None;
        let mut shown = String::new();
        for line in text.split_inclusive('\n') {
            let start = line.trim_start();
            let indent = line.len() - start.len();
            if start.is_empty() || left_out.is_some_and(|of_block| indent <= of_block) {
                left_out = None;
            }
            if left_out.is_none() && self.is_about_another(start) {
                left_out = Some(indent);
            }
            if left_out.is_none() {
                shown += line;
            }
        }
        shown
    }

    /// Whether a line starts with the name of a migration or code that is left out, as in
    /// `name@1  title`, `phase 3  name@1  title` or `name  what it is`.
    fn is_about_another(&self, line: &str) -> bool {
        let words = line.split_whitespace().collect::<Vec<_>>();
        let name = if words.first() == Some(&"phase") { words.get(2) } else { words.first() };
        let name = name.map(|name| name.split(['@', ':']).next().unwrap_or_default());
        name.is_some_and(|name| self.others.iter().any(|other| other == name))
    }
}

/// A text in which a word stands for a whole list of names, wherever the list is folded.
fn without_list(text: &str, names: &[String], word: &str) -> String {
    let list = names.iter().map(|name| regex::escape(name)).collect::<Vec<_>>().join(r",\s+");
    Regex::new(&format!(r"\b{list}\b")).expect("names are no patterns").replace_all(text, word).into_owned()
}

#[test]
fn what_is_about_other_migrations_is_left_out() {
    let strings = |some: &[&str]| some.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let shown = Shown::of(
        [strings(&["chart-ref", "set-interval", "components"]), strings(&["chart-ref", "components"])],
        [strings(&["link", "slow", "template"]), strings(&["link", "template"])],
    );
    for (text, expected) in [
        ("a\nset-interval@1  every release has one\n  0 units\n    x\nb\n", "a\nb\n"),
        ("a\n  phase 3  set-interval@1  every\n                       release\n    edge 0\n  b\n", "a\n  b\n"),
        ("set-interval  every\n\n  after a blank line\n", "\n  after a blank line\n"),
        ("  slow  is left out\n  link  is not\n", "  link  is not\n"),
        ("set-intervals@1\nnot set-interval\n", "set-intervals@1\nnot set-interval\n"),
        ("[possible values: chart-ref,\n    set-interval, components]\n", "[possible values: [MIGRATIONS]]\n"),
        ("codes: link, slow,\ntemplate\n", "codes: [CODES]\n"),
    ] {
        assert_eq!(shown.text(text), expected, "{text}");
    }
    let configuration = "# A\nchart-ref:\n  a: 1\n\n# B\nset-interval:\n  b: 1\n\ncomponents: {}\n";
    assert_eq!(shown.configuration(configuration), "# A\nchart-ref:\n  a: 1\n\ncomponents: {}\n");
}

//! The words that users read: phrases that nobody says must not come back, and the glossary of
//! docs/words.md is the one of `explain`.

use std::path::{Path, PathBuf};

use flux_codemod::plan::glossary::{GLOSSARY, Word};
use flux_codemod::{migrations, plan};

use crate::house::{all_sources, code_of, test_modules};
use crate::support::{Repo, root};

/// Phrases of earlier texts that a reader has to translate. Each is sought as whole words, in any
/// case.
const BANNED: &[&str] = &[
    "a person",
    "anew",
    "at hand",
    "at its word",
    "at once",
    "be heard",
    "come to",
    "comes to",
    "goes",
    "heard",
    "lies",
    "lying",
    "mend",
    "mended",
    "mends",
    "say otherwise",
    "says otherwise",
    "slip of the pen",
    "stands",
    "stood",
    "tell",
    "tells",
    "the same word",
    "told",
    "whoever",
];

/// What is compared with the output of other programs, and so is not ours to word.
const OTHERS: &[&str] = &["tell me who you are"];

/// Words of the configuration that have one of them in it.
const NAMES: [&str; 1] = ["at-once"];

/// The banned phrases in a text.
fn banned(text: &str) -> Vec<&'static str> {
    if OTHERS.contains(&text) {
        return Vec::new();
    }
    let is_letter = |c: char| c.is_alphanumeric();
    let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    let words: Vec<String> =
        text.split(|c| !is_letter(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let text = format!(" {} ", words.join(" "));
    BANNED.iter().filter(|phrase| text.contains(&format!(" {phrase} "))).copied().collect()
}

/// The string literals in Rust code without comments, each with its line.
fn literals(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let begin = code.len() - rest.len();
        let line = || code[..begin].matches('\n').count() + 1;
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(text) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = text.find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            let end = end.expect("a literal ends");
            found.push((line(), unescaped(&text[..end])));
            rest = &text[end + 1..];
        } else if let Some((hashes, text)) = raw_literal(rest) {
            let end = text.find(&format!("\"{hashes}")).expect("a raw literal ends");
            found.push((line(), text[..end].to_owned()));
            rest = &text[end + 1 + hashes.len()..];
        } else if let Some(length) = char_literal(rest) {
            rest = &rest[length..];
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// The text of a literal whose lines end in backslashes; other escapes are of no interest here.
fn unescaped(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| text + line.trim_start())
}

/// The hashes of a raw literal, and what follows its quote.
fn raw_literal(text: &str) -> Option<(&str, &str)> {
    let behind = text.strip_prefix('r')?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    Some((&behind[..hashes], behind[hashes..].strip_prefix('"')?))
}

/// The length of a character literal; `None` for a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let behind = text.strip_prefix('\'')?;
    let length = if behind.starts_with('\\') {
        behind[2..].find('\'')? + 2
    } else {
        let length = behind.chars().next()?.len_utf8();
        behind[length..].starts_with('\'').then_some(length)?
    };
    Some(length + 2)
}

#[test]
fn literals_are_found() {
    let code = "a(\"one \\\"two\\\"\", '\"', 'x'); // \"no\"\nfn f<'a>(b: &'a str) { r#\"three \"four\"\"# }\nc(\"five \\\n   six\")";
    let found = literals(code);
    assert_eq!(
        found,
        [(1, "one \\\"two\\\"".to_owned()), (2, "three \"four\"".to_owned()), (3, "five six".to_owned())]
    );
    assert_eq!(banned("It is Told at\nhand, not retold"), ["at hand", "told"]);
}

/// The pages that users read.
fn pages() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].iter().map(|page| root().join(page)).collect();
    let mut add = |dir: &str, of: fn(&Path) -> PathBuf| {
        let entries = std::fs::read_dir(root().join(dir)).unwrap();
        let paths = entries.map(|entry| of(&entry.unwrap().path()));
        found.extend(paths.filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "md")));
    };
    add("docs", Path::to_owned);
    add("migrations", |dir| dir.join("README.md"));
    found
}

#[test]
fn texts_are_in_plain_words() {
    let sources = all_sources();
    let tests = test_modules(&sources);
    let is_test = |path: &Path| tests.iter().any(|module| path.with_extension("").starts_with(module));
    let mut mistakes = Vec::new();
    let mut seen = 0;
    let mut check = |place: String, text: &str| {
        seen += 1;
        let found = banned(text);
        if !found.is_empty() {
            mistakes.push(format!("{place}: {}: {text}", found.join(", ")));
        }
    };
    for path in sources.iter().filter(|path| !is_test(path)) {
        for (line, text) in literals(&code_of(&std::fs::read_to_string(path).unwrap())) {
            check(format!("{} (literal {line})", path.display()), &text);
        }
    }
    for path in pages() {
        // CHANGELOG.md names what was called otherwise, as code.
        let is_log = path.ends_with("CHANGELOG.md");
        for paragraph in std::fs::read_to_string(&path).unwrap().split("\n\n") {
            let without_code = || paragraph.split('`').step_by(2).collect::<String>();
            let words = if is_log { without_code() } else { paragraph.to_owned() };
            check(path.display().to_string(), &words);
        }
    }
    let migrations = migrations::all();
    for migration in migrations {
        check(migration.meta().id.to_owned(), migration.meta().summary);
        check(migration.meta().id.to_owned(), migration.meta().readme);
    }
    for code in plan::codes(migrations) {
        [code.what, code.why, code.todo].iter().for_each(|text| check(format!("explain {}", code.id), text));
    }
    let repo = Repo::empty();
    let help = repo.run(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: Vec<&str> = commands.filter(|command| !command.is_empty()).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        check(format!("{command} --help"), &repo.run(&["help", command]).stdout);
    }
    check("--help".to_owned(), &help);
    assert!(seen > 2000, "{seen} texts");
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// The entry of a word in docs/words.md.
fn entry(word: &Word) -> String {
    let mut name = word.name.to_owned();
    name[..1].make_ascii_uppercase();
    let mut text = format!("- **{name}**: {}", word.meaning);
    if !word.values.is_empty() {
        text += &format!(" | {} | | |---|---|", word.name);
        for (value, meaning) in word.values {
            text += &format!(" | `{value}` | {meaning} |");
        }
    }
    text
}

#[test]
fn a_page_has_the_glossary() {
    let page = std::fs::read_to_string(root().join("docs/words.md")).unwrap();
    let list = &page[page.find("- **").unwrap()..page.find("\n`flux-codemod explain`").unwrap()];
    let expected: Vec<String> = GLOSSARY.iter().map(entry).collect();
    assert_eq!(list.split_whitespace().collect::<Vec<_>>().join(" "), expected.join(" "));
}

#[test]
fn explain_lists_everything_and_explains_words() {
    let repo = Repo::empty();
    let list = repo.run(&["explain"]).stdout;
    let migrations = migrations::all();
    let ids = migrations.iter().map(|migration| migration.meta().id);
    let names = ids.chain(plan::codes(migrations).into_iter().map(|code| code.id));
    for name in names.chain(GLOSSARY.iter().map(|word| word.name)) {
        let lines = list.lines().filter(|line| line.starts_with(&format!("  {name}:"))).count();
        assert_eq!(lines, 1, "{name} is listed {lines} times");
    }
    for line in list.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line:?}");
    }
    for word in GLOSSARY {
        let text = repo.run(&["explain", word.name]).stdout;
        assert_eq!(text.lines().next(), Some(word.name));
        word.values.iter().for_each(|(value, _)| assert!(text.contains(&format!("    {value} ")), "{text}"));
    }
    assert_eq!(repo.run(&["explain", "releases", "root"]).stdout, repo.run(&["explain", "releases-root"]).stdout);
}

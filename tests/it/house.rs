//! The house rules that can be read off the source: uses point down, every reason code is
//! explained, nothing names what it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::root;
use flux_codemod::{migrations, plan};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap();
    let relative = relative.strip_prefix("src").unwrap_or(relative);
    relative.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

pub(crate) fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root().join("src"), &mut found);
    sources(&root().join("migrations"), &mut found);
    found
}

/// What each module may use; ARCHITECTURE.md draws the same. `a::b` is a room with a floor of its
/// own: it and its neighbours use each other by their own names, never through what `a` re-exports.
const USES: &[(&str, &[&str])] = &[
    ("activity", &[]),
    ("text", &[]),
    ("programs", &[]),
    ("yaml", &["text"]),
    ("repo", &["text"]),
    ("flux::value", &["yaml"]),
    ("flux::files", &["repo", "text", "yaml"]),
    ("flux::kustomize", &["flux::files", "flux::value", "repo", "yaml"]),
    ("flux::cluster", &["flux::files", "flux::kustomize", "flux::value", "repo", "yaml"]),
    ("flux::view", &["activity", "flux::cluster", "flux::files", "flux::kustomize", "flux::value", "repo", "yaml"]),
    (
        "flux::mentions",
        &["flux::cluster", "flux::files", "flux::kustomize", "flux::value", "flux::view", "repo", "yaml"],
    ),
    ("flux", &["repo", "text", "yaml"]),
    ("charts", &["flux", "yaml"]),
    ("gateway", &["flux", "yaml"]),
    ("config", &["repo", "text", "yaml"]),
    ("finding", &["repo"]),
    ("recipe::fields", &["flux", "text"]),
    ("recipe::api_version", &["flux", "recipe::fields", "yaml"]),
    ("recipe::schema_comment", &["flux", "yaml"]),
    (
        "recipe",
        &[
            "config",
            "finding",
            "flux",
            "recipe::api_version",
            "recipe::fields",
            "recipe::schema_comment",
            "repo",
            "text",
            "yaml",
        ],
    ),
    ("doctor", &["charts", "finding", "flux", "gateway", "recipe::fields", "repo", "yaml"]),
    ("secrets", &["flux", "repo"]),
    ("plan", &["activity", "charts", "config", "doctor", "finding", "flux", "recipe", "repo", "text", "yaml"]),
    (
        "migrations",
        &[
            "charts",
            "config",
            "flux",
            "gateway",
            "plan",
            "recipe",
            "recipe::fields",
            "recipe::schema_comment",
            "repo",
            "text",
            "yaml",
        ],
    ),
    ("kustomize", &["activity", "flux", "plan", "programs", "repo", "yaml"]),
    ("git", &["flux", "programs", "repo", "text"]),
    ("output", &["flux", "plan", "repo", "secrets", "text"]),
    (
        "cli",
        &[
            "activity",
            "config",
            "doctor",
            "flux",
            "git",
            "kustomize",
            "migrations",
            "output",
            "plan",
            "programs",
            "recipe",
            "repo",
            "secrets",
            "text",
        ],
    ),
];

/// Where a path belongs: to the longest entry of [`USES`] that it begins with.
fn floor_of(path: &[&str]) -> Option<&'static (&'static str, &'static [&'static str])> {
    let path = path.join("::");
    let holds = |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    USES.iter().filter(|(name, _)| holds(name)).max_by_key(|(name, _)| name.len())
}

/// What the code of a module uses and must not, as `user must not use used`.
fn forbidden_uses(module: &[&str], text: &str) -> Vec<String> {
    let (floor, may) = floor_of(module).unwrap_or_else(|| panic!("{} has no floor", module.join("::")));
    let code = code_of(text);
    let mut used = paths_in(&code).into_iter().map(|path| resolved(module, &path)).collect::<Vec<_>>();
    // A macro of the crate's root can be used everywhere, with its path or without.
    used.retain(|path| !path.is_empty() && path[0] != "reason_codes");
    let of_others = used.iter().map(|path| floor_of(path).map_or(path[0], |(name, _)| name));
    let forbidden = of_others.filter(|used| used != floor && !may.contains(used));
    forbidden.map(|used| format!("{floor} must not use {used}")).collect()
}

/// The code of a file: no comments, and no items that are compiled for tests alone. What tests use
/// is their own business.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code.extend([line, "\n"]);
            continue;
        }
        let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#["));
        if item.is_some_and(|item| !item.ends_with(';')) {
            // It ends at the brace that stands under its beginning.
            let end = line.replace("#[cfg(test)]", "}");
            lines.by_ref().find(|line| line.trim_end_matches(';') == end);
        }
    }
    code
}

/// All paths in a text that begin with `crate`, `self` or `super`; those in braces one by one.
fn paths_in(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for start in ["crate::", "self::", "super::"].iter().flat_map(|start| code.match_indices(start)).map(|(at, _)| at) {
        let before = &code[..start];
        let goes_on = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        // `pub(in crate::flux)` uses nothing.
        if !goes_on && !before.ends_with("(in ") {
            read_path(&code[start..], &[], &mut found);
        }
    }
    found
}

/// Reads a path, or all that begin with it where braces follow; gives the text behind.
fn read_path<'t>(mut text: &'t str, before: &[&'t str], found: &mut Vec<Vec<&'t str>>) -> &'t str {
    let mut path = before.to_vec();
    loop {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        path.push(&text[..end]);
        let Some(rest) = text[end..].strip_prefix("::") else {
            found.push(path);
            return &text[end..];
        };
        text = rest;
        if let Some(mut group) = text.strip_prefix('{').map(str::trim_start) {
            while !group.starts_with('}') {
                group = read_path(group, &path, found);
                // Past `as Name` and `*`.
                group = &group[group.find([',', '}']).expect("the braces are closed")..];
                group = group.trim_start_matches(',').trim_start();
            }
            return &group[1..];
        }
    }
}

/// A path as seen from the crate, of one that stands in a module.
fn resolved<'p>(module: &[&'p str], path: &[&'p str]) -> Vec<&'p str> {
    let mut all = module.to_vec();
    for part in path {
        match *part {
            "crate" => all.clear(),
            "super" => drop(all.pop()),
            "self" => {}
            part => all.push(part),
        }
    }
    all
}

/// The module that a file is.
fn module_path(path: &Path) -> Vec<&str> {
    let relative = path.strip_prefix(root()).unwrap();
    let relative = relative.strip_prefix("src").unwrap_or(relative);
    let parts = relative.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs"));
    parts.filter(|part| *part != "mod").collect()
}

/// The modules that are compiled for tests alone, as paths without an ending.
pub(crate) fn test_modules(sources: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for source in sources {
        let text = std::fs::read_to_string(source).unwrap();
        let has_own_directory = ["mod.rs", "lib.rs", "main.rs"].iter().any(|name| source.ends_with(name));
        let children = if has_own_directory { source.parent().unwrap().to_owned() } else { source.with_extension("") };
        for item in text.split("#[cfg(test)]\n").skip(1) {
            let first = item.lines().next().unwrap_or_default().trim();
            if let Some(file) = first.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                found.insert(source.with_file_name(file).with_extension(""));
            } else if let Some(name) = first.split_once("mod ").and_then(|(_, rest)| rest.strip_suffix(';')) {
                found.insert(children.join(name));
            }
        }
    }
    found
}

#[test]
fn uses_point_down() {
    let sources = all_sources();
    let tests = test_modules(&sources);
    let is_test = |path: &Path| tests.iter().any(|module| path.with_extension("").starts_with(module));
    let mut forbidden = Vec::new();
    for path in sources.iter().filter(|path| !is_test(path)) {
        let module = module_path(path);
        if module != ["lib"] && module != ["main"] {
            let found = forbidden_uses(&module, &std::fs::read_to_string(path).unwrap());
            forbidden.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
        }
    }
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
}

#[test]
fn forbidden_uses_are_seen() {
    let in_builder = |text: &str| forbidden_uses(&["flux", "kustomize", "builder"], text);
    let forbidden = |used: &str| vec![format!("flux::kustomize must not use {used}")];
    for text in [
        "use crate::flux::cluster::Reach;",
        "use super::super::cluster::Reach;",
        "use crate::flux::{files::At, cluster::{Graph, Reach}, value::*};",
        "use crate::{\n    flux::{\n        cluster::Reach as That,\n    },\n};",
        "fn f() -> super::super::cluster::Reach {}",
        "#[cfg(test)]\nmod tests;\nuse crate::flux::cluster::Reach;",
        "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n\nuse crate::flux::cluster::Reach;",
    ] {
        assert_eq!(in_builder(text).first(), forbidden("flux::cluster").first(), "{text}");
    }
    assert_eq!(in_builder("use crate::flux::View;"), forbidden("flux"), "what others re-export");
    assert_eq!(in_builder("use crate::plan::Unit;"), forbidden("plan"));
    for text in [
        "use super::patch::Patch;\nuse crate::flux::files::{At, Object};\nuse crate::yaml::Node;",
        "pub(in crate::flux) fn f() {}",
        "// crate::flux::cluster::Reach",
        "#[cfg(test)]\nmod tests {\n    use crate::flux::cluster::Reach;\n}",
    ] {
        assert_eq!(in_builder(text), [""; 0], "{text}");
    }
}

#[test]
fn anyhow_lives_in_the_command_line() {
    for path in all_sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(module_of(&path) == "cli" || !text.contains("anyhow"), "{}", path.display());
    }
}

#[test]
fn every_reason_code_is_explained_once() {
    let migrations = migrations::all();
    let codes = plan::codes(migrations);
    let ids: BTreeSet<&str> = codes.iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), codes.len(), "a code is declared twice");
    for code in &codes {
        assert!(code.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", code.id);
        for text in [code.what, code.why, code.todo] {
            assert!(text.ends_with('.') && text.len() > 7, "{}: {text:?}", code.id);
        }
    }
    // Every code that the golden cases meet is one of them.
    let mut met = BTreeSet::new();
    let golden = std::fs::read_dir(root().join("golden")).unwrap().map(|case| case.unwrap().path().join("plan.txt"));
    for plan in golden.filter(|path| path.is_file()) {
        for line in std::fs::read_to_string(&plan).unwrap().lines() {
            // `warning [code] path:line`, as `tests/golden` writes findings.
            let finding =
                ["error [", "warning [", "note ["].iter().find_map(|start| line.trim_start().strip_prefix(start));
            let Some((code, _)) = finding.and_then(|rest| rest.split_once(']')) else { continue };
            assert!(ids.contains(code), "{}: {line}", plan.display());
            met.insert(code.to_owned());
        }
    }
    assert!(met.len() > 50, "{met:?}");
}

/// Codes that the library itself can give, from the source: each must be explained.
#[test]
fn every_code_of_the_yaml_editor_is_explained() {
    let text = std::fs::read_to_string(root().join("src/yaml/error.rs")).unwrap();
    let codes = text.split("=> \"").skip(1).map(|part| part.split('"').next().unwrap());
    let migrations = migrations::all();
    let mut seen = 0;
    for code in codes {
        assert!(plan::code(code, migrations).is_some(), "{code} has no explanation");
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn every_code_of_doctor_has_a_case() {
    let found = std::fs::read_to_string(root().join("golden/unsound/doctor.txt")).unwrap();
    // These compare two commits: `doctor_sees_a_claim_that_changes_before_the_merge`,
    // `doctor_sees_another_identity_before_the_merge`.
    let of_two = ["claim-changed", "identity-changed"];
    for code in flux_codemod::doctor::CODES.iter().filter(|code| !of_two.contains(&code.id)) {
        assert!(found.contains(&format!("[{}]", code.id)), "golden/unsound has no {}", code.id);
    }
}

/// The text files below a directory, whatever they are called.
fn texts(dir: &str) -> Vec<(PathBuf, String)> {
    fn add(path: &Path, found: &mut Vec<(PathBuf, String)>) {
        if path.is_dir() {
            std::fs::read_dir(path).unwrap().for_each(|entry| add(&entry.unwrap().path(), found));
        } else if let Ok(text) = std::fs::read_to_string(path) {
            found.push((path.to_owned(), text));
        }
    }
    let mut found = Vec::new();
    add(&root().join(dir), &mut found);
    assert!(!found.is_empty(), "{dir} has no files");
    found
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let headings = page.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#')
    });
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}

/// Why a reference such as `hazards.md#s1`, seen from a directory, leads nowhere.
fn broken(dir: &Path, reference: &str) -> Option<String> {
    let (path, anchor) = reference.split_once('#').map_or((reference, None), |(path, anchor)| (path, Some(anchor)));
    let path = dir.join(path);
    let Ok(page) = std::fs::read_to_string(&path) else {
        return (!path.is_dir()).then(|| format!("there is no {}", path.display()));
    };
    let anchor = anchor.filter(|anchor| !anchors(&page).contains(*anchor))?;
    Some(format!("{} has no heading for #{anchor}", path.display()))
}

#[test]
fn references_to_the_documentation_lead_somewhere() {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '#');
    let mut seen = 0;
    for (path, text) in ["src", "migrations", "tests"].into_iter().flat_map(texts) {
        for (number, line) in text.lines().enumerate() {
            for (start, _) in line.match_indices("docs/") {
                let reference = line[start..].split(|c| !is_part(c)).next().unwrap().trim_end_matches('.');
                let page = reference.split('#').next().unwrap();
                // The tests write files of their own below `docs`.
                if Path::new(page).extension().is_some_and(|extension| extension == "md") && page != "docs/notes.md" {
                    let broken = broken(&root(), reference);
                    assert_eq!(broken, None, "{}:{}: {reference}", path.display(), number + 1);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 50, "{seen} references found");
}

#[test]
fn pages_link_to_what_is_there() {
    let pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "migrations"];
    let pages = pages.into_iter().filter(|page| root().join(page).exists()).flat_map(texts);
    for (path, text) in pages.filter(|(path, _)| path.extension().is_some_and(|extension| extension == "md")) {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_remote = link.contains("://");
            let (dir, link) = match link.strip_prefix('#') {
                Some(_) => (path.parent().unwrap(), format!("{}{link}", path.file_name().unwrap().to_str().unwrap())),
                None => (path.parent().unwrap(), link.to_owned()),
            };
            let broken = broken(dir, &link).filter(|_| !is_remote);
            assert_eq!(broken, None, "{}: {link}", path.display());
        }
    }
}

/// The book has all pages of `docs`, and the runbook of each migration.
#[test]
fn the_book_has_every_page() {
    let summary = std::fs::read_to_string(root().join("docs/book/SUMMARY.in")).unwrap();
    let page = |dir: &str, of: fn(&Path) -> PathBuf| {
        let entries = std::fs::read_dir(root().join(dir)).unwrap().map(|entry| of(&entry.unwrap().path()));
        entries.filter(|path| path.extension().is_some_and(|end| end == "md") && path.is_file()).collect::<Vec<_>>()
    };
    let mut pages = page("docs", Path::to_owned);
    // Its list of pages is what the summary is in the book.
    pages.retain(|path| !path.ends_with("docs/README.md"));
    pages.extend(page("migrations", |dir| dir.join("README.md")));
    assert!(pages.len() > 20, "{pages:?}");
    for path in pages {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        assert!(summary.contains(&format!("]({name})")), "docs/book/SUMMARY.in does not name {name}");
    }
}

/// `docs/hazards.md` and the golden cases name each other.
#[test]
fn every_hazard_names_the_cases_that_show_it() {
    let page = std::fs::read_to_string(root().join("docs/hazards.md")).unwrap();
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let field = |section: &str, name: &str| {
        let (_, rest) = section.split_once(name)?;
        Some(quoted(rest.split("\n- ").next().unwrap()))
    };
    let migrations = migrations::all();
    let mut by_page: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for section in page.split("\n### ").skip(1) {
        let (id, text) = section.split_once('\n').unwrap();
        let text = text.split("\n## ").next().unwrap();
        for code in field(text, "- codes:").unwrap_or_default().iter().filter(|code| *code != "doctor") {
            assert!(plan::code(code, migrations).is_some(), "{id}: there is no code {code}");
        }
        for case in field(text, "- shown by:").unwrap_or_default() {
            by_page.entry(case).or_default().insert(id.to_owned());
        }
    }
    let mut by_case: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in texts("golden").into_iter().filter(|(path, _)| path.ends_with("case.toml")) {
        let case = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let Some(line) = text.lines().find(|line| line.starts_with("# Hazard")) else { continue };
        let words = line.split(|c: char| !c.is_ascii_alphanumeric());
        let is_id = |word: &&str| {
            word.starts_with(['S', 'V', 'C', 'R', 'G', 'F', 'N', 'H']) && word[1..].parse::<u32>().is_ok()
        };
        by_case.insert(case, words.filter(is_id).map(str::to_owned).collect());
    }
    // Beside cases, the page names tests.
    by_page.retain(|case, _| !case.contains('_'));
    assert_eq!(by_page, by_case);
}

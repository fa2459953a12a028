//! The house rules that can be read off the source: uses point down, every reason code is explained, nothing names what it must not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;
use flux_codemod::{migrations, plan};

/// What each module may use; ARCHITECTURE.md draws the same.
const USES: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("yaml", &["text"]),
    ("repo", &["text"]),
    ("flux", &["repo", "text", "yaml"]),
    ("charts", &["flux", "yaml"]),
    ("config", &["repo", "text", "yaml"]),
    ("finding", &["repo"]),
    ("doctor", &["finding", "flux", "repo", "yaml"]),
    ("plan", &["charts", "config", "doctor", "finding", "flux", "repo", "text", "yaml"]),
    ("migrations", &["charts", "config", "flux", "plan", "repo", "text", "yaml"]),
    ("kustomize", &["flux", "plan", "repo"]),
    ("git", &["flux", "repo", "text"]),
    ("output", &["flux", "plan", "repo", "text"]),
    ("cli", &["config", "doctor", "flux", "git", "kustomize", "migrations", "output", "plan", "repo", "text"]),
];

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

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root().join("src"), &mut found);
    sources(&root().join("migrations"), &mut found);
    found
}

#[test]
fn uses_point_down() {
    for path in all_sources() {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let (_, may) = USES.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no floor"));
        let text = std::fs::read_to_string(&path).unwrap();
        // What a module's tests use is their own business.
        let code = text.split("#[cfg(test)]").next().unwrap().lines();
        let code: String =
            code.filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
        for part in code.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            assert!(used == module || may.contains(&used.as_str()), "{}: {module} must not use {used}", path.display());
        }
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
    let codes = plan::codes(&migrations);
    let ids: BTreeSet<&str> = codes.iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), codes.len(), "a code is declared twice");
    for code in &codes {
        assert!(code.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", code.id);
        for text in [code.what, code.why, code.todo] {
            assert!(text.ends_with('.') && text.len() > 7, "{}: {text:?}", code.id);
        }
    }
    // Every code that the golden cases meet is one of them.
    let golden = std::fs::read_dir(root().join("golden")).unwrap().map(|case| case.unwrap().path().join("plan.json"));
    for plan in golden.filter(|path| path.is_file()) {
        let plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&plan).unwrap()).unwrap();
        let of_units = plan["units"].as_array().unwrap().iter().flat_map(|unit| unit["findings"].as_array().unwrap());
        for finding in of_units.chain(plan["findings"].as_array().unwrap()) {
            assert!(ids.contains(finding["code"].as_str().unwrap()), "{finding}");
        }
    }
}

/// Codes that the library itself can give, from the source: each must be explained.
#[test]
fn every_code_of_the_yaml_editor_is_explained() {
    let text = std::fs::read_to_string(root().join("src/yaml/error.rs")).unwrap();
    let codes = text.split("=> \"").skip(1).map(|part| part.split('"').next().unwrap());
    let migrations = migrations::all();
    let mut seen = 0;
    for code in codes {
        assert!(plan::code(code, &migrations).is_some(), "{code} has no explanation");
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn every_code_of_doctor_has_a_case() {
    let found = std::fs::read_to_string(root().join("golden/unsound/doctor.txt")).unwrap();
    for code in flux_codemod::doctor::CODES {
        assert!(found.contains(&format!("[{}]", code.id)), "golden/unsound has no {}", code.id);
    }
}

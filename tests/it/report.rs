//! The report: all of a plan on a page that needs nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::support::{Repo, root};

fn report(repo: &Repo) -> String {
    let run = repo.run(&["plan", "--review", "--format", "html"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.stdout
}

fn all(pattern: &str, text: &str) -> Vec<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn all_of_the_plan_is_on_one_page() {
    let repo = Repo::two_clusters_with(&["media", "network", "lab"]);
    let page = report(&repo);
    assert!(page == report(&repo), "the same plan is the same page");
    let page = page.replace("&#x2f;", "/");
    let plan: serde_json::Value =
        serde_json::from_str(&repo.run(&["plan", "--review", "--format", "json"]).stdout).unwrap();
    for batch in plan["batches"].as_array().unwrap() {
        assert!(page.contains(batch["branch"].as_str().unwrap()), "{batch}");
    }
    for unit in plan["units"].as_array().unwrap() {
        for finding in unit["findings"].as_array().unwrap() {
            assert!(page.contains(&format!("<code>{}</code>", finding["code"].as_str().unwrap())), "{finding}");
        }
        assert!(page.contains(unit["subject"]["path"].as_str().unwrap()), "{unit}");
    }
    // Effects, steps with commands, diffs with their comments.
    for text in ["upgrade", "kubectl --namespace", "+    suffix: config", "Before the merge", "<svg "] {
        let found = page.contains(text) || page.contains(text.trim_start_matches('+'));
        assert!(found, "no {text:?}");
    }
    let ids = all(r#" id="([^"]+)""#, &page);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is used once");
    // What a batch lights is drawn.
    let keys: BTreeSet<String> = all(r#"data-key="([^"]+)""#, &page).into_iter().collect();
    let reached = all(r#"data-reaches="([^"]+)""#, &page);
    assert!(reached.iter().flat_map(|list| list.split(' ')).all(|key| keys.contains(key)), "{reached:?}");
}

#[test]
fn the_page_needs_no_network_and_nothing_in_it_runs() {
    let repo = Repo::part();
    let file = "kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml";
    let hostile = "  chart: # </pre></details><script>alert(1)</script><img src=x onerror=alert(2)> \u{202e}";
    let text = repo.read(file).replacen("  chart:", hostile, 1);
    repo.write(file, text).git(&["commit", "--quiet", "--all", "--message", "hostile"]);
    let page = report(&repo);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;") && !page.contains("<img"), "it is escaped");
    assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"), "what turns text around is shown");
    assert_eq!(page.matches("<script").count(), 1, "our own");
    let outside = all(r#"(?:src|href)="([^"]*)""#, &page);
    assert!(outside.iter().all(|link| link.starts_with('#')), "{outside:?}");
    assert!(!page.contains("url(") && page.contains("default-src 'none'"));
}

/// Where its branch is, as `next` has it.
#[test]
fn a_batch_shows_where_its_branch_is() {
    let repo = Repo::part();
    let origin = tempfile::tempdir().unwrap();
    repo.git(&["init", "--quiet", "--bare", origin.path().to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", origin.path().to_str().unwrap()]);
    repo.git(&["push", "--quiet", "--set-upstream", "--all", "origin"]);
    let places = || all(r#"<span class="state">([^<]+)</span>"#, &report(&repo));
    assert!(places().len() > 1 && places().iter().all(|place| place == "not made"), "{:?}", places());
    assert_eq!(repo.run(&["branch", "chart-ref", "--cluster", "edge"]).status, 0);
    let of = |word: &str| places().iter().filter(|place| *place == word).count();
    let made = of("made");
    assert!(made > 0, "{:?}", places());
    repo.git(&["push", "--quiet", "--all", "origin"]);
    assert_eq!((of("made"), of("pushed")), (0, made));
    // Merged into the branch that edge follows, it is shown as that. The tree that is planned does not have it yet.
    assert!(!report(&repo).contains("What was merged"));
    let stack =
        repo.git(&["for-each-ref", "--format=%(refname:short)", "--sort=-refname", "refs/heads/flux-codemod/edge"]);
    let top = stack.lines().next().unwrap();
    repo.git(&["push", "--quiet", "origin", &format!("{top}:edge")]);
    repo.git(&["fetch", "--quiet"]);
    let page = report(&repo);
    assert_eq!(
        all(r#"<span class="state s-merged">(\d+) on (?:\w+)</span>"#, &page),
        [stack.lines().count().to_string()]
    );
    assert_eq!((of("merged"), of("pushed")), (made, 0));
    // Once it has it, the units count as merged, on edge alone.
    repo.git(&["merge", "--quiet", "origin/edge"]);
    let merged = all(r#"<span class="state s-merged">(\d+) merged</span>"#, &report(&repo));
    assert!(merged.len() == 1 && merged[0] != "0", "{merged:?}");
}

/// In a real browser, where there is one: the script runs without an error, and does what it should.
#[test]
fn a_browser_shows_it_without_an_error() {
    let chromium = Command::new("chromium").arg("--version").output();
    if !chromium.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: chromium is not on the PATH");
        return;
    }
    let repo = Repo::part();
    repo.write(".git/report.html", report(&repo));
    let address =
        format!("file://{}#migration=chart-ref&open=batch-1&sides=2", repo.path().join(".git/report.html").display());
    let profile = tempfile::tempdir().unwrap();
    let mut browser = Command::new("chromium");
    browser.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]);
    browser.arg(format!("--user-data-dir={}", profile.path().display())).arg(&address);
    let output = browser.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("CONSOLE"), "{said}");
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains(r#"<html lang="en" class="js wide">"#), "{}", &page[..page.len().min(300)]);
    let hidden = all(r#"data-migration="([^"]+)"[^>]* hidden="""#, &page);
    assert!(!hidden.is_empty() && hidden.iter().all(|migration| migration != "chart-ref"), "{hidden:?}");
    assert!(page.contains(r#" lit now""#), "what the open batch reaches is lit");
}

/// axe-core looks at it, wide and narrow, light and dark. Its packages come from npm.
#[test]
fn it_is_accessible() {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success());
    if let Some(missing) = ["chromium", "node", "npm"].into_iter().find(|program| !runs(program)) {
        eprintln!("SKIPPED: {missing} is not on the PATH");
        return;
    }
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    std::fs::create_dir_all(&modules).unwrap();
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--prefix"]);
    let npm = npm.arg(&modules).args(["axe-core@4", "playwright-core@1"]).output().unwrap();
    if !npm.status.success() {
        eprintln!("SKIPPED: npm gives no axe-core: {}", String::from_utf8_lossy(&npm.stderr));
        return;
    }
    let repo = Repo::part();
    repo.write(".git/report.html", report(&repo));
    let which = Command::new("sh").args(["-c", "command -v chromium"]).output().unwrap();
    let mut node = Command::new("node");
    node.arg(root().join("tests/axe.mjs")).arg(repo.path().join(".git/report.html"));
    node.arg(String::from_utf8(which.stdout).unwrap().trim()).env("AXE_MODULES", modules.join("node_modules"));
    let output = node.output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

//! What people copy from the documentation, from commits and from pull requests is typed, line by
//! line, in a fresh clone of the example: git and flux-codemod are real, `kubectl`, `flux` and `gh` are
//! programs of the test.

mod programs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::kubectl::{kubectl, kustomize};
use crate::support::{Repo, in_parallel, root};
use crate::terminal::Terminal;
use programs::{asked, understood};

/// Lines of the documentation that are not typed as they are: what is typed instead, and why. An
/// empty text: nothing.
const INSTEAD: &[(&str, &str, &str)] = &[
    ("cargo run -- demo", "", "CI runs it; it takes long"),
    ("cargo test", "", "this is a part of it"),
    ("flux-codemod demo", "", "CI runs it; it takes long"),
    ("cargo install --path .", "command -v flux-codemod", "the program is on the PATH already"),
    ("flux-codemod apply --release network/whoami", "flux-codemod apply --release network/whoami --yes", "it asks"),
    ("flux-codemod next --run", "flux-codemod next --run --yes", "it asks"),
    ("flux-codemod explain MIGRATION", "flux-codemod explain chart-ref", "a name"),
    ("flux-codemod explain CODE", "flux-codemod explain helm-hook", "a name"),
];

/// Lines that fail in the example, with what they say. Releases of it that are refused still name the
/// HelmRepository that the removals would remove; and its commits are those of a person.
const FAILS: &[(&str, &str)] = &[
    ("flux-codemod verify HEAD", "it names no batch of flux-codemod"),
    ("flux-codemod apply chart-ref --batch 95-removals-flux-system", "has no batch `95-removals-flux-system`"),
    ("git commit --message 'chart-ref: removals' && git push", "nothing to commit"),
];

/// Code in running text that begins as a command does, and is none to type.
const MENTIONED: &[&str] = &["git add -p", "git add", "git commit --all", "git merge edge", "flux bootstrap"];

/// The example with what the pages name, made once.
static ORIGIN: LazyLock<Repo> = LazyLock::new(|| Repo::two_clusters_with(&["media", "network"]));

/// A terminal in a directory that has a clone of the example, called `home-ops`.
fn terminal() -> Terminal {
    let mut terminal = Terminal::new();
    programs::install(&terminal);
    let origin = terminal.beside("origin").display().to_string();
    ORIGIN.git(&["clone", "--quiet", "--bare", ".", &origin]);
    terminal.succeed(&format!("git clone --quiet {origin} home-ops"));
    terminal
}

/// The command lines of a page, in their order: those after a `$` in blocks, with the lines that they
/// go on in, and code in running text that begins as a command does.
fn lines(page: &str) -> Vec<String> {
    let code = Regex::new(r"`((?:flux-codemod|flux|kubectl|git|gh) [^`]+)`").unwrap();
    let mut found = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 0 {
            let of_text = code.captures_iter(part).map(|code| code[1].split_whitespace().collect::<Vec<_>>().join(" "));
            found.extend(of_text.filter(|line| !MENTIONED.contains(&&**line)));
            continue;
        }
        let mut goes_on = false;
        for line in part.lines() {
            match line.trim_start().strip_prefix("$ ") {
                Some(line) => found.push(line.to_owned()),
                None if goes_on => *found.last_mut().unwrap() += &format!("\n{line}"),
                None => continue,
            }
            goes_on = line.ends_with('\\');
        }
    }
    found
}

/// Types a line, and checks what came of it.
fn type_line(terminal: &mut Terminal, line: &str) -> String {
    let line = command(line);
    let instead = INSTEAD.iter().find(|(documented, _, _)| *documented == line);
    let line = instead.map_or(line, |(_, typed, _)| *typed);
    let typed = terminal.type_line(line);
    let (status, shown) = (typed.status, &typed.shown);
    if let Some((_, says)) = FAILS.iter().find(|(fails, _)| *fails == line) {
        assert!(status != 0 && shown.contains(says), "{line}\n{status} {shown}");
        return String::new();
    }
    // Something is left to do in the example; and what is piped into grep must not be there.
    let is_found = ["flux-codemod diff", "flux-codemod check", "flux-codemod doctor"];
    let may_be_1 = is_found.iter().any(|command| line.starts_with(command)) || line.contains("| grep ");
    assert!(status == 0 || status == 1 && may_be_1, "{line}\n{status} {shown}");
    typed.shown
}

/// The objects that files of a directory state, as `Kind name`.
fn objects(dir: &Path) -> BTreeSet<String> {
    let mut files = Vec::new();
    crate::support::yaml_files(dir, &mut files);
    let stated = Regex::new(r"(?ms)^kind: (\w+)\s.*?^metadata:\n(?:  .*\n)*?  name: &?(?:\S+ )?(\S+)").unwrap();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap_or_default().replace('\r', ""));
    let names = |text: String| {
        let of = |document: &str| stated.captures(document).map(|found| format!("{} {}", &found[1], &found[2]));
        text.split("\n---\n").filter_map(|document| of(document.trim_start_matches("---\n"))).collect::<Vec<_>>()
    };
    texts.flat_map(names).collect()
}

/// What the programs were asked: they know all of it, and objects of Flux that it names are there.
fn check_asked(terminal: &Terminal, objects: Option<&BTreeSet<String>>) -> usize {
    let asked = asked(terminal);
    for words in asked.iter().filter(|words| words.get(1).is_none_or(|word| word != "codemod")) {
        let understood = understood(words).unwrap_or_else(|error| panic!("{error}\n{}", words.join(" ")));
        let (kind, names) = match (understood.subcommand, &understood.names[..]) {
            ("get", [kind, names @ ..]) if words[0] == "kubectl" => (*kind, names),
            (of_flux, names) if words[0] == "flux" => (of_flux.rsplit(' ').next().unwrap(), names),
            _ => continue,
        };
        let kind = match kind.split('.').next().unwrap().trim_end_matches('s') {
            "helmrelease" => "HelmRelease",
            "kustomization" => "Kustomization",
            "ocirepositorie" | "ocirepository" => "OCIRepository",
            "helmrepositorie" | "helmrepository" => "HelmRepository",
            "git" => "GitRepository",
            _ => continue,
        };
        for name in names.iter().filter(|_| objects.is_some()) {
            // Some releases are called `${APP}`, which is the name of their Kustomization.
            let known =
                [kind, "Kustomization"].map(|kind| objects.is_some_and(|all| all.contains(&format!("{kind} {name}"))));
            assert!(known[0] || kind == "HelmRelease" && known[1], "no {kind} {name}: {}", words.join(" "));
        }
    }
    asked.len()
}

/// What is built of a commit: the sources of both clusters, and the nearest kustomization of one of
/// its files.
fn built(at: &Path, changed: &str) -> Vec<PathBuf> {
    let sources = ["edge", "main"].map(|cluster| at.join(format!("kubernetes/{cluster}/flux/repositories")));
    let above = |file: &str| -> Option<PathBuf> {
        Path::new(file).ancestors().skip(1).map(|dir| at.join(dir)).find(|dir| dir.join("kustomization.yaml").exists())
    };
    sources.into_iter().chain(changed.lines().find_map(above)).collect()
}

/// A page, typed from its first to its last line. What was written is committed by its own lines, and
/// then nothing is left that is not; every commit builds.
fn type_page(terminal: &mut Terminal, (page, text): &(&str, String)) {
    let mut commits = 0;
    for line in lines(text) {
        let shown = type_line(terminal, &line);
        let add = shown.lines().find(|line| line.starts_with("    git add -A -- ")).map(str::trim);
        // A page that does not say what to stage has it from `apply`.
        if let Some(add) = add.filter(|_| !text.contains("$ git add ")) {
            terminal.succeed(add);
        }
        if line.starts_with("git commit ") {
            commits += 1;
            let left = terminal.succeed("git status --porcelain");
            assert_eq!(left, "", "{page}: {line} leaves something out");
            let changed = terminal.succeed("git show --name-only --format= HEAD");
            let dirs: Vec<_> = built(&terminal.at, &changed).into_iter().filter(|_| kubectl().is_some()).collect();
            for (dir, build) in dirs.iter().zip(in_parallel(&dirs, |dir| kustomize(dir))) {
                assert!(matches!(build, Some(Ok(_))), "{page}: after {line}, {} is {build:?}", dir.display());
            }
        }
    }
    assert_eq!(commits > 0, text.contains("$ git commit "), "{page}");
    check_asked(terminal, Some(&objects(&terminal.at)));
}

/// The pages: those of commands, and the runbooks in the order in which their migrations land.
fn pages() -> [Vec<(&'static str, String)>; 2] {
    let read = |page| (page, std::fs::read_to_string(root().join(page)).unwrap());
    let runbooks = flux_codemod::migrations::all().iter().map(|migration| migration.meta());
    let of_commands = ["README.md", "docs/branches.md", "docs/install.md", "docs/ci.md"].map(read);
    [of_commands.into(), runbooks.map(|meta| (meta.id, meta.readme.to_owned())).collect()]
}

/// Each in a clone of its own.
#[test]
fn readme_and_pages_can_be_typed() {
    let [pages, _] = pages();
    in_parallel(pages, |page| {
        let mut terminal = terminal();
        if !page.1.contains("$ cd home-ops") {
            terminal.succeed("cd home-ops");
        }
        type_page(&mut terminal, &page);
    });
}

/// In one clone: `app-template` needs what `chart-ref` has done.
#[test]
fn runbooks_can_be_typed() {
    let (mut terminal, [_, runbooks]) = (terminal(), pages());
    terminal.succeed("cd home-ops");
    runbooks.iter().for_each(|page| type_page(&mut terminal, page));
}

#[test]
fn no_exception_is_left_over() {
    let pages = pages().concat();
    let found: Vec<String> = pages.iter().flat_map(|(_, text)| lines(text)).collect();
    for exception in INSTEAD.iter().map(|(line, ..)| line).chain(FAILS.iter().map(|(line, _)| line)) {
        assert!(found.iter().any(|line| command(line) == *exception), "no page has {exception}");
    }
}

/// A line without what follows it for people.
fn command(line: &str) -> &str {
    line.split("  # ").next().unwrap_or_default().trim_end()
}

/// The commands in a body of a commit, or of a pull request.
fn commands(body: &str) -> Vec<String> {
    let programs = ["git ", "flux ", "kubectl ", "flux-codemod ", "gh "];
    let lines = body.replace("\\\n", "");
    let lines = lines.lines().filter(|line| line.starts_with(' ') || !line.contains("**")).map(str::trim);
    lines.filter(|line| programs.iter().any(|program| line.starts_with(program))).map(str::to_owned).collect()
}

/// What commits and pull requests say is typed, where their batches are.
#[test]
fn bodies_can_be_typed() {
    let mut terminal = terminal();
    terminal.succeed("cd home-ops");
    let made = terminal.succeed("flux-codemod branch chart-ref app-template --no-gate");
    let (made, next) = made.split_once("\nnext: ").unwrap();
    let mut lines: BTreeSet<String> = BTreeSet::new();
    let mut there = BTreeSet::new();
    let branches: Vec<&str> = made.lines().filter_map(|line| line.strip_prefix("  created    ")).collect();
    let highest = |cluster: &str| branches.iter().rfind(|name| name.starts_with(&format!("flux-codemod/{cluster}/")));
    for cluster in ["edge", "main"] {
        let tip = highest(cluster).unwrap();
        let bodies = format!("git checkout --quiet {tip} && git log --format=%b origin/{cluster}..");
        let found = commands(&terminal.succeed(&bodies));
        assert!(found.len() > 20, "{found:?}");
        lines.extend(found);
        there.extend(objects(&terminal.at));
    }
    let batch = highest("main").unwrap().strip_prefix("flux-codemod/").unwrap();
    let plan = "flux-codemod plan chart-ref app-template --no-gate --base origin/main --format markdown --batch";
    let mut bodies = vec![terminal.succeed(&format!("{plan} {batch}"))];
    // As `branch` says: the body of the first one is asked for, and goes to `gh`; so is that of a phase.
    let phase = terminal.succeed("flux-codemod branch chart-ref --cluster edge --per phase");
    for shown in [next, &phase] {
        let printed = commands(shown);
        assert_eq!(printed.len(), 2, "{printed:?}");
        printed.iter().for_each(|line| drop(type_line(&mut terminal, line)));
        bodies.push(std::fs::read_to_string(terminal.beside("body")).unwrap());
    }
    for body in bodies {
        let found = commands(&body);
        assert!(found.iter().any(|line| line.starts_with("flux-codemod branch ")), "{body}");
        assert!(found.iter().any(|line| line.starts_with("kubectl ")), "{body}");
        lines.extend(found);
    }
    terminal.succeed("git checkout --quiet main");
    let number = lines.iter().map(|line| drop(type_line(&mut terminal, line))).count();
    let asked = check_asked(&terminal, Some(&there));
    assert!(asked > 50 && number > 50, "{number} lines, {asked} of them for others");
}

/// The steps of what the example does not have: hooks, claims, removals, renames, a context.
#[test]
fn steps_of_the_golden_cases_can_be_typed() {
    let cases =
        ["app-template-v4-impact", "chart-ref-hooks", "chart-ref-removal", "components-rename", "config-clusters"];
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for case in cases {
        let repo = Repo::copy_of(&root().join("golden").join(case).join("before")).commit();
        let run = repo.run(&["plan", "--review", "--format", "markdown"]);
        let found = commands(&run.stdout);
        assert!(found.len() > 2, "{case}: {}{}", run.stdout, run.stderr);
        lines.extend(found.into_iter().filter(|line| line.starts_with("kubectl ") || line.starts_with("flux ")));
    }
    let mut terminal = terminal();
    let all: Vec<&str> = lines.iter().map(String::as_str).collect();
    terminal.type_line(&all.join("\n"));
    assert!(check_asked(&terminal, None) >= all.len());
}

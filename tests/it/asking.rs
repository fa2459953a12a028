//! Commands that ask, on a pseudo-terminal.
#![cfg(unix)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

use crate::support::{Repo, is_ignored, program, unfolded};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

const QUESTION: &str = "[y/N/d(iff)/i(nteractive)]";

/// The program on a terminal: its standard input and error.
struct Session {
    child: Child,
    terminal: File,
    shown: String,
}

impl Session {
    fn start(command: &mut Command) -> Session {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes());
        // Where the tests are the first process of a session, it must not become the terminal of all of them: its end
        // would hang them up.
        let no_tty = OFlags::NOCTTY.bits() as i32;
        let side = || Stdio::from(OpenOptions::new().read(true).write(true).custom_flags(no_tty).open(name).unwrap());
        let child = command.stdin(side()).stderr(side()).stdout(Stdio::piped()).spawn().unwrap();
        // The command would keep the other side open.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        Session { child, terminal: File::from(terminal), shown: String::new() }
    }

    /// What is shown until the terminal shows a text.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some((before, after)) = self.shown.split_once(text) {
                let before = before.to_owned();
                self.shown = after.to_owned();
                return before;
            }
            assert!(self.read(), "no {text:?} in {}", self.shown);
        }
    }

    /// Reads more, and says whether there was any. The end of the last process is an error of the
    /// terminal.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let count = self.terminal.read(&mut bytes).unwrap_or_default();
        self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    fn answer(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// The exit code, and the rest that is shown.
    fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), self.shown.replace("\r\n", "\n"))
    }
}

fn apply(repo: &Repo, args: &[&str]) -> Command {
    let mut command = program();
    command.env("TERM", "dumb").arg("-C").arg(repo.path()).args(["apply", "--no-gate"]).args(args);
    command
}

#[test]
fn apply_shows_what_it_would_write_and_writes_after_a_yes() {
    let repo = Repo::part();
    let before = repo.files();
    let mut session = Session::start(&mut apply(&repo, &["chart-ref", "--cluster", "main"]));
    let summary = session.until(QUESTION);
    let lines: Vec<&str> = summary.lines().collect();
    assert_eq!(lines.len(), 4, "three lines and the question: {summary}");
    assert!(lines[0].contains("files changed") && lines[1].contains("chart-ref"), "{summary}");
    assert!(lines[2].starts_with("impact: ") && lines[3].starts_with("Write "), "{summary}");
    session.answer("d\n");
    assert!(session.until(QUESTION).contains("+  chartRef:"));
    session.answer("\n");
    let (_, rest) = session.end();
    assert!(rest.contains("nothing was written"), "{rest}");
    assert!(repo.files() == before, "the default is no");

    let mut session = Session::start(&mut apply(&repo, &["chart-ref", "--cluster", "main"]));
    session.until(QUESTION);
    session.answer("y\n");
    let (_, rest) = session.end();
    assert!(repo.files() != before);

    // The command stages exactly what was written.
    repo.write("kubernetes/main/notes.yaml", "a: 1\n");
    let add = rest.lines().find(|line| line.trim_start().starts_with("git ")).unwrap_or_else(|| panic!("{rest}"));
    assert!(Command::new("sh").args(["-c", add]).status().unwrap().success(), "{add}");
    let status = repo.git(&["status", "--porcelain"]);
    let not_staged: Vec<&str> = status.lines().filter(|line| !line[1..].starts_with(' ')).collect();
    assert_eq!(not_staged, ["?? kubernetes/main/notes.yaml"]);
    assert!(status.contains("A  kubernetes/shared/repositories/oci/"), "new files too: {status}");
}

#[test]
fn apply_goes_unit_by_unit() {
    let repo = Repo::part();
    let args = ["chart-ref", "--cluster", "main", "--release", "media/komga,media/jellyfin", "--interactive"];
    let mut session = Session::start(&mut apply(&repo, &args));
    session.until("[y,n,a,d,q,e,?]");
    session.answer("?\n");
    assert!(session.until("[y,n,a,d,q,e,?]").contains("q - "));
    session.answer("n\n");
    session.until("[y,n,a,d,q,e,?]");
    session.answer("y\n");
    session.end();
    let changed = repo.git(&["diff", "--name-only"]);
    assert_eq!(changed.lines().filter(|line| line.contains("/media/")).count(), 1, "{changed}");
}

#[test]
fn next_asks_before_each_command() {
    let repo = Repo::two_clusters_with(&[]);
    repo.git(&["remote", "add", "origin", "."]);
    repo.git(&["fetch", "--quiet"]);
    let refs = repo.git(&["for-each-ref"]);
    for (answers, left) in [(["n\n", "n\n"], true), (["y\n", "y\n"], false)] {
        let mut command = program();
        command.env("TERM", "dumb").arg("-C").arg(repo.path()).args(["next", "chart-ref", "--run", "--no-sign"]);
        let mut session = Session::start(&mut command);
        assert!(session.until("[y/N]").contains("run `git fetch --all --prune`"), "it looks first");
        session.answer(answers[0]);
        assert!(session.until("[y/N]").contains("run `flux-codemod branch chart-ref --cluster edge`"));
        session.answer(answers[1]);
        if left {
            let (_, rest) = session.end();
            assert!(rest.contains("stopped") && repo.git(&["for-each-ref"]) == refs, "{rest}");
        } else {
            assert!(session.until("[y/N]").contains("run `git push origin flux-codemod/edge/chart-ref/10-"));
            session.answer("\n");
            session.end();
            assert!(repo.git(&["for-each-ref"]).contains("flux-codemod/edge/chart-ref/10-sources"), "it was made");
        }
    }
}

#[test]
fn a_signal_at_the_question_leaves_nothing() {
    let repo = Repo::part();
    let before = repo.files();
    let temporary = tempfile::tempdir().unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        if signal == Signal::INT && is_ignored("INT") {
            eprintln!("SKIPPED: SIGINT is ignored here");
            continue;
        }
        let mut command = apply(&repo, &["chart-ref", "--here"]);
        let mut session = Session::start(command.env("TMPDIR", temporary.path()));
        session.until(QUESTION);
        kill_process(Pid::from_child(&session.child), signal).unwrap();
        assert_eq!(session.end().0, None, "it ends by the signal");
        assert!(repo.files() == before && !repo.path().join(".git/flux-codemod").exists());
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    }
}

#[test]
fn without_a_terminal_it_wants_to_know_what_is_wanted() {
    let repo = Repo::part();
    let before = repo.files();
    for (args, wanted) in [
        (&["apply"][..], "name those that you want"),
        (&["apply", "--release", "media/komga"], "or use --yes"),
        (&["apply", "--interactive", "chart-ref"], "which needs a terminal"),
        (&["apply", "chart-ref"], "edge follows the branch edge, but main is checked out"),
        (&["apply", "--yes"], "`--cluster main` writes only what is read here"),
        (&["apply", "chart-ref", "--cluster", "edge"], "`flux-codemod branch chart-ref --cluster edge`"),
    ] {
        let run = repo.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}: {}", run.stderr);
        assert!(unfolded(&run.stderr).contains(wanted), "{args:?}: {}", run.stderr);
    }
    assert!(repo.files() == before);
    let dry = repo.run(&["apply", "--here", "--dry-run"]);
    assert!(dry.stdout.contains("files changed") && repo.files() == before, "{}", dry.stderr);
    // On a branch of its own, it is for what that branch was made from.
    repo.git(&["switch", "--quiet", "--create", "topic", "edge"]);
    assert_ne!(repo.run(&["apply", "chart-ref", "--cluster", "edge"]).status, 2);
}

#[test]
fn a_dry_run_of_branch_says_what_would_be_made_and_makes_nothing() {
    let repo = Repo::part();
    let (refs, objects) = (repo.git(&["for-each-ref"]), repo.git(&["count-objects"]));
    let dry = repo.run(&["branch", "chart-ref", "--dry-run"]);
    assert!(dry.stdout.contains("created    flux-codemod/edge/chart-ref/"), "{}{}", dry.stdout, dry.stderr);
    assert!(!dry.stdout.contains("git push"), "there is nothing to push: {}", dry.stdout);
    assert_eq!((repo.git(&["for-each-ref"]), repo.git(&["count-objects"])), (refs, objects));
    let made = repo.run(&["branch", "chart-ref"]);
    let outcomes = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains(" flux-codemod/"))
            .filter(|line| !line.contains("gh pr") && !line.contains("git push"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(outcomes(&made.stdout), outcomes(&dry.stdout));
    let again = repo.run(&["branch", "chart-ref", "--dry-run"]);
    assert!(!again.stdout.contains("created") && again.stdout.contains("unchanged"), "{}", again.stdout);
}

#[test]
fn what_to_run_next_is_for_people() {
    let repo = Repo::part();
    let shown = |args: &[&str]| {
        let mut command = program();
        let (status, shown) = Session::start(command.current_dir(repo.path()).env("TERM", "xterm").args(args)).end();
        assert_eq!(status, Some(0), "{shown}");
        unfolded(&shown)
    };
    let next = "Next: `flux-codemod plan`";
    assert!(shown(&["list", "--color", "never"]).contains(next));
    assert!(!shown(&["list", "--color", "never", "-q"]).contains(next));
    assert!(!repo.run(&["list"]).stderr.contains(next), "a pipe gets the result alone");
    assert_eq!(repo.run(&["recipe", "new", "sooner"]).status, 0);
    let tested = shown(&["recipe", "test", "sooner", "--color", "never"]);
    assert!(tested.contains("Next: `flux-codemod plan sooner -v`"), "{tested}");
}

//! What the tests share: a repository in a temporary directory, and the program run in it.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its part")]

pub mod rounds;
pub mod shown;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;

/// A repository in a temporary directory.
pub struct Repo {
    dir: tempfile::TempDir,
}

/// What a run of the program came to.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Run { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The program, with nothing of this machine's settings.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flux-codemod"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    // Whether kustomize is installed makes no difference, but where a test is about it.
    command.env("FLUX_CODEMOD_KUSTOMIZE", "none");
    // No build of an earlier run is known, but where a test is about it: a file cannot be a directory.
    command.env("XDG_CACHE_HOME", "/dev/null");
    command.env("XDG_STATE_HOME", state()).env("LOCALAPPDATA", state());
    as_a_tester(&mut command);
    command
}

/// Where the program keeps its key.
pub fn state() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("state")
}

/// Who commits, and when: always the same, so that commits have the same ids on every machine.
pub fn as_a_tester(command: &mut Command) {
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.org");
        command.env(format!("GIT_{role}_DATE"), "2026-01-02T03:04:05+00:00");
    }
}

impl Repo {
    /// An empty directory.
    pub fn empty() -> Repo {
        Repo { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A copy of a directory.
    pub fn copy_of(from: &Path) -> Repo {
        let repo = Repo::empty();
        copy(from, repo.path());
        repo
    }

    /// The example that `demo` shows.
    pub fn example() -> Repo {
        Repo::copy_of(&root().join("golden/home-ops/before"))
    }

    /// The example as the demo makes it: in git, with a branch for each of its clusters.
    pub fn two_clusters() -> Repo {
        let repo = Repo::example().commit();
        repo.git(&["branch", "edge"]);
        repo
    }

    /// The same with some of the namespaces of main, which is quicker to plan; edge has all of its own.
    pub fn two_clusters_with(namespaces: &[&str]) -> Repo {
        let repo = Repo::example_with(namespaces).commit();
        repo.git(&["branch", "edge"]);
        repo
    }

    /// The example with some of the namespaces of main.
    pub fn example_with(namespaces: &[&str]) -> Repo {
        let repo = Repo::example();
        for dir in std::fs::read_dir(repo.path().join("kubernetes/main/apps")).unwrap() {
            let dir = dir.unwrap();
            if dir.path().is_dir() && !namespaces.iter().any(|kept| dir.file_name() == *kept) {
                std::fs::remove_dir_all(dir.path()).unwrap();
            }
        }
        repo
    }

    /// The part of the example that most tests need, which is planned in a third of the time: all of edge, and
    /// of main the namespace media.
    pub fn part() -> Repo {
        Repo::two_clusters_with(&["media"])
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Repo {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Runs git here; it must succeed.
    pub fn git(&self, args: &[&str]) -> String {
        Repo::git_in(self.path(), args)
    }

    /// Runs git in a directory; it must succeed.
    pub fn git_in(dir: &Path, args: &[&str]) -> String {
        let mut git = Command::new("git");
        as_a_tester(&mut git);
        git.current_dir(dir).args(["-c", "core.autocrlf=false"]).args(args);
        let output = git.output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes it a git repository with one commit.
    pub fn commit(self) -> Repo {
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "before"]);
        self
    }

    /// Runs the program on it. Gates do not count: most tests are about what is written, and not
    /// about which cluster comes first.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_gated(&ungated(args))
    }

    /// Runs the program on it, with the gates of a user.
    pub fn run_gated(&self, args: &[&str]) -> Run {
        Run::of(program().arg("-C").arg(self.path()).args(args).output().expect("the program runs"))
    }

    /// All files with their bytes, `.git` left out.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.path(), self.path(), &mut found);
        found
    }
}

/// Whether a signal is ignored here, as SIGINT in what a shell runs in the background and SIGHUP under `nohup`: the
/// program inherits that, and so no test can end it with this signal. (proc(5))
pub fn is_ignored(signal: &str) -> bool {
    let bit = match signal {
        "HUP" => 0b1,
        "INT" => 0b10,
        _ => return false,
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & bit != 0)
}

/// The arguments of a command that gates do not hold up.
pub fn ungated<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let mut args = args.to_vec();
    if let Some(place) = args.iter().position(|arg| ["plan", "diff", "apply", "branch", "check"].contains(arg)) {
        args.insert(place + 1, "--no-gate");
    }
    args
}

/// A message on one line, wherever it is folded.
pub fn unfolded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Does some work on each of some items, on as many threads as there are cores. What they give is
/// in the order of the items.
pub fn in_parallel<T: Send, R: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let items = Mutex::new(items.into_iter().collect::<Vec<_>>().into_iter().enumerate());
    let next = || items.lock().expect("taking an item does not panic").next();
    let worker = || std::iter::from_fn(next).map(|(at, item)| (at, work(item))).collect::<Vec<_>>();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        done.flatten().collect::<Vec<_>>()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The root of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The corpus of real repositories, or `None` with a word about it where it is not at hand.
pub fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("FLUX_CODEMOD_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no corpus at {} (set FLUX_CODEMOD_CORPUS)", path.display());
    None
}

/// A tree of the corpus, or `None` with a word about it where it is not at hand.
pub fn corpus_tree(path: &str) -> Option<PathBuf> {
    let tree = corpus()?.join(path);
    if tree.is_dir() {
        return Some(tree);
    }
    eprintln!("SKIPPED: there is no {}", tree.display());
    None
}

/// The names that real Helm gave, where they are at hand: beside the repository, or where
/// `FLUX_CODEMOD_VECTORS` says.
pub fn vectors(file: &str) -> Option<String> {
    let path = std::env::var_os("FLUX_CODEMOD_VECTORS").map_or_else(|| root().join("../shared/vectors"), PathBuf::from);
    let found = std::fs::read_to_string(path.join(file)).ok();
    if found.is_none() {
        eprintln!("SKIPPED: no {file} at {} (set FLUX_CODEMOD_VECTORS)", path.display());
    }
    found
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Contents only: what is read-only where it comes from is not so here.
            std::fs::write(target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn collect(root: &Path, dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(root, &entry.path(), found);
        } else {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            found.insert(entry.path().strip_prefix(root).unwrap().to_owned(), bytes);
        }
    }
}

/// The YAML files of a directory and of those below it.
pub fn yaml_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
}

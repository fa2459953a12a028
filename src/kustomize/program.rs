//! The Kustomize program: finds it, asks for its version, and runs it without access to network,
//! cluster or files of the user.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// How long a build may take; the largest builds of real repositories take a second.
const LIMIT: Duration = Duration::from_secs(60);

/// `kustomize`, or `kubectl`, which includes it.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    is_kubectl: bool,
    version: String,
    limit: Duration,
}

/// Why a program that the user named is not Kustomize.
#[derive(Debug, Error)]
pub enum NoKustomize {
    /// It cannot be run.
    #[error("{path} cannot be run: {cause}", path = .path.display())]
    CannotRun {
        /// The name that was given.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It does not print a version as Kustomize or kubectl do.
    #[error("{} is neither kustomize nor kubectl (1.24 or later): it prints no version of Kustomize{said}", .path.display())]
    Other {
        /// The name that was given.
        path: PathBuf,
        /// What it prints instead.
        said: String,
    },
}

impl Program {
    /// The first `kustomize` on the PATH that works, else the first such `kubectl`.
    pub fn on_path() -> Option<Program> {
        let working = |name| on_path(name).find_map(|file| Program::named(&file).ok());
        ["kustomize", "kubectl"].into_iter().find_map(working)
    }

    /// The program that the user named: by a path (relative to `from`), or by a name alone,
    /// looked up on the PATH as a shell does.
    ///
    /// # Errors
    /// As [`Program::named`].
    pub fn asked_for(path: &Path, from: &Path) -> Result<Program, NoKustomize> {
        let mut by_name = path.to_str().filter(|name| !name.contains(['/', '\\'])).into_iter().flat_map(on_path);
        Program::named(&by_name.next().unwrap_or_else(|| from.join(path)))
    }

    /// The program at a path.
    ///
    /// # Errors
    /// [`NoKustomize`], if it does not exist, cannot be run or is something else.
    pub fn named(path: &Path) -> Result<Program, NoKustomize> {
        let cannot = |cause| NoKustomize::CannotRun { path: path.to_owned(), cause };
        let absolute = std::path::absolute(path).map_err(cannot)?;
        if !absolute.is_file() {
            return Err(cannot(io::ErrorKind::NotFound.into()));
        }
        let home = tempfile::tempdir().map_err(cannot)?;
        let mut program =
            Program { path: absolute, is_kubectl: true, version: String::new(), limit: Duration::from_secs(10) };
        // kubectl is tried first, since `version` alone would have it ask a cluster.
        let asked = program.run(["version", "--client"], home.path()).map_err(cannot)?;
        let of_kubectl = asked.stdout.lines().find_map(|line| version(line.strip_prefix("Kustomize Version:")?));
        let is_kubectl = path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("kubectl"));
        let (found, said) = match of_kubectl {
            Some(found) => (Some(found), asked),
            None if is_kubectl => (None, asked),
            None => {
                program.is_kubectl = false;
                let asked = program.run(["version"], home.path()).map_err(cannot)?;
                (version(&asked.stdout), asked)
            }
        };
        let said = format!("{}\n{}", said.stdout, said.stderr)
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map_or(String::new(), |line| format!(" ({line})"));
        program.version = found.ok_or(NoKustomize::Other { path: path.to_owned(), said })?;
        Ok(Program { limit: LIMIT, ..program })
    }

    /// The same program with another time limit.
    #[cfg(test)]
    pub(super) fn within(self, limit: Duration) -> Program {
        Program { limit, ..self }
    }

    /// Builds a directory as Flux does, with files from anywhere. Returns what Kustomize prints, or
    /// its error in one line.
    ///
    /// # Errors
    /// Those of starting the program.
    pub(super) fn build(&self, dir: &Path, home: &Path) -> io::Result<Result<String, String>> {
        let command = if self.is_kubectl { "kustomize" } else { "build" };
        let options = [command, "--load-restrictor", "LoadRestrictionsNone"].map(OsStr::new);
        let ran = self.run(options.into_iter().chain([dir.as_os_str()]), home)?;
        Ok(match ran.status {
            None => Err(format!("it took longer than {} seconds", self.limit.as_secs_f32())),
            Some(status) if status.success() => Ok(ran.stdout),
            Some(status) => Err(last_words(&ran.stderr).unwrap_or_else(|| status.to_string())),
        })
    }

    /// Runs it until it ends or its time is up.
    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, home: &Path) -> io::Result<Ran> {
        // Files, not pipes: nobody has to read while it runs, and a process that it leaves behind
        // does not block us.
        let (mut out, mut err) = (tempfile::tempfile_in(home)?, tempfile::tempfile_in(home)?);
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(home).env_clear();
        command.envs(["PATH", "SYSTEMROOT"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        for name in ["HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR", "TMP"] {
            command.env(name, home);
        }
        command.env("KUBECONFIG", home.join("no-kubeconfig"));
        // Whatever it takes for an address leads nowhere.
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, "http://127.0.0.1:9");
        }
        command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_NOSYSTEM", "1");
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
        let mut child = command.spawn()?;
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if started.elapsed() > self.limit {
                child.kill()?;
                child.wait()?;
                break None;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        Ok(Ran { status, stdout: text(&mut out)?, stderr: text(&mut err)? })
    }
}

/// The files with a name on the PATH.
fn on_path(name: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let name = format!("{}{}", name.trim_end_matches(EXE_SUFFIX), EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect();
    dirs.into_iter().map(move |dir| dir.join(&name)).filter(|file| file.is_file())
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_kubectl { "kubectl kustomize" } else { "kustomize" };
        write!(f, "{name} {}", self.version)
    }
}

/// The result of a run; without a status if its time was up.
struct Ran {
    status: Option<ExitStatus>,
    stdout: String,
    stderr: String,
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first version in a text: `v5.5.0`, also in the form `{Version:kustomize/v4.5.7 ...}`.
fn version(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c)));
    let is_version = |word: &&str| {
        let parts = word.strip_prefix('v').map(|rest| rest.split('.').take(2).collect::<Vec<_>>());
        parts.is_some_and(|parts| parts.len() == 2 && parts.iter().all(|part| part.parse::<u32>().is_ok()))
    };
    words.find(is_version).map(str::to_owned)
}

/// The error that a program prints, as one line, without the warnings before it.
fn last_words(text: &str) -> Option<String> {
    const MOST: usize = 400;
    let is_error = |line: &&str| line.starts_with("Error: ") || line.starts_with("error: ");
    let from = text.lines().find(is_error).and_then(|line| text.find(line)).unwrap_or_default();
    let joined = text[from..].split_whitespace().collect::<Vec<_>>().join(" ");
    let line = joined.trim_start_matches("Error: ").trim_start_matches("error: ");
    let shown: String = line.chars().take(MOST).collect();
    let more = if shown.len() < line.len() { " ..." } else { "" };
    (!line.is_empty()).then(|| format!("{shown}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_times() {
        assert_eq!(version("v5.5.0\n").as_deref(), Some("v5.5.0"));
        let old = "{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022-08-02T16:35:54Z GoOs:linux GoArch:amd64}";
        assert_eq!(version(old).as_deref(), Some("v4.5.7"));
        assert_eq!(
            version(" v5.0.4-0.20230601165947-6ce0bf390ce3").as_deref(),
            Some("v5.0.4-0.20230601165947-6ce0bf390ce3")
        );
        assert_eq!(version("vim 9.1 of 2024, v"), None);
    }

    #[test]
    fn words_at_last() {
        let text = "# Warning: 'bases' is deprecated\nError: accumulating resources:\n  error: x\n";
        assert_eq!(last_words(text).as_deref(), Some("accumulating resources: error: x"));
        assert_eq!(last_words("something\nelse").as_deref(), Some("something else"));
        assert_eq!(last_words(" \n"), None);
        assert!(last_words(&"é ".repeat(500)).unwrap().ends_with(" ..."));
    }
}

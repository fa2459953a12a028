//! The Kustomize program: finds it, asks for its version, and has it build.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::alone::{self, End, Isolation, MEMORY, Ran};
use super::private::PrivateDir;
use crate::programs::on_path;

/// How long a build may take; the largest builds of real repositories take a second.
const LIMIT: Duration = Duration::from_secs(60);

/// `kustomize`, or `kubectl`, which includes it.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    is_kubectl: bool,
    version: String,
    /// Which file it is, as far as the system says.
    file: String,
    limit: Duration,
    isolation: Isolation,
}

/// Why a build has no result.
pub(super) enum NoResult {
    /// It took too long, and was ended: this is how long it may take.
    TimeIsUp(Duration),
    /// Kustomize says so, in these words. They may hold what stands in files: they are not to be
    /// shown.
    Said(String),
    /// It was ended, for this reason.
    Ended(String),
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

    /// The program that the user named: by a path (relative to `from`), or by a name alone, looked
    /// up on the PATH. A name alone is never a file of `from`, which may be somebody's repository.
    ///
    /// # Errors
    /// As [`Program::named`].
    pub fn asked_for(path: &Path, from: &Path) -> Result<Program, NoKustomize> {
        match path.to_str().filter(|name| !name.contains(['/', '\\'])) {
            Some(name) => {
                let not_found =
                    || NoKustomize::CannotRun { path: path.to_owned(), cause: io::ErrorKind::NotFound.into() };
                Program::named(&on_path(name).next().ok_or_else(not_found)?)
            }
            None => Program::named(&from.join(path)),
        }
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
        let home = PrivateDir::new().map_err(cannot)?;
        let with = |isolation: &Isolation| Program {
            path: absolute.clone(),
            is_kubectl: true,
            version: String::new(),
            file: String::new(),
            limit: Duration::from_secs(10),
            isolation: isolation.clone(),
        };
        let isolated = Isolation::of_this_system();
        let (mut program, mut asked) = with(isolated).version_asked(home.path()).map_err(cannot)?;
        if asked.found.is_none() && !isolated.is_none() {
            // Not every program starts in a namespace: one that changes its user does not.
            (program, asked) = with(&Isolation::default()).version_asked(home.path()).map_err(cannot)?;
        }
        let said = || format!(" ({})", asked.said);
        let said = if asked.said.is_empty() { String::new() } else { said() };
        program.file = program.file_now().map_err(cannot)?;
        program.version = asked.found.ok_or(NoKustomize::Other { path: path.to_owned(), said })?;
        Ok(Program { limit: LIMIT, ..program })
    }

    /// Asks for its version, as kubectl and as Kustomize.
    fn version_asked(mut self, home: &Path) -> io::Result<(Program, Asked)> {
        // kubectl is tried first, since `version` alone would have it ask a cluster.
        let mut asked = self.run(["version", "--client"], home)?;
        let mut found = asked.stdout.lines().find_map(|line| version(line.strip_prefix("Kustomize Version:")?));
        let is_kubectl = self.path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("kubectl"));
        if found.is_none() && !is_kubectl {
            self.is_kubectl = false;
            asked = self.run(["version"], home)?;
            found = version(&asked.stdout);
        }
        let said = format!("{}\n{}", asked.stdout, asked.stderr);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
        Ok((self, Asked { found, said }))
    }

    /// What tells it from every other program, and from itself before it was replaced: its version
    /// and its file.
    pub(super) fn id(&self) -> String {
        format!("{self}\n{}\n{}", self.file, self.isolation.no_network)
    }

    /// Whether its file is still the one that said its version.
    pub(super) fn is_unchanged(&self) -> bool {
        self.file_now().is_ok_and(|now| now == self.file)
    }

    /// Where its file is, how long it is and when it was changed. The time of the last change of
    /// its inode can only be set by changing the clock.
    fn file_now(&self) -> io::Result<String> {
        let path = self.path.canonicalize()?;
        let metadata = path.metadata()?;
        let modified = metadata.modified()?;
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let changed = ();
        Ok(format!("{path:?} {} {modified:?} {changed:?}", metadata.len()))
    }

    /// Whether it is run without a network, loopback included.
    pub(super) fn has_no_network(&self) -> bool {
        self.isolation.no_network
    }

    /// The same program with another time limit.
    #[cfg(test)]
    pub(super) fn within(self, limit: Duration) -> Program {
        Program { limit, ..self }
    }

    /// Builds a directory as Flux does, with files from anywhere. Returns what Kustomize prints, or
    /// why it prints nothing.
    ///
    /// # Errors
    /// Those of starting the program.
    pub(super) fn build(&self, dir: &Path, home: &Path) -> io::Result<Result<String, NoResult>> {
        let command = if self.is_kubectl { "kustomize" } else { "build" };
        let options = [command, "--load-restrictor", "LoadRestrictionsNone"].map(OsStr::new);
        let ran = self.run(options.into_iter().chain([dir.as_os_str()]), home)?;
        Ok(match ran.end {
            End::TimeIsUp => Err(NoResult::TimeIsUp(self.limit)),
            End::TooMuchOutput => Err(NoResult::Ended("it wrote too much".to_owned())),
            End::Status(status) if status.success() => Ok(ran.stdout),
            End::Status(status) => Err(match ran.stderr {
                said if is_out_of_memory(&said) => {
                    NoResult::Ended(format!("it needed more than {} GB of memory", MEMORY >> 30))
                }
                said if said.trim().is_empty() => NoResult::Ended(format!("it ended without a message ({status})")),
                said => NoResult::Said(said),
            }),
        })
    }

    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, home: &Path) -> io::Result<Ran> {
        alone::run(&self.path, arguments, &self.isolation, home, self.limit)
    }
}

/// What a program says of its version.
struct Asked {
    found: Option<String>,
    /// Its first line.
    said: String,
}

/// Whether the runtime of Go ended it.
fn is_out_of_memory(said: &str) -> bool {
    ["fatal error: runtime: out of memory", "fatal error: out of memory", "runtime: cannot allocate memory"]
        .iter()
        .any(|message| said.lines().any(|line| line.starts_with(message)))
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_kubectl { "kubectl kustomize" } else { "kustomize" };
        write!(f, "{name} {}", self.version)
    }
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
}

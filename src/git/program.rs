//! The `git` program, for what libgit2 does differently from git: the author, what is configured
//! where, signatures.
//!
//! It is found by an absolute entry of the PATH, run with the path of the repository, runs no hooks
//! in what it is used for here, and fetches nothing.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{GitError, Repository};
use crate::programs::{absolute_path, on_path};

/// Variables that would point it to another repository.
pub(super) const OTHER_PLACES: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// The result of a run.
pub(super) struct Ran {
    pub(super) success: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl Repository {
    /// Runs `git` with these arguments; `None` if there is no such program.
    pub(super) fn run_git(
        &self,
        arguments: &[&str],
        variables: &[(&str, String)],
        input: &[u8],
    ) -> Result<Option<Ran>, GitError> {
        let Some(git) = on_path("git").next() else { return Ok(None) };
        let mut command = Command::new(git);
        for name in OTHER_PLACES {
            command.env_remove(name);
        }
        command.arg("--git-dir").arg(self.git.path()).args(arguments);
        command
            .env("PATH", absolute_path())
            .env("LC_ALL", "C")
            .env("GIT_NO_LAZY_FETCH", "1")
            .envs(self.environment.iter().cloned());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |cause: io::Error| GitError::Program { what: arguments.join(" "), why: cause.to_string() };
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(failed(cause)),
        };
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // A program that answers while it reads waits until its answers are read. One that ends
            // before it has read everything reports itself what is wrong.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(Some(Ran { success: output.status.success(), stdout: output.stdout, stderr }))
    }
}

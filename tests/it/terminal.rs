//! Commands as people type them: each line is run by a shell, in one directory after the other, with
//! the program first on the PATH.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{as_a_tester, state};

/// A shell that starts in an empty directory.
pub(crate) struct Terminal {
    root: tempfile::TempDir,
    /// Where the next line is typed.
    pub(crate) at: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a line came to.
pub(crate) struct Typed {
    pub(crate) status: i32,
    /// Standard output and error, as a terminal shows them.
    pub(crate) shown: String,
}

impl Terminal {
    pub(crate) fn new() -> Terminal {
        let root = tempfile::tempdir().unwrap();
        for dir in ["bin", "home", "work"] {
            std::fs::create_dir(root.path().join(dir)).unwrap();
        }
        let at = root.path().join("work");
        Terminal { root, at, variables: Vec::new() }
    }

    /// A path beside the directory where it starts.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Puts a program on the PATH: a script for `sh`.
    pub(crate) fn add_program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.beside("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Types a line, whatever comes of it.
    pub(crate) fn type_line(&mut self, line: &str) -> Typed {
        let (end, shown) = (self.beside("pwd"), self.beside("shown"));
        let script = format!("{line}\nstatus=$?\npwd >'{}'\nexit $status\n", end.display());
        let file = std::fs::File::create(&shown).unwrap();
        let mut command = self.command("sh");
        command.args(["-c", &script]).stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let status = command.status().expect("there is a shell");
        let at = std::fs::read_to_string(&end).unwrap_or_default();
        if !at.is_empty() {
            self.at = PathBuf::from(at.trim_end_matches('\n'));
        }
        Typed { status: status.code().unwrap_or(-1), shown: String::from_utf8(std::fs::read(shown).unwrap()).unwrap() }
    }

    /// Types a line that has to succeed.
    pub(crate) fn succeed(&mut self, line: &str) -> String {
        let typed = self.type_line(line);
        assert_eq!(typed.status, 0, "{line}\n{}", typed.shown);
        typed.shown
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let ours = Path::new(env!("CARGO_BIN_EXE_flux-codemod")).parent().unwrap();
        let others = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{others}", self.beside("bin").display(), ours.display());
        as_a_tester(&mut command);
        for name in ["COLUMNS", "LINES", "CLICOLOR_FORCE", "NO_COLOR", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        command.current_dir(&self.at).env("PATH", path).env("HOME", self.beside("home")).env("TERM", "dumb");
        command.env("LC_ALL", "C").env("FLUX_CODEMOD_KUSTOMIZE", "none");
        command.env("XDG_CACHE_HOME", "/dev/null").env("XDG_STATE_HOME", state());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

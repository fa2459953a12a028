//! Whether commits are signed, and making a signed commit with git.

use git2::{Commit, Oid, Tree};

use super::identity::{Identity, date};
use super::{GitError, Repository};

/// One value of the configuration.
struct Setting {
    scope: String,
    origin: String,
    key: String,
    value: Option<String>,
}

impl Repository {
    /// Whether commits are to be signed: `commit.gpgsign`, as git sees it.
    ///
    /// A signature runs a program with a key, both of which are configured. Such settings of the
    /// repository itself are not used: whoever clones a repository did not choose its programs.
    ///
    /// # Errors
    /// [`GitError::LocalSigning`] if a key about signing is set in the repository.
    pub(super) fn signs(&self) -> Result<bool, GitError> {
        let keys = r"^(commit\.gpgsign|user\.signingkey|gpg\..*)$";
        let arguments = ["config", "--null", "--show-scope", "--show-origin", "--get-regexp", keys];
        let Some(ran) = self.run_git(&arguments, &[], b"")? else { return self.is_configured_without_git() };
        // If nothing is configured, git prints nothing and fails.
        if !ran.success && !ran.stderr.is_empty() {
            return Err(GitError::Program { what: arguments.join(" "), why: ran.stderr });
        }
        let settings = settings(&String::from_utf8_lossy(&ran.stdout));
        let last = settings.iter().rfind(|setting| setting.key == "commit.gpgsign");
        if !last.is_some_and(|setting| is_true(setting.value.as_deref())) {
            return Ok(false);
        }
        let is_of_the_repository = |setting: &&Setting| matches!(setting.scope.as_str(), "local" | "worktree");
        match settings.iter().find(is_of_the_repository) {
            None => Ok(true),
            Some(Setting { key, origin, .. }) => {
                let file = origin.strip_prefix("file:").unwrap_or(origin).to_owned();
                Err(GitError::LocalSigning { key: key.clone(), file })
            }
        }
    }

    fn is_configured_without_git(&self) -> Result<bool, GitError> {
        match self.git.config().and_then(|config| config.get_bool("commit.gpgsign")) {
            Ok(true) => {
                Err(GitError::Program { what: "commit-tree -S".to_owned(), why: "git is not installed".to_owned() })
            }
            _ => Ok(false),
        }
    }

    /// Makes a signed commit with the `git` program, which runs the one that signs.
    ///
    /// # Errors
    /// [`GitError::Program`] with what they print, if they fail.
    pub(super) fn signed_commit(
        &self,
        who: &Identity,
        message: &str,
        tree: &Tree<'_>,
        parent: &Commit<'_>,
    ) -> Result<Oid, GitError> {
        let text = |text: Result<&str, git2::Error>| text.map(str::to_owned).unwrap_or_default();
        let variables = [
            ("GIT_AUTHOR_NAME", text(who.author.name())),
            ("GIT_AUTHOR_EMAIL", text(who.author.email())),
            ("GIT_AUTHOR_DATE", date(&who.author)),
            ("GIT_COMMITTER_NAME", text(who.committer.name())),
            ("GIT_COMMITTER_EMAIL", text(who.committer.email())),
            ("GIT_COMMITTER_DATE", date(&who.committer)),
        ];
        let (tree, parent) = (tree.id().to_string(), parent.id().to_string());
        let arguments = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S", "-p", &parent, &tree];
        let failed = |why: &str| GitError::Program { what: "commit-tree -S".to_owned(), why: why.to_owned() };
        let ran =
            self.run_git(&arguments, &variables, message.as_bytes())?.ok_or_else(|| failed("git is not installed"))?;
        let id = Oid::from_str(String::from_utf8_lossy(&ran.stdout).trim_end());
        match id {
            Ok(id) if ran.success => Ok(id),
            _ => Err(failed(&format!("{}; use --no-sign to commit without a signature", ran.stderr))),
        }
    }
}

/// Reads `scope NUL origin NUL key [newline value] NUL`, repeated.
fn settings(text: &str) -> Vec<Setting> {
    let mut parts = text.split('\0');
    let mut found = Vec::new();
    while let (Some(scope), Some(origin), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
        let (key, value) = rest.split_once('\n').map_or((rest, None), |(key, value)| (key, Some(value.to_owned())));
        found.push(Setting { scope: scope.to_owned(), origin: origin.to_owned(), key: key.to_owned(), value });
    }
    found
}

/// As git reads a switch: a key without a value is on, an empty value is off.
fn is_true(value: Option<&str>) -> bool {
    value.is_none_or(|value| git2::Config::parse_bool(value).unwrap_or(false) && !value.is_empty())
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;

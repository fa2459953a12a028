//! Author and committer of new commits, as git itself would choose them.

use git2::{Signature, Time};

use super::{GitError, Repository};

/// Who writes commits, and when: the same for all commits of a run.
pub(super) struct Identity {
    pub(super) author: Signature<'static>,
    pub(super) committer: Signature<'static>,
}

impl Repository {
    /// Author and committer as git reads them: `GIT_AUTHOR_*` and `GIT_COMMITTER_*`, then the
    /// configuration; never derived from the names of user and host.
    ///
    /// libgit2 reads less of this (no `author.*`, no `GIT_CONFIG_*`), so it is used only if git is
    /// not installed.
    ///
    /// # Errors
    /// [`GitError::NoIdentity`] if there is none; [`GitError::Program`] if git cannot read what is
    /// there.
    pub(super) fn identity(&self) -> Result<Identity, GitError> {
        match (self.who("GIT_AUTHOR_IDENT")?, self.who("GIT_COMMITTER_IDENT")?) {
            (Some(author), Some(committer)) => Ok(Identity { author, committer }),
            _ => {
                let ours = |_| GitError::NoIdentity;
                let author = self.git.author_from_env().map_err(ours)?;
                Ok(Identity { author, committer: self.git.committer_from_env().map_err(ours)? })
            }
        }
    }

    /// What `git var` prints; `None` if git is not installed.
    fn who(&self, variable: &str) -> Result<Option<Signature<'static>>, GitError> {
        let arguments = ["-c", "user.useConfigOnly=true", "var", variable];
        let Some(ran) = self.run_git(&arguments, &[], b"")? else { return Ok(None) };
        if !ran.success {
            let nobody = ["auto-detect", "empty ident", "tell me who you are"];
            let is_nobody = nobody.iter().any(|words| ran.stderr.contains(words));
            let why = ran.stderr;
            let what = format!("var {variable}");
            return Err(if is_nobody { GitError::NoIdentity } else { GitError::Program { what, why } });
        }
        let text = String::from_utf8_lossy(&ran.stdout);
        let signature = parsed(text.trim_end());
        signature.map(Some).ok_or_else(|| GitError::Program { what: format!("var {variable}"), why: text.into_owned() })
    }
}

/// Reads `Name <mail> 1700000000 +0130`.
fn parsed(text: &str) -> Option<Signature<'static>> {
    let (who, when) = text.rsplit_once('>')?;
    let (name, email) = who.split_once('<')?;
    let (seconds, zone) = when.trim().split_once(' ')?;
    let (hours, minutes) = zone.get(1..)?.split_at_checked(2)?;
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    let offset = if zone.starts_with('-') { -minutes } else { minutes };
    Signature::new(name.trim(), email, &Time::new(seconds.parse().ok()?, offset)).ok()
}

/// A date as git reads it from `GIT_AUTHOR_DATE`, with seconds and time zone.
pub(super) fn date(signature: &Signature<'_>) -> String {
    format!("@{} {}", signature.when().seconds(), zone(signature))
}

/// `+0130`.
pub(super) fn zone(signature: &Signature<'_>) -> String {
    let when = signature.when();
    let minutes = when.offset_minutes().abs();
    format!("{}{:02}{:02}", when.sign(), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Home;

    fn identity(home: &Home, more: &[(&str, &str)]) -> Result<Identity, GitError> {
        let more = more.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        home.repository().with_environment(home.environment().into_iter().chain(more).collect()).identity()
    }

    #[test]
    fn author_and_committer_are_those_of_git() {
        let home = Home::new();
        home.git(&["config", "author.name", "An Author"]);
        let more = [("GIT_COMMITTER_NAME", "A Committer"), ("GIT_AUTHOR_DATE", "2024-02-03T04:05:06-0730")];
        let identity = identity(&home, &more).unwrap();
        let line = |who: &Signature<'_>| format!("{who} {} {}", who.when().seconds(), zone(who));
        assert_eq!(line(&identity.author), "An Author <test@example.org> 1706960106 -0730");
        assert_eq!(line(&identity.committer), "A Committer <test@example.org> 1700000000 +0100");
        assert_eq!(date(&identity.author), "@1706960106 -0730");
    }

    #[test]
    fn nobody_is_not_made_up() {
        let home = Home::new();
        for global in ["", "[user]\n\tname = Only\n", "[user]\n\temail = only@example.org\n"] {
            std::fs::write(home.beside("global"), global).unwrap();
            let error = identity(&home, &[]).err().unwrap();
            assert!(matches!(error, GitError::NoIdentity), "{error}");
            assert!(error.to_string().contains("git config --global user.email"), "{error}");
        }
        let who = [("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.org")];
        let both = [who[0], who[1], ("GIT_COMMITTER_NAME", "C"), ("GIT_COMMITTER_EMAIL", "c@example.org")];
        assert!(identity(&home, &who).is_err());
        assert!(identity(&home, &both).is_ok());
        let error = identity(&home, &[both[0], both[1], both[2], both[3], ("GIT_AUTHOR_DATE", "soon")]).err().unwrap();
        assert!(matches!(&error, GitError::Program { why, .. } if why.contains("invalid date")), "{error}");
    }
}

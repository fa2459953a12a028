//! Commits are signed as the user configured it, never as the repository does.

use std::fs;

use super::*;
use crate::git::testing::Home;

/// The tip after a run that wants one commit, or its error.
fn tip(home: &Home, sign: bool) -> Result<String, GitError> {
    let repository = home.repository();
    let base = repository.base("main").unwrap();
    let wanted = [crate::git::testing::wanted("x/a", &[("a.yaml", Some("a: 1\n"), Some("a: 2\n"))])];
    let existing = repository.branches("x", &base).unwrap();
    Ok(repository.write(&base, &wanted, &existing, &[], sign)?[0].tip.to_string())
}

fn home() -> Home {
    let home = Home::new();
    home.commit("first", &[("a.yaml", "a: 1\n")]);
    home
}

fn configure(home: &Home, more: &str) {
    let user = "[user]\n\tname = Test\n\temail = test@example.org\n";
    fs::write(home.beside("global"), format!("{user}{more}")).unwrap();
}

/// A program that signs as gpg does, and the configuration that names it.
#[cfg(unix)]
fn fake_gpg(home: &Home, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let program = home.beside("gpg");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("[gpg]\n\tprogram = {}\n[commit]\n\tgpgsign\n", program.display())
}

#[cfg(unix)]
const SIGNS: &str = "cat >/dev/null; printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nfor %s\\n-----END PGP SIGNATURE-----\\n' \"$3\"; \
                     printf '\\n[GNUPG:] SIG_CREATED \\n' >&2";

#[cfg(unix)]
#[test]
fn gpg_signs_where_the_user_has_it_configured() {
    let home = home();
    let plain = tip(&home, true).unwrap();
    let plain_text = home.git(&["cat-file", "commit", &plain]);
    home.git(&["branch", "-q", "-D", "x/a"]);
    configure(&home, &fake_gpg(&home, SIGNS));
    // Hooks and another encoding do not matter.
    home.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    let signed = tip(&home, true).unwrap();
    let text = home.git(&["cat-file", "commit", &signed]);
    assert!(
        text.contains("\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n for Test <test@example.org>\n -----END"),
        "{text}"
    );
    let (head, rest) = text.split_once("\ngpgsig ").unwrap();
    let message = rest.split_once("\n\n").unwrap().1;
    assert_eq!(format!("{head}\n\n{message}"), plain_text, "all but the signature is the same");
    home.git(&["fsck", "--strict"]);
    // Kept as it is, also without a signature.
    assert_eq!(tip(&home, false).unwrap(), signed);
    home.git(&["branch", "-q", "-D", "x/a"]);
    assert_eq!(tip(&home, false).unwrap(), plain);
}

#[cfg(unix)]
#[test]
fn a_failing_program_is_told_and_no_ref_moves() {
    let home = home();
    configure(&home, &fake_gpg(&home, "echo no secret key >&2; exit 2"));
    let error = tip(&home, true).unwrap_err().to_string();
    assert!(error.contains("no secret key") && error.contains("--no-sign"), "{error}");
    assert_eq!(home.git(&["for-each-ref", "refs/heads/x"]), "");
}

#[test]
fn what_a_repository_says_of_signing_is_refused() {
    let keys = [
        "commit.gpgsign",
        "gpg.program",
        "gpg.ssh.program",
        "gpg.format",
        "user.signingkey",
        "gpg.ssh.defaultKeyCommand",
    ];
    for key in keys {
        let home = home();
        configure(&home, "[commit]\n\tgpgsign = true\n");
        home.git(&["config", key, if key == "commit.gpgsign" { "true" } else { "openpgp" }]);
        let error = tip(&home, true).unwrap_err();
        assert!(matches!(&error, GitError::LocalSigning { file, .. } if file.ends_with("config")), "{error}");
        let text = error.to_string();
        assert!(text.contains(&key.to_lowercase()) && text.contains("--no-sign"), "{text}");
        tip(&home, false).unwrap();
    }
    // Through an included file, and through the configuration of the work tree.
    let home = home();
    fs::write(home.beside("included"), "[gpg]\n\tprogram = evil\n").unwrap();
    home.git(&["config", "include.path", home.beside("included").to_str().unwrap()]);
    configure(&home, "[commit]\n\tgpgsign = true\n");
    assert!(matches!(tip(&home, true), Err(GitError::LocalSigning { .. })));
    home.git(&["config", "--unset", "include.path"]);
    home.git(&["config", "extensions.worktreeConfig", "true"]);
    home.git(&["config", "--worktree", "gpg.program", "evil"]);
    assert!(matches!(tip(&home, true), Err(GitError::LocalSigning { .. })));
    // Off in the repository is off: nothing is run.
    home.git(&["config", "commit.gpgsign", "false"]);
    tip(&home, true).unwrap();
}

#[test]
fn ssh_signs_and_git_verifies() {
    let home = home();
    let key = home.beside("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("SKIPPED: there is no ssh-keygen");
        return;
    }
    let public = fs::read_to_string(home.beside("key.pub")).unwrap();
    fs::write(home.beside("signers"), format!("test@example.org {public}")).unwrap();
    let (key, signers) = (key.display(), home.beside("signers"));
    let signers = signers.display();
    configure(
        &home,
        &format!(
            "\tsigningkey = {key}\n[commit]\n\tgpgsign = true\n[gpg]\n\tformat = ssh\n[gpg \"ssh\"]\n\tallowedSignersFile = {signers}\n"
        ),
    );
    let tip = tip(&home, true).unwrap();
    home.git(&["verify-commit", &tip]);
}

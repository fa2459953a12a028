//! The program that compares builds.

use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;

use super::{Proof, Start};
use crate::kustomize::{Kustomize, Program};
use crate::plan::Judge;

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
    Ok(match asked {
        Some(path) if path == Path::new(NONE) => None,
        Some(path) => {
            let program = Program::asked_for(&path, &start.dir).context(by)?;
            Some(Rc::new(Kustomize::new(program)))
        }
        None => Some(Rc::new(Kustomize::on_path())),
    })
}

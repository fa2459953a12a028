//! The verdict on builds in a line.

use super::layout::count;
use crate::plan::{Judged, Verdict};

/// Which program built both versions, and how many builds are the same, in a line without an end.
/// [`Judged::touched_by`] has what concerns a batch.
pub fn judged_as_line(judged: &Judged) -> String {
    let Some(by) = &judged.by else {
        return "builds are compared by flux-codemod alone; plan, diff, apply and branch also use kustomize or kubectl, if one \
                is on the PATH or given by --kustomize"
            .to_owned();
    };
    let all = judged.builds.len();
    if all == 0 {
        return format!("{by}: no Flux Kustomization builds a changed file");
    }
    let build = if all == 1 { "builds" } else { "build" };
    let mut line = format!("{by}: {} of {} {build} the same", judged.same(), count(all, "Flux Kustomization"));
    let number = |is: fn(&Verdict) -> bool| judged.builds.values().filter(|build| is(&build.verdict)).count();
    let others = [
        (number(|verdict| matches!(verdict, Verdict::Differs(_) | Verdict::Breaks(_))), "differ as their units state"),
        (number(|verdict| matches!(verdict, Verdict::Fixed)), "build only with the change"),
        (number(|verdict| matches!(verdict, Verdict::Unknown(_))), "cannot be compared"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        line.push_str(&format!(", {number} {what}"));
    }
    line
}

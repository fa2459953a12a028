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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::flux::InCluster;
    use crate::plan::{Compared, Subject, UnitId};
    use crate::repo::RepoPath;

    fn unit(name: &str) -> UnitId {
        let subject = Subject::Consumer { kustomization: RepoPath::new(name).unwrap() };
        UnitId { migration: "components", step: "switch", subject }
    }

    #[test]
    fn a_batch_has_the_verdict_on_what_it_touches() {
        let (one, other, third) = (unit("a.yaml"), unit("b.yaml"), unit("c.yaml"));
        let mut judged = Judged { by: Some("kubectl kustomize v5.8.1".to_owned()), ..Judged::default() };
        for (name, verdict, units) in [
            ("one", Verdict::Same, [&one, &other]),
            ("two", Verdict::Same, [&one, &one]),
            ("three", Verdict::Unknown("why".to_owned()), [&other, &other]),
        ] {
            let units: BTreeSet<UnitId> = units.iter().map(|unit| (*unit).clone()).collect();
            let of = InCluster { cluster: "main".to_owned(), name: format!("flux-system/{name}") };
            judged.builds.insert(of, Compared { verdict, units });
        }
        let line = |unit: &UnitId| judged_as_line(&judged.touched_by([unit]));
        assert_eq!(line(&one), "kubectl kustomize v5.8.1: 2 of 2 Flux Kustomizations build the same");
        let both = "kubectl kustomize v5.8.1: 1 of 2 Flux Kustomizations build the same, 1 cannot be compared";
        assert_eq!(line(&other), both);
        assert_eq!(line(&third), "kubectl kustomize v5.8.1: no Flux Kustomization builds a changed file");
    }
}

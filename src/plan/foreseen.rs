//! What `doctor` would say once all units have landed, and does not say now.

use super::{Finding, Severity, Unit, codes, lines};
use crate::activity::{self, Activity};
use crate::doctor;
use crate::flux::{Radiuses, View};

/// The findings of rules that are new in the tree on which all units have landed. Units that can have caused an
/// error are for review.
pub(super) fn foreseen(start: &View, end: &View, units: &mut [Unit]) -> Vec<Finding> {
    if !units.iter().any(Unit::is_able) {
        return Vec::new();
    }
    let _activity = activity::begin(Activity::Foreseeing);
    let mut found = doctor::added(start, end);
    lines::point_into(start, end, found.iter_mut());
    if found.is_empty() {
        return found;
    }
    let radiuses = Radiuses::of(end);
    for error in found.iter().filter(|finding| finding.severity == Severity::Error) {
        for number in causes(&radiuses, error, units) {
            let message = format!("{}: {}", error.code, error.message);
            let mut reason = Finding::warning(codes::WOULD_FAIL, message);
            (reason.path, reason.line) = (error.path.clone(), error.line);
            units[number].review(reason);
        }
    }
    for finding in &mut found {
        finding.message = format!("once this has landed: {}", finding.message);
    }
    found
}

/// The units that can have caused an error, by their places: those that touch its file; or else those that reach a
/// Flux Kustomization that reads it; or else all.
fn causes(radiuses: &Radiuses<'_>, error: &Finding, units: &[Unit]) -> Vec<usize> {
    let able = || units.iter().enumerate().filter(|(_, unit)| unit.is_able());
    let places = |is_cause: &dyn Fn(&Unit) -> bool| -> Vec<usize> {
        able().filter(|(_, unit)| is_cause(unit)).map(|(place, _)| place).collect()
    };
    let Some(path) = &error.path else { return places(&|_| true) };
    let touching = places(&|unit| unit.touches.contains(path));
    if !touching.is_empty() {
        return touching;
    }
    let reading = radiuses.of_file(path);
    let reaching = places(&|unit| !unit.radius.kustomizations.is_disjoint(&reading.kustomizations));
    if reaching.is_empty() { places(&|_| true) } else { reaching }
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::flux::Value;
    use crate::plan::author::testing::Planned;
    use crate::plan::author::{Objects, Rewrite, Target, Verdict};
    use crate::plan::{Impact, Meta, Phase};

    /// Has Flux Kustomizations wait for one that is not there, where they ask for it.
    struct Waits;

    static META: Meta = Meta {
        id: "waits",
        aliases: &[],
        version: 1,
        phase: Phase::of(6),
        summary: "Flux Kustomizations wait for others",
        readme: "# `waits`\n",
        codes: &[],
    };

    impl Rewrite for Waits {
        fn meta(&self) -> &'static Meta {
            &META
        }

        fn objects(&self) -> Objects {
            Objects::FLUX_KUSTOMIZATIONS
        }

        fn rewrite(&self, object: &Value, _: &Target<'_>) -> Verdict {
            let Some(name) = object.text_at(&["metadata", "annotations", "waits-for"]) else { return Verdict::Nothing };
            let mut new = object.clone();
            let list = Value::Sequence(vec![Value::mapping([("name", Value::string(name))])]);
            new.at_mut(&["spec"]).into_iter().for_each(|spec| spec.set("dependsOn", list.clone()));
            match new == *object {
                true => Verdict::Nothing,
                false => Verdict::becomes(new, "it waits").with_impact(Impact::None),
            }
        }
    }

    fn waiting(name: &str, waits_for: &str) -> String {
        format!(
            "//- apps/{name}.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
             namespace: flux-system\n  annotations:\n    waits-for: {waits_for}\nspec:\n  path: ./{name}\n  prune: true\n  \
             sourceRef:\n    kind: GitRepository\n    name: flux-system\n//- {name}/none.yaml\napiVersion: v1\nkind: ConfigMap\n\
             metadata: {{name: {name}, namespace: default}}\n"
        )
    }

    #[test]
    fn a_unit_that_makes_an_error_is_for_review() {
        let planned = Planned::of(&Waits, "", &[waiting("plex", "nothing"), waiting("emby", "plex")].concat());
        assert_eq!(
            planned.units(),
            [
                "safe none Kustomization flux-system/emby: it waits",
                "review none Kustomization flux-system/plex: it waits"
            ]
        );
        assert_eq!(planned.findings(), ["would-fail apps/plex.yaml:14"]);
        let foreseen: Vec<_> =
            planned.plan.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(foreseen.len(), 1, "{foreseen:#?}");
        assert!(foreseen[0].message.starts_with("once this has landed: flux-system/plex depends on"), "{foreseen:?}");
    }

    #[test]
    fn what_fails_now_is_no_reason() {
        let broken = waiting("plex", "emby").replace("  prune: true\n", "  prune: true\n  dependsOn: [{name: none}]\n");
        let other = broken.replace("name: flux-system\n//-", "name: none\n//-");
        let planned = Planned::of(&Waits, "", &format!("{other}{}", waiting("emby", "apps")));
        assert!(planned.units().iter().all(|unit| unit.starts_with("safe")), "{:#?}", planned.units());
    }
}

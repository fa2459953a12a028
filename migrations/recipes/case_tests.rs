//! Cases of recipes say which Flux clusters run.

use super::cases;
use super::testing::{cluster, tried};

const RECIPE: &str = "recipe: 1\nname: r\nsummary: s\noptional: true\nselect: {kind: Kustomization.kustomize.toolkit.fluxcd.io, flux: \">=2.5\"}\n\
                      do: [{set: spec.interval, to: 1h}]\n";

fn wrong(flux: &str, after: &str) -> Vec<String> {
    let text = format!(
        "- name: the interval
  flux: {flux}
  before:
{}  after: {after}
",
        cluster(", interval: 5m")
    );
    tried("r", RECIPE, &text).wrong
}

#[test]
fn clusters_run_the_flux_of_the_case() {
    assert_eq!(wrong("{cluster: 2.4.0}", "same"), [""; 0]);
    let changes = wrong("{cluster: 2.6.4}", "same");
    assert!(changes.len() == 1 && changes[0].contains("interval: 1h"), "{changes:?}");
    let unknown = wrong("{edge: 2.6.4}", "same");
    assert_eq!(unknown, ["`flux` names edge, and the clusters of `before` are cluster"]);
    let mistakes = cases("r.test.yaml", "- {name: a, before: {a: b}, after: same, flux: {x: new}}\n").unwrap_err();
    assert!(mistakes.to_string().contains("`new` is no version of Flux"), "{mistakes}");
}

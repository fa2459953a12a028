//! What app-template would delete is refused.

use super::testing::{cluster, tried};

fn codes_refused(recipe: &str, expected: &str) -> Vec<String> {
    let case = format!(
        "- name: a release of app-template
  before:
{}    kubernetes/plex.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {{name: plex, namespace: media}}
      spec:
        interval: 1h
        chart: {{spec: {{chart: app-template, version: 3.7.3, sourceRef: {{kind: HelmRepository, name: bjw-s}}}}}}
        values:
          controllers: {{main: {{containers: {{main: {{image: {{repository: plex, tag: '1'}}}}}}}}}}
          persistence:
            config: {{type: persistentVolumeClaim, accessMode: ReadWriteOnce, size: 1Gi}}
            media: {{type: emptyDir}}
  {expected}
",
        cluster("")
    );
    let recipe = format!(
        "recipe: 1\nname: r\nsummary: s\nselect: {{kind: HelmRelease.helm.toolkit.fluxcd.io}}\ndo: [{recipe}]\n"
    );
    tried("r", &recipe, &case).wrong
}

#[test]
fn a_claim_keeps_its_name() {
    let refused = "refused: [names-change]";
    let rename = "{rename-key: config, to: data, at: spec.values.persistence}";
    assert_eq!(codes_refused(rename, refused), [""; 0]);
    assert_eq!(codes_refused("{remove: spec.values.persistence.config}", refused), [""; 0]);
    assert_eq!(codes_refused("{set: spec.values.persistence.config.type, to: emptyDir}", refused), [""; 0]);
    // What becomes no object, and what does not change the name.
    for step in [
        "{rename-key: media, to: films, at: spec.values.persistence}",
        "{set: spec.values.persistence.config.size, to: 2Gi}",
    ] {
        let wrong = codes_refused(step, "after: same");
        assert!(wrong.len() == 1 && wrong[0].contains("is not as expected"), "{wrong:?}");
    }
}

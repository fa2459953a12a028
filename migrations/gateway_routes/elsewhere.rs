//! What else leads to the old proxy, or makes Ingresses for it: nothing of that is in an Ingress.

use std::collections::BTreeSet;

use super::codes;
use crate::flux::{FileView, Installed, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;
use crate::yaml::Stream;

/// A network policy.
pub(super) struct NetworkPolicy {
    pub(super) namespace: String,
    path: RepoPath,
    texts: BTreeSet<String>,
}

impl NetworkPolicy {
    /// An object that says who may reach pods, as it arrives.
    pub(super) fn of(object: &Value, namespace: String, path: &RepoPath) -> NetworkPolicy {
        let mut texts = Vec::new();
        object.texts(&mut texts);
        NetworkPolicy { namespace, path: path.clone(), texts: texts.into_iter().map(str::to_owned).collect() }
    }

    /// What there is to say if it names the pods of a proxy by a label.
    pub(super) fn naming(&self, view: &View, label: &str) -> Option<Finding> {
        if !self.texts.contains(label) {
            return None;
        }
        let line = view.file(&self.path).and_then(|file| line_with(file, label));
        let message =
            format!("{} lets in, or out, the pods of the old proxy ({label}), and not those of the Gateway", self.path);
        Some(Finding::warning(codes::PROXY_NAMED, message).at(&self.path, line))
    }
}

/// The first place in each file that names the Service of a proxy.
pub(super) fn naming(view: &View, proxy: &str) -> Vec<Finding> {
    let in_file = |(path, file): (&RepoPath, &FileView)| {
        let line = line_with(file, proxy)?;
        let message = format!("{path} names the old proxy, {proxy}: it leads nowhere after the cut");
        Some(Finding::warning(codes::PROXY_NAMED, message).at(path, line))
    };
    view.files_with(proxy).filter_map(in_file).collect()
}

fn line_with(file: &FileView, text: &str) -> Option<usize> {
    let stream = file.stream.as_ref()?;
    Some(stream.position(stream.text().find(text)?).line)
}

/// Where files have something make Ingresses of a class in the running cluster: outposts of authentik
/// in its blueprints, solvers of issuers of cert-manager.
pub(super) fn makers(view: &View, class: &str) -> Vec<Finding> {
    // authentik's outposts; cert-manager's `http01.ingress`.
    const OF_OUTPOSTS: &str = "kubernetes_ingress_class_name:";
    const OF_SOLVERS: [&str; 2] = ["ingressClassName:", "class:"];
    let is_issuer = |stream: &Stream| {
        let kinds = stream.documents().filter_map(|root| root.text_at(&["kind"]));
        kinds.into_iter().any(|kind| matches!(kind, "Issuer" | "ClusterIssuer"))
    };
    let names = |line: &str, key: &str| {
        let value = line.trim_start().trim_start_matches("- ").strip_prefix(key);
        value.is_some_and(|value| value.trim().trim_matches(['"', '\'']) == class)
    };
    let mut findings = Vec::new();
    for (path, file) in view.files_with(class) {
        let Some(stream) = file.stream.as_ref() else { continue };
        let has_solvers = is_issuer(stream);
        for (index, line) in stream.text().lines().enumerate() {
            let is_solver = has_solvers && OF_SOLVERS.iter().any(|key| names(line, key));
            if is_solver || names(line, OF_OUTPOSTS) {
                let message = format!("{path} has Ingresses of the class {class} made in the running cluster");
                findings.push(Finding::note(codes::MADE_ELSEWHERE, message).at(path, index + 1));
            }
        }
    }
    findings
}

/// What there is to say of a tunnel of Cloudflare whose targets are not in the tree.
pub(super) fn tunnel(installed: &Installed, values: &Value, path: &RepoPath) -> Option<Finding> {
    let mut texts = Vec::new();
    values.texts(&mut texts);
    let is_tunnel = texts.iter().any(|text| text.ends_with("/cloudflared"));
    let is_configured = |text: &&str| ["config.yaml", "config.yml", "--config"].iter().any(|part| text.contains(part));
    let is_remote = is_tunnel && !texts.iter().any(is_configured);
    let message = format!("the tunnel {} has no configuration here: where it leads to is not seen", installed.release);
    is_remote.then(|| Finding::note(codes::TUNNEL_ELSEWHERE, message).at(path, None))
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, INGRESS, ROUTE, traefik};
    use crate::plan::author::testing::Planned;

    /// What is beside an Ingress whose route is there.
    const BESIDE: &str = "\
//- apps/policy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: doors, namespace: apps}
spec:
  ingress:
    - from: [{podSelector: {matchLabels: {app.kubernetes.io/instance: traefik-network}}}]
//- apps/blueprint.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: blueprint, namespace: apps}
data:
  outpost: |
    config:
      kubernetes_ingress_class_name: inside
//- apps/issuer.yaml
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: acme}
spec: {acme: {solvers: [
  {http01: {ingress: {
    ingressClassName: inside
  }}}]}}
//- apps/tunnel.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: tunnel, namespace: network}
spec:
  chart: {spec: {chart: app-template, version: 4.4.0, sourceRef: {kind: HelmRepository, name: bjw-s}}}
  values: {controllers: {t: {containers: {app: {image: {repository: docker.io/cloudflare/cloudflared, tag: '1'},
    env: {TUNNEL_TOKEN: x}}}}}}
";

    /// `docs/hazards.md#g21`, and G11 for a network policy.
    #[test]
    fn g21_what_leads_to_the_old_proxy_beside_ingresses() {
        let proxy = traefik("traefik", "{ingressClass: {name: inside}, ports: {web: {redirectTo: {port: websecure}}}}");
        let list =
            "resources: [./blueprint.yaml, ./issuer.yaml, ./policy.yaml, ./proxy.yaml, ./site.yaml, ./tunnel.yaml]";
        let tree = format!(
            "//- apps/kustomization.yaml\n{list}\n//- apps/proxy.yaml\n{proxy}---\n{GATEWAY}\
             //- apps/site.yaml\n{INGRESS}---\n{ROUTE}{BESIDE}"
        );
        let planned = Planned::of(&GatewayRoutes, "", &tree);
        let place = |code: &str| {
            let of_tree = planned.plan.findings.iter().filter(|finding| finding.code.id == code);
            of_tree.map(|finding| format!("{:?} {:?}", finding.path, finding.line)).collect::<Vec<_>>()
        };
        let made = place("ingress-made-elsewhere");
        assert!(made.iter().any(|line| line.contains("apps/blueprint.yaml") && line.contains("Some(7)")), "{made:#?}");
        assert!(made.iter().any(|line| line.contains("apps/issuer.yaml") && line.contains("Some(6)")), "{made:#?}");
        assert_eq!(place("tunnel-managed-elsewhere").len(), 1);
        let cut = planned.units();
        assert!(cut.iter().any(|line| line.starts_with("review upgrade Ingress apps/site")), "{cut:#?}");
        let findings = planned.findings();
        assert!(
            findings.iter().any(|line| line.starts_with("proxy-named-elsewhere apps/policy.yaml:6")),
            "{findings:#?}"
        );
    }
}

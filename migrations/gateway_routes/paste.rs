//! The route of a chart that is not known to make one, for you to fill in and paste: what is not known here is the
//! Service.

use super::annotations::ledger;
use super::charts::any_ingress;
use super::cluster::InCluster;
use super::dressed::facts;
use super::find::Clusters;
use super::release::Maker;
use super::values::{INGRESS, ingresses};
use crate::flux::{Installed, Reach, Value};
use crate::gateway::{Changes, object, parent_refs};
use crate::plan::Severity;
use crate::yaml::New;

impl Maker<'_, '_> {
    /// The text: an HTTPRoute for each Ingress in what `rest` leaves of the values. None, if a route alone would not
    /// do (a login, a middleware, another path than `/`, a record that would come), or if clusters need different ones.
    pub(super) fn to_paste(
        &self,
        clusters: &Clusters,
        places: &[(&Reach, Installed)],
        rest: impl Fn(&Value) -> Value,
    ) -> Option<String> {
        let mut texts = places.iter().map(|(reach, installed)| {
            let values = rest(installed.object.at(&["spec", "values"])?);
            let blocks = ingresses(&values);
            let routes = blocks.iter().enumerate();
            let text: Option<String> = routes
                .map(|(number, block)| self.route_of(&clusters[reach.cluster], installed, block, number))
                .collect();
            text.filter(|text| !text.is_empty())
        });
        let first = texts.next()??;
        texts.all(|text| text.as_ref() == Some(&first)).then_some(first)
    }

    fn route_of(&self, cluster: &InCluster, installed: &Installed, block: &Value, number: usize) -> Option<String> {
        let (known, namespace) = (any_ingress(), &installed.namespace);
        let hosts = known.hosts(&Value::mapping([(INGRESS, block.clone())])).ok()?;
        let facts = facts(block, installed, hosts.clone());
        let place = facts.place(cluster, self.settings).ok()?;
        let parents = place.parents(namespace, &hosts).ok()?;
        let paths = [("/".to_owned(), "Prefix".to_owned())];
        let ledger = ledger(&facts, &place, cluster, self.settings, &paths);
        let remarks = ledger.remarks.iter().chain(&ledger.records.going);
        let asks = ledger.asked.of_unknown_route();
        let is_refused = remarks.chain(&asks).any(|remark| remark.severity == Severity::Error);
        if is_refused
            || !ledger.records.leaks.is_empty()
            || !ledger.middlewares.is_empty()
            || ledger.changes != Changes::default()
        {
            return None;
        }
        let name = match number {
            0 => installed.release.clone(),
            _ => format!("{}-{}", installed.release, number + 1),
        };
        let mut metadata = vec![("name", Value::string(&name)), ("namespace", Value::string(namespace))];
        if !ledger.kept.is_empty() {
            let kept = ledger.kept.into_iter().map(|(_, key, value)| (key, value));
            metadata.push(("annotations", Value::Mapping(kept.collect())));
        }
        let backend = Value::mapping([("name", Value::string("SERVICE")), ("port", Value::string("PORT"))]);
        let rule = Value::mapping([("backendRefs", Value::Sequence(vec![backend]))]);
        let spec = Value::mapping([
            ("parentRefs", parent_refs(&parents)),
            ("hostnames", Value::Sequence(hosts.iter().map(|host| Value::string(host)).collect())),
            ("rules", Value::Sequence(vec![rule])),
        ]);
        let route = object("HTTPRoute", Value::mapping(metadata), spec);
        let comments = [
            "SERVICE and PORT are those of the Ingress that the chart makes:",
            &format!("kubectl --namespace {namespace} describe ingress"),
        ];
        Some(format!("---\n{}", New::from(&route).document(&comments, "\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, traefik};
    use crate::plan::author::testing::Planned;

    /// What is to be pasted for a release of a chart that is not known, with such a block of an Ingress.
    fn pasted(ingress: &str) -> Option<String> {
        let release = traefik("board", &format!("{{web: {{ingress: {ingress}}}}}")).replace("traefik", "dashy");
        let class = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: inside}\n\
                     spec: {controller: k8s.io/ingress-nginx}\n";
        let before = format!(
            "//- apps/kustomization.yaml\nresources: [./board.yaml, ./gateway.yaml]\n\
             //- apps/gateway.yaml\n{GATEWAY}---\n{class}//- apps/board.yaml\n{release}"
        );
        let settings = "gateway-routes: {gateways: [{class: inside, gateway: network/internal}], annotations: {keep: [example.org/owner]}}\n";
        let planned = Planned::of(&GatewayRoutes, settings, &before);
        assert!(
            planned.findings().iter().any(|found| found.starts_with("chart-not-known")),
            "{:?}",
            planned.findings()
        );
        planned.plan.units.iter().find_map(|unit| unit.paste.clone())
    }

    #[test]
    fn a_route_is_there_to_be_filled_in() {
        let ingress = "{enabled: true, className: inside, annotations: {example.org/owner: us}, \
                       hosts: [{host: board.example.org, paths: [{path: /, pathType: Prefix}]}]}";
        let want = "\
---
# SERVICE and PORT are those of the Ingress that the chart makes:
# kubectl --namespace network describe ingress
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: board
  namespace: network
  annotations:
    example.org/owner: us
spec:
  parentRefs:
    - name: internal
      namespace: network
  hostnames:
    - board.example.org
  rules:
    - backendRefs:
        - name: SERVICE
          port: PORT
";
        assert_eq!(pasted(ingress).as_deref(), Some(want));
    }

    /// A route without it would be open, or serve something else.
    #[test]
    fn where_a_route_alone_would_not_do_there_is_none() {
        for (annotations, hosts) in [
            ("nginx.ingress.kubernetes.io/auth-url: http://login.example.org", "board.example.org"),
            ("traefik.ingress.kubernetes.io/router.middlewares: network-login@kubernetescrd", "board.example.org"),
            ("nginx.ingress.kubernetes.io/rewrite-target: /x", "board.example.org"),
            ("example.org/owner: us", "{host: board.example.org, paths: [{path: /board}]}"),
            ("example.org/owner: us", "'{{ .Values.host }}'"),
        ] {
            let ingress =
                format!("{{enabled: true, className: inside, annotations: {{{annotations}}}, hosts: [{hosts}]}}");
            assert_eq!(pasted(&ingress), None, "{ingress}");
        }
    }
}

//! What a cluster has that routes need: Gateways, ingress classes, Services, certificates.

use std::collections::{BTreeMap, BTreeSet};

use super::agreed::Hosts;
use super::annotations::PREFIXES;
use super::asked::{RoutePolicy, policies_of};
use super::classes::{Class, Controller};
use super::create::{Creation, creations};
use super::dns::Dns;
use super::elsewhere::{NetworkPolicy, naming, tunnel};
use super::proxy::{ForAll, Traefik, claims_all_gateways};
use super::service::Service;
use super::settings::GatewayRoutesSettings;
use crate::flux::{ClusterId, FileView, Installed, KustomizationId, Reach, Value, View, remote_cluster};
use crate::gateway::{Gateway, HttpRoute, Middlewares};
use crate::plan::Finding;
use crate::plan::author::arriving;
use crate::repo::RepoPath;

/// What a cluster has.
pub(super) struct InCluster {
    pub(super) id: ClusterId,
    pub(super) name: String,
    /// Gateways that it does not have, and that the configuration asks for.
    pub(super) created: Vec<Creation>,
    /// The classes of Gateways that are objects.
    pub(super) gateway_classes: BTreeSet<String>,
    /// Those of them that Traefik serves.
    pub(super) of_traefik: BTreeSet<String>,
    /// Whether something brings the custom resources of the Gateway API.
    pub(super) has_gateway_api: bool,
    /// The Secrets that something makes, by namespace and name.
    pub(super) secrets: BTreeSet<(String, String)>,
    /// The prefix of annotations for external-dns.
    pub(super) dns_prefix: &'static str,
    /// The files that make Services, by namespace and name of these.
    pub(super) makers: BTreeMap<(String, String), RepoPath>,
    pub(super) gateways: Vec<Gateway>,
    pub(super) classes: Vec<Class>,
    /// The hosts of Ingresses and of routes.
    pub(super) hosts: Hosts,
    /// The Services, by namespace and name.
    pub(super) services: BTreeMap<(String, String), Service>,
    /// For each Secret of a Certificate, by namespace and name, the hosts that it covers.
    pub(super) certificates: BTreeMap<(String, String), BTreeSet<String>>,
    /// Those of them that are copied to other namespaces, by name.
    pub(super) copied: BTreeMap<String, BTreeSet<String>>,
    /// The HTTPRoutes that are objects of their own, by namespace and name.
    pub(super) routes: BTreeMap<(String, String), Value>,
    /// The Middlewares of Traefik.
    pub(super) middlewares: Middlewares,
    /// The policies of HTTPRoutes, each with its namespace and the Flux Kustomization that applies it.
    pub(super) policies: Vec<(String, KustomizationId, RoutePolicy)>,
    /// The kinds and namespaces of objects that may name Services, each with the namespace of these.
    pub(super) grants: BTreeSet<(String, String, String)>,
    /// The releases of external-dns.
    pub(super) dns: Vec<Dns>,
    /// Who may reach pods.
    pub(super) policies_of_network: Vec<NetworkPolicy>,
    /// The Services that answer who somebody is, by namespace and name.
    pub(super) logins: BTreeSet<(String, String)>,
    /// The hosts that do, where a URL names one outside of the cluster.
    pub(super) login_hosts: BTreeSet<String>,
    /// The Traefiks that claim all Gateways of their controller, each with its file.
    pub(super) claiming: Vec<(String, RepoPath)>,
    /// The releases of Traefik.
    pub(super) traefiks: Vec<Traefik>,
    /// Tunnels whose targets are not in the tree.
    pub(super) tunnels: Vec<Finding>,
}

/// What the texts of all files say, whichever cluster applies them.
pub(super) struct InFiles {
    /// Whether something brings the custom resources of the Gateway API.
    has_gateway_api: bool,
    /// The prefix of annotations for external-dns.
    dns_prefix: &'static str,
}

impl InFiles {
    pub(super) fn of(view: &View, settings: &GatewayRoutesSettings) -> InFiles {
        let creates = settings.gateways.iter().any(|map| map.create.is_some());
        let is_in = |file: &FileView, text: &str| file.stream.as_ref().is_some_and(|read| read.text().contains(text));
        let has = |text: &str| view.files_with(text).any(|(_, file)| is_in(file, text));
        let [alpha, stable] = PREFIXES;
        // The project of the custom resources, or a chart that is named after them.
        let of_gateway_api = ["kubernetes-sigs/gateway-api", "gateway-api-crds", "gateway-crds"];
        InFiles {
            // Only what is created asks for it.
            has_gateway_api: creates && of_gateway_api.into_iter().any(has),
            dns_prefix: if has(stable) && !has(alpha) { stable } else { alpha },
        }
    }
}

impl InCluster {
    /// What files say, and nothing that is only applied.
    fn new(view: &View, id: ClusterId, files: &InFiles) -> InCluster {
        InCluster {
            id,
            name: view.graph().clusters[id].name.clone(),
            created: Vec::new(),
            gateway_classes: BTreeSet::new(),
            of_traefik: BTreeSet::new(),
            has_gateway_api: files.has_gateway_api,
            secrets: BTreeSet::new(),
            dns_prefix: files.dns_prefix,
            makers: BTreeMap::new(),
            gateways: Vec::new(),
            classes: Vec::new(),
            hosts: Hosts::default(),
            services: BTreeMap::new(),
            certificates: BTreeMap::new(),
            copied: BTreeMap::new(),
            routes: BTreeMap::new(),
            middlewares: Middlewares::default(),
            policies: Vec::new(),
            grants: BTreeSet::new(),
            dns: Vec::new(),
            policies_of_network: Vec::new(),
            logins: BTreeSet::new(),
            login_hosts: BTreeSet::new(),
            claiming: Vec::new(),
            traefiks: Vec::new(),
            tunnels: Vec::new(),
        }
    }

    pub(super) fn of(view: &View, cluster: ClusterId, settings: &GatewayRoutesSettings, files: &InFiles) -> InCluster {
        let mut found = InCluster::new(view, cluster, files);
        let reached = view.graph().each_reach();
        for (at, reach) in reached.filter(|(_, reach)| reach.cluster == cluster && !is_remote(view, reach, None)) {
            if let Some(installed) = view.installed(at, reach) {
                if !is_remote(view, reach, Some(&installed)) {
                    found.add_release(view, &installed, &at.path);
                }
                continue;
            }
            if !is_of_interest(reach) {
                continue;
            }
            let Some(mut object) = view.node(at).and_then(|root| arriving(view, root, reach)) else { continue };
            let flux = &view.graph().kustomizations[reach.kustomization];
            if reach.kind == "Middleware" && flux.object.at(&["spec", "postBuild"]).is_some() {
                object.map_text(&unescaped);
            }
            let namespace = reach.namespace.unwrap_or_default().to_string();
            let policies = policies_of(&object).into_iter();
            found.policies.extend(policies.map(|policy| (namespace.clone(), reach.kustomization, policy)));
            found.add_object(&object, namespace, &reach.name, &at.path);
        }
        for class in &mut found.classes {
            class.named = class.proxy.iter().flat_map(|proxy| naming(view, proxy)).collect();
        }
        found.created = creations(view, cluster, &found, settings);
        found
    }

    fn add_object(&mut self, object: &Value, namespace: String, name: &str, path: &RepoPath) {
        let group = object.text_at(&["apiVersion"]).unwrap_or_default();
        self.has_gateway_api |= group.starts_with("gateway.networking.k8s.io/")
            || object.text_at(&["spec", "group"]) == Some("gateway.networking.k8s.io");
        match object.text_at(&["kind"]).unwrap_or_default() {
            "Gateway" => self.gateways.extend(Gateway::of(object, &namespace)),
            "IngressClass" => self.classes.push(Class {
                name: name.to_owned(),
                controller: match object.text_at(&["spec", "controller"]).unwrap_or_default() {
                    "k8s.io/ingress-nginx" => Controller::Nginx,
                    "traefik.io/ingress-controller" => Controller::Traefik { redirects: false },
                    _ => Controller::Other,
                },
                is_default: object.text_at(&["metadata", "annotations", "ingressclass.kubernetes.io/is-default-class"])
                    == Some("true"),
                proxy: None,
                pods: None,
                named: Vec::new(),
                for_all: ForAll::default(),
            }),
            "GatewayClass" => {
                let controller = object.text_at(&["spec", "controllerName"]).unwrap_or_default();
                if controller.starts_with("traefik.io/") {
                    self.of_traefik.insert(name.to_owned());
                }
                self.gateway_classes.insert(name.to_owned());
            }
            "Secret" => drop(self.secrets.insert((namespace, name.to_owned()))),
            "ExternalSecret" => {
                let secret = object.text_at(&["spec", "target", "name"]).unwrap_or(name);
                self.secrets.insert((namespace, secret.to_owned()));
            }
            "Service" => {
                let key = (namespace, name.to_owned());
                self.makers.insert(key.clone(), path.clone());
                self.services.insert(key, Service::of(object));
            }
            "HTTPRoute" => {
                self.hosts.add_route(&HttpRoute::read(object.get("spec").unwrap_or(&Value::Null), &namespace));
                self.routes.insert((namespace, name.to_owned()), object.clone());
            }
            "Certificate" => {
                let Some(secret) = object.text_at(&["spec", "secretName"]) else { return };
                let names = object.at(&["spec", "dnsNames"]).map(Value::items).unwrap_or_default().iter();
                let common = object.text_at(&["spec", "commonName"]).map(str::to_owned);
                let names = names.filter_map(Value::text).map(str::to_owned).chain(common);
                let names: BTreeSet<String> = names.collect();
                // As emberstack's reflector and others have it.
                let annotations = object.at(&["spec", "secretTemplate", "annotations"]).map(Value::entries);
                if annotations
                    .unwrap_or_default()
                    .iter()
                    .any(|(key, _)| key.contains("reflect") || key.contains("replicat"))
                {
                    self.copied.entry(secret.to_owned()).or_default().extend(names.clone());
                }
                self.certificates.entry((namespace, secret.to_owned())).or_default().extend(names);
            }
            "Middleware" => {
                let spec = object.get("spec").cloned().unwrap_or(Value::Null);
                spec.text_at(&["forwardAuth", "address"]).into_iter().for_each(|url| self.add_login(url));
                self.middlewares.insert((namespace, name.to_owned()), spec);
            }
            "NetworkPolicy" | "CiliumNetworkPolicy" => {
                self.policies_of_network.push(NetworkPolicy::of(object, namespace, path));
            }
            "Ingress" => {
                self.hosts.add_ingress(object);
                self.add_logins(object.at(&["metadata", "annotations"]));
            }
            "IngressRoute" => self.hosts.add_ingress(object),
            "ReferenceGrant" => self.add_grant(object, &namespace),
            _ => {}
        }
    }

    fn add_grant(&mut self, object: &Value, namespace: &str) {
        let items = |key: &str| object.at(&["spec", key]).map(Value::items).unwrap_or_default();
        if items("to").iter().any(|to| to.text_at(&["kind"]) == Some("Service") && to.get("name").is_none()) {
            let of = |from: &Value, key: &str| from.text_at(&[key]).unwrap_or_default().to_owned();
            let from = items("from").iter().map(|from| (of(from, "kind"), of(from, "namespace"), namespace.to_owned()));
            self.grants.extend(from);
        }
    }

    fn add_release(&mut self, view: &View, installed: &Installed, path: &RepoPath) {
        let Some(values) = installed.object.at(&["spec", "values"]) else { return };
        let chart = view.chart_name(installed).unwrap_or_default();
        self.tunnels.extend(tunnel(installed, values, path));
        match chart {
            "external-dns" => self.dns.push(Dns::of(installed, values)),
            "app-template" => {
                let entries = values.get("ingress").map(Value::entries).unwrap_or_default();
                entries.iter().for_each(|(_, entry)| self.add_logins(entry.get("annotations")));
                self.hosts.add_release(installed, values);
                self.add_services(view, installed, path);
            }
            _ => {
                if chart == "traefik" {
                    let traefik = Traefik::of(values);
                    // Its chart makes the class.
                    self.of_traefik.extend(traefik.class.clone());
                    self.gateway_classes.extend(traefik.class.clone());
                    self.traefiks.push(traefik);
                }
                if chart == "traefik" && claims_all_gateways(values) {
                    self.claiming.push((format!("{}/{}", installed.namespace, installed.release), path.clone()));
                }
                self.add_classes(chart, installed, values);
            }
        }
    }
}

/// A text as it is once Flux has filled in variables: one dollar sign of two. What it leaves open is
/// escaped in turn, so that nobody takes it for what arrives.
fn unescaped(text: &str) -> String {
    const ESCAPED: &str = "\u{e000}";
    text.replace("$${", ESCAPED).replace("${", "$${").replace(ESCAPED, "${")
}

/// Whether an object, or what a release installs, is on another cluster than the one that applies it.
pub(super) fn is_remote(view: &View, reach: &Reach, installed: Option<&Installed>) -> bool {
    let here = view.graph().kustomizations[reach.kustomization].remote_cluster();
    match installed {
        Some(installed) => remote_cluster(&installed.object, &installed.namespace, here.as_deref()).is_some(),
        None => here.is_some(),
    }
}

fn is_of_interest(reach: &Reach) -> bool {
    let group = reach.api_version.split('/').next().unwrap_or_default();
    matches!(
        (group, reach.kind.as_str()),
        ("gateway.networking.k8s.io", "Gateway" | "GatewayClass" | "HTTPRoute" | "ReferenceGrant")
            | ("traefik.io" | "traefik.containo.us", "IngressRoute" | "Middleware")
            // Policies that authenticate, of the controllers that people use.
            | ("gateway.envoyproxy.io", "SecurityPolicy")
            | ("security.istio.io", "AuthorizationPolicy")
            | ("gateway.kgateway.dev", "TrafficPolicy")
            | ("networking.k8s.io", "Ingress" | "IngressClass" | "NetworkPolicy")
            | ("cilium.io", "CiliumNetworkPolicy")
            | ("v1", "Service" | "Secret")
            | ("external-secrets.io", "ExternalSecret")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("cert-manager.io", "Certificate")
    )
}

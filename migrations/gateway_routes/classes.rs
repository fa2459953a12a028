//! Ingress classes, and what serves them.

use std::collections::BTreeSet;

use super::cluster::InCluster;
use super::proxy::{ForAll, classes_in, pods, proxy, redirects};
use crate::flux::{Installed, Value};
use crate::plan::Finding;

/// An ingress class that something serves.
pub(super) struct Class {
    pub(super) name: String,
    pub(super) controller: Controller,
    pub(super) is_default: bool,
    /// `name.namespace` of the Service of its proxy, if that is known.
    pub(super) proxy: Option<String>,
    /// The label `app.kubernetes.io/instance` of its pods, if that is known.
    pub(super) pods: Option<String>,
    /// Where files name that Service.
    pub(super) named: Vec<Finding>,
    /// What its proxy asks of all requests.
    pub(super) for_all: ForAll,
}

/// What serves a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    /// ingress-nginx.
    Nginx,
    /// Traefik, and whether its entry point `web` redirects to TLS.
    Traefik { redirects: bool },
    /// Another one, or not known which.
    Other,
}

impl InCluster {
    /// Adds the classes that a release makes or names.
    pub(super) fn add_classes(&mut self, chart: &str, installed: &Installed, values: &Value) {
        let mut names = BTreeSet::new();
        classes_in(values, false, &mut names);
        let is_default = |default: bool| {
            let stated = [&["ingressClass", "isDefaultClass"][..], &["controller", "ingressClassResource", "default"]];
            stated.iter().find_map(|path| values.text_at(path)).map_or(default, |text| text == "true")
        };
        let controller = match chart {
            "traefik" => {
                // The chart names its class after the release (`templates/ingressclass.yaml`).
                if names.is_empty() {
                    names.insert(installed.release.clone());
                }
                Controller::Traefik { redirects: redirects(values) }
            }
            "ingress-nginx" => {
                if values.at(&["controller", "ingressClassResource", "name"]).is_none() {
                    names.insert("nginx".to_owned());
                }
                Controller::Nginx
            }
            _ => Controller::Other,
        };
        let is_default = is_default(chart == "traefik");
        let for_all = ForAll::of(chart, values);
        for_all.login.iter().for_each(|url| self.add_login(url));
        for name in names {
            self.classes.retain(|class| class.name != name || controller == Controller::Other);
            if !self.classes.iter().any(|class| class.name == name) {
                let (proxy, pods, for_all) = (proxy(chart, installed), pods(chart, installed), for_all.clone());
                self.classes.push(Class { name, controller, is_default, proxy, pods, named: Vec::new(), for_all });
            }
        }
    }
}

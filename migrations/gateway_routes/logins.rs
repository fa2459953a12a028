//! Who answers who somebody is: logins stop without it.

use super::cluster::InCluster;
use crate::flux::Value;

impl InCluster {
    /// What annotations of an Ingress name as a login.
    pub(super) fn add_logins(&mut self, annotations: Option<&Value>) {
        const URLS: [&str; 2] = ["nginx.ingress.kubernetes.io/auth-url", "nginx.ingress.kubernetes.io/auth-signin"];
        let annotations = annotations.map(Value::entries).unwrap_or_default();
        let urls = annotations.iter().filter(|(key, _)| URLS.contains(&key.as_str())).filter_map(|(_, url)| url.text());
        urls.for_each(|url| self.add_login(url));
    }

    /// Takes in who answers a URL that asks who somebody is.
    pub(super) fn add_login(&mut self, url: &str) {
        match service_of(url) {
            Some(service) => drop(self.logins.insert(service)),
            None => self.login_hosts.extend(host_of(url)),
        }
    }
}

/// The host of a URL.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', ':', '?']).next()?;
    (!host.is_empty() && !host.contains(['$', '{'])).then(|| host.to_owned())
}

/// The Service, by namespace and name, that a URL inside of the cluster leads to.
fn service_of(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', ':']).next()?;
    let mut labels = host.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    (labels.next() == Some("svc") && !namespace.is_empty()).then(|| (namespace.to_owned(), name.to_owned()))
}

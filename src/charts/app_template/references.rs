//! Which names the values refer to, by literal or by identifier
//! (`docs/app-template.md#references`).

use super::items::{as_it_is, enabled};
use super::name::Name;
use super::{Chart, Object, Section};
use crate::flux::Value;

/// A place of the values that refers to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The keys to the text, and positions in lists, from 0.
    pub path: Vec<String>,
    /// The kind of what it means; `None` where any controller would do, or the values leave it
    /// open.
    pub kind: Option<String>,
    /// What it means.
    pub to: Referent,
}

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Referent {
    /// The object of this name, of the chart or made elsewhere: it breaks where the name changes.
    Name(Name),
    /// The entry of a section with this key: it follows whatever name that has.
    Identifier(Section, String),
}

impl Reference {
    /// The object that it means, if the chart makes it.
    pub fn target<'o>(&self, objects: &'o [Object]) -> Option<&'o Object> {
        let is_it = |object: &&Object| match &self.to {
            Referent::Name(name) => object.kind == self.kind && name.is_ok() && object.name == *name,
            Referent::Identifier(section, identifier) => object.section == *section && object.identifier == *identifier,
        };
        objects.iter().find(is_it)
    }
}

/// Keys that mean an object of a kind wherever they stand: by their text, or by the `name` or
/// `identifier` in them.
const EVERYWHERE: [(&str, &str, Section); 9] = [
    ("configMapKeyRef", "ConfigMap", Section::ConfigMaps),
    ("configMapRef", "ConfigMap", Section::ConfigMaps),
    ("secretKeyRef", "Secret", Section::Secrets),
    ("secretRef", "Secret", Section::Secrets),
    ("secretName", "Secret", Section::Secrets),
    ("imagePullSecrets", "Secret", Section::Secrets),
    ("existingClaim", "PersistentVolumeClaim", Section::Persistence),
    ("claimName", "PersistentVolumeClaim", Section::Persistence),
    ("serviceAccountName", "ServiceAccount", Section::ServiceAccount),
];

impl Chart<'_> {
    /// What the values refer to. In other files of a repository, only names can be meant.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Found { chart: self, references: Vec::new() };
        found.everywhere(self.values, &mut Vec::new());
        for item in enabled(self.section(Section::Controllers)) {
            let path = ["controllers", item.identifier, "serviceAccount"];
            found.named(item.values.get("serviceAccount"), &path, Some("ServiceAccount"), Section::ServiceAccount);
        }
        found.persistence();
        found.services();
        found.routes();
        found.rbac();
        found.references
    }
}

struct Found<'a, 'v> {
    chart: &'a Chart<'v>,
    references: Vec<Reference>,
}

impl Found<'_, '_> {
    fn add(&mut self, path: &[&str], kind: Option<&str>, to: Referent) {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        self.references.push(Reference { path, kind: kind.map(str::to_owned), to });
    }

    fn literal(&mut self, value: &Value, path: &[&str], kind: Option<&str>) {
        let Some(text) = value.text().filter(|text| !text.is_empty()) else { return };
        self.add(path, kind, Referent::Name(self.chart.rendered(text)));
    }

    fn identifier(&mut self, value: Option<&Value>, path: &[&str], kind: Option<&str>, section: Section) {
        let Some(text) = value.and_then(Value::text).filter(|text| !text.is_empty()) else { return };
        let to = match as_it_is(text) {
            Ok(text) => Referent::Identifier(section, text.to_owned()),
            Err(unknown) => Referent::Name(Err(unknown)),
        };
        self.add(path, kind, to);
    }

    /// A mapping with `identifier` or `name`; the first is looked at first.
    fn named(&mut self, value: Option<&Value>, path: &[&str], kind: Option<&str>, section: Section) {
        let Some(value) = value else { return };
        if value.get("identifier").is_some() {
            self.identifier(value.get("identifier"), &[path, &["identifier"]].concat(), kind, section);
        } else if let Some(name) = value.get("name") {
            self.literal(name, &[path, &["name"]].concat(), kind);
        }
    }

    fn everywhere(&mut self, value: &Value, path: &mut Vec<String>) {
        for (key, value) in value.entries() {
            path.push(key.clone());
            if let Some((_, kind, section)) = EVERYWHERE.iter().find(|(known, ..)| known == key) {
                let keys: Vec<&str> = path.iter().map(String::as_str).collect();
                self.literal(value, &keys, Some(kind));
                self.named(Some(value), &keys, Some(kind), *section);
                for (n, item) in value.items().iter().enumerate() {
                    self.named(Some(item), &[&keys[..], &[&n.to_string()]].concat(), Some(kind), *section);
                }
            }
            if key == "envFrom" {
                self.env_from(value, path);
            }
            self.everywhere(value, path);
            path.pop();
        }
        for (n, item) in value.items().iter().enumerate() {
            path.push(n.to_string());
            self.everywhere(item, path);
            path.pop();
        }
    }

    /// The short form, `configMap: ...` or `secret: ...`: an identifier where there is one, else a
    /// name.
    fn env_from(&mut self, list: &Value, path: &[String]) {
        for (key, kind, section) in
            [("configMap", "ConfigMap", Section::ConfigMaps), ("secret", "Secret", Section::Secrets)]
        {
            let known = enabled(self.chart.section(section));
            for (n, item) in list.items().iter().enumerate() {
                let Some(value) = item.get(key) else { continue };
                let n = n.to_string();
                let at: Vec<&str> = path.iter().map(String::as_str).chain([&*n, key]).collect();
                if known.iter().any(|item| Some(item.identifier) == value.text()) {
                    self.identifier(Some(value), &at, Some(kind), section);
                } else {
                    self.literal(value, &at, Some(kind));
                }
            }
        }
    }

    fn persistence(&mut self) {
        for item in enabled(self.chart.section(Section::Persistence)) {
            let path = ["persistence", item.identifier];
            let (kind, section) = match item.values.text_at(&["type"]) {
                Some("configMap") => ("ConfigMap", Section::ConfigMaps),
                Some("secret") => ("Secret", Section::Secrets),
                _ => ("", Section::Persistence),
            };
            if !kind.is_empty() {
                self.named(Some(item.values), &path, Some(kind), section);
            }
            for (controller, _) in item.values.get("advancedMounts").map(Value::entries).unwrap_or_default() {
                let to = Referent::Identifier(Section::Controllers, controller.clone());
                self.add(&[&path[..], &["advancedMounts", controller]].concat(), None, to);
            }
        }
    }

    fn services(&mut self) {
        for (section, key) in [(Section::Service, "service"), (Section::NetworkPolicies, "networkpolicies")] {
            for item in enabled(self.chart.section(section)) {
                let path = [key, item.identifier, "controller"];
                self.identifier(item.values.get("controller"), &path, None, Section::Controllers);
            }
        }
        for item in enabled(self.chart.section(Section::ServiceMonitor)) {
            let path = ["serviceMonitor", item.identifier, "serviceName"];
            if let Some(name) = item.values.get("serviceName") {
                self.literal(name, &path, Some("Service"));
            }
            let path = ["serviceMonitor", item.identifier, "service"];
            self.named(item.values.get("service"), &path, Some("Service"), Section::Service);
        }
        for item in enabled(self.chart.section(Section::Ingress)) {
            let hosts = item.values.get("hosts").map(Value::items).unwrap_or_default();
            for (n, host) in hosts.iter().enumerate() {
                for (m, path) in host.get("paths").map(Value::items).unwrap_or_default().iter().enumerate() {
                    let at = ["ingress", item.identifier, "hosts", &n.to_string(), "paths", &m.to_string(), "service"];
                    self.named(path.get("service"), &at, Some("Service"), Section::Service);
                }
            }
        }
    }

    fn routes(&mut self) {
        let services = enabled(self.chart.section(Section::Service));
        for item in enabled(self.chart.section(Section::Route)) {
            let rules = item.values.get("rules").map(Value::items).unwrap_or_default();
            for (n, rule) in rules.iter().enumerate() {
                for (m, backend) in rule.get("backendRefs").map(Value::items).unwrap_or_default().iter().enumerate() {
                    let at = ["route", item.identifier, "rules", &n.to_string(), "backendRefs", &m.to_string()];
                    let name = backend.text_at(&["name"]);
                    // 3.x looks the name up as an identifier first.
                    let is_one = services.iter().any(|service| Some(service.identifier) == name);
                    if self.chart.version.is_before_4() && is_one {
                        let path = [&at[..], &["name"]].concat();
                        self.identifier(backend.get("name"), &path, Some("Service"), Section::Service);
                    } else {
                        let kind = backend.text_at(&["kind"]).unwrap_or("Service");
                        self.named(Some(backend), &at, Some(kind), Section::Service);
                    }
                }
            }
        }
    }

    fn rbac(&mut self) {
        for item in enabled(self.chart.section(Section::Bindings)) {
            let path = ["rbac", "bindings", item.identifier];
            let role = item.values.get("roleRef");
            let kind = role.and_then(|role| role.text_at(&["kind"]));
            self.named(role, &[&path[..], &["roleRef"]].concat(), kind, Section::Roles);
            for (n, subject) in item.values.get("subjects").map(Value::items).unwrap_or_default().iter().enumerate() {
                let n = n.to_string();
                let at = [&path[..], &["subjects", &n]].concat();
                let kind = subject.text_at(&["kind"]).unwrap_or("ServiceAccount");
                self.named(Some(subject), &at, Some(kind), Section::ServiceAccount);
            }
        }
    }
}

//! Random values of app-template with all that decides what `ingress` and `route` serve.

use proptest::prelude::*;

use super::values::{Dice, IDS, diced};

/// Each dialect that becomes routes, one between two of them, and one that does not.
const VERSIONS: [&str; 7] = ["3.7.3", "4.0.1", "4.1.0", "4.1.1", "4.6.0", "4.6.1", "3.7.2"];

const PORTS: [&str; 6] = [
    "http: {port: 80}",
    "http: {port: 80}, metrics: {port: 9090}",
    "alpha: {port: 7000}, http: {port: 80}",
    "alpha: {port: 7000}, http: {port: 80, primary: true}",
    "http: {port: 80}, metrics: {port: 9090, primary: true}",
    "alpha: {port: 7000, primary: true}, http: {port: 80, primary: true}",
];
/// Ports that are there and serve nobody.
const DISABLED_PORTS: [&str; 2] = [
    "http: {port: 80, enabled: false, primary: true}, metrics: {port: 9090}",
    "http: {port: 80, enabled: false}, web: {enabled: true, port: 80}",
];

const HOSTS: [&str; 6] = [
    "a.example.org",
    "b.example.org",
    "'{{ .Release.Name }}.example.org'",
    "'*.example.org'",
    "'A-{{- .Release.Namespace }}.example.org'",
    "a.example.com",
];

/// A release's name, its version, and its values as YAML.
pub(super) fn values() -> impl Strategy<Value = (String, (&'static str, String))> {
    diced(|dice| {
        dice.turn();
        let version = dice.seldom(30, &VERSIONS[..6], &VERSIONS[6..]);
        (version, dice.values_with_routes(version < "4"))
    })
}

impl Dice {
    /// The name that an item asks for, in the words of its version.
    fn name_asked(&mut self, is_3: bool) -> String {
        let names = match is_3 {
            true => ["nameOverride: ov, ", "nameOverride: 'n-{{ .Release.Name }}', ", "primary: true, "],
            false => ["forceRename: 'F-{{ .Release.Name }}', ", "prefix: pre, ", "suffix: '{{ .Release.Name }}', "],
        };
        self.seldom(4, &[""], &names).to_owned() + self.seldom(5, &["", "enabled: true, "], &["enabled: false, "])
    }

    /// Different keys, at least one.
    fn some_ids(&mut self, most: usize) -> Vec<&'static str> {
        let count = 1 + self.below(most);
        let mut ids: Vec<&str> = (0..count).map(|_| self.of(&IDS)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// `service` of a path: of a Service of the values, unless seldom.
    fn backend(&mut self, services: &[&str]) -> String {
        let port = self.seldom(
            30,
            &["", "port: http", "port: 80"],
            &["port: nothing", "port: '80'", "port: metrics", "port: 9090", "port: metrics"],
        );
        let service = match self.below(20) {
            1 | 3 => format!("name: {}", self.of(&["elsewhere", "'{{ .Release.Name }}'", "app", services[0]])),
            2 => self.of(&["", "identifier: nobody"]).to_owned(),
            _ => format!("identifier: {}", self.of(services)),
        };
        format!("service: {{{service}, {port}}}").replace("{, ", "{")
    }

    fn path(&mut self, services: &[&str]) -> String {
        let path = self.seldom(40, &["/", "/", "/api", "/hook/"], &["'/x(/|$)(.*)'", "'/{{ .Release.Name }}'"]);
        let kind = self.seldom(
            5,
            &["", "", "pathType: Prefix, "],
            &["pathType: Exact, ", "pathType: Exact, ", "pathType: ImplementationSpecific, "],
        );
        format!("{{path: {path}, {kind}{}}}", self.backend(services))
    }

    fn ingress(&mut self, is_3: bool, services: &[&str]) -> String {
        let host = |dice: &mut Dice| {
            let host = dice.seldom(40, &HOSTS, &["''", "'a.*.org'"]);
            let paths: Vec<_> = (0..1 + dice.below(2)).map(|_| dice.path(services)).collect();
            format!("{{host: {host}, paths: [{}]}}", paths.join(", "))
        };
        let count = [1, 1, 2, 3][self.below(4)];
        let hosts: Vec<_> = (0..count).map(|_| host(self)).collect();
        let tls =
            self.maybe(3, "tls: [{hosts: ['{{ .Release.Name }}.example.org'], secretName: '{{ .Release.Name }}-tls'}]");
        let annotations = self.maybe(3, "annotations: {a: 'x {{ .Release.Name }}'}");
        let other = self.seldom(40, &[""], &["defaultBackend: {service: {name: x, port: {number: 80}}}, "]);
        format!("{}className: internal, {tls}{annotations}{other}hosts: [{}]", self.name_asked(is_3), hosts.join(", "))
    }

    fn route(&mut self, is_3: bool, services: &[&str]) -> String {
        let host = self.seldom(2, &["old.example.org", "'{{ .Release.Name }}.example.net'"], &HOSTS);
        let id = self.of(services);
        let field = if is_3 { "name" } else { "identifier" };
        let rules = match self.below(6) {
            1 => String::new(),
            2 => "rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}]".to_owned(),
            3 => "rules: [{backendRefs: [{name: elsewhere, port: 80}]}]".to_owned(),
            4 => format!(
                "rules: [{{matches: [{{path: {{type: Exact, value: /x}}}}], backendRefs: [{{{field}: {id}, port: http}}]}}]"
            ),
            5 => format!("rules: [{{backendRefs: [{{{field}: {id}}}]}}]"),
            _ => format!("rules: [{{backendRefs: [{{{field}: {id}, port: 80}}]}}]"),
        };
        let parents = "parentRefs: [{name: internal, namespace: network}]";
        format!("{}hostnames: [{host}], {parents}, {rules}", self.name_asked(is_3))
    }

    fn values_with_routes(&mut self, is_3: bool) -> String {
        let always = if is_3 { "" } else { "global: {alwaysAppendIdentifierToResourceName: true}, " };
        let names = ["fullnameOverride: topfull, ", "global: {nameOverride: zed}, ", always];
        let global = self.seldom(6, &[""], &names);
        self.turn();
        let services = self.some_ids(3);
        let mut text = "controllers: {app: {}}, persistence: {data: {size: 1Gi}}, service: {".to_owned();
        let mut enabled = Vec::new();
        for id in &services {
            let (name, ports) = (self.name_asked(is_3), self.seldom(8, &PORTS, &DISABLED_PORTS));
            text += &format!("{id}: {{{name}controller: app, ports: {{{ports}}}}}, ");
            enabled.extend((!name.contains("enabled: false")).then_some(*id));
        }
        // Seldom any of them is meant.
        let meant = if enabled.is_empty() || self.below(10) == 1 { &services } else { &enabled };
        text += "}, ingress: {";
        self.turn();
        for id in self.some_ids(3) {
            text += &format!("{id}: {{{}}}, ", self.ingress(is_3, meant));
            self.turn();
        }
        text += "}, route: {";
        self.turn();
        let routes = if self.below(2) == 1 { self.some_ids(2) } else { Vec::new() };
        for id in routes {
            text += &format!("{}: {{{}}}, ", id.replace("app", "old"), self.route(is_3, meant));
        }
        format!("{{{global}{text}}}}}")
    }
}

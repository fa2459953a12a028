//! Random values of app-template 3.x, with all that names something.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;

/// A release's name and its values, as YAML.
pub(super) fn values() -> impl Strategy<Value = (String, String)> {
    diced(Dice::values)
}

/// A release's name, and what dice make of its values.
pub(super) fn diced<T: Debug>(values: impl Fn(&mut Dice) -> T) -> impl Strategy<Value = (String, T)> {
    // A list of numbers for each part, so that a part can become small by itself.
    vec(vec(any::<u16>(), 0..50), PARTS).prop_map(move |parts| {
        let mut dice = Dice { parts: parts.into_iter(), numbers: Vec::new().into_iter() };
        dice.turn();
        let release = dice.of(&RELEASES).to_owned();
        (release, values(&mut dice))
    })
}

/// The release, twelve sections, accounts and what is global; of 2.x, two parts for controllers and services.
const PARTS: usize = 16;
pub(super) const RELEASES: [&str; 4] =
    ["app", "foo-server", "my-media-app", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bcd"];
pub(super) const IDS: [&str; 7] = ["app", "main", "web-ui", "server", "foo-server", "config", "default"];

/// The ports of a service: the default one is never drawn at random.
const PORTS: [&str; 3] = ["a: {port: 80}", "a: {port: 81}", "a: {port: 80}, b: {port: 81, primary: true}"];

/// Numbers that decide, one after the other. When they are used up it is always the first choice:
/// the smallest values.
pub(super) struct Dice {
    parts: std::vec::IntoIter<Vec<u16>>,
    numbers: std::vec::IntoIter<u16>,
}

impl Dice {
    /// Goes on to the next part.
    pub(super) fn turn(&mut self) {
        self.numbers = self.parts.next().unwrap_or_default().into_iter();
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.numbers.next().unwrap_or(0)) % limit
    }

    pub(super) fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// Something, once in so many times.
    pub(super) fn maybe(&mut self, times: usize, text: &str) -> String {
        if self.below(times) == 1 { format!("{text}, ") } else { String::new() }
    }

    /// One of so many times a text of a second list, else one of the first.
    pub(super) fn seldom<'t>(&mut self, times: usize, texts: &[&'t str], others: &[&'t str]) -> &'t str {
        let is_other = self.below(times) == 1;
        self.of(if is_other { others } else { texts })
    }

    /// Up to three entries under different keys.
    pub(super) fn entries(&mut self, mut entry: impl FnMut(&mut Dice) -> String) -> String {
        let mut seen = Vec::new();
        let mut text = String::new();
        self.turn();
        for _ in 0..self.below(4) {
            let id = self.of(&IDS);
            if !seen.contains(&id) {
                seen.push(id);
                text += &format!("{id}: {{{}}}, ", entry(self));
            }
        }
        text
    }

    /// What names an item in 3.x, whether or not its kind knows the key, and whether it is enabled.
    fn naming(&mut self, renders: bool) -> String {
        let mut text = self.of(&["", "", "", "", "enabled: false, ", "enabled: true, "]).to_owned();
        let name = self.of(&[
            "",
            "",
            "",
            "",
            "ov",
            "-",
            "app",
            "config",
            "{{ .Release.Name }}",
            "n-{{- .Release.Namespace }}",
        ]);
        if !name.is_empty() && (renders || !name.contains('{')) {
            text += &format!("nameOverride: '{name}', ");
        }
        text += &self.maybe(8, "forceRename: 'f-{{ .Release.Name }}'");
        text += &self.maybe(8, "annotations: {a: 'x {{ .Release.Name }}', b: '{{`c`}}', d: e}");
        text + &self.maybe(4, "primary: true")
    }

    /// `identifier: ...` or `name: ...`, of something that is there or not.
    fn reference(&mut self) -> String {
        let key = self.of(&["identifier", "name"]);
        let text = match (key, self.below(4)) {
            ("name", 0) => "'{{ .Release.Name }}-x'",
            ("name", 1) => "elsewhere",
            _ => self.of(&IDS),
        };
        format!("{key}: {text}")
    }

    fn controller(&mut self) -> String {
        let account = self.of(&[
            "",
            "",
            "",
            "serviceAccount: {identifier: default}, ",
            "serviceAccount: {identifier: main}, ",
            "serviceAccount: {name: other}, ",
        ]);
        let kind = self.of(&[
            "",
            "type: deployment, ",
            "type: statefulset, ",
            "type: daemonset, ",
            "type: cronjob, ",
            "type: job, ",
        ]);
        let from = match self.below(6) {
            0 => "[{configMap: config}, {secret: main}]",
            1 => "[{configMapRef: {identifier: main}}]",
            2 => "[{secretRef: {name: '{{ .Release.Name }}-secret'}}, {configMapRef: {name: app-config}}]",
            _ => "[]",
        };
        format!("{}{account}{kind}containers: {{app: {{envFrom: {from}}}}}", self.naming(true))
    }

    fn volume(&mut self) -> String {
        let text = match self.below(8) {
            0..3 => "type: persistentVolumeClaim, ".to_owned(),
            3 => String::new(),
            4 => "existingClaim: '{{ .Release.Name }}-data', ".to_owned(),
            5 => format!("type: configMap, {}, ", self.reference()),
            6 => format!("type: secret, {}, ", self.reference()),
            _ => "type: emptyDir, ".to_owned(),
        };
        let mounts = format!("advancedMounts: {{{}: {{}}}}", self.of(&IDS));
        self.naming(false) + &text + &self.maybe(5, &mounts)
    }

    fn binding(&mut self) -> String {
        let role = self.of(&[
            "{identifier: main}",
            "{identifier: app}",
            "{kind: Role, name: z}",
            "{kind: ClusterRole, name: view}",
        ]);
        let subject = "{kind: ServiceAccount, name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}";
        let subjects = self.of(&["", "{identifier: default}", "{identifier: main}, {identifier: default}"]);
        let kind = self.of(&["RoleBinding", "ClusterRoleBinding"]);
        format!("{}type: {kind}, roleRef: {role}, subjects: [{subject}, {subjects}]", self.naming(true))
    }

    fn account(&mut self) -> String {
        let extra = self.entries(|dice| {
            dice.of(&["", "create: false", "name: n2", "create: true", "name: literal", "name: n2, create: false"])
                .to_owned()
        });
        let own =
            self.maybe(2, "create: true") + &self.maybe(4, "name: literal") + &self.maybe(6, "annotations: {a: b}");
        format!("serviceAccount: {{{own}extraServiceAccounts: {{{extra}}}}}, ")
    }

    fn values(&mut self) -> String {
        let mut text = String::new();
        // A section without entries says null, which 4.x rejects.
        let mut add = |name: &str, entries: String| match entries.as_str() {
            "" => text += &format!("{name}: null, "),
            _ => text += &format!("{name}: {{{entries}}}, "),
        };
        add("controllers", self.entries(Dice::controller));
        add(
            "service",
            self.entries(|dice| {
                format!("{}controller: {}, ports: {{{}}}", dice.naming(true), dice.of(&IDS), dice.of(&PORTS))
            }),
        );
        add(
            "ingress",
            self.entries(|dice| {
                format!(
                    "{}hosts: [{{host: h, paths: [{{path: /, service: {{{}}}}}]}}]",
                    dice.naming(true),
                    dice.reference()
                )
            }),
        );
        add(
            "route",
            self.entries(|dice| {
                let (first, second) = (dice.of(&IDS), dice.of(&["elsewhere", "app", "main"]));
                format!(
                    "{}rules: [{{backendRefs: [{{name: {first}, port: 80{}}}, {{name: {second}}}]}}]",
                    dice.naming(true),
                    dice.of(&["", ", weight: 0", ", weight: 2"])
                )
            }),
        );
        add(
            "serviceMonitor",
            self.entries(|dice| {
                let of = dice.of(&[
                    "serviceName: '{{ .Release.Name }}'",
                    "service: {identifier: main}",
                    "service: {name: app}",
                ]);
                format!("{}{of}", dice.naming(true))
            }),
        );
        add(
            "networkpolicies",
            self.entries(|dice| {
                let of = dice.of(&[
                    "controller: main",
                    "podSelector: {matchLabels: {app.kubernetes.io/component: main}}",
                    "podSelector: {}",
                ]);
                format!("{}{of}", dice.naming(true))
            }),
        );
        add("persistence", self.entries(Dice::volume));
        add("configMaps", self.entries(|dice| dice.naming(true) + "data: {a: b}"));
        // Some stand where the chart puts the token of an account.
        let secrets = self.entries(|dice| dice.naming(true) + "stringData: {a: b}");
        add("secrets", secrets.replace("default:", "default-sa-token:").replace("web-ui:", "web-ui-sa-token:"));
        add("rawResources", self.entries(|dice| dice.naming(true) + "apiVersion: x/v1, kind: Widget"));
        let roles = self.entries(|dice| {
            format!("{}{}rules: []", dice.naming(true), dice.of(&["type: Role, ", "type: ClusterRole, ", ""]))
        });
        let bindings = self.entries(Dice::binding);
        add("rbac", format!("roles: {{{roles}}}, bindings: {{{bindings}}}"));
        self.turn();
        let names = ["", "", "fullnameOverride: over-server, ", "nameOverride: zed, "];
        let always = ["", "alwaysAppendIdentifierToResourceName: true, "];
        add("global", format!("{}{}enabled: true", self.of(&always), self.of(&names)));
        text += self.of(&["", "", "fullnameOverride: topfull, ", "nameOverride: dead, "]);
        text += self.of(&["", "", "enforceServiceAccountCreation: true, "]);
        text += self.of(&["", "", "", "networkPolicy: {a: {}, b: {}}, "]);
        if self.below(3) > 0 {
            text += &self.account();
        }
        format!("{{{text}}}")
    }
}

//! What ingresses and routes serve (`docs/app-template.md#ingresses-and-routes`).

use super::*;

const VERSIONS: [&str; 5] = ["3.7.2", "3.7.3", "4.1.0", "4.1.1", "4.6.1"];

/// Two services, of which one is disabled.
const SERVICES: &str = "
service:
  web: {controller: app, ports: {admin: {port: 9}, http: {port: 80, primary: true}}}
  dead: {enabled: false, controller: app, ports: {http: {port: 81}}}";

fn shown(rules: Result<Vec<Served>, NotServed>) -> String {
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let port = |port| match port {
        Port::Number(number) => number,
        Port::Name(name) => format!("'{name}'"),
    };
    let rule =
        |rule: Served| format!("{}{} {}:{}", text(rule.host), rule.path, text(rule.service), text(rule.port.map(port)));
    match rules {
        Ok(rules) => rules.into_iter().map(rule).collect::<Vec<_>>().join(", "),
        Err(NotServed::Fails(_)) => "fails".to_owned(),
        Err(NotServed::Open(unknown)) => format!("?{:?}", unknown.why),
    }
}

fn ingress(version: &str, host: &str, path: &str) -> String {
    let values = format!("{SERVICES}\ningress: {{app: {{hosts: [{{host: '{host}', paths: [{path}]}}]}}}}");
    let values = value(&values);
    shown(Serving::of(version, "app", "media", &values).unwrap().ingress_rules())
}

fn route(version: &str, keys: &str) -> String {
    let values = value(&format!("{SERVICES}\nroute: {{app: {{hostnames: [a.b], {keys}}}}}"));
    shown(Serving::of(version, "app", "media", &values).unwrap().route_rules())
}

#[test]
fn backends_of_an_ingress() {
    // The columns: 3.7 and 4.x.
    for (path, wanted) in [
        ("{path: /}", ["fails", "a.b/ app:80"]),
        ("{path: /, service: {port: 7}}", ["a.b/ -:-", "a.b/ app:7"]),
        ("{path: /, service: {identifier: web}}", ["a.b/ app:80"; 2]),
        ("{path: /, service: {identifier: web, port: admin}}", ["a.b/ app:9"; 2]),
        ("{path: /, service: {identifier: web, port: other}}", ["a.b/ app:-"; 2]),
        ("{path: /, service: {identifier: dead}}", ["a.b/ app:81", "fails"]),
        ("{path: /, service: {identifier: none}}", ["fails"; 2]),
        ("{path: /, service: {name: x}}", ["a.b/ x:0"; 2]),
        ("{path: /, service: {name: x, port: http}}", ["a.b/ x:-", "fails"]),
        ("{path: /, service: {name: x, identifier: web, port: http}}", ["a.b/ x:80"; 2]),
        ("{service: {identifier: web}}", ["fails"; 2]),
    ] {
        let wanted = [wanted[0], wanted[0], wanted[1], wanted[1], wanted[1]];
        assert_eq!(VERSIONS.map(|version| ingress(version, "a.b", path)), wanted, "{path}");
    }
}

#[test]
fn hosts_are_rendered_and_keep_their_variables() {
    for (host, wanted) in [
        ("{{ .Release.Name }}.b", "app.b/ app:80"),
        ("a.${DOMAIN}", "a.${DOMAIN}/ app:80"),
        ("{{ .Release.Name }}.${DOMAIN}", "?Variable"),
        ("{{ .Values.host }}", "?Template"),
    ] {
        assert_eq!(ingress("4.6.1", host, "{path: /}"), wanted, "{host}");
    }
}

#[test]
fn backends_of_a_route() {
    let [other, short] = ["a.b/ -:7", "a.b/ -:-"];
    for (keys, wanted) in [
        ("rules: []", ["", "", "", "a.b/ app:80", "a.b/ app:80"]),
        ("rules: [{}]", [short; 5]),
        (
            "rules: [{backendRefs: [{name: web}]}]",
            ["a.b/ app:80", "a.b/ app:80", "a.b/ web:-", "a.b/ web:-", "a.b/ web:-"],
        ),
        (
            "rules: [{backendRefs: [{name: web, port: 7}]}]",
            ["a.b/ app:80", "a.b/ app:7", "a.b/ web:7", "a.b/ web:7", "a.b/ web:7"],
        ),
        (
            "rules: [{backendRefs: [{identifier: web, port: 7}]}]",
            [other, other, "a.b/ app:7", "a.b/ app:7", "a.b/ app:7"],
        ),
        (
            "rules: [{backendRefs: [{identifier: web, port: admin}]}]",
            ["a.b/ -:'admin'", "a.b/ -:'admin'", "a.b/ app:'admin'", "a.b/ app:'admin'", "a.b/ app:9"],
        ),
        ("rules: [{backendRefs: [{identifier: dead, port: 7}]}]", [other, other, "fails", "fails", "fails"]),
        ("parentRefs: [{name: gate}]", ["fails"; 5]),
        ("rules: [{filters: [{type: RequestRedirect}]}]", [short; 5]),
        ("rules: [{filters: [{type: RequestRedirect}], backendRefs: [{name: x, port: 1}]}]", ["fails"; 5]),
        ("rules: [{matches: [{path: {value: /x}}, {path: {value: /y}}]}]", ["a.b/x -:-, a.b/y -:-"; 5]),
    ] {
        assert_eq!(VERSIONS.map(|version| route(version, keys)), wanted, "{keys}");
    }
}

#[test]
fn other_versions_are_not_known() {
    for version in ["2.6.0", "3.6.1", "4.x", "x"] {
        assert!(Serving::of(version, "app", "media", &Value::Null).is_none(), "{version}");
    }
}

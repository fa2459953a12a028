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
        ("{{ .Release.Name }}.${DOMAIN}", "app.${DOMAIN}/ app:80"),
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

/// What entries of `ingress` become, and what routes that are there need.
fn routed(version: &str, ingress: &str, route: &str) -> String {
    let values = value(&format!("{SERVICES}\ningress: {ingress}\nroute: {route}"));
    let serving = Serving::of(version, "app", "media", &values).unwrap();
    let routed = match serving.routed(&values) {
        Ok(routed) => routed,
        Err(not) => return format!("{:?}", not.why),
    };
    let mut after = values.clone();
    let mut shown = Vec::new();
    for (key, field, text) in &routed.kept {
        after.set_at(&["route", key, field], Value::string(text));
        shown.push(format!("{key}.{field}={text}"));
    }
    for new in &routed.routes {
        let route = new.value(&Value::Null, Vec::new());
        shown.push(format!("{}={}", new.key, route.to_flow().replace('"', "")));
        after.set_at(&["route", &new.key], route);
    }
    assert!(serving.is_served_by(&serving.with(&after)));
    shown.join("; ")
}

#[test]
fn a_route_names_service_and_port() {
    let one = "{app: {hosts: [{host: a.b, paths: [{path: /, service: {identifier: web}}]}]}}";
    for (version, wanted) in [
        ("3.7.2", "ChartTooOld"),
        ("3.7.3", "app={hostnames: [a.b], rules: [{backendRefs: [{name: web, port: 80}]}]}"),
        ("5.1.0", "app={hostnames: [a.b], rules: [{backendRefs: [{identifier: web, port: 80}]}]}"),
    ] {
        assert_eq!(routed(version, one, "{}"), wanted, "{version}");
    }
    for (path, wanted) in [
        ("{path: /, service: {identifier: dead}}", "BackendNotFound"),
        ("{path: /, service: {identifier: web, port: 7}}", "BackendPortUnknown"),
        ("{path: /x, pathType: ImplementationSpecific, service: {identifier: web}}", "PathTypeImplementation"),
        ("{path: '/x(/|$)(.*)', service: {identifier: web}}", "PathPattern"),
    ] {
        let ingress = format!("{{app: {{hosts: [{{host: a.b, paths: [{path}]}}]}}}}");
        assert_eq!(routed("4.6.1", &ingress, "{}"), wanted, "{path}");
    }
}

#[test]
fn routes_that_are_there_keep_their_names() {
    let one = "{ui: {hosts: [{host: a.b, paths: [{path: /, service: {identifier: web}}]}]}}";
    let other = "{old: {hostnames: [o.b], rules: [{backendRefs: [{name: x, port: 1}]}]}}";
    let new = "ui={hostnames: [a.b], rules: [{backendRefs: [{identifier: web, port: 80}]}]}";
    assert_eq!(
        routed("4.6.1", &one.replace("ui", "app"), other),
        "RouteNameTaken",
        "it would be named as the release is"
    );
    assert_eq!(routed("4.6.1", one, other), format!("old.forceRename={{{{ .Release.Name }}}}; {new}"));
    for named in ["suffix: s", "prefix: p"] {
        let named = other.replace("{old: {", &format!("{{old: {{{named}, "));
        assert_eq!(routed("4.6.1", one, &named), "RouteNameMoves", "4.x rejects `forceRename` beside it");
    }
    let same = "{web: {hostnames: [a.b], rules: [{backendRefs: [{identifier: web}]}]}}";
    assert_eq!(routed("4.6.1", one, same), "", "it is done");
    let differs = "{web: {hostnames: [a.b], rules: [{backendRefs: [{identifier: web, port: 9}]}]}}";
    assert_eq!(routed("4.6.1", one, differs), "RouteDiffers");
    assert_eq!(routed("4.6.1", one, &differs.replace("{web", "{ui")), "RouteDiffers");
    assert_eq!(routed("4.6.1", one, &other.replace("{old", "{ui")), "RouteKeyTaken");
}

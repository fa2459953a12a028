//! Routes that lead nowhere.

use super::*;

#[test]
fn a_route_without_rules() {
    let silent = |services: &str| format!("{{service: {services}, route: {{r: {{hostnames: [a.b]}}}}}}");
    let one = silent("{web: {ports: {http: {port: 80}}}, dead: {enabled: false}}");
    for version in ["3.7.3", "4.0.1", "4.1.0"] {
        let none = "route.r: it has no rules, and before 4.1.1 the chart adds none";
        assert_eq!(flaws(version, &one), [none], "{version}");
    }
    fine(&["4.1.1", "4.6.2", "5.1.0"], &one);
    let two = silent("{web: {}, other: {}}");
    let several = "route.r: it has no rules, and of 2 Services the chart chooses none";
    assert_eq!(flaws("4.6.2", &two), [several]);
    let none = "route.r: it has no rules, and the release has no Service";
    assert_eq!(flaws("4.6.2", &silent("{}")), [none]);
    fine(&["5.1.0"], &two);
    fine(&["4.6.2"], &silent("{web: {}, other: {enabled: '${OTHER}'}}"));
    fine(&["3.7.3", "4.6.2"], &two.replace("hostnames: [a.b]", "enabled: false"));
    fine(&["3.7.3", "4.6.2"], &two.replace("hostnames: [a.b]", "kind: TCPRoute"));
}

#[test]
fn a_rule_without_backends() {
    let rule = |rule: &str| format!("{{service: {{web: {{}}}}, route: {{r: {{rules: [{rule}]}}}}}}");
    let message = "route.r.rules.0: its rule has neither backendRefs nor filters";
    for version in ["3.7.3", "4.6.2"] {
        assert_eq!(flaws(version, &rule("{}")), [message]);
        assert_eq!(flaws(version, &rule("{backendRefs: [], filters: []}")), [message]);
    }
    fine(&["3.7.3", "4.6.2"], &rule("{filters: [{type: RequestRedirect}]}"));
    fine(&["5.1.0"], &rule("{}"));
}

#[test]
fn a_port_that_a_service_does_not_have() {
    let backend = |backend: &str| {
        format!(
            "{{service: {{web: {{ports: {{http: {{port: 80}}, admin: {{port: 9, enabled: false}}}}}}, \
             open: {{ports: {{http: {{port: '{{{{ .Values.x }}}}'}}}}}}}}, route: {{r: {{rules: [{{backendRefs: [{backend}]}}]}}}}}}"
        )
    };
    let port = |why: &str| [format!("route.r.rules.0.backendRefs.0.port: {why}")];
    let by_identifier = |more: &str| backend(&format!("{{identifier: web, {more}}}"));
    for version in ["4.0.1", "4.6.2", "5.1.0"] {
        assert_eq!(flaws(version, &by_identifier("port: 81")), port("Service web has no port 81, only 80"));
        assert_eq!(flaws(version, &by_identifier("port: 9")), port("Service web has no port 9, only 80"));
    }
    let handed_on = "before 4.6.1 the chart hands on the name http, and the port of a backend is a number";
    assert_eq!(flaws("4.6.0", &by_identifier("port: http")), port(handed_on));
    assert_eq!(flaws("4.6.1", &by_identifier("port: https")), port("Service web has no port https"));
    fine(&["4.6.1", "5.1.0"], &by_identifier("port: http"));
    for fine_port in ["port: 80", "port: '80'", "port: '${PORT}'", "namespace: home, port: 81", "weight: 1"] {
        fine(&["4.0.1", "4.6.2", "5.1.0"], &by_identifier(fine_port));
    }
    fine(&["4.6.2"], &backend("{identifier: open, port: 81}"));
    fine(&["4.6.2"], &backend("{name: out, kind: Backend, group: gateway.envoyproxy.io}"));
    // In 3.x a name is a key first, and before 3.7.3 the default port counts.
    let by_name = |more: &str| backend(&format!("{{name: web, {more}}}"));
    assert_eq!(flaws("3.7.3", &by_name("port: 81")), port("Service web has no port 81, only 80"));
    fine(&["3.7.2"], &by_name("port: 81"));
    fine(&["3.7.3"], &by_name("port: 80"));
    let unnamed =
        "route.r.rules.0.backendRefs.0.identifier: before 4.0 the chart knows no identifier, and renders no name";
    assert_eq!(flaws("3.7.3", &by_identifier("port: 80")), [unnamed]);
    // What the chart takes as it is.
    for (more, why) in
        [("", "a backend by name needs a port"), ("port: http", "the port of a backend is a number, not http")]
    {
        assert_eq!(flaws("3.7.3", &backend(&format!("{{name: other, {more}}}"))), port(why));
    }
    fine(&["3.7.3"], &backend("{name: other, port: 80}"));
}

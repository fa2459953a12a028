use super::*;
use crate::gateway::testing::value;

#[test]
fn matches_have_only_what_narrows() {
    let matches = |text| Router::of_match(text).unwrap().matches();
    assert_eq!(matches("Host(`a.example.org`)"), []);
    assert_eq!(matches("Host(`a.example.org`) && PathPrefix(`/`)"), []);
    assert_eq!(
        matches("Host(`a.example.org`) && Path(`/x`) && Method(`get`) && Header(`X-A`, `1`) && Query(`q`, `2`)"),
        [value(
            "path: {type: Exact, value: /x}\nheaders: [{name: X-A, value: '1'}]\n\
             queryParams: [{name: q, value: '2'}]\nmethod: GET\n"
        )]
    );
    assert_eq!(matches("PathPrefix(`/x`)"), [value("path: {type: PathPrefix, value: /x}")]);
    assert_eq!(matches("Method(`POST`)"), [value("method: POST")]);
}

#[test]
fn a_rule_in_another_syntax_is_refused() {
    let read = |text| Router::of_rule(&value(text)).map_err(|refusal| (refusal.kind, refusal.message));
    let plain = read("{kind: Rule, syntax: v3, match: 'Host(`a.example.org`)'}").unwrap();
    assert_eq!(plain.hosts, ["a.example.org"]);
    for (text, said) in [
        ("{kind: Rule, syntax: v2, match: 'Host(`a.example.org`)'}", "the rule has the syntax v2, and only v3 is read"),
        ("{kind: Route, match: 'Host(`a.example.org`)'}", "the kind of the rule is Route, and only Rule is read"),
        ("{kind: Rule}", "the rule has no match"),
    ] {
        assert_eq!(read(text), Err((RefusalKind::MatchNotRead, said.to_owned())), "{text}");
    }
}

#[test]
fn a_star_is_the_whole_first_label_of_a_host() {
    let kind = |host| host_of_route(host).map_err(|refusal| refusal.kind);
    for host in ["a.example.org", "a.${DOMAIN}", "{{ .Release.Name }}.example.org"] {
        assert_eq!(kind(host), Ok(None), "{host}");
    }
    let note = kind("*.example.org").unwrap().unwrap();
    assert_eq!(note.kind, NoteKind::WildcardWider);
    assert_eq!(note.message, "*.example.org takes a.b.example.org, too: on an Ingress the star is one label");
    for host in ["*", "*.", "a.*.example.org", "a*.example.org", "*.*.example.org"] {
        assert_eq!(kind(host), Err(RefusalKind::HostWildcard), "{host}");
    }
    assert_eq!(kind(""), Err(RefusalKind::HostEmpty));
}

#[test]
fn the_shapes_of_rules_are_read() {
    let read = |text| Router::of_match(text).unwrap();
    let host = read("Host(`a.example.org`) && PathPrefix(`/`)");
    assert_eq!(host, Router { hosts: vec!["a.example.org".to_owned()], ..Router::default() });
    for text in [
        "Host(`a.example.org`, `b.example.org`)",
        "(Host(`a.example.org`) || Host(`b.example.org`))",
        "( Host(\"a.example.org\")||Host(`b.example.org`) )&&PathPrefix(`/`)",
        "PathPrefix(`/`) &&\n  (Host(`a.example.org`) || Host(`b.example.org`, `a.example.org`))\n",
    ] {
        assert_eq!(read(text).hosts, ["a.example.org", "b.example.org"], "{text}");
        assert_eq!(read(text).path, None, "{text}");
    }
    assert_eq!(read("Host(`a.${SECRET_DOMAIN}`)").hosts, ["a.${SECRET_DOMAIN}"]);
    assert_eq!(read("Host(`${HOST:=a}`)").hosts, ["${HOST:=a}"]);
    assert_eq!(read("PathPrefix(`/x`)").hosts, [""; 0]);
    let headers = read("Host(`a.example.org`) && Header(`X-A`, `1`) && Header(`X-B`, `2`)").headers;
    assert_eq!(headers, [("X-A".to_owned(), "1".to_owned()), ("X-B".to_owned(), "2".to_owned())]);
}

#[test]
fn everything_else_is_refused_with_its_place() {
    let read = |text: &str| Router::of_match(text).map_err(|refusal| (refusal.kind, refusal.message));
    let those = "is not a condition of an HTTPRoute; Host, Path, PathPrefix, Method, Header and Query of one value are";
    for (text, said) in [
        ("", "column 1 of the match: a condition like Host(`a`) is expected, and there is nothing"),
        ("HostRegexp(`.+`)", &format!("column 1 of the match: HostRegexp(`.+`) {those}")),
        ("Host(`a.b`) && ClientIP(`10.0.0.0/8`)", &format!("column 16 of the match: ClientIP(`10.0.0.0/8`) {those}")),
        ("Host(`a.b`) && Query(`q=1`)", &format!("column 16 of the match: Query(`q=1`) {those}")),
        ("Host(`a.b`) && Query(`q`)", &format!("column 16 of the match: Query(`q`) {those}")),
        ("Host(`a.b`) && PathPrefix(`/a`, `/b`)", &format!("column 16 of the match: PathPrefix(`/a`, `/b`) {those}")),
        ("Host(`a.b`) && Headers(`X`, `1`)", &format!("column 16 of the match: Headers(`X`, `1`) {those}")),
        ("Host(`a.b`) && Header(`Host`, `c`)", &format!("column 16 of the match: Header(`Host`, `c`) {those}")),
        ("Host(`a.b`) && Header(`a b`, `c`)", &format!("column 16 of the match: Header(`a b`, `c`) {those}")),
        ("HostSNI(`*`)", &format!("column 1 of the match: HostSNI(`*`) {those}")),
        ("host(`a.b`)", &format!("column 1 of the match: host(`a.b`) {those}")),
        ("!Host(`a.b`)", "column 1 of the match: a condition like Host(`a`) is expected, and there is !Host("),
        (
            "Host(`a.b`) || Host(`c.d`)",
            "column 13 of the match: only hosts can be joined by ||, in parentheses: (Host(`a`) || Host(`b`))",
        ),
        ("(Host(`a.b`) && Path(`/x`)) && Method(`GET`)", "column 14 of the match: ) is expected"),
        (
            "Host(`a.b`) && (Path(`/x`) || Path(`/y`))",
            "column 17 of the match: only hosts can be in parentheses: (Host(`a`) || Host(`b`))",
        ),
        ("Host(`a.b`) && Host(`c.d`)", "column 16 of the match: Host is there twice"),
        ("Path(`/x`) && PathPrefix(`/`)", "column 15 of the match: a path is there twice"),
        ("Method(`GET`) && Method(`PUT`)", "column 18 of the match: Method is there twice"),
        ("Method(`PURGE`)", "column 1 of the match: PURGE is no method of the Gateway API"),
        ("Header(`X`, `1`) && Header(`x`, `2`)", "column 21 of the match: x: it is there twice"),
        ("Query(`q`, ``)", "column 1 of the match: q: the Gateway API takes no empty name and no empty value"),
        ("Host(`a.b`) Path(`/x`)", "column 13 of the match: && is expected"),
        ("Host(`a.b`)\n&& Path(`/x`)", "column 12 of the match: && is expected"),
        ("Host(`a.b`) &&", "column 15 of the match: a condition like Host(`a`) is expected, and there is nothing"),
        ("Host()", "column 6 of the match: a text in ` or \" is expected"),
        ("Host('a.b')", "column 6 of the match: a text in ` or \" is expected"),
        ("Host(`a.b)", "column 6 of the match: the text does not end"),
        ("Path(\"/a\\tb\")", "column 6 of the match: escapes and line breaks in texts are not read"),
    ] {
        assert_eq!(read(text), Err((RefusalKind::MatchNotRead, said.to_owned())), "{text}");
    }
    for host in
        ["A.example.org", "*.example.org", "a_b.example.org", "10.0.0.1", "a.example.org.", "a..b", "-a.b", "${X"]
    {
        let said = format!("column 1 of the match: `{host}` is no host of the Gateway API, whose letters are small");
        assert_eq!(read(&format!("Host(`{host}`)")), Err((RefusalKind::MatchNotRead, said)), "{host}");
    }
    assert_eq!(read("PathPrefix(`/${APP}`)").unwrap_err().0, RefusalKind::PathPattern);
    let many: Vec<_> = (0..17).map(|n| format!("Header(`X-{n}`, `1`)")).collect();
    let (_, message) = read(&many.join(" && ")).unwrap_err();
    assert!(message.ends_with("X-16: there are more than 16 of its kind"), "{message}");
}

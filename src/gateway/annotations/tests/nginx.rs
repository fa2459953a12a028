//! What annotations of nginx change in a route.

use super::*;
use crate::gateway::PathKind;
use crate::gateway::testing::value;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn g12_defaults_that_differ_are_listed_with_their_value() {
    let around = Around::default();
    let listed = |around: &Around, name: &str, value: &str| {
        let ledger = around.ledger(&[(&format!("{NGINX}/{name}"), value)]);
        let Fate::Listed { note, review } = ledger.lines[0].2.clone() else { panic!("{ledger:?}") };
        assert_eq!(note, Note::new(NoteKind::DefaultDiffers, format!("{NGINX}/{name}: {value}")));
        assert_eq!(review, ledger.wants_review());
        review
    };
    assert!(!listed(&around, "proxy-body-size", "0"));
    for (value, review) in
        [("15", false), ("16", true), ("1800s", true), ("1h", true), ("900ms", false), ("0", true), ("long", true)]
    {
        assert_eq!(listed(&around, "proxy-read-timeout", value), review, "{value}");
    }
    let with_policy = Around { has_timeout_policy: true, ..Around::default() };
    assert!(!listed(&with_policy, "proxy-read-timeout", "1h"));
}

#[test]
fn redirections_of_nginx_become_filters() {
    let redirect = |name: &str, url: &str| Around::default().change(name, url);
    let filter =
        |text: &str| Ok(Change::Filter(value(&format!("{{type: RequestRedirect, requestRedirect: {{{text}}}}}"))));
    let full = "path: {type: ReplaceFullPath, replaceFullPath: /x}";
    assert_eq!(
        redirect("permanent-redirect", "https://b.example.org/x"),
        filter(&format!("scheme: https, hostname: b.example.org, {full}, statusCode: 301"))
    );
    assert_eq!(
        redirect("temporal-redirect", "http://b.example.org:8080$request_uri"),
        filter("scheme: http, hostname: b.example.org, port: 8080, statusCode: 302")
    );
    assert_eq!(
        redirect("permanent-redirect", "https://b.example.org:443"),
        filter(
            "scheme: https, hostname: b.example.org, path: {type: ReplaceFullPath, replaceFullPath: /}, statusCode: 301"
        )
    );
    for url in [
        "/x",
        "https://$host/x",
        "https://b.example.org/x?y=1",
        "https://b.example.org/a$request_uri",
        "{{ .Values.x }}",
        "https://b:0/",
    ] {
        assert_eq!(redirect("permanent-redirect", url).unwrap_err().kind, RefusalKind::AnnotationNotKnown, "{url}");
    }
    assert_eq!(
        redirect("upstream-vhost", "b.example.org"),
        Ok(Change::Filter(value("{type: URLRewrite, urlRewrite: {hostname: b.example.org}}")))
    );
    assert_eq!(redirect("upstream-vhost", "$host").unwrap_err().kind, RefusalKind::AnnotationNotKnown);
    let Ok(Change::Rule(rule)) = redirect("app-root", "/web") else { panic!("no rule") };
    assert_eq!(
        rule.to_value(),
        value(
            "matches: [{path: {type: Exact, value: /}}]\n\
             filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /web}, statusCode: 302}}]\n"
        )
    );
    assert_eq!(
        redirect("server-alias", "b.example.org, *.c.example.org"),
        Ok(Change::Hosts(texts(&["b.example.org", "*.c.example.org"])))
    );
    assert_eq!(redirect("server-alias", "~^a.+$").unwrap_err().kind, RefusalKind::HostWildcard);
}

#[test]
fn one_form_of_rewrite_target_has_an_equal() {
    let with = |paths: &[(&str, &str)]| Around {
        paths: paths.iter().map(|(path, kind)| ((*path).to_owned(), (*kind).to_owned())).collect(),
        ..Around::default()
    };
    let two = with(&[("/api(/|$)(.*)", "ImplementationSpecific"), ("/web(/|$)(.*)", "Prefix")]);
    let filter = value("{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}");
    let path = |path: &str| (PathMatch::new(PathKind::Prefix, path).unwrap(), filter.clone());
    assert_eq!(two.change("rewrite-target", "/$2"), Ok(Change::Paths(vec![path("/api"), path("/web")])));
    let both = [(&*format!("{NGINX}/rewrite-target"), "/$2"), (&format!("{NGINX}/use-regex"), "true")];
    assert_eq!(two.ledger(&both).counts(), [("filters", 1), ("used", 1)].into());
    for (paths, target) in [
        (&[("/api(/|$)(.*)", "ImplementationSpecific")][..], "/$1"),
        (&[("/api(/|$)(.*)", "ImplementationSpecific")], "/"),
        (&[("/api", "Prefix")], "/"),
        (&[("/api(/|$)(.*)", "Exact")], "/$2"),
        (&[("/a.+(/|$)(.*)", "ImplementationSpecific")], "/$2"),
        (&[("/api(/|$)(.*)", "ImplementationSpecific"), ("/", "Prefix")], "/$2"),
        (&[], "/$2"),
    ] {
        let refused = with(paths).change("rewrite-target", target).unwrap_err();
        assert_eq!(refused.kind, RefusalKind::PathPattern, "{paths:?} {target}");
    }
}

#[test]
fn changes_are_gathered_and_never_two_rewrites_of_one_rule() {
    let around = Around::default();
    let keys =
        ["app-root", "server-alias", "permanent-redirect", "upstream-vhost"].map(|name| format!("{NGINX}/{name}"));
    let annotations = [(&*keys[0], "/web"), (&keys[1], "b.example.org"), (&keys[2], "https://c.example.org")];
    let changes = around.ledger(&annotations).changes().unwrap();
    assert_eq!((changes.hosts, changes.filters.len()), (texts(&["b.example.org"]), 1));
    assert!(changes.replaces_backend && changes.first.is_some() && changes.paths.is_none());
    let two = around.ledger(&[annotations[2], (&keys[3], "d.example.org")]);
    assert_eq!(two.changes().unwrap_err().kind, RefusalKind::AnnotationNotKnown);
    let none = around.ledger(&[("gethomepage.dev/name", "A")]);
    assert_eq!(none.changes(), Ok(Changes::default()));
    assert!(!none.wants_review());
}

#[test]
fn annotations_of_another_controller_change_nothing() {
    let traefik = Around { controller: Some(Controller::Traefik), ..Around::default() };
    for name in ["rewrite-target", "permanent-redirect", "app-root", "upstream-vhost", "server-alias", "use-regex"] {
        assert_eq!(traefik.fate(&format!("{NGINX}/{name}"), "/x"), Err(RefusalKind::AnnotationNotKnown), "{name}");
    }
    assert_eq!(traefik.fate(&format!("{NGINX}/auth-url"), "http://auth"), Err(RefusalKind::AuthWouldBeLost));
    let nginx = Around { controller: Some(Controller::Nginx), ..Around::default() };
    assert_eq!(nginx.fate(&format!("{TRAEFIK}/router.middlewares"), "a@file"), Err(RefusalKind::AnnotationNotKnown));
}

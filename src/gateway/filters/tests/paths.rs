//! Redirections and rewrites.

use super::*;
use crate::gateway::PathKind;

fn prefix(path: &str) -> Option<PathMatch> {
    Some(PathMatch::new(PathKind::Prefix, path).unwrap())
}

#[test]
fn redirect_scheme_is_nothing_on_https_and_a_redirection_on_http() {
    let spec = "{redirectScheme: {scheme: https, permanent: true}}";
    assert_eq!(Route::default().one(spec), Ok(value("[]")));
    let http = Route { listens: Listens::Http, ..Route::default() };
    let made = http.filters(&format!("m: {spec}"), "network-m@kubernetescrd").unwrap();
    assert!(made.replaces_backend);
    assert_eq!(made.filters, [value("{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}")]);
    let with_port = http.one("{redirectScheme: {scheme: https, port: '8443'}}").unwrap();
    assert_eq!(
        with_port,
        value("[{type: RequestRedirect, requestRedirect: {scheme: https, port: 8443, statusCode: 302}}]")
    );
    let both = Route { listens: Listens::Both, ..Route::default() };
    assert_eq!(both.refused(spec), RefusalKind::MiddlewareNotConverted);
    for other in
        ["{redirectScheme: {scheme: http}}", "{redirectScheme: {scheme: https, port: '8443'}}", "{redirectScheme: {}}"]
    {
        assert_eq!(Route::default().refused(other), RefusalKind::MiddlewareNotConverted, "{other}");
    }
}

#[test]
fn a_route_of_both_that_redirects_belongs_on_https() {
    let specs = "chain: {chain: {middlewares: [{name: zip}, {name: https}]}}\nzip: {compress: {}}\n\
                 https: {redirectScheme: {scheme: https, port: '443'}}\nport: {redirectScheme: {scheme: https, port: '8443'}}\n";
    let redirects = |route: &Route, name: &str| {
        route.asked(specs, &format!("network-{name}@kubernetescrd"), redirects_to_https).unwrap()
    };
    let both = Route { listens: Listens::Both, ..Route::default() };
    assert!(redirects(&both, "https") && redirects(&both, "chain"));
    assert!(!redirects(&both, "zip") && !redirects(&both, "port"));
    let dropped = Route::configured("network-https@kubernetescrd", Configured::Drop("no".to_owned()));
    assert!(!redirects(&dropped, "chain"));
}

#[test]
fn redirect_regex_of_the_only_host_is_a_redirection_without_backend() {
    let regex = |regex: &str, replacement: &str| {
        format!("{{redirectRegex: {{regex: '{regex}', replacement: '{replacement}', permanent: true}}}}")
    };
    let redirect =
        |to: &str| value(&format!("[{{type: RequestRedirect, requestRedirect: {{{to}, statusCode: 301}}}}]"));
    let apex = redirect("scheme: https, hostname: example.org");
    let flux = Route { substitutes: true, ..Route::default() };
    assert_eq!(flux.one(&regex("^https://www\\.example\\.org/(.*)", "https://example.org/$${1}")), Ok(apex.clone()));
    assert_eq!(
        flux.refused(&regex("^https://www\\.example\\.org/(.*)", "https://example.org/${1}")),
        RefusalKind::MiddlewareNotConverted
    );
    for (from, to) in [
        ("^https?://www\\.example\\.org/(.*)", "https://example.org/${1}"),
        ("^https://www.example.org/(.*)$", "https://example.org/$1"),
    ] {
        assert_eq!(Route::default().one(&regex(from, to)), Ok(apex.clone()), "{from}");
    }
    for (from, to) in [
        ("^http://www\\.example\\.org/(.*)", "https://example.org/${1}"),
        ("^https://other\\.example\\.org/(.*)", "https://example.org/${1}"),
        ("https://www\\.example\\.org/(.*)", "https://example.org/${1}"),
        ("^https://(www)\\.example\\.org/(.*)", "https://example.org/${1}"),
        ("^https://www\\.example\\.org/a/(.*)", "https://example.org/${1}"),
        ("^https://www\\.example\\.org/(.*)", "https://example.org/"),
        ("^https://www\\.example\\.org/(.*)", "https://example.org/new/${1}"),
        ("^https://www\\.example\\.org/(.*)", "https://example.org:8443/${1}"),
        ("^https://www\\.example\\.org/(.*)", "https://example.org/$${1}"),
        ("^https://www\\.example\\.org/(.*)", "https://www.example.org/${1}"),
    ] {
        assert_eq!(Route::default().refused(&regex(from, to)), RefusalKind::MiddlewareNotConverted, "{from} {to}");
    }
    let two = Route { hosts: vec!["www.example.org".to_owned(), "b.example.org".to_owned()], ..Route::default() };
    let (from, to) = ("^https?://www\\.example\\.org/(.*)", "https://example.org/${1}");
    assert_eq!(two.refused(&regex(from, to)), RefusalKind::MiddlewareNotConverted);
    // To HTTPS of the same host is no circle where HTTP comes in.
    let http = Route { listens: Listens::Http, ..Route::default() };
    let same = "https://www.example.org/${1}";
    assert_eq!(http.one(&regex(from, same)), Ok(redirect("scheme: https, hostname: www.example.org")));
}

#[test]
fn prefixes_are_rewritten_only_under_the_path_that_fits() {
    let under = |path: Option<PathMatch>| Route { path, ..Route::default() };
    let rewrite = |to: &str| Ok(value(&format!("[{{type: URLRewrite, urlRewrite: {{path: {{{to}}}}}}}]")));
    let strip = "{stripPrefix: {prefixes: [/api]}}";
    assert_eq!(under(prefix("/api")).one(strip), rewrite("type: ReplacePrefixMatch, replacePrefixMatch: /"));
    assert_eq!(under(prefix("/api/v1")).refused(strip), RefusalKind::MiddlewareNotConverted);
    assert_eq!(under(None).refused(strip), RefusalKind::MiddlewareNotConverted);
    let exact = PathMatch::new(PathKind::Exact, "/api").unwrap();
    assert_eq!(under(Some(exact)).refused(strip), RefusalKind::MiddlewareNotConverted);
    assert_eq!(
        under(prefix("/api")).refused("{stripPrefix: {prefixes: [/api, /old]}}"),
        RefusalKind::MiddlewareNotConverted
    );
    let add = "{addPrefix: {prefix: /web}}";
    assert_eq!(under(None).one(add), rewrite("type: ReplacePrefixMatch, replacePrefixMatch: /web"));
    assert_eq!(under(prefix("/api")).refused(add), RefusalKind::MiddlewareNotConverted);
    assert_eq!(under(None).refused("{addPrefix: {prefix: /web/}}"), RefusalKind::MiddlewareNotConverted);
    let replace = "{replacePath: {path: /x}}";
    assert_eq!(under(prefix("/api")).one(replace), rewrite("type: ReplaceFullPath, replaceFullPath: /x"));
    assert_eq!(under(None).refused("{replacePath: {path: '/x?y=1'}}"), RefusalKind::MiddlewareNotConverted);
    let specs = "a: {replacePath: {path: /x}}\nb: {addPrefix: {prefix: /y}}\nc: {redirectRegex: {regex: '^https://www.example.org/(.*)', replacement: 'https://example.org/$1'}}";
    for list in ["network-a@kubernetescrd,network-b@kubernetescrd", "network-a@kubernetescrd,network-c@kubernetescrd"] {
        assert_eq!(
            Route::default().filters(specs, list).unwrap_err().kind,
            RefusalKind::MiddlewareNotConverted,
            "{list}"
        );
    }
    let noted = under(prefix("/api")).filters(&format!("m: {strip}"), "network-m@kubernetescrd").unwrap().notes;
    assert_eq!(noted[0].message, "network-m@kubernetescrd (stripPrefix): X-Forwarded-Prefix is no longer sent");
}

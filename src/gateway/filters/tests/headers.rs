//! The middleware `headers`.

use super::*;

#[test]
fn headers_become_modifiers() {
    let made = Route::default().one(
        "{headers: {browserXssFilter: true, contentTypeNosniff: true, forceSTSHeader: true, stsPreload: true,
           stsIncludeSubdomains: true, stsSeconds: 15552000, referrerPolicy: no-referrer,
           contentSecurityPolicy: \"default-src 'none'\", customFrameOptionsValue: SAMEORIGIN, frameDeny: true,
           permissionsPolicy: 'camera=()', isDevelopment: false, allowedHosts: [], publicKey: '',
           customRequestHeaders: {X-Forwarded-Proto: https, X-Real-IP: ''}, customResponseHeaders: {Server: ''}}}",
    );
    assert_eq!(
        made.unwrap(),
        value(
            "- type: ResponseHeaderModifier
  responseHeaderModifier:
    set:
      - {name: X-XSS-Protection, value: '1; mode=block'}
      - {name: X-Content-Type-Options, value: nosniff}
      - {name: Strict-Transport-Security, value: 'max-age=15552000; includeSubDomains; preload'}
      - {name: Referrer-Policy, value: no-referrer}
      - {name: Content-Security-Policy, value: \"default-src 'none'\"}
      - {name: X-Frame-Options, value: SAMEORIGIN}
      - {name: Permissions-Policy, value: 'camera=()'}
    remove: [Server]
- type: RequestHeaderModifier
  requestHeaderModifier:
    set: [{name: X-Forwarded-Proto, value: https}]
    remove: [X-Real-IP]
"
        )
    );
    let deny = value(
        "[{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Frame-Options, value: DENY}]}}]",
    );
    assert_eq!(Route::default().one("{headers: {frameDeny: true}}"), Ok(deny));
    assert_eq!(Route::default().one("{headers: {frameDeny: false}}"), Ok(value("[]")));
}

#[test]
fn strict_transport_security_is_for_https() {
    let sent = |listens, more: &str| {
        let route = Route { listens, ..Route::default() };
        route.one(&format!("{{headers: {{stsSeconds: 60{more}}}}}")).map(|made| made.items().len())
    };
    assert_eq!(sent(Listens::Https, ""), Ok(1));
    assert_eq!(sent(Listens::Http, ""), Ok(0));
    assert_eq!(sent(Listens::Http, ", forceSTSHeader: true"), Ok(1));
    assert_eq!(sent(Listens::Both, ", forceSTSHeader: true"), Ok(1));
    assert_eq!(sent(Listens::Both, "").unwrap_err().0, RefusalKind::MiddlewareNotConverted);
    assert_eq!(Route::default().one("{headers: {stsSeconds: 0, stsPreload: true}}"), Ok(value("[]")));
    assert_eq!(Route::default().refused("{headers: {stsSeconds: -5}}"), RefusalKind::MiddlewareNotConverted);
}

#[test]
fn headers_that_no_modifier_sets_alike_are_refused() {
    for (spec, said) in [
        ("accessControlAllowMethods: [GET]", "has accessControlAllowMethods, which no filter does"),
        ("hostsProxyHeaders: [X-Host]", "has hostsProxyHeaders, which no filter does"),
        ("allowedHosts: [a]", "has allowedHosts, which no filter does"),
        ("sslProxyHeaders: {X: https}", "has sslProxyHeaders, which no filter does"),
        ("isDevelopment: true", "has isDevelopment, which no filter does"),
        ("sslRedirect: true", "has sslRedirect, which no filter does"),
        ("new: true", "has new, which no filter does"),
        ("frameDeny: maybe", "has maybe as frameDeny, which is no switch"),
        ("contentSecurityPolicy: script-src $NONCE", "has a nonce in contentSecurityPolicy"),
        ("customRequestHeaders: {Host: b.example.org}", "changes Host, which is no header of the Gateway API"),
        ("customRequestHeaders: {'a b': c}", "changes a b, which is no header of the Gateway API"),
        ("customRequestHeaders: {X-A: null}", "has no text as value of X-A"),
        ("customRequestHeaders: {X-A: ' '}", "has a value of X-A that the Gateway API does not take"),
        ("customRequestHeaders: {X-A: '1', x-a: '2'}", "sets x-a, which is set by something else, too"),
        (
            "referrerPolicy: same-origin, customResponseHeaders: {referrer-policy: none}",
            "sets referrer-policy, which is set by something else, too",
        ),
    ] {
        let refused = Route::default().one(&format!("{{headers: {{{spec}}}}}")).unwrap_err();
        let said = format!("network-m@kubernetescrd (headers) {said}");
        assert_eq!(refused, (RefusalKind::MiddlewareNotConverted, said));
    }
    let many = |n| (0..n).map(|n| format!("X-{n}: '1'")).collect::<Vec<_>>().join(", ");
    let with = |n| Route::default().one(&format!("{{headers: {{customRequestHeaders: {{{}}}}}}}", many(n)));
    assert!(with(16).is_ok());
    assert!(with(17).unwrap_err().1.ends_with("needs more than 16 headers in one filter"));
}

#[test]
fn two_middlewares_share_the_one_modifier_and_never_a_header() {
    let specs = "a: {headers: {customRequestHeaders: {X-A: '1'}}}\nb: {headers: {customRequestHeaders: {X-B: ''}}}\n\
                 c: {headers: {customRequestHeaders: {x-a: '1'}}}\n";
    let made = Route::default().filters(specs, "network-a@kubernetescrd, network-b@kubernetescrd").unwrap();
    let both = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: '1'}], remove: [X-B]}}";
    assert_eq!(made.filters, [value(both)]);
    assert!(made.review);
    let refused = Route::default().filters(specs, "network-a@kubernetescrd,network-c@kubernetescrd").unwrap_err();
    assert_eq!(refused.kind, RefusalKind::MiddlewareNotConverted);
    // A filter of the configuration beside one that is made would be two of one kind.
    let filters = Configured::Filters(vec![value(both)]);
    for list in ["network-a@kubernetescrd,network-b@kubernetescrd", "network-b@kubernetescrd,network-a@kubernetescrd"] {
        let route = Route::configured("network-b@kubernetescrd", filters.clone());
        assert_eq!(route.filters(specs, list).unwrap_err().kind, RefusalKind::MiddlewareNotConverted, "{list}");
    }
}

#[test]
fn a_line_break_in_a_header_is_noted() {
    let specs = "m: {headers: {contentSecurityPolicy: \"default-src 'none';\\n img-src 'self';\\n\"}}";
    let made = Route::default().filters(specs, "network-m@kubernetescrd").unwrap();
    let header = &made.filters[0].at(&["responseHeaderModifier", "set"]).unwrap().items()[0];
    assert_eq!(header.text_at(&["value"]), Some("default-src 'none';  img-src 'self';"));
    assert_eq!(made.notes[0].kind, NoteKind::DefaultDiffers);
    assert!(made.notes[0].message.contains("Traefik leaves it out for HTTP/2"), "{}", made.notes[0].message);
}

//! Which fate a key has, and what the configuration can say about it.

use super::*;
use crate::gateway::Configured;

#[test]
fn each_key_has_one_fate() {
    let around = Around { certificate_covers: true, ..Around::default() };
    let key = |group: &str, name: &str| format!("{group}/{name}");
    for (key, value, fate) in [
        (key(DNS, "target"), "internal.example.org", "on the Gateway"),
        (key("external-dns.kubernetes.io", "target"), "internal.example.org", "on the Gateway"),
        (key(DNS, "hostname"), "a.example.org", "kept"),
        (key(DNS, "ttl"), "60", "kept"),
        (key(DNS, "controller"), "none", "kept"),
        (key(DNS, "set-identifier"), "a", "kept"),
        (key(DNS, "cloudflare-proxied"), "true", "kept"),
        (key(DNS, "aws-weight"), "1", "kept"),
        (key(DNS, "ingress-hostname-source"), "annotation-only", "kept"),
        (key("helm.sh", "resource-policy"), "keep", "kept"),
        (key("kustomize.toolkit.fluxcd.io", "prune"), "disabled", "kept"),
        (key("gethomepage.dev", "widget.type"), "plex", "moved"),
        (key("gatus.io", "enabled"), "true", "moved"),
        (key("gatus.home-operations.com", "endpoint"), "{}", "moved"),
        (key("glance", "name"), "a", "moved"),
        (key("hajimari.io", "enable"), "true", "moved"),
        (key("forecastle.stakater.com", "expose"), "true", "moved"),
        (key("example.org", "icon"), "a.png", "moved"),
        (key("cert-manager.io", "cluster-issuer"), "letsencrypt", "gone"),
        (key("kubernetes.io", "tls-acme"), "true", "gone"),
        (key("kubernetes.io", "ingress.class"), "nginx", "used"),
        (key(NGINX, "ssl-redirect"), "true", "used"),
        (key(NGINX, "ssl-redirect"), "false", "gone"),
        (key(NGINX, "backend-protocol"), "HTTP", "gone"),
        (key(NGINX, "enable-global-auth"), "false", "gone"),
        (key(NGINX, "proxy-body-size"), "0", "listed"),
        (key(NGINX, "proxy-buffer-size"), "16k", "listed"),
        (key(NGINX, "proxy-read-timeout"), "10", "listed"),
        (key(NGINX, "client-body-buffer-size"), "1m", "listed"),
        (key(NGINX, "custom-http-errors"), "404", "listed"),
        (key(TRAEFIK, "router.entrypoints"), "websecure", "used"),
        (key(TRAEFIK, "router.tls"), "true", "used"),
        (key(TRAEFIK, "router.pathmatcher"), "Path", "used"),
        (key(TRAEFIK, "router.priority"), "42", "used"),
        (key(TRAEFIK, "service.passhostheader"), "true", "used"),
        (key(TRAEFIK, "router.middlewares"), "network-a@kubernetescrd", "filters"),
    ] {
        assert_eq!(around.fate(&key, value), Ok(fate), "{key}: {value}");
    }
}

#[test]
fn what_has_no_equal_is_refused() {
    let around = Around::default();
    use RefusalKind::*;
    for (group, name, value, kind) in [
        (DNS, "internal-hostname", "a", AnnotationNotKnown),
        (DNS, "access", "private", AnnotationNotKnown),
        ("cert-manager.io", "cluster-issuer", "letsencrypt", CertificatePerApp),
        ("acme.cert-manager.io", "http01-edit-in-place", "true", CertificatePerApp),
        (NGINX, "auth-secret", "s", AuthWouldBeLost),
        (NGINX, "auth-type", "basic", AuthWouldBeLost),
        (NGINX, "auth-tls-secret", "a/b", AuthWouldBeLost),
        (NGINX, "auth-url", "http://auth/verify", AuthWouldBeLost),
        (NGINX, "auth-signin", "http://auth/", AuthWouldBeLost),
        (NGINX, "auth-made-up", "x", AuthWouldBeLost),
        (NGINX, "satisfy", "any", AuthWouldBeLost),
        (NGINX, "enable-global-auth", "true", AuthWouldBeLost),
        (NGINX, "whitelist-source-range", "10.0.0.0/8", AccessWouldWiden),
        (NGINX, "allowlist-source-range", "10.0.0.0/8", AccessWouldWiden),
        (NGINX, "denylist-source-range", "10.0.0.0/8", AccessWouldWiden),
        (NGINX, "backend-protocol", "HTTPS", BackendTls),
        (NGINX, "backend-protocol", "GRPC", BackendTls),
        (NGINX, "proxy-ssl-verify", "off", BackendTls),
        (NGINX, "ssl-passthrough", "true", BackendTls),
        (NGINX, "use-regex", "true", PathPattern),
        (NGINX, "configuration-snippet", "return 403;", AnnotationNotKnown),
        (NGINX, "canary", "true", AnnotationNotKnown),
        (NGINX, "limit-rps", "5", AnnotationNotKnown),
        (NGINX, "affinity", "cookie", AnnotationNotKnown),
        (NGINX, "enable-cors", "true", AnnotationNotKnown),
        (NGINX, "from-to-www-redirect", "true", AnnotationNotKnown),
        (NGINX, "permanent-redirect-code", "308", AnnotationNotKnown),
        ("nginx.org", "client-max-body-size", "1m", AnnotationNotKnown),
        ("haproxy.org", "timeout-server", "5s", AnnotationNotKnown),
        (TRAEFIK, "router.tls.options", "network-mtls@kubernetescrd", AuthWouldBeLost),
        (TRAEFIK, "router.tls.certresolver", "le", AnnotationNotKnown),
        (TRAEFIK, "router.pathmatcher", "PathRegexp", PathTypeImplementation),
        (TRAEFIK, "router.priority", "high", RouterPriority),
        (TRAEFIK, "service.sticky.cookie", "true", AnnotationNotKnown),
        (TRAEFIK, "service.passhostheader", "false", AnnotationNotKnown),
        (TRAEFIK, "service.serversscheme", "https", BackendTls),
    ] {
        assert_eq!(around.fate(&format!("{group}/{name}"), value), Err(kind), "{group}/{name}: {value}");
    }
    let ledger = around.ledger(&[("example.org/new", "x")]);
    assert_eq!(
        ledger.refusals().map(|refusal| &*refusal.message).collect::<Vec<_>>(),
        ["example.org/new is not known"]
    );
}

#[test]
fn the_configuration_overrules_only_what_is_not_known() {
    let all = [
        "example.org/*".to_owned(),
        format!("{NGINX}/*"),
        format!("{TRAEFIK}/*"),
        "gethomepage.dev/*".to_owned(),
        "acme.cert-manager.io/*".to_owned(),
    ];
    let keep = Around { keep: all.to_vec(), ..Around::default() };
    let drop = Around { drop: all.to_vec(), ..Around::default() };
    assert_eq!(keep.fate("example.org/new", "x"), Ok("kept"));
    assert_eq!(drop.fate("example.org/new", "x"), Ok("gone"));
    assert_eq!(drop.fate("example.net/new", "x"), Err(RefusalKind::AnnotationNotKnown));
    assert_eq!(drop.fate(&format!("{NGINX}/canary"), "true"), Ok("gone"));
    assert_eq!(drop.fate("gethomepage.dev/name", "x"), Ok("moved"));
    for (key, value, kind) in [
        ("auth-url", "http://auth/verify", RefusalKind::AuthWouldBeLost),
        ("satisfy", "any", RefusalKind::AuthWouldBeLost),
        ("whitelist-source-range", "10.0.0.0/8", RefusalKind::AccessWouldWiden),
        ("backend-protocol", "HTTPS", RefusalKind::BackendTls),
        ("use-regex", "true", RefusalKind::PathPattern),
    ] {
        for around in [&keep, &drop] {
            assert_eq!(around.fate(&format!("{NGINX}/{key}"), value), Err(kind), "{key}");
        }
    }
    let options = format!("{TRAEFIK}/router.tls.options");
    assert_eq!(drop.fate(&options, "network-mtls@kubernetescrd"), Err(RefusalKind::AuthWouldBeLost));
    assert_eq!(drop.fate("acme.cert-manager.io/http01-edit-in-place", "true"), Err(RefusalKind::CertificatePerApp));
}

#[test]
fn g9_authentication_needs_a_component_and_brings_its_settings() {
    let url = "http://auth.network.svc/verify";
    let annotations = [
        (&*format!("{NGINX}/auth-signin"), "https://auth.example.org"),
        (&format!("{NGINX}/auth-url"), url),
        (&format!("{NGINX}/auth-response-headers"), "Remote-User"),
        (&format!("{NGINX}/satisfy"), "any"),
    ];
    for configured in [
        None,
        Some(Configured::Drop("no".to_owned())),
        Some(Configured::Extension),
        Some(Configured::Filters(Vec::new())),
    ] {
        let configured = configured.map(|configured| (url.to_owned(), configured)).into_iter().collect();
        let ledger = Around { configured, ..Around::default() }.ledger(&annotations);
        assert_eq!(
            ledger.refusals().map(|refusal| refusal.kind).collect::<Vec<_>>(),
            [RefusalKind::AuthWouldBeLost; 4]
        );
    }
    let component = "kubernetes/components/forward-auth".to_owned();
    let configured = [(url.to_owned(), Configured::Component(component.clone()))].into();
    let ledger = Around { configured, ..Around::default() }.ledger(&annotations);
    assert_eq!(ledger.refusals().next(), None);
    assert_eq!(ledger.lines[1].2, Fate::Authentication { id: url.to_owned(), component });
    assert_eq!(ledger.counts(), [("authentication", 1), ("gone", 3)].into());
    assert!(ledger.wants_review());
    let open = Around { is_authenticated_elsewhere: true, ..Around::default() };
    assert_eq!(open.fate(&format!("{NGINX}/enable-global-auth"), "false"), Err(RefusalKind::AuthWouldBeLost));
}

#[test]
fn g16_a_limit_of_addresses_needs_a_gateway() {
    let mapped = Around { limits_are_mapped: true, ..Around::default() };
    assert_eq!(mapped.fate(&format!("{NGINX}/whitelist-source-range"), "10.0.0.0/8"), Ok("limits"));
}

#[test]
fn what_a_filter_of_external_dns_names_stays() {
    let target = format!("{DNS}/target");
    let around = Around {
        dns_filters: vec![target.clone(), "kubernetes.io/ingress.class".to_owned(), "example.org/zone".to_owned()],
        ..Around::default()
    };
    let ledger = around.ledger(&[
        (&target, "internal.example.org"),
        ("kubernetes.io/ingress.class", "internal"),
        ("example.org/zone", "a"),
        (&format!("{DNS}/ingress-hostname-source"), "annotation-only"),
        ("gethomepage.dev/name", "A"),
    ]);
    assert_eq!(ledger.lines[0].2, Fate::OnGateway { stays: true });
    let source = format!("{DNS}/gateway-hostname-source");
    assert_eq!(
        ledger.kept().collect::<Vec<_>>(),
        [
            (&*target, "internal.example.org"),
            ("kubernetes.io/ingress.class", "internal"),
            ("example.org/zone", "a"),
            (&source, "annotation-only")
        ]
    );
    assert_eq!(ledger.moved().collect::<Vec<_>>(), ["gethomepage.dev/name"]);
}

#[test]
fn notes_say_what_nobody_does_any_more() {
    let ledger = Around { certificate_covers: true, ..Around::default() }.ledger(&[
        ("cert-manager.io/cluster-issuer", "letsencrypt"),
        ("hajimari.io/enable", "true"),
        (&format!("{NGINX}/ssl-redirect"), "false"),
    ]);
    let kinds: Vec<_> = ledger.notes().map(|note| note.kind).collect();
    assert_eq!(kinds, [NoteKind::NotNeeded, NoteKind::NotReadOnRoutes, NoteKind::HttpRedirected]);
    assert!(ledger.wants_review(), "plain HTTP was answered");
}

#[test]
fn g22_a_certificate_of_an_ingress_is_gone_only_where_the_listener_covers_its_hosts() {
    let covered = Around { certificate_covers: true, ..Around::default() };
    for key in ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"] {
        assert_eq!(covered.fate(key, "x"), Ok("gone"), "{key}");
        assert_eq!(Around::default().fate(key, "x"), Err(RefusalKind::CertificatePerApp), "{key}");
    }
}

//! What keeps somebody out, what is dropped, and chains.

use super::*;

#[test]
fn g9_authentication_is_never_lost() {
    let specs = "forward: {forwardAuth: {address: 'http://outpost:9000'}}\nbasic: {basicAuth: {secret: s}}\n\
                 digest: {digestAuth: {secret: s}}\nnew: {jwt: {secret: s}}\ntwo: {compress: {}, basicAuth: {secret: s}}\n\
                 chain: {chain: {middlewares: [{name: zip}, {name: forward}]}}\nzip: {compress: {}}\n\
                 circle: {chain: {middlewares: [{name: circle}]}}\n";
    let id = |name: &str| format!("network-{name}@kubernetescrd");
    let dropped = || Configured::Drop("not needed".to_owned());
    let filters = || Configured::Filters(vec![value("{type: ExtensionRef}")]);
    // `made` is an outpost's own, at run time.
    for name in ["forward", "basic", "digest", "new", "two", "made", "chain"] {
        let mut wheres = vec![Route::configured(&id(name), dropped()), Route::configured(&id(name), filters())];
        wheres.push(Route::configured(&id(name), Configured::Extension));
        if name != "chain" {
            wheres.push(Route::default());
        }
        for route in wheres {
            let refused = route.filters(specs, &id(name)).unwrap_err();
            assert_eq!(refused.kind, RefusalKind::AuthWouldBeLost, "{name} {:?}", route.configured);
        }
        let component = Route::configured(&id(name), Configured::Component("components/forward".to_owned()));
        let made = component.filters(specs, &id(name)).unwrap();
        assert_eq!((made.authentication, made.components), (vec![id(name)], vec!["components/forward".to_owned()]));
        assert!(made.review && made.filters.is_empty());
        let traefik = Route { is_traefik: true, ..Route::configured(&id(name), Configured::Extension) };
        let made = traefik.filters(specs, &id(name)).unwrap();
        let extension =
            format!("{{type: ExtensionRef, extensionRef: {{group: traefik.io, kind: Middleware, name: {name}}}}}");
        assert_eq!((made.filters, made.authentication), (vec![value(&extension)], vec![id(name)]));
        let elsewhere = Route { namespace: "media", ..traefik };
        assert_eq!(elsewhere.filters(specs, &id(name)).unwrap_err().kind, RefusalKind::AuthWouldBeLost);
    }
    let only_zip = Route::configured(&id("zip"), dropped());
    assert_eq!(only_zip.filters(specs, &id("chain")).unwrap_err().kind, RefusalKind::AuthWouldBeLost);
    assert_eq!(Route::default().filters(specs, &id("circle")).unwrap_err().kind, RefusalKind::MiddlewareNotConverted);
    assert_eq!(
        Route::configured(&id("circle"), dropped()).filters(specs, &id("circle")).unwrap_err().kind,
        RefusalKind::AuthWouldBeLost
    );
    let refused = Route::default().filters(specs, "forward@file").unwrap_err();
    assert_eq!(
        refused.message,
        "forward@file (not in the tree) may authenticate, and has no component and no extension"
    );
}

#[test]
fn g16_limits_of_addresses_are_never_lost() {
    let specs = "lan: {ipAllowList: {sourceRange: [10.0.0.0/8]}}\nold: {ipWhiteList: {sourceRange: [10.0.0.0/8]}}\n";
    for name in ["lan", "old"] {
        let id = format!("network-{name}@kubernetescrd");
        for route in [Route::default(), Route::configured(&id, Configured::Drop("no".to_owned()))] {
            assert_eq!(route.filters(specs, &id).unwrap_err().kind, RefusalKind::AccessWouldWiden, "{name}");
            let mapped = Route { limits_are_mapped: true, ..route };
            let made = mapped.filters(specs, &id).unwrap();
            assert_eq!((made.limits, made.review), (vec![id.clone()], true));
        }
        let component = Route::configured(&id, Configured::Component("components/lan".to_owned()));
        assert_eq!(component.filters(specs, &id).unwrap().limits, [id]);
    }
}

#[test]
fn what_has_no_filter_is_dropped_only_with_a_reason() {
    for kind in [
        "compress",
        "retry",
        "buffering",
        "rateLimit",
        "inFlightReq",
        "circuitBreaker",
        "errors",
        "plugin",
        "stripPrefixRegex",
        "replacePathRegex",
    ] {
        let spec = format!("{{{kind}: {{}}}}");
        let refused = Route::default().one(&spec).unwrap_err();
        let said = format!("network-m@kubernetescrd ({kind}) has no filter that does the same");
        assert_eq!(refused, (RefusalKind::MiddlewareNotConverted, said));
        let route = Route::configured("network-m@kubernetescrd", Configured::Drop("the Gateway does it".to_owned()));
        let made = route.filters(&format!("m: {spec}"), "network-m@kubernetescrd").unwrap();
        let note = format!("network-m@kubernetescrd ({kind}) is dropped: the Gateway does it");
        assert_eq!(made, Filters { notes: vec![Note::new(NoteKind::NotNeeded, note)], ..Filters::default() });
    }
}

#[test]
fn chains_are_followed_in_order_and_names_are_found() {
    let specs = "outer: {chain: {middlewares: [{name: inner}, {name: b, namespace: network}]}}\n\
                 inner: {chain: {middlewares: [{name: a}]}}\na: {headers: {customRequestHeaders: {X-A: '1'}}}\n\
                 b: {headers: {customResponseHeaders: {X-B: '${B}'}}}\nwith-dash: {compress: {}}\n";
    let route = Route { is_traefik: true, ..Route::default() };
    let made = route.filters(specs, "network-outer@kubernetescrd").unwrap();
    let kinds: Vec<_> = made.filters.iter().filter_map(|filter| filter.text_at(&["type"])).collect();
    assert_eq!(kinds, ["RequestHeaderModifier", "ResponseHeaderModifier"]);
    assert!(made.has_variables);
    assert!(!route.filters(specs, "network-a@kubernetescrd").unwrap().has_variables);
    let escaped = "m: {headers: {customRequestHeaders: {X-A: 'a$$b'}}}";
    assert!(route.filters(escaped, "network-m@kubernetescrd").unwrap().has_variables);
    assert_eq!(made.notes.last().map(|note| note.kind), Some(NoteKind::FilterSupport));
    let refused = route.filters(specs, "network-with-dash@kubernetescrd").unwrap_err();
    assert_eq!(refused.message, "network-with-dash@kubernetescrd (compress) has no filter that does the same");

    let all = tree(specs);
    let of_rule = |entry: &str| MiddlewareName::of_rule(&value(entry), "media", &all).map(|name| name.id);
    assert_eq!(of_rule("{name: a}"), Ok("media-a@kubernetescrd".to_owned()));
    assert_eq!(of_rule("{name: a, namespace: network}"), Ok("network-a@kubernetescrd".to_owned()));
    assert_eq!(of_rule("{name: auth@file}"), Ok("auth@file".to_owned()));
    assert_eq!(of_rule("{}").unwrap_err().kind, RefusalKind::MiddlewareNotConverted);
}

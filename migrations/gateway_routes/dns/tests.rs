//! Records: none comes, none goes, and where each points to is said.

use super::super::GatewayRoutes;
use super::super::fixtures::{GATEWAY, INGRESS, ROUTE};
use super::{arguments, keys_of};
use crate::flux::Value;
use crate::plan::author::testing::Planned;
use crate::yaml::Stream;

/// An external-dns with these values, another one for everything, and an Ingress of the class `inside`; `beside`
/// follows it.
fn planned(dns: &str, beside: &str) -> Planned {
    among(dns, "{sources: [ingress]}", beside)
}

fn among(dns: &str, other: &str, beside: &str) -> Planned {
    let release = |name: &str, values: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: network}}\n\
             spec:\n  chart: {{spec: {{chart: external-dns, version: 1.19.0, sourceRef: {{kind: HelmRepository, name: d}}}}}}\n  \
             values: {values}\n---\n"
        )
    };
    let class = |name: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}}}\n\
             spec: {{controller: k8s.io/ingress-nginx}}\n---\n"
        )
    };
    let files = format!(
        "//- apps/kustomization.yaml\nresources: [./classes.yaml, ./dns.yaml, ./site.yaml]\n\
         //- apps/classes.yaml\n{}{}{GATEWAY}---\n{}\
         //- apps/dns.yaml\n{}{}//- apps/site.yaml\n{INGRESS}  tls: [{{hosts: [www.example.org, old.example.org]}}]\n{beside}",
        class("inside"),
        class("outside"),
        GATEWAY.replace("internal", "external"),
        release("dns", dns),
        release("other", other),
    );
    let settings = "gateway-routes: {gateways: [{class: inside, gateway: network/internal}]}";
    Planned::of(&GatewayRoutes, settings, &files)
}

fn with_route(dns: &str) -> Planned {
    among(dns, "{sources: []}", &format!("---\n{ROUTE}"))
}

fn has(planned: &Planned, unit: &str, finding: &str) -> bool {
    planned.units().iter().any(|line| line.starts_with(unit))
        && planned.findings().iter().any(|line| line.starts_with(finding))
}

/// `docs/hazards.md#g26`.
#[test]
fn g26_a_host_that_has_no_public_record_gets_none() {
    let leaks = "dns-record-leaks apps/dns.yaml";
    let by_class = planned("{sources: [ingress], extraArgs: [--ingress-class=outside]}", "");
    assert!(has(&by_class, "refused release network/dns", leaks), "{:#?}", by_class.units());
    for safe in [
        "{sources: [ingress], extraArgs: [--ingress-class=outside, --gateway-name=external]}",
        "{sources: [ingress], extraArgs: {ingress-class: outside, gateway-name: external}}",
        "{sources: [ingress], extraArgs: [--ingress-class=inside]}",
        "{sources: [ingress], extraArgs: [--ingress-class=outside, --gateway-label-filter=public=true]}",
        "{sources: [ingress], extraArgs: [--ingress-class=outside], domainFilters: [other.net]}",
    ] {
        let planned = planned(safe, "");
        assert!(has(&planned, "safe restart release network/dns", ""), "{safe}: {:#?}", planned.findings());
    }
    let route = "dns-record-leaks apps/site.yaml";
    for reading in [
        "{sources: [ingress, gateway-httproute], extraArgs: [--ingress-class=outside]}",
        "{sources: [ingress, gateway-httproute], ingressClassFilters: [outside]}",
        "{sources: [ingress], extraArgs: [--ingress-class=outside, --source=gateway-httproute]}",
        "{sources: [ingress], extraArgs: {ingress-class: outside, source: [gateway-httproute]}}",
    ] {
        let reads = planned(reading, "");
        assert!(
            has(&reads, "refused Ingress apps/site", route),
            "what reads routes already: {reading}: {:#?}",
            reads.findings()
        );
    }
    // Whether it does is for labels: somebody has to look.
    let by_labels =
        planned("{sources: [ingress], extraArgs: [--ingress-class=outside, --gateway-label-filter=a=b]}", "");
    assert!(has(&by_labels, "review upgrade Ingress apps/site", route), "{:#?}", by_labels.units());
}

#[test]
fn a_host_that_has_a_record_keeps_it() {
    let reads = |more: &str| with_route(&format!("{{sources: [ingress, gateway-httproute], extraArgs: [{more}]}}"));
    let goes = "dns-record-ends apps/site.yaml";
    let other = reads("--ignore-ingress-tls-spec, --gateway-name=external");
    assert!(has(&other, "refused Ingress apps/site", goes), "{:#?}", other.units());
    let by_labels = reads("--ignore-ingress-tls-spec, --gateway-label-filter=a=b");
    assert!(has(&by_labels, "review upgrade Ingress apps/site", goes), "{:#?}", by_labels.units());
    for with_tls in ["--gateway-name=internal", "--gateway-name=internal, --ignore-ingress-tls-spec=false"] {
        let in_tls = reads(with_tls);
        assert!(has(&in_tls, "review upgrade Ingress apps/site", goes), "{with_tls}: {:#?}", in_tls.units());
    }
    let sound = reads("--ignore-ingress-tls-spec, --gateway-name=internal");
    assert!(!has(&sound, "", goes), "{:#?}", sound.findings());
    let cut = sound.plan.units.iter().find(|unit| unit.id.step == "cut").expect("it can be cut");
    let effects: Vec<_> = cut.effects.iter().map(|effect| (&*effect.field, &*effect.before, &*effect.after)).collect();
    assert_eq!(
        effects,
        [
            ("", "class inside, and Gateway network/internal", "Gateway network/internal"),
            ("record", "the address of class inside", "the address of Gateway network/internal"),
        ]
    );
}

#[test]
fn arguments_and_selectors_are_read() {
    let value = |text: &str| Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
    let listed = value("extraArgs: [--a=1, --ab=2, --a, '3', --flag]");
    assert_eq!(arguments(&listed, "a"), ["1", "3"]);
    assert_eq!(arguments(&listed, "flag"), [""]);
    assert_eq!(arguments(&value("extraArgs: {a: [x, y], b: z}"), "a"), ["x", "y"]);
    assert_eq!(keys_of("a.org/b=c, d in (e,f),!g,h!=i"), ["a.org/b", "d", "g", "h"]);
}

/// Where nobody makes a record of a host, its route keeps everybody away.
#[test]
fn a_host_without_a_record_stays_without() {
    let dns = "{sources: [ingress], extraArgs: [--ingress-class=outside]}";
    let planned = among(dns, "{sources: []}", "");
    assert!(has(&planned, "safe restart release network/dns", "dns-record-appears"), "{:#?}", planned.units());
    let site = planned.text_after(&GatewayRoutes, "route", "apps/site.yaml").expect("it is there");
    assert!(site.contains("external-dns.alpha.kubernetes.io/controller: none"), "{site}");
    let reads = dns.replace("[ingress]", "[ingress, gateway-httproute]");
    let silenced = ROUTE.replace(
        "namespace: apps}",
        "namespace: apps, annotations: {external-dns.alpha.kubernetes.io/controller: none}}",
    );
    let cut = among(&reads, "{sources: []}", &format!("---\n{silenced}"));
    assert!(has(&cut, "safe upgrade Ingress apps/site", ""), "{:#?}", cut.findings());
    let by_hand = among(&reads, "{sources: []}", &format!("---\n{ROUTE}"));
    assert!(has(&by_hand, "refused Ingress apps/site", "dns-record-leaks"), "{:#?}", by_hand.units());
    let other = among(&reads, "{sources: [ingress, gateway-httproute]}", &format!("---\n{silenced}"));
    assert!(has(&other, "refused Ingress apps/site", "dns-record-ends"), "{:#?}", other.units());
}

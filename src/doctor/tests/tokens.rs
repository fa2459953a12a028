//! Tokens of bound accounts.

use super::*;

fn tokens(version: &str, values: &str, more: &str) -> Vec<String> {
    let plex = app("plex", values).replace("4.6.2", version);
    found("token-not-mounted", &format!("//- apps/plex.yaml\n{plex}{more}"))
}

#[test]
fn a_bound_account_needs_its_token() {
    let binding = |kind: &str, account: &str| {
        let subjects = format!("subjects: [{{kind: ServiceAccount, name: {account}, namespace: media}}]");
        object("rbac.authorization.k8s.io/v1", kind, "b", "media", &subjects)
    };
    let own = "rbac: {bindings: {b: {type: RoleBinding, roleRef: {kind: Role, name: r}, subjects: [{identifier: a}]}}}";
    let want = |account: &str| {
        let message =
            format!("plex, controllers.c: its account {account} is bound, and from 5.0.0 its token is not mounted");
        [format!("apps/plex.yaml: {message}")]
    };
    let values = "{controllers: {c: {}}, serviceAccount: {a: {}}}";
    assert_eq!(tokens("5.1.0", values, &binding("RoleBinding", "plex")), want("plex"));
    assert_eq!(tokens("5.1.0", "{controllers: {c: {}}}", &binding("ClusterRoleBinding", "plex")), want("plex"));
    let stated = "{controllers: {c: {serviceAccount: {name: x}}}}";
    assert_eq!(tokens("5.1.0", stated, &binding("ClusterRoleBinding", "x")), want("x"));
    let in_values = format!("{{controllers: {{c: {{}}}}, serviceAccount: {{a: {{}}}}, {own}}}");
    assert_eq!(tokens("5.1.0", &in_values, ""), want("plex"));
    for (version, values) in [
        ("4.6.2", values),
        ("5.1.0", "{controllers: {c: {pod: {automountServiceAccountToken: true}}}, serviceAccount: {a: {}}}"),
        ("5.1.0", "{controllers: {c: {}}, defaultPodOptions: {automountServiceAccountToken: true}}"),
        ("5.1.0", "{controllers: {c: {enabled: false}}}"),
        ("5.1.0", "{controllers: {c: {}}, global: {createDefaultServiceAccount: false}}"),
        (
            "5.1.0",
            "{controllers: {c: {}}, persistence: {t: {type: custom, volumeSpec: {projected: {sources: [{serviceAccountToken: {}}]}}}}}",
        ),
        ("5.1.0", "{controllers: {c: {pod: {automountServiceAccountToken: '${X}'}}}}"),
    ] {
        assert_eq!(tokens(version, values, &binding("RoleBinding", "plex")), [""; 0], "{values}");
    }
    let unbound = "apps/plex.yaml: plex, controllers.c: its account plex is stated, and bound to nothing here, and from 5.0.0 its \
                   token is not mounted";
    assert_eq!(tokens("5.1.0", values, &binding("RoleBinding", "other")), [unbound]);
    assert_eq!(tokens("5.1.0", values, ""), [unbound]);
    assert_eq!(tokens("5.1.0", "{controllers: {c: {}}}", ""), [""; 0], "nobody stated one");
}

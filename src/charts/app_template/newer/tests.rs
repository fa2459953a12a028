use super::*;
use crate::charts::app_template::Version;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn keeping(version: Version, values: &Value) -> Keeping {
    Chart { version, release: "app", namespace: "media", values }.keeping_in_5()
}

/// The values of release `app` in 5.x. They leave nothing open, stay as they are in 5.x, and 4.x
/// makes the same of them, but for raw resources.
fn kept(version: Version, values: &str) -> String {
    let values = value(values);
    let keeping = keeping(version, &values);
    assert_eq!(keeping.open, []);
    let then = keeping.applied(&values);
    let again = self::keeping(version, &then);
    assert_eq!((again.kept, again.open), (Vec::new(), Vec::new()), "{}", then.to_flow());
    let made = |values: &Value| {
        let chart = Chart { version, release: "app", namespace: "media", values };
        let mut objects = chart.objects();
        objects.retain(|object| object.section != Section::RawResources);
        (objects, chart.pod_accounts())
    };
    assert_eq!(made(&values), made(&then));
    then.to_flow().replace('"', "")
}

/// Keys and reasons.
fn open(values: &str) -> Vec<(String, Lost)> {
    let values = value(values);
    let open = keeping(Version::V4_1, &values).open.into_iter();
    open.map(|open| (open.at.join("."), open.why)).collect()
}

const NO_POD: &str = "serviceAccount: {}";

#[test]
fn a_release_states_token_and_account() {
    assert_eq!(
        kept(Version::V4_1, "{controllers: {a: {}}, service: {}}"),
        "{global: {createDefaultServiceAccount: false}, controllers: {a: {}}, defaultPodOptions: \
         {automountServiceAccountToken: true}, service: {}}"
    );
    assert_eq!(
        kept(
            Version::V4_1,
            "{defaultPodOptions: {hostNetwork: true}, global: {nameOverride: x}, controllers: {a: {pod: {automountServiceAccountToken: false}}}}"
        ),
        "{defaultPodOptions: {hostNetwork: true, automountServiceAccountToken: true}, global: {nameOverride: x, \
         createDefaultServiceAccount: false}, controllers: {a: {pod: {automountServiceAccountToken: false}}}}"
    );
}

#[test]
fn what_is_stated_stays() {
    for values in [
        "{controllers: {a: {}}, defaultPodOptions: {automountServiceAccountToken: false}, serviceAccount: {}}",
        "{controllers: {a: {enabled: false}}, serviceAccount: {}}",
        "{defaultPodOptions: {automountServiceAccountToken: true}, global: {createDefaultServiceAccount: false}}",
        "{configMaps: {a: {data: {a: b}}}, serviceAccount: {}}",
        "{}",
    ] {
        let then = kept(Version::V4_1, values);
        let want = if values == "{}" { "{global: {createDefaultServiceAccount: false}}" } else { values };
        assert_eq!(then, want);
    }
}

#[test]
fn true_acts_from_5_on() {
    assert_eq!(
        kept(Version::V4_1, "{global: {createDefaultServiceAccount: true}}"),
        "{global: {createDefaultServiceAccount: false}}"
    );
}

#[test]
fn switches_that_are_not_certain_are_open() {
    let open = open(
        "{controllers: {a: {pod: {automountServiceAccountToken: 'yes'}}}, defaultPodOptions: {automountServiceAccountToken: null}, \
         global: {createDefaultServiceAccount: 'false'}}",
    );
    let want = [
        "controllers.a.pod.automountServiceAccountToken",
        "defaultPodOptions.automountServiceAccountToken",
        "global.createDefaultServiceAccount",
    ];
    assert_eq!(open, want.map(|at| (at.to_owned(), Lost::Switch)));
}

/// 4.1 to 5.0.0 take the identifier for the name; 4.0 has `default`.
#[test]
fn silent_controllers_state_the_account_that_they_have() {
    let with = |accounts: &str, controller: &str| {
        format!(
            "{{controllers: {{a: {controller}}}, defaultPodOptions: {{automountServiceAccountToken: true}}, serviceAccount: {accounts}}}"
        )
    };
    let states = |version, accounts: &str, statement: &str| {
        let want = with(accounts, &format!("{{serviceAccount: {statement}}}"));
        assert_eq!(kept(version, &with(accounts, "{}")), want);
        assert_eq!(kept(version, &want), want, "it is stated");
    };
    states(Version::V4_1, "{app: {}}", "{identifier: app}");
    states(Version::V4_1, "{default: {}}", "{name: default}");
    states(Version::V4_1, "{web: {forceRename: web}}", "{identifier: web}");
    states(Version::V4_0, "{app: {}}", "{name: default}");
    states(Version::V4_0, "{app: {}, web: {}}", "{name: default}");
    let several = open("{controllers: {a: {}}, serviceAccount: {app: {}, web: {}}}");
    assert!(matches!(several.as_slice(), [(at, Lost::Account(_))] if at == "controllers.a.serviceAccount"));
}

#[test]
fn a_monitor_keeps_its_job_label() {
    let one = format!("{{serviceMonitor: {{a: {{serviceName: app}}, b: {{enabled: false}}}}, {NO_POD}}}");
    assert_eq!(
        kept(Version::V4_1, &one),
        "{serviceMonitor: {a: {serviceName: app, jobLabel: app}, b: {enabled: false}}, serviceAccount: {}}"
    );
    let two = format!("{{serviceMonitor: {{a: {{}}, b: {{}}, c: {{jobLabel: x}}}}, {NO_POD}}}");
    assert_eq!(
        kept(Version::V4_1, &two),
        "{serviceMonitor: {a: {jobLabel: app-a}, b: {jobLabel: app-b}, c: {jobLabel: x}}, serviceAccount: {}}"
    );
    let unknown = open("{serviceMonitor: {a: {forceRename: '${NAME}'}}, serviceAccount: {}}");
    assert!(matches!(unknown.as_slice(), [(at, Lost::Monitor(_))] if at == "serviceMonitor.a"));
}

#[test]
fn the_selector_of_a_policy_wins() {
    let policies =
        |a: &str| format!("{{networkpolicies: {{a: {a}, b: {{controller: x}}, c: {{podSelector: {{}}}}}}, {NO_POD}}}");
    assert_eq!(
        kept(Version::V4_1, &policies("{controller: x, podSelector: {}, policyTypes: [Ingress]}")),
        policies("{podSelector: {}, policyTypes: [Ingress]}")
    );
}

#[test]
fn a_raw_resource_gets_a_manifest() {
    let resource = |a: &str| format!("{{rawResources: {{a: {a}}}, {NO_POD}}}");
    for (old, new) in [
        (
            "{enabled: false, apiVersion: v1, kind: Secret, spec: {stringData: {a: '{{ .Release.Name }}'}}}",
            "{enabled: false, manifest: {apiVersion: v1, kind: Secret, stringData: {a: {{ .Release.Name }}}}}",
        ),
        (
            "{annotations: {x: y}, suffix: s, kind: Feed, labels: {a: b}, apiVersion: e.org/v1, spec: {spec: {url: u}}}",
            "{suffix: s, manifest: {apiVersion: e.org/v1, kind: Feed, metadata: {labels: {a: b}, annotations: {x: y}}, spec: {url: u}}}",
        ),
        ("{apiVersion: v1, kind: Feed}", "{manifest: {apiVersion: v1, kind: Feed}}"),
        ("{apiVersion: v1, kind: Feed, spec: null}", "{manifest: {apiVersion: v1, kind: Feed}}"),
        ("{manifest: {apiVersion: v1, kind: Feed}}", "{manifest: {apiVersion: v1, kind: Feed}}"),
    ] {
        assert_eq!(kept(Version::V4_1, &resource(old)), resource(new), "{old}");
    }
}

#[test]
fn raw_resources_that_would_change_are_open() {
    let of = |resource: &str| {
        open(&format!("{{rawResources: {{a: {resource}}}, {NO_POD}, global: {{labels: {{team: x}}}}}}"))
    };
    let at = |key: &str, why: Lost| vec![(format!("rawResources.a.{key}"), why)];
    assert_eq!(of("{kind: A, spec: 'a: b'}"), at("spec", Lost::Body));
    assert_eq!(of("{kind: A, spec: {metadata: {}}}"), at("spec", Lost::Repeated("metadata".to_owned())));
    assert_eq!(of("{kind: A, labels: {helm.sh/chart: x}}"), at("labels", Lost::Label("helm.sh/chart".to_owned())));
    assert_eq!(of("{kind: A, labels: {team: y}}"), at("labels", Lost::Label("team".to_owned())));
    assert_eq!(of("{kind: A, annotations: {a: '{{ .Release.Name }}'}}"), at("annotations", Lost::Template));
    assert_eq!(of("{manifest: {metadata: {labels: {team: y}}}}"), []);
}

/// What is read off values with variables replaced is done to the text that has them.
#[test]
fn it_is_applied_to_the_text_before_variables() {
    let text =
        value("{controllers: {a: {}}, serviceAccount: {app: {}}, serviceMonitor: {a: {serviceName: '${NAME}'}}}");
    let arrived = value("{controllers: {a: {}}, serviceAccount: {app: {}}, serviceMonitor: {a: {serviceName: web}}}");
    let then = keeping(Version::V4_1, &arrived).applied(&text);
    assert_eq!(
        then.to_flow().replace('"', ""),
        "{controllers: {a: {serviceAccount: {identifier: app}}}, defaultPodOptions: {automountServiceAccountToken: true}, \
         serviceAccount: {app: {}}, serviceMonitor: {a: {serviceName: ${NAME}, jobLabel: app}}}"
    );
}

/// A repository in which these accounts are bound, made and used, and these jobs are asked for.
#[derive(Default)]
struct Repository {
    bound: &'static [&'static str],
    made: &'static [&'static str],
    used: &'static [&'static str],
    jobs: &'static [&'static str],
}

impl Around for Repository {
    fn binding_of(&self, account: &str) -> Option<String> {
        self.bound.contains(&account).then(|| "rbac.yaml:1".to_owned())
    }

    fn account(&self, name: &str) -> Option<String> {
        self.made.contains(&name).then(|| "account.yaml:1".to_owned())
    }

    fn use_of(&self, account: &str) -> Option<String> {
        self.used.contains(&account).then(|| "store.yaml:1".to_owned())
    }

    fn queries_of(&self, job: &str) -> Vec<String> {
        Vec::from_iter(self.jobs.contains(&job).then(|| "rules.yaml:1".to_owned()))
    }
}

/// What is left to 5.x of release `app` in a namespace, and why the rest is pinned.
fn adopted_in(namespace: &str, values: &str, around: &Repository) -> (Vec<Leaves>, Vec<String>) {
    let values = value(values);
    let keeping = Chart { version: Version::V4_1, release: "app", namespace, values: &values }.adopting_5(around);
    let left = keeping.left.into_iter().map(|left| left.what).collect();
    (left, keeping.kept.into_iter().filter_map(|kept| kept.because).collect())
}

fn adopted(values: &str, around: &Repository) -> (Vec<Leaves>, Vec<String>) {
    adopted_in("media", values, around)
}

const PLAIN: &str = "{controllers: {a: {}}, service: {}}";

#[test]
fn a_release_that_nothing_relies_on_takes_the_defaults_of_5() {
    let accounts = ["app".to_owned(), "default".to_owned()].to_vec();
    let all = vec![Leaves::NoToken { accounts }, Leaves::OwnAccount("app".to_owned())];
    assert_eq!(adopted(PLAIN, &Repository::default()), (all, Vec::new()));
}

#[test]
fn what_something_relies_on_is_pinned_with_the_reason() {
    let why = |values: &str, around: &Repository| adopted(values, around).1.join("; ");
    let bound = Repository { bound: &["app"], ..Repository::default() };
    assert_eq!(why(PLAIN, &bound), "rbac.yaml:1 binds account app");
    let bound = Repository { bound: &["default"], ..Repository::default() };
    assert_eq!(why(PLAIN, &bound), "rbac.yaml:1 binds account default; rbac.yaml:1 binds account default");
    let used = Repository { used: &["default"], ..Repository::default() };
    assert_eq!(why(PLAIN, &used), "store.yaml:1 is about account default");
    let made = Repository { made: &["app"], ..Repository::default() };
    assert_eq!(why(PLAIN, &made), "account.yaml:1 makes account app already");
    let nothing = Repository::default();
    let own = "{controllers: {a: {serviceAccount: {name: other}}}, service: {}}";
    assert_eq!(why(own, &nothing), "controllers.a states its account");
    let bindings = "{serviceAccount: {app: {}}, controllers: {a: {serviceAccount: {identifier: app}}}, \
                    rbac: {bindings: {b: {type: RoleBinding, roleRef: {}, subjects: []}}}}";
    assert_eq!(why(bindings, &nothing), "rbac.bindings.b binds an account");
}

/// `docs/app-template.md#adopting-5x`: zhorvath83 had helm-controller take such an account over.
#[test]
fn accounts_of_the_control_plane_are_not_taken_over() {
    let values = "{global: {fullnameOverride: pod-garbage-collector}, controllers: {a: {}}, service: {}}";
    let (left, why) = adopted_in("kube-system", values, &Repository::default());
    assert!(matches!(left[..], [Leaves::NoToken { .. }]), "{left:?}");
    assert_eq!(why, ["pod-garbage-collector is an account of the control plane"]);
    assert_eq!(adopted(values, &Repository::default()).0.len(), 2, "elsewhere it is a name like any other");
}

#[test]
fn the_label_job_stays_or_nothing_asks_for_it() {
    let left = |values: &str, around: &Repository| {
        let (left, why) = adopted(values, around);
        let of_jobs = |leaves: &Leaves| matches!(leaves, Leaves::SameJob(_) | Leaves::OtherJob { .. });
        (left.into_iter().find(of_jobs), why)
    };
    let monitor = "serviceMonitor: {m: {endpoints: []}}";
    let one = format!("{{controllers: {{a: {{}}}}, service: {{a: {{}}}}, {monitor}}}");
    assert_eq!(left(&one, &Repository::default()).0, Some(Leaves::SameJob("app".to_owned())));
    let other = "{controllers: {a: {}}, service: {a: {}, b: {}}, serviceMonitor: {m: {service: {identifier: b}}}}";
    let changes = Leaves::OtherJob { was: "app-b".to_owned(), becomes: "app".to_owned() };
    assert_eq!(left(other, &Repository::default()).0, Some(changes));
    let asked = Repository { jobs: &["app-b"], ..Repository::default() };
    assert_eq!(left(other, &asked), (None, vec!["rules.yaml:1 asks for job app-b".to_owned()]));
    let two = format!("{{controllers: {{a: {{}}}}, service: {{a: {{}}, b: {{}}}}, {monitor}}}");
    assert_eq!(left(&two, &Repository::default()).1, ["it is not certain which Service it selects"]);
}

//! What the repository says of accounts and of metrics, where releases adopt the defaults of 5.x.
//!
//! It is read off objects that no unit changes: what HelmReleases say is not counted, because their
//! values change as they land. Their own values are for `charts::app_template`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::charts::app_template::Around;
use crate::flux::{At, Mention, Named, View};

/// What is said in the whole tree.
#[derive(Default)]
pub(in crate::migrations) struct Evidence {
    /// Where accounts are named, with the kind of the object that does.
    accounts: BTreeMap<Named, Vec<(String, String)>>,
    /// What queries want `job` to be, each with its place.
    jobs: Vec<(Regex, String)>,
}

/// The same, as a release in a namespace sees it.
pub(super) struct From<'e> {
    pub(super) evidence: &'e Evidence,
    pub(super) namespace: &'e str,
}

fn account(namespace: &str, name: &str) -> Named {
    let namespace = Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty());
    Named { kind: "ServiceAccount".to_owned(), namespace, name: name.to_owned() }
}

impl Evidence {
    /// Reads all files of a tree for these accounts, by namespace and name.
    pub(super) fn of(view: &View, accounts: impl IntoIterator<Item = (String, String)>) -> Evidence {
        let view = view.whole();
        let named = accounts.into_iter().map(|(namespace, name)| (account(&namespace, &name), BTreeSet::new()));
        let kind = |at: &At| view.object(at).map(|object| object.kind.to_string()).unwrap_or_default();
        let told = |mention: &Mention| (kind(&mention.at), format!("{}:{}", mention.at.path, mention.line));
        let is_own = |mention: &&Mention| kind(&mention.at) != "HelmRelease";
        let mentions = view.mentions(&named.collect()).into_iter();
        let accounts = mentions.map(|(named, all)| (named, all.iter().filter(is_own).map(told).collect()));
        Evidence { accounts: accounts.collect(), jobs: jobs(&view) }
    }
}

/// What PromQL asks `job` to be, in rules and dashboards, YAML or JSON.
fn jobs(view: &View) -> Vec<(Regex, String)> {
    static QUERY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:^|[^A-Za-z0-9_])job\s*!?=(~?)\s*(?:\\?"|')([^"'\\]*)"#).expect("it is a pattern")
    });
    let is_text = |name: &str| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    let mut found = Vec::new();
    for (path, _) in view.tree().entries().filter(|(path, _)| is_text(path.name())) {
        let Ok(Some(file)) = view.tree().read(&path) else { continue };
        let text = String::from_utf8_lossy(&file.bytes);
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("job")) {
            for query in QUERY.captures_iter(line) {
                let wanted = if query[1].is_empty() { regex::escape(&query[2]) } else { query[2].to_owned() };
                // What is no pattern here may be one with a variable of Grafana: it does not name a Service.
                let pattern = Regex::new(&format!("^(?:{wanted})$"));
                // One that everything matches says nothing of a Service.
                let pattern = pattern.ok().filter(|pattern| !pattern.is_match("") && !pattern.is_match("-any-job-"));
                found.extend(pattern.map(|pattern| (pattern, format!("{path}:{}", number + 1))));
            }
        }
    }
    found
}

impl From<'_> {
    fn named(&self, name: &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let all = self.evidence.accounts.get(&account(self.namespace, name))?;
        all.iter().find(|(kind, _)| is_it(kind)).map(|(_, place)| place.clone())
    }
}

fn is_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

impl Around for From<'_> {
    fn binding_of(&self, account: &str) -> Option<String> {
        self.named(account, is_binding)
    }

    fn account(&self, name: &str) -> Option<String> {
        self.named(name, |kind| kind == "ServiceAccount")
    }

    fn use_of(&self, account: &str) -> Option<String> {
        self.named(account, |kind| !is_binding(kind) && kind != "ServiceAccount")
    }

    fn queries_of(&self, job: &str) -> Vec<String> {
        self.evidence.jobs.iter().filter(|(pattern, _)| pattern.is_match(job)).map(|(_, place)| place.clone()).collect()
    }
}

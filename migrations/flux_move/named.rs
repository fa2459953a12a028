//! What a Flux Kustomization names in its own namespace: there is no field for another one.

use std::collections::BTreeSet;

use crate::flux::Value;

/// An item of `substituteFrom`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) is_optional: bool,
}

/// What `spec` names in its own namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    /// The Secret with the key.
    pub(super) key: Option<String>,
    pub(super) accounts: BTreeSet<String>,
    /// Where variables come from, in order.
    pub(super) sources: Vec<Source>,
    pub(super) kubeconfig: BTreeSet<(String, String)>,
}

impl Named {
    pub(super) fn of(object: &Value) -> Named {
        let text = |path: &[&str]| object.text_at(path).map(str::to_owned);
        let items = object.at(&["spec", "postBuild", "substituteFrom"]).map_or(&[][..], Value::items);
        let source = |item: &Value| {
            let is_optional = item.get("optional").is_some_and(Value::is_true);
            let (kind, name) = (item.text_at(&["kind"])?.to_owned(), item.text_at(&["name"])?.to_owned());
            Some(Source { kind, name, is_optional })
        };
        let of_kubeconfig = [("secretRef", "Secret"), ("configMapRef", "ConfigMap")];
        let kubeconfig = of_kubeconfig
            .iter()
            .filter_map(|(field, kind)| Some(((*kind).to_owned(), text(&["spec", "kubeConfig", field, "name"])?)));
        Named {
            key: text(&["spec", "decryption", "secretRef", "name"]),
            accounts: [text(&["spec", "serviceAccountName"]), text(&["spec", "decryption", "serviceAccountName"])]
                .into_iter()
                .flatten()
                .collect(),
            sources: items.iter().filter_map(source).collect(),
            kubeconfig: kubeconfig.collect(),
        }
    }
}

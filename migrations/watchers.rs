//! Alerts and Receivers: how they get another entry. What entries watch is read by [`View::watched`].

use crate::flux::{At, Reach, Value, View, watching_field};
use crate::plan::Subject;
use crate::yaml::{Edit, Error, Kind, New, Node};

/// Providers that set the status of a commit: an event of anything but a Flux Kustomization has none
/// (notification-controller, `internal/notifier/factory.go`).
const OF_COMMITS: [&str; 7] =
    ["github", "gitlab", "gitea", "bitbucket", "bitbucketserver", "azuredevops", "githubpullrequestcomment"];

/// What a unit about an Alert or a Receiver is about.
pub(crate) fn subject_of(at: &At, reach: &Reach) -> Subject {
    Subject::object(&reach.kind, reach.namespace.as_deref().unwrap_or_default(), &reach.name, &at.path)
}

/// Why an entry for another namespace is not added to its text.
pub(crate) fn obstacle(view: &View, at: &At, reach: &Reach) -> Option<String> {
    let cluster = &view.graph().clusters[reach.cluster];
    if view.graph().reaches(at).len() > 1 {
        return Some("several namespaces share it".to_owned());
    }
    if cluster.refuses_cross_namespace_refs("notification-controller") {
        return Some("notification-controller takes no entry for another namespace".to_owned());
    }
    is_changed_on_its_way(view, at, reach).then(|| "a patch or a variable changes it".to_owned())
}

/// Whether its list may arrive otherwise than it is stated.
pub(crate) fn is_changed_on_its_way(view: &View, at: &At, reach: &Reach) -> bool {
    let Some(field) = watching_field(reach) else { return true };
    let stated = view.node(at).and_then(|root| root.at(&["spec", field])).and_then(Value::of);
    let arrives = view.effective(at, reach);
    let arrives = arrives.as_ref().and_then(|object| object.at(&["spec", field]));
    arrives != stated.as_ref() || view.may_patch(&reach.kind, &reach.name)
}

/// Whether the Provider of an Alert sets the status of commits, or is not there.
pub(crate) fn sets_status(view: &View, alert: &Reach, object: &Value) -> bool {
    let Some(name) = object.text_at(&["spec", "providerRef", "name"]) else { return true };
    let mut providers = view.graph().reached().filter_map(|(at, reaches)| {
        let is_it = |reach: &&Reach| {
            reach.cluster == alert.cluster
                && reach.kind == "Provider"
                && reach.name == name
                && reach.namespace == alert.namespace
        };
        view.effective(at, reaches.iter().find(is_it)?)
    });
    let provider = providers.next();
    let of = provider.as_ref().and_then(|provider| provider.text_at(&["spec", "type"]));
    of.is_none_or(|of| OF_COMMITS.contains(&of))
}

/// Adds entries to an Alert or a Receiver, each behind the one in a place of its list.
///
/// # Errors
/// If the text does not allow it.
pub(crate) fn add<'v>(
    edit: &mut Edit<'v>,
    root: Node<'v>,
    field: &str,
    entries: impl IntoIterator<Item = (usize, Value)>,
) -> Result<(), Error> {
    let Some(list) = root.at(&["spec", field]).filter(|list| list.kind() == Kind::Sequence) else { return Ok(()) };
    for (behind, entry) in entries {
        edit.insert_item(list, behind + 1, &New::from(&entry))?;
    }
    Ok(())
}

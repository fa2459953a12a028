//! Alerts that watch Kustomizations, and so are to watch the FluxInstance that takes over.

use crate::flux::{ClusterId, Object, Value, View};
use crate::migrations::watchers::{add, sets_status};
use crate::plan::Finding;
use crate::yaml::{Edit, Error, Node};

use super::codes;

const KIND: &str = "FluxInstance";

/// The Alerts of the namespace of Flux that watch all of its Kustomizations, and no FluxInstance.
pub(super) fn watching(view: &View, cluster: ClusterId) -> Vec<&Object> {
    let applied = view.graph().reached().filter_map(|(at, reaches)| {
        let reach = reaches.iter().find(|reach| reach.cluster == cluster && reach.kind == "Alert")?;
        let is_of_flux = reach.namespace.as_deref() == Some(super::NAMESPACE);
        let entries = view.watched(at, reach).filter(|_| is_of_flux)?;
        let sees_all = entries.iter().any(|entry| entry.is_all_of("Kustomization", super::NAMESPACE));
        let sees_instance = entries.iter().any(|entry| entry.kind == KIND);
        let alert = view.effective(at, reach).filter(|_| sees_all && !sees_instance)?;
        (!sets_status(view, reach, &alert)).then(|| view.object(at))?
    });
    applied.collect()
}

/// Entries for FluxInstances that are commented out, in files with an Alert that a cluster applies.
pub(super) fn commented(view: &View, cluster: ClusterId) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, file) in view.files_with(KIND) {
        let is_applied = |object: &Object| {
            let reaches = view.graph().reaches(&object.at);
            object.kind == "Alert" && reaches.iter().any(|reach| reach.cluster == cluster)
        };
        let Some(stream) = file.stream.as_deref().filter(|_| file.objects.iter().any(is_applied)) else { continue };
        let comments = stream.comments().iter();
        let is_entry = |text: &str| text.trim_start_matches(['#', ' ', '-']).starts_with("kind: FluxInstance");
        let entries = comments.filter(|comment| is_entry(&stream.text()[comment.range.clone()]));
        found.extend(entries.map(|comment| {
            let message = "an entry for FluxInstances is commented out: it can be taken in once the instance is there";
            Finding::note(codes::LISTED, message).at(path, comment.line)
        }));
    }
    found
}

/// Adds the entry behind the last one.
pub(super) fn write<'v>(edit: &mut Edit<'v>, root: Node<'v>) -> Result<(), Error> {
    let last = root.at(&["spec", "eventSources"]).and_then(|sources| sources.items().count().checked_sub(1));
    let entry = Value::mapping([("kind", Value::string(KIND)), ("name", Value::string("*"))]);
    add(edit, root, "eventSources", last.map(|last| (last, entry)))
}

//! What the configuration says about middlewares.

use super::{Link, NoteKind, Parts, Weight};
use crate::flux::Value;
use crate::gateway::Refusal;

/// What takes the place of a middleware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// A component with a policy of the Gateway's controller: its path.
    Component(String),
    /// Filters of the rule.
    Filters(Vec<Value>),
    /// The Middleware itself, as a filter of Traefik.
    Extension,
    /// Nothing, for a reason. What keeps somebody out is not dropped.
    Drop(String),
}

/// Makes what a middleware becomes by the configuration.
pub(super) fn apply(configured: &Configured, link: &Link<'_>, parts: &mut Parts<'_>) -> Result<(), Refusal> {
    let id = &link.name.id;
    match (configured, link.weight) {
        (Configured::Component(path), _) => {
            if !parts.made.components.contains(path) {
                parts.made.components.push(path.clone());
            }
        }
        (Configured::Extension, _) => {
            let name = link.name.name_in(parts.around.namespace).filter(|_| parts.around.is_traefik);
            let Some(name) = name else { return Err(refused_extension(link)) };
            let reference = [("group", "traefik.io"), ("kind", "Middleware"), ("name", name)];
            let reference = Value::mapping(reference.map(|(key, text)| (key, Value::string(text))));
            parts.add(link, Value::mapping([("type", Value::string("ExtensionRef")), ("extensionRef", reference)]))?;
        }
        (Configured::Filters(_) | Configured::Drop(_), Weight::Authentication) => {
            return Err(link.refused_authentication());
        }
        (Configured::Drop(_) | Configured::Filters(_), Weight::Limit) if parts.around.limits_are_mapped => {}
        (Configured::Drop(_) | Configured::Filters(_), Weight::Limit) => return Err(link.refused_limit()),
        (Configured::Filters(filters), Weight::Plain) => {
            filters.iter().try_for_each(|filter| parts.add(link, filter.clone()))?;
        }
        (Configured::Drop(reason), Weight::Plain) => {
            parts.note(NoteKind::NotNeeded, format!("{} is dropped: {reason}", link.described()));
            return Ok(());
        }
    }
    match link.weight {
        Weight::Plain => {}
        Weight::Limit => parts.made.limits.push(id.clone()),
        Weight::Authentication => parts.made.authentication.push(id.clone()),
    }
    parts.made.review = true;
    Ok(())
}

/// An extension is a Middleware of the route's own namespace, and only Traefik has it.
fn refused_extension(link: &Link<'_>) -> Refusal {
    let mut refusal = match link.weight {
        Weight::Authentication => link.refused_authentication(),
        Weight::Limit => link.refused_limit(),
        Weight::Plain => link.refusal("has no filter that does the same"),
    };
    refusal.message += ": an extension needs Traefik as controller, and the Middleware in the route's namespace";
    refusal
}

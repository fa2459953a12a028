//! `reference`: every place that names an object names another one.

use super::anywhere::everywhere;
use super::context::Context;
use super::kept::Siblings;
use super::{Kept, Notes, Refused, Seen};
use crate::flux::{Reach, Value, pointer_parts};
use crate::recipe::codes::{KEY_IN_JSON_PATCH, NAME_OPEN, OTHER_SHAPE, REFERENCE_UNRESOLVED, SELECTED_IN_PART};
use crate::recipe::naming::{self, DEPENDS_ON};
use crate::recipe::operation::{lifted, lowered, states};
use crate::recipe::place::Place;
use crate::recipe::select::{Document, GroupKind, node_at};
use crate::yaml::Node;

/// The verb.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The kind of both objects.
    pub kind: GroupKind,
    /// The object that is named.
    pub from: Named,
    /// The object to name.
    pub to: Named,
}

/// An object: `name`, or `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its namespace; any, if none is stated.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Named {
    /// Reads it.
    pub fn parse(text: &str) -> Named {
        match text.split_once('/') {
            Some((namespace, name)) => Named { namespace: Some(namespace.to_owned()), name: name.to_owned() },
            None => Named { namespace: None, name: text.to_owned() },
        }
    }
}

/// A reference at work on the values of a document.
struct Work<'w, 'v> {
    verb: &'w Reference,
    document: &'w Document<'v>,
    /// Whose names the present part has.
    context: Context<'v>,
    seen: Seen,
    /// The namespaces in which the new object is meant.
    meant: Vec<Option<String>>,
}

impl Reference {
    pub(super) fn act(&self, document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
        let (of_root, of_patches): (Vec<_>, Vec<_>) =
            Context::of_patches(document).into_iter().partition(|(place, _)| place.0.is_empty());
        let own = of_root.into_iter().next().map_or_else(|| Context::of(document), |(_, context)| context);
        let mut parts: Vec<(Place, Context<'_>)> = of_patches;
        // What the values of a chart name is where the release installs it.
        if document.is_release() && value.at(&["spec", "values"]).is_some() {
            let target = value.text_at(&["spec", "targetNamespace"]).map(|target| vec![target.to_owned()]);
            let namespaces = target.unwrap_or_else(|| own.namespaces.clone());
            parts.push((Place::default().key("spec").key("values"), Context { namespaces, ..own.clone() }));
        }
        let mut taken: Vec<(Place, Context<'_>, Value)> = Vec::new();
        for (place, context) in parts {
            let Some(part) = place.of_mut(value) else { continue };
            taken.push((place, context, std::mem::replace(part, Value::Null)));
        }
        let mut work = Work { verb: self, document, context: own, seen: Seen::default(), meant: Vec::new() };
        let root = document.root;
        notes.kept.extend(work.part(value, Some(root))?);
        for (place, context, mut part) in taken {
            work.context = context;
            notes.kept.extend(work.part(&mut part, node_at(root, &place))?.below(&place));
            *place.of_mut(value).expect("it was there") = part;
        }
        Ok(work.seen)
    }
}

impl Work<'_, '_> {
    /// Acts on a part of a document whose names are those of the present context.
    fn part(&mut self, value: &mut Value, node: Option<Node<'_>>) -> Result<Kept, Refused> {
        self.meant.clear();
        let kept = self.everywhere(value, node)?;
        self.is_applied()?;
        Ok(kept)
    }

    /// The kind of the objects that have the names, if that is one.
    fn own(&self) -> Option<&GroupKind> {
        if let [one] = self.context.kinds.as_slice() { Some(one) } else { None }
    }

    fn everywhere(&mut self, value: &mut Value, node: Option<Node<'_>>) -> Result<Kept, Refused> {
        let name = self.verb.from.name.clone();
        everywhere(value, node, &name, &mut |value, key| {
            match (value, key) {
                (Value::Sequence(items), _) if items.iter().any(|item| lifted(item).is_some()) => {
                    items.iter_mut().try_for_each(|item| self.in_operation(item))?;
                }
                (Value::Sequence(items), Some(key)) => {
                    items.iter_mut().try_for_each(|item| self.in_mapping(item, key))?;
                }
                (value @ Value::Mapping(_), key) => {
                    if let Some(key) = key {
                        self.in_mapping(value, key)?;
                    }
                    let Value::Mapping(entries) = value else { return Ok(Siblings::default()) };
                    entries.iter_mut().try_for_each(|(key, value)| self.in_text(value, key))?;
                }
                _ => {}
            }
            Ok(Siblings::default())
        })
    }

    /// Names in an operation of a JSON patch, which is read as an object that has nothing else.
    fn in_operation(&mut self, operation: &mut Value) -> Result<(), Refused> {
        let Some(before) = lifted(operation) else { return Ok(()) };
        let path = operation.text_at(&["path"]).unwrap_or_default().to_owned();
        let refused = |why: &str| Refused::new(KEY_IN_JSON_PATCH, format!("a JSON patch of `{path}` {why}"));
        let mut parts = pointer_parts(&path);
        let last = parts.pop();
        let key = parts.iter().rev().find(|part| *part != "-" && part.parse::<usize>().is_err());
        if let (Some("name"), Some(key), Some(name)) = (last.as_deref(), key, operation.text_at(&["value"])) {
            let of = |more: &[(&'static str, Value)]| {
                let entries = [("name", Value::string(name))].into_iter().chain(more.iter().cloned());
                naming::names(key, &Value::mapping(entries), &self.verb.kind, self.own())
            };
            let stated = [("kind", Value::string(&self.verb.kind.kind))];
            // Which kind is meant, only the object says that is patched.
            if of(&[]).is_none() && of(&stated).is_some() && *name == self.verb.from.name {
                return Err(refused(&format!("names {name}, and not of which kind that is")));
            }
        }
        let mut after = before.clone();
        self.everywhere(&mut after, None)?;
        if after == before {
            return Ok(());
        }
        let lowered = lowered(operation, &after);
        let ([one], true) = (lowered.as_slice(), states(operation)) else {
            return Err(refused("asks for the name, or is about more than one"));
        };
        *operation = one.clone();
        Ok(())
    }

    /// A name that stands in a mapping, perhaps with its namespace.
    fn in_mapping(&mut self, mapping: &mut Value, key: &str) -> Result<(), Refused> {
        let is_of_several = self.context.kinds.len() > 1 && self.context.kinds.contains(&self.verb.kind);
        if is_of_several && key == DEPENDS_ON && mapping.text_at(&["name"]) == Some(&self.verb.from.name) {
            let message =
                format!("`{DEPENDS_ON}` of a patch names {}, and the patch is for several kinds", self.verb.from.name);
            return Err(Refused::new(SELECTED_IN_PART, message));
        }
        let Some(takes_namespace) = naming::names(key, mapping, &self.verb.kind, self.own()) else {
            return Ok(());
        };
        let name = mapping.text_at(&["name"]).unwrap_or_default().to_owned();
        let stated = mapping.text_at(&["namespace"]).map(str::to_owned);
        if !self.is_meant(&name, stated.as_deref())? {
            return Ok(());
        }
        let to = &self.verb.to;
        mapping.set("name", Value::string(&to.name));
        self.meant.push(to.namespace.clone().or_else(|| stated.clone()));
        let Some(namespace) = &to.namespace else { return Ok(()) };
        if stated.is_some() {
            mapping.set("namespace", Value::string(namespace));
        } else if self.context.namespaces != [namespace.clone()] {
            if !takes_namespace {
                return Err(self.no_namespace(key));
            }
            mapping.set("namespace", Value::string(namespace));
        }
        Ok(())
    }

    /// A name that is the text of a key.
    fn in_text(&mut self, value: &mut Value, key: &str) -> Result<(), Refused> {
        let Value::Scalar { text, .. } = value else { return Ok(()) };
        if !naming::is_name(key, &self.verb.kind) || !self.is_meant(text, None)? {
            return Ok(());
        }
        let to = &self.verb.to;
        if to.namespace.as_ref().is_some_and(|namespace| self.context.namespaces != [namespace.clone()]) {
            return Err(self.no_namespace(key));
        }
        self.meant.push(to.namespace.clone());
        *value = Value::string(&to.name);
        Ok(())
    }

    fn no_namespace(&self, key: &str) -> Refused {
        let message = format!("`{key}` names an object of its own namespace, and {} is in another", self.verb.to.name);
        Refused::new(OTHER_SHAPE, message)
    }

    /// Whether a name, with the namespace beside it, is that of the object.
    fn is_meant(&mut self, name: &str, stated: Option<&str>) -> Result<bool, Refused> {
        let Named { namespace, name: wanted } = &self.verb.from;
        let is_after = name == self.verb.to.name;
        self.seen = self.seen.or(Seen { after: is_after, ..Seen::state(name == wanted || is_after) });
        if name != wanted {
            let graph = self.document.view.graph();
            let filled =
                |reach: &Reach| graph.kustomizations[reach.kustomization].variables.substitute(name) == *wanted;
            if name.contains("${") && self.context.reaches.iter().copied().any(filled) {
                return Err(Refused::new(NAME_OPEN, format!("{wanted} is written as {name}")));
            }
            return Ok(false);
        }
        let Some(namespace) = namespace else { return Ok(true) };
        match stated {
            Some(stated) => Ok(stated == namespace),
            None if self.context.namespaces == [namespace.clone()] => Ok(true),
            None if self.context.namespaces.contains(namespace) => {
                let message =
                    format!("{wanted} is of {namespace} in one place where it is applied, and not in another");
                Err(Refused::new(SELECTED_IN_PART, message))
            }
            None => Ok(false),
        }
    }

    /// That the new object is applied on each cluster that applies this one.
    fn is_applied(&self) -> Result<(), Refused> {
        let graph = self.document.view.graph();
        for reach in self.context.reaches.iter().filter(|_| !self.meant.is_empty()) {
            let is_it = |other: &Reach, namespace: Option<&str>| {
                other.cluster == reach.cluster
                    && self.verb.kind.is(&other.api_version, &other.kind)
                    && other.name == self.verb.to.name
                    && (namespace.is_none() || other.namespace.is_none() || other.namespace.as_deref() == namespace)
            };
            for namespace in &self.meant {
                let namespace =
                    namespace.as_deref().or(reach.namespace.as_deref()).filter(|namespace| !namespace.is_empty());
                if !graph.reached().flat_map(|(_, reaches)| reaches).any(|other| is_it(other, namespace)) {
                    let cluster = &graph.clusters[reach.cluster].name;
                    let message = format!("{cluster} applies no {} {}", self.verb.kind.kind, self.verb.to.name);
                    return Err(Refused::new(REFERENCE_UNRESOLVED, message));
                }
            }
        }
        Ok(())
    }
}

//! The fields that a schema states: that of a version of a CRD (OpenAPI 3), or a JSON Schema that is
//! made of one. What it says in other ways than by `properties`, `required`, `items` and
//! `additionalProperties` is not listed, and so never wrong.

use std::collections::BTreeMap;

use super::field::{Content, Field, Fields};
use super::table::{Kind, Version};
use crate::flux::{Value, group_of, pointer_parts};

/// How deep a schema is read; one that refers to itself has no end.
const DEPTH: usize = 40;
/// How many fields are read of one: what definitions repeat grows with each level.
const FIELDS: usize = 100_000;

/// What every object has, and nobody asks about here.
const OF_EVERY_OBJECT: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// An object with a schema.
pub(super) fn root(schema: &Value) -> Field {
    let mut left = FIELDS;
    let mut root = Reader { whole: schema, left: &mut left }.field(schema, DEPTH);
    if let Content::Fields(of) = &mut root.content {
        of.fields.retain(|name, _| !OF_EVERY_OBJECT.contains(&name.as_str()));
    }
    root
}

/// The kind of a JSON Schema: as it says itself, or as its path does, which is `GROUP/KIND_VERSION.json`
/// in the catalogs that are made of CRDs. `None` if neither says it.
pub(super) fn kind(schema: &Value, path: &str) -> Option<Kind> {
    schema.get("properties").filter(|properties| !properties.entries().is_empty())?;
    let (group, name, version) = stated(schema).or_else(|| by_path(path))?;
    let version = Version { name: version, served: None, root: root(schema) };
    Some(Kind { group, name, versions: vec![version] })
}

type Identity = (String, String, String);

fn stated(schema: &Value) -> Option<Identity> {
    let owned = |(group, name, version): (&str, &str, &str)| (group.to_owned(), name.to_owned(), version.to_owned());
    if let Some([one]) = schema.get("x-kubernetes-group-version-kind").map(Value::items) {
        let text = |key: &str| one.text_at(&[key]);
        return Some(owned((text("group")?, text("kind")?, text("version")?)));
    }
    let only = |name: &str| {
        let property = schema.at(&["properties", name])?;
        match property.get("enum").map(Value::items) {
            Some([one]) => one.text(),
            _ => property.text_at(&["const"]),
        }
    };
    let (api_version, name) = (only("apiVersion")?, only("kind")?);
    let version = api_version.rsplit('/').next().unwrap_or(api_version);
    Some(owned((group_of(api_version), name, version)))
}

fn by_path(path: &str) -> Option<Identity> {
    let (folder, file) = path.rsplit_once('/')?;
    let (name, version) = file.strip_suffix(".json")?.rsplit_once('_')?;
    let group = folder.rsplit('/').next().filter(|group| group.contains('.'))?;
    let is_version = version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    (is_version && !name.is_empty()).then(|| (group.to_owned(), name.to_owned(), version.to_owned()))
}

struct Reader<'s, 'l> {
    /// In which references are looked up.
    whole: &'s Value,
    left: &'l mut usize,
}

impl<'s> Reader<'s, '_> {
    fn field(&mut self, schema: &'s Value, depth: usize) -> Field {
        Field { is_required: false, content: self.content(schema, depth) }
    }

    fn content(&mut self, schema: &'s Value, depth: usize) -> Content {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.checked_sub(1)) else {
            return Content::NotListed;
        };
        *self.left = left;
        if let Some(reference) = schema.text_at(&["$ref"]) {
            return self.resolved(reference).map_or(Content::NotListed, |schema| self.content(schema, depth));
        }
        let is = |key: &str| schema.text_at(&[key]) == Some("true");
        if is("x-kubernetes-embedded-resource") {
            return Content::NotListed;
        }
        if let Some(parts) = schema.get("allOf").filter(|_| schema.get("properties").is_none()) {
            let mut parts = parts.items().iter().map(|part| self.field(part, depth)).collect::<Vec<_>>().into_iter();
            let first = parts.next().unwrap_or_default();
            return parts.fold(first, Field::or).content;
        }
        if let Some(properties) = schema.get("properties") {
            return Content::Fields(self.mapping(schema, properties, depth));
        }
        if let Some(item @ Value::Mapping(_)) = schema.get("items") {
            return Content::Items(Box::new(self.field(item, depth)));
        }
        match schema.get("additionalProperties") {
            Some(each @ Value::Mapping(_)) => Content::Values(Box::new(self.field(each, depth))),
            _ => Content::NotListed,
        }
    }

    fn mapping(&mut self, schema: &'s Value, properties: &'s Value, depth: usize) -> Fields {
        let required = names(schema.get("required"));
        let mut fields = BTreeMap::new();
        for (name, property) in properties.entries() {
            // The API server fills in defaults before it looks what is missing.
            let is_required = required.contains(name) && property.get("default").is_none();
            fields.insert(name.clone(), Field { is_required, ..self.field(property, depth) });
        }
        let others = ["additionalProperties", "x-kubernetes-preserve-unknown-fields", "patternProperties"];
        let takes_others =
            others.into_iter().filter_map(|key| schema.get(key)).any(|value| value.text() != Some("false"));
        let of_one = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key));
        let is_more = |part: &Value| part.get("properties").is_some() || part.get("$ref").is_some();
        let states_more = of_one.clone().flat_map(Value::items).any(is_more);
        let choices = of_one.filter_map(choice).collect();
        Fields { fields, takes_others: takes_others || states_more, choices }
    }

    /// What a reference inside of the schema names.
    fn resolved(&self, reference: &str) -> Option<&'s Value> {
        let pointer = reference.strip_prefix('#')?;
        pointer_parts(pointer).iter().try_fold(self.whole, |value, part| value.get(part))
    }
}

fn names(list: Option<&Value>) -> Vec<String> {
    list.map_or(&[][..], Value::items).iter().filter_map(Value::text).map(str::to_owned).collect()
}

/// Sets of fields of which one must be there; `None` if one alternative asks for none.
fn choice(alternatives: &Value) -> Option<Vec<Vec<String>>> {
    let sets: Vec<Vec<String>> =
        alternatives.items().iter().map(|alternative| names(alternative.get("required"))).collect();
    (!sets.is_empty() && sets.iter().all(|set| !set.is_empty())).then_some(sets)
}

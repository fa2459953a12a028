//! The JSON Schema of the configuration, for editors. The readers say it: each runs once on a mapping
//! that has no keys, and what it asks for is recorded. So what is read and what editors propose cannot
//! differ.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::{SectionType, Settings};
use crate::yaml::Stream;

/// What the reader of a mapping asks for.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// What each key takes.
    properties: Map<String, Value>,
    required: Vec<String>,
    /// What keys take that are not known beforehand.
    others: Option<Value>,
    /// What the key that is asked for next sets.
    about: Option<String>,
}

impl Record {
    fn into_schema(self) -> Value {
        let mut schema = json!({"type": "object"});
        if !self.properties.is_empty() {
            schema["properties"] = self.properties.into();
        }
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema["additionalProperties"] = self.others.unwrap_or(Value::Bool(false));
        schema
    }
}

impl<'s> Keys<'_, 's> {
    /// Says what the key sets that is asked for next.
    pub fn about(&mut self, about: &str) -> &mut Self {
        if let Some(record) = &mut self.record {
            record.about = Some(about.to_owned());
        }
        self
    }

    /// Records what a key takes, unless that is recorded in more detail: readers ask from the special
    /// to the general.
    pub fn takes(&mut self, key: &str, schema: impl FnOnce() -> Value) {
        let Some(record) = &mut self.record else { return };
        let about = record.about.take();
        let property = record.properties.entry(key).or_insert_with(schema);
        if let (Some(about), Some(property)) = (about, property.as_object_mut()) {
            property.shift_insert(0, "description".to_owned(), Value::from(about));
        }
    }

    /// Records another form that a key takes.
    pub(super) fn also_takes(&mut self, key: &str, other: Value) {
        let Some(property) = self.record.as_mut().and_then(|record| record.properties.get_mut(key)) else { return };
        let mut first = property.take();
        let description = first.as_object_mut().and_then(|first| first.shift_remove("description"));
        *property = match description {
            Some(description) => json!({"description": description, "anyOf": [first, other]}),
            None => json!({"anyOf": [first, other]}),
        };
    }

    /// Records what keys take whose names are not known beforehand.
    pub(super) fn takes_others(&mut self, schema: impl FnOnce() -> Value) {
        if let Some(record) = &mut self.record {
            record.others.get_or_insert_with(schema);
        }
    }

    /// Records that a key must be there.
    pub(super) fn requires(&mut self, key: &str) {
        if let Some(record) = &mut self.record {
            record.required.push(key.to_owned());
        }
    }

    /// What a reader of a mapping asks for.
    pub(super) fn recorded<T>(&self, read: impl FnOnce(&mut Keys<'_, 's>) -> T) -> Value {
        let mut mistakes = Vec::new();
        let mut keys = Keys::at(self.mapping, &mut mistakes);
        keys.record = Some(Record::default());
        read(&mut keys);
        keys.record.take().unwrap_or_default().into_schema()
    }
}

/// The JSON Schema of a configuration with these sections.
pub fn schema(sections: &[SectionType]) -> String {
    let nothing = Stream::parse("{}").expect("an empty mapping is valid YAML");
    let root = nothing.documents().next().expect("it is one document");
    let mut mistakes = Vec::new();
    let mut settings = Settings::default();
    let read = Keys::at(root, &mut mistakes).recorded(|keys| settings.read_all(keys, sections));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of flux-codemod",
        "description": "Every key is optional: missing keys are detected from the repository or take their default.",
    });
    if let (Some(schema), Value::Object(read)) = (schema.as_object_mut(), read) {
        schema.extend(read);
    }
    format!("{schema:#}\n")
}

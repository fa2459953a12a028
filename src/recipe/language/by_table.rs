//! Reads the verbs that ask for more than a value: tables, and the tree.

use super::reader::Reader;
use super::{NOT_IDEMPOTENT, VALUE};
use crate::config::Keys;
use crate::flux::Value;
use crate::recipe::schema_comment::Settings;
use crate::recipe::verb::{Named, Reference, ToNewest, Verb};
use crate::yaml::Node;

impl Reader<'_> {
    pub(super) fn reference(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let kind = self.text(keys, "reference").and_then(|(text, node)| self.kind(keys, &text, node));
        let (from, to) = (self.text(keys, "from"), self.text(keys, "to"));
        self.must_have(keys, "from", "flux-system/old");
        self.must_have(keys, "to", "flux-system/new");
        let ((from, _), (to, node)) = (from?, to?);
        let (from, to) = (Named::parse(&from), Named::parse(&to));
        if from == to || to.namespace.is_some() && from.namespace.is_none() && from.name == to.name {
            let message = "both names are one, or the old one matches the new one, too".to_owned();
            keys.mistake(NOT_IDEMPOTENT, node, message, "state the namespace of both");
        }
        Some(Verb::Reference(Reference { kind: kind?, from, to }))
    }

    pub(super) fn schema_comment(self, keys: &mut Keys<'_, '_>, step: Node<'_>) -> Option<Verb> {
        let value = self.value(keys, "schema-comment")?;
        let read = Settings::read(&value);
        if let Err(why) = &read {
            keys.mistake(VALUE, step, why.clone(), "write it as `flux-codemod explain schema-comments` shows");
        }
        read.ok().map(Verb::SchemaComment)
    }

    pub(super) fn api_version(self, keys: &mut Keys<'_, '_>, step: Node<'_>) -> Option<Verb> {
        let (word, node) = self.text(keys, "api-version")?;
        if word != "table" {
            keys.mistake(VALUE, node, format!("`api-version` cannot be `{word}`"), "write `api-version: table`");
        }
        let kinds = self.value(keys, "kinds");
        let kinds: Vec<&str> = kinds.iter().flat_map(Value::items).filter_map(Value::text).collect();
        let kinds = kinds.into_iter().filter(|kind| *kind != "all").filter_map(|kind| self.kind(keys, kind, step));
        let kinds = kinds.collect();
        let flag = |value: Option<Value>, absent| value.map_or(absent, |value| value.is_true());
        let (repair, summary) = (flag(self.value(keys, "repair"), true), flag(self.value(keys, "summary"), false));
        Some(Verb::ApiVersion(ToNewest { kinds, repair, summary, in_patches: false }))
    }
}

//! `schema-comment`: the comment in the header of a document. Its value never changes.

use super::{Notes, Seen};
use crate::recipe::codes::SCHEMA_UNSEEN;
use crate::recipe::schema_comment::{self, Settings};
use crate::recipe::select::Document;

pub(super) fn act(document: &Document<'_>, settings: &Settings, notes: &mut Notes) -> Seen {
    if let Some(change) = schema_change(document, settings) {
        if !change.is_seen {
            notes.reviews.push((SCHEMA_UNSEEN, format!("nobody has seen {}", change.url)));
        }
        notes.headers.push(Header { url: change.url, settings: settings.clone() });
    }
    Seen::state(true)
}

/// A comment to write in the header of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The URL in it.
    pub url: String,
    /// By which it is found again.
    pub settings: Settings,
}

/// What to write in the header of a document.
pub fn schema_change<'v>(document: &Document<'v>, settings: &Settings) -> Option<schema_comment::Change<'v>> {
    if document.object.is_some_and(|object| object.at.item.is_some()) {
        return None;
    }
    let stream = document.view.file(document.path)?.stream.as_deref()?;
    let index = stream.documents().position(|root| root.range() == document.root.range())?;
    schema_comment::change(stream, index, document.path.name(), settings, &|_| false)
}

//! `escape: unresolved`: variables without a value stay text, `$${NAME}`.

use std::cell::Cell;

use super::{Notes, Refused, Seen};
use crate::flux::{Value, with_escaped};
use crate::recipe::codes::{OTHER_SHAPE, VARIABLES_DIFFER};
use crate::recipe::select::{Document, Unresolved};

pub(super) fn act(document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
    let found = match Unresolved::of(document) {
        Ok(found) => found,
        Err(why) => {
            notes.not_known.push(why);
            return Ok(Seen::default());
        }
    };
    if found.names.is_empty() {
        return Ok(Seen::default());
    }
    if let Some(why) = found.differs {
        return Err(Refused::new(VARIABLES_DIFFER, why));
    }
    let shown = || found.names.iter().map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(", ");
    if let Some(generator) = document.generator {
        let files = generator.inputs().collect::<Vec<_>>().join(", ");
        return Err(Refused::new(
            OTHER_SHAPE,
            format!("{} is made of {files}: escape {} there", generator.name, shown()),
        ));
    }
    let in_default = Cell::new(false);
    value.map_text(&|text| {
        with_escaped(text, &found.names).unwrap_or_else(|| {
            in_default.set(true);
            text.to_owned()
        })
    });
    if in_default.get() {
        return Err(Refused::new(OTHER_SHAPE, format!("one of {} is in the default of another variable", shown())));
    }
    Ok(Seen::state(true))
}

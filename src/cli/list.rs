use super::context::Context;
use super::{Asked, Outcome, Start, layout, page_text};
use crate::output::list_as_text;

/// `list`: always clean, because it only shows.
pub(super) fn run(start: &Start) -> anyhow::Result<Outcome> {
    let context = Context::everywhere(start)?;
    let selection = context.select(&Asked::default())?;
    page_text(&list_as_text(
        &context.view,
        &context.plan,
        &selection,
        &context.promotion,
        &context.migrations,
        &layout(),
    ))?;
    Ok(Outcome::Clean)
}

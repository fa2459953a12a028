use super::context::Context;
use super::{Asked, Outcome, Start, layout, print_text};
use crate::output::list_as_text;

/// `list`: always clean, because it only shows.
pub(super) fn run(start: &Start) -> anyhow::Result<Outcome> {
    let context = Context::open(start, &Asked::default())?;
    print_text(&list_as_text(&context.view, &context.plan, &context.migrations, &layout()))?;
    Ok(Outcome::Clean)
}

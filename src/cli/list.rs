use super::context::Context;
use super::{Asked, Outcome, Start, layout, print};
use crate::output::list_as_text;

/// `list`: always clean, because it only shows.
pub(super) fn run(start: &Start) -> anyhow::Result<Outcome> {
    let context = Context::open(start, &Asked::default())?;
    print(&list_as_text(&context.view, &context.plan, &context.migrations, &layout()))?;
    Ok(Outcome::Clean)
}

use super::context::Context;
use super::{Outcome, Start, layout, print};
use crate::output::list_as_text;

/// `list`: always clean, it only tells.
pub(super) fn run(start: &Start) -> anyhow::Result<Outcome> {
    let context = Context::open(start, &[])?;
    print(&list_as_text(&context.view, &context.plan, &context.migrations, &layout()))?;
    Ok(Outcome::Clean)
}

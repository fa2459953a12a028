use std::path::Path;

use super::context::Context;
use super::{Outcome, layout, print};
use crate::output::list_as_text;

/// `list`: always clean, it only tells.
pub(super) fn run(dir: &Path) -> anyhow::Result<Outcome> {
    let context = Context::open(dir, &[])?;
    print(&list_as_text(&context.view, &context.plan, &context.migrations, &layout()))?;
    Ok(Outcome::Clean)
}

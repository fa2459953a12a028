//! `recipe`: helps to write recipes.

mod new;
mod schema;
mod test;

use clap::{Args, Subcommand};

use super::{Outcome, Start};

#[derive(Debug, Args)]
pub(super) struct RecipeArgs {
    #[command(subcommand)]
    command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
enum RecipeCommand {
    /// Write a commented recipe with a test, to begin with
    ///
    /// Nothing is overwritten.
    New(new::NewArgs),
    /// Run the tests of recipes: NAME.test.yaml beside NAME.yaml
    ///
    /// Everything happens in memory. Exits with 1 if a case fails.
    Test(test::TestArgs),
    /// Print the JSON Schema of recipes, for editors
    Schema,
}

/// `recipe`: one of its commands.
pub(super) fn run(start: &Start, args: &RecipeArgs) -> anyhow::Result<Outcome> {
    match &args.command {
        RecipeCommand::New(args) => new::run(start, args),
        RecipeCommand::Test(args) => test::run(start, args),
        RecipeCommand::Schema => schema::run(),
    }
}

use anyhow::bail;
use clap::Args;

use super::{Outcome, layout, print};
use crate::migrations;
use crate::plan::{code, codes, nearest};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A reason code, such as anchor-in-use, or a migration
    #[arg(value_name = "MIGRATION|CODE")]
    what: String,
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let migrations = migrations::all();
    if let Some(migration) = migrations.iter().find(|migration| migration.meta().id == args.what) {
        print(migration.meta().readme)?;
        return Ok(Outcome::Clean);
    }
    let Some(code) = code(&args.what, &migrations) else {
        let known =
            codes(&migrations).into_iter().map(|code| code.id).chain(migrations.iter().map(|own| own.meta().id));
        let known: Vec<String> = known.map(str::to_owned).collect();
        match nearest(&args.what, &known) {
            Some(near) => bail!("`{}` is no migration and no reason code; did you mean `{near}`?", args.what),
            None => {
                let (migrations, mut codes): (Vec<String>, Vec<String>) =
                    known.into_iter().partition(|name| migrations.iter().any(|own| own.meta().id == name));
                codes.sort();
                let (migrations, codes) = (migrations.join(", "), codes.join(", "));
                bail!(
                    "`{}` is no migration and no reason code\nmigrations: {migrations}\nreason codes: {codes}",
                    args.what
                )
            }
        }
    };
    let layout = layout();
    let parts = [("", code.what), ("Why: ", code.why), ("What to do: ", code.todo)];
    let text: Vec<String> = parts.iter().map(|(head, text)| layout.fold("  ", &format!("{head}{text}"))).collect();
    print(&format!("{}\n{}\n", code.id, text.join("\n")))?;
    Ok(Outcome::Clean)
}

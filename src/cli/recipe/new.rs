//! `recipe new`: files to begin a recipe with.

use std::path::Path;

use anyhow::bail;
use clap::Args;

use super::schema::SCHEMA;
use crate::cli::context::Place;
use crate::cli::new_file::written;
use crate::cli::{Outcome, Start, hint};
use crate::migrations::recipes::{DIRECTORY, LIBRARY, TESTS};
use crate::recipe::language::is_name;

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// The name of the recipe: lowercase letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// Begin with the text of a built-in recipe
    #[arg(long, value_name = "RECIPE")]
    from: Option<String>,
}

/// Where editors find the schema, from the root of the repository and from a recipe.
const SCHEMA_FILE: &str = ".flux-codemod/recipe-1.schema.json";
const SCHEMA_COMMENT: &str = "# yaml-language-server: $schema=../recipe-1.schema.json\n";

/// `recipe new`: writes a recipe, a test of it, and the schema where that is missing.
pub(super) fn run(start: &Start, args: &NewArgs) -> anyhow::Result<Outcome> {
    if !is_name(&args.name) {
        bail!("`{}` is no name of a recipe; use lowercase letters, digits and `-`, such as `my-recipe`", args.name);
    }
    if crate::cli::built_in_names().any(|name| name == args.name) {
        bail!("`{}` is the name of something built in; choose another name", args.name);
    }
    let text = match &args.from {
        None => recipe(&args.name),
        Some(from) => {
            let Some((_, text)) = LIBRARY.iter().find(|(name, _)| name == from) else {
                let known: Vec<&str> = LIBRARY.iter().map(|(name, _)| *name).collect();
                bail!("there is no built-in recipe `{from}`; known: {}", known.join(", "));
            };
            text.replace(&format!("\nname: {from}\n"), &format!("\nname: {}\n", args.name))
        }
    };
    let (place, _) = Place::open(&start.dir)?;
    let file = format!("{DIRECTORY}/{}.yaml", args.name);
    let tests = format!("{DIRECTORY}/{}{TESTS}", args.name);
    if place.root.join(&file).exists() || place.root.join(&tests).exists() {
        bail!("{file} or its test is there already, and was not changed; choose another name");
    }
    write(&place.root, &file, &format!("{SCHEMA_COMMENT}{text}"))?;
    if args.from.is_none() {
        write(&place.root, &tests, TEST)?;
    }
    if !place.root.join(SCHEMA_FILE).exists() {
        write(&place.root, SCHEMA_FILE, SCHEMA)?;
    }
    hint(&format!(
        "wrote {file}; edit it, then try `flux-codemod recipe test {0}` and `flux-codemod plan {0} -v`",
        args.name
    ));
    Ok(Outcome::Clean)
}

/// Writes a file that is not there.
fn write(root: &Path, file: &str, text: &str) -> anyhow::Result<()> {
    if !written(&root.join(file), file, text)? {
        bail!("{file} is there already, and was not changed");
    }
    Ok(())
}

fn recipe(name: &str) -> String {
    format!(
        "recipe: 1
name: {name}
summary: The upgrade strategy that Flux takes anyway is left out
# Which documents: all conditions hold. Others: file, name, namespace, labels, chart, runs, where.
select: {{kind: HelmRelease.helm.toolkit.fluxcd.io}}
# What is done, in order: set, add, remove, move, rename-key, copy-key, drop-key, list, text.
do:
  - remove: spec.upgrade.remediation.strategy
    if-equal: rollback
"
    )
}

/// A test of it.
const TEST: &str = "- name: the default is left out, another strategy stays
  before:
    apps/plex.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata:
        name: plex
      spec:
        interval: 1h
        upgrade:
          remediation:
            strategy: rollback
            retries: 3
      ---
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata:
        name: radarr
      spec:
        interval: 1h
        upgrade:
          remediation:
            strategy: uninstall
  after:
    apps/plex.yaml: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata:
        name: plex
      spec:
        interval: 1h
        upgrade:
          remediation:
            retries: 3
      ---
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata:
        name: radarr
      spec:
        interval: 1h
        upgrade:
          remediation:
            strategy: uninstall
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::recipes::{cases, run_case};

    #[test]
    fn what_is_written_passes() {
        let text = recipe("my-recipe");
        for case in cases("test", TEST).unwrap() {
            let result = run_case("my-recipe.yaml", &text, &case).unwrap();
            assert!(result.wrong.is_empty(), "{:#?}", result.wrong);
        }
    }
}

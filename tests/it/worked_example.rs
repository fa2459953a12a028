//! Renames the annotation of external-dns on HelmReleases.

use flux_codemod::flux::Value;
use flux_codemod::plan::author::{Objects, Rewrite, Target, Verdict};
use flux_codemod::plan::{Impact, Meta, Phase};
use flux_codemod::reason_codes;

const OLD: &str = "external-dns.alpha.kubernetes.io/hostname";
const NEW: &str = "external-dns.kubernetes.io/hostname";

reason_codes! {
    /// The reason codes of this migration.
    CODES;

    BOTH "both-annotations"
        what "The object has the old annotation and the new one."
        why "Which of the two values is meant is not for a program to guess."
        todo "Remove one of them, then run again."
}

/// The migration.
pub(crate) struct RenameAnnotation;

static META: Meta = Meta {
    id: "rename-annotation",
    aliases: &[],
    version: 1,
    phase: Phase::of(6),
    summary: "the annotation of external-dns gets its new name",
    readme: "# `rename-annotation`\n\nRenames the annotation of external-dns on HelmReleases.\n",
    codes: &[CODES],
};

impl Rewrite for RenameAnnotation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn objects(&self) -> Objects {
        Objects::HELM_RELEASES
    }

    fn rewrite(&self, object: &Value, _: &Target<'_>) -> Verdict {
        let mut new = object.clone();
        let Some(annotations) = new.at_mut(&["metadata", "annotations"]) else { return Verdict::Nothing };
        if annotations.get(OLD).is_some() && annotations.get(NEW).is_some() {
            return Verdict::refuse(BOTH, format!("{OLD} and {NEW} are both there"));
        }
        if !annotations.rename(OLD, NEW) {
            return Verdict::Nothing;
        }
        Verdict::becomes(new, format!("{OLD} becomes {NEW}")).with_impact(Impact::None)
    }
}

#[cfg(test)]
mod tests {
    use flux_codemod::plan::author::testing::{check, check_refused};

    use super::*;

    const BEFORE: &str = "//- apps/plex.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: plex
  annotations:
    external-dns.alpha.kubernetes.io/hostname: plex.example.org # outside
";

    #[test]
    fn the_key_changes_and_nothing_else() {
        check(&RenameAnnotation, BEFORE, &BEFORE.replace(OLD, NEW));
    }

    #[test]
    fn both_are_refused() {
        let both = format!("{BEFORE}    {NEW}: other.example.org\n");
        check_refused(&RenameAnnotation, &both, &["refused both-annotations apps/plex.yaml:1"]);
    }
}

//! The kit of migrations: what the house does whatever a migration forgets.

use flux_codemod::config::Settings;
use flux_codemod::flux::{At, View};
use flux_codemod::plan::author::testing::{Planned, check, check_refused};
use flux_codemod::plan::author::{Edits, edited};
use flux_codemod::plan::runbook::Runbook;
use flux_codemod::plan::{Batch, Draft, Edited, Impact, Meta, Migration, Phase, Subject, Survey, Unit, UnitId};
use flux_codemod::repo::{Change, Mode, RepoPath};
use flux_codemod::yaml::{New, Place};

use crate::worked_example::RenameAnnotation;

static META: Meta = Meta {
    id: "careless",
    aliases: &[],
    version: 1,
    phase: Phase::of(9),
    summary: "annotates all it sees",
    readme: "",
    codes: &[],
};

/// A migration that looks at nothing: it annotates every object and creates a file.
struct Careless;

impl Careless {
    fn objects(view: &View) -> impl Iterator<Item = (UnitId, At)> {
        let objects =
            view.files().filter(|(path, _)| path.as_str().starts_with("apps/")).flat_map(|(_, file)| &file.objects);
        let id =
            |path: &RepoPath, name: &str| UnitId::new(&META, "annotate", Subject::object("ConfigMap", "", name, path));
        objects.map(move |object| (id(&object.at.path, &object.name), object.at.clone()))
    }

    fn new_file() -> (UnitId, RepoPath) {
        let path = RepoPath::new("apps/new.local.yaml").unwrap();
        (UnitId::new(&META, "create", Subject::object("ConfigMap", "", "new", &path)), path)
    }
}

impl Migration for Careless {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn survey(&self, view: &View, _: &Settings) -> Survey {
        let objects = Careless::objects(view).map(|(id, at)| (id, at.path)).chain([Careless::new_file()]);
        let draft = |(id, path)| Draft { impact: Impact::Upgrade, ..Draft::new(id, "annotated", [path]) };
        Survey { drafts: objects.map(draft).collect(), ..Survey::default() }
    }

    fn edit(&self, view: &View, units: &[&Unit], _: &Settings) -> Vec<Edited> {
        let path = [("metadata", Place::Last), ("annotations", Place::Last), ("careless", Place::Last)];
        let edit = |unit: &&Unit| {
            let mut edits = Edits::of(view);
            let done = match Careless::objects(view).find(|(id, _)| *id == unit.id) {
                Some((_, at)) => edits.object(&at, |edit, root| edit.upsert(root, &path, &New::string("yes"))),
                None => {
                    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\n".to_owned();
                    edits.set(Careless::new_file().1, Change::Create { text, mode: Mode::File });
                    Ok(())
                }
            };
            edited(done.and_then(|()| edits.finish()))
        };
        units.iter().map(edit).collect()
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], _: &Settings) -> Vec<Runbook> {
        batches.iter().map(|batch| Runbook::reconcile_only(view, batch, META.summary)).collect()
    }
}

#[test]
fn what_is_never_changed_is_refused_whatever_a_migration_forgets() {
    let fixture = "\
//- .gitignore
*.local.yaml
//- apps/plain.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: plain
//- apps/secret.sops.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: secret
data:
  a: ENC[AES256_GCM,data:x]
sops:
  mac: ENC[x]
//- apps/template.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: template
data:
  a: {{ b }}
";
    let planned = Planned::of(&Careless, "", fixture);
    let mut units = planned.units();
    units.sort();
    assert_eq!(
        units,
        [
            "refused ConfigMap new: annotated",
            "refused ConfigMap secret: annotated",
            "refused ConfigMap template: annotated",
            "safe upgrade ConfigMap plain: annotated",
        ]
    );
    let mut findings = planned.findings();
    findings.sort();
    assert_eq!(
        findings,
        [
            "untouchable-file apps/new.local.yaml",
            "untouchable-file apps/secret.sops.yaml",
            "untouchable-file apps/template.yaml",
        ]
    );
}

const RELEASE: &str = "//- apps/plex.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: plex
  annotations:
    external-dns.alpha.kubernetes.io/hostname: plex.example.org
";

fn renamed(fixture: &str) -> String {
    fixture.replace("external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io")
}

#[test]
fn objects_in_lists_and_in_later_documents_are_found() {
    let fixture = "//- apps/all.yaml
apiVersion: v1
kind: List
items:
  - apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: one
      annotations: {external-dns.alpha.kubernetes.io/hostname: one.example.org}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: two
  annotations:
    # where it is
    external-dns.alpha.kubernetes.io/hostname: two.example.org
";
    let planned = check(&RenameAnnotation, fixture, &renamed(fixture));
    assert_eq!(planned.units().len(), 2);
}

#[test]
fn a_patch_that_changes_what_arrives_refuses() {
    let patched = |annotation: &str| {
        format!(
            "{RELEASE}//- apps/kustomization.yaml
resources: [plex.yaml]
patches:
  - target: {{kind: HelmRelease}}
    patch: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata:
        name: any
        annotations:
          {annotation}: patched.example.org
"
        )
    };
    let old = patched("external-dns.alpha.kubernetes.io/hostname");
    check_refused(&RenameAnnotation, &old, &["refused changed-on-the-way apps/plex.yaml:1"]);
    let other = patched("example.org/other");
    check(&RenameAnnotation, &other, &renamed(&other));
}

#[test]
fn what_only_a_patch_states_is_refused_with_its_place() {
    let fixture = "//- apps/plex.yaml
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: plex
//- apps/kustomization.yaml
resources: [plex.yaml]
commonAnnotations:
  external-dns.alpha.kubernetes.io/hostname: plex.example.org
";
    check_refused(&RenameAnnotation, fixture, &["refused stated-elsewhere apps/plex.yaml:1"]);
}

#[test]
fn an_opt_out_is_honoured() {
    let fixture =
        RELEASE.replace("  annotations:", "  # flux-codemod: skip[rename-annotation] not yet\n  annotations:");
    check_refused(&RenameAnnotation, &fixture, &["opted-out opted-out apps/plex.yaml:5"]);
}

#[test]
fn what_no_cluster_applies_is_to_be_reviewed() {
    let fixture = RELEASE.replace("apps/plex", "attic/plex");
    let planned = check(&RenameAnnotation, &fixture, &renamed(&fixture));
    assert_eq!(planned.findings(), ["unreached attic/plex.yaml:1"]);
}

#[test]
fn the_worked_example_is_short_and_stands_in_contributing() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = include_str!("worked_example.rs");
    assert!(example.lines().count() <= 81, "{} lines", example.lines().count());
    let guide = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let (before, rest) = guide.split_once("<!-- worked example -->\n").expect("the place of the example");
    let shown = format!("```rust\n{example}```\n<!-- end -->\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let after = rest.split_once("<!-- end -->\n").map_or(rest, |(_, after)| after);
        std::fs::write(root.join("CONTRIBUTING.md"), format!("{before}<!-- worked example -->\n{shown}{after}"))
            .unwrap();
        return;
    }
    assert!(rest.starts_with(&shown), "CONTRIBUTING.md shows another example (UPDATE_GOLDEN=1 rewrites it)");
}

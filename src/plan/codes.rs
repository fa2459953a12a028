//! The reason codes that belong to no migration, and looking codes up.

use super::Migration;
use crate::finding::Code;
use crate::flux::Barred;
use crate::yaml::Problem;

reason_codes! {
    /// Reason codes of trees, files, edits, opt-outs and the configuration.
    pub GENERAL;

    PENDING "pending"
        what "A migration has a change here that can be written now."
        why "The repository is not migrated yet, and `check` fails until it is."
        todo "Look at the change with `flux-codemod diff`, and write it with `flux-codemod apply`."

    TO_REVIEW "to-review"
        what "A migration has a change here that you should look at first."
        why "It is right as far as can be seen, but not certain, so it is only written with `--review`."
        todo "Read the reason in `flux-codemod plan -v`. If you agree, write it with `flux-codemod apply --review`."

    WOULD_FAIL "would-fail"
        what "Once this has landed, a rule of `doctor` reports an error that it does not report now."
        why "Flux or Kustomize would fail on it. The unit changes the file that the error is in, or something that is built with it."
        todo "Look at the message and at `flux-codemod explain` of the code in it. If it is not because of this unit, take it with --review."

    HELD_FOR_CLUSTER "held-for-cluster"
        what "An earlier cluster still has units of the migration pending, or has had them for too short a time."
        why "A cluster that may break proves a change before the next cluster gets it (promotion)."
        todo "Merge what is pending on the earlier cluster, merge its branch into the next one if they share files, and run again. `--no-gate` writes it anyway, and the commit says so."

    GUARD_NOT_LIVE "guard-not-live"
        what "A step waits: the branch that its cluster follows does not have the guard of a Flux Kustomization yet, or something else that comes first."
        why "A Flux Kustomization that is removed without a guard deletes all that it applied: claims and releases, or Flux's own CRDs and with them every object of Flux."
        todo "Merge what comes first, see that Flux has reconciled it, fetch, then run again. No option lifts this."

    NOTHING_TO_PROVE "nothing-to-prove"
        what "An earlier cluster has nothing of the migration: no unit, and no commit of it on its branch."
        why "It proves nothing for the clusters after it, so the first of these is where a mistake would show."
        todo "Start with one small batch there, and look at it before the next."

    BROKEN_YAML "broken-yaml"
        what "The file is not valid YAML."
        why "Its objects are not seen and are missing from every count. If Flux applies the file, it fails."
        todo "Fix the syntax; the file is skipped until then."

    UNUSABLE_PATH "unusable-path"
        what "The name of a file is not UTF-8, has control characters, or is one that git keeps for itself."
        why "Such a name cannot be shown or written safely, so the file is skipped."
        todo "Rename it if it belongs to the repository."

    INVALID_NAME "invalid-name"
        what "The name or the namespace of an object is one that Kubernetes does not accept."
        why "The object cannot be applied, and commands with such a name may do something else."
        todo "Correct the name: lowercase letters, digits, `-` and, in names, `.` (RFC 1123)."

    ARCHIVE_APPLIED "archive-applied"
        what "A directory is called archive, .archive or _archive, and a cluster applies something in it."
        why "Directories of these names are out of scope, but not if they are in use."
        todo "Nothing, if that is meant. Otherwise rename it, or list it under `exclude` in .flux-codemod.yaml."

    ENCRYPTED_FILE "encrypted-file"
        what "The file is encrypted by SOPS."
        why "Any edit breaks its checksum, and Flux could no longer decrypt it."
        todo "Change it with sops."

    TEMPLATE_FILE "template-file"
        what "The file is a template: named .j2, or with {{ }}, {% %} or {# #} outside of strings."
        why "Its content is only known after another program has rendered it."
        todo "Change the template by hand, or run flux-codemod on what it renders."

    NOT_UTF8 "not-utf8"
        what "The file is not UTF-8."
        why "YAML is UTF-8; the meaning of other bytes would be a guess."
        todo "Convert it to UTF-8 in a separate change."

    FILE_TOO_LARGE "file-too-large"
        what "The file is longer than 16 MiB."
        why "It is not read: no manifest is that long. What is in it is not known."
        todo "Split it, or keep it outside of the repository."

    SYMLINK "symlink"
        what "The path is a symbolic link."
        why "The file that it points to is read and changed under its own path; the link itself never is."
        todo "Nothing."

    FILTERED_FILE "filtered-file"
        what "The file has a filter= attribute (git-crypt, git-lfs)."
        why "What git stores is not what is in the work tree."
        todo "Change it by hand."

    IGNORED_FILE "ignored-file"
        what "A .gitignore ignores the file."
        why "No commit would contain it, so no cluster would see it."
        todo "Remove the path from .gitignore if it belongs to the repository."

    NO_CLUSTER "no-cluster"
        what "No cluster begins in this tree: no Flux Kustomization applies itself, and there is no FluxInstance."
        why "Without an entry point it is not known what is applied."
        todo "Name the cluster and its path under `clusters` in .flux-codemod.yaml."

    NOT_IN_ARTIFACT "not-in-artifact"
        what "A new file would not be in the artifact of a cluster that needs it: spec.ignore or spec.sparseCheckout of its GitRepository, or .sourceignore, leave it out."
        why "Flux would not see the file, and what names it would fail."
        todo "Configure a place that the clusters see, or include the path in the artifact first."

    UNTOUCHABLE_FILE "untouchable-file"
        what "The file is one that is never changed: encrypted, a template, a symbolic link, behind a git filter, ignored, or not UTF-8."
        why "An edit would break its checksum, or change something else than what is seen here."
        todo "Change it by hand, or change what generates it."

    GONE "object-gone"
        what "The object of a planned change is no longer in its file."
        why "The file changed after it was planned, or an earlier change moved the object."
        todo "Plan again."

    UNREACHED "unreached"
        what "No cluster of this repository applies the file."
        why "A change has no effect on any cluster, and the effective namespace of the object is not known."
        todo "Delete the file, or list it in a kustomization. To migrate it anyway, use --review."

    STATED_ELSEWHERE "stated-elsewhere"
        what "The file of the object needs no change, but the object as a cluster gets it does: a patch, a variable, or common annotations and labels add what must change."
        why "Only the file of the object is changed here; whatever adds it would continue to do so."
        todo "Change what adds it by hand: look through the kustomizations above the file."

    CHANGED_ON_THE_WAY "changed-on-the-way"
        what "A patch, a variable, or common annotations and labels would undo or alter the change before the object reaches a cluster."
        why "The cluster would not get what the migration intends."
        todo "Change it in the kustomizations above the file, then run again."

    PATCHES_NOT_FOLLOWED "patches-not-followed"
        what "There are patches between an object and its cluster, and their effect on objects of this kind is not known."
        why "A patch could undo the change, or depend on what is changed."
        todo "Read the patches of the named file. If none of them concerns the object, use --review."

    PARSERS_DISAGREE "parsers-disagree"
        what "Two YAML parsers read the file, or the edited file, differently."
        why "Flux uses more than one YAML reader. An edit is only written if two parsers that share no code agree on it."
        todo "Simplify the YAML around the place, or make this change by hand."

    ANCHOR_IN_USE "anchor-in-use"
        what "The text to remove or replace defines a YAML anchor that is used elsewhere in the file."
        why "The aliases would refer to nothing."
        todo "Define the anchor where it stays, or replace the aliases by the value, then run again."

    DUPLICATE_KEY "duplicate-key"
        what "A mapping has the same key twice."
        why "YAML readers differ on which of the two wins."
        todo "Remove one of them."

    INHERITED_KEY "inherited-key"
        what "The key is not in the mapping itself; it comes from a merge (<<) or an alias."
        why "Changing it where it is defined would change it for others, too."
        todo "Write the key into the mapping that is to change, then run again."

    UNSUPPORTED_YAML "unsupported-yaml"
        what "The YAML is written in a way that cannot be edited."
        why "A way of writing YAML is supported with tests or not at all; nothing is approximated."
        todo "Write the place in a simpler way, or make this change by hand."

    COMMENT_LOST "comment-lost"
        what "A comment would be lost, or cannot be moved to where it belongs."
        why "Every comment is kept, moved, or listed as removed with the reason."
        todo "Move the comment out of the block by hand, then run again."

    EDITS_OVERLAP "edits-overlap"
        what "Two operations of one edit change the same bytes."
        why "The result would depend on their order."
        todo "This is a bug in flux-codemod: please report it with the file."

    COMMENT_MOVED "comment-moved"
        what "A comment was inside something that is replaced or moved. It is kept: directly above the replacement, or with the entry that it belongs to."
        why "Comments are written by people; they are not thrown away."
        todo "Check in the diff that it still fits."

    COMMENT_DROPPED "comment-dropped"
        what "A comment was inside something that is removed, and is removed with it, for the reason given."
        why "It describes what is no longer there."
        todo "Check in the diff that you agree."

    ENTRY_POINT_TEMPLATE "entry-point-template"
        what "The entry point of a cluster (a Flux Kustomization that builds its own directory, or a FluxInstance) is a template."
        why "Its content is only known after another program has rendered it, so the cluster and everything it applies is not seen."
        todo "Run on what the template renders, or name the cluster in the configuration."

    ENTRY_POINT_NOT_HERE "entry-point-not-here"
        what "The path that a cluster starts from is not in this tree."
        why "What the cluster applies is not known: its releases count as applied by no cluster."
        todo "Correct the path, or run on the whole repository."

    BRANCH_NOT_FETCHED "branch-not-fetched"
        what "A cluster follows a git branch that is not in this repository, neither local nor remote-tracking."
        why "The cluster runs what is on that branch. Without it, the checked-out files are used instead."
        todo "Fetch the branch, then run again."

    BRANCH_UNREADABLE "branch-unreadable"
        what "A cluster follows a git branch whose files are not all in this repository, as in a partial clone."
        why "The cluster runs what is on that branch. Without it, the checked-out files are used instead."
        todo "Check the branch out once, or clone without a filter, then run again."

    CLUSTER_NOT_ON_BRANCH "cluster-not-on-branch"
        what "A cluster follows a git branch that has no cluster of its name."
        why "The Flux version that it runs cannot be read from the branch; the checked-out files are used instead."
        todo "If the entry point was moved, merge the move into the branch; otherwise correct the branch."

    CLUSTER_FOLLOWS_OTHER_BRANCH "cluster-follows-other-branch"
        what "A cluster follows another git branch than the one that is checked out."
        why "A change reaches the cluster only when it is merged into that branch, and the plan for it may be out of date."
        todo "Check that branch out to migrate the cluster, or merge into it when you are ready."

    BUILD_DIFFERS "build-differs"
        what "With this change, Kustomize builds different objects for a Flux Kustomization."
        why "The migration promises the same objects, apart from the changes that it lists. An unexpected difference is never written."
        todo "Read which objects differ. If you want that, make the change by hand, in a separate commit."

    BUILD_NOT_COMPARED "build-not-compared"
        what "Whether a Flux Kustomization still builds the same cannot be checked with Kustomize: it does not build now, or lists something that is not in the repository."
        why "Nothing is fetched to find out; flux-codemod's own proof is used alone."
        todo "Build both versions by hand if it matters, or fix what keeps it from building."

    OPTED_OUT "opted-out"
        what "A comment in the file, `# flux-codemod: skip[...]`, keeps the place as it is."
        why "The change is shown, but it is never written, and counts neither as pending nor as refused."
        todo "Remove the comment when the reason no longer holds."

    SKIP_WITHOUT_REASON "skip-without-reason"
        what "An opt-out gives no reason. It works all the same."
        why "Nobody can see later whether it is still needed."
        todo "Add the reason: `# flux-codemod: skip[chart-ref] the chart is patched on the cluster`."

    SKIP_UNKNOWN "skip-unknown"
        what "An opt-out names neither a migration nor a reason code."
        why "It skips nothing, and what it should keep would be changed."
        todo "Correct the name, or remove the comment."

    SKIP_UNREADABLE "skip-unreadable"
        what "A comment begins like an opt-out, but cannot be read as one."
        why "It skips nothing, and what it should keep would be changed."
        todo "Write it as `# flux-codemod: skip[chart-ref] reason`, with several ids separated by commas."

    CONFIG_UNKNOWN_KEY "config-unknown-key"
        what "The configuration has an unknown key."
        why "A misspelt key would silently have no effect."
        todo "Correct it to the suggested key, or remove it."

    CONFIG_WRONG_TYPE "config-wrong-type"
        what "A value in the configuration has the wrong type."
        why "The meaning would be a guess: `1.10` without quotes is the number 1.1 to most YAML readers."
        todo "Write the value as the message says."

    CONFIG_EMPTY_VALUE "config-empty-value"
        what "A key in the configuration has no value, has an empty one, or is missing where it is required."
        why "Whether it means nothing or the default would be a guess."
        todo "Set a value, or remove the key: missing keys are detected from the repository or take their default."

    CONFIG_INVALID_VALUE "config-invalid-value"
        what "A value in the configuration is not valid as a path, a branch, a namespace or whatever its key takes."
        why "It would fail later, on the cluster or in git."
        todo "Correct it as the message says."

    CONFIG_PATH_OF_GIT "config-path-of-git"
        what "A path in the configuration leads into git's own directory: `.git`, or a name that some system takes for it."
        why "Files that are moved there run as hooks, or change what git does."
        todo "Name a directory of the repository."

    CONFIG_DUPLICATE "config-duplicate"
        what "A list in the configuration has the same entry twice."
        why "Which of the two is meant, for example in the order of clusters, would be a guess."
        todo "Remove one of them."

    CONFIG_SCHEMA_TOO_LARGE "config-schema-too-large"
        what "A file under `schemas` of the configuration is too large, or all of them together are."
        why "They are read in every run."
        todo "Name only the schemas of the kinds that recipes change."

    CONFIG_UNKNOWN_CLUSTER "config-unknown-cluster"
        what "The configuration names a cluster that is not found in the repository, or gives a path to one that is found elsewhere."
        why "The order of promotion would not be that of the real clusters."
        todo "Correct the name. Add `path` for a cluster that is not found in the repository, and remove it for one that is."

    CONFIG_PATH_NOT_IN_TREE "config-path-not-in-tree"
        what "The configuration names the directory that a cluster starts from, and this tree has nothing there."
        why "The cluster seems to apply nothing. That is right only if its directory is on another branch, the one that it follows."
        todo "Check the path for a typo; it starts at the root of the repository."
}

/// The reason code of a file that is never changed.
pub fn code_of_barred(barred: Barred) -> &'static Code {
    match barred {
        Barred::Encrypted => ENCRYPTED_FILE,
        Barred::Template => TEMPLATE_FILE,
        Barred::NotUtf8 => NOT_UTF8,
        Barred::TooLarge => FILE_TOO_LARGE,
        Barred::Link => SYMLINK,
        Barred::Filtered => FILTERED_FILE,
        Barred::Ignored => IGNORED_FILE,
        Barred::NotInArtifact => NOT_IN_ARTIFACT,
    }
}

/// The reason code of an edit that is not made.
pub fn code_of_edit(problem: &Problem) -> &'static Code {
    match problem {
        Problem::Syntax(_) => BROKEN_YAML,
        Problem::ParsersDisagree(_) => PARSERS_DISAGREE,
        Problem::AnchorInUse { .. } => ANCHOR_IN_USE,
        Problem::DuplicateKey(_) => DUPLICATE_KEY,
        Problem::NoSuchKey(_) => INHERITED_KEY,
        Problem::Unsupported(_) => UNSUPPORTED_YAML,
        Problem::CommentLost(_) => COMMENT_LOST,
        Problem::Overlap => EDITS_OVERLAP,
    }
}

/// Looks a reason code up among the general ones and those of the migrations.
pub fn code(id: &str, migrations: &[&dyn Migration]) -> Option<&'static Code> {
    codes(migrations).into_iter().find(|code| code.id == id)
}

/// The reason codes of the planner, some of which `doctor` uses too.
pub fn general_codes() -> Vec<&'static Code> {
    [GENERAL, crate::finding::SHARED, crate::recipe::codes::CODES].concat()
}

/// All reason codes.
pub fn codes(migrations: &[&dyn Migration]) -> Vec<&'static Code> {
    let of_migrations = migrations.iter().flat_map(|migration| migration.meta().codes).copied();
    let mut codes: Vec<&'static Code> = Vec::new();
    let general = [GENERAL, crate::finding::SHARED, crate::recipe::codes::CODES, crate::doctor::CODES];
    for code in general.into_iter().chain(of_migrations).flatten() {
        // Migrations that share a module list the same codes.
        if !codes.contains(code) {
            codes.push(code);
        }
    }
    codes
}

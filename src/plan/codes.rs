//! The reason codes that belong to no migration, and looking codes up.

use super::Migration;
use crate::finding::Code;
use crate::flux::Barred;
use crate::yaml::Problem;

reason_codes! {
    /// Reason codes of trees, files, edits, opt-outs and the configuration.
    pub GENERAL;

    PENDING "pending"
        what "A migration has something left to do here that can be written now."
        why "The repository is not on the convention that was asked for, and `check` fails until it is."
        todo "See it with `flux-codemod diff`, write it with `flux-codemod apply`."

    TO_REVIEW "to-review"
        what "A migration has something left to do here that a person should look at first."
        why "It is right as far as can be seen, but not certain, so it is only written when it is asked for."
        todo "Read why in `flux-codemod plan`; if you agree, write it with `flux-codemod apply --review`."

    BROKEN_YAML "broken-yaml"
        what "The file is no YAML."
        why "Nothing in it is seen: an object in it is missing from every count, and Flux will fail on it if it applies it."
        todo "Mend it; until then it is never touched."

    ODD_PATH "odd-path"
        what "The name of a file is not UTF-8, or holds control characters."
        why "Such a name cannot be shown or written safely, so the file is left out of the tree."
        todo "Rename it if it belongs to the repository."

    ENCRYPTED_FILE "encrypted-file"
        what "The file is encrypted by SOPS."
        why "Any edit breaks its checksum, and Flux could not decrypt it any more."
        todo "Change it with sops, by hand."

    TEMPLATE "template"
        what "The file is a template: named .j2, or with {{ }}, {% %} or {# #} outside of strings."
        why "What it says is only known after something else has run."
        todo "Change the template by hand, or run on what it renders."

    NOT_UTF8 "not-utf8"
        what "The file is not UTF-8."
        why "YAML is; what its bytes mean would be a guess."
        todo "Convert it to UTF-8 in a change of its own."

    LINK "link"
        what "The path is a symbolic link."
        why "What it points to is read and changed where it stands; the link itself never is."
        todo "Nothing."

    FILTERED_FILE "filtered-file"
        what "A filter= attribute applies to the file (git-crypt, git-lfs)."
        why "git stores something else than what lies in the work tree."
        todo "Change it by hand."

    IGNORED_FILE "ignored-file"
        what "A .gitignore names the file."
        why "git does not know it, so no commit would hold it and no cluster would see it."
        todo "Take the path out of .gitignore if the repository is to have it."

    UNTOUCHABLE_FILE "untouchable-file"
        what "The file is one that is never changed: encrypted, a template, a symbolic link, under a git filter, ignored, or not UTF-8."
        why "An edit would break its checksum, or change something else than what is seen here."
        todo "Change it by hand, or change what generates it."

    GONE "object-gone"
        what "The object of a planned change is not in its file any more."
        why "The file has changed since, or what landed before has moved the object."
        todo "Plan again."

    UNREACHED "unreached"
        what "No cluster of this repository applies the file."
        why "Nothing happens on any cluster, and the effective namespace of the object cannot be seen."
        todo "Delete the file, or list it again; or take the unit with --review to keep it in step."

    STATED_ELSEWHERE "stated-elsewhere"
        what "The file of the object needs no change, but the object as a cluster gets it does: a patch, a variable or common annotations and labels add what is to change."
        why "Only the file of the object is changed here, and what adds it would go on doing so."
        todo "Change what adds it by hand: look through the kustomizations above the file."

    CHANGED_ON_THE_WAY "changed-on-the-way"
        what "A patch, a variable or common annotations and labels would undo the change, or make something else of it, before the object arrives in a cluster."
        why "What a cluster gets would not be what the migration means."
        todo "Change what stands in the kustomizations above the file, then run again."

    PATCHES_NOT_FOLLOWED "patches-not-followed"
        what "Patches stand on the way of an object to its cluster, and the program does not know what they do to objects of this kind."
        why "A patch could undo the change, or depend on what is changed."
        todo "Read the patches of the file that is named; if none concerns the object, take the unit with --review."

    PARSERS_DISAGREE "parsers-disagree"
        what "Two YAML parsers read the file, or the edit of it, differently."
        why "Flux uses one of several YAML readers, too; an edit is only written when two that share no code agree on what it does."
        todo "Simplify the YAML around the place, or make this change by hand."

    ANCHOR_IN_USE "anchor-in-use"
        what "What would be removed or replaced defines a YAML anchor that is used elsewhere in the file."
        why "The aliases would point to nothing."
        todo "Define the anchor where it stays, or write the value out where it is used, then run again."

    DUPLICATE_KEY "duplicate-key"
        what "A key stands twice in one mapping."
        why "Readers differ on which of the two counts."
        todo "Remove one of them."

    NO_SUCH_KEY "no-such-key"
        what "The key comes from a merge (<<) or an alias and does not stand in the mapping itself."
        why "Changing it where it stands would change it for others, too."
        todo "Write the key out where it is to change."

    UNSUPPORTED_YAML "unsupported-yaml"
        what "The YAML has a shape that is not edited."
        why "A shape is supported with tests or not at all; nothing is approximated."
        todo "Rewrite the place in a plainer shape, or make this change by hand."

    COMMENT_LOST "comment-lost"
        what "A comment would be lost, or cannot be moved to where it would belong."
        why "Every comment is kept, moved, or listed as dropped with the reason."
        todo "Move the comment out of the block by hand, then run again."

    EDITS_OVERLAP "edits-overlap"
        what "Two operations of one edit touch the same bytes."
        why "Their order would matter."
        todo "This is a mistake in flux-codemod: please report it with the file."

    COMMENT_MOVED "comment-moved"
        what "A comment stood inside something that was replaced, and stands directly above it now."
        why "Comments are somebody's words; they are not thrown away."
        todo "See in the diff whether it still fits."

    COMMENT_DROPPED "comment-dropped"
        what "A comment stood inside something that was removed, and went with it, for the reason given."
        why "It is about what is gone."
        todo "See in the diff that you agree."

    ENTRY_POINT_TEMPLATE "entry-point-template"
        what "A template would be where a cluster begins: a Flux Kustomization that builds its own directory, or a FluxInstance."
        why "What it says is only known after something else has run, so the cluster and all that it applies is not seen."
        todo "Run on what the template renders, or name the cluster in the configuration."

    ENTRY_POINT_NOT_HERE "entry-point-not-here"
        what "A cluster is told to begin at a path that is not in this tree."
        why "Nothing is known of what it applies: its releases count as applied by none."
        todo "Correct the path, or run where the whole repository is."

    BRANCH_NOT_HERE "branch-not-here"
        what "A cluster follows a git branch that this repository has neither as remote-tracking nor as local branch."
        why "What the cluster runs is what that branch says; without it the tree at hand is taken at its word."
        todo "Fetch the branch, then run again."

    BRANCH_UNREADABLE "branch-unreadable"
        what "A cluster follows a git branch whose files are not all here, as in a partial clone."
        why "What the cluster runs is what that branch says; without it the tree at hand is taken at its word."
        todo "Check the branch out once, or clone without a filter, then run again."

    CLUSTER_NOT_ON_BRANCH "cluster-not-on-branch"
        what "A cluster follows a git branch on which no cluster of its name begins."
        why "The version of Flux that it runs cannot be read there; the tree at hand is taken at its word."
        todo "See whether the entry point was moved, and merge the move to the branch, or correct the branch."

    CLUSTER_FOLLOWS_OTHER_BRANCH "cluster-follows-other-branch"
        what "A cluster follows another git branch than the one that is checked out."
        why "What lands here does not reach it until it is merged there, and what the plan says of it may be long done or never come."
        todo "Check its branch out to migrate it, or merge there when its turn has come."

    BUILD_DIFFERS "build-differs"
        what "Kustomize itself, asked with both trees, does not build the same objects for a Flux Kustomization with this change."
        why "The migration changes where things stand and nothing else; what differs otherwise is a surprise, and is never written."
        todo "Read which objects differ. If that is wanted, make the change by hand, in a commit of its own."

    BUILD_NOT_JUDGED "build-not-judged"
        what "Kustomize itself cannot tell whether a Flux Kustomization builds the same: it does not build as it is, or lists what is not in the repository."
        why "Nothing is fetched to find out. The native proof counts alone."
        todo "Build both trees by hand if it matters, or mend what keeps it from building."

    OPTED_OUT "opted-out"
        what "A comment in the file, `# flux-codemod: skip[...]`, keeps the place as it is."
        why "Somebody decided so. What would touch the place is shown, and is neither pending nor refused."
        todo "Take the comment away when it is time."

    SKIP_WITHOUT_REASON "skip-without-reason"
        what "An opt-out gives no reason. It is honoured all the same."
        why "Whoever meets it later cannot know whether it still holds."
        todo "Write the reason behind it: `# flux-codemod: skip[chart-ref] the chart is patched on the cluster`."

    SKIP_UNKNOWN "skip-unknown"
        what "An opt-out names what is neither a migration nor a reason code."
        why "It skips nothing, and what it was to keep would be changed."
        todo "Correct the name, or take the comment away."

    SKIP_UNREADABLE "skip-unreadable"
        what "A comment begins like an opt-out, and cannot be read as one."
        why "It skips nothing, and what it was to keep would be changed."
        todo "Write it as `# flux-codemod: skip[chart-ref] reason`, several ids separated by commas."

    CONFIG_UNKNOWN_KEY "config-unknown-key"
        what "The configuration has a key that nothing reads."
        why "A misspelt key would silently decide nothing."
        todo "Correct it to the key that is named, or take it out."

    CONFIG_WRONG_TYPE "config-wrong-type"
        what "A key of the configuration has a value of another type than it takes."
        why "What was meant would be a guess: `1.10` without quotes is the number 1.1 to most readers of YAML."
        todo "Write the value as the message says."

    CONFIG_EMPTY_VALUE "config-empty-value"
        what "A key of the configuration has no value, an empty one, or is missing where it must be."
        why "Nothing could be meant, or the default; which of the two would be a guess."
        todo "Give it a value, or leave the key out: then what the tree shows, or the default, holds."

    CONFIG_INVALID_VALUE "config-invalid-value"
        what "A value of the configuration cannot be what it is to be: a path, a branch, a namespace."
        why "It would only fail later, on the cluster or in git."
        todo "Correct it as the message says."

    CONFIG_DUPLICATE "config-duplicate"
        what "Something stands twice in a list of the configuration."
        why "Which of the two counts, such as for the order of clusters, would be a guess."
        todo "Leave one of them out."

    CONFIG_UNKNOWN_CLUSTER "config-unknown-cluster"
        what "The configuration names a cluster that the tree does not show, or gives a path to one that it shows elsewhere."
        why "The order of promotion would be that of other clusters than there are."
        todo "Correct the name; add `path` for a cluster whose entry point the tree does not show, and leave it out for one that it shows."

    CONFIG_PATH_NOT_IN_TREE "config-path-not-in-tree"
        what "The configuration names a directory that a cluster starts from, and this tree has nothing there."
        why "The cluster seems to apply nothing. That is right where its directory is only on the branch that it follows."
        todo "Look for a misspelt path; it starts at the root of the repository."
}

/// The reason code of a file that is never changed.
pub fn code_of_barred(barred: Barred) -> &'static Code {
    match barred {
        Barred::Encrypted => ENCRYPTED_FILE,
        Barred::Template => TEMPLATE,
        Barred::NotUtf8 => NOT_UTF8,
        Barred::Link => LINK,
        Barred::Filtered => FILTERED_FILE,
        Barred::Ignored => IGNORED_FILE,
    }
}

/// The reason code of an edit that is not made.
pub fn code_of_edit(problem: &Problem) -> &'static Code {
    match problem {
        Problem::Syntax(_) => BROKEN_YAML,
        Problem::ParsersDisagree(_) => PARSERS_DISAGREE,
        Problem::AnchorInUse { .. } => ANCHOR_IN_USE,
        Problem::DuplicateKey(_) => DUPLICATE_KEY,
        Problem::NoSuchKey(_) => NO_SUCH_KEY,
        Problem::Unsupported(_) => UNSUPPORTED_YAML,
        Problem::CommentLost(_) => COMMENT_LOST,
        Problem::Overlap => EDITS_OVERLAP,
    }
}

/// Looks a reason code up among the general ones and those of the migrations.
pub fn code(id: &str, migrations: &[&dyn Migration]) -> Option<&'static Code> {
    codes(migrations).into_iter().find(|code| code.id == id)
}

/// All reason codes.
pub fn codes(migrations: &[&dyn Migration]) -> Vec<&'static Code> {
    let of_migrations = migrations.iter().flat_map(|migration| migration.meta().codes).copied();
    let mut codes: Vec<&'static Code> = Vec::new();
    for code in [GENERAL, crate::finding::SHARED, crate::doctor::CODES].into_iter().chain(of_migrations).flatten() {
        // Migrations that share a module list the same codes.
        if !codes.contains(code) {
            codes.push(code);
        }
    }
    codes
}

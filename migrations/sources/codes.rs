//! The reason codes of sources of charts, which several migrations share: each lists them beside its own.

reason_codes! {
    /// The reason codes of sources.
    pub(crate) CODES;

    NAME_TAKEN "source-name-taken"
        what "The name that the new source would have is taken by another object or file."
        why "Two versions or two homes of a chart never share a name: one would replace the other on the cluster."
        todo "Rename or remove what holds the name, then run again."
    SOURCE_NAMESPACE "source-namespace"
        what "What is listed where the new source would go is put into another namespace than the one that is needed."
        why "The source would not be found under the namespace in which the chartRef looks."
        todo "Have the object that it goes beside where its namespace is the one that is needed, then run again."
    SOURCE_PLACE "source-place"
        what "There is no place for the new source that all clusters that need it apply."
        why "A source that a cluster does not apply leaves the release without a chart."
        todo "List a folder for OCIRepositories beside the one of the HelmRepositories, then run again."
    FLUX_UNKNOWN "flux-version-unknown"
        what "The version of Flux of a cluster is not stated in the repository, nor is there an OCIRepository to learn from."
        why "The API version of the new source depends on it: v1 from Flux 2.6, v1beta2 before."
        todo "State the version (flux-manifests tag, FluxInstance, gotk-components), then run again."
    STAYS "unused-source-stays"
        what "Nothing names this source any more, and it cannot be removed by itself."
        why "Its file holds other things, or others would not be applied as they are without it."
        todo "Take it out by hand when you have seen that no HelmChart of the cluster uses it."
    ELSEWHERE "named-elsewhere"
        what "A cluster that applies the source follows another branch than the one that is looked at."
        why "Releases of that branch may still name it; deleted there, their next upgrade has no chart."
        todo "See that the branch has no user of it before this reaches it, then take the unit with --review."
    NAMED "source-still-named"
        what "Something in this tree still names the source."
        why "Deleted now, what names it would have no chart."
        todo "Land what it needs first; a selection does so by itself."
}

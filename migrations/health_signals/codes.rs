//! The reason codes of `health-signals`.

reason_codes! {
    /// The reason codes of this migration.
    pub(super) CODES;

    NO_PROVIDER "no-provider"
        what "The cluster has no Provider that takes events of every kind, so no Alert could send anything."
        why "Where events are to go is not in the repository, and is not for a program to make up. Providers for the status of commits take events of Flux Kustomizations alone, and show them at the commit."
        todo "Add a Provider with an Alert for one namespace, then run again: the others follow."
    NO_ALERT "no-alert-to-widen"
        what "No Alert can watch these namespaces: those that there are are shared, patched, or may not name other namespaces."
        why "An entry is for one namespace. Where several namespaces share the text of an Alert, an entry for another one would be in each of them."
        todo "Include the Component with the Alert in the kustomization of these namespaces, or add an Alert there."
    HOLDS_UP "check-holds-up"
        what "From now on others wait until this Flux Kustomization is healthy."
        why "That is what dependsOn is for. Something that never becomes healthy holds them up for ever."
        todo "See that what it applies is Ready now, then take it with --review."
    DEADLOCK "check-deadlocks"
        what "What this Flux Kustomization applies needs something that depends on it."
        why "With a check, each of them would wait for the other."
        todo "Remove one of the two dependencies, then run again; or add the health checks that do not need the others by hand."
    NOT_HERE "wait-stated-elsewhere"
        what "Whether the Flux Kustomization waits is not decided in its file: a patch sets it, or several objects come of one file that would need different texts."
        why "A change of the file would do nothing, or something else in another place."
        todo "State it in the patch, or change it by hand."
    NOBODY_HEARS "nobody-would-hear"
        what "No Alert watches the namespace of a Flux Kustomization that waits although nothing depends on it."
        why "Its own state is the only sign of what fails in it."
        todo "Have an Alert watch the namespace first."
}

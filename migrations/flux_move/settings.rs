//! What can be configured.

use super::moves::{name, one_move};
use crate::config::{Described, Keys, Section};
use crate::flux::FluxKustomization;
use crate::yaml::New;

/// What you can configure: the section `flux-move` of the configuration. With neither a rule nor a
/// list nothing moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FluxMoveSettings {
    /// `kustomizations`: which Flux Kustomizations move, and where to.
    pub rule: Option<Rule>,
    /// `stay`: those that stay all the same.
    pub stay: Vec<Name>,
    /// `moves`: one by one.
    pub moves: Vec<Move>,
    /// `statement`: how the new namespace is stated.
    pub statement: Statement,
    /// `references`: whether a reference names the namespace of its own object.
    pub references: References,
    /// `guard`: what keeps the objects while their Kustomization moves.
    pub guard: GuardBy,
    /// `protect-claims`: whether claims get an annotation that keeps them.
    pub protect_claims: bool,
    /// `injections`: what is done where a parent gives what the new namespace does not have.
    pub injections: Injections,
    /// `decryption`: what takes the place of a key that the new namespace does not have.
    pub decryption: Decryption,
    /// `substitutions`: what takes the place of variables that the new namespace does not have.
    pub substitutions: Substitutions,
    /// `parent-namespace`: whether kustomizations state the namespace of a folder in the end.
    pub parent_namespace: bool,
    /// `second-above`: with more direct dependents than this, a Kustomization gets a second object
    /// before the first goes. If absent, `alone-above` of `batches`.
    pub second_above: Option<usize>,
}

/// Which Flux Kustomizations move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `from`: the namespaces in which they are.
    pub from: Vec<String>,
    /// `to`: what gives the new one.
    pub to: To,
}

/// What gives the new namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum To {
    /// `target-namespace`: `spec.targetNamespace`, or else the namespace of all that is built.
    #[default]
    TargetNamespace,
    /// `parent`: the kustomization that lists it.
    Parent,
    /// `directory`: the Namespace that the same kustomization lists.
    Directory,
}

/// Namespace and name.
pub type Name = (String, String);

/// One move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// `kind`.
    pub kind: String,
    /// `from`.
    pub from: Name,
    /// `to`.
    pub to: Name,
}

/// The kind of Flux Kustomizations.
pub(super) const KUSTOMIZATION: &str = "Kustomization";

impl FluxMoveSettings {
    /// The moves of a kind that are listed one by one.
    pub(super) fn moves_of(&self, kind: &str) -> impl Iterator<Item = &Move> {
        self.moves.iter().filter(move |asked| asked.kind == kind)
    }

    /// Whether a Flux Kustomization is where the configuration has it move: by name, or out of the namespaces that
    /// are to be left, into the one of what it applies.
    pub(super) fn leads_to(&self, one: &FluxKustomization) -> bool {
        let name = (one.namespace.clone(), one.name.clone());
        let is_out = |rule: &Rule| {
            let is_left = rule.from.contains(&one.namespace);
            let is_there = rule.to != To::TargetNamespace
                || one.target_namespace.as_ref().is_none_or(|target| *target == one.namespace);
            !is_left && is_there
        };
        self.moves_of(KUSTOMIZATION).any(|asked| asked.to == name) || self.rule.as_ref().is_some_and(is_out)
    }
}

/// How the new namespace is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statement {
    /// `tree`: as most of those do that are elsewhere already.
    #[default]
    Tree,
    /// `explicit`: in `metadata.namespace`.
    Explicit,
    /// `inherit`: by a kustomization on the way, where one does.
    Inherit,
}

/// Whether a reference names the namespace of its own object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// `tree`: as most of those do that are elsewhere already.
    #[default]
    Tree,
    /// `stated`: it does.
    Stated,
    /// `minimal`: it does not.
    Minimal,
}

/// What keeps the objects while their Kustomization moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GuardBy {
    /// `auto`: `Orphan` where Flux knows it, else `prune: false`.
    #[default]
    Auto,
    /// `orphan`: `deletionPolicy: Orphan`.
    Orphan,
    /// `no-prune`: `prune: false`.
    NoPrune,
}

/// What is done where a parent gives what the new namespace does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Injections {
    /// `label`: the label that lets out.
    #[default]
    Label,
    /// `keep`: nothing; what is missing refuses the move.
    Keep,
}

/// What takes the place of a key that the new namespace does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decryption {
    /// `stay`: nothing; what is encrypted refuses the move.
    #[default]
    Stay,
    /// `component`: a Component of the repository that carries the key.
    Component,
    /// `global-age`: the key that kustomize-controller has for all namespaces.
    GlobalAge,
}

/// What takes the place of variables that the new namespace does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Substitutions {
    /// `stay`: nothing; what is used refuses the move.
    #[default]
    Stay,
    /// `inline`: the values of ConfigMaps that are used.
    Inline,
    /// `component`: a Component of the repository that carries the ConfigMap or Secret.
    Component,
}

impl FluxMoveSettings {
    /// Whether anything is to move.
    pub fn is_asked_for(&self) -> bool {
        self.rule.is_some() || !self.moves.is_empty()
    }
}

impl Section for FluxMoveSettings {
    const KEY: &'static str = "flux-move";

    fn read(keys: &mut Keys<'_, '_>) -> FluxMoveSettings {
        keys.about("Which Flux Kustomizations move. Without this key and `moves`, nothing does.");
        let rule = keys.mapping("kustomizations", |keys| Rule {
            from: texts(keys.about("The namespaces in which they are: flux-system, if absent."), "from")
                .unwrap_or_else(|| vec!["flux-system".to_owned()]),
            to: keys.about("What gives the new namespace.").one_of(
                "to",
                &[("target-namespace", To::TargetNamespace), ("parent", To::Parent), ("directory", To::Directory)],
            ),
        });
        keys.about("Those that stay all the same, as namespace/name.");
        let stay = keys.texts("stay").unwrap_or_default();
        let stay = stay.into_iter().filter_map(|(text, node)| name(keys, text, node)).collect();
        keys.about("One by one; wins over the rule.");
        let moves = keys.mappings("moves", "a move", one_move).unwrap_or_default();
        FluxMoveSettings {
            rule,
            stay,
            moves: moves.into_iter().filter_map(|(_, one)| one).collect(),
            statement: keys.about("How the new namespace is stated.").one_of(
                "statement",
                &[("tree", Statement::Tree), ("explicit", Statement::Explicit), ("inherit", Statement::Inherit)],
            ),
            references: keys.about("Whether a reference names the namespace of its own object.").one_of(
                "references",
                &[("tree", References::Tree), ("stated", References::Stated), ("minimal", References::Minimal)],
            ),
            guard: keys.about("What keeps the objects while their Kustomization moves.").one_of(
                "guard",
                &[("auto", GuardBy::Auto), ("orphan", GuardBy::Orphan), ("no-prune", GuardBy::NoPrune)],
            ),
            protect_claims: keys
                .about("Whether claims get `prune: disabled`, which stays.")
                .flag("protect-claims")
                .unwrap_or(true),
            injections: keys
                .about("What is done where a parent gives what the new namespace does not have.")
                .one_of("injections", &[("label", Injections::Label), ("keep", Injections::Keep)]),
            decryption: keys.about("What takes the place of a key that the new namespace does not have.").one_of(
                "decryption",
                &[
                    ("stay", Decryption::Stay),
                    ("component", Decryption::Component),
                    ("global-age", Decryption::GlobalAge),
                ],
            ),
            substitutions: keys.about("What takes the place of variables that the new namespace does not have.").one_of(
                "substitutions",
                &[
                    ("stay", Substitutions::Stay),
                    ("inline", Substitutions::Inline),
                    ("component", Substitutions::Component),
                ],
            ),
            parent_namespace: keys
                .about("Whether the kustomization of a folder states its namespace, once all in it has moved.")
                .flag("parent-namespace")
                .unwrap_or(false),
            second_above: keys
                .about("With more direct dependents, a Kustomization gets a second object before the first is removed; `alone-above` of batches, if absent.")
                .number("second-above", 0),
        }
    }

    fn described(&self) -> Vec<Described> {
        vec![Described { key: "guard", about: ABOUT_GUARD, value: New::string("auto") }]
    }
}

const ABOUT_GUARD: &str = "\
What keeps the objects while their Flux Kustomization moves: `orphan`, `no-prune`, or what the version
of Flux allows. Nothing moves without one of these keys:
  kustomizations: {from: [flux-system], to: target-namespace}   # or parent, directory
  moves:                     # one by one; wins over the rule
    - {kind: Kustomization, from: flux-system/plex, to: media/plex}   # its name may change, too
    - {kind: OCIRepository, from: flux-system/app-template, to: flux-system/apps}   # any source
    - {kind: ClusterSecretStore, from: onepassword, to: secrets}      # SecretStore, too
    - {kind: Gateway, from: network/external, to: network/public}     # always for review
Further keys, with what holds if they are absent:
  stay: [flux-system/flux-addons]
  statement: tree            # explicit | inherit
  references: tree           # stated | minimal
  protect-claims: true
  injections: label          # keep
  decryption: stay           # component | global-age
  substitutions: stay        # inline | component
  parent-namespace: false
  second-above: 5            # direct dependents; alone-above of batches, if absent";

fn texts(keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    Some(keys.texts(key)?.into_iter().map(|(text, _)| text.to_owned()).collect())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;

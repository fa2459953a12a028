//! Reading the configuration.

use super::*;
use crate::config::{SectionType, Settings};

fn read(text: &str) -> Result<FluxMoveSettings, Vec<String>> {
    let text = format!("flux-move: {{{text}}}\n");
    let settings = Settings::read("a.yaml", &text, &[SectionType::of::<FluxMoveSettings>()]);
    let message = |mistake: &crate::config::Mistake| mistake.message.clone();
    settings.map(|settings| settings.section()).map_err(|error| error.mistakes.iter().map(message).collect())
}

#[test]
fn what_moves() {
    let text = "kustomizations: {to: directory}, stay: [flux-system/a], guard: no-prune, \
                moves: [{from: flux-system/plex, to: media/plex}], protect-claims: false, second-above: 3";
    let settings = read(text).unwrap();
    let rule = settings.rule.clone().unwrap();
    assert_eq!((rule.from, rule.to), (vec!["flux-system".to_owned()], To::Directory));
    assert_eq!(settings.moves[0].to, ("media".to_owned(), "plex".to_owned()));
    assert_eq!((settings.moves[0].kind.as_str(), settings.guard), ("Kustomization", GuardBy::NoPrune));
    assert!(!settings.protect_claims && settings.second_above == Some(3) && settings.is_asked_for());
    assert!(!read("statement: inherit").unwrap().is_asked_for());
}

#[test]
fn what_is_in_no_namespace_has_a_name_alone() {
    let settings = read("moves: [{kind: ClusterSecretStore, from: onepassword, to: secrets}]").unwrap();
    assert_eq!(settings.moves[0].to, (String::new(), "secrets".to_owned()));
    assert!(read("moves: [{kind: ClusterSecretStore, from: a/b, to: c}]").is_err());
    assert!(read("moves: [{kind: SecretStore, from: a, to: c}]").is_err());
}

#[test]
fn mistakes_say_what_is_meant() {
    for (text, expected) in [
        ("stay: [plex]", "`plex` does not name a Flux object"),
        ("moves: [{from: flux-system/plex}]", "`to` is missing"),
        (&format!("moves: [{{from: a/plex, to: a/{}}}]", "x".repeat(64)), "longer than 63 characters"),
        ("kustomizations: {to: app}", "`to` cannot be `app`"),
        ("guards: auto", "unknown key `guards`"),
    ] {
        let mistakes = read(text).unwrap_err();
        assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{text}: {mistakes:?}");
    }
}

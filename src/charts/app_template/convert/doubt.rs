use std::fmt;

use super::{Conversion, empty};
use crate::charts::app_template::accounts::Statement;
use crate::charts::app_template::items::enabled;
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::references::Referent;
use crate::charts::app_template::restore::{Pin, Pinned};
use crate::charts::app_template::{Chart, Section};
use crate::yaml::Node;

/// Something about a conversion that a person has to know, or why it may not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The keys to it in the values of 3.x, and positions in lists, from 0.
    pub at: Vec<String>,
    /// What it is.
    pub matter: Matter,
}

/// What there is to say about a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// The name of an object in 3.x cannot be told, so that it cannot be kept.
    NameOpen(Unknown),
    /// Whether the chart makes an object cannot be told, and so neither what it is called.
    PresenceOpen,
    /// The name is a template that is taken over as it is; only Helm can render it.
    NameTemplated(Unknown),
    /// The name of an object changes, and nothing can keep it.
    NameLost {
        /// Its kind.
        kind: String,
        /// The name in 3.x.
        name: String,
        /// The name in 4.x, if it makes one.
        then: Option<String>,
    },
    /// A claim that the chart makes gets another name, and nothing can keep it: a new, empty volume.
    ClaimLost {
        /// The name in 3.x.
        name: String,
    },
    /// Two objects would have one name.
    Clash {
        /// Their kind.
        kind: String,
        /// The name.
        name: String,
    },
    /// The Secret with a static token, which 3.x makes for every account, goes.
    TokenDropped {
        /// The name of the Secret.
        name: String,
    },
    /// The account of a controller, or of a subject, cannot be told.
    AccountOpen(Unknown),
    /// 4.x rejects it, and nothing here can mend it.
    Rejected(String),
    /// Something refers to an object by an identifier that no enabled object has.
    DeadIdentifier {
        /// The section that it is looked for in.
        section: Section,
        /// The identifier.
        identifier: String,
    },
    /// An empty mapping over a default of `defaultPodOptions` is taken away: in 4.x it would win.
    EmptyOption,
    /// A selector asks for the label `app.kubernetes.io/component`, which pods of 4.x have not, and it is open whose pods it means.
    Component,
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matter::NameOpen(unknown) => write!(f, "its name in 3.x cannot be told ({unknown})"),
            Matter::PresenceOpen => {
                f.write_str("it is open whether 3.x makes it, and so whether there is a name to keep")
            }
            Matter::NameTemplated(unknown) => write!(f, "its name is taken over as {unknown}"),
            Matter::NameLost { kind, name, then: Some(then) } => write!(f, "{kind} {name} becomes {then}"),
            Matter::NameLost { kind, name, then: None } => write!(f, "{kind} {name} is not made any more"),
            Matter::ClaimLost { name } => {
                write!(f, "the volume of claim {name} would be lost: 4.x cannot give it that name")
            }
            Matter::Clash { kind, name } => write!(f, "two objects would be {kind} {name}"),
            Matter::TokenDropped { name } => write!(f, "Secret {name} with a static token goes"),
            Matter::AccountOpen(unknown) => write!(f, "the service account in 3.x cannot be told ({unknown})"),
            Matter::Rejected(why) => f.write_str(why),
            Matter::DeadIdentifier { section, identifier } => {
                write!(f, "`{identifier}` is no enabled entry of {}", section.path().join("."))
            }
            Matter::EmptyOption => {
                f.write_str("an empty mapping, which 3.x takes for nothing and 4.x for a decision, is taken away")
            }
            Matter::Component => {
                f.write_str("it selects by app.kubernetes.io/component, which pods of 4.x do not have")
            }
        }
    }
}

impl Chart<'_> {
    /// What there is to say about a conversion of these values.
    pub(super) fn doubts(&self, conversion: &Conversion) -> Vec<Doubt> {
        let mut found = Vec::new();
        found.extend(conversion.pins.objects.iter().filter_map(about_name));
        found.extend(self.about_accounts(conversion));
        let values = conversion.applied(self.values);
        let then = Chart { version: conversion.pins.to, values: &values, ..*self };
        let clashing = conversion.pins.clashes(self.release, self.namespace, self.values);
        found.extend(
            clashing.into_iter().map(|(kind, name)| Doubt { at: Vec::new(), matter: Matter::Clash { kind, name } }),
        );
        let rejected = then.rejected().into_iter();
        found.extend(rejected.map(|rejected| Doubt { at: rejected.at, matter: Matter::Rejected(rejected.why) }));
        found.extend(then.dead_identifiers());
        let empty = empty::shadowing(self.values).into_iter();
        found.extend(empty.map(|at| Doubt { at: at.to_vec(), matter: Matter::EmptyOption }));
        let others = conversion.labels.of_others(self.values).into_iter();
        found.extend(others.map(|at| Doubt { at, matter: Matter::Component }));
        found
    }

    fn about_accounts(&self, conversion: &Conversion) -> Vec<Doubt> {
        let accounts = &conversion.pins.accounts;
        let controllers = accounts.controllers.iter().map(|(controller, now)| (vec!["controllers", controller], now));
        let subjects = accounts.subjects.iter().map(|own| (vec!["rbac", "bindings", &own.binding], &own.now));
        let open = controllers.chain(subjects).filter_map(|(at, now)| match now {
            Statement::Unknown(unknown) => {
                let at = at.into_iter().map(str::to_owned).collect();
                Some(Doubt { at, matter: Matter::AccountOpen(unknown.clone()) })
            }
            _ => None,
        });
        open.collect()
    }

    /// Identifiers of services, roles and accounts that lead nowhere.
    fn dead_identifiers(&self) -> Vec<Doubt> {
        let dead = self.references().into_iter().filter_map(|reference| {
            let Referent::Identifier(section, identifier) = reference.to else { return None };
            let counts = matches!(section, Section::Service | Section::Roles | Section::ServiceAccount);
            let is_there = || enabled(self.section(section)).iter().any(|item| item.identifier == identifier);
            let doubt = Doubt {
                at: reference.path,
                matter: Matter::DeadIdentifier { section, identifier: identifier.clone() },
            };
            (counts && !is_there()).then_some(doubt)
        });
        dead.collect()
    }
}

fn about_name(pinned: &Pinned) -> Option<Doubt> {
    let object = &pinned.object;
    let section = object.section;
    let at: Vec<String> = section.path().iter().map(|&key| key.to_owned()).chain([object.identifier.clone()]).collect();
    let kind = object.kind.clone().unwrap_or_else(|| "object".to_owned());
    let matter = match (&pinned.pin, &object.name) {
        (Pin::Unknown(unknown), _) if unknown.why == Why::Switch && unknown.text == object.identifier => {
            Matter::PresenceOpen
        }
        (Pin::Unknown(unknown), _) => Matter::NameOpen(unknown.clone()),
        (Pin::Dropped, Ok(name)) if section == Section::Tokens => Matter::TokenDropped { name: name.clone() },
        // What would be dropped is not known by name either: its account is told of.
        (Pin::Dropped, Err(_)) if section == Section::Tokens => return None,
        (Pin::Impossible, Ok(name)) if section == Section::Persistence => Matter::ClaimLost { name: name.clone() },
        (Pin::Impossible | Pin::Dropped, Ok(name)) => {
            let then = pinned.untouched.clone().and_then(Name::ok);
            Matter::NameLost { kind, name: name.clone(), then }
        }
        (_, Err(unknown)) if unknown.why == Why::Template => Matter::NameTemplated(unknown.clone()),
        (_, Err(unknown)) => Matter::NameOpen(unknown.clone()),
        (Pin::Nothing | Pin::Suffix(_) | Pin::ForceRename(_), Ok(_)) => return None,
    };
    Some(Doubt { at: if section == Section::Tokens { vec!["serviceAccount".to_owned()] } else { at }, matter })
}

/// The line of the deepest of these keys that stands in the text of some values, from 1. A key may be
/// the position of an item in a list.
pub fn line_of(values: Node<'_>, keys: &[impl AsRef<str>]) -> usize {
    let mut node = values;
    let mut line = values.line();
    for key in keys.iter().map(AsRef::as_ref) {
        let next = match node.own_entry(key) {
            Some((name, value)) => Some((name.line(), value)),
            None => node.items().nth(key.parse().unwrap_or(usize::MAX)).map(|item| (item.line(), item)),
        };
        let Some((at, value)) = next else { break };
        (line, node) = (at, value);
    }
    line
}

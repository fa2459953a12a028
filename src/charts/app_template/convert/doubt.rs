use std::fmt;

use super::{Conversion, empty};
use crate::charts::app_template::accounts::Statement;
use crate::charts::app_template::items::enabled;
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::references::Referent;
use crate::charts::app_template::restore::{Pin, Pinned};
use crate::charts::app_template::{Chart, Section, Version};
use crate::yaml::Node;

/// Something about a conversion that you have to know, or why it must not be done.
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
    /// The name of an object in 3.x is unknown, so it cannot be kept.
    NameOpen(Unknown),
    /// It is unknown whether the chart creates an object, and so which name it would have.
    PresenceOpen,
    /// The name is a template that only Helm can render. It is carried over as it is.
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
    /// A claim that the chart makes gets another name, and nothing can keep it: a new, empty
    /// volume.
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
    /// The Secret with a static token, which 3.x creates for every account, is removed.
    TokenDropped {
        /// The name of the Secret.
        name: String,
    },
    /// The account of a controller, or of a subject, is unknown.
    AccountOpen(Unknown),
    /// 3.x draws the name at random on every render, so that none can be kept.
    NameRandom {
        /// The kind of the object.
        kind: String,
        /// The names that it may have, as text.
        names: String,
        /// The name in 4.x.
        then: Option<String>,
    },
    /// Another object has the same kind and name in 3.x, so that only one of them is in force; in
    /// 4.x both are.
    NameShared {
        /// Their kind.
        kind: String,
        /// The name in 3.x.
        name: String,
        /// The name in 4.x.
        then: Option<String>,
    },
    /// The chart makes one claim and its pods mount another one; from 3.4.0 they mount the one that
    /// it makes.
    ClaimApart {
        /// The claim that it makes.
        made: String,
        /// The claim that pods mount.
        mounted: String,
    },
    /// A default is drawn at random in 3.x.
    Drawn(String),
    /// It does nothing in this version and would in later ones: it is removed.
    Removed(String),
    /// It is no template in this version and would be one in 4.x: it is escaped.
    Escaped {
        /// The version.
        from: Version,
    },
    /// 4.x renders it in another way, whatever is done.
    Changes(String),
    /// 2.x has it by default, and it is written out.
    Stated(String),
    /// It is not known what 2.x makes of it.
    OpenIn2(String),
    /// 4.x rejects it, and there is no replacement for it.
    Rejected(String),
    /// Something refers to an object by an identifier that no enabled object has.
    DeadIdentifier {
        /// The section that it is looked for in.
        section: Section,
        /// The identifier.
        identifier: String,
    },
    /// An empty mapping over a default of `defaultPodOptions` is removed: in 4.x it would replace
    /// the default.
    EmptyOption,
    /// A selector asks for a label of 3.x, which pods of 4.x do not have. Whose pods it means is
    /// unknown.
    Component {
        /// The label.
        label: &'static str,
    },
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matter::NameOpen(unknown) => write!(f, "its name in 3.x is unknown ({unknown})"),
            Matter::PresenceOpen => {
                f.write_str("it is unknown whether 3.x creates it, and so whether there is a name to keep")
            }
            Matter::NameTemplated(unknown) => write!(f, "its name is carried over as {unknown}"),
            Matter::NameLost { kind, name, then: Some(then) } => write!(f, "{kind} {name} becomes {then}"),
            Matter::NameLost { kind, name, then: None } => write!(f, "4.x does not create {kind} {name}"),
            Matter::ClaimLost { name } => {
                write!(f, "the volume of claim {name} would be lost: 4.x cannot give it that name")
            }
            Matter::Clash { kind, name } => write!(f, "two objects would have the name {kind} {name}"),
            Matter::TokenDropped { name } => write!(f, "Secret {name} with a static token is removed"),
            Matter::AccountOpen(unknown) => write!(f, "its service account in 3.x is unknown ({unknown})"),
            Matter::NameRandom { kind, names, then } => {
                let then = then.as_deref().unwrap_or("one that is unknown");
                write!(f, "{kind} {names}: 3.x draws its name at random on every render; in 4.x it is {then}")
            }
            Matter::NameShared { kind, name, then } => {
                let then = then.as_deref().unwrap_or("one that is unknown");
                write!(
                    f,
                    "{kind} {name} is the name of others, too, and only the last one is in force; in 4.x it is {then}"
                )
            }
            Matter::ClaimApart { made, mounted } => write!(
                f,
                "3.x makes claim {made}, and pods mount claim {mounted}; in 4.x pods mount {made}. `existingClaim: {mounted}` \
                 keeps what they mount, and Helm then deletes claim {made}"
            ),
            Matter::Escaped { from } => {
                write!(f, "its braces are text in {from} and would be a template in 4.x: it is escaped")
            }
            Matter::Rejected(what)
            | Matter::Drawn(what)
            | Matter::Removed(what)
            | Matter::Changes(what)
            | Matter::Stated(what)
            | Matter::OpenIn2(what) => f.write_str(what),
            Matter::DeadIdentifier { section, identifier } => {
                write!(f, "{} has no enabled entry `{identifier}`", section.path().join("."))
            }
            Matter::EmptyOption => {
                f.write_str("it is empty and is removed: 3.x ignores it, 4.x would use it instead of the default")
            }
            Matter::Component { label } => write!(f, "it selects by {label}, which pods of 4.x do not have"),
        }
    }
}

impl Chart<'_> {
    /// What there is to say about a conversion of these values.
    pub(super) fn doubts(&self, conversion: &Conversion) -> Vec<Doubt> {
        let mut found = Vec::new();
        found.extend(conversion.stated.doubts.iter().cloned());
        found.extend(conversion.pins.objects.iter().filter_map(about_name));
        found.extend(self.about_accounts(conversion));
        found.extend(conversion.older.doubts.iter().cloned());
        // What goes because it did nothing has nothing more to say.
        let live = conversion.older.applied(self.values);
        let values = conversion.applied(self.values);
        let then = Chart { version: conversion.pins.to, values: &values, ..*self };
        let clashing = conversion.pins.clashes(self.release, self.namespace, &live);
        found.extend(
            clashing.into_iter().map(|(kind, name)| Doubt { at: Vec::new(), matter: Matter::Clash { kind, name } }),
        );
        let rejected = then.rejected().into_iter();
        found.extend(rejected.map(|rejected| Doubt { at: rejected.at, matter: Matter::Rejected(rejected.why) }));
        found.extend(then.dead_identifiers(self.version));
        let empty = empty::shadowing(&live).into_iter();
        found.extend(empty.map(|at| Doubt { at: at.to_vec(), matter: Matter::EmptyOption }));
        let others = conversion.labels.of_others(&live).into_iter();
        let label = self.version.controller_label();
        found.extend(others.map(|at| Doubt { at, matter: Matter::Component { label } }));
        found
    }

    fn about_accounts(&self, conversion: &Conversion) -> Vec<Doubt> {
        let accounts = &conversion.pins.accounts;
        let controllers = accounts.controllers.iter().map(|(controller, now)| (vec!["controllers", controller], now));
        let subjects =
            accounts.subjects.iter().map(|subject| (vec!["rbac", "bindings", &subject.binding], &subject.now));
        let open = controllers.chain(subjects).filter_map(|(at, now)| match now {
            Statement::Unknown(unknown) => {
                let at = at.into_iter().map(str::to_owned).collect();
                Some(Doubt { at, matter: Matter::AccountOpen(unknown.clone()) })
            }
            _ => None,
        });
        open.collect()
    }

    /// Identifiers of services, roles and accounts that lead nowhere; of controllers in a version
    /// before 3.0.3, from which on 3.x fails on them as well.
    fn dead_identifiers(&self, from: Version) -> Vec<Doubt> {
        let dead = self.references().into_iter().filter_map(|reference| {
            let Referent::Identifier(section, identifier) = reference.to else { return None };
            let counts = match section {
                Section::Controllers => from < Version::v3(0, 3),
                section => matches!(section, Section::Service | Section::Roles | Section::ServiceAccount),
            };
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
        (Pin::Renamed, Err(unknown)) => Matter::NameRandom { kind, names: unknown.text.clone(), then: then(pinned) },
        (Pin::Renamed, Ok(name)) => Matter::NameShared { kind, name: name.clone(), then: then(pinned) },
        (Pin::Unknown(unknown), _) => Matter::NameOpen(unknown.clone()),
        (Pin::Dropped, Ok(name)) if section == Section::Tokens => Matter::TokenDropped { name: name.clone() },
        // The name of a token that would be dropped is unknown with that of its account, which is
        // reported.
        (Pin::Dropped, Err(_)) if section == Section::Tokens => return None,
        (Pin::Impossible, Ok(name)) if section == Section::Persistence => Matter::ClaimLost { name: name.clone() },
        (Pin::Impossible | Pin::Dropped, Ok(name)) => Matter::NameLost { kind, name: name.clone(), then: then(pinned) },
        (_, Err(unknown)) if unknown.why == Why::Template => Matter::NameTemplated(unknown.clone()),
        (_, Err(unknown)) => Matter::NameOpen(unknown.clone()),
        (Pin::Nothing | Pin::Suffix(_) | Pin::ForceRename(_), Ok(_)) => return None,
    };
    Some(Doubt { at: if section == Section::Tokens { vec!["serviceAccount".to_owned()] } else { at }, matter })
}

fn then(pinned: &Pinned) -> Option<String> {
    pinned.untouched.clone().and_then(Name::ok)
}

/// The line of the deepest of these keys that stands in the text of some values, from 1. A key may
/// be the position of an item in a list.
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

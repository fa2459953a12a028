//! The judge: another program that compares builds, in addition to the native proof.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Impact, Migration, Outcome, Unit, UnitId};
use crate::flux::{FieldDifference, InCluster, View};

/// Compares what Flux Kustomizations build, with another program. It is only used for units of
/// migrations that keep builds the same
/// ([`Migration::keeps_builds`](super::Migration::keeps_builds)).
pub trait Judge {
    /// The program, with its version: `kubectl kustomize v5.5.0`. `None` if there is none; it is
    /// looked for when it is needed.
    fn name(&self) -> Option<String>;

    /// What does not protect this machine from what it builds here and does elsewhere, in a line.
    fn caution(&self) -> Option<&'static str> {
        None
    }

    /// Builds Flux Kustomizations on the tree of each view, and compares. What is in neither view,
    /// or builds from another repository, is left out of the answer. With `Detail::Fields`, variables
    /// are filled in, and it is said in which fields objects differ.
    fn compare(
        &self,
        before: &View,
        after: &View,
        which: &BTreeSet<InCluster>,
        detail: Detail,
    ) -> BTreeMap<InCluster, Verdict>;
}

/// How much is to be known of builds that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Which objects differ.
    #[default]
    Objects,
    /// In which fields, once Flux has filled in the variables that are known here.
    Fields,
}

/// How two builds of a Flux Kustomization compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same objects, contents included.
    Same,
    /// These objects are not the same.
    Differs(Vec<Differing>),
    /// It built before and does not any more, for this reason.
    Breaks(String),
    /// It did not build before and does now: there is nothing to compare with.
    Fixed,
    /// They cannot be compared, for this reason.
    Unknown(String),
}

/// An object that is not the same in two builds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Differing {
    /// `Kind namespace/name`.
    pub object: String,
    /// Its `apiVersion`; the new one, if there is one.
    pub api_version: String,
    /// What happened to it.
    pub how: How,
    /// Where its contents differ, if that was asked for.
    pub fields: Vec<FieldDifference>,
}

impl Differing {
    /// Its kind, namespace and name.
    pub fn identity(&self) -> (&str, Option<&str>, &str) {
        let (kind, name) = self.object.split_once(' ').unwrap_or((&self.object, ""));
        match name.split_once('/') {
            Some((namespace, name)) => (kind, Some(namespace), name),
            None => (kind, None, name),
        }
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
    /// Its contents differ.
    Changed,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            How::New => "new",
            How::Gone => "gone",
            How::Changed => "changed",
        })
    }
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.how {
            How::New => "be added",
            How::Gone => "be missing",
            How::Changed => "be different",
        };
        write!(f, "{} would {what}", self.object)
    }
}

/// Which builds were compared, and with which program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The program, with its version; `None` if there was none, and only the native proof was used.
    pub by: Option<String>,
    /// What [`Judge::caution`] says.
    pub caution: Option<&'static str>,
    /// The result for each Flux Kustomization that units can touch.
    pub builds: BTreeMap<InCluster, Compared>,
}

/// A Flux Kustomization, built with and without units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// How the builds compare.
    pub verdict: Verdict,
    /// The units that can touch it, in the tree where they land and in the one where they have; or
    /// in one of these, if none can in both.
    pub units: BTreeSet<UnitId>,
}

impl Judged {
    /// How many of the builds are the same.
    pub fn same(&self) -> usize {
        self.builds.values().filter(|build| build.verdict == Verdict::Same).count()
    }

    /// The same, of the Flux Kustomizations alone that some units can touch: those of a batch, say.
    pub fn touched_by<'u>(&self, units: impl IntoIterator<Item = &'u UnitId>) -> Judged {
        let units: BTreeSet<&UnitId> = units.into_iter().collect();
        let is_touched = |build: &Compared| build.units.iter().any(|unit| units.contains(unit));
        let builds = self.builds.iter().filter(|(_, build)| is_touched(build));
        let builds = builds.map(|(of, build)| (of.clone(), build.clone())).collect();
        Judged { by: self.by.clone(), caution: self.caution, builds }
    }
}

/// What is wrong with the builds of a Flux Kustomization that units touch, in a few words; `None`
/// if everything that changes is intended.
pub(super) fn surprise(
    of: &InCluster,
    verdict: &Verdict,
    units: &[&Unit],
    migrations: &[&dyn Migration],
) -> Option<String> {
    let differing = match verdict {
        Verdict::Same | Verdict::Fixed | Verdict::Unknown(_) => return None,
        Verdict::Breaks(why) => return Some(format!("{} on {} would no longer build: {why}", of.name, of.cluster)),
        Verdict::Differs(differing) => differing,
    };
    let is_meant = |object: &&Differing| {
        let means = |unit: &&&Unit| {
            let migration = migrations.iter().find(|migration| migration.meta().id == unit.id.migration);
            migration
                .map_or_else(|| says(unit, &of.cluster, object), |migration| migration.means(unit, &of.cluster, object))
        };
        units.iter().any(|unit| means(&unit))
    };
    let mut others = differing.iter().filter(|object| !is_meant(object));
    let first = others.next()?;
    let more = match others.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("{} on {} would not build the same: {first}{more}", of.name, of.cluster))
}

/// Whether a unit says that an object of a cluster changes: as one of its effects, or because it is
/// about that very object and has an impact. One that has an impact, and says neither, may change
/// whatever it touches.
pub fn says(unit: &Unit, cluster: &str, differing: &Differing) -> bool {
    let object = &*differing.object;
    let effects = unit.effects.iter().filter(|effect| effect.cluster == cluster && effect.outcome == Outcome::Changes);
    if effects.map(|effect| &*effect.object).any(|meant| is_called(meant, object)) {
        return true;
    }
    match &unit.id.subject {
        _ if unit.impact == Impact::None => false,
        subject if subject.is_path() => unit.effects.is_empty(),
        subject => {
            let (kind, namespace, name) = (subject.kind(), subject.namespace(), subject.name());
            let slash = if namespace.is_empty() { "" } else { "/" };
            is_called(&format!("{kind} {namespace}{slash}{name}"), object)
        }
    }
}

/// Whether `Kind name` or `Kind namespace/name` is what an object is called; where a file gives it
/// no namespace, its build may.
fn is_called(meant: &str, object: &str) -> bool {
    let parts = |text: &str| -> Option<(String, Option<String>, String)> {
        let (kind, name) = text.split_once(' ')?;
        Some(match name.split_once('/') {
            Some((namespace, name)) => (kind.to_owned(), Some(namespace.to_owned()), name.to_owned()),
            None => (kind.to_owned(), None, name.to_owned()),
        })
    };
    match (parts(meant), parts(object)) {
        (Some((kind, namespace, name)), Some(stated)) => {
            kind == stated.0 && name == stated.2 && (namespace.is_none() || namespace == stated.1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Effect, Subject};
    use super::*;
    use crate::repo::RepoPath;

    fn unit(subject: Subject, impact: Impact, effects: &[(&str, &str)]) -> Unit {
        let effect = |(cluster, object): &(&str, &str)| Effect {
            cluster: (*cluster).to_owned(),
            object: (*object).to_owned(),
            field: "data.a".into(),
            before: "1".into(),
            after: "2".into(),
            outcome: Outcome::Changes,
        };
        let id = UnitId { migration: "components", step: "switch", subject };
        Unit::of(Draft { impact, effects: effects.iter().map(effect).collect(), ..Draft::new(id, "", []) })
    }

    fn consumer() -> Subject {
        Subject::Consumer { kustomization: RepoPath::new("a/kustomization.yaml").unwrap() }
    }

    fn surprising(unit: &Unit) -> Option<String> {
        let of = InCluster { cluster: "main".into(), name: "flux-system/a".into() };
        let one = |object: &str| Differing {
            object: object.into(),
            api_version: "v1".into(),
            how: How::Changed,
            fields: Vec::new(),
        };
        surprise(&of, &Verdict::Differs(vec![one("ConfigMap home/a"), one("Secret home/b")]), &[unit], &[])
    }

    #[test]
    fn what_a_unit_says_is_no_surprise() {
        let both = [("main", "ConfigMap home/a"), ("main", "Secret b")];
        assert_eq!(surprising(&unit(consumer(), Impact::Upgrade, &both)), None, "Secret b is in whatever namespace");
        let one = surprising(&unit(consumer(), Impact::Upgrade, &both[..1])).unwrap();
        assert_eq!(one, "flux-system/a on main would not build the same: Secret home/b would be different");
        for wrong in [("edge", "ConfigMap home/a"), ("main", "ConfigMap other/a"), ("main", "Service a")] {
            let found = surprising(&unit(consumer(), Impact::Upgrade, &[wrong])).unwrap();
            assert!(found.ends_with("ConfigMap home/a would be different, and 1 more"), "{found}");
        }
        assert_eq!(surprising(&unit(consumer(), Impact::Upgrade, &[])), None, "it says that something changes");
        assert!(surprising(&unit(consumer(), Impact::None, &[])).is_some());
        let (kind, namespace, name) = ("Secret".to_owned(), "home".to_owned(), "b".to_owned());
        let about = Subject::Object { kind, namespace, name, path: RepoPath::new("a/b.yaml").unwrap() };
        let found = surprising(&unit(about, Impact::Upgrade, &[])).unwrap();
        assert!(found.ends_with("ConfigMap home/a would be different"), "{found}");
    }

    #[test]
    fn what_breaks_always_is_one() {
        let of = InCluster { cluster: "main".into(), name: "flux-system/a".into() };
        let all = [Verdict::Same, Verdict::Fixed, Verdict::Unknown("x".into()), Verdict::Breaks("no x".into())];
        let changes = unit(consumer(), Impact::Data, &[]);
        let found: Vec<_> = all.iter().filter_map(|verdict| surprise(&of, verdict, &[&changes], &[])).collect();
        assert_eq!(found, ["flux-system/a on main would no longer build: no x"]);
    }
}

//! ReferenceGrants: without one, a Gateway answers with 500 where a route names a Service of another
//! namespace.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::new_file::{NewFile, place_for};
use crate::flux::{ClusterId, Value, View};
use crate::gateway::GROUP;
use crate::plan::{Finding, Subject, UnitId};
use crate::repo::RepoPath;

pub(super) const GRANT: &str = "grant";

/// What a route asks for: that HTTPRoutes of one namespace may name Services of another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GrantFor {
    pub(super) cluster: ClusterId,
    pub(super) from: String,
    pub(super) to: String,
    /// The file that makes the Service.
    pub(super) maker: RepoPath,
}

/// Cluster, namespace of the routes, namespace of the Service.
type Pair = (ClusterId, String, String);

/// A grant that is to be written.
pub(super) struct Grant {
    pub(super) id: UnitId,
    pub(super) file: NewFile,
}

impl GrantFor {
    /// What one grant is for, however many Services there are.
    pub(super) fn pair(&self) -> Pair {
        (self.cluster, self.from.clone(), self.to.clone())
    }
}

fn name_of(wanted: &GrantFor) -> String {
    format!("{}-httproutes", wanted.from)
}

fn path_of(wanted: &GrantFor) -> RepoPath {
    let name = format!("referencegrant-{}.yaml", wanted.from);
    wanted.maker.dir().join(&name).expect("a namespace is valid in a path")
}

/// The grants that routes want, one for each pair: beside the Service whose file comes first. Where there
/// is none, the reason, if there is more to say than that the directory of the Service lists no files.
pub(super) fn grants(view: &View, wanted: BTreeSet<GrantFor>) -> BTreeMap<Pair, Result<Grant, Option<Finding>>> {
    let mut all = BTreeMap::new();
    for one in wanted {
        all.entry(one.pair()).or_insert_with(|| grant(view, &one));
    }
    all
}

fn grant(view: &View, wanted: &GrantFor) -> Result<Grant, Option<Finding>> {
    let path = path_of(wanted);
    let place = place_for(view, wanted.cluster, &path, &wanted.to).ok_or(None)?.map_err(Some)?;
    let mut metadata = vec![("name", Value::string(&name_of(wanted)))];
    if !place.gives_namespace {
        metadata.push(("namespace", Value::string(&wanted.to)));
    }
    let from = Value::mapping([
        ("group", Value::string(GROUP)),
        ("kind", Value::string("HTTPRoute")),
        ("namespace", Value::string(&wanted.from)),
    ]);
    let to = Value::mapping([("group", Value::string("")), ("kind", Value::string("Service"))]);
    let object = Value::mapping([
        ("apiVersion", Value::string(&format!("{GROUP}/v1beta1"))),
        ("kind", Value::string("ReferenceGrant")),
        ("metadata", Value::mapping(metadata)),
        ("spec", Value::mapping([("from", Value::Sequence(vec![from])), ("to", Value::Sequence(vec![to]))])),
    ]);
    let id = UnitId::new(&META, GRANT, Subject::object("ReferenceGrant", &wanted.to, &name_of(wanted), &path));
    Ok(Grant { id, file: NewFile { path, documents: vec![object], listed_in: place.listed_in } })
}

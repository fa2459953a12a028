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

/// A grant that is to be written.
pub(super) struct Grant {
    pub(super) id: UnitId,
    pub(super) verdict: Result<NewFile, Finding>,
}

/// The unit of a grant: beside what makes the Service.
pub(super) fn id_of(wanted: &GrantFor) -> UnitId {
    let path = path_of(wanted);
    UnitId::new(&META, GRANT, Subject::object("ReferenceGrant", &wanted.to, &name_of(wanted), &path))
}

fn name_of(wanted: &GrantFor) -> String {
    format!("{}-httproutes", wanted.from)
}

fn path_of(wanted: &GrantFor) -> RepoPath {
    let name = format!("referencegrant-{}.yaml", wanted.from);
    wanted.maker.dir().join(&name).expect("a namespace is valid in a path")
}

/// The grants that are wanted for, one for each pair of namespaces of a cluster: beside the Service whose
/// file comes first.
pub(super) fn chosen(wanted: BTreeSet<GrantFor>) -> BTreeMap<(ClusterId, String, String), GrantFor> {
    let mut all = BTreeMap::new();
    for one in wanted {
        all.entry((one.cluster, one.from.clone(), one.to.clone())).or_insert(one);
    }
    all
}

/// The grant for what is wanted; `None` if the directory of the Service is not one that lists files.
pub(super) fn grant(view: &View, wanted: &GrantFor) -> Option<Grant> {
    let path = path_of(wanted);
    let verdict = place_for(view, wanted.cluster, &path, &wanted.to)?.map(|place| {
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
        NewFile { path: path.clone(), documents: vec![object], listed_in: place.listed_in }
    });
    Some(Grant { id: id_of(wanted), verdict })
}

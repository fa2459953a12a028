//! What a patch does to an object: the fields that it sets, the lists that it puts others in the place
//! of.

use super::change::Change;
use super::patch::Patch;
use crate::flux::value::{Operation, Value};

/// A list that a patch puts in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedList {
    /// The keys to it: `spec.patches`.
    pub field: String,
    /// The list that the object had.
    pub old: Value,
    /// How many of its entries are not in the new list.
    pub lost: usize,
    /// Whether the operation is `add`, which reads as if the old list stayed.
    pub adds: bool,
}

impl Patch {
    /// What it sets, as objects to be merged in: the patch itself, or one for each operation that adds
    /// or replaces something by keys alone.
    pub fn sets(&self) -> Vec<Value> {
        let set = |operation: &Operation| {
            let keys: Vec<&str> = operation.path.iter().map(String::as_str).collect();
            let is_position = |key: &&str| *key == "-" || key.bytes().all(|byte| byte.is_ascii_digit());
            let sets = matches!(operation.op.as_str(), "add" | "replace") && !keys.iter().any(is_position);
            let mut object = Value::Mapping(Vec::new());
            object.set_at(&keys, operation.value.clone());
            sets.then_some(object)
        };
        match self.change() {
            Change::Merge(object) => vec![object.clone()],
            Change::Json(operations) => operations.iter().filter_map(set).collect(),
            Change::Fill(_) | Change::Unreadable => Vec::new(),
        }
    }

    /// The lists of an object that the operations of a JSON patch put others in the place of, and
    /// that lose entries thereby. None for another patch, and for one that fails.
    pub fn replaced_lists(&self, object: &Value) -> Vec<ReplacedList> {
        let Change::Json(operations) = self.change() else { return Vec::new() };
        let mut object = object.clone();
        let mut found = Vec::new();
        for operation in operations {
            found.extend(replaced(operation, &object));
            if operation.apply(&mut object).is_none() {
                return Vec::new();
            }
        }
        found
    }
}

/// The list that an operation replaces as a whole.
fn replaced(operation: &Operation, object: &Value) -> Option<ReplacedList> {
    let adds = operation.op == "add";
    if !adds && operation.op != "replace" {
        return None;
    }
    // An `add` at a position of a list inserts.
    let keys: Vec<&str> = operation.path.iter().map(String::as_str).collect();
    let old = object.at(&keys).filter(|old| matches!(old, Value::Sequence(_)))?;
    let Value::Sequence(new) = &operation.value else { return None };
    let lost = old.items().iter().filter(|item| !new.iter().any(|other| other.same_as(item))).count();
    (lost > 0).then(|| ReplacedList { field: keys.join("."), old: old.clone(), lost, adds })
}

#[cfg(test)]
mod tests {
    use super::super::patch::Patches;
    use super::*;
    use crate::repo::RepoPath;
    use crate::yaml::Stream;

    fn read(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    fn patches(operations: &str) -> Patches {
        let text = format!("patches:\n- patch: '{operations}'\n  target: {{kind: A}}\n");
        let stream = Stream::parse(&*text).unwrap();
        let root = stream.documents().next().unwrap();
        Patch::of_kustomization(&RepoPath::new("k/kustomization.yaml").unwrap(), root, &|_| None)
    }

    fn lost(object: &str, operations: &str) -> Vec<(String, usize, bool)> {
        let found = patches(operations)[0].replaced_lists(&read(object));
        found.into_iter().map(|list| (list.field, list.lost, list.adds)).collect()
    }

    #[test]
    fn a_whole_list_takes_the_place_of_another() {
        let object = "{kind: A, spec: {patches: [{a: 1}, {b: 2}], none: [], map: {x: 1}}}";
        let list = |lost, adds| vec![("spec.patches".to_owned(), lost, adds)];
        assert_eq!(lost(object, "- {op: add, path: /spec/patches, value: [{c: 3}]}"), list(2, true));
        assert_eq!(lost(object, "- {op: replace, path: /spec/patches, value: [{b: 2}]}"), list(1, false));
        for operations in [
            "- {op: add, path: /spec/patches/-, value: {c: 3}}",
            "- {op: add, path: /spec/patches/0, value: [{c: 3}]}",
            "- {op: add, path: /spec/patches, value: [{b: 2}, {a: 1}, {c: 3}]}",
            "- {op: add, path: /spec/none, value: [{c: 3}]}",
            "- {op: add, path: /spec/new, value: [{c: 3}]}",
            "- {op: add, path: /spec/map, value: {y: 1}}",
            "- {op: remove, path: /spec/patches}",
            "[{\"op\": \"add\", \"path\": \"/spec/patches\", \"value\": [{\"c\": 3}]}, {\"op\": \"remove\", \"path\": \"/spec/gone\"}]",
        ] {
            assert_eq!(lost(object, operations), [], "{operations}");
        }
    }

    #[test]
    fn operations_set_what_stands_at_their_keys() {
        let sets = |operations: &str| patches(operations)[0].sets();
        assert_eq!(sets("- {op: add, path: /spec/a~1b, value: {c: d}}"), [read("{spec: {a/b: {c: d}}}")]);
        assert_eq!(
            sets(
                "[{\"op\": \"add\", \"path\": \"/spec/list/0\", \"value\": \"x\"}, {\"op\": \"remove\", \"path\": \"/spec/x\"}]"
            ),
            []
        );
    }

    #[test]
    fn what_the_same_patch_has_put_there_counts() {
        let operations = "[{\"op\": \"add\", \"path\": \"/spec/list\", \"value\": [\"a\"]}, {\"op\": \"add\", \"path\": \"/spec/list\", \"value\": [\"b\"]}]";
        assert_eq!(lost("{kind: A, spec: {}}", operations), [("spec.list".to_owned(), 1, true)]);
    }
}

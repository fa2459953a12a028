//! The text of a `namespace` in mappings of a document.

use super::references::{Put, Step};
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node, Place};

/// Why an entry goes.
const BECAUSE: &str = "the namespace is that of the object itself";

/// Writes all that is put into a document. An anchor stays with its value's place; what repeats it is
/// written out first, so that it says what it said before.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write<'v>(edit: &mut Edit<'v>, root: Node<'v>, puts: &[Put]) -> Result<(), Error> {
    let mappings: Vec<(Node<'v>, &Put)> =
        puts.iter().filter_map(|put| Some((mapping_at(root, &put.path)?, put))).collect();
    let entry = |mapping: &Node<'v>| mapping.own_entry("namespace").map(|(_, value)| value);
    let changes = |mapping: &Node<'v>, put: &Put| entry(mapping).and_then(Node::text) != put.namespace.as_deref();
    let changing: Vec<&(Node<'v>, &Put)> = mappings.iter().filter(|(mapping, put)| changes(mapping, put)).collect();
    let own: Vec<Node<'v>> = changing.iter().filter_map(|(mapping, _)| entry(mapping)).collect();
    let is_own = |node: &Node<'v>| own.iter().any(|other| other.range() == node.range());
    let mut aliases = Vec::new();
    aliases_in(root, &mut aliases);
    for value in own.iter().filter(|value| !value.is_alias()) {
        let repeating = aliases.iter().filter(|alias| alias.resolved().range() == value.range() && !is_own(alias));
        for alias in repeating {
            edit.set(*alias, &New::string(value.text().unwrap_or_default()), |_| Fate::Moved)?;
        }
    }
    // What repeats an anchor comes before it, so that the anchor is free by then.
    let is_alias = |(mapping, _): &(Node<'v>, &Put)| entry(mapping).is_some_and(Node::is_alias);
    for first in [true, false] {
        for (mapping, put) in changing.iter().filter(|change| is_alias(change) == first) {
            write_one(edit, *mapping, put.namespace.as_deref())?;
        }
    }
    Ok(())
}

fn write_one<'v>(edit: &mut Edit<'v>, mapping: Node<'v>, namespace: Option<&str>) -> Result<(), Error> {
    let entry = mapping.own_entry("namespace").map(|(_, value)| value);
    match (entry, namespace) {
        (Some(value), Some(to)) if value.is_alias() => edit.set(value, &New::string(to), |_| Fate::Moved),
        (Some(value), Some(to)) => edit.set_scalar(value, to),
        (Some(_), None) => {
            edit.remove_entry(mapping, "namespace", Emptied::NoEntry, |_| Fate::Dropped(BECAUSE.to_owned()))
        }
        (None, Some(to)) => {
            let place = if mapping.own_entry("name").is_some() { Place::After("name") } else { Place::Last };
            edit.insert_entry(mapping, place, "namespace", &New::string(to))
        }
        (None, None) => Ok(()),
    }
}

fn mapping_at<'v>(root: Node<'v>, path: &[Step]) -> Option<Node<'v>> {
    path.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Item(number) => node.items().nth(*number),
    })
}

fn aliases_in<'v>(node: Node<'v>, found: &mut Vec<Node<'v>>) {
    if node.is_alias() {
        found.push(node);
        return;
    }
    node.children().into_iter().for_each(|(_, child)| aliases_in(child, found));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn written(text: &str, puts: &[(&[Step], Option<&str>)]) -> String {
        let stream = Stream::parse(text).unwrap();
        let puts: Vec<Put> =
            puts.iter().map(|(path, to)| Put { path: path.to_vec(), namespace: to.map(str::to_owned) }).collect();
        let mut edit = Edit::of(&stream).in_order().moving_anchors();
        match write(&mut edit, stream.document(0).unwrap(), &puts).and_then(|()| edit.finish()) {
            Ok(edited) => edited.splices.apply(text).unwrap(),
            Err(error) => format!("error {}", error.problem.code()),
        }
    }

    const METADATA: &[Step] = &[Step::Key("metadata")];
    const SOURCE: &[Step] = &[Step::Key("spec"), Step::Key("sourceRef")];

    #[test]
    fn an_anchor_stays_and_what_repeats_it_keeps_its_value() {
        let text = "metadata:\n  name: &app plex\n  namespace: &ns flux-system # here\n\
                    spec:\n  sourceRef: {name: home, namespace: *ns} # there\n  path: *app\n";
        let expected = "metadata:\n  name: &app plex\n  namespace: &ns media # here\n\
                        spec:\n  sourceRef: {name: home, namespace: flux-system} # there\n  path: *app\n";
        assert_eq!(written(text, &[(METADATA, Some("media"))]), expected);
        let both = written(text, &[(METADATA, Some("media")), (SOURCE, Some("other"))]);
        assert_eq!(both, expected.replace("namespace: flux-system", "namespace: other"));
    }

    #[test]
    fn entries_come_and_go() {
        let text = "metadata:\n  name: a\n  namespace: b\nspec:\n  sourceRef:\n    kind: c\n    name: d\n  x: y\n";
        let expected =
            "metadata:\n  name: a\nspec:\n  sourceRef:\n    kind: c\n    name: d\n    namespace: b\n  x: y\n";
        assert_eq!(written(text, &[(METADATA, None), (SOURCE, Some("b"))]), expected);
        assert_eq!(written(expected, &[(METADATA, None), (SOURCE, Some("b"))]), expected);
        let repeated = "metadata: &m {name: a, namespace: b}\nspec: {x: *m}\n";
        assert!(written(repeated, &[(METADATA, Some("c"))]).starts_with("error"), "it is repeated as a whole");
    }
}

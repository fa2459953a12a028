//! The text of a `namespace`, and of a `name`, in mappings of a document.

use super::references::{Put, Step};
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node, Place};

/// Why an entry goes.
const BECAUSE: &str = "the namespace is that of the object itself";

/// An entry of a mapping, and what it is then.
struct Field<'v, 'p> {
    mapping: Node<'v>,
    key: &'static str,
    value: Option<&'p str>,
}

impl<'v, 'p> Field<'v, 'p> {
    fn all_of(root: Node<'v>, put: &'p Put) -> Vec<Field<'v, 'p>> {
        let Some(mapping) = mapping_at(root, &put.path) else { return Vec::new() };
        let namespace = Field { mapping, key: "namespace", value: put.namespace.as_deref() };
        let name = put.name.as_deref().map(|name| Field { mapping, key: "name", value: Some(name) });
        name.into_iter().chain([namespace]).collect()
    }

    fn entry(&self) -> Option<Node<'v>> {
        self.mapping.own_entry(self.key).map(|(_, value)| value)
    }

    fn changes(&self) -> bool {
        self.entry().and_then(Node::text) != self.value
    }

    fn is_alias(&self) -> bool {
        self.entry().is_some_and(Node::is_alias)
    }

    fn write(&self, edit: &mut Edit<'v>) -> Result<(), Error> {
        let Field { mapping, key, value } = *self;
        match (self.entry(), value) {
            (Some(entry), Some(to)) if entry.is_alias() => edit.set(entry, &New::string(to), |_| Fate::Moved),
            (Some(entry), Some(to)) => edit.set_scalar(entry, to),
            (Some(_), None) => edit.remove_entry(mapping, key, Emptied::NoEntry, |_| Fate::Dropped(BECAUSE.to_owned())),
            (None, Some(to)) => {
                let place = if mapping.own_entry("name").is_some() { Place::After("name") } else { Place::Last };
                edit.insert_entry(mapping, place, key, &New::string(to))
            }
            (None, None) => Ok(()),
        }
    }
}

/// Writes all that is put into a document. An anchor stays with its value's place; what repeats it is
/// written out first, so that it says what it said before.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write<'v>(edit: &mut Edit<'v>, root: Node<'v>, puts: &[Put]) -> Result<(), Error> {
    nested(edit, root, puts)?;
    let fields = puts.iter().filter(|put| put.within.is_none()).flat_map(|put| Field::all_of(root, put));
    let changing: Vec<Field<'v, '_>> = fields.filter(Field::changes).collect();
    let own: Vec<Node<'v>> = changing.iter().filter_map(Field::entry).collect();
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
    for first in [true, false] {
        changing.iter().filter(|field| field.is_alias() == first).try_for_each(|field| field.write(edit))?;
    }
    Ok(())
}

/// By the way to a text: documents of it, and what is put into each.
type Texts<'p> = Vec<(&'p [Step], Vec<(usize, Put)>)>;

/// Writes what is put into texts, such as inline patches.
fn nested<'v>(edit: &mut Edit<'v>, root: Node<'v>, puts: &[Put]) -> Result<(), Error> {
    let mut texts = Texts::new();
    for put in puts {
        let Some((document, path)) = put.within.clone() else { continue };
        let inner = (document, Put { path, within: None, ..put.clone() });
        match texts.iter_mut().find(|(way, _)| *way == put.path) {
            Some((_, all)) => all.push(inner),
            None => texts.push((&put.path, vec![inner])),
        }
    }
    for (way, puts) in texts {
        let Some(text) = mapping_at(root, way) else { continue };
        edit.nested(text, |edit, stream| {
            for (document, root) in stream.documents().enumerate() {
                let of_document = puts.iter().filter(|(number, _)| *number == document).map(|(_, put)| put.clone());
                write(edit, root, &of_document.collect::<Vec<_>>())?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The mapping at the end of a way.
pub(super) fn mapping_at<'v>(root: Node<'v>, path: &[Step]) -> Option<Node<'v>> {
    path.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Name(key) => node.get(key),
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
        let put = |(path, to): &(&[Step], Option<&str>)| Put {
            path: path.to_vec(),
            within: None,
            namespace: to.map(str::to_owned),
            name: None,
        };
        written_all(text, &puts.iter().map(put).collect::<Vec<_>>())
    }

    fn written_all(text: &str, puts: &[Put]) -> String {
        let stream = Stream::parse(text).unwrap();
        let mut edit = Edit::of(&stream).in_order().moving_anchors();
        match write(&mut edit, stream.document(0).unwrap(), puts).and_then(|()| edit.finish()) {
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
    fn a_new_name_leaves_what_repeats_the_old_one() {
        let text =
            "metadata:\n  name: &app plex # it\n  namespace: media\nspec:\n  commonMetadata: {labels: {app: *app}}\n";
        let put = |name: &str| Put {
            path: METADATA.to_vec(),
            within: None,
            namespace: Some("media".to_owned()),
            name: Some(name.to_owned()),
        };
        let expected = text.replace("plex", "films").replace("*app", "plex");
        assert_eq!(written_all(text, &[put("films")]), expected);
        assert_eq!(written_all(text, &[put("plex")]), text);
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

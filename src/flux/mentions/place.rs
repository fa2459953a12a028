//! Visits all scalars of a document, also in YAML inside a text.

use crate::flux::value::pointer_parts;
use crate::yaml::{Kind, Node, Stream};

/// How a place is reached from the one above it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// The root of a document.
    Root,
    /// A key of a mapping.
    Key(&'a str),
    /// An item of a sequence, from 0.
    Item(usize),
    /// The YAML in a text.
    Text,
}

/// Where the lines of a text are in the file.
#[derive(Clone, Copy, Debug)]
enum Lines {
    /// This is the file.
    File,
    /// The lines of a literal block scalar; the first one is this line.
    From(usize),
    /// They are all reported as this line: a quoted or folded text.
    On(usize),
}

impl Lines {
    fn in_file(self, line: usize) -> usize {
        match self {
            Lines::File => line,
            Lines::From(first) => first + line - 1,
            Lines::On(line) => line,
        }
    }
}

/// A node, with all nodes above it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The node, with aliases followed.
    pub(super) node: Node<'a>,
    step: Step<'a>,
    above: Option<&'a Place<'a>>,
    lines: Lines,
}

/// How many nodes may be visited through aliases: real files have few, alias bombs have billions.
const THROUGH_ALIASES: usize = 100_000;

impl<'a> Place<'a> {
    /// Visits every scalar of a document, with aliases and merge keys followed. If a text that
    /// `is_of_interest` is YAML, its scalars are visited instead. A JSON patch operation is visited
    /// as its value at its path.
    pub(super) fn walk(root: Node<'_>, is_of_interest: &dyn Fn(&str) -> bool, visit: &mut dyn FnMut(&Place<'_>)) {
        let place = Place { node: root.resolved(), step: Step::Root, above: None, lines: Lines::File };
        Walk { is_of_interest, visit, left: THROUGH_ALIASES }.descend(&place, 0);
    }

    /// The line in the file, from 1.
    pub(super) fn line(&self) -> usize {
        self.lines.in_file(self.node.line())
    }

    /// The line in the file of an offset in the text of this scalar.
    pub(super) fn line_at(&self, text: &str, offset: usize) -> usize {
        let before = text.get(..offset).unwrap_or(text).matches('\n').count();
        self.lines_of_text().in_file(before + 1)
    }

    fn lines_of_text(&self) -> Lines {
        // Anchor and tag are before the mark of a block scalar.
        let is_property = |word: &&str| word.starts_with(['&', '!']);
        let first = self.node.source().lines().next().unwrap_or_default();
        let mark = first.split_whitespace().find(|word| !is_property(word));
        match (self.lines, mark) {
            (Lines::On(line), _) => Lines::On(line),
            (_, Some(mark)) if mark.starts_with('|') => Lines::From(self.line() + 1),
            _ => Lines::On(self.line()),
        }
    }

    /// This place and those above it, upwards.
    pub(super) fn up(&self) -> impl Iterator<Item = Place<'a>> + use<'a> {
        std::iter::successors(Some(*self), |place| place.above.copied())
    }

    /// The nearest key: for an item, that of the list; for merged entries, the key into which they
    /// are merged.
    pub(super) fn key(&self) -> Option<&'a str> {
        self.up().find_map(|place| match place.step {
            Step::Key("<<") | Step::Item(_) => None,
            Step::Key(key) => Some(Some(key)),
            Step::Root | Step::Text => Some(None),
        })?
    }

    /// The place whose key [`Place::key`] is.
    pub(super) fn entry(&self) -> Option<Place<'a>> {
        self.up().find(|place| matches!(place.step, Step::Key(key) if key != "<<"))
    }

    /// The mapping with the nearest key; for merged entries, the one into which they are merged.
    pub(super) fn mapping(&self) -> Option<Place<'a>> {
        let mut mapping = *self.entry()?.above?;
        while matches!(mapping.step, Step::Key("<<")) {
            mapping = *mapping.above?;
        }
        Some(mapping)
    }

    /// Whether this is the value of a key, and not an item of a list.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.step, Step::Key(_))
    }

    /// Whether it is at a path of keys of the document, or below.
    pub(super) fn is_below(&self, path: &[&str]) -> bool {
        let mut keys: Vec<Step<'_>> = self.up().map(|place| place.step).collect();
        keys.pop();
        let mut keys = keys.iter().rev();
        path.iter().all(|want| matches!(keys.next(), Some(Step::Key(key)) if key == want))
    }

    /// The keys that lead to it, as shown to users: `spec.rules[0].name`. YAML inside a text begins
    /// after `|`.
    pub(super) fn path(&self) -> String {
        let mut steps: Vec<Step<'_>> = self.up().map(|place| place.step).collect();
        steps.reverse();
        let mut path = String::new();
        for step in steps {
            match step {
                Step::Root => {}
                Step::Text => path.push_str(" | "),
                Step::Item(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) if path.is_empty() || path.ends_with(' ') => path.push_str(key),
                Step::Key(key) => path.push_str(&format!(".{key}")),
            }
        }
        path
    }
}

struct Walk<'w> {
    is_of_interest: &'w dyn Fn(&str) -> bool,
    visit: &'w mut dyn FnMut(&Place<'_>),
    left: usize,
}

impl Walk<'_> {
    /// How deeply collections, aliases and texts may be nested.
    const DEPTH: usize = 300;

    fn descend(&mut self, place: &Place<'_>, depth: usize) {
        if depth > Walk::DEPTH {
            return;
        }
        match place.node.kind() {
            Kind::Scalar => self.scalar(place, depth),
            Kind::Sequence => {
                for (index, item) in place.node.items().enumerate() {
                    self.child(place, Step::Item(index), item, depth);
                }
            }
            Kind::Mapping => {
                if let Some((path, value)) = operation(place.node) {
                    return self.operation(place, &path, value, depth);
                }
                for (key, value) in place.node.entries() {
                    if let Some(key) = key.text() {
                        self.child(place, Step::Key(key), value, depth);
                    }
                }
            }
        }
    }

    fn child<'a>(&mut self, above: &'a Place<'a>, step: Step<'a>, node: Node<'a>, depth: usize) {
        let is_alias = node.kind() != Kind::Scalar && node.style().is_none();
        if is_alias {
            // Everything behind an alias counts, so that nested aliases come to an end.
            let Some(left) = self.left.checked_sub(size(node.resolved(), self.left)) else { return };
            self.left = left;
        }
        let node = if is_alias { node.resolved() } else { node };
        self.descend(&Place { node, step, above: Some(above), lines: above.lines }, depth + 1);
    }

    fn scalar(&mut self, place: &Place<'_>, depth: usize) {
        let Some(text) = place.node.text() else { return };
        let may_be_yaml = text.contains('\n') || text.starts_with(['{', '[']) || text.starts_with("- ");
        if may_be_yaml && (self.is_of_interest)(text) {
            let nested = Stream::sound(text).ok();
            let nested = nested.filter(|stream| stream.documents().all(|root| root.kind() != Kind::Scalar));
            if let Some(stream) = nested {
                for root in stream.documents() {
                    let lines = place.lines_of_text();
                    self.descend(&Place { node: root, step: Step::Text, above: Some(place), lines }, depth + 1);
                }
                return;
            }
        }
        (self.visit)(place);
    }

    /// Follows the path of an operation; all steps of it have the node of the operation.
    fn operation(&mut self, above: &Place<'_>, path: &[String], value: Node<'_>, depth: usize) {
        let Some((first, rest)) = path.split_first() else { return self.child(above, Step::Text, value, depth) };
        let step = Step::Key(first);
        match rest {
            [] => self.child(above, step, value, depth),
            _ => self.operation(
                &Place { node: above.node, step, above: Some(above), lines: above.lines },
                rest,
                value,
                depth + 1,
            ),
        }
    }
}

/// The path and value of a JSON patch operation, without positions in lists.
fn operation(node: Node<'_>) -> Option<(Vec<String>, Node<'_>)> {
    node.text_at(&["op"])?;
    let path = node.text_at(&["path"]).filter(|path| path.starts_with('/'))?;
    let keys = pointer_parts(path).into_iter();
    let is_position = |key: &String| key == "-" || key.bytes().all(|byte| byte.is_ascii_digit());
    Some((keys.filter(|key| !is_position(key)).collect(), node.get("value")?))
}

/// The number of nodes from one down; if there are more than the limit, the limit and one.
fn size(node: Node<'_>, limit: usize) -> usize {
    let mut open = vec![node];
    let mut count = 0;
    while let Some(node) = open.pop() {
        count += 1;
        if count > limit {
            break;
        }
        // The target of an alias is counted when the alias is followed.
        if node.kind() == Kind::Scalar || node.style().is_some() {
            open.extend(node.items());
            open.extend(node.entries().map(|(_, value)| value));
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str) -> Vec<String> {
        let stream = Stream::parse(text).unwrap();
        let mut found = Vec::new();
        for root in stream.documents() {
            Place::walk(root, &|_| true, &mut |place| {
                let text = place.node.text().unwrap().replace('\n', "/");
                found.push(format!("{} {}={text}", place.line(), place.path()));
            });
        }
        found
    }

    #[test]
    fn every_scalar_is_visited_where_it_stands() {
        assert_eq!(walked("a: {b: 1}\nc:\n  - d\n  - e: f\n"), ["1 a.b=1", "3 c[0]=d", "4 c[1].e=f"]);
        assert_eq!(
            walked("a: &a {b: 1}\nc: *a\nd:\n  <<: *a\n  e: 2\n"),
            ["1 a.b=1", "1 c.b=1", "1 d.<<.b=1", "5 d.e=2"]
        );
    }

    #[test]
    fn yaml_in_texts_is_visited_on_its_own_lines() {
        let text = "a: &x |\n\n  b: 1\n  c:\n    - d\ne: >\n  f: 1\n\n  g: 2\nh: '{\"i\": 1}'\nj: |\n  just\n  text\n";
        assert_eq!(
            walked(text),
            ["3 a | b=1", "5 a | c[0]=d", "6 e | f=1", "6 e | g=2", "10 h | i=1", "11 j=just/text/"]
        );
    }

    #[test]
    fn an_operation_is_what_it_sets() {
        let text = "- {op: add, path: /spec/a~1b/0/c, value: {d: 1}}\n- {op: remove, path: /x}\n";
        assert_eq!(walked(text), ["1 [0].spec.a/b.c.d=1", "2 [1].op=remove", "2 [1].path=/x"]);
    }

    #[test]
    fn aliases_in_aliases_end() {
        let bomb = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
            let alias = format!("*a{}", n - 1);
            format!("{text}a{n}: &a{n} [{alias}, {alias}]\n")
        });
        assert!(walked(&bomb).len() < 200_000);
    }
}

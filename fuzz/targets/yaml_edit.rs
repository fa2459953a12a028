//! Parse, edit, check: any text, any node, any one or two operations.
//!
//! An input is eight control bytes (see [`Control`]) and then the text. What must hold is in
//! [`check`]; that nothing panics, hangs or overflows the stack goes without saying.

#![no_main]

use std::collections::BTreeMap;

use flux_codemod::yaml::{Edit, Emptied, Error, Fate, Kind, New, Node, Order, Place, Problem, Stream};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

/// As many nodes are told apart by a control byte.
const NODES: usize = 256;

/// The first bytes of an input.
#[derive(Clone, Copy)]
struct Control {
    /// 1: moving anchors; 2: two operations; 4: drop comments; 8: take a word of the text as new
    /// text; 16: show errors.
    flags: u8,
    /// For each operation: which one, on which node, with which value or place.
    operations: [[u8; 3]; 2],
    /// Which word of the text, and which of the inner nodes.
    other: u8,
}

impl Control {
    fn split(data: &[u8]) -> Option<(Control, String)> {
        let ([flags, a, b, c, d, e, f, other], text) = data.split_first_chunk::<8>()?;
        let control = Control { flags: *flags, operations: [[*a, *b, *c], [*d, *e, *f]], other: *other };
        Some((control, String::from_utf8_lossy(text).into_owned()))
    }

    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn fate(self) -> impl Fn(&str) -> Fate {
        move |_| if self.has(4) { Fate::Dropped("fuzzing".to_owned()) } else { Fate::Moved }
    }

    /// Text to put in: one that is known to be hard, or some of the text itself.
    fn text(self, stream: &Stream, value: u8) -> String {
        const TEXTS: [&str; 12] =
            ["v", "", "no", "1.10", "two\nlines\n", "k: v # c", "'\"", "a", "b", "key", "ü\u{85}\u{feff}", " - x "];
        if !self.has(8) {
            return TEXTS[usize::from(value) % TEXTS.len()].to_owned();
        }
        let from = usize::from(self.other) * 3;
        stream.text().chars().skip(from).take(usize::from(value) % 24).collect()
    }

    fn new(self, stream: &Stream, value: u8) -> New {
        let text = || self.text(stream, value / 8);
        match value % 8 {
            0 | 1 => New::string(text()),
            2 => New::Text(text()),
            3 => New::Plain("7".to_owned()),
            4 => New::Sequence(Vec::new()),
            5 => New::Sequence(vec![New::string(text()), New::mapping([("k", New::Text(text()))])]),
            6 => New::mapping([(text(), New::Sequence(vec![New::Plain("true".to_owned())]))]),
            _ => New::Mapping(Vec::new()),
        }
    }
}

/// What is known of an edit beyond what it says of itself.
#[derive(Default)]
struct Done {
    /// Comments that were put in.
    added: Vec<String>,
    /// Something in a block scalar was edited, whose comments are none of the file's.
    nested: bool,
    /// `list` was asked for this, on the root of this document.
    listed: Option<(usize, String, String)>,
    /// No operation was to change anything.
    same: bool,
}

fuzz_target!(|data: &[u8]| {
    let Some((control, text)) = Control::split(data) else { return };
    let stream = match Stream::parse(text.as_str()) {
        Ok(stream) => stream,
        Err(error) => return check_error(control, &text, &error),
    };
    let _ = stream.documents().map(|root| root.get("no such key").map(Node::line)).collect::<Vec<_>>();
    let mut edit = Edit::of(&stream);
    if control.has(1) {
        edit = edit.moving_anchors();
    }
    let mut done = Done { same: true, ..Done::default() };
    let count = if control.has(2) { 2 } else { 1 };
    for operation in &control.operations[..count] {
        if let Err(error) = operate(control, *operation, &stream, &mut edit, &mut done) {
            check_error(control, &text, &error);
            return;
        }
    }
    assert!(!done.same || edit.is_empty(), "nothing was to change: {edit:?}");
    match edit.finish() {
        Ok(edited) => check(&stream, &edited, &done),
        Err(error) => check_error(control, &text, &error),
    }
});

fn collect<'s>(node: Node<'s>, found: &mut Vec<Node<'s>>) {
    if found.len() >= NODES {
        return;
    }
    found.push(node);
    if node.style().is_some() {
        node.items().for_each(|item| collect(item, found));
        for (key, value) in node.entries() {
            collect(key, found);
            collect(value, found);
        }
    }
}

fn pick<'s>(stream: &'s Stream, which: u8, is_it: impl Fn(&Node<'s>) -> bool) -> Option<Node<'s>> {
    let mut found = Vec::new();
    stream.documents().for_each(|root| collect(root, &mut found));
    found.retain(is_it);
    found.get(usize::from(which) % found.len().max(1)).copied()
}

/// One operation. `Ok` also where there is nothing that it could be done to.
fn operate<'s>(
    control: Control,
    [which, node, value]: [u8; 3],
    stream: &'s Stream,
    edit: &mut Edit<'s>,
    done: &mut Done,
) -> Result<(), Error> {
    let text = || control.text(stream, value);
    let new = || control.new(stream, value);
    let any = pick(stream, node, |_| true);
    let mapping = pick(stream, node, |node| node.kind() == Kind::Mapping);
    let sequence = pick(stream, node, |node| node.kind() == Kind::Sequence);
    let keys: Vec<_> = mapping.iter().flat_map(|mapping| mapping.entries()).filter_map(|(key, _)| key.text()).collect();
    let key = |which: u8| keys.get(usize::from(which) % keys.len().max(1)).copied().unwrap_or("a");
    let place = match value % 4 {
        0 => Place::First,
        1 => Place::Last,
        2 => Place::Before(key(value / 4)),
        _ => Place::After(key(value / 4)),
    };
    let emptied = if value % 2 == 0 { Emptied::Brackets } else { Emptied::NoEntry };
    let which = which % 17;
    done.same &= which >= 15;
    match (which, any, mapping, sequence) {
        (0 | 1, _, Some(mapping), _) => edit.remove_entry(mapping, key(value / 2), emptied, control.fate()),
        (2 | 3, _, Some(mapping), _) => edit.insert_entry(mapping, place, &control.text(stream, value / 16), &new()),
        (4, _, Some(mapping), _) => edit.replace_entry(mapping, key(value / 8), &text(), &new(), control.fate()),
        (5, Some(any), ..) => edit.set_scalar(any, &text()),
        (6 | 7, Some(any), ..) => edit.set(any, &new(), control.fate()),
        (8, _, Some(mapping), _) => edit.rename_key(mapping, key(value / 16), &text()),
        (9, _, Some(mapping), _) => edit.move_entry(mapping, key(control.other), place),
        (10, _, _, Some(sequence)) => edit.insert_item(sequence, usize::from(control.other), &new()),
        (11, _, _, Some(sequence)) => edit.remove_item(sequence, usize::from(value / 2), emptied, control.fate()),
        (12, _, Some(mapping), _) => list(control, mapping, key(control.other), &text(), stream, edit, done),
        (13, Some(any), ..) => {
            let text = text();
            edit.add_comment_above(any, &text)?;
            done.added.extend(text.lines().map(|line| format!("# {line}").trim_end().to_owned()));
            Ok(())
        }
        (14, ..) => {
            let Some(scalar) = pick(stream, node, |node| node.text().is_some_and(|text| text.contains('\n'))) else {
                return Ok(());
            };
            done.nested = true;
            // Without nesting again.
            let inner_operation = [control.other % 14, control.other / 14, value];
            edit.nested(scalar, |inner, stream| operate(control, inner_operation, stream, inner, &mut Done::default()))
        }
        (15, Some(any), ..) => match any.text().filter(|_| !any.is_null()) {
            Some(text) => edit.set_scalar(any, text).or_else(unless_changed),
            None => Ok(()),
        },
        (16, _, Some(mapping), _) => {
            edit.rename_key(mapping, key(value), key(value)).or_else(unless_changed)?;
            edit.move_entry(mapping, key(value), Place::After(key(value))).or_else(unless_changed)
        }
        _ => Ok(()),
    }
}

/// What cannot be done at all may be refused even where it would change nothing.
fn unless_changed(error: Error) -> Result<(), Error> {
    match error.problem {
        Problem::Unsupported(_) | Problem::NoSuchKey(_) | Problem::DuplicateKey(_) => Ok(()),
        _ => Err(error),
    }
}

fn list<'s>(
    control: Control,
    mapping: Node<'s>,
    key: &str,
    item: &str,
    stream: &'s Stream,
    edit: &mut Edit<'s>,
    done: &mut Done,
) -> Result<(), Error> {
    let order = Order { key: &|text| text.to_owned(), after: None };
    let key = if control.has(8) { "a new list" } else { key };
    if edit.list(mapping, key, item, &order, |is| is == item)? && !control.has(2) {
        let document = stream.documents().position(|root| root.range() == mapping.range());
        done.listed = document.map(|document| (document, key.to_owned(), item.to_owned()));
    }
    Ok(())
}

fn check(stream: &Stream, edited: &flux_codemod::yaml::Edited, done: &Done) {
    let old = stream.text();
    let text = edited.splices.apply(old).expect("splices fit the text that they were made for");
    let new = Stream::parse(text.as_str()).expect("the result is YAML");
    for document in serde_yaml::Deserializer::from_str(text.trim_start_matches('\u{feff}')) {
        serde::de::IgnoredAny::deserialize(document).expect("the result is YAML to the other parser");
    }
    assert_eq!(stream.documents().len(), new.documents().len(), "documents neither come nor go");
    assert!(!done.same || text == old, "nothing was to change");

    for comment in &edited.comments {
        assert_eq!(old.get(comment.range.clone()), Some(&*comment.text), "fates lie in the file, nested or not");
    }

    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    for comment in stream.comments() {
        *balance.entry(&old[comment.range.clone()]).or_default() += 1;
    }
    for comment in new.comments() {
        *balance.entry(&text[comment.range.clone()]).or_default() -= 1;
    }
    for added in &done.added {
        *balance.entry(added).or_default() += 1;
    }
    if !done.nested {
        for comment in edited.comments.iter().filter(|comment| !comment.fate.is_kept()) {
            *balance.entry(&comment.text).or_default() -= 1;
        }
        balance.retain(|_, count| *count != 0);
        assert!(balance.is_empty(), "comments are conserved: {balance:?} in {old:?} -> {text:?}");
    }

    if let Some((document, key, item)) = &done.listed {
        let root = new.documents().nth(*document).expect("documents neither come nor go");
        let order = Order { key: &|text| text.to_owned(), after: None };
        let again = Edit::of(&new).list(root, key, item, &order, |is| is == item);
        assert_eq!(again, Ok(false), "listing is idempotent: {old:?} -> {text:?}");
    }
}

/// Errors lie in the text, and can be shown.
fn check_error(control: Control, text: &str, error: &Error) {
    assert!(text.get(error.range.clone()).is_some(), "{error:?} lies in the text {text:?}");
    if control.has(16) {
        assert!(error.render("a.yaml", text).contains(error.problem.code()));
    }
}

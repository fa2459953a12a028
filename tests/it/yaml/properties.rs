//! Properties of the YAML editor on generated text.
//!
//! `FLUX_CODEMOD_EXHAUSTIVE=1 FLUX_CODEMOD_SEED=fresh cargo test --release --test it --
//! yaml::properties` takes other texts each time, and many more of them (`support::rounds`).

use std::collections::BTreeMap;

use super::text::{Text, yaml};
use crate::support::rounds::{config, rounds};
use flux_codemod::yaml::{Edit, Edited, Emptied, Error, Fate, Kind, New, Node, Order, Place, Stream, Style};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// One operation on a node.
type Attempt<'a> = dyn for<'s> Fn(&mut Edit<'s>, Node<'s>) -> Result<(), Error> + 'a;

type Verdict = Result<(), TestCaseError>;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { max_shrink_iters: 20_000, ..config(rounds(cases, cases * 20)) })
}

fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value) -> Verdict) {
    if let Err(failure) = runner(cases).run(&strategy, property) {
        panic!("{failure}");
    }
}

/// What both parsers accept.
fn accepted(text: &str) -> Option<Stream> {
    let stream = Stream::parse(text).ok()?;
    let mut documents = serde_yaml::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    documents.all(|document| IgnoredAny::deserialize(document).is_ok()).then_some(stream)
}

/// A child of a collection that stands in the text itself: the document, the way to the collection,
/// and the child's place there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    document: usize,
    path: Vec<usize>,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Remove,
    RemoveWithEntry,
    InsertBefore,
    InsertAfter,
    Set,
    SetScalar,
    Rename,
    Replace,
    Comment,
    MoveFirst,
    MoveLast,
    Unlist,
    Nested,
}

const ACTIONS: [Action; 13] = [
    Action::Remove,
    Action::InsertBefore,
    Action::InsertAfter,
    Action::Set,
    Action::SetScalar,
    Action::Rename,
    Action::Replace,
    Action::Comment,
    Action::RemoveWithEntry,
    Action::MoveFirst,
    Action::MoveLast,
    Action::Unlist,
    Action::Nested,
];

/// Those that go along with another in one edit, where the way to the other can be told afterwards.
const COMPOSABLE: usize = 8;

fn child<'s>(collection: Node<'s>, at: usize) -> Node<'s> {
    collection.items().nth(at).or_else(|| collection.entries().nth(at).map(|(_, value)| value)).unwrap()
}

fn length(collection: Node<'_>) -> usize {
    collection.items().count() + collection.entries().count()
}

fn targets(stream: &Stream) -> Vec<Target> {
    fn below(node: Node<'_>, document: usize, path: &[usize], found: &mut Vec<Target>) {
        if node.style().is_none() {
            return;
        }
        for at in 0..length(node) {
            found.push(Target { document, path: path.to_vec(), at });
            below(child(node, at), document, &[path, &[at]].concat(), found);
        }
    }
    let mut found = Vec::new();
    stream.documents().enumerate().for_each(|(document, root)| below(root, document, &[], &mut found));
    found
}

fn collection<'s>(stream: &'s Stream, target: &Target) -> Node<'s> {
    target.path.iter().fold(stream.documents().nth(target.document).unwrap(), |node, at| child(node, *at))
}

/// Some comments move, some go.
fn fate(comment: &str) -> Fate {
    if comment.len().is_multiple_of(2) { Fate::Moved } else { Fate::Dropped("the test".to_owned()) }
}

fn dropped(_: &str) -> Fate {
    Fate::Dropped("the test".to_owned())
}

fn complex() -> New {
    New::mapping([
        ("one", New::string("1")),
        ("two", New::Sequence(vec![New::string("x y"), New::mapping([("k", New::string("it's"))])])),
        ("text", New::Text("some\nlines\n".into())),
        ("none", New::Sequence(Vec::new())),
    ])
}

fn attempt<'s>(
    edit: &mut Edit<'s>,
    stream: &'s Stream,
    target: &Target,
    action: Action,
    new_key: &str,
    new: &New,
) -> Result<(), Error> {
    let (collection, at) = (collection(stream, target), target.at);
    let value = child(collection, at);
    let text = match new {
        New::String(text) => text,
        _ => "it's\nnew: # ü",
    };
    match action {
        Action::Set => return edit.set(value, new, fate),
        Action::SetScalar => return edit.set_scalar(value, text),
        Action::Comment => return edit.add_comment_above(value, "why, in\ntwo lines"),
        Action::Nested => {
            return edit.nested(value, |inner, stream| match targets(stream).first() {
                Some(first) => attempt(inner, stream, first, Action::InsertAfter, new_key, new),
                None => Ok(()),
            });
        }
        _ => {}
    }
    if collection.kind() == Kind::Sequence {
        return match action {
            Action::Remove => edit.remove_item(collection, at, Emptied::Brackets, dropped),
            Action::RemoveWithEntry => edit.remove_item(collection, at, Emptied::NoEntry, dropped),
            Action::InsertBefore => edit.insert_item(collection, at, new),
            Action::InsertAfter => edit.insert_item(collection, at + 1, new),
            _ => Ok(()),
        };
    }
    let key = collection.entries().nth(at).and_then(|(key, _)| key.text()).unwrap_or("no scalar");
    match action {
        Action::Remove => edit.remove_entry(collection, key, Emptied::Brackets, dropped),
        Action::RemoveWithEntry => edit.remove_entry(collection, key, Emptied::NoEntry, dropped),
        Action::InsertBefore => edit.insert_entry(collection, Place::Before(key), new_key, new),
        Action::InsertAfter => edit.insert_entry(collection, Place::After(key), new_key, new),
        Action::Rename => edit.rename_key(collection, key, new_key),
        Action::Replace => edit.replace_entry(collection, key, new_key, new, fate),
        Action::MoveFirst => edit.move_entry(collection, key, Place::First),
        Action::MoveLast => edit.move_entry(collection, key, Place::Last),
        Action::Unlist => edit.unlist(collection, key, |_| true, Emptied::Brackets, dropped).map(drop),
        _ => unreachable!(),
    }
}

/// The text after some actions in one edit.
fn after(stream: &Stream, actions: &[(&Target, Action, &str)], new: &New) -> Result<(String, Edited), Error> {
    let mut edit = Edit::of(stream);
    for (target, action, key) in actions {
        attempt(&mut edit, stream, target, *action, key, new)?;
    }
    let edited = edit.finish()?;
    Ok((edited.splices.apply(stream.text()).unwrap(), edited))
}

/// Where a target is after an action on another, or `None` if it is gone.
fn shifted(target: &Target, acted_on: &Target, action: Action) -> Option<Target> {
    let mut way = target.path.clone();
    way.push(target.at);
    let depth = acted_on.path.len();
    if target.document == acted_on.document && way.len() > depth && way[..depth] == acted_on.path[..] {
        match action {
            Action::InsertBefore if way[depth] >= acted_on.at => way[depth] += 1,
            Action::InsertAfter if way[depth] > acted_on.at => way[depth] += 1,
            Action::Remove if way[depth] == acted_on.at => return None,
            Action::Remove if way[depth] > acted_on.at => way[depth] -= 1,
            Action::Set | Action::SetScalar | Action::Replace if way[depth] == acted_on.at && way.len() > depth + 1 => {
                return None;
            }
            _ => {}
        }
    }
    let at = way.pop().unwrap();
    Some(Target { document: target.document, path: way, at })
}

fn an_action() -> impl Strategy<Value = (Index, Index)> {
    (any::<Index>(), any::<Index>())
}

/// A node without its notation, or `None` if there is an alias in it.
fn tree(node: Node<'_>) -> Option<String> {
    if node.resolved().range() != node.range() {
        return None;
    }
    Some(match node.kind() {
        Kind::Scalar => format!("{:?}", node.text().unwrap().trim_end_matches('\n')),
        Kind::Sequence => format!("{:?}", node.items().map(tree).collect::<Option<Vec<_>>>()?),
        Kind::Mapping => {
            let entries = node.entries().map(|(key, value)| Some((tree(key)?, tree(value)?)));
            format!("{{{:?}}}", entries.collect::<Option<Vec<_>>>()?)
        }
    })
}

/// What a text says, aliases replaced by what they stand for.
fn meaning(text: &str) -> Vec<String> {
    fn of(node: Node<'_>) -> String {
        let node = node.resolved();
        match node.kind() {
            Kind::Scalar => format!("{:?}", node.text().unwrap().trim_end_matches('\n')),
            Kind::Sequence => format!("{:?}", node.items().map(of).collect::<Vec<_>>()),
            Kind::Mapping => {
                format!("{{{:?}}}", node.entries().map(|(key, value)| (of(key), of(value))).collect::<Vec<_>>())
            }
        }
    }
    Stream::parse(text).unwrap().documents().map(of).collect()
}

/// The comments of a text, and those that edits on the way to it have reported as dropped.
fn comments(text: &str, edits: &[&Edited]) -> Vec<String> {
    let stream = Stream::parse(text).unwrap();
    let kept = stream.comments().iter().map(|comment| text[comment.range.clone()].to_owned());
    let reported = edits.iter().flat_map(|edited| &edited.comments).filter(|comment| !comment.fate.is_kept());
    let mut all: Vec<String> = kept.chain(reported.map(|comment| comment.text.clone())).collect();
    all.sort();
    all
}

/// Whether a text is another with one space more.
fn has_one_space_more(text: &str, than: &str) -> bool {
    let differs = text.bytes().zip(than.bytes()).position(|(a, b)| a != b).unwrap_or(than.len());
    text.len() == than.len() + 1 && text.as_bytes()[differs] == b' ' && text[differs + 1..] == than[differs..]
}

fn without_properties(mut text: &str) -> &str {
    while text.starts_with(['&', '!']) {
        text = text[text.find(char::is_whitespace).unwrap_or(text.len())..].trim_start();
    }
    text
}

#[test]
fn most_generated_text_is_valid() {
    let mut runner = runner(0);
    let strategy = yaml();
    let total = 2000;
    let mut bad = BTreeMap::<String, String>::new();
    let mut count = 0;
    for _ in 0..total {
        let Text { text, .. } = strategy.new_tree(&mut runner).unwrap().current();
        if accepted(&text).is_none() {
            count += 1;
            let why = Stream::parse(text.as_str()).err().map_or("libyaml".to_owned(), |error| error.to_string());
            bad.insert(why, text);
        }
    }
    println!("{count} of {total} texts are rejected by a parser");
    bad.iter().for_each(|(why, text)| println!("  {why}: {text:?}"));
    assert!(count * 10 < total);
}

/// Every action on every child, to see what is refused; each that is done conserves the comments.
#[test]
fn every_action_on_every_child() {
    let mut counts = BTreeMap::<(Action, String), (usize, String)>::new();
    let mut done = 0;
    let mut refused = 0;
    let mut runner = runner(0);
    let strategy = yaml();
    for _ in 0..150 {
        let Text { text, .. } = strategy.new_tree(&mut runner).unwrap().current();
        let Some(stream) = accepted(&text) else { continue };
        for target in targets(&stream) {
            for action in ACTIONS {
                match after(&stream, &[(&target, action, "new-key")], &complex()) {
                    Ok((new, edited)) => {
                        done += 1;
                        comments_are_conserved(&stream, &new, &edited, action == Action::Comment).unwrap();
                    }
                    Err(error) => {
                        refused += 1;
                        let shown = format!("{target:?} of {text:?}");
                        let why = error.to_string().split(&['(', '`'][..]).next().unwrap_or_default().to_owned();
                        let entry = counts.entry((action, why)).or_insert((0, shown.clone()));
                        entry.0 += 1;
                        if shown.len() < entry.1.len() {
                            entry.1 = shown;
                        }
                    }
                }
            }
        }
    }
    println!("{done} done, {refused} refused");
    for ((action, why), (count, example)) in &counts {
        println!("  {count:>5} {action:?}: {why}: {example}");
    }
    assert!(done > 3 * refused);
}

fn comments_are_conserved(stream: &Stream, new: &str, edited: &Edited, added: bool) -> Verdict {
    let texts = |stream: &Stream| -> Vec<String> {
        stream.comments().iter().map(|comment| stream.text()[comment.range.clone()].to_owned()).collect()
    };
    let mut expected = texts(stream);
    for gone in edited.comments.iter().filter(|comment| !comment.fate.is_kept()) {
        let at = expected.iter().position(|comment| *comment == gone.text);
        prop_assert!(at.is_some(), "{gone:?} was none of {:?}", stream.text());
        expected.remove(at.unwrap());
    }
    if added {
        expected.extend(["# why, in".to_owned(), "# two lines".to_owned()]);
    }
    let mut found = texts(&Stream::parse(new).unwrap());
    expected.sort();
    found.sort();
    prop_assert_eq!(expected, found, "\n{:?}\n{:?}", stream.text(), new);
    Ok(())
}

#[test]
fn comments_are_those_that_were_written() {
    check(1500, yaml(), |Text { text, comments }| {
        let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
        let found: Vec<_> = stream.comments().iter().map(|comment| &text[comment.range.clone()]).collect();
        prop_assert_eq!(found, comments, "{:?}", text);
        Ok(())
    });
}

/// What is no node and no comment is punctuation; a node lies in its parent and behind its sibling;
/// and its text says the same where it stands alone.
#[test]
fn spans_are_those_of_the_nodes() {
    check(1500, yaml(), |Text { text, .. }| {
        let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
        let mut rest = text.clone().into_bytes();
        for comment in stream.comments() {
            rest[comment.range.clone()].fill(b' ');
        }
        for root in stream.documents() {
            spans(&stream, root, None, &mut rest)?;
        }
        let rest = String::from_utf8(rest).expect("only whole nodes are taken out");
        let rest = rest.trim_start_matches('\u{feff}').replace("...", "");
        prop_assert!(rest.chars().all(|c| " \t\r\n-?:,[]{}".contains(c)), "{text:?}: {rest:?}");
        Ok(())
    });
}

/// `holder` is the column of the key or dash.
fn spans<'s>(stream: &'s Stream, node: Node<'s>, holder: Option<usize>, rest: &mut [u8]) -> Verdict {
    let text = stream.text();
    let range = node.range();
    let (slice, place) = (&text[range.clone()], format!("{:?} of {text:?}", &text[range.clone()]));
    let column = |at: usize| {
        stream.position(at).column - 1 - usize::from(text.starts_with('\u{feff}') && stream.position(at).line == 1)
    };
    prop_assert!(slice.trim_start() == slice, "{place}");
    let bare = without_properties(slice);
    let alias = node.resolved().range() != range;
    if !alias && node.kind() == Kind::Scalar {
        rest[range.clone()].fill(b' ');
        let plain = !bare.starts_with(['"', '\'', '|', '>']);
        if plain && !bare.contains('\n') {
            prop_assert_eq!(Some(bare), node.text(), "{}", place);
        }
        if plain || bare.starts_with(['"', '\'']) {
            prop_assert!(slice.trim() == slice, "{place}");
        }
    }
    if alias {
        prop_assert!(slice.starts_with('*') && !slice.contains(char::is_whitespace), "{place}");
        rest[range.clone()].fill(b' ');
        return Ok(());
    }
    // Properties of collections.
    rest[range.start..range.end - bare.len()].fill(b' ');
    // Alone, at the same indentation.
    let in_the_air = holder.is_none() && bare.starts_with(['|', '>']);
    if let Some(whole) = tree(node).filter(|_| !slice.is_empty() && !in_the_air) {
        let block = node.style() == Some(Style::Block);
        let alone = match holder {
            Some(holder) if !block => format!("{}- {slice}\n", " ".repeat(holder)),
            _ if block => format!("{}{slice}\n", " ".repeat(column(range.start))),
            _ => format!("{slice}\n"),
        };
        let read = Stream::parse(alone.as_str());
        prop_assert!(read.is_ok(), "{read:?} {alone:?} {place}");
        let read = read.unwrap();
        let root = read.documents().next();
        let again = match holder {
            Some(_) if !block => root.and_then(|root| root.items().next()),
            _ => root,
        };
        prop_assert_eq!(again.and_then(tree), Some(whole), "{:?} {}", alone, place);
    }
    let mut end = range.start;
    for at in 0..length(node) {
        let value = child(node, at);
        let key = node.entries().nth(at).map(|(key, _)| key);
        let first = key.unwrap_or(value);
        let inside = |node: Node<'_>, from: usize| from <= node.range().start && node.range().end <= range.end;
        prop_assert!(inside(first, end), "{:?} {place}", first.range());
        if let Some(key) = key {
            prop_assert!(inside(value, key.range().end), "{:?} {place}", value.range());
            spans(stream, key, None, rest)?;
        }
        end = value.range().end;
        // What holds it counts only in a block.
        let explicit = |key: Node<'_>| text[..key.range().start].ends_with("? ");
        let holder = match (node.style(), key) {
            // The value of a `? key` is held by a `:` of its own.
            (Some(Style::Block), Some(key)) if explicit(key) => Some(column(key.range().start) - 2),
            (Some(Style::Block), Some(key)) => Some(column(key.range().start)),
            (Some(Style::Block), None) => Some(column(range.start)),
            _ => None,
        };
        let holder = holder.filter(|_| key.is_some() || bare == slice);
        spans(stream, value, holder, rest)?;
    }
    Ok(())
}

#[test]
fn two_actions_compose_in_any_order() {
    let composed = std::cell::Cell::new((0, 0));
    check(1500, (yaml(), an_action(), an_action()), |(Text { text, .. }, one, other)| {
        let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
        let found = targets(&stream);
        if found.len() < 2 {
            return Ok(());
        }
        let pick = |(target, action): (Index, Index)| (target.get(&found), ACTIONS[action.index(COMPOSABLE)]);
        let ((a, first), (b, second)) = (pick(one), pick(other));
        if a == b {
            return Ok(());
        }
        let new = New::string("new-value");
        let (x, y) = ((a, first, "new-x"), (b, second, "new-y"));
        let together = after(&stream, &[x, y], &new);
        let reversed = after(&stream, &[y, x], &new);
        let text_of = |result: &Result<(String, Edited), Error>| result.as_ref().ok().map(|(text, _)| text.clone());
        prop_assert_eq!(text_of(&together), text_of(&reversed), "{:?}: {:?} {:?}", text, x, y);
        let Ok((together, edited)) = together else { return Ok(()) };
        let (pairs, steps) = composed.get();
        composed.set((pairs + 1, steps));
        for (x, y) in [(x, y), (y, x)] {
            let Ok((between, first)) = after(&stream, &[x], &new) else { continue };
            let Some(moved) = shifted(y.0, x.0, x.1) else { continue };
            let stream = Stream::parse(between.as_str()).unwrap();
            let Ok((end, second)) = after(&stream, &[(&moved, y.1, y.2)], &new) else { continue };
            let (pairs, steps) = composed.get();
            composed.set((pairs, steps + 1));
            // Quotes and line endings of what is new go by its neighbours, which may be others. So
            // may the entry to which a comment belongs, but none is lost.
            prop_assert_eq!(meaning(&together), meaning(&end), "{:?}: {:?}, then {:?}", text, x, y);
            let in_turn = comments(&end, &[&first, &second]);
            prop_assert_eq!(comments(&together, &[&edited]), in_turn, "{:?}: {:?}, then {:?}", text, x, y);
        }
        Ok(())
    });
    println!("{:?} pairs done at once, and one after the other", composed.get());
}

#[test]
fn what_is_inserted_and_removed_leaves_nothing() {
    let done = std::cell::Cell::new(0);
    check(
        1500,
        (yaml(), any::<Index>(), any::<bool>(), any::<bool>()),
        |(Text { text, .. }, target, before, simple)| {
            let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
            let found = targets(&stream);
            if found.is_empty() {
                return Ok(());
            }
            let target = target.get(&found);
            let action = if before { Action::InsertBefore } else { Action::InsertAfter };
            let new = if simple { New::string("x: y") } else { complex() };
            let Ok((with, _)) = after(&stream, &[(target, action, "new")], &new) else { return Ok(()) };
            let inserted = Target { at: target.at + usize::from(!before), ..target.clone() };
            let without = after(&Stream::parse(with.as_str()).unwrap(), &[(&inserted, Action::Remove, "")], &new);
            let without = without.map(|(text, _)| text).map_err(|error| error.to_string());
            // `{a:}` becomes `{a: , new: x}`, because some read `a:,` as a key. Whether that space
            // was there before cannot be seen in the end, so it stays.
            let parent = collection(&stream, target);
            let is_spaced = parent.style() == Some(Style::Flow) && child(parent, target.at).range().is_empty();
            if !(is_spaced && without.as_ref().is_ok_and(|without| has_one_space_more(without, &text))) {
                prop_assert_eq!(without.as_ref(), Ok(&text), "{:?} {:?} {:?}", target, action, with);
            }
            done.set(done.get() + 1);
            Ok(())
        },
    );
    println!("{} inserted and removed", done.get());
}

#[test]
fn the_same_again_changes_nothing() {
    check(1000, (yaml(), any::<Index>()), |(Text { text, .. }, target)| {
        let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
        let found = targets(&stream);
        if found.is_empty() {
            return Ok(());
        }
        let target = target.get(&found);
        let collection = collection(&stream, target);
        let value = child(collection, target.at);
        let mut edit = Edit::of(&stream);
        if let Some(is) = value.value().filter(|_| value.resolved().range() == value.range()) {
            prop_assert_eq!(edit.set_scalar(value, is), Ok(()), "{:?} {:?}", text, target);
        }
        if let Some(key) = collection.entries().nth(target.at).and_then(|(key, _)| key.text()) {
            let _ = edit.rename_key(collection, key, key);
        }
        prop_assert!(edit.is_empty());
        Ok(())
    });
}

#[test]
fn listing_is_idempotent_and_has_no_order() {
    let done = std::cell::Cell::new(0);
    let items = prop::sample::subsequence(vec!["./a", "first", "m", "some", "x", "x y", "z", "ünï"], 2);
    check(1500, (yaml(), any::<Index>(), any::<bool>(), items), |(Text { text, .. }, target, own, items)| {
        let Some(stream) = accepted(&text) else { return Err(TestCaseError::reject("no YAML")) };
        let key_of = |stream: &Stream, target: &Target| {
            let entry = collection(stream, target).entries().nth(target.at);
            entry.and_then(|(key, _)| key.text()).map(str::to_owned)
        };
        let found: Vec<_> = targets(&stream).into_iter().filter(|target| key_of(&stream, target).is_some()).collect();
        if found.is_empty() {
            return Ok(());
        }
        let target = target.get(&found);
        let key = if own { key_of(&stream, target).unwrap() } else { "resources".to_owned() };
        let list = |text: &str, item: &str| {
            let stream = Stream::parse(text).unwrap();
            let mut edit = Edit::of(&stream);
            let order = Order { key: &|text| text.to_owned(), after: None };
            let changed = edit.list(collection(&stream, target), &key, item, &order, |is| is == item)?;
            let edited = edit.finish()?;
            let after = edited.splices.apply(text).unwrap();
            assert_eq!(changed, !edited.splices.is_empty());
            comments_are_conserved(&stream, &after, &edited, false).unwrap();
            Ok::<_, Error>(after)
        };
        let both = |one: &str, other: &str| list(&list(&text, one)?, other);
        let (there, back) = (both(items[0], items[1]), both(items[1], items[0]));
        prop_assert_eq!(there.as_ref().ok(), back.as_ref().ok(), "{:?} {:?} {} {:?}", text, target, key, items);
        let Ok(listed) = there else { return Ok(()) };
        for item in items {
            let again = list(&listed, item);
            prop_assert_eq!(again.as_ref(), Ok(&listed), "{:?} {:?} {}", text, target, key);
        }
        done.set(done.get() + 1);
        Ok(())
    });
    println!("{} listed", done.get());
}

const PUNCTUATION: &[char] = &[
    ' ', '\n', '\r', '\t', '-', ':', '?', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@',
    'a', '1', '.', '~', '<', '=', '\\', 'ü', '🎈', '\u{feff}', '\u{85}', '\u{2028}', '\u{7}', '\0',
];

#[test]
fn nothing_panics_on_broken_text() {
    let mutations = proptest::collection::vec((any::<Index>(), any::<bool>(), prop::sample::select(PUNCTUATION)), 0..6);
    let parsed = std::cell::Cell::new((0, 0, 0));
    check(800, (yaml(), mutations, any::<Index>()), |(Text { text, .. }, mutations, which)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, delete, with) in mutations {
            if delete && !chars.is_empty() {
                chars.remove(at.index(chars.len()));
            } else {
                chars.insert(at.index(chars.len() + 1), with);
            }
        }
        let text: String = chars.into_iter().collect();
        let (texts, yes, done) = parsed.get();
        let Ok(stream) = Stream::parse(text.as_str()) else {
            parsed.set((texts + 1, yes, done));
            return Ok(());
        };
        let mut count = 0;
        let found = targets(&stream);
        let news = [New::string(""), complex(), New::Plain("1".into()), New::Text("a\n\n b\n\n".into())];
        // Three children, with everything.
        for step in 0..found.len().min(3) {
            let target = &found[(which.index(found.len()) + step) % found.len()];
            for (number, action) in ACTIONS.into_iter().enumerate() {
                let new = &news[(number + step) % news.len()];
                let mut edit = Edit::of(&stream);
                if step == 1 {
                    edit = edit.moving_anchors();
                }
                let result = attempt(&mut edit, &stream, target, action, "new", new).and_then(|()| edit.finish());
                if let Ok(edited) = result {
                    let new = edited.splices.apply(stream.text()).unwrap();
                    comments_are_conserved(&stream, &new, &edited, action == Action::Comment)?;
                    count += 1;
                }
            }
            odd_actions(&stream, collection(&stream, target), target.at);
        }
        stream.documents().for_each(|root| odd_actions(&stream, root, 0));
        parsed.set((texts + 1, yes + 1, done + count));
        Ok(())
    });
    println!("{:?} texts, parsed, actions done", parsed.get());
}

/// What nobody should ask for, on whatever it is: it must not panic.
fn odd_actions(stream: &Stream, node: Node<'_>, at: usize) {
    let key = node.entries().nth(at).map(|(key, _)| key);
    let order = Order { key: &|text| text.to_owned(), after: Some(&|item| item == "x") };
    for node in [Some(node), key, Some(node.resolved())].into_iter().flatten() {
        let attempts: [&Attempt<'_>; 16] = [
            &|edit, node| edit.set(node, &complex(), fate),
            &|edit, node| edit.set(node, &New::Plain("[".into()), fate),
            &|edit, node| edit.set_scalar(node, "\u{7}\n"),
            &|edit, node| edit.add_comment_above(node, "x"),
            &|edit, node| edit.insert_entry(node, Place::First, "", &New::string("x")),
            &|edit, node| edit.insert_entry(node, Place::Last, "a: b #", &complex()),
            &|edit, node| edit.insert_item(node, 0, &complex()),
            &|edit, node| edit.insert_item(node, usize::MAX, &New::Plain(String::new())),
            &|edit, node| edit.remove_item(node, usize::MAX, Emptied::NoEntry, fate),
            &|edit, node| edit.remove_entry(node, "", Emptied::NoEntry, fate),
            &|edit, node| edit.rename_key(node, "", "x"),
            &|edit, node| edit.move_entry(node, "a", Place::Before("b")),
            &|edit, node| edit.list(node, "r", "y", &order, |_| false).map(drop),
            &|edit, node| edit.list(node, "", "", &order, |_| false).map(drop),
            &|edit, node| edit.unlist(node, "a", |_| true, Emptied::NoEntry, fate).map(drop),
            &|edit, node| {
                edit.nested(node, |inner, stream| {
                    stream.documents().try_for_each(|root| inner.set(root, &complex(), fate))
                })
            },
        ];
        for attempt in attempts {
            let mut edit = Edit::of(stream);
            if attempt(&mut edit, node).is_ok() {
                let _ = edit.finish();
            }
        }
    }
}

//! One table for each operation: text before, text after, or the code of the refusal.

mod anchors;
mod flow;
mod nested;

use super::*;
use crate::yaml::New;

/// The text after an operation on the root of its first document, or the code and place of the
/// refusal.
fn after(text: &str, operation: impl for<'s> FnOnce(&mut Edit<'s>, Node<'s>) -> Result<(), Error>) -> String {
    let stream = Stream::parse(text).unwrap();
    let root = stream.documents().next().unwrap();
    let mut edit = Edit::of(&stream);
    match operation(&mut edit, root).and_then(|()| edit.finish()) {
        Ok(edited) => edited.splices.apply(text).unwrap(),
        Err(error) => format!("{} {}:{}", error.problem.code(), error.at.line, error.at.column),
    }
}

const BY_TEXT: Order<'_> = Order { key: &|text| text.to_owned(), after: None };

fn new() -> New {
    New::mapping([("kind", New::string("K")), ("name", New::string("n-1"))])
}

fn drop_it(_: &str) -> Fate {
    Fate::Dropped("test".into())
}

#[test]
fn replace_an_entry() {
    let replaced = |text: &str| after(text, |edit, root| edit.replace_entry(root, "a", "z", &new(), |_| Fate::Moved));
    let cases = [
        ("a:\n  b: 1\nc: 2\n", "z:\n  kind: K\n  name: n-1\nc: 2\n"),
        ("a:\n    b: 1\n\n# below\nc: 2", "z:\n    kind: K\n    name: n-1\n\n# below\nc: 2"),
        ("x: 1\r\na: 1\r\n", "x: 1\r\nz:\r\n  kind: K\r\n  name: n-1\r\n"),
        ("a: # one\n  # two\n  b: 1 # three\nc: 2\n", "# one\n# two\n# three\nz:\n  kind: K\n  name: n-1\nc: 2\n"),
        ("a: 1 # stays\nc: 2\n", "z:\n  kind: K\n  name: n-1 # stays\nc: 2\n"),
        ("a: {b: 1} # flow\n", "z: {kind: K, name: n-1} # flow\n"),
        ("{x: 1, a: {b: 1}, c: 2}\n", "{x: 1, z: {kind: K, name: n-1}, c: 2}\n"),
        ("ü: ä # 🎈\na: |\n  text\n\nc: 2\n", "ü: ä # 🎈\nz:\n  kind: K\n  name: n-1\n\nc: 2\n"),
        ("a: &x 1\nb: *x\n", "anchor-in-use 1:4"),
        ("b: &x 1\na: [*x]\n", "b: &x 1\nz: {kind: K, name: n-1}\n"),
        ("a: 1\na: 2\n", "duplicate-key 2:1"),
        ("? a\n: 1\n", "unsupported-yaml 1:3"),
        ("b: 1\n? # c\n  a\n: 1\n", "unsupported-yaml 3:3"),
        ("b: 1\r? a\r: 1\r", "unsupported-yaml 1:8"),
        ("\u{feff}? a\n: 1\n", "unsupported-yaml 1:4"),
        ("b: 1\n", "inherited-key 1:1"),
    ];
    for (text, expected) in cases {
        assert_eq!(replaced(text), expected, "{text:?}");
    }
}

#[test]
fn what_stands_around_is_json_stays_json() {
    let replaced = |text: &str| after(text, |edit, root| edit.replace_entry(root, "a", "z", &new(), |_| Fate::Moved));
    assert_eq!(replaced("{\"a\": {\"b\": 1}}\n"), "{\"z\": {\"kind\": \"K\", \"name\": \"n-1\"}}\n");
    assert_eq!(replaced("'a': 1\n'b': 2\n"), "'z':\n  'kind': K\n  'name': n-1\n'b': 2\n");
}

#[test]
fn comments_that_hang_below_a_block_belong_to_it() {
    let replaced = |text: &str| after(text, |edit, root| edit.replace_entry(root, "a", "z", &new(), drop_it));
    assert_eq!(replaced("a:\n  b: 1\n  # c\n    # d\n# e\nf: 2\n"), "z:\n  kind: K\n  name: n-1\n# e\nf: 2\n");
    assert_eq!(replaced("a:\n  b: 1\n\n  # c\nf: 2\n"), "z:\n  kind: K\n  name: n-1\n\n  # c\nf: 2\n");
}

#[test]
fn a_block_scalar_at_the_end_of_the_file() {
    let remove = |text: &str| after(text, |edit, root| edit.remove_entry(root, "b", Emptied::Brackets, drop_it));
    assert_eq!(remove("a: |\n  x\nb: 1"), "a: |\n  x\n", "else it would lose its line break");
    let insert = |text: &str| after(text, |edit, root| edit.insert_entry(root, Place::Last, "b", &New::string("v")));
    assert_eq!(insert("a: |\n  x"), "unsupported-yaml 1:1");
    assert_eq!(insert("a: |-\n  x"), "unsupported-yaml 1:1");
}

#[test]
fn insert_an_entry() {
    let inserted =
        |text: &str, place: Place<'_>| after(text, |edit, root| edit.insert_entry(root, place, "z", &New::string("1")));
    assert_eq!(inserted("a: x\n", Place::Last), "a: x\nz: \"1\"\n");
    assert_eq!(inserted("a: x # c\n\n# d\n", Place::Last), "a: x # c\nz: \"1\"\n\n# d\n");
    assert_eq!(inserted("a: 'x'\r\nb: 2", Place::Last), "a: 'x'\r\nb: 2\r\nz: '1'");
    assert_eq!(inserted("# h\n\n# c\na: x\n", Place::Before("a")), "# h\n\nz: \"1\"\n# c\na: x\n");
    assert_eq!(inserted("a:\n  - x\nb: 2\n", Place::After("a")), "a:\n  - x\nz: \"1\"\nb: 2\n");
    assert_eq!(inserted("{a: 1, b: 2}\n", Place::After("a")), "{a: 1, z: \"1\", b: 2}\n");
    assert_eq!(inserted("a: |\n  x\n\n\nb: 2\n", Place::After("a")), "a: |\n  x\nz: \"1\"\n\n\nb: 2\n");
    assert_eq!(inserted("a: x # c \r\nb: 2\r\n", Place::After("a")), "a: x # c \r\nz: \"1\"\r\nb: 2\r\n");
    assert_eq!(inserted("a: |\n  x  \nb: 2\n", Place::After("a")), "a: |\n  x  \nz: \"1\"\nb: 2\n");
    assert_eq!(inserted("a: |+\n  x\n\n", Place::Last), "a: |+\n  x\n\nz: \"1\"\n");
    assert_eq!(inserted("a: |+\n  x\n\nb: 2\n", Place::After("a")), "a: |+\n  x\n\nz: \"1\"\nb: 2\n");
    assert_eq!(inserted("a: |+\n  x", Place::Last), "unsupported-yaml 1:1");
    assert_eq!(inserted("# c\na: x\n", Place::First), "z: \"1\"\n# c\na: x\n");
    assert_eq!(inserted("{}\n", Place::Last), "{z: \"1\"}\n");
    assert_eq!(inserted("z: x\n", Place::Last), "duplicate-key 1:1");
    let in_item = after("- a: 1\n  b: 2\n", |edit, root| {
        let item = root.items().next().unwrap();
        edit.insert_entry(item, Place::Before("a"), "z", &New::string("q"))
    });
    assert_eq!(in_item, "- z: q\n  a: 1\n  b: 2\n");
}

#[test]
fn remove_an_entry() {
    let removed = |text: &str| after(text, |edit, root| edit.remove_entry(root, "a", Emptied::Brackets, drop_it));
    assert_eq!(removed("# h\n\n# mine\na: 1 # me\nb: 2\n"), "# h\n\nb: 2\n");
    assert_eq!(removed("b: 2\na:\n  - x\n# stays"), "b: 2\n# stays");
    assert_eq!(removed("b: 2\na: 1"), "b: 2");
    assert_eq!(removed("{a: 1, b: 2}\n"), "{b: 2}\n");
    assert_eq!(removed("{b: 1, a: 2}\n"), "{b: 1}\n");
    assert_eq!(removed("a: 1\n"), "{}\n");
    assert_eq!(removed("a: &x 1\nb: *x\n"), "anchor-in-use 1:4");
    let kept =
        after("a: 1 # me\nb: 2\n", |edit, root| edit.remove_entry(root, "a", Emptied::Brackets, |_| Fate::Moved));
    assert_eq!(kept, "comment-lost 1:6");
}

#[test]
fn set_a_scalar() {
    let set = |text: &str, to: &str| after(text, |edit, root| edit.set_scalar(root.get("a").unwrap(), to));
    assert_eq!(set("a: x # c\n", "v"), "a: v # c\n");
    assert_eq!(set("a: x\n", "1"), "a: \"1\"\n");
    assert_eq!(set("a: 'x'\n", "it's"), "a: 'it''s'\n");
    assert_eq!(set("a: \"x\"\n", "v"), "a: \"v\"\n");
    assert_eq!(set("a: x\n", "x"), "a: x\n");
    assert_eq!(set("a: |\n  x\nb: 1\n", "v"), "a: v\nb: 1\n");
    assert_eq!(set("a: # c\n", "v"), "a: v # c\n");
}

#[test]
fn list_an_item() {
    let listed = |text: &str, item: &str| {
        after(text, |edit, root| edit.list(root, "r", item, &BY_TEXT, |is| is == item).map(drop))
    };
    assert_eq!(listed("r:\n  - ./b\n  - ./d # d\nx: 1\n", "./c"), "r:\n  - ./b\n  - ./c\n  - ./d # d\nx: 1\n");
    assert_eq!(listed("r:\n  - ./b\n  - ./d # d\nx: 1\n", "./e"), "r:\n  - ./b\n  - ./d # d\n  - ./e\nx: 1\n");
    assert_eq!(listed("r:\n  # first\n  - ./b\n", "./a"), "r:\n  - ./a\n  # first\n  - ./b\n");
    assert_eq!(listed("r:\n- ./b", "./c"), "r:\n- ./b\n- ./c");
    assert_eq!(listed("r: [./b, ./d]\n", "./c"), "r: [./b, ./c, ./d]\n");
    assert_eq!(listed("k:\n- 1\nr: [] # none\n", "./c"), "k:\n- 1\nr: # none\n- ./c\n");
    assert_eq!(listed("r: []\n", "./c"), "r:\n  - ./c\n");
    assert_eq!(listed("r:\nx: 1\n", "./c"), "r:\n  - ./c\nx: 1\n");
    assert_eq!(listed("x: 1\n", "./c"), "x: 1\nr:\n  - ./c\n");
    assert_eq!(listed("r:\n  - ./c\n", "./c"), "r:\n  - ./c\n");
    assert_eq!(listed("r: text\n", "./c"), "unsupported-yaml 1:4");
    assert_eq!(listed("r: &x []\ny: *x\n", "./c"), "anchor-in-use 1:4");
    assert_eq!(listed("r: &x\n  - ./b\ny: *x\n", "./c"), "anchor-in-use 1:4", "it would change what *x is");
}

#[test]
fn listing_gives_the_same_in_any_order() {
    let list = |text: String, item: &str| {
        after(&text, |edit, root| edit.list(root, "r", item, &BY_TEXT, |is| is == item).map(drop))
    };
    for text in ["r:\n  - m\n  - c\n  - x\n", "r:\n  - a\n  - z\n", "r: []\n", "r: [q, b]\n"] {
        let one = list(list(list(text.into(), "d"), "y"), "b1");
        let other = list(list(list(text.into(), "b1"), "y"), "d");
        assert_eq!(one, other);
    }
}

#[test]
fn a_list_that_is_not_sorted_takes_new_items_behind_the_one_they_belong_to() {
    let order = Order { after: Some(&|item| item == "h"), ..BY_TEXT };
    let list = |text: String, item: &str| {
        after(&text, |edit, root| edit.list(root, "r", item, &order, |is| is == item).map(drop))
    };
    let text = "r:\n  # first\n  - n\n  - h\n  - p\n";
    let one = list(list(text.into(), "a"), "b");
    assert_eq!(one, list(list(text.into(), "b"), "a"));
    assert_eq!(one, "r:\n  # first\n  - n\n  - h\n  - a\n  - b\n  - p\n");
}

#[test]
fn unlist_an_item() {
    let unlisted = |text: &str| {
        after(text, |edit, root| edit.unlist(root, "r", |is| is == "b", Emptied::Brackets, drop_it).map(drop))
    };
    assert_eq!(unlisted("r:\n  - a\n  # of b\n  - b # b\n  - c\n"), "r:\n  - a\n  - c\n");
    assert_eq!(unlisted("r: [a, b]\n"), "r: [a]\n");
    assert_eq!(unlisted("r: [a]\n"), "r: [a]\n");
    assert_eq!(unlisted("r: [b]\n"), "r: []\n");
}

#[test]
fn operations_on_different_nodes_go_together() {
    let both = after("a: 1\nb:\n  - x\nc: 3\n", |edit, root| {
        edit.remove_entry(root, "a", Emptied::Brackets, drop_it)?;
        edit.list(root, "b", "z", &BY_TEXT, |_| false)?;
        edit.insert_entry(root, Place::Last, "d", &New::string("e"))?;
        edit.set_scalar(root.get("c").unwrap(), "f")
    });
    assert_eq!(both, "b:\n  - x\n  - z\nc: f\nd: e\n");
    for swapped in [false, true] {
        let beside = after("- a\n- b\n- c\n", |edit, root| {
            if swapped {
                edit.remove_item(root, 1, Emptied::Brackets, drop_it)?;
            }
            edit.insert_item(root, 1, &New::string("new"))?;
            if !swapped {
                edit.remove_item(root, 1, Emptied::Brackets, drop_it)?;
            }
            Ok(())
        });
        assert_eq!(beside, "- a\n- new\n- c\n");
    }
    let overlap = after("a: {b: 1}\nc: 2\n", |edit, root| {
        edit.set_scalar(root.at(&["a", "b"]).unwrap(), "x")?;
        edit.remove_entry(root, "a", Emptied::Brackets, drop_it)
    });
    assert_eq!(overlap, "edits-overlap 1:1");
}

#[test]
fn only_the_document_that_is_meant_changes() {
    let stream = Stream::parse("a: 1\n---\na: 2\n...\n---\na: 3\n").unwrap();
    let mut edit = Edit::of(&stream);
    edit.set_scalar(stream.documents().nth(1).unwrap().get("a").unwrap(), "x").unwrap();
    let text = edit.finish().unwrap().splices.apply(stream.text()).unwrap();
    assert_eq!(text, "a: 1\n---\na: x\n...\n---\na: 3\n");
}

#[test]
fn remove_the_last_child() {
    let removed = |text: &str, emptied: Emptied| {
        after(text, |edit, root| {
            let list = root.at(&["a", "b"]).unwrap();
            edit.remove_item(list, 0, emptied, drop_it)
        })
    };
    assert_eq!(removed("a:\n  b: # k\n    - x\n  c: 1\n", Emptied::Brackets), "a:\n  b: [] # k\n  c: 1\n");
    assert_eq!(removed("a:\n  b:\n    - x\n  c: 1\n", Emptied::NoEntry), "a:\n  c: 1\n");
    assert_eq!(removed("a:\n  b:\n    - x\nd: 1\n", Emptied::NoEntry), "d: 1\n", "and what holds nothing else");
    assert_eq!(removed("a:\n  b:\n    - x\n", Emptied::NoEntry), "{}\n");
    assert_eq!(removed("a: {b: [x], c: 1}\n", Emptied::NoEntry), "a: {c: 1}\n");
    assert_eq!(removed("a: {b: [\n  x,\n]}\n", Emptied::Brackets), "a: {b: []}\n");
}

#[test]
fn set_any_value() {
    let set = |text: &str, new: New| after(text, |edit, root| edit.set(root.get("a").unwrap(), &new, |_| Fate::Moved));
    let list = || New::Sequence(vec![New::string("x"), New::mapping([("k", New::string("v"))])]);
    assert_eq!(set("a: 1 # c\nb: 2\n", new()), "a: # c\n  kind: K\n  name: n-1\nb: 2\n");
    assert_eq!(set("a: 1\nb: 2\n", list()), "a:\n  - x\n  - k: v\nb: 2\n");
    assert_eq!(set("a: # c\n  # in\n  b: 1\nc: 2\n", New::string("v")), "# in\na: v # c\nc: 2\n");
    assert_eq!(set("a:\n    b: 1\n    c: 2\n", list()), "a:\n    - x\n    - k: v\n");
    assert_eq!(set("a:\n- 1\nb: 2\n", new()), "a:\n  kind: K\n  name: n-1\nb: 2\n");
    assert_eq!(set("a: &x 1\nb: 2\n", list()), "a:\n  - x\n  - k: v\nb: 2\n");
    assert_eq!(set("a: &x\n  b: 1\nc: 2\n", New::string("v")), "a: v\nc: 2\n");
    assert_eq!(set("a: &x # c\n  b: 1\nc: 2\n", new()), "a: # c\n  kind: K\n  name: n-1\nc: 2\n");
    assert_eq!(set("{a: 1, b: 2}\n", list()), "{a: [x, {k: v}], b: 2}\n");
    assert_eq!(set("a: |\n  text\n\nb: 2\n", New::string("v")), "a: v\n\nb: 2\n");
    assert_eq!(set("a: 1\n", New::Text("one\ntwo\n".into())), "a: |\n  one\n  two\n");
    assert_eq!(set("a:\nb: 2\n", New::Text("one\ntwo".into())), "a: |-\n  one\n  two\nb: 2\n");
    assert_eq!(set("a:", New::string("v")), "a: v");
    // The second parser does not support empty keys; flow style and the place of the error show
    // that they are handled.
    let of_no_key = |text: &str| after(text, |edit, root| edit.set(root.get("").unwrap(), &new(), drop_it));
    assert_eq!(of_no_key("b: y\n: x\n"), "parsers-disagree 2:2");
    let item = after("- 1 # c\n-\n- k: v\n  # d\n  l: w\n", |edit, root| {
        let items: Vec<_> = root.items().collect();
        edit.set(items[0], &new(), drop_it)?;
        edit.set(items[1], &New::string("v"), drop_it)?;
        edit.set(items[2], &New::string("v"), drop_it)
    });
    assert_eq!(item, "- kind: K\n  name: n-1 # c\n- v\n- v\n");
}

#[test]
fn rename_a_key() {
    let renamed = |text: &str, to: &str| after(text, |edit, root| edit.rename_key(root, "a", to));
    assert_eq!(renamed("a: 1 # c\n", "z"), "z: 1 # c\n");
    assert_eq!(renamed("\"a\": 1\n", "z"), "\"z\": 1\n");
    assert_eq!(renamed("{a: 1}\n", "no"), "{\"no\": 1}\n");
    assert_eq!(renamed("&k a: 1\nb: *k\n", "z"), "parsers-disagree 1:4", "it would rename what *k says, too");
    assert_eq!(renamed("x: &k a\n*k : 1\n", "z"), "x: &k a\nz : 1\n");
    assert_eq!(renamed("a: 1\nz: 2\n", "z"), "duplicate-key 1:1");
    assert_eq!(renamed("? a\n: 1\n", "z"), "unsupported-yaml 1:3");
}

#[test]
fn move_an_entry() {
    let moved = |text: &str, place: Place<'_>| after(text, |edit, root| edit.move_entry(root, "a", place));
    assert_eq!(moved("# of a\na: # x\n  - 1\nb: 2\nc: 3\n", Place::After("b")), "b: 2\n# of a\na: # x\n  - 1\nc: 3\n");
    assert_eq!(moved("b: 2\nc: 3\na: 1\n", Place::First), "a: 1\nb: 2\nc: 3\n");
    assert_eq!(moved("b: 2\na: 1\nc: 3", Place::Last), "b: 2\nc: 3\na: 1");
    assert_eq!(moved("a: 1\nb: 2\n", Place::First), "a: 1\nb: 2\n");
    assert_eq!(moved("{a: 1, b: 2, c: 3}\n", Place::Last), "{b: 2, c: 3, a: 1}\n");
    assert_eq!(moved("{b: 2, c: 3, a: [1]}\n", Place::First), "{a: [1], b: 2, c: 3}\n");
    assert_eq!(moved("b: &x 1\na: *x\n", Place::First), "anchor-in-use 1:4", "an alias before its anchor");
    assert_eq!(moved("a: &x 1\nb: *x\nc: 1\n", Place::Last), "anchor-in-use 1:4", "an anchor behind its alias");
    assert_eq!(moved("b: &x 1\nc: &x 2\na: *x\n", Place::After("b")), "anchor-in-use 2:4", "another anchor");
    assert_eq!(moved("a: &x 1\nb: &x 2\nc: *x\n", Place::After("b")), "anchor-in-use 2:4", "the last one counts");
    assert_eq!(moved("b: &x 1\nc: 2\na: *x\n", Place::After("b")), "b: &x 1\na: *x\nc: 2\n");
}

#[test]
fn items_behind_comments() {
    let insert = |text: &str| after(text, |edit, root| edit.insert_item(root, 9, &New::string("v")));
    assert_eq!(insert("- # "), "- # \n- v");
    assert_eq!(insert("- # c \n  x\n"), "- # c \n  x\n- v\n");
}

#[test]
fn in_order_an_anchor_goes_with_its_last_use() {
    let text = "a: 1\nb:\n  - &x 2\nc:\n  - *x\n";
    let removed = |is_in_order: bool, keys: [&str; 2]| {
        let stream = Stream::parse(text).unwrap();
        let root = stream.documents().next().unwrap();
        let mut edit = Edit::of(&stream);
        if is_in_order {
            edit = edit.in_order();
        }
        let removed = keys.iter().try_for_each(|key| edit.remove_entry(root, key, Emptied::NoEntry, drop_it));
        removed.and_then(|()| edit.finish()).map(|edited| edited.splices.apply(text).unwrap()).ok()
    };
    assert_eq!(removed(true, ["c", "b"]).as_deref(), Some("a: 1\n"));
    assert_eq!(removed(true, ["b", "c"]), None, "the alias is still there");
    assert_eq!(removed(false, ["c", "b"]), None, "the order does not count");
}

#[test]
fn a_key_takes_the_name_of_one_that_this_edit_removes() {
    let text = "a: 1 # one\nb: 2\nc: 3\n";
    let renamed = after(text, |edit, root| {
        edit.remove_entry(root, "b", Emptied::NoEntry, drop_it)?;
        edit.rename_key(root, "a", "b")
    });
    assert_eq!(renamed, "b: 1 # one\nc: 3\n");
    assert_eq!(after(text, |edit, root| edit.rename_key(root, "a", "b")), "duplicate-key 1:1");
}

#[test]
fn documents_are_inserted() {
    let behind_first = |text: &str| after(text, |edit, root| edit.insert_document(root, &["why"], &new()));
    assert_eq!(behind_first("a: 1\n"), "a: 1\n---\n# why\nkind: K\nname: n-1\n");
    assert_eq!(behind_first("a: 1\r\nb: 2"), "a: 1\r\nb: 2\r\n---\r\n# why\r\nkind: K\r\nname: n-1\r\n");
    assert_eq!(behind_first("a: 1\n---\nb: 2\n"), "a: 1\n---\n# why\nkind: K\nname: n-1\n---\nb: 2\n");
    assert_eq!(behind_first("a: |\n  x"), "unsupported-yaml 1:1");
    let two = after("a: 1\n---\nb: 2\n", |edit, root| {
        edit.insert_document(root, &[], &new())?;
        edit.insert_document(root, &[], &New::mapping([("x", New::string("v"))]))
    });
    assert_eq!(two, "a: 1\n---\nkind: K\nname: n-1\n---\nx: v\n---\nb: 2\n");
    let both = after("a: 1\n---\nb: 2\n", |edit, root| {
        edit.insert_document(root, &[], &new())?;
        edit.set_scalar(root.get("a").unwrap(), "3")
    });
    assert_eq!(both, "a: \"3\"\n---\nkind: K\nname: n-1\n---\nb: 2\n");
}

#[test]
fn documents_are_repeated() {
    let repeated = |text: &str| {
        after(text, |edit, root| {
            edit.repeat_document(root, |edit, root| {
                edit.set_scalar(root.get("a").unwrap(), "z")?;
                edit.remove_entry(root, "b", Emptied::NoEntry, drop_it)
            })
        })
    };
    let text = "# top\n---\n# of a\na: x # one\n# of b\nb: 2 # two\n# end\n";
    let copy = "---\n# of a\na: z # one\n# end\n";
    assert_eq!(repeated(text), format!("{text}{copy}"));
    assert_eq!(repeated(&format!("{text}---\nc: 3\n")), format!("{text}{copy}---\nc: 3\n"));
    assert_eq!(repeated("a: x\nb: 2\nc: &d 3\ne: *d\n"), "a: x\nb: 2\nc: &d 3\ne: *d\n---\na: z\nc: &d 3\ne: *d\n");
    assert_eq!(repeated("a: x\r\nb: 2\r\n"), "a: x\r\nb: 2\r\n---\r\na: z\r\n");
    assert_eq!(repeated("a: x\nb: 2"), "unsupported-yaml 1:1");
    let other = after("a: 1\n---\nb: 2\n", |edit, root| {
        let second = root.stream.documents().nth(1).unwrap();
        edit.repeat_document(root, |edit, _| edit.set_scalar(second.get("b").unwrap(), "3"))
    });
    assert_eq!(other, "unsupported-yaml 1:1");
    let both = after("a: 1 # c\n---\nb: 2\n", |edit, root| {
        edit.repeat_document(root, |edit, root| edit.set_scalar(root.get("a").unwrap(), "w"))?;
        edit.remove_document(root, drop_it)
    });
    assert_eq!(both, "---\na: w # c\n---\nb: 2\n");
}

#[test]
fn documents_are_removed() {
    let without = |text: &str, index: usize| {
        after(text, |edit, root| edit.remove_document(root.stream.documents().nth(index).unwrap(), drop_it))
    };
    let text = "# of a\na: 1\n---\n# of b\nb: 2 # two\n---\nc: 3\n";
    assert_eq!(without(text, 0), "---\n# of b\nb: 2 # two\n---\nc: 3\n");
    assert_eq!(without(text, 1), "# of a\na: 1\n---\nc: 3\n");
    assert_eq!(without(text, 2), "# of a\na: 1\n---\n# of b\nb: 2 # two\n");
    assert_eq!(without(&format!("# top\n---\n{text}"), 0), "# top\n---\n# of b\nb: 2 # two\n---\nc: 3\n");
    assert_eq!(without("a: 1\n", 0), "unsupported-yaml 1:1");
    assert_eq!(without("a: 1\n...\n---\nb: 2\n", 0), "unsupported-yaml 1:1");
    let kept = after(text, |edit, root| edit.remove_document(root.stream.documents().nth(1).unwrap(), |_| Fate::Moved));
    assert_eq!(kept, "comment-lost 4:1", "a comment has nowhere to go");
}

#[test]
fn comments_are_added_beside() {
    let added = |text: &str| after(text, |edit, root| edit.add_comment_beside(root.get("a").unwrap(), "why"));
    assert_eq!(added("a: 1\nb: 2\n"), "a: 1 # why\nb: 2\n");
    assert_eq!(added("a:\n  - x\n"), "a:\n  - x # why\n");
    assert_eq!(added("a: 1 # c\n"), "unsupported-yaml 1:4");
    assert_eq!(added("a: |\n  x\n"), "unsupported-yaml 1:4");
}

#[test]
fn comments_are_added_above() {
    let added = after("a:\n  - x\n", |edit, root| {
        edit.add_comment_above(root.get("a").unwrap(), "one\n\ntwo")?;
        edit.add_comment_above(root.get("a").unwrap().items().next().unwrap(), "three")
    });
    assert_eq!(added, "# one\n#\n# two\na:\n  # three\n  - x\n");
}

#[test]
fn a_byte_order_mark_stays_first() {
    let text = "\u{feff}# of a\na: 1\nb: # in\n  - 2\n";
    let first = after(text, |edit, root| edit.insert_entry(root, Place::First, "z", &New::string("v")));
    assert_eq!(first, "\u{feff}z: v\n# of a\na: 1\nb: # in\n  - 2\n");
    let removed = after(text, |edit, root| edit.remove_entry(root, "a", Emptied::Brackets, drop_it));
    assert_eq!(removed, "\u{feff}b: # in\n  - 2\n");
    let replaced = after("\u{feff}a:\n  # in\n  b: 1\n", |edit, root| {
        edit.set(root.get("a").unwrap(), &New::string("v"), |_| Fate::Moved)
    });
    assert_eq!(replaced, "\u{feff}# in\na: v\n");
}

#[test]
fn blanks_that_end_a_block_scalar_are_its_own() {
    let text = "a: |-\n  x \n  \nb: 1\n";
    let inserted = after(text, |edit, root| edit.insert_entry(root, Place::After("a"), "z", &New::string("v")));
    assert_eq!(inserted, "a: |-\n  x \nz: v\n  \nb: 1\n");
    let moved = after(text, |edit, root| edit.move_entry(root, "a", Place::Last));
    assert_eq!(moved, "  \nb: 1\na: |-\n  x \n");
}

#[test]
fn items_are_set_wherever_behind_their_dash_they_stand() {
    let set = |text: &str| {
        after(text, |edit, root| edit.set(root.items().next().unwrap(), &new(), |_| Fate::Dropped("test".into())))
    };
    assert_eq!(set("-   x # c\n- y\n"), "-   kind: K\n    name: n-1 # c\n- y\n");
    assert_eq!(set("-   k: v\n    l: w\n"), "-   kind: K\n    name: n-1\n");
    assert_eq!(set("-\n    k: v\n"), "-\n    kind: K\n    name: n-1\n");
    assert_eq!(set("- &x\n    k: v\n"), "- kind: K\n  name: n-1\n");
    assert_eq!(set("-\n- y\n"), "- kind: K\n  name: n-1\n- y\n");
    assert_eq!(set("-  # c\n- y\n"), "- kind: K\n  name: n-1  # c\n- y\n");
    let nested = after("- - x\n  -   # c\n", |edit, root| {
        edit.set(root.items().next().unwrap().items().nth(1).unwrap(), &New::string("v"), drop_it)
    });
    assert_eq!(nested, "- - x\n  - v   # c\n");
}

#[test]
fn the_value_of_an_empty_key_is_not_set() {
    for text in [": 1\nc: 2\n", ": &x\n  - 1\n", "--- # c\n: !t\n  - b: |\n      c\n"] {
        let refused = after(text, |edit, root| edit.set(root.get("").unwrap(), &new(), drop_it));
        assert!(refused.starts_with("parsers-disagree"), "{refused:?}");
    }
}

#[test]
fn errors_are_shown_as_a_compiler_shows_them() {
    let text = "a: &x 1\nb: *x\n";
    let stream = Stream::parse(text).unwrap();
    let root = stream.documents().next().unwrap();
    let error = Edit::of(&stream).remove_entry(root, "a", Emptied::Brackets, drop_it).unwrap_err();
    let shown = error.render("k/app.yaml", text);
    assert!(
        shown.contains("error[anchor-in-use]") && shown.contains("k/app.yaml:1:4") && shown.contains("^^^^"),
        "{shown}"
    );
}

#[test]
fn each_line_keeps_its_line_break() {
    let insert = |text: &str, place: Place<'_>| after(text, |edit, root| edit.insert_entry(root, place, "z", &new()));
    assert_eq!(
        insert("a: 1\r\nb:\n  - 1\n", Place::After("a")),
        "a: 1\r\nz:\r\n  kind: K\r\n  name: n-1\r\nb:\n  - 1\n"
    );
    assert_eq!(insert("a:\r\n  - 1\nb: 2\r\n", Place::After("a")), "a:\r\n  - 1\nz:\n  kind: K\n  name: n-1\nb: 2\r\n");
    assert_eq!(insert("# c\na: 1\r\n", Place::First), "z:\n  kind: K\n  name: n-1\n# c\na: 1\r\n");
    let moved = |text: &str, place: Place<'_>| after(text, |edit, root| edit.move_entry(root, "a", place));
    assert_eq!(moved("a: 1\r\nb: 2\nc: 3\r\n", Place::After("b")), "b: 2\na: 1\r\nc: 3\r\n");
    assert_eq!(moved("b: 2\nc: 3\na: 1\r\n", Place::First), "a: 1\r\nb: 2\nc: 3\n");
    let set = |text: &str| after(text, |edit, root| edit.set(root.get("a").unwrap(), &New::string("v"), drop_it));
    assert_eq!(set("a:\r\n  - 1\nb: 2\n"), "a: v\r\nb: 2\n");
    assert_eq!(set("a: |\n  x\r\nb: 2\r\n"), "a: v\nb: 2\r\n");
    let unlisted = after("[a,\r\n  b\n]\r\n", |edit, root| edit.remove_item(root, 1, Emptied::Brackets, drop_it));
    assert_eq!(unlisted, "[a\r\n]\r\n");
    let nested = after("p: |\r\n  a: 1\n  b: 2\r\n", |edit, root| {
        edit.nested(root.get("p").unwrap(), |inner, stream| {
            inner.insert_entry(stream.documents().next().unwrap(), Place::After("a"), "z", &New::string("v"))
        })
    });
    assert_eq!(nested, "p: |\r\n  a: 1\n  z: v\n  b: 2\r\n");
}

#[test]
fn text_of_several_lines_before_a_comment() {
    let text = || New::Text("one\ntwo\n".into());
    let set = |text: &str, new: New| after(text, |edit, root| edit.set(root.get("a").unwrap(), &new, drop_it));
    assert_eq!(set("a: x # c\nb: 1\n", text()), "a: | # c\n  one\n  two\nb: 1\n");
    assert_eq!(set("a: # c\n  - 1 # d\nb: 1\n", text()), "a: | # c\n  one\n  two\nb: 1\n");
    assert_eq!(set("a:\n  - 1 # d\nb: 1\n", text()), "a: |\n  one\n  two\nb: 1\n");
    assert_eq!(set("a: # c\n  - 1 # d\nb: 1\n", New::string("v")), "a: v # c\nb: 1\n");
    assert_eq!(set("a: [\n  1\n] # c\n", text()), "a: | # c\n  one\n  two\n");
    let inside = New::mapping([("k", text())]);
    assert_eq!(set("a:\n  - 1 # d\n", inside.clone()), "a:\n  k: \"one\\ntwo\\n\" # d\n");
    assert_eq!(set("a: 1 # d\n", inside), "a: # d\n  k: |\n    one\n    two\n");
    let item = after("- x # c\n", |edit, root| edit.set(root.items().next().unwrap(), &text(), drop_it));
    assert_eq!(item, "- | # c\n  one\n  two\n");
    let replaced = after("a: 1 # c\n", |edit, root| edit.replace_entry(root, "a", "z", &text(), drop_it));
    assert_eq!(replaced, "z: \"one\\ntwo\\n\" # c\n");
}

#[test]
fn an_entry_moves_past_other_edits() {
    let text = "a: 1\nb: 2\nc: 3\nd: 4\n";
    let down = after(text, |edit, root| {
        edit.remove_entry(root, "b", Emptied::Brackets, drop_it)?;
        edit.move_entry(root, "a", Place::Last)?;
        edit.insert_entry(root, Place::After("c"), "z", &New::string("v"))
    });
    assert_eq!(down, "c: 3\nz: v\nd: 4\na: 1\n");
    let up = after(text, |edit, root| {
        edit.set_scalar(root.get("c").unwrap(), "x")?;
        edit.move_entry(root, "d", Place::First)?;
        edit.rename_key(root, "b", "w")
    });
    assert_eq!(up, "d: 4\na: 1\nw: 2\nc: x\n");
    let inside = after(text, |edit, root| {
        edit.set_scalar(root.get("a").unwrap(), "x")?;
        edit.move_entry(root, "a", Place::Last)
    });
    assert_eq!(inside, "edits-overlap 1:1");
}

#[test]
fn blank_lines_do_not_become_those_of_a_kept_block_scalar() {
    let removed = |text: &str| after(text, |edit, root| edit.remove_entry(root, "a", Emptied::Brackets, drop_it));
    for header in ["|+", ">+"] {
        let text = format!("k: {header}\n  x\n\na: 1\n\n\n# of b\nb: 2\n");
        assert_eq!(removed(&text), text.replace("a: 1\n\n\n", ""));
        let text = format!("k: {header}\n  x\na: 1\n\n");
        assert_eq!(removed(&text), text.replace("a: 1\n\n", ""));
        let moved = |text: &str, place: Place<'_>| after(text, |edit, root| edit.move_entry(root, "a", place));
        let text = format!("k: {header}\n  x\n\na: 1\n\nb: 2\n");
        assert_eq!(moved(&text, Place::Last), text.replace("a: 1\n\nb: 2\n", "b: 2\na: 1\n"));
        assert_eq!(moved(&text, Place::First), format!("a: 1\nk: {header}\n  x\n\nb: 2\n"));
        let text = format!("a: {header}\n  x\n\nb: 2\n\n# of c\nc: 3\n");
        assert_eq!(moved(&text, Place::After("b")), format!("b: 2\n\na: {header}\n  x\n\n# of c\nc: 3\n"));
        assert_eq!(moved(&text, Place::Last), format!("b: 2\n\n# of c\nc: 3\na: {header}\n  x\n\n"));
    }
}

#[test]
fn comments_of_a_removed_item_stay_where_they_are_asked_to() {
    let keep = |text: &str, at: usize| {
        let stream = Stream::parse(text).unwrap();
        let root = stream.documents().next().unwrap();
        let mut edit = Edit::of(&stream);
        edit.remove_item(root.get("l").unwrap(), at, Emptied::Brackets, |_| Fate::Moved)?;
        edit.finish().map(|edited| edited.splices.apply(text).unwrap())
    };
    assert_eq!(
        keep("l:\n  - a\n  # of b\n  - b # beside\n  - c\n", 1).unwrap(),
        "l:\n  - a\n  # of b\n  # beside\n  - c\n"
    );
    assert_eq!(keep("l:\n  - a\n  #- gone\n  - b\nm: 1\n", 1).unwrap(), "l:\n  - a\n  #- gone\nm: 1\n");
    assert_eq!(keep("l:\n  # of a\n  - a\n  - b\n", 0).unwrap(), "l:\n  # of a\n  - b\n");
    assert_eq!(keep("l:\r\n- a\r\n- b # x\r\n", 1).unwrap(), "l:\r\n- a\r\n# x\r\n");
    assert!(keep("l:\n  - a\n  # of b\n  - b", 1).is_err(), "without a line break at the end there is no line for it");
    assert!(keep("l: [a, b] # x\n", 1).is_ok());
}

#[test]
fn what_is_new_can_come_with_comments() {
    let item = New::mapping([("a", New::Plain("1".into()))]);
    let put = |text: &str, at: usize| {
        let stream = Stream::parse(text).unwrap();
        let root = stream.documents().next().unwrap();
        let mut edit = Edit::of(&stream);
        edit.insert_commented_item(root.get("l").unwrap(), at, &["one", "two"], &item)?;
        edit.finish().map(|edited| edited.splices.apply(text).unwrap())
    };
    assert_eq!(put("l:\n  - x # of x\nm: 1\n", 9).unwrap(), "l:\n  - x # of x\n  # one\n  # two\n  - a: 1\nm: 1\n");
    assert_eq!(put("l:\n# of x\n- x\n", 0).unwrap(), "l:\n# one\n# two\n- a: 1\n# of x\n- x\n");
    assert_eq!(put("l:\r\n- x\r\n", 1).unwrap(), "l:\r\n- x\r\n# one\r\n# two\r\n- a: 1\r\n");
    assert!(put("l: [x]\n", 1).is_err() && put("l: []\n", 0).is_err());

    let text = "s:\n  a: 1\n\nt: 2\n";
    let stream = Stream::parse(text).unwrap();
    let root = stream.documents().next().unwrap();
    let mut edit = Edit::of(&stream);
    let list = New::Sequence(vec![item.clone()]);
    edit.insert_commented_entry(root.get("s").unwrap(), Place::Last, &["why"], "l", &list).unwrap();
    let edited = edit.finish().unwrap();
    assert_eq!(edited.splices.apply(text).unwrap(), "s:\n  a: 1\n  # why\n  l:\n    - a: 1\n\nt: 2\n");
    let flow = Stream::parse("s: {a: 1}\n").unwrap();
    let root = flow.documents().next().unwrap();
    let mut edit = Edit::of(&flow);
    assert!(edit.insert_commented_entry(root.get("s").unwrap(), Place::Last, &["why"], "l", &list).is_err());
}

#[test]
fn what_is_inserted_comes_after_the_comments_of_its_sibling() {
    let inserted = |text: &str| {
        after(text, |edit, root| {
            edit.insert_entry(root, Place::After("a"), "z", &New::Sequence(vec![New::string("new")]))
        })
    };
    let cases = [
        ("a:\n  - b\n  # - c\nd: 2\n", "a:\n  - b\n  # - c\nz:\n  - new\nd: 2\n"),
        ("a:\n  - b\n\n  # - c\n\n# of d\nd: 2\n", "a:\n  - b\n\n  # - c\nz:\n  - new\n\n# of d\nd: 2\n"),
        ("a:\n- b\n# - c\n# of d\nd: 2\n", "a:\n- b\n# - c\nz:\n- new\n# of d\nd: 2\n"),
        ("a:\n- b\n# of d\nd: 2\n", "a:\n- b\nz:\n- new\n# of d\nd: 2\n"),
        ("a:\n  b: |\n    text\n  # c\nd: 2\n", "a:\n  b: |\n    text\n  # c\nz:\n  - new\nd: 2\n"),
        ("a: 1\n  # c", "a: 1\n  # c\nz:\n  - new"),
    ];
    for (text, expected) in cases {
        assert_eq!(inserted(text), expected, "{text:?}");
    }
}

#[test]
fn comments_of_an_item_are_taken_off_and_written_elsewhere() {
    let text = "a:\n  - b\n  # - x\n  # one\n  - c # two\n    # three\n  - d\n";
    let stream = Stream::parse(text).unwrap();
    let list = stream.documents().next().unwrap().get("a").unwrap();
    let mut edit = Edit::of(&stream);
    let taken = edit.take_comments_of_item(list, 1, |text| text.starts_with("# -")).unwrap();
    edit.remove_item(list, 1, Emptied::Brackets, |_| Fate::Moved).unwrap();
    let edited = edit.finish().unwrap();
    assert_eq!(edited.splices.apply(text).unwrap(), "a:\n  - b\n  # - x\n  - d\n");
    let fates: Vec<_> = edited.comments.iter().map(|comment| (&*comment.text, comment.fate.clone())).collect();
    let taken_off = ["# one", "# two", "# three"].map(|text| (text, Fate::Taken));
    assert_eq!(fates, [&taken_off[..], &[("# - x", Fate::Stays)]].concat());
    let item = New::string("c").with_comments(taken);
    let list =
        after("x: 1\n", |edit, root| edit.insert_entry(root, Place::Last, "z", &New::Sequence(vec![item.clone()])));
    assert_eq!(list, "x: 1\nz:\n  # one\n  - c # two\n    # three\n");
    let in_brackets = after("z: [b]\n", |edit, root| edit.insert_item(root.get("z").unwrap(), 1, &item));
    assert_eq!(in_brackets, "comment-lost 1:6", "there is no line for them");
}

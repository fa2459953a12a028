//! Anchors that are in use.

use super::*;

#[test]
fn an_anchor_moves_where_that_is_asked_for() {
    let text = "a: &x v\nb: *x\nc: *x\n";
    let stream = Stream::parse(text).unwrap();
    let root = stream.documents().next().unwrap();
    let mut edit = Edit::of(&stream).moving_anchors();
    edit.remove_entry(root, "a", Emptied::Brackets, drop_it).unwrap();
    assert_eq!(edit.finish().unwrap().splices.apply(text).unwrap(), "b: &x v\nc: *x\n");
}

#[test]
fn a_block_with_an_anchor_moves_line_by_line() {
    let moved = |text: &str| {
        let stream = Stream::parse(text).unwrap();
        let root = stream.documents().next().unwrap();
        let mut edit = Edit::of(&stream).moving_anchors();
        edit.remove_entry(root, "a", Emptied::Brackets, drop_it).unwrap();
        edit.finish().unwrap().splices.apply(text).unwrap()
    };
    assert_eq!(
        moved("a: &x\n    k: 1 # c\n    l: |\n      t\nb:\n  c: *x\nd: *x\n"),
        "b:\n  c: &x\n    k: 1 # c\n    l: |\n      t\nd: *x\n"
    );
    assert_eq!(moved("a: &x\n- 1\n- k: v\nb:\n  - *x\n"), "b:\n  - &x\n    - 1\n    - k: v\n");
}

#[test]
fn an_anchored_scalar_that_is_used_is_not_set() {
    let set = |text: &str| after(text, |edit, root| edit.set_scalar(root.get("a").unwrap(), "v"));
    assert_eq!(set("a: &x 1\nb: *x\n"), "anchor-in-use 1:4");
    assert_eq!(set("a: &x '1'\nb: *x\n"), "anchor-in-use 1:4");
    assert_eq!(set("a: &x 1\nb: 2\n"), "a: &x v\nb: 2\n");
}

/// The text without `a`, with its anchors moved.
fn with_anchors_moved(text: &str) -> String {
    let stream = Stream::parse(text).unwrap();
    let mut edit = Edit::of(&stream).moving_anchors();
    let root = stream.documents().next().unwrap();
    match edit.remove_entry(root, "a", Emptied::Brackets, drop_it).and_then(|()| edit.finish()) {
        Ok(edited) => edited.splices.apply(text).unwrap(),
        Err(error) => format!("{} {}:{}", error.problem.code(), error.at.line, error.at.column),
    }
}

#[test]
fn anchors_of_several_lines_move() {
    let cases = [
        (
            "a: &x |\n  one\n   \n    two\nb:\n  c: *x # d\ne: *x\n",
            "b:\n  c: &x | # d\n    one\n     \n      two\ne: *x\n",
        ),
        ("a: &x >-\n      one\n      two\nb: *x\n", "b: &x >-\n      one\n      two\n"),
        ("a: &x |2\n    one\n   two\nb:\n- *x\n", "b:\n- &x |2\n    one\n   two\n"),
        ("a: &x [\n  1, # c\n  2\n]\nb:\n  - *x # d\n", "b:\n  - &x [\n    1, # c\n    2\n  ] # d\n"),
        ("a: &x {k: [\n  1]}\nb: [*x, *x]\n", "b: [&x {k: [\n  1]}, *x]\n"),
        ("a: &x \"one\n  two\"\nb:\n    c: *x\n", "b:\n    c: &x \"one\n      two\"\n"),
        ("a: &x one\n  two\nb:\n  - *x\n", "b:\n  - &x one\n    two\n"),
        ("a: &x\n  k: |\n    t\nb:\n  c: *x # d\n", "b:\n  c: &x # d\n    k: |\n      t\n"),
        ("a: &x\n  - 1 # c\nb: *x\n", "b: &x\n  - 1 # c\n"),
        ("a: &x\n  k: v\nb: [*x]\n", "unsupported-yaml 1:4"),
        ("a: &x |\n  t\nb: [*x]\n", "unsupported-yaml 1:4"),
        ("a: &x |\n  t\nb: *x", "unsupported-yaml 1:4"),
        ("a: &x |+\n  t\nb: *x\n\nc: 1\n", "unsupported-yaml 1:4"),
        ("a: &x one\n  two\n*x : 1\nb: 1\n", "unsupported-yaml 1:4"),
        ("a: &x o, p\nb: [*x]\n", "unsupported-yaml 1:4"),
        ("a: &x o, p\nb: {*x : 1}\n", "unsupported-yaml 1:4"),
        ("a: &x\n  k: &y\n    - 1 # c\n    - 2\nb: *x\nc: *y\n", "unsupported-yaml 2:6"),
        ("a: &x\n  k: &y\n    - 1\nb: *x\nc: *y\n", "b: &x\n  k: &y\n    - 1\nc: &y\n  - 1\n"),
        ("a:\n  y: &y 1\n  x: &x {k: *y}\nb: *x\n", "unsupported-yaml 3:6"),
    ];
    for (text, expected) in cases {
        assert_eq!(with_anchors_moved(text), expected, "{text:?}");
    }
}

#[test]
fn comments_that_move_with_an_anchor_are_not_dropped() {
    let text = "a: &x\n  k: 1 # in\n  l: &z # deep\n    m: 1\n  # last\nb: *z\nc: *x\n";
    let stream = Stream::parse(text).unwrap();
    let mut edit = Edit::of(&stream).moving_anchors();
    edit.remove_entry(stream.documents().next().unwrap(), "a", Emptied::Brackets, drop_it).unwrap();
    let edited = edit.finish().unwrap();
    assert_eq!(edited.comments, []);
}

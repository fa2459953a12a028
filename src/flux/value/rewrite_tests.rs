//! What is rewritten, and what stays.

use super::Value;
use super::rewrite::rewrite;
use crate::yaml::{Edit, Stream};

fn rewritten(text: &str, to: &str) -> String {
    let stream = Stream::parse(text).unwrap();
    let node = stream.documents().next().unwrap();
    let to = Value::of(Stream::parse(to).unwrap().documents().next().unwrap()).unwrap();
    let mut edit = Edit::of(&stream).moving_anchors().in_order();
    let result = rewrite(&mut edit, node, &Value::of(node).unwrap(), &to, "it is removed").and_then(|()| edit.finish());
    match result {
        Ok(edited) => {
            let text = edited.splices.apply(stream.text()).unwrap();
            let after = Stream::parse(text.clone()).unwrap();
            assert_eq!(Value::of(after.documents().next().unwrap()).unwrap(), to, "{text}");
            text
        }
        Err(error) => format!("error {}", error.problem.code()),
    }
}

#[test]
fn what_stays_is_untouched() {
    for (text, to, want) in [
        ("a: 1 # one\nb:  {c: 'x'}\n", "{a: 1, b: {c: x}}", "a: 1 # one\nb:  {c: 'x'}\n"),
        ("a: 1 # one\nb:  {c: 'x'}\n", "{a: 1, b: {c: w}}", "a: 1 # one\nb:  {c: 'w'}\n"),
        ("a:\n  - x: 1\n  - w: 2 # w\n", "{a: [{x: 1}, {z: 2}]}", "a:\n  - x: 1\n  - z: 2 # w\n"),
        // The value of a renamed key stays, even an alias.
        ("n: &n app\nr:\n  name: *n # r\n", "{n: app, r: {identifier: app}}", "n: &n app\nr:\n  identifier: *n # r\n"),
        // In the place of a removed entry.
        ("a:\n  create: true\n  # why\n  name: x\nb: 1\n", "{a: {x: {}}, b: 1}", "a:\n  x: {}\nb: 1\n"),
        ("a:\n  # first\n  create: true\nb: 1\n", "{a: {w: 1, x: {}}, b: 1}", "a:\n  # first\n  w: 1\n  x: {}\nb: 1\n"),
        // A mapping that gets more and another name, with what stood beside it.
        (
            "a:\n  k: v\n  s:\n    # why\n    x: 1 # x\n  n: 2\n",
            "{a: {m: {k: v, x: 1}, n: 2}}",
            "a:\n  m:\n    k: v\n    # why\n    x: 1 # x\n  n: 2\n",
        ),
        (
            "a:\n  k: v\n  s:\n    x: 1 # x\n  l: {}\n  n: 2\n",
            "{a: {f: g, m: {k: v, x: 1, l: {}}, w: z, n: 2}}",
            "a:\n  f: g\n  m:\n    k: v\n    x: 1 # x\n    l: {}\n  w: z\n  n: 2\n",
        ),
        ("a: {k: v, s: {x: 1}}\n", "{a: {m: {x: 1, z: {}}}}", "a: {m: {x: 1, z: {}}}\n"),
        (
            "b: &b {x: 1}\na: {k: v, s: *b}\n",
            "{b: {x: 1}, a: {m: {k: v, x: 1}}}",
            "b: &b {x: 1}\na: {m: {k: v, x: 1}}\n",
        ),
        // A new one at the front, after an entry, at the end.
        ("a:\n  # c\n  b: 1\n", "{a: {x: w, b: 1}}", "a:\n  x: w\n  # c\n  b: 1\n"),
        ("a: {}\n", "{a: {x: w, z: v}}", "a: {x: w, z: v}\n"),
        ("a: {k: 1}\n", "{a: {k: 1, x: w, z: v}, b: 1}", "a: {k: 1, x: w, z: v}\nb: 1\n"),
        ("a:\n  k: 1\n", "{a: {k: 1, x: w, z: v}, b: 1}", "a:\n  k: 1\n  x: w\n  z: v\nb: 1\n"),
        ("a: 1\nb: 2\n", "{a: 1, x: 1, w: {z: 1}, b: 2, c: 3}", "a: 1\nx: 1\nw:\n  z: 1\nb: 2\nc: 3\n"),
        // Items of lists of another length.
        ("a:\n  - x # x\n  - z\n", "{a: [w, x, v, z, u]}", "a:\n  - w\n  - x # x\n  - v\n  - z\n  - u\n"),
        ("a:\n  - x\n  # of z\n  - z # z\n  - x: 1\n", "{a: [{x: 1}]}", "a:\n  - x: 1\n"),
        ("a: [x, z, w]\n", "{a: [x, w]}", "a: [x, w]\n"),
        ("a: [x, z]\n", "{a: [x, v, z]}", "a: [x, v, z]\n"),
        ("a: [x, z]\n", "{a: [v, z]}", "a: [v, z]\n"),
        ("a: [x]\n", "{a: []}", "a: []\n"),
        // YAML in a text.
        (
            "a: |-\n  # why\n  x:  1 # x\n  z: 2\n",
            "a: |-\n  # why\n  x:  1 # x\n  w: 3\n  z: 2\n",
            "a: |-\n  # why\n  x:  1 # x\n  w: 3\n  z: 2\n",
        ),
        ("a: |-\n  # why\n  x:  1 # x\n  z: 2\n", "a: |-\n  # other\n  x: 1\n", "a: |-\n  # other\n  x: 1\n"),
        // Removed.
        ("a: 1\nb: ~\nc: 2\n", "{a: 1, c: 2}", "a: 1\nc: 2\n"),
        // A removed anchor moves to where it is used.
        ("a: {name: &n x, create: true}\nb: *n\n", "{a: {x: {}}, b: x}", "a: {x: {}}\nb: &n x\n"),
        // What changes alike wherever it is used changes at its anchor.
        ("a: &a {x: 1}\nb: *a\n", "{a: {x: 2}, b: {x: 2}}", "a: &a {x: 2}\nb: *a\n"),
        ("a: &p 80 # http\nb: {c: *p}\n", "{a: 81, b: {c: 81}}", "a: &p 81 # http\nb: {c: *p}\n"),
        ("a: &h x\nb: *h\nc: *h\n", "{a: z, b: z, c: w}", "a: &h z\nb: *h\nc: w\n"),
        ("a: &h x\nb: *h\n", "{a: z}", "a: &h z\n"),
        ("a: &a {x: &x 1}\nb: [*a, *x]\n", "{a: {x: 2}, b: [{x: 2}, 2]}", "a: &a {x: &x 2}\nb: [*a, *x]\n"),
        (
            "a: &a\n  x: 1\nb:\n  <<: *a\n  w: 1\n",
            "{a: {x: 2, z: 3}, b: {w: 1, x: 2, z: 3}}",
            "a: &a\n  x: 2\n  z: 3\nb:\n  <<: *a\n  w: 1\n",
        ),
        (
            "a: &a\n  x: 1\nb:\n  <<: *a\n  w: 1\n",
            "{a: {z: 1}, b: {w: 2, z: 1}}",
            "a: &a\n  z: 1\nb:\n  <<: *a\n  w: 2\n",
        ),
        // An alias is written out if its value changes; a merged entry is overridden.
        ("a: &a {x: 1}\nb: *a\n", "{a: {x: 1}, b: {x: 2}}", "a: &a {x: 1}\nb:\n  x: 2\n"),
        (
            "a: &a {x: 1}\nb:\n  <<: *a\n  w: 1\n",
            "{a: {x: 1}, b: {w: 1, x: 2}}",
            "a: &a {x: 1}\nb:\n  <<: *a\n  w: 1\n  x: 2\n",
        ),
    ] {
        assert_eq!(rewritten(text, to), want, "{text}");
    }
}

#[test]
fn what_the_text_does_not_allow_is_an_error() {
    for (text, to, want) in [
        ("a: &a {x: 1}\nb: *a\n", "{a: {x: 2}, b: {x: 1}}", "error anchor-in-use"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  w: 1\n", "{a: {x: 1}, b: {w: 1}}", "error inherited-key"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  w: 1\n", "{a: {x: 2}, b: {w: 1, x: 1}}", "error anchor-in-use"),
        ("a: &h x\nb: [*h]\n", "{a: z, b: [x]}", "error anchor-in-use"),
    ] {
        assert_eq!(rewritten(text, to), want, "{text}");
    }
}

//! YAML in block scalars.

use super::*;

#[test]
fn yaml_in_a_block_scalar_is_edited_in_place() {
    let text = "patches:\n  - patch: |-\n      # why\n      spec:\n        a: 1 # one\n\n        b: 2\n    target: {kind: X}\n";
    let nested = |operation: &dyn for<'n> Fn(&mut Edit<'n>, Node<'n>) -> Result<(), Error>| {
        after(text, |edit, root| {
            let patch = root.get("patches").unwrap().items().next().unwrap().get("patch").unwrap();
            edit.nested(patch, |inner, stream| operation(inner, stream.documents().next().unwrap()))
        })
    };
    assert_eq!(
        nested(&|inner, root| inner.insert_entry(root.get("spec").unwrap(), Place::After("a"), "c", &new())),
        text.replace("# one\n", "# one\n        c:\n          kind: K\n          name: n-1\n")
    );
    assert_eq!(
        nested(&|inner, root| inner.remove_entry(root.get("spec").unwrap(), "a", Emptied::Brackets, drop_it)),
        text.replace("        a: 1 # one\n", "")
    );
    assert_eq!(
        nested(&|inner, root| inner.insert_entry(root.get("spec").unwrap(), Place::First, "c", &New::string("v"))),
        text.replace("        a: 1", "        c: v\n        a: 1")
    );
    assert_eq!(
        nested(&|inner, root| inner.insert_entry(root, Place::Last, "c", &New::string("v"))),
        text.replace("        b: 2\n", "        b: 2\n      c: v\n")
    );
}

#[test]
fn a_block_scalar_without_lines_holds_no_yaml() {
    for text in ["a: |\nb: 1\n", "a: |-\n\n# c\nb: 1\n", "a: |+\n\nb: 1\n", "a: |"] {
        let nested = after(text, |edit, root| edit.nested(root.get("a").unwrap(), |_, _| Ok(())));
        assert!(nested == "unsupported-yaml 1:4" || nested == text, "{nested:?}");
    }
}

#[test]
fn comments_of_a_nested_text_are_not_those_of_the_file() {
    let removed = after("# c\np: |\n  # c\n  a: 1\n  b: 2\n", |edit, root| {
        edit.nested(root.get("p").unwrap(), |inner, stream| {
            inner.remove_entry(stream.documents().next().unwrap(), "a", Emptied::Brackets, drop_it)
        })
    });
    assert_eq!(removed, "# c\np: |\n  b: 2\n");
    let crlf = after("p: |\r\n  a: 1\r\n", |edit, root| {
        edit.nested(root.get("p").unwrap(), |inner, stream| {
            inner.insert_entry(stream.documents().next().unwrap(), Place::Last, "b", &new())
        })
    });
    assert_eq!(crlf, "p: |\r\n  a: 1\r\n  b:\r\n    kind: K\r\n    name: n-1\r\n");
    let cr = after("p: |\r x\n", |edit, root| edit.nested(root.get("p").unwrap(), |_, _| Ok(())));
    assert_eq!(cr, "unsupported-yaml 1:4", "a lone carriage return ends no line here");
    // The place of this error is in the nested text; the same offset in the file is within a
    // character.
    let text = "ü: |\n  a: [\n";
    let stream = Stream::parse(text).unwrap();
    let scalar = stream.documents().next().unwrap().get("ü").unwrap();
    let error = Edit::of(&stream).nested(scalar, |_, _| Ok(())).unwrap_err();
    let shifted = Error { range: 1..1, ..error.clone() };
    assert!(error.render("a.yaml", text).contains("broken-yaml") && shifted.render("a.yaml", text).contains("ü"));
}

#[test]
fn places_in_a_nested_text_are_those_in_the_file() {
    let text = "# ü\np: |\r\n    # one\n    a: &x 1 # two\n    ü: *x\n    c:\n      d: 1\n";
    let stream = Stream::parse(text).unwrap();
    let scalar = stream.documents().next().unwrap().get("p").unwrap();
    let refused = |operation: &dyn for<'n> Fn(&mut Edit<'n>, Node<'n>) -> Result<(), Error>| {
        let mut edit = Edit::of(&stream);
        edit.nested(scalar, |inner, stream| operation(inner, stream.documents().next().unwrap())).unwrap_err()
    };
    let error = refused(&|inner, root| inner.remove_entry(root, "a", Emptied::Brackets, drop_it));
    assert_eq!(error.problem, Problem::AnchorInUse { anchor: "x".into(), used_at: 5 });
    assert_eq!((&text[error.range.clone()], error.at.line, error.at.column), ("&x 1", 4, 8));
    assert!(error.render("a.yaml", text).contains("a: &x 1 # two"));
    let error = refused(&|inner, root| inner.rename_key(root, "c", "ü"));
    assert_eq!((&text[error.range.clone()], error.at.line, error.at.column), ("c", 6, 5));
    let error = refused(&|inner, root| inner.remove_entry(root, "no", Emptied::Brackets, drop_it));
    assert_eq!(text[error.range.clone()].lines().count(), 4, "the root, over its lines");

    let mut edit = Edit::of(&stream);
    edit.nested(scalar, |inner, stream| {
        inner.set(stream.documents().next().unwrap().get("c").unwrap(), &New::string("v"), drop_it)?;
        inner.remove_entry(stream.documents().next().unwrap(), "ü", Emptied::Brackets, drop_it)
    })
    .unwrap();
    assert_eq!(edit.finish().unwrap().comments, []);
    let mut edit = Edit::of(&stream).moving_anchors();
    edit.nested(scalar, |inner, stream| {
        let root = stream.documents().next().unwrap();
        inner.replace_entry(root, "c", "e", &New::string("v"), drop_it)?;
        inner.add_comment_beside(root.get("ü").unwrap(), "three")
    })
    .unwrap();
    assert_eq!(edit.finish().unwrap().comments, []);

    let text = "p: |\n  q: |\n    a: # one\n      - 1\n    b: 2 # two\n";
    let stream = Stream::parse(text).unwrap();
    let mut edit = Edit::of(&stream);
    edit.nested(stream.documents().next().unwrap().get("p").unwrap(), |inner, stream| {
        inner.nested(stream.documents().next().unwrap().get("q").unwrap(), |inner, stream| {
            inner.remove_entry(stream.documents().next().unwrap(), "a", Emptied::Brackets, drop_it)
        })
    })
    .unwrap();
    let comments = edit.finish().unwrap().comments;
    assert_eq!((comments.len(), comments[0].line, &text[comments[0].range.clone()]), (1, 3, "# one"));

    let broken = "p: |\n  x: 1\n  a: [\n";
    let stream = Stream::parse(broken).unwrap();
    let scalar = stream.documents().next().unwrap().get("p").unwrap();
    let error = Edit::of(&stream).nested(scalar, |_, _| Ok(())).unwrap_err();
    assert!(error.at.line >= 3 && error.range.end <= broken.len(), "{error:?}");
}

#[test]
fn errors_in_a_nested_text_that_ends_the_file_lie_in_the_file() {
    let text = "p: |\n  a: 1\n  b: ü";
    let stream = Stream::parse(text).unwrap();
    let scalar = stream.documents().next().unwrap().get("p").unwrap();
    let error = Edit::of(&stream).nested(scalar, |inner, stream| {
        let end = stream.text().len();
        Err(inner.stream.error(0..end, Problem::Overlap))
    });
    assert_eq!(&text[error.unwrap_err().range], "a: 1\n  b: ü");
}

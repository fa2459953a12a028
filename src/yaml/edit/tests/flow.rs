//! Flow collections.

use super::*;

#[test]
fn items_in_flow_over_several_lines() {
    let text = "a: [\n  \"x\", # of x\n  y\n]\n";
    let insert = |at: usize| after(text, |edit, root| edit.insert_item(root.get("a").unwrap(), at, &New::string("m")));
    assert_eq!(insert(0), "a: [\n  m,\n  \"x\", # of x\n  y\n]\n");
    assert_eq!(insert(1), "a: [\n  \"x\", # of x\n  m,\n  y\n]\n");
    assert_eq!(insert(2), "a: [\n  \"x\", # of x\n  y,\n  m\n]\n");
    let remove =
        |at: usize| after(text, |edit, root| edit.remove_item(root.get("a").unwrap(), at, Emptied::Brackets, drop_it));
    assert_eq!(remove(0), "a: [\n  y\n]\n");
    assert_eq!(remove(1), "a: [\n  \"x\" # of x\n]\n", "no comma before, none after");
}

#[test]
fn what_goes_in_flow_takes_one_comma_along() {
    let without = |text: &str, gone: &[usize]| {
        after(text, |edit, root| gone.iter().try_for_each(|at| edit.remove_item(root, *at, Emptied::Brackets, drop_it)))
    };
    assert_eq!(without("[a,b,  c]\n", &[1]), "[a,  c]\n");
    assert_eq!(without("[a, b, c]\n", &[0, 1]), "[c]\n");
    assert_eq!(without("[a, b, c]\n", &[2, 1]), "[a]\n");
    assert_eq!(without("[a, b, c, ]\n", &[1, 2]), "[a, ]\n");
    assert_eq!(without("[\n  a,\n  b, # c\n  d\n]\n", &[1, 2]), "[\n  a\n]\n");
    assert_eq!(without("[\n  a,\n  b,\n  c,\n]\n", &[1, 2]), "[\n  a,\n]\n");
    assert_eq!(without("[a, b,\n  c,\n  d]\n", &[1, 2]), "[a,\n  d]\n");
    assert_eq!(without("[a, b,\n  c\n]\n", &[1, 2]), "[a\n]\n");
    assert_eq!(without("[\n  # of a\n  a,\n  # of b\n  b\n]\n", &[0]), "[\n  # of b\n  b\n]\n");
    assert_eq!(without("[\n  a # a\n  , b # b\n  , c]\n", &[2]), "[\n  a # a\n  , b # b\n   ]\n");
    assert_eq!(without("[a, b]\n", &[1, 1]), "edits-overlap 1:5");
    for all in ["[a, b]\n", "[\n  a,\n  b\n]\n", "- a\n- b\n"] {
        assert_eq!(without(all, &[0, 1]), "unsupported-yaml 1:1", "what would be left is not for us to say");
    }
    let swapped = after("- a\n- b\n", |edit, root| {
        edit.remove_item(root, 0, Emptied::Brackets, drop_it)?;
        edit.remove_item(root, 1, Emptied::Brackets, drop_it)?;
        edit.insert_item(root, 0, &New::string("z"))
    });
    assert_eq!(swapped, "- z\n");
}

#[test]
fn an_empty_value_in_flow_keeps_its_blank() {
    let insert =
        |text: &str| after(text, |edit, root| edit.insert_entry(root, Place::After("a"), "z", &New::string("v")));
    assert_eq!(insert("{a: , b: 1}\n"), "{a: , z: v, b: 1}\n");
    assert_eq!(insert("{a: }\n"), "{a: , z: v}\n");
    assert_eq!(insert("{a}\n"), "{a, z: v}\n");
    assert_eq!(insert("{\n  a:\n}\n"), "{\n  a: ,\n  z: v\n}\n");
    assert_eq!(insert("{\n  a: # c\n}\n"), "{\n  a: , # c\n  z: v\n}\n");
    let remove = |text: &str| after(text, |edit, root| edit.remove_entry(root, "z", Emptied::Brackets, drop_it));
    assert_eq!(remove("{a: , z: v, b: 1}\n"), "{a: , b: 1}\n");
    assert_eq!(remove("{a: , z: v}\n"), "{a: }\n");
}

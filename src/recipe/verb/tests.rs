//! Each verb on values: what it makes, that it does nothing a second time, and what it refuses.

use crate::flux::{Value, View};
use crate::recipe::language::{Known, read};
use crate::recipe::select::Document;
use crate::recipe::stage::{Outcome, run};
use crate::repo::{Memory, RepoPath};

fn value(text: &str) -> Value {
    Value::of(crate::yaml::Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

/// What the steps of a recipe make of a document.
fn made(steps: &str, text: &str) -> Result<Outcome, String> {
    let recipe = format!("recipe: 1\nname: r\nsummary: s\nselect: {{file: '**'}}\ndo:\n{steps}\n");
    let recipe = read("r.yaml", &recipe, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
    let view = View::of(Memory::tree([("a.yaml", text)])).unwrap();
    let path = RepoPath::new("a.yaml").unwrap();
    let root = view.file(&path).unwrap().stream.as_ref().unwrap().document(0).unwrap();
    let document = Document::at_node(&view, &path, root);
    run(&recipe.stages[0], &document, &value(text)).map_err(|refused| format!("{} {}", refused.code, refused.message))
}

#[track_caller]
fn check(steps: &str, before: &str, after: &str) -> Outcome {
    let outcome = made(steps, before).unwrap();
    assert_eq!(outcome.value.to_flow(), value(after).to_flow(), "{steps}");
    let again = made(steps, &outcome.value.to_flow()).unwrap();
    assert!(again.changed_by.is_empty(), "{steps}: once more it would be {}", again.value.to_flow());
    outcome
}

#[track_caller]
fn refused(steps: &str, before: &str, code: &str) {
    let error = made(steps, before).unwrap_err();
    assert!(error.starts_with(code), "{error}");
}

#[test]
fn set_changes_what_is_there() {
    check("- {set: a.b, to: 2}", "{a: {b: 1}}", "{a: {b: 2}}");
    check("- {set: a.c, to: 2}", "{a: {b: 1}}", "{a: {b: 1}}");
    check("- {set: 'l[*].x', to: y, if-equal: z}", "{l: [{x: z}, {x: w}]}", "{l: [{x: y}, {x: w}]}");
    check("- {set: a, to: y, unless-equal: z}", "{a: z}", "{a: z}");
    check("- {set: a, to: y, if-matches: 'z*'}", "{a: zz}", "{a: y}");
    check("- {set: a, to: y, if-equal: 2}", "{a: '2'}", "{a: '2'}");
    check("- {set: a, to: 1}", "{a: ~}", "{a: 1}");
    let outcome = check("- {set: a, to: false, comment: why}", "{a: true}", "{a: false}");
    assert_eq!(outcome.notes.comments.len(), 1);
}

#[test]
fn defaults_of_flux_are_removed() {
    let object = |spec: &str| format!("{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, spec: {spec}}}");
    let check = |step: &str, before: &str, after: &str| check(step, &object(before), &object(after));
    let step = "- {remove: spec.upgrade.*, if: default}";
    check(step, "{upgrade: {force: false, cleanupOnFail: true}}", "{upgrade: {cleanupOnFail: true}}");
    check(step, "{upgrade: {timeout: 6m}, timeout: 6m}", "{timeout: 6m}");
    check("- {remove: spec.timeout, if: default}", "{timeout: 6m}", "{timeout: 6m}");
    refused("- {remove: spec.maxHistory, if: default}", &object("{maxHistory: 5}"), "no-default");
    refused("- {remove: 'l[0]', if: default}", "{l: [1]}", "no-default");
}

#[test]
fn comments_of_copied_keys_stay_in_nested_text() {
    let steps = "- {drop-key: 'old/*', if-copied: 'new/<1>', at: anywhere}";
    let made = made(steps, "patch: |-\n  a:\n    # above\n    old/x: 1 # beside\n    new/x: 1\n  b: 2\n").unwrap();
    let text = made.value.text_at(&["patch"]).unwrap();
    assert_eq!(text, "a:\n  # above\n  # beside\n  new/x: 1\nb: 2");
}

#[test]
fn keys_in_json_patches() {
    let copy = "- {copy-key: 'old.io/*', to: 'new.io/<1>', at: anywhere}";
    let drop = "- {drop-key: 'old.io/*', if-copied: 'new.io/<1>', at: anywhere}";
    let rename = "- {rename-key: 'old.io/*', to: 'new.io/<1>', at: anywhere}";
    let operation =
        |op: &str, prefix: &str| format!("- {{op: {op}, path: /metadata/annotations/{prefix}.io~1x, value: z}}\n");
    let (old, new) = (operation("add", "old"), operation("add", "new"));
    let file =
        |operations: &str| format!("patches:\n  - patch: |\n      {}\n", operations.trim().replace('\n', "\n      "));
    let becomes = |step: &str, before: &str, after: &str| {
        let outcome = made(step, &file(before)).unwrap();
        let patch = outcome.value.get("patches").unwrap().items()[0].text_at(&["patch"]).unwrap();
        assert_eq!(value(patch).to_flow(), value(after).to_flow(), "{step}");
        assert_eq!(outcome.changed_by.is_empty(), before == after, "{step}");
    };
    let both = format!("{old}{new}");
    becomes(copy, &old, &both);
    becomes(drop, &both, &new);
    becomes(rename, &old, &new);
    for step in [copy, drop] {
        becomes(step, &new, &new);
    }
    becomes(copy, &both, &both);
    for op in ["replace", "remove", "test"] {
        refused(copy, &file(&operation(op, "old")), "key-in-json-patch");
    }
    refused("- {drop-key: 'old.io/*', at: anywhere}", &file(&old), "key-in-json-patch");
    let inline = "patchesJson6902: [{op: replace, path: /metadata/annotations/old.io~1x, value: y}]";
    refused(copy, inline, "key-in-json-patch");
}

#[test]
fn add_never_changes_what_is_there() {
    check("- {add: a.c, value: 1}", "{a: {b: 1}}", "{a: {b: 1, c: 1}}");
    check("- {add: a.b, value: 2}", "{a: {b: ~}}", "{a: {b: ~}}");
    check("- {add: x.y.z, value: 2}", "{a: 1}", "{a: 1}");
    check("- {add: x.y.z, value: 2, parents: create}", "{a: 1}", "{a: 1, x: {y: {z: 2}}}");
    check("- {add: a.b, value: 1, place: first}", "{a: {c: 1}}", "{a: {b: 1, c: 1}}");
    check("- {add: a.b, value: 1, place: {before: [x, c]}}", "{a: {d: 1, c: 1}}", "{a: {d: 1, b: 1, c: 1}}");
    check("- {add: a.b, value: 1, place: {after: [d]}}", "{a: {d: 1, c: 1}}", "{a: {d: 1, b: 1, c: 1}}");
    check("- {add: a.b, value: 1, place: sorted}", "{a: {a: 1, c: 1}}", "{a: {a: 1, b: 1, c: 1}}");
    check("- {add: a.b, value: 1, place: sorted}", "{a: {c: 1, a: 1}}", "{a: {c: 1, a: 1, b: 1}}");
    refused("- {add: a.b, value: 1}", "{a: [1]}", "other-shape");
}

#[test]
fn remove_takes_empty_parents_with_it() {
    check("- remove: spec.uninstall.keepHistory", "{spec: {uninstall: {keepHistory: false}, a: 1}}", "{spec: {a: 1}}");
    check("- remove: spec.a.b.c", "{spec: {a: {b: {c: 1}}}}", "{spec: {}}");
    check("- remove: spec.values.a.b", "{spec: {values: {a: {b: 1}}}}", "{spec: {values: {a: {}}}}");
    check(
        "- {remove: spec.values.a.b, emptied: remove}",
        "{spec: {values: {a: {b: 1}, c: 1}}}",
        "{spec: {values: {c: 1}}}",
    );
    check("- {remove: spec.a.b, emptied: keep}", "{spec: {a: {b: 1}}}", "{spec: {a: {}}}");
    check("- {remove: 'l[*]', if-equal: x}", "{l: [x, y, x]}", "{l: [y]}");
    check("- {remove: a, if-equal: {c: 1, b: 2}}", "{a: {b: 2, c: 1}}", "{}");
}

#[test]
fn move_has_one_way() {
    check("- {move: a.b, to: a.c}", "{a: {b: 1, d: 2}}", "{a: {c: 1, d: 2}}");
    check("- {move: a.b, to: x.y.z}", "{a: {b: {k: v}, c: 1}}", "{a: {c: 1}, x: {y: {z: {k: v}}}}");
    check("- {move: a.b, to: a.c}", "{a: {b: 1, c: 1}}", "{a: {c: 1}}");
    check("- {move: a.b, to: a.c}", "{a: {c: 1}}", "{a: {c: 1}}");
    refused("- {move: a.b, to: a.c}", "{a: {b: 1, c: 2}}", "both-there");
    refused("- {move: a, to: a.b.c}", "{a: {b: {}}}", "other-shape");
}

#[test]
fn keys_are_renamed_copied_and_dropped() {
    let rename = "- {rename-key: 'old/*', to: 'new/<1>', at: anywhere}";
    check(rename, "{m: {a: 1, old/x: 1, b: 2}, l: [{old/y: z}]}", "{m: {a: 1, new/x: 1, b: 2}, l: [{new/y: z}]}");
    check(rename, "{old/x: 1, new/x: 1}", "{new/x: 1}");
    refused(rename, "{old/x: 1, new/x: 2}", "both-there");
    let copy = "- {copy-key: 'old/*', to: 'new/<1>', at: anywhere}";
    check(copy, "{old/x: 1, b: 2, old/y: 2}", "{old/x: 1, new/x: 1, b: 2, old/y: 2, new/y: 2}");
    check(copy, "{old/x: 1, new/x: 1}", "{old/x: 1, new/x: 1}");
    refused(copy, "{old/x: 1, new/x: 2}", "both-there");
    let drop = "- {drop-key: 'old/*', if-copied: 'new/<1>', at: anywhere}";
    let outcome =
        check(drop, "{old/x: 1, new/x: 1, old/y: 2, old/z: 3, new/z: 4}", "{new/x: 1, old/y: 2, old/z: 3, new/z: 4}");
    assert_eq!(outcome.notes.kept.successors.len(), 1);
    check("- {drop-key: 'G_*', at: spec.a.b}", "{spec: {a: {b: {G_X: 1}}, c: 1}}", "{spec: {c: 1}}");
    check("- {drop-key: 'G_*', at: spec.a}", "{spec: {a: {G_X: 1, H: 2}}}", "{spec: {a: {H: 2}}}");
    check("- {copy-key: a, to: b, value: new, at: m}", "{m: {a: old}}", "{m: {a: old, b: new}}");
}

#[test]
fn keys_in_texts_and_names_of_items_are_reached() {
    let copy = "- {copy-key: 'old/*', to: 'new/<1>', at: anywhere, entries: [props]}";
    let text =
        "data:\n  a.yaml: |\n    # why\n    m:\n      old/x: 1 # x\n      z: 2\nprops:\n  - {name: old/p, value: y}\n";
    let outcome = made(copy, text).unwrap();
    let nested = outcome.value.text_at(&["data", "a.yaml"]).unwrap();
    assert_eq!(nested, "# why\nm:\n  old/x: 1 # x\n  new/x: 1\n  z: 2\n");
    assert_eq!(outcome.value.get("props").unwrap().items().len(), 2);
    check("- {copy-key: 'old/*', to: 'new/<1>', at: anywhere}", "{a: old/x, name: old/y}", "{a: old/x, name: old/y}");
}

#[test]
fn expand_and_contract_are_a_rename() {
    let text = "{m: {old/x: 1, b: 2, old/y: {old/z: [1]}}, l: [{old/x: a}]}";
    let expanded = made("- {copy-key: 'old/*', to: 'new/<1>', at: anywhere}", text).unwrap().value;
    let contracted =
        made("- {drop-key: 'old/*', if-copied: 'new/<1>', at: anywhere}", &expanded.to_flow()).unwrap().value;
    let renamed = made("- {rename-key: 'old/*', to: 'new/<1>', at: anywhere}", text).unwrap().value;
    assert_eq!(contracted.to_flow(), renamed.to_flow());
}

#[test]
fn lists_get_lose_and_replace_items() {
    check("- {list: l, add: x}", "{l: [y]}", "{l: [y, x]}");
    check("- {list: l, add: x, place: first}", "{l: [y]}", "{l: [x, y]}");
    check("- {list: l, add: x}", "{l: [x]}", "{l: [x]}");
    check("- {list: l, add: x}", "{l: ~}", "{l: [x]}");
    check("- {list: l, add: x}", "{a: 1}", "{a: 1}");
    check("- {list: s.l, add: x, parents: create}", "{a: 1}", "{a: 1, s: {l: [x]}}");
    check("- {list: l, add: {name: a, v: 1}, unique: name}", "{l: [{name: b}]}", "{l: [{name: b}, {name: a, v: 1}]}");
    refused("- {list: l, add: {name: a, v: 1}, unique: name}", "{l: [{name: a}]}", "both-there");
    refused("- {list: l, add: x}", "{l: {}}", "other-shape");
    check("- {list: l, remove: x}", "{l: [x, y, x]}", "{l: [y]}");
    check("- {list: spec.l, remove: {matches: '*/x/*'}}", "{spec: {l: [a/x/b], b: 1}}", "{spec: {b: 1}}");
    check("- {list: l, remove: {where: {k: v}}}", "{l: [{k: v, a: 1}, {k: w}]}", "{l: [{k: w}]}");
    check("- {list: l, replace: x, with: w}", "{l: [a, x, b]}", "{l: [a, w, b]}");
    check("- {list: l, replace: x, with: w}", "{l: [a, x, w]}", "{l: [a, w]}");
}

#[test]
fn text_is_replaced_in_values() {
    check(
        "- {text: old, to: new, at: anywhere}",
        "{old: old-x, l: [an old one, 1]}",
        "{old: new-x, l: [an new one, 1]}",
    );
    let word = "- {text: onepassword, to: onepassword-connect, at: anywhere, word: true}";
    check(
        word,
        "{a: onepassword, b: 'my onepassword.', c: onepassword-connect}",
        "{a: onepassword-connect, b: 'my onepassword-connect.', c: onepassword-connect}",
    );
}

#[test]
fn what_would_change_its_own_result_is_refused() {
    refused("- {rename-key: 'a*', to: 'ab<1>', at: anywhere}", "{ax: 1}", "recipe-not-idempotent");
    refused(
        "- {set: a, to: x, if-equal: y}\n- {set: b, to: 2}\n- {set: a, to: y, if-equal: x}\n- {list: l, add: z}\n- {remove: 'l[0]'}",
        "{a: y, b: 1, l: [1, 2]}",
        "recipe-not-idempotent",
    );
}

#[test]
fn what_steps_have_seen_is_known() {
    let seen = |steps: &str, text: &str| made(steps, text).unwrap().seen[0].unwrap();
    assert!(seen("- {set: a.b, to: 1}", "{a: {b: 1}}").state);
    assert!(!seen("- {set: a.b, to: 1}", "{c: 1}").state);
    assert!(!seen("- {remove: spec.uprgade.x}", "{spec: {upgrade: {x: 1}}}").state);
    assert!(seen("- {rename-key: 'old/*', to: 'new/<1>', at: anywhere}", "{new/x: 1}").state, "its result");
    assert!(!seen("- {copy-key: 'odl/*', to: 'nwe/<1>', at: anywhere}", "{old/x: 1}").state);
    assert!(seen("- {text: old, to: new, at: anywhere}", "{a: new}").state);
}

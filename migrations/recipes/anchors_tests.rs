//! What becomes of anchors, aliases and merge keys: each row of the table of the language.

use super::testing::tried;

/// What a step makes of a file; the code of what is refused, if it is.
fn made(step: &str, text: &str) -> String {
    const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let quoted = serde_json::to_string(&format!("{OBJECT}{text}")).unwrap();
    let recipe = format!("recipe: 1\nname: r\nsummary: s\noptional: true\nselect: {{file: a.yaml}}\ndo: [{step}]\n");
    let result = tried("r", &recipe, &format!("- {{name: shown, before: {{a.yaml: {quoted}}}, after: same}}\n"));
    match result.wrong.iter().find_map(|wrong| wrong.strip_prefix("refused is ")) {
        Some(refused) => refused.split(',').next().unwrap().to_owned(),
        None => result.changed.get("a.yaml").and_then(|text| text.strip_prefix(OBJECT)).unwrap_or("same").to_owned(),
    }
}

#[test]
fn anchors_and_aliases_stay_what_they_are() {
    const COPY: &str = "{copy-key: old, to: new, at: anywhere}";
    const DROP: &str = "{drop-key: old, if-copied: new, at: anywhere}";
    const RENAME: &str = "{rename-key: old, to: new, at: anywhere}";
    const TEXT: &str = "{text: x.io, to: z.io, at: anywhere}";
    for (step, text, expected) in [
        // The value is an alias: a text is written out there alone, a key keeps it, a copy is the same.
        ("{text: x.io, to: z.io, at: b.c}", "a: &h x.io # h\nb: {c: *h}\n", "a: &h x.io # h\nb: {c: z.io}\n"),
        (RENAME, "a: &h x\nb:\n  old: *h # b\n", "a: &h x\nb:\n  new: *h # b\n"),
        (COPY, "a: &h x\nb:\n  old: *h # b\n", "a: &h x\nb:\n  old: *h # b\n  new: *h\n"),
        // The value has an anchor: it changes with all its uses, or not at all.
        (TEXT, "a: &h x.io\nb: [*h, *h]\nc: x.io\n", "a: &h z.io\nb: [*h, *h]\nc: z.io\n"),
        ("{text: x.io, to: z.io, at: a}", "a: &h x.io\nb: *h\n", "anchor-in-use"),
        (RENAME, "a: &m {old: x}\nb: *m\n", "a: &m {new: x}\nb: *m\n"),
        ("{rename-key: old, to: new, at: a}", "a: &m {old: x}\nb: *m\n", "anchor-in-use"),
        // A copy of what has an anchor is an alias of it; collections likewise.
        (COPY, "b:\n  old: &h x\n  z: *h\n", "b:\n  old: &h x\n  new: *h\n  z: *h\n"),
        (COPY, "b: {old: &h {k: [v]}, z: w}\n", "b: {old: &h {k: [v]}, new: *h, z: w}\n"),
        (COPY, "b:\n  old: &h\n    k: v\n", "b:\n  old: &h\n    k: v\n  new: *h\n"),
        (COPY, "a: &m\n  old: x\nb: *m\n", "a: &m\n  old: x\n  new: x\nb: *m\n"),
        (
            "{copy-key: old, to: new, value: why, at: anywhere}",
            "b:\n  old: &h x\n  z: *h\n",
            "b:\n  old: &h x\n  new: why\n  z: *h\n",
        ),
        // What goes has an anchor in use: the copy carries it, each use belongs to the one before it.
        (DROP, "b:\n  old: &h x\n  new: *h\n  z: *h\n", "b:\n  new: &h x\n  z: *h\n"),
        (DROP, "b:\n  old: &h x\n  new: *h\nc: {d: &h y, e: *h}\n", "b:\n  new: &h x\nc: {d: &h y, e: *h}\n"),
        ("{remove: a}", "a: &h x\nb: *h\nc: *h\n", "b: &h x\nc: *h\n"),
        // The key comes by a merge.
        ("{set: b.old, to: why}", "a: &m {old: x}\nb:\n  <<: *m\n", "a: &m {old: x}\nb:\n  <<: *m\n  old: why\n"),
        ("{add: b.new, value: why}", "a: &m {old: x}\nb:\n  <<: *m\n", "a: &m {old: x}\nb:\n  <<: *m\n  new: why\n"),
        ("{remove: b.old}", "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "inherited-key"),
        ("{rename-key: old, to: new, at: b}", "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "inherited-key"),
        ("{drop-key: old, at: b}", "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "inherited-key"),
        ("{move: b.old, to: c}", "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "inherited-key"),
        (RENAME, "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "a: &m {new: x}\nb:\n  <<: *m\n  k: v\n"),
        (COPY, "a: &m {old: x}\nb:\n  <<: *m\n  k: v\n", "a: &m {old: x, new: x}\nb:\n  <<: *m\n  k: v\n"),
        // Flow is edited in flow, and YAML in a literal text as such.
        ("{add: a.l, value: [1]}", "a: {k: v} # a\n", "a: {k: v, l: [1]} # a\n"),
        (COPY, "p: |\n  b:\n    old: &h x # h\n    z: *h\n", "p: |\n  b:\n    old: &h x # h\n    new: *h\n    z: *h\n"),
        // Comments of what goes are listed as dropped, those of what is renamed or replaced stay.
        ("{remove: a.old}", "a:\n  # above\n  old: x # beside\n  k: v # k\n", "a:\n  k: v # k\n"),
        (RENAME, "a:\n  # above\n  old: x # beside\n", "a:\n  # above\n  new: x # beside\n"),
        ("{set: a.old, to: why}", "a:\n  # above\n  old: x # beside\n", "a:\n  # above\n  old: why # beside\n"),
        (DROP, "a:\n  # above\n  old: x # beside\n  new: x\n", "a:\n  # above\n  # beside\n  new: x\n"),
    ] {
        assert_eq!(made(step, text), expected, "{step}\n{text}");
    }
}

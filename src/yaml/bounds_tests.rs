//! What is too deep, too long or too odd: it works or is refused with a stable code. Each of these
//! takes a second or so; where the work is quadratic, it takes hours.

use super::{Edit, Emptied, Error, Fate, New, Node, Place, Stream};

/// The text after an operation on its first root, or the code of the refusal.
fn after(text: &str, operation: impl for<'s> FnOnce(&mut Edit<'s>, Node<'s>) -> Result<(), Error>) -> String {
    let result = Stream::parse(text).and_then(|stream| {
        let mut edit = Edit::of(&stream);
        operation(&mut edit, stream.documents().next().unwrap())?;
        Ok(edit.finish()?.splices.apply(stream.text()).unwrap())
    });
    result.unwrap_or_else(|error| {
        assert!(text.get(error.range.clone()).is_some(), "the error lies in the text");
        assert!(error.render("a.yaml", text).contains(error.problem.code()));
        error.problem.code().to_owned()
    })
}

/// The text with an entry `z: v` put behind the last one.
fn with_z(text: &str) -> String {
    after(text, |edit, root| edit.insert_entry(root, Place::Last, "z", &New::string("v")))
}

fn without_a(text: &str) -> String {
    after(text, |edit, root| edit.remove_entry(root, "a", Emptied::Brackets, |_| Fate::Dropped("test".to_owned())))
}

/// If the inserted entry ends the text, nothing else has changed.
fn takes_z(text: &str) {
    let result = with_z(text);
    let same = result.strip_suffix("z: v\n") == Some(text);
    assert!(same, "{:.100?} -> {:.100?}", text, result);
}

#[test]
fn nesting_ends_at_the_joint_limit() {
    let mappings = |levels: usize| (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    let sequences = |levels: usize| format!("a:\n{}1\n", "- ".repeat(levels - 1));
    let flow = |levels: usize| format!("a: {}{}\n", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let flow_mappings = |levels: usize| format!("a: {}1{}\n", "{b: ".repeat(levels - 1), "}".repeat(levels - 1));
    for nested in [&mappings as &dyn Fn(usize) -> String, &sequences, &flow, &flow_mappings] {
        takes_z(&nested(127));
        assert_eq!(with_z(&nested(129)), "broken-yaml");
        assert_eq!(with_z(&nested(2_000)), "broken-yaml");
    }
    // The first parser counts block and flow nesting separately.
    let both = mappings(100).trim_end().to_owned() + &" [".repeat(100) + &"]".repeat(100) + "\n";
    assert_eq!(with_z(&both), "parsers-disagree");
}

#[test]
fn aliases_that_expand_to_too_much() {
    let aliases = |level: usize| vec![format!("*a{level}"); 9].join(", ");
    let bomb: String = (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", aliases(level - 1))).collect();
    assert_eq!(with_z(&format!("a0: &a0 [x, x]\n{bomb}")), "parsers-disagree");
    // Few nodes, but so deep that recursion would overflow the stack.
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let chain: String = (1..150).map(|level| format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1)).collect();
    assert_eq!(with_z(&format!("a0: &a0 x\n{chain}")), "parsers-disagree");
    assert_eq!(with_z("a: &x [*x]\n"), "parsers-disagree");
}

#[test]
fn merges_that_expand_to_too_much() {
    let merges = |level: usize| vec![format!("*a{level}"); 9].join(", ");
    let bomb: String = (1..16).map(|level| format!("a{level}: &a{level} {{<<: [{}]}}\n", merges(level - 1))).collect();
    let stream = Stream::parse(format!("a0: &a0 {{x: 1}}\n{bomb}b: {{<<: *a15}}\n")).unwrap();
    let merged = stream.documents().next().unwrap().get("b").unwrap();
    assert_eq!(merged.get("x").and_then(Node::text), Some("1"));
    assert!(merged.get("y").is_none());
}

#[test]
fn many_anchors() {
    let anchors: String = (0..20_000).map(|n| format!("  k{n}: &a{n} v\n")).collect();
    assert_eq!(without_a(&format!("a:\n{anchors}b: 1\n")), "b: 1\n");
}

#[test]
fn a_megabyte() {
    let long = "0123456789abcdef".repeat(1_000_000 / 16);
    let lines = "  0123456789abcde\n".repeat(1_000_000 / 18);
    takes_z(&format!("a: {long}\n"));
    takes_z(&format!("a: \"{}\"\n", "\\x41".repeat(1_000_000 / 4)));
    takes_z(&format!("a: '{}'\n", "''".repeat(1_000_000 / 2)));
    takes_z(&format!("a: |\n  {long}\n"));
    takes_z(&format!("a: |\n{lines}"));
    takes_z(&format!("a: >\n{lines}"));
    takes_z(&format!("a:\n{lines}"));
    takes_z(&format!("a:{}b\n", "\n ".repeat(1_000_000 / 2)));
    takes_z(&format!("a: # {long}\n  b\n"));
}

#[test]
fn tens_of_thousands_of_comments() {
    let many: String = (0..30_000).map(|n| format!("  # {n} | a > b\n")).collect();
    takes_z(&format!("a:\n{many}  b: 1\n"));
    takes_z(&format!("a:\n{many}  |\n  b: 1\n"));
    takes_z(&format!("a:\n  -\n{many}    b: 1\n"));
    takes_z(&format!("a: [\n{many}  ]\n"));
    takes_z(&format!("a:\n{}- x\n", "- |\n x\n# c | c\n".repeat(30_000)));
    assert_eq!(without_a(&format!("a:\n{many}  b: 1\nc: 1\n")), "c: 1\n");
    assert_eq!(without_a(&format!("{}a: 1\nc: 1\n", many.replace("  # ", "# "))), "c: 1\n");
}

#[test]
fn characters_that_are_no_plain_text() {
    let cases = [
        ("a: \0\n", "broken-yaml"),
        ("a: \u{7}\n", "broken-yaml"),
        ("a: 1\n\u{feff}b: 1\n", "broken-yaml"),
        ("a:\n\tb: 1\n", "broken-yaml"),
        ("\ta: 1\n", "parsers-disagree"),
        ("a:\t1\t# c\n", "a:\t1\t# c\nz: v\n"),
        // A lone carriage return ends a line in YAML, but not in git or an editor.
        ("a: 1\rb: 2\r", "parsers-disagree"),
        ("a: 1\r\n# c\rb: 2\n", "parsers-disagree"),
        ("a: x\ry\n", "broken-yaml"),
        ("a: 1\r\nb: 2", "a: 1\r\nb: 2\r\nz: v"),
        ("a: 1\r\nb: 2\n", "a: 1\r\nb: 2\nz: v\n"),
        ("a: 1\nb: 2\r\n", "a: 1\nb: 2\r\nz: v\r\n"),
        ("a: 1", "a: 1\nz: v"),
        ("a:", "a:\nz: v"),
        ("\u{feff}a: 1\n", "\u{feff}a: 1\nz: v\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(with_z(text), expected, "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_stays_first() {
    let text = "\u{feff}# c\na: # d\n  # e\n  x: 1\nb: 2\n";
    assert_eq!(without_a(text), "\u{feff}b: 2\n");
    let first = after(text, |edit, root| edit.insert_entry(root, Place::First, "z", &New::string("v")));
    assert_eq!(first, text.replace("# c", "z: v\n# c"));
    let moved = after(&text.replace("# c\n", ""), |edit, root| {
        edit.set(root.get("a").unwrap(), &New::string("v"), |_| Fate::Moved)
    });
    assert_eq!(moved, "\u{feff}# e\na: v # d\nb: 2\n");
}

#[test]
fn keys_over_1024_characters_are_refused() {
    takes_z(&format!("{}: 1\n", "k".repeat(1024)));
    assert_eq!(with_z(&format!("{}: 1\n", "k".repeat(1025))), "broken-yaml");
    assert_eq!(with_z(&format!("\"{}\": 1\n", "k".repeat(1025))), "broken-yaml");
    assert_eq!(with_z(&format!("{{{}: 1}}\n", "k".repeat(100_000))), "broken-yaml");
    let written = after("a: 1\n", |edit, root| edit.rename_key(root, "a", &"k".repeat(1025)));
    assert_eq!(written, "parsers-disagree");
}

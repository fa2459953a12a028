//! A generator of YAML text: a tree with its layout is made up, and written as a person might have.

use proptest::collection::vec;
use proptest::prelude::*;

/// A generated file.
#[derive(Clone)]
pub(crate) struct Text {
    pub text: String,
    /// Its comments, `#` included, in order.
    pub comments: Vec<String>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

const PLAIN: &[&str] = &[
    "x",
    "y",
    "some text",
    "3.7",
    "1.10",
    "true",
    "no",
    "null",
    "~",
    "0775",
    "2024-01-01",
    "http://h:80/p?q=1#f",
    "a#b",
    "it's",
    "ünï 🎈",
    "a, b]",
    "-x",
    "x:y",
    "${V}",
    "=",
    "-1",
    "two  blanks",
    "a\tb",
    "./b",
    "日本",
];
const IN_FLOW: &[&str] = &["x", "y", "some text", "3.7", "true", "null", "~", "http://h:80/p", "ünï", "-x", "0775"];
const LINES: &[&str] = &["first", "second line", "- third", "ü four", "", "it's"];
const QUOTED: &[&str] = &["", "x", "a: b", "# no comment", "- x", "ü🎈", "{{ x }}", "no", " ends ", "| x", "a]", "y"];
const BODY: &[&str] =
    &["a: 1", "# no comment", "- x", "", "  deeper: 2", "ü", "\ttab", "b: |", "ends ", "'", "[", "c: [d]"];
const KEYS: &[&str] =
    &["a", "b", "c", "metadata", "spec", "key with blanks", "ü", "/x", "1", "no", "r", "long-key-name"];
const COMMENTS: &[&str] = &[
    "# c", "#", "#!x", "# a: b", "# - x", "# |", "# >+", "# it's", "# ü🎈", "# [", "## x ##", "# \"", "#? #", "# ] }",
];

#[derive(Clone, Copy, Debug)]
enum Line {
    Blank,
    Blanks(usize),
    Comment { text: usize, deeper: bool },
}

#[derive(Clone, Copy, Debug)]
enum Key {
    Plain(usize),
    Quoted { double: bool, text: usize },
    Alias(usize),
    Anchored(usize),
    Explicit(usize),
    Merge,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Block,
    FlowLine,
    FlowLines { comma: bool, closing: usize },
}

#[derive(Clone, Debug)]
enum What {
    Empty,
    Alias(usize),
    Plain(usize),
    PlainLines(Vec<usize>),
    Quoted { double: bool, text: usize },
    QuotedLines { double: bool, lines: Vec<usize> },
    Block { folded: bool, chomp: &'static str, indicator: bool, indent: usize, lines: Vec<usize> },
    Collection { mapping: bool, shape: Shape, step: usize, children: Vec<Child> },
}

/// A node with its surroundings on its line.
#[derive(Clone, Debug)]
struct Tree {
    anchor: bool,
    tag: bool,
    gap: usize,
    /// On a line of its own below its key or dash, where that is a matter of choice.
    below: bool,
    trailing: Option<usize>,
    what: What,
}

#[derive(Clone, Debug)]
struct Child {
    above: Vec<Line>,
    key: Key,
    value: Tree,
}

#[derive(Clone, Debug)]
struct Document {
    above: Vec<Line>,
    dashes: bool,
    root: Tree,
    below: Vec<Line>,
    dots: bool,
}

#[derive(Clone, Debug)]
enum Breaks {
    Lf,
    CrLf,
    Mixed(u64),
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let comment = (0..COMMENTS.len(), prop::bool::weighted(0.2));
    let line = prop_oneof![
        4 => comment.prop_map(|(text, deeper)| Line::Comment { text, deeper }),
        2 => Just(Line::Blank),
        1 => (1..5usize).prop_map(Line::Blanks),
    ];
    prop_oneof![5 => Just(Vec::new()), 2 => vec(line, 1..4)]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        20 => (0..KEYS.len()).prop_map(Key::Plain),
        2 => (any::<bool>(), 0..KEYS.len()).prop_map(|(double, text)| Key::Quoted { double, text }),
        1 => (0..8usize).prop_map(Key::Alias),
        1 => (0..KEYS.len()).prop_map(Key::Anchored),
        1 => (0..KEYS.len()).prop_map(Key::Explicit),
        1 => Just(Key::Merge),
    ]
}

fn dressed(what: impl Strategy<Value = What>) -> impl Strategy<Value = Tree> {
    let trailing = prop_oneof![4 => Just(None), 1 => (0..COMMENTS.len()).prop_map(Some)];
    let properties = (prop::bool::weighted(0.1), prop::bool::weighted(0.03));
    let gap = prop_oneof![8 => Just(1usize), 1 => 2..4usize];
    (what, properties, gap, prop::bool::weighted(0.15), trailing)
        .prop_map(|(what, (anchor, tag), gap, below, trailing)| Tree { anchor, tag, gap, below, trailing, what })
}

fn leaf() -> impl Strategy<Value = What> {
    let chomp = prop_oneof![3 => Just(""), 3 => Just("-"), 2 => Just("+")];
    let block = (any::<bool>(), chomp, prop::bool::weighted(0.25), 1..5usize, vec(0..BODY.len(), 0..5));
    prop_oneof![
        2 => Just(What::Empty),
        2 => (0..8usize).prop_map(What::Alias),
        8 => (0..PLAIN.len()).prop_map(What::Plain),
        1 => vec(0..LINES.len(), 2..4).prop_map(What::PlainLines),
        3 => (any::<bool>(), 0..QUOTED.len()).prop_map(|(double, text)| What::Quoted { double, text }),
        1 => (any::<bool>(), vec(0..LINES.len(), 2..4)).prop_map(|(double, lines)| What::QuotedLines { double, lines }),
        4 => block.prop_map(|(folded, chomp, indicator, indent, lines)| What::Block { folded, chomp, indicator, indent, lines }),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    dressed(leaf()).prop_recursive(4, 24, 4, |inner| {
        let shape = prop_oneof![
            8 => Just(Shape::Block),
            2 => Just(Shape::FlowLine),
            1 => (any::<bool>(), 0..3usize).prop_map(|(comma, closing)| Shape::FlowLines { comma, closing }),
        ];
        let step = prop_oneof![1 => Just(0usize), 6 => Just(2usize), 1 => 1..5usize];
        let child = (lines(), key(), inner).prop_map(|(above, key, value)| Child { above, key, value });
        let collection = (prop::bool::weighted(0.65), shape, step, vec(child, 0..5));
        dressed(collection.prop_map(|(mapping, shape, step, children)| What::Collection {
            mapping,
            shape,
            step,
            children,
        }))
    })
}

/// Generated files, most of them valid; see the test of the rate of those that are not.
pub(crate) fn yaml() -> impl Strategy<Value = Text> {
    let root = prop_oneof![1 => tree(), 9 => tree().prop_filter("a collection", |tree| matches!(&tree.what, What::Collection { .. }))];
    let document = (lines(), any::<bool>(), root, lines(), prop::bool::weighted(0.1))
        .prop_map(|(above, dashes, root, below, dots)| Document { above, dashes, root, below, dots })
        .boxed();
    let documents = prop_oneof![3 => vec(document.clone(), 1..2), 1 => vec(document, 1..4)];
    let breaks = prop_oneof![6 => Just(Breaks::Lf), 2 => Just(Breaks::CrLf), 1 => any::<u64>().prop_map(Breaks::Mixed)];
    (documents, breaks, prop::bool::weighted(0.05), prop::bool::weighted(0.8)).prop_map(
        |(documents, breaks, bom, newline)| {
            let mut writer = Writer::default();
            documents.iter().for_each(|document| writer.document(document));
            let mut text = writer.out;
            if !newline && text.ends_with('\n') {
                text.pop();
            }
            let mut number = 0;
            let mut line_break = || {
                number += 1;
                match breaks {
                    Breaks::Lf => "\n",
                    Breaks::CrLf => "\r\n",
                    Breaks::Mixed(bits) if bits >> (number % 64) & 1 == 0 => "\n",
                    Breaks::Mixed(_) => "\r\n",
                }
            };
            let mut with_breaks = String::new();
            for line in text.split_inclusive('\n') {
                with_breaks.push_str(line.trim_end_matches('\n'));
                if line.ends_with('\n') {
                    with_breaks.push_str(line_break());
                }
            }
            let bom = if bom { "\u{feff}" } else { "" };
            Text { text: format!("{bom}{with_breaks}"), comments: writer.comments }
        },
    )
}

#[derive(Default)]
struct Writer {
    out: String,
    comments: Vec<String>,
    anchors: Vec<String>,
    documents: usize,
    dots: bool,
    /// A block scalar was written last: what is deeper than its parent would belong to it.
    in_block: bool,
    /// It was a document.
    block_at_root: bool,
}

impl Writer {
    fn document(&mut self, document: &Document) {
        self.anchors.clear();
        let dashes = document.dashes || self.documents > 0 && !self.dots;
        if !self.block_at_root {
            self.lines(&document.above, 0);
        }
        if dashes {
            self.out.push_str("---");
        }
        self.documents += 1;
        self.dots = document.dots;
        self.in_block = false;
        let root = &document.root;
        match &root.what {
            What::Collection { mapping, shape: Shape::Block, children, .. } if !children.is_empty() => {
                let properties = self.properties(root);
                if dashes || !properties.is_empty() {
                    self.out.push_str(if dashes && !properties.is_empty() { " " } else { "" });
                    self.out.push_str(&properties);
                    self.trailing(root.trailing);
                    self.out.push('\n');
                }
                self.children(*mapping, children, 0, false);
                self.register(root, &properties);
            }
            _ => {
                let before = self.out.len();
                self.value(root, 0, None);
                // Without dashes, nothing stands before the root.
                if !dashes && self.out[before..].starts_with(' ') {
                    let blanks = self.out[before..].len() - self.out[before..].trim_start_matches(' ').len();
                    self.out.replace_range(before..before + blanks, "");
                }
            }
        }
        if !self.out.ends_with('\n') && !self.out.is_empty() {
            self.out.push('\n');
        }
        self.block_at_root = self.in_block && matches!(root.what, What::Block { .. });
        if !self.block_at_root {
            self.lines(&document.below, 0);
        }
        if document.dots {
            self.out.push_str("...\n");
            self.in_block = false;
            self.block_at_root = false;
        }
    }

    fn lines(&mut self, lines: &[Line], column: usize) {
        for line in lines {
            match *line {
                Line::Blank => {}
                Line::Blanks(count) => self.indent(if self.in_block { 0 } else { count }),
                Line::Comment { text, deeper } => {
                    self.indent(column + if deeper && !self.in_block { 2 } else { 0 });
                    self.out.push_str(COMMENTS[text]);
                    self.comments.push(COMMENTS[text].to_owned());
                }
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, column: usize) {
        self.out.push_str(&" ".repeat(column));
    }

    fn trailing(&mut self, comment: Option<usize>) {
        let Some(comment) = comment else { return };
        self.out.push_str(if comment % 3 == 0 { "  " } else { " " });
        self.out.push_str(COMMENTS[comment]);
        self.comments.push(COMMENTS[comment].to_owned());
    }

    /// Anchor and tag; the anchor can be used after [`Writer::register`].
    fn properties(&mut self, tree: &Tree) -> String {
        let anchor = tree.anchor.then(|| format!("&a{}", self.out.len() % 4));
        let tag = tree.tag.then(|| "!t".to_owned());
        [anchor, tag].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn register(&mut self, tree: &Tree, properties: &str) {
        if tree.anchor {
            let name = properties.split(' ').next().unwrap().trim_start_matches('&').to_owned();
            self.anchors.push(name);
        }
    }

    fn alias(&self, which: usize) -> Option<String> {
        (!self.anchors.is_empty()).then(|| format!("*{}", self.anchors[which % self.anchors.len()]))
    }

    /// Writes what follows a `:` or `-`, up to the end of its last line. `compact` is the column of
    /// that which may follow a dash.
    fn value(&mut self, tree: &Tree, parent: usize, dash: Option<usize>) {
        let gap = " ".repeat(tree.gap);
        if let What::Collection { mapping, shape: Shape::Block, step, children } = &tree.what
            && !children.is_empty()
        {
            let properties = self.properties(tree);
            let indentless = *step == 0 && !mapping && dash.is_none();
            let column = if indentless { parent } else { parent + (*step).max(1) };
            match dash {
                Some(dash) if properties.is_empty() && !tree.below => {
                    self.out.push_str(&gap);
                    self.children(*mapping, children, dash + 1 + tree.gap, true);
                }
                _ => {
                    if !properties.is_empty() {
                        self.out.push_str(&format!("{gap}{properties}"));
                    }
                    self.trailing(tree.trailing);
                    self.out.push('\n');
                    self.children(*mapping, children, column, false);
                }
            }
            return self.register(tree, &properties);
        }
        self.in_block = false;
        if let What::Alias(which) = tree.what {
            let alias = self.alias(which).unwrap_or_else(|| "none".to_owned());
            self.out.push_str(&format!("{gap}{alias}"));
            return self.trailing(tree.trailing);
        }
        let properties = self.properties(tree);
        if !matches!(tree.what, What::Collection { .. }) {
            self.register(tree, &properties);
        }
        let mut parts = vec![properties.clone()];
        let break_and_indent = format!("\n{}", " ".repeat(parent + 2));
        match &tree.what {
            What::Empty => {}
            What::Plain(text) => parts.push(PLAIN[*text].to_owned()),
            What::PlainLines(lines) => {
                let mut lines: Vec<_> = lines.iter().map(|line| LINES[*line]).collect();
                lines[0] = "plain";
                let last = lines.len() - 1;
                lines[last] = "end";
                let lines = lines.iter().enumerate().map(|(at, line)| match (at, *line) {
                    (0, line) => line.to_owned(),
                    (_, "") => "\n".to_owned(),
                    (_, line) => format!("{break_and_indent}{line}"),
                });
                parts.push(lines.collect());
            }
            What::Quoted { double, text } => parts.push(quoted(*double, QUOTED[*text])),
            What::QuotedLines { double, lines } => {
                let lines: Vec<_> = lines.iter().map(|line| LINES[*line]).collect();
                let quoted = quoted(*double, &lines.join("\u{1}")).replace('\u{1}', &break_and_indent);
                parts.push(quoted.replace(&format!("{break_and_indent}\n"), "\n\n"));
            }
            What::Block { folded, chomp, indicator, indent, lines } => {
                let lines: Vec<_> = lines.iter().map(|line| BODY[*line]).collect();
                let first = lines.iter().find(|line| !line.is_empty());
                let indicator = *indicator || first.is_some_and(|line| line.starts_with([' ', '\t']));
                let indicator = if indicator { indent.to_string() } else { String::new() };
                let header = if *folded { '>' } else { '|' };
                parts.retain(|part| !part.is_empty());
                parts.push(if tree.gap == 1 {
                    format!("{header}{indicator}{chomp}")
                } else {
                    format!("{header}{chomp}{indicator}")
                });
                self.out.push_str(&format!("{gap}{}", parts.join(" ")));
                self.trailing(tree.trailing);
                for line in lines {
                    self.out.push('\n');
                    if !line.is_empty() {
                        self.indent(parent + indent);
                        self.out.push_str(line);
                    }
                }
                self.in_block = true;
                return;
            }
            What::Collection { mapping, shape: Shape::FlowLines { comma, closing }, children, .. }
                if !children.is_empty() =>
            {
                parts.retain(|part| !part.is_empty());
                parts.push((if *mapping { "{" } else { "[" }).to_owned());
                self.out.push_str(&format!("{gap}{}", parts.join(" ")));
                self.trailing(tree.trailing);
                self.out.push('\n');
                let mut used = Vec::new();
                for (at, child) in children.iter().enumerate() {
                    self.lines(&child.above, parent + 2);
                    self.indent(parent + 2);
                    let text = self.flow_child(*mapping, child, &mut used);
                    self.out.push_str(&text);
                    if at + 1 < children.len() || *comma {
                        self.out.push(',');
                    }
                    self.trailing(child.value.trailing);
                    self.out.push('\n');
                }
                self.indent(parent + (*closing).max(1));
                self.out.push_str(if *mapping { "}" } else { "]" });
                return self.register(tree, &properties);
            }
            What::Collection { .. } => {
                parts = vec![self.flow_text(tree)];
            }
            What::Alias(_) => unreachable!(),
        }
        parts.retain(|part| !part.is_empty());
        let text = parts.join(" ");
        let below = tree.below && matches!(tree.what, What::Plain(_) | What::Quoted { .. } | What::Collection { .. });
        if below {
            self.trailing(tree.trailing);
            self.out.push_str(&break_and_indent);
            self.out.push_str(&text);
        } else {
            self.out.push_str(if text.is_empty() { "" } else { &gap });
            self.out.push_str(&text);
            self.trailing(tree.trailing);
        }
    }

    fn children(&mut self, mapping: bool, children: &[Child], column: usize, first_on_line: bool) {
        let mut used = Vec::new();
        for (at, child) in children.iter().enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            if at > 0 || !first_on_line {
                self.lines(&child.above, column);
                self.indent(column);
            }
            self.in_block = false;
            if mapping {
                let colon = if matches!(child.key, Key::Explicit(_)) {
                    format!("\n{}:", " ".repeat(column))
                } else {
                    ":".into()
                };
                let key = self.key(child.key, &mut used, false);
                self.out.push_str(&format!("{key}{colon}"));
                self.value(&child.value, column, None);
            } else {
                self.out.push('-');
                self.value(&child.value, column, Some(column));
            }
        }
    }

    fn key(&mut self, key: Key, used: &mut Vec<String>, in_flow: bool) -> String {
        match key {
            Key::Plain(text) => fresh(text, used),
            Key::Quoted { double, text } => quoted(double, &fresh(text, used)),
            Key::Explicit(text) if in_flow => fresh(text, used),
            Key::Explicit(text) => format!("? {}", fresh(text, used)),
            Key::Anchored(text) => {
                let name = format!("a{}", self.out.len() % 4);
                self.anchors.push(name.clone());
                format!("&{name} {}", fresh(text, used))
            }
            Key::Alias(which) => self.alias(which).map_or_else(|| fresh(0, used), |alias| format!("{alias} ")),
            Key::Merge if used.contains(&"<<".to_owned()) => fresh(1, used),
            Key::Merge => {
                used.push("<<".to_owned());
                "<<".to_owned()
            }
        }
    }

    fn flow_child(&mut self, mapping: bool, child: &Child, used: &mut Vec<String>) -> String {
        if !mapping {
            let text = self.flow_text(&child.value);
            let pair =
                matches!(&child.value.what, What::Collection { mapping: true, children, .. } if children.len() == 1);
            let bare = pair && child.value.below && text.starts_with('{');
            return match text.as_str() {
                "" => "~".to_owned(),
                _ if bare => text[1..text.len() - 1].trim().to_owned(),
                _ => text,
            };
        }
        let key = self.key(child.key, used, true);
        let alone = matches!(child.value.what, What::Empty) && child.value.gap > 1;
        let value = self.flow_text(&child.value);
        if alone && value.is_empty() { key.trim_end().to_owned() } else { format!("{key}: {value}") }
    }

    /// A node on one line, as it may stand in brackets.
    fn flow_text(&mut self, tree: &Tree) -> String {
        if let What::Alias(which) = tree.what {
            return self.alias(which).unwrap_or_else(|| "none".to_owned());
        }
        let properties = if matches!(tree.what, What::Empty) { String::new() } else { self.properties(tree) };
        let text = match &tree.what {
            What::Empty => return String::new(),
            What::Plain(text) => IN_FLOW[text % IN_FLOW.len()].to_owned(),
            What::PlainLines(_) => "plain".to_owned(),
            What::Quoted { double, text } => quoted(*double, QUOTED[*text]),
            What::QuotedLines { double, lines } => quoted(*double, LINES[lines[0]]),
            What::Block { .. } => "\"a\\nb\"".to_owned(),
            What::Collection { mapping, children, step, .. } => {
                let mut used = Vec::new();
                let children: Vec<_> =
                    children.iter().map(|child| self.flow_child(*mapping, child, &mut used)).collect();
                let blank = if *step == 1 { " " } else { "" };
                let (open, close) = if *mapping { ('{', '}') } else { ('[', ']') };
                format!("{open}{blank}{}{blank}{close}", children.join(if *step == 4 { "," } else { ", " }))
            }
            What::Alias(_) => unreachable!(),
        };
        self.register(tree, &properties);
        if properties.is_empty() { text } else { format!("{properties} {text}") }
    }
}

fn quoted(double: bool, text: &str) -> String {
    if double { format!("\"{text}\"") } else { format!("'{}'", text.replace('\'', "''")) }
}

/// A key that its mapping has not yet.
fn fresh(text: usize, used: &mut Vec<String>) -> String {
    let mut text = KEYS[text].to_owned();
    if used.contains(&text) {
        text.push_str(&used.len().to_string());
    }
    used.push(text.clone());
    text
}

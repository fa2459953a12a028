//! What yaml-rust2 reads. Only events are asked of it, by `Parser::next_token()`: its loaders
//! overflow the stack on deep nesting and the memory on alias bombs.

use std::collections::HashMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::TScalarStyle;

/// A document without its notation: tags left out, an alias by the number of its target, counted
/// from the root downwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Scalar(String),
    Sequence(Vec<Tree>),
    Mapping(Vec<(Tree, Tree)>),
    Alias(usize),
}

/// What yaml-rust2 reads.
pub(super) fn theirs(text: &str) -> Result<Vec<Tree>, String> {
    // It takes a byte order mark for a part of the first key.
    let mut parser = Parser::new_from_str(text.trim_start_matches('\u{feff}'));
    let mut documents = Vec::new();
    let mut open: Vec<(bool, Vec<Tree>)> = Vec::new();
    let mut anchors = HashMap::new();
    let mut number = 0;
    loop {
        let (event, _) = parser.next_token().map_err(|error| error.to_string())?;
        let mut named = |anchor: usize| {
            anchors.insert(anchor, number);
            number += 1;
        };
        let node = match event {
            Event::StreamEnd => return Ok(documents),
            Event::DocumentStart => {
                number = 0;
                continue;
            }
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::Scalar(text, style, anchor, _) => {
                named(anchor);
                // An empty value is a `~` to it.
                let empty = style == TScalarStyle::Plain && text == "~";
                Tree::Scalar(if empty { String::new() } else { text })
            }
            Event::Alias(anchor) => {
                number += 1;
                Tree::Alias(anchors[&anchor])
            }
            Event::SequenceStart(anchor, _) => {
                named(anchor);
                open.push((false, Vec::new()));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                named(anchor);
                open.push((true, Vec::new()));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("collections that end have begun") {
                (false, items) => Tree::Sequence(items),
                (true, flat) => Tree::Mapping(flat.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()),
            },
        };
        match open.last_mut() {
            Some((_, children)) => children.push(node),
            None => documents.push(node),
        }
    }
}

//! The runbook of a migration, which is Markdown of ours, on a terminal: folded, tables as lists,
//! without marks that only a browser needs. Commands stay as they are, so that they can be copied.

use super::Layout;

/// A runbook for people who read it on a terminal.
pub fn runbook_as_text(markdown: &str, layout: &Layout) -> String {
    let mut out = String::new();
    let mut block = Block::default();
    let mut columns: Option<Vec<String>> = None;
    let mut in_code = false;
    for line in markdown.lines() {
        let text = line.trim_start();
        let is_fence = text.starts_with("```");
        let is_row = !in_code && text.starts_with('|');
        if is_fence || in_code || is_row || text.is_empty() || text.starts_with(['#', '<']) || begins_item(text) {
            block.end(layout, &mut out);
        }
        if !is_row {
            columns = None;
        }
        if is_fence {
            in_code = !in_code;
        } else if in_code {
            // Two blanks show where the commands are.
            out.push_str(&format!("  {line}\n"));
        } else if is_row {
            row(text, &mut columns, layout, &mut out);
        } else if let Some(heading) = text.strip_prefix('#') {
            out.push_str(&format!("{}\n", layout.heading(plain(heading.trim_start_matches('#').trim()))));
        } else if text.is_empty() {
            out.push('\n');
        } else if !text.starts_with("<!--") {
            block.add(line);
        }
    }
    block.end(layout, &mut out);
    out
}

/// Lines that are folded together: a paragraph, or an item of a list.
#[derive(Default)]
struct Block {
    indent: usize,
    mark: String,
    text: String,
}

impl Block {
    fn add(&mut self, line: &str) {
        let text = line.trim_start();
        if self.text.is_empty() {
            self.indent = line.len() - text.len();
            let mark = if begins_item(text) { text.find(' ').map_or(0, |at| at + 1) } else { 0 };
            self.mark = text[..mark].to_owned();
            text[mark..].clone_into(&mut self.text);
        } else {
            self.text.push(' ');
            self.text.push_str(text);
        }
    }

    fn end(&mut self, layout: &Layout, out: &mut String) {
        if !self.text.is_empty() {
            let first = format!("{}{}", " ".repeat(self.indent), self.mark);
            out.push_str(&layout.fold(&first, &plain(&self.text)));
            out.push('\n');
        }
        *self = Block::default();
    }
}

/// Whether a line is the first one of an item of a list: `- `, `* `, `1. `.
fn begins_item(text: &str) -> bool {
    let Some((mark, _)) = text.split_once(' ') else { return false };
    matches!(mark, "-" | "*") || mark.strip_suffix('.').is_some_and(|number| number.parse::<u8>().is_ok())
}

/// A row of a table as an item: its first cell, and then each other one with the name of its column.
fn row(text: &str, columns: &mut Option<Vec<String>>, layout: &Layout, out: &mut String) {
    let cells: Vec<String> = text.trim_matches('|').split(" | ").map(|cell| plain(cell.trim())).collect();
    let Some(names) = columns else {
        *columns = Some(cells);
        return;
    };
    if cells.iter().all(|cell| cell.chars().all(|c| "-:|".contains(c))) {
        return;
    }
    let mut cells = cells.into_iter().zip(names).filter(|(cell, _)| !cell.is_empty());
    if let Some((first, _)) = cells.next() {
        let rest: Vec<String> =
            cells.map(|(cell, name)| if name.is_empty() { cell } else { format!("{name}: {cell}") }).collect();
        out.push_str(&layout.fold("- ", &[vec![first], rest].concat().join("; ")));
        out.push('\n');
    }
}

/// A text without the marks of links and of emphasis.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let link = after.split_once("](").and_then(|(name, after)| Some((name, after.split_once(')')?)));
        match link.filter(|(name, _)| !name.contains(']')) {
            Some((name, (_, after))) => {
                out.push_str(name);
                rest = after;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.replace("**", "").replace("\\|", "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runbook_is_folded_and_its_commands_are_not() {
        let layout = Layout { width: 30, colors: false };
        let markdown = "# Title\n\nOne [link](x.md#y), **bold** and\n`jsonpath={.items[*]}` in a row.\n\n\
                        1. First do this, which is long.\n   More.\n\n   ```console\n   $ kubectl get --a-long-option=x\n   ```\n\n\
                        | name | what it does |\n|---|---|\n| `a` | adds \\| \"b\" |\n| `b` | |\n<!-- hidden -->\n- x\n- y\n";
        let text = runbook_as_text(markdown, &layout);
        assert_eq!(
            text,
            "Title\n\nOne link, bold and\n`jsonpath={.items[*]}` in a\nrow.\n\n1. First do this, which is\n   long. More.\n\n     $ kubectl get --a-long-option=x\n\n- `a`; what it does: adds |\n  \"b\"\n- `b`\n- x\n- y\n"
        );
    }
}

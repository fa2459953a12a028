//! The life of two migrations on two clusters, as a page of the documentation: every line of
//! docs/journey.md is typed, and shows what was printed. `SNAPSHOTS=overwrite cargo test --test it --
//! next::journey` writes it.

use regex::Regex;

use super::world::{URL, World, commands};
use crate::support::root;

/// What may be typed before the first batch is merged.
const LIMIT: usize = 150;

const BEGIN: &str = "\
# From the clone to the end

The life of two migrations in a repository with two clusters: `edge` follows the branch `edge`, `main`
follows `main`. A test types every line of this page and compares what is printed
([tests/it/next/journey.rs](../tests/it/next/journey.rs)). `[...]` is output that is left out, as is
what git says of fetches, checkouts and merges; `[commit]` is the id of a commit, and `gh` a program of
the test that opens and merges pull requests as the real one. With `--yes`, `next --run` does not ask
before each command.

## The first batch
";

const FURTHER: &str = "
## Each further batch

Have the pull request reviewed and merged, wait until what it changed is Ready, and run the same
command again: it fetches, makes the branches again where the base has moved, and opens the next pull
request. It does not matter whether pull requests are merged, squashed or rebased.
";

const PROMOTION: &str = "
## From edge to main

Edge has nothing left. Its branch is merged into that of main, so that what both share is changed
once: `next` says so, with the commands, and leaves it to you.
";

const SECOND: &str = "
Then main, in the same way: what edge brought is no batch any more. `next` without a name takes the
first migration that has something to do: when `chart-ref` is done on main, `app-template` begins on
edge, and is promoted as well.
";

const REMOVAL: &str = "
## What nothing uses any more

The source of 3.x is left. On the branch `edge`, the files of main still name it, because edge has not
seen what was merged into `main`: so its removal is to review. When `main` is merged back into `edge`,
it is a batch like all others.
";

const BACK: &str = "
With edge, it is removed on main:
";

const END: &str = "
## The end
";

/// The page, and what was typed.
struct Page {
    world: World,
    text: String,
    typed: Vec<String>,
    is_open: bool,
}

impl Page {
    /// Types a line; of what it shows, as many lines are kept as `first` says afterwards.
    fn type_line(&mut self, line: &str, first: impl FnOnce(&World) -> usize) -> String {
        let typed = self.world.terminal.type_line(line);
        assert_eq!(typed.status, 0, "{line}\n{}", typed.shown);
        self.begin(line);
        self.text.push_str(&cut(&self.without_places(&typed.shown), first(&self.world)));
        typed.shown
    }

    /// A line that is typed, in a block of them.
    fn begin(&mut self, line: &str) {
        self.typed.push(line.to_owned());
        if !self.is_open {
            self.text.push_str("\n```console\n");
            self.is_open = true;
        }
        self.text.push_str(&format!("$ {line}\n"));
    }

    /// What is shown, without what differs from one machine or version to the next.
    fn without_places(&self, shown: &str) -> String {
        let origin = self.world.terminal.beside("origin/home-ops").display().to_string();
        let commit = Regex::new(r"\b[0-9a-f]{7}\b").unwrap();
        let fetched = Regex::new(r"(?m)^(From|   \[commit\]\.\.).*\n").unwrap();
        let shown = commit.replace_all(&shown.replace(&origin, URL), "[commit]").into_owned();
        fetched.replace_all(&shown, "").into_owned()
    }

    fn say(&mut self, text: &str) {
        if self.is_open {
            self.text.push_str("```\n");
            self.is_open = false;
        }
        self.text.push_str(text);
    }

    /// A batch: `next`, and the merge of its pull request. `None` if there is one, else what is shown.
    fn batch(&mut self, first: usize) -> Option<String> {
        let before = self.world.pulls().len();
        let shown = self.type_line("flux-codemod next --run --yes", |world| match world.pulls().len() > before {
            true => first,
            false => usize::MAX,
        });
        let number = self.world.pulls().len();
        if number == before {
            return Some(shown);
        }
        self.type_line(&format!("gh pr merge {number} --merge"), |_| 0);
        None
    }

    /// Batches until `next` opens no pull request; gives what it shows then.
    fn batches(&mut self) -> String {
        loop {
            if let Some(shown) = self.batch(0) {
                return shown;
            }
        }
    }

    /// Types the commands that `next` shows.
    fn follow(&mut self, shown: &str) {
        let commands = commands(shown).unwrap_or_else(|| panic!("it shows no commands\n{}", self.text));
        commands.iter().for_each(|command| self.git(command));
    }

    /// Types a command of git. What it shows depends on the version of git, and is left out.
    fn git(&mut self, command: &str) {
        self.world.terminal.succeed(command);
        self.begin(command);
    }
}

/// The first lines of a text, and those after them that name a new branch or a pull request.
fn cut(text: &str, first: usize) -> String {
    let mut kept = String::new();
    let mut is_left_out = false;
    for (at, line) in text.lines().enumerate() {
        if at < first || line.contains("/pull/") || line.contains("[new branch]") {
            kept.push_str(&format!("{line}\n"));
            is_left_out = false;
        } else if !is_left_out {
            kept.push_str("[...]\n");
            is_left_out = true;
        }
    }
    kept
}

#[test]
fn from_the_clone_to_the_end() {
    let world = World::with(&["observability"]);
    let mut page = Page { world, text: BEGIN.to_owned(), typed: Vec::new(), is_open: false };
    page.type_line(&format!("git clone --quiet {URL}"), |_| 0);
    page.type_line("cd home-ops", |_| 0);
    page.batch(usize::MAX);
    let typed: usize = page.typed.iter().map(|line| line.len() + 1).sum();
    assert!(typed <= LIMIT, "{typed} characters are typed until the first batch is merged: {:?}", page.typed);
    page.say(&format!("\nThese are {typed} typed characters, the merge included.\n"));
    page.say(FURTHER);
    page.batch(12);
    let shown = page.batches();
    page.say(PROMOTION);
    page.follow(&shown);
    page.say(SECOND);
    let shown = page.batches();
    page.follow(&shown);
    page.batches();
    page.say(REMOVAL);
    ["git checkout edge", "git merge origin/main", "git push"].iter().for_each(|line| page.git(line));
    page.batches();
    page.say(BACK);
    ["git checkout main", "git merge --ff-only origin/main", "git merge origin/edge", "git push"]
        .iter()
        .for_each(|line| page.git(line));
    page.say(END);
    page.type_line("flux-codemod next", |_| usize::MAX);
    page.type_line("flux-codemod check && echo it exits with 0", |_| usize::MAX);
    page.say("");
    let file = root().join("docs/journey.md");
    snapbox::assert_data_eq!(page.text, snapbox::Data::read_from(&file, None).raw());
}

//! A site with pull requests, and people who work with it: two clusters on two branches of a bare
//! repository, a `gh` that opens pull requests and merges them, and clones.

use std::path::PathBuf;

use crate::support::Repo;
use crate::terminal::{Terminal, Typed};

/// Where the repository is, as its GitRepositories name it.
pub(super) const URL: &str = "https://git.example.org/home/home-ops";

/// `pr create` as `next` calls it, and `pr merge NUMBER --merge|--squash|--rebase`. The site removes
/// the branch of a pull request that was squashed.
const GH: &str = r#"set -e
site=$(dirname "$0")/../site
case "$1 $2" in
'pr create')
    [ "$3 $5 $7 $9" = '--base --head --title --body-file' ]
    cat >"$site.body"
    echo "$6 $4" >>"$site.pulls"
    echo "https://git.example.org/home/home-ops/pull/$(($(wc -l <"$site.pulls")))"
    ;;
'pr merge')
    set -- "$3" "$4" $(sed -n "$3p" "$site.pulls")
    cd "$site"
    git fetch --quiet --prune origin
    git checkout --quiet -B "$4" "origin/$4"
    case "$2" in
    --merge) git merge --quiet --no-ff --message "Merge pull request #$1 from $3" "origin/$3" ;;
    --squash)
        git merge --quiet --squash "origin/$3" >/dev/null
        git commit --quiet --message "a pull request (#$1)"
        ;;
    --rebase) git cherry-pick "origin/$4..origin/$3" >/dev/null ;;
    *) exit 2 ;;
    esac
    git push --quiet origin "$4"
    [ "$2" != --squash ] || git push --quiet origin --delete "$3"
    ;;
*) exit 2 ;;
esac
"#;

pub(super) struct World {
    pub(super) terminal: Terminal,
}

impl World {
    /// The example, with some of the namespaces of main; edge has all of its own.
    pub(super) fn with(namespaces: &[&str]) -> World {
        let seed = Repo::two_clusters_with(namespaces);
        let mut terminal = Terminal::new();
        let [origin, site] = ["origin/home-ops", "site"].map(|name| terminal.beside(name).display().to_string());
        seed.git(&["clone", "--quiet", "--bare", ".", &origin]);
        seed.git(&["clone", "--quiet", &origin, &site]);
        terminal.add_program("gh", GH);
        // What is fetched from the address is in a directory.
        terminal.set("GIT_CONFIG_COUNT", "1");
        terminal.set("GIT_CONFIG_KEY_0", &format!("url.{origin}.insteadOf"));
        terminal.set("GIT_CONFIG_VALUE_0", URL);
        World { terminal }
    }

    /// The same, with a clone in which the next line is typed.
    pub(super) fn cloned(namespaces: &[&str]) -> World {
        let mut world = World::with(namespaces);
        world.terminal.succeed(&format!("git clone --quiet {URL} && cd home-ops"));
        world
    }

    /// `next --run --yes` of chart-ref.
    pub(super) fn next(&mut self) -> Typed {
        self.terminal.type_line("flux-codemod next chart-ref --run --yes")
    }

    /// The pull requests so far: branch and base of each.
    pub(super) fn pulls(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.terminal.beside("site.pulls")).unwrap_or_default();
        let pull = |line: &str| line.split_once(' ').map(|(head, base)| (head.to_owned(), base.to_owned()));
        text.lines().filter_map(pull).collect()
    }

    /// The body of the last pull request.
    pub(super) fn body(&self) -> String {
        std::fs::read_to_string(self.terminal.beside("site.body")).unwrap()
    }

    /// Merges the last pull request.
    pub(super) fn merge(&mut self, how: &str) {
        let number = self.pulls().len();
        self.terminal.succeed(&format!("gh pr merge {number} --{how}"));
    }

    /// Runs git where pull requests are merged, as somebody else's clone.
    pub(super) fn site(&self, args: &[&str]) -> String {
        Repo::git_in(&self.terminal.beside("site"), args)
    }

    /// The clone of whoever migrates.
    pub(super) fn home(&self) -> PathBuf {
        self.terminal.beside("work/home-ops")
    }

    /// `next` until it opens no more pull requests, which are merged in these ways by turns; gives what
    /// it shows last. Where it asks to merge the branch of one cluster into the next, its commands are
    /// typed.
    pub(super) fn run_to_the_end(&mut self, ways: &[&str]) -> String {
        for way in ways.iter().cycle().take(16) {
            let before = self.pulls().len();
            let typed = self.next();
            assert_eq!(typed.status, 0, "{}", typed.shown);
            if self.pulls().len() > before {
                assert!(self.body().starts_with("### refactor("), "{}", self.body());
                self.merge(way);
            } else if let Some(commands) = commands(&typed.shown) {
                assert!(commands.iter().any(|line| line.starts_with("git merge origin/")), "{}", typed.shown);
                commands.iter().for_each(|line| drop(self.terminal.succeed(line)));
            } else {
                return typed.shown;
            }
        }
        panic!("it does not end");
    }
}

/// The commands that `next` shows.
pub(super) fn commands(shown: &str) -> Option<Vec<String>> {
    let (_, next) = shown.split_once("\nnext: ")?;
    let (_, commands) = next.split_once("\n\n")?;
    Some(commands.replace("\\\n", "").lines().map(str::to_owned).collect())
}

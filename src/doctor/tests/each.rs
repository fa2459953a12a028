//! Each rule has a fixture: a tree in which it fires, and what to write instead so that it is silent.
//!
//! `fixtures/CODE.txt` has files, each below a line `//- path`, and at the end what else there is:
//!
//! | line | meaning |
//! |---|---|
//! | `//= silent: TEXT => OTHER` | with OTHER in the place of TEXT the rule is silent |
//! | `//= branch: TEXT => OTHER` | the branch that the cluster follows has OTHER there |

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::CLUSTER;
use crate::doctor::{CODES, compare, examine};
use crate::flux::{Checkout, Followed, FollowedBranch, Following, OnBranch, Position, States, View};
use crate::repo::Memory;

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor/fixtures")
}

/// A text, and the one to write in its place.
struct Instead<'t>(&'t str, &'t str);

impl<'t> Instead<'t> {
    fn read(line: &'t str) -> Instead<'t> {
        let (text, other) = line.split_once(" =>").expect("`TEXT => OTHER`");
        Instead(text, other.trim_start())
    }

    fn written_in(&self, files: &str) -> String {
        assert!(files.contains(self.0), "{:?} is not in\n{files}", self.0);
        files.replace(self.0, self.1)
    }
}

struct Fixture<'t> {
    files: &'t str,
    silent: Instead<'t>,
    branch: Option<Instead<'t>>,
}

impl<'t> Fixture<'t> {
    fn read(text: &'t str) -> Fixture<'t> {
        let (files, more) = text.split_at(text.find("//= ").expect("a line `//= silent:`"));
        let of = |word: &str| {
            let line = more.lines().find_map(|line| line.strip_prefix("//= ")?.strip_prefix(word)?.strip_prefix(": "));
            line.map(Instead::read)
        };
        Fixture { files, silent: of("silent").expect("what makes it silent"), branch: of("branch") }
    }

    /// Whether a rule fires, with the fixture or what makes it silent.
    fn fires(&self, code: &str, is_silent: bool) -> bool {
        let files = if is_silent { self.silent.written_in(self.files) } else { self.files.to_owned() };
        let Some(branch) = &self.branch else {
            return examine(&view(&files)).iter().any(|finding| finding.code.id == code);
        };
        let followed = view(&files.replace(branch.0, branch.1));
        let view = view(&files).following(following(&followed));
        let compared = compare(&view, &followed, "cluster");
        examine(&view).iter().chain(&compared).any(|finding| finding.code.id == code)
    }
}

fn view(files: &str) -> View {
    let files: Vec<_> = files.split("//- ").skip(1).map(|file| file.split_once('\n').unwrap()).collect();
    View::of(Memory::tree([("apps/cluster.yaml", CLUSTER)].into_iter().chain(files))).unwrap()
}

/// What the cluster has on the branch that it follows.
fn following(followed: &View) -> Following {
    let kustomizations = followed.graph().kustomizations.iter().map(OnBranch::of).collect();
    let states = States::Own { flux: None, controller_flags: Vec::new(), kustomizations };
    let branch = FollowedBranch {
        reference: "origin/main".to_owned(),
        is_remote: true,
        position: Position::Apart { ahead: 1, behind: 1 },
        states,
    };
    let clusters = BTreeMap::from([("cluster".to_owned(), Followed::Here(branch))]);
    Following { checkout: Checkout::default(), clusters }
}

#[test]
fn each_rule_fires_and_is_silent() {
    let mut wrong = Vec::new();
    for code in CODES {
        let Ok(text) = std::fs::read_to_string(dir().join(format!("{}.txt", code.id))) else {
            wrong.push(format!("{code} has no fixture in src/doctor/fixtures"));
            continue;
        };
        let fixture = Fixture::read(&text);
        if !fixture.fires(code.id, false) {
            wrong.push(format!("{code} does not fire"));
        }
        if fixture.fires(code.id, true) {
            wrong.push(format!("{code} is not silent"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn each_fixture_is_of_a_rule() {
    let names = std::fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let codes: BTreeSet<String> = CODES.iter().map(|code| format!("{}.txt", code.id)).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), codes);
}

//! Tests with a fake kustomize that does what the tree says (`tests/kustomize/fake`).
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::workspace::{Content, Workspace};
use super::*;
use crate::plan::{Detail, Differing, How};
use crate::repo::{Folder, RepoPath, Tree};

const FLUX: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://git.example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: main, namespace: flux-system}
spec: {path: ./main/flux, sourceRef: {kind: GitRepository, name: home}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec:
  path: ./app
  sourceRef: {kind: GitRepository, name: home}
";

/// A script that prints a ConfigMap.
const ONE: &str =
    "echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: home}, data: {a: b, c: d}}'\n";

struct Repo(TempDir);

impl Repo {
    /// An app whose build runs a script.
    fn of(script: &str) -> Repo {
        let repo = Repo(tempfile::tempdir().unwrap());
        repo.write("main/flux/flux.yaml", FLUX)
            .write("app/kustomization.yaml", "resources: [a.yaml]\ncrds: [fake.sh]\n");
        repo.write("app/a.yaml", "{}\n").write("app/fake.sh", script);
        repo
    }

    fn write(&self, path: &str, text: &str) -> &Repo {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn view(&self) -> View {
        View::of(Tree::of(Arc::new(Folder::plain(self.0.path()).unwrap()))).unwrap()
    }
}

fn fake_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize/fake")
}

fn fake() -> Program {
    Program::named(&fake_path()).unwrap()
}

fn app() -> InCluster {
    InCluster { cluster: "main".into(), name: "flux-system/app".into() }
}

/// The verdict on two repositories, each built by its script.
fn between(before: &Repo, after: &Repo) -> Verdict {
    judged(&Kustomize::new(fake()), before, after)
}

fn judged(judge: &Kustomize, before: &Repo, after: &Repo) -> Verdict {
    let mut all = judge.compare(&before.view(), &after.view(), &BTreeSet::from([app()]), Detail::Objects);
    all.remove(&app()).expect("it is built")
}

fn differing(object: &str, how: How) -> Differing {
    Differing { object: object.to_owned(), api_version: "v1".to_owned(), how, fields: Vec::new() }
}

fn of(before: &str, after: &str) -> Verdict {
    between(&Repo::of(before), &Repo::of(after))
}

#[test]
fn objects_are_a_set_and_their_contents_data() {
    let block = "cat <<'END'\n---\n# of another layout\nkind: Secret\napiVersion: v1\nmetadata: {name: two}\n---\nkind: ConfigMap\napiVersion: v1\n\
                 metadata:\n  namespace: home\n  name: one\ndata:\n  c: \"d\"\n  a: b\nEND\n";
    let two = format!("{ONE}echo ---\necho '{{apiVersion: v1, kind: Secret, metadata: {{name: two}}}}'\n");
    assert_eq!(of(&two, block), Verdict::Same);
    let changed = ONE.replace("a: b", "a: x");
    let (one, two_only) = ("ConfigMap home/one", "Secret two");
    assert_eq!(of(ONE, &changed), Verdict::Differs(vec![differing(one, How::Changed)]));
    assert_eq!(of(ONE, block), Verdict::Differs(vec![differing(two_only, How::New)]));
    assert_eq!(of(block, ONE), Verdict::Differs(vec![differing(two_only, How::Gone)]));
}

#[test]
fn what_fails_is_a_surprise_only_where_it_did_not_before() {
    let fails = "echo 'Warning: old' >&2; echo \"Error: hunter2 in $dir/a.yaml\" >&2; exit 1\n";
    let said = "Kustomize complains about something of a kind that flux-codemod does not know in app/a.yaml";
    assert_eq!(of(ONE, fails), Verdict::Breaks(said.into()));
    assert_eq!(of(fails, ONE), Verdict::Fixed);
    assert_eq!(of(fails, fails), Verdict::Unknown(format!("it does not build now: {said}")));
    for garbage in ["echo 'a: b: c'\n", "echo just text\n", "printf '\\000\\377'\n"] {
        assert!(matches!(of(ONE, garbage), Verdict::Breaks(_)), "{garbage}");
        assert!(matches!(of(garbage, garbage), Verdict::Unknown(_)), "{garbage}");
    }
}

#[test]
fn what_hangs_is_ended() {
    let started = Instant::now();
    let judge = Kustomize::new(fake().within(Duration::from_secs(5)));
    // A child process keeps the output open.
    let verdict = judged(&judge, &Repo::of(ONE), &Repo::of("sleep 120 & wait\n"));
    assert_eq!(verdict, Verdict::Breaks("it took longer than 5 seconds".into()));
    assert!(started.elapsed() < Duration::from_secs(60), "it does not wait for the child");
}

/// A tree may have thousands of builds that hang.
#[test]
fn after_one_that_hangs_no_other_is_run() {
    let repo = Repo::of("sleep 120\n");
    let flux = FLUX.split("---\n").nth(2).unwrap();
    let (mut all, mut which) = (FLUX.to_owned(), BTreeSet::from([app()]));
    for number in 0..9 {
        let name = format!("other-{number}");
        all.push_str(&format!("---\n{}", flux.replace("name: app", &format!("name: {name}")).replace("./app", &name)));
        repo.write(&format!("{name}/kustomization.yaml"), "resources: []\ncrds: [fake.sh]\n");
        repo.write(&format!("{name}/fake.sh"), "sleep 120\n");
        which.insert(InCluster { cluster: "main".into(), name: format!("flux-system/{name}") });
    }
    repo.write("main/flux/flux.yaml", &all);
    let judge = Kustomize::new(fake().within(Duration::from_secs(2)));
    let all = judge.compare(&repo.view(), &repo.view(), &which, Detail::Objects);
    assert_eq!(all[&app()], Verdict::Unknown("it does not build now: it took longer than 2 seconds".into()));
    let not_run = Verdict::Unknown("another build took too long, so no more are run".into());
    assert!(all.values().filter(|verdict| **verdict == not_run).count() >= 6, "{all:?}");
}

/// How often the scripts of a repository were run: each adds a line to a file.
fn counting(marker: &TempDir) -> String {
    format!("echo ran >>{}/ran\n{ONE}", marker.path().display())
}

fn runs(marker: &TempDir) -> usize {
    fs::read_to_string(marker.path().join("ran")).unwrap_or_default().lines().count()
}

#[test]
fn the_same_build_is_run_once_in_a_run_and_once_in_several() {
    let marker = tempfile::tempdir().unwrap();
    let repo = Repo::of(&counting(&marker));
    let judge = Kustomize::new(fake());
    assert_eq!(judged(&judge, &repo, &repo), Verdict::Same);
    assert_eq!(runs(&marker), 1, "both trees have it");
    let other = Repo::of(&counting(&marker));
    other.write("app/a.yaml", "{a: b}\n").write("unused", "x");
    judged(&judge, &repo, &other);
    judged(&judge, &other, &repo);
    assert_eq!(runs(&marker), 2);
    // In another run nothing is known, unless it is kept.
    judged(&Kustomize::new(fake()), &repo, &repo);
    assert_eq!(runs(&marker), 3);
    let place = tempfile::tempdir().unwrap();
    let kept = || Kustomize::new(fake()).keeping(&place.path().join("cache"), &place.path().join("state"), Vec::new());
    for _ in 0..3 {
        assert_eq!(judged(&kept(), &repo, &other), Verdict::Same);
        assert_eq!(runs(&marker), 5);
    }
    // Whatever goes into a build makes it another one: the files, what Flux adds, and the program.
    repo.write("app/a.yaml", "{a: c}\n");
    judged(&kept(), &repo, &repo);
    repo.write("main/flux/flux.yaml", &format!("{FLUX}  targetNamespace: home\n"));
    judged(&kept(), &repo, &repo);
    repo.write("main/flux/flux.yaml", &format!("{FLUX}  commonMetadata: {{labels: {{a: b}}}}\n"));
    judged(&kept(), &repo, &repo);
    assert_eq!(runs(&marker), 8);
    let copy = place.path().join("kustomize");
    fs::copy(fake_path(), &copy).unwrap();
    let of_copy = || {
        let judge = Kustomize::new(Program::named(&copy).unwrap());
        judge.keeping(&place.path().join("cache"), &place.path().join("state"), Vec::new())
    };
    judged(&of_copy(), &repo, &repo);
    judged(&of_copy(), &repo, &repo);
    assert_eq!(runs(&marker), 9);
    fs::write(&copy, fs::read_to_string(fake_path()).unwrap() + "# replaced\n").unwrap();
    judged(&of_copy(), &repo, &repo);
    assert_eq!(runs(&marker), 10);
    // Results in the repository are nobody's, and without the key nothing is kept.
    let own = repo.0.path().join("cache");
    for _ in 0..2 {
        let judge = Kustomize::new(fake()).keeping(&own, &place.path().join("state"), vec![repo.0.path().to_owned()]);
        judged(&judge, &repo, &repo);
    }
    assert_eq!(runs(&marker), 12);
}

/// It may have failed for want of memory or space, and what failed before is compared with nothing.
#[test]
fn a_build_that_fails_is_run_again() {
    let marker = tempfile::tempdir().unwrap();
    let repo = Repo::of(&format!("{}exit 1\n", counting(&marker)));
    let place = tempfile::tempdir().unwrap();
    for run in 1..3 {
        let judge = Kustomize::new(fake()).keeping(place.path(), place.path(), Vec::new());
        assert!(matches!(judged(&judge, &repo, &repo), Verdict::Unknown(_)));
        assert_eq!(runs(&marker), run);
    }
}

#[test]
fn how_far_it_is_is_shown() {
    use std::sync::Mutex;
    struct Log(Arc<Mutex<Vec<String>>>);
    impl Progress for Log {
        fn begin(&self, all: usize) {
            self.0.lock().unwrap().push(format!("begin {all}"));
        }
        fn next(&self, done: usize, name: &str) {
            self.0.lock().unwrap().push(format!("{done}: {name}"));
        }
        fn end(&self) {
            self.0.lock().unwrap().push("end".to_owned());
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let judge = Kustomize::new(fake()).showing(Box::new(Log(log.clone())));
    let repo = Repo::of(ONE);
    judged(&judge, &repo, &repo);
    judged(&judge, &repo, &repo);
    let seen = log.lock().unwrap().clone();
    assert_eq!(seen, ["begin 1", "0: flux-system/app on main", "end"], "what is known takes no time");
}

#[test]
fn what_is_elsewhere_is_not_built_at_all() {
    let marker = tempfile::tempdir().unwrap();
    let ran = marker.path().join("ran");
    let repo = Repo::of(&format!("touch {}\n{ONE}", ran.display()));
    for entry in ["https://example.org/x.yaml", "git@example.org:a/b", "example.org/a/b", "/etc/x.yaml", "../../x"] {
        repo.write("app/kustomization.yaml", &format!("crds: [fake.sh]\nresources: [a.yaml, '{entry}']\n"));
        let Verdict::Unknown(why) = between(&repo, &repo) else { panic!("{entry} is built") };
        assert_eq!(why, format!("app/kustomization.yaml:2 lists {entry}, which is not in this repository"));
    }
    // In directories further down, too, and whatever it is for.
    repo.write("app/kustomization.yaml", "resources: [../base]\ncrds: [fake.sh]\n");
    for field in ["transformers: ['https://example.org/x']", "openapi: {path: 'https://example.org/x'}"] {
        repo.write("base/kustomization.yaml", &format!("{field}\n"));
        assert!(matches!(between(&repo, &repo), Verdict::Unknown(_)), "{field}");
    }
    assert!(!ran.exists());
    // A file that is merely missing is built, and fails.
    repo.write("base/kustomization.yaml", "resources: [missing.yaml]\n");
    between(&repo, &repo);
    assert!(ran.exists());
}

#[test]
fn it_runs_alone() {
    let script = format!(
        "case \"$HOME\" in */flux-codemod-*) ;; *) echo Error: at home in $HOME >&2; exit 1;; esac\n\
         if [ -e \"$KUBECONFIG\" ] || [ -z \"$KUBECONFIG\" ]; then echo Error: knows a cluster >&2; exit 1; fi\n\
         if [ -n \"$CARGO_MANIFEST_DIR\" ] || [ -z \"$HTTPS_PROXY\" ]; then echo Error: it sees the environment >&2; exit 1; fi\n{ONE}"
    );
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert_eq!(of(&script, &script), Verdict::Same);
}

#[test]
fn flux_adds_what_its_kustomization_says() {
    let metadata = "  commonMetadata: {labels: {of: before}}\n  targetNamespace: home\n";
    let before = Repo::of(ONE);
    before.write("main/flux/flux.yaml", &format!("{FLUX}{metadata}"));
    let after = Repo::of(ONE);
    after.write("main/flux/flux.yaml", &format!("{FLUX}{}", metadata.replace("before", "after")));
    assert!(matches!(between(&before, &after), Verdict::Differs(_)));
    // The file that it writes exists during the build only.
    let shows = "printf '{apiVersion: v1, kind: Shown, metadata: {name: a}, text: %s}' \"$(grep -c namespace \"$dir/kustomization.yaml\")\"\n";
    let (with, without) = (Repo::of(shows), Repo::of(shows));
    with.write("main/flux/flux.yaml", &format!("{FLUX}{metadata}"));
    assert!(matches!(between(&without, &with), Verdict::Differs(_)));
    let judge = Kustomize::new(fake());
    assert!(matches!(judged(&judge, &without, &with), Verdict::Differs(_)));
    assert_eq!(judged(&judge, &without, &without), Verdict::Same, "the next tree is written over the last");
    assert!(matches!(judged(&judge, &with, &without), Verdict::Differs(_)));
}

#[test]
fn how_a_flux_kustomization_comes_to_its_build_does_not_count() {
    let shows = |spec: &str| {
        let repo = Repo::of(ONE);
        let object = format!(
            "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: app, namespace: flux-system}}, spec: {{{spec}}}}}"
        );
        repo.write("main/flux/fake.sh", &format!("echo '{object}'\n"));
        repo.write("main/flux/kustomization.yaml", "resources: [flux.yaml]\ncrds: [fake.sh]\n");
        repo
    };
    let main = InCluster { cluster: "main".into(), name: "flux-system/main".into() };
    let judge = Kustomize::new(fake());
    let judged = |before: &Repo, after: &Repo, which: &[InCluster]| {
        judge
            .compare(&before.view(), &after.view(), &which.iter().cloned().collect(), Detail::Objects)
            .remove(&main)
            .unwrap()
    };
    let (one, other) = (shows("path: ./a, wait: true"), shows("path: ./b, components: [../c], wait: true"));
    assert_eq!(judged(&one, &other, &[main.clone(), app()]), Verdict::Same);
    assert!(
        matches!(judged(&one, &other, std::slice::from_ref(&main)), Verdict::Differs(_)),
        "what it builds is not judged"
    );
    let waits = shows("path: ./b");
    assert!(matches!(judged(&one, &waits, &[main.clone(), app()]), Verdict::Differs(_)));
}

#[test]
fn what_is_in_one_tree_only_is_compared_with_nothing() {
    let gone = Repo::of(ONE);
    gone.write("main/flux/flux.yaml", FLUX.split("---\n").take(2).collect::<Vec<_>>().join("---\n").as_str());
    let differing = differing("ConfigMap home/one", How::Gone);
    assert_eq!(between(&Repo::of(ONE), &gone), Verdict::Differs(vec![differing]));
    let judge = Kustomize::new(fake());
    assert!(judge.compare(&gone.view(), &gone.view(), &BTreeSet::from([app()]), Detail::Objects).is_empty());
}

#[test]
fn a_workspace_holds_what_it_is_told() {
    let mut workspace = Workspace::new().unwrap();
    let held = |entries: &[(&str, Content)]| {
        entries.iter().map(|(path, content)| (RepoPath::new(path).unwrap(), content.clone())).collect()
    };
    let file = |text: &str| Content::File(text.as_bytes().into());
    let link = |target: &str| Content::Link(target.into());
    workspace.hold(held(&[("app/a.yaml", file("1")), ("main/in", link("../app")), ("x/y/z", file(""))])).unwrap();
    let place = workspace.place();
    assert!(place.join("main/in/a.yaml").is_file());
    // A directory where a link was, a link and a file where directories were.
    let next = [("app", link("main")), ("main/in/new.yaml", file("2")), ("x", file("3"))];
    workspace.hold(held(&next)).unwrap();
    assert_eq!(fs::read_to_string(place.join("app/in/new.yaml")).unwrap(), "2");
    assert_eq!(fs::read_to_string(place.join("x")).unwrap(), "3");
    drop(workspace);
    assert!(!place.exists());
}

#[test]
fn a_build_gets_what_it_reads_and_nothing_else() {
    let lists = "for file in $(cd \"$dir/..\" && find . -type f -o -type l | sort | tr '/' '-'); do\n\
                 echo \"---\"; echo \"{apiVersion: v1, kind: File, metadata: {name: '$file'}}\"; done\n";
    let (one, other) = (Repo::of(lists), Repo::of(lists));
    for repo in [&one, &other] {
        std::os::unix::fs::symlink("../app", repo.0.path().join("main/in")).unwrap();
        std::os::unix::fs::symlink("/etc", repo.0.path().join("main/out")).unwrap();
        std::os::unix::fs::symlink("in/../../x", repo.0.path().join("main/up")).unwrap();
    }
    other.write("app/unused.yaml", "{}\n").write("large.bin", &"x".repeat(1 << 20));
    assert_eq!(between(&one, &other), Verdict::Same, "what it does not read is not there");
    other.write("app/kustomization.yaml", "resources: [a.yaml, unused.yaml, ../main/in/b.yaml]\ncrds: [fake.sh]\n");
    other.write("app/b.yaml", "{}\n");
    let Verdict::Differs(differing) = between(&one, &other) else { panic!("it is the same") };
    let names: Vec<_> = differing.iter().map(|one| &*one.object).collect();
    assert_eq!(names, ["File .-app-b.yaml", "File .-app-unused.yaml"]);
    // What is too large for a build is not built, and nothing of it is written.
    other.write("app/b.yaml", &"x".repeat(17 << 20));
    assert_eq!(
        between(&other, &other),
        Verdict::Unknown("app/b.yaml is too large, or all that it builds from is".into())
    );
}

#[test]
fn it_ends_at_its_limits_and_leaves_nothing_running() {
    let marker = tempfile::tempdir().unwrap();
    let pid = marker.path().join("pid");
    let judge = Kustomize::new(fake().within(Duration::from_secs(5)));
    let leaves = format!("sleep 300 & echo $! >{}\n{ONE}", pid.display());
    assert_eq!(judged(&judge, &Repo::of(ONE), &Repo::of(&leaves)), Verdict::Same);
    let left = fs::read_to_string(&pid).unwrap();
    // It has been sent SIGKILL, and ends when it next gets a turn.
    let state = || fs::read_to_string(format!("/proc/{}/stat", left.trim())).unwrap_or_default();
    let is_over = |state: &str| state.is_empty() || state.contains(") Z ");
    for _ in 0..600 {
        if !is_over(&state()) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert!(!Path::new("/proc/self/stat").exists() || is_over(&state()), "{}", state());
    // Output without end.
    let endless = judged(&Kustomize::new(fake()), &Repo::of(ONE), &Repo::of("yes\n"));
    assert!(matches!(&endless, Verdict::Breaks(_)), "{endless:?}");
    if cfg!(target_os = "linux") {
        // They are set from outside, a moment after it has started.
        let limits = "i=0\nuntil [ \"$(grep -c -e '^Max address space *4294967296 ' -e '^Max file size *67108864 ' \
                      /proc/self/limits)\" = 2 ]; do\ni=$((i + 1))\n[ $i -lt 100 ] || exit 1\nsleep 0.1\ndone\n";
        assert_eq!(of(ONE, &format!("{limits}{ONE}")), Verdict::Same);
    }
}

/// Where that is permitted, it does not even see a loopback device that works.
#[test]
fn it_has_no_network_where_that_is_allowed() {
    if !fake().has_no_network() {
        eprintln!("SKIPPED: this system does not allow a network namespace");
        return;
    }
    let alone =
        "[ \"$(grep -c : /proc/self/net/dev)\" = 1 ] || exit 1; ! grep -q 0100007F /proc/self/net/route || exit 1\n";
    assert_eq!(of(ONE, &format!("{alone}{ONE}")), Verdict::Same);
}

#[test]
fn another_program_is_told_apart() {
    let here = tempfile::tempdir().unwrap();
    fs::copy(fake_path(), here.path().join("no-such-program")).unwrap();
    assert!(Program::asked_for(Path::new("./no-such-program"), here.path()).is_ok());
    let missing = Program::asked_for(Path::new("no-such-program"), here.path()).unwrap_err();
    assert!(matches!(missing, NoKustomize::CannotRun { .. }), "a name alone is no file of the repository");
    let missing = Program::named(Path::new("no-such-program")).unwrap_err();
    assert!(matches!(missing, NoKustomize::CannotRun { .. }), "{missing}");
    let other = Program::named(Path::new("/bin/echo")).unwrap_err();
    assert!(other.to_string().starts_with("/bin/echo is neither kustomize nor kubectl"), "{other}");
    assert_eq!(fake().to_string(), "kustomize v9.9.9");
}

//! `kubectl`, `flux` and `gh` of the test: they write down what they are asked, and a table says what
//! the real ones understand.

use std::collections::BTreeSet;

use crate::terminal::Terminal;

/// The table, with its sources.
const TABLE: &str = include_str!("flags.tsv");

/// Writes its words into a file, a line for each run. The plugins of `flux` are real.
const SCRIPT: &str = r#"
name=${0##*/}
{ printf '%s' "$name"; for word; do printf '\t%s' "$word"; done; echo; } >>"$(dirname "$0")/../asked"
if [ "$name $1" = 'flux codemod' ]; then
    shift
    exec "$HOME/.fluxcd/plugins/flux-codemod" "$@"
fi
[ "$name" != gh ] || cat >"$(dirname "$0")/../body"
"#;

/// What a subcommand understands.
pub(super) struct Row {
    pub(super) program: &'static str,
    pub(super) subcommand: &'static str,
    names: (usize, usize),
    /// The flags, each with whether it takes a value.
    pub(super) flags: Vec<(&'static str, bool)>,
}

/// The rows of the table.
pub(super) fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [program, subcommand, names, flags] = columns[..] else { panic!("four columns: {line}") };
        let (least, most) = names.split_once('-').unwrap();
        let names = (least.parse().unwrap_or(0), most.parse().unwrap_or(usize::MAX));
        let flag = |flag: &'static str| flag.strip_suffix('=').map_or((flag, false), |flag| (flag, true));
        Row { program, subcommand, names, flags: flags.split_whitespace().map(flag).collect() }
    };
    lines.map(row).collect()
}

/// Puts the programs on the PATH of a terminal.
pub(super) fn install(terminal: &Terminal) {
    for name in ["kubectl", "flux", "gh"] {
        terminal.add_program(name, SCRIPT);
    }
}

/// What the programs were asked since the last time, word by word.
pub(super) fn asked(terminal: &Terminal) -> Vec<Vec<String>> {
    let file = terminal.beside("asked");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(file, "").unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// What a command says: its subcommand, and the names after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Understood<'w> {
    pub(super) subcommand: &'static str,
    pub(super) names: Vec<&'w str>,
}

/// What the real program would understand of some words, or what it would not.
pub(super) fn understood(words: &[String]) -> Result<Understood<'_>, String> {
    let (program, words) = words.split_first().ok_or("no words")?;
    let rows = rows();
    let of_program: Vec<&Row> = rows.iter().filter(|row| row.program == program).collect();
    // Of every flag in the table it is known whether it takes a value, so names can be found before
    // the subcommand is.
    let takes_value = |name: &str| of_program.iter().any(|row| row.flags.contains(&(name, true)));
    let (mut flags, mut names) = (BTreeSet::new(), Vec::new());
    let mut rest = words.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        if word == "--" {
            names.extend(rest.by_ref());
        } else if let Some((name, _)) = word.split_once('=').filter(|_| word.starts_with('-')) {
            flags.insert(name);
        } else if word.starts_with('-') && word.len() > 1 {
            flags.insert(word);
            if takes_value(word) && rest.next().is_none() {
                return Err(format!("{program}: {word} takes a value"));
            }
        } else {
            names.push(word);
        }
    }
    let is_meant = |row: &&&Row| {
        let words: Vec<&str> = row.subcommand.split(' ').collect();
        names.starts_with(&words)
    };
    let row = of_program.iter().filter(is_meant).max_by_key(|row| row.subcommand.len());
    let row = row.ok_or_else(|| format!("{program} has no subcommand {}", names.join(" ")))?;
    let all = of_program.iter().filter(|row| row.subcommand == "*").chain([row]);
    let known: BTreeSet<&str> = all.flat_map(|row| row.flags.iter().map(|(flag, _)| *flag)).collect();
    if let Some(unknown) = flags.difference(&known).next() {
        return Err(format!("{program} {} has no flag {unknown}", row.subcommand));
    }
    let names = names.split_off(row.subcommand.split(' ').count());
    if !(row.names.0..=row.names.1).contains(&names.len()) {
        return Err(format!("{program} {} does not take {names:?}", row.subcommand));
    }
    Ok(Understood { subcommand: row.subcommand, names })
}

#[test]
fn what_the_real_programs_do_not_know_is_found() {
    let of = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        understood(&words).map(|understood| format!("{} {:?}", understood.subcommand, understood.names))
    };
    assert_eq!(of("kubectl --namespace a delete deployment b --wait=true").unwrap(), r#"delete ["deployment", "b"]"#);
    assert_eq!(
        of("flux --context edge reconcile source git home-ops").unwrap(),
        r#"reconcile source git ["home-ops"]"#
    );
    for line in [
        "kubectl remove deployment b",
        "kubectl get pods --status-selector ready=false",
        "kubectl get pods --output",
        "flux reconcile helmrelease",
        "flux reconcile source git a b",
        "flux reconcile source git a --with-source",
        "flux get everything",
        "gh pr create --base a more",
    ] {
        assert!(of(line).is_err(), "{line}");
    }
}

/// The rows of kubectl say what kubectl says of itself.
#[test]
fn the_table_is_what_kubectl_says() {
    let Some(kubectl) = crate::kubectl::kubectl() else { return };
    for row in rows().iter().filter(|row| row.program == "kubectl") {
        let words: Vec<&str> =
            if row.subcommand == "*" { vec!["options"] } else { row.subcommand.split(' ').collect() };
        let help: &[&str] = if row.subcommand == "*" { &[] } else { &["--help"] };
        let output = std::process::Command::new(kubectl).args(&words).args(help).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for (flag, takes_value) in &row.flags {
            let options = || text.lines().map(str::trim).filter(|line| line.starts_with('-'));
            let line = options().find(|line| line.split([' ', ',', '=']).any(|word| word == *flag));
            let line = line.unwrap_or_else(|| panic!("kubectl {} has no {flag}", row.subcommand));
            let is_switch = line.contains("=false:") || line.contains("=true:");
            assert_eq!(is_switch, !takes_value, "kubectl {}: {line}", row.subcommand);
        }
    }
}

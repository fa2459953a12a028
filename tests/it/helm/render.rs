//! `helm template`, the judge of what a chart makes of values: found, or installed from PyPI.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use crate::support::in_parallel;
use flux_codemod::flux::Value;
use serde_json::{Value as Json, json};

/// A release to render with the chart of `tests/helm`.
#[derive(Clone)]
pub(super) struct Render {
    /// A tag; `4.0` and `4.1` are the first of them.
    pub version: String,
    pub release: String,
    pub namespace: String,
    pub values: Value,
}

/// The objects that Helm makes of each of some releases. An error where it makes none of them: what
/// it says.
pub(super) fn render(renders: &[Render]) -> Option<Result<Vec<Vec<Json>>, String>> {
    let helm = helm()?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = renders.len().div_ceil(cores).max(1);
    let made = in_parallel(renders.chunks(share), |some| render_with(helm, some));
    let made: Result<Vec<_>, _> = made.into_iter().collect();
    Some(made.map(|some| some.concat()))
}

fn render_with(helm: &Path, renders: &[Render]) -> Result<Vec<Vec<Json>>, String> {
    let one = |render: &Render| {
        let Render { version, release, namespace, values } = render;
        json!({"version": version, "release": release, "namespace": namespace, "values": plain(values)})
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("values.json");
    std::fs::write(&file, json!({"renders": renders.iter().map(one).collect::<Vec<_>>()}).to_string()).unwrap();
    let mut command = Command::new(helm);
    for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(home, dir.path());
    }
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/app-template");
    // Without it Helm makes routes for a cluster of years ago.
    let cluster = ["--api-versions", "gateway.networking.k8s.io/v1/HTTPRoute"];
    command.args(["template", "judge"]).arg(chart).arg("--values").arg(file).args(cluster);
    let output = command.output().expect("helm runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut made = vec![Vec::new(); renders.len()];
    let text = String::from_utf8(output.stdout).expect("Helm writes UTF-8");
    // The chart writes an object a line.
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let object: Json = serde_json::from_str(line).expect("it is JSON");
        let number = object["metadata"]["labels"]["render"].as_str().and_then(|number| number.parse::<usize>().ok());
        made[number.expect("each object has its number")].push(object);
    }
    Ok(made)
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Scalar { text, string: true } => text.as_str().into(),
        Value::Scalar { text, string: false } => serde_yaml::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Value::Sequence(items) => items.iter().map(plain).collect(),
        Value::Mapping(entries) => entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}

/// Where helm is: `FLUX_CODEMOD_HELM`, the PATH, or what `tests/helm/install.py` puts there.
/// `None`, and it says so, where there is none.
fn helm() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let named = std::env::var_os("FLUX_CODEMOD_HELM").map(PathBuf::from);
        let found = named.into_iter().chain([PathBuf::from("helm")]).find(|helm| works(helm)).or_else(installed);
        if found.is_none() {
            eprintln!(
                "SKIPPED: there is no helm to compare with, and it cannot be installed (python3 tests/helm/install.py DIR); \
                 put it on the PATH, or name it in FLUX_CODEMOD_HELM"
            );
        }
        found
    });
    found.as_deref()
}

fn works(helm: &Path) -> bool {
    Command::new(helm).args(["template", "--help"]).output().is_ok_and(|output| output.status.success())
}

fn installed() -> Option<PathBuf> {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("helm");
    let helm = into.join("helm");
    if !works(&helm) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/install.py");
        Command::new("python3").arg(script).arg(into).output().ok()?;
    }
    works(&helm).then_some(helm)
}

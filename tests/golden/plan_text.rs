//! A plan as a reviewer reads it, on one screen: what is done to which unit and why, without what
//! `expected.diff` shows better.

use serde_json::Value;

/// The plan of a case, from its JSON. One block a unit:
///
/// ```text
/// chart-ref release: release media/jellyfin
///   safe, upgrade, main 30-deployments-media (Deployment)
///   needs source: OCIRepository flux-system/app-template-3-7-3
///   warning [code] path/of/the/file.yaml:12
///   spec.upgrade.cleanupOnFail: false -> true (changes): main HelmRelease media/jellyfin
/// ```
///
/// Findings of the whole repository follow, and how many objects are out of scope.
pub(crate) fn plan_text(plan: &Value) -> String {
    let mut text = String::new();
    for cluster in list(&plan["clusters"]) {
        let flux = cluster["flux"].as_str().map_or("Flux unknown".to_owned(), |version| format!("Flux {version}"));
        let branch = cluster["branch"].as_str().map_or(String::new(), |branch| format!(", branch {branch}"));
        text += &format!("cluster {}: {}, {flux}{branch}\n", word(&cluster["name"]), word(&cluster["path"]));
    }
    for unit in list(&plan["units"]) {
        text += "\n";
        text += &unit_text(unit, list(&plan["batches"]));
    }
    let findings = list(&plan["findings"]);
    if !findings.is_empty() {
        text += "\n";
    }
    findings.iter().for_each(|finding| text += &finding_text(finding));
    let migrations = list(&plan["migrations"]).iter();
    let out: Vec<String> =
        migrations.map(|one| format!("{} {}", word(&one["id"]), one["out_of_scope"]["count"])).collect();
    text + &format!("\nout of scope: {}\n", out.join(", "))
}

fn unit_text(unit: &Value, batches: &[Value]) -> String {
    let id = word(&unit["id"]);
    let batch = batches.iter().find(|batch| list(&batch["units"]).contains(&unit["id"]));
    let batch = batch.map_or(String::new(), |batch| format!(" {}", word(&batch["name"])));
    let mut runs: Vec<&str> = list(&unit["workloads"]).iter().map(word).collect();
    if unit["hooks"] == true {
        runs.push("hooks");
    }
    let runs = if runs.is_empty() { String::new() } else { format!(" ({})", runs.join(", ")) };
    // What waits for another migration is not written, however safe it is.
    let safety = if unit.get("waits_for").is_some() { "waits" } else { word(&unit["safety"]) };
    let (impact, lane) = (word(&unit["impact"]), word(&unit["lane"]));
    let mut text = format!("{id}\n  {safety}, {impact}, {lane}{batch}{runs}\n");
    // Why the gate of its stage is not open. Gates of promotion are shown by other tests.
    for gate in list(&unit["held"]).iter().filter(|gate| word(&gate["code"]).starts_with("gate-")) {
        text += &format!("  held [{}] {}\n", word(&gate["code"]), word(&gate["message"]));
    }
    for other in list(&unit["also"]) {
        text += &format!("  also {}\n", word(other));
    }
    for need in list(&unit["needs"]).iter().map(word) {
        // Most needs are of the same migration, which the unit names already.
        let of_the_same = need.strip_prefix(word(&unit["migration"])).map(str::trim_start);
        text += &format!("  needs {}\n", of_the_same.unwrap_or(need));
    }
    for finding in list(&unit["findings"]) {
        text += &format!("  {}", finding_text(finding));
    }
    for line in effects(list(&unit["effects"])) {
        text += &format!("  {line}\n");
    }
    for line in unit["paste"].as_str().unwrap_or_default().lines() {
        text += format!("  | {line}").trim_end();
        text += "\n";
    }
    text
}

/// The place says enough of a finding; one that has no place shows its message.
fn finding_text(finding: &Value) -> String {
    let place = match (finding["path"].as_str(), finding["line"].as_u64()) {
        (Some(path), Some(line)) => format!("{path}:{line}"),
        (Some(path), None) => path.to_owned(),
        (None, _) => word(&finding["message"]).to_owned(),
    };
    format!("{} [{}] {place}\n", word(&finding["severity"]), word(&finding["code"]))
}

/// One line for all objects that see the same change of the same field.
fn effects(effects: &[Value]) -> Vec<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for effect in effects {
        let side = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let (before, after, outcome) = (side(&effect["before"]), side(&effect["after"]), word(&effect["outcome"]));
        let change = format!("{}: {before} -> {after} ({outcome})", word(&effect["field"]));
        let object = format!("{} {}", word(&effect["cluster"]), word(&effect["object"]));
        match lines.iter_mut().find(|(known, _)| *known == change) {
            Some((_, objects)) => objects.push(object),
            None => lines.push((change, vec![object])),
        }
    }
    lines.into_iter().map(|(change, objects)| format!("{change}: {}", objects.join(", "))).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

//! Controllers and their pods: probes that are on by default, variables for services, schedules.

use super::services::{has_service, startup};
use super::{MAIN, Matter, Place, Stating, yes};
use crate::charts::app_template::workloads::kind;
use crate::flux::{Value, WorkloadKind};

pub(super) fn state(stating: &mut Stating) {
    if stating.values.at(&["controllers", MAIN, "containers", MAIN]).is_some() {
        probes(stating);
    }
    if stating.values.at(&["controllers", MAIN]).is_some() {
        container(stating);
        schedule(stating);
    }
    let why = "2.x gives pods variables for each Service of their namespace, later versions do not";
    let links = ["defaultPodOptions", "enableServiceLinks"];
    if stating.values.get(links[0]).is_none() {
        let options = Value::mapping(vec![(links[1], yes())]);
        stating.state(&links[..1], options, Place::Head, why);
    } else {
        stating.state(&links, yes(), Place::Head, why);
    }
    others(stating);
}

/// The container `main`, which has no image by default.
fn container(stating: &mut Stating) {
    let at = ["controllers", MAIN, "containers"];
    let is_there = stating.values.at(&[at[0], at[1], at[2], MAIN]).is_some();
    if !is_there && !stating.was_removed(&[at[0], at[1], at[2], MAIN]) {
        stating.open(&at, "2.x has a container `main` here unless it is disabled, and it has no image");
    }
}

/// The probes of the container `main` are on, unless there is no port to ask.
fn probes(stating: &mut Stating) {
    let at = ["controllers", MAIN, "containers", MAIN, "probes"];
    let asks = has_service(&stating.values, MAIN);
    for probe in ["liveness", "readiness", "startup"] {
        let of_probe = |key: &'static str| [at[0], at[1], at[2], at[3], at[4], probe, key];
        let is_custom = stating.is_on(&of_probe("custom"), false);
        let is_on = stating.is_on(&of_probe("enabled"), true);
        if is_custom.is_none() || is_on.is_none() {
            stating.open(&of_probe("enabled")[..6], "a switch of it is neither true nor false to every YAML reader");
        }
        if is_on != Some(true) || (is_custom == Some(false) && !asks) {
            continue;
        }
        if stating.values.at(&of_probe("enabled")[..6]).is_none() {
            let spec = if probe == "startup" { vec![("spec", Value::mapping(startup()))] } else { Vec::new() };
            let values = Value::mapping([vec![("enabled", yes())], spec].concat());
            stating.state(&of_probe("enabled")[..6], values, Place::End, "2.x asks by default");
            continue;
        }
        stating.state(&of_probe("enabled"), yes(), Place::Head, "2.x asks by default");
        if probe == "startup" {
            for (key, value) in startup() {
                let at = [&of_probe("spec")[..], &[key]].concat();
                stating.state(&at, value, Place::End, "it is the default of 2.x");
            }
        }
    }
}

/// A CronJob `main` runs every 20 minutes by default.
fn schedule(stating: &mut Stating) {
    let is_cron_job = stating.values.at(&["controllers", MAIN]).and_then(kind) == Some(WorkloadKind::CronJob);
    if is_cron_job {
        let at = ["controllers", MAIN, "cronjob", "schedule"];
        stating.state(&at, Value::string("*/20 * * * *"), Place::End, "it is the default of 2.x");
    }
}

/// What only the controller `main` has by default in 2.x, later versions have for all.
fn others(stating: &mut Stating) {
    for controller in stating.keys(&["controllers"]).into_iter().filter(|controller| controller != MAIN) {
        let at = ["controllers", controller.as_str()];
        let Some(values) = stating.values.at(&at) else { continue };
        let is_missing = |keys: &[&str]| values.at(keys).is_none();
        let what = match kind(values) {
            Some(WorkloadKind::CronJob) => {
                let keys =
                    ["concurrencyPolicy", "startingDeadlineSeconds", "successfulJobsHistory", "failedJobsHistory"];
                let missing = keys.into_iter().filter(|key| is_missing(&["cronjob", key]));
                missing.collect::<Vec<_>>()
            }
            Some(WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet) => {
                ["revisionHistoryLimit"].into_iter().filter(|key| is_missing(&[key])).collect()
            }
            _ => Vec::new(),
        };
        if !what.is_empty() {
            let what = format!("2.x leaves {} to Kubernetes, 4.x has a default of its own", what.join(", "));
            stating.say(&at, Matter::Changes(what));
        }
    }
}

//! Which of the pins of 5.x can be left out, so that a release takes its defaults
//! (`docs/app-template.md#adopting-5x`): where nothing in the values or in the repository relies on
//! what 4.x does.

use std::fmt;

use super::{Keeping, Keeps, Kept};
use crate::charts::app_template::items::{enabled, text};
use crate::charts::app_template::{Chart, Section};
use crate::flux::Value;

/// What the repository says beside the values of the release: places, as `file:line`.
pub trait Around {
    /// Where an account of the release's namespace is bound to a role.
    fn binding_of(&self, account: &str) -> Option<String>;
    /// Where an account of that name is in the repository, in the release's namespace.
    fn account(&self, name: &str) -> Option<String>;
    /// Where else an account of the namespace is used, but by HelmReleases: a store of secrets, say.
    fn use_of(&self, account: &str) -> Option<String>;
    /// Where rules and dashboards ask for metrics with this `job`.
    fn queries_of(&self, job: &str) -> Vec<String>;
}

/// A pin that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The keys to where it would stand.
    pub at: Vec<String>,
    /// What 5.x does there, and why that is no loss.
    pub what: Leaves,
}

/// What 5.x does by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Pods do not mount the token of these accounts, which nothing binds.
    NoToken {
        /// Those that they have, and the one that they may get.
        accounts: Vec<String>,
    },
    /// Pods have the account that is made, instead of `default`.
    OwnAccount(String),
    /// The label `job` of metrics stays: the Service is called as the application.
    SameJob(String),
    /// The label `job` changes; nothing in the repository asks for the old one.
    OtherJob {
        /// What it was.
        was: String,
        /// What it becomes.
        becomes: String,
    },
}

impl fmt::Display for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Leaves::NoToken { accounts } => {
                write!(f, "pods mount no token any more: no binding names {}", accounts.join(" or "))
            }
            Leaves::OwnAccount(name) => {
                write!(f, "pods move from account default to {name}, which 5.x makes: nothing relies on the old one")
            }
            Leaves::SameJob(job) => write!(f, "the label `job` of its metrics is {job} as before"),
            Leaves::OtherJob { was, becomes } => write!(
                f,
                "the label `job` of its metrics becomes {becomes}; no rule and no dashboard in the repository asks for \
                 {was}"
            ),
        }
    }
}

/// The accounts of the control plane in `kube-system`: an account of the same name that a release
/// makes is taken over by helm-controller, and deleted with the release.
const OF_THE_CONTROL_PLANE: [&str; 36] = [
    "attachdetach-controller",
    "bootstrap-signer",
    "certificate-controller",
    "cloud-controller-manager",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "route-controller",
    "service-account-controller",
    "service-controller",
    "statefulset-controller",
    "token-cleaner",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
];

const DEFAULT: &str = "default";

impl Chart<'_> {
    /// As [`Chart::keeping_in_5`], without the pins that nothing relies on. Those that stay say why.
    pub fn adopting_5(&self, around: &dyn Around) -> Keeping {
        let mut keeping = self.keeping_in_5();
        for mut kept in std::mem::take(&mut keeping.kept) {
            let left = match &kept.what {
                Keeps::Token => self.without_token(around),
                Keeps::NoAccount => self.with_account(around),
                Keeps::JobLabel(_) => self.without_job_label(&kept, around),
                _ => {
                    keeping.kept.push(kept);
                    continue;
                }
            };
            match left {
                Ok(what) => keeping.left.push(Left { at: kept.at, what }),
                Err(why) => {
                    kept.because = Some(why);
                    keeping.kept.push(kept);
                }
            }
        }
        keeping
    }

    /// The accounts whose tokens its pods mount, those that it makes, and the one that 5.x may make.
    ///
    /// # Errors
    /// Why that is not certain.
    fn accounts_around(&self) -> Result<Vec<String>, String> {
        let used = self.pod_accounts().into_iter().map(|pod| pod.name);
        let made = self.accounts().into_iter().map(|account| account.name);
        let names = used.chain(made).chain([self.fullname()]).collect::<Result<Vec<_>, _>>();
        let mut names = names.map_err(|unknown| format!("the account of its pods is unknown ({unknown})"))?;
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The binding in the values, if there may be one.
    fn own_binding(&self) -> Option<String> {
        let binding = enabled(self.section(Section::Bindings)).into_iter().next()?;
        Some(format!("rbac.bindings.{}", binding.identifier))
    }

    fn without_token(&self, around: &dyn Around) -> Result<Leaves, String> {
        if let Some(binding) = self.own_binding() {
            return Err(format!("{binding} binds an account"));
        }
        let accounts = self.accounts_around()?;
        match accounts.iter().find_map(|account| Some((account, around.binding_of(account)?))) {
            Some((account, place)) => Err(format!("{place} binds account {account}")),
            None => Ok(Leaves::NoToken { accounts }),
        }
    }

    /// Whether pods can move from `default` to the account that 5.x makes.
    fn with_account(&self, around: &dyn Around) -> Result<Leaves, String> {
        let full = self.fullname().map_err(|unknown| format!("the name of the account is unknown ({unknown})"))?;
        let stated = enabled(self.section(Section::Controllers));
        if let Some(controller) = stated.iter().find(|controller| controller.values.get("serviceAccount").is_some()) {
            return Err(format!("controllers.{} states its account", controller.identifier));
        }
        if let Some(binding) = self.own_binding() {
            return Err(format!("{binding} binds an account"));
        }
        if let Some(place) = around.binding_of(DEFAULT) {
            return Err(format!("{place} binds account {DEFAULT}"));
        }
        if let Some(place) = around.account(DEFAULT).or_else(|| around.use_of(DEFAULT)) {
            return Err(format!("{place} is about account {DEFAULT}"));
        }
        if let Some(place) = around.account(&full) {
            return Err(format!("{place} makes account {full} already"));
        }
        if self.namespace == "kube-system" && OF_THE_CONTROL_PLANE.contains(&&*full) {
            return Err(format!("{full} is an account of the control plane"));
        }
        Ok(Leaves::OwnAccount(full))
    }

    fn without_job_label(&self, kept: &Kept, around: &dyn Around) -> Result<Leaves, String> {
        let unknown = || "it is not certain which Service it selects".to_owned();
        let name = self.name().map_err(|_| unknown())?;
        let service = self.service_of_monitor(&kept.at[1]).ok_or_else(unknown)?;
        if service == name {
            return Ok(Leaves::SameJob(name));
        }
        match around.queries_of(&service).as_slice() {
            [] => Ok(Leaves::OtherJob { was: service, becomes: name }),
            places => Err(format!("{} asks for job {service}", places.join(", "))),
        }
    }

    /// The name of the one Service that a ServiceMonitor selects, if that is certain.
    fn service_of_monitor(&self, monitor: &str) -> Option<String> {
        let values = self.section(Section::ServiceMonitor)?.get(monitor)?;
        if values.get("selector").is_some() {
            return None;
        }
        let objects = self.objects();
        let mut services = objects.iter().filter(|object| object.section == Section::Service);
        let of = |identifier: &str| {
            let mut all = objects.iter().filter(|object| object.section == Section::Service);
            all.find(|object| object.identifier == identifier)?.name.clone().ok()
        };
        let service = values.get("service");
        let literal = |values: &Value, key| text(values, key).ok().flatten().map(str::to_owned);
        match (literal(values, "serviceName"), service) {
            (Some(name), None) => self.rendered(&name).ok(),
            (None, Some(service)) => match (literal(service, "identifier"), literal(service, "name")) {
                (Some(identifier), None) => of(&identifier),
                (None, Some(name)) => self.rendered(&name).ok(),
                _ => None,
            },
            (None, None) => {
                let one = services.next()?.name.clone().ok();
                let is_certain = enabled(self.section(Section::Service)).iter().all(|item| item.is_certain);
                one.filter(|_| is_certain && services.next().is_none())
            }
            (Some(_), Some(_)) => None,
        }
    }
}

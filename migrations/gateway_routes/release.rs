//! Releases of app-template: entries of `ingress` become entries of `route` in the same values.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{InCluster, is_remote};
use super::codes;
use super::find::Clusters;
use super::judge::Remark;
use super::reasons::{code_of, text_of};
use super::served::Taken;
use super::settings::GatewayRoutesSettings;
use super::values::{INGRESS, entries, entry_class, has_merges, is_same_but_variables, makes_ingress};
use crate::charts::app_template::Serving;
use crate::flux::{Identity, Installed, Reach, Release, Value, View};
use crate::plan::{Code, Effect, Finding};
use crate::yaml::Node;

/// A release with entries of `ingress` that are not disabled.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    pub(super) identity: Identity,
    /// Its values in the file, and what they become; the same where all routes are there.
    pub(super) verdict: Result<(Value, Value), Vec<Finding>>,
    pub(super) findings: Vec<Finding>,
    pub(super) effects: Vec<Effect>,
    /// The keys of its entries.
    pub(super) entries: Vec<String>,
    /// For each entry the annotations that move when it is cut.
    pub(super) moved: BTreeMap<String, Vec<String>>,
    /// The Gateway of an entry, where its record points to, and its line.
    pub(super) targets: Vec<(String, String, usize)>,
    /// What there is to say before it is cut.
    pub(super) before_cut: Vec<Finding>,
    /// What its routes take.
    pub(super) takes: Vec<Taken>,
}

/// What one cluster makes of a release.
pub(super) struct Placed {
    pub(super) after: Value,
    pub(super) findings: Vec<Finding>,
    pub(super) effects: Vec<Effect>,
    /// For each entry the annotations that move when it is cut.
    pub(super) moved: BTreeMap<String, Vec<String>>,
    /// The Gateway of an entry, where its record points to, and its line.
    pub(super) targets: Vec<(String, String, usize)>,
    /// What routes take.
    pub(super) takes: Vec<Taken>,
    /// What keeps entries from being cut, although they have routes.
    pub(super) before_cut: Vec<Finding>,
    /// The keys of routes that a policy has to protect, each with a middleware.
    pub(super) protected: Vec<(String, String)>,
}

impl Default for Placed {
    fn default() -> Placed {
        let (after, findings, effects, moved) = (Value::Null, Vec::new(), Vec::new(), BTreeMap::new());
        let (targets, before_cut) = (Vec::new(), Vec::new());
        Placed { after, findings, effects, moved, targets, before_cut, takes: Vec::new(), protected: Vec::new() }
    }
}

/// A release that has Ingresses; `None` for others.
pub(super) fn candidate<'v>(
    view: &'v View,
    clusters: &Clusters,
    settings: &GatewayRoutesSettings,
    release: &'v Release,
) -> Option<Candidate<'v>> {
    let reaches = view.graph().reaches(&release.at);
    let places = reaches.iter().filter_map(|reach| Some((reach, view.installed(&release.at, reach)?)));
    let places: Vec<(&Reach, Installed)> =
        places.filter(|(reach, installed)| !is_remote(view, reach, Some(installed))).collect();
    let chart = places.iter().find_map(|(_, installed)| view.chart_name(installed))?;
    let maker = Maker { view, settings, release };
    let mut candidate = Candidate {
        release,
        identity: view.identity(release),
        verdict: Err(Vec::new()),
        findings: Vec::new(),
        effects: Vec::new(),
        entries: Vec::new(),
        moved: BTreeMap::new(),
        targets: Vec::new(),
        before_cut: Vec::new(),
        takes: Vec::new(),
    };
    if chart != "app-template" {
        let (_, installed) =
            places.iter().find(|(_, installed)| makes_ingress(installed.object.at(&["spec", "values"])))?;
        let message =
            format!("{} has an Ingress in its values, and the chart {chart} is not known here", installed.release);
        candidate.verdict = Err(vec![maker.error(codes::CHART_NOT_KNOWN, message)]);
        return Some(candidate);
    }
    let stated = maker.stated();
    let values = stated.and_then(Value::of).unwrap_or(Value::Null);
    let arriving = |installed: &Installed| installed.object.at(&["spec", "values"]).cloned().unwrap_or(Value::Null);
    let all: BTreeSet<String> = places
        .iter()
        .flat_map(|(_, installed)| entries(&arriving(installed)).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if all.is_empty() {
        return None;
    }
    candidate.entries = all.into_iter().collect();
    candidate.verdict = maker.all(clusters, &places, stated, &values).map(|placed| {
        (candidate.findings, candidate.effects) = (placed.findings, placed.effects);
        (candidate.moved, candidate.targets) = (placed.moved, placed.targets);
        (candidate.before_cut, candidate.takes) = (placed.before_cut, placed.takes);
        (values, placed.after)
    });
    Some(candidate)
}

/// Works out what becomes of a release.
pub(super) struct Maker<'v, 's> {
    pub(super) view: &'v View,
    pub(super) settings: &'s GatewayRoutesSettings,
    pub(super) release: &'v Release,
}

impl<'v> Maker<'v, '_> {
    /// `spec.values` as they stand in the file.
    fn stated(&self) -> Option<Node<'v>> {
        let values = self.view.node(&self.release.at)?.at(&["spec", "values"])?;
        (!values.is_null()).then_some(values)
    }

    fn error(&self, code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::error(code, message).at(&self.release.at.path, self.release.line)
    }

    /// The line of an entry of `ingress`.
    pub(super) fn line_of(&self, entry: &str) -> usize {
        let node = self.stated().and_then(|values| values.at(&[INGRESS, entry]));
        node.map_or(self.release.line, |node| {
            crate::charts::app_template::line_of(self.stated().unwrap_or(node), &[INGRESS, entry])
        })
    }

    pub(super) fn at_entry(&self, entry: &str, remark: &Remark) -> Finding {
        let what = if entry.is_empty() { String::new() } else { format!("ingress.{entry}") };
        remark.at(&what, &self.release.at.path, self.line_of(entry))
    }

    /// What all clusters make of it.
    fn all(
        &self,
        clusters: &Clusters,
        places: &[(&Reach, Installed)],
        stated: Option<Node<'v>>,
        values: &Value,
    ) -> Result<Placed, Vec<Finding>> {
        let block = stated.and_then(|values| values.own_entry(INGRESS)).map(|(_, block)| block);
        let Some(block) = block.filter(|block| !has_merges(*block)) else {
            let message = "the block `ingress` of the values is merged in, or comes from elsewhere";
            return Err(vec![self.error(codes::NOT_READ, message)]);
        };
        if block.is_alias() {
            return Err(vec![self.error(codes::NOT_READ, "the block `ingress` is an alias")]);
        }
        let mut all: Option<Placed> = None;
        for (reach, installed) in places {
            let cluster = &self.view.graph().clusters[reach.cluster].name;
            let placed = self.placed(clusters.of(reach.cluster), cluster, installed, values)?;
            match &mut all {
                None => all = Some(placed),
                Some(first) if first.after == placed.after => {
                    let new = placed.findings.into_iter().filter(|finding| !first.findings.contains(finding));
                    first.findings.extend(new.collect::<Vec<_>>());
                    first.effects.extend(placed.effects);
                }
                Some(_) => {
                    let message = "the clusters that apply it need different routes in this file";
                    return Err(vec![self.error(codes::DIFFERS, message)]);
                }
            }
        }
        all.ok_or_else(|| vec![self.error(crate::plan::codes::UNREACHED, "no cluster applies it")])
    }

    /// What changes Ingresses beside the values of the file.
    ///
    /// # Errors
    /// A post-renderer that is about Ingresses.
    fn beside_values(&self, installed: &Installed) -> Result<Option<Finding>, Finding> {
        let spec = |key: &str| installed.object.at(&["spec", key]);
        let mut texts = Vec::new();
        spec("postRenderers").iter().for_each(|renderers| renderers.texts(&mut texts));
        if texts.iter().any(|text| text.contains("Ingress")) {
            return Err(self.error(codes::INGRESS_PATCHED, "a post-renderer is about Ingresses"));
        }
        let from = spec("valuesFrom").map(Value::items).unwrap_or_default();
        let names: Vec<&str> = from.iter().filter_map(|from| from.text_at(&["name"])).collect();
        let message = || format!("values also come from {}, which is not read", names.join(", "));
        let path = &self.release.at.path;
        Ok((!names.is_empty()).then(|| Finding::warning(codes::VALUES_FROM, message()).at(path, self.release.line)))
    }

    /// What one cluster makes of it.
    fn placed(
        &self,
        cluster: &InCluster,
        name: &str,
        installed: &Installed,
        stated: &Value,
    ) -> Result<Placed, Vec<Finding>> {
        let arriving = installed.object.at(&["spec", "values"]).unwrap_or(&Value::Null);
        let one = |finding: Finding| vec![finding];
        let (Some(before), Some(there)) = (stated.get(INGRESS), arriving.get(INGRESS)) else {
            return Err(one(self.error(codes::INGRESS_PATCHED, "`ingress` is not in the values of the file")));
        };
        if !is_same_but_variables(before, there) {
            let message = "a patch changes `ingress` on its way to the cluster";
            return Err(one(self.error(codes::INGRESS_PATCHED, message)));
        }
        let beside = self.beside_values(installed).map_err(one)?;
        let version = installed.chart.as_ref().and_then(|chart| chart.version.as_deref());
        let serving = version
            .filter(|_| installed.is_known())
            .and_then(|version| Serving::of(version, &installed.release, &installed.namespace, arriving));
        let Some(serving) = serving else {
            let version = version.unwrap_or("none");
            let is_old = crate::charts::version::numbers(version).is_some_and(|numbers| numbers[0] == 3);
            let code = if is_old { codes::CHART_TOO_OLD } else { codes::VERSION_UNKNOWN };
            return Err(one(self.error(code, format!("what version {version} makes of `route` is not known"))));
        };
        let routed = serving.routed(stated).map_err(|not| {
            let remark = Remark::error((code_of(not.why), text_of(not.why).to_owned()));
            one(self.at_entry(&not.entry, &remark))
        })?;
        self.dressed(cluster, name, installed, &routed, (stated, arriving)).and_then(|placed| {
            let mut after = arriving.clone();
            if let Some(mut route) = placed.after.get("route").cloned() {
                let variables = &self.view.graph().kustomizations[installed.kustomization].variables;
                route.map_text(&|text| variables.substitute(text));
                after.set("route", route);
            }
            let new = serving.with(&after);
            if !serving.is_served_by(&new) {
                let message = "the routes would serve something else than the Ingresses";
                return Err(one(self.error(codes::ROUTE_DIFFERS, message)));
            }
            let names = new.names_of_routes().unwrap_or_default();
            for (route, middleware) in &placed.protected {
                let name = names.iter().find(|(key, _)| key == route).map_or(route, |(_, name)| name);
                if !cluster.has_policy(&installed.namespace, name) {
                    let message =
                        format!("{middleware} authenticates, and no policy in this cluster targets HTTPRoute {name}");
                    return Err(one(self.error(codes::AUTH_LOST, message)));
                }
            }
            let taken = names.iter().find(|(key, name)| {
                let is_new = routed.routes.iter().any(|new| new.key == *key);
                is_new && cluster.routes.contains_key(&(installed.namespace.clone(), name.clone()))
            });
            if let Some((_, name)) = taken {
                let message = format!("there is an HTTPRoute {name} in namespace {}", installed.namespace);
                return Err(one(self.error(codes::NAME_TAKEN, message)));
            }
            let mut placed = placed;
            placed.findings.extend(beside.clone());
            let live = serving.parents_of_routes().unwrap_or_default();
            for (entry, host) in
                routed.done.iter().flat_map(|(entry, hosts)| hosts.iter().map(move |host| (entry, host)))
            {
                let of_host = live.iter().filter(|(hosts, _)| hosts.contains(host));
                let remarks: Vec<_> =
                    of_host.map(|(_, parents)| cluster.liveness(&installed.namespace, parents, [host])).collect();
                // One that serves it is enough.
                if remarks.iter().all(Option::is_some) {
                    let remark = remarks.into_iter().flatten().next();
                    placed.before_cut.extend(remark.map(|remark| self.at_entry(entry, &remark)));
                }
                placed.before_cut.extend(cluster.names_proxy(entry_class(arriving, entry)));
            }
            placed.before_cut.dedup();
            Ok(placed)
        })
    }
}

//! Releases of app-template: entries of `ingress` become entries of `route` in the same values.

use std::collections::{BTreeMap, BTreeSet};

use super::annotations::changes;
use super::charts::ChartRoute;
use super::cluster::{InCluster, is_remote};
use super::codes;
use super::dressed::{Dressed, Lock, facts};
use super::find::Clusters;
use super::judge::Remark;
use super::nginx;
use super::other::Judged;
use super::placed::{About, Placed};
use super::policy::inclusion;
use super::reasons::{code_of, text_of};
use super::settings::GatewayRoutesSettings;
use super::values::{Entry, INGRESS, entries, entry_class, has_filters, has_merges, is_same_but_variables, paths};
use crate::charts::app_template::{Serving, StatedRoute, line_of};
use crate::charts::version::numbers;
use crate::flux::{Identity, Installed, Named, Reach, Release, Value, View};
use crate::gateway::{Changes, HttpRoute, is_of_nginx};
use crate::plan::codes::UNREACHED;
use crate::plan::{Code, Finding};
use crate::yaml::Node;

/// A release with entries of `ingress` that are not disabled.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    pub(super) identity: Identity,
    /// Its values in the file.
    pub(super) values: Value,
    /// What its chart has, if it is not app-template.
    known: Vec<ChartRoute>,
    pub(super) entries: Vec<Entry>,
    pub(super) verdict: Result<Placed<Written>, Vec<Finding>>,
    /// Ingresses of another chart beside its entries, of which it is not known to make routes.
    pub(super) rest: Option<Finding>,
    /// The routes of these, to fill in and paste.
    pub(super) paste: Option<String>,
}

/// What is written of a release.
#[derive(PartialEq, Eq)]
pub(super) struct Written {
    /// Its values with all routes.
    pub(super) after: Value,
    /// For each entry the annotations that move when it is cut.
    pub(super) moved: BTreeMap<String, Vec<String>>,
}

impl Candidate<'_> {
    /// Whether every Ingress has its route.
    pub(super) fn has_routes(&self) -> bool {
        self.verdict.as_ref().is_ok_and(|placed| placed.made.after == self.values)
    }

    /// The names of its entries.
    pub(super) fn shown(&self) -> String {
        self.entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The annotations of an entry, as they are on a route.
    pub(super) fn filled_in(&self, entry: &str, annotations: &Value) -> Value {
        let known = self.known.iter().find(|known| known.shown() == entry);
        let text =
            |key: &str, value: &Value| known?.annotation(key, value.text()?).ok().map(|text| Value::string(&text));
        let entries = annotations.entries().iter();
        let filled = entries.map(|(key, value)| (key.clone(), text(key, value).unwrap_or_else(|| value.clone())));
        Value::Mapping(filled.collect())
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
    let candidate = |values, Judged { entries, verdict, rest, paste, known }| {
        let identity = view.identity(release);
        Some(Candidate { release, identity, values, known, entries, verdict, rest, paste })
    };
    let values = maker.stated().and_then(Value::of).unwrap_or(Value::Null);
    if chart != "app-template" {
        let judged = maker.other(clusters, chart, &places, &values)?;
        return candidate(values, judged);
    }
    let arriving = places.iter().filter_map(|(_, installed)| installed.object.at(&["spec", "values"]));
    let all: BTreeSet<&str> = arriving.flat_map(entries).collect();
    if all.is_empty() {
        return None;
    }
    let verdict = maker.all(clusters, &places, &values);
    let entries = all.into_iter().map(Entry::of_app_template).collect();
    candidate(values, Judged { entries, verdict, rest: None, paste: None, known: Vec::new() })
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

    pub(super) fn error(&self, code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::error(code, message).at(&self.release.at.path, self.release.line)
    }

    /// The line of a part of the values.
    pub(super) fn line_at(&self, path: &[&str]) -> usize {
        let values = self.stated().filter(|values| values.at(path).is_some());
        values.map_or(self.release.line, |values| line_of(values, path))
    }

    /// The line of an entry of `ingress`.
    pub(super) fn line_of(&self, entry: &str) -> usize {
        self.line_at(&[INGRESS, entry])
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
        values: &Value,
    ) -> Result<Placed<Written>, Vec<Finding>> {
        let one = |code, message: &str| vec![self.error(code, message)];
        let block = self.stated().and_then(|values| values.own_entry(INGRESS)).map(|(_, block)| block);
        let Some(block) = block.filter(|block| !has_merges(*block)) else {
            let message = "the block `ingress` of the values is merged in, or comes from elsewhere";
            return Err(one(codes::NOT_READ, message));
        };
        if block.is_alias() {
            return Err(one(codes::NOT_READ, "the block `ingress` is an alias"));
        }
        let placed =
            places.iter().map(|(reach, installed)| self.placed(&clusters[reach.cluster], reach, installed, values));
        let differs = || one(codes::DIFFERS, "the clusters that apply it need different routes in this file");
        Placed::by_all(placed, differs)?.ok_or_else(|| one(UNREACHED, "no cluster applies it"))
    }

    /// What changes Ingresses beside the values of the file.
    ///
    /// # Errors
    /// A post-renderer that is about Ingresses.
    pub(super) fn beside_values(&self, installed: &Installed) -> Result<Option<Finding>, Finding> {
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
        reach: &Reach,
        installed: &Installed,
        stated: &Value,
    ) -> Result<Placed<Written>, Vec<Finding>> {
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
        let changes = self.changes(cluster, installed, arriving);
        let (meant, meant_stated) = (nginx::meant(arriving, &changes), nginx::meant(stated, &changes));
        let version = installed.chart.as_ref().and_then(|chart| chart.version.as_deref());
        let serving = version
            .filter(|_| installed.is_known())
            .and_then(|version| Serving::of(version, &installed.release, &installed.namespace, &meant));
        let Some(serving) = serving else {
            let version = version.unwrap_or("none");
            let is_old = numbers(version).is_some_and(|numbers| numbers[0] == 3);
            let code = if is_old { codes::CHART_TOO_OLD } else { codes::VERSION_UNKNOWN };
            return Err(one(self.error(code, format!("what version {version} makes of `route` is not known"))));
        };
        let routed = serving.routed(&meant_stated).map_err(|not| {
            let remark = Remark::error((code_of(not.why), text_of(not.why).to_owned()));
            one(self.at_entry(&not.entry, &remark))
        })?;
        let dressed = self.dressed(cluster, installed, &routed, (stated, arriving))?;
        let Dressed { mut placed, locks } = dressed;
        let mut after = meant.clone();
        if let Some(mut route) = placed.made.after.get("route").cloned() {
            let variables = &self.view.graph().kustomizations[installed.kustomization].variables;
            route.map_text(&|text| variables.substitute(text));
            after.set("route", route);
        }
        // What annotations put before all rules is no rule of the Ingress.
        let mut rules_alone = after.clone();
        for key in locks.iter().filter(|lock| lock.first.is_some()).filter_map(|lock| lock.key.as_ref()) {
            if let Some(Value::Sequence(rules)) = rules_alone.at_mut(&["route", key, "rules"]) {
                rules.drain(..rules.len().min(1));
            }
        }
        let new = serving.with(&after);
        if !serving.is_served_by(&serving.with(&rules_alone)) {
            let message = "the routes would serve something else than the Ingresses";
            return Err(one(self.error(codes::ROUTE_DIFFERS, message)));
        }
        let routes = new.stated_routes();
        let routes = routes
            .map_err(|_| one(self.error(codes::NOT_READ, "the names of its routes do not follow from the values")))?;
        self.locked(cluster, reach, &installed.namespace, &routes, &locks, &mut placed.about).map_err(one)?;
        let is_new = |route: &&StatedRoute<'_>| routed.routes.iter().any(|new| new.key == route.key);
        let is_taken =
            |route: &&StatedRoute<'_>| cluster.routes.contains_key(&(installed.namespace.clone(), route.name.clone()));
        if let Some(route) = routes.iter().filter(is_new).find(is_taken) {
            let message = format!("there is an HTTPRoute {} in namespace {}", route.name, installed.namespace);
            return Err(one(self.error(codes::NAME_TAKEN, message)));
        }
        placed.about.findings.extend(beside);
        let names: BTreeSet<String> =
            serving.ingress_rules().unwrap_or_default().into_iter().map(|rule| rule.object).collect();
        let named = |name| Named { kind: "Ingress".to_owned(), namespace: Some(installed.namespace.clone()), name };
        placed.about.cuts.extend(names.into_iter().map(named));
        let read = |route: &StatedRoute<'_>| HttpRoute {
            hosts: route.hosts.clone(),
            ..HttpRoute::read(route.values, &installed.namespace)
        };
        let there: Vec<HttpRoute> = routes.iter().map(read).collect();
        for (entry, hosts) in &routed.done {
            let remarks = hosts.iter().filter_map(|host| cluster.liveness(&installed.namespace, &there, host));
            placed.about.before_cut.extend(remarks.map(|remark| self.at_entry(entry, &remark)));
            placed.about.before_cut.extend(cluster.names_proxy(
                self.view,
                entry_class(arriving, entry),
                &installed.namespace,
            ));
        }
        placed.about.before_cut.dedup();
        Ok(placed)
    }

    /// What annotations of nginx change in each entry.
    fn changes(&self, cluster: &InCluster, installed: &Installed, arriving: &Value) -> BTreeMap<String, Changes> {
        let of_entry = |entry: &str| {
            let ingress = arriving.at(&[INGRESS, entry])?;
            let facts = facts(ingress, installed, Vec::new());
            facts.annotations.iter().find(|(key, _)| is_of_nginx(key))?;
            // Who has no place is refused later.
            let place = facts.place(cluster, self.settings).ok()?;
            let changes = changes(&facts, &place, cluster, self.settings, &paths(ingress));
            (changes != Changes::default()).then(|| (entry.to_owned(), changes))
        };
        entries(arriving).into_iter().filter_map(of_entry).collect()
    }

    /// Sees that what asks who somebody is, or where from, has a policy that targets each route.
    fn locked(
        &self,
        cluster: &InCluster,
        reach: &Reach,
        namespace: &str,
        routes: &[StatedRoute<'_>],
        locks: &[Lock],
        about: &mut About,
    ) -> Result<(), Finding> {
        for Lock { entry, key, hosts, asked, filters, first } in locks {
            let is_it = |route: &&StatedRoute<'_>| match key {
                Some(key) => route.key == *key,
                // Which of them people wrote for this entry is not known.
                None => route.hosts.iter().any(|host| hosts.contains(host)),
            };
            for route in routes.iter().filter(is_it) {
                let inclusion = inclusion(self.view, cluster, reach, (namespace, &route.name), asked);
                about.include(inclusion.map_err(|remark| self.at_entry(entry, &remark))?);
                if !has_filters(route.values, filters, first.as_ref()) {
                    let message = format!("route.{} does not do what middlewares or annotations do", route.key);
                    return Err(self.at_entry(entry, &Remark::error((codes::ROUTE_DIFFERS, message))));
                }
            }
        }
        Ok(())
    }
}

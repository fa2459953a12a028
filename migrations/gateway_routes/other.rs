//! Releases of other charts: their Ingresses become routes that the charts make of their own values.

use std::collections::BTreeMap;

use super::annotations::{Ledger, ledger};
use super::asked::Asked;
use super::charts::{ChartLine, ChartRoute, Switch, routes_of};
use super::cluster::InCluster;
use super::codes;
use super::dressed::facts;
use super::find::Clusters;
use super::judge::{Remark, Stated, is_silenced};
use super::placed::{About, Placed};
use super::release::{Maker, Written};
use super::serves::Around;
use super::traefik::filters;
use super::values::{Entry, is_same_but_variables, makes_ingress};
use crate::charts::version::numbers;
use crate::flux::{Installed, Reach, Value};
use crate::gateway::{Changes, HttpRoute, parent_refs};
use crate::plan::codes::UNREACHED;
use crate::plan::{Finding, Severity};

/// A release of another chart.
pub(super) struct Judged {
    pub(super) entries: Vec<Entry>,
    pub(super) verdict: Result<Placed<Written>, Vec<Finding>>,
    /// Ingresses beside those entries, of which the chart makes no route that is known.
    pub(super) rest: Option<Finding>,
    /// The routes of these, to fill in and paste.
    pub(super) paste: Option<String>,
    /// What the chart has.
    pub(super) known: Vec<ChartRoute>,
}

impl Maker<'_, '_> {
    /// What becomes of a release of another chart; `None` if it makes no Ingress.
    pub(super) fn other(
        &self,
        clusters: &Clusters,
        chart: &str,
        places: &[(&Reach, Installed)],
        stated: &Value,
    ) -> Option<Judged> {
        let arriving = || places.iter().filter_map(|(_, installed)| installed.object.at(&["spec", "values"]));
        let is_on = |known: &&ChartRoute| arriving().any(|values| known.switch(values) != Switch::Off);
        let known = routes_of(chart, self.settings);
        let on: Vec<&ChartRoute> = known.iter().filter(is_on).collect();
        let without_known = |values: &Value| {
            let mut rest = values.clone();
            known.iter().for_each(|known| rest.remove_at(&known.at_ingress()));
            rest
        };
        let has_rest = |values: &&Value| match known.is_empty() {
            true => makes_ingress(Some(values)),
            false => makes_ingress(Some(&without_known(values))),
        };
        let rest = arriving().find(has_rest);
        let paste = rest.and_then(|_| self.to_paste(clusters, places, without_known));
        let rest = rest.map(|_| {
            let name = self.view.identity(self.release).name;
            let message = match self.settings.charts.get(chart) {
                Some(ChartLine::Skip(why)) => format!("{name} stays as it is: `charts` leaves {chart} alone ({why})"),
                _ => format!("{name} has an Ingress in its values of which {chart} is not known to make a route"),
            };
            self.error(codes::CHART_NOT_KNOWN, message)
        });
        if on.is_empty() {
            let verdict = Err(vec![rest.clone()?]);
            let rest = rest.filter(|_| !known.is_empty());
            return Some(Judged { entries: Vec::new(), verdict, rest, paste, known });
        }
        let entries =
            on.iter().map(|known| Entry::new(known.shown(), &known.at_ingress(), &known.at_route())).collect();
        let placed =
            places.iter().map(|(reach, installed)| self.of_chart(&clusters[reach.cluster], installed, (stated, &on)));
        let differs =
            || vec![self.error(codes::DIFFERS, "the clusters that apply it need different routes in this file")];
        let unreached = || vec![self.error(UNREACHED, "no cluster applies it")];
        let verdict = Placed::by_all(placed, differs).and_then(|placed| placed.ok_or_else(unreached));
        Some(Judged { entries, verdict, rest, paste, known })
    }

    /// What one cluster makes of it.
    fn of_chart(
        &self,
        cluster: &InCluster,
        installed: &Installed,
        (stated, on): (&Value, &[&ChartRoute]),
    ) -> Result<Placed<Written>, Vec<Finding>> {
        let nothing = Value::Null;
        let arriving = installed.object.at(&["spec", "values"]).unwrap_or(&nothing);
        let beside = self.beside_values(installed).map_err(|finding| vec![finding])?;
        let made = Written { after: stated.clone(), moved: BTreeMap::new() };
        let mut placed = Placed { made, about: About::default() };
        let mut errors = Vec::new();
        for known in on {
            let about =
                |remark: Remark| remark.at(&known.shown(), &self.release.at.path, self.line_at(&known.at_ingress()));
            let part = Part { maker: self, cluster, installed, known, stated, arriving };
            match part.add_to(&mut placed) {
                Ok(remarks) => placed.about.findings.extend(remarks.into_iter().map(about)),
                Err(remarks) => errors.extend(remarks.into_iter().map(about)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        placed.about.findings.extend(beside);
        placed.about.before_cut.dedup();
        Ok(placed)
    }
}

/// One Ingress of a release, in one cluster.
struct Part<'a> {
    maker: &'a Maker<'a, 'a>,
    cluster: &'a InCluster,
    installed: &'a Installed,
    known: &'a ChartRoute,
    /// The values as the file has them, and as they arrive.
    stated: &'a Value,
    arriving: &'a Value,
}

impl Part<'_> {
    /// Adds its route, or sees that it is there.
    ///
    /// # Errors
    /// Why it stays an Ingress.
    fn add_to(&self, placed: &mut Placed<Written>) -> Result<Vec<Remark>, Vec<Remark>> {
        let hosts = self.hosts().map_err(|remark| vec![remark])?;
        let block = self.arriving.at(&self.known.at_ingress()).unwrap_or(&Value::Null);
        let there = self.arriving.at(&self.known.at_route()).filter(|route| !route.entries().is_empty());
        let silenced = there.map(|route| is_silenced(route.get("annotations")));
        let facts = Stated { silenced, ..facts(block, self.installed, hosts.clone()) };
        let place = facts.place(self.cluster, self.maker.settings).map_err(|remark| vec![remark])?;
        let paths = [("/".to_owned(), "Prefix".to_owned())];
        let Ledger { kept, mut remarks, moved, middlewares, target, records, changes, asked } =
            ledger(&facts, &place, self.cluster, self.maker.settings, &paths);
        let namespace = &self.installed.namespace;
        let around = Around { cluster: self.cluster, place: &place, namespace, settings: self.maker.settings };
        if changes != Changes::default() {
            let message = "annotations of nginx change its rules".to_owned();
            remarks.push(Remark::error((codes::BY_HAND, message)));
        }
        remarks.extend(asked.of_unknown_route());
        match filters(&middlewares, (&hosts, None), &around, &mut remarks) {
            Ok(made) => {
                if !made.filters.is_empty() || made.replaces_backend {
                    let message = "a middleware becomes filters: write them into the route by hand".to_owned();
                    remarks.push(Remark::error((codes::MIDDLEWARE, message)));
                }
                remarks.extend(Asked::of(&made, &around).of_unknown_route());
            }
            Err(remark) => remarks.push(remark),
        }
        // Templates in them may be filled in on the Ingress alone.
        let written = |key: &str| self.stated.at(&self.known.at_ingress())?.text_at(&["annotations", key]);
        let moves = moved.iter().filter_map(|key| self.known.annotation(key, written(key)?).err());
        remarks.extend(moves);
        let is_there = self.known.hosts_of_route(self.arriving).map_err(|remark| vec![remark])?;
        let parents = place.parents(namespace, &hosts).map_err(|remark| vec![remark])?;
        if let Some(there) = &is_there {
            if let Some(host) = hosts.iter().find(|host| !there.contains(host)) {
                let message = format!("`{}` is there, and does not have {host}", self.known.at_route().join("."));
                return Err(vec![Remark::error((codes::ROUTE_DIFFERS, message))]);
            }
            let values = self.arriving.at(&self.known.at_route()).unwrap_or(&Value::Null);
            let read = [HttpRoute { hosts: there.clone(), ..HttpRoute::read(values, namespace) }];
            let live = hosts.iter().filter_map(|host| self.cluster.liveness(namespace, &read, host));
            let (path, line) = (&self.maker.release.at.path, self.maker.line_at(&self.known.at_ingress()));
            placed.about.before_cut.extend(live.map(|remark| remark.at(&self.known.shown(), path, line)));
            placed.about.before_cut.extend(self.cluster.names_proxy(
                self.maker.view,
                Some(&place.class.name),
                namespace,
            ));
        } else {
            remarks.extend(place.remarks(self.cluster, namespace, &hosts));
            let message = format!("the chart {} makes the route: compare what it renders", self.known.chart);
            remarks.push(Remark::warning(codes::CHART_ROUTE, message));
        }
        let takes = hosts.iter().map(|host| place.taken(&self.cluster.name, host, "PathPrefix /".to_owned()));
        // What is there already may be the very route.
        placed.about.takes.extend(takes.filter(|_| is_there.is_none()));
        let (errors, remarks): (Vec<_>, Vec<_>) =
            remarks.into_iter().partition(|remark| remark.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(errors);
        }
        placed.about.alone |= self.cluster.has_login_of(&self.maker.release.at.path);
        let (path, line) = (self.maker.release.at.path.clone(), self.maker.line_at(&self.known.at_ingress()));
        let finding = |remark: &Remark| remark.at(&self.known.shown(), &path, line);
        place.tell(&mut placed.about, self.cluster, (&hosts, is_there.is_none()), records, finding);
        placed.about.targets.extend(target.map(|target| place.target(target, path, line)));
        placed.made.moved.insert(self.known.shown(), moved);
        if is_there.is_none() {
            let annotations = kept.into_iter().map(|(key, to, value)| {
                let text = written(&key).or(value.text()).unwrap_or_default();
                Ok((to, Value::string(&self.known.annotation(&key, text)?)))
            });
            let annotations = annotations.collect::<Result<Vec<_>, Remark>>().map_err(|remark| vec![remark])?;
            let labels = self.stated.at(&self.known.at_ingress()).and_then(|block| block.get("labels")).cloned();
            let route = self.known.route(self.stated_hosts(), parent_refs(&parents), annotations, labels);
            put_behind(&mut placed.made.after, &self.known.at_ingress(), &self.known.at_route(), route);
        }
        Ok(remarks)
    }

    /// The hosts as they arrive.
    fn hosts(&self) -> Result<Vec<String>, Remark> {
        let refused = |code, what: &str| Err(Remark::error((code, what.to_owned())));
        if self.known.switch(self.arriving) == Switch::Unknown {
            return refused(codes::SWITCH_UNKNOWN, "whether it is enabled is not known");
        }
        let (written, there) = (self.stated.at(&self.known.at_ingress()), self.arriving.at(&self.known.at_ingress()));
        match (written, there) {
            (Some(written), Some(there)) if is_same_but_variables(written, there) => {}
            _ => return refused(codes::INGRESS_PATCHED, "it is not the one in the values of the file"),
        }
        let chart = self.installed.chart.as_ref().and_then(|chart| chart.version.as_deref());
        let Some(version) = chart.filter(|_| self.installed.is_known()).and_then(numbers) else {
            return refused(codes::VERSION_UNKNOWN, "the exact version of the chart is not known");
        };
        if version < self.known.since {
            let since = self.known.since.map(|number| number.to_string()).join(".");
            return refused(codes::CHART_TOO_OLD, &format!("{} makes routes from {since} on", self.known.chart));
        }
        self.known.hosts(self.arriving)
    }

    /// The hosts as the file states them.
    fn stated_hosts(&self) -> Vec<Value> {
        let hosts = self.known.hosts(self.stated).unwrap_or_default();
        hosts.iter().map(|host| Value::string(host)).collect()
    }
}

/// Puts a value at a path of values, where it stands directly behind the block that it is made of if
/// its first key is new.
fn put_behind(values: &mut Value, block: &[&str], path: &[&str], value: Value) {
    let shared = block.iter().zip(path).take_while(|(one, other)| one == other).count();
    let (above, Some((key, below))) = (&path[..shared], path[shared..].split_first()) else { return };
    let within = below.iter().rev().fold(value.clone(), |within, key| Value::mapping([(*key, within)]));
    let holder = if above.is_empty() { Some(&mut *values) } else { values.at_mut(above) };
    match holder {
        Some(Value::Mapping(entries)) if !entries.iter().any(|(own, _)| own == key) => {
            let place = entries.iter().position(|(own, _)| *own == block[shared]);
            entries.insert(place.map_or(entries.len(), |place| place + 1), ((*key).to_owned(), within));
        }
        _ => values.set_at(path, value),
    }
}

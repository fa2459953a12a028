//! Phase 5, `gateway-routes`: from Ingress to Gateway API, with the same hosts and the same locks.
//!
//! ```yaml
//! values:                               values:
//!   ingress:                              ingress:
//!     app:                                  app:
//!       className: internal                   className: internal
//!       hosts:                                hosts:
//!         - host: plex.example.org              - host: plex.example.org
//!           paths:                                paths:
//!             - path: /                             - path: /
//!               service:                              service:
//!                 identifier: app    →                  identifier: app
//!                 port: http                            port: http
//!                                         route:
//!                                           app:
//!                                             hostnames:
//!                                               - plex.example.org
//!                                             parentRefs:
//!                                               - name: internal
//!                                                 namespace: network
//!                                             rules:
//!                                               - backendRefs:
//!                                                   - identifier: app
//!                                                     port: 32400
//! ```
//!
//! Routes stand beside Ingresses until they run in the cluster; then the Ingresses are cut.
//! `charts::app_template` knows what values serve, `gateway` what Gateways and routes are. This
//! folder decides which Gateway takes the place of which class, and when.

mod agreed;
mod annotations;
mod asked;
mod charts;
mod choose;
mod classes;
mod cluster;
mod codes;
mod create;
mod cut;
mod dns;
mod dressed;
mod edit;
mod elsewhere;
mod find;
#[cfg(test)]
mod fixtures;
mod gate;
mod grant;
mod ingress;
mod judge;
mod leftovers;
mod logins;
mod lookup;
mod new_file;
mod nginx;
mod object;
mod other;
mod paste;
mod placed;
mod policy;
mod ports;
mod proposal;
mod proxy;
mod reasons;
mod release;
mod runbook;
mod schema;
mod served;
mod serves;
mod service;
mod settings;
mod traefik;
mod units;
mod unnamed;
mod values;

pub use settings::{ClassMap, Cut, GatewayRoutesSettings};

use self::find::{Found, ingresses, may_have_any, may_have_gateways};
use crate::config::{SectionType, Settings};
use crate::flux::{View, on_all_cores};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, ClusterTree, Edited, Gate, Meta, Migration, Phase, REMOVE, Survey, Unit};

/// The migration.
pub struct GatewayRoutes;

static META: Meta = Meta {
    id: "gateway-routes",
    aliases: &[],
    version: 1,
    phase: Phase::of(5),
    summary: "Ingresses become routes of the Gateway API, beside each other first",
    readme: include_str!("README.md"),
    codes: &[codes::CODES],
};

impl Migration for GatewayRoutes {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<GatewayRoutesSettings>())
    }

    fn proposal(&self, view: &View) -> Option<String> {
        (may_have_any(view) && may_have_gateways(view)).then(|| proposal::proposal(view))
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let own: GatewayRoutesSettings = settings.section();
        if !may_have_any(view) {
            return Survey::default();
        }
        // To count what is out of scope, not all has to be understood.
        if own.gateways.is_empty() && !may_have_gateways(view) {
            return Survey { out_of_scope: units::without_gateway(ingresses(view)), ..Survey::default() };
        }
        let all = view.whole();
        let found = Found::in_view(&all, &own);
        let mut survey = units::survey(&found);
        survey.findings.extend(unnamed::unnamed(&found, &own));
        survey
    }

    fn keeps_builds(&self, unit: &Unit) -> bool {
        unit.id.step == leftovers::RENAME
    }

    fn gated_steps(&self) -> &'static [&'static str] {
        &[units::ROUTE, units::CUT, units::SWAP, leftovers::SOURCES_OUT, leftovers::RENAME, REMOVE]
    }

    fn gates(&self, units: &[&Unit], tree: &ClusterTree<'_>, _: &[ClusterTree<'_>], settings: &Settings) -> Vec<Gate> {
        gate::gates(units, tree, &settings.section())
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let all = view.whole();
        let found = Found::in_view(&all, &settings.section());
        on_all_cores(units, |unit| edit::edit(&found, unit))
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let all = view.whole();
        let found = Found::in_view(&all, &settings.section());
        batches.iter().map(|batch| runbook::runbook(&found, batch)).collect()
    }
}

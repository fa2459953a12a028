//! What there is in a tree for this migration, and the units that come of it.

use std::collections::{BTreeMap, BTreeSet};

use super::class;
use super::copy::{files_of, moved};
use super::pair::{Counterpart, Lacking, counterparts};
use super::settings::ComponentsSettings;
use super::template::{Consumer, Elsewhere, Reference, Templates};
use super::unit::{component_id, consumer_id, promotion_id, protection_id, removal_id};
use super::{codes, finding, promote, removal, rename, warnings};
use crate::flux::{Kustomization, KustomizationId, Object, View};
use crate::plan::{Effect, Finding, Impact, Outcome, Severity, Survey, Draft, UnitId};
use crate::repo::RepoPath;

/// What this migration finds in a tree. Recomputed on every tree, so that no unit needs to carry it.
pub(super) struct Found<'v> {
    /// The whole view, and what it says of consumers.
    pub(super) view: &'v View,
    pub(super) consumers: Vec<Consumer<'v>>,
    pub(super) elsewhere: Vec<Elsewhere>,
    /// The Components for templates, by directory or file.
    pub(super) counterparts: BTreeMap<RepoPath, Result<Counterpart, Lacking>>,
    /// Templates that list each other.
    pub(super) among_themselves: BTreeMap<RepoPath, BTreeSet<RepoPath>>,
    /// All templates: directories with the file of a Kustomization.
    pub(super) templates: BTreeSet<RepoPath>,
    /// The Flux Kustomizations that build what consumers list, by the consumer's file.
    appliers: BTreeMap<RepoPath, BTreeSet<KustomizationId>>,
    /// The namespaces that what consumers list is put into, likewise.
    namespaces: BTreeMap<RepoPath, BTreeSet<&'v str>>,
    pub(super) settings: &'v ComponentsSettings,
}

impl<'v> Found<'v> {
    /// `view` is a [`View::whole`].
    pub(super) fn in_view(view: &'v View, settings: &'v ComponentsSettings) -> Found<'v> {
        let templates = Templates::of(settings);
        let consumers = templates.consumers(view);
        let outside = view.kustomizations().filter(|own| !own.component).map(Kustomization::dir);
        let all: BTreeSet<RepoPath> = outside.filter(|dir| templates.root_of(dir).is_some()).collect();
        let named = consumers.iter().flat_map(|own| &own.references).map(|own| own.target.clone());
        let named: BTreeSet<RepoPath> = named.collect();
        let mut appliers: BTreeMap<RepoPath, BTreeSet<KustomizationId>> =
            consumers.iter().map(|own| (own.kustomization.path.clone(), BTreeSet::new())).collect();
        let mut namespaces: BTreeMap<RepoPath, BTreeSet<&str>> = BTreeMap::new();
        for reach in view.graph().reached().flat_map(|(_, reaches)| reaches) {
            for path in &reach.through {
                let Some(own) = appliers.get_mut(path) else { continue };
                own.insert(reach.kustomization);
                namespaces.entry(path.clone()).or_default().extend(reach.namespace.as_deref());
            }
        }
        Found {
            elsewhere: templates.elsewhere(view),
            among_themselves: templates.among_themselves(view),
            counterparts: counterparts(view, &templates, settings, (&named, &all)),
            templates: all,
            consumers,
            appliers,
            namespaces,
            settings,
            view,
        }
    }

    /// The Component for what a consumer lists.
    pub(super) fn counterpart(&self, reference: &Reference) -> Result<&Counterpart, &Lacking> {
        self.counterparts[&reference.target].as_ref()
    }

    /// The Flux Kustomizations that build what a consumer lists.
    pub(super) fn appliers_of(&self, consumer: &Consumer<'_>) -> impl Iterator<Item = KustomizationId> {
        self.appliers[&consumer.kustomization.path].iter().copied()
    }

    /// The namespace of all that a consumer lists, if it is one.
    fn namespace_of(&self, consumer: &Consumer<'_>) -> Option<String> {
        let mut all = self.namespaces.get(&consumer.kustomization.path)?.iter();
        all.next().filter(|_| all.next().is_none()).map(|own| (*own).to_owned())
    }

    /// The entries of a consumer that are its own to switch: all, but for those of templates that become Components where they stand.
    pub(super) fn switched<'c>(&self, consumer: &'c Consumer<'_>) -> Vec<&'c Reference> {
        let stands = |own: &&Reference| self.counterpart(own).is_ok_and(|own| own.in_place);
        consumer.references.iter().filter(|own| !stands(own)).collect()
    }

    /// The claims that are to be protected before anything else.
    pub(super) fn claims(&self) -> BTreeMap<UnitId, &'v Object> {
        if !self.settings.protect_claims {
            return BTreeMap::new();
        }
        let live = self.consumers.iter().flat_map(|own| &own.references);
        let claims = live.filter_map(|own| self.counterpart(own).ok()).flat_map(|own| &own.claims);
        let objects = claims.filter_map(|at| self.view.object(at));
        objects.map(|own| (protection_id(own), own)).collect()
    }

    /// The units that protect the claims of a Component and its template.
    pub(super) fn protections<'f>(&'f self, counterpart: &'f Counterpart) -> impl Iterator<Item = UnitId> + 'f {
        let claims = counterpart.claims.iter().filter(|_| self.settings.protect_claims);
        claims.filter_map(|at| self.view.object(at)).map(protection_id)
    }
}

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let live = || found.consumers.iter().filter(|own| !found.switched(own).is_empty());
    let mut units: Vec<Draft> = live().map(|own| consumer_unit(found, own)).collect();
    let wanted = live().flat_map(|own| &own.references).filter_map(|own| found.counterpart(own).ok());
    let new: BTreeMap<UnitId, Draft> = wanted
        .filter_map(|own| Some((own, own.made_from.as_ref()?)))
        .map(|(own, from)| {
            let touches = files_of(found.view, from).map(|path| moved(&path, from, &own.dir));
            let id = component_id(own, from, found.view);
            let needs = found.protections(own).collect();
            (id.clone(), Draft { needs, ..Draft::new(id, format!("new, made of {from}"), touches) })
        })
        .collect();
    units.extend(new.into_values());
    units.extend(found.claims().into_values().map(|claim| claim_unit(found, claim)));
    units.extend(promote::units(found));
    units.extend(found.templates.iter().filter_map(|template| removal_unit(found, template)));
    let (renames, mut findings) = rename::survey(found, &units);
    units.extend(renames);
    for consumer in live() {
        findings.extend(found.missing_variables(consumer, &found.switched(consumer)));
    }
    for consumer in &found.consumers {
        findings.extend(consumer.commented.iter().map(|own| {
            let message = format!("a comment names {}, and stays", own.target);
            finding(Severity::Note, codes::COMMENTED, &consumer.kustomization.path, Some(own.line), message)
        }));
    }
    findings.extend(found.elsewhere.iter().map(|own| {
        let message = format!("{} names {}, which is a template", own.field, own.target);
        finding(Severity::Warning, codes::ELSEWHERE, &own.path, Some(own.line), message)
    }));
    findings.extend(warnings::replaced_lists(found));
    Survey { drafts: units, findings, ..Survey::default() }
}

fn consumer_unit(found: &Found<'_>, consumer: &Consumer<'_>) -> Draft {
    let references = found.switched(consumer);
    let findings = found.about(consumer, &references);
    let owners = found.named_by(consumer);
    let able: Vec<&Counterpart> = references.iter().filter_map(|own| found.counterpart(own).ok()).collect();
    let made = able.iter().filter_map(|own| Some(component_id(own, own.made_from.as_ref()?, found.view)));
    let needs = made.chain(able.iter().flat_map(|own| found.protections(own))).collect();
    let mut differing = able.iter().flat_map(|own| &own.differs).map(|own| own.is_claim);
    let impact = match differing.clone().next() {
        None => Impact::None,
        Some(_) if differing.any(|is_claim| is_claim) => Impact::Data,
        Some(_) => Impact::Upgrade,
    };
    let class = (impact != Impact::None).then_some(class::CHANGES);
    let mut effects = effects(found, consumer, &able);
    effects.extend(found.in_flux(consumer, &able));
    let touches = owners.iter().map(|own| own.at.path.clone()).chain([consumer.kustomization.path.clone()]);
    let title = title(found, consumer, &references);
    let namespace = found.namespace_of(consumer);
    let unit = Draft::new(consumer_id(consumer), title, touches);
    Draft { namespace, impact, class, needs, findings, effects, ..unit }
}

/// Which Component takes the place of which template, and where it is named if not in the file itself.
fn title(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> String {
    let pair = |own: &&Reference| match found.counterpart(own) {
        Ok(counterpart) => format!("{} to {}", own.target, counterpart.dir),
        Err(_) => format!("{} stays", own.target),
    };
    let pairs = references.iter().map(pair).collect::<Vec<_>>().join(", ");
    let owners: BTreeSet<String> = found.named_by(consumer).iter().map(|own| own.full_name()).collect();
    match owners.len() {
        0 => pairs,
        _ => format!("{pairs}, in spec.components of {}", owners.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// What a consumer's objects become where a Component differs from its template: on purpose, if a person takes it.
fn effects(found: &Found<'_>, consumer: &Consumer<'_>, counterparts: &[&Counterpart]) -> Vec<Effect> {
    let graph = found.view.graph();
    let clusters = found.appliers_of(consumer).map(|id| graph.kustomizations[id].cluster);
    let clusters: BTreeSet<&str> = clusters.map(|cluster| &*graph.clusters[cluster].name).collect();
    let mut all = Vec::new();
    for (cluster, difference) in clusters
        .iter()
        .flat_map(|cluster| counterparts.iter().flat_map(|own| &own.differs).map(move |own| (*cluster, own)))
    {
        all.extend(difference.fields.iter().map(|own| Effect {
            cluster: cluster.to_owned(),
            object: difference.object.clone(),
            field: own.field.clone(),
            before: own.before.clone().unwrap_or_else(|| "absent".to_owned()),
            after: own.after.clone().unwrap_or_else(|| "absent".to_owned()),
            outcome: Outcome::Changes,
        }));
    }
    all
}

fn claim_unit(found: &Found<'_>, claim: &Object) -> Draft {
    let path = &claim.at.path;
    let barred = found.view.barred(path).map(|barred| {
        let message = format!("it is never touched ({barred})");
        finding(Severity::Error, codes::CONSUMER, path, Some(claim.line), message)
    });
    let findings: Vec<Finding> = barred.into_iter().collect();
    let title = format!("in {}: gets kustomize.toolkit.fluxcd.io/prune: disabled", path.dir());
    let touches = [path.clone()];
    Draft { impact: Impact::Upgrade, class: Some(class::CLAIMS), findings, ..Draft::new(protection_id(claim), title, touches) }
}

/// The removal of a template that nothing names but consumers that are switched, and that has a Component in its place.
fn removal_unit(found: &Found<'_>, template: &RepoPath) -> Option<Draft> {
    let before = removal::before(found, template)?;
    let title = match before.consumers.len() {
        0 => "goes: nothing names it".to_owned(),
        1 => "goes, once 1 consumer is switched".to_owned(),
        number => format!("goes, once {number} consumers are switched"),
    };
    let counterpart = found.counterparts.get(template)?.as_ref().ok()?;
    let promoted = counterpart.in_place.then(|| promotion_id(found.view, &counterpart.dir));
    let consumers = before.consumers.iter().filter(|_| promoted.is_none()).map(|own| consumer_id(own));
    let templates = before.templates.iter().map(|own| removal_id(found.view, own));
    let made = counterpart.made_from.as_ref().map(|from| component_id(counterpart, from, found.view));
    let needs: BTreeSet<UnitId> = consumers.chain(promoted.clone()).chain(templates).chain(made).collect();
    let commented = found.consumers.iter().flat_map(|own| own.commented.iter().map(move |line| (own, line)));
    let mut findings = removal::elsewhere(found.view, template);
    findings.extend(commented.filter(|(_, own)| own.target.is_in(template)).map(|(consumer, own)| {
        let message = format!("a comment that names {template} will point to nothing");
        finding(Severity::Note, codes::COMMENTED, &consumer.kustomization.path, Some(own.line), message)
    }));
    let touches = files_of(found.view, template);
    Some(Draft { needs, findings, ..Draft::new(removal_id(found.view, template), title, touches) })
}

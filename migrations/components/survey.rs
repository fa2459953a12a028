//! What there is in a tree for this migration, and the units that come of it.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::pair::{Counterpart, Lacking, acts_on_others, counterparts};
use super::settings::ComponentsSettings;
use super::template::{Consumer, Elsewhere, Reference, Templates};
use super::{finding, removal};
use crate::flux::View;
use crate::plan::{Class, Finding, Impact, Safety, Severity, Subject, Survey, Unit, UnitId};
use crate::repo::{EntryKind, RepoPath};

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
    /// All templates: directories with a kustomization file.
    pub(super) templates: BTreeSet<RepoPath>,
}

impl<'v> Found<'v> {
    /// `view` is a [`View::whole`].
    pub(super) fn in_view(view: &'v View, settings: &ComponentsSettings) -> Found<'v> {
        let templates = Templates::of(settings);
        let consumers = templates.consumers(view);
        let dirs = view.kustomizations().map(crate::flux::Kustomization::dir);
        let all: BTreeSet<RepoPath> = dirs.filter(|dir| templates.root_of(dir).is_some()).collect();
        let named = consumers.iter().flat_map(|own| &own.references).map(|own| own.target.clone());
        let named: BTreeSet<RepoPath> = named.collect();
        Found {
            elsewhere: templates.elsewhere(view),
            among_themselves: templates.among_themselves(view),
            counterparts: counterparts(view, &templates, settings, (&named, &all)),
            templates: all,
            consumers,
            view,
        }
    }

    /// The Component for what a consumer lists.
    pub(super) fn counterpart(&self, reference: &Reference) -> Result<&Counterpart, &Lacking> {
        self.counterparts[&reference.target].as_ref()
    }

    /// What is to be said of a consumer, as errors where it cannot be switched, as warnings where a person should look.
    fn about(&self, consumer: &Consumer<'_>) -> Vec<Finding> {
        let path = &consumer.kustomization.path;
        let say = |severity, code, line, message| finding(severity, code, path, Some(line), message);
        let mut found = Vec::new();
        let line = consumer.references.first().map_or(1, |own| own.line);
        if let Some(barred) = self.view.barred(path) {
            let message = format!("it is never touched ({})", barred.code());
            found.push(say(Severity::Error, codes::CONSUMER, line, message));
        }
        let stated = self.view.file(path).and_then(|file| file.stream.as_ref());
        let root = stated.and_then(|stream| stream.documents().next());
        let has_bases = root.is_some_and(|root| root.get("bases").is_some());
        if has_bases {
            let message = "it has `bases`, which is no longer a field of its own".to_owned();
            found.push(say(Severity::Error, codes::CONSUMER, line, message));
        }
        let mut seen = BTreeMap::new();
        for reference in &consumer.references {
            let counterpart = match self.counterpart(reference) {
                Ok(counterpart) => counterpart,
                Err((code, message)) => {
                    found.push(say(Severity::Error, code, reference.line, message.clone()));
                    continue;
                }
            };
            let dir = &counterpart.dir;
            let listed = consumer.kustomization.components.iter();
            let listed = listed.map(|entry| (entry.line, self.view.resolve(consumer.kustomization, &entry.text)));
            let there = listed.filter(|(_, own)| own.as_ref() == Some(dir)).map(|(line, _)| line).next();
            if let Some(other) = seen.insert(dir.clone(), reference.line).or(there) {
                let message = format!("{} and line {other} come to the same: {dir}", reference.text);
                found.push(say(Severity::Error, codes::TWICE, reference.line, message));
            }
            if !counterpart.differs.is_empty() {
                let all: Vec<String> = counterpart.differs.iter().map(|own| own.object.clone()).collect();
                let message = format!("{dir} differs from {} in {}", reference.target, all.join(", "));
                found.push(say(Severity::Warning, codes::DIFFERS, reference.line, message));
            }
            let acts =
                self.view.kustomization(dir).is_some_and(|own| acts_on_others(self.view, own, &mut BTreeSet::new()));
            if acts {
                let message = format!("{dir} changes objects, of this kustomization, too");
                found.push(say(Severity::Warning, codes::TRANSFORMS, reference.line, message));
            }
        }
        found
    }

    /// The variables that the Components of a consumer ask for and that some Flux Kustomization does not give.
    fn missing_variables(&self, consumer: &Consumer<'_>) -> Vec<Finding> {
        let path = &consumer.kustomization.path;
        let graph = self.view.graph();
        let through: BTreeSet<usize> = graph
            .reached()
            .flat_map(|(_, reaches)| reaches)
            .filter(|reach| reach.through.contains(path))
            .map(|reach| reach.kustomization)
            .collect();
        let mut found = Vec::new();
        for reference in &consumer.references {
            let Ok(counterpart) = self.counterpart(reference) else { continue };
            for own in through.iter().map(|number| &graph.kustomizations[*number]) {
                // Without variables nothing is substituted; what a source that is not here gives is not known.
                if !own.variables.any || !own.variables.elsewhere.is_empty() {
                    continue;
                }
                let missing = counterpart.texts.iter().flat_map(|text| own.variables.missing_in(text));
                let missing: BTreeSet<String> = missing.collect();
                if !missing.is_empty() {
                    let names: Vec<&str> = missing.iter().map(String::as_str).collect();
                    let (dir, name) = (&counterpart.dir, own.full_name());
                    let message = format!("{dir} asks for {}, which {name} does not give", names.join(", "));
                    found.push(finding(Severity::Warning, codes::VARIABLE, path, Some(reference.line), message));
                }
            }
        }
        found
    }
}

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "components", step, subject }
}

fn of_dir(step: &'static str, kind: &str, dir: &RepoPath, path: &RepoPath) -> UnitId {
    let (kind, name) = (kind.to_owned(), dir.as_str().to_owned());
    id(step, Subject::Object { kind, namespace: String::new(), name, path: path.clone() })
}

pub(super) fn consumer_id(consumer: &Consumer<'_>) -> UnitId {
    id("switch", Subject::Consumer { kustomization: consumer.kustomization.path.clone() })
}

/// The unit that makes a Component. Its file is called as that of its template.
pub(super) fn component_id(counterpart: &Counterpart, from: &RepoPath, view: &View) -> UnitId {
    let file = view.kustomization(from).map_or("kustomization.yaml", |own| own.path.name());
    let path = counterpart.dir.join(file).expect("a path in the repository");
    of_dir("component", "Component", &counterpart.dir, &path)
}

pub(super) fn removal_id(view: &View, template: &RepoPath) -> UnitId {
    let path = view.kustomization(template).map_or(template, |own| &own.path);
    of_dir(crate::plan::REMOVE, "Kustomization", template, path)
}

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let live = || found.consumers.iter().filter(|own| !own.references.is_empty());
    let mut units: Vec<Unit> = live().map(|own| consumer_unit(found, own)).collect();
    let wanted = live().flat_map(|own| &own.references).filter_map(|own| found.counterpart(own).ok());
    let new: BTreeMap<UnitId, Unit> = wanted
        .filter_map(|own| Some((own, own.made_from.as_ref()?)))
        .map(|(own, from)| {
            let touches = files_of(found.view, from).map(|path| moved(&path, from, &own.dir)).collect();
            let id = component_id(own, from, found.view);
            (id.clone(), Unit::new(id, format!("new, made of {from}"), touches))
        })
        .collect();
    units.extend(new.into_values());
    units.extend(found.templates.iter().filter_map(|template| removal_unit(found, template)));
    let mut findings = Vec::new();
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
    Survey { units, findings, ..Survey::default() }
}

fn consumer_unit(found: &Found<'_>, consumer: &Consumer<'_>) -> Unit {
    let mut findings = found.about(consumer);
    let is = |severity| findings.iter().any(|own: &Finding| own.severity == severity);
    let safety = match (is(Severity::Error), is(Severity::Warning)) {
        (true, _) => Safety::Refused,
        (false, true) => Safety::Review,
        (false, false) => Safety::Safe,
    };
    findings.extend(found.missing_variables(consumer));
    let able: Vec<&Counterpart> = consumer.references.iter().filter_map(|own| found.counterpart(own).ok()).collect();
    let pair = |own: &Reference| match found.counterpart(own) {
        Ok(counterpart) => format!("{} to {}", own.target, counterpart.dir),
        Err(_) => format!("{} stays", own.target),
    };
    let title = consumer.references.iter().map(pair).collect::<Vec<_>>().join(", ");
    let needs = able.iter().filter_map(|own| Some(component_id(own, own.made_from.as_ref()?, found.view)));
    let mut differing = able.iter().flat_map(|own| &own.differs).map(|own| own.is_claim);
    let impact = match differing.clone().next() {
        None => Impact::None,
        Some(_) if differing.any(|is_claim| is_claim) => Impact::Data,
        Some(_) => Impact::Upgrade,
    };
    let touches = BTreeSet::from([consumer.kustomization.path.clone()]);
    let class = (impact != Impact::None).then_some(Class::Changes);
    Unit { safety, impact, class, needs: needs.collect(), findings, ..Unit::new(consumer_id(consumer), title, touches) }
}

/// The removal of a template that nothing names but consumers that are switched, and that has a Component in its place.
fn removal_unit(found: &Found<'_>, template: &RepoPath) -> Option<Unit> {
    let before = removal::before(found, template)?;
    let title = match before.consumers.len() {
        0 => "goes: nothing names it".to_owned(),
        1 => "goes, once 1 consumer is switched".to_owned(),
        number => format!("goes, once {number} consumers are switched"),
    };
    let consumers = before.consumers.iter().map(|own| consumer_id(own));
    let templates = before.templates.iter().map(|own| removal_id(found.view, own));
    let counterpart = found.counterparts.get(template)?.as_ref().ok()?;
    let made = counterpart.made_from.as_ref().map(|from| component_id(counterpart, from, found.view));
    let needs: BTreeSet<UnitId> = consumers.chain(templates).chain(made).collect();
    let commented = found.consumers.iter().flat_map(|own| own.commented.iter().map(move |line| (own, line)));
    let mut findings = removal::elsewhere(found.view, template);
    let safety = if findings.is_empty() { Safety::Safe } else { Safety::Review };
    findings.extend(commented.filter(|(_, own)| own.target.is_in(template)).map(|(consumer, own)| {
        let message = format!("a comment that names {template} will point to nothing");
        finding(Severity::Note, codes::COMMENTED, &consumer.kustomization.path, Some(own.line), message)
    }));
    let touches = files_of(found.view, template).collect();
    Some(Unit { safety, needs, findings, ..Unit::new(removal_id(found.view, template), title, touches) })
}

/// All files below a directory.
pub(super) fn files_of<'v>(view: &'v View, dir: &'v RepoPath) -> impl Iterator<Item = RepoPath> + 'v {
    let files = view.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
    files.map(|(path, _)| path).filter(|path| path.is_in(dir))
}

/// The path in another directory of a file below one.
pub(super) fn moved(path: &RepoPath, from: &RepoPath, to: &RepoPath) -> RepoPath {
    let rest = path.as_str()[from.as_str().len()..].trim_start_matches('/');
    to.join(rest).expect("a path in the repository")
}

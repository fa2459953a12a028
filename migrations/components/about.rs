//! What is to be said of a consumer.

use std::collections::{BTreeMap, BTreeSet};

use super::pair::acts_on_others;
use super::survey::Found;
use super::template::{Consumer, Reference};
use super::{codes, finding, warnings};
use crate::plan::{Finding, Severity};

impl Found<'_> {
    /// What is to be said of a consumer, as errors where it cannot be switched, as warnings where a person should look.
    pub(super) fn about(&self, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
        let path = &consumer.kustomization.path;
        let say = |severity, code, line, message| finding(severity, code, path, Some(line), message);
        let mut found = Vec::new();
        let line = references.first().map_or(1, |own| own.line);
        if let Some(barred) = self.view.barred(path) {
            let message = format!("it is never touched ({barred})");
            found.push(say(Severity::Error, codes::CONSUMER, line, message));
        }
        let stated = self.view.file(path).and_then(|file| file.stream.as_ref());
        let root = stated.and_then(|stream| stream.documents().next());
        let has_bases = root.is_some_and(|root| root.get("bases").is_some());
        if has_bases {
            let message = "it has `bases`, which is no longer a field of its own".to_owned();
            found.push(say(Severity::Error, codes::CONSUMER, line, message));
        }
        let owners = self.named_by(consumer);
        let mut seen = BTreeMap::new();
        for reference in references {
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
            let named_there = owners.iter().any(|own| own.components.contains(dir));
            if named_there {
                let message = format!("spec.components names {dir} already");
                found.push(say(Severity::Error, codes::TWICE, reference.line, message));
            }
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
        found.extend(warnings::moved_claims(self, consumer, references));
        found
    }

    /// The variables that the Components of a consumer ask for and that some Flux Kustomization does not give.
    pub(super) fn missing_variables(&self, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
        let path = &consumer.kustomization.path;
        let graph = self.view.graph();
        let mut found = Vec::new();
        for reference in references {
            let Ok(counterpart) = self.counterpart(reference) else { continue };
            for own in self.appliers_of(consumer).map(|id| &graph.kustomizations[id]) {
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

//! Conditions about variables: those of an object that have neither a value nor a default in the Flux
//! Kustomizations that apply it.
//!
//! What is not certain is not known: a value may come from a ConfigMap or Secret that is not in the
//! tree, or from a webhook of the cluster. See `docs/flux-and-kustomize.md#variables`.

use std::collections::BTreeSet;

use super::{Answer, Document};
use crate::flux::{FluxKustomization, Reach, SUBSTITUTE, Value, excludes_substitution, is_disabled};

/// What is asked of the variables of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariablesTest {
    /// Some have neither value nor default.
    Unresolved,
    /// Some, and nothing else in it is filled in.
    OnlyUnresolved,
    /// Some, and something else in it is filled in.
    Mixed,
}

/// The variables of an object that have neither value nor default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unresolved {
    /// Their names.
    pub names: BTreeSet<String>,
    /// Whether filling in variables changes anything else in it.
    pub changes_more: bool,
    /// Why one text cannot be right for all that apply it, if so.
    pub differs: Option<String>,
    /// The clusters where such a variable becomes nothing today, or may.
    pub emptied_on: BTreeSet<String>,
}

impl VariablesTest {
    /// Of data in a file, nothing is asked: the object that is made of it has the variables, and is selected with
    /// its generator.
    pub(super) fn ask(self, document: &Document<'_>) -> Answer {
        if document.is_data {
            return Answer::of(false, "variables");
        }
        match Unresolved::of(document) {
            Err(why) => Answer::NotKnown(why),
            Ok(found) => {
                let is_it = match self {
                    VariablesTest::Unresolved => true,
                    VariablesTest::OnlyUnresolved => !found.changes_more,
                    VariablesTest::Mixed => found.changes_more,
                };
                Answer::of(is_it && !found.names.is_empty(), "variables")
            }
        }
    }
}

impl Unresolved {
    /// Those of a document, as its Kustomizations apply it.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn of(document: &Document<'_>) -> Result<Unresolved, String> {
        let mut found = Unresolved::default();
        let mut filled: Vec<(&FluxKustomization, BTreeSet<String>)> = Vec::new();
        let graph = document.view.graph();
        for reach in document.reaches() {
            let kustomization = &graph.kustomizations[reach.kustomization];
            let Some(texts) = substituted(document, reach)? else { continue };
            let names = |texts: &[String]| -> BTreeSet<String> {
                texts.iter().flat_map(|text| kustomization.variables.missing_in(text)).collect()
            };
            let missing = names(&texts);
            if let Some(name) = missing.first() {
                is_certain(document, reach, name)?;
                let identity = [reach.name, reach.namespace.unwrap_or_default()].map(String::from);
                if let Some(name) = names(&identity).first() {
                    return Err(format!("its name has ${{{name}}}, which has no value"));
                }
                let cluster = &graph.clusters[reach.cluster];
                if cluster.substitutes_strictly() != Some(true) {
                    found.emptied_on.insert(cluster.name.clone());
                }
            }
            found.changes_more |= texts.iter().any(|text| kustomization.variables.changes_more_in(text));
            found.names.extend(missing.iter().cloned());
            filled.push((kustomization, missing));
        }
        // What one of them fills in, or leaves alone as a whole, is no text for all.
        for reach in document.reaches() {
            let kustomization = &graph.kustomizations[reach.kustomization];
            let own =
                filled.iter().find(|(other, _)| other.at == kustomization.at && other.cluster == kustomization.cluster);
            let other = found.names.iter().find(|name| own.is_none_or(|(_, missing)| !missing.contains(*name)));
            if let Some(name) = other {
                let message = format!(
                    "${{{name}}} has no value somewhere, and {} leaves another text",
                    kustomization.full_name()
                );
                found.differs.get_or_insert(message);
            }
        }
        Ok(found)
    }
}

/// The texts of an object in which variables are filled in; none, if that is not done there.
fn substituted(document: &Document<'_>, reach: &Reach) -> Result<Option<Vec<String>>, String> {
    let (view, kustomization) = (document.view, &document.view.graph().kustomizations[reach.kustomization]);
    if !kustomization.variables.any || is_excluded_on_its_way(document, reach) {
        return Ok(None);
    }
    if let Some(generator) = document.generator {
        if is_disabled(SUBSTITUTE, [&generator.labels, &generator.annotations]) {
            return Ok(None);
        }
        let texts = generator.texts(&document.path.dir(), view.tree());
        return texts.map(Some).ok_or_else(|| "a file of its generator cannot be read".to_owned());
    }
    let built = view.built_text(document.root, reach).ok_or_else(|| "it is too large".to_owned())?;
    let mut texts = Vec::new();
    collect(&built, &mut texts);
    Ok(Some(texts).filter(|_| !excludes_substitution(&built)))
}

/// Whether a kustomization file on the way of an object excludes it from substitution.
fn is_excluded_on_its_way(document: &Document<'_>, reach: &Reach) -> bool {
    let on_its_way = reach.through.iter().filter_map(|path| document.view.kustomization(&path.dir()));
    let mut added = on_its_way.map(|kustomization| [&kustomization.labels, &kustomization.annotations]);
    added.any(|pairs| is_disabled(SUBSTITUTE, pairs))
}

/// That a variable has no value, as far as the tree shows it.
fn is_certain(document: &Document<'_>, reach: &Reach, name: &str) -> Result<(), String> {
    let (view, graph) = (document.view, document.view.graph());
    let kustomization = &graph.kustomizations[reach.kustomization];
    if let Some(elsewhere) = kustomization.variables.elsewhere.first() {
        return Err(format!("${{{name}}} may come from {elsewhere}, which is not in this tree"));
    }
    match view.fills_variables(reach.cluster) {
        Some((_, what)) => Err(format!("{what} may give ${{{name}}} a value")),
        None => Ok(()),
    }
}

/// The texts with variables in them, keys included.
fn collect(value: &Value, texts: &mut Vec<String>) {
    let keep = |text: &str, texts: &mut Vec<String>| texts.extend(text.contains('$').then(|| text.to_owned()));
    match value {
        Value::Null => {}
        Value::Scalar { text, .. } => keep(text, texts),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            keep(key, texts);
            collect(value, texts);
        }),
    }
}

//! Releases roots that are in templates: refused, with the text to paste.

use super::entry::{Form, Names, Wanted};
use super::fields::ObjectKind;
use super::set::Set;
use super::settings::Settings;
use super::units::{INJECT, id};
use super::{class, codes};
use crate::flux::{KustomizationTemplate, Rendered, Value, View};
use crate::plan::{Draft, Finding, Subject};

/// A draft for each template that would be a releases root: one that builds Flux Kustomizations
/// which render HelmReleases, or several HelmReleases itself, none of which a cluster applies.
pub(super) fn drafts(view: &View, settings: &Settings) -> Vec<Draft> {
    view.kustomization_templates().iter().filter_map(|template| draft(view, template, settings)).collect()
}

fn draft(view: &View, template: &KustomizationTemplate, settings: &Settings) -> Option<Draft> {
    let unreached = |built: Vec<Rendered>, group: &str, kind: &str| -> Vec<Rendered> {
        let is_one = |object: &Rendered| object.kind == kind && object.api_version.starts_with(group);
        let built = built.into_iter().filter(is_one);
        built.filter(|object| view.graph().reaches(&object.at).is_empty()).collect()
    };
    let releases = |built: Vec<Rendered>| unreached(built, "helm.toolkit.fluxcd.io/", "HelmRelease");
    let built = view.build_path(&template.builds);
    let children = unreached(built.clone(), "kustomize.toolkit.fluxcd.io/", "Kustomization");
    let stated: Vec<_> = children.iter().filter_map(|child| view.stated(&child.at)).collect();
    let (form, releases) = match (releases(view.builds(&stated).concat()), releases(built)) {
        (below, _) if !below.is_empty() => (Form::TwoLevels, below),
        (_, direct) if direct.len() > 1 => (Form::OneLevel, direct),
        _ => return None,
    };
    let set = settings.spec.clone().unwrap_or_else(|| {
        let objects: Vec<Value> = releases.iter().filter_map(|found| Value::of(view.node(&found.at)?)).collect();
        let specs: Vec<&Value> = objects.iter().filter_map(|object| object.get("spec")).collect();
        Set::agreed(&specs, ObjectKind::Release.table())
    });
    if set.is_empty() {
        return None;
    }
    let of_releases: Vec<&str> = releases.iter().map(|object| &*object.api_version).collect();
    let of_children: Vec<&str> = children.iter().map(|object| &*object.api_version).collect();
    let names = Names::of(&of_releases, &of_children, &[]);
    let wanted = Wanted { form, set, names };
    let name = template.name.clone().unwrap_or_else(|| template.path.name().to_owned());
    let message = format!("{name} is in a template: add the entry to its spec.patches by hand");
    let subject = Subject::object("Kustomization", "", &name, &template.path);
    let title = format!("defaults for its releases: {}", wanted.set.lines().join(", "));
    Some(Draft {
        class: Some(class::RELEASE_DEFAULTS),
        findings: vec![Finding::error(codes::ROOT_TEMPLATE, message).at(&template.path, template.line)],
        paste: Some(wanted.to_paste(settings)),
        ..Draft::new(id(INJECT, &subject), title, [template.path.clone()])
    })
}

//! Releases roots that stand in templates: refused, with the text to paste.

use super::class;
use super::entry::{Form, Wanted, newest};
use super::fields::HELM_RELEASE;
use super::id::{INJECT, kustomization};
use super::set::Set;
use super::settings::RemediationDefaultsSettings;
use super::{codes, finding};
use crate::flux::{KustomizationTemplate, Rendered, Value, View};
use crate::plan::{Severity, Draft};

/// A unit for each template that would be a releases root: one that builds Flux Kustomizations which render HelmReleases, or several
/// HelmReleases itself, none of which a cluster of this tree applies.
pub(super) fn units(view: &View, settings: &RemediationDefaultsSettings) -> Vec<Draft> {
    view.kustomization_templates().iter().filter_map(|template| unit(view, template, settings)).collect()
}

fn unit(view: &View, template: &KustomizationTemplate, settings: &RemediationDefaultsSettings) -> Option<Draft> {
    let is = |object: &&Rendered, group: &str, kind: &str| {
        object.kind == kind && object.api_version.starts_with(group) && view.graph().reaches(&object.at).is_empty()
    };
    let built = view.build_path(&template.builds);
    let children: Vec<&Rendered> =
        built.iter().filter(|own| is(own, "kustomize.toolkit.fluxcd.io/", "Kustomization")).collect();
    let stated: Vec<_> = children.iter().filter_map(|child| view.stated(&child.at)).collect();
    let below: Vec<Rendered> = view.builds(&stated).into_iter().flatten().collect();
    let releases = |built: &[Rendered]| -> Vec<Rendered> {
        built.iter().filter(|own| is(own, "helm.toolkit.fluxcd.io/", "HelmRelease")).cloned().collect()
    };
    let (form, releases) = match (releases(&below), releases(&built)) {
        (below, _) if !below.is_empty() => (Form::TwoLevels, below),
        (_, own) if own.len() > 1 => (Form::OneLevel, own),
        _ => return None,
    };
    let specs: Vec<Value> =
        releases.iter().filter_map(|own| Value::of(view.node(&own.at)?)?.get("spec").cloned()).collect();
    let set = settings.spec.clone().unwrap_or_else(|| Set::agreed(specs.iter(), HELM_RELEASE));
    if set.is_empty() {
        return None;
    }
    let version =
        |all: &mut dyn Iterator<Item = &str>, otherwise: &str| newest(all).unwrap_or_else(|| otherwise.to_owned());
    let wanted = Wanted {
        form,
        helm_release: version(&mut releases.iter().map(|own| &*own.api_version), "helm.toolkit.fluxcd.io/v2"),
        kustomization: version(&mut children.iter().map(|own| &*own.api_version), "kustomize.toolkit.fluxcd.io/v1"),
        placeholder: "not-used".to_owned(),
        set,
    };
    let name = template.name.clone().unwrap_or_else(|| template.path.name().to_owned());
    let title = format!("defaults of its releases: {}", wanted.set.lines().join(", "));
    let message = format!("{name} stands in a template: put the entry into its spec.patches by hand");
    let at = Some(&template.path);
    Some(Draft {
        class: Some(class::RELEASE_DEFAULTS),
        findings: vec![finding(Severity::Error, codes::ROOT_TEMPLATE, at, Some(template.line), message)],
        paste: Some(wanted.to_paste(settings)),
        ..Draft::new(kustomization(INJECT, "", &name, &template.path), title, [template.path.clone()])
    })
}

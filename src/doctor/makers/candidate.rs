//! An object of a build, with what is worked out of it once, whatever it is asked for.

use std::sync::OnceLock;

use crate::charts::app_template::{self, Deployed};
use crate::doctor::names::Words;
use crate::flux::{FluxKustomization, Installed, KustomizationId, Rendered, Value, View, group_of};

/// An object that a Flux Kustomization builds.
pub(super) struct Candidate<'a> {
    pub(super) id: KustomizationId,
    pub(super) by: &'a FluxKustomization,
    pub(super) object: &'a Rendered,
    /// Its group; empty for the core group.
    pub(super) group: &'a str,
    /// Its name and namespace, as far as variables are known.
    pub(super) name: String,
    pub(super) namespace: String,
    words: OnceLock<Option<Words>>,
    release: OnceLock<Option<Release>>,
}

/// A HelmRelease as its cluster installs it.
pub(super) struct Release {
    pub(super) installed: Installed,
    /// The texts in it.
    pub(super) words: Words,
    /// What app-template makes of it, where that is certain.
    pub(super) objects: Vec<app_template::Object>,
}

impl<'a> Candidate<'a> {
    pub(super) fn of(id: KustomizationId, by: &'a FluxKustomization, object: &'a Rendered) -> Candidate<'a> {
        Candidate {
            id,
            by,
            object,
            group: group_of(&object.api_version),
            name: by.variables.substitute(&object.name),
            namespace: by.variables.substitute(object.namespace.as_deref().unwrap_or_default()),
            words: OnceLock::new(),
            release: OnceLock::new(),
        }
    }

    /// Whether a text of it has a name in it; true where its texts are not known.
    pub(super) fn says(&self, view: &View, name: &str) -> bool {
        let words = || {
            let mut value = view.node(&self.object.at).and_then(Value::of)?;
            value.map_text(&|text| self.by.variables.substitute(text));
            Some(Words::of(&value))
        };
        self.words.get_or_init(words).as_ref().is_none_or(|words| words.have(name))
    }

    /// What its cluster installs, if it is a HelmRelease that can be read.
    pub(super) fn release(&self, view: &View) -> Option<&Release> {
        let release = || {
            let mut reaches = view.graph().reaches(&self.object.at).iter();
            let reach = reaches.find(|reach| reach.kustomization == self.id && reach.kind == "HelmRelease")?;
            let installed = view.installed(&self.object.at, reach)?;
            let deployed = Deployed::installed(view, &installed);
            let objects = deployed.map(|deployed| deployed.chart.objects()).unwrap_or_default();
            Some(Release { words: Words::of(&installed.object), objects, installed })
        };
        self.release.get_or_init(release).as_ref()
    }
}

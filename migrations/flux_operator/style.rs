//! How a cluster writes the files of an app: names, order of fields, intervals, schema comments.

use std::collections::BTreeMap;

use crate::flux::{At, ClusterId, FluxKustomization, Object, View};
use crate::plan::author::most_frequent;
use crate::yaml::SCHEMA_MARK;

/// What most of a cluster does.
pub(super) struct Style<'v> {
    view: &'v View,
    /// The objects of the cluster, with their kinds.
    applied: Vec<&'v Object>,
    kustomizations: Vec<&'v FluxKustomization>,
}

impl<'v> Style<'v> {
    pub(super) fn of(view: &'v View, cluster: ClusterId) -> Style<'v> {
        let graph = view.graph();
        let here = graph.reached().filter(|(_, reaches)| reaches.iter().any(|reach| reach.cluster == cluster));
        let kustomizations = graph.kustomizations.iter();
        Style {
            view,
            applied: here.filter_map(|(at, _)| view.object(at)).collect(),
            kustomizations: kustomizations.filter(|flux| flux.cluster == cluster && flux.parent.is_some()).collect(),
        }
    }

    fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'v Object> + 's {
        self.applied.iter().copied().filter(move |object| object.kind == kind)
    }

    /// The name that files with an object of this kind have, but for those that are called after it.
    pub(super) fn file_name(&self, kind: &str, default: &str) -> String {
        let is_own = |object: &&Object| {
            let rest = object.at.path.name().strip_prefix(&*object.name);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let alone = self.of_kind(kind).filter(|object| self.is_alone(&object.at));
        let names = alone.filter(|object| !is_own(object)).map(|object| object.at.path.name());
        most_frequent(names).unwrap_or(default).to_owned()
    }

    fn is_alone(&self, at: &At) -> bool {
        self.view.file(&at.path).is_some_and(|file| file.objects.len() == 1)
    }

    /// The name of the file with a Flux Kustomization: of those that build a folder beside it.
    pub(super) fn kustomization_file(&self) -> String {
        let names = self.beside().map(|(flux, _)| flux.at.path.name());
        most_frequent(names).unwrap_or("ks.yaml").to_owned()
    }

    /// The folder beside a Flux Kustomization that it builds.
    pub(super) fn folder(&self) -> String {
        most_frequent(self.beside().map(|(_, folder)| folder)).unwrap_or_else(|| "app".to_owned())
    }

    /// The Flux Kustomizations that build a folder beside them, with its name.
    fn beside(&self) -> impl Iterator<Item = (&'v FluxKustomization, String)> + '_ {
        self.kustomizations.iter().filter_map(|flux| {
            let path = flux.path.as_ref()?;
            let is_below = path.parent().is_some_and(|parent| parent == flux.at.path.dir());
            is_below.then(|| (*flux, path.name().to_owned()))
        })
    }

    /// `spec.interval` of most objects of a kind.
    pub(super) fn interval(&self, kind: &str) -> Option<String> {
        let intervals = self.of_kind(kind).filter_map(|object| {
            let text = self.view.node(&object.at)?.text_at(&["spec", "interval"])?;
            (!text.contains("${")).then_some(text)
        });
        most_frequent(intervals).map(str::to_owned)
    }

    /// A field of `spec` of Flux Kustomizations, if most of those with a parent state it.
    pub(super) fn usual(&self, path: &[&str]) -> Option<String> {
        let stated = self.kustomizations.iter().map(|flux| flux.object.text_at(&[&["spec"], path].concat()));
        most_frequent(stated).flatten().map(str::to_owned)
    }

    /// Puts the fields of `spec` of a Flux Kustomization into the order that they mostly have. What no
    /// other has comes behind the field before it.
    pub(super) fn ordered<T>(&self, fields: Vec<(&'static str, T)>) -> Vec<(&'static str, T)> {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for flux in &self.kustomizations {
            let entries: Vec<_> = self
                .view
                .node(&flux.at)
                .and_then(|root| root.get("spec"))
                .into_iter()
                .flat_map(|spec| spec.entries())
                .collect();
            for (place, (key, _)) in entries.iter().enumerate() {
                let key = key.text().unwrap_or_default().to_owned();
                places.entry(key).or_default().push(place * 1000 / entries.len());
            }
        }
        let mean = |key: &str| places.get(key).map(|all| all.iter().sum::<usize>() / all.len());
        let mut before = 0;
        let placed = fields.into_iter().map(|field| {
            before = mean(field.0).unwrap_or(before);
            (before, field)
        });
        let mut placed: Vec<_> = placed.collect();
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, field)| field).collect()
    }

    /// The schema comment that most files with an object of this group and kind have, without `# `.
    pub(super) fn schema(&self, group: &str, kind: &str) -> Option<String> {
        let files = self.view.files().filter(|(_, file)| {
            matches!(&file.objects[..], [object] if object.kind == kind && object.api_version.starts_with(&format!("{group}/")))
        });
        let comments = files.filter_map(|(_, file)| {
            let stream = file.stream.as_deref()?;
            let texts = stream.comments().iter().map(|comment| &stream.text()[comment.range.clone()]);
            Some(texts.into_iter().find(|text| text.starts_with(SCHEMA_MARK)))
        });
        // A schema with the values of one chart is not for a release of another.
        let is_of_kind = |text: &Option<&str>| kind != "HelmRelease" || text.is_none_or(|text| text.contains(group));
        let comments = comments.filter(is_of_kind);
        Some(most_frequent(comments)??.trim_start_matches("# ").to_owned())
    }
}

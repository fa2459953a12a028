//! Conditions about the chart of a HelmRelease, and about what an object runs.

use super::{Answer, Document, in_range};
use crate::flux::{Reach, Value};
use crate::recipe::pattern::Pattern;
use crate::recipe::version::{Between, Range, Rows, Version};

/// A chart, perhaps in some versions.
#[derive(Clone, Debug)]
pub struct ChartTest {
    /// Its name.
    pub name: Pattern,
    /// Its versions.
    pub version: Option<Range>,
}

/// What something runs: an image or, where it names none, a chart.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The image, without its tag.
    pub image: Option<Pattern>,
    /// The chart.
    pub chart: Option<Pattern>,
    /// What its versions say of the app.
    pub rows: Option<Rows>,
    /// The versions of the app.
    pub version: Option<Range>,
}

/// A chart as a HelmRelease states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Its name.
    pub name: Option<String>,
    /// Its version, or the tag of its source.
    pub version: Option<String>,
}

impl Stated {
    /// The chart of a HelmRelease, as a cluster gets it or as its file states it.
    pub fn of(document: &Document<'_>, value: &Value, reach: Option<&Reach>) -> Option<Stated> {
        let object = document.object.filter(|object| object.is_helm_release())?;
        let spec = value.at(&["spec", "chart", "spec"]);
        let text = |value: &Value, key: &str| value.text_at(&[key]).map(str::to_owned);
        if let Some(spec) = spec {
            return Some(Stated { name: text(spec, "chart"), version: text(spec, "version") });
        }
        let view = document.view;
        let at = match reach.and_then(|reach| view.installed(&object.at, reach)?.chart) {
            Some(chart) => chart.at,
            // What no cluster applies names a source that must be the only one of its name.
            None => {
                let name = value.text_at(&["spec", "chartRef", "name"])?;
                let mut named = view
                    .oci_repositories()
                    .iter()
                    .filter(|source| view.object(&source.at).is_some_and(|object| object.name == name));
                let first = named.next().map(|source| source.at.clone());
                first.filter(|_| named.next().is_none())
            }
        };
        let source = view.node(&at?)?;
        let url = source.text_at(&["spec", "url"])?;
        let name = url.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        Some(Stated { name, version: source.text_at(&["spec", "ref", "tag"]).map(str::to_owned) })
    }
}

impl ChartTest {
    pub(super) fn ask(&self, document: &Document<'_>, value: &Value, reach: Option<&Reach>) -> Answer {
        let Some(stated) = Stated::of(document, value, reach) else { return Answer::No("chart") };
        if !stated.name.as_deref().is_some_and(|name| self.name.is_match(name)) {
            return Answer::No("chart");
        }
        let Some(range) = &self.version else { return Answer::Yes };
        match stated.version.as_deref().and_then(Version::parse) {
            Some(version) => in_range(range, &Between::exactly(version), "chart", String::new),
            None => Answer::NotKnown(format!(
                "the version of its chart is {}",
                stated.version.as_deref().unwrap_or("absent")
            )),
        }
    }
}

impl Runs {
    pub(super) fn ask(&self, document: &Document<'_>, value: &Value, reach: Option<&Reach>) -> Answer {
        let found = match self.found(document, value, reach) {
            Some(found) => found,
            None => return Answer::No("runs"),
        };
        match (&self.version, found) {
            (None, _) => Answer::Yes,
            (Some(range), Ok(between)) => in_range(range, &between, "runs", || format!("it runs {between}")),
            (Some(_), Err(why)) => Answer::NotKnown(why),
        }
    }

    /// The versions that it may run, or why they are not known; `None` if it runs something else.
    pub fn found(
        &self,
        document: &Document<'_>,
        value: &Value,
        reach: Option<&Reach>,
    ) -> Option<Result<Between, String>> {
        // An image says what runs, whatever the chart brings.
        if let Some(tag) = self.image.as_ref().and_then(|image| tag(value.get("spec")?, image)) {
            let version = tag.as_deref().and_then(Version::parse).map(Between::exactly);
            return Some(version.ok_or_else(|| format!("its image has the tag {}", tag.as_deref().unwrap_or("none"))));
        }
        let chart = self.chart.as_ref()?;
        let stated = Stated::of(document, value, reach)?;
        if !chart.is_match(stated.name.as_deref()?) {
            return None;
        }
        let shown = stated.version.as_deref().unwrap_or("absent");
        let Some(version) = stated.version.as_deref().and_then(Version::parse) else {
            return Some(Err(format!("the version of its chart is {shown}")));
        };
        let app = match &self.rows {
            Some(rows) => rows.app(&version),
            None => Some(Between::exactly(version)),
        };
        Some(app.ok_or_else(|| format!("which version chart {shown} runs is not known")))
    }
}

/// The tag of an image anywhere in a value; `Some(None)` if the image has none.
fn tag(value: &Value, image: &Pattern) -> Option<Option<String>> {
    match value {
        Value::Mapping(entries) => {
            let repository = value.text_at(&["repository"]).filter(|repository| image.is_match(repository));
            if repository.is_some() {
                return Some(value.text_at(&["tag"]).map(str::to_owned));
            }
            entries.iter().find_map(|(_, value)| tag(value, image))
        }
        Value::Sequence(items) => items.iter().find_map(|item| tag(item, image)),
        Value::Scalar { text, .. } => {
            let name = text.split('@').next().unwrap_or_default();
            let (repository, tag) = match name.rsplit_once(':') {
                Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_owned())),
                _ => (name, None),
            };
            (repository.contains('/') && tag.is_some() && image.is_match(repository)).then_some(tag)
        }
        Value::Null => None,
    }
}

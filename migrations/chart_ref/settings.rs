use std::collections::BTreeSet;

use crate::config::{DUPLICATE, Described, INVALID_VALUE, Keys, Section};
use crate::migrations::sources::Version;
use crate::repo::RepoPath;
use crate::text::nearest;
use crate::yaml::{Kind, New, Node};

/// What you can configure: the section `chart-ref` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRefSettings {
    /// `charts`: the charts that are in scope.
    pub charts: Vec<ChartSettings>,
    /// `source-namespace`: the namespace in which shared sources live.
    pub source_namespace: String,
}

/// A chart in scope: an item of `charts`, which is its name, or a mapping with these keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartSettings {
    /// `name`: as Helm has it.
    pub name: String,
    /// `strategy`: where its sources live; without it, the number of releases of a cluster that use
    /// the chart decides.
    pub strategy: Option<Strategy>,
    /// `home`: the OCI address of the chart, without the chart, if its HelmRepository is not OCI.
    pub home: Option<String>,
    /// `target`: the version that its releases move to; without it they keep their version.
    pub target: Option<String>,
    /// `component`: the directory of the Component with its source, for the strategy `namespace`.
    pub component: Option<RepoPath>,
}

/// Where the sources of a chart live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// One for each version, in the namespace of sources.
    Shared,
    /// One for each version and namespace, from a Component.
    Namespace,
    /// One for each release, beside it.
    PerApp,
}

impl Strategy {
    const ALL: [Strategy; 3] = [Strategy::Shared, Strategy::Namespace, Strategy::PerApp];

    /// As the configuration has it.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Shared => "shared",
            Strategy::Namespace => "namespace",
            Strategy::PerApp => "per-app",
        }
    }
}

impl Default for ChartRefSettings {
    fn default() -> ChartRefSettings {
        let app_template = ChartSettings { name: "app-template".to_owned(), ..ChartSettings::default() };
        ChartRefSettings { charts: vec![app_template], source_namespace: "flux-system".to_owned() }
    }
}

impl ChartRefSettings {
    /// A chart that is in scope.
    pub(super) fn chart(&self, name: &str) -> Option<&ChartSettings> {
        self.charts.iter().find(|chart| chart.name == name)
    }
}

impl Section for ChartRefSettings {
    const KEY: &'static str = "chart-ref";

    fn read(keys: &mut Keys<'_, '_>) -> ChartRefSettings {
        let default = ChartRefSettings::default();
        let charts = keys.list("charts").map(|items| charts(keys, items));
        let namespace = keys.text("source-namespace").map(|(name, node)| {
            if !is_namespace(name) {
                let help = "write the name of a namespace: lower-case letters, digits and dashes";
                keys.mistake(INVALID_VALUE, node, format!("`{name}` cannot be a namespace"), help);
            }
            name.to_owned()
        });
        ChartRefSettings {
            charts: charts.unwrap_or(default.charts),
            source_namespace: namespace.unwrap_or(default.source_namespace),
        }
    }

    fn described(&self) -> Vec<Described> {
        let charts = self.charts.iter().map(|chart| New::string(&chart.name)).collect();
        let namespace = New::string(&self.source_namespace);
        vec![
            Described { key: "charts", about: ABOUT_CHARTS, value: New::Sequence(charts) },
            Described {
                key: "source-namespace",
                about: "The namespace in which the sources live that releases share.",
                value: namespace,
            },
        ]
    }
}

const ABOUT_CHARTS: &str = "\
The charts in scope. HelmReleases of others are left alone. Each is a name, or a mapping
of which only `name` must be there:
  - name: app-template
    strategy: shared         # one source in source-namespace; `namespace`: one in each,
                             # from a Component; `per-app`: one beside each release.
                             # Without it: shared where several releases of a cluster
                             # use the chart, else per-app.
    home: oci://example.org/charts   # where it lives, without the chart, if the
                                     # HelmRepository is not OCI
    target: 3.7.3            # the version to move to; without it each keeps its own
    component: kubernetes/components/app-template   # for the strategy namespace";

/// Reads the items of `charts`.
fn charts<'s>(keys: &mut Keys<'_, 's>, items: Vec<Node<'s>>) -> Vec<ChartSettings> {
    let mut charts: Vec<ChartSettings> = Vec::new();
    let mut names = BTreeSet::new();
    for item in items {
        let chart = match item.kind() {
            Kind::Mapping => keys.nested(item, "a chart", one),
            _ => keys.item(item, "charts").map(|name| ChartSettings { name: name.to_owned(), ..Default::default() }),
        };
        let Some(chart) = chart else { continue };
        if !names.insert(chart.name.clone()) {
            let message = format!("the chart `{}` is listed twice in `charts`", chart.name);
            keys.mistake(DUPLICATE, item, message, "leave one of them out");
        }
        charts.push(chart);
    }
    charts
}

fn one(keys: &mut Keys<'_, '_>) -> Option<ChartSettings> {
    let name = keys.text("name").map(|(name, _)| name.to_owned());
    if !keys.has("name") {
        keys.missing("name", "app-template");
    }
    let strategy = keys.text("strategy").and_then(|(word, node)| {
        let known = Strategy::ALL.into_iter().find(|strategy| strategy.word() == word);
        if known.is_none() {
            let words = Strategy::ALL.map(Strategy::word);
            let help = match nearest(word, words.map(|word| (word, word))) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", words.join(", ")),
            };
            keys.mistake(INVALID_VALUE, node, format!("there is no strategy `{word}`"), help);
        }
        known
    });
    let home = keys.text("home").map(|(home, node)| {
        let path = home.strip_prefix("oci://").unwrap_or_default();
        let chart = name.as_deref().filter(|name| path.rsplit('/').next() == Some(*name));
        if let Some(chart) = chart {
            let help = format!("write it without `/{chart}`, which is added");
            keys.mistake(INVALID_VALUE, node, format!("`{home}` holds the name of the chart"), help);
        } else if path.is_empty() || path.ends_with('/') || home.contains("${") {
            let help = "write it as `oci://registry/path`";
            keys.mistake(INVALID_VALUE, node, format!("`{home}` is no address of an OCI registry"), help);
        }
        home.to_owned()
    });
    let target = keys.text("target").map(|(target, node)| {
        if !matches!(Version::of(Some(target)), Version::Tag(_)) {
            let help = "write one version in full, such as `3.7.3`";
            keys.mistake(INVALID_VALUE, node, format!("`{target}` is no exact version"), help);
        }
        target.to_owned()
    });
    let component = keys.text("component").and_then(|(text, node)| {
        let path = keys.directory(text, node, "kubernetes/components/app-template");
        if path.is_some() && strategy != Some(Strategy::Namespace) {
            let help = "add `strategy: namespace`, or leave `component` out";
            keys.mistake(INVALID_VALUE, node, "`component` is for the strategy `namespace` alone".to_owned(), help);
        }
        path
    });
    Some(ChartSettings { name: name?, strategy, home, target, component })
}

/// A label as Kubernetes has it (RFC 1123).
fn is_namespace(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SectionType, Settings};

    fn read(text: &str) -> Result<ChartRefSettings, Vec<String>> {
        let settings = Settings::read("a.yaml", text, &[SectionType::of::<ChartRefSettings>()]);
        let about = |error: crate::config::ConfigError| {
            let one =
                |mistake: &crate::config::Mistake| format!("{}: {}; {}", mistake.code, mistake.message, mistake.help);
            error.mistakes.iter().map(one).collect()
        };
        settings.map(|settings| settings.section()).map_err(about)
    }

    #[test]
    fn names_and_mappings() {
        let read = read(
            "chart-ref:\n  charts:\n  - a\n  - {name: b, strategy: per-app, home: 'oci://x/y', target: 1.2.3}\n  \
             - {name: c, strategy: namespace, component: ./k/c/}\n",
        );
        let [a, b, c] = &read.unwrap().charts[..] else { panic!("three charts") };
        assert_eq!(*a, ChartSettings { name: "a".into(), ..Default::default() });
        assert_eq!(
            (b.strategy, b.home.as_deref(), b.target.as_deref()),
            (Some(Strategy::PerApp), Some("oci://x/y"), Some("1.2.3"))
        );
        assert_eq!((c.strategy, c.component.clone()), (Some(Strategy::Namespace), RepoPath::new("k/c").ok()));
    }

    #[test]
    fn mistakes_say_what_is_meant() {
        for (item, expected) in [
            ("{name: a, stratgy: shared}", "config-unknown-key: unknown key `stratgy`; did you mean `strategy`?"),
            (
                "{name: a, strategy: perapp}",
                "config-invalid-value: there is no strategy `perapp`; did you mean `per-app`?",
            ),
            ("{name: a, home: https://x/y}", "config-invalid-value: `https://x/y` is no address of an OCI registry"),
            ("{name: a, home: oci://x/a}", "config-invalid-value: `oci://x/a` holds the name of the chart"),
            ("{name: a, target: 3.x}", "config-invalid-value: `3.x` is no exact version"),
            ("{name: a, component: ../x, strategy: namespace}", "config-invalid-value: `../x` is not a path"),
            ("{name: a, component: x}", "config-invalid-value: `component` is for the strategy `namespace` alone"),
            ("{strategy: shared}", "`name` is missing"),
            ("a\n  - {name: a}", "config-duplicate: the chart `a` is listed twice"),
            ("[a]", "config-wrong-type"),
        ] {
            let mistakes = read(&format!("chart-ref:\n  charts:\n  - {item}\n")).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{item}: {mistakes:?}");
        }
    }
}

use std::collections::BTreeSet;

use super::chart_settings::{ChartSettings, charts, with_all};
use super::home::chart_of;
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::flux::{Chart, View};
use crate::migrations::sources::existing::Sources;
use crate::yaml::New;

/// What you can configure: the section `chart-ref` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRefSettings {
    /// `charts`, or `charts.named`: the charts that are in scope.
    pub charts: Vec<ChartSettings>,
    /// `charts.all`: whether every chart of a HelmRepository is in scope.
    pub all: bool,
    /// `charts.except`: charts that are not, with `all`.
    pub except: BTreeSet<String>,
    /// `source-namespace`: the namespace in which shared sources live.
    pub source_namespace: String,
}

impl Default for ChartRefSettings {
    fn default() -> ChartRefSettings {
        let app_template = ChartSettings::of("app-template");
        let (all, except) = (false, BTreeSet::new());
        ChartRefSettings { charts: vec![app_template], all, except, source_namespace: "flux-system".to_owned() }
    }
}

impl ChartRefSettings {
    /// A chart that is in scope.
    pub(super) fn chart(&self, name: &str) -> Option<&ChartSettings> {
        self.charts.iter().find(|chart| chart.name == name)
    }

    /// What to write in the configuration for a chart whose home is not known.
    pub(super) fn to_write(&self, chart: &str) -> String {
        let below = if self.all { "`charts.named`" } else { "`charts`" };
        format!("add `{{name: {chart}, home: oci://REGISTRY/PATH}}` to {below} of chart-ref in .flux-codemod.yaml")
    }

    /// With `all`, the same with all charts of this view by name: those of HelmRepositories, and
    /// those that releases have by chartRef already, so that the answer stays the same when only
    /// half of them have landed.
    pub(super) fn in_view(&self, view: &View, applied: &Sources<'_>) -> ChartRefSettings {
        let mut settings = self.clone();
        if !self.all {
            return settings;
        }
        let mut names = BTreeSet::new();
        for release in view.releases() {
            match &release.chart {
                Chart::Spec(spec) if spec.source_ref.kind == "HelmRepository" => names.extend([spec.chart.as_str()]),
                Chart::Spec(_) => {}
                Chart::Ref(_) => {
                    let sources = view.graph().reaches(&release.at).iter();
                    let sources = sources.filter_map(|reach| applied.of_release(view, release, reach));
                    names.extend(sources.filter_map(|source| Some(source.url.rsplit_once('/')?.1)));
                }
                Chart::Invalid => names.extend(chart_of(view, release)),
            }
        }
        let is_new = |name: &&str| !self.except.contains(*name) && self.chart(name).is_none();
        settings.charts.extend(names.into_iter().filter(is_new).map(ChartSettings::of));
        settings
    }
}

impl Section for ChartRefSettings {
    const KEY: &'static str = "chart-ref";

    fn read(keys: &mut Keys<'_, '_>) -> ChartRefSettings {
        let default = ChartRefSettings::default();
        keys.about("The charts in scope: each a name or a mapping, or `all` of HelmRepositories.");
        let listed = |keys: &mut Keys<'_, '_>| (charts(keys, "charts"), false, BTreeSet::new());
        let (charts, all, except) = keys.mapping_or("charts", with_all, listed);
        let namespace = keys.text("source-namespace").map(|(name, node)| {
            if !is_namespace(name) {
                let help = "write the name of a namespace: lower-case letters, digits and dashes";
                keys.mistake(INVALID_VALUE, node, format!("`{name}` cannot be a namespace"), help);
            }
            name.to_owned()
        });
        ChartRefSettings {
            charts: charts
                .unwrap_or_else(|| default.charts.into_iter().filter(|chart| !except.contains(&chart.name)).collect()),
            all,
            except,
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
                                     # HelmRepository is not OCI. Without it: where this
                                     # repository takes the chart from elsewhere, else
                                     # a table that the plan names
    target: 3.7.3            # the version to move to; without it each keeps its own
    component: kubernetes/components/app-template   # for the strategy namespace
Or every chart of a HelmRepository, with further keys for some of them:
  charts:
    all: true
    except: [volsync]        # out of scope
    named: []                # items as above";

/// A label as Kubernetes has it (RFC 1123).
fn is_namespace(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SectionType, Settings};
    use crate::migrations::chart_ref::Strategy;
    use crate::repo::RepoPath;

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
        for (charts, expected) in [
            ("{named: [a]}", "`all` is missing"),
            ("{all: 1}", "config-wrong-type"),
            ("{all: true, excpt: [a]}", "unknown key `excpt`; did you mean `except`?"),
            ("{all: true, named: [a], except: [a]}", "the chart `a` is in `named` and in `except`"),
            ("all", "config-wrong-type"),
        ] {
            let mistakes = read(&format!("chart-ref: {{charts: {charts}}}\n")).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{charts}: {mistakes:?}");
        }
    }

    #[test]
    fn all_charts_with_and_without_names() {
        let names = |settings: &ChartRefSettings| -> Vec<String> {
            settings.charts.iter().map(|chart| chart.name.clone()).collect()
        };
        let all = read("chart-ref: {charts: {all: true}}\n").unwrap();
        assert!(all.all && names(&all) == ["app-template"]);
        assert!(all.to_write("a").contains("`{name: a, home: oci://REGISTRY/PATH}` to `charts.named`"));
        let without = read("chart-ref: {charts: {all: true, except: [app-template]}}\n").unwrap();
        assert!(without.all && names(&without) == [""; 0] && without.except.contains("app-template"));
        let named = read("chart-ref: {charts: {all: false, named: [a, {name: b, target: 1.2.3}]}}\n").unwrap();
        assert!(!named.all && names(&named) == ["a", "b"]);
        assert!(read("").unwrap().to_write("a").contains("to `charts` of chart-ref"));
    }
}

use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::yaml::New;

/// What a person may decide about this migration: the section `chart-ref` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRefSettings {
    /// `charts`: the charts that are in scope, by name.
    pub charts: Vec<String>,
    /// `source-namespace`: the namespace in which shared sources live.
    pub source_namespace: String,
}

impl Default for ChartRefSettings {
    fn default() -> ChartRefSettings {
        ChartRefSettings { charts: vec!["app-template".to_owned()], source_namespace: "flux-system".to_owned() }
    }
}

impl Section for ChartRefSettings {
    const KEY: &'static str = "chart-ref";

    fn read(keys: &mut Keys<'_, '_>) -> ChartRefSettings {
        let default = ChartRefSettings::default();
        let charts = keys.texts("charts");
        let charts = charts.map(|charts| charts.into_iter().map(|(name, _)| name.to_owned()).collect());
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
        let charts = self.charts.iter().map(New::string).collect();
        let namespace = New::string(&self.source_namespace);
        vec![
            Described {
                key: "charts",
                about: "The charts in scope, by name. HelmReleases of others are left alone.",
                value: New::Sequence(charts),
            },
            Described {
                key: "source-namespace",
                about: "The namespace in which the sources live that releases share.",
                value: namespace,
            },
        ]
    }
}

/// A label as Kubernetes has it (RFC 1123).
fn is_namespace(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

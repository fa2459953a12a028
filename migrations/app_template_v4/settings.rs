use crate::charts::app_template::{Tokens, Version};
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::yaml::New;

/// What a person may decide about this migration: the section `app-template-v4` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTemplateV4Settings {
    /// `target`: the version of 4.x that releases move to.
    pub target: String,
    /// What that version makes of values.
    pub version: Version,
    /// `selectors`: what becomes of the selectors of workloads, which are immutable.
    pub selectors: Selectors,
    /// `tokens`: whether the Secrets with static tokens of accounts stay.
    pub tokens: Tokens,
    /// `on-chart`: what to do with releases that are on `spec.chart`.
    pub on_chart: OnChart,
    /// `fleet`: whether a source that releases share moves with all of them at once.
    pub fleet: bool,
}

/// What becomes of the selectors of Deployments and DaemonSets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selectors {
    /// `recreate`: they change, and the workloads are deleted by hand.
    Recreate,
    /// `keep`: a post-renderer puts the old ones back, for good.
    Keep,
}

/// What to do with releases that are on `spec.chart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChart {
    /// `chart-ref`: they move to `spec.chartRef` first, by that migration.
    ChartRef,
    /// `in-place`: their version changes where it stands.
    InPlace,
}

const TARGET: &str = "4.6.2";

impl Default for AppTemplateV4Settings {
    fn default() -> AppTemplateV4Settings {
        AppTemplateV4Settings {
            target: TARGET.to_owned(),
            version: Version::V4_1,
            selectors: Selectors::Recreate,
            tokens: Tokens::Dropped,
            on_chart: OnChart::ChartRef,
            fleet: false,
        }
    }
}

impl Section for AppTemplateV4Settings {
    const KEY: &'static str = "app-template-v4";

    fn read(keys: &mut Keys<'_, '_>) -> AppTemplateV4Settings {
        let default = AppTemplateV4Settings::default();
        let target = keys.text("target").and_then(|(text, node)| {
            let version = Version::of(text).filter(|version| !version.is_3());
            if version.is_none() {
                let help = "write an exact version of 4.x, such as `4.6.2`";
                keys.mistake(INVALID_VALUE, node, format!("`{text}` is no version of 4.x"), help);
            }
            Some((text.to_owned(), version?))
        });
        let (target, version) = target.unwrap_or((default.target, default.version));
        AppTemplateV4Settings {
            target,
            version,
            selectors: keys.one_of("selectors", &[("recreate", Selectors::Recreate), ("keep", Selectors::Keep)]),
            tokens: keys.one_of("tokens", &[("drop", Tokens::Dropped), ("keep", Tokens::Kept)]),
            on_chart: keys.one_of("on-chart", &[("chart-ref", OnChart::ChartRef), ("in-place", OnChart::InPlace)]),
            fleet: keys.flag("fleet").unwrap_or(default.fleet),
        }
    }

    fn described(&self) -> Vec<Described> {
        let word = |word: &str| New::string(word);
        vec![
            Described { key: "target", about: "The version of 4.x that releases move to.", value: word(&self.target) },
            Described {
                key: "selectors",
                about: "`recreate`: selectors change, and each workload is deleted once, by hand.\n`keep`: a post-renderer of the release puts \
                        the old ones back, for good.",
                value: word("recreate"),
            },
            Described {
                key: "tokens",
                about: "`drop` or `keep` the Secrets with static tokens that 3.x makes of accounts.",
                value: word("drop"),
            },
            Described {
                key: "on-chart",
                about: "Releases on spec.chart: to spec.chartRef first (`chart-ref`, by that migration),\nor the version where it stands \
                        (`in-place`).",
                value: word("chart-ref"),
            },
            Described {
                key: "fleet",
                about: "Whether a source that releases share moves with all of them in one unit.",
                value: New::Plain("false".to_owned()),
            },
        ]
    }
}

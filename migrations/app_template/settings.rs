use crate::charts::app_template::{KNOWN_OF_5, Tokens, Version};
use crate::charts::version::numbers;
use crate::config::{Described, INVALID_VALUE, Keys, Section};
use crate::yaml::New;

/// The section `app-template` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTemplateSettings {
    /// `target`: the version that releases move to.
    pub target: String,
    /// Whether the configuration states it. Otherwise the repository may use another one.
    pub is_target_stated: bool,
    /// What that version makes of values. 5.x gives names as 4.1 does.
    pub version: Version,
    /// Whether it is of 5.x: then what 4.x does by itself is stated.
    pub pins_for_5: bool,
    /// `mode`: what becomes of the defaults of 5.x.
    pub mode: Mode,
    /// `selectors`: what to do about the selectors of workloads, which are immutable.
    pub selectors: Selectors,
    /// `tokens`: whether the Secrets with static tokens of accounts stay.
    pub tokens: Tokens,
    /// `on-chart`: what to do with releases that are on `spec.chart`.
    pub on_chart: OnChart,
    /// `from`: whether releases on 2.x move, too.
    pub from: Oldest,
    /// `fleet`: whether a source that several releases share moves with all of them in one unit.
    pub fleet: bool,
}

/// The oldest major version from which releases move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oldest {
    /// `3`: releases on 2.x are refused.
    Of3,
    /// `2`: they move as well, each for review.
    Of2,
}

/// What becomes of the defaults of 5.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `keep`: what 4.x does is stated.
    Keep,
    /// `adopt`: it is stated only where something relies on it.
    Adopt,
}

/// What to do about the selectors of Deployments and DaemonSets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selectors {
    /// `recreate`: they change, and you delete the workloads.
    Recreate,
    /// `keep`: a post-renderer puts the old ones back, permanently.
    Keep,
}

/// What to do with releases that are on `spec.chart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChart {
    /// `chart-ref`: they move to `spec.chartRef` first, by that migration.
    ChartRef,
    /// `in-place`: their version changes in `spec.chart`.
    InPlace,
}

const TARGET: &str = "4.6.2";

impl Default for AppTemplateSettings {
    fn default() -> AppTemplateSettings {
        AppTemplateSettings {
            target: TARGET.to_owned(),
            is_target_stated: false,
            version: Version::V4_1,
            pins_for_5: false,
            mode: Mode::Keep,
            selectors: Selectors::Recreate,
            tokens: Tokens::Dropped,
            on_chart: OnChart::ChartRef,
            from: Oldest::Of3,
            fleet: false,
        }
    }
}

/// What a version makes of values if releases can move to it, and whether it is of 5.x.
fn target_of(text: &str) -> Option<(Version, bool)> {
    if KNOWN_OF_5.contains(&text) {
        return Some((Version::V4_1, true));
    }
    Version::of(text).filter(|version| !version.is_before_4()).map(|version| (version, false))
}

/// The oldest major version, which is a number.
fn oldest(keys: &mut Keys<'_, '_>) -> Oldest {
    let Some(node) = keys.value("from") else { return Oldest::Of3 };
    match node.text() {
        Some("2") => Oldest::Of2,
        Some("3") => Oldest::Of3,
        text => {
            let message = format!("`from` cannot be `{}`", text.unwrap_or("a collection"));
            keys.mistake(INVALID_VALUE, node, message, "write the major version, `2` or `3`");
            Oldest::Of3
        }
    }
}

impl AppTemplateSettings {
    /// These settings in a repository whose releases are on these versions: unless the target is
    /// stated, it is the one that more than half of them are on, if that is newer and releases can
    /// move to it. That is the same on each tree on the way: releases that have moved count for it.
    pub(super) fn with_target_of(mut self, versions: &[&str]) -> AppTemplateSettings {
        let is_used = |text: &&&str| versions.iter().filter(|other| other == text).count() * 2 > versions.len();
        // OCI tags and versions of charts are written alike only without `v` and build.
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let used = versions.iter().find(is_used).filter(|text| !self.is_target_stated && is_plain(text));
        if let Some(text) = used.filter(|text| numbers(text) > numbers(&self.target))
            && let Some((version, pins_for_5)) = target_of(text)
        {
            (self.target, self.version, self.pins_for_5) = ((*text).to_owned(), version, pins_for_5);
        }
        self
    }

    /// Whether the defaults of 5.x are taken where nothing relies on others.
    pub(super) fn adopts(&self) -> bool {
        self.pins_for_5 && self.mode == Mode::Adopt
    }

    /// The version that a text means, if it is known what that makes of values; of a range of 3.x the
    /// latest that it allows.
    pub(super) fn version_of(&self, text: &str) -> Option<Version> {
        let of_2 = || Version::of_2(text).filter(|_| self.from == Oldest::Of2);
        Version::of(text).or_else(|| Version::latest_of_3(text)).or_else(of_2)
    }

    /// The major version of the target.
    pub(super) fn major(&self) -> u32 {
        if self.pins_for_5 { 5 } else { 4 }
    }
}

impl Section for AppTemplateSettings {
    const KEY: &'static str = "app-template";

    fn read(keys: &mut Keys<'_, '_>) -> AppTemplateSettings {
        let default = AppTemplateSettings::default();
        let target = keys.text("target").and_then(|(text, node)| {
            let known = target_of(text);
            if known.is_none() {
                let help = "write an exact version of 4.x, such as `4.6.2`, or 5.0.1 or 5.1.0";
                keys.mistake(INVALID_VALUE, node, format!("`{text}` is not a version that releases can move to"), help);
            }
            known.map(|(version, pins_for_5)| (text.to_owned(), version, pins_for_5))
        });
        let is_target_stated = target.is_some();
        let (target, version, pins_for_5) = target.unwrap_or((default.target, default.version, default.pins_for_5));
        AppTemplateSettings {
            target,
            is_target_stated,
            version,
            pins_for_5,
            mode: keys.one_of("mode", &[("keep", Mode::Keep), ("adopt", Mode::Adopt)]),
            selectors: keys.one_of("selectors", &[("recreate", Selectors::Recreate), ("keep", Selectors::Keep)]),
            tokens: keys.one_of("tokens", &[("drop", Tokens::Dropped), ("keep", Tokens::Kept)]),
            on_chart: keys.one_of("on-chart", &[("chart-ref", OnChart::ChartRef), ("in-place", OnChart::InPlace)]),
            from: oldest(keys),
            fleet: keys.flag("fleet").unwrap_or(default.fleet),
        }
    }

    fn described(&self) -> Vec<Described> {
        let word = |word: &str| New::string(word);
        vec![
            Described {
                key: "target",
                about: "The version that releases move to: of 4.x, 5.0.1 or 5.1.0. Without it, 4.6.2,\nor a newer one of these that more than half of the releases are on already.",
                value: word(&self.target),
            },
            Described {
                key: "mode",
                about: "Towards 5.x: `keep` states what 4.x does. `adopt` does so only where something in the\nrepository relies on it, and takes the defaults of 5.x otherwise.",
                value: word("keep"),
            },
            Described {
                key: "selectors",
                about: "`recreate`: selectors change, and you delete each workload once.\n`keep`: a post-renderer in the release puts the old \
                        ones back, permanently.",
                value: word("recreate"),
            },
            Described {
                key: "tokens",
                about: "`drop` or `keep` the Secrets with static tokens that 3.x creates for service accounts.",
                value: word("drop"),
            },
            Described {
                key: "on-chart",
                about: "Releases on spec.chart: move them to spec.chartRef first (`chart-ref`),\nor change the version in spec.chart \
                        (`in-place`).",
                value: word("chart-ref"),
            },
            Described {
                key: "from",
                about: "`2`: releases on 2.x move, too, each for review. `3`: they stay.",
                value: New::Plain("3".to_owned()),
            },
            Described {
                key: "fleet",
                about: "Whether a source that several releases share moves with all of them in one unit.",
                value: New::Plain("false".to_owned()),
            },
        ]
    }
}

use std::time::Duration;

use super::keys::{INVALID_VALUE, Keys};
use super::section::Described;
use crate::yaml::New;

/// When the next cluster gets a change: the section `promotion`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromotionSettings {
    /// `soak`: how long an earlier cluster runs a migration before the next one gets it.
    pub soak: Duration,
}

impl PromotionSettings {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> PromotionSettings {
        let Some((text, node)) = keys.text("soak") else { return PromotionSettings::default() };
        match humantime::parse_duration(text) {
            Ok(soak) => PromotionSettings { soak },
            Err(_) => {
                let help = "write a number and a unit, such as `30m`, `24h` or `7d`";
                keys.mistake(INVALID_VALUE, node, format!("`soak` cannot be `{text}`"), help);
                PromotionSettings::default()
            }
        }
    }

    pub(super) fn described(self) -> Vec<Described> {
        vec![Described {
            key: "soak",
            about: "How long a cluster runs a migration before the next one gets it: 0s, 30m, 24h, 7d.\n\
                    It counts from the commit with which the last unit reached its branch.",
            value: New::string(humantime::format_duration(self.soak).to_string().replace(' ', "")),
        }]
    }
}

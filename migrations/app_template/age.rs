//! Whether it is known what the version of a release makes of its values.

use super::codes;
use super::settings::AppTemplateSettings;
use super::versions::major;
use crate::charts::app_template::Version;
use crate::plan::Code;

/// What there is to say about a version that is known.
type Warning = (&'static Code, String);

/// The version that a release is on, as it is written; or why nothing is known of it.
pub(super) fn age(from: Option<&str>, settings: &AppTemplateSettings) -> Result<(Version, Option<Warning>), String> {
    let text = from.ok_or_else(|| "it states no version".to_owned())?;
    let version = settings.version_of(text).ok_or_else(|| unknown(text))?;
    let warning = if version == Version::V2 {
        Some((codes::FROM_2, format!("it is on {text}: its values state what 2.x has by default, and are converted")))
    } else if Version::of(text).is_none() {
        let message = format!("`{text}` is no version of app-template: it is converted as {version}");
        Some((codes::VERSION_ASSUMED, message))
    } else {
        None
    };
    Ok((version, warning))
}

fn unknown(text: &str) -> String {
    let unknown = format!("it is not known what version `{text}` makes of values");
    match major(text) {
        Some(2) if Version::of_2(text).is_some() => format!("{unknown}, unless app-template has `from: 2`"),
        Some(0 | 1) => format!("{unknown}: their layout is another one. Move it to 2.x by hand first, or leave it"),
        _ => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::app_template::Oldest;

    fn said(from: Oldest, text: &str) -> String {
        let settings = AppTemplateSettings { from, ..AppTemplateSettings::default() };
        match age(Some(text), &settings) {
            Ok((version, warning)) => format!("{version} {}", warning.map_or("", |(code, _)| code.id)),
            Err(why) => why,
        }
    }

    #[test]
    fn what_can_be_done_about_a_version_is_said() {
        assert_eq!(said(Oldest::Of3, "3.6.1"), "3.6.1 ");
        assert_eq!(said(Oldest::Of3, "3.x"), "3.7.3 app-template-version-assumed");
        assert_eq!(said(Oldest::Of2, "v2.6.0"), "2.x from-2");
        let unknown = |text: &str| format!("it is not known what version `{text}` makes of values");
        assert_eq!(said(Oldest::Of3, "2.6.0"), unknown("2.6.0") + ", unless app-template has `from: 2`");
        assert!(said(Oldest::Of2, "1.5.1").ends_with("Move it to 2.x by hand first, or leave it"));
        for text in ["2.x", "~2.4.0", "2.6.1", "2.0.0", "*"] {
            assert_eq!(said(Oldest::Of2, text), unknown(text));
        }
    }
}

//! What a step `schema-comment` says.

use super::{kind_and_group, texts};
use crate::flux::Value;

/// Which URLs to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The URL of a schema, with `<group>`, `<kind>` and `<version>` in it.
    pub to: String,
    /// Hosts, or hosts with owner and repository, whose URLs are replaced.
    pub from: Vec<String>,
    /// URLs of kinds that have one of their own: kind, group, URL.
    pub others: Vec<(String, String, String)>,
    /// What to do.
    pub modes: Modes,
}

/// What to do about comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Whether a URL that names another group, kind or version is replaced.
    pub wrong: bool,
    /// Whether a document without a comment gets one.
    pub missing: bool,
    /// Whether a comment that no editor reads is written again.
    pub broken: bool,
    /// Whether another spelling of the URL of a kind of `others` is replaced.
    pub spelling: bool,
}

impl Default for Modes {
    fn default() -> Modes {
        Modes { wrong: true, missing: false, broken: true, spelling: false }
    }
}

impl Settings {
    /// Reads the value of the step.
    ///
    /// # Errors
    /// A sentence about the first thing that is not as it should be.
    pub fn read(value: &Value) -> Result<Settings, String> {
        const KEYS: [&str; 4] = ["to", "from", "others", "modes"];
        if let Some((key, _)) = value.entries().iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
            return Err(format!("`schema-comment` has no `{key}`, only {}", KEYS.join(", ")));
        }
        let to = value.text_at(&["to"]).unwrap_or_default();
        if !to.starts_with("https://") && !to.starts_with("http://") || !to.contains("<kind>") {
            return Err("`to` is the URL of a schema, with `<kind>` in it".to_owned());
        }
        if to.contains(char::is_whitespace) {
            return Err("`to` has a blank in it, and editors read a URL only up to that".to_owned());
        }
        let from = value.get("from").map(|from| texts(from).map(str::to_owned).collect());
        let others = value.get("others").map_or(&[][..], Value::entries).iter();
        let other = |(of, url): &(String, Value)| {
            let (kind, group) = kind_and_group(of);
            let is_url = url.text().is_some_and(|url| url.contains("://") && !url.contains(char::is_whitespace));
            match url.text().filter(|_| is_url) {
                Some(url) => Ok((kind.to_owned(), group.to_owned(), url.to_owned())),
                None => Err(format!("`others` has no URL for `{of}`")),
            }
        };
        Ok(Settings {
            to: to.to_owned(),
            from: from.unwrap_or_default(),
            others: others.map(other).collect::<Result<_, _>>()?,
            modes: Modes::read(value.get("modes"))?,
        })
    }
}

impl Modes {
    fn read(value: Option<&Value>) -> Result<Modes, String> {
        let mut modes = Modes::default();
        for (mode, word) in value.map_or(&[][..], Value::entries) {
            let (place, does) = match mode.as_str() {
                "wrong" => (&mut modes.wrong, "repair"),
                "missing" => (&mut modes.missing, "add"),
                "broken" => (&mut modes.broken, "repair"),
                "spelling" => (&mut modes.spelling, "repair"),
                _ => return Err(format!("`modes` has no `{mode}`, only wrong, missing, broken, spelling")),
            };
            *place = match word.text() {
                Some("leave") => false,
                Some(word) if word == does => true,
                _ => return Err(format!("`{mode}` is `{does}` or `leave`")),
            };
        }
        Ok(modes)
    }
}

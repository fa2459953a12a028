//! The middleware `headers`: custom headers, and those for browsers.

use super::{Link, Listens, NoteKind, Parts, Refusal};
use crate::flux::Value;
use crate::gateway::router::is_header_name;

/// How many headers the Gateway API takes in one list.
const MOST: usize = 16;

/// Which headers a filter changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// What is done to the headers of one side.
#[derive(Default)]
pub(super) struct Headers {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

/// Options whose value is that of a header.
const TEXTS: &[(&str, &str)] = &[
    ("contentSecurityPolicy", "Content-Security-Policy"),
    ("contentSecurityPolicyReportOnly", "Content-Security-Policy-Report-Only"),
    ("referrerPolicy", "Referrer-Policy"),
    ("permissionsPolicy", "Permissions-Policy"),
];

/// Options that set a header, unless another one gives its value.
const SWITCHES: &[(&str, &str, &str, &str)] = &[
    ("frameDeny", "customFrameOptionsValue", "X-Frame-Options", "DENY"),
    ("browserXssFilter", "customBrowserXSSValue", "X-XSS-Protection", "1; mode=block"),
    ("contentTypeNosniff", "", "X-Content-Type-Options", "nosniff"),
];

/// Options of Strict-Transport-Security.
const STS: &[&str] = &["stsSeconds", "stsIncludeSubdomains", "stsPreload", "forceSTSHeader"];

impl Side {
    /// The type of the filter.
    pub(super) fn filter(self) -> &'static str {
        match self {
            Side::Request => "RequestHeaderModifier",
            Side::Response => "ResponseHeaderModifier",
        }
    }

    /// Its key in the filter.
    fn key(self) -> &'static str {
        match self {
            Side::Request => "requestHeaderModifier",
            Side::Response => "responseHeaderModifier",
        }
    }
}

impl Headers {
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// Sets a header, or removes it if the value is empty.
    pub(super) fn add(&mut self, link: &Link<'_>, name: &str, value: &str) -> Result<(), Refusal> {
        let mut names = self.set.iter().map(|(name, _)| name).chain(&self.remove);
        if names.any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(link.refusal(&format!("sets {name}, which is set by something else, too")));
        }
        if value.is_empty() {
            self.remove.push(name.to_owned());
        } else {
            self.set.push((name.to_owned(), value.to_owned()));
        }
        if self.set.len() > MOST || self.remove.len() > MOST {
            return Err(link.refusal(&format!("needs more than {MOST} headers in one filter")));
        }
        Ok(())
    }

    pub(super) fn to_filter(&self, side: Side) -> Value {
        let header = |(name, value): &(String, String)| {
            Value::mapping([("name", Value::string(name)), ("value", Value::string(value))])
        };
        let set = self.set.iter().map(header).collect::<Vec<_>>();
        let remove = self.remove.iter().map(|name| Value::string(name)).collect::<Vec<_>>();
        let lists = [("set", set), ("remove", remove)].into_iter().filter(|(_, items)| !items.is_empty());
        let lists = Value::mapping(lists.map(|(key, items)| (key, Value::Sequence(items))));
        Value::mapping([("type", Value::string(side.filter())), (side.key(), lists)])
    }
}

/// Converts the options of a middleware, in their order.
pub(super) fn convert(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let stated = |key: &str| options.get(key).is_some_and(|value| !is_nothing(value));
    for (key, value) in options.entries().iter().filter(|(_, value)| !is_nothing(value)) {
        let text = value.text().unwrap_or_default();
        let by_text = TEXTS.iter().find(|(option, _)| option == key);
        let by_switch = SWITCHES.iter().find(|(switch, custom, ..)| switch == key || custom == key);
        match (&**key, by_text, by_switch) {
            ("customRequestHeaders", ..) => custom(parts, link, Side::Request, value)?,
            ("customResponseHeaders", ..) => custom(parts, link, Side::Response, value)?,
            (_, Some((option, header)), _) => {
                // The library of Traefik puts a number in that is another one each time.
                if text.contains("$NONCE") || text.contains("%[1]s") {
                    return Err(link.refusal(&format!("has a nonce in {option}")));
                }
                header_of(parts, link, Side::Response, header, text)?;
            }
            (_, _, Some((switch, custom, header, usual))) => {
                if key == custom {
                    header_of(parts, link, Side::Response, header, text)?;
                } else if !value.is_true() {
                    return Err(link.refusal(&format!("has {text} as {switch}, which is no switch")));
                } else if !stated(custom) {
                    header_of(parts, link, Side::Response, header, usual)?;
                }
            }
            (key, ..) if STS.contains(&key) => {
                if STS.iter().find(|option| stated(option)) == Some(&key) {
                    strict_transport(parts, link, options)?;
                }
            }
            (key, ..) => return Err(link.refusal(&format!("has {key}, which no filter does"))),
        }
    }
    Ok(())
}

/// Whether a value is what an option has without being stated.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Scalar { text, string } => text.is_empty() || (!string && matches!(&**text, "false" | "0")),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.is_empty(),
    }
}

fn custom(parts: &mut Parts<'_>, link: &Link<'_>, side: Side, headers: &Value) -> Result<(), Refusal> {
    for (name, value) in headers.entries() {
        let Some(text) = value.text() else {
            return Err(link.refusal(&format!("has no text as value of {name}")));
        };
        header_of(parts, link, side, name, text)?;
    }
    Ok(())
}

/// Adds a header. The host is none for Gateways, and a line break is none of any value: Go replaces
/// it for HTTP/1, and leaves the header out for HTTP/2.
fn header_of(parts: &mut Parts<'_>, link: &Link<'_>, side: Side, name: &str, text: &str) -> Result<(), Refusal> {
    if !is_header_name(name) || name.eq_ignore_ascii_case("host") {
        return Err(link.refusal(&format!("changes {name}, which is no header of the Gateway API")));
    }
    let value = text.replace(['\n', '\r'], " ").trim().to_owned();
    if value.is_empty() != text.is_empty() || value.len() > 4096 {
        return Err(link.refusal(&format!("has a value of {name} that the Gateway API does not take")));
    }
    if text.contains(['\n', '\r']) {
        let message =
            format!("{name} has a line break, so Traefik leaves it out for HTTP/2; a Gateway sends it always");
        parts.note(NoteKind::DefaultDiffers, message);
    }
    parts.header(link, side, name, &value)
}

/// Strict-Transport-Security: on HTTPS alone, unless it is forced.
fn strict_transport(parts: &mut Parts<'_>, link: &Link<'_>, options: &Value) -> Result<(), Refusal> {
    let is_on = |key: &str| options.get(key).is_some_and(Value::is_true);
    let seconds = options.get("stsSeconds").filter(|seconds| !is_nothing(seconds)).and_then(Value::text);
    let Some(seconds) = seconds else { return Ok(()) };
    if !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(link.refusal(&format!("has {seconds} as stsSeconds, which is no number")));
    }
    match parts.around.listens {
        Listens::Https => {}
        _ if is_on("forceSTSHeader") => {}
        Listens::Http => return Ok(()),
        Listens::Both => {
            return Err(link.refusal("sends Strict-Transport-Security on HTTPS alone; the route has HTTP, too"));
        }
    }
    let mut value = format!("max-age={seconds}");
    value += if is_on("stsIncludeSubdomains") { "; includeSubDomains" } else { "" };
    value += if is_on("stsPreload") { "; preload" } else { "" };
    parts.header(link, Side::Response, "Strict-Transport-Security", &value)
}

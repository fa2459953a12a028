//! The grammar of `match`: conditions that an HTTPRoute has, joined by `&&`.

use std::net::IpAddr;

use super::super::{Refusal, RefusalKind};
use super::{PathKind, PathMatch, Router};

/// The methods of the Gateway API.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// How many headers or parameters a match of an HTTPRoute takes.
const MOST: usize = 16;

/// Reads a rule.
pub(super) fn read(text: &str) -> Result<Router, Refusal> {
    let mut reader = Reader { text: text.trim_end(), at: 0, router: Router::default(), seen: Vec::new() };
    loop {
        reader.term()?;
        reader.skip(&[' ', '\t']);
        if reader.rest().is_empty() {
            return Ok(reader.router);
        }
        if reader.rest().starts_with("||") {
            return Err(reader.refusal("only hosts can be joined by ||, in parentheses: (Host(`a`) || Host(`b`))"));
        }
        reader.take("&&")?;
    }
}

/// Whether a name of a host is one of the Gateway API; a variable counts as a letter.
pub(in super::super) fn is_host(host: &str) -> bool {
    let mut plain = String::new();
    let mut rest = host;
    while let Some((before, variable)) = rest.split_once("${") {
        let Some((_, behind)) = variable.split_once('}') else { return false };
        plain.extend([before, "x"]);
        rest = behind;
    }
    plain += rest;
    let is_label = |label: &str| {
        let is_taken = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_taken)
    };
    plain.len() <= 253 && plain.parse::<IpAddr>().is_err() && plain.split('.').all(is_label)
}

/// Whether a text is the name of a header.
pub(in super::super) fn is_header_name(name: &str) -> bool {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (1..=256).contains(&name.len()) && name.chars().all(is_taken)
}

/// A name and a value.
type Pair = Result<(String, String), Refusal>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    router: Router,
    /// The conditions that may be there once, as far as they are.
    seen: Vec<&'static str>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn refusal(&self, why: impl std::fmt::Display) -> Refusal {
        let column = self.text[..self.at].chars().count() + 1;
        Refusal::new(RefusalKind::MatchNotRead, format!("column {column} of the match: {why}"))
    }

    /// Skips white space.
    fn skip(&mut self, white: &[char]) {
        self.at = self.text.len() - self.rest().trim_start_matches(white).len();
    }

    /// Takes a sign that must be there.
    fn take(&mut self, sign: &str) -> Result<(), Refusal> {
        self.skip(&[' ', '\t']);
        if !self.rest().starts_with(sign) {
            return Err(self.refusal(format!("{sign} is expected")));
        }
        self.at += sign.len();
        // For Traefik the expression ends with a line that ends in a parenthesis or a quote.
        if sign != ")" {
            self.skip(&[' ', '\t', '\n', '\r']);
        }
        Ok(())
    }

    fn has(&mut self, sign: &str) -> bool {
        self.take(sign).is_ok()
    }

    fn term(&mut self) -> Result<(), Refusal> {
        self.skip(&[' ', '\t', '\n', '\r']);
        let begin = self.at;
        if !self.rest().starts_with('(') {
            let name = self.name();
            let texts = self.texts(begin)?;
            return self.condition(begin, name, &texts);
        }
        self.take("(")?;
        let mut hosts = Vec::new();
        loop {
            let begin = self.at;
            if self.name() != "Host" {
                self.at = begin;
                return Err(self.refusal("only hosts can be in parentheses: (Host(`a`) || Host(`b`))"));
            }
            hosts.extend(self.texts(begin)?);
            if !self.has("||") {
                break;
            }
        }
        self.take(")")?;
        self.condition(begin, "Host", &hosts)
    }

    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
        self.at += name.len();
        name
    }

    /// The texts in parentheses.
    fn texts(&mut self, begin: usize) -> Result<Vec<&'t str>, Refusal> {
        if !self.rest().starts_with('(') {
            self.at = begin;
            let rest = self.rest();
            let what = &rest[..rest.find([' ', '`', '"']).unwrap_or(rest.len())];
            let what = if what.is_empty() { "nothing" } else { what };
            return Err(self.refusal(format!("a condition like Host(`a`) is expected, and there is {what}")));
        }
        self.take("(")?;
        let mut texts = Vec::new();
        loop {
            texts.push(self.quoted()?);
            if !self.has(",") {
                self.take(")")?;
                return Ok(texts);
            }
        }
    }

    fn quoted(&mut self) -> Result<&'t str, Refusal> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '`' | '"'));
        let Some(quote) = quote else { return Err(self.refusal("a text in ` or \" is expected")) };
        let begin = self.at + 1;
        let Some(length) = self.text[begin..].find(quote) else { return Err(self.refusal("the text does not end")) };
        let text = &self.text[begin..begin + length];
        if (quote == '"' && text.contains('\\')) || text.contains(['\n', '\r']) {
            return Err(self.refusal("escapes and line breaks in texts are not read"));
        }
        self.at = begin + length + 1;
        Ok(text)
    }

    /// Notes a condition that may be there once.
    fn once(&mut self, begin: usize, what: &'static str) -> Result<(), Refusal> {
        if self.seen.contains(&what) {
            self.at = begin;
            return Err(self.refusal(format!("{what} is there twice")));
        }
        self.seen.push(what);
        Ok(())
    }

    fn condition(&mut self, begin: usize, name: &str, texts: &[&str]) -> Result<(), Refusal> {
        match (name, texts) {
            ("Host", hosts) => {
                self.once(begin, "Host")?;
                self.hosts(begin, hosts)
            }
            ("Path", [path]) => self.path(begin, PathKind::Exact, path),
            ("PathPrefix", [path]) => self.path(begin, PathKind::Prefix, path),
            ("Method", [method]) => {
                self.once(begin, "Method")?;
                let method = method.to_ascii_uppercase();
                if !METHODS.contains(&&*method) {
                    self.at = begin;
                    return Err(self.refusal(format!("{method} is no method of the Gateway API")));
                }
                self.router.method = Some(method);
                Ok(())
            }
            // The host is no header for Traefik: such a rule takes nothing.
            ("Header", [name, value]) if is_header_name(name) && !name.eq_ignore_ascii_case("host") => {
                let header = self.pair(begin, &self.router.headers.clone(), name, value)?;
                self.router.headers.push(header);
                Ok(())
            }
            ("Query", [name, value]) => {
                let parameter = self.pair(begin, &self.router.query.clone(), name, value)?;
                self.router.query.push(parameter);
                Ok(())
            }
            _ => {
                self.at = begin;
                let texts = texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
                let those = "Host, Path, PathPrefix, Method, Header and Query of one value are";
                Err(self.refusal(format!("{name}({texts}) is not a condition of an HTTPRoute; {those}")))
            }
        }
    }

    fn hosts(&mut self, begin: usize, hosts: &[&str]) -> Result<(), Refusal> {
        for host in hosts {
            if !is_host(host) {
                self.at = begin;
                return Err(self.refusal(format!("`{host}` is no host of the Gateway API, whose letters are small")));
            }
            if !self.router.hosts.iter().any(|known| known == host) {
                self.router.hosts.push((*host).to_owned());
            }
        }
        Ok(())
    }

    fn path(&mut self, begin: usize, kind: PathKind, path: &str) -> Result<(), Refusal> {
        self.once(begin, "a path")?;
        let path = PathMatch::new(kind, path)?;
        self.router.path = Some(path).filter(|path| !path.is_all());
        Ok(())
    }

    /// A header or parameter with its value, besides those that are known.
    fn pair(&mut self, begin: usize, known: &[(String, String)], name: &str, value: &str) -> Pair {
        let refused = if known.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            "it is there twice"
        } else if known.len() == MOST {
            "there are more than 16 of its kind"
        } else if name.is_empty() || value.is_empty() {
            "the Gateway API takes no empty name and no empty value"
        } else {
            return Ok((name.to_owned(), value.to_owned()));
        };
        self.at = begin;
        Err(self.refusal(format!("{name}: {refused}")))
    }
}

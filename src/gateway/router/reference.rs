//! A second reading of rules, by the whole grammar of Traefik: whatever is read takes the same
//! requests in both.

use super::*;
use crate::gateway::testing::one_of;
use crate::rounds::{Numbers, rounds};

/// A request, as far as rules look at it.
struct Request {
    host: &'static str,
    path: &'static str,
    method: &'static str,
    header: Option<&'static str>,
    query: Option<&'static str>,
}

fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for host in ["a.example.org", "b.example.org", "c.example.org"] {
        for path in ["/", "/x", "/xy", "/x/y"] {
            for method in ["GET", "POST"] {
                for (header, query) in [(None, None), (Some("1"), None), (Some("2"), Some("1")), (Some("1"), Some("1"))]
                {
                    requests.push(Request { host, path, method, header, query });
                }
            }
        }
    }
    requests
}

impl Router {
    /// Whether Traefik takes a request by it.
    fn takes(&self, request: &Request) -> bool {
        let is_path = |path: &PathMatch| match path.kind {
            PathKind::Exact => request.path == path.value,
            PathKind::Prefix => request.path.starts_with(&path.value),
        };
        let has =
            |pairs: &[(String, String)], value: Option<&str>| pairs.iter().all(|(_, text)| Some(&**text) == value);
        (self.hosts.is_empty() || self.hosts.iter().any(|host| host == request.host))
            && self.path.iter().all(is_path)
            && self.method.iter().all(|method| method == request.method)
            && has(&self.headers, request.header)
            && has(&self.query, request.query)
    }
}

/// What is left of a rule for one request.
struct Rule<'t, 'r>(&'t str, &'r Request);

impl Rule<'_, '_> {
    fn take(&mut self, sign: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn any(&mut self) -> bool {
        let mut taken = self.all();
        while self.take("||") {
            taken |= self.all();
        }
        taken
    }

    fn all(&mut self) -> bool {
        let mut taken = self.one();
        while self.take("&&") {
            taken &= self.one();
        }
        taken
    }

    fn one(&mut self) -> bool {
        if self.take("!") {
            return !self.one();
        }
        if self.take("(") {
            let taken = self.any();
            assert!(self.take(")"));
            return taken;
        }
        let (name, rest) = self.0.trim_start().split_once('(').unwrap();
        let (texts, rest) = rest.split_once(')').unwrap();
        self.0 = rest;
        let texts: Vec<_> = texts.split(',').map(|text| text.trim().trim_matches(['`', '"'])).collect();
        let request = self.1;
        match (name, texts.as_slice()) {
            ("Host", hosts) => hosts.contains(&request.host),
            ("Path", [path]) => request.path == *path,
            ("PathPrefix", [path]) => request.path.starts_with(path),
            ("Method", [method]) => request.method == *method,
            ("Header", [_, value]) => request.header == Some(value),
            ("Query", [_, value]) => request.query == Some(value),
            other => panic!("{other:?}"),
        }
    }
}

const TERMS: [&str; 12] = [
    "Host(`a.example.org`)",
    "Host(`b.example.org`)",
    "Host(`a.example.org`, \"b.example.org\")",
    "(Host(`a.example.org`) || Host(`b.example.org`))",
    "Path(`/x`)",
    "PathPrefix(`/`)",
    "PathPrefix(`/x`)",
    "PathPrefix(\"/x/\")",
    "Method(`POST`)",
    "Header(`X-A`, `1`)",
    "Query(`q`, `1`)",
    "(Host(`a.example.org`)||Host(`c.example.org`))",
];

/// A rule of some terms, now and then with parentheses, `||` or `!`.
fn rule(numbers: &mut Numbers) -> String {
    let mut text = String::new();
    let mut open = 0;
    for n in 0..=numbers.below(4) {
        if n > 0 {
            text += one_of(numbers, &[" && ", "&&", " &&\n  ", " && ", " || "]);
        }
        text += if numbers.below(12) == 0 { "!" } else { "" };
        if numbers.below(8) == 0 {
            open += 1;
            text += "(";
        }
        text += one_of(numbers, &TERMS);
        if open > 0 && numbers.below(2) == 0 {
            open -= 1;
            text += ")";
        }
    }
    text + &")".repeat(open)
}

#[test]
fn what_is_read_takes_the_same_requests() {
    let (requests, mut numbers) = (requests(), Numbers::new());
    let all = rounds(1000, 300_000);
    let mut read = 0;
    for _ in 0..all {
        let text = rule(&mut numbers);
        let Ok(router) = Router::of_match(&text) else { continue };
        read += 1;
        for request in &requests {
            let mut rule = Rule(&text, request);
            assert_eq!(
                router.takes(request),
                rule.any(),
                "{text}: {} {}{}",
                request.method,
                request.host,
                request.path
            );
        }
    }
    assert!(read > all / 10, "{read} of {all} rules are read");
}

//! Names inside a text: DNS names of Services, user names of accounts.

use std::ops::Range;

/// How a text names a Service: the bytes, and the namespace if it is stated.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host<'t> {
    pub(super) range: Range<usize>,
    pub(super) namespace: Option<&'t str>,
}

/// Whether a byte can be in a name.
fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The word at the start of a text, of bytes that names of objects may have.
fn word(text: &str) -> &str {
    let end = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'-')).unwrap_or(text.len());
    &text[..end]
}

/// The Service that a text names, whose name is at these bytes: `<name>.<namespace>` as a whole
/// word, with or without `.svc` and the domain of the cluster behind it. The name of a pod may be
/// before it if there is `.svc`, which makes it different from any other host. As the host of an
/// address (`http://name`, or `name:80` as the whole text) it is a Service of the same namespace.
pub(super) fn service(text: &str, name: Range<usize>) -> Option<Host<'_>> {
    let (before, after) = (&text[..name.start], &text[name.end..]);
    let (last, next) = (before.bytes().next_back(), after.bytes().next());
    if last.is_some_and(is_in_name) || next.is_some_and(is_in_name) {
        return None;
    }
    let namespace = after.strip_prefix('.').map(word).unwrap_or_default();
    if namespace.is_empty() {
        let is_alone = before.is_empty() && is_port(after);
        let is_host = before.ends_with("://") || before.ends_with('@') && before.contains("://");
        return (is_alone || is_host && !after.starts_with('.')).then_some(Host { range: name, namespace: None });
    }
    let end = name.end + 1 + namespace.len();
    let behind = &text[end..];
    let is_svc = behind.strip_prefix(".svc").is_some_and(|rest| !rest.bytes().next().is_some_and(is_in_name));
    // The end of a sentence is not the start of a domain.
    let continues = behind.strip_prefix('.').is_some_and(|rest| !word(rest).is_empty()) || behind.starts_with('_');
    let fits = is_svc || !continues && last != Some(b'.');
    fits.then_some(Host { range: name.start..end, namespace: Some(namespace) })
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').map(|rest| rest.split('/').next().unwrap_or_default());
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The namespace of the account that a text names, whose name is at these bytes:
/// `system:serviceaccount:<namespace>:<name>`.
pub(super) fn account(text: &str, name: Range<usize>) -> Option<&str> {
    let ends = !text[name.end..].bytes().next().is_some_and(is_in_name);
    let (user, namespace) = text[..name.start].strip_suffix(':').filter(|_| ends)?.rsplit_once(':')?;
    user.ends_with("system:serviceaccount").then_some(namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_whole_words() {
        let of = |text: &str| {
            let at = text.find("plex").unwrap();
            service(text, at..at + 4)
                .map(|host| (text[host.range.clone()].to_owned(), host.namespace.map(str::to_owned)))
        };
        let media = Some(("plex.media".to_owned(), Some("media".to_owned())));
        for text in [
            "plex.media",
            "http://plex.media:32400",
            "http://plex.media/x",
            "plex.media.svc",
            "x plex.media.svc.cluster.local y",
            "plex.media.svc.k8s.home:80",
            "At plex.media. And",
            "'plex.media'",
            "pod-0.plex.media.svc",
            "http://me:word@plex.media",
        ] {
            assert_eq!(of(text), media, "{text}");
        }
        for text in [
            "plex.media.example.org",
            "my-plex.media",
            "plex-web.media",
            "x.plex.media",
            "_plex.media",
            "plex",
            "plex.",
            "a plex:80",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        for text in ["http://plex", "http://plex:32400/x", "redis://me@plex:6379", "plex:32400"] {
            assert_eq!(of(text), Some(("plex".to_owned(), None)), "{text}");
        }
    }

    #[test]
    fn accounts_have_user_names() {
        let of = |text: &'static str| {
            let at = text.find("app").unwrap();
            account(text, at..at + 3)
        };
        assert_eq!(of("system:serviceaccount:media:app"), Some("media"));
        assert_eq!(of("request.user == 'system:serviceaccount:media:app'"), Some("media"));
        assert_eq!([of("system:serviceaccount:media:app-2"), of("serviceaccount:media:app")], [None, None]);
    }
}

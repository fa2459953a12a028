//! The content of a file, shared by all who hold it.

use std::ops::Deref;
use std::sync::Arc;

/// The content of a file. Cheap to clone, and read as text without a copy.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(Kind);

/// A content that is UTF-8 is always a text.
#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Text(Arc<str>),
    Other(Arc<[u8]>),
}

impl Bytes {
    /// The text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        self.shared_text().map(|text| &**text)
    }

    /// The text, to be shared; `None` if it is not UTF-8.
    pub fn shared_text(&self) -> Option<&Arc<str>> {
        match &self.0 {
            Kind::Text(text) => Some(text),
            Kind::Other(_) => None,
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kind::Text(text) => text.as_bytes(),
            Kind::Other(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        match str::from_utf8(bytes) {
            Ok(text) => Bytes::from(text),
            Err(_) => Bytes(Kind::Other(bytes.into())),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes::from(&*bytes)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Bytes {
        Bytes(Kind::Text(text.into()))
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Bytes {
        Bytes(Kind::Text(text.into()))
    }
}

/// As text, or as the bytes that are none.
impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Text(text) => text.fmt(f),
            Kind::Other(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shared_and_other_bytes_are_kept() {
        let (text, other) = (Bytes::from(b"\xc3\xa4".to_vec()), Bytes::from(&b"\xe4"[..]));
        assert_eq!((text.text(), &*text), (Some("ä"), "ä".as_bytes()));
        assert!(Arc::ptr_eq(text.shared_text().unwrap(), text.clone().shared_text().unwrap()));
        assert_eq!((other.text(), &*other), (None, &b"\xe4"[..]));
        assert_eq!(text, Bytes::from("ä"));
    }
}

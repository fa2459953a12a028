//! Ids of contents, which are those that git gives to blobs.

use std::fmt;

use sha1::{Digest, Sha1};

/// The id of a content: the one that git gives to a blob with these bytes.
///
/// Splices and plans name the contents that they belong to by it, and diff headers show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId([u8; 20]);

impl ContentId {
    /// The id of no content at all, as git writes it for a file that is created or deleted.
    pub const NONE: ContentId = ContentId([0; 20]);

    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> ContentId {
        let mut hasher = Sha1::new();
        hasher.update(format!("blob {}\0", bytes.len()));
        hasher.update(bytes);
        ContentId(hasher.finalize().into())
    }

    /// The id of a git blob from its twenty bytes; `None` for ids of another length.
    pub fn of_blob(id: &[u8]) -> Option<ContentId> {
        id.try_into().ok().map(ContentId)
    }

    /// Reads the forty digits that [`Display`](fmt::Display) writes.
    pub fn parse(hex: &str) -> Option<ContentId> {
        let mut bytes = [0; 20];
        let digits = hex.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(ContentId(bytes))
    }

    /// The seven digits that git shows in `index` lines.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(7);
        hex
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_git_hash_object_says() {
        assert_eq!(ContentId::of(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(ContentId::of(b"hello\n").short(), "ce01362");
        assert_eq!(ContentId::parse(&ContentId::NONE.to_string()), Some(ContentId::NONE));
        assert_eq!(ContentId::parse("ce01362"), None);
    }
}

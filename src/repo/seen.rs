//! What has a name in a directory, as far as the system says.

use std::fs::File;
use std::io::{self, Read as _};

/// What has a name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Nothing,
    File(Facts),
    Directory(Facts),
    /// Neither; the words for it.
    Other(&'static str),
}

/// What the system keeps about a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its permissions.
    pub(crate) mode: u32,
    /// Which one it is, among all of this machine; zeros if that is not known.
    pub(crate) id: (u64, u64),
    pub(super) is_ours: bool,
}

impl Facts {
    /// Whether it belongs to the user who runs this.
    pub(crate) fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Whether nobody else may read or write it.
    pub(crate) fn is_private(&self) -> bool {
        self.mode & 0o077 == 0
    }
}

impl Seen {
    /// The words for it.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Seen::Nothing => "nothing",
            Seen::File(_) => "a file",
            Seen::Directory(_) => "a directory",
            Seen::Other(words) => words,
        }
    }

    /// The error of whoever wants a file there.
    pub(super) fn is_no_file(&self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} is here, where a file should be", self.words()))
    }
}

/// All of a file that is no longer than this.
pub(super) fn bytes_at_most(file: File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(length + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > length {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {length} bytes")));
    }
    Ok(bytes)
}

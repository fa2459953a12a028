//! Directories where the system gives no handles to work with: by their paths. Links are refused as
//! far as a look before each step can see them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::seen::{Facts, Seen, bytes_at_most};

/// A directory.
pub(crate) struct Dir {
    path: PathBuf,
}

/// Owners and permissions are not known on these systems; the key decides.
const FACTS: Facts = Facts { mode: 0, id: (0, 0), is_ours: true };

impl Dir {
    /// Opens a directory by its path, which may pass through links.
    pub(crate) fn open(path: &Path) -> io::Result<Dir> {
        if !path.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Dir { path: path.to_owned() })
    }

    /// Opens a directory in this one. A link is not a directory.
    pub(crate) fn below(&self, name: &str) -> io::Result<Dir> {
        match self.seen(name)? {
            Seen::Directory(_) => Ok(Dir { path: self.path.join(name) }),
            Seen::Nothing => Err(io::ErrorKind::NotFound.into()),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The same directory once more.
    pub(crate) fn again(&self) -> io::Result<Dir> {
        Ok(Dir { path: self.path.clone() })
    }

    /// Where it is, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the system keeps about it.
    pub(crate) fn facts(&self) -> io::Result<Facts> {
        fs::metadata(&self.path).map(|_| FACTS)
    }

    /// What has this name here; a link is seen as such.
    pub(crate) fn seen(&self, name: &str) -> io::Result<Seen> {
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(data) if data.is_symlink() => Ok(Seen::Other("a symbolic link")),
            Ok(data) if data.is_dir() => Ok(Seen::Directory(FACTS)),
            Ok(data) if data.is_file() => Ok(Seen::File(FACTS)),
            Ok(_) => Ok(Seen::Other("a device")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Seen::Nothing),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file. Anything else is an error, and is not opened.
    pub(crate) fn read(&self, name: &str) -> io::Result<(Vec<u8>, Facts)> {
        Ok((read_file(&self.path.join(name))?, FACTS))
    }

    /// The bytes of a file that is no longer than this.
    pub(crate) fn read_at_most(&self, name: &str, length: u64) -> io::Result<(Vec<u8>, Facts)> {
        let seen = self.seen(name)?;
        if !matches!(seen, Seen::File(_)) {
            return Err(seen.is_no_file());
        }
        Ok((bytes_at_most(File::open(self.path.join(name))?, length)?, FACTS))
    }

    /// Creates a file. It must not exist, not even as a link.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.path.join(name))
    }

    /// Creates a file. It must not exist, not even as a link.
    pub(crate) fn create_shared(&self, name: &str) -> io::Result<File> {
        self.create(name)
    }

    /// Opens a file to replace its content. It must exist.
    pub(crate) fn overwrite(&self, name: &str) -> io::Result<File> {
        match self.seen(name)? {
            Seen::File(_) => OpenOptions::new().write(true).truncate(true).open(self.path.join(name)),
            seen => Err(seen.is_no_file()),
        }
    }

    /// The permissions that a new file has here.
    pub(crate) fn usual_mode(&self, _probe: &str) -> io::Result<u32> {
        Ok(0)
    }

    /// Opens a file to lock it or to add to it; it is created if it does not exist.
    pub(crate) fn append(&self, name: &str, _mode: u32) -> io::Result<File> {
        let seen = self.seen(name)?;
        if !matches!(seen, Seen::Nothing | Seen::File(_)) {
            return Err(seen.is_no_file());
        }
        OpenOptions::new().append(true).create(true).open(self.path.join(name))
    }

    /// Permissions are not set on this system.
    pub(crate) fn set_mode(&self, _name: &str, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    /// Permissions are not set on this system.
    pub(crate) fn make_private(&self) -> io::Result<()> {
        Ok(())
    }

    /// Makes a directory. It must not exist.
    pub(crate) fn make(&self, name: &str, _is_private: bool) -> io::Result<()> {
        fs::create_dir(self.path.join(name))
    }

    /// Swapping two files is not known here.
    pub(crate) fn exchange(&self, _one: &str, _other: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renaming to a free name in one step is not known here.
    pub(crate) fn rename_to_free(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames a file over another.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    /// Gives a file another name, in another directory. The name must be free.
    pub(crate) fn link(&self, name: &str, to: &Dir, as_name: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(name), to.path.join(as_name))
    }

    /// Removes a file, or a link itself.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes a directory that is empty.
    pub(crate) fn remove_dir(&self, name: &str) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    /// Names are on the disk when the system says so.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// The names in it, sorted; those that are not Unicode are left out.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?.collect::<io::Result<Vec<_>>>()?;
        let mut names: Vec<_> = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }
}

/// The bytes of a file, not through a link as its last part.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if fs::symlink_metadata(path)?.is_file() {
        return fs::read(path);
    }
    Err(Seen::Other("a link or a device").is_no_file())
}

//! Open directories. What is in them is reached by its name alone, and never through a link, so
//! nobody can lead a write elsewhere by swapping a directory for a link at the right moment.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::seen::{Facts, Seen, bytes_at_most};

/// A directory that is open.
pub(crate) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

#[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the types differ between systems")]
fn facts(stat: &Stat) -> Facts {
    Facts {
        mode: stat.st_mode as u32 & 0o7777,
        id: (stat.st_dev as u64, stat.st_ino as u64),
        is_ours: stat.st_uid == rustix::process::geteuid().as_raw(),
    }
}

fn seen(stat: &Stat) -> Seen {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Seen::File(facts(stat)),
        FileType::Directory => Seen::Directory(facts(stat)),
        FileType::Symlink => Seen::Other("a symbolic link"),
        FileType::Fifo => Seen::Other("a named pipe"),
        FileType::Socket => Seen::Other("a socket"),
        _ => Seen::Other("a device"),
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// A pipe or a device that takes the place of a file must not make the program wait.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

impl Dir {
    /// Opens a directory by its path, which may pass through links.
    pub(crate) fn open(path: &Path) -> io::Result<Dir> {
        Ok(Dir { fd: rustix::fs::open(path, DIRECTORY, Mode::empty())?, path: path.to_owned() })
    }

    /// Opens a directory in this one. A link is not a directory.
    pub(crate) fn below(&self, name: &str) -> io::Result<Dir> {
        let fd = rustix::fs::openat(&self.fd, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Dir { fd, path: self.path.join(name) })
    }

    /// The same directory, opened once more.
    pub(crate) fn again(&self) -> io::Result<Dir> {
        Ok(Dir { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    /// Where it is, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the system keeps about it.
    pub(crate) fn facts(&self) -> io::Result<Facts> {
        Ok(facts(&rustix::fs::fstat(&self.fd)?))
    }

    /// What has this name here; a link is seen as such.
    pub(crate) fn seen(&self, name: &str) -> io::Result<Seen> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(seen(&stat)),
            Err(Errno::NOENT) => Ok(Seen::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file. Anything else is an error, and is not opened.
    pub(crate) fn read(&self, name: &str) -> io::Result<(Vec<u8>, Facts)> {
        let seen = self.seen(name)?;
        if seen == Seen::Nothing {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !matches!(seen, Seen::File(_)) {
            return Err(seen.is_no_file());
        }
        let mut file = self.open_file(name, OFlags::RDONLY)?;
        let facts = facts(&rustix::fs::fstat(&file)?);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((bytes, facts))
    }

    /// The bytes of a file that is no longer than this.
    pub(crate) fn read_at_most(&self, name: &str, length: u64) -> io::Result<(Vec<u8>, Facts)> {
        let file = self.open_file(name, OFlags::RDONLY)?;
        let facts = facts(&rustix::fs::fstat(&file)?);
        Ok((bytes_at_most(file, length)?, facts))
    }

    /// Creates a file that only this user may read. It must not exist, not even as a link.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        self.create_with(name, 0o600)
    }

    /// Creates a file that others may read as far as the user lets them. It must not exist.
    pub(crate) fn create_shared(&self, name: &str) -> io::Result<File> {
        self.create_with(name, 0o666)
    }

    /// Opens a file to replace its content. It must exist.
    pub(crate) fn overwrite(&self, name: &str) -> io::Result<File> {
        let file = self.open_file(name, OFlags::WRONLY)?;
        file.set_len(0)?;
        Ok(file)
    }

    /// The permissions that a new file has here: those that the user leaves to others.
    pub(crate) fn usual_mode(&self, probe: &str) -> io::Result<u32> {
        let file = self.create_with(probe, 0o666)?;
        let mode = rustix::fs::fstat(&file).map(|stat| facts(&stat).mode);
        self.remove(probe)?;
        Ok(mode?)
    }

    fn create_with(&self, name: &str, mode: u32) -> io::Result<File> {
        let flags = FILE | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        Ok(rustix::fs::openat(&self.fd, name, flags, mode_of(mode))?.into())
    }

    /// Opens a file to lock it or to add to it; it is created if it does not exist.
    pub(crate) fn append(&self, name: &str, mode: u32) -> io::Result<File> {
        let seen = self.seen(name)?;
        if !matches!(seen, Seen::Nothing | Seen::File(_)) {
            return Err(seen.is_no_file());
        }
        let flags = FILE | OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        regular(rustix::fs::openat(&self.fd, name, flags, mode_of(mode))?.into())
    }

    fn open_file(&self, name: &str, flags: OFlags) -> io::Result<File> {
        regular(rustix::fs::openat(&self.fd, name, FILE | flags, Mode::empty())?.into())
    }

    /// Sets the permissions of a file.
    pub(crate) fn set_mode(&self, name: &str, mode: u32) -> io::Result<()> {
        let file = self.open_file(name, OFlags::RDONLY)?;
        Ok(rustix::fs::fchmod(&file, mode_of(mode))?)
    }

    /// Lets only this user into the directory.
    pub(crate) fn make_private(&self) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.fd, mode_of(0o700))?)
    }

    /// Makes a directory. It must not exist.
    pub(crate) fn make(&self, name: &str, is_private: bool) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.fd, name, mode_of(if is_private { 0o700 } else { 0o777 }))?)
    }

    /// Swaps two files. An error of the kind `Unsupported` if the file system cannot.
    pub(crate) fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.rename_with(one, other, How::Exchange)
    }

    /// Renames a file to a name that is free. An error of the kind `AlreadyExists` if it is not,
    /// and of the kind `Unsupported` if the file system cannot say so in the same step.
    pub(crate) fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_with(from, to, How::ToFree)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_with(&self, from: &str, to: &str, how: How) -> io::Result<()> {
        use rustix::fs::RenameFlags;
        let flags = match how {
            How::Exchange => RenameFlags::EXCHANGE,
            How::ToFree => RenameFlags::NOREPLACE,
        };
        match rustix::fs::renameat_with(&self.fd, from, &self.fd, to, flags) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(io::ErrorKind::Unsupported.into()),
            done => Ok(done?),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_with(&self, _from: &str, _to: &str, _how: How) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames a file over another.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Gives a file another name, in another directory. The name must be free.
    pub(crate) fn link(&self, name: &str, to: &Dir, as_name: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.fd, name, &to.fd, as_name, AtFlags::empty())?)
    }

    /// Removes a file, or a link itself.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes a directory that is empty.
    pub(crate) fn remove_dir(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    /// Makes sure that the names in it are on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// The names in it, sorted; those that are not UTF-8 are left out.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort();
        Ok(names)
    }
}

enum How {
    Exchange,
    ToFree,
}

#[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "the type differs between systems")]
fn mode_of(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as rustix::fs::RawMode)
}

fn regular(file: File) -> io::Result<File> {
    match seen(&rustix::fs::fstat(&file)?) {
        Seen::File(_) => Ok(file),
        seen => Err(seen.is_no_file()),
    }
}

/// The bytes of a file, not through a link as its last part. Anything else is an error, and is not
/// opened.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let seen = seen(&rustix::fs::lstat(path)?);
    if !matches!(seen, Seen::File(_)) {
        return Err(seen.is_no_file());
    }
    let mut file = regular(rustix::fs::open(path, FILE | OFlags::RDONLY, Mode::empty())?.into())?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

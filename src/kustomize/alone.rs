//! How a program is run alone: without the environment, files and cluster of the user, within
//! limits of time, memory and output, and, where the system allows it, without a network.
//!
//! On Linux `unshare` (of util-linux) starts it in a network namespace of its own, in which not
//! even the loopback device is up, and `setpriv` has the kernel end it if this program is killed.
//! Where one of them is missing or not permitted, the check of the input
//! ([`View::input`](crate::flux::View::input)) alone keeps it from the network, and the limit of
//! processor time ends what is left behind.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::programs::ending;
use crate::programs::{absolute_path, on_path};

/// The memory that it may use. The largest builds of real repositories take 0.2 GB.
pub(super) const MEMORY: u64 = 4 << 30;

/// The size of a file that it may write, its output included. Large builds print some MB.
const OUTPUT: u64 = 64 << 20;

/// What stands before the program on the command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Isolation {
    before: Vec<OsString>,
    /// Whether it has no network.
    pub(super) no_network: bool,
}

impl Isolation {
    /// Whether nothing stands before the program.
    pub(super) fn is_none(&self) -> bool {
        self.before.is_empty()
    }

    /// What this system allows; tried once.
    pub(super) fn of_this_system() -> &'static Isolation {
        static FOUND: OnceLock<Isolation> = OnceLock::new();
        FOUND.get_or_init(|| {
            let mut found = Isolation::default();
            if !cfg!(target_os = "linux") {
                return found;
            }
            for (name, options) in [
                ("unshare", &["--user", "--map-root-user", "--net", "--"][..]),
                ("setpriv", &["--no-new-privs", "--pdeathsig", "KILL", "--"]),
            ] {
                let Some(program) = on_path(name).next() else { continue };
                let words = [program.as_os_str()].into_iter().chain(options.iter().map(OsStr::new));
                let before: Vec<OsString> =
                    found.before.iter().map(OsString::as_os_str).chain(words).map(OsStr::to_owned).collect();
                // It is permitted if it can start itself.
                if starts(&before, &program) {
                    found.before = before;
                    found.no_network |= name == "unshare";
                }
            }
            found
        })
    }
}

fn starts(before: &[OsString], program: &Path) -> bool {
    let mut command = Command::new(&before[0]);
    command.args(&before[1..]).arg(program).arg("--version");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The result of a run.
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// How a run ended.
pub(super) enum End {
    /// By itself.
    Status(ExitStatus),
    /// Its time was up.
    TimeIsUp,
    /// It printed too much.
    TooMuchOutput,
}

/// Runs a program until it ends or is at its limits. Nothing that it has started remains.
///
/// # Errors
/// Those of starting it, and of reading what it prints.
pub(super) fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    isolation: &Isolation,
    home: &Path,
    limit: Duration,
) -> io::Result<Ran> {
    // Files, not pipes: nobody has to read while it runs, and a process that it leaves behind does
    // not block us.
    let (mut out, mut err) = (tempfile::tempfile_in(home)?, tempfile::tempfile_in(home)?);
    let words: Vec<&OsStr> = isolation.before.iter().map(OsString::as_os_str).chain([program.as_os_str()]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments).current_dir(home).env_clear().env("PATH", absolute_path());
    command.envs(std::env::var_os("SYSTEMROOT").map(|value| ("SYSTEMROOT", value)));
    for name in ["HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR", "TMP"] {
        command.env(name, home);
    }
    command.env("KUBECONFIG", home.join("no-kubeconfig"));
    // Whatever it takes for an address leads nowhere.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_NOSYSTEM", "1");
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
    let mut child = ending::spawn(&mut command)?;
    let ended = limited(&child, limit).and_then(|()| wait(&mut child, limit, [&out, &err]));
    let status = ending::end(&mut child)?;
    let end = ended?.unwrap_or(End::Status(status));
    Ok(Ran { end, stdout: text(&mut out)?, stderr: text(&mut err)? })
}

/// Waits until it ends; or why it is to be ended.
fn wait(child: &mut Child, limit: Duration, output: [&File; 2]) -> io::Result<Option<End>> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    while !ending::has_ended(child)? {
        if started.elapsed() > limit {
            return Ok(Some(End::TimeIsUp));
        }
        for file in output {
            if file.metadata()?.len() > OUTPUT {
                return Ok(Some(End::TooMuchOutput));
            }
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
    for file in output {
        if file.metadata()?.len() >= OUTPUT {
            return Ok(Some(End::TooMuchOutput));
        }
    }
    Ok(None)
}

/// Sets the limits of a program that has just been started; whatever it starts inherits them.
/// To set them before it starts needs `unsafe`, or a shell.
#[cfg(target_os = "linux")]
fn limited(child: &Child, limit: Duration) -> io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
    // Several threads may work at the same time, so this ends only what is left behind.
    let seconds = (limit.as_secs() + 1) * 4;
    for (resource, most) in
        [(Resource::As, MEMORY), (Resource::Fsize, OUTPUT), (Resource::Cpu, seconds), (Resource::Core, 0)]
    {
        let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
        let new = Rlimit { current: Some(most), maximum: Some(most) };
        match prlimit(Some(Pid::from_child(child)), resource, new) {
            // It has ended already.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn limited(_: &Child, _: Duration) -> io::Result<()> {
    Ok(())
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

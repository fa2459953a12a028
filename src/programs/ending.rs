//! What must end with the program: its directories, and the programs that it runs.
//!
//! Nothing is watched before the first of them exists, so a command that asks no judge handles its
//! signals as ever.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What exists now. Whoever makes something holds it, so that nothing is new once the program ends.
static LIVING: Mutex<Living> = Mutex::new(Living { dirs: BTreeSet::new(), groups: BTreeSet::new() });

struct Living {
    dirs: BTreeSet<PathBuf>,
    /// Process groups, by the process that leads each.
    groups: BTreeSet<u32>,
}

fn living() -> MutexGuard<'static, Living> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Set once a signal asks the program to end.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Does work that a signal must not cut off in the middle: it is asked whether to stop, and can take
/// back what it has begun. The program ends when the work does.
pub(crate) fn heeding_signals<T>(work: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
    watch();
    let _living = living();
    work(&|| ASKED.load(Ordering::SeqCst))
}

/// Makes a directory that is to end with the program.
pub(crate) fn enlist(make: impl FnOnce() -> io::Result<PathBuf>) -> io::Result<PathBuf> {
    let mut living = living();
    let path = make()?;
    living.dirs.insert(path.clone());
    Ok(path)
}

/// Removes such a directory.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_dir_all(path);
    living().dirs.remove(path);
}

/// Does something short that a signal does not interrupt.
pub(crate) fn undisturbed<R>(work: impl FnOnce() -> R) -> R {
    let _living = living();
    work()
}

/// Starts a program that is to end with this one, as the leader of a process group.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut living = living();
    let child = command.spawn()?;
    living.groups.insert(child.id());
    Ok(child)
}

/// Whether the program has ended. It stays a zombie, so that its number is not used again.
#[cfg(unix)]
pub(crate) fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
pub(crate) fn has_ended(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// Ends the program, and all that it has started and not left.
pub(crate) fn end(child: &mut Child) -> io::Result<std::process::ExitStatus> {
    let mut living = living();
    kill_group(child.id());
    let _ = child.kill();
    let status = child.wait();
    living.groups.remove(&child.id());
    status
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

/// From now on, SIGINT, SIGTERM and SIGHUP end what is living, then the program as ever.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(start_watching);
}

#[cfg(unix)]
fn start_watching() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored_signals();
    let signals = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    // Without them, the next start removes what is left.
    let Ok(mut signals) = Signals::new(signals) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            ASKED.store(true, Ordering::SeqCst);
            // It is held until the end: nothing new is made.
            let living = living();
            living.groups.iter().for_each(|leader| kill_group(*leader));
            living.dirs.iter().for_each(|dir| remove_all(dir));
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
fn start_watching() {}

/// The signals that the caller has this program ignore, as `nohup` does, one bit each. They stay
/// ignored.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Removes a directory in which this program may still be writing.
#[cfg(unix)]
fn remove_all(dir: &Path) {
    const ATTEMPTS: usize = 100;
    for _ in 0..ATTEMPTS {
        let _ = fs::remove_dir_all(dir);
        if !dir.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

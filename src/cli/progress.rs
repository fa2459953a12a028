//! What is done and how far it is, in a line on standard error that goes when anything else is
//! printed. It is shown on a terminal, and only if it takes longer than a moment.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::kustomize::Progress;
use crate::output::visible;

/// How long nothing is shown.
const MOMENT: Duration = Duration::from_millis(500);

/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(100);

const DOING: &str = "{spinner} {wide_msg}";
const COUNTED: &str = "{spinner} comparing builds {bar:15} {pos} of {len} {wide_msg}";

static IS_ALLOWED: AtomicBool = AtomicBool::new(false);

static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

struct Shown {
    bar: ProgressBar,
    /// What is done besides what is counted.
    doing: &'static str,
}

/// From now on progress is shown, if standard error is a terminal that can, unless the user wants
/// quiet.
pub(super) fn allow(is_quiet: bool) {
    let term = std::env::var("TERM");
    let can_show = can_show(io::stderr().is_terminal(), term.ok().as_deref());
    IS_ALLOWED.store(can_show && !is_quiet, Ordering::Relaxed);
}

/// Whether a line can be drawn again and again. Windows names no kind of terminal.
fn can_show(is_terminal: bool, term: Option<&str>) -> bool {
    is_terminal && term.map_or(cfg!(windows), |term| term != "dumb" && !term.is_empty())
}

/// Whether a person may want to read on standard error what is not asked for.
pub(super) fn is_allowed() -> bool {
    IS_ALLOWED.load(Ordering::Relaxed)
}

/// Something is done, of which nobody knows how long it takes.
pub(super) fn doing(what: &'static str) {
    let mut shown = shown();
    let Some(shown) = begun(&mut shown) else { return };
    shown.doing = what;
    shown.bar.set_style(style(DOING));
    shown.bar.set_message(what);
}

/// Nothing is done any more, or something else is to be printed.
pub(super) fn end() {
    if let Some(shown) = shown().take() {
        shown.bar.finish_and_clear();
    }
}

fn shown() -> MutexGuard<'static, Option<Shown>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The line; a new one is shown after a moment, if it is still there.
fn begun(shown: &mut Option<Shown>) -> Option<&mut Shown> {
    if !is_allowed() {
        return None;
    }
    Some(shown.get_or_insert_with(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let later = bar.downgrade();
        thread::spawn(move || {
            thread::sleep(MOMENT);
            // While it is locked, nothing else is printed.
            let _shown = self::shown();
            if let Some(bar) = later.upgrade().filter(|bar| !bar.is_finished()) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
            }
        });
        Shown { bar, doing: "" }
    }))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is valid")
}

/// The builds of Kustomize, counted.
pub(super) struct Builds;

impl Progress for Builds {
    fn begin(&self, all: usize) {
        let mut shown = shown();
        let Some(Shown { bar, .. }) = begun(&mut shown) else { return };
        bar.set_style(style(COUNTED));
        bar.set_length(all as u64);
        bar.set_position(0);
        bar.set_message("");
    }

    fn next(&self, done: usize, name: &str) {
        let mut shown = shown();
        let Some(Shown { bar, .. }) = begun(&mut shown) else { return };
        bar.set_position(done as u64);
        bar.set_message(visible(name).into_owned());
    }

    fn end(&self) {
        let mut shown = shown();
        let Some(Shown { bar, doing }) = begun(&mut shown) else { return };
        bar.set_style(style(DOING));
        bar.set_message(*doing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_where_a_line_can_be_drawn_again() {
        assert!(can_show(true, Some("xterm-256color")));
        for (is_terminal, term) in [(false, Some("xterm")), (true, Some("dumb")), (true, Some(""))] {
            assert!(!can_show(is_terminal, term), "{term:?}");
        }
        assert_eq!(can_show(true, None), cfg!(windows));
    }
}

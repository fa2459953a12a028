//! What a run is doing, for whoever measures it. No result depends on it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// Files are read and parsed.
    Reading,
    /// It is worked out who applies what.
    Understanding,
    /// A migration looks for what there is to do.
    Surveying(&'static str),
    /// Units are made into text: on trial, or to be written.
    Landing,
    /// A judge compares builds.
    Judging,
    /// It is worked out what units reach.
    Measuring,
    /// Rules look at what the planned tree has differently.
    Foreseeing,
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Activity::Reading => f.pad("reading and parsing files"),
            Activity::Understanding => f.pad("who applies what"),
            Activity::Surveying(migration) => f.pad(&format!("survey of {migration}")),
            Activity::Landing => f.pad("landing units, on trial and to write"),
            Activity::Judging => f.pad("comparing builds"),
            Activity::Measuring => f.pad("what units reach"),
            Activity::Foreseeing => f.pad("rules on the planned tree"),
        }
    }
}

/// Hears what begins on a thread, and with `None` that the last one which began is over.
pub type Listener = Rc<dyn Fn(Option<Activity>)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Has a listener hear what this thread does. What it gives to other threads is part of that.
pub fn listen(listener: Listener) {
    LISTENER.set(Some(listener));
}

/// An activity that lasts until this is dropped. What begins meanwhile interrupts it.
#[derive(Debug)]
pub struct Doing(());

/// Begins an activity.
#[must_use]
pub fn begin(activity: Activity) -> Doing {
    tell(Some(activity));
    Doing(())
}

impl Drop for Doing {
    fn drop(&mut self) {
        tell(None);
    }
}

fn tell(change: Option<Activity>) {
    // When a thread ends, there is nobody to tell any more.
    let listener = LISTENER.try_with(|listener| listener.borrow().clone()).ok().flatten();
    listener.iter().for_each(|listener| listener(change));
}

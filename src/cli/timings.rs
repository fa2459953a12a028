//! `--timings`: where the time went, as a table on standard error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::activity::{self, Activity};

/// What a run has spent its time on.
pub(super) struct Timings(Rc<RefCell<Clock>>);

/// A clock that runs for one activity at a time.
struct Clock {
    since: Instant,
    /// The activities that have begun; the last one is that of the clock.
    begun: Vec<Activity>,
    spent: BTreeMap<Option<Activity>, Duration>,
}

impl Clock {
    /// Counts the time until now for what the clock runs for.
    fn count(&mut self, now: Instant) {
        *self.spent.entry(self.begun.last().copied()).or_default() += now - self.since;
        self.since = now;
    }

    fn hear(&mut self, change: Option<Activity>, now: Instant) {
        self.count(now);
        match change {
            Some(activity) => self.begun.push(activity),
            None => drop(self.begun.pop()),
        }
    }
}

/// Begins to measure.
pub(super) fn begin() -> Timings {
    let clock = Rc::new(RefCell::new(Clock { since: Instant::now(), begun: Vec::new(), spent: BTreeMap::new() }));
    let heard = Rc::clone(&clock);
    activity::listen(Rc::new(move |change| heard.borrow_mut().hear(change, Instant::now())));
    Timings(clock)
}

impl Timings {
    /// The table: each activity with its time, in the order of the work.
    pub(super) fn table(&self) -> String {
        let mut clock = self.0.borrow_mut();
        clock.count(Instant::now());
        table(&clock.spent)
    }
}

fn table(spent: &BTreeMap<Option<Activity>, Duration>) -> String {
    let activities = spent.iter().filter_map(|(activity, time)| Some(((*activity)?.to_string(), *time)));
    let rest = spent.get(&None).copied().unwrap_or_default();
    let all = spent.values().sum();
    let rows = activities.chain([("branches, choosing, output".to_owned(), rest), ("all".to_owned(), all)]);
    let rows: Vec<(String, Duration)> = rows.collect();
    let longest = rows.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
    let mut out = "time spent on\n".to_owned();
    for (what, time) in rows {
        let _ = writeln!(out, "  {what:<longest$}  {:>8.3} s", time.as_secs_f64());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_belongs_to_what_began_last_and_is_not_over() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut clock = Clock { since: start, begun: Vec::new(), spent: BTreeMap::new() };
        clock.hear(Some(Activity::Landing), after(1));
        clock.hear(Some(Activity::Judging), after(3));
        clock.hear(None, after(13));
        clock.hear(None, after(14));
        clock.count(after(15));
        let seconds = |activity| clock.spent[&activity].as_secs();
        assert_eq!([None, Some(Activity::Landing), Some(Activity::Judging)].map(seconds), [2, 3, 10]);
        assert_eq!(
            table(&clock.spent),
            "time spent on\n  landing units, on trial and to write     3.000 s\n  comparing builds                        10.000 s\n  \
             branches, choosing, output               2.000 s\n  all                                     15.000 s\n"
        );
    }
}

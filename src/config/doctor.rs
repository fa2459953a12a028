use super::keys::Keys;
use super::section::Described;

/// What `doctor` leaves alone: the section `doctor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoctorSettings {
    /// `wait: keep`: whether who waits for whom is meant as it is.
    pub keeps_waits: bool,
}

impl DoctorSettings {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> DoctorSettings {
        keys.about("Whether `wait` is compared with what depends on what; keep: it is meant as it is.");
        DoctorSettings { keeps_waits: keys.one_of("wait", &[("graph", false), ("keep", true)]) }
    }

    /// Nothing: the template of a configuration states what migrations do.
    pub(super) fn described(self) -> Vec<Described> {
        Vec::new()
    }
}

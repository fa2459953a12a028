//! How far the builds are.

/// Shows how far the builds are. It is called from several threads.
pub trait Progress: Send + Sync {
    /// Builds begin: how many there are.
    fn begin(&self, all: usize);

    /// Some of them are done; the next is that of a Flux Kustomization.
    fn next(&self, done: usize, name: &str);

    /// No build runs any more.
    fn end(&self);
}

/// Shows nothing.
pub(super) struct Silent;

impl Progress for Silent {
    fn begin(&self, _: usize) {}
    fn next(&self, _: usize, _: &str) {}
    fn end(&self) {}
}

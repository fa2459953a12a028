//! What a person may decide about a run. So far there is only the default: `.flux-codemod.yaml` is not read yet.

/// The name of the configuration file. A repository that has one is refused until this program reads it: it may hold opt-outs.
pub const FILE: &str = ".flux-codemod.yaml";

/// What migrations are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The charts that are in scope of `chart-ref`, by name.
    pub charts: Vec<String>,
    /// The namespace in which shared sources live.
    pub source_namespace: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { charts: vec!["app-template".to_owned()], source_namespace: "flux-system".to_owned() }
    }
}

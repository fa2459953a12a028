//! The recipes that the program brings.

/// The built-in recipes: the names of their files, and these.
pub const LIBRARY: &[(&str, &str)] = &[
    ("external-dns-ga", include_str!("library/external-dns-ga.yaml")),
    ("flux-api-versions", include_str!("library/flux-api-versions.yaml")),
    ("interval-defaults", include_str!("library/interval-defaults.yaml")),
    ("prune-guard", include_str!("library/prune-guard.yaml")),
    ("schema-comments", include_str!("library/schema-comments.yaml")),
    ("strict-variables", include_str!("library/strict-variables.yaml")),
];

//! The fields of a kustomization file, and of the builtin generators and transformers, by what they
//! name: files, directories, or nothing outside of themselves.
//!
//! What is not in these lists is not known, and a file that has it is not built. So are names in
//! another case: Kustomize takes `Resources` for `resources`.

/// What the value of a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Nothing outside of itself.
    Nothing,
    /// A list of files, or directories with a kustomization file.
    Resources,
    /// A list of directories with a kustomization file.
    Directories,
    /// A list of files.
    Files,
    /// One file.
    File,
    /// A list of files, each of them after `key=`.
    KeyedFiles,
    /// A list of files, or of objects as text.
    FilesOrTexts,
    /// A mapping with a file under `path`.
    Schema,
    /// A list of patches: a mapping each, or a file or an object as text.
    Patches,
    /// A list of replacements.
    Replacements,
    /// A list of generators of ConfigMaps and Secrets.
    Generators,
    /// A list of configurations of plugins: files, directories or objects as text.
    Plugins,
}

use Names::{
    Directories, File, Files, FilesOrTexts, Generators, KeyedFiles, Nothing, Patches, Plugins, Replacements, Resources,
    Schema,
};

/// The fields of a mapping.
pub(super) type Fields = [(&'static str, Names)];

/// Those of a kustomization file. The fields about Helm charts are left out: they run `helm`.
pub(super) const KUSTOMIZATION: &Fields = &[
    ("apiVersion", Nothing),
    ("kind", Nothing),
    ("metadata", Nothing),
    ("namePrefix", Nothing),
    ("nameSuffix", Nothing),
    ("namespace", Nothing),
    ("commonLabels", Nothing),
    ("labels", Nothing),
    ("commonAnnotations", Nothing),
    ("images", Nothing),
    ("imageTags", Nothing),
    ("replicas", Nothing),
    ("vars", Nothing),
    ("generatorOptions", Nothing),
    ("buildMetadata", Nothing),
    ("sortOptions", Nothing),
    ("resources", Resources),
    ("bases", Resources),
    ("components", Directories),
    ("crds", Files),
    ("configurations", Files),
    ("openapi", Schema),
    ("patches", Patches),
    ("patchesJson6902", Patches),
    ("patchesStrategicMerge", FilesOrTexts),
    ("replacements", Replacements),
    ("configMapGenerator", Generators),
    ("secretGenerator", Generators),
    ("generators", Plugins),
    ("transformers", Plugins),
    ("validators", Plugins),
];

/// Those of an entry of `configMapGenerator` or `secretGenerator`.
pub(super) const GENERATOR: &Fields = &[
    ("name", Nothing),
    ("namespace", Nothing),
    ("behavior", Nothing),
    ("type", Nothing),
    ("literals", Nothing),
    ("options", Nothing),
    ("files", KeyedFiles),
    ("envs", Files),
    ("env", File),
];

/// Those of a patch.
pub(super) const PATCH: &Fields = &[("patch", Nothing), ("target", Nothing), ("options", Nothing), ("path", File)];

/// Those of a replacement.
pub(super) const REPLACEMENT: &Fields = &[("source", Nothing), ("targets", Nothing), ("path", File)];

/// The kinds of `apiVersion: builtin` that are known.
pub(super) const BUILTIN: [&str; 17] = [
    "AnnotationsTransformer",
    "ConfigMapGenerator",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "LegacyOrderTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SecretGenerator",
    "SortOrderTransformer",
    "SuffixTransformer",
];

/// The fields of all these kinds. Those with the same name mean the same in each.
pub(super) const PLUGIN: &Fields = &[
    ("apiVersion", Nothing),
    ("kind", Nothing),
    ("metadata", Nothing),
    ("name", Nothing),
    ("namespace", Nothing),
    ("behavior", Nothing),
    ("type", Nothing),
    ("literals", Nothing),
    ("options", Nothing),
    ("annotations", Nothing),
    ("labels", Nothing),
    ("fieldSpecs", Nothing),
    ("unsetOnly", Nothing),
    ("setRoleBindingSubjects", Nothing),
    ("imageTag", Nothing),
    ("target", Nothing),
    ("patch", Nothing),
    ("jsonOp", Nothing),
    ("prefix", Nothing),
    ("suffix", Nothing),
    ("replica", Nothing),
    ("sortOptions", Nothing),
    ("files", KeyedFiles),
    ("envs", Files),
    ("env", File),
    ("path", File),
    ("paths", FilesOrTexts),
    ("replacements", Replacements),
];

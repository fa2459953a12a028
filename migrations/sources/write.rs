//! The text of a source, and its entry in the kustomizations that list it.

use super::place::Place;
use super::spec::{Spec, Version};
use crate::flux::{At, CHART_LAYER, Kustomization, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written, most_frequent, refused_edit};
use crate::repo::{Change, Mode, RepoPath};
use crate::yaml::{Edit, Error, New, Order, SCHEMA_MARK, Stream};

/// What writing a source and listing it changes.
///
/// # Errors
/// As [`write`].
pub(crate) fn written(view: &View, spec: &Spec, place: &Place) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    write(&mut edits, view, spec, place)?;
    edits.finish()
}

/// Writes a source and lists it.
///
/// # Errors
/// If a kustomization cannot be edited.
pub(crate) fn write<'v>(edits: &mut Edits<'v>, view: &'v View, spec: &Spec, place: &Place) -> Result<(), Finding> {
    let text = commented(text(view, spec, place), &spec.comments).map_err(|error| refused_edit(&place.file, &error))?;
    edits.set(place.file.clone(), Change::Create { text, mode: Mode::File });
    let mut listing = place.listed_in.iter();
    listing.try_for_each(|path| list(edits, view, path, "resources", &place.file, Some(&place.beside)))
}

/// The text of a source with comments above its version.
fn commented(text: String, comments: &[String]) -> Result<String, Error> {
    if comments.is_empty() {
        return Ok(text);
    }
    let stream = Stream::parse(&*text)?;
    let reference = stream.documents().next().and_then(|root| root.at(&["spec", "ref"]));
    let Some((_, version)) = reference.and_then(|reference| reference.entries().next()) else { return Ok(text) };
    let mut edit = Edit::of(&stream);
    let lines: Vec<&str> = comments.iter().map(|comment| comment.trim_start_matches('#').trim()).collect();
    edit.add_comment_above(version, &lines.join("\n"))?;
    let splices = edit.finish()?.splices;
    Ok(splices.apply(&text).expect("the text is the one that was read"))
}

/// The text of its file: `---`, line ends and schema comment as its neighbours have them.
fn text(view: &View, spec: &Spec, place: &Place) -> String {
    let (mut text, ending) = beginning(view, place.listed_in.first().unwrap_or(&place.beside));
    let schema = schema_comment(view, place.api_version);
    let comments: Vec<&str> = schema.iter().map(|comment| comment.trim_start_matches("# ")).collect();
    text.push_str(&object(spec, place).document(&comments, ending));
    text
}

/// How a new file begins, and its line ending: as a file near it has them.
pub(crate) fn beginning(view: &View, neighbour: &RepoPath) -> (String, &'static str) {
    let style = view.file(neighbour).and_then(|file| file.stream.as_ref()).map_or("", |stream| stream.text());
    let ending = if style.contains("\r\n") { "\r\n" } else { "\n" };
    let marked = style.trim_start_matches('\u{feff}').starts_with("---");
    (if marked { format!("---{ending}") } else { String::new() }, ending)
}

/// Makes a kustomization list a file or folder under a key, after the entry that it belongs beside.
///
/// # Errors
/// If the kustomization cannot be edited.
pub(crate) fn list<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    kustomization: &RepoPath,
    key: &str,
    what: &RepoPath,
    beside: Option<&RepoPath>,
) -> Result<(), Finding> {
    let root = view.node(&At::document(kustomization, 0)).expect("a kustomization of the view has a document");
    let dir = kustomization.dir();
    let item = item_for(view, &dir, what);
    let is = |path: &RepoPath, entry: &str| view.tree().follow(&dir.join(entry)?).map(|listed| listed == *path);
    let after = |entry: &str| beside.is_some_and(|beside| is(beside, entry) == Some(true));
    let order = Order { key: &|entry| entry.trim_start_matches("./").to_owned(), after: Some(&after) };
    edits.file(kustomization, |edit| {
        edit.list(root, key, &item, &order, |entry| is(what, entry) == Some(true)).map(drop)
    })
}

/// Makes a kustomization list several files or folders under a key, which may be new.
///
/// # Errors
/// If the kustomization cannot be edited.
pub(crate) fn list_all<'v, 'p>(
    edits: &mut Edits<'v>,
    view: &'v View,
    kustomization: &RepoPath,
    key: &str,
    all: impl IntoIterator<Item = &'p RepoPath>,
) -> Result<(), Finding> {
    let at = At::document(kustomization, 0);
    let dir = kustomization.dir();
    if view.node(&at).is_some_and(|root| root.own_entry(key).is_some()) {
        return all.into_iter().try_for_each(|path| list(edits, view, kustomization, key, path, None));
    }
    let items = all.into_iter().map(|path| New::string(item_for(view, &dir, path)));
    let items = New::Sequence(items.collect());
    edits.object(&at, |edit, root| edit.insert_entry(root, crate::yaml::Place::Last, key, &items))
}

/// How the kustomization of a folder names a file or folder.
fn item_for(view: &View, dir: &RepoPath, what: &RepoPath) -> String {
    let item = what.seen_from(dir);
    if lists_bare_names(view, dir) { item.trim_start_matches("./").to_owned() } else { item }
}

/// Whether the kustomization of a folder lists `x.yaml` rather than `./x.yaml`; if it lists
/// nothing, the kustomizations around it decide.
pub(crate) fn lists_bare_names(view: &View, dir: &RepoPath) -> bool {
    let votes = |kustomization: &Kustomization| {
        let local = kustomization.resources.iter().filter(|entry| !entry.is_remote() && !entry.text.starts_with("../"));
        local.map(|entry| if entry.text.starts_with("./") { -1 } else { 1 }).sum::<i64>()
    };
    let around = || {
        let parent = dir.ancestors().nth(1)?;
        Some(view.kustomizations().filter(|other| other.path.is_in(&parent)).map(votes).sum())
    };
    match view.kustomization(dir).map_or(0, votes) {
        0 => around().unwrap_or(0) > 0,
        here => here > 0,
    }
}

fn object(spec: &Spec, place: &Place) -> New {
    let reference = match &spec.key.version {
        Version::Tag(tag) => ("tag", New::string(tag)),
        Version::Range(range) => ("semver", New::string(range)),
    };
    let layer = New::mapping([("mediaType", New::string(CHART_LAYER)), ("operation", New::string("copy"))]);
    let mut fields = vec![
        ("interval".to_owned(), New::string(&spec.interval)),
        ("layerSelector".to_owned(), layer),
        ("ref".to_owned(), New::mapping([reference])),
        ("url".to_owned(), New::string(&spec.key.url)),
    ];
    fields.extend(spec.carried.iter().cloned());
    let mut metadata = vec![("name", New::string(&place.name))];
    metadata.extend(place.namespace.as_ref().map(|namespace| ("namespace", New::string(namespace))));
    New::mapping([
        ("apiVersion", New::string(place.api_version)),
        ("kind", New::string("OCIRepository")),
        ("metadata", New::mapping(metadata)),
        ("spec", New::Mapping(fields)),
    ])
}

/// The schema comment that most OCIRepositories of this API version in the tree have.
fn schema_comment(view: &View, api_version: &str) -> Option<String> {
    let sources = view.oci_repositories().iter().filter(|source| source.api_version == api_version);
    let streams = sources.filter_map(|source| view.file(&source.at.path)?.stream.as_deref());
    let texts =
        streams.flat_map(|stream| stream.comments().iter().map(|comment| &stream.text()[comment.range.clone()]));
    let is_schema = |text: &&str| text.starts_with(SCHEMA_MARK) && text.contains("ocirepository");
    most_frequent(texts.filter(is_schema)).map(str::to_owned)
}

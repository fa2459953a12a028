//! What the tables of recipes make of real repositories: schema comments and API versions.

use flux_codemod::flux::{FluxVersion, Value};
use flux_codemod::recipe::api_version::{Options, convert, judge};
use flux_codemod::recipe::schema_comment::{InsteadOf, Settings, changes, header, write};
use flux_codemod::yaml::{Edit, Stream};

use crate::support::{corpus, in_parallel, yaml_files};

const SETTINGS: &str = "
to: https://k8s-schemas.home-operations.com/<group>/<kind>_<version>.json
from: [kubernetes-schemas.pages.dev, raw.githubusercontent.com/datreeio/CRDs-catalog]
others: {Kustomization.kustomize.config.k8s.io: 'https://json.schemastore.org/kustomization'}
modes: {missing: add, spelling: repair}
";

fn values(stream: &Stream) -> Vec<Option<Value>> {
    stream.documents().map(Value::of).collect()
}

/// The files of all real repositories that can be read.
fn streams() -> Vec<(String, Stream)> {
    let mut files = Vec::new();
    corpus().iter().for_each(|dir| yaml_files(dir, &mut files));
    let read = |path: std::path::PathBuf| {
        let stream = Stream::parse(std::fs::read_to_string(&path).ok()?).ok()?;
        Some((path.file_name()?.to_str()?.to_owned(), stream))
    };
    in_parallel(files, read).into_iter().flatten().collect()
}

#[test]
fn schema_comments_are_written_and_data_stays() {
    let settings = Stream::parse(SETTINGS).unwrap();
    let settings = Settings::read(&values(&settings)[0].clone().unwrap()).unwrap();
    let written = |(name, stream): (String, Stream)| {
        let mut edit = Edit::of(&stream);
        let changes = changes(&stream, &name, &settings, &|_| false);
        let unwritten = changes.iter().filter(|change| write(&mut edit, &stream, change).is_err()).count();
        let edited = edit.finish().unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let new = Stream::parse(edited.splices.apply(stream.text()).unwrap()).unwrap();
        assert_eq!(values(&stream), values(&new), "{name}");
        let again = flux_codemod::recipe::schema_comment::changes(&new, &name, &settings, &|_| false);
        assert_eq!(again.len(), unwritten, "{name}: a second time nothing changes: {again:?}");
        if unwritten == 0 {
            for change in &changes {
                assert_eq!(header(&new, change.document).url.as_ref(), Some(&change.url), "{name}");
            }
        }
        (changes.len(), unwritten)
    };
    let counts = in_parallel(streams(), written);
    let (all, unwritten) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    if corpus().is_some() {
        assert!(all > 0 && unwritten * 100 < all, "{all} comments, {unwritten} without a place");
    }
}

#[test]
fn objects_of_flux_take_their_newest_version() {
    let flux = FluxVersion::parse("2.9.0").unwrap();
    let converted = |(name, stream): (String, Stream)| {
        let objects = values(&stream).into_iter().flatten();
        let raised = objects.filter(|object| {
            let stated = object.text_at(&["apiVersion"]).and_then(|stated| stated.split_once('/'));
            let (Some((group, version)), Some(kind)) = (stated, object.text_at(&["kind"])) else { return false };
            let Some(to) = judge(group, kind, version, &[flux]).and_then(|judged| judged.change(version)) else {
                return false;
            };
            let options = Options { flux: &[flux], ..Options::default() };
            let new = convert(object, to, &options).unwrap_or_else(|why| panic!("{name}: {why}")).value;
            assert_eq!(convert(&new, to, &options).unwrap().value, new, "{name}");
            assert_eq!(judge(group, kind, to, &[flux]).unwrap().change(to), None);
            true
        });
        raised.count()
    };
    let raised: usize = in_parallel(streams(), converted).into_iter().sum();
    assert!(corpus().is_none() || raised > 0, "no object of the corpus has an older version");
}

/// The figures of one tree, by the head of its main branch in August 2026: how many comments name a
/// host that is gone, how many disagree with what their document is, and how many no editor reads. Section 13 of
/// the specification has 328, 53 and 2: `grep` finds 325 here, and what no editor reads are comments of documents
/// that are commented out.
#[test]
fn schema_comments_of_haynes_ops() {
    let Some(dir) = crate::support::corpus_tree("haynes-ops-2026-08/main") else { return };
    let library =
        flux_codemod::migrations::recipes::LIBRARY.iter().find(|(name, _)| *name == "schema-comments").unwrap().1;
    let known = flux_codemod::recipe::language::Known::NOTHING;
    let recipe =
        flux_codemod::recipe::language::read("schema-comments", library, &known).unwrap_or_else(|e| panic!("{e}"));
    let flux_codemod::recipe::verb::Verb::SchemaComment(settings) = &recipe.stages[0].steps[0].verb else { panic!() };
    let mut files = Vec::new();
    yaml_files(&dir, &mut files);
    // What is to change at any host.
    let mistakes = Settings { from: Vec::new(), ..settings.clone() };
    let (mut old_host, mut moved, mut left) = (0, 0, 0);
    let (mut disagreeing, mut unreadable, mut misplaced) = (0, 0, 0);
    for path in files {
        let Ok(stream) = Stream::parse(std::fs::read_to_string(&path).unwrap()) else { continue };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        old_host += stream
            .comments()
            .iter()
            .filter(|c| stream.text()[c.range.clone()].contains("kubernetes-schemas.pages.dev"))
            .count();
        for change in changes(&stream, &name, &mistakes, &|_| false) {
            match change.instead_of {
                InsteadOf::Read(_) => disagreeing += 1,
                InsteadOf::Unreadable(_) => unreadable += 1,
                InsteadOf::Misplaced(_) => misplaced += 1,
                InsteadOf::Nothing => panic!("{name}: no comment is missing that was asked for"),
            }
        }
        let changes = changes(&stream, &name, settings, &|_| false);
        moved += changes.len();
        let mut edit = Edit::of(&stream);
        if changes.iter().any(|change| write(&mut edit, &stream, change).is_err()) {
            continue;
        }
        let new = Stream::parse(edit.finish().unwrap().splices.apply(stream.text()).unwrap()).unwrap();
        left += flux_codemod::recipe::schema_comment::changes(&new, &name, settings, &|_| false).len();
    }
    assert_eq!((old_host, moved, left), (325, 343, 0), "on the old host, to change, left");
    assert_eq!((disagreeing, unreadable, misplaced), (53, 0, 0), "disagreeing, unreadable, misplaced");
}

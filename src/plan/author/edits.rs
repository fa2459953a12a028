//! The edits of a unit: several files, each proven.

use std::collections::BTreeMap;

use super::comments_out_entry;
use crate::flux::{At, View};
use crate::plan::{Edited, Finding, codes};
use crate::repo::{Change, Changes, RepoPath};
use crate::text::Splices;
use crate::yaml::{Comment, CommentFate, Edit, Emptied, Error, Fate, Node, Stream};

/// The text of a unit: its changes, and what became of the comments in what they remove.
pub type Written = (Changes, Vec<(RepoPath, CommentFate)>);

/// The changes of one unit, file by file. Edits of YAML are collected and proven at the end; files
/// that are created, moved or deleted are set as they are.
pub struct Edits<'v> {
    view: &'v View,
    edits: BTreeMap<RepoPath, Edit<'v>>,
    others: Changes,
    /// The comments in files that are deleted.
    dropped: Vec<(RepoPath, CommentFate)>,
    keeps_anchors: bool,
}

impl<'v> Edits<'v> {
    /// No changes yet, of files of this view.
    pub fn of(view: &'v View) -> Edits<'v> {
        let (edits, others, dropped) = (BTreeMap::new(), Changes::new(), Vec::new());
        Edits { view, edits, others, dropped, keeps_anchors: false }
    }

    /// From here on, the removal of an anchor that is used elsewhere is refused. Otherwise the
    /// anchor moves to its first remaining use.
    #[must_use]
    pub fn keeping_anchors(self) -> Edits<'v> {
        Edits { keeps_anchors: true, ..self }
    }

    /// Edits a file. What was edited in it before is part of the same proof.
    ///
    /// # Errors
    /// What the YAML editor refuses, or that the file cannot be read as YAML.
    pub fn file(
        &mut self,
        path: &RepoPath,
        change: impl FnOnce(&mut Edit<'v>) -> Result<(), Error>,
    ) -> Result<(), Finding> {
        let view = self.view;
        if !self.edits.contains_key(path) {
            let Some(stream) = view.file(path).and_then(|file| file.stream.as_deref()) else {
                let message = format!("{path} cannot be read as YAML");
                return Err(Finding::error(codes::UNTOUCHABLE_FILE, message).at(path, None));
            };
            let edit = Edit::of(stream).in_order();
            let edit = if self.keeps_anchors { edit } else { edit.moving_anchors() };
            self.edits.insert(path.clone(), edit);
        }
        let edit = self.edits.get_mut(path).expect("it was put there");
        change(edit).map_err(|error| refused_edit(path, &error))
    }

    /// Edits an object in its file.
    ///
    /// # Errors
    /// As [`Edits::file`]; also if the object is not there.
    pub fn object(
        &mut self,
        at: &At,
        change: impl FnOnce(&mut Edit<'v>, Node<'v>) -> Result<(), Error>,
    ) -> Result<(), Finding> {
        let Some(root) = self.view.node(at) else {
            return Err(
                Finding::error(codes::GONE, format!("the object is not in {} any more", at.path)).at(&at.path, None)
            );
        };
        self.file(&at.path, |edit| change(edit, root))
    }

    /// Sets what happens to a file other than an edit.
    pub fn set(&mut self, path: RepoPath, change: Change) {
        self.others.set(path, change);
    }

    /// Deletes a YAML file. Its comments are listed as dropped for this reason.
    ///
    /// # Errors
    /// If it is not there, or cannot be read.
    pub fn delete(&mut self, path: &RepoPath, because: &str) -> Result<(), Finding> {
        if self.is_deleted(path) {
            return Ok(());
        }
        let Some(stream) = self.view.file(path).and_then(|file| file.stream.as_deref()) else {
            return Err(Finding::error(codes::GONE, format!("{path} is not there any more")).at(path, None));
        };
        let fate = |comment: &Comment| CommentFate {
            text: stream.text()[comment.range.clone()].to_owned(),
            line: comment.line,
            range: comment.range.clone(),
            fate: Fate::Dropped(because.to_owned()),
        };
        self.dropped.extend(stream.comments().iter().map(|comment| (path.clone(), fate(comment))));
        self.set(path.clone(), Change::Delete { of: stream.content() });
        Ok(())
    }

    /// Whether a file is deleted.
    fn is_deleted(&self, path: &RepoPath) -> bool {
        matches!(self.others.get(path), Some(Change::Delete { .. }))
    }

    /// Removes a file from the `resources` of a kustomization. Comments of its entry are listed as dropped
    /// for this reason; entries that are commented out stay. The last entry leaves `resources: []`, because
    /// Kustomize takes that, and refuses a kustomization without any field.
    ///
    /// # Errors
    /// As [`Edits::file`].
    pub fn unlist(&mut self, kustomization: &RepoPath, path: &RepoPath, because: &str) -> Result<(), Finding> {
        let (view, dir) = (self.view, kustomization.dir());
        let is_it = |entry: &str| dir.join(entry).and_then(|listed| view.tree().follow(&listed)).as_ref() == Some(path);
        let fate = |comment: &str| match comments_out_entry(view, &dir, comment) {
            true => Fate::Moved,
            false => Fate::Dropped(because.to_owned()),
        };
        self.object(&At::document(kustomization, 0), |edit, root| {
            edit.unlist(root, "resources", is_it, Emptied::Brackets, fate).map(drop)
        })
    }

    /// Proves all edits.
    ///
    /// # Errors
    /// For the first that both parsers do not agree on, or that loses a comment.
    pub fn finish(self) -> Result<Written, Finding> {
        self.finish_if(|_| Ok(()))
    }

    /// Proves all edits, and has each edited file pass a test.
    ///
    /// # Errors
    /// As [`Edits::finish`], or the finding of the test.
    pub fn finish_if(self, mut passes: impl FnMut(&After<'_>) -> Result<(), Finding>) -> Result<Written, Finding> {
        let Edits { view, edits, others: mut changes, dropped: mut fates, .. } = self;
        // What is deleted in the end needs no edit.
        let is_kept = |path: &RepoPath| !matches!(changes.get(path), Some(Change::Delete { .. }));
        let edits: Vec<_> = edits.into_iter().filter(|(path, edit)| !edit.is_empty() && is_kept(path)).collect();
        for (path, edit) in edits {
            let edited = edit.finish().map_err(|error| refused_edit(&path, &error))?;
            let stream = view.file(&path).and_then(|file| file.stream.as_deref()).expect("an edited file was read");
            passes(&After { path: &path, stream, splices: &edited.splices })?;
            fates.extend(edited.comments.into_iter().map(|fate| (path.clone(), fate)));
            changes.set(path, Change::Edit(edited.splices));
        }
        Ok((changes, fates))
    }
}

/// A file after an edit.
pub struct After<'e> {
    /// The file.
    pub path: &'e RepoPath,
    stream: &'e Stream,
    splices: &'e Splices,
}

impl<'e> After<'e> {
    /// A file of a view, edited; `None` if it cannot be read as YAML.
    pub fn of(view: &'e View, path: &'e RepoPath, splices: &'e Splices) -> Option<After<'e>> {
        Some(After { path, stream: view.file(path)?.stream.as_deref()?, splices })
    }

    /// An object as it is then, in a stream with as little else as can be; `None` if that cannot be
    /// read.
    pub fn object(&self, at: &At) -> Option<(Stream, At)> {
        let (stream, document) = self.stream.document_after(self.splices, at.document).ok()?;
        Some((stream, At { document, ..at.clone() }))
    }
}

/// What an edit amounts to.
pub fn edited(written: Result<Written, Finding>) -> Edited {
    match written {
        Ok((changes, _)) if changes.is_empty() => Edited::Already,
        Ok((changes, fates)) => Edited::Changes(changes, fates),
        Err(reason) => Edited::Refused(reason),
    }
}

/// What the YAML editor refused, in a file.
pub fn refused_edit(path: &RepoPath, error: &Error) -> Finding {
    Finding::error(codes::code_of_edit(&error.problem), error.to_string()).at(path, error.at.line)
}

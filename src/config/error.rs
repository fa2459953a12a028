use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::text::{Lines, Position};
use crate::yaml;

/// One thing that is wrong in a configuration file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The stable reason code.
    pub code: &'static str,
    /// What is wrong, with real names.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// The bytes that are wrong.
    pub range: Range<usize>,
}

/// Everything that is wrong in a configuration file. Displayed as compilers do: file, line and
/// column, the place marked, and what to do.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// The file, as it is shown.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    /// What is wrong in it, by place.
    pub mistakes: Vec<Mistake>,
}

impl ConfigError {
    /// The place of a mistake.
    pub fn position(&self, mistake: &Mistake) -> Position {
        Lines::of(&self.text).position(&self.text, mistake.range.start)
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reports = self.mistakes.iter().map(|mistake| {
            let snippet = Snippet::source(&*self.text).path(&self.file);
            let place = snippet.annotation(AnnotationKind::Primary.span(mistake.range.clone()));
            let group = Level::ERROR.primary_title(&mistake.message).id(mistake.code).element(place);
            let group: Group<'_> = group.element(Level::HELP.message(&mistake.help));
            Renderer::plain().render(&[group])
        });
        f.write_str(&reports.collect::<Vec<_>>().join("\n\n"))
    }
}

impl From<yaml::Error> for Mistake {
    fn from(error: yaml::Error) -> Mistake {
        Mistake {
            code: error.problem.code(),
            message: format!("not valid YAML: {}", error.problem),
            help: "fix the syntax; nothing is planned until then".to_owned(),
            range: error.range,
        }
    }
}

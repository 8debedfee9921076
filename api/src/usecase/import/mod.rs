//! Importing files: read, judged row by row, set aside, then written in one transaction (LOOP.md section 4, ruling 27).

mod apply;
mod apply_deal;
mod apply_other;
mod apply_refs;
mod context;
pub mod decide;
mod decode;
pub mod follow;
pub mod header;
pub mod list;
pub mod mapping;
mod read;
pub mod reader;
pub mod rejects;
mod run;
mod stage;
pub mod suggest;

#[cfg(test)]
mod nasty_test;

pub use run::{PROGRESS_EVENT, Progress, import};

use super::Failure;
use domain::import::{FileProblem, Object};
use std::path::PathBuf;
use uuid::Uuid;

/// What to import.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the file holds.
    pub object: Object,
    /// The file's name, for people.
    pub file_name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The mapping file's text.
    pub mapping: String,
    /// The folder that the mapping's lookup files lie in; none for an upload.
    pub mapping_folder: Option<PathBuf>,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
    /// Whether to go on with the unfinished run of the same file and mapping.
    pub resume: bool,
    /// Whether the file is ours to keep until the run is over.
    pub is_spooled: bool,
    /// The new run's id, where it was told already.
    pub run_id: Option<Uuid>,
}

/// Why nothing was imported.
#[derive(Debug)]
pub enum ImportFailure {
    /// The mapping or the whole file is refused.
    File(Vec<FileProblem>),
    /// Another process has taken the run over.
    TakenOver,
    /// As any other use case.
    Failure(Failure),
}

impl From<Failure> for ImportFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl std::fmt::Display for ImportFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(problems) => {
                let lines: Vec<String> =
                    problems.iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::TakenOver => f.write_str("another process has taken this import over"),
            Self::Failure(failure) => write!(f, "{failure}; nothing was imported, and the import can be resumed"),
        }
    }
}

impl std::error::Error for ImportFailure {}

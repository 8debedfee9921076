//! The record of one import: what was sent, how far it is, what became of its rows.

use super::decision::Decided;
use super::{Object, Problem, Verdict};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// Rows are being read, judged and set aside; no fact has changed.
    Staging,
    /// All rows are read; they are being written in one transaction.
    Applying,
    /// It was interrupted; no fact has changed, and it goes on where it stopped when it is resumed.
    Resumable,
    /// Every row has its verdict, and what was taken is written (a dry run writes nothing).
    Done,
    /// The whole file was refused; no fact has changed.
    Failed,
}

/// Counts of rows by verdict, and of facts by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Data rows read.
    pub rows_read: u64,
    /// Taken as they are.
    pub accepted: u64,
    /// Taken, and listed.
    pub warned: u64,
    /// Held for a decision.
    pub held: u64,
    /// Refused.
    pub refused: u64,
    /// Left out by rule: blank rows, footers.
    pub skipped: u64,
    /// Rows taken at first whose external id came again further down (`repeated = "last"`).
    pub superseded: u64,
    /// Facts that are new.
    pub created: u64,
    /// Facts that changed.
    pub changed: u64,
    /// Facts that were already so.
    pub unchanged: u64,
}

impl Counts {
    /// Counts a row.
    pub fn add(&mut self, verdict: Verdict) {
        *self.of(verdict) += 1;
    }

    /// Moves a row from one verdict to another.
    pub fn shift(&mut self, from: Verdict, to: Verdict) {
        let count = self.of(from);
        *count = count.saturating_sub(1);
        *self.of(to) += 1;
    }

    const fn of(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Accepted => &mut self.accepted,
            Verdict::Warned => &mut self.warned,
            Verdict::Held => &mut self.held,
            Verdict::Refused => &mut self.refused,
            Verdict::Skipped => &mut self.skipped,
        }
    }
}

/// What an import made because the mapping allowed it (`create_missing`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// Names of new segments, the first hundred.
    pub segments: Vec<String>,
    /// Names of new partners, the first hundred.
    pub partners: Vec<String>,
    /// How many accounts are new.
    pub accounts: u64,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRun {
    /// The row's id.
    pub id: Uuid,
    /// What the file holds.
    pub object: Object,
    /// The file's name, without its folder.
    pub file_name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// Its size.
    pub file_bytes: u64,
    /// The mapping file's text.
    pub mapping: String,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
    /// How far it is.
    pub state: RunState,
    /// Why the whole file was refused, or what interrupted it.
    pub failure: Option<String>,
    /// Whoever works on it; a newer one takes it over.
    pub worker_id: Uuid,
    /// The seat that started it.
    pub seat_id: Uuid,
    /// Where an upload is kept until it is done.
    pub spool_path: Option<String>,
    /// The header as it stood in the file.
    pub header: String,
    /// The lines before the header.
    pub preamble: String,
    /// The delimiter.
    pub delimiter: char,
    /// Bytes of the file read.
    pub bytes_read: u64,
    /// Counts.
    pub counts: Counts,
    /// What was made.
    pub made: Made,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it last gave word.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl ImportRun {
    /// The state as of an instant: one that has given no word for long was interrupted.
    #[must_use]
    pub fn state_at(&self, now: DateTime<Utc>) -> RunState {
        let silent = now - self.updated_at;
        let patience = match self.state {
            RunState::Staging => TimeDelta::seconds(60),
            // While rows are written no word can be given outside the transaction.
            RunState::Applying => TimeDelta::minutes(15),
            RunState::Resumable | RunState::Done | RunState::Failed => return self.state,
        };
        if silent > patience { RunState::Resumable } else { self.state }
    }

    /// Whether its work is not over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, RunState::Staging | RunState::Applying | RunState::Resumable)
    }
}

/// A row that was not simply accepted, as it stood in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Its record number; the header is 1.
    pub row_number: u64,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why.
    pub problems: Vec<Problem>,
    /// Its text; empty where it was too long to keep.
    pub raw: String,
    /// What somebody decided about it, where it was held.
    pub decided: Option<Decided>,
}

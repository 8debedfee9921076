//! What somebody decides about a row that an import held (ruling 27).

use super::fact::{DealFact, Reference};
use super::run::{ImportRow, ImportRun, RunState};
use super::{Code, Verdict};
use crate::attribution::Declaration;
use crate::deal::Deal;
use chrono::{DateTime, Utc};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What becomes of a held row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// It is read again, with the cells that were mended, and written.
    Accept,
    /// It is written, but attribution, segment and kind of the locked deal stay as they are on record.
    Keep,
    /// It is not written: it is wrong.
    Refuse,
    /// It is not written: it does not matter.
    Skip,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// By which seat.
    pub seat_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a decision is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpen {
    /// The run is not over, or wrote nothing.
    #[error("the import is not done, or was a dry run: nothing of it can be decided")]
    NotDone,
    /// The row is not held.
    #[error("the row is not held: it was decided already, or needs no decision")]
    NotHeld,
    /// A locked deal's attribution, segment or kind is kept, or disputed.
    #[error(
        "the deal is locked: KEEP what is on record for attribution, segment and kind, or open a dispute; an import never edits them"
    )]
    Locked,
    /// Nothing of the row is locked.
    #[error("KEEP is for a row that would change attribution, segment or kind of a locked deal; this one would not")]
    NothingToKeep,
    /// Cells are mended only of a row that is accepted.
    #[error("cells are mended only where the row is accepted")]
    NothingToMend,
    /// The deal has changed since.
    #[error("the deal has changed since this import: import the present file instead")]
    Overtaken,
}

impl NotOpen {
    /// The stable code of the rule.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NotDone => "IMPORT_NOT_DONE",
            Self::NotHeld => "IMPORT_ROW_NOT_HELD",
            Self::Locked => "IMPORT_ROW_LOCKED",
            Self::NothingToKeep => "IMPORT_ROW_NOTHING_TO_KEEP",
            Self::NothingToMend => "IMPORT_ROW_NOTHING_TO_MEND",
            Self::Overtaken => "IMPORT_ROW_OVERTAKEN",
        }
    }
}

/// Whether a decision is open for a row.
///
/// # Errors
/// [`NotOpen`].
pub fn open(run: &ImportRun, row: &ImportRow, decision: Decision, is_mended: bool) -> Result<(), NotOpen> {
    let is_locked = row
        .problems
        .iter()
        .any(|problem| matches!(problem.code, Code::LockedAttribution | Code::LockedSegment | Code::LockedKind));
    if run.state != RunState::Done || run.is_dry_run {
        return Err(NotOpen::NotDone);
    }
    if row.verdict != Verdict::Held {
        return Err(NotOpen::NotHeld);
    }
    match decision {
        Decision::Accept if is_locked => Err(NotOpen::Locked),
        Decision::Keep if !is_locked => Err(NotOpen::NothingToKeep),
        Decision::Keep | Decision::Refuse | Decision::Skip if is_mended => Err(NotOpen::NothingToMend),
        Decision::Accept | Decision::Keep | Decision::Refuse | Decision::Skip => Ok(()),
    }
}

/// The fact of a row that keeps what is on record of a locked deal: who did what, the segment, and the kind.
pub fn keep(fact: &mut DealFact, on_record: &Deal) {
    fact.declaration = Declaration::Unknown;
    fact.credits.clear();
    fact.segment = on_record.segment_id.map(Reference::Known);
    fact.kind = on_record.kind;
}

/// Whether what is on record is newer than the import whose row would overwrite it.
///
/// # Errors
/// [`NotOpen::Overtaken`].
pub fn in_time(run: &ImportRun, on_record: &Deal) -> Result<(), NotOpen> {
    if run.finished_at.is_some_and(|finished| on_record.updated_at > finished) {
        Err(NotOpen::Overtaken)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::run::{Counts, Made};
    use crate::import::{Object, Problem};

    fn run(state: RunState, is_dry_run: bool) -> ImportRun {
        let at = DateTime::UNIX_EPOCH;
        ImportRun {
            id: Uuid::nil(),
            object: Object::Deals,
            file_name: "deals.csv".into(),
            file_sha256: String::new(),
            file_bytes: 0,
            mapping: String::new(),
            is_dry_run,
            state,
            failure: None,
            worker_id: Uuid::nil(),
            seat_id: Uuid::nil(),
            spool_path: None,
            header: String::new(),
            preamble: String::new(),
            delimiter: ',',
            bytes_read: 0,
            counts: Counts::default(),
            made: Made::default(),
            started_at: at,
            updated_at: at,
            finished_at: Some(at),
        }
    }

    fn row(verdict: Verdict, code: Code) -> ImportRow {
        let problems = vec![Problem::new(code, "why")];
        ImportRow { row_number: 2, verdict, problems, raw: String::new(), decided: None }
    }

    #[test]
    fn a_locked_deal_is_kept_and_never_edited() {
        let done = run(RunState::Done, false);
        for code in [Code::LockedAttribution, Code::LockedSegment, Code::LockedKind] {
            let locked = row(Verdict::Held, code);
            assert_eq!(open(&done, &locked, Decision::Accept, false), Err(NotOpen::Locked));
            assert_eq!(open(&done, &locked, Decision::Accept, true), Err(NotOpen::Locked));
            assert_eq!(open(&done, &locked, Decision::Keep, false), Ok(()));
            assert_eq!(open(&done, &locked, Decision::Keep, true), Err(NotOpen::NothingToMend));
            assert_eq!(open(&done, &locked, Decision::Skip, false), Ok(()));
        }
    }

    #[test]
    fn only_a_held_row_of_a_run_that_wrote_is_decided() {
        let held = row(Verdict::Held, Code::UnmappedStage);
        let done = run(RunState::Done, false);
        assert_eq!(open(&done, &held, Decision::Accept, true), Ok(()));
        assert_eq!(open(&done, &held, Decision::Keep, false), Err(NotOpen::NothingToKeep));
        assert_eq!(open(&done, &held, Decision::Refuse, true), Err(NotOpen::NothingToMend));
        assert_eq!(open(&run(RunState::Done, true), &held, Decision::Skip, false), Err(NotOpen::NotDone));
        assert_eq!(open(&run(RunState::Applying, false), &held, Decision::Skip, false), Err(NotOpen::NotDone));
        let refused = row(Verdict::Refused, Code::NotADate);
        assert_eq!(open(&done, &refused, Decision::Accept, true), Err(NotOpen::NotHeld));
    }
}

//! Which partner motions go with closed-won, what came in twice, and what feeds what.

use super::failure::Failure;
use super::measurement::{Ask, Measures, measure};
use super::office::Caller;
use domain::book::{Kinds, Place};
use domain::cell::Cohort;
use domain::economics::Worth;
use domain::motion::{Duplicate, DuplicateKind, MotionOutcome, MotionTally};
use domain::role::Action;
pub use entity::motion::Inflow;
use std::sync::Arc;
use strum::IntoEnumIterator;

/// By what outcomes are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotionGroup {
    /// By what partners are recorded to have done.
    Motion,
    /// By attribution state.
    AttributionState,
}

/// How closed NEW deals ended by motion or state, beside direct ones.
///
/// # Errors
/// [`Failure`].
pub async fn outcomes(
    caller: &Caller,
    group: MotionGroup,
    ask: Ask,
) -> Result<(Arc<Measures>, Vec<MotionOutcome>), Failure> {
    let measures = measure(caller, Action::ReadMotions, ask, None).await?;
    let direct = measures.book.win_rate(None, Place::All, Cohort::Direct);
    let tallies = match group {
        MotionGroup::Motion => {
            let slice = caller.authorise(Action::ReadMotions)?;
            entity::motion::motions(caller.office.store.read(), slice, measures.frame.window).await?
        }
        MotionGroup::AttributionState => {
            [("SOURCED", Cohort::Sourced), ("INFLUENCED", Cohort::Influenced), ("ACCELERATED", Cohort::Accelerated)]
                .map(|(word, cohort)| {
                    let value = measures.book.value(None, Place::All, cohort, Kinds::New);
                    MotionTally { motion: word.into(), won: Worth::won(&value), lost: value.lost }
                })
                .into()
        }
    };
    let outcomes = tallies.into_iter().map(|tally| MotionOutcome::of(tally, direct, &measures.policy)).collect();
    Ok((measures, outcomes))
}

/// Rows that look like one and the same thing, of one kind or of all.
///
/// # Errors
/// [`Failure`].
pub async fn duplicates(caller: &Caller, kind: Option<DuplicateKind>) -> Result<Vec<Duplicate>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    let mut found = Vec::new();
    for kind in DuplicateKind::iter().filter(|it| kind.is_none_or(|kind| kind == *it)) {
        found.extend(entity::motion::duplicates(caller.office.store.read(), slice, kind).await?);
    }
    Ok(found)
}

/// What comes in from which system.
///
/// # Errors
/// [`Failure`].
pub async fn inflows(caller: &Caller) -> Result<Vec<Inflow>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(entity::motion::inflows(caller.office.store.read(), slice).await?)
}

//! The CFO pack: exactly the four metrics of the CFO test, read where everybody else reads them.

use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{Ask, Measures, measure};
use super::office::Caller;
use domain::calendar::Quarter;
use domain::partner::Partner;
use domain::positive_share::PositiveShare;
use domain::role::Action;
use domain::segment::Segment;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The pack of a quarter.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The quarter; the trailing four end with it.
    pub quarter: Quarter,
    /// The numbers.
    pub measures: Arc<Measures>,
    /// The share of co-sell ARR in pairs with a positive Trust-Gap, with the pairs.
    pub share: PositiveShare,
    /// The partners that the caller may list, by name.
    pub partners: Vec<Partner>,
    /// The segments.
    pub segments: HashMap<Uuid, Segment>,
}

/// The pack of a completed quarter; of the last one where none is named.
///
/// # Errors
/// [`Failure::Invalid`] for a quarter that is not over, [`Failure::Denied`], or a storage failure.
pub async fn pack(caller: &Caller, quarter: Option<Quarter>) -> Result<Pack, Failure> {
    let slice = caller.authorise(Action::ReadCfoPack)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = &program.calendar;
    let last = calendar.last_completed(calendar.day(caller.office.clock.now()));
    let quarter = quarter.unwrap_or(last);
    if quarter > last {
        let message = format!("{quarter} is not over: the last completed quarter is {last}");
        return Err(Problem::at(["quarter"], ProblemCode::Invalid, message).into());
    }
    let ask = Ask { as_of: Some(calendar.last_day(quarter)), with_medians: true, ..Ask::default() };
    let measures = measure(caller, Action::ReadCfoPack, ask, None).await?;
    let share = PositiveShare::of(&measures.book, &measures.policy);
    let partners = entity::partner::all(store, slice).await?;
    let segments = entity::segment::all(store, slice).await?.into_iter().map(|segment| (segment.id, segment)).collect();
    Ok(Pack { quarter, measures, share, partners, segments })
}

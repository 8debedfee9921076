//! How good the facts are, what feeds them, and what rests on customers rather than deals.

use super::failure::Failure;
use super::office::Caller;
use chrono::NaiveDate;
use domain::calendar::Window;
use domain::program::Program;
use domain::role::Action;
pub use entity::quality::{AttributionCount, CustomerRevenue, Input, Quality};

/// How good the program's facts are: the direct baseline above all, because Trust-Gap rests on it (paper: who this is not for).
///
/// # Errors
/// [`Failure`].
pub async fn quality(caller: &Caller) -> Result<Quality, Failure> {
    let slice = caller.authorise(Action::ReadPipeline)?;
    Ok(entity::quality::quality(caller.office.store.read(), slice).await?)
}

/// How many attributions there are by state, provenance, lateness and lock.
///
/// # Errors
/// [`Failure`].
pub async fn attributions(caller: &Caller) -> Result<Vec<AttributionCount>, Failure> {
    let slice = caller.authorise(Action::ReadPipeline)?;
    Ok(entity::quality::attributions(caller.office.store.read(), slice).await?)
}

/// Every kind of fact with its source and freshness (mental model: list your inputs and where they come from).
///
/// # Errors
/// [`Failure`].
pub async fn inputs(caller: &Caller) -> Result<Vec<Input>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(entity::quality::inputs(caller.office.store.read(), slice).await?)
}

/// Won ARR of the trailing four quarters by whether the customer uses a partner (the role: "revenue with customers who use a
/// partner"). It is another number than the INFLUENCED state's.
///
/// # Errors
/// [`Failure`].
pub async fn customer_revenue(
    caller: &Caller,
    as_of: Option<NaiveDate>,
) -> Result<(Program, NaiveDate, Window, CustomerRevenue), Failure> {
    let slice = caller.authorise(Action::ReadTotals)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let as_of = as_of.unwrap_or_else(|| program.calendar.day(caller.office.clock.now()));
    let window = program.calendar.trailing_four(as_of);
    let revenue = entity::quality::customer_revenue(store, slice, window).await?;
    Ok((program, as_of, window, revenue))
}

//! Whether a partner may ask for market development funds.

use super::failure::Failure;
use super::office::Caller;
use domain::calendar::Window;
use domain::mdf::{MdfAccess, access, committed};
use domain::partner::Partner;
use domain::role::Action;
use entity::production::Stretch;
use uuid::Uuid;

/// How many iterations before may have committed something for a quarter: a plan has four.
const PLANS_BACK: i32 = 3;

/// The access of a partner that the caller may see, read off the last completed quarter; none where it sees no such partner.
///
/// # Errors
/// [`Failure`].
pub async fn of_partner(caller: &Caller, id: Uuid) -> Result<Option<(Partner, MdfAccess)>, Failure> {
    let slice = caller.authorise(Action::ReadMdfAccess)?;
    let conn = caller.office.store.read();
    let Some(partner) = entity::partner::find(conn, slice, id).await? else { return Ok(None) };
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = program.calendar;
    let today = calendar.day(caller.office.clock.now());
    let quarter = calendar.last_completed(today);
    let mut plans = Vec::new();
    for back in 0..=PLANS_BACK {
        plans.extend(entity::commitment::of_quarter(conn, slice, quarter.plus(-back)).await?);
    }
    let (first, last) = (calendar.first_day(quarter), calendar.last_day(quarter));
    let stretch = Stretch {
        window: Window { from: quarter, to: quarter },
        days: (first, last),
        instants: (calendar.beginning(first), calendar.beginning(calendar.first_day(quarter.plus(1)))),
    };
    let standings = entity::production::standings(conn, slice, &stretch).await?;
    let delivered = standings.get(&id).map_or(0, |standing| standing.sourced_minor);
    let policy = entity::policy::on(conn, slice, today).await?;
    let found = access(quarter, committed(&plans, id, quarter), delivered, (&policy.mdf, policy.version));
    Ok(Some((partner, found)))
}

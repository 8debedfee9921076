//! Credit for a deal: models beside the states, and quota credit apart from revenue.

use super::failure::Failure;
use super::office::Caller;
use domain::credit::{CreditModel, Party, Share, split};
use domain::deal::{Deal, Outcome};
use domain::role::{Action, Role};
use domain::seat::Seat;
use domain::slice::Viewer;
use entity::page::Ask;
use uuid::Uuid;

/// A deal's credit among its partners. It is computed over all of them and shown for those that the caller may see, so that two
/// callers never see two values.
///
/// # Errors
/// [`Failure`].
pub async fn shares(caller: &Caller, deal: &Deal, model: CreditModel) -> Result<Vec<Share>, Failure> {
    let slice = caller.authorise(Action::ReadCredit)?;
    let store = caller.office.store.read();
    let Some(whole) = Viewer::system(slice.program_id()).slice() else { return Err(Failure::Denied) };
    let attributions = entity::attribution::of_deals(store, &whole, &[deal.id]).await?;
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let closed = deal.closed_on.and_then(|day| day.succ_opt());
    let until = closed.map_or_else(|| caller.office.clock.now(), |next| program.calendar.beginning(next));
    let mut touches = entity::activity::touches_of_deal(store, &whole, deal.id, deal.account_id).await?;
    // What came after the close did not bring it about.
    touches.retain(|touch| touch.happened_at <= until);
    let today = program.calendar.day(caller.office.clock.now());
    let policy = entity::policy::on(store, slice, today).await?;
    // A partner without a recorded touch counts as if it had touched the deal when it was opened, or at anybody's first touch
    // where that is earlier: silence never weighs more than a touch.
    let opened = program.calendar.beginning(deal.opened_on);
    let silent = touches.iter().map(|touch| touch.happened_at).fold(opened, std::cmp::Ord::min);
    let mut parties: Vec<Party> = Vec::new();
    for row in attributions.iter().filter(|row| !row.is_late) {
        if parties.iter().any(|party| party.partner_id == row.partner_id) {
            continue;
        }
        let theirs = touches.iter().filter(|touch| touch.partner_id == Some(row.partner_id));
        let mut touched_at: Vec<_> = theirs.map(|touch| touch.happened_at).collect();
        if touched_at.is_empty() {
            touched_at.push(silent);
        }
        parties.push(Party { partner_id: row.partner_id, touched_at });
    }
    // Fixed, so that the remainders fall the same way for everybody.
    parties.sort_by_key(|party| party.partner_id);
    let shares = split(model, &parties, until, deal.arr_minor, policy.credit_half_life_days);
    let ids: Vec<Uuid> = shares.iter().map(|share| share.partner_id).collect();
    let visible = entity::partner::of_ids(store, slice, &ids).await?;
    Ok(shares.into_iter().filter(|share| visible.iter().any(|partner| partner.id == share.partner_id)).collect())
}

/// The people who get full quota credit for a won deal: its owner, and the managers of the partners on it. Quota credit is never
/// added up to revenue.
///
/// # Errors
/// [`Failure`].
pub async fn quota(caller: &Caller, deal: &Deal) -> Result<Vec<Seat>, Failure> {
    let slice = caller.authorise(Action::ReadCredit)?;
    if deal.outcome != Outcome::Won {
        return Ok(Vec::new());
    }
    let store = caller.office.store.read();
    let attributions = entity::attribution::of_deals(store, slice, &[deal.id]).await?;
    // A program's people are hundreds at most.
    let seats = entity::seat::page(store, slice, &Ask { limit: 10_000, ..Ask::default() }).await?.rows;
    let is_owner = |seat: &Seat| {
        deal.owner_seat_id == Some(seat.id)
            || (deal.owner_external_id.is_some() && seat.owner_external_id == deal.owner_external_id)
    };
    let is_manager = |seat: &Seat| {
        seat.role == Role::PartnerManager
            && attributions.iter().any(|row| !row.is_late && seat.partners.contains(&row.partner_id))
    };
    Ok(seats.into_iter().filter(|seat| is_owner(seat) || is_manager(seat)).collect())
}

//! To whom a lead goes: the owner of the account's open deal, else whom the program's rules name, at once.

use super::commit::Work;
use super::failure::Failure;
use super::routing;
use domain::account::Account;
use domain::deal::Outcome;
use domain::lead::{Lead, LeadRoute};
use domain::role::{Action, may};
use domain::routing::Arrival;
use domain::slice::{Slice, Viewer};
use entity::page::Ask;
use uuid::Uuid;

/// The whole program: routing looks at accounts and deals that whoever brings the lead does not see.
fn whole(work: &Work<'_>) -> Result<Slice, Failure> {
    Viewer::system(work.program_id()).slice().ok_or(Failure::Denied)
}

/// An account, whoever asks.
pub(super) async fn account(work: &Work<'_>, id: Option<Uuid>) -> Result<Option<Account>, Failure> {
    match id {
        Some(id) => Ok(entity::account::find(&work.tx, &whole(work)?, id).await?),
        None => Ok(None),
    }
}

/// Finds the lead's account and its owner. One that no rule fits stays without, for RevOps to assign.
pub(super) async fn route(work: &Work<'_>, lead: &mut Lead) -> Result<(), Failure> {
    let whole = whole(work)?;
    let account = match &lead.account_domain {
        Some(domain) => {
            let filter = entity::account::Filter { domains: Some(vec![domain.clone()]), ..Default::default() };
            let ask = Ask { limit: 2, ..Ask::default() };
            let found = entity::account::page(&work.tx, &whole, &filter, entity::account::Order::Name, &ask).await?;
            // Two accounts of one domain are not told apart by guess.
            if found.rows.len() == 1 { found.rows.into_iter().next() } else { None }
        }
        None => None,
    };
    lead.account_id = account.as_ref().map(|account| account.id);
    let found = match of_account(work, &whole, lead.account_id).await? {
        Some(seat) => Some((seat, LeadRoute::AccountOwner)),
        None => by_rule(work, lead, account.as_ref()).await?.map(|seat| (seat, LeadRoute::Rule)),
    };
    if let Some((seat, route)) = found {
        lead.owner_seat_id = Some(seat);
        lead.route = Some(route);
        lead.routed_at = Some(work.now);
    }
    Ok(())
}

/// The owner of the latest open deal on the account, where that is a seat that may decide.
async fn of_account(work: &Work<'_>, whole: &Slice, account: Option<Uuid>) -> Result<Option<Uuid>, Failure> {
    let Some(account) = account else { return Ok(None) };
    let filter = entity::deal::Filter {
        accounts: Some(vec![account]),
        outcomes: Some(vec![Outcome::Open]),
        ..Default::default()
    };
    let ask = Ask { limit: 20, descending: true, ..Ask::default() };
    let deals = entity::deal::page(&work.tx, whole, &filter, entity::deal::Order::OpenedOn, &ask).await?;
    let Some(owner) = deals.rows.iter().find_map(|deal| deal.owner_seat_id) else { return Ok(None) };
    let seat = entity::seat::find(&work.tx, whole, owner).await?;
    Ok(seat.filter(|seat| seat.revoked_at.is_none() && may(seat.role, Action::DecideLeads)).map(|seat| seat.id))
}

/// The seat that the program's routing rules name, as they do for registrations, where it may decide about leads.
async fn by_rule(work: &Work<'_>, lead: &Lead, account: Option<&Account>) -> Result<Option<Uuid>, Failure> {
    let arrival = Arrival {
        segment_id: account.and_then(|account| account.segment_id),
        region: account.and_then(|account| account.region.as_deref()),
        domain: lead.account_domain.as_deref(),
        partner_id: lead.origin.partner_id,
    };
    Ok(routing::seat_for(work, arrival, Action::DecideLeads).await?.map(|seat| seat.id))
}

//! What a seat holds, so that the motion does not leave with whoever held the relationship (seed 001).

use super::failure::Failure;
use super::office::Caller;
use domain::deal::Deal;
use domain::lead::{Lead, LeadState};
use domain::partner::Partner;
use domain::registration::{Registration, StateWord};
use domain::role::Action;
use domain::seat::{Pod, Seat};
use domain::sla::{SlaClock, SlaState};
use entity::page::Ask;
use entity::{deal, lead, registration, sla_clock};
use strum::IntoEnumIterator;
use uuid::Uuid;

/// The most rows of a kind that are shown one by one; all are counted.
const SHOWN_MOST: u64 = 100;

/// What a seat holds.
#[derive(Clone, Debug)]
pub struct Handover {
    /// The seat; it may be revoked already.
    pub seat: Seat,
    /// The pods that it is a member of.
    pub pods: Vec<Pod>,
    /// The partners that it manages.
    pub partners: Vec<Partner>,
    /// Open deals that it owns, here or by its id in the CRM: how many, and the first of them.
    pub deals: (u64, Vec<Deal>),
    /// Registrations that it owns and that are live.
    pub registrations: (u64, Vec<Registration>),
    /// Leads that it owns and that sales has not turned into anything.
    pub leads: (u64, Vec<Lead>),
    /// Promises about the rows above that are still owed, in time or not, the first due first.
    pub clocks: Vec<SlaClock>,
}

/// What a seat of the program holds; none where there is no such seat.
///
/// # Errors
/// [`Failure`].
pub async fn of_seat(caller: &Caller, id: Uuid) -> Result<Option<Handover>, Failure> {
    let slice = caller.authorise(Action::ReadHandover)?;
    let conn = caller.office.store.read();
    let Some(seat) = entity::seat::find(conn, slice, id).await? else { return Ok(None) };
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let now = caller.office.clock.now();
    let ask = Ask { limit: SHOWN_MOST, ..Ask::default() };
    let deals = deal::held(conn, slice, (id, seat.owner_external_id.as_deref()), &ask).await?;
    let filter = registration::Filter {
        states: Some(StateWord::iter().filter(|state| state.is_live()).collect()),
        today: program.calendar.day(now),
        partners: None,
        owners: Some(vec![id]),
    };
    let page = registration::page(conn, slice, &filter, &ask).await?;
    let registrations = (registration::count(conn, slice, &filter).await?, page.rows);
    let filter = lead::Filter {
        states: Some(vec![LeadState::Open, LeadState::Accepted]),
        owners: Some(vec![id]),
        ..lead::Filter::default()
    };
    let leads = (lead::count(conn, slice, &filter).await?, lead::page(conn, slice, &filter, &ask).await?.rows);
    let subjects: Vec<Uuid> = deals
        .1
        .iter()
        .map(|row| row.id)
        .chain(registrations.1.iter().map(|row| row.id))
        .chain(leads.1.iter().map(|row| row.id))
        .collect();
    let filter = sla_clock::Filter {
        states: Some((vec![SlaState::Running, SlaState::Missed], now)),
        subjects: Some(subjects),
        ..sla_clock::Filter::default()
    };
    let mut clocks = sla_clock::page(conn, slice, &filter, &ask).await?.rows;
    // A promise that was kept late is missed, and owed no more.
    clocks.retain(|clock| clock.met_at.is_none() && clock.stopped_at.is_none());
    let pods = entity::pod::of_ids(conn, slice, &seat.pods).await?;
    let partners = entity::partner::of_ids(conn, slice, &seat.partners).await?;
    Ok(Some(Handover { seat, pods, partners, deals, registrations, leads, clocks }))
}

//! Leads: recorded by whoever brought them, routed at once, decided by sales, and turned into deals.

use super::commit::{Done, Key, Work, commit};
use super::deal::{self, Facts};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::measurement::WindowKind;
use super::office::Caller;
use super::{lead_route, origin, routing, sla};
use chrono::{DateTime, NaiveDate, Utc};
use domain::account::domain_of;
use domain::calendar::Window;
use domain::deal::DealSource;
use domain::lead::{Acceptance, Lead, LeadClass, LeadGroup, LeadRefusal, LeadRoute, LeadState, LeadStop, acceptance};
use domain::origin::Origin;
use domain::role::{Action, Role};
use domain::sla::SlaKind;
use domain::slice::Reach;
use domain::text;
pub use entity::lead::{Filter, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// A lead to record.
#[derive(Clone, Debug)]
pub struct New {
    /// What it is about.
    pub name: String,
    /// Its class; a partner's own lead is an EQL where it says nothing.
    pub class: LeadClass,
    /// Where it came from.
    pub source: DealSource,
    /// Through whom, in detail. A partner's token is its own partner.
    pub origin: Origin,
    /// The account's web site or domain.
    pub account: Option<String>,
    /// The buyer's role.
    pub contact_role: Option<String>,
    /// When it was received; now where nothing is said.
    pub received_at: Option<DateTime<Utc>>,
}

/// A page of leads in the order of the queue: EQLs first, then what is due first.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Lead>, Failure> {
    let slice = caller.authorise(Action::ReadLeads)?;
    Ok(entity::lead::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many leads there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadLeads)?;
    Ok(entity::lead::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these leads that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Lead>, Failure> {
    let slice = caller.authorise(Action::ReadLeads)?;
    Ok(entity::lead::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// The names of the people that leads are with.
///
/// # Errors
/// [`Failure`].
pub async fn owners(caller: &Caller, seats: &[Uuid]) -> Result<HashMap<Uuid, String>, Failure> {
    let slice = caller.authorise(Action::ReadLeadsInside)?;
    let seats = entity::seat::of_ids(caller.office.store.read(), slice, seats).await?;
    Ok(seats.into_iter().map(|seat| (seat.id, seat.name)).collect())
}

/// SAL acceptance over leads received in the window, by group. Rates are program-wide; the caller lists the groups it may see.
///
/// # Errors
/// [`Failure`].
pub async fn sal_acceptance(
    caller: &Caller,
    group: LeadGroup,
    as_of: Option<NaiveDate>,
    window: WindowKind,
) -> Result<(NaiveDate, Window, Vec<Acceptance>), Failure> {
    let slice = caller.authorise(Action::ReadSalAcceptance)?;
    let (store, now) = (caller.office.store.read(), caller.office.clock.now());
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(now);
    let policy = entity::policy::on(store, slice, today).await?;
    let as_of = as_of.unwrap_or(today);
    let window = window.window(&program.calendar, as_of);
    let (from, to) = domain::lead::span(&program.calendar, window);
    let tallies = entity::lead::tallies(store, slice, from, to, now).await?;
    Ok((as_of, window, acceptance(&tallies, group, &policy)))
}

fn refused(path: &'static str, why: LeadStop) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, why.to_string()).by(why.into()).into()
}

fn body(lead: &Lead) -> serde_json::Value {
    let word = |word: &'static str| word;
    json!({
        "name": lead.name, "class": word(lead.class.into()), "state": word(lead.state.into()), "sourcePartnerId": lead.origin.partner_id,
        "sourceDetail": lead.origin.source_detail, "referralToken": lead.origin.referral_token, "ownerSeatId": lead.owner_seat_id,
        "route": lead.route.map(|route| word(route.into())), "refusal": lead.refusal.map(|why| word(why.into())), "dealId": lead.deal_id,
        "version": lead.version,
    })
}

/// Tells subscribers: small, they refetch.
fn announce(work: &mut Work<'_>, kind: &'static str, lead: &Lead) {
    let (class, state): (&str, &str) = (lead.class.into(), lead.state.into());
    let body = json!({ "class": class, "state": state, "partnerId": lead.origin.partner_id, "ownerSeatId": lead.owner_seat_id });
    work.announce(kind, lead.id, body);
}

/// Records a lead and routes it in the same transaction. What it came through is fixed here, and survives to closed-won.
///
/// # Errors
/// [`Failure`].
pub async fn record(caller: &Caller, new: New, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::RecordLeads, key, async |work| {
        let mut problems = Problems::default();
        let given = match work.slice.reach() {
            Reach::Own { partner } => Origin { partner_id: Some(*partner), ..new.origin.clone() },
            Reach::Program
            | Reach::ClosedDeals
            | Reach::Partners
            | Reach::Pods { .. }
            | Reach::Owned { .. }
            | Reach::Managed { .. } => new.origin.clone(),
        };
        let origin = origin::read(work, &mut problems, &given).await?;
        let name = problems.take("name", text::name(&new.name, 300)).unwrap_or_default();
        let contact_role =
            new.contact_role.as_ref().and_then(|role| problems.take("contactRole", text::name(role, 200)));
        let account_domain = new.account.as_ref().and_then(|given| problems.take("account", domain_of(given)));
        let received_at = new.received_at.unwrap_or(work.now);
        if received_at > work.now {
            problems.note("receivedAt", ProblemCode::Invalid, "a lead that is still to come is not a fact yet");
        }
        if matches!(work.slice.reach(), Reach::Managed { .. }) && origin.partner_id.is_none() {
            problems.note("sourcePartnerId", ProblemCode::Required, "name the partner on whose behalf it is recorded");
        }
        problems.settle()?;
        Lead::check(new.class, new.source, origin.partner_id).map_err(|why| refused("sourcePartnerId", why))?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let policy = entity::policy::on(&work.tx, work.slice, program.calendar.day(work.now)).await?;
        let mut lead = Lead {
            id: work.id(),
            name,
            class: new.class,
            source: new.source,
            origin,
            account_domain,
            account_id: None,
            contact_role,
            received_at: entity::column::instant(received_at),
            owner_seat_id: None,
            route: None,
            routed_at: None,
            decide_by: Lead::due(new.class, entity::column::instant(received_at), &policy),
            state: LeadState::Open,
            decided_at: None,
            decided_by: None,
            refusal: None,
            note: None,
            deal_id: None,
            version: 1,
            recorded_at: work.now,
        };
        lead_route::route(work, &mut lead).await?;
        entity::lead::insert(&work.tx, work.slice, &lead).await?;
        work.record("lead.record", "Lead", lead.id, body(&lead));
        let partner = lead.origin.partner_id;
        sla::start(work, SlaKind::FirstTouch, "Lead", lead.id, partner, work.now).await?;
        // Whether an owner was found at once hangs on accounts and deals that the partner does not see: this promise is the program's.
        routing::promise(work, "Lead", lead.id, None, lead.owner_seat_id.is_some()).await?;
        announce(work, RECORDED_EVENT, &lead);
        Ok(lead.id)
    })
    .await
}

async fn change(work: &mut Work<'_>, id: Uuid, expected: Option<i64>) -> Result<Lead, Failure> {
    let lead = entity::lead::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
    work.expect_version(lead.version, expected)?;
    Ok(lead)
}

async fn write(work: &mut Work<'_>, verb: &'static str, event: &'static str, lead: &mut Lead) -> Result<(), Failure> {
    lead.version += 1;
    entity::lead::update(&work.tx, work.slice, lead).await?;
    work.record(verb, "Lead", lead.id, body(lead));
    announce(work, event, lead);
    Ok(())
}

/// Records that somebody of the vendor spoke to a lead. Only the first time counts; a decision is one too.
///
/// # Errors
/// [`Failure`].
pub async fn touch(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::DecideLeads, key, async |work| {
        let lead = change(work, id, expected).await?;
        if lead.state != LeadState::Open {
            return Err(refused("id", LeadStop::LeadDecided));
        }
        let clock = sla::meet(work, SlaKind::FirstTouch, id, work.now).await?;
        if clock.is_some_and(|clock| clock.met_at == Some(work.now)) {
            work.record("lead.touch", "Lead", id, json!({}));
        }
        Ok(id)
    })
    .await
}

/// Accepts a lead (SAL), or refuses it with a reason.
///
/// # Errors
/// [`Failure`].
pub async fn decide(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    refusal: Option<LeadRefusal>,
    note: Option<String>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::DecideLeads, key, async |work| {
        let mut lead = change(work, id, expected).await?;
        let mut problems = Problems::default();
        let note = note.as_ref().and_then(|note| problems.take("note", text::name(note, 2000)));
        problems.settle()?;
        lead.decide(refusal, note, caller.viewer.seat_id, work.now).map_err(|why| refused("id", why))?;
        sla::meet(work, SlaKind::FirstTouch, id, work.now).await?;
        // A lead that sales decided about without an owner needs none any more.
        sla::stop(work, SlaKind::Routing, id, work.now).await?;
        write(work, "lead.decide", DECIDED_EVENT, &mut lead).await?;
        Ok(id)
    })
    .await
}

/// Gives a lead to a seat by hand.
///
/// # Errors
/// [`Failure`].
pub async fn assign(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    seat_id: Uuid,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::AssignLeads, key, async |work| {
        let mut lead = change(work, id, expected).await?;
        let seat = entity::seat::find(&work.tx, work.slice, seat_id).await?.filter(|seat| seat.revoked_at.is_none());
        let decides = seat.is_some_and(|seat| domain::role::may(seat.role, Action::DecideLeads));
        if !decides {
            let message = "there is no such seat that may decide about leads";
            return Err(Problem::at(["ownerSeatId"], ProblemCode::NotFound, message).into());
        }
        if lead.state != LeadState::Open {
            return Err(refused("id", LeadStop::LeadDecided));
        }
        if lead.owner_seat_id != Some(seat_id) {
            lead.owner_seat_id = Some(seat_id);
            lead.route = Some(LeadRoute::Hand);
            lead.routed_at = Some(work.now);
            sla::meet(work, SlaKind::Routing, id, work.now).await?;
            write(work, "lead.assign", ROUTED_EVENT, &mut lead).await?;
        }
        Ok(id)
    })
    .await
}

/// Makes the deal that an accepted lead became. Source partner, detail and token go with it; the lead's owner owns it, where that
/// is a customer-facing AE.
///
/// # Errors
/// [`Failure`].
pub async fn convert(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ConvertLeads, key, async |work| {
        let mut lead = change(work, id, expected).await?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let facts = Facts {
            name: facts.name.clone().or_else(|| Some(lead.name.clone())),
            opened_on: facts.opened_on.or_else(|| Some(program.calendar.day(work.now))),
            source: facts.source.or(Some(Some(lead.source))),
            ..facts.clone()
        };
        let (mut deal, rows) = deal::draft(work, &facts).await?;
        lead.convert(deal.id).map_err(|why| refused("id", why))?;
        if deal.account_id.is_none()
            && let Some(account) = lead_route::account(work, lead.account_id).await?
        {
            deal.account_id = Some(account.id);
            deal.segment_id = deal.segment_id.or(account.segment_id);
        }
        if let Some(owner) = lead.owner_seat_id {
            let seat = entity::seat::find(&work.tx, work.slice, owner).await?;
            deal.owner_seat_id = seat.filter(|seat| seat.role == Role::CustomerAe).map(|seat| seat.id);
        }
        deal::put(work, &deal, rows).await?;
        if !lead.origin.is_empty() {
            entity::deal_origin::upsert(&work.tx, work.slice, &[(deal.id, lead.origin.clone())]).await?;
        }
        write(work, "lead.convert", "LEAD_CONVERTED", &mut lead).await?;
        Ok(id)
    })
    .await
}

/// The kind of the event that tells that a lead was recorded, and routed where a rule fits.
pub const RECORDED_EVENT: &str = "LEAD_RECORDED";
/// The kind of the event that tells that a lead was given to another owner.
pub const ROUTED_EVENT: &str = "LEAD_ROUTED";
/// The kind of the event that tells that sales decided.
pub const DECIDED_EVENT: &str = "LEAD_DECIDED";

impl Followed for Lead {
    const ACTION: Action = Action::ReadLeads;
    const KINDS: &'static [&'static str] = &[RECORDED_EVENT, ROUTED_EVENT, DECIDED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        // Who owns it is the vendor's own affair.
        if event.kind == ROUTED_EVENT && !caller.viewer.may(Action::ReadLeadsInside) {
            return Ok(None);
        }
        Ok(of_ids(caller, &[event.subject_id]).await?.into_iter().next())
    }
}

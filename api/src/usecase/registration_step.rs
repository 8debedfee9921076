//! The steps of a registration after it was submitted: touched, decided, met, summarised, refreshed, taken back, expired.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::ledger::claims;
use super::office::Caller;
use super::registration::{self, body, open_deal, refused, today, whole};
use super::{contract, precheck, registration_lock, sla};
use chrono::{DateTime, NaiveDate, Utc};
use domain::deal::Outcome;
use domain::ledger::{EntryKind, FACT, INSIDE, PARTNERS};
use domain::program::Program;
use domain::registration::{Mark, Registration, RegistrationRefusal, Summary, Terms, Verdict};
use domain::role::{Action, Role, may};
use domain::sla::SlaKind;
use domain::slice::Slice;
use domain::template::{Acceptance, TemplateKind, acceptance};
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// What a step works with: the program, what day it is there, and who is at work.
pub(super) struct At {
    pub program: Program,
    pub today: NaiveDate,
    pub mark: Mark,
}

impl At {
    pub(super) async fn now(work: &Work<'_>) -> Result<Self, Failure> {
        let (program, today) = today(work).await?;
        let mark = Mark { at: work.now, by: work.seat_id() };
        Ok(Self { program, today, mark })
    }
}

/// What a partner's registrations run by on a day: its contract's numbers, else the policy's.
async fn terms(work: &Work<'_>, partner: Uuid, day: NaiveDate) -> Result<Terms, Failure> {
    let policy = entity::policy::on(&work.tx, work.slice, day).await?;
    Ok(Terms::agreed(contract::on(work, partner, day).await?.as_ref(), &policy))
}

/// Takes one step of a registration of the caller's slice. Nobody else is at work on its domain meanwhile.
async fn step<F>(
    caller: &Caller,
    action: Action,
    (id, expected): (Uuid, Option<i64>),
    key: Option<Key>,
    verb: &'static str,
    change: F,
) -> Result<Done, Failure>
where
    F: AsyncFnOnce(&mut Work<'_>, &mut Registration, &At) -> Result<(), Failure>,
{
    commit(caller, action, key, async |work| {
        let found = entity::registration::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        entity::registration_line::hold(&work.tx, work.slice, &found.domain).await?;
        let mut it = entity::registration::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(it.version, expected)?;
        let at = At::now(work).await?;
        it.state = it.state.on(at.today);
        // Before the change, so that its entry states the version that it leads to.
        it.version += 1;
        change(work, &mut it, &at).await?;
        entity::registration::update(&work.tx, work.slice, &it).await?;
        work.record(verb, "Registration", id, body(&it));
        Ok(id)
    })
    .await
}

/// Enters what a registration came to: the partner that claims may hold a receipt, with its days and the reason, and its place among
/// rivals stays inside. Who buys and why is not entered: Finance reads the ledger and no open pipeline.
pub(super) fn enter(work: &mut Work<'_>, kind: EntryKind, it: &Registration) {
    let mut facts = json!({ "domain": it.domain, "accountName": it.account_name, "state": word(it) });
    facts[PARTNERS] = json!([claims::own_part(it)]);
    facts[INSIDE] = json!({ "claimNumber": it.claim_number, "conflictId": it.conflict_id, "version": it.version, FACT: claims::registration(it) });
    work.enter(kind, "Registration", it.id, &[it.partner_id], facts);
}

pub(super) fn at_id(refusal: RegistrationRefusal) -> Failure {
    refused("id", refusal).into()
}

pub(super) fn verdict(reason: &str, mark: Mark) -> Result<Verdict, Failure> {
    let reason = text::name(reason, 2000);
    let reason = reason.map_err(|why| Problem::at(["reason"], ProblemCode::Required, format!("a reason {why}")))?;
    Ok(Verdict { mark, reason })
}

/// Records the owner's first touch.
///
/// # Errors
/// [`Failure`].
pub async fn touch(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    let verb = "registration.touch";
    step(caller, Action::DecideRegistrations, (id, expected), key, verb, async |work, it, at| {
        if it.first_touch.is_some() {
            return Err(at_id(RegistrationRefusal::AlreadyTouched));
        }
        if !it.state.word().is_live() {
            return Err(at_id(RegistrationRefusal::AlreadyOver));
        }
        it.first_touch = Some(at.mark);
        sla::meet(work, SlaKind::FirstTouch, id, work.now).await?;
        Ok(())
    })
    .await
}

/// Gives a live registration to a seat that may decide it; the deal that it opened goes with it, where the seat is a
/// customer-facing AE.
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
    let verb = "registration.assign";
    step(caller, Action::AssignRegistrations, (id, expected), key, verb, async |work, it, _| {
        let seat = entity::seat::find(&work.tx, work.slice, seat_id).await?.filter(|seat| seat.revoked_at.is_none());
        let Some(seat) = seat.filter(|seat| may(seat.role, Action::DecideRegistrations)) else {
            let message = "there is no such seat that may decide registrations";
            return Err(Problem::at(["ownerSeatId"], ProblemCode::NotFound, message).into());
        };
        if !it.state.word().is_live() {
            return Err(at_id(RegistrationRefusal::AlreadyOver));
        }
        it.owner_seat_id = Some(seat_id);
        sla::meet(work, SlaKind::Routing, id, work.now).await?;
        if let (Some(deal_id), true, Role::CustomerAe) = (it.deal_id, it.has_opened_deal, seat.role)
            && let Some(mut deal) = entity::deal::find_to_change(&work.tx, work.slice, deal_id).await?
            && deal.owner_seat_id.is_none()
        {
            deal.owner_seat_id = Some(seat_id);
            deal.owner_external_id = seat.owner_external_id;
            deal.version += 1;
            deal.updated_at = work.now;
            entity::deal::update(&work.tx, work.slice, &deal).await?;
            work.record("deal.update", "Deal", deal_id, super::deal::body(&deal));
        }
        Ok(())
    })
    .await
}

/// What the vendor says to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes: the clocks begin.
    Approve,
    /// No.
    Refuse,
}

/// Approves or refuses, with a reason that the partner reads.
///
/// # Errors
/// [`Failure`].
pub async fn decide(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    decision: Decision,
    reason: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let verb = "registration.decide";
    step(caller, Action::DecideRegistrations, (id, expected), key, verb, async |work, it, at| {
        if it.submitted_by == at.mark.by {
            return Err(at_id(RegistrationRefusal::OwnRegistration));
        }
        let verdict = verdict(reason, at.mark)?;
        // A decision is an answer: it keeps the promise of a first touch, and needs no owner any more.
        sla::meet(work, SlaKind::FirstTouch, id, work.now).await?;
        it.first_touch = it.first_touch.or(Some(at.mark));
        stop_promises(work, id).await?;
        match decision {
            Decision::Approve => {
                approve(work, it, at, verdict).await?;
                enter(work, EntryKind::RegistrationApproved, it);
                if !is_over(work, it.deal_id).await? {
                    let partner = Some(it.partner_id);
                    sla::start(work, SlaKind::JoinFirstCall, "Registration", id, partner, work.now).await?;
                }
                registration_lock::convert_approved(work, it).await?;
            }
            Decision::Refuse => {
                it.state = it.state.refuse(verdict).map_err(at_id)?;
                drop_deal(work, it, at).await?;
                enter(work, EntryKind::RegistrationRefused, it);
            }
        }
        work.announce(registration::DECIDED_EVENT, id, json!({ "partnerId": it.partner_id, "state": word(it) }));
        Ok(())
    })
    .await
}

/// What the vendor owed a registration that is over is not owed any more; what was missed by then stays missed.
pub(super) async fn stop_promises(work: &mut Work<'_>, id: Uuid) -> Result<(), Failure> {
    sla::stop(work, SlaKind::FirstTouch, id, work.now).await?;
    sla::stop(work, SlaKind::Routing, id, work.now).await?;
    sla::stop(work, SlaKind::JoinFirstCall, id, work.now).await?;
    Ok(())
}

/// The first call of a registration was joined, by when it was held; a call before its approval is none of it.
async fn joined(work: &mut Work<'_>, it: &Registration, held_at: DateTime<Utc>) -> Result<(), Failure> {
    if it.state.grant().is_some_and(|grant| held_at >= grant.verdict.mark.at) {
        sla::meet(work, SlaKind::JoinFirstCall, it.id, held_at).await?;
    }
    Ok(())
}

/// Whether the deal is closed already: its first call is behind it.
async fn is_over(work: &Work<'_>, deal: Option<Uuid>) -> Result<bool, Failure> {
    let Some(deal) = deal else { return Ok(false) };
    let deal = entity::deal::find(&work.tx, &whole(work.program_id())?, deal).await?;
    Ok(deal.is_some_and(|deal| deal.outcome != Outcome::Open))
}

fn word(it: &Registration) -> &'static str {
    it.state.word().into()
}

async fn approve(work: &mut Work<'_>, it: &mut Registration, at: &At, verdict: Verdict) -> Result<(), Failure> {
    let whole = whole(work.program_id())?;
    if let Some(conflict) = it.conflict_id
        && entity::registration_conflict::find(&work.tx, &whole, conflict)
            .await?
            .is_some_and(|it| it.decision.is_none())
    {
        return Err(at_id(RegistrationRefusal::ConflictOpen));
    }
    let kind = TemplateKind::RegistrationAcceptance;
    let text = entity::message_template::of(&work.tx, work.slice, kind).await?.body;
    let terms = terms(work, it.partner_id, at.today).await?;
    let letter = |through| {
        let words = Acceptance {
            account: &it.account_name,
            problem: &it.problem,
            through,
            meeting_on: it.next_meeting_on,
            summary_hours: terms.summary_hours,
        };
        acceptance(&text, &words)
    };
    it.state = it.state.approve(verdict, at.today, terms, letter).map_err(at_id)?;
    if it.deal_id.is_none() {
        find_deal(work, &whole, it, at).await?;
    }
    Ok(())
}

/// The deal of a claim that stood against others: theirs, else the one that stands on the account, else a new one.
async fn find_deal(work: &mut Work<'_>, whole: &Slice, it: &mut Registration, at: &At) -> Result<(), Failure> {
    let sight = precheck::look(work, it.partner_id, &it.domain, at.today, None).await?;
    let theirs = sight.rivals.iter().find_map(|rival| rival.deal_id);
    if let Some(id) = theirs.or(sight.foreign_deals.first().copied()) {
        let account = entity::deal::find(&work.tx, whole, id).await?.and_then(|deal| deal.account_id);
        it.deal_id = Some(id);
        it.account_id = account.or(it.account_id);
        return Ok(());
    }
    let owner = match it.owner_seat_id {
        Some(id) => entity::seat::find(&work.tx, work.slice, id).await?,
        None => None,
    };
    open_deal(work, &at.program, it, &sight, owner.as_ref()).await
}

/// Disqualifies the deal that a registration opened and that nobody else took up: it was never a real opportunity.
pub(super) async fn drop_deal(work: &mut Work<'_>, it: &Registration, at: &At) -> Result<(), Failure> {
    let (Some(id), true) = (it.deal_id, it.has_opened_deal) else { return Ok(()) };
    let whole = whole(work.program_id())?;
    let on_it = entity::registration::of_deals(&work.tx, &whole, &[id]).await?;
    if on_it.iter().any(|other| other.id != it.id && other.state.clone().on(at.today).word().is_live()) {
        return Ok(());
    }
    let Some(before) = entity::deal::find(&work.tx, &whole, id).await? else { return Ok(()) };
    if before.outcome != Outcome::Open || before.has_reached_stage_one {
        return Ok(());
    }
    let mut deal = before;
    deal.outcome = Outcome::Disqualified;
    deal.closed_on = Some(at.today);
    deal.lost_reason = Some("its registration was refused or withdrawn".into());
    let placed = deal.place(&at.program.calendar, at.today);
    placed.map_err(|why| Problem::at(["id"], ProblemCode::Invalid, why.to_string()))?;
    deal.version += 1;
    deal.updated_at = work.now;
    entity::deal::update(&work.tx, work.slice, &deal).await?;
    work.touch(deal.closed_quarter);
    work.record("deal.update", "Deal", id, super::deal::body(&deal));
    Ok(())
}

/// Takes a registration back.
///
/// # Errors
/// [`Failure`].
pub async fn withdraw(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    let verb = "registration.withdraw";
    step(caller, Action::SubmitRegistrations, (id, expected), key, verb, async |work, it, at| {
        it.state = it.state.withdraw(at.mark).map_err(at_id)?;
        stop_promises(work, id).await?;
        enter(work, EntryKind::RegistrationWithdrawn, it);
        drop_deal(work, it, at).await
    })
    .await
}

/// Attaches the summary of a meeting: of the first that owes one, or of the day on which it was held. Where the vendor has not logged the
/// meeting, that time tells of it.
///
/// # Errors
/// [`Failure`].
pub async fn summarise(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    summary: &str,
    held_at: Option<DateTime<Utc>>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let verb = "registration.summarise";
    step(caller, Action::SubmitRegistrations, (id, expected), key, verb, async |work, it, at| {
        let told = held_at.map(entity::column::instant);
        let owed = it.state.grant().and_then(|grant| grant.owed(told, |when| at.program.calendar.day(when)));
        let held_at = match (owed.map(|meeting| meeting.held_at), told) {
            (None, Some(held_at)) if it.state.grant().is_none_or(|grant| grant.held_at(held_at).is_none()) => {
                let held = (work.id(), held_at);
                let terms = terms(work, it.partner_id, at.program.calendar.day(held_at)).await?;
                meet(it, at, held, terms).map_err(|refusal| Failure::from(refused("heldAt", refusal)))?;
                super::activity::hold_meeting(work, it, held).await?;
                joined(work, it, held_at).await?;
                owe_summary(work, it, held).await?;
                told
            }
            (owed, told) => owed.or(told),
        };
        let text = text::name(summary, 10_000);
        let text = text.map_err(|why| Problem::at(["summary"], ProblemCode::Invalid, why.to_string()))?;
        it.state = it.state.summarise(held_at, Summary { text, mark: at.mark }).map_err(|refusal| {
            // These two say what is missing: when the meeting was held.
            let is_about_time =
                matches!(refusal, RegistrationRefusal::NoMeetingHeld | RegistrationRefusal::SummaryThere);
            refused(if is_about_time { "heldAt" } else { "id" }, refusal)
        })?;
        let meeting = it.state.grant().zip(held_at).and_then(|(grant, held_at)| grant.held_at(held_at));
        // A clock of before each meeting had its own is about the registration.
        let about = meeting.and_then(|meeting| meeting.activity_id).unwrap_or(id);
        sla::meet(work, SlaKind::MeetingSummary, about, work.now).await?;
        Ok(())
    })
    .await
}

/// A meeting as the activity that it is on record as, and when it was held.
type Held = (Uuid, DateTime<Utc>);

/// Each meeting that was held owes a summary of its own.
async fn owe_summary(work: &mut Work<'_>, it: &Registration, (activity, held_at): Held) -> Result<(), Failure> {
    let partner = Some(it.partner_id);
    sla::start(work, SlaKind::MeetingSummary, "Activity", activity, partner, held_at).await?;
    Ok(())
}

/// The terms are those of the day on which it was held: its summary's clock begins there.
fn meet(it: &mut Registration, at: &At, (id, held_at): Held, terms: Terms) -> Result<(), RegistrationRefusal> {
    it.state = it.state.meet(id, held_at, at.program.calendar.day(held_at), at.mark, terms)?;
    Ok(())
}

/// Carries a joint meeting that was logged on a deal to the partner's registration of it. What is before the approval, or on one
/// that holds no more, does not count.
pub(super) async fn meeting_held(work: &mut Work<'_>, deal: Uuid, partner: Uuid, held: Held) -> Result<(), Failure> {
    let held_at = held.1;
    let whole = whole(work.program_id())?;
    let rows = entity::registration::of_deals(&work.tx, &whole, &[deal]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let at = At::now(work).await?;
    let terms = terms(work, partner, at.program.calendar.day(held_at)).await?;
    for row in rows.into_iter().filter(|row| row.partner_id == partner) {
        entity::registration_line::hold(&work.tx, &whole, &row.domain).await?;
        let Some(mut it) = entity::registration::find(&work.tx, &whole, row.id).await? else { continue };
        joined(work, &it, held_at).await?;
        it.state = it.state.on(at.today);
        let before = it.state.clone();
        if meet(&mut it, &at, held, terms).is_ok() && it.state != before {
            it.version += 1;
            entity::registration::update(&work.tx, &whole, &it).await?;
            work.record("registration.meet", "Registration", it.id, body(&it));
            owe_summary(work, &it, held).await?;
        }
    }
    Ok(())
}

/// Begins the validity anew.
///
/// # Errors
/// [`Failure`].
pub async fn refresh(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    reason: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let verb = "registration.refresh";
    step(caller, Action::DecideRegistrations, (id, expected), key, verb, async |work, it, at| {
        let terms = terms(work, it.partner_id, at.today).await?;
        it.state = it.state.refresh(verdict(reason, at.mark)?, at.today, terms).map_err(at_id)?;
        enter(work, EntryKind::RegistrationRefreshed, it);
        work.announce(registration::DECIDED_EVENT, id, json!({ "partnerId": it.partner_id, "state": word(it) }));
        Ok(())
    })
    .await
}

/// Writes down that a clock ran out.
pub(super) async fn write_expiry(
    work: &mut Work<'_>,
    whole: &Slice,
    row: Registration,
    today: NaiveDate,
) -> Result<(), Failure> {
    let version = row.version + 1;
    let it = Registration { state: row.state.on(today), version, ..row };
    entity::registration::update(&work.tx, whole, &it).await?;
    work.record("registration.expire", "Registration", it.id, body(&it));
    stop_promises(work, it.id).await?;
    enter(work, EntryKind::RegistrationExpired, &it);
    work.announce(registration::EXPIRED_EVENT, it.id, json!({ "partnerId": it.partner_id }));
    Ok(())
}

/// Writes down every registration whose clock ran out, a hundred in a transaction. The same instant again changes nothing.
///
/// # Errors
/// [`Failure`].
pub async fn expire(caller: &Caller) -> Result<u64, Failure> {
    let mut expired = 0;
    loop {
        let mut found = 0;
        commit(caller, Action::DecideRegistrations, None, async |work| {
            let whole = whole(work.program_id())?;
            let (_, today) = today(work).await?;
            for row in entity::registration::ended_before(&work.tx, &whole, today, 100).await? {
                entity::registration_line::hold(&work.tx, &whole, &row.domain).await?;
                found += 1;
                // What another did meanwhile counts.
                let now = entity::registration::find(&work.tx, &whole, row.id).await?;
                if let Some(row) = now.filter(|row| row.state.clone().on(today).word() != row.state.word()) {
                    write_expiry(work, &whole, row, today).await?;
                    expired += 1;
                }
            }
            Ok(work.program_id())
        })
        .await?;
        if found < 100 {
            return Ok(expired);
        }
    }
}

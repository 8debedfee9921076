//! SLA clocks: started and met in the transaction of what they are about, watched by a job, read as a list and as rates.

use super::commit::{Work, commit};
use super::contract;
use super::failure::Failure;
use super::follow::{Followed, Told};
use super::office::Caller;
use super::working_calendar;
use chrono::{DateTime, Utc};
use domain::calendar::{Calendar, Quarter, Window};
use domain::policy::Policy;
use domain::role::Action;
use domain::sla::{Kept, SlaClock, SlaKind, SlaOwner};
use domain::slice::Slice;
use entity::page::{Ask, Page};
pub use entity::sla_clock::{Filter, key as position};
use serde_json::{Value, json};
use uuid::Uuid;

/// The kind of the event that tells that a promise is about to be missed.
pub const DUE_EVENT: &str = "sla.due";
/// The kind of the event that tells that a promise was missed.
pub const MISSED_EVENT: &str = "sla.missed";
/// How many clocks one transaction of the watch takes.
const AT_ONCE: u64 = 500;

/// Starts the clock of a promise about a row; where it runs already (or ran), it stays as it is. Its term is that of the contract
/// with the partner on the day it begins, else the policy's.
///
/// # Errors
/// A storage failure.
pub async fn start(
    work: &mut Work<'_>,
    kind: SlaKind,
    subject_type: &'static str,
    subject_id: Uuid,
    partner_id: Option<Uuid>,
    at: DateTime<Utc>,
) -> Result<SlaClock, Failure> {
    start_owed(work, (kind, kind.owner()), subject_type, subject_id, (partner_id, partner_id), at).await
}

/// As [`start`], of a promise whose kind does not say who owes it. The partner that sees the clock may be none, where the vendor's
/// people owe it to one another, though the term is still agreed in the contract with a partner.
///
/// # Errors
/// A storage failure.
pub async fn start_owed(
    work: &mut Work<'_>,
    (kind, owner): (SlaKind, SlaOwner),
    subject_type: &'static str,
    subject_id: Uuid,
    (partner_id, agreed_with): (Option<Uuid>, Option<Uuid>),
    at: DateTime<Utc>,
) -> Result<SlaClock, Failure> {
    if let Some(clock) = entity::sla_clock::about(&work.tx, work.slice, kind, subject_id).await? {
        return Ok(clock);
    }
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let day = program.calendar.day(at);
    let policy = entity::policy::on(&work.tx, work.slice, day).await?;
    let contract = match agreed_with {
        Some(partner) => contract::on(work, partner, day).await?,
        None => None,
    };
    let (calendar, _) = working_calendar::of(&work.tx, work.slice, &program).await?;
    let (term, contract_version) = kind.agreed(contract.as_ref(), &policy);
    let clock = SlaClock {
        id: work.id(),
        kind,
        owner,
        subject_type: subject_type.to_owned(),
        subject_id,
        partner_id,
        started_at: at,
        warn_at: term.warning(policy.sla_warning_percent, at, &calendar),
        due_at: term.end(at, &calendar),
        met_at: None,
        stopped_at: None,
        warned_at: None,
        missed_at: None,
        policy_version: policy.version,
        contract_version,
    };
    entity::sla_clock::insert(&work.tx, work.slice, &clock).await?;
    work.record("sla.start", "SlaClock", clock.id, body(&clock));
    Ok(clock)
}

/// Records that a promise about a row was done; none where there is no such clock. Only the first time counts. One that was due before
/// is told of as missed, where no watch came round to tell.
///
/// # Errors
/// A storage failure.
pub async fn meet(
    work: &mut Work<'_>,
    kind: SlaKind,
    subject_id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<SlaClock>, Failure> {
    end(work, kind, subject_id, "sla.meet", |clock| clock.met_at = Some(at)).await
}

/// Records that a promise about a row is not owed any more, such as the first touch of a registration that was withdrawn. One
/// that was missed by then stays missed, and is told of where no watch came round to tell: after downtime what ends a promise may come
/// before the watch.
///
/// # Errors
/// A storage failure.
pub async fn stop(
    work: &mut Work<'_>,
    kind: SlaKind,
    subject_id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<SlaClock>, Failure> {
    end(work, kind, subject_id, "sla.stop", |clock| clock.stopped_at = Some(at)).await
}

async fn end(
    work: &mut Work<'_>,
    kind: SlaKind,
    subject_id: Uuid,
    verb: &'static str,
    change: impl FnOnce(&mut SlaClock),
) -> Result<Option<SlaClock>, Failure> {
    let Some(mut clock) = entity::sla_clock::about(&work.tx, work.slice, kind, subject_id).await? else {
        return Ok(None);
    };
    if clock.met_at.is_none() && clock.stopped_at.is_none() {
        change(&mut clock);
        if clock.met_at.or(clock.stopped_at).is_some_and(|at| at > clock.due_at) && miss(work, &clock).await? {
            clock.missed_at = Some(work.now);
        }
        if entity::sla_clock::end(&work.tx, work.slice, &clock).await? {
            work.record(verb, "SlaClock", clock.id, body(&clock));
        }
    }
    Ok(Some(clock))
}

/// Records and tells that a promise was missed, once. Tells whether it did.
async fn miss(work: &mut Work<'_>, clock: &SlaClock) -> Result<bool, Failure> {
    let is_first = entity::sla_clock::miss(&work.tx, work.slice, clock.id, work.now).await?;
    if is_first {
        let missed = body(&SlaClock { missed_at: Some(work.now), ..clock.clone() });
        work.record("sla.miss", "SlaClock", clock.id, missed.clone());
        work.announce(MISSED_EVENT, clock.id, missed);
    }
    Ok(is_first)
}

/// What was promised about deals that have closed, about one or about all, is not owed any more: nobody joins a first call of
/// them, or waits for an answer. It ended with the day the deal closed, so that a file that tells of it late breaks no promise; what was missed
/// by then stays missed.
///
/// # Errors
/// A storage failure.
pub async fn deals_closed(work: &mut Work<'_>, deal: Option<Uuid>) -> Result<(), Failure> {
    let owed = entity::sla_clock::of_closed_deals(&work.tx, work.slice, deal).await?;
    if owed.is_empty() {
        return Ok(());
    }
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    for (clock, closed_on) in owed {
        let closed = closed_on.map_or(work.now, |day| program.calendar.ending(day));
        stop(work, clock.kind, clock.subject_id, closed.min(work.now).max(clock.started_at)).await?;
    }
    Ok(())
}

/// What a watch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Watched {
    /// Promises that were told of as about to be missed.
    pub warned: usize,
    /// Promises whose miss was recorded.
    pub missed: usize,
}

/// Tells of the promises that are about to be missed, each once, and records those that were missed. It finds all that is due
/// by now, so it may run at any time and any number of times.
///
/// # Errors
/// [`Failure`].
pub async fn watch(caller: &Caller) -> Result<Watched, Failure> {
    let mut watched = Watched::default();
    loop {
        let mut found = 0;
        commit(caller, Action::RunJobs, None, async |work| {
            deals_closed(work, None).await?;
            let missed = entity::sla_clock::to_miss(&work.tx, work.slice, work.now, AT_ONCE).await?;
            let warned = entity::sla_clock::to_warn(&work.tx, work.slice, work.now, AT_ONCE).await?;
            found = missed.len().max(warned.len());
            for clock in missed {
                watched.missed += usize::from(miss(work, &clock).await?);
            }
            for clock in warned {
                if entity::sla_clock::warn(&work.tx, work.slice, clock.id, work.now).await? {
                    work.announce(DUE_EVENT, clock.id, body(&clock));
                    watched.warned += 1;
                }
            }
            Ok(work.program_id())
        })
        .await?;
        if u64::try_from(found).unwrap_or_default() < AT_ONCE {
            return Ok(watched);
        }
    }
}

fn body(it: &SlaClock) -> Value {
    json!({
        "kind": it.kind, "owner": it.owner, "subjectType": it.subject_type, "subjectId": it.subject_id,
        "partnerId": it.partner_id, "startedAt": it.started_at, "dueAt": it.due_at, "metAt": it.met_at,
        "stoppedAt": it.stopped_at, "missedAt": it.missed_at, "policyVersion": it.policy_version,
        "contractVersion": it.contract_version,
    })
}

/// A page of clocks.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<SlaClock>, Failure> {
    let slice = caller.authorise(Action::ReadSlaClocks)?;
    Ok(entity::sla_clock::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many clocks there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadSlaClocks)?;
    Ok(entity::sla_clock::count(caller.office.store.read(), slice, filter).await?)
}

/// One clock, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<SlaClock>, Failure> {
    let slice = caller.authorise(Action::ReadSlaClocks)?;
    Ok(entity::sla_clock::find(caller.office.store.read(), slice, id).await?)
}

/// How promises were kept.
#[derive(Clone, Debug)]
pub struct Rates {
    /// By kind and owner; kinds without a promise are left out.
    pub kept: Vec<Kept>,
    /// The policy under which they are judged.
    pub policy: Policy,
    /// The quarters in which they fell due.
    pub window: Window,
}

/// How all promises of the program were kept that fell due in a quarter; in the present one where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn rates(caller: &Caller, quarter: Option<Quarter>) -> Result<Rates, Failure> {
    let slice = caller.authorise(Action::ReadSlaRates)?;
    read(caller, slice, None, |calendar, now| {
        let quarter = quarter.unwrap_or_else(|| calendar.quarter(calendar.day(now)));
        Window { from: quarter, to: quarter }
    })
    .await
}

/// How the promises between the vendor and one partner were kept that fell due in the quarters of a scorecard.
///
/// # Errors
/// [`Failure`].
pub async fn with_partner(caller: &Caller, partner_id: Uuid, window: Window) -> Result<Rates, Failure> {
    let slice = caller.authorise(Action::ReadScorecard)?;
    read(caller, slice, Some(partner_id), |_, _| window).await
}

async fn read(
    caller: &Caller,
    slice: &Slice,
    partner_id: Option<Uuid>,
    window: impl FnOnce(&Calendar, DateTime<Utc>) -> Window,
) -> Result<Rates, Failure> {
    let (store, now) = (caller.office.store.read(), caller.office.clock.now());
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = program.calendar;
    let policy = entity::policy::on(store, slice, calendar.day(now)).await?;
    let window = window(&calendar, now);
    let due = (calendar.beginning(calendar.first_day(window.from)), calendar.ending(calendar.last_day(window.to)));
    let kept = entity::sla_clock::kept(store, slice, partner_id, due, now).await?;
    Ok(Rates { kept, policy, window })
}

impl Followed for SlaClock {
    const ACTION: Action = Action::ReadSlaClocks;
    const KINDS: &'static [&'static str] = &[DUE_EVENT, MISSED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}

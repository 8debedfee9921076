//! What a draft of the policy would have changed in past quarters. Nothing is written.

use super::cosell::gate_facts;
use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{Ask, measure};
use super::office::Caller;
use super::tam::{Decided, Desk};
use super::working_calendar;
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::{Calendar, Quarter};
use domain::contract::{ContractTerms, in_force as agreed_on};
use domain::policy::Policy;
use domain::policy_version::in_force;
use domain::preview::bands::{BandsPreview, bands};
use domain::preview::terms::{ExpiryShift, GateShift, PromiseShift, gates, granted, promises, under};
use domain::preview::{Preview, Standing, preview};
use domain::recruit::Tier;
use domain::registration::Terms;
use domain::role::Action;
use domain::slice::Slice;
use entity::{Conn, policy_draft};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// The most quarters of one preview.
pub const QUARTERS_MOST: usize = 12;

/// The most rows that are shown one by one; all are counted.
pub const SHOWN_MOST: usize = 200;

/// A past quarter under a draft.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The quarter.
    pub quarter: Quarter,
    /// Its last day, as of which the trailing four quarters were read.
    pub as_of: NaiveDate,
    /// The version that held on that day.
    pub policy_version: i64,
    /// What would have been otherwise.
    pub preview: Preview,
}

/// Reads past quarters under a draft beside the policy that held on their last day; nothing is written. None where there is no
/// such draft.
///
/// # Errors
/// [`Failure`]; a quarter that is not over, or too many of them, is [`Failure::Invalid`].
pub async fn tried(caller: &Caller, draft_id: Uuid, quarters: &[Quarter]) -> Result<Option<Vec<Tried>>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    let store = caller.office.store.read();
    let Some(draft) = policy_draft::find(store, slice, draft_id).await? else { return Ok(None) };
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let last = program.calendar.last_completed(program.calendar.day(caller.office.clock.now()));
    if quarters.len() > QUARTERS_MOST {
        let message = format!("at most {QUARTERS_MOST} quarters at once");
        return Err(Problem::at(["quarters"], ProblemCode::Invalid, message).into());
    }
    if let Some(early) = quarters.iter().find(|quarter| **quarter > last) {
        let message = format!("{early} is not over: a draft is tried on past quarters, up to {last}");
        return Err(Problem::at(["quarters"], ProblemCode::Invalid, message).into());
    }
    let segments: Vec<Uuid> = entity::segment::all(store, slice).await?.into_iter().map(|segment| segment.id).collect();
    let first_quarters = entity::live::first_quarters(store, slice).await?;
    let mut tried = Vec::with_capacity(quarters.len());
    for quarter in quarters.iter().copied() {
        let as_of = program.calendar.last_day(quarter);
        let measures = measure(caller, Action::ReadPolicy, Ask { as_of: Some(as_of), ..Ask::default() }, None).await?;
        let mut partners: Vec<Uuid> = measures.book.partners().chain(measures.spending.partners()).collect();
        partners.sort_unstable();
        partners.dedup();
        let decided = entity::tier_decision::standing(store, slice, quarter).await?;
        let standing = |partner: Uuid| Standing {
            completed_quarters: first_quarters
                .get(&partner)
                .map_or(0, |first| u32::try_from(quarter.index() - first.index() + 1).unwrap_or(0)),
            is_in_test: decided.iter().any(|row| row.partner_id == partner && row.tier == Tier::Test),
        };
        let preview = preview(
            &measures.book,
            |partner| measures.spending.on(partner),
            standing,
            (&partners, &segments),
            (&measures.policy, &draft.policy),
        );
        tried.push(Tried { quarter, as_of, policy_version: measures.policy.version, preview });
    }
    Ok(Some(tried))
}

/// When a quarter began, and when it was over.
fn instants(calendar: &Calendar, quarter: Quarter) -> (DateTime<Utc>, DateTime<Utc>) {
    let beginning = |quarter| calendar.beginning(calendar.first_day(quarter));
    (beginning(quarter), beginning(quarter.plus(1)))
}

/// The forecast of the four quarters after a past one, as of its last day, under a draft beside the policy that held then. What is
/// measured is of that day; planned spend and penetration are as they stand now, because no history of them is kept.
///
/// # Errors
/// [`Failure`].
pub async fn tried_bands(caller: &Caller, quarter: Quarter, draft: &Policy) -> Result<BandsPreview, Failure> {
    let slice = caller.authorise(Action::ReadForecastDraft)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let desk = Desk::of(&tx, slice, &program, program.calendar.last_day(quarter)).await?;
    let first = quarter.plus(1);
    let decided = Decided::read(&tx, slice, first).await?;
    tx.rollback().await?;
    Ok(bands(&desk.forecast(first, &decided), &desk.under(first, &decided, draft)))
}

/// Rows that were compared, and those that would have been otherwise.
#[derive(Clone, Debug)]
pub struct Compared<T> {
    /// How many were.
    pub compared: u64,
    /// Those that differ, at most [`SHOWN_MOST`] of them.
    pub differing: Vec<T>,
    /// How many differ.
    pub differ: u64,
}

impl<T> Compared<T> {
    fn new() -> Self {
        Self { compared: 0, differing: Vec::new(), differ: 0 }
    }

    fn take(&mut self, shift: Option<T>) {
        self.compared += 1;
        if let Some(shift) = shift {
            self.differ += 1;
            if self.differing.len() < SHOWN_MOST {
                self.differing.push(shift);
            }
        }
    }
}

/// What days would have done in a quarter.
#[derive(Clone, Debug)]
pub struct Expiries {
    /// Registrations submitted in it that were approved.
    pub registrations: Compared<ExpiryShift>,
    /// Gates of the Primary Sale whose clock began in it.
    pub gates: Compared<GateShift>,
}

async fn contracts(
    conn: &impl Conn,
    slice: &Slice,
    partners: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<ContractTerms>>, Failure> {
    let mut found = HashMap::new();
    for partner in partners {
        if let Entry::Vacant(free) = found.entry(partner) {
            free.insert(entity::contract_terms::of_partner(conn, slice, partner).await?);
        }
    }
    Ok(found)
}

/// The registrations and gates of a past quarter under the days of a draft.
///
/// # Errors
/// [`Failure`].
pub async fn tried_expiries(caller: &Caller, quarter: Quarter, draft: &Policy) -> Result<Expiries, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = program.calendar;
    let today = calendar.day(caller.office.clock.now());
    let span = instants(&calendar, quarter);
    let rows = entity::registration::submitted(&tx, slice, span).await?;
    let contracts = contracts(&tx, slice, rows.iter().map(|row| row.partner_id)).await?;
    let mut registrations = Compared::new();
    for row in &rows {
        let Some((grant, before)) = row.state.grant().zip(granted(&row.state, today)) else { continue };
        let contract = contracts.get(&row.partner_id).and_then(|versions| agreed_on(versions, grant.from));
        let after = under(&row.state, &Terms::agreed(contract, draft), today, |at| calendar.day(at));
        let shift = after.filter(|after| before.differs(after));
        registrations.take(shift.map(|after| ExpiryShift { registration_id: row.id, before, after }));
    }
    let versions = entity::policy::all(&tx, slice).await?;
    let mut found = Compared::new();
    for ids in entity::primary_sale::begun(&tx, slice, span).await?.chunks(500) {
        let deals = entity::deal::of_ids(&tx, slice, ids).await?;
        let facts = gate_facts(&tx, slice, &program, &deals).await?;
        for (deal, facts) in deals.iter().zip(facts) {
            let Some(began) = facts.began().filter(|day| calendar.quarter(*day) == quarter) else { continue };
            let usual = in_force(&versions, began).registration.primary_sale_days;
            let on = deal.closed_on.map_or(today, |closed| closed.min(today));
            found.take(gates(deal.id, &facts, on, (usual, draft.registration.primary_sale_days)));
        }
    }
    tx.rollback().await?;
    Ok(Expiries { registrations, gates: found })
}

/// The promises that began in a past quarter, under the terms of a draft.
///
/// # Errors
/// [`Failure`].
pub async fn tried_promises(caller: &Caller, quarter: Quarter, draft: &Policy) -> Result<Vec<PromiseShift>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let clocks = entity::sla_clock::started(&tx, slice, instants(&program.calendar, quarter)).await?;
    let versions = entity::policy::all(&tx, slice).await?;
    let (working, _) = working_calendar::of(&tx, slice, &program).await?;
    tx.rollback().await?;
    let by_version: HashMap<i64, &Policy> = versions.iter().map(|it| (it.policy.version, &it.policy)).collect();
    let defaults = Policy::default();
    let usual = |clock: &domain::sla::SlaClock| {
        clock.kind.term(by_version.get(&clock.policy_version).copied().unwrap_or(&defaults))
    };
    Ok(promises(&clocks, usual, draft, caller.office.clock.now(), &working))
}

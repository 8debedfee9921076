//! Deals: created and changed by RevOps, moved through their stages by their AE.

use super::attribution;
use super::commit::{Done, Key, Work, commit};
pub use super::deal_facts::Facts;
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::{deal_money, handoff, origin, private_offer, sla};
use chrono::NaiveDate;
use domain::attribution::{Attribution, Declaration, Provenance};
use domain::deal::{Deal, DealKind, Outcome, Stage};
use domain::money::Currency;
use domain::program::Program;
use domain::role::Action;
use domain::text;
pub use entity::deal::{Filter, Order, key as position};
pub use entity::deal_around::{Around, Row};
pub use entity::deal_origin::OriginFilter;
use entity::page::{Ask, Page};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// What of the rows around a deal the caller may see.
fn seen(caller: &Caller, around: Around) -> Around {
    Around {
        account: around.account && caller.viewer.may(Action::ReadAccounts),
        segment: around.segment && caller.viewer.may(Action::ReadSegments),
    }
}

/// A page of deals with the rows around them.
///
/// # Errors
/// [`Failure`].
pub async fn page(
    caller: &Caller,
    filter: &Filter,
    order: Order,
    ask: &Ask,
    around: Around,
) -> Result<Page<Row>, Failure> {
    let slice = caller.authorise(Action::ReadDeals)?;
    let around = seen(caller, around);
    Ok(entity::deal::page_around(caller.office.store.read(), slice, filter, order, ask, around).await?)
}

/// Those of these deals that the caller may see, with the rows around them.
///
/// # Errors
/// [`Failure`].
pub async fn around_ids(caller: &Caller, ids: &[Uuid], around: Around) -> Result<Vec<Row>, Failure> {
    let slice = caller.authorise(Action::ReadDeals)?;
    Ok(entity::deal::around_ids(caller.office.store.read(), slice, ids, seen(caller, around)).await?)
}

/// How many deals there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadDeals)?;
    Ok(entity::deal::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these deals that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Deal>, Failure> {
    let slice = caller.authorise(Action::ReadDeals)?;
    Ok(entity::deal::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// A text that may be set or cleared.
fn set_text(
    problems: &mut Problems,
    path: &str,
    slot: &mut Option<String>,
    given: Option<&Option<String>>,
    most: usize,
) {
    match given {
        Some(Some(text)) => *slot = problems.take(path, text::name(text, most)),
        Some(None) => *slot = None,
        None => {}
    }
}

fn set<T: Copy>(slot: &mut Option<T>, given: Option<Option<T>>) {
    if let Some(value) = given {
        *slot = value;
    }
}

fn set_rate(problems: &mut Problems, path: &str, slot: &mut Option<Decimal>, given: Option<Option<Decimal>>) {
    if let Some(Some(rate)) = given
        && (rate < Decimal::ZERO || rate > Decimal::ONE || rate.scale() > 6)
    {
        problems.note(path, ProblemCode::Invalid, "a rate is 0 to 1 with at most 6 decimal digits");
    }
    set(slot, given);
}

fn apply_texts(problems: &mut Problems, deal: &mut Deal, facts: &Facts) {
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 300))
    {
        deal.name = name;
    }
    set_text(problems, "externalId", &mut deal.external_id, facts.external_id.as_ref(), 200);
    set_text(problems, "ownerExternalId", &mut deal.owner_external_id, facts.owner_external_id.as_ref(), 200);
    set_text(problems, "dealRegId", &mut deal.deal_reg_id, facts.deal_reg_id.as_ref(), 200);
    set_text(problems, "offerId", &mut deal.offer_id, facts.offer_id.as_ref(), 200);
    set_text(problems, "nextStep", &mut deal.next_step, facts.next_step.as_ref(), 1000);
    set_text(problems, "lostReason", &mut deal.lost_reason, facts.lost_reason.as_ref(), 500);
    set(&mut deal.source, facts.source);
    set(&mut deal.is_influenced, facts.is_influenced);
    set(&mut deal.is_co_sell, facts.is_co_sell);
    set(&mut deal.is_private_offer, facts.is_private_offer);
    set(&mut deal.is_marketplace, facts.is_marketplace);
    set_rate(problems, "discountRate", &mut deal.discount_rate, facts.discount_rate);
    set_rate(problems, "takeRate", &mut deal.take_rate, facts.take_rate);
    set(&mut deal.expected_close_on, facts.expected_close_on);
    set(&mut deal.next_step_on, facts.next_step_on);
    set(&mut deal.activated_on, facts.activated_on);
    if let Some(products) = &facts.product_mix {
        if products.len() > 50 {
            problems.note("productMix", ProblemCode::Invalid, "at most 50 products");
        }
        deal.product_mix =
            products.iter().filter_map(|product| problems.take("productMix", text::name(product, 100))).collect();
    }
}

async fn apply_references(
    work: &Work<'_>,
    problems: &mut Problems,
    deal: &mut Deal,
    facts: &Facts,
) -> Result<(), Failure> {
    if let Some(account) = facts.account_id {
        if let Some(id) = account {
            match entity::account::find(&work.tx, work.slice, id).await? {
                // A deal takes its account's segment at the start, and keeps its own for ever after.
                Some(account) if deal.version == 0 && facts.segment_id.is_none() => {
                    deal.segment_id = account.segment_id
                }
                Some(_) => {}
                None => problems.note("accountId", ProblemCode::NotFound, "there is no such account"),
            }
        }
        deal.account_id = account;
    }
    let is_locked = deal.locked_at.is_some();
    if let Some(segment) = facts.segment_id.filter(|segment| *segment != deal.segment_id) {
        if is_locked {
            problems.push(locked(
                "segmentId",
                "a locked deal keeps the segment it had at Stage 1",
                "SEGMENT_FIXED_AT_STAGE_ONE",
            ));
        } else if let Some(id) = segment
            && entity::segment::find(&work.tx, work.slice, id).await?.is_none()
        {
            problems.note("segmentId", ProblemCode::NotFound, "there is no such segment");
        }
        deal.segment_id = segment;
    }
    if let Some(kind) = facts.kind.filter(|kind| *kind != deal.kind) {
        if deal.declaration != Declaration::Unknown || is_locked {
            problems.push(locked(
                "kind",
                "the kind is fixed once attribution is declared, because the states depend on it",
                "KIND_FIXED",
            ));
        }
        deal.kind = kind;
    }
    if let Some(pod) = facts.pod_id {
        if let Some(id) = pod
            && entity::pod::find(&work.tx, work.slice, id).await?.is_none()
        {
            problems.note("podId", ProblemCode::NotFound, "there is no such pod");
        }
        deal.pod_id = pod;
    }
    Ok(())
}

fn locked(path: &str, message: &str, rule: &'static str) -> Problem {
    Problem::at([path], ProblemCode::RuleRefused, message).by(rule)
}

async fn apply_progress(
    work: &Work<'_>,
    program: &Program,
    problems: &mut Problems,
    deal: &mut Deal,
    facts: &Facts,
) -> Result<Option<Stage>, Failure> {
    let mut into = None;
    if let Some(id) = facts.stage_id {
        match entity::stage::find(&work.tx, work.slice, id).await? {
            Some(stage) => {
                if facts.outcome.is_some_and(|outcome| outcome != stage.outcome) {
                    problems.note("outcome", ProblemCode::Invalid, "the outcome contradicts the stage's");
                }
                deal.stage_id = Some(id);
                deal.outcome = stage.outcome;
                deal.has_reached_stage_one |= stage.is_stage_one_or_later;
                into = Some(stage);
            }
            None => problems.note("stageId", ProblemCode::NotFound, "there is no such stage"),
        }
    } else if let Some(outcome) = facts.outcome {
        deal.outcome = outcome;
    }
    deal.has_reached_stage_one |= deal.outcome == Outcome::Won;
    deal.opened_on = facts.opened_on.unwrap_or(deal.opened_on);
    match facts.closed_on {
        Some(day) => deal.closed_on = day,
        // Reopening forgets the close.
        None if deal.outcome == Outcome::Open => deal.closed_on = None,
        None => {}
    }
    let today = program.calendar.day(work.now);
    if let Err(why) = deal.place(&program.calendar, today) {
        let path = if deal.opened_on > today { "openedOn" } else { "closedOn" };
        problems.note(path, ProblemCode::Invalid, why.to_string());
    }
    Ok(into)
}

/// Applies the facts; gives back the stage that the deal moves into.
async fn apply(work: &Work<'_>, deal: &mut Deal, facts: &Facts) -> Result<Option<Stage>, Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let mut problems = Problems::default();
    let closed_before = deal.closed_quarter;
    apply_texts(&mut problems, deal, facts);
    apply_references(work, &mut problems, deal, facts).await?;
    let into = apply_progress(work, &program, &mut problems, deal, facts).await?;
    deal_money::apply(work, &program, &mut problems, deal, facts, closed_before).await?;
    problems.settle()?;
    Ok(into)
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["externalId"], ProblemCode::Taken, "another deal has this external id").into()
    } else {
        why.into()
    }
}

/// What the change record keeps of a deal.
pub(super) fn body(deal: &Deal) -> serde_json::Value {
    json!({
        "externalId": deal.external_id, "name": deal.name, "accountId": deal.account_id, "segmentId": deal.segment_id,
        "kind": deal.kind, "outcome": deal.outcome, "stageId": deal.stage_id, "openedOn": deal.opened_on, "closedOn": deal.closed_on,
        "arrMinor": deal.arr_minor, "originalMinor": deal.original_minor, "originalCurrency": deal.original_currency.map(Currency::code),
        "declaration": deal.declaration, "version": deal.version,
    })
}

/// Makes a deal.
///
/// # Errors
/// [`Failure`].
pub async fn create(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageDeals, key, async |work| {
        let (deal, rows) = draft(work, &facts).await?;
        put(work, &deal, rows).await?;
        origin::tag(work, deal.id, &facts.origin, true).await?;
        Ok(deal.id)
    })
    .await
}

/// A new deal with these facts and what they declare, not yet written.
pub(super) async fn draft(work: &Work<'_>, facts: &Facts) -> Result<(Deal, Option<Vec<Attribution>>), Failure> {
    let Some(opened_on) = facts.opened_on else {
        return Err(Problem::at(["openedOn"], ProblemCode::Required, "a deal needs the day it was opened").into());
    };
    let blank = blank(work, opened_on);
    let mut deal = blank.clone();
    let into = apply(work, &mut deal, facts).await?;
    let mut rows = None;
    if let Some(claims) = &facts.claims {
        let mut problems = Problems::default();
        let mut declared = attribution::rows_of(work, &mut problems, &deal, claims).await?;
        problems.settle()?;
        attribution::settle(&mut deal, &mut declared, work.now);
        rows = Some(declared);
    }
    if deal.passes_stage_one(&blank, into.as_ref()) {
        attribution::require_declared(&deal)?;
    }
    deal.version = 1;
    Ok((deal, rows))
}

/// Writes a drafted deal.
pub(super) async fn put(work: &mut Work<'_>, deal: &Deal, rows: Option<Vec<Attribution>>) -> Result<(), Failure> {
    entity::deal::insert(&work.tx, work.slice, deal).await.map_err(taken)?;
    if let Some(rows) = rows {
        entity::attribution_entry::insert(&work.tx, work.slice, &rows, None).await?;
        attribution::enter(work, deal, &rows);
        let body = json!({ "partners": attribution::said(&rows), "lockedAt": deal.locked_at });
        work.record("attribution.declare", "Deal", deal.id, body);
    }
    work.touch(deal.closed_quarter);
    work.record("deal.create", "Deal", deal.id, body(deal));
    private_offer::tell(work, None, deal);
    handoff::fire(work, None, deal).await
}

pub(super) fn blank(work: &Work<'_>, opened_on: NaiveDate) -> Deal {
    Deal {
        id: work.id(),
        external_id: None,
        name: String::new(),
        account_id: None,
        segment_id: None,
        kind: DealKind::New,
        outcome: Outcome::Open,
        stage_id: None,
        has_reached_stage_one: false,
        opened_on,
        opened_at: None,
        closed_on: None,
        closed_at: None,
        closed_quarter: None,
        cycle_days: None,
        expected_close_on: None,
        original_minor: None,
        original_currency: None,
        arr_minor: None,
        tcv_minor: None,
        tcv_original: None,
        services_minor: None,
        services_original: None,
        declaration: Declaration::Unknown,
        provenance: Provenance::Declared,
        locked_at: None,
        owner_seat_id: None,
        owner_external_id: None,
        pod_id: None,
        source: None,
        is_influenced: None,
        deal_reg_id: None,
        is_co_sell: None,
        is_private_offer: None,
        is_marketplace: None,
        offer_id: None,
        product_mix: Vec::new(),
        discount_rate: None,
        take_rate: None,
        next_step: None,
        next_step_on: None,
        lost_reason: None,
        activated_on: None,
        version: 0,
        recorded_at: work.now,
        updated_at: work.now,
    }
}

async fn change(
    caller: &Caller,
    action: Action,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, action, key, async |work| {
        let before = entity::deal::find_to_change(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut deal = before.clone();
        let into = apply(work, &mut deal, &facts).await?;
        if deal.passes_stage_one(&before, into.as_ref()) {
            attribution::require_declared(&deal)?;
        }
        // Passing Stage 1 locks what was declared (LOOP.md section 3).
        if deal.has_reached_stage_one && deal.declaration != Declaration::Unknown && deal.locked_at.is_none() {
            attribution::lock(work, &mut deal).await?;
        }
        let is_tagged = origin::tag(work, id, &facts.origin, before.locked_at.is_none()).await?;
        if deal != before || is_tagged {
            deal.version += 1;
            deal.updated_at = work.now;
            entity::deal::update(&work.tx, work.slice, &deal).await.map_err(taken)?;
            work.touch(before.closed_quarter);
            work.touch(deal.closed_quarter);
            work.record("deal.update", "Deal", id, json!({ "before": body(&before), "after": body(&deal) }));
            private_offer::tell(work, Some(&before), &deal);
            handoff::fire(work, Some(&before), &deal).await?;
            if before.outcome == Outcome::Open && deal.outcome != Outcome::Open {
                sla::deals_closed(work, Some(id)).await?;
            }
        }
        Ok(id)
    })
    .await
}

/// Changes the facts of a deal.
///
/// # Errors
/// [`Failure`].
pub async fn update(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    change(caller, Action::ManageDeals, id, expected, facts, key).await
}

/// Moves a deal to a stage and notes its next step.
///
/// # Errors
/// [`Failure`].
pub async fn advance(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    change(caller, Action::AdvanceDeals, id, expected, facts, key).await
}

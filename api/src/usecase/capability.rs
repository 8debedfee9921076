//! The capability map: what each partner can do, whom it knows and where it is.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::profile::standing;
use chrono::{Days, NaiveDate};
use domain::capability::{Capability, CapabilityKind, MapState};
use domain::policy::Policy;
use domain::role::Action;
use domain::slice::Slice;
use domain::text;
use entity::Conn;
pub use entity::capability::{Filter, Order};
use entity::page::{Ask, Key as Position, Page};
use serde_json::json;
use uuid::Uuid;

/// An entry with how long it counts.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry.
    pub row: Capability,
    /// The last day on which it counts without being validated again.
    pub valid_until: NaiveDate,
    /// Whether that day has passed.
    pub is_stale: bool,
}

impl Entry {
    /// An entry as it stands today.
    #[must_use]
    pub fn of(row: Capability, today: NaiveDate, policy: &Policy) -> Self {
        Self { valid_until: row.valid_until(policy), is_stale: row.is_stale(today, policy), row }
    }
}

/// What to look for, with what depends on the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    /// What to look for.
    pub filter: Filter,
    /// Only entries that are (or are not) stale.
    pub is_stale: Option<bool>,
}

/// Entries validated before this day are stale today.
fn valid_from(today: NaiveDate, policy: &Policy) -> NaiveDate {
    let days = Days::new(policy.profile.capability_valid_days.into());
    today.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
}

fn dated(search: &Search, today: NaiveDate, policy: &Policy) -> Filter {
    let (mut filter, day) = (search.filter.clone(), valid_from(today, policy));
    match search.is_stale {
        Some(true) => filter.validated_before = Some(filter.validated_before.map_or(day, |before| before.min(day))),
        Some(false) => filter.validated_from = Some(filter.validated_from.map_or(day, |from| from.max(day))),
        None => {}
    }
    filter
}

/// A page of entries.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, search: &Search, order: Order, ask: &Ask) -> Result<Page<Entry>, Failure> {
    let slice = caller.authorise(Action::ReadCapabilities)?;
    let conn = caller.office.store.read();
    let (today, policy) = standing(caller, conn, slice).await?;
    let page = entity::capability::page(conn, slice, &dated(search, today, &policy), order, ask).await?;
    let rows = page.rows.into_iter().map(|row| Entry::of(row, today, &policy)).collect();
    Ok(Page { rows, has_previous: page.has_previous, has_next: page.has_next })
}

/// Where an entry stands in an order.
#[must_use]
pub fn position(entry: &Entry, order: Order) -> Position {
    entity::capability::key(&entry.row, order)
}

/// How many entries there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, search: &Search) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadCapabilities)?;
    let conn = caller.office.store.read();
    let (today, policy) = standing(caller, conn, slice).await?;
    Ok(entity::capability::count(conn, slice, &dated(search, today, &policy)).await?)
}

/// One entry, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Entry>, Failure> {
    let slice = caller.authorise(Action::ReadCapabilities)?;
    let conn = caller.office.store.read();
    let (today, policy) = standing(caller, conn, slice).await?;
    Ok(entity::capability::find(conn, slice, id).await?.map(|row| Entry::of(row, today, &policy)))
}

/// How far the program's map has come.
///
/// # Errors
/// A storage failure.
pub(super) async fn state(caller: &Caller, conn: &impl Conn, slice: &Slice) -> Result<MapState, Failure> {
    let (today, policy) = standing(caller, conn, slice).await?;
    Ok(entity::capability::state(conn, slice, valid_from(today, &policy)).await?)
}

/// How far the program's map has come, for everybody who reads the Foundation.
///
/// # Errors
/// [`Failure`].
pub async fn map_state(caller: &Caller) -> Result<MapState, Failure> {
    let slice = caller.authorise(Action::ReadFoundation)?;
    state(caller, caller.office.store.read(), slice).await
}

/// What may be said of an entry; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Which industry, buyer, technology or place.
    pub value: Option<String>,
    /// What shows it.
    pub evidence: Option<String>,
    /// The day on which it was validated; changed words are validated today where none is named.
    pub validated_on: Option<NaiveDate>,
}

async fn apply(
    work: &Work<'_>,
    caller: &Caller,
    row: &mut Capability,
    facts: &Facts,
    mut problems: Problems,
) -> Result<(), Failure> {
    let (today, _) = standing(caller, &work.tx, work.slice).await?;
    let before = (row.value.clone(), row.evidence.clone());
    if let Some(value) = &facts.value {
        row.value = problems.take("value", text::name(value, 200)).unwrap_or_default();
    }
    if let Some(evidence) = &facts.evidence {
        row.evidence = problems.take("evidence", text::name(evidence, 2000)).unwrap_or_default();
    }
    if facts.validated_on.is_some() || before != (row.value.clone(), row.evidence.clone()) {
        row.validated_on = facts.validated_on.unwrap_or(today);
        row.seat_id = work.seat_id();
    }
    if row.validated_on > today {
        problems.note("validatedOn", ProblemCode::Invalid, "nothing is validated in the future");
    }
    problems.settle()
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["value"], ProblemCode::Taken, "the partner has this entry already: validate that one").into()
    } else {
        why.into()
    }
}

fn body(row: &Capability) -> serde_json::Value {
    json!({
        "partnerId": row.partner_id, "kind": row.kind, "value": row.value, "accountId": row.account_id,
        "evidence": row.evidence, "validatedOn": row.validated_on, "version": row.version,
    })
}

/// Records an entry, validated today where no day is named. The done row is the entry.
///
/// # Errors
/// [`Failure`].
pub async fn record(
    caller: &Caller,
    partner_id: Uuid,
    kind: CapabilityKind,
    account_id: Option<Uuid>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageCapabilities, key, async |work| {
        let mut problems = Problems::default();
        if entity::partner::find(&work.tx, work.slice, partner_id).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        if let Some(id) = account_id {
            if kind != CapabilityKind::BuyerRelationship {
                problems.note("accountId", ProblemCode::Invalid, "only a BUYER_RELATIONSHIP names an account");
            } else if entity::account::find(&work.tx, work.slice, id).await?.is_none() {
                problems.note("accountId", ProblemCode::NotFound, "there is no such account");
            }
        }
        let mut row = Capability {
            id: work.id(),
            partner_id,
            kind,
            value: String::new(),
            account_id,
            evidence: String::new(),
            validated_on: NaiveDate::MIN,
            seat_id: work.seat_id(),
            version: 1,
            recorded_at: work.now,
        };
        apply(work, caller, &mut row, &facts, problems).await?;
        entity::capability::insert(&work.tx, work.slice, &row).await.map_err(taken)?;
        work.record("capability.record", "Capability", row.id, body(&row));
        Ok(row.id)
    })
    .await
}

/// Changes or validates an entry: with nothing but a day it is validated as it stands. The done row is the entry.
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
    commit(caller, Action::ManageCapabilities, key, async |work| {
        let before = entity::capability::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut row = before.clone();
        apply(work, caller, &mut row, &facts, Problems::default()).await?;
        if row != before {
            row.version += 1;
            entity::capability::update(&work.tx, work.slice, &row).await.map_err(taken)?;
            work.record("capability.update", "Capability", id, body(&row));
        }
        Ok(id)
    })
    .await
}

/// Takes an entry off the map; the record of changes keeps what it said. The done row is the entry.
///
/// # Errors
/// [`Failure`].
pub async fn remove(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageCapabilities, key, async |work| {
        let row = entity::capability::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(row.version, expected)?;
        entity::capability::delete(&work.tx, work.slice, id).await?;
        work.record("capability.remove", "Capability", id, body(&row));
        Ok(id)
    })
    .await
}

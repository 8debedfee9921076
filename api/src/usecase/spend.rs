//! Program spend and exchange rates: Finance's facts.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::{deal_money, money};
use domain::attribution::Provenance;
use domain::calendar::Quarter;
use domain::money::{Currency, Money};
use domain::role::Action;
use domain::spend::{FxRate, SpendCategory, SpendLine};
use domain::text;
use entity::page::{Ask, Page};
pub use entity::spend_line::{Filter, key as position};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// What may be said of a line of spend; what is left out stays as it is, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The segment.
    pub segment_id: Option<Option<Uuid>>,
    /// The fiscal quarter.
    pub quarter: Option<Quarter>,
    /// What it was spent on.
    pub category: Option<SpendCategory>,
    /// The amount, in any currency with a rate.
    pub amount: Option<(Decimal, Currency)>,
    /// A note.
    pub note: Option<Option<String>>,
}

/// A page of spend lines.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<SpendLine>, Failure> {
    let slice = caller.authorise(Action::ReadSpend)?;
    Ok(entity::spend_line::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many spend lines there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadSpend)?;
    Ok(entity::spend_line::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these lines that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<SpendLine>, Failure> {
    let slice = caller.authorise(Action::ReadSpend)?;
    Ok(entity::spend_line::of_ids(caller.office.store.read(), slice, ids).await?)
}

async fn apply(work: &Work<'_>, line: &mut SpendLine, facts: &Facts) -> Result<(), Failure> {
    let before = (line.quarter, line.original_minor, line.original_currency);
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let mut problems = Problems::default();
    if let Some(segment) = facts.segment_id {
        if let Some(id) = segment
            && entity::segment::find(&work.tx, work.slice, id).await?.is_none()
        {
            problems.note("segmentId", ProblemCode::NotFound, "there is no such segment");
        }
        line.segment_id = segment;
    }
    match &facts.note {
        Some(Some(note)) => line.note = problems.take("note", text::prose(note, 1000)),
        Some(None) => line.note = None,
        None => {}
    }
    line.category = facts.category.unwrap_or(line.category);
    if let Some(quarter) = facts.quarter {
        if quarter > program.calendar.quarter(program.calendar.day(work.now)) {
            problems.note(
                "quarter",
                ProblemCode::Invalid,
                "spend is recorded when it was spent: the quarter is in the future",
            );
        }
        line.quarter = quarter;
    }
    let original = match facts.amount {
        Some((amount, currency)) => {
            money::amount("amount", amount, currency).map_err(|problem| problems.push(problem)).ok()
        }
        None => Some(Money { minor: line.original_minor, currency: line.original_currency }),
    };
    problems.settle()?;
    // A rate may be corrected: what was converted before stays, until it is another amount or of another quarter.
    let changed = original.filter(|it| (line.quarter, it.minor, it.currency) != before);
    if let Some(original) = changed {
        let converted =
            money::into_program(&work.tx, work.slice, "amount", original, program.currency, line.quarter).await?;
        line.original_minor = original.minor;
        line.original_currency = original.currency;
        line.amount_minor = converted.minor;
    }
    Ok(())
}

fn body(line: &SpendLine) -> serde_json::Value {
    json!({
        "partnerId": line.partner_id, "segmentId": line.segment_id, "quarter": line.quarter.to_string(), "category": line.category,
        "amountMinor": line.amount_minor, "originalMinor": line.original_minor, "originalCurrency": line.original_currency.code(),
        "version": line.version,
    })
}

/// Records a line of spend.
///
/// # Errors
/// [`Failure`].
pub async fn record(caller: &Caller, partner: Uuid, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::RecordSpend, key, async |work| {
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let (Some(quarter), Some(category), Some((_, currency))) = (facts.quarter, facts.category, facts.amount) else {
            return Err(
                Problem::at(["amount"], ProblemCode::Required, "quarter, category and amount are required").into()
            );
        };
        let mut line = SpendLine {
            id: work.id(),
            external_id: None,
            partner_id: partner,
            segment_id: None,
            quarter,
            category,
            amount_minor: 0,
            original_minor: 0,
            original_currency: currency,
            note: None,
            provenance: Provenance::Declared,
            version: 1,
            recorded_at: work.now,
        };
        apply(work, &mut line, &facts).await?;
        entity::spend_line::insert(&work.tx, work.slice, &line).await?;
        work.record("spend.record", "SpendLine", line.id, body(&line));
        Ok(line.id)
    })
    .await
}

/// Corrects a line of spend; the change record keeps what it was.
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
    commit(caller, Action::RecordSpend, key, async |work| {
        let before = entity::spend_line::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut line = before.clone();
        apply(work, &mut line, &facts).await?;
        if line != before {
            line.version += 1;
            entity::spend_line::update(&work.tx, work.slice, &line).await?;
            work.record("spend.update", "SpendLine", line.id, json!({ "before": body(&before), "after": body(&line) }));
        }
        Ok(id)
    })
    .await
}

/// All rates, latest quarter first.
///
/// # Errors
/// [`Failure`].
pub async fn rates(caller: &Caller) -> Result<Vec<FxRate>, Failure> {
    let slice = caller.authorise(Action::ReadFxRates)?;
    Ok(entity::fx_rate::all(caller.office.store.read(), slice).await?)
}

/// Sets the rate of a currency for a quarter. Open deals take the rate of the present quarter at once; other amounts that were converted
/// before keep the rate they were converted with; the change record shows both. The done row is the program.
///
/// # Errors
/// [`Failure`].
pub async fn set_rate(
    caller: &Caller,
    quarter: Quarter,
    currency: Currency,
    rate: Decimal,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SetFxRates, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let mut problems = Problems::default();
        if currency == program.currency {
            problems.note("currency", ProblemCode::Invalid, "this is the program's own currency: its rate is 1 and is not set");
        }
        if rate <= Decimal::ZERO || rate > Decimal::from(1_000_000) || rate.scale() > 12 {
            problems.note("rate", ProblemCode::Invalid, "a rate is above 0, at most 1000000, with at most 12 decimal digits");
        }
        problems.settle()?;
        let before = entity::fx_rate::find(&work.tx, work.slice, quarter.index(), currency.code()).await?;
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let was = before.as_ref().map(|row| row.rate.to_string());
        let version = before.as_ref().map_or(1, |row| row.version + 1);
        let row = FxRate { quarter, currency, rate, version, recorded_at: work.now };
        if before.is_some() {
            entity::fx_rate::update(&work.tx, work.slice, &row).await?;
        } else {
            entity::fx_rate::insert(&work.tx, work.slice, &row).await?;
        }
        let body = json!({ "quarter": quarter.to_string(), "currency": currency.code(), "rate": rate.to_string(), "before": was });
        work.record("fxRate.set", "FxRate", program.id, body);
        // Open deals stand at the rate of the present quarter (ruling 26).
        if quarter == program.calendar.quarter(program.calendar.day(work.now)) {
            deal_money::value_open(work).await?;
        }
        Ok(program.id)
    })
    .await
}

//! The amounts of a deal: as they were given, and in the program's currency at the rate of the quarter of its close, or of the present one
//! while it is open (ruling 26).

use super::commit::{Work, commit};
use super::deal::Facts;
use super::failure::{Failure, Problems};
use super::money;
use super::office::Caller;
use domain::calendar::Quarter;
use domain::deal::Deal;
use domain::money::{Currency, Money};
use domain::program::Program;
use domain::role::Action;
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// An amount of a deal as it was given, and in the program's currency.
type Valued = (Option<Money>, Option<i64>);

/// What becomes of an amount. A quarter's rate may be corrected: what was converted for it stays, until another amount is given or
/// the deal closes in another quarter. An open deal follows the present quarter by [`value_open`], not by a change of its own.
async fn value(
    work: &Work<'_>,
    problems: &mut Problems,
    path: &'static str,
    given: Option<Option<(Decimal, Currency)>>,
    was: Valued,
    into: &Into,
) -> Result<Valued, Failure> {
    let original = match given {
        None => was.0,
        Some(None) => return Ok((None, None)),
        Some(Some((amount, currency))) => match money::amount(path, amount, currency) {
            Ok(money) => Some(money),
            Err(problem) => {
                problems.push(problem);
                return Ok(was);
            }
        },
    };
    let Some(money) = original.filter(|_| original != was.0 || into.has_moved) else { return Ok(was) };
    let path = if given.is_some() { path } else { "closedOn" };
    let converted = money::into_program(&work.tx, work.slice, path, money, into.currency, into.quarter).await?;
    Ok((original, Some(converted.minor)))
}

/// What the amounts of a deal are converted into.
struct Into {
    currency: Currency,
    quarter: Quarter,
    /// It was another quarter before.
    has_moved: bool,
}

/// Applies the amounts among the facts to a deal whose dates were applied; `closed_before` is the quarter that it was closed in until now.
///
/// # Errors
/// A problem at `closedOn` where the deal moves into a quarter without a rate, or at the amount; or a storage failure.
pub(super) async fn apply(
    work: &Work<'_>,
    program: &Program,
    problems: &mut Problems,
    deal: &mut Deal,
    facts: &Facts,
    closed_before: Option<Quarter>,
) -> Result<(), Failure> {
    let present = || program.calendar.quarter(program.calendar.day(work.now));
    let into = Into {
        currency: program.currency,
        quarter: deal.closed_quarter.unwrap_or_else(present),
        has_moved: deal.closed_quarter != closed_before,
    };
    let arr = deal.original_minor.zip(deal.original_currency).map(|(minor, currency)| Money { minor, currency });
    let arr = value(work, problems, "arr", facts.arr, (arr, deal.arr_minor), &into).await?;
    (deal.original_minor, deal.original_currency) = arr.0.map(|money| (money.minor, money.currency)).unzip();
    deal.arr_minor = arr.1;
    let tcv = (deal.tcv_original, deal.tcv_minor);
    (deal.tcv_original, deal.tcv_minor) = value(work, problems, "tcv", facts.tcv, tcv, &into).await?;
    let services = (deal.services_original, deal.services_minor);
    (deal.services_original, deal.services_minor) =
        value(work, problems, "services", facts.services, services, &into).await?;
    Ok(())
}

/// So many deals are valued at once.
const AT_ONCE: u64 = 500;

/// Values open deals at the rates of the present quarter, where they stand at others: after a quarter began, or a rate was corrected.
/// An amount without a rate stays as it is. Returns how many changed.
///
/// # Errors
/// A storage failure.
pub(super) async fn value_open(work: &mut Work<'_>) -> Result<u64, Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let whole = work.whole()?;
    let rates = money::rates(&work.tx, &whole, &program, work.now).await?;
    let (mut after, mut count) = (Uuid::nil(), 0);
    loop {
        let deals = entity::deal_foreign::open(&work.tx, &whole, program.currency, after, AT_ONCE).await?;
        let is_last = u64::try_from(deals.len()).unwrap_or_default() < AT_ONCE;
        after = deals.last().map_or(after, |deal| deal.id);
        let valued = |before: Deal| {
            let mut deal = before.clone();
            let arr =
                deal.original_minor.zip(deal.original_currency).map(|(minor, currency)| Money { minor, currency });
            for (given, value) in [
                (arr, &mut deal.arr_minor),
                (deal.tcv_original, &mut deal.tcv_minor),
                (deal.services_original, &mut deal.services_minor),
            ] {
                *value = given.and_then(|money| rates.convert(money, None).ok()).or(*value);
            }
            (deal != before).then_some(deal)
        };
        let changed: Vec<Deal> = deals.into_iter().filter_map(valued).collect();
        entity::import_bulk::deal::upsert(&work.tx, &whole, &changed).await?;
        count += u64::try_from(changed.len()).unwrap_or_default();
        if is_last {
            break;
        }
    }
    if count > 0 {
        work.record(
            "deal.value",
            "Program",
            program.id,
            json!({ "quarter": rates.present.to_string(), "deals": count }),
        );
    }
    Ok(count)
}

/// The job of it.
///
/// # Errors
/// [`Failure`].
pub async fn watch(caller: &Caller) -> Result<u64, Failure> {
    let mut count = 0;
    commit(caller, Action::RunJobs, None, async |work| {
        count = value_open(work).await?;
        Ok(work.program_id())
    })
    .await?;
    Ok(count)
}

//! The amounts of a deal: as they were given, and in the program's currency at the rate of the quarter (ruling 26).

use super::commit::Work;
use super::deal::Facts;
use super::failure::{Failure, Problems};
use super::money;
use domain::calendar::Quarter;
use domain::deal::Deal;
use domain::money::{Currency, Money};
use domain::program::Program;
use rust_decimal::Decimal;

/// An amount of a deal as it was given, and in the program's currency.
type Valued = (Option<Money>, Option<i64>);

/// What becomes of an amount. A quarter's rate may be corrected: what was converted before stays, until another amount is given or
/// the deal closes in another quarter.
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

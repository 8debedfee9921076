//! Money that comes in: exact, not negative, in the program's currency by the quarter's rate.

use super::failure::{Failure, Problem, ProblemCode};
use chrono::{DateTime, Utc};
use domain::calendar::Quarter;
use domain::import::context::Rates;
use domain::money::{Currency, Money};
use domain::program::Program;
use domain::slice::Slice;
use domain::spend::convert;
use entity::Conn;
use rust_decimal::Decimal;

/// Reads an amount of an input.
///
/// # Errors
/// A problem at the path when it is negative, too precise or too large.
pub fn amount(path: &str, amount: Decimal, currency: Currency) -> Result<Money, Problem> {
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(Problem::at([path], ProblemCode::Invalid, "the amount must not be negative"));
    }
    Money::try_from_major(amount, currency).map_err(|why| Problem::at([path], ProblemCode::Invalid, why.to_string()))
}

/// The rates of a program, at an instant.
///
/// # Errors
/// A storage failure.
pub async fn rates(conn: &impl Conn, slice: &Slice, program: &Program, now: DateTime<Utc>) -> Result<Rates, Failure> {
    let rates = entity::fx_rate::all(conn, slice).await?;
    Ok(Rates {
        currency: program.currency,
        present: program.calendar.quarter(program.calendar.day(now)),
        rates: rates.into_iter().map(|rate| ((rate.quarter, rate.currency), rate.rate)).collect(),
    })
}

/// Converts into the program's currency with the rate of the quarter.
///
/// # Errors
/// A problem at the path when the program gave no rate for that quarter, or the result is too large.
pub async fn into_program(
    conn: &impl Conn,
    slice: &Slice,
    path: &str,
    money: Money,
    currency: Currency,
    quarter: Quarter,
) -> Result<Money, Failure> {
    if money.currency == currency {
        return Ok(money);
    }
    let Some(rate) = entity::fx_rate::find(conn, slice, quarter.index(), money.currency.code()).await? else {
        let message = format!(
            "there is no rate from {} to {currency} for {quarter}: Finance sets it with fxRateSet",
            money.currency
        );
        return Err(Problem::at([path], ProblemCode::NotFound, message).by("FX_RATE_OF_THE_QUARTER").into());
    };
    convert(money, rate.rate, currency).map_err(|why| Problem::at([path], ProblemCode::Invalid, why.to_string()).into())
}

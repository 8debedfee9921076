//! The firmographics of accounts: industry, country, size, the incumbent vendor, the buyer.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::firmographics::{Firmographics, country};
use domain::qualification::{Incumbency, Seniority};
use domain::role::Action;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// What may be said of an account; what is left out stays as it is, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its industry.
    pub industry: Option<Option<String>>,
    /// Its country.
    pub country: Option<Option<String>>,
    /// How many people it employs.
    pub employees: Option<Option<i64>>,
    /// Who the vendor is there today.
    pub incumbency: Option<Option<Incumbency>>,
    /// How senior its buyer is.
    pub buyer_seniority: Option<Option<Seniority>>,
}

/// The firmographics of these accounts, as far as the caller sees them.
///
/// # Errors
/// [`Failure`].
pub async fn of_accounts(caller: &Caller, accounts: &[Uuid]) -> Result<Vec<Firmographics>, Failure> {
    let slice = caller.authorise(Action::ReadTrustGapScore)?;
    Ok(entity::firmographics::of_accounts(caller.office.store.read(), slice, accounts).await?)
}

fn apply(row: &mut Firmographics, facts: &Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    match &facts.industry {
        Some(Some(industry)) => row.industry = problems.take("industry", text::name(industry, 100)),
        Some(None) => row.industry = None,
        None => {}
    }
    match &facts.country {
        Some(Some(given)) => match country(given) {
            Some(code) => row.country = Some(code),
            None => problems.note("country", ProblemCode::Invalid, "two letters by ISO 3166-1, such as DE"),
        },
        Some(None) => row.country = None,
        None => {}
    }
    if facts.employees.flatten().is_some_and(|employees| employees < 0) {
        problems.note("employees", ProblemCode::Invalid, "0 or more");
    }
    row.employees = facts.employees.unwrap_or(row.employees);
    row.incumbency = facts.incumbency.unwrap_or(row.incumbency);
    row.buyer_seniority = facts.buyer_seniority.unwrap_or(row.buyer_seniority);
    problems.settle()
}

/// Sets an account's firmographics. The done row is the account.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    account: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::QualifyDeals, key, async |work| {
        if entity::account::find(&work.tx, work.slice, account).await?.is_none() {
            return Err(Problem::at(["accountId"], ProblemCode::NotFound, "there is no such account").into());
        }
        let nothing = Firmographics {
            account_id: account,
            industry: None,
            country: None,
            employees: None,
            incumbency: None,
            buyer_seniority: None,
            version: 0,
            recorded_at: work.now,
        };
        let before = entity::firmographics::of_accounts(&work.tx, work.slice, &[account]).await?.pop();
        let before = before.unwrap_or(nothing);
        work.expect_version(before.version, expected)?;
        let mut row = before.clone();
        apply(&mut row, &facts)?;
        if row != before {
            row.version += 1;
            row.recorded_at = work.now;
            entity::firmographics::put(&work.tx, work.slice, &row).await?;
            let body = json!({
                "industry": row.industry, "country": row.country, "employees": row.employees,
                "incumbency": row.incumbency, "buyerSeniority": row.buyer_seniority, "version": row.version,
            });
            work.record("firmographics.set", "Account", account, body);
        }
        Ok(account)
    })
    .await
}

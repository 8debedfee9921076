//! How good the facts are, and what feeds them, on the wire.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::economics::{Worth, major};
use domain::money::Currency;
use domain::role::Action;

use super::allow::Allow;
use super::attribution::{AttributionState, Provenance};
use super::caller::{caller, failed};
use super::economics::DealWorth;
use super::measurement::int;
use super::scalar::{CurrencyCode, Date, DateTime, Decimal, Money, Quarter};
use crate::usecase::quality;

/// How many deals lack what a measure needs. The direct baseline comes first: Trust-Gap is a difference to it, and a program
/// that cannot measure its direct deals cannot measure its partners.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPipeline))]
pub struct DataQuality {
    /// All deals.
    deals: i32,
    /// Deals that were won or lost.
    closed: i32,
    /// Closed deals that were declared direct: the baseline.
    closed_direct: i32,
    /// Closed deals with partners.
    closed_with_partners: i32,
    /// Closed deals whose attribution is unknown: left out of Trust-Gap on both sides.
    closed_unknown: i32,
    /// Closed deals without a segment: in totals, but in no segment's Trust-Gap.
    closed_without_segment: i32,
    /// Closed deals on no known account.
    closed_without_account: i32,
    /// Closed deals that never reached Stage 1: in no measure.
    closed_before_stage_one: i32,
    /// Closed deals that came from a file.
    closed_imported: i32,
    /// Won deals.
    won: i32,
    /// Won deals without ARR: in no deal size and no Yield.
    won_without_arr: i32,
    /// Open deals whose attribution nobody declared yet.
    open_undeclared: i32,
    /// Fiscal quarters from the first closed deal to the last: four make a trailing window whole.
    quarters_of_history: i32,
    /// The first quarter with a closed deal.
    first_quarter: Option<Quarter>,
    /// The last quarter with a closed deal.
    last_quarter: Option<Quarter>,
}

/// How many attributions there are of one kind.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPipeline))]
pub struct AttributionCount {
    /// What the partner did.
    state: AttributionState,
    /// Where it came from: imported history is countable apart.
    provenance: Provenance,
    /// Whether it was added after the lock.
    is_late: bool,
    /// Whether it is locked.
    is_locked: bool,
    /// On how many deals.
    deals: i32,
}

/// One kind of fact that enters the system, with where it comes from.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct DataInput {
    /// The kind, as the import names it: deals, accounts, partners, spend, activities.
    object: &'static str,
    /// How many rows there are.
    rows: i32,
    /// When one last came in or changed; null when there is none.
    latest_at: Option<DateTime>,
    /// Whole days since then.
    age_days: Option<i32>,
    /// The file of the last import that was applied; null when there was none.
    file_name: Option<String>,
    /// When that import finished.
    imported_at: Option<DateTime>,
}

/// Customers of one side, with what was won from them.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTotals))]
pub struct CustomerCohort {
    /// How many customers a deal was won from.
    customers: i32,
    /// Those deals.
    won: DealWorth,
}

/// Won ARR of the trailing four quarters by whether the customer uses a partner: any deal of the account, at any time, has a
/// partner on it. This is another number than what partners INFLUENCED.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTotals))]
pub struct CustomerRevenue {
    /// The date as of which the window was taken.
    as_of: Date,
    /// The first quarter of the window.
    from: Quarter,
    /// The last quarter of the window.
    to: Quarter,
    /// Customers who use a partner, or several.
    with_partners: CustomerCohort,
    /// All other customers.
    without_partners: CustomerCohort,
    /// Won deals on no known account: on neither side.
    without_account: DealWorth,
}

pub(super) fn worth(worth: Worth, currency: Currency) -> DealWorth {
    let amount = Decimal(major(worth.arr_minor, currency.minor_digits()));
    let arr = Money { amount, currency: CurrencyCode(currency) };
    DealWorth { deals: int(worth.deals), arr, without_arr: int(worth.without_arr) }
}

/// Reads of the quality of facts.
#[derive(Default)]
pub struct QualityQuery;

#[Object]
impl QualityQuery {
    /// How many deals lack what a measure needs.
    #[graphql(directive = Allow::apply(Action::ReadPipeline))]
    async fn data_quality(&self, ctx: &Context<'_>) -> Result<DataQuality> {
        let found = quality::quality(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let history =
            found.first_quarter.zip(found.last_quarter).map_or(0, |(first, last)| last.index() - first.index() + 1);
        Ok(DataQuality {
            deals: int(found.deals),
            closed: int(found.closed),
            closed_direct: int(found.closed_direct),
            closed_with_partners: int(found.closed_with_partners),
            closed_unknown: int(found.closed_unknown),
            closed_without_segment: int(found.closed_without_segment),
            closed_without_account: int(found.closed_without_account),
            closed_before_stage_one: int(found.closed_before_stage_one),
            closed_imported: int(found.closed_imported),
            won: int(found.won),
            won_without_arr: int(found.won_without_arr),
            open_undeclared: int(found.open_undeclared),
            quarters_of_history: history,
            first_quarter: found.first_quarter.map(Quarter),
            last_quarter: found.last_quarter.map(Quarter),
        })
    }

    /// How many attributions there are by state, provenance, lateness and lock.
    #[graphql(directive = Allow::apply(Action::ReadPipeline))]
    async fn attribution_counts(&self, ctx: &Context<'_>) -> Result<Vec<AttributionCount>> {
        let found = quality::attributions(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let show = |it: quality::AttributionCount| AttributionCount {
            state: it.state.into(),
            provenance: it.provenance.into(),
            is_late: it.is_late,
            is_locked: it.is_locked,
            deals: int(it.deals),
        };
        Ok(found.into_iter().map(show).collect())
    }

    /// What enters the system: every kind of fact with how many there are, how fresh they are and where they came from.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn data_inputs(&self, ctx: &Context<'_>) -> Result<Vec<DataInput>> {
        let caller = caller(ctx)?;
        let now = caller.office.clock.now();
        let inputs = quality::inputs(caller).await.map_err(|why| failed(&why))?;
        let show = |input: quality::Input| DataInput {
            object: input.object,
            rows: int(input.rows),
            latest_at: input.latest_at.map(DateTime),
            age_days: input.latest_at.map(|at| i32::try_from((now - at).num_days()).unwrap_or(i32::MAX)),
            file_name: input.file_name,
            imported_at: input.imported_at.map(DateTime),
        };
        Ok(inputs.into_iter().map(show).collect())
    }

    /// Won ARR of the trailing four quarters by whether the customer uses a partner.
    #[graphql(directive = Allow::apply(Action::ReadTotals))]
    async fn customer_revenue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.")]
        as_of: Option<Date>,
    ) -> Result<CustomerRevenue> {
        let (program, as_of, window, found) =
            quality::customer_revenue(caller(ctx)?, as_of.map(|day| day.0)).await.map_err(|why| failed(&why))?;
        let cohort = |(customers, won): (u64, Worth)| CustomerCohort {
            customers: int(customers),
            won: worth(won, program.currency),
        };
        Ok(CustomerRevenue {
            as_of: Date(as_of),
            from: Quarter(window.from),
            to: Quarter(window.to),
            with_partners: cohort(found.with_partners),
            without_partners: cohort(found.without_partners),
            without_account: worth(found.without_account, program.currency),
        })
    }
}

//! Partner money beside direct money, on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::investment as method;
use domain::role::Action;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::measurement::{Evidence, Interval, MeasuredFrame, Reason, WinRate, decimal, int, reason};
use super::scalar::{Decimal, Money};
use super::spend_plan::amount;
use crate::usecase::investment;
use crate::usecase::measurement::Measures;

/// Which side brings more ARR for its cost.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Better")]
pub enum BetterInvestment {
    /// The whole interval of the partner side lies above that of the direct side.
    Partner,
    /// It lies below.
    Direct,
    /// The intervals meet: these deals do not tell.
    Inconclusive,
    /// One side has no multiple, or won nothing.
    Unmeasured,
}

/// What one unit of loaded cost brought: closed NEW deals of the trailing four quarters.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::CompareInvestment))]
pub struct InvestmentSide {
    /// Closed deals.
    win_rate: WinRate,
    /// ARR of the won ones.
    won_arr: Money,
    /// How many of the won ones have no ARR recorded, and add nothing.
    without_arr: i32,
    /// Loaded cost: program spend of every category, or what you named for direct sales; null where you named nothing.
    cost: Option<Money>,
    /// Won ARR / cost; null without a closed deal or without a cost.
    multiple: Option<Decimal>,
    /// Wilson's interval of the win rate, carried over to the multiple: deals, mean ARR and cost are as they were.
    interval: Option<Interval>,
    /// How much stands behind it: THIN under 10 closed deals by default.
    evidence: Evidence,
    /// Why the multiple is null.
    reason: Option<Reason>,
}

/// Partner money beside direct money.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::CompareInvestment))]
pub struct InvestmentComparison {
    /// The window, and the policy.
    frame: MeasuredFrame,
    /// Deals with any partner, each once, at the program's spend.
    partner: InvestmentSide,
    /// Deals without a partner, at the cost that you named.
    direct: InvestmentSide,
    /// Which brings more for its cost, by whether the intervals meet.
    better: BetterInvestment,
    /// The share of won ARR that came with a partner, every kind of deal, 0 to 1.
    partner_share_rate: Option<Decimal>,
    /// Advisory: from a quarter of won ARR on (by default), partner operations take a leader of their own. Null without won ARR.
    wants_dedicated_leader: Option<bool>,
}

fn side(it: method::Side, measures: &Arc<Measures>) -> InvestmentSide {
    InvestmentSide {
        won_arr: amount(it.won_arr_minor, measures.currency),
        without_arr: int(it.without_arr),
        cost: it.cost_minor.map(|minor| amount(minor, measures.currency)),
        reason: reason(&it.multiple),
        multiple: it.multiple.ok().map(decimal),
        interval: it.interval.map(Into::into),
        evidence: it.evidence.into(),
        win_rate: WinRate(it.win_rate, measures.clone()),
    }
}

/// Reads of investments.
#[derive(Default)]
pub struct InvestmentQuery;

#[Object]
impl InvestmentQuery {
    /// ARR per loaded unit of money, with partners and without, with its uncertainty: why another partner manager rather than a seller?
    #[graphql(directive = Allow::apply(Action::CompareInvestment))]
    async fn compare_investment(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What direct sales cost in the trailing four quarters, loaded, in the program's currency. It is no fact of the program: without it the direct side has no multiple."
        )]
        direct_cost: Option<MoneyInput>,
    ) -> Result<InvestmentComparison> {
        let cost = direct_cost.map(|cost| cost.read());
        let found = investment::compare(caller(ctx)?, cost).await.map_err(|why| failed(&why))?;
        Ok(InvestmentComparison {
            frame: (&*found.measures).into(),
            partner: side(found.partner, &found.measures),
            direct: side(found.direct, &found.measures),
            better: found.better.into(),
            partner_share_rate: found.partner_share.map(decimal),
            wants_dedicated_leader: found.wants_leader,
        })
    }
}

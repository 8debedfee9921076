//! Partner money beside direct money, on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::economics::Worth;
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
    /// The intervals meet, or a side is not SOLID: these deals do not tell.
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
    /// Won ARR / cost; null without a closed deal or without a cost, and where deals were won and none
    /// of them has a known ARR.
    multiple: Option<Decimal>,
    /// Wilson's interval of the win rate, carried over to the multiple: deals, mean ARR and cost are as they were.
    interval: Option<Interval>,
    /// How much stands behind it: THIN under 10 won deals by default.
    evidence: Evidence,
    /// Why the multiple is null.
    reason: Option<Reason>,
}

/// Won deals with what they are worth.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::CompareInvestment))]
pub struct InvestmentWorth {
    /// How many deals.
    deals: i32,
    /// ARR of those whose ARR is known.
    arr: Money,
    /// Deals whose ARR is not known; they add nothing to `arr`, and missing is not zero.
    without_arr: i32,
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
    /// Which brings more for its cost, by whether the intervals meet; INCONCLUSIVE unless both sides are SOLID.
    better: BetterInvestment,
    /// The share of won ARR that came with a partner, every kind of deal, 0 to 1: `wonWithPartner` / (`wonWithPartner` + `wonDirect`).
    partner_share_rate: Option<Decimal>,
    /// Won deals of every kind that have a partner.
    won_with_partner: InvestmentWorth,
    /// Won deals of every kind that have none.
    won_direct: InvestmentWorth,
    /// Won deals of every kind of which nobody knows: on neither side of the share.
    won_unknown: InvestmentWorth,
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

fn worth(it: Worth, measures: &Measures) -> InvestmentWorth {
    InvestmentWorth {
        deals: int(it.deals),
        arr: amount(it.arr_minor, measures.currency),
        without_arr: int(it.without_arr),
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
            won_with_partner: worth(found.won.with_partner, &found.measures),
            won_direct: worth(found.won.direct, &found.measures),
            won_unknown: worth(found.won.unknown, &found.measures),
            wants_dedicated_leader: found.wants_leader,
        })
    }
}

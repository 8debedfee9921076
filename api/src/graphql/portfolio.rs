//! A portfolio on the wire.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::book::Place;
use domain::cell::CellValue;
use domain::deliverable::METHODOLOGY;
use domain::economics::{PartnerYield as YieldOf, major};
use domain::money::Currency;
use domain::role::Action;
use domain::spread::{Comparison, Spread};
use domain::tam::{Band, Forecast, Spot};
use std::collections::BTreeSet;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::economics::{DealVelocityPremium, PartnerYield, partner_yield, velocity};
use super::measurement::{Evidence, Reason, decimal, int, reason};
use super::scalar::{CurrencyCode, Date, DateTime, Decimal, Money, Quarter};
use super::spend_plan::amount;
use crate::usecase::portfolio::{self, Holding};

/// A set of partner programs that a private-equity firm holds: financial primitives per program, and rolled up.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPortfolio))]
pub struct Portfolio {
    /// The name.
    name: String,
    /// The edition of the methodology whose definitions these numbers follow.
    methodology_version: &'static str,
    /// Its programs, by name.
    programs: Vec<PortfolioProgram>,
    /// The programs added up, once for each currency: money of two currencies is never added.
    roll_ups: Vec<PortfolioRollUp>,
}

/// One program of a portfolio.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPortfolio))]
pub struct PortfolioProgram {
    /// The program's name.
    name: String,
    /// The currency it reports in.
    currency: CurrencyCode,
    /// The date its numbers are as of.
    as_of: Date,
    /// The first of the trailing four quarters, in its own fiscal calendar.
    from: Quarter,
    /// The last of the trailing four quarters.
    to: Quarter,
    /// Sourced ARR won for each unit of program spend.
    partner_yield: PartnerYield,
    /// How much faster deals with any partner close than direct ones.
    velocity: DealVelocityPremium,
    /// What its CFO budgeted against on the date asked for: the latest revision published by the end of that day, of the forecast of the
    /// day's quarter and the three after it, or of the latest before it; null where none was published.
    forecast: Option<PortfolioForecast>,
    /// Why there is no forecast, or why it has no amount; null where it has one.
    forecast_reason: Option<&'static str>,
    /// Net revenue retention.
    nrr: PortfolioNrr,
}

/// Net revenue retention.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPortfolio))]
pub struct PortfolioNrr {
    /// 1 is what was there; null while it is not computed.
    rate: Option<Decimal>,
    /// Why it is null.
    reason: Option<&'static str>,
}

const fn nrr() -> PortfolioNrr {
    let reason = "Net revenue retention is measured in Phase 6, which this server does not compute yet.";
    PortfolioNrr { rate: None, reason: Some(reason) }
}

/// How much faster deals with partners close, over several programs: of all their won NEW deals together.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPortfolio))]
pub struct PortfolioVelocity {
    /// (direct mean - partner mean) / direct mean of days to close; positive is faster. Null where a side has no won deal.
    premium_rate: Option<Decimal>,
    /// Won deals with any partner.
    partner_deals: i32,
    /// Won direct deals.
    direct_deals: i32,
    /// How much stands behind it.
    evidence: Evidence,
    /// Why the premium is null.
    reason: Option<Reason>,
}

const NOT_PUBLISHED: &str =
    "By the end of the date asked for, no forecast of its quarter or of one before it was published.";
const NOT_MEASURED: &str = "The published forecast measures nothing in this band.";

/// The published forecast of a program in total.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
pub struct PortfolioForecast {
    /// The first of its four quarters, in the program's own fiscal calendar.
    quarter: Quarter,
    /// When it was published.
    published_at: DateTime,
    /// Partner-influenced TAM of the four quarters, in the band that the CFO budgets against; null where nothing is measured.
    conservative: Option<Money>,
}

fn conservative(forecast: &Forecast) -> Option<i128> {
    forecast.amounts(Spot::All, Band::Conservative).year(None)
}

/// Programs of one currency added up. Each brings the trailing four quarters of its own fiscal calendar.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPortfolio))]
pub struct PortfolioRollUp {
    /// The currency.
    currency: CurrencyCode,
    /// How many programs are in it.
    programs: i32,
    /// ARR of won deals that partners SOURCED.
    sourced_arr: Money,
    /// How many such deals were won.
    sourced_deals: i32,
    /// Of these, how many have no ARR recorded and so add nothing.
    sourced_deals_without_arr: i32,
    /// Program spend.
    spend: Money,
    /// Sourced ARR for each unit of spend; null without spend, and where sourced deals were won and none of them has a known
    /// ARR.
    yield_multiple: Option<Decimal>,
    /// How much stands behind it.
    evidence: Evidence,
    /// Why the multiple is null.
    reason: Option<Reason>,
    /// The programs' published forecasts, in the band that the CFO budgets against, added; null where no program has one. Each is of the
    /// four quarters from its own one on: where `forecastQuarters` has several, the sum is not of one year.
    forecast_conservative: Option<Money>,
    /// How many programs have a published forecast.
    forecasts: i32,
    /// The quarters in which these forecasts begin, each once, in order, each in its program's own fiscal calendar.
    forecast_quarters: Vec<Quarter>,
    /// Why there is no forecast; null where there is one.
    forecast_reason: Option<&'static str>,
    /// How much faster deals with partners close.
    velocity: PortfolioVelocity,
    /// Net revenue retention.
    nrr: PortfolioNrr,
}

/// Days to close of both sides, added over programs: a mean of all their deals, not of their means.
fn velocity_of(holdings: &[&Holding], policy: &domain::policy::Policy) -> PortfolioVelocity {
    let (mut partner, mut direct) = (Spread::default(), Spread::default());
    for holding in holdings {
        let cycles = holding.measures.cycles(None, Place::All);
        for (sum, own) in [(&mut partner, cycles.partner), (&mut direct, cycles.direct)] {
            sum.deals += own.deals;
            sum.sum += own.sum;
        }
    }
    let both = Comparison::of(partner, direct, policy);
    let premium = both.velocity_premium();
    PortfolioVelocity {
        partner_deals: int(partner.deals),
        direct_deals: int(direct.deals),
        evidence: both.evidence.into(),
        reason: reason(&premium),
        premium_rate: premium.ok().map(decimal),
    }
}

fn roll_up(currency: Currency, holdings: &[&Holding]) -> PortfolioRollUp {
    let mut sourced = CellValue::default();
    let mut spend = 0;
    for holding in holdings {
        let cell =
            holding.measures.book.value(None, Place::All, domain::cell::Cohort::Sourced, domain::book::Kinds::All);
        sourced.add(&cell);
        spend += holding.measures.spending.on(None);
    }
    let forecasts: Vec<_> = holdings.iter().filter_map(|holding| holding.forecast.as_ref()).collect();
    // The floors of evidence are those of the strictest program.
    let strictest =
        holdings.iter().map(|holding| &holding.measures.policy).max_by_key(|policy| policy.solid_sourced_deals);
    let value = YieldOf::measure(&sourced, spend, &strictest.cloned().unwrap_or_default());
    let stricter = holdings.iter().map(|holding| &holding.measures.policy).max_by_key(|policy| policy.solid_deals);
    let total =
        forecasts.iter().filter_map(|published| conservative(&published.forecast)).reduce(|sum, minor| sum + minor);
    let quarters: BTreeSet<_> = forecasts.iter().map(|published| published.forecast.quarter).collect();
    let money =
        |minor| Money { amount: Decimal(major(minor, currency.minor_digits())), currency: CurrencyCode(currency) };
    PortfolioRollUp {
        currency: CurrencyCode(currency),
        programs: i32::try_from(holdings.len()).unwrap_or(i32::MAX),
        sourced_arr: money(value.sourced_arr_minor),
        sourced_deals: int(value.sourced_won),
        sourced_deals_without_arr: int(value.without_arr),
        spend: money(value.spend_minor),
        yield_multiple: value.multiple.ok().map(decimal),
        evidence: value.evidence.into(),
        reason: reason(&value.multiple),
        forecast_conservative: total.map(money),
        forecasts: int(forecasts.len() as u64),
        forecast_quarters: quarters.into_iter().map(Quarter).collect(),
        forecast_reason: missing(forecasts.is_empty(), total),
        velocity: velocity_of(holdings, &stricter.cloned().unwrap_or_default()),
        nrr: nrr(),
    }
}

const fn missing(is_unpublished: bool, amount: Option<i128>) -> Option<&'static str> {
    match amount {
        Some(_) => None,
        None if is_unpublished => Some(NOT_PUBLISHED),
        None => Some(NOT_MEASURED),
    }
}

impl From<&Holding> for PortfolioProgram {
    fn from(holding: &Holding) -> Self {
        let measures = &holding.measures;
        let amount_of = holding.forecast.as_ref().and_then(|published| conservative(&published.forecast));
        Self {
            forecast_reason: missing(holding.forecast.is_none(), amount_of),
            nrr: nrr(),
            name: holding.name.clone(),
            currency: CurrencyCode(holding.currency),
            as_of: Date(measures.frame.as_of),
            from: Quarter(measures.frame.window.from),
            to: Quarter(measures.frame.window.to),
            partner_yield: partner_yield(measures, None),
            velocity: velocity(measures, &measures.cycles(None, Place::All)),
            forecast: holding.forecast.as_ref().map(|published| PortfolioForecast {
                quarter: Quarter(published.forecast.quarter),
                published_at: DateTime(published.deliverable.published_at),
                conservative: conservative(&published.forecast).map(|minor| amount(minor, holding.currency)),
            }),
        }
    }
}

/// Reads of a portfolio.
#[derive(Default)]
pub struct PortfolioQuery;

#[Object]
impl PortfolioQuery {
    /// The portfolio the caller's seat is in.
    #[graphql(directive = Allow::apply(Action::ReadPortfolio))]
    async fn portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date as of which to measure; today in each program's time zone where it is left out.")]
        as_of: Option<Date>,
    ) -> Result<Portfolio> {
        let (portfolio, holdings) =
            portfolio::read(caller(ctx)?, as_of.map(|day| day.0)).await.map_err(|why| failed(&why))?;
        let mut currencies: Vec<Currency> = holdings.iter().map(|holding| holding.currency).collect();
        currencies.sort_by_key(|currency| currency.code());
        currencies.dedup();
        let of =
            |currency: Currency| holdings.iter().filter(|holding| holding.currency == currency).collect::<Vec<_>>();
        Ok(Portfolio {
            name: portfolio.name,
            methodology_version: METHODOLOGY,
            programs: holdings.iter().map(Into::into).collect(),
            roll_ups: currencies.into_iter().map(|currency| roll_up(currency, &of(currency))).collect(),
        })
    }
}

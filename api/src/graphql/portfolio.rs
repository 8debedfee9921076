//! A portfolio on the wire.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::book::Place;
use domain::cell::CellValue;
use domain::economics::{PartnerYield as YieldOf, major};
use domain::money::Currency;
use domain::role::Action;
use domain::tam::{Band, Forecast, Spot};

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
    /// What its CFO budgets against: the published forecast of its running quarter and the three after it, or the latest before it;
    /// null where none is published.
    forecast: Option<PortfolioForecast>,
}

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
    /// Program spend.
    spend: Money,
    /// Sourced ARR for each unit of spend; null without spend.
    yield_multiple: Option<Decimal>,
    /// How much stands behind it.
    evidence: Evidence,
    /// Why the multiple is null.
    reason: Option<Reason>,
    /// The programs' published forecasts, in the band that the CFO budgets against, added; null where no program has one.
    forecast_conservative: Option<Money>,
    /// How many programs have a published forecast.
    forecasts: i32,
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
    let money =
        |minor| Money { amount: Decimal(major(minor, currency.minor_digits())), currency: CurrencyCode(currency) };
    PortfolioRollUp {
        currency: CurrencyCode(currency),
        programs: i32::try_from(holdings.len()).unwrap_or(i32::MAX),
        sourced_arr: money(value.sourced_arr_minor),
        sourced_deals: int(value.sourced_won),
        spend: money(value.spend_minor),
        yield_multiple: value.multiple.ok().map(decimal),
        evidence: value.evidence.into(),
        reason: reason(&value.multiple),
        forecast_conservative: forecasts
            .iter()
            .filter_map(|published| conservative(&published.forecast))
            .reduce(|sum, minor| sum + minor)
            .map(money),
        forecasts: int(forecasts.len() as u64),
    }
}

impl From<&Holding> for PortfolioProgram {
    fn from(holding: &Holding) -> Self {
        let measures = &holding.measures;
        Self {
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
            programs: holdings.iter().map(Into::into).collect(),
            roll_ups: currencies.into_iter().map(|currency| roll_up(currency, &of(currency))).collect(),
        })
    }
}

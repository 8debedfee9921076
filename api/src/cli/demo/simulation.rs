//! Simulated quarters: what a CRM and a finance system would hold of a market by today. Pure: the same market and the same
//! day give the same facts. Amounts are drawn as whole units of a currency.

use super::chance::Chance;
use super::market::{Fit, Market, REGIONS};
use super::names;
use chrono::{NaiveDate, TimeDelta};
use domain::attribution::AttributionState;
use domain::calendar::{Calendar, Quarter};
use domain::deal::{DealKind, Outcome};
use domain::partner::PartnerKind;
use domain::spend::SpendCategory;

/// Completed quarters of history.
pub(super) const QUARTERS: i32 = 12;

/// The share of new deals with a partner, and of those with a second one.
const PARTNER_SHARE: f64 = 0.48;
const SECOND_PARTNER_SHARE: f64 = 0.14;
/// The share of deals whose attribution nobody wrote down.
const UNKNOWN_SHARE: f64 = 0.06;
/// The shares of expansions and renewals, where the account is a customer.
const EXPANSION_SHARE: f64 = 0.13;
const RENEWAL_SHARE: f64 = 0.08;
/// The share of new opportunities that turn out to be none.
const DISQUALIFIED_SHARE: f64 = 0.06;

/// An account.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) segment: usize,
    pub(super) region: &'static str,
    pub(super) clouds: Vec<&'static str>,
}

/// A deal as the CRM has it today.
pub(super) struct Deal {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) account: usize,
    pub(super) segment: usize,
    pub(super) kind: DealKind,
    pub(super) outcome: Outcome,
    pub(super) stage: &'static str,
    pub(super) opened_on: NaiveDate,
    /// The close, or the day on which an open deal is expected to close.
    pub(super) close_on: NaiveDate,
    pub(super) arr: i64,
    pub(super) currency: &'static str,
    pub(super) services: i64,
    pub(super) years: i64,
    pub(super) owner: &'static str,
    /// Partners by their place, with what they did.
    pub(super) credits: Vec<(usize, AttributionState)>,
    pub(super) is_unknown: bool,
    pub(super) product: &'static str,
    pub(super) discount_percent: i64,
    pub(super) lost_reason: Option<&'static str>,
}

/// A line of spend.
pub(super) struct Spend {
    pub(super) id: String,
    pub(super) partner: usize,
    pub(super) quarter: Quarter,
    pub(super) category: SpendCategory,
    pub(super) amount: i64,
    pub(super) currency: &'static str,
}

/// Something that happened on a deal.
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) deal: usize,
    pub(super) partner: Option<usize>,
    pub(super) kind: &'static str,
    pub(super) day: NaiveDate,
    /// Minutes after local midnight.
    pub(super) minute: u32,
    pub(super) is_joint: bool,
    pub(super) note: &'static str,
}

/// Everything by today.
pub(super) struct World {
    pub(super) market: &'static Market,
    pub(super) calendar: Calendar,
    pub(super) today: NaiveDate,
    /// The running quarter.
    pub(super) running: Quarter,
    pub(super) accounts: Vec<Account>,
    pub(super) deals: Vec<Deal>,
    pub(super) spend: Vec<Spend>,
    pub(super) activities: Vec<Activity>,
}

impl World {
    /// Simulates a market up to a day.
    pub(super) fn simulate(market: &'static Market, calendar: Calendar, today: NaiveDate) -> Self {
        let running = calendar.quarter(today);
        let mut world = Self {
            market,
            calendar,
            today,
            running,
            accounts: accounts(market),
            deals: Vec::new(),
            spend: Vec::new(),
            activities: Vec::new(),
        };
        let mut customers = Vec::new();
        // One quarter earlier than history begins, so that its first quarter has deals to close.
        for step in -1..=QUARTERS {
            world.open_quarter(step, &mut customers);
        }
        world.deals.retain(|deal| deal.opened_on <= today);
        world.spend_all();
        world.act();
        world
    }

    /// What one unit of a currency is worth in a quarter: a slow drift, rounded to four digits, in ten-thousandths.
    pub(super) fn rate(&self, currency: &str, step: i32) -> i64 {
        let (_, start, _) = self.market.foreign.iter().find(|(code, ..)| *code == currency).unwrap_or(&("", 1.0, ""));
        let mut chance = Chance::of(self.market.seed, &format!("rate {currency} {step}"));
        whole((start * (1.0 + 0.003 * f64::from(step)) + 0.01 * chance.normal()) * 10_000.0)
    }

    /// Whether a deal is of the running quarter: such deals are entered one by one, the others imported. One past Stage 1 that
    /// nobody declared can only have come from a file.
    pub(super) fn is_live(&self, deal: &Deal) -> bool {
        deal.opened_on >= self.calendar.first_day(self.running) && (!deal.is_unknown || deal.stage == "Prospecting")
    }

    /// Whether a partner is a marketplace.
    pub(super) fn is_marketplace(&self, partner: usize) -> bool {
        self.market.partners[partner].kind == PartnerKind::Marketplace
    }

    fn open_quarter(&mut self, step: i32, customers: &mut Vec<usize>) {
        let quarter = self.running.plus(step - QUARTERS);
        let (first, last) = (self.calendar.first_day(quarter), self.calendar.last_day(quarter));
        let days = (last - first).num_days() + 1;
        let count = whole(self.market.first_quarter + self.market.growth * f64::from(step));
        for at in 0..count {
            let mut chance = Chance::of(self.market.seed, &format!("deal {step} {at}"));
            let opened_on = first + TimeDelta::days(whole(chance.unit() * days as f64).min(days - 1));
            let deal = self.deal(&mut chance, step, opened_on, customers);
            if deal.kind == DealKind::New && deal.outcome == Outcome::Won {
                customers.push(deal.account);
            }
            self.deals.push(deal);
        }
    }

    fn deal(&self, chance: &mut Chance, step: i32, opened_on: NaiveDate, customers: &[usize]) -> Deal {
        let roll = chance.unit();
        let (kind, account) = match chance.pick(customers).copied() {
            Some(customer) if roll < EXPANSION_SHARE => (DealKind::Expansion, customer),
            Some(customer) if roll < EXPANSION_SHARE + RENEWAL_SHARE => (DealKind::Renewal, customer),
            _ => (DealKind::New, self.new_account(chance)),
        };
        let segment_at = self.accounts[account].segment;
        let segment = &self.market.segments[segment_at];
        let credits = self.credits(chance, step, kind, segment_at);
        let first = credits.first().map(|(partner, _)| &self.market.partners[*partner]);
        let fit = first.and_then(|partner| partner.fits.iter().find(|fit| fit.segment == segment_at));
        let (size, pace) = first.map_or((1.0, 1.0), |partner| (partner.size, partner.pace));
        let (base, is_first_sale) = match kind {
            DealKind::New => (segment.direct_rate, 1.0),
            DealKind::Expansion => (0.55, 0.35),
            DealKind::Renewal => (0.86, 0.90),
        };
        let is_won = chance.unit() < (base + fit.map_or(0.0, |fit| fit.lift)).clamp(0.05, 0.95);
        let is_disqualified = kind == DealKind::New && chance.unit() < DISQUALIFIED_SHARE;
        let median = segment.median_days * pace * if kind == DealKind::New { 1.0 } else { 0.6 };
        let slow = if is_won { 1.0 } else { 1.15 };
        let cycle = whole(median * slow * chance.spread(0.45)).clamp(4, 420);
        let arr = whole(segment.median_arr * size * is_first_sale * chance.spread(0.55) / 100.0).max(5) * 100;
        let close_on = opened_on + TimeDelta::days(cycle);
        let ended = match (is_disqualified, is_won) {
            (true, _) => Outcome::Disqualified,
            (false, true) => Outcome::Won,
            (false, false) => Outcome::Lost,
        };
        let outcome = if close_on <= self.today { ended } else { Outcome::Open };
        let done = ((self.today - opened_on).num_days() as f64 / cycle as f64).clamp(0.0, 1.0);
        let account_facts = &self.accounts[account];
        let is_foreign = chance.unit() < 0.6;
        let foreign = self.market.foreign.iter().find(|(.., region)| is_foreign && *region == account_facts.region);
        let product = *chance.pick(names::PRODUCTS).unwrap_or(&"Platform");
        let what = match kind {
            DealKind::New => product,
            DealKind::Expansion => "expansion",
            DealKind::Renewal => "renewal",
        };
        Deal {
            id: String::new(),
            name: format!("{} - {what}", account_facts.name),
            account,
            segment: segment_at,
            kind,
            outcome,
            stage: stage(outcome, done),
            opened_on,
            close_on,
            arr,
            currency: foreign.map_or(self.market.currency, |(code, ..)| code),
            services: if chance.unit() < 0.3 { arr / 500 * 100 } else { 0 },
            years: 1 + i64::from(chance.unit() < 0.35) * 2,
            owner: names::OWNERS[(segment_at * 2 + usize::from(chance.unit() < 0.5)) % names::OWNERS.len()].0,
            is_unknown: credits.is_empty() && chance.unit() < UNKNOWN_SHARE * 2.0,
            credits,
            product,
            discount_percent: whole(chance.unit() * 20.0),
            lost_reason: (outcome == Outcome::Lost).then(|| *chance.pick(names::LOST).unwrap_or(&"No decision")),
        }
    }

    fn new_account(&self, chance: &mut Chance) -> usize {
        let segment = chance.weighted(self.market.segments.iter().map(|segment| segment.weight));
        let of_it: Vec<usize> = (0..self.accounts.len()).filter(|at| self.accounts[*at].segment == segment).collect();
        chance.pick(&of_it).copied().unwrap_or(0)
    }

    /// Who took part: the first is the one that the deal's fortune hangs on.
    fn credits(
        &self,
        chance: &mut Chance,
        step: i32,
        kind: DealKind,
        segment: usize,
    ) -> Vec<(usize, AttributionState)> {
        let share = if kind == DealKind::New { PARTNER_SHARE } else { PARTNER_SHARE * 0.6 };
        if chance.unit() >= share {
            return Vec::new();
        }
        let at_work = |fit: &Fit| fit.segment == segment;
        let weights: Vec<f64> = (self.market.partners.iter())
            .map(|partner| {
                let is_active = (i64::from(partner.from)..i64::from(partner.until)).contains(&i64::from(step.max(0)));
                partner.fits.iter().find(|fit| at_work(fit) && is_active).map_or(0.0, |fit| fit.weight)
            })
            .collect();
        if weights.iter().sum::<f64>() <= 0.0 {
            return Vec::new();
        }
        let first = chance.weighted(weights.iter().copied());
        let state = |chance: &mut Chance, partner: usize, is_second: bool| {
            let [sourced, influenced, accelerated] = self.market.partners[partner].states;
            let sourced = if is_second { 0.0 } else { sourced };
            match (kind, chance.weighted([sourced, influenced.max(0.01), accelerated])) {
                (DealKind::Expansion | DealKind::Renewal, _) => AttributionState::ExpansionOrRetention,
                (DealKind::New, 0) => AttributionState::Sourced,
                (DealKind::New, 1) => AttributionState::Influenced,
                (DealKind::New, _) => AttributionState::Accelerated,
            }
        };
        let mut credits = vec![(first, state(chance, first, false))];
        if chance.unit() < SECOND_PARTNER_SHARE {
            let others = weights.iter().enumerate().map(|(at, weight)| if at == first { 0.0 } else { *weight });
            let others: Vec<f64> = others.collect();
            if others.iter().sum::<f64>() > 0.0 {
                let second = chance.weighted(others);
                credits.push((second, state(chance, second, true)));
            }
        }
        credits
    }

    fn spend_all(&mut self) {
        for step in 0..=QUARTERS {
            let quarter = self.running.plus(step - QUARTERS);
            for (at, partner) in self.market.partners.iter().enumerate() {
                let steps = i64::from(partner.from)..i64::from(partner.until);
                if !steps.contains(&i64::from(step)) {
                    continue;
                }
                for &(category, amount) in partner.spend {
                    let mut chance = Chance::of(self.market.seed, &format!("spend {step} {at} {category:?}"));
                    let grown = amount * (0.8 + 0.025 * f64::from(step)) * chance.spread(0.12);
                    self.spend.push(Spend {
                        id: format!("S-{quarter}-{}-{category:?}", partner.id),
                        partner: at,
                        quarter,
                        category,
                        amount: whole(grown / 50.0) * 50,
                        currency: partner.spend_currency.unwrap_or(self.market.currency),
                    });
                }
            }
        }
    }

    /// Ids, and what was logged: an introduction where a partner brought the deal, touches, and meetings while it is open.
    fn act(&mut self) {
        self.deals.sort_by_key(|deal| (deal.opened_on, deal.account, deal.arr));
        for (at, deal) in self.deals.iter_mut().enumerate() {
            deal.id = format!("006{:05}", at + 1);
            let mut chance = Chance::of(self.market.seed, &format!("activity {at}"));
            let end = if deal.outcome == Outcome::Open { self.today } else { deal.close_on };
            let span = (end - deal.opened_on).num_days();
            let mut log = |chance: &mut Chance, partner, kind, share: f64, is_joint, note| {
                let mut day = deal.opened_on + TimeDelta::days(whole(span as f64 * share).clamp(0, span));
                if kind == "TOUCH" && deal.opened_on < self.today {
                    // Who is credited has been heard from.
                    day = day.min(self.today - TimeDelta::days(1));
                }
                let minute = 9 * 60 + u32::try_from(whole(chance.unit() * 450.0)).unwrap_or(0);
                if day < self.today {
                    let id = format!("A-{}-{}", deal.id, self.activities.len() + 1);
                    self.activities.push(Activity { id, deal: at, partner, kind, day, minute, is_joint, note });
                }
            };
            for &(partner, state) in &deal.credits {
                if state == AttributionState::Sourced {
                    log(&mut chance, Some(partner), "INTRODUCTION", 0.0, false, "Introduced the economic buyer.");
                }
                let share = 0.1 + 0.3 * chance.unit();
                log(
                    &mut chance,
                    Some(partner),
                    "TOUCH",
                    share,
                    false,
                    "Talked to the partner's team about the account.",
                );
                if chance.unit() < 0.5 {
                    let share = 0.4 + 0.4 * chance.unit();
                    log(&mut chance, Some(partner), "MEETING", share, true, "Joint meeting with the customer.");
                }
            }
            if deal.outcome == Outcome::Open || chance.unit() < 0.35 {
                let share = 0.5 + 0.5 * chance.unit();
                log(&mut chance, None, "CALL", share, false, "Went through open questions and the next step.");
            }
        }
    }
}

fn accounts(market: &Market) -> Vec<Account> {
    let mut chance = Chance::of(market.seed, "accounts");
    let mut all = names::companies();
    (0..market.accounts.min(all.len()))
        .map(|at| {
            let name = all.swap_remove(whole(chance.unit() * all.len() as f64).unsigned_abs() as usize % all.len());
            let region = REGIONS[chance.weighted(REGIONS.iter().map(|(_, share)| *share))].0;
            let clouds = names::CLOUDS.iter().filter(|_| chance.unit() < 0.22).copied().collect();
            Account {
                id: format!("001{:04}", at + 1),
                domain: format!("{}.example", name.to_lowercase().replace(' ', "")),
                segment: chance.weighted(market.segments.iter().map(|segment| segment.weight)),
                name,
                region,
                clouds,
            }
        })
        .collect()
}

fn stage(outcome: Outcome, done: f64) -> &'static str {
    match outcome {
        Outcome::Won => "Closed Won",
        Outcome::Lost => "Closed Lost",
        Outcome::Disqualified => "Disqualified",
        Outcome::Open if done < 0.12 => "Prospecting",
        Outcome::Open if done < 0.35 => "Discovery",
        Outcome::Open if done < 0.60 => "Solution Fit",
        Outcome::Open if done < 0.85 => "Proposal",
        Outcome::Open => "Negotiation",
    }
}

/// A drawn number as a whole one. What is drawn here is far below the limits, where a cast would saturate.
pub(super) fn whole(drawn: f64) -> i64 {
    drawn.round() as i64
}

#[cfg(test)]
#[path = "simulation_tests.rs"]
mod tests;

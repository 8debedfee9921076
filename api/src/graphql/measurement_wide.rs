//! The parts of a wide list of measures, written at once: the same values as the resolvers of `measurement.rs` and
//! `economics.rs` give (`tests/wide.rs` compares the two).

use async_graphql::resolver_utils::enum_value;
use async_graphql::{ScalarType, Value};
use domain::economics::PartnerYield as Yield;
use domain::trust_gap::{TrustGap as Gap, WinRate as Rate};

use super::economics::money;
use super::measurement::{Evidence, TrustGapReading, decimal, int};
use super::scalar::{Decimal, Money};
use super::wide::{Plain, Selected, or_null};
use crate::usecase::measurement::Measures;

const INTERVAL: Plain = Plain { name: "Interval", fields: &[("low", None), ("high", None), ("level", None)] };

const WIN_RATE: Plain =
    Plain { name: "WinRate", fields: &[("won", None), ("lost", None), ("rate", None), ("interval", Some(&INTERVAL))] };

pub(super) const TRUST_GAP: Plain = Plain {
    name: "TrustGap",
    fields: &[
        ("points", None),
        ("coSell", Some(&WIN_RATE)),
        ("direct", Some(&WIN_RATE)),
        ("interval", Some(&INTERVAL)),
        ("evidence", None),
        ("reading", None),
        ("dealsUntilConclusive", None),
        ("leftOutUnknown", None),
    ],
};

pub(super) const MONEY: Plain = Plain { name: "Money", fields: &[("amount", None), ("currency", None)] };

pub(super) const PARTNER_YIELD: Plain = Plain {
    name: "PartnerYield",
    fields: &[
        ("multiple", None),
        ("sourcedArr", Some(&MONEY)),
        ("sourcedDeals", None),
        ("sourcedDealsWithoutArr", None),
        ("spend", Some(&MONEY)),
        ("evidence", None),
    ],
};

fn interval(interval: domain::evidence::Interval, of: &Selected) -> Value {
    of.write(|field, _| match field {
        "low" => decimal(interval.low).to_value(),
        "high" => decimal(interval.high).to_value(),
        _ => Decimal(interval.level.value()).to_value(),
    })
}

fn win_rate(rate: Rate, measures: &Measures, of: &Selected) -> Value {
    of.write(|field, below| match field {
        "won" => int(rate.won).into(),
        "lost" => int(rate.lost).into(),
        "rate" => or_null(rate.rate(), |rate| decimal(rate).to_value()),
        _ => or_null(rate.interval(&measures.policy), |it| interval(it, below)),
    })
}

pub(super) fn trust_gap(gap: &Gap, measures: &Measures, of: &Selected) -> Value {
    of.write(|field, below| match field {
        "points" => or_null(gap.points.ok(), |points| decimal(points).to_value()),
        "coSell" => win_rate(gap.co_sell, measures, below),
        "direct" => win_rate(gap.direct, measures, below),
        "interval" => or_null(gap.interval, |it| interval(it, below)),
        "evidence" => enum_value(Evidence::from(gap.evidence)),
        "reading" => enum_value(TrustGapReading::from(gap.reading)),
        "dealsUntilConclusive" => {
            let deals = gap.deals_until_conclusive(&measures.policy).ok();
            or_null(deals.and_then(|deals| i32::try_from(deals).ok()), Value::from)
        }
        _ => int(gap.left_out_unknown).into(),
    })
}

pub(super) fn amount(amount: Money, of: &Selected) -> Value {
    of.write(|field, _| match field {
        "amount" => amount.amount.to_value(),
        _ => amount.currency.to_value(),
    })
}

pub(super) fn partner_yield(value: &Yield, measures: &Measures, of: &Selected) -> Value {
    of.write(|field, below| match field {
        "multiple" => or_null(value.multiple.ok(), |multiple| decimal(multiple).to_value()),
        "sourcedArr" => amount(money(measures, value.sourced_arr_minor), below),
        "sourcedDeals" => int(value.sourced_won).into(),
        "sourcedDealsWithoutArr" => int(value.without_arr).into(),
        "spend" => amount(money(measures, value.spend_minor), below),
        _ => enum_value(Evidence::from(value.evidence)),
    })
}

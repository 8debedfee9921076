//! The parts of a wide list of measures, written at once: the same values as the resolvers of `measurement.rs` and
//! `economics.rs` give (`tests/wide.rs` compares the two).

use async_graphql::Value;
use async_graphql::resolver_utils::{EnumType, enum_value};
use domain::economics::PartnerYield as Yield;
use domain::trust_gap::{TrustGap as Gap, WinRate as Rate};

use super::economics::money;
use super::measurement::{Evidence, TrustGapReading, decimal, int};
use super::scalar::Money;
use super::wide::{Plain, Selected, Text};
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

fn interval(interval: domain::evidence::Interval, of: &Selected, out: &mut Text) {
    of.write(out, |field, _, out| match field {
        "low" => out.quoted(decimal(interval.low).0),
        "high" => out.quoted(decimal(interval.high).0),
        _ => out.quoted(interval.level.value()),
    });
}

fn win_rate(rate: Rate, measures: &Measures, of: &Selected, out: &mut Text) {
    of.write(out, |field, below, out| match field {
        "won" => out.number(int(rate.won)),
        "lost" => out.number(int(rate.lost)),
        "rate" => out.or_null(rate.rate(), |rate, out| out.quoted(decimal(rate).0)),
        _ => out.or_null(rate.interval(&measures.policy), |it, out| interval(it, below, out)),
    });
}

pub(super) fn trust_gap(gap: &Gap, measures: &Measures, of: &Selected, out: &mut Text) {
    of.write(out, |field, below, out| match field {
        "points" => out.or_null(gap.points.ok(), |points, out| out.quoted(decimal(points).0)),
        "coSell" => win_rate(gap.co_sell, measures, below, out),
        "direct" => win_rate(gap.direct, measures, below, out),
        "interval" => out.or_null(gap.interval, |it, out| interval(it, below, out)),
        "evidence" => word(out, Evidence::from(gap.evidence)),
        "reading" => word(out, TrustGapReading::from(gap.reading)),
        "dealsUntilConclusive" => {
            let deals = gap.deals_until_conclusive(&measures.policy).ok();
            out.or_null(deals.and_then(|deals| i32::try_from(deals).ok()), |deals, out| out.number(deals));
        }
        _ => out.number(int(gap.left_out_unknown)),
    });
}

/// The word of an enum, as its resolver writes it.
fn word<E: EnumType>(out: &mut Text, value: E) {
    if let Value::Enum(name) = enum_value(value) {
        out.quoted(name);
    }
}

pub(super) fn amount(amount: Money, of: &Selected, out: &mut Text) {
    of.write(out, |field, _, out| match field {
        "amount" => out.quoted(amount.amount.0),
        _ => out.quoted(amount.currency.0),
    });
}

pub(super) fn partner_yield(value: &Yield, measures: &Measures, of: &Selected, out: &mut Text) {
    of.write(out, |field, below, out| match field {
        "multiple" => out.or_null(value.multiple.ok(), |multiple, out| out.quoted(decimal(multiple).0)),
        "sourcedArr" => amount(money(measures, value.sourced_arr_minor), below, out),
        "sourcedDeals" => out.number(int(value.sourced_won)),
        "sourcedDealsWithoutArr" => out.number(int(value.without_arr)),
        "spend" => amount(money(measures, value.spend_minor), below, out),
        _ => word(out, Evidence::from(value.evidence)),
    });
}

//! Win rates by what partners did, on the wire.

use async_graphql::SimpleObject;
use domain::book::{Place, TouchWinRate as Touched};
use domain::cell::Cohort;
use domain::role::Action;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::measurement::{Reason, WinRate, decimal, reason};
use super::scalar::Decimal;
use crate::usecase::measurement::Measures;

/// Win rates by touch type, each beside the direct one. One deal may be in several of them: they are compared, never added.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTrustGap))]
pub struct WinRatesByTouch {
    /// Deals that a partner brought.
    pub sourced: TouchWinRate,
    /// Deals that a partner shaped.
    pub influenced: TouchWinRate,
    /// Deals that a partner shortened or unblocked.
    pub accelerated: TouchWinRate,
    /// Deals with any of these, each once.
    pub co_sold: TouchWinRate,
    /// Deals without any partner.
    pub direct: WinRate,
}

/// The win rate of one touch type.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTrustGap))]
pub struct TouchWinRate {
    /// The win rate, NEW deals.
    pub win_rate: WinRate,
    /// Percentage points above the direct win rate; null where a side has no closed deal.
    pub delta_points: Option<Decimal>,
    /// Whether the delta is under the policy's bar, 10 points by default: then it does not earn its budget. Null without a delta.
    pub is_under_bar: Option<bool>,
    /// Why the delta is null.
    pub reason: Option<Reason>,
}

pub(super) fn by_touch(measures: &Arc<Measures>, partner: Option<Uuid>, place: Place) -> WinRatesByTouch {
    let touch = |touched: &Touched| TouchWinRate {
        win_rate: WinRate(touched.win_rate, measures.clone()),
        delta_points: touched.delta_points.ok().map(decimal),
        is_under_bar: touched.is_under_bar,
        reason: reason(&touched.delta_points),
    };
    let [sourced, influenced, accelerated, co_sold] =
        measures.book.win_rates_by_touch(partner, place, &measures.policy);
    WinRatesByTouch {
        sourced: touch(&sourced),
        influenced: touch(&influenced),
        accelerated: touch(&accelerated),
        co_sold: touch(&co_sold),
        direct: WinRate(measures.book.win_rate(None, place, Cohort::Direct), measures.clone()),
    }
}

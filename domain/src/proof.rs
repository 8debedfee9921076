//! What a claim must rest on when it is locked (LOOP.md section 3, Attribution).
//!
//! SOURCED needs an introduction by that partner, recorded within 48 hours of when it happened. INFLUENCED and ACCELERATED need a
//! recorded touch of that partner inside the influence window before the lock. What somebody says is never enough (paper: signal
//! replaces what the rep says with what the partner does).

use crate::activity::{Activity, ActivityKind};
use crate::attribution::AttributionState;
use crate::calendar::Calendar;
use crate::policy::Policy;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// Why the influence window is as long as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum WindowBasis {
    /// The program's policy names the days.
    Policy,
    /// The median cycle of the won deals of the segment in the trailing four quarters.
    MedianCycle,
    /// That median is below the floor.
    Floor,
    /// The segment has no won deal there: the floor.
    NoWonDeal,
}

/// How long before the lock a touch may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfluenceWindow {
    /// Local days.
    pub days: i64,
    /// Why so many.
    pub basis: WindowBasis,
}

impl InfluenceWindow {
    /// The program's choice; else the segment's median cycle, rounded half away from zero and never under the floor.
    #[must_use]
    pub fn of(policy: &Policy, median_cycle_days: Option<Decimal>) -> Self {
        let floor = i64::from(policy.influence_floor_days);
        if let Some(days) = policy.influence_window_days {
            return Self { days: i64::from(days), basis: WindowBasis::Policy };
        }
        let median = median_cycle_days
            .map(|days| days.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
            .and_then(|days| days.to_i64());
        match median {
            Some(days) if days >= floor => Self { days, basis: WindowBasis::MedianCycle },
            Some(_) => Self { days: floor, basis: WindowBasis::Floor },
            None => Self { days: floor, basis: WindowBasis::NoWonDeal },
        }
    }

    /// Whether something happened inside the window before an instant. A day term: the first local day counts whole (ruling 26).
    #[must_use]
    pub fn holds(&self, calendar: &Calendar, happened_at: DateTime<Utc>, before: DateTime<Utc>) -> bool {
        let age = calendar.day(before) - calendar.day(happened_at);
        happened_at <= before && age.num_days() <= self.days
    }
}

/// What is missing for a claim, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Lack {
    /// SOURCED without an introduction.
    #[error(
        "no introduction by this partner is on record for this deal or its account: record it within {hours} hours of when it happened, or declare what else the partner did"
    )]
    IntroductionMissing {
        /// The limit.
        hours: u32,
    },
    /// Every introduction was recorded too late.
    #[error(
        "this partner's introduction was recorded more than {hours} hours after it happened, so the deal is not SOURCED: declare what else the partner did"
    )]
    IntroductionRecordedLate {
        /// The limit.
        hours: u32,
    },
    /// INFLUENCED or ACCELERATED without a touch.
    #[error(
        "no touch of this partner is on record for this deal or its account: log what it did, and when, before the attribution is locked"
    )]
    TouchMissing,
    /// Every touch lies too far back.
    #[error(
        "this partner's last recorded touch lies outside the influence window of {days} days: log a later one, or leave the partner out"
    )]
    TouchOutsideWindow {
        /// The window.
        days: i64,
    },
    /// The activity that the claim names is not the partner's on this deal.
    #[error("the activity that the claim names is none of this partner's on this deal or its account")]
    NotItsActivity,
}

/// What is on record of the partners on a deal and on its account, with the terms it is judged by.
#[derive(Clone, Debug)]
pub struct Proofs<'a> {
    /// Introductions, touches and meetings with a partner.
    pub activities: &'a [Activity],
    /// How soon an introduction must be recorded.
    pub introduction_hours: u32,
    /// How far back a touch may lie.
    pub window: InfluenceWindow,
    /// The program's calendar.
    pub calendar: Calendar,
}

impl Proofs<'_> {
    /// The activity that a claim rests on at a lock: see [`Self::find_within`].
    ///
    /// # Errors
    /// [`Lack`]: what is missing.
    pub fn find(
        &self,
        partner_id: Uuid,
        state: AttributionState,
        named: Option<Uuid>,
        at: DateTime<Utc>,
    ) -> Result<Option<Uuid>, Lack> {
        self.find_within(partner_id, state, named, (at, at))
    }

    /// The activity that a claim rests on: the one it names, or else the first introduction in time, or the latest touch inside the
    /// window, which ends at the first instant, of those recorded by the second. EXPANSION_OR_RETENTION needs none.
    ///
    /// # Errors
    /// [`Lack`]: what is missing.
    pub fn find_within(
        &self,
        partner_id: Uuid,
        state: AttributionState,
        named: Option<Uuid>,
        (until, recorded_by): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<Uuid>, Lack> {
        let theirs = || {
            let of_partner = self.activities.iter().filter(|it| it.partner_id == Some(partner_id));
            of_partner.filter(|it| it.recorded_at <= recorded_by && named.is_none_or(|named| named == it.id))
        };
        if named.is_some() && theirs().next().is_none() {
            return Err(Lack::NotItsActivity);
        }
        match state {
            AttributionState::Sourced => {
                let hours = self.introduction_hours;
                let mut introductions = theirs().filter(|it| it.kind == ActivityKind::Introduction).peekable();
                if introductions.peek().is_none() {
                    return Err(Lack::IntroductionMissing { hours });
                }
                let first = introductions.filter(|it| is_in_time(it, hours)).min_by_key(|it| (it.happened_at, it.id));
                first.map(|it| Some(it.id)).ok_or(Lack::IntroductionRecordedLate { hours })
            }
            AttributionState::Influenced | AttributionState::Accelerated => {
                let mut touches = theirs().filter(|it| it.kind.is_touch()).peekable();
                if touches.peek().is_none() {
                    return Err(Lack::TouchMissing);
                }
                let inside = touches.filter(|it| self.window.holds(&self.calendar, it.happened_at, until));
                let latest = inside.max_by_key(|it| (it.happened_at, it.id));
                latest.map(|it| Some(it.id)).ok_or(Lack::TouchOutsideWindow { days: self.window.days })
            }
            AttributionState::ExpansionOrRetention => Ok(named),
        }
    }
}

/// What a state asks for, in one sentence.
#[must_use]
pub fn needs(state: AttributionState, policy: &Policy) -> String {
    let window = policy.influence_window_days.map_or_else(
        || {
            let floor = policy.influence_floor_days;
            format!(
                "the median cycle of the segment's won deals in the trailing four quarters, never under {floor} days"
            )
        },
        |days| format!("{days} days"),
    );
    let touch = format!("a recorded touch of the partner inside the influence window before the lock ({window}).");
    match state {
        AttributionState::Sourced => format!(
            "At most one partner: an introduction by it, on the deal or its account, recorded within {} hours of when it happened.",
            policy.introduction_hours
        ),
        AttributionState::Influenced => format!("The partner shaped a deal in motion: {touch}"),
        AttributionState::Accelerated => format!("The partner shortened or unblocked a deal: {touch}"),
        AttributionState::ExpansionOrRetention => {
            "The only state of an expansion or a renewal: the partner had a part in it.".into()
        }
    }
}

/// Whether an introduction was recorded within so many hours of when it happened: an exact term, inclusive (ruling 26).
#[must_use]
pub fn is_in_time(introduction: &Activity, hours: u32) -> bool {
    introduction.recorded_at - introduction.happened_at <= TimeDelta::hours(i64::from(hours))
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;

//! An opportunity on an account.

use crate::attribution::{Declaration, Provenance};
use crate::calendar::Quarter;
use crate::money::{Currency, Money};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What is sold.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DealKind {
    /// A first sale to an account.
    New,
    /// More for a customer.
    Expansion,
    /// The same again.
    Renewal,
}

/// How it ended, if it did.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Still in motion.
    Open,
    /// Won.
    Won,
    /// Lost; a loss by no decision is a loss.
    Lost,
    /// Never a real opportunity: on neither side of a win rate.
    Disqualified,
}

impl Outcome {
    /// Won or lost.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Won | Self::Lost => true,
            Self::Open | Self::Disqualified => false,
        }
    }
}

/// Where the CRM says it came from (seed 004).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DealSource {
    /// The vendor's own sellers.
    Direct,
    /// A partner.
    Partner,
    /// Paid channels.
    Paid,
    /// A marketplace.
    Marketplace,
}

/// A deal. It keeps the segment it had at Stage 1 for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the CRM, exactly as written there.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The account; optional in imports (ruling 27).
    pub account_id: Option<Uuid>,
    /// The segment; without one the deal is in no Trust-Gap cell.
    pub segment_id: Option<Uuid>,
    /// What is sold.
    pub kind: DealKind,
    /// How it ended, if it did.
    pub outcome: Outcome,
    /// The CRM stage it is in.
    pub stage_id: Option<Uuid>,
    /// Whether it ever reached Stage 1; only such deals are counted.
    pub has_reached_stage_one: bool,
    /// The local day it was opened.
    pub opened_on: NaiveDate,
    /// The instant it was opened, where the source gave one.
    pub opened_at: Option<DateTime<Utc>>,
    /// The local day it was won, lost or disqualified.
    pub closed_on: Option<NaiveDate>,
    /// The instant it was closed, where the source gave one.
    pub closed_at: Option<DateTime<Utc>>,
    /// The fiscal quarter of the close.
    pub closed_quarter: Option<Quarter>,
    /// Local days from opening to close, of a closed deal.
    pub cycle_days: Option<i64>,
    /// The day the CRM expects it to close.
    pub expected_close_on: Option<NaiveDate>,
    /// The amount as the source gave it, in minor units of `original_currency`.
    pub original_minor: Option<i64>,
    /// The currency of the source.
    pub original_currency: Option<Currency>,
    /// Software ARR in minor units of the program's currency. Missing is not zero.
    pub arr_minor: Option<i64>,
    /// Total contract value in minor units of the program's currency.
    pub tcv_minor: Option<i64>,
    /// The same as it was given; none where that was not kept.
    pub tcv_original: Option<Money>,
    /// Services revenue in minor units of the program's currency; enters no metric.
    pub services_minor: Option<i64>,
    /// The same as it was given; none where that was not kept.
    pub services_original: Option<Money>,
    /// How its attribution was declared.
    pub declaration: Declaration,
    /// Where it came from.
    pub provenance: Provenance,
    /// When its attribution was locked.
    pub locked_at: Option<DateTime<Utc>>,
    /// The seat of its customer-facing AE.
    pub owner_seat_id: Option<Uuid>,
    /// The owner's id in the CRM.
    pub owner_external_id: Option<String>,
    /// The pod that runs it.
    pub pod_id: Option<Uuid>,
    /// Where the CRM says it came from.
    pub source: Option<DealSource>,
    /// The CRM's influence flag, as it was; it decides nothing here.
    pub is_influenced: Option<bool>,
    /// The CRM's deal registration id.
    pub deal_reg_id: Option<String>,
    /// The CRM's co-sell flag.
    pub is_co_sell: Option<bool>,
    /// Whether it goes through a private offer.
    pub is_private_offer: Option<bool>,
    /// Whether it is procured through a marketplace.
    pub is_marketplace: Option<bool>,
    /// The offer's id.
    pub offer_id: Option<String>,
    /// The products in it.
    pub product_mix: Vec<String>,
    /// The discount as a rate, 0 to 1.
    pub discount_rate: Option<Decimal>,
    /// The marketplace's take as a rate, 0 to 1.
    pub take_rate: Option<Decimal>,
    /// What happens next.
    pub next_step: Option<String>,
    /// When it happens.
    pub next_step_on: Option<NaiveDate>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
    /// When the customer went live.
    pub activated_on: Option<NaiveDate>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A stage of the CRM's pipeline, mapped to what it means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The row's id.
    pub id: Uuid,
    /// The CRM's name for it.
    pub crm_name: String,
    /// What a deal in it is.
    pub outcome: Outcome,
    /// Its place in the pipeline, from 0.
    pub position: i32,
    /// Whether a deal in it has reached Stage 1.
    pub is_stage_one_or_later: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Why a deal's dates cannot stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateRefusal {
    /// A closed deal must be placed in a quarter.
    #[error("a won, lost or disqualified deal needs the day it was closed")]
    CloseMissing,
    /// An open deal has no close.
    #[error("an open deal has no day of closing; use the expected day of closing")]
    CloseOfOpen,
    /// A cycle is never negative.
    #[error("a deal cannot be closed before it was opened")]
    ClosedBeforeOpened,
    /// What has not happened is not a fact.
    #[error("a day in the future is not a fact yet; use the expected day of closing")]
    InFuture,
}

impl Deal {
    /// Whether a change takes the deal past Stage 1 or on from there: into a stage that has reached it, or to its close behind it. A
    /// won deal has every stage behind it. Moving back and disqualifying need no declaration.
    #[must_use]
    pub fn passes_stage_one(&self, before: &Self, into: Option<&Stage>) -> bool {
        let moves_on = into.is_some_and(|stage| stage.is_stage_one_or_later && before.stage_id != Some(stage.id));
        let closes = self.outcome.is_closed() && self.outcome != before.outcome && self.has_reached_stage_one;
        moves_on || closes
    }

    /// Places the deal in its quarter and counts its cycle in local days.
    ///
    /// # Errors
    /// [`DateRefusal`] when the dates contradict the outcome, each other, or today.
    pub fn place(&mut self, calendar: &crate::calendar::Calendar, today: NaiveDate) -> Result<(), DateRefusal> {
        if self.opened_on > today || self.closed_on.is_some_and(|day| day > today) {
            return Err(DateRefusal::InFuture);
        }
        match (self.outcome, self.closed_on) {
            (Outcome::Open, None) => {
                self.closed_quarter = None;
                self.cycle_days = None;
                Ok(())
            }
            (Outcome::Open, Some(_)) => Err(DateRefusal::CloseOfOpen),
            (Outcome::Won | Outcome::Lost | Outcome::Disqualified, None) => Err(DateRefusal::CloseMissing),
            (Outcome::Won | Outcome::Lost | Outcome::Disqualified, Some(closed)) if closed < self.opened_on => {
                Err(DateRefusal::ClosedBeforeOpened)
            }
            (Outcome::Won | Outcome::Lost | Outcome::Disqualified, Some(closed)) => {
                self.closed_quarter = Some(calendar.quarter(closed));
                // A disqualified deal is neither won nor lost: it has no cycle, as in an import.
                self.cycle_days = self.outcome.is_closed().then(|| (closed - self.opened_on).num_days());
                Ok(())
            }
        }
    }
}

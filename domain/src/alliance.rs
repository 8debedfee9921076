//! A strategic alliance: who sponsors it on both sides, what it is to bring, and how often that is looked at (seed 002, strategic
//! alliance: "reviewed quarterly").

use chrono::{DateTime, Months, NaiveDate, Utc};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// How often it is reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum ReviewCadence {
    /// Each month.
    Monthly,
    /// Each quarter, as the glossary has it.
    Quarterly,
    /// Twice a year.
    HalfYearly,
}

impl ReviewCadence {
    const fn months(self) -> Months {
        Months::new(match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
            Self::HalfYearly => 6,
        })
    }
}

/// What is agreed of an alliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alliance {
    /// The partner.
    pub partner_id: Uuid,
    /// The vendor's executive sponsor.
    pub vendor_sponsor: String,
    /// The partner's executive sponsor.
    pub partner_sponsor: String,
    /// What the joint open pipeline is to be, in minor units of the program's currency.
    pub pipeline_target_minor: i64,
    /// How many customers the two are to have together.
    pub customer_target: i32,
    /// How often it is reviewed.
    pub cadence: ReviewCadence,
    /// The local day of the last review; none before the first.
    pub reviewed_on: Option<NaiveDate>,
    /// The local day it was agreed first.
    pub since: NaiveDate,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Alliance {
    /// The last local day on which the next review is in time: so long after the last one, or after it was agreed.
    #[must_use]
    pub fn review_due_on(&self) -> NaiveDate {
        let from = self.reviewed_on.unwrap_or(self.since);
        from.checked_add_months(self.cadence.months()).unwrap_or(NaiveDate::MAX)
    }

    /// Whether its review is overdue: after the last day, which is in time (ruling 26).
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        today > self.review_due_on()
    }
}

/// What an alliance has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllianceStanding {
    /// Open deals that the partner is on in any state.
    pub open_deals: u64,
    /// Their ARR in minor units.
    pub pipeline_minor: i128,
    /// Those of them without a recorded ARR, which add nothing.
    pub without_arr: u64,
    /// Accounts on which a deal was won that the partner is on.
    pub customers: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_due_after_its_cadence_from_the_last_one_or_from_the_start() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let alliance = Alliance {
            partner_id: Uuid::nil(),
            vendor_sponsor: "Ada".into(),
            partner_sponsor: "Grace".into(),
            pipeline_target_minor: 1,
            customer_target: 1,
            cadence: ReviewCadence::Quarterly,
            reviewed_on: None,
            since: day("2026-11-30"),
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        // February has no 30th.
        assert_eq!(alliance.review_due_on(), day("2027-02-28"));
        assert!(!alliance.is_overdue(day("2027-02-28")) && alliance.is_overdue(day("2027-03-01")));
        let reviewed = Alliance { reviewed_on: Some(day("2027-01-15")), ..alliance.clone() };
        assert_eq!(reviewed.review_due_on(), day("2027-04-15"));
        let often = Alliance { cadence: ReviewCadence::Monthly, ..reviewed };
        assert_eq!(often.review_due_on(), day("2027-02-15"));
    }
}

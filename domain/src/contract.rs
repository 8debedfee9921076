//! Contract terms: what the master agreement with one partner says (LOOP.md section 2, Foundation; seed 004, Contracts).
//!
//! Terms are versions that hold from a day on. A version is never edited: what changes is agreed as another one, from today or
//! later, so that a clock that began under the old terms keeps them. Where a contract gives no number, the program's policy does.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// How the partner is paid.
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
pub enum CommercialModel {
    /// A percentage of the deals that it refers.
    ReferralPercent,
    /// A fixed amount for each deal that it refers.
    Bounty,
    /// It buys at a discount and resells.
    ResellerDiscount,
    /// A share of recurring revenue for its services.
    ServicesRevShare,
    /// Both sell; the terms say who invoices.
    CoSell,
}

/// What the two sides show each other of a deal.
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
pub enum SharedField {
    /// The company.
    Company,
    /// The contact.
    Contact,
    /// The stage.
    Stage,
    /// The value.
    Value,
    /// Signals of intent.
    IntentSignals,
}

/// A number that a contract may give in place of the policy's; the unit is at the end of its name.
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
pub enum ContractNumber {
    /// Days that a registration is valid from its approval.
    RegistrationValidityDays,
    /// Days from the approval of a registration in which a meeting must be held.
    RegistrationMeetingDays,
    /// Business hours until the first touch of a registration or lead.
    FirstTouchBusinessHours,
    /// Hours until the summary of a joint call is on record.
    HandoffSummaryHours,
    /// Business days from a registration's approval until the first call is joined.
    JoinFirstCallBusinessDays,
    /// Hours until an escalation is answered.
    EscalationHours,
    /// Minutes until a registration or lead is routed.
    RoutingMinutes,
    /// Hours until a meeting's summary is attached.
    MeetingSummaryHours,
    /// Hours until a request of the Pod is answered.
    PodRequestHours,
    /// Hours until the receiver acknowledges a handoff.
    HandoffHours,
}

impl ContractNumber {
    /// The most that it may be; the least is 1. Hours end at a year, days at ten.
    #[must_use]
    pub const fn most(self) -> u16 {
        match self {
            Self::RegistrationValidityDays | Self::RegistrationMeetingDays => 3650,
            Self::JoinFirstCallBusinessDays => 366,
            Self::RoutingMinutes => 10_080,
            Self::FirstTouchBusinessHours
            | Self::HandoffSummaryHours
            | Self::EscalationHours
            | Self::MeetingSummaryHours
            | Self::PodRequestHours
            | Self::HandoffHours => 8760,
        }
    }

    /// The number as it is kept.
    ///
    /// # Errors
    /// The sentence that says what it may be.
    pub fn of(self, given: i64) -> Result<u16, String> {
        let fits = u16::try_from(given).ok().filter(|value| (1..=self.most()).contains(value));
        fits.ok_or_else(|| format!("{} is a whole number from 1 to {}", <&str>::from(self), self.most()))
    }
}

/// What was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Agreed {
    /// What the agreement is about.
    pub scope: String,
    /// Where it holds: regions, industries, sizes of customers. Which accounts may be registered is set as the territory.
    pub territory: String,
    /// How the partner is paid.
    pub commercial_model: CommercialModel,
    /// The same in words: percentages, who invoices.
    pub commercial_terms: Option<String>,
    /// Who is eligible for market development funds, and what proves their use.
    pub mdf_terms: Option<String>,
    /// The vendor's share of what a claim costs, 0 to 1.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub mdf_match_rate: Option<Decimal>,
    /// What the two sides show each other.
    pub shared_fields: BTreeSet<SharedField>,
    /// The numbers that it gives in place of the policy's.
    pub numbers: BTreeMap<ContractNumber, u16>,
}

/// One version of the terms with a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractTerms {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// Its number among this partner's, from 1.
    pub version: i64,
    /// The first day it holds, in the program's zone, unless a later version holds on that day too.
    pub starts_on: NaiveDate,
    /// The last day it holds; none while no end is agreed.
    pub ends_on: Option<NaiveDate>,
    /// What was agreed.
    pub agreed: Agreed,
    /// The vendor's own note, which the partner never sees.
    pub note: Option<String>,
    /// Who recorded it.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Why terms cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAgreed {
    /// What holds is not edited.
    #[error("only a partner's first terms may begin before today: what ran under the terms before stays under them")]
    Retroactive,
    /// They end before they begin.
    #[error("the terms end on the day they begin, or later")]
    EndsBeforeStart,
    /// A share is no more than the whole.
    #[error("the vendor's share of a claim is from 0 to 1")]
    NotAShare,
}

impl ContractTerms {
    /// Whether it is not over on a day on or after its first.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|last| day <= last)
    }

    /// A number that it gives.
    #[must_use]
    pub fn number(&self, number: ContractNumber) -> Option<u16> {
        self.agreed.numbers.get(&number).copied()
    }

    /// Whether it may be recorded on a day, as the first of its partner or after another.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub fn may_be_agreed(&self, today: NaiveDate) -> Result<(), NotAgreed> {
        if self.version > 1 && self.starts_on < today {
            return Err(NotAgreed::Retroactive);
        }
        if self.ends_on.is_some_and(|last| last < self.starts_on) {
            return Err(NotAgreed::EndsBeforeStart);
        }
        match self.agreed.mdf_match_rate {
            Some(rate) if rate < Decimal::ZERO || rate > Decimal::ONE => Err(NotAgreed::NotAShare),
            Some(_) | None => Ok(()),
        }
    }
}

/// The terms that hold on a day: the latest version that has begun, unless it is over. One that has not begun yet is overtaken by
/// a later version that begins before it.
#[must_use]
pub fn in_force(versions: &[ContractTerms], day: NaiveDate) -> Option<&ContractTerms> {
    let begun = versions.iter().filter(|terms| terms.starts_on <= day).max_by_key(|terms| terms.version);
    begun.filter(|terms| terms.holds_on(day))
}

/// A number with what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The number.
    pub value: u32,
    /// The version of the contract that gave it; none where the policy did.
    pub contract_version: Option<i64>,
}

impl Decided {
    /// The contract's number where it gives one, else the policy's.
    #[must_use]
    pub fn of(contract: Option<&ContractTerms>, number: ContractNumber, policy: u32) -> Self {
        let agreed = contract.and_then(|terms| Some((terms.number(number)?, terms.version)));
        agreed.map_or(Self { value: policy, contract_version: None }, |(value, version)| Self {
            value: value.into(),
            contract_version: Some(version),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn terms(version: i64, from: &str, to: Option<&str>) -> ContractTerms {
        ContractTerms {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            version,
            starts_on: day(from),
            ends_on: to.map(day),
            agreed: Agreed {
                scope: "Resale".into(),
                territory: "EMEA".into(),
                commercial_model: CommercialModel::ResellerDiscount,
                commercial_terms: None,
                mdf_terms: None,
                mdf_match_rate: Some(dec!(0.5)),
                shared_fields: BTreeSet::from([SharedField::Company]),
                numbers: BTreeMap::from([(ContractNumber::FirstTouchBusinessHours, 4)]),
            },
            note: None,
            seat_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    fn version_on(versions: &[ContractTerms], on: &str) -> Option<i64> {
        in_force(versions, day(on)).map(|terms| terms.version)
    }

    /// Version 1 from January, 2 from March through June, nothing after that: an ended version does not revive the one before.
    #[test]
    fn the_latest_version_that_has_begun_holds_until_it_ends() {
        let versions = [terms(1, "2026-01-01", None), terms(2, "2026-03-01", Some("2026-06-30"))];
        assert_eq!(version_on(&versions, "2025-12-31"), None);
        assert_eq!(version_on(&versions, "2026-02-28"), Some(1));
        assert_eq!(version_on(&versions, "2026-03-01"), Some(2));
        assert_eq!(version_on(&versions, "2026-06-30"), Some(2));
        assert_eq!(version_on(&versions, "2026-07-01"), None);
    }

    /// Version 2 is planned for June; 3, agreed after it, begins in May and holds in June too.
    #[test]
    fn a_planned_version_is_overtaken_by_a_later_one_that_begins_before_it() {
        let versions = [terms(1, "2026-01-01", None), terms(2, "2026-06-01", None), terms(3, "2026-05-01", None)];
        assert_eq!(version_on(&versions, "2026-04-30"), Some(1));
        assert_eq!(version_on(&versions, "2026-05-01"), Some(3));
        assert_eq!(version_on(&versions, "2026-06-01"), Some(3));
    }

    #[test]
    fn only_the_first_terms_may_begin_in_the_past() {
        let today = day("2026-10-05");
        assert_eq!(terms(1, "2020-01-01", None).may_be_agreed(today), Ok(()));
        assert_eq!(terms(2, "2026-10-04", None).may_be_agreed(today), Err(NotAgreed::Retroactive));
        assert_eq!(terms(2, "2026-10-05", None).may_be_agreed(today), Ok(()));
        assert_eq!(terms(2, "2026-10-05", Some("2026-10-05")).may_be_agreed(today), Ok(()));
        assert_eq!(terms(2, "2026-10-06", Some("2026-10-05")).may_be_agreed(today), Err(NotAgreed::EndsBeforeStart));
        let mut over = terms(1, "2026-10-05", None);
        over.agreed.mdf_match_rate = Some(dec!(1.01));
        assert_eq!(over.may_be_agreed(today), Err(NotAgreed::NotAShare));
    }

    #[test]
    fn a_number_is_the_contracts_or_the_policys_and_says_which() {
        let terms = terms(3, "2026-01-01", None);
        let number = ContractNumber::FirstTouchBusinessHours;
        assert_eq!(Decided::of(Some(&terms), number, 2), Decided { value: 4, contract_version: Some(3) });
        assert_eq!(Decided::of(None, number, 2), Decided { value: 2, contract_version: None });
        let other = ContractNumber::RegistrationValidityDays;
        assert_eq!(Decided::of(Some(&terms), other, 90), Decided { value: 90, contract_version: None });
        assert_eq!(number.of(8760), Ok(8760));
        for wrong in [0, -1, 8761, i64::MAX] {
            assert!(number.of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_agreed_survives_its_row() {
        let agreed = terms(1, "2026-01-01", None).agreed;
        let text = serde_json::to_string(&agreed).unwrap();
        assert!(text.contains(r#""numbers":{"FIRST_TOUCH_BUSINESS_HOURS":4}"#), "{text}");
        assert_eq!(serde_json::from_str::<Agreed>(&text).unwrap(), agreed);
    }
}

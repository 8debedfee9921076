//! What a partner says of its practice: whom it serves, where, how large, in which motions; of an MSP, the seats that it manages
//! (seed 002, MSP and IPP).

use crate::capability::{Capability, CapabilityKind};
use crate::partner::Partner;
use crate::profile::{Known, ProfileFact, Value};
use crate::recruit::Tier;
use crate::territory::Territory;
use crate::text;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::HashSet;
use uuid::Uuid;

/// A partner's practice. What is left out is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// The partner.
    pub partner_id: Uuid,
    /// The segments that it serves.
    pub segments: Vec<Uuid>,
    /// The regions that it serves, in the vendor's words.
    pub regions: Vec<String>,
    /// The industries that it is focused on.
    pub verticals: Vec<String>,
    /// The motions that it runs, in the program's words: resell, refer, implement, manage.
    pub motions: Vec<String>,
    /// How many customers it has.
    pub install_base: Option<i64>,
    /// How many seats it manages for them (MSP).
    pub seats_managed: Option<i64>,
    /// How many people a customer of it employs on average.
    pub average_customer_size: Option<i64>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// What is recorded of a partner, for its fit.
#[derive(Clone, Copy, Debug)]
pub struct PartnerRecord<'a> {
    /// The partner.
    pub partner: &'a Partner,
    /// Its practice.
    pub practice: Option<&'a Practice>,
    /// Where it may register accounts.
    pub territory: Option<&'a Territory>,
    /// Its entries of the capability map that are not stale.
    pub capabilities: &'a [&'a Capability],
    /// How many accounts of the program belong to it.
    pub accounts: u64,
    /// The tier that was decided last.
    pub tier: Option<Tier>,
}

impl PartnerRecord<'_> {
    /// What is known of it. Of each fact the partner's own practice comes first, and what else is recorded fills or joins it:
    /// segments and regions fall back on its territory, industries and technologies join the capability map, the install base
    /// falls back on the accounts that belong to it.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut known = Known::new();
        let mut words = |fact, list: Vec<String>| {
            let mut seen = HashSet::new();
            let list: Vec<String> = list.into_iter().filter(|word| seen.insert(text::key(word))).collect();
            if !list.is_empty() {
                known.insert(fact, Value::Words(list));
            }
        };
        let of_map = |kind: CapabilityKind| {
            let entries = self.capabilities.iter().filter(move |entry| entry.kind == kind);
            entries.map(|entry| entry.value.clone()).collect::<Vec<_>>()
        };
        let kind: &str = self.partner.kind.into();
        words(ProfileFact::Kind, vec![kind.to_owned()]);
        let ids = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<_>>();
        let own = self.practice.map(|practice| ids(&practice.segments)).filter(|list| !list.is_empty());
        let territory = |list: fn(&Territory) -> Vec<String>| self.territory.map(list).unwrap_or_default();
        let segments =
            own.unwrap_or_else(|| territory(|territory| territory.segments.iter().map(Uuid::to_string).collect()));
        words(ProfileFact::Segment, segments);
        let mut regions = self.practice.map(|practice| practice.regions.clone()).unwrap_or_default();
        if regions.is_empty() {
            regions = territory(|territory| territory.regions.clone());
        }
        regions.extend(of_map(CapabilityKind::Geographic));
        words(ProfileFact::Region, regions);
        let mut industries = self.practice.map(|practice| practice.verticals.clone()).unwrap_or_default();
        industries.extend(of_map(CapabilityKind::Industry));
        words(ProfileFact::Industry, industries);
        words(ProfileFact::Technology, of_map(CapabilityKind::Technical));
        words(ProfileFact::Motion, self.practice.map(|practice| practice.motions.clone()).unwrap_or_default());
        let tier = self.tier.map(|tier| <&str>::from(tier).to_owned());
        words(ProfileFact::Tier, tier.into_iter().collect());
        let counted = i64::try_from(self.accounts).ok().filter(|count| *count > 0);
        let numbers = [
            (ProfileFact::InstallBase, self.practice.and_then(|practice| practice.install_base).or(counted)),
            (ProfileFact::SeatsManaged, self.practice.and_then(|practice| practice.seats_managed)),
            (ProfileFact::AverageCustomerSize, self.practice.and_then(|practice| practice.average_customer_size)),
        ];
        for (fact, number) in numbers {
            if let Some(number) = number {
                known.insert(fact, Value::Number(Decimal::from(number)));
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partner::{PartnerKind, PartnerStatus};
    use chrono::NaiveDate;

    #[test]
    fn each_fact_comes_from_the_practice_first_and_what_nobody_recorded_is_unknown() {
        let partner = Partner {
            id: Uuid::from_u128(1),
            external_id: None,
            name: "Northwind".into(),
            kind: PartnerKind::Msp,
            status: PartnerStatus::Candidate,
            registrable_domain: None,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let bare = PartnerRecord {
            partner: &partner,
            practice: None,
            territory: None,
            capabilities: &[],
            accounts: 0,
            tier: None,
        };
        assert_eq!(bare.known().into_keys().collect::<Vec<_>>(), [ProfileFact::Kind]);
        let territory = Territory {
            partner_id: partner.id,
            segments: vec![Uuid::from_u128(9)],
            regions: vec!["EMEA".into()],
            suffixes: Vec::new(),
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let entry = Capability {
            id: Uuid::nil(),
            partner_id: partner.id,
            kind: CapabilityKind::Geographic,
            value: "emea".into(),
            account_id: None,
            evidence: "Office".into(),
            validated_on: NaiveDate::MIN,
            seat_id: Uuid::nil(),
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let record = PartnerRecord { territory: Some(&territory), capabilities: &[&entry], accounts: 3, ..bare };
        let known = record.known();
        assert_eq!(known[&ProfileFact::Region], Value::Words(vec!["EMEA".into()]));
        assert_eq!(known[&ProfileFact::InstallBase], Value::Number(Decimal::from(3)));
        let practice = Practice {
            partner_id: partner.id,
            segments: vec![Uuid::from_u128(8)],
            regions: vec!["AMER".into()],
            verticals: Vec::new(),
            motions: vec!["Manage".into()],
            install_base: Some(40),
            seats_managed: Some(9_000),
            average_customer_size: None,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let known = PartnerRecord { practice: Some(&practice), ..record }.known();
        assert_eq!(known[&ProfileFact::Segment], Value::Words(vec![Uuid::from_u128(8).to_string()]));
        assert_eq!(known[&ProfileFact::Region], Value::Words(vec!["AMER".into(), "emea".into()]));
        assert_eq!(known[&ProfileFact::InstallBase], Value::Number(Decimal::from(40)));
        assert!(!known.contains_key(&ProfileFact::AverageCustomerSize) && !known.contains_key(&ProfileFact::Industry));
    }
}

//! What is recorded of an account beyond its name and place: industry, country, size, the incumbent vendor, the buyer (seed 002, ICP
//! and Trust-Gap).

use crate::account::Account;
use crate::profile::{Known, ProfileFact, Value};
use crate::qualification::{Incumbency, Seniority};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// An account's firmographics. What is left out is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmographics {
    /// The account.
    pub account_id: Uuid,
    /// Its industry, in the program's words.
    pub industry: Option<String>,
    /// Its country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// How many people it employs.
    pub employees: Option<i64>,
    /// Who the vendor is there today.
    pub incumbency: Option<Incumbency>,
    /// How senior its buyer is, for deals that say nothing of their own.
    pub buyer_seniority: Option<Seniority>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A country as it is kept: two capital letters. `None` for what is no such thing.
#[must_use]
pub fn country(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase())).then_some(code)
}

/// What is known of an account, for its fit. An empty list of clouds or integrations says nothing: an import that has no such column
/// leaves it empty too. Only "no integration" that somebody recorded is known.
#[must_use]
pub fn known(account: &Account, firmographics: Option<&Firmographics>) -> Known {
    let mut known = Known::new();
    let mut words = |fact, list: Vec<String>| {
        if !list.is_empty() {
            known.insert(fact, Value::Words(list));
        }
    };
    words(ProfileFact::Segment, account.segment_id.iter().map(Uuid::to_string).collect());
    words(ProfileFact::Region, account.region.iter().cloned().collect());
    words(ProfileFact::CloudCommitment, account.cloud_commitments.clone());
    words(ProfileFact::Integration, account.integrations.clone());
    if let Some(it) = firmographics {
        words(ProfileFact::Industry, it.industry.iter().cloned().collect());
        words(ProfileFact::Country, it.country.iter().cloned().collect());
        let incumbency = it.incumbency.map(|word| <&str>::from(word).to_owned());
        words(ProfileFact::Incumbency, incumbency.into_iter().collect());
    }
    if let Some(employees) = firmographics.and_then(|it| it.employees) {
        known.insert(ProfileFact::Employees, Value::Number(Decimal::from(employees)));
    }
    if let Some(is_present) = account.has_integration() {
        known.insert(ProfileFact::IntegrationPresent, Value::Flag(is_present));
        if !is_present {
            known.insert(ProfileFact::Integration, Value::Words(Vec::new()));
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_recorded_is_unknown_and_no_integration_is_known() {
        let account = Account {
            id: Uuid::from_u128(1),
            external_id: None,
            name: "Acme".into(),
            registrable_domain: None,
            segment_id: None,
            region: Some("EMEA".into()),
            cloud_commitments: Vec::new(),
            integrations: Vec::new(),
            integration_present: None,
            overlap_reason: None,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(super::known(&account, None).into_keys().collect::<Vec<_>>(), [ProfileFact::Region]);
        let without = Account { integration_present: Some(false), ..account.clone() };
        let facts = super::known(&without, None);
        assert_eq!(facts[&ProfileFact::Integration], Value::Words(Vec::new()));
        assert_eq!(facts[&ProfileFact::IntegrationPresent], Value::Flag(false));
        let firmographics = Firmographics {
            account_id: account.id,
            industry: Some("Retail".into()),
            country: country(" de "),
            employees: Some(800),
            incumbency: Some(Incumbency::Nobody),
            buyer_seniority: None,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let facts = super::known(&account, Some(&firmographics));
        assert_eq!(facts[&ProfileFact::Country], Value::Words(vec!["DE".into()]));
        assert_eq!(facts[&ProfileFact::Incumbency], Value::Words(vec!["NOBODY".into()]));
        assert_eq!(facts[&ProfileFact::Employees], Value::Number(Decimal::from(800)));
        assert_eq!((country("Germany"), country("D1")), (None, None));
    }
}

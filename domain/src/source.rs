//! A deal's source by the business priority order (LOOP.md section 3, Attribution; seed 004: "Attribution table"): the first rule
//! that matches decides. It says which side a deal is booked on; it changes no state, no credit and no measure.

use crate::attribution::{Attribution, AttributionState};
use crate::deal::{Deal, DealSource};
use crate::registration::{Registration, StateWord};
use chrono::{DateTime, NaiveDate, Utc};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// The version of the credit table: it is raised whenever a rule, their order or a model of credit changes.
pub const CREDIT_TABLE_VERSION: i32 = 2;

/// The rules, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SourceRule {
    /// Fraud or forbidden traffic is excluded.
    Excluded,
    /// A contracted marketplace procurement overrides what follows.
    MarketplaceProcurement,
    /// A partner SOURCED the deal and has it registered.
    PartnerSourced,
    /// Paid channels.
    Paid,
    /// Nobody else.
    Direct,
}

impl SourceRule {
    /// The place in the order, from 1.
    #[must_use]
    pub const fn priority(self) -> i32 {
        self as i32 + 1
    }

    /// What the rule asks for, in one sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Excluded => "RevOps marked the deal as fraud or forbidden traffic, with a reason.",
            Self::MarketplaceProcurement => {
                "The deal is procured through a marketplace under contract: by a private offer, or with an offer on record."
            }
            Self::PartnerSourced => {
                "A partner SOURCED the deal on time, and has a valid registration of it; where nobody registered it here, the CRM names one."
            }
            Self::Paid => "The CRM says that a paid channel brought the deal.",
            Self::Direct => "No rule before matched.",
        }
    }
}

/// What the rules look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// Why RevOps excluded it, where it is excluded.
    pub excluded: Option<String>,
    /// Procured through a marketplace.
    pub is_marketplace: bool,
    /// By a private offer.
    pub is_private_offer: bool,
    /// The offer's id.
    pub offer_id: Option<String>,
    /// A partner SOURCED it, not late.
    pub is_sourced: bool,
    /// The registration that is valid for it, in words: that of the partner that SOURCED it, approved and in force or converted at the
    /// lock. Where nobody registered the deal here, the CRM's registration id.
    pub registration: Option<String>,
    /// The CRM's word.
    pub crm_source: Option<DealSource>,
}

impl SourceFacts {
    /// From a deal, its attributions, the latest mark and its registrations, as they stood on a day and at an instant: of a closed
    /// deal those of its close, so that its source does not change with the day it is read.
    #[must_use]
    pub fn of(
        deal: &Deal,
        attributions: &[Attribution],
        mark: Option<&SourceMark>,
        registrations: &[Registration],
        (day, at): (NaiveDate, DateTime<Utc>),
    ) -> Self {
        let sourced = attributions.iter().find(|row| row.state == AttributionState::Sourced && !row.is_late);
        let is_theirs = |it: &Registration| sourced.is_some_and(|row| row.partner_id == it.partner_id);
        let valid = registrations.iter().find(|it| is_theirs(it) && it.state.protected(day, at));
        // What others tried here and were turned away with says nothing of what the CRM names.
        let is_void =
            |it: &Registration| matches!(it.state.word(), StateWord::Refused | StateWord::Withdrawn) && !is_theirs(it);
        let registration = match valid {
            Some(it) => {
                let state: &str = it.state.clone().on(day).word().into();
                Some(format!("{state}, {}", it.domain))
            }
            None => deal.deal_reg_id.clone().filter(|_| registrations.iter().all(is_void)),
        };
        Self {
            excluded: mark.filter(|mark| mark.is_excluded).map(|mark| mark.reason.clone()),
            is_marketplace: deal.is_marketplace == Some(true),
            is_private_offer: deal.is_private_offer == Some(true),
            offer_id: deal.offer_id.clone(),
            is_sourced: sourced.is_some(),
            registration,
            crm_source: deal.source,
        }
    }

    /// The first rule that matches.
    #[must_use]
    pub fn decide(&self) -> SourceRule {
        if self.excluded.is_some() {
            SourceRule::Excluded
        } else if self.is_marketplace && (self.is_private_offer || self.offer_id.is_some()) {
            SourceRule::MarketplaceProcurement
        } else if self.is_sourced && self.registration.is_some() {
            SourceRule::PartnerSourced
        } else if self.crm_source == Some(DealSource::Paid) {
            SourceRule::Paid
        } else {
            SourceRule::Direct
        }
    }

    /// The facts in words, each whether it matched or not.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let yes = |is: bool, what: &str| format!("{what}: {}", if is { "yes" } else { "no" });
        let some = |what: &str, value: Option<&str>| format!("{what}: {}", value.unwrap_or("none"));
        vec![
            some("excluded", self.excluded.as_deref()),
            yes(self.is_marketplace, "procured through a marketplace"),
            yes(self.is_private_offer, "by a private offer"),
            some("offer", self.offer_id.as_deref()),
            yes(self.is_sourced, "SOURCED by a partner on time"),
            some("registration", self.registration.as_deref()),
            some("source in the CRM", self.crm_source.map(Into::into)),
        ]
    }
}

/// A mark of RevOps on a deal. Marks are only ever added; the latest holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMark {
    /// The row's id.
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// Whether the deal is excluded as fraud or forbidden traffic.
    pub is_excluded: bool,
    /// Why.
    pub reason: String,
    /// The seat that marked it.
    pub marked_by: Uuid,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn the_first_rule_that_matches_decides() {
        let mut facts = SourceFacts {
            excluded: Some("bots".into()),
            is_marketplace: true,
            is_private_offer: true,
            offer_id: None,
            is_sourced: true,
            registration: Some("REG-1".into()),
            crm_source: Some(DealSource::Paid),
        };
        let mut decided = Vec::new();
        decided.push(facts.decide());
        facts.excluded = None;
        decided.push(facts.decide());
        // A marketplace without a contract overrides nothing; an offer on record is one.
        facts.is_private_offer = false;
        decided.push(facts.decide());
        assert_eq!(SourceFacts { offer_id: Some("O-1".into()), ..facts.clone() }.decide(), decided[1]);
        // SOURCED without a registration is not booked as the partner's, nor a registration without SOURCED.
        facts.registration = None;
        decided.push(facts.decide());
        assert_eq!(
            SourceFacts { registration: Some("REG-1".into()), is_sourced: false, ..facts.clone() }.decide(),
            decided[3]
        );
        facts.crm_source = Some(DealSource::Partner);
        decided.push(facts.decide());
        assert_eq!(decided, SourceRule::iter().collect::<Vec<_>>());
        assert_eq!(SourceRule::iter().map(SourceRule::priority).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}

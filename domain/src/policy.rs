//! Every number that a program could set otherwise, with its default (LOOP.md section 3, Policy).
//!
//! A policy is versioned and a computed value names the version it used. A policy row holds the numbers as JSON; a number
//! that a row does not name has its default, so that an older row keeps its meaning when a later part adds a number.
//!
//! A field here is all that a new number needs: its rustdoc is its description on the wire, the unit at the end of its name
//! (`Days`, `Rate`, `Points`, …) its range, and it is shown, drafted and compared by itself ([`crate::policy_number`]).

use crate::advisory::AdvisoryPolicy;
use crate::evidence::Level;
use crate::level::LevelPolicy;
use crate::mdf::MdfPolicy;
use crate::profile::ProfilePolicy;
use crate::registration::RegistrationPolicy;
use crate::tam::TamPolicy;
use documented::DocumentedFields;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

/// One version of a program's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DocumentedFields)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[documented_fields(rename_all = "camelCase")]
pub struct Policy {
    /// The version that a computed value names.
    #[serde(skip)]
    pub version: i64,
    /// The level of every interval of a rate or of a difference of rates; 80 % by default \[ours\].
    pub interval_level: Level,
    /// Closed deals that each side of a comparison needs to be SOLID; 10 by default \[ours\].
    pub solid_deals: u64,
    /// Won sourced deals that a Yield needs to be SOLID; 10 by default \[ours, ruling 5\].
    pub solid_sourced_deals: u64,
    /// Accounts that an Expansion Probability needs to be SOLID; 10 by default \[ours, ruling 5\].
    pub solid_accounts: u64,
    /// Beyond so many further deals, `dealsUntilConclusive` is null; 10,000 by default (ruling 7).
    pub most_deals_until_conclusive: u32,
    /// A win rate with partners that is not so many points above the direct one is flagged; 10 by default (seed 002, win rate).
    #[serde(with = "rust_decimal::serde::str")]
    pub win_rate_bar_points: Decimal,
    /// Deals with partners are typically so many times as large as direct ones, at least; 1.5 by default (seed 002, ADS).
    #[serde(with = "rust_decimal::serde::str")]
    pub typical_size_multiple_low: Decimal,
    /// And at most; 3 by default (seed 002, ADS).
    #[serde(with = "rust_decimal::serde::str")]
    pub typical_size_multiple_high: Decimal,
    /// Decided leads that a SAL acceptance needs to be SOLID; 10 by default \[ours\].
    pub solid_leads: u64,
    /// Leads through partners that sales accepts at a lower rate are flagged; 0.70 by default (seed 002, SAL).
    #[serde(with = "rust_decimal::serde::str")]
    pub sal_acceptance_bar_rate: Decimal,
    /// Hours within which sales decides about an ecosystem-qualified lead; 4 by default \[ours\].
    pub eql_decision_hours: u16,
    /// Hours within which sales decides about any other lead; 48 by default \[ours\].
    pub lead_decision_hours: u16,
    /// How Phase 2 forecasts.
    pub tam: TamPolicy,
    /// Hours within which an introduction must be recorded for the partner to have SOURCED the deal; 48 by default (seed 002).
    pub introduction_hours: u32,
    /// Days before the lock in which a touch counts as influence; the segment's median cycle where it is left out.
    pub influence_window_days: Option<u32>,
    /// The least days of an influence window that follows the median cycle; 60 by default (seed 002).
    pub influence_floor_days: u32,
    // Recruit.
    /// Completed quarters of history that a partner needs to be more than a TEST; 4 by default \[ours\].
    pub tier_history_quarters: u32,
    /// Below this Yield a partner is an EXIT: it returns less than it costs; 1x by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub tier_exit_multiple: Decimal,
    /// From this Yield on a partner can be an INVEST; 3x by default \[ours\], the paper's bar for more spend.
    #[serde(with = "rust_decimal::serde::str")]
    pub tier_invest_multiple: Decimal,
    /// From this Trust-Gap of its best segment on a partner can be an INVEST; 10 points by default \[ours\], the glossary's bar.
    #[serde(with = "rust_decimal::serde::str")]
    pub tier_invest_points: Decimal,
    /// A tier decision holds for so many days; 90 by default.
    pub tier_days: u32,
    /// So many days before a tier decision is due, people are told of it; 14 by default \[ours\].
    pub tier_notice_days: u32,
    /// The Recruit Plan is no longer than so many pages; 3 by default (paper).
    pub recruit_plan_pages: u32,
    /// So many words are a page of it; 400 by default \[ours\].
    pub recruit_page_words: u32,
    /// Business hours until the first touch of a registration or lead; 2 by default (seed 004).
    pub sla_first_touch_business_hours: u16,
    /// Hours until the summary of a joint call is on record; 48 by default (seed 004).
    pub sla_handoff_summary_hours: u16,
    /// Business days from the approval of a registration until the first call is joined; 5 by default (seed 004).
    pub sla_join_first_call_business_days: u16,
    /// Hours until an escalation is answered; 48 by default (seed 004).
    pub sla_escalation_hours: u16,
    /// Minutes until a registration or lead is routed; 15 by default \[ours; seed 002 says within minutes\].
    pub sla_routing_minutes: u16,
    /// Hours until a meeting's summary is attached; 24 by default (seed 004).
    pub sla_meeting_summary_hours: u16,
    /// Hours until a Pod request is answered; 72 by default \[ours: from then on MTTR scores it as slow\].
    pub sla_pod_request_hours: u16,
    /// Hours until the receiver acknowledges a handoff between stages of the funnel; 48 by default (the paper, Phase 3).
    pub sla_handoff_hours: u16,
    /// When so many hundredths of a term have passed, its promise is about to be missed; 75 by default \[ours\].
    pub sla_warning_percent: u8,
    /// Target accounts of a session of the joint pod; 5 by default (seed 004).
    pub pod_session_accounts: u32,
    /// Introductions of a session of the joint pod; 2 by default (seed 004).
    pub pod_session_introductions: u32,
    /// Next steps of each target account of a session of the joint pod; 1 by default (seed 004).
    pub pod_session_next_steps: u32,
    /// How deal registration and the Primary Sale gate run.
    pub registration: RegistrationPolicy,
    /// Days in which a touch loses half its weight in the credit model TIME_DECAY; 30 by default \[ours\].
    pub credit_half_life_days: u32,
    /// Producing Invest partners that cover a stage of the funnel; 2 by default \[ours\].
    pub stage_covered_partners: u32,
    /// How far commitments may be from BASE, as a share of it, without a written reason; 0.01 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub deployment_tolerance_rate: Decimal,
    /// How the program level is computed.
    pub level: LevelPolicy,
    /// How fit, matches and the account-level trust-gap score are computed.
    pub profile: ProfilePolicy,
    /// From where on advice is given.
    pub advisory: AdvisoryPolicy,
    /// When access to market development funds is paused.
    pub mdf: MdfPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            interval_level: Level::Eighty,
            solid_deals: 10,
            solid_sourced_deals: 10,
            solid_accounts: 10,
            most_deals_until_conclusive: 10_000,
            win_rate_bar_points: dec!(10),
            typical_size_multiple_low: dec!(1.5),
            typical_size_multiple_high: dec!(3),
            solid_leads: 10,
            sal_acceptance_bar_rate: dec!(0.70),
            eql_decision_hours: 4,
            lead_decision_hours: 48,
            tam: TamPolicy::default(),
            introduction_hours: 48,
            influence_window_days: None,
            influence_floor_days: 60,
            tier_history_quarters: 4,
            tier_exit_multiple: dec!(1),
            tier_invest_multiple: dec!(3),
            tier_invest_points: dec!(10),
            tier_days: 90,
            tier_notice_days: 14,
            recruit_plan_pages: 3,
            recruit_page_words: 400,
            sla_first_touch_business_hours: 2,
            sla_handoff_summary_hours: 48,
            sla_join_first_call_business_days: 5,
            sla_escalation_hours: 48,
            sla_routing_minutes: 15,
            sla_meeting_summary_hours: 24,
            sla_pod_request_hours: 72,
            sla_handoff_hours: 48,
            sla_warning_percent: 75,
            pod_session_accounts: 5,
            pod_session_introductions: 2,
            pod_session_next_steps: 1,
            registration: RegistrationPolicy::default(),
            credit_half_life_days: 30,
            stage_covered_partners: 2,
            deployment_tolerance_rate: dec!(0.01),
            level: LevelPolicy::default(),
            profile: ProfilePolicy::default(),
            advisory: AdvisoryPolicy::default(),
            mdf: MdfPolicy::default(),
        }
    }
}

/// The text of a policy row is not a policy.
#[derive(Debug, thiserror::Error)]
#[error("not a policy: {0}")]
pub struct NotAPolicy(#[from] serde_json::Error);

impl Policy {
    /// Reads the JSON of a policy row.
    ///
    /// # Errors
    /// [`NotAPolicy`] when a number is unknown or of another type.
    pub fn from_json(version: i64, body: &str) -> Result<Self, NotAPolicy> {
        Ok(Self { version, ..serde_json::from_str(body)? })
    }

    /// The JSON that a policy row holds.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_survives_its_row() {
        let policy = Policy { version: 3, interval_level: Level::NinetyFive, solid_deals: 12, ..Policy::default() };
        assert_eq!(Policy::from_json(3, &policy.to_json()).unwrap(), policy);
    }

    #[test]
    fn what_a_row_does_not_name_has_its_default() {
        let policy = Policy::from_json(2, r#"{"solidDeals": 30}"#).unwrap();
        assert_eq!(policy, Policy { version: 2, solid_deals: 30, ..Policy::default() });
        assert!(Policy::from_json(2, r#"{"solidDeels": 30}"#).is_err());
    }
}

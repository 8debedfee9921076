//! Sessions of the weekly joint pod: the vendor's AE or SE with the partner's AE or CS, 20 minutes (seed 004, Co-Sell Rhythm; LOOP.md
//! section 2, Phase 5).
//!
//! The guide asks of each for 5 target accounts, 2 introductions and 1 next step each. The three are numbers of the policy
//! (`podSessionAccounts`, `podSessionIntroductions`, `podSessionNextSteps`); a session that has fewer is recorded all the same, and says by how
//! many. \[ours\] "Each" is each target account that was named; an introduction is a step itself, with its owner and its day.

use crate::policy::Policy;
use crate::registration::Mark;
use crate::sla::SlaOwner;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

/// The most target accounts of a session, and the most introductions.
pub const LINES_MOST: usize = 20;
/// The most next steps of one target account.
pub const STEPS_MOST: usize = 10;

/// Something that somebody does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NextStep {
    /// What is done; of an introduction, who is introduced to whom.
    pub what: String,
    /// Whose people do it.
    pub side: SlaOwner,
    /// Who does it.
    pub owner: String,
    /// By which day.
    pub due_on: NaiveDate,
}

/// An account that both sides go for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetAccount {
    /// The account, where the program knows it.
    pub account_id: Option<Uuid>,
    /// Its name as it was in the session.
    pub name: String,
    /// What is done about it next.
    pub next_steps: Vec<NextStep>,
}

/// What was agreed in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Agenda {
    /// The target accounts.
    pub targets: Vec<TargetAccount>,
    /// The introductions.
    pub introductions: Vec<NextStep>,
}

/// What the policy asks of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Quotas {
    /// Target accounts.
    pub accounts: u32,
    /// Introductions.
    pub introductions: u32,
    /// Next steps of each target account.
    pub next_steps: u32,
    /// The version of the policy that asks it.
    pub policy_version: i64,
}

/// How many a session has too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Target accounts.
    pub accounts: u32,
    /// Introductions.
    pub introductions: u32,
    /// Next steps, over all target accounts that were named.
    pub next_steps: u32,
}

/// A session that was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSession {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The vendor's pod.
    pub pod_id: Uuid,
    /// The Monday of its week, in the program's zone: each pod and partner have one a week.
    pub week_on: NaiveDate,
    /// When it was held.
    pub held_at: DateTime<Utc>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// The functions in the room: AE, SE, PartnerAE, PartnerCS.
    pub functions: Vec<String>,
    /// What was agreed.
    pub agenda: Agenda,
    /// What was asked of it.
    pub quotas: Quotas,
    /// Who recorded it, and when.
    pub recorded: Mark,
}

/// Why a session was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PodSessionRefusal {
    /// The week has one.
    #[error("this pod's session with this partner is recorded for that week")]
    WeekRecorded,
    /// The pod does not work with the partner.
    #[error("this pod does not work with this partner")]
    NotThePodsPartner,
}

impl Quotas {
    /// What a policy asks.
    #[must_use]
    pub const fn of(policy: &Policy) -> Self {
        Self {
            accounts: policy.pod_session_accounts,
            introductions: policy.pod_session_introductions,
            next_steps: policy.pod_session_next_steps,
            policy_version: policy.version,
        }
    }
}

/// How many are missing to a quota.
fn missing(quota: u32, there: usize) -> u32 {
    quota.saturating_sub(u32::try_from(there).unwrap_or(u32::MAX))
}

/// The Monday of a day's week.
#[must_use]
pub fn week_of(day: NaiveDate) -> NaiveDate {
    let since_monday = Days::new(day.weekday().num_days_from_monday().into());
    day.checked_sub_days(since_monday).unwrap_or(day)
}

impl Agenda {
    /// How many it has too few.
    #[must_use]
    pub fn shortfall(&self, quotas: Quotas) -> Shortfall {
        Shortfall {
            accounts: missing(quotas.accounts, self.targets.len()),
            introductions: missing(quotas.introductions, self.introductions.len()),
            next_steps: self.targets.iter().map(|it| missing(quotas.next_steps, it.next_steps.len())).sum(),
        }
    }
}

impl Shortfall {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.accounts == 0 && self.introductions == 0 && self.next_steps == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn step() -> NextStep {
        NextStep {
            what: "send the plan".into(),
            side: SlaOwner::Vendor,
            owner: "Ada".into(),
            due_on: day("2026-10-09"),
        }
    }

    fn target(steps: usize) -> TargetAccount {
        TargetAccount { account_id: None, name: "Contoso".into(), next_steps: vec![step(); steps] }
    }

    /// 5 accounts, 2 introductions, a step each. Three accounts of which one has no step and one has two, and one introduction: 2
    /// accounts, 1 introduction and 1 step short (a second step of one account makes up for no other's).
    #[test]
    fn a_session_says_how_many_it_has_too_few() {
        let quotas = Quotas::of(&Policy::default());
        assert_eq!((quotas.accounts, quotas.introductions, quotas.next_steps), (5, 2, 1));
        let agenda = Agenda { targets: vec![target(0), target(1), target(2)], introductions: vec![step()] };
        let short = Shortfall { accounts: 2, introductions: 1, next_steps: 1 };
        assert_eq!(agenda.shortfall(quotas), short);
        assert!(!short.is_none());
        let full = Agenda { targets: vec![target(1); 6], introductions: vec![step(), step()] };
        assert!(full.shortfall(quotas).is_none());
        assert_eq!(Agenda::default().shortfall(quotas), Shortfall { accounts: 5, introductions: 2, next_steps: 0 });
    }

    #[test]
    fn a_week_begins_on_its_monday() {
        let monday = day("2026-10-05");
        for it in ["2026-10-05", "2026-10-07", "2026-10-11"] {
            assert_eq!(week_of(day(it)), monday, "{it}");
        }
        assert_eq!(week_of(day("2026-10-04")), day("2026-09-28"));
    }
}

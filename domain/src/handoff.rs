//! Handoffs between the stages of the funnel: who hands what to whom, fired by events of deals, acknowledged by the receiver (LOOP.md
//! section 2, Phase 3; the paper's explicit handoff triggers). A program sets its own rules; without rules nothing is handed over.

use crate::attribution::{Attribution, AttributionState};
use crate::deal::{Deal, DealKind, Outcome};
use crate::funnel::FunnelStage;
use crate::role::Role;
use crate::sla::SlaOwner;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The most rules of a program.
pub const RULES_MOST: usize = 50;

/// What happens to a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoffEvent {
    /// It passed Stage 1.
    StageOnePassed,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

/// A rule: when a deal with a partner meets the event, the giver hands over to the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HandoffRule {
    /// The stage that ends.
    pub from: FunnelStage,
    /// The stage that begins.
    pub to: FunnelStage,
    /// The event that fires it.
    pub event: HandoffEvent,
    /// Only deals of this kind; none means every kind.
    pub deal_kind: Option<DealKind>,
    /// Who hands over.
    pub giver: Role,
    /// Who receives and acknowledges.
    pub receiver: Role,
    /// What is handed over.
    pub what: String,
}

/// All rules of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandoffRules {
    /// The rules.
    pub rules: Vec<HandoffRule>,
    /// For optimistic concurrency; 0 where none were set.
    pub version: i64,
}

/// Why a rule cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARule {
    /// It leads nowhere.
    #[error("a handoff leads from one stage to another")]
    SameStage,
    /// Nobody hands over to themselves.
    #[error("the giver and the receiver are two")]
    SameSide,
    /// Only those who work on deals hand over.
    #[error("deals are handed over between OPERATOR, PARTNER_AE, CUSTOMER_AE, PARTNER_MANAGER, REVOPS and PARTNER")]
    NoSuchHand,
}

/// Whether a role works on deals, so that something can be handed to it.
const fn is_hand(role: Role) -> bool {
    match role {
        Role::Operator | Role::PartnerAe | Role::CustomerAe | Role::PartnerManager | Role::Revops | Role::Partner => {
            true
        }
        Role::Finance | Role::Leadership | Role::Portfolio => false,
    }
}

impl HandoffRule {
    /// Whether it can be a rule.
    ///
    /// # Errors
    /// [`NotARule`].
    pub fn check(&self) -> Result<(), NotARule> {
        if self.from == self.to {
            return Err(NotARule::SameStage);
        }
        if self.giver == self.receiver {
            return Err(NotARule::SameSide);
        }
        if is_hand(self.giver) && is_hand(self.receiver) { Ok(()) } else { Err(NotARule::NoSuchHand) }
    }

    /// Whether the partner hands over or receives, and not the vendor's people among themselves.
    #[must_use]
    pub fn is_with_partner(&self) -> bool {
        self.giver == Role::Partner || self.receiver == Role::Partner
    }

    /// Whether both rules can fire for one deal at the same event, into the same stage and to the same receiver: each handoff is
    /// fired once for a deal, so the second would never be. Rules for two kinds of deals do not meet.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let meets = match (self.deal_kind, other.deal_kind) {
            (Some(one), Some(two)) => one == two,
            (None, _) | (_, None) => true,
        };
        meets && (self.event, self.to, self.receiver) == (other.event, other.to, other.receiver)
    }

    /// Whether an event of a deal fires it.
    #[must_use]
    pub fn fires(&self, event: HandoffEvent, deal: &Deal) -> bool {
        self.event == event && self.deal_kind.is_none_or(|kind| kind == deal.kind)
    }
}

/// Who owes the acknowledgement to a receiver: the partner its own, the vendor everybody else's.
#[must_use]
pub fn owner(receiver: Role) -> SlaOwner {
    if receiver == Role::Partner { SlaOwner::Partner } else { SlaOwner::Vendor }
}

/// What happened to a deal between two states of it.
#[must_use]
pub fn events(before: Option<&Deal>, after: &Deal) -> Vec<HandoffEvent> {
    let became = |outcome| after.outcome == outcome && before.is_none_or(|before| before.outcome != outcome);
    let passed = after.has_reached_stage_one && before.is_none_or(|before| !before.has_reached_stage_one);
    [
        (passed, HandoffEvent::StageOnePassed),
        (became(Outcome::Won), HandoffEvent::Won),
        (became(Outcome::Lost), HandoffEvent::Lost),
    ]
    .into_iter()
    .filter_map(|(happened, event)| happened.then_some(event))
    .collect()
}

/// The partner that a deal goes by: its SOURCED partner, else the attribution that was locked first; none of a direct deal.
#[must_use]
pub fn partner_of(credits: &[Attribution]) -> Option<Uuid> {
    let first = |credit: &&Attribution| {
        (
            credit.state != AttributionState::Sourced,
            credit.locked_at.is_none(),
            credit.locked_at,
            credit.recorded_at,
            credit.id,
        )
    };
    credits.iter().min_by_key(first).map(|credit| credit.partner_id)
}

/// A handoff that was fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// The row's id.
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner that the deal goes by.
    pub partner_id: Uuid,
    /// The rule as it was when it fired.
    pub rule: HandoffRule,
    /// When it was fired.
    pub fired_at: DateTime<Utc>,
    /// By when it is to be acknowledged, inclusive.
    pub due_at: DateTime<Utc>,
    /// When the receiver acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Which seat did.
    pub acknowledged_by: Option<Uuid>,
    /// What the receiver said.
    pub note: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// How a handoff stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum HandoffState {
    /// It waits, in time.
    Waiting,
    /// It waits, and its time is over.
    Overdue,
    /// The receiver acknowledged it, in time or late.
    Acknowledged,
}

impl Handoff {
    /// How it stands at an instant.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> HandoffState {
        match self.acknowledged_at {
            Some(_) => HandoffState::Acknowledged,
            None if now > self.due_at => HandoffState::Overdue,
            None => HandoffState::Waiting,
        }
    }

    /// Whether it was acknowledged after its due time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.acknowledged_at.is_some_and(|at| at > self.due_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::Provenance;

    fn rule() -> HandoffRule {
        HandoffRule {
            from: FunnelStage::CoSell,
            to: FunnelStage::Expand,
            event: HandoffEvent::Won,
            deal_kind: Some(DealKind::New),
            giver: Role::CustomerAe,
            receiver: Role::PartnerManager,
            what: "What was promised".into(),
        }
    }

    fn credit(id: u128, partner: u128, state: AttributionState, locked_at: Option<&str>) -> Attribution {
        Attribution {
            id: Uuid::from_u128(id),
            deal_id: Uuid::nil(),
            partner_id: Uuid::from_u128(partner),
            state,
            is_late: false,
            provenance: Provenance::Declared,
            evidence: None,
            basis_id: None,
            locked_at: locked_at.map(|at| at.parse().unwrap()),
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_rule_leads_from_one_hand_and_stage_to_another() {
        assert_eq!(rule().check(), Ok(()));
        assert_eq!(HandoffRule { to: FunnelStage::CoSell, ..rule() }.check(), Err(NotARule::SameStage));
        assert_eq!(HandoffRule { receiver: Role::CustomerAe, ..rule() }.check(), Err(NotARule::SameSide));
        assert_eq!(HandoffRule { receiver: Role::Finance, ..rule() }.check(), Err(NotARule::NoSuchHand));
        assert_eq!((owner(Role::Partner), owner(Role::PartnerAe)), (SlaOwner::Partner, SlaOwner::Vendor));
        assert!(!rule().is_with_partner() && HandoffRule { giver: Role::Partner, ..rule() }.is_with_partner());
        assert!(HandoffRule { receiver: Role::Partner, ..rule() }.is_with_partner());
    }

    /// One deal is handed to one receiver at one event and stage once: rules that could both fire for it repeat each other.
    #[test]
    fn a_rule_repeats_another_that_could_fire_for_the_same_deal() {
        let other = HandoffRule { from: FunnelStage::Tofu, giver: Role::Operator, what: "else".into(), ..rule() };
        assert!(rule().repeats(&other) && HandoffRule { deal_kind: None, ..rule() }.repeats(&other));
        let apart = [
            HandoffRule { deal_kind: Some(DealKind::Renewal), ..rule() },
            HandoffRule { event: HandoffEvent::Lost, ..rule() },
            HandoffRule { to: FunnelStage::Retain, ..rule() },
            HandoffRule { receiver: Role::Partner, ..rule() },
        ];
        assert!(apart.iter().all(|apart| !rule().repeats(apart)));
    }

    #[test]
    fn a_deal_goes_by_its_sourced_partner_else_by_the_first_lock() {
        use AttributionState::{Influenced, Sourced};
        let (early, late) = (Some("2026-01-01T00:00:00Z"), Some("2026-02-01T00:00:00Z"));
        assert_eq!(partner_of(&[]), None);
        let first = partner_of(&[credit(1, 11, Influenced, late), credit(2, 12, Influenced, early)]);
        assert_eq!(first, Some(Uuid::from_u128(12)));
        let sourced = partner_of(&[credit(1, 11, Influenced, early), credit(2, 12, Sourced, late)]);
        assert_eq!(sourced, Some(Uuid::from_u128(12)));
        let unlocked = partner_of(&[credit(1, 11, Influenced, None), credit(2, 12, Influenced, late)]);
        assert_eq!(unlocked, Some(Uuid::from_u128(12)));
    }

    #[test]
    fn the_due_time_itself_is_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let handoff = Handoff {
            id: Uuid::nil(),
            deal_id: Uuid::nil(),
            partner_id: Uuid::nil(),
            rule: rule(),
            fired_at: at("2026-10-05T09:00:00Z"),
            due_at: at("2026-10-07T09:00:00Z"),
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            version: 1,
        };
        assert_eq!(handoff.state(at("2026-10-07T09:00:00Z")), HandoffState::Waiting);
        assert_eq!(handoff.state(at("2026-10-07T09:00:00.000001Z")), HandoffState::Overdue);
        let late = Handoff { acknowledged_at: Some(at("2026-10-08T09:00:00Z")), ..handoff.clone() };
        assert_eq!((late.state(at("2026-10-09T09:00:00Z")), late.is_late()), (HandoffState::Acknowledged, true));
        let in_time = Handoff { acknowledged_at: Some(handoff.due_at), ..handoff };
        assert!(!in_time.is_late());
    }
}

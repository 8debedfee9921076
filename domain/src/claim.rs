//! Conflicts of claims on one account: first touch wins where it can show discovery, else influence credit is split equally
//! (LOOP.md section 2, Phase 4; seed 004). One rule decides; people accept its evidence or do not.

use crate::credit::largest_remainder;
use crate::registration::Verdict;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// The whole of an influence credit, in hundredths of a percent.
const WHOLE: i64 = 10_000;

/// When and how a partner first touched the need, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// When.
    pub at: DateTime<Utc>,
    /// What shows it, in words.
    pub evidence: String,
}

/// A live claim on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The registration.
    pub registration_id: Uuid,
    /// Its place in the line of all claims on the account.
    pub claim_number: i64,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// What it shows of its discovery.
    pub discovery: Option<Discovery>,
}

impl Claimant {
    /// Its first touch: the discovery that it can show, else its submission. Equal instants go by the place in the line.
    fn first_touch(&self) -> (DateTime<Utc>, i64) {
        (self.discovery.as_ref().map_or(self.submitted_at, |found| found.at), self.claim_number)
    }
}

/// A conflict of claims on one account. One is open at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The row's id.
    pub id: Uuid,
    /// The account's registrable domain.
    pub domain: String,
    /// Whether an open direct deal, one that another partner is on, or the vendor's own that nobody declared yet stands on the account:
    /// then nobody who came later can be SOURCED.
    pub is_channel: bool,
    /// When the claims met.
    pub opened_at: DateTime<Utc>,
    /// How it was decided.
    pub decision: Option<Settlement>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// How a conflict was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Who decided, when and why: both sides read the reason.
    pub verdict: Verdict,
    /// The registration that was first; none where the credit is split.
    pub winner: Option<Uuid>,
    /// Each claim's part of the influence credit. They sum to exactly 10,000.
    pub shares: Vec<ClaimShare>,
}

/// A claim's part of the influence credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimShare {
    /// The registration.
    pub registration_id: Uuid,
    /// Hundredths of a percent.
    pub bps: i64,
}

/// Why a conflict cannot be decided so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ConflictRefusal {
    /// It was.
    #[error("the conflict was decided already: a new claim opens a new one")]
    AlreadyDecided,
    /// The rule leaves no choice of winners.
    #[error(
        "only the claim with the first touch can win, and only with evidence of its discovery: else the credit is split"
    )]
    FirstTouchWinsWithEvidence,
}

/// Who wins by the rule: the claim with the first touch, if it shows its discovery or stands alone.
#[must_use]
pub fn first_touch(claims: &[Claimant]) -> Option<Uuid> {
    let first = claims.iter().min_by_key(|claim| claim.first_touch())?;
    (first.discovery.is_some() || claims.len() == 1).then_some(first.registration_id)
}

/// The parts of the influence credit: all for the winner, or the same for each by the largest remainder, the earlier in line first.
///
/// # Errors
/// [`ConflictRefusal::FirstTouchWinsWithEvidence`] when the winner is not the one of the rule.
pub fn shares(claims: &[Claimant], winner: Option<Uuid>) -> Result<Vec<ClaimShare>, ConflictRefusal> {
    if winner.is_some() && winner != first_touch(claims) {
        return Err(ConflictRefusal::FirstTouchWinsWithEvidence);
    }
    let mut line: Vec<&Claimant> = claims.iter().collect();
    line.sort_by_key(|claim| claim.claim_number);
    let parts = match winner {
        Some(id) => line.iter().map(|claim| if claim.registration_id == id { WHOLE } else { 0 }).collect(),
        None => largest_remainder(WHOLE, &vec![Decimal::ONE; line.len()]),
    };
    let each = line.iter().zip(parts);
    Ok(each.map(|(claim, bps)| ClaimShare { registration_id: claim.registration_id, bps }).collect())
}

/// A line of the timeline of claims on an account, which both sides see, each its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEvent {
    /// What happened.
    pub kind: ClaimEventKind,
    /// When; none for what is another's.
    pub at: Option<DateTime<Utc>>,
    /// The registration; none for what is another's.
    pub registration_id: Option<Uuid>,
}

/// What happened on the timeline of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimEventKind {
    /// A need was discovered, as the claim shows.
    Discovered,
    /// A registration was submitted.
    Submitted,
    /// Its owner touched it first.
    FirstTouch,
    /// The vendor approved or refused it.
    Decided,
    /// A meeting was held.
    MeetingHeld,
    /// The meeting's summary was attached.
    SummaryAttached,
    /// Its validity began anew.
    Refreshed,
    /// The partner took it back.
    Withdrawn,
    /// A clock ran out.
    Expired,
    /// The lock of the attribution took over.
    Converted,
    /// A conflict of claims was decided.
    ConflictDecided,
    /// Another claim stands on the account. Whose and since when is not told.
    AnotherClaim,
}

/// The timeline: what the reader may see, in order, and one bare line for each claim that it may not.
#[must_use]
pub fn timeline(mut seen: Vec<ClaimEvent>, hidden: usize) -> Vec<ClaimEvent> {
    seen.sort_by_key(|event| event.at);
    let bare = ClaimEvent { kind: ClaimEventKind::AnotherClaim, at: None, registration_id: None };
    // At the end, so that not even the order tells who was first.
    seen.extend(std::iter::repeat_n(bare, hidden));
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(number: i64, discovered: Option<&str>) -> Claimant {
        Claimant {
            registration_id: Uuid::from_u128(u128::from(number.unsigned_abs())),
            claim_number: number,
            submitted_at: "2026-10-05T09:00:00Z".parse().unwrap(),
            discovery: discovered.map(|at| Discovery { at: at.parse().unwrap(), evidence: "minutes".into() }),
        }
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn the_first_touch_wins_with_evidence_and_nobody_without() {
        // Two in the same millisecond, neither with evidence: the credit is split.
        assert_eq!(first_touch(&[claim(2, None), claim(1, None)]), None);
        // The second shows that it was there before.
        assert_eq!(first_touch(&[claim(1, None), claim(2, Some("2026-09-01T09:00:00Z"))]), Some(id(2)));
        // Both show it at the same instant: the place in the line decides.
        let same = "2026-09-01T09:00:00Z";
        assert_eq!(first_touch(&[claim(2, Some(same)), claim(1, Some(same))]), Some(id(1)));
        assert_eq!(first_touch(&[claim(7, None)]), Some(id(7)));
        assert_eq!(first_touch(&[]), None);
    }

    #[test]
    fn who_wins_is_not_a_choice_but_evidence_may_be_turned_down() {
        let claims = [claim(1, Some("2026-09-01T09:00:00Z")), claim(2, Some("2026-09-02T09:00:00Z"))];
        assert_eq!(shares(&claims, Some(id(2))), Err(ConflictRefusal::FirstTouchWinsWithEvidence));
        let won = shares(&claims, Some(id(1))).unwrap();
        assert_eq!(won.iter().map(|share| share.bps).collect::<Vec<_>>(), [10_000, 0]);
        let split = shares(&[claim(3, None), claim(1, None), claim(2, None)], None).unwrap();
        let split: Vec<(Uuid, i64)> = split.iter().map(|share| (share.registration_id, share.bps)).collect();
        assert_eq!(split, [(id(1), 3334), (id(2), 3333), (id(3), 3333)]);
    }

    #[test]
    fn what_is_anothers_has_no_time_and_no_place() {
        let own = |kind, at: &str| ClaimEvent { kind, at: at.parse().ok(), registration_id: Some(id(1)) };
        let seen = vec![
            own(ClaimEventKind::Decided, "2026-10-06T09:00:00Z"),
            own(ClaimEventKind::Submitted, "2026-10-05T09:00:00Z"),
        ];
        let told: Vec<(ClaimEventKind, bool)> =
            timeline(seen, 1).into_iter().map(|event| (event.kind, event.at.is_some())).collect();
        let expected =
            [(ClaimEventKind::Submitted, true), (ClaimEventKind::Decided, true), (ClaimEventKind::AnotherClaim, false)];
        assert_eq!(told, expected);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_differ_by_one_at_most(count in 1_i64..60) {
            let claims: Vec<Claimant> = (1..=count).map(|number| claim(number, None)).collect();
            let parts: Vec<i64> = shares(&claims, None).unwrap().iter().map(|share| share.bps).collect();
            prop_assert_eq!(parts.iter().sum::<i64>(), WHOLE);
            prop_assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1);
        }
    }
}

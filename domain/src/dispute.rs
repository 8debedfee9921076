//! Contested claims and disputed attributions (LOOP.md section 3, Attribution; ruling 22).
//!
//! Before the lock a claim is contested, after it only disputed. Both readings are kept. RevOps decides with a reason that both
//! sides read. A decision never edits what is locked: it sets rows aside as they stand and adds others.

use crate::attribution::{Attribution, AttributionState, Claim};
use crate::registration::Mark;
use crate::role::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// When it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeKind {
    /// Before the lock: the deal is not locked until it is decided.
    Contest,
    /// After the lock.
    Dispute,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeState {
    /// Nobody has decided.
    Open,
    /// The original reading holds.
    Upheld,
    /// Another reading holds.
    Changed,
    /// Who opened it took it back: the reading that stood then holds.
    Withdrawn,
}

/// One partner's state in a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: AttributionState,
}

/// A reading of a deal's attribution as it stood at Stage 1: who did what; nobody is direct.
pub type Reading = Vec<Standing>;

/// A partner that a dispute is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// The partner.
    pub partner_id: Uuid,
    /// Whether the claimed reading gives it something: then it is the side that disputes.
    pub is_claimant: bool,
}

/// A contested claim or a disputed attribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The row's id.
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// Before the lock, or after it.
    pub kind: DisputeKind,
    /// How it stands.
    pub state: DisputeState,
    /// The evidence, in words.
    pub evidence: String,
    /// The reading that it is opened against.
    pub original: Reading,
    /// The reading that the other side claims.
    pub claimed: Reading,
    /// The reading that was decided; of one that was taken back, the reading that stood then.
    pub decided: Option<Reading>,
    /// Why it was decided so, or taken back, for both sides to read.
    pub reason: Option<String>,
    /// The seat that opened it.
    pub opened_by: Uuid,
    /// Its role then.
    pub opened_role: Role,
    /// The seat that decided, or took it back.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was opened.
    pub recorded_at: DateTime<Utc>,
}

/// Why a dispute, a decision or an amendment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeRefusal {
    /// There is no declaration to speak against.
    #[error("nobody declared yet who did what for this deal: declare it instead")]
    NothingDeclared,
    /// Both readings are the same.
    #[error("the claimed reading is the one that stands: say what should be otherwise")]
    NothingDisputed,
    /// Another decision came between, and the claim says nothing to it.
    #[error(
        "the attribution was decided otherwise since this was opened: name in `partners` everything that is to hold now"
    )]
    StandingChanged,
    /// The same seat has one open.
    #[error("you have a dispute open on this deal: RevOps decides it first")]
    AlreadyOpen,
    /// It was decided before.
    #[error("this is decided already: a new dispute needs new evidence")]
    AlreadyDecided,
    /// Only who opened it takes it back.
    #[error("only who opened a dispute takes it back")]
    NotTheOpener,
    /// Somebody contests what is declared.
    #[error("a claim on this deal is contested: RevOps decides first")]
    ClaimContested,
    /// There is no lock yet.
    #[error("this deal's attribution is not locked: declare it instead of amending it")]
    NotLocked,
    /// SOURCED can never be added late.
    #[error("SOURCED is never added after the lock: who brought a deal was known when it began")]
    SourcedNeverLate,
    /// The partner is there in this state already.
    #[error("this partner is on the deal in this state already")]
    AlreadyAttributed,
}

/// The reading that stands: what was on time.
#[must_use]
pub fn reading(rows: &[Attribution]) -> Reading {
    let on_time = rows.iter().filter(|row| !row.is_late);
    sorted(on_time.map(|row| Standing { partner_id: row.partner_id, state: row.state }).collect())
}

fn sorted(mut reading: Reading) -> Reading {
    reading.sort_unstable();
    reading.dedup();
    reading
}

/// The reading that somebody claims who sees only some of the partners: theirs as he says, the others' as they are, but for a
/// SOURCED that his own SOURCED denies.
#[must_use]
pub fn claim(original: &[Standing], claims: &[Claim], is_seen: impl Fn(Uuid) -> bool) -> Reading {
    let brings = claims.iter().any(|claim| claim.state == AttributionState::Sourced);
    let is_kept = |it: &&Standing| !(is_seen(it.partner_id) || brings && it.state == AttributionState::Sourced);
    let said = claims.iter().map(|claim| Standing { partner_id: claim.partner_id, state: claim.state });
    sorted(original.iter().filter(is_kept).copied().chain(said).collect())
}

/// The partners whose part differs between two readings. Who gains is the side that disputes.
#[must_use]
pub fn parties(original: &[Standing], claimed: &[Standing]) -> Vec<Party> {
    let mut parties: Vec<Party> = Vec::new();
    let gained = claimed.iter().filter(|it| !original.contains(it)).map(|it| (it.partner_id, true));
    let lost = original.iter().filter(|it| !claimed.contains(it)).map(|it| (it.partner_id, false));
    for (partner_id, is_claimant) in gained.chain(lost) {
        if !parties.iter().any(|party| party.partner_id == partner_id) {
            parties.push(Party { partner_id, is_claimant });
        }
    }
    parties
}

/// What a decision does to the rows that hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supersession {
    /// Rows to be set aside.
    pub set_aside: Vec<Uuid>,
    /// What is to be added.
    pub added: Reading,
}

/// From the rows that hold to a decided reading. A row that is in both is left as it is; a late one gives way only to the same
/// part on time.
#[must_use]
pub fn supersede(rows: &[Attribution], decided: &[Standing]) -> Supersession {
    let of = |row: &Attribution| Standing { partner_id: row.partner_id, state: row.state };
    let holds = |it: &Standing| rows.iter().any(|row| !row.is_late && of(row) == *it);
    let is_set_aside = |row: &&Attribution| decided.contains(&of(row)) == row.is_late;
    Supersession {
        set_aside: rows.iter().filter(is_set_aside).map(|row| row.id).collect(),
        added: decided.iter().filter(|it| !holds(it)).copied().collect(),
    }
}

impl Dispute {
    /// Taken back by who opened it, before it is decided: the standing reading holds, and nothing is set aside. For a partner every
    /// token of it is who opened it: tokens expire.
    ///
    /// # Errors
    /// [`DisputeRefusal::AlreadyDecided`], [`DisputeRefusal::NotTheOpener`].
    pub fn withdraw(
        self,
        is_opener: bool,
        standing: Reading,
        reason: String,
        mark: Mark,
    ) -> Result<Self, DisputeRefusal> {
        if self.state != DisputeState::Open {
            return Err(DisputeRefusal::AlreadyDecided);
        }
        if !is_opener {
            return Err(DisputeRefusal::NotTheOpener);
        }
        Ok(Self {
            state: DisputeState::Withdrawn,
            decided: Some(standing),
            reason: Some(reason),
            decided_by: Some(mark.by),
            decided_at: Some(mark.at),
            version: self.version + 1,
            ..self
        })
    }
}

/// Whether a reader is told the evidence: the side that disputes, and those of the vendor who read the whole deal. The other
/// side reads the reason.
#[must_use]
pub const fn is_told_evidence(role: Role, is_own_side: bool) -> bool {
    match role {
        Role::Operator | Role::Revops | Role::CustomerAe => true,
        Role::PartnerAe | Role::PartnerManager | Role::Partner => is_own_side,
        Role::Finance | Role::Leadership | Role::Portfolio => false,
    }
}

/// Whether a contribution may be added after the lock: never SOURCED, and nothing twice.
///
/// # Errors
/// [`DisputeRefusal`].
pub fn amend(
    is_locked: bool,
    rows: &[Attribution],
    partner_id: Uuid,
    state: AttributionState,
) -> Result<(), DisputeRefusal> {
    if !is_locked {
        return Err(DisputeRefusal::NotLocked);
    }
    if state == AttributionState::Sourced {
        return Err(DisputeRefusal::SourcedNeverLate);
    }
    if rows.iter().any(|row| row.partner_id == partner_id && row.state == state) {
        return Err(DisputeRefusal::AlreadyAttributed);
    }
    Ok(())
}

#[cfg(test)]
#[path = "dispute_tests.rs"]
mod tests;

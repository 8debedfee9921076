//! What entries state, so that a later edit of the rows is found.

use super::instant;
use crate::activity::ActivityKind;
use crate::attribution::{Attribution, AttributionState, Declaration, Provenance};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is fixed about a deal once its attribution is locked: the fact that entries state and `partnerloop check` compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DealFact {
    /// How it was declared.
    pub declaration: Declaration,
    /// Where the declaration came from.
    pub provenance: Provenance,
    /// When it was locked; before that, the rest may still change without an entry.
    pub locked_at: Option<String>,
    /// The deal's version, which tells the latest of two facts; it is no part of what is compared.
    pub version: i64,
    /// The segment it had at Stage 1; none before the lock.
    pub segment_id: Option<Uuid>,
    /// Who did what, sorted.
    pub attributions: Vec<AttributionFact>,
}

/// One partner's state, as a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributionFact {
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: AttributionState,
    /// Added after the lock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_late: bool,
    /// Where it came from.
    pub provenance: Provenance,
    /// The evidence, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The recorded activity that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis_id: Option<Uuid>,
    /// That activity as it was. Entries of before it was stated hold none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<BasisFact>,
    /// When it was locked.
    pub locked_at: Option<String>,
}

/// What a partner's state rests on, as a fact: what happened, when, and whose it is. It decided whether the state was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BasisFact {
    /// What happened.
    pub kind: ActivityKind,
    /// Whose it is.
    pub partner_id: Option<Uuid>,
    /// When it happened.
    pub happened_at: String,
}

impl BasisFact {
    /// The fact of an activity.
    #[must_use]
    pub fn new(kind: ActivityKind, partner_id: Option<Uuid>, happened_at: DateTime<Utc>) -> Self {
        Self { kind, partner_id, happened_at: instant(happened_at) }
    }
}

impl DealFact {
    /// The fact of a deal.
    #[must_use]
    pub fn new(
        declaration: Declaration,
        provenance: Provenance,
        locked_at: Option<DateTime<Utc>>,
        segment_id: Option<Uuid>,
        version: i64,
    ) -> Self {
        let (segment_id, locked_at) = (locked_at.and(segment_id), locked_at.map(instant));
        Self { declaration, provenance, locked_at, version, segment_id, attributions: Vec::new() }
    }

    /// Whether a deal as it is now says what an entry stated of it. Only what the entry holds is compared: of what a state rests on,
    /// older ones hold nothing but its id.
    #[must_use]
    pub fn agrees(&self, stated: &Self) -> bool {
        let mut now = Self { version: stated.version, ..self.clone() };
        for (it, stated) in now.attributions.iter_mut().zip(&stated.attributions) {
            it.basis = it.basis.take().filter(|_| stated.basis.is_some());
        }
        now == *stated
    }

    /// Adds what a partner did, and the activity that it rests on.
    pub fn push(&mut self, row: Attribution, basis: Option<BasisFact>) {
        let Attribution { partner_id, state, is_late, provenance, evidence, basis_id, locked_at, .. } = row;
        let locked_at = locked_at.map(instant);
        self.attributions.push(AttributionFact {
            partner_id,
            state,
            is_late,
            provenance,
            evidence,
            basis_id,
            basis,
            locked_at,
        });
        self.attributions.sort_by_key(|it| (it.partner_id, it.state));
    }

    /// The line of this deal in the digest of an import: as it was locked, without what was added late. What a state rests on is there
    /// by its id alone, as in the digests of before more was stated.
    #[must_use]
    pub fn line(&self, deal_id: Uuid) -> String {
        let on_time = self.attributions.iter().filter(|it| !it.is_late);
        let on_time: Vec<_> = on_time.map(|it| AttributionFact { basis: None, ..it.clone() }).collect();
        let fact = (deal_id, self.declaration, self.provenance, &self.locked_at, self.segment_id, on_time);
        serde_json::to_string(&fact).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deals_line_leaves_out_what_came_late_and_hangs_on_no_order() {
        let at: DateTime<Utc> = "2026-10-05T09:00:00.123456Z".parse().unwrap();
        let row = |partner: u128, state, is_late| Attribution {
            id: Uuid::nil(),
            deal_id: Uuid::nil(),
            partner_id: Uuid::from_u128(partner),
            state,
            is_late,
            provenance: Provenance::Imported,
            evidence: None,
            basis_id: None,
            locked_at: Some(at),
            recorded_at: at,
        };
        let fact = |rows: &[Attribution]| {
            let mut fact =
                DealFact::new(Declaration::Partners, Provenance::Imported, Some(at), Some(Uuid::from_u128(9)), 1);
            rows.iter().for_each(|row| fact.push(row.clone(), None));
            fact
        };
        let (one, two) = (row(1, AttributionState::Sourced, false), row(2, AttributionState::Influenced, false));
        let late = row(3, AttributionState::Accelerated, true);
        let id = Uuid::from_u128(7);
        assert_eq!(fact(&[one.clone(), two.clone()]).line(id), fact(&[two.clone(), late, one.clone()]).line(id));
        assert_ne!(fact(&[one.clone(), two]).line(id), fact(&[one]).line(id));
    }

    /// An entry of before the basis was stated holds its id alone: nothing else of it is compared. A newer one names an edit, and a line
    /// reads the same with and without it.
    #[test]
    fn what_a_state_rests_on_is_compared_where_the_entry_holds_it() {
        let at: DateTime<Utc> = "2026-10-05T09:00:00Z".parse().unwrap();
        let partner = Uuid::from_u128(1);
        let fact = |basis: Option<BasisFact>| {
            let mut fact = DealFact::new(Declaration::Partners, Provenance::Declared, Some(at), None, 1);
            let row = Attribution {
                id: Uuid::nil(),
                deal_id: Uuid::nil(),
                partner_id: partner,
                state: AttributionState::Sourced,
                is_late: false,
                provenance: Provenance::Declared,
                evidence: None,
                basis_id: Some(Uuid::from_u128(2)),
                locked_at: Some(at),
                recorded_at: at,
            };
            fact.push(row, basis);
            fact
        };
        let introduced = |at| fact(Some(BasisFact::new(ActivityKind::Introduction, Some(partner), at)));
        let edited = introduced(at - chrono::TimeDelta::days(30));
        assert!(edited.agrees(&fact(None)) && introduced(at).agrees(&introduced(at)));
        assert!(!edited.agrees(&introduced(at)) && !fact(None).agrees(&introduced(at)));
        assert_eq!(introduced(at).line(Uuid::nil()), fact(None).line(Uuid::nil()));
    }

    #[test]
    fn before_the_lock_a_fact_holds_no_segment() {
        let fact = DealFact::new(Declaration::Direct, Provenance::Declared, None, Some(Uuid::from_u128(9)), 1);
        assert_eq!((fact.segment_id, fact.locked_at), (None, None));
    }
}

//! When a partner is pulled into a deal: the trigger of the codified motion as conditions that a deal meets or does not (seed 001, step 1;
//! LOOP.md section 2, Foundation).

use crate::deal::{Deal, DealKind, Outcome};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most triggers of a program.
pub const TRIGGERS_MOST: usize = 50;

/// One trigger: an open deal meets it where every condition that is given holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CosellTrigger {
    /// What people call it; once in a program.
    pub name: String,
    /// In one of these segments; in any where there are none.
    pub segments: Vec<Uuid>,
    /// In one of these stages; in any where there are none.
    pub stages: Vec<Uuid>,
    /// Of one of these kinds; of any where there are none.
    pub kinds: Vec<DealKind>,
    /// With at least this ARR, in minor units of the program's currency. A deal without a recorded ARR does not meet it.
    pub arr_minor_from: Option<i64>,
}

/// The triggers of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CosellTriggers {
    /// The triggers.
    pub triggers: Vec<CosellTrigger>,
    /// For optimistic concurrency; 0 where none were ever set.
    pub version: i64,
}

impl CosellTrigger {
    /// Whether it asks for anything: a trigger without a condition would pull a partner into every deal.
    #[must_use]
    pub const fn has_condition(&self) -> bool {
        !self.segments.is_empty() || !self.stages.is_empty() || !self.kinds.is_empty() || self.arr_minor_from.is_some()
    }

    /// Whether a deal meets it now.
    #[must_use]
    pub fn is_met_by(&self, deal: &Deal) -> bool {
        deal.outcome == Outcome::Open && self.holds(deal, among(&self.stages, deal.stage_id))
    }

    /// Whether a closed deal met it, as far as is on record: through which stages it went is not, so that a condition on the stage is met
    /// by a won deal, which went through all of them, and else by the stage in which it stands.
    #[must_use]
    pub fn was_met_by(&self, deal: &Deal) -> bool {
        let passed = deal.outcome == Outcome::Won || among(&self.stages, deal.stage_id);
        deal.outcome != Outcome::Open && self.holds(deal, passed)
    }

    fn holds(&self, deal: &Deal, is_in_stage: bool) -> bool {
        self.has_condition()
            && is_in_stage
            && among(&self.segments, deal.segment_id)
            && (self.kinds.is_empty() || self.kinds.contains(&deal.kind))
            && self.arr_minor_from.is_none_or(|least| deal.arr_minor.is_some_and(|arr| arr >= least))
    }
}

fn among(list: &[Uuid], id: Option<Uuid>) -> bool {
    list.is_empty() || id.is_some_and(|id| list.contains(&id))
}

impl CosellTriggers {
    /// Whether a closed deal met one of them.
    #[must_use]
    pub fn was_met_by(&self, deal: &Deal) -> bool {
        self.triggers.iter().any(|it| it.was_met_by(deal))
    }

    /// The names of those that a deal meets, in their order.
    #[must_use]
    pub fn met_by(&self, deal: &Deal) -> Vec<String> {
        self.triggers.iter().filter(|it| it.is_met_by(deal)).map(|it| it.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{Declaration, Provenance};

    fn trigger() -> CosellTrigger {
        CosellTrigger {
            name: "Large".into(),
            segments: Vec::new(),
            stages: Vec::new(),
            kinds: Vec::new(),
            arr_minor_from: None,
        }
    }

    /// An open NEW deal of 50.00 in segment 1, in no stage.
    fn deal() -> Deal {
        Deal {
            id: Uuid::nil(),
            external_id: None,
            name: "D".into(),
            account_id: None,
            segment_id: Some(Uuid::from_u128(1)),
            kind: DealKind::New,
            outcome: Outcome::Open,
            stage_id: None,
            has_reached_stage_one: false,
            opened_on: chrono::NaiveDate::MIN,
            opened_at: None,
            closed_on: None,
            closed_at: None,
            closed_quarter: None,
            cycle_days: None,
            expected_close_on: None,
            original_minor: None,
            original_currency: None,
            arr_minor: Some(5_000),
            tcv_minor: None,
            tcv_original: None,
            services_minor: None,
            services_original: None,
            declaration: Declaration::Unknown,
            provenance: Provenance::Declared,
            locked_at: None,
            owner_seat_id: None,
            owner_external_id: None,
            pod_id: None,
            source: None,
            is_influenced: None,
            deal_reg_id: None,
            is_co_sell: None,
            is_private_offer: None,
            is_marketplace: None,
            offer_id: None,
            product_mix: Vec::new(),
            discount_rate: None,
            take_rate: None,
            next_step: None,
            next_step_on: None,
            lost_reason: None,
            activated_on: None,
            version: 1,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            updated_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_condition_that_is_given_must_hold_and_one_without_any_is_met_by_none() {
        let deal = deal();
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (it, is_met) in [
            (trigger(), false),
            (CosellTrigger { segments: vec![other, mine], ..trigger() }, true),
            (CosellTrigger { segments: vec![other], ..trigger() }, false),
            // The deal has no stage.
            (CosellTrigger { stages: vec![mine], ..trigger() }, false),
            (CosellTrigger { kinds: vec![DealKind::New], arr_minor_from: Some(5_000), ..trigger() }, true),
            (CosellTrigger { kinds: vec![DealKind::New], arr_minor_from: Some(5_001), ..trigger() }, false),
            (CosellTrigger { kinds: vec![DealKind::Renewal], arr_minor_from: Some(1), ..trigger() }, false),
        ] {
            assert_eq!(it.is_met_by(&deal), is_met, "{it:?}");
        }
        let small = CosellTrigger { arr_minor_from: Some(0), ..trigger() };
        assert!(!small.is_met_by(&Deal { arr_minor: None, ..deal.clone() }), "what is not recorded reaches nothing");
        let closed = Deal { outcome: Outcome::Won, ..deal.clone() };
        let new = CosellTrigger { kinds: vec![DealKind::New], ..trigger() };
        assert!(!new.is_met_by(&closed) && new.was_met_by(&closed) && !new.was_met_by(&deal));
        // A won deal went through every stage; of a lost one only the last is known.
        let staged = CosellTrigger { stages: vec![other], ..trigger() };
        let lost = Deal { outcome: Outcome::Lost, stage_id: Some(mine), ..deal };
        assert!(staged.was_met_by(&closed) && !staged.was_met_by(&lost));
        assert!(CosellTrigger { stages: vec![mine], ..trigger() }.was_met_by(&lost));
        let large = CosellTrigger { arr_minor_from: Some(5_001), ..staged };
        assert!(!large.was_met_by(&closed) && !trigger().was_met_by(&closed));
    }
}

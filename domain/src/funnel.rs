//! Phase 3, Funnel: who produces in which stage, how healthy each stage is, and commitments that reconcile to the forecast
//! (LOOP.md section 2 with ruling 15). Coverage is read off production, never off aspiration.

use crate::calendar::Quarter;
use crate::economics::Worth;
use crate::policy::Policy;
use crate::tam::{Band, Component, Forecast};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// The four stages of the funnel. A stage of the CRM's own pipeline is another thing (`deal`).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FunnelStage {
    /// Originates: won deals that the partner SOURCED.
    Tofu,
    /// Shapes: won NEW deals on which it is INFLUENCED or ACCELERATED.
    CoSell,
    /// Raises the upsell: won EXPANSION deals that are attributed to it.
    Expand,
    /// Secures the renewal: won RENEWAL deals that are attributed to it.
    Retain,
}

/// How well a stage is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Coverage {
    /// As many producing partners as the policy asks for, two by default.
    Covered,
    /// Some, but fewer.
    Thin,
    /// None: a first-order finding, which changes the next quarter's recruit objectives.
    Gap,
}

/// A partner's row of the Stage Mapping Matrix: what it won in each stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRow {
    /// The partner.
    pub partner_id: Uuid,
    /// Won deals by stage; a stage in which it won nothing is not there.
    pub produced: BTreeMap<FunnelStage, Worth>,
}

impl StageRow {
    /// Whether it produces in a stage.
    #[must_use]
    pub fn produces(&self, stage: FunnelStage) -> bool {
        self.produced.get(&stage).is_some_and(|worth| worth.deals > 0)
    }

    /// Most partners cover one or two stages, a few three, almost none four: all four are worth a second look.
    #[must_use]
    pub fn is_implausible(&self) -> bool {
        FunnelStage::iter().all(|stage| self.produces(stage))
    }
}

/// A stage on the Stage Health Card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageHealth {
    /// The stage.
    pub stage: FunnelStage,
    /// How well it is covered.
    pub coverage: Coverage,
    /// The partners that produce in it, in the order of the matrix.
    pub producers: Vec<Uuid>,
}

/// The health of each stage, from the rows of the matrix.
#[must_use]
pub fn health(rows: &[StageRow], policy: &Policy) -> Vec<StageHealth> {
    let of = |stage| {
        let producers: Vec<Uuid> = rows.iter().filter(|row| row.produces(stage)).map(|row| row.partner_id).collect();
        let coverage = match u32::try_from(producers.len()).unwrap_or(u32::MAX) {
            0 => Coverage::Gap,
            count if count < policy.stage_covered_partners => Coverage::Thin,
            _ => Coverage::Covered,
        };
        StageHealth { stage, coverage, producers }
    };
    FunnelStage::iter().map(of).collect()
}

/// What of the funnel a reader must not overlook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StageFindingKind {
    /// No Invest partner produces in the stage: it changes the next quarter's recruit objectives.
    Gap,
    /// Fewer produce in it than cover it.
    Thin,
    /// A partner produces in all four stages: almost none does, so look again.
    FourStages,
}

/// A finding of the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageFinding {
    /// What was found.
    pub kind: StageFindingKind,
    /// In which stage; none where it is of all four.
    pub stage: Option<FunnelStage>,
    /// Of which partner; none where it is of a stage.
    pub partner_id: Option<Uuid>,
}

/// The findings of the funnel, those of first order before the others: gaps, thin stages, implausible partners.
#[must_use]
pub fn findings(rows: &[StageRow], health: &[StageHealth]) -> Vec<StageFinding> {
    let of = |coverage: Coverage, kind| {
        let stages = health.iter().filter(move |stage| stage.coverage == coverage);
        stages.map(move |stage| StageFinding { kind, stage: Some(stage.stage), partner_id: None })
    };
    let implausible = rows.iter().filter(|row| row.is_implausible()).map(|row| StageFinding {
        kind: StageFindingKind::FourStages,
        stage: None,
        partner_id: Some(row.partner_id),
    });
    of(Coverage::Gap, StageFindingKind::Gap)
        .chain(of(Coverage::Thin, StageFindingKind::Thin))
        .chain(implausible)
        .collect()
}

/// What an Invest partner commits to in a stage, for one quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The row's id.
    pub id: Uuid,
    /// The quarter of the iteration whose plan it stands in.
    pub quarter: Quarter,
    /// The partner.
    pub partner_id: Uuid,
    /// The stage.
    pub stage: FunnelStage,
    /// The quarter it is for: that of the iteration or one of the three after it.
    pub for_quarter: Quarter,
    /// ARR in minor units of the program's currency.
    pub arr_minor: i64,
    /// How many deals.
    pub deals: i32,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was last written.
    pub recorded_at: DateTime<Utc>,
}

/// How many quarters a plan looks ahead: those of the forecast.
pub const PLAN_QUARTERS: i32 = 4;

/// BASE of the forecast of the Invest partners over four quarters, in minor units, by the stage that is held against it: TOFU
/// with Sourced, CO_SELL with Influenced, EXPAND with Expansion. RETAIN stands apart (ruling 15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Sourced TAM.
    pub sourced_minor: i128,
    /// Influenced TAM.
    pub influenced_minor: i128,
    /// Expansion TAM.
    pub expansion_minor: i128,
}

impl Base {
    /// Of these partners' lines of a forecast. A drag is a line of its own and a finding: nobody commits to it.
    #[must_use]
    pub fn of_forecast(forecast: &Forecast, partners: &[Uuid]) -> Self {
        let lines = forecast.partners.iter().filter(|line| partners.contains(&line.partner_id));
        let amounts: Vec<_> = lines.flat_map(|line| &line.cells).map(|cell| cell.bands.of(Band::Base)).collect();
        let sum = |component| amounts.iter().filter_map(|amounts| amounts.year(Some(component))).sum();
        Self {
            sourced_minor: sum(Component::Sourced),
            influenced_minor: sum(Component::Influenced),
            expansion_minor: sum(Component::Expansion),
        }
    }

    /// What each stage has of these partners' lines, as [`Base::of_forecast`]; none where no line of it is measured, which is no 0.
    #[must_use]
    pub fn measured(forecast: &Forecast, partners: &[Uuid], stage: FunnelStage) -> Option<i128> {
        let component = match stage {
            FunnelStage::Tofu => Component::Sourced,
            FunnelStage::CoSell => Component::Influenced,
            FunnelStage::Expand => Component::Expansion,
            FunnelStage::Retain => return None,
        };
        let lines = forecast.partners.iter().filter(|line| partners.contains(&line.partner_id));
        let years =
            lines.flat_map(|line| &line.cells).filter_map(|cell| cell.bands.of(Band::Base).year(Some(component)));
        years.fold(None, |sum: Option<i128>, year| Some(sum.unwrap_or_default() + year))
    }

    /// What a stage is held against; none for RETAIN.
    #[must_use]
    pub const fn of(&self, stage: FunnelStage) -> Option<i128> {
        match stage {
            FunnelStage::Tofu => Some(self.sourced_minor),
            FunnelStage::CoSell => Some(self.influenced_minor),
            FunnelStage::Expand => Some(self.expansion_minor),
            FunnelStage::Retain => None,
        }
    }
}

/// A stage's commitments beside the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// The stage.
    pub stage: FunnelStage,
    /// The sum of its commitments in minor units.
    pub committed_minor: i128,
    /// BASE; none for RETAIN, which stands apart.
    pub base_minor: Option<i128>,
    /// Committed less BASE.
    pub difference_minor: Option<i128>,
    /// Whether the difference is within the policy's tolerance, 1 % of BASE by default; RETAIN always is.
    pub is_within: bool,
}

/// Holds the sums of commitments against BASE, stage by stage. Exactly the tolerance is within.
#[must_use]
pub fn reconcile(commitments: &[Commitment], base: &Base, policy: &Policy) -> Vec<Reconciled> {
    let of = |stage| {
        let lines = commitments.iter().filter(|line| line.stage == stage);
        let committed_minor: i128 = lines.map(|line| i128::from(line.arr_minor)).sum();
        let base_minor = base.of(stage);
        let difference_minor = base_minor.map(|base| committed_minor - base);
        let is_within = match (base_minor, difference_minor) {
            (Some(base), Some(difference)) => {
                let whole = |minor: i128| Decimal::try_from_i128_with_scale(minor.abs(), 0).unwrap_or(Decimal::MAX);
                whole(base).checked_mul(policy.deployment_tolerance_rate).is_none_or(|most| whole(difference) <= most)
            }
            _ => true,
        };
        Reconciled { stage, committed_minor, base_minor, difference_minor, is_within }
    };
    FunnelStage::iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(partner: u128, stages: &[FunnelStage]) -> StageRow {
        let won = Worth { deals: 1, arr_minor: 100, without_arr: 0 };
        StageRow { partner_id: Uuid::from_u128(partner), produced: stages.iter().map(|stage| (*stage, won)).collect() }
    }

    #[test]
    fn two_producers_cover_a_stage_one_is_thin_and_none_is_a_gap() {
        use FunnelStage::{CoSell, Expand, Tofu};
        let rows = [row(1, &[Tofu, CoSell]), row(2, &[Tofu, Expand])];
        let card = health(&rows, &Policy::default());
        let read: Vec<_> = card.iter().map(|stage| (stage.coverage, stage.producers.len())).collect();
        assert_eq!(read, [(Coverage::Covered, 2), (Coverage::Thin, 1), (Coverage::Thin, 1), (Coverage::Gap, 0)]);
        assert!(health(&[], &Policy::default()).iter().all(|stage| stage.coverage == Coverage::Gap));
    }

    #[test]
    fn a_stage_in_which_nothing_was_won_is_not_produced_in() {
        let mut lost = row(1, &[FunnelStage::Tofu]);
        lost.produced.insert(FunnelStage::Retain, Worth::default());
        assert!(lost.produces(FunnelStage::Tofu) && !lost.produces(FunnelStage::Retain));
        assert!(!lost.is_implausible());
        assert!(row(1, &FunnelStage::iter().collect::<Vec<_>>()).is_implausible());
    }

    /// Both win in TOFU, the first in every other stage as well, and nobody but it: three stages are thin, none is a gap.
    #[test]
    fn gaps_come_first_and_a_partner_in_four_stages_is_looked_at_again() {
        use FunnelStage::{CoSell, Expand, Retain, Tofu};
        let found = |rows: &[StageRow]| {
            let found = findings(rows, &health(rows, &Policy::default()));
            found.into_iter().map(|it| (it.kind, it.stage, it.partner_id.map(|id| id.as_u128()))).collect::<Vec<_>>()
        };
        let thin = |stage| (StageFindingKind::Thin, Some(stage), None);
        let gap = |stage| (StageFindingKind::Gap, Some(stage), None);
        let rows = [row(1, &[Tofu, CoSell, Expand, Retain]), row(2, &[Tofu])];
        let four = (StageFindingKind::FourStages, None, Some(1));
        assert_eq!(found(&rows), [thin(CoSell), thin(Expand), thin(Retain), four]);
        assert_eq!(found(&[row(1, &[Tofu, CoSell, Expand])]), [gap(Retain), thin(Tofu), thin(CoSell), thin(Expand)]);
        assert_eq!(found(&[]), [gap(Tofu), gap(CoSell), gap(Expand), gap(Retain)]);
    }

    fn line(stage: FunnelStage, arr_minor: i64) -> Commitment {
        Commitment {
            id: Uuid::nil(),
            quarter: Quarter::from_index(8104),
            partner_id: Uuid::nil(),
            stage,
            for_quarter: Quarter::from_index(8104),
            arr_minor,
            deals: 1,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    /// 1 % of 10,000.00 is 100.00: 10,100.00 and 9,900.00 reconcile, a cent beyond does not.
    #[test]
    fn exactly_one_percent_reconciles() {
        let base = Base { sourced_minor: 1_000_000, influenced_minor: 200, expansion_minor: 0 };
        let within = |stage, arr| {
            let lines = [line(stage, arr)];
            let at = reconcile(&lines, &base, &Policy::default()).into_iter().find(|line| line.stage == stage);
            at.map(|line| line.is_within)
        };
        assert_eq!(within(FunnelStage::Tofu, 1_010_000), Some(true));
        assert_eq!(within(FunnelStage::Tofu, 990_000), Some(true));
        assert_eq!(within(FunnelStage::Tofu, 1_010_001), Some(false));
        assert_eq!(within(FunnelStage::Tofu, 989_999), Some(false));
        // 1 % of 2.00 is 0.02; of nothing there is no tolerance; RETAIN stands apart.
        assert_eq!(within(FunnelStage::CoSell, 202), Some(true));
        assert_eq!(within(FunnelStage::CoSell, 203), Some(false));
        assert_eq!(within(FunnelStage::Expand, 1), Some(false));
        assert_eq!(within(FunnelStage::Retain, 5_000_000), Some(true));
    }

    proptest! {
        /// What is committed of a stage is the sum of its lines, and of no other's.
        #[test]
        fn a_stage_adds_up_its_own_lines(amounts in proptest::collection::vec((0_usize..4, 0_i64..1_000_000), 0..20)) {
            let stages: Vec<FunnelStage> = FunnelStage::iter().collect();
            let lines: Vec<Commitment> = amounts.iter().map(|(stage, arr)| line(stages[*stage], *arr)).collect();
            let total: i128 = amounts.iter().map(|(_, arr)| i128::from(*arr)).sum();
            let reconciled = reconcile(&lines, &Base::default(), &Policy::default());
            prop_assert_eq!(reconciled.iter().map(|line| line.committed_minor).sum::<i128>(), total);
        }
    }
}

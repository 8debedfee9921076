//! What would be otherwise: a set of tier decisions and planned spend, held against what stands, with nothing written.
//!
//! Both sides are computed by the functions of the forecast draft and of the funnel; here is only the difference between them.

use crate::funnel::{Coverage, FunnelStage, StageHealth};
use crate::recruit::Tier;
use crate::tam::{Band, Forecast, Spot};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// An amount as it stands and as it would be, in minor units; none where nothing of it is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// As it stands.
    pub before: Option<i128>,
    /// As it would be.
    pub after: Option<i128>,
}

impl Shift {
    /// After less before; what is not measured adds nothing. None where neither is measured.
    #[must_use]
    pub fn delta(&self) -> Option<i128> {
        (self.before.is_some() || self.after.is_some())
            .then(|| self.after.unwrap_or_default() - self.before.unwrap_or_default())
    }
}

/// The year of each band of two forecasts: of all partners, or of one.
#[must_use]
pub fn bands(before: &Forecast, after: &Forecast, partner_id: Option<Uuid>) -> Vec<(Band, Shift)> {
    let year = |forecast: &Forecast, band| {
        let spot = match partner_id {
            None => Spot::All,
            Some(id) => Spot::Partner(forecast.partners.iter().position(|partner| partner.partner_id == id)?),
        };
        forecast.amounts(spot, band).year(None)
    };
    Band::iter().map(|band| (band, Shift { before: year(before, band), after: year(after, band) })).collect()
}

/// The Invest partners once some tiers are tried; the others keep what stands.
#[must_use]
pub fn invest(standing: &[(Uuid, Tier)], tried: &[(Uuid, Tier)]) -> Vec<Uuid> {
    let tiers: BTreeMap<Uuid, Tier> = standing.iter().chain(tried).copied().collect();
    tiers.into_iter().filter(|(_, tier)| *tier == Tier::Invest).map(|(id, _)| id).collect()
}

/// A stage of the funnel as it stands and as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageShift {
    /// The stage.
    pub stage: FunnelStage,
    /// How well it is covered.
    pub coverage: (Coverage, Coverage),
    /// How many Invest partners produce in it.
    pub producers: (usize, usize),
    /// BASE that commitments of the stage are held against (ruling 15): of Invest partners' lines; none of RETAIN, and where no line
    /// of it is measured.
    pub base: Shift,
}

/// Each stage, before and after: from its card, and from what its BASE is.
#[must_use]
pub fn stages(
    before: (&[StageHealth], &dyn Fn(FunnelStage) -> Option<i128>),
    after: (&[StageHealth], &dyn Fn(FunnelStage) -> Option<i128>),
) -> Vec<StageShift> {
    let find = |card: &[StageHealth], stage| {
        let found = card.iter().find(|health| health.stage == stage);
        found.map_or((Coverage::Gap, 0), |health| (health.coverage, health.producers.len()))
    };
    let of = |stage: FunnelStage| {
        let (was, is) = (find(before.0, stage), find(after.0, stage));
        StageShift {
            stage,
            coverage: (was.0, is.0),
            producers: (was.1, is.1),
            base: Shift { before: before.1(stage), after: after.1(stage) },
        }
    };
    FunnelStage::iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_measured_adds_nothing() {
        let shift = |before, after| Shift { before, after }.delta();
        assert_eq!(shift(Some(100), Some(70)), Some(-30));
        assert_eq!((shift(None, Some(70)), shift(Some(100), None), shift(None, None)), (Some(70), Some(-100), None));
    }

    #[test]
    fn a_tried_tier_takes_the_place_of_the_one_that_stands() {
        let id = Uuid::from_u128;
        let standing = [(id(1), Tier::Invest), (id(2), Tier::Maintain), (id(3), Tier::Invest)];
        let tried = [(id(1), Tier::Exit), (id(2), Tier::Invest), (id(4), Tier::Invest)];
        assert_eq!(invest(&standing, &[]), [id(1), id(3)]);
        assert_eq!(invest(&standing, &tried), [id(2), id(3), id(4)]);
    }

    #[test]
    fn a_stage_is_compared_with_itself() {
        let health = |stage, coverage, producers: &[u128]| StageHealth {
            stage,
            coverage,
            producers: producers.iter().map(|id| Uuid::from_u128(*id)).collect(),
        };
        let before = [health(FunnelStage::Tofu, Coverage::Covered, &[1, 2])];
        let after = [health(FunnelStage::Tofu, Coverage::Thin, &[2])];
        let was = |stage: FunnelStage| (stage == FunnelStage::Tofu).then_some(900_i128);
        let is = |stage: FunnelStage| (stage == FunnelStage::Tofu).then_some(400_i128);
        let shifts = stages((&before, &was), (&after, &is));
        assert_eq!((shifts[0].coverage, shifts[0].producers), ((Coverage::Covered, Coverage::Thin), (2, 1)));
        assert_eq!(shifts[0].base.delta(), Some(-500));
        assert_eq!((shifts[1].base.before, shifts[1].base.delta()), (None, None), "nothing measured is no 0");
        assert_eq!((shifts[3].stage, shifts[3].base.delta()), (FunnelStage::Retain, None));
    }
}

//! Phase 2, TAM: the partner-influenced revenue of four quarters, per partner and segment, in three bands (LOOP.md section 2).
//!
//! Three components make a line: Sourced TAM ([`yield_rule`]), Influenced TAM with its drag ([`influenced`]) and Expansion TAM
//! ([`expansion`]). A line is rounded to the minor unit once and then split over the quarters ([`amounts`], [`seasonality`]);
//! every total adds rounded lines (ruling 10). A [`Forecast`] carries what it was computed from, so that a published one can
//! explain itself ([`explain`]) long after the facts have moved.

pub mod amounts;
pub mod expansion;
pub mod explain;
pub mod finding;
pub mod forecast;
pub mod influenced;
pub mod plan;
pub mod policy;
pub mod seasonality;
pub mod yield_rule;

pub use amounts::{Amounts, Component};
pub use expansion::{Expansion, ExpansionFacts};
pub use finding::{Finding, FindingKind};
pub use forecast::{Cell, CellFacts, Facts, Forecast, PartnerFacts, PartnerForecast, Spot};
pub use influenced::{Influenced, Penetration, PenetrationBasis, PenetrationLevel};
pub use plan::{PenetrationSetting, PlannedSpend};
pub use policy::{TamPolicy, YieldBand};
pub use yield_rule::{Cliff, Verdict, YieldRule};

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// One of the three readings of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Band {
    /// What the CFO budgets against: no credit on thin evidence, lower limits elsewhere.
    Conservative,
    /// The paper's formulas, for the Pod.
    Base,
    /// Upper limits and an unstepped Yield, for the operator and RevOps only.
    Stretch,
}

/// One value for each band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bands<T> {
    /// For CONSERVATIVE.
    pub conservative: T,
    /// For BASE.
    pub base: T,
    /// For STRETCH.
    pub stretch: T,
}

impl<T> Bands<T> {
    /// The value of a band.
    pub const fn of(&self, band: Band) -> &T {
        match band {
            Band::Conservative => &self.conservative,
            Band::Base => &self.base,
            Band::Stretch => &self.stretch,
        }
    }

    /// Each value turned into another.
    pub fn map<U>(&self, mut turn: impl FnMut(&T) -> U) -> Bands<U> {
        Bands { conservative: turn(&self.conservative), base: turn(&self.base), stretch: turn(&self.stretch) }
    }
}

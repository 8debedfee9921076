//! What the forecast would have said: the same facts under two policies.

use crate::calendar::Quarter;
use crate::money::Currency;
use crate::tam::{Band, Bands, Component, Forecast, Spot};
use crate::what_if::Shift;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// A line of the forecast that would have been another, over its four quarters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineShift {
    /// The partner.
    pub partner_id: Uuid,
    /// The segment; none for what is planned for no segment.
    pub segment_id: Option<Uuid>,
    /// The component.
    pub component: Component,
    /// What it is under the policy of that day and under the other, in minor units.
    pub bands: Bands<Shift>,
}

/// The forecast of four quarters under two policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandsPreview {
    /// The first of the four quarters.
    pub quarter: Quarter,
    /// The currency of every amount.
    pub currency: Currency,
    /// The totals.
    pub totals: Bands<Shift>,
    /// How many lines were compared: each component that is measured under either policy, of each partner in each segment.
    pub compared: u64,
    /// Those that differ, in the order of the forecast.
    pub lines: Vec<LineShift>,
}

fn each(of: impl Fn(Band) -> Shift) -> Bands<Shift> {
    Bands { conservative: of(Band::Conservative), base: of(Band::Base), stretch: of(Band::Stretch) }
}

/// Holds two forecasts of the same facts against each other: they have the same partners with the same cells, because no number of a
/// policy decides which there are.
#[must_use]
pub fn bands(before: &Forecast, after: &Forecast) -> BandsPreview {
    let total = |forecast: &Forecast, band| forecast.amounts(Spot::All, band).year(None);
    let totals = each(|band| Shift { before: total(before, band), after: total(after, band) });
    let (mut compared, mut lines) = (0, Vec::new());
    for (was, is) in before.partners.iter().zip(&after.partners) {
        for (cell, other) in was.cells.iter().zip(&is.cells) {
            for component in Component::iter() {
                let year = |band| Shift {
                    before: cell.bands.of(band).year(Some(component)),
                    after: other.bands.of(band).year(Some(component)),
                };
                let shifts = each(year);
                let all = [shifts.conservative, shifts.base, shifts.stretch];
                compared += u64::from(all.iter().any(|shift| shift.delta().is_some()));
                if all.iter().any(|shift| shift.before != shift.after) {
                    let (partner_id, segment_id) = (was.partner_id, cell.segment_id);
                    lines.push(LineShift { partner_id, segment_id, component, bands: shifts });
                }
            }
        }
    }
    BandsPreview { quarter: before.quarter, currency: before.currency, totals, compared, lines }
}

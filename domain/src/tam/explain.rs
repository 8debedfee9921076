//! How a figure of a forecast came about, line by line.
//!
//! Ruling 30: a reader is told only of inputs that it may read, and an explanation for Finance begins at the value that its band
//! counts. So the lines that lead to that value are *grounds*, which who may not read them does not hear of at all.

use super::amounts::{Component, Quarters};
use super::forecast::{Cell, Forecast, PartnerForecast, Spot};
use super::yield_rule::Verdict;
use super::{Band, Bands, Influenced, PenetrationBasis, PenetrationLevel};
use crate::evidence::{Evidence, Reason, round};
use crate::explanation::Explanation;
use crate::role::Action;
use rust_decimal::{Decimal, dec};

/// All digits, so that following a line gives the next one to the cent.
fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

impl Forecast {
    /// How a figure came about: a component of a spot in a band, or its total.
    #[must_use]
    pub fn explain(&self, spot: Spot, band: Band, component: Option<Component>) -> Explanation {
        let amounts = self.amounts(spot, band);
        let mut told = match (spot, component) {
            (Spot::Cell(partner, cell), Some(component)) => {
                match self.partners.get(partner).and_then(|of| Some((of, of.cells.get(cell)?))) {
                    Some((partner, cell)) => self.line(partner, cell, band, component),
                    None => Explanation::new("There is no such line", self.frame()),
                }
            }
            (_, None) => {
                let mut told = Explanation::new("total = Sourced + Influenced + drag + Expansion TAM", self.frame());
                let parts = [Component::Sourced, Component::Influenced, Component::Drag, Component::Expansion];
                self.added(&mut told, parts.iter().filter_map(|part| amounts.year(Some(*part))));
                told
            }
            (Spot::Partner(_), Some(component)) => {
                let mut told =
                    Explanation::new("The partner's lines, each rounded to the minor unit, added", self.frame());
                let lines: Vec<i128> =
                    self.cells(spot).filter_map(|(_, cell)| cell.bands.of(band).year(Some(component))).collect();
                self.added(&mut told, lines.into_iter());
                told
            }
            (Spot::All | Spot::Segment(_), Some(component)) => {
                let mut told =
                    Explanation::new("All lines, each rounded to the minor unit, added by quarter", self.frame());
                self.added(&mut told, amounts.of(Some(component)).into_iter().flatten());
                told
            }
        };
        told.amount(amounts.year(component).map(|minor| self.major(minor)), self.currency.code());
        told
    }

    fn added(&self, told: &mut Explanation, parts: impl Iterator<Item = i128>) {
        let parts: Vec<i128> = parts.collect();
        if !parts.is_empty() {
            let shown: Vec<String> = parts.iter().map(|part| self.major(*part).to_string()).collect();
            let sum = self.major(parts.iter().sum());
            told.step(Action::ReadForecast, format!("{} = {sum}", shown.join(" + ")));
        }
    }

    fn line(&self, partner: &PartnerForecast, cell: &Cell, band: Band, component: Component) -> Explanation {
        let mut told = match component {
            Component::Sourced => self.sourced(partner, cell, band),
            Component::Influenced | Component::Drag => self.influenced(cell, band),
            Component::Expansion => self.expansion(cell, band),
        };
        let part = match component {
            Component::Drag => Some("the drag is what of it is below 0"),
            Component::Influenced => Some("Influenced TAM is what of it is above 0"),
            Component::Sourced | Component::Expansion => None,
        };
        if let Some(part) = part {
            told.step(Action::ReadForecast, part.to_owned());
        }
        match (cell.reason(partner, component), cell.bands.of(band).of(Some(component))) {
            (Some(reason), _) => told.missing(reason),
            (None, Some(quarters)) => told.step(Action::ReadForecast, self.split_line(component, &quarters)),
            (None, None) => {}
        }
        told
    }

    fn split_line(&self, component: Component, quarters: &Quarters) -> String {
        let by = match component {
            Component::Sourced => "planned spend".to_owned(),
            Component::Influenced | Component::Drag | Component::Expansion if self.seasonality.quarters == 0 => {
                "a quarter each".to_owned()
            }
            Component::Influenced | Component::Drag | Component::Expansion => {
                format!("the realised seasonality of {} quarters", self.seasonality.quarters)
            }
        };
        let shown = quarters.map(|minor| self.major(minor).to_string());
        let sum = self.major(quarters.iter().sum());
        format!("by quarter ({by}, the odd minor units to the largest remainders): {} = {sum}", shown.join(" + "))
    }

    fn sourced(&self, partner: &PartnerForecast, cell: &Cell, band: Band) -> Explanation {
        let (spend, ground) = (&partner.spend, Action::ReadForecastYield);
        let mut told = Explanation::new("Sourced TAM = planned spend x Yield", self.frame());
        let money = |minor| self.major(minor).to_string();
        let planned: i128 = cell.planned_minor.iter().sum();
        told.input(Action::ReadYield, "planned spend of this line", money(planned));
        let Some(applied) = &spend.applied else { return told };
        told.input(Action::ReadYield, "Yield as this band counts it", plain(*applied.of(band)));
        told.ground(ground, "spend planned on the partner", money(spend.planned_minor));
        told.ground(ground, "spend on the partner in the trailing four quarters", money(spend.trailing_minor));
        told.ground(ground, "won deals that the partner sourced", spend.sourced_won);
        if let Some(without_arr) = spend.without_arr {
            told.ground(ground, "of these without a recorded ARR, which add nothing", without_arr);
        }
        told.ground(ground, "Sourced ARR", money(spend.sourced_arr_minor));
        let multiple = spend.multiple.unwrap_or_default();
        told.step(
            ground,
            format!(
                "Yield = {} / {} = {}",
                money(spend.sourced_arr_minor),
                money(spend.trailing_minor),
                plain(multiple)
            ),
        );
        let raised = Decimal::try_from_i128_with_scale(spend.planned_minor, 0)
            .ok()
            .and_then(|planned| planned.checked_div(Decimal::try_from_i128_with_scale(spend.trailing_minor, 0).ok()?));
        let raised = raised.map_or_else(String::new, |ratio| plain(ratio - Decimal::ONE));
        let bar = self.policy.spend_increase_rate;
        if band != Band::Stretch {
            let compared = format!("{} / {} - 1 = {raised}", money(spend.planned_minor), money(spend.trailing_minor));
            match spend.verdict {
                Verdict::SteppedDown => told.step(
                    ground,
                    format!("{compared}, which is {bar} or more: Yield steps down to {}", plain(applied.base)),
                ),
                Verdict::Kept => {
                    told.step(ground, format!("{compared}, which is below {bar} or asks for no step: Yield is kept"))
                }
                Verdict::NotQualified | Verdict::NoYield => {}
            }
        }
        if band == Band::Conservative && spend.evidence == Evidence::Thin {
            let (base, conservative) = (plain(applied.base), plain(applied.conservative));
            told.step(
                ground,
                format!("THIN, on {} won sourced deals: one band down, {base} to {conservative}", spend.sourced_won),
            );
        }
        let counted = plain(self.exact(spend.counted(planned)));
        if spend.verdict == Verdict::NotQualified {
            told.step(
                Action::ReadYield,
                format!(
                    "Yield qualifies for no additional spend, so the plan counts up to the trailing spend: {} x ({} / {}) = {counted}",
                    money(planned), money(spend.trailing_minor), money(spend.planned_minor)
                ),
            );
        }
        if let Some(minor) = spend.sourced_minor(planned, band) {
            told.step(Action::ReadYield, format!("{counted} x {} = {}", plain(*applied.of(band)), money(minor)));
        }
        told
    }

    fn influenced(&self, cell: &Cell, band: Band) -> Explanation {
        let mut told = Explanation::new("accounts engaged x Trust-Gap x average ACV", self.frame());
        let Some(of) = &cell.influenced else { return told };
        let missing = |reason: Reason| format!("null: {}", reason.sentence());
        told.input(
            Action::ReadSegmentsInside,
            "addressable accounts of the segment",
            of.addressable_accounts.map_or_else(|| missing(Reason::NoAddressableAccounts), |count| count.to_string()),
        );
        let level = of.level(&self.policy);
        if let Some((level, basis)) = level {
            let (level, from): (&'static str, &'static str) = (
                level.into(),
                match basis {
                    PenetrationBasis::ByHand => "set by hand",
                    PenetrationBasis::Overlap => "read off the overlap",
                },
            );
            told.input(Action::ReadForecast, "penetration", format!("{level}, {from}"));
        }
        if let Some(penetration) = &of.penetration {
            told.input(Action::ReadForecast, "why the penetration was set so", &penetration.reason);
        }
        if let (Some(common), Some((level, PenetrationBasis::Overlap))) = (of.overlap_accounts, level) {
            let ground = Action::ReadOverlap;
            told.ground(ground, "accounts of the segment that the vendor and the partner have in common", common);
            told.step(ground, self.overlap_line(of, common, level));
        }
        // Beside the amount and the engaged accounts, the ACV would give the Trust-Gap away.
        told.ground(Action::ReadTrustGap, "won NEW deals of the segment with a known ARR", of.won_deals);
        told.ground(Action::ReadTrustGap, "ARR of these", self.major(of.won_arr_minor));
        if let (Some(accounts), Some((level, _)), Some(engaged)) = (of.addressable_accounts, level, of.engaged) {
            let rate = level.rate(&self.policy);
            told.step(
                Action::ReadForecast,
                format!("accounts engaged = {accounts} x {} = {}", plain(rate), plain(engaged)),
            );
        }
        let acv = of.average_acv().map(|acv| self.exact(acv));
        if let Some(acv) = acv {
            let sum = self.major(of.won_arr_minor);
            told.step(Action::ReadTrustGap, format!("average ACV = {sum} / {} = {}", of.won_deals, plain(acv)));
        }
        if let (Some(counted), Some(points)) = (&of.counted, of.points) {
            told.input(Action::ReadTrustGap, "Trust-Gap as this band counts it, in points", plain(*counted.of(band)));
            let ground = Action::ReadForecastTrustGap;
            told.ground(ground, "measured Trust-Gap, in points", plain(points));
            told.step(ground, points_line(band, points, of.limits.unwrap_or_default(), of.evidence, counted));
            if let (Some(engaged), Some(acv), Some(minor)) = (of.engaged, acv, of.minor()) {
                let decimal = plain(counted.of(band) / dec!(100));
                let net = self.major(*minor.of(band));
                told.step(Action::ReadTrustGap, format!("{} x {decimal} x {} = {net}", plain(engaged), plain(acv)));
            }
        }
        told
    }

    fn overlap_line(&self, of: &Influenced, common: u64, level: PenetrationLevel) -> String {
        let (deep, moderate) = (plain(self.policy.deep_overlap_rate), plain(self.policy.moderate_overlap_rate));
        let share = of.overlap().map_or_else(|_| String::new(), |share| plain(round(share, 12)));
        let accounts = of.addressable_accounts.unwrap_or_default();
        let level = match level {
            PenetrationLevel::Deep => format!("{deep} or more: DEEP"),
            PenetrationLevel::Moderate => format!("{moderate} or more and below {deep}: MODERATE"),
            PenetrationLevel::Shallow => format!("below {moderate}: SHALLOW"),
        };
        format!("overlap = {common} / {accounts} = {share}, which is {level}")
    }

    fn expansion(&self, cell: &Cell, band: Band) -> Explanation {
        let (of, facts) = (&cell.expansion, cell.expansion.facts);
        let mut told = Explanation::new(
            "Expansion TAM = customers that the partner touches x Expansion Probability x average expansion ACV",
            self.frame(),
        );
        told.input(Action::ReadForecast, "customers that the partner touches", facts.touched_accounts);
        told.input(Action::ReadForecast, "won expansions on them with a known ARR", facts.won_deals);
        told.input(Action::ReadForecast, "ARR of these", self.major(facts.won_arr_minor));
        let Some(counted) = &of.counted else { return told };
        let value = *counted.of(band);
        told.input(Action::ReadForecast, "Expansion Probability as this band counts it", plain(value));
        let ground = Action::ReadForecastBase;
        told.ground(ground, "of these customers, with an expansion in motion", facts.with_opportunity);
        let rate = plain(counted.base);
        told.step(
            ground,
            format!("Expansion Probability = {} / {} = {rate}", facts.with_opportunity, facts.touched_accounts),
        );
        match band {
            Band::Conservative => {
                told.step(ground, format!("the lower limit of its interval (Wilson's) = {}", plain(value)))
            }
            Band::Base => {}
            Band::Stretch => {
                told.step(ground, format!("the upper limit of its interval (Wilson's) = {}", plain(value)))
            }
        }
        if let (Some(acv), Some(minor)) = (of.average_acv().map(|acv| self.exact(acv)), of.minor()) {
            let (sum, result) = (self.major(facts.won_arr_minor), self.major(*minor.of(band)));
            told.step(
                Action::ReadForecast,
                format!("average expansion ACV = {sum} / {} = {}", facts.won_deals, plain(acv)),
            );
            told.step(
                Action::ReadForecast,
                format!("{} x {} x {} = {result}", facts.touched_accounts, plain(value), plain(acv)),
            );
        }
        told
    }
}

/// Which points a band counts, in words.
fn points_line(
    band: Band,
    points: Decimal,
    limits: (Decimal, Decimal),
    evidence: Evidence,
    counted: &Bands<Decimal>,
) -> String {
    let (point, value) = (plain(points), plain(*counted.of(band)));
    match (band, evidence) {
        (Band::Conservative, Evidence::Solid) => {
            format!(
                "SOLID: min({point}, max({}, 0)) = {value}, where {} is the lower limit",
                plain(limits.0),
                plain(limits.0)
            )
        }
        (Band::Conservative, Evidence::Thin | Evidence::None) => format!("THIN: min({point}, 0) = {value}"),
        (Band::Base, _) => format!("as it was measured: {value}"),
        (Band::Stretch, _) => format!("the upper limit of its interval = {value}"),
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

//! How a number came about: its inputs, the rule, the arithmetic line by line. Following the lines gives the number again.

use crate::calendar::Window;
use crate::economics::PartnerYield;
use crate::evidence::{Interval, Measured, Reason, round};
use crate::role::{Action, Role, may};
use crate::spread::Comparison;
use crate::trust_gap::{TrustGap, TrustGapReading, WinRate};
use chrono::NaiveDate;
use rust_decimal::{Decimal, dec};

/// The digits after the point that a line shows: as many as the value itself has on the wire.
const DIGITS: u32 = 12;

/// What a number was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The quarters.
    pub window: Window,
    /// The date as of which they are the window.
    pub as_of: NaiveDate,
    /// The policy.
    pub policy_version: i64,
}

/// One input, with what a role must be allowed to read to be told it (ruling 30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is.
    pub name: &'static str,
    /// Its value; none for a role that may not read it.
    pub value: Option<String>,
    /// Who may read it.
    action: Action,
    /// Whether it only leads to another input: who may not read it does not hear of it at all.
    is_ground: bool,
}

/// One line of arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    text: String,
    action: Action,
}

/// How a number came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// What it was read from.
    pub frame: Frame,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// The result, as it is shown; the reason where there is none.
    pub result: String,
    steps: Vec<Step>,
}

impl Explanation {
    pub(crate) fn new(rule: &'static str, frame: Frame) -> Self {
        Self { rule, frame, inputs: Vec::new(), result: String::new(), steps: Vec::new() }
    }

    pub(crate) fn input(&mut self, action: Action, name: &'static str, value: impl ToString) {
        self.inputs.push(Input { name, value: Some(value.to_string()), action, is_ground: false });
    }

    /// An input that only leads to another one.
    pub(crate) fn ground(&mut self, action: Action, name: &'static str, value: impl ToString) {
        self.inputs.push(Input { name, value: Some(value.to_string()), action, is_ground: true });
    }

    pub(crate) fn step(&mut self, action: Action, text: String) {
        self.steps.push(Step { text, action });
    }

    fn result(&mut self, unit: &str, value: Measured<Decimal>) {
        self.result = match value {
            Ok(value) => format!("{} {unit}", show(value)),
            Err(reason) => return self.missing(reason),
        };
    }

    /// The result as an amount that is rounded already.
    pub(crate) fn amount(&mut self, value: Option<Decimal>, currency: &str) {
        if let Some(value) = value {
            self.result = format!("{value} {currency}");
        }
    }

    /// There is no result.
    pub(crate) fn missing(&mut self, reason: Reason) {
        self.result = format!("null: {}", reason.sentence());
    }

    /// The arithmetic, line by line.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.text.as_str())
    }

    /// The explanation as a role may read it: an input that it may not read keeps its name without a value (but for a ground,
    /// which it does not hear of), and the lines that show it are left out.
    #[must_use]
    pub fn told_to(mut self, role: Role) -> Self {
        self.inputs.retain(|input| !input.is_ground || may(role, input.action));
        for input in &mut self.inputs {
            if !may(role, input.action) {
                input.value = None;
            }
        }
        self.steps.retain(|step| may(role, step.action));
        self
    }
}

/// A number as a line shows it, without zeros at its end.
fn show(value: Decimal) -> String {
    round(value, DIGITS).normalize().to_string()
}

fn rate_line(name: &str, rate: WinRate) -> String {
    let shown = rate.rate().map_or_else(|| "null".to_owned(), show);
    format!("{name} = {won} / ({won} + {lost}) = {shown}", won = rate.won, lost = rate.lost)
}

fn interval_line(interval: Interval) -> String {
    let level = (interval.level.value() * dec!(100)).normalize();
    format!("{level} % interval (Newcombe's, from Wilson's) = {} to {}", show(interval.low), show(interval.high))
}

impl TrustGap {
    /// How this gap came about.
    #[must_use]
    pub fn explain(&self, frame: Frame) -> Explanation {
        let mut told = Explanation::new(
            "Trust-Gap = co-sell win rate - direct win rate, in percentage points; closed NEW deals of the window, of one segment or (in a total) of all",
            frame,
        );
        let action = Action::ReadTrustGap;
        told.input(action, "co-sell deals won", self.co_sell.won);
        told.input(action, "co-sell deals lost", self.co_sell.lost);
        told.input(action, "direct deals won", self.direct.won);
        told.input(action, "direct deals lost", self.direct.lost);
        told.input(action, "deals left out because their attribution is unknown", self.left_out_unknown);
        told.step(action, rate_line("co-sell win rate", self.co_sell));
        told.step(action, rate_line("direct win rate", self.direct));
        if let Ok(points) = self.points {
            // From the counts: of rates that are shown rounded the last digits would not come out.
            let rate = |of: WinRate| format!("{won} / ({won} + {lost})", won = of.won, lost = of.lost);
            told.step(
                action,
                format!("({} - {}) x 100 = {} points", rate(self.co_sell), rate(self.direct), show(points)),
            );
        }
        if let Some(interval) = self.interval {
            told.step(action, interval_line(interval));
            let reading = match self.reading {
                TrustGapReading::Lift => "the interval lies above 0: LIFT",
                TrustGapReading::Drag => "the interval lies below 0: DRAG",
                TrustGapReading::Inconclusive | TrustGapReading::Unmeasured => "the interval holds 0: INCONCLUSIVE",
            };
            told.step(action, reading.to_owned());
        }
        told.result("points", self.points);
        told
    }
}

impl PartnerYield {
    /// How this Yield came about; amounts in major units with so many digits, spend by category as it was booked.
    #[must_use]
    pub fn explain(&self, frame: Frame, digits: u32, by_category: &[(&'static str, i128)]) -> Explanation {
        let mut told = Explanation::new("Partner Yield = Sourced ARR won / program spend, in the same window", frame);
        let money = |minor: i128| crate::economics::major(minor, digits).to_string();
        told.input(Action::ReadYield, "won deals that were sourced", self.sourced_won);
        told.input(Action::ReadYield, "of these without a recorded ARR, which add nothing", self.without_arr);
        told.input(Action::ReadYield, "Sourced ARR", money(self.sourced_arr_minor));
        for (category, minor) in by_category {
            told.input(Action::ReadSpend, category, money(*minor));
        }
        told.input(Action::ReadYield, "program spend", money(self.spend_minor));
        if !by_category.is_empty() {
            let parts: Vec<String> = by_category.iter().map(|(_, minor)| money(*minor)).collect();
            told.step(
                Action::ReadSpend,
                format!("program spend = {} = {}", parts.join(" + "), money(self.spend_minor)),
            );
        }
        if let Ok(multiple) = self.multiple {
            let line = format!("{} / {} = {}", money(self.sourced_arr_minor), money(self.spend_minor), show(multiple));
            told.step(Action::ReadYield, line);
        }
        told.result("x", self.multiple);
        told
    }
}

impl Comparison {
    /// How a Deal Velocity Premium came about.
    #[must_use]
    pub fn explain_velocity(&self, frame: Frame) -> Explanation {
        let mut told = Explanation::new(
            "Deal Velocity Premium = (direct mean days to close - partner mean days to close) / direct mean; won NEW deals of the window",
            frame,
        );
        let action = Action::ReadScorecardInside;
        for (deals, days, side) in [
            ("won deals with the partner", "days to close of these", self.partner),
            ("won direct deals", "days to close of the direct ones", self.direct),
        ] {
            told.input(action, deals, side.deals);
            told.input(action, days, side.sum);
        }
        if let (Some(partner), Some(direct)) = (self.partner.mean(), self.direct.mean()) {
            told.step(
                action,
                format!("partner mean = {} / {} = {} days", self.partner.sum, self.partner.deals, show(partner)),
            );
            told.step(
                action,
                format!("direct mean = {} / {} = {} days", self.direct.sum, self.direct.deals, show(direct)),
            );
            if let Ok(premium) = self.velocity_premium() {
                told.step(
                    action,
                    format!("({d} - {p}) / {d} = {}", show(premium), d = show(direct), p = show(partner)),
                );
            }
        }
        told.result("of the direct cycle", self.velocity_premium());
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Quarter;
    use crate::cell::CellValue;
    use crate::policy::Policy;

    fn frame() -> Frame {
        let to: Quarter = "2024-Q1".parse().unwrap();
        let as_of = "2024-05-15".parse().unwrap();
        Frame { window: Window { from: to.plus(-3), to }, as_of, policy_version: 1 }
    }

    #[test]
    fn the_lines_of_a_gap_give_the_gap_again() {
        let rate = |won, lost| WinRate { won, lost };
        let told = TrustGap::measure(rate(11, 9), rate(9, 21), 2, &Policy::default()).explain(frame());
        let lines: Vec<&str> = told.steps().collect();
        assert_eq!(
            lines,
            [
                "co-sell win rate = 11 / (11 + 9) = 0.55",
                "direct win rate = 9 / (9 + 21) = 0.3",
                "(11 / (11 + 9) - 9 / (9 + 21)) x 100 = 25 points",
                "80 % interval (Newcombe's, from Wilson's) = 6.7942541518 to 41.342450150677",
                "the interval lies above 0: LIFT",
            ]
        );
        assert_eq!(told.result, "25 points");
        let none = TrustGap::measure(rate(0, 0), rate(1, 1), 0, &Policy::default()).explain(frame());
        assert_eq!(none.result, "null: No co-sell deal was won or lost in this window.");
    }

    #[test]
    fn who_may_not_read_spend_lines_is_told_the_sum_only() {
        let sourced = CellValue { won: 12, won_arr_minor: 82_000_000, won_arr_count: 12, ..CellValue::default() };
        let measured = PartnerYield::measure(&sourced, 10_000_000, &Policy::default());
        let told = measured.explain(frame(), 2, &[("MDF", 4_000_000), ("loaded FTE", 6_000_000)]);
        let finance: Vec<String> = told.clone().told_to(Role::Finance).steps().map(str::to_owned).collect();
        assert_eq!(finance, ["program spend = 40000.00 + 60000.00 = 100000.00", "820000.00 / 100000.00 = 8.2"]);
        let leadership = told.told_to(Role::Leadership);
        assert_eq!(leadership.steps().collect::<Vec<_>>(), ["820000.00 / 100000.00 = 8.2"]);
        assert!(leadership.inputs.iter().any(|input| input.name == "MDF" && input.value.is_none()));
        assert_eq!(leadership.result, "8.2 x");
    }
}

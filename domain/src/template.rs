//! Messages to partners and buyers as templates with named places, filled from typed data.

use chrono::NaiveDate;
use std::borrow::Cow;

/// The default letter of an approval (seed 004, templates).
pub const ACCEPTANCE: &str = "Approved through {through} for {account} on {problem}. Next step: meeting on {meetingOn}. \
Please attach a summary within {summaryHours}h of the call to keep validity.";

/// What a letter of approval says.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance<'a> {
    /// The account.
    pub account: &'a str,
    /// The problem.
    pub problem: &'a str,
    /// The last day it is valid.
    pub through: NaiveDate,
    /// The day of the next meeting.
    pub meeting_on: NaiveDate,
    /// Hours from the call in which its summary is due.
    pub summary_hours: u32,
}

/// Renders the letter of an approval.
#[must_use]
pub fn acceptance(template: &str, it: &Acceptance<'_>) -> String {
    fill(template, |name| {
        Some(match name {
            "account" => it.account.into(),
            "problem" => it.problem.trim_end_matches('.').into(),
            "through" => it.through.to_string().into(),
            "meetingOn" => it.meeting_on.to_string().into(),
            "summaryHours" => it.summary_hours.to_string().into(),
            _ => return None,
        })
    })
}

/// Fills `{name}` with its value, once: a brace in a value stays a brace. What has no value stays as it is written.
fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<Cow<'a, str>>) -> String {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}').and_then(|(name, behind)| Some((value(name)?, behind))) {
            Some((text, behind)) => {
                filled.push_str(&text);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_what_the_guide_says_and_values_are_not_read_as_templates() {
        let it = Acceptance {
            account: "Acme {problem}",
            problem: "late deliveries.",
            through: "2027-01-03".parse().unwrap(),
            meeting_on: "2026-10-12".parse().unwrap(),
            summary_hours: 24,
        };
        let expected = "Approved through 2027-01-03 for Acme {problem} on late deliveries. Next step: meeting on 2026-10-12. \
                        Please attach a summary within 24h of the call to keep validity.";
        assert_eq!(acceptance(ACCEPTANCE, &it), expected);
        assert_eq!(acceptance("{ {x} {account", &it), "{ {x} {account");
    }
}

//! Messages to partners and buyers as templates with named places, filled from typed data (seed 004, templates).

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use std::borrow::Cow;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Which message a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateKind {
    /// The letter of an approved registration.
    RegistrationAcceptance,
    /// The e-mail that brings the partner's rep to a buyer.
    JointIntro,
}

/// A program's own text for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The message.
    pub kind: TemplateKind,
    /// The text, with its places in braces.
    pub body: String,
    /// For optimistic concurrency; 0 for the default text.
    pub version: i64,
    /// When it was recorded; none for the default text.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Template {
    /// The text that a program begins with.
    #[must_use]
    pub fn default_of(kind: TemplateKind) -> Self {
        Self { kind, body: kind.default_body().to_owned(), version: 0, recorded_at: None }
    }
}

impl TemplateKind {
    /// The text of the partner-ops guide.
    #[must_use]
    pub const fn default_body(self) -> &'static str {
        match self {
            Self::RegistrationAcceptance => {
                "Approved through {through} for {account} on {problem}. Next step: meeting on {meetingOn}. \
                 Please attach a summary within {summaryHours}h of the call to keep validity."
            }
            Self::JointIntro => {
                "Hi {buyer}, looping in {rep} of {partner} who solved {similarProblem} at {customer}. We propose a 30-min \
                 working session to map your workflow and leave with a 2-step plan. How does {slots} look?"
            }
        }
    }

    /// The places that its text may name.
    #[must_use]
    pub const fn places(self) -> &'static [&'static str] {
        match self {
            Self::RegistrationAcceptance => &["account", "problem", "through", "meetingOn", "summaryHours"],
            Self::JointIntro => &["buyer", "rep", "partner", "similarProblem", "customer", "slots"],
        }
    }

    /// The first place of a text that this message does not have.
    #[must_use]
    pub fn unknown_place(self, body: &str) -> Option<String> {
        let mut rest = body;
        while let Some((_, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            if !self.places().contains(&name) {
                return Some(name.to_owned());
            }
            rest = behind;
        }
        None
    }
}

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

/// What a joint introduction says.
#[derive(Clone, Copy, Debug)]
pub struct Intro<'a> {
    /// The buyer's name.
    pub buyer: &'a str,
    /// The name of the partner's rep.
    pub rep: &'a str,
    /// The partner.
    pub partner: &'a str,
    /// The similar problem that the partner solved.
    pub similar_problem: &'a str,
    /// At which customer.
    pub customer: &'a str,
    /// Two times to choose from.
    pub slots: [DateTime<Utc>; 2],
    /// The zone that the times are written in.
    pub zone: Tz,
}

/// Renders a joint introduction.
#[must_use]
pub fn intro(template: &str, it: &Intro<'_>) -> String {
    let time = |at: DateTime<Utc>| at.with_timezone(&it.zone).format("%a %-d %b %Y %H:%M");
    fill(template, |name| {
        Some(match name {
            "buyer" => it.buyer.into(),
            "rep" => it.rep.into(),
            "partner" => it.partner.into(),
            "similarProblem" => it.similar_problem.trim_end_matches('.').into(),
            "customer" => it.customer.into(),
            "slots" => format!("{} or {} ({})", time(it.slots[0]), time(it.slots[1]), it.zone.name()).into(),
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
    use strum::IntoEnumIterator;

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
        assert_eq!(acceptance(TemplateKind::RegistrationAcceptance.default_body(), &it), expected);
        assert_eq!(acceptance("{ {x} {account", &it), "{ {x} {account");
    }

    #[test]
    fn the_introduction_offers_two_times_in_the_programs_zone() {
        let it = Intro {
            buyer: "Ada",
            rep: "Marguerite",
            partner: "Northwind",
            similar_problem: "late returns.",
            customer: "Fabrikam",
            slots: ["2026-10-12T12:00:00Z".parse().unwrap(), "2026-10-26T13:30:00Z".parse().unwrap()],
            zone: Tz::Europe__Berlin,
        };
        // Between the two the clocks go back.
        let expected = "Hi Ada, looping in Marguerite of Northwind who solved late returns at Fabrikam. We propose a 30-min \
                        working session to map your workflow and leave with a 2-step plan. How does Mon 12 Oct 2026 14:00 or \
                        Mon 26 Oct 2026 14:30 (Europe/Berlin) look?";
        assert_eq!(intro(TemplateKind::JointIntro.default_body(), &it), expected);
    }

    #[test]
    fn a_text_names_only_the_places_of_its_message() {
        for kind in TemplateKind::iter() {
            assert_eq!(kind.unknown_place(kind.default_body()), None);
        }
        assert_eq!(TemplateKind::JointIntro.unknown_place("Hi {buyer}, {through}").as_deref(), Some("through"));
        assert_eq!(TemplateKind::JointIntro.unknown_place("Hi {buyer").as_deref(), None);
        assert_eq!(TemplateKind::JointIntro.unknown_place("Hi { buyer").as_deref(), Some(" buyer"));
    }
}

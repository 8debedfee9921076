//! The 90-day plan: twelve weeks from a program's start to its scale (seed 004, 90-Day Implementation Plan), as a checklist.
//!
//! What leaves a trace is ticked off by the system from the first trace of it; the rest by hand, with a note. A day is the program's
//! own, and a window ends with its last day, inclusive (ruling 26).

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// The four stretches of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum Stretch {
    /// Weeks 1 and 2: baseline.
    Baseline,
    /// Weeks 3 to 6: train and launch.
    TrainAndLaunch,
    /// Weeks 7 to 9: prove it.
    Prove,
    /// Weeks 10 to 12: scale.
    Scale,
}

impl Stretch {
    /// Its first week and its last, from 1.
    #[must_use]
    pub const fn weeks(self) -> (u64, u64) {
        match self {
            Self::Baseline => (1, 2),
            Self::TrainAndLaunch => (3, 6),
            Self::Prove => (7, 9),
            Self::Scale => (10, 12),
        }
    }
}

/// What is to be done.
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
pub enum RolloutItem {
    /// Draft the shared data model: the first import of the CRM's own data is done.
    DataImported,
    /// Draft the credit table: the program's own attribution framework, signed by RevOps and Finance, is active.
    CreditTableAgreed,
    /// Update the appendices of the partner agreements: the first contract terms that give a number are on record.
    ContractTermsSet,
    /// Pick five partners for a pilot: five active partners.
    PilotPartners,
    /// Define executive sponsors.
    ExecutiveSponsors,
    /// Publish battlecards.
    Battlecards,
    /// Set up the demo environment.
    DemoEnvironment,
    /// Publish the certification quiz.
    CertificationQuiz,
    /// Stand up dashboards.
    Dashboards,
    /// Registrations live in the system: the first one is approved.
    FirstRegistrationApproved,
    /// Kick off weekly pods: the first joint meeting is on record.
    FirstJointMeeting,
    /// Open the first joint solution page.
    JointSolutionPage,
    /// Track win rate and cycle delta: the first closed deal with a locked partner attribution, which both rest on.
    FirstPartnerDealClosed,
    /// Run one joint campaign with tagged links.
    JointCampaign,
    /// Hold the first business review, with decisions: add, pause or invest.
    FirstBusinessReview,
    /// Expand to ten partners or more: ten active partners.
    TenPartners,
    /// Enforce SLAs: the first promise with a due time was kept, or its miss recorded.
    FirstPromiseDecided,
    /// Release a co-marketing calendar.
    CoMarketingCalendar,
    /// Tune the dashboards: panels of net revenue after fees and of the attach rate.
    RevenuePanels,
}

impl RolloutItem {
    /// When it is to be done.
    #[must_use]
    pub const fn stretch(self) -> Stretch {
        match self {
            Self::DataImported
            | Self::CreditTableAgreed
            | Self::ContractTermsSet
            | Self::PilotPartners
            | Self::ExecutiveSponsors => Stretch::Baseline,
            Self::Battlecards
            | Self::DemoEnvironment
            | Self::CertificationQuiz
            | Self::Dashboards
            | Self::FirstRegistrationApproved
            | Self::FirstJointMeeting
            | Self::JointSolutionPage => Stretch::TrainAndLaunch,
            Self::FirstPartnerDealClosed | Self::JointCampaign | Self::FirstBusinessReview => Stretch::Prove,
            Self::TenPartners | Self::FirstPromiseDecided | Self::CoMarketingCalendar | Self::RevenuePanels => {
                Stretch::Scale
            }
        }
    }

    /// The trace by which the system sees that it is done; none of what is ticked by hand.
    #[must_use]
    pub const fn trace(self) -> Option<Trace> {
        match self {
            Self::DataImported => Some(Trace::ImportDone),
            Self::CreditTableAgreed => Some(Trace::FrameworkActivated),
            Self::ContractTermsSet => Some(Trace::ContractTermsRecorded),
            Self::PilotPartners => Some(Trace::ActivePartner(5)),
            Self::FirstRegistrationApproved => Some(Trace::RegistrationApproved),
            Self::FirstJointMeeting => Some(Trace::JointMeetingLogged),
            Self::FirstPartnerDealClosed => Some(Trace::PartnerDealClosed),
            Self::TenPartners => Some(Trace::ActivePartner(10)),
            Self::FirstPromiseDecided => Some(Trace::PromiseDecided),
            Self::ExecutiveSponsors
            | Self::Battlecards
            | Self::DemoEnvironment
            | Self::CertificationQuiz
            | Self::Dashboards
            | Self::JointSolutionPage
            | Self::JointCampaign
            | Self::FirstBusinessReview
            | Self::CoMarketingCalendar
            | Self::RevenuePanels => None,
        }
    }
}

/// A trace that something was done: the first time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// An import, which was no dry run, wrote its rows.
    ImportDone,
    /// The program's own attribution framework was activated; the template's does not count.
    FrameworkActivated,
    /// Contract terms with a partner that give at least one number were recorded.
    ContractTermsRecorded,
    /// The n-th of the partners that are active now was recorded.
    ActivePartner(u64),
    /// A registration was approved.
    RegistrationApproved,
    /// A joint meeting was logged; imported history from before the plan does not count.
    JointMeetingLogged,
    /// A deal with a locked partner attribution closed, won or lost; imported history from before the plan does not count.
    PartnerDealClosed,
    /// A promise was kept, or its miss recorded.
    PromiseDecided,
}

impl Trace {
    /// What was seen, as a sentence.
    #[must_use]
    pub fn says(self) -> String {
        match self {
            Self::ImportDone => "the first import wrote its rows".into(),
            Self::FrameworkActivated => "the program's own attribution framework was activated".into(),
            Self::ContractTermsRecorded => "the first contract terms with a number were recorded".into(),
            Self::ActivePartner(nth) => format!("{nth} partners are active: the last of them was recorded"),
            Self::RegistrationApproved => "the first registration was approved".into(),
            Self::JointMeetingLogged => "the first joint meeting was logged".into(),
            Self::PartnerDealClosed => "the first deal with a locked partner attribution closed".into(),
            Self::PromiseDecided => "the first promise with a due time was kept or missed".into(),
        }
    }
}

/// A plan that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The first day of week 1.
    pub starts_on: NaiveDate,
    /// The earliest first day that the plan ever had: history from before it proves nothing. It stays where it is when the plan is moved
    /// to a later day, so that what is done stays done.
    pub first_starts_on: NaiveDate,
    /// Who started it, or moved it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was started, or moved.
    pub recorded_at: DateTime<Utc>,
}

/// An item that was ticked by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The row's id.
    pub id: Uuid,
    /// The item.
    pub item: RolloutItem,
    /// What was done.
    pub note: String,
    /// Who says so.
    pub seat_id: Uuid,
    /// When.
    pub ticked_at: DateTime<Utc>,
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum ItemState {
    /// Its weeks have not begun.
    Upcoming,
    /// Its weeks have begun, and it is not done.
    Due,
    /// Its weeks are over, and it is not done.
    Overdue,
    /// It is done.
    Done,
}

/// That an item is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The instant of the trace, or of the tick.
    pub at: DateTime<Utc>,
    /// What was seen, or the note of who ticked it.
    pub by: String,
}

/// An item as it stands on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The item.
    pub item: RolloutItem,
    /// The first day of its weeks.
    pub opens_on: NaiveDate,
    /// The last day of its weeks.
    pub due_on: NaiveDate,
    /// How it stands.
    pub state: ItemState,
    /// That it is done, and by what.
    pub finished: Option<Finished>,
    /// Whether it is ticked by hand.
    pub is_by_hand: bool,
}

/// Every item of a plan as it stands on a day, in order. `seen` are the traces' first instants, by item; `ticks` the items ticked by
/// hand. An item that the system sees is done by its trace alone.
#[must_use]
pub fn standings(
    starts_on: NaiveDate,
    today: NaiveDate,
    seen: &BTreeMap<RolloutItem, DateTime<Utc>>,
    ticks: &[Tick],
) -> Vec<Standing> {
    let day = |after: u64| starts_on.checked_add_days(Days::new(after)).unwrap_or(NaiveDate::MAX);
    let of = |item: RolloutItem| {
        let (first, last) = item.stretch().weeks();
        let (opens_on, due_on) = (day((first - 1) * 7), day(last * 7 - 1));
        let finished = match item.trace() {
            Some(trace) => seen.get(&item).map(|at| Finished { at: *at, by: trace.says() }),
            None => {
                let tick = ticks.iter().find(|tick| tick.item == item);
                tick.map(|tick| Finished { at: tick.ticked_at, by: tick.note.clone() })
            }
        };
        let state = match finished {
            Some(_) => ItemState::Done,
            None if today > due_on => ItemState::Overdue,
            None if today >= opens_on => ItemState::Due,
            None => ItemState::Upcoming,
        };
        Standing { item, opens_on, due_on, state, finished, is_by_hand: item.trace().is_none() }
    };
    RolloutItem::iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn of(standings: &[Standing], item: RolloutItem) -> Standing {
        standings.iter().find(|standing| standing.item == item).unwrap().clone()
    }

    /// From Monday, 5 October 2026: weeks 1-2 end with 18 October, 3-6 run from 19 October to 15 November, 7-9 to 6 December, 10-12
    /// to 27 December: 84 days.
    #[test]
    fn twelve_weeks_end_with_their_last_day() {
        let plan = standings(day("2026-10-05"), day("2026-10-18"), &BTreeMap::new(), &[]);
        let window = |item| {
            let standing = of(&plan, item);
            (standing.opens_on, standing.due_on, standing.state)
        };
        let baseline = window(RolloutItem::DataImported);
        assert_eq!(baseline, (day("2026-10-05"), day("2026-10-18"), ItemState::Due));
        let launch = window(RolloutItem::Battlecards);
        assert_eq!(launch, (day("2026-10-19"), day("2026-11-15"), ItemState::Upcoming));
        assert_eq!(window(RolloutItem::JointCampaign).1, day("2026-12-06"));
        assert_eq!(window(RolloutItem::RevenuePanels).1, day("2026-12-27"));
        let later = standings(day("2026-10-05"), day("2026-10-19"), &BTreeMap::new(), &[]);
        assert_eq!(of(&later, RolloutItem::DataImported).state, ItemState::Overdue);
        assert_eq!(of(&later, RolloutItem::Battlecards).state, ItemState::Due);
    }

    #[test]
    fn a_trace_ticks_what_the_system_sees_and_a_hand_the_rest() {
        let at: DateTime<Utc> = "2026-10-06T09:00:00Z".parse().unwrap();
        let tick = |item| Tick { id: Uuid::nil(), item, note: "done".into(), seat_id: Uuid::nil(), ticked_at: at };
        let seen = BTreeMap::from([(RolloutItem::PilotPartners, at)]);
        let ticks = [tick(RolloutItem::Battlecards), tick(RolloutItem::TenPartners)];
        let plan = standings(day("2026-10-05"), day("2026-10-06"), &seen, &ticks);
        let pilots = of(&plan, RolloutItem::PilotPartners);
        assert_eq!((pilots.state, pilots.is_by_hand), (ItemState::Done, false));
        assert!(pilots.finished.unwrap().by.starts_with("5 partners"));
        assert_eq!(of(&plan, RolloutItem::Battlecards).finished, Some(Finished { at, by: "done".into() }));
        // A hand ticks nothing that the system sees by itself.
        assert_eq!(of(&plan, RolloutItem::TenPartners).state, ItemState::Upcoming);
        assert_eq!(plan.len(), RolloutItem::iter().count());
    }
}

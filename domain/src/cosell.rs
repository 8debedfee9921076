//! The Primary Sale Stage Gate: no joint customer activity until the partner's own rep is committed (the paper, Phase 4).
//!
//! It runs by facts alone: when the deal was registered or locked, and when the Primary Sale was logged. There is no override.

use crate::registration::Mark;
use chrono::{DateTime, Days, NaiveDate, Utc};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// The record that the partner's own rep is committed to a deal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimarySale {
    /// The row's id.
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The partner's rep.
    pub person_id: Uuid,
    /// A note.
    pub note: Option<String>,
    /// Who logged it, and when.
    pub logged: Mark,
    /// The partner's own word for it.
    pub confirmed: Option<Mark>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// An instant with its local day.
pub type Moment = (DateTime<Utc>, NaiveDate);

/// The time in which a registration of the deal stood: neither refused nor taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// When it was submitted.
    pub from: Moment,
    /// When it was refused or taken back; none while it stands.
    pub until: Option<Moment>,
}

impl Stand {
    /// Whether it stood when a day ended.
    #[must_use]
    pub fn outlasts(&self, day: NaiveDate) -> bool {
        self.from.1 <= day && self.until.is_none_or(|(_, until)| until > day)
    }
}

/// What the gate of a deal depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateFacts {
    /// Its registrations, in the order in which they were submitted.
    pub registered: Vec<Stand>,
    /// The local day its attribution was locked.
    pub locked_on: Option<NaiveDate>,
    /// Whether it was locked as an import told it.
    pub is_imported: bool,
    /// When the Primary Sale was logged.
    pub logged: Option<Moment>,
    /// The last local day in which it was in time, where the ledger holds that it lapsed: no later fact takes that back.
    pub recorded: Option<NaiveDate>,
}

/// A clock of the Primary Sale that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The local day it began.
    pub began: NaiveDate,
    /// The last local day in which the Primary Sale was in time.
    pub due_on: NaiveDate,
}

impl GateFacts {
    /// The local day on which the clock of the Primary Sale began: of the first registration that stands, else of the lock.
    #[must_use]
    pub fn began(&self) -> Option<NaiveDate> {
        let first = self.registered.iter().find(|it| it.until.is_none());
        first.map(|it| it.from.1).or(self.locked_on)
    }

    /// The first clock that ran out by a day, before the Primary Sale was logged. What happened afterwards takes nothing back: neither a
    /// later registration nor a withdrawal, whether or not anybody looked in between.
    #[must_use]
    pub fn lapse(&self, today: NaiveDate, days: impl Fn(NaiveDate) -> u32) -> Option<Lapse> {
        let today = self.logged.map_or(today, |(_, on)| on);
        let stands: Vec<Stand> = self.registered.iter().filter_map(|it| self.until_logged(*it)).collect();
        let clock = |began: NaiveDate| Lapse { began, due_on: last(began, days(began)) };
        let of_registrations = stands.iter().filter_map(|it| {
            let clock = clock(it.from.1);
            (today > clock.due_on && it.outlasts(clock.due_on)).then_some(clock)
        });
        let locked_on = self.locked_on.filter(|_| !self.is_imported);
        let of_lock = locked_on.map(clock).filter(|clock| today >= runs_out(clock.due_on, &stands));
        of_registrations.chain(of_lock).min_by_key(|it| it.due_on)
    }

    /// A stand as it was when the Primary Sale was logged; none of what came later.
    fn until_logged(&self, it: Stand) -> Option<Stand> {
        let Some((at, _)) = self.logged else { return Some(it) };
        (it.from.0 <= at).then(|| Stand { until: it.until.filter(|(until, _)| *until <= at), ..it })
    }
}

/// The day on which the clock of the lock runs out: the first behind its last on which no registration stood in its place.
fn runs_out(due_on: NaiveDate, stands: &[Stand]) -> NaiveDate {
    let (mut on, mut since): (NaiveDate, Option<DateTime<Utc>>) = (next(due_on), None);
    for it in stands {
        if it.from.1 < on || since.is_some_and(|since| it.from.0 <= since) {
            match it.until {
                None => return NaiveDate::MAX,
                Some((at, day)) if day >= on => (on, since) = (day, Some(at)),
                Some(_) => {}
            }
        }
    }
    on
}

fn last(began: NaiveDate, days: u32) -> NaiveDate {
    began.checked_add_days(Days::new(u64::from(days))).unwrap_or(began)
}

fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

/// Where the gate of a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Imported history: the gate was not there when it happened (ruling 21).
    Exempt,
    /// The Primary Sale is awaited.
    Awaiting {
        /// The last local day in which it is in time; none before the deal is registered or locked.
        due_on: Option<NaiveDate>,
    },
    /// The Primary Sale is logged.
    Open {
        /// Since when.
        at: DateTime<Utc>,
        /// Whether that was after the time: the miss counts for ever.
        is_missed: bool,
    },
    /// The time passed first: it stays shut, and the miss counts for ever. Logging the Primary Sale opens it.
    Lapsed {
        /// The last local day in which it was in time.
        due_on: NaiveDate,
    },
    /// Shut by mandatory disinvestment (Red); nothing reaches it before the Three-State Threshold is measured.
    Shut,
}

/// The word of a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum GateState {
    /// Imported history.
    Exempt,
    /// The Primary Sale is awaited.
    Awaiting,
    /// The Primary Sale is logged.
    Open,
    /// The time passed first.
    Lapsed,
    /// Shut by mandatory disinvestment.
    Shut,
}

/// What passes through the gate (ruling 21); a touch or an introduction does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum GatedActivity {
    /// Vendor and partner meet the customer together.
    JointMeeting,
    /// Materials with both names are approved.
    MaterialsApproval,
    /// Market development funds are set aside for the deal.
    MdfAllocation,
}

/// Why the gate lets nothing pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum GateRefusal {
    /// Awaiting.
    #[error("the Primary Sale is not logged: the partner's own rep is not committed to this deal")]
    PrimarySaleNotLogged,
    /// Lapsed.
    #[error("the Primary Sale was not logged in time: the gate lapsed, and the miss stays on record")]
    PrimarySaleLapsed,
    /// Shut.
    #[error("the gate is shut by mandatory disinvestment: only newly measured signal turns it")]
    GateShut,
    /// What was done outside is not recordable after the fact.
    #[error("this happened before the gate opened: what was done outside is not recorded after the fact")]
    BeforeGateOpened,
}

impl GateRefusal {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::PrimarySaleNotLogged | Self::PrimarySaleLapsed => {
                "log the Primary Sale (primarySaleLog) with the partner's rep who is committed"
            }
            Self::GateShut => "measure new signal: the next weekly run decides",
            Self::BeforeGateOpened => "hold it after the Primary Sale is logged",
        }
    }

    /// When it unblocks.
    #[must_use]
    pub const fn unblocks(self) -> &'static str {
        match self {
            Self::PrimarySaleNotLogged | Self::PrimarySaleLapsed => "the moment the Primary Sale is logged",
            Self::GateShut => "when a weekly run reads GREEN",
            Self::BeforeGateOpened => "never for this one: it is in the past",
        }
    }
}

impl Gate {
    /// Its word.
    #[must_use]
    pub const fn state(self) -> GateState {
        match self {
            Self::Exempt => GateState::Exempt,
            Self::Awaiting { .. } => GateState::Awaiting,
            Self::Open { .. } => GateState::Open,
            Self::Lapsed { .. } => GateState::Lapsed,
            Self::Shut => GateState::Shut,
        }
    }

    /// Whether the time for the Primary Sale passed before it was logged.
    #[must_use]
    pub const fn is_missed(self) -> bool {
        match self {
            Self::Open { is_missed, .. } => is_missed,
            Self::Lapsed { .. } => true,
            Self::Exempt | Self::Awaiting { .. } | Self::Shut => false,
        }
    }

    /// Whether a gated activity passes: now, or at the instant it is said to have happened.
    ///
    /// # Errors
    /// [`GateRefusal`].
    pub fn pass(self, happened_at: Option<DateTime<Utc>>) -> Result<(), GateRefusal> {
        match self {
            Self::Exempt => Ok(()),
            Self::Open { at, .. } if happened_at.is_some_and(|when| when < at) => Err(GateRefusal::BeforeGateOpened),
            Self::Open { .. } => Ok(()),
            Self::Awaiting { .. } => Err(GateRefusal::PrimarySaleNotLogged),
            Self::Lapsed { .. } => Err(GateRefusal::PrimarySaleLapsed),
            Self::Shut => Err(GateRefusal::GateShut),
        }
    }
}

/// The gate of a deal on a local day. Its clock starts with the registration, else with the lock (ruling 20); an imported lock
/// starts none. `days` is the policy's time for the Primary Sale of a clock that begins on a day; the last day is inclusive (ruling 26).
#[must_use]
pub fn gate(facts: &GateFacts, today: NaiveDate, days: impl Fn(NaiveDate) -> u32) -> Gate {
    let lapsed = facts.recorded.or_else(|| facts.lapse(today, &days).map(|lapse| lapse.due_on));
    let is_exempt = facts.is_imported && facts.registered.iter().all(|it| it.until.is_some());
    match (facts.logged, lapsed) {
        (Some((at, _)), lapsed) => Gate::Open { at, is_missed: lapsed.is_some() },
        (None, Some(due_on)) => Gate::Lapsed { due_on },
        (None, None) if is_exempt => Gate::Exempt,
        (None, None) => Gate::Awaiting { due_on: facts.began().map(|began| last(began, days(began))) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Noon of a day.
    fn noon(on: &str) -> Moment {
        (day(on).and_hms_opt(12, 0, 0).unwrap().and_utc(), day(on))
    }

    fn stand(from: &str, until: Option<&str>) -> Stand {
        Stand { from: noon(from), until: until.map(noon) }
    }

    fn registered(stands: &[Stand]) -> GateFacts {
        GateFacts { registered: stands.to_vec(), ..GateFacts::default() }
    }

    fn on(facts: &GateFacts, today: &str) -> Gate {
        gate(facts, day(today), |_| 7)
    }

    /// Registered on Monday, 5 October 2026: the seventh day is Monday the 12th.
    #[test]
    fn seven_days_end_with_the_last_local_day() {
        let facts = registered(&[stand("2026-10-05", None)]);
        assert_eq!(on(&facts, "2026-10-12"), Gate::Awaiting { due_on: Some(day("2026-10-12")) });
        assert_eq!(on(&facts, "2026-10-13"), Gate::Lapsed { due_on: day("2026-10-12") });
        let in_time = GateFacts { logged: Some(noon("2026-10-12")), ..facts.clone() };
        assert!(matches!(on(&in_time, "2027-01-01"), Gate::Open { is_missed: false, .. }));
        // Later it opens, and the miss counts for ever.
        let late = GateFacts { logged: Some(noon("2026-10-13")), ..facts };
        assert!(matches!(on(&late, "2027-01-01"), Gate::Open { is_missed: true, .. }));
    }

    #[test]
    fn the_registration_starts_the_clock_else_the_lock_and_an_import_is_exempt() {
        let locked = GateFacts { locked_on: Some(day("2026-10-06")), ..GateFacts::default() };
        assert_eq!(on(&locked, "2026-10-07"), Gate::Awaiting { due_on: Some(day("2026-10-13")) });
        let both = GateFacts { registered: vec![stand("2026-10-01", None)], ..locked.clone() };
        assert_eq!(on(&both, "2026-10-07"), Gate::Awaiting { due_on: Some(day("2026-10-08")) });
        assert_eq!(on(&GateFacts::default(), "2026-10-07"), Gate::Awaiting { due_on: None });
        let imported = GateFacts { is_imported: true, ..locked };
        assert_eq!(on(&imported, "2027-10-07"), Gate::Exempt);
        // Registered here afterwards, it is history no more.
        let back = GateFacts { registered: vec![stand("2027-10-01", None)], ..imported.clone() };
        assert_eq!(on(&back, "2027-10-09"), Gate::Lapsed { due_on: day("2027-10-08") });
        // Taken back in time, it is history again; taken back too late, it stays a miss.
        let gone = GateFacts { registered: vec![stand("2027-10-01", Some("2027-10-08"))], ..imported.clone() };
        assert_eq!(on(&gone, "2027-10-20"), Gate::Exempt);
        let late = GateFacts { registered: vec![stand("2027-10-01", Some("2027-10-09"))], ..imported };
        assert_eq!(on(&late, "2027-10-20"), Gate::Lapsed { due_on: day("2027-10-08") });
    }

    /// LOOP.md: "the miss counts for ever". Registered on the 5th, due by the 12th, taken back on the 13th, and registered again on the
    /// 14th with seven days ahead: nobody looked in between, and it is missed all the same.
    #[test]
    fn a_registration_that_is_taken_back_takes_no_miss_back() {
        let again = registered(&[stand("2026-10-05", Some("2026-10-13")), stand("2026-10-14", None)]);
        assert_eq!(on(&again, "2026-10-15"), Gate::Lapsed { due_on: day("2026-10-12") });
        let logged = GateFacts { logged: Some(noon("2026-10-15")), ..again };
        assert!(matches!(on(&logged, "2026-10-15"), Gate::Open { is_missed: true, .. }));
        // Taken back on the last day of the seven, nothing was missed: the clock is that of the second.
        let in_time = registered(&[stand("2026-10-05", Some("2026-10-12")), stand("2026-10-14", None)]);
        assert_eq!(on(&in_time, "2026-10-21"), Gate::Awaiting { due_on: Some(day("2026-10-21")) });
        // Logged in time, it stays so, whatever is taken back later.
        let open = GateFacts { logged: Some(noon("2026-10-07")), ..in_time };
        assert!(matches!(on(&open, "2027-01-01"), Gate::Open { is_missed: false, .. }));
    }

    /// Locked on the 5th, due by the 12th.
    #[test]
    fn a_registration_after_the_lock_lapsed_takes_no_miss_back() {
        let locked = GateFacts { locked_on: Some(day("2026-10-05")), ..GateFacts::default() };
        let with = |stands: &[Stand]| GateFacts { registered: stands.to_vec(), ..locked.clone() };
        let lapsed = Gate::Lapsed { due_on: day("2026-10-12") };
        assert_eq!(on(&with(&[stand("2026-10-13", None)]), "2026-10-13"), lapsed);
        let logged = GateFacts { logged: Some(noon("2026-10-14")), ..with(&[stand("2026-10-15", None)]) };
        assert!(matches!(on(&logged, "2026-10-20"), Gate::Open { is_missed: true, .. }));
        // On the last day it still comes in time: its own seven days run to the 19th.
        let in_time = with(&[stand("2026-10-12", None)]);
        assert_eq!(on(&in_time, "2026-10-19"), Gate::Awaiting { due_on: Some(day("2026-10-19")) });
        // Taken back on the 15th, the lock is what is left: it ran out that day.
        let back = with(&[stand("2026-10-12", Some("2026-10-15"))]);
        assert_eq!(on(&back, "2026-10-15"), lapsed);
        // Another one that stood by then leaves no gap.
        let two = with(&[stand("2026-10-12", Some("2026-10-15")), stand("2026-10-15", None)]);
        assert_eq!(on(&two, "2026-10-20"), Gate::Awaiting { due_on: Some(day("2026-10-22")) });
        let logged = GateFacts { logged: Some(noon("2026-10-15")), ..with(&[stand("2026-10-12", None)]) };
        assert!(matches!(on(&logged, "2026-11-20"), Gate::Open { is_missed: false, .. }));
    }

    #[test]
    fn what_the_ledger_holds_is_read_back() {
        let closed_before = GateFacts { recorded: Some(day("2026-10-12")), ..registered(&[stand("2026-10-05", None)]) };
        assert_eq!(on(&closed_before, "2026-10-07"), Gate::Lapsed { due_on: day("2026-10-12") });
    }

    #[test]
    fn nothing_passes_but_through_the_open_gate_and_not_before_it_opened() {
        let noon = day("2026-10-12").and_hms_opt(12, 0, 0).unwrap().and_utc();
        let open = Gate::Open { at: noon, is_missed: true };
        assert_eq!(open.pass(None), Ok(()));
        assert_eq!(open.pass(Some(noon)), Ok(()));
        assert_eq!(open.pass(Some(noon - chrono::TimeDelta::microseconds(1))), Err(GateRefusal::BeforeGateOpened));
        assert_eq!(Gate::Awaiting { due_on: None }.pass(None), Err(GateRefusal::PrimarySaleNotLogged));
        assert_eq!(Gate::Lapsed { due_on: day("2026-10-12") }.pass(Some(noon)), Err(GateRefusal::PrimarySaleLapsed));
        assert_eq!(Gate::Shut.pass(None), Err(GateRefusal::GateShut));
        assert_eq!(Gate::Exempt.pass(Some(noon)), Ok(()));
    }
}

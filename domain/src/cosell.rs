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

/// What the gate of a deal depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateFacts {
    /// The local day of its first registration that was neither refused nor taken back.
    pub registered_on: Option<NaiveDate>,
    /// The local day its attribution was locked.
    pub locked_on: Option<NaiveDate>,
    /// Whether it was locked as an import told it.
    pub is_imported: bool,
    /// When the Primary Sale was logged, and the local day of that.
    pub logged: Option<(DateTime<Utc>, NaiveDate)>,
}

impl GateFacts {
    /// The local day on which the clock of the Primary Sale began: of the registration, else of the lock.
    #[must_use]
    pub fn began(&self) -> Option<NaiveDate> {
        self.registered_on.or(self.locked_on)
    }
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
/// starts none. `days` is the policy's time for the Primary Sale; the last day is inclusive (ruling 26).
#[must_use]
pub fn gate(facts: GateFacts, today: NaiveDate, days: u32) -> Gate {
    let locked_on = facts.locked_on.filter(|_| !facts.is_imported);
    let due_on =
        facts.registered_on.or(locked_on).map(|day| day.checked_add_days(Days::new(u64::from(days))).unwrap_or(day));
    match (facts.logged, due_on) {
        (Some((at, on)), due_on) => Gate::Open { at, is_missed: due_on.is_some_and(|due_on| on > due_on) },
        (None, None) if facts.is_imported => Gate::Exempt,
        (None, Some(due_on)) if today > due_on => Gate::Lapsed { due_on },
        (None, due_on) => Gate::Awaiting { due_on },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn logged(on: &str) -> Option<(DateTime<Utc>, NaiveDate)> {
        Some((day(on).and_hms_opt(12, 0, 0).unwrap().and_utc(), day(on)))
    }

    /// Registered on Monday, 5 October 2026: the seventh day is Monday the 12th.
    const fn registered(on: NaiveDate) -> GateFacts {
        GateFacts { registered_on: Some(on), locked_on: None, is_imported: false, logged: None }
    }

    #[test]
    fn seven_days_end_with_the_last_local_day() {
        let facts = registered(day("2026-10-05"));
        assert_eq!(gate(facts, day("2026-10-12"), 7), Gate::Awaiting { due_on: Some(day("2026-10-12")) });
        assert_eq!(gate(facts, day("2026-10-13"), 7), Gate::Lapsed { due_on: day("2026-10-12") });
        let in_time = GateFacts { logged: logged("2026-10-12"), ..facts };
        assert!(matches!(gate(in_time, day("2027-01-01"), 7), Gate::Open { is_missed: false, .. }));
        // Later it opens, and the miss counts for ever.
        let late = GateFacts { logged: logged("2026-10-13"), ..facts };
        assert!(matches!(gate(late, day("2027-01-01"), 7), Gate::Open { is_missed: true, .. }));
    }

    #[test]
    fn the_registration_starts_the_clock_else_the_lock_and_an_import_is_exempt() {
        let locked = GateFacts { locked_on: Some(day("2026-10-06")), ..GateFacts::default() };
        assert_eq!(gate(locked, day("2026-10-07"), 7), Gate::Awaiting { due_on: Some(day("2026-10-13")) });
        let both = GateFacts { registered_on: Some(day("2026-10-01")), ..locked };
        assert_eq!(gate(both, day("2026-10-07"), 7), Gate::Awaiting { due_on: Some(day("2026-10-08")) });
        assert_eq!(gate(GateFacts::default(), day("2026-10-07"), 7), Gate::Awaiting { due_on: None });
        let imported = GateFacts { is_imported: true, ..locked };
        assert_eq!(gate(imported, day("2027-10-07"), 7), Gate::Exempt);
        // Registered here afterwards, it is history no more.
        let back = GateFacts { registered_on: Some(day("2027-10-01")), ..imported };
        assert_eq!(gate(back, day("2027-10-09"), 7), Gate::Lapsed { due_on: day("2027-10-08") });
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

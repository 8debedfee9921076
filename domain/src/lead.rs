//! Leads: who brought them, how fast they are decided, and how many are accepted by sales (seed 002: MQL, EQL, SAL, lead routing).

use crate::calendar::{Calendar, Window};
use crate::deal::DealSource;
use crate::evidence::{Evidence, Interval, Measured, Reason, Sample, wilson};
use crate::origin::Origin;
use crate::policy::Policy;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// How far a lead is qualified, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum LeadClass {
    /// Ecosystem-qualified: warm, by a partner's introduction or intelligence, and of the ideal profile. Its own pipeline, first.
    Eql,
    /// Marketing-qualified: engagement passed a threshold, nobody spoke to it yet.
    Mql,
    /// Sales-qualified: a seller has spoken to it.
    Sql,
}

/// Which leads come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LeadPriority {
    /// Before all others.
    High,
    /// In the order in which they are due.
    Normal,
}

impl LeadClass {
    /// Which come first.
    #[must_use]
    pub const fn priority(self) -> LeadPriority {
        match self {
            Self::Eql => LeadPriority::High,
            Self::Mql | Self::Sql => LeadPriority::Normal,
        }
    }

    /// Hours within which sales decides about it.
    #[must_use]
    pub const fn decision_hours(self, policy: &Policy) -> u16 {
        match self {
            Self::Eql => policy.eql_decision_hours,
            Self::Mql | Self::Sql => policy.lead_decision_hours,
        }
    }
}

/// What a lead is taken for where nobody says: through a partner it is ecosystem-qualified.
#[must_use]
pub const fn assumed(has_partner: bool) -> (LeadClass, DealSource) {
    if has_partner { (LeadClass::Eql, DealSource::Partner) } else { (LeadClass::Mql, DealSource::Direct) }
}

/// Where a lead is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum LeadState {
    /// Sales has not decided.
    Open,
    /// Accepted by sales (SAL).
    Accepted,
    /// Refused by sales, with a reason.
    Refused,
    /// Accepted, and a deal since.
    Converted,
}

/// Why sales refused a lead; the partner that brought it is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum LeadRefusal {
    /// Not the ideal customer profile.
    NotAFit,
    /// Nobody can be reached.
    NoContact,
    /// No need, or not now.
    NoNeed,
    /// It is in motion already.
    Duplicate,
    /// Too little is known to judge it.
    TooLittleKnown,
    /// Outside what the vendor sells to.
    OutsideTerritory,
}

/// By which rule a lead came to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum LeadRoute {
    /// The owner of the open deal on its account.
    AccountOwner,
    /// A routing rule of the program: territory, segment, domain or partner; where none fits, the source partner's manager.
    Rule,
    /// Assigned by hand.
    Hand,
}

/// A lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// The row's id.
    pub id: Uuid,
    /// What it is about, such as the company's name.
    pub name: String,
    /// Its class.
    pub class: LeadClass,
    /// Where it came from.
    pub source: DealSource,
    /// Through whom, in detail: fixed when the lead is made.
    pub origin: Origin,
    /// The registrable domain of the account.
    pub account_domain: Option<String>,
    /// The account with that domain, where the program has exactly one.
    pub account_id: Option<Uuid>,
    /// The buyer's role.
    pub contact_role: Option<String>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The seat that decides about it; none while no rule finds one.
    pub owner_seat_id: Option<Uuid>,
    /// How it came to its owner.
    pub route: Option<LeadRoute>,
    /// When it came to its owner.
    pub routed_at: Option<DateTime<Utc>>,
    /// By when sales decides.
    pub decide_by: DateTime<Utc>,
    /// Where it is.
    pub state: LeadState,
    /// When sales decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// The seat that decided.
    pub decided_by: Option<Uuid>,
    /// Why it was refused.
    pub refusal: Option<LeadRefusal>,
    /// What was said about the decision, inside.
    pub note: Option<String>,
    /// The deal that it became.
    pub deal_id: Option<Uuid>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Why a lead cannot take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LeadStop {
    /// Sales has decided already.
    #[error("sales has decided about this lead already")]
    LeadDecided,
    /// Only an accepted lead becomes a deal.
    #[error("only a lead that sales has accepted becomes a deal, and only once")]
    LeadNotAccepted,
    /// A source partner is named, and the source is another.
    #[error("a lead through a partner has the source PARTNER, or MARKETPLACE where the partner is one")]
    LeadSourceContradicts,
    /// An EQL is qualified by a partner.
    #[error("an ecosystem-qualified lead is qualified by a partner: name it")]
    LeadWithoutPartner,
}

impl Lead {
    /// Whether class, source and partner go together.
    ///
    /// # Errors
    /// [`LeadStop`].
    pub const fn check(class: LeadClass, source: DealSource, partner_id: Option<Uuid>) -> Result<(), LeadStop> {
        match (class, source, partner_id) {
            (LeadClass::Eql, _, None) | (_, DealSource::Partner, None) => Err(LeadStop::LeadWithoutPartner),
            (_, DealSource::Direct | DealSource::Paid, Some(_)) => Err(LeadStop::LeadSourceContradicts),
            (_, DealSource::Partner | DealSource::Marketplace, Some(_))
            | (
                LeadClass::Mql | LeadClass::Sql,
                DealSource::Direct | DealSource::Paid | DealSource::Marketplace,
                None,
            ) => Ok(()),
        }
    }

    /// By when sales decides about a lead of this class.
    #[must_use]
    pub fn due(class: LeadClass, received_at: DateTime<Utc>, policy: &Policy) -> DateTime<Utc> {
        received_at + TimeDelta::hours(class.decision_hours(policy).into())
    }

    /// Its place in the queue: EQLs first, and of one priority what is due first.
    #[must_use]
    pub const fn queue_rank(&self) -> i64 {
        let due = self.decide_by.timestamp();
        match self.class.priority() {
            LeadPriority::High => due,
            // Beyond every date that is kept: the year 9999 has twelve digits of seconds.
            LeadPriority::Normal => due + 1_000_000_000_000,
        }
    }

    /// Whether sales owes a decision.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state == LeadState::Open && now > self.decide_by
    }

    /// Accepts it (`None`) or refuses it.
    ///
    /// # Errors
    /// [`LeadStop::LeadDecided`].
    pub fn decide(
        &mut self,
        refusal: Option<LeadRefusal>,
        note: Option<String>,
        by: Uuid,
        at: DateTime<Utc>,
    ) -> Result<(), LeadStop> {
        if self.state != LeadState::Open {
            return Err(LeadStop::LeadDecided);
        }
        self.state = if refusal.is_some() { LeadState::Refused } else { LeadState::Accepted };
        self.refusal = refusal;
        self.note = note;
        self.decided_at = Some(at);
        self.decided_by = Some(by);
        Ok(())
    }

    /// Becomes a deal.
    ///
    /// # Errors
    /// [`LeadStop::LeadNotAccepted`].
    pub const fn convert(&mut self, deal_id: Uuid) -> Result<(), LeadStop> {
        match self.state {
            LeadState::Accepted => {
                self.state = LeadState::Converted;
                self.deal_id = Some(deal_id);
                Ok(())
            }
            LeadState::Open | LeadState::Refused | LeadState::Converted => Err(LeadStop::LeadNotAccepted),
        }
    }
}

/// By what acceptance is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum LeadGroup {
    /// By source.
    Source,
    /// By source partner; leads without one are one row.
    Partner,
    /// By the source's detail: an agent store's leads apart.
    SourceDetail,
    /// By class.
    Class,
}

/// Leads of one kind, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The class.
    pub class: LeadClass,
    /// The source.
    pub source: DealSource,
    /// The source partner.
    pub partner_id: Option<Uuid>,
    /// The source's detail.
    pub source_detail: Option<String>,
    /// Accepted, converted ones too.
    pub accepted: u64,
    /// Of these, how many became deals.
    pub converted: u64,
    /// Refused.
    pub refused: u64,
    /// Not decided.
    pub open: u64,
    /// Of these, how many should have been.
    pub overdue: u64,
    /// Decided by their time.
    pub on_time: u64,
}

/// What a row of acceptance is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeadKey {
    /// A source.
    Source(&'static str),
    /// A partner, or none.
    Partner(Option<Uuid>),
    /// A source's detail, or none.
    SourceDetail(Option<String>),
    /// A class.
    Class(LeadClass),
}

/// SAL acceptance: of the leads that sales decided about, the share it accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// What it is about.
    pub key: LeadKey,
    /// Accepted.
    pub accepted: u64,
    /// Of these, how many became deals.
    pub converted: u64,
    /// Refused.
    pub refused: u64,
    /// Not decided: on neither side.
    pub open: u64,
    /// Of these, how many should have been.
    pub overdue: u64,
    /// Decided by their time.
    pub on_time: u64,
    /// Accepted / (accepted + refused), 0 to 1, unrounded.
    pub rate: Measured<Decimal>,
    /// Wilson's interval of it.
    pub interval: Option<Interval>,
    /// How much stands behind it: decided leads against the policy's number.
    pub evidence: Evidence,
    /// Of leads through partners: whether the rate is under the policy's bar, which is a fault of the process, not of the leads
    /// (seed 002, SAL). `None` without a rate, and where no partner is in it.
    pub is_under_bar: Option<bool>,
}

/// The instants between which a lead was received in these quarters, the last one not in it.
#[must_use]
pub fn span(calendar: &Calendar, window: Window) -> (DateTime<Utc>, DateTime<Utc>) {
    // Where the clock skips midnight, the day begins with the first hour that exists.
    let begins = |day: NaiveDate| {
        let hours = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
        let first = hours.filter_map(|local| local.and_local_timezone(calendar.zone).earliest()).next();
        first.map_or(day.and_time(NaiveTime::MIN).and_utc(), |at| at.to_utc())
    };
    (begins(calendar.first_day(window.from)), begins(calendar.first_day(window.to.plus(1))))
}

/// Acceptance by group, in the order of the keys.
#[must_use]
pub fn acceptance(tallies: &[Tally], group: LeadGroup, policy: &Policy) -> Vec<Acceptance> {
    let mut groups: BTreeMap<LeadKey, Vec<&Tally>> = BTreeMap::new();
    for tally in tallies {
        let key = match group {
            LeadGroup::Source => LeadKey::Source(tally.source.into()),
            LeadGroup::Partner => LeadKey::Partner(tally.partner_id),
            LeadGroup::SourceDetail => LeadKey::SourceDetail(tally.source_detail.clone()),
            LeadGroup::Class => LeadKey::Class(tally.class),
        };
        groups.entry(key).or_default().push(tally);
    }
    groups.into_iter().map(|(key, tallies)| measure(key, &tallies, policy)).collect()
}

fn measure(key: LeadKey, tallies: &[&Tally], policy: &Policy) -> Acceptance {
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(|tally| of(tally)).sum::<u64>();
    let (accepted, refused) = (sum(|it| it.accepted), sum(|it| it.refused));
    let decided = Decimal::from(accepted + refused);
    let rate = Decimal::from(accepted).checked_div(decided).ok_or(Reason::NoDecidedLeads);
    let is_partners = tallies.iter().any(|tally| tally.partner_id.is_some() && tally.accepted + tally.refused > 0);
    Acceptance {
        key,
        accepted,
        converted: sum(|it| it.converted),
        refused,
        open: sum(|it| it.open),
        overdue: sum(|it| it.overdue),
        on_time: sum(|it| it.on_time),
        rate,
        interval: rate.ok().map(|rate| wilson(Sample { rate, size: decided }, policy.interval_level)),
        evidence: Evidence::of(accepted + refused, accepted + refused, policy.solid_leads),
        is_under_bar: rate.ok().filter(|_| is_partners).map(|rate| rate < policy.sal_acceptance_bar_rate),
    }
}

#[cfg(test)]
#[path = "lead_tests.rs"]
mod tests;

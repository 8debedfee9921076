//! Deal registrations on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime as Instant, Utc};
use domain::registration::{Registration as Row, State};
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use std::sync::Arc;
use uuid::Uuid;

use super::account::Account;
use super::allow::Allow;
use super::caller::{caller, failed};
use super::claim::{self, RegistrationConflict};
use super::deal::Deal;
use super::deal_list;
use super::follow::{event_id, follow};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{Date, DateTime, Decimal};
use super::{global_id, loader};
use crate::usecase::follow::Told;
use crate::usecase::registration::{self, Filter, position};

/// Where a registration stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::registration::StateWord")]
pub enum RegistrationState {
    /// Waits for the vendor.
    Submitted,
    /// Approved; the clocks run.
    Approved,
    /// Approved before, and its validity begun anew.
    Refreshed,
    /// The vendor said no.
    Refused,
    /// The partner took it back.
    Withdrawn,
    /// A clock ran out.
    Expired,
    /// The deal's attribution was locked with this partner on it: from then on the lock protects the credit.
    Converted,
}

/// How far a registration protects its partner now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::registration::Validity")]
pub enum RegistrationValidity {
    /// Not decided yet.
    Pending,
    /// It protects.
    Valid,
    /// A meeting's summary is overdue: it protects nothing until the summary is attached. The clocks run on.
    Suspended,
    /// It protects no more.
    Over,
}

/// Which clock of a registration ran out.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::registration::Expiry")]
pub enum RegistrationExpiry {
    /// No meeting was held in time: within 21 days of the approval by default.
    #[graphql(name = "NO_MEETING_21D")]
    NoMeeting,
    /// Its validity is over: 90 days from the approval by default.
    #[graphql(name = "VALIDITY_90D")]
    Validity,
}

/// The letter of an approval: as text, as it was sent, and as the facts it says.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadRegistrations))]
pub struct RegistrationAcceptance {
    /// The letter, as it was sent.
    text: String,
    /// The last day it is valid, in the program's time zone.
    valid_through: Date,
    /// The account.
    account_name: String,
    /// The problem.
    problem_statement: String,
    /// The day of the next meeting, as it was registered.
    next_meeting_on: Date,
}

/// A meeting that was held on a registration, with its summary.
pub struct RegistrationMeeting(domain::registration::Meeting);

/// A meeting that was held on a registration, with its summary.
#[Object(directive = Allow::apply(Action::ReadRegistrations))]
impl RegistrationMeeting {
    /// The global id of the activity that it is on record as: the SLA clock MEETING_SUMMARY of this meeting is about it. Null of meetings
    /// that were recorded before each had its own clock: theirs is about the registration.
    async fn activity_id(&self) -> Option<ID> {
        self.0.activity_id.map(|id| global_id::encode("Activity", id))
    }

    /// When it was held.
    async fn held_at(&self) -> DateTime {
        DateTime(self.0.held_at)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded.at)
    }

    /// The last instant at which its summary is in time: 24 hours after the meeting by default. Later, and until it is attached,
    /// the registration is suspended.
    async fn summary_due_at(&self) -> DateTime {
        DateTime(self.0.summary_due_at)
    }

    /// The summary; null while it is owed.
    async fn summary(&self) -> Option<&str> {
        self.0.summary.as_ref().map(|summary| summary.text.as_str())
    }

    /// When the summary was attached; null while it is owed.
    async fn summary_attached_at(&self) -> Option<DateTime> {
        self.0.summary.as_ref().map(|summary| DateTime(summary.mark.at))
    }

    /// Whether the summary came after it was due.
    async fn is_summary_late(&self) -> bool {
        self.0.is_summary_late()
    }
}

/// A partner's claim on an account: decided by the vendor, valid by published clocks.
pub struct Registration {
    row: Row,
    now: Instant<Utc>,
    today: chrono::NaiveDate,
}

/// A partner's claim on an account: decided by the vendor, valid by published clocks.
#[Object(directive = Allow::apply(Action::ReadRegistrations))]
impl Registration {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Registration", self.row.id)
    }

    /// The partner that claims; null when the caller may not see it.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.row.partner_id).await?.map(Partner))
    }

    /// Where it stands today, by the program's time zone.
    async fn state(&self) -> RegistrationState {
        self.row.state.word().into()
    }

    /// How far it protects its partner now.
    async fn validity(&self) -> RegistrationValidity {
        self.row.state.validity(self.today, self.now).into()
    }

    /// The account's registrable domain by the public suffix list: what is claimed.
    async fn domain(&self) -> &str {
        &self.row.domain
    }

    /// The account's address as the partner wrote it.
    async fn account_url(&self) -> &str {
        &self.row.account_url
    }

    /// The account's name as the partner wrote it; the domain where it wrote none.
    async fn account_name(&self) -> &str {
        &self.row.account_name
    }

    /// The buyer's role.
    async fn buyer_role(&self) -> &str {
        &self.row.buyer_role
    }

    /// The buyer's problem.
    async fn problem_statement(&self) -> &str {
        &self.row.problem
    }

    /// The day of the next meeting.
    async fn next_meeting_on(&self) -> Date {
        Date(self.row.next_meeting_on)
    }

    /// When the partner discovered the need; null where it did not say.
    async fn discovered_at(&self) -> Option<DateTime> {
        self.row.discovery.as_ref().map(|found| DateTime(found.at))
    }

    /// What shows the discovery.
    async fn discovery_evidence(&self) -> Option<&str> {
        self.row.discovery.as_ref().map(|found| found.evidence.as_str())
    }

    /// When it was submitted.
    async fn submitted_at(&self) -> DateTime {
        DateTime(self.row.submitted_at)
    }

    /// When its owner at the vendor touched it first; null before.
    async fn first_touch_at(&self) -> Option<DateTime> {
        self.row.first_touch.map(|mark| DateTime(mark.at))
    }

    /// When the vendor decided; null before. A refresh is a decision.
    async fn decided_at(&self) -> Option<DateTime> {
        self.row.state.verdict().map(|verdict| DateTime(verdict.mark.at))
    }

    /// The reason of the decision.
    async fn decision_reason(&self) -> Option<&str> {
        self.row.state.verdict().map(|verdict| verdict.reason.as_str())
    }

    /// The letter of the approval; null where there was none.
    async fn acceptance(&self) -> Option<RegistrationAcceptance> {
        self.row.state.grant().map(|grant| RegistrationAcceptance {
            text: grant.letter.clone(),
            valid_through: Date(grant.valid_through),
            account_name: self.row.account_name.clone(),
            problem_statement: self.row.problem.clone(),
            next_meeting_on: Date(self.row.next_meeting_on),
        })
    }

    /// The last day it is valid, in the program's time zone: 90 days from the approval or the refresh by default.
    async fn valid_through(&self) -> Option<Date> {
        self.row.state.grant().map(|grant| Date(grant.valid_through))
    }

    /// The last day by which a meeting must have been held: 21 days from the approval by default. Null before an approval, and
    /// after a refresh.
    async fn meet_by(&self) -> Option<Date> {
        self.row.state.grant().and_then(|grant| grant.meet_by).map(Date)
    }

    /// The version of the policy in force at the approval or the refresh: it gave the days where no contract did. Null before.
    async fn policy_version(&self) -> Option<i64> {
        self.row.state.grant().map(|grant| grant.policy_version)
    }

    /// The version of the partner's contract terms that gave the days of validity or of the meeting; null where the policy gave
    /// both, and before an approval.
    async fn contract_version(&self) -> Option<i64> {
        self.row.state.grant().and_then(|grant| grant.contract_version)
    }

    /// The latest meeting that was held on it.
    async fn meeting(&self) -> Option<RegistrationMeeting> {
        let grant = self.row.state.grant()?;
        grant.all_meetings().pop().cloned().map(RegistrationMeeting)
    }

    /// The meetings that were held on it since its approval, by when they were held, each with its own summary.
    async fn meetings(&self) -> Vec<RegistrationMeeting> {
        let all = self.row.state.grant().map(|grant| grant.all_meetings()).unwrap_or_default();
        all.into_iter().cloned().map(RegistrationMeeting).collect()
    }

    /// Which clock ran out; null while none has.
    async fn expiry_reason(&self) -> Option<RegistrationExpiry> {
        match &self.row.state {
            State::Expired { reason, .. } => Some((*reason).into()),
            _ => None,
        }
    }

    /// The first day on which it held no more, of one that expired.
    async fn expired_on(&self) -> Option<Date> {
        match &self.row.state {
            State::Expired { on, .. } => Some(Date(*on)),
            _ => None,
        }
    }

    /// Whether the partner can be SOURCED on its strength: not where an open deal that is direct, not declared yet or another partner's
    /// stood on the account, and not where a conflict gave it less than the whole influence credit.
    async fn can_be_sourced(&self) -> bool {
        self.row.can_be_sourced()
    }

    /// Its share of the influence credit, 0 to 1, where a conflict of claims was decided.
    async fn influence_share(&self) -> Option<Decimal> {
        self.row.influence_bps.map(|bps| Decimal(rust_decimal::Decimal::new(bps, 4).normalize()))
    }

    /// The conflict of claims that it is part of, the latest; null where there was none.
    async fn conflict(&self, ctx: &Context<'_>) -> Result<Option<RegistrationConflict>> {
        claim::conflict(ctx, self.row.conflict_id).await
    }

    /// The deal; null while other claims stand on the account.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, self.row.deal_id).await
    }

    /// The account; null where the program has none with this domain.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.row.account_id {
            Some(id) => Ok(loader::account(ctx, id).await?.map(Account)),
            None => Ok(None),
        }
    }

    /// The seat that owns it, by the routing rules; null where none fits and nobody manages the partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn owner_id(&self) -> Option<ID> {
        self.row.owner_seat_id.map(|id| global_id::encode("Seat", id))
    }

    /// The name of the seat that owns it.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn owner_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.row.owner_seat_id {
            Some(id) => loader::owner_name(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// Comparisons of a registration's state. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct RegistrationStateFilter {
    /// Exactly this state.
    eq: Option<RegistrationState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<RegistrationState>>,
}

/// Which registrations to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct RegistrationFilter {
    /// By where it stands today.
    state: Option<RegistrationStateFilter>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
    /// By the seat that owns it.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    owner_id: Option<IdFilter>,
}

impl RegistrationFilter {
    fn read(self, today: chrono::NaiveDate) -> Filter {
        let ids = |given: Option<IdFilter>, kind| {
            given.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
        };
        let states = self.state.and_then(|state| both(state.eq, state.any));
        Filter {
            states: states.map(|list| list.into_iter().map(Into::into).collect()),
            today,
            partners: ids(self.partner_id, "Partner"),
            owners: ids(self.owner_id, "Seat"),
        }
    }
}

async fn wrapped(ctx: &Context<'_>) -> Result<impl Fn(Row) -> Registration> {
    let now = caller(ctx)?.office.clock.now();
    let today = loader::program(ctx).await?.calendar.day(now);
    Ok(move |row| Registration { row, now, today })
}

/// A registration that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Registration>> {
    let Some(id) = id else { return Ok(None) };
    let wrap = wrapped(ctx).await?;
    Ok(loader::registration(ctx, id).await?.map(wrap))
}

/// Registrations that were read already.
pub(super) async fn all(ctx: &Context<'_>, rows: Vec<Row>) -> Result<Vec<Registration>> {
    let wrap = wrapped(ctx).await?;
    Ok(rows.into_iter().map(wrap).collect())
}

/// Reads of registrations.
#[derive(Default)]
pub struct RegistrationQuery;

#[Object]
impl RegistrationQuery {
    /// Deal registrations, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadRegistrations))]
    async fn registrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which registrations to list.")] filter: Option<RegistrationFilter>,
    ) -> Result<Connected<Registration>> {
        let caller = caller(ctx)?;
        let today = registration::day_now(caller).await.map_err(|why| failed(&why))?;
        let filter = filter.unwrap_or_default().read(today);
        let binding = Binding::of(caller, "registrations", &Filter { today: chrono::NaiveDate::MIN, ..filter.clone() });
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = registration::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        let total = TotalCount::Registrations(filter);
        let wrap = wrapped(ctx).await?;
        Ok(connect(page, &binding, total, |row| (position(row), row.id), wrap))
    }

    /// One registration by its global id; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadRegistrations))]
    async fn registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Registration>> {
        one(ctx, Some(global_id::of_kind(&id, "Registration"))).await
    }
}

/// What happened to a registration: read the registration for how it stands now.
pub struct RegistrationDecided {
    event: Arc<Told>,
    row: Row,
}

/// What happened to a registration: read the registration for how it stands now.
#[Object(directive = Allow::apply(Action::ReadRegistrations))]
impl RegistrationDecided {
    /// The event's id: subscribe with it as `after` to go on behind it.
    async fn event_id(&self) -> ID {
        event_id(&self.event)
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.event.recorded_at)
    }

    /// Whether a clock ran out; else the vendor decided: approved, refused, settled a conflict, or began the validity anew.
    async fn is_expired(&self) -> bool {
        self.event.kind == registration::EXPIRED_EVENT
    }

    /// The registration.
    async fn registration(&self, ctx: &Context<'_>) -> Result<Registration> {
        Ok(wrapped(ctx).await?(self.row.clone()))
    }
}

/// Follows of registrations.
#[derive(Default)]
pub struct RegistrationSubscription;

#[Subscription]
impl RegistrationSubscription {
    /// Decisions about registrations and clocks of theirs that ran out. Each is told once, of those that you may see, in the order
    /// in which it happened.
    #[graphql(directive = Allow::apply(Action::ReadRegistrations))]
    async fn registration_decided(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = RegistrationDecided> + use<>> {
        let events = follow::<Row>(ctx, after).await?;
        Ok(events.map(|(event, row)| RegistrationDecided { event, row }))
    }
}

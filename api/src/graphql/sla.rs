//! Promises with due times on the wire, and how they were kept.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use chrono::Utc;
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::follow::{event_id, follow};
use super::measurement::{Evidence, Interval, decimal, int};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{DateTime, Decimal, Quarter};
use super::{global_id, loader};
use crate::usecase::Failure;
use crate::usecase::sla::{self, Filter, Rates, position};

/// What was promised.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::sla::SlaKind")]
pub enum SlaKind {
    /// The vendor touches a registration or a lead of the partner's for the first time: 2 business hours by default.
    FirstTouch,
    /// The vendor writes the summary of a joint call, a joint meeting or a session of the joint pod: 48 hours from when it was held by
    /// default.
    HandoffSummary,
    /// The vendor joins the first call of a registration: within 5 business days of its approval by default, by when the first joint
    /// meeting was held.
    JoinFirstCall,
    /// The side before which an escalation is put answers it, the vendor or the partner: 48 hours by default.
    Escalation,
    /// The vendor routes a registration or a lead to its owner: 15 minutes by default.
    Routing,
    /// The partner attaches the summary of a meeting on its registration: 24 hours by default. Each meeting has a clock of its own, about
    /// its activity.
    MeetingSummary,
    /// The partner answers a request of the Pod: 72 hours by default.
    PodRequest,
    /// The receiver of a handoff between stages of the funnel acknowledges it, the vendor or the partner: 48 hours by default.
    Handoff,
}

/// Who owes what was promised.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::sla::SlaOwner")]
pub enum SlaOwner {
    /// The vendor's people.
    Vendor,
    /// The partner.
    Partner,
}

/// How a promise stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::sla::SlaState")]
pub enum SlaState {
    /// It is owed and there is still time.
    Running,
    /// It was done by its due time, inclusive.
    Met,
    /// Its due time passed first, whether or not it was done later.
    Missed,
    /// It stopped being owed while there was still time; it counts as neither kept nor broken.
    Stopped,
}

/// A promise with its due time. Hours are exact; business hours and days run in the program's working calendar.
pub struct SlaClock(pub(super) domain::sla::SlaClock);

/// A promise with its due time. Hours are exact; business hours and days run in the program's working calendar.
#[Object(directive = Allow::apply(Action::ReadSlaClocks))]
impl SlaClock {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("SlaClock", self.0.id)
    }

    /// What was promised.
    async fn kind(&self) -> SlaKind {
        self.0.kind.into()
    }

    /// Who owes it.
    async fn owner(&self) -> SlaOwner {
        self.0.owner.into()
    }

    /// How it stands now.
    async fn state(&self, ctx: &Context<'_>) -> Result<SlaState> {
        Ok(self.0.state(caller(ctx)?.office.clock.now()).into())
    }

    /// The kind of row it is about, such as "Registration".
    async fn subject_type(&self) -> &str {
        &self.0.subject_type
    }

    /// The global id of the row it is about.
    async fn subject_id(&self) -> ID {
        global_id::encode(&self.0.subject_type, self.0.subject_id)
    }

    /// The partner to whom, or by whom, it is owed; null where no partner is concerned.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// When it began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// By when it is due, inclusive.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    /// When it was done; null while it was not.
    async fn met_at(&self) -> Option<DateTime> {
        self.0.met_at.map(DateTime)
    }

    /// When it stopped being owed.
    async fn stopped_at(&self) -> Option<DateTime> {
        self.0.stopped_at.map(DateTime)
    }

    /// The version of the policy in force when it began: it gave the term where no contract did.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// The version of the partner's contract terms that gave its term; null where the policy did.
    async fn contract_version(&self) -> Option<i64> {
        self.0.contract_version
    }
}

/// How promises of one kind were kept by one side.
pub struct KeptPromises(domain::sla::Kept, Arc<Rates>);

/// How promises of one kind were kept by one side.
#[Object(directive = Allow::apply(Action::ReadScorecard))]
impl KeptPromises {
    /// What was promised.
    async fn kind(&self) -> SlaKind {
        self.0.kind.into()
    }

    /// Who owes it.
    async fn owner(&self) -> SlaOwner {
        self.0.owner.into()
    }

    /// How many were done by their due time.
    async fn met(&self) -> i32 {
        int(self.0.met)
    }

    /// How many were not.
    async fn missed(&self) -> i32 {
        int(self.0.missed)
    }

    /// How many are still owed in time.
    async fn running(&self) -> i32 {
        int(self.0.running)
    }

    /// met / (met + missed), 0 to 1; null where nothing is decided.
    async fn kept_rate(&self) -> Option<Decimal> {
        self.0.rate().map(decimal)
    }

    /// Wilson's interval of the rate.
    async fn interval(&self) -> Option<Interval> {
        self.0.interval(&self.1.policy).map(Into::into)
    }

    /// How much stands behind the rate: NONE without a decided promise, THIN under the policy's number (10 by default).
    async fn evidence(&self) -> Evidence {
        self.0.evidence(&self.1.policy).into()
    }

    /// The mean response time in hours on any clock: from the start until it was done; what was not done counts with its age so
    /// far.
    async fn mean_response_hours(&self) -> Option<Decimal> {
        self.0.mean_hours().map(decimal)
    }
}

/// Each entry with what it is judged under.
pub(super) fn promises(rates: Rates) -> Vec<KeptPromises> {
    let rates = Arc::new(rates);
    rates.kept.iter().map(|kept| KeptPromises(*kept, rates.clone())).collect()
}

/// How all promises of the program were kept that fell due in a quarter.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSlaRates))]
pub struct SlaRates {
    /// The fiscal quarter in which they fell due.
    quarter: Quarter,
    /// The version of the policy under which they are judged.
    policy_version: i64,
    /// By owner and kind; kinds without a promise are left out.
    promises: Vec<KeptPromises>,
}

/// Comparisons of a kind of promise. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct SlaKindFilter {
    /// Exactly this kind.
    eq: Option<SlaKind>,
    /// One of these kinds.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<SlaKind>>,
}

/// Comparisons of who owes. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct SlaOwnerFilter {
    /// Exactly this one.
    eq: Option<SlaOwner>,
}

/// Comparisons of a promise's state. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct SlaStateFilter {
    /// Exactly this state.
    eq: Option<SlaState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<SlaState>>,
}

/// A range of instants, both ends included.
#[derive(InputObject, Clone)]
pub struct InstantRangeFilter {
    /// At this instant or later.
    gte: Option<DateTime>,
    /// At this instant or earlier.
    lte: Option<DateTime>,
}

/// Which promises to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct SlaClockFilter {
    /// By what was promised.
    kind: Option<SlaKindFilter>,
    /// By who owes it.
    owner: Option<SlaOwnerFilter>,
    /// By how it stands now.
    state: Option<SlaStateFilter>,
    /// By partner.
    partner_id: Option<IdFilter>,
    /// By the row it is about.
    subject_id: Option<IdFilter>,
    /// By when it is due.
    due_at: Option<InstantRangeFilter>,
}

impl SlaClockFilter {
    fn at(self, now: chrono::DateTime<Utc>) -> Filter {
        let all = |list: Vec<SlaKind>| list.into_iter().map(Into::into).collect();
        let states = self.state.and_then(|state| both(state.eq, state.any));
        let partners = self.partner_id.and_then(|ids| both(ids.eq, ids.any));
        let subjects = self.subject_id.and_then(|ids| both(ids.eq, ids.any));
        Filter {
            kinds: self.kind.and_then(|kind| both(kind.eq, kind.any)).map(all),
            owners: self.owner.and_then(|owner| owner.eq).map(|owner| vec![owner.into()]),
            states: states.map(|list| (list.into_iter().map(Into::into).collect(), now)),
            partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")),
            subjects: subjects
                .map(|ids| ids.iter().map(|id| global_id::decode(id).map_or(uuid::Uuid::nil(), |it| it.1)).collect()),
            due_from: self.due_at.as_ref().and_then(|range| range.gte).map(|at| at.0),
            due_to: self.due_at.as_ref().and_then(|range| range.lte).map(|at| at.0),
        }
    }
}

/// A promise by its id; none for a role that reads none, or outside the slice.
pub(super) async fn one(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<SlaClock>> {
    match sla::find(caller(ctx)?, id).await {
        Ok(found) => Ok(found.map(SlaClock)),
        Err(Failure::Denied) => Ok(None),
        Err(why) => Err(failed(&why)),
    }
}

/// Reads of promises.
#[derive(Default)]
pub struct SlaQuery;

#[Object]
impl SlaQuery {
    /// The promises between the vendor and partners, the first due first. The owner of deals sees those about its deals: their
    /// registrations, requests, handoffs, calls and escalations, and those about leads that it owns.
    #[graphql(directive = Allow::apply(Action::ReadSlaClocks))]
    async fn sla_clocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which promises to list.")] filter: Option<SlaClockFilter>,
    ) -> Result<Connected<SlaClock>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default().at(caller.office.clock.now());
        // A cursor goes on while time does: it is bound to the states asked for, not to the instant.
        let shape = Filter {
            states: filter.states.clone().map(|(states, _)| (states, chrono::DateTime::UNIX_EPOCH)),
            ..filter.clone()
        };
        let binding = Binding::of(caller, "slaClocks", &shape);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Asc)?;
        let page = sla::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::SlaClocks(filter), |row| (position(row), row.id), SlaClock))
    }

    /// How the promises of the whole program were kept that fell due in a fiscal quarter, with all partners.
    #[graphql(directive = Allow::apply(Action::ReadSlaRates))]
    async fn sla_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The fiscal quarter; the present one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<SlaRates> {
        let rates = sla::rates(caller(ctx)?, quarter.map(|quarter| quarter.0)).await.map_err(|why| failed(&why))?;
        let (quarter, policy_version) = (Quarter(rates.window.to), rates.policy.version);
        Ok(SlaRates { quarter, policy_version, promises: promises(rates) })
    }
}

/// A promise that is about to be missed, or was: read the clock for how it stands now.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSlaClocks))]
pub struct SlaDue {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it was told.
    at: DateTime,
    /// Whether its due time has passed; else it is about to.
    is_missed: bool,
    /// The promise.
    sla_clock: SlaClock,
}

/// Follows of promises.
#[derive(Default)]
pub struct SlaSubscription;

#[Subscription]
impl SlaSubscription {
    /// Promises that are about to be missed (three quarters of their time have passed by default), and those that were. Each is
    /// told once, of those that you may see, in the order in which it happened.
    #[graphql(directive = Allow::apply(Action::ReadSlaClocks))]
    async fn sla_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = SlaDue> + use<>> {
        let events = follow::<domain::sla::SlaClock>(ctx, after).await?;
        Ok(events.map(|(event, clock)| SlaDue {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_missed: event.kind == sla::MISSED_EVENT,
            sla_clock: SlaClock(clock),
        }))
    }
}

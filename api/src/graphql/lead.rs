//! Leads on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::role::Action;
use futures_util::{Stream, StreamExt};

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::{Deal, DealSource};
use super::follow::{event_id, follow};
use super::measurement::{Evidence, Interval, Reason, Window, decimal, int, reason};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TextFilter, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{Date, DateTime, Decimal, Quarter};
use super::{deal_list, global_id, loader};
use crate::usecase::lead::{self, Filter, position};

/// How far a lead is qualified, and by whom.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadClass")]
pub enum LeadClass {
    /// Ecosystem-qualified: warm, by a partner's introduction or intelligence. A pipeline of its own, before all others.
    Eql,
    /// Marketing-qualified: engagement passed a threshold, nobody spoke to it yet.
    Mql,
    /// Sales-qualified: a seller has spoken to it.
    Sql,
}

/// Which leads come first.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadPriority")]
pub enum LeadPriority {
    /// Before all others.
    High,
    /// In the order in which they are due.
    Normal,
}

/// Where a lead is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadState")]
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

/// Why sales refused a lead. The partner that brought it is told so.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadRefusal")]
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
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadRoute")]
pub enum LeadRoute {
    /// The owner of the open deal on its account.
    AccountOwner,
    /// A routing rule of the program: territory, segment, domain or partner; where none fits, the source partner's manager.
    Rule,
    /// Assigned by hand.
    Hand,
}

/// By what SAL acceptance is told apart.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::lead::LeadGroup")]
pub enum LeadGroup {
    /// By source.
    Source,
    /// By source partner; leads without one are one row. Only partners that the caller may see are listed.
    Partner,
    /// By the source's detail: an agent store's leads apart.
    SourceDetail,
    /// By class.
    Class,
}

/// Interest in the product that is no deal yet. What it came through is fixed when it is made, and survives to closed-won.
pub struct Lead(pub domain::lead::Lead);

/// Interest in the product that is no deal yet. What it came through is fixed when it is made, and survives to closed-won.
#[Object(directive = Allow::apply(Action::ReadLeads))]
impl Lead {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Lead", self.0.id)
    }

    /// What it is about, such as the company's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its class.
    async fn class(&self) -> LeadClass {
        self.0.class.into()
    }

    /// Whether it comes first.
    async fn priority(&self) -> LeadPriority {
        self.0.class.priority().into()
    }

    /// Where it is.
    async fn state(&self) -> LeadState {
        self.0.state.into()
    }

    /// The partner through which it came.
    async fn source_partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.origin.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// When it was received.
    async fn received_at(&self) -> DateTime {
        DateTime(self.0.received_at)
    }

    /// By when sales decides: for an EQL sooner (4 hours by default) than for other leads (48).
    async fn decide_by(&self) -> DateTime {
        DateTime(self.0.decide_by)
    }

    /// When sales decided.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.decided_at.map(DateTime)
    }

    /// Why it was refused.
    async fn refusal(&self) -> Option<LeadRefusal> {
        self.0.refusal.map(Into::into)
    }

    /// Whether sales owes a decision: the time has passed.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.is_overdue(caller(ctx)?.office.clock.now()))
    }

    /// Where it came from.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn source(&self) -> DealSource {
        self.0.source.into()
    }

    /// The source in detail: referrer parameters, a campaign, an agent store.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn source_detail(&self) -> Option<&str> {
        self.0.origin.source_detail.as_deref()
    }

    /// The token of an affiliate's or partner's link, for billing.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn referral_token(&self) -> Option<&str> {
        self.0.origin.referral_token.as_deref()
    }

    /// The registrable domain of the account.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn account_domain(&self) -> Option<&str> {
        self.0.account_domain.as_deref()
    }

    /// The buyer's role.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn contact_role(&self) -> Option<&str> {
        self.0.contact_role.as_deref()
    }

    /// The name of whoever decides about it; null while no rule found anybody.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn owner_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.0.owner_seat_id {
            Some(id) => loader::lead_owner(ctx, id).await,
            None => Ok(None),
        }
    }

    /// How it came to its owner.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn route(&self) -> Option<LeadRoute> {
        self.0.route.map(Into::into)
    }

    /// When it came to its owner.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn routed_at(&self) -> Option<DateTime> {
        self.0.routed_at.map(DateTime)
    }

    /// What was said about the decision, inside.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The deal that it became; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, self.0.deal_id).await
    }

    /// When the row was recorded.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Comparisons of a lead's state. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct LeadStateFilter {
    /// Exactly this state.
    eq: Option<LeadState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<LeadState>>,
}

/// Comparisons of a lead's class. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct LeadClassFilter {
    /// Exactly this class.
    eq: Option<LeadClass>,
    /// One of these classes.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<LeadClass>>,
}

/// Which leads to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct LeadFilter {
    /// By state.
    state: Option<LeadStateFilter>,
    /// By class: EQL is a pipeline of its own.
    class: Option<LeadClassFilter>,
    /// By the partner through which they came.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    source_partner_id: Option<IdFilter>,
    /// By the source's detail.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    source_detail: Option<TextFilter>,
    /// By referral token.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    referral_token: Option<TextFilter>,
    /// Only those with (or without) an owner.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    has_owner: Option<bool>,
}

impl From<LeadFilter> for Filter {
    fn from(filter: LeadFilter) -> Self {
        let partners = filter.source_partner_id.and_then(|ids| both(ids.eq, ids.any));
        let states = filter.state.and_then(|state| both(state.eq, state.any));
        let classes = filter.class.and_then(|class| both(class.eq, class.any));
        Self {
            states: states.map(|list| list.into_iter().map(Into::into).collect()),
            classes: classes.map(|list| list.into_iter().map(Into::into).collect()),
            partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")),
            details: filter.source_detail.and_then(|details| details.list()),
            tokens: filter.referral_token.and_then(|tokens| tokens.list()),
            has_owner: filter.has_owner,
            owners: None,
        }
    }
}

/// SAL acceptance of one group of leads: accepted / (accepted + refused) of the leads received in the window.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSalAcceptance))]
pub struct SalAcceptance {
    /// What the group is, in a word: a source, a partner's name, a source's detail, a class; "(none)" for leads without one.
    group: String,
    /// The partner, where grouped by partner.
    partner: Option<Partner>,
    /// Accepted by sales, converted ones too.
    accepted: i32,
    /// Of these, how many became deals.
    converted: i32,
    /// Refused by sales.
    refused: i32,
    /// Not decided: on neither side.
    open: i32,
    /// Of these, how many should have been.
    overdue: i32,
    /// Decided by their time.
    decided_on_time: i32,
    /// The rate, 0 to 1; null while none is decided.
    rate: Option<Decimal>,
    /// Wilson's score interval of the rate.
    interval: Option<Interval>,
    /// How much stands behind it: THIN under 10 decided leads by default.
    evidence: Evidence,
    /// Whether leads through partners are accepted at less than the policy's bar, 70 % by default: a fault of the process or of
    /// the rubric, not of the partner. Null without a rate, and where no lead came through a partner.
    is_under_bar: Option<bool>,
    /// Why the rate is null.
    reason: Option<Reason>,
}

/// SAL acceptance by group. Rates are the program's, the same for everybody who may read them; which partners are listed depends
/// on who asks.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSalAcceptance))]
pub struct SalAcceptanceReport {
    /// The date as of which the window was taken.
    as_of: Date,
    /// The first quarter of the window, by when leads were received.
    from: Quarter,
    /// The last quarter of the window.
    to: Quarter,
    /// The groups.
    groups: Vec<SalAcceptance>,
}

async fn shown(ctx: &Context<'_>, row: domain::lead::Acceptance) -> Result<Option<SalAcceptance>> {
    use domain::lead::LeadKey;
    let none = || "(none)".to_owned();
    let mut partner = None;
    let group = match &row.key {
        LeadKey::Source(word) => (*word).to_owned(),
        LeadKey::Class(class) => {
            let word: &str = (*class).into();
            word.to_owned()
        }
        LeadKey::SourceDetail(detail) => detail.clone().unwrap_or_else(none),
        LeadKey::Partner(None) => none(),
        LeadKey::Partner(Some(id)) => {
            let Some(found) = loader::partner(ctx, *id).await? else { return Ok(None) };
            let name = found.name.clone();
            partner = Some(Partner(found));
            name
        }
    };
    Ok(Some(SalAcceptance {
        group,
        partner,
        accepted: int(row.accepted),
        converted: int(row.converted),
        refused: int(row.refused),
        open: int(row.open),
        overdue: int(row.overdue),
        decided_on_time: int(row.on_time),
        rate: row.rate.ok().map(decimal),
        interval: row.interval.map(Into::into),
        evidence: row.evidence.into(),
        is_under_bar: row.is_under_bar,
        reason: reason(&row.rate),
    }))
}

/// One lead as the caller may see it.
pub(super) async fn one(ctx: &Context<'_>, id: Option<uuid::Uuid>) -> Result<Option<Lead>> {
    match id {
        Some(id) => Ok(loader::lead(ctx, id).await?.map(Lead)),
        None => Ok(None),
    }
}

/// Reads of leads.
#[derive(Default)]
pub struct LeadQuery;

#[Object]
impl LeadQuery {
    /// The leads that the caller may see, in the order of the queue: EQLs first, and of one priority what is due first.
    #[graphql(directive = Allow::apply(Action::ReadLeads))]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which leads to list.")] filter: Option<LeadFilter>,
    ) -> Result<Connected<Lead>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let binding = Binding::of(caller, "leads", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Asc)?;
        let page = lead::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Leads(filter), |row| (position(row), row.id), Lead))
    }

    /// One lead; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadLeads))]
    async fn lead(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Result<Option<Lead>> {
        one(ctx, Some(global_id::of_kind(&id, "Lead"))).await
    }

    /// SAL acceptance: of the leads that sales decided about, the share it accepted, with counts and evidence.
    #[graphql(directive = Allow::apply(Action::ReadSalAcceptance))]
    async fn sal_acceptance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By what groups are told apart.", default_with = "LeadGroup::Source")] group_by: LeadGroup,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.")]
        as_of: Option<Date>,
        #[graphql(desc = "Which quarters to measure, by when leads were received.", default)] window: Window,
    ) -> Result<SalAcceptanceReport> {
        let group = group_by.into();
        let (as_of, window, rows) = lead::sal_acceptance(caller(ctx)?, group, as_of.map(|day| day.0), window.into())
            .await
            .map_err(|why| failed(&why))?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            groups.extend(shown(ctx, row).await?);
        }
        Ok(SalAcceptanceReport { as_of: Date(as_of), from: Quarter(window.from), to: Quarter(window.to), groups })
    }
}

/// What happened to a lead: read the lead for how it stands now.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadLeads))]
pub struct LeadTold {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// Whether sales decided about it; else it came in or changed its owner, or no rule finds one.
    is_decided: bool,
    /// The lead.
    lead: Lead,
}

/// Follows of leads.
#[derive(Default)]
pub struct LeadSubscription;

#[Subscription]
impl LeadSubscription {
    /// Leads that come in, change their owner or are decided. Each is told once, of those that you may see, in the order in which it
    /// happened.
    #[graphql(directive = Allow::apply(Action::ReadLeads))]
    async fn lead_told(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = LeadTold> + use<>> {
        let events = follow::<domain::lead::Lead>(ctx, after).await?;
        Ok(events.map(|(event, row)| LeadTold {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_decided: event.kind == lead::DECIDED_EVENT,
            lead: Lead(row),
        }))
    }
}

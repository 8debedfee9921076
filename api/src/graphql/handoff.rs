//! Handoffs between the stages of the funnel, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::handoff as method;
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::{Deal, DealKind};
use super::follow::{event_id, follow};
use super::funnel::FunnelStage;
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::role::RoleWord;
use super::scalar::DateTime;
use super::{deal_list, global_id, loader};
use crate::usecase::handoff::{self, Filter, position};

/// What happens to a deal.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::HandoffEvent")]
pub enum HandoffEvent {
    /// It passed Stage 1.
    StageOnePassed,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

/// How a handoff stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::HandoffState")]
pub enum HandoffState {
    /// It waits, in time.
    Waiting,
    /// It waits, and its time is over.
    Overdue,
    /// The receiver acknowledged it, in time or late.
    Acknowledged,
}

/// A rule: when a deal with a partner meets the event, the giver hands over to the receiver.
pub struct HandoffRule(method::HandoffRule);

/// A rule: when a deal with a partner meets the event, the giver hands over to the receiver.
#[Object(directive = Allow::apply(Action::ReadHandoffRules))]
impl HandoffRule {
    /// The stage that ends.
    async fn from_stage(&self) -> FunnelStage {
        self.0.from.into()
    }

    /// The stage that begins.
    async fn to_stage(&self) -> FunnelStage {
        self.0.to.into()
    }

    /// The event that fires it.
    async fn event(&self) -> HandoffEvent {
        self.0.event.into()
    }

    /// Only deals of this kind; null means every kind.
    async fn deal_kind(&self) -> Option<DealKind> {
        self.0.deal_kind.map(Into::into)
    }

    /// Who hands over.
    async fn giver(&self) -> RoleWord {
        self.0.giver.into()
    }

    /// Who receives and acknowledges.
    async fn receiver(&self) -> RoleWord {
        self.0.receiver.into()
    }

    /// What is handed over.
    async fn what(&self) -> &str {
        &self.0.what
    }
}

/// The rules of a program.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadHandoffRules))]
pub struct HandoffRules {
    /// The rules; none where none were set, and then nothing is handed over.
    rules: Vec<HandoffRule>,
    /// The version, for `expectedVersion` of a change; 0 where none were set.
    version: i64,
}

/// A handoff that an event of a deal fired.
pub struct Handoff(method::Handoff);

/// A handoff that an event of a deal fired.
#[Object(directive = Allow::apply(Action::ReadHandoffs))]
impl Handoff {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Handoff", self.0.id)
    }

    /// The deal; null when the caller may not see it.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, Some(self.0.deal_id)).await
    }

    /// The partner that the deal goes by: its SOURCED partner, else the one whose attribution was locked first.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The stage that ends.
    async fn from_stage(&self) -> FunnelStage {
        self.0.rule.from.into()
    }

    /// The stage that begins.
    async fn to_stage(&self) -> FunnelStage {
        self.0.rule.to.into()
    }

    /// The event that fired it.
    async fn event(&self) -> HandoffEvent {
        self.0.rule.event.into()
    }

    /// Who hands over.
    async fn giver(&self) -> RoleWord {
        self.0.rule.giver.into()
    }

    /// Who receives and acknowledges.
    async fn receiver(&self) -> RoleWord {
        self.0.rule.receiver.into()
    }

    /// What is handed over.
    async fn what(&self) -> &str {
        &self.0.rule.what
    }

    /// When it was fired.
    async fn fired_at(&self) -> DateTime {
        DateTime(self.0.fired_at)
    }

    /// By when it is to be acknowledged, inclusive: 48 hours after it fired by default, or what the partner's contract says.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    /// How it stands now.
    async fn state(&self, ctx: &Context<'_>) -> Result<HandoffState> {
        Ok(self.0.state(caller(ctx)?.office.clock.now()).into())
    }

    /// When the receiver acknowledged it; null while it waits.
    async fn acknowledged_at(&self) -> Option<DateTime> {
        self.0.acknowledged_at.map(DateTime)
    }

    /// Whether it was acknowledged after its due time.
    async fn is_late(&self) -> bool {
        self.0.is_late()
    }

    /// What the receiver said.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Comparisons of a handoff's state. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct HandoffStateFilter {
    /// Exactly this state.
    eq: Option<HandoffState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<HandoffState>>,
}

/// Which handoffs to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct HandoffFilter {
    /// By how it stands now.
    state: Option<HandoffStateFilter>,
    /// By deal.
    deal_id: Option<IdFilter>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
}

impl HandoffFilter {
    fn at(self, now: chrono::DateTime<chrono::Utc>) -> Filter {
        let states = self.state.and_then(|state| both(state.eq, state.any));
        let ids = |given: Option<IdFilter>, kind| {
            given.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
        };
        Filter {
            states: states.map(|list| (list.into_iter().map(Into::into).collect(), now)),
            partners: ids(self.partner_id, "Partner"),
            deals: ids(self.deal_id, "Deal"),
        }
    }
}

/// A rule to set.
#[derive(InputObject)]
pub struct HandoffRuleInput {
    /// The stage that ends.
    from_stage: FunnelStage,
    /// The stage that begins: another one.
    to_stage: FunnelStage,
    /// The event that fires it.
    event: HandoffEvent,
    /// Only deals of this kind; left out, every kind.
    deal_kind: Option<DealKind>,
    /// Who hands over: OPERATOR, PARTNER_AE, CUSTOMER_AE, PARTNER_MANAGER, REVOPS or PARTNER.
    giver: RoleWord,
    /// Who receives and acknowledges: another of these.
    receiver: RoleWord,
    /// What is handed over, at most 2000 characters.
    what: String,
}

impl From<&HandoffRuleInput> for method::HandoffRule {
    fn from(input: &HandoffRuleInput) -> Self {
        Self {
            from: input.from_stage.into(),
            to: input.to_stage.into(),
            event: input.event.into(),
            deal_kind: input.deal_kind.map(Into::into),
            giver: input.giver.into(),
            receiver: input.receiver.into(),
            what: input.what.clone(),
        }
    }
}

/// The rules, all of them.
#[derive(InputObject)]
pub struct HandoffRulesSetInput {
    /// The rules, at most 50. For one event, stage and receiver a deal is handed over once: two rules that could do so are refused.
    rules: Vec<HandoffRuleInput>,
    /// The version you read, 0 where none were set; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A handoff to acknowledge.
#[derive(InputObject)]
pub struct HandoffAcknowledgeInput {
    /// The handoff.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What you say to it, at most 2000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting the rules.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageHandoffRules))]
pub struct HandoffRulesSetPayload {
    /// The rules as they are now; null when they were refused.
    handoff_rules: Option<HandoffRules>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of acknowledging a handoff.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AcknowledgeHandoffs))]
pub struct HandoffAcknowledgePayload {
    /// The handoff; null when it was refused.
    handoff: Option<Handoff>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn rules(ctx: &Context<'_>) -> Result<HandoffRules> {
    let found = handoff::rules(caller(ctx)?).await.map_err(|why| failed(&why))?;
    Ok(HandoffRules { rules: found.rules.into_iter().map(HandoffRule).collect(), version: found.version })
}

/// A handoff that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Handoff>> {
    let Some(id) = id else { return Ok(None) };
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadHandoffs) {
        return Ok(None);
    }
    Ok(handoff::find(caller, id).await.map_err(|why| failed(&why))?.map(Handoff))
}

/// Reads of handoffs.
#[derive(Default)]
pub struct HandoffQuery;

#[Object]
impl HandoffQuery {
    /// The rules by which events of deals fire handoffs.
    #[graphql(directive = Allow::apply(Action::ReadHandoffRules))]
    async fn handoff_rules(&self, ctx: &Context<'_>) -> Result<HandoffRules> {
        rules(ctx).await
    }

    /// Handoffs on deals, the latest first; a partner's token those that it gives or receives itself.
    #[graphql(directive = Allow::apply(Action::ReadHandoffs))]
    async fn handoffs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which handoffs to list.")] filter: Option<HandoffFilter>,
    ) -> Result<Connected<Handoff>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default().at(caller.office.clock.now());
        // A cursor goes on while time does: it is bound to the states asked for, not to the instant.
        let shape = Filter {
            states: filter.states.clone().map(|(states, _)| (states, chrono::DateTime::UNIX_EPOCH)),
            ..filter.clone()
        };
        let binding = Binding::of(caller, "handoffs", &shape);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = handoff::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Handoffs(filter), |row| (position(row), row.id), Handoff))
    }
}

/// Changes of handoffs.
#[derive(Default)]
pub struct HandoffMutation;

#[Object]
impl HandoffMutation {
    /// Sets the rules by which events of deals fire handoffs, all of them, in place of those before.
    #[graphql(directive = Allow::apply(Action::ManageHandoffRules))]
    async fn handoff_rules_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rules.")] input: HandoffRulesSetInput,
    ) -> Result<HandoffRulesSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let given = input.rules.iter().map(Into::into).collect();
            handoff::set(caller, given, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("handoffRulesSet", input.idempotency_key.as_ref(), &input, work).await?;
        let handoff_rules = if id.is_some() { Some(rules(ctx).await?) } else { None };
        Ok(HandoffRulesSetPayload { handoff_rules, replayed, user_errors })
    }

    /// Acknowledges a handoff, once, as its receiver.
    #[graphql(directive = Allow::apply(Action::AcknowledgeHandoffs))]
    async fn handoff_acknowledge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The handoff.")] input: HandoffAcknowledgeInput,
    ) -> Result<HandoffAcknowledgePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Handoff", "id")?;
            handoff::acknowledge(caller, id, input.expected_version, input.note.as_deref(), key).await
        };
        let (id, replayed, user_errors) =
            run("handoffAcknowledge", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(HandoffAcknowledgePayload { handoff: one(ctx, id).await?, replayed, user_errors })
    }
}

/// What happened to a handoff.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadHandoffs))]
pub struct HandoffTold {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// Whether the receiver acknowledged it; else an event of the deal fired it.
    is_acknowledged: bool,
    /// Whether it is your role that receives it, and acknowledges it.
    is_yours: bool,
    /// The handoff.
    handoff: Handoff,
}

/// Follows of handoffs.
#[derive(Default)]
pub struct HandoffSubscription;

#[Subscription]
impl HandoffSubscription {
    /// Handoffs that were fired and acknowledged, on deals that you may see; a partner's token hears of those that it gives or
    /// receives itself. Each event is told once, in the order in which it happened. Those that nobody acknowledged in time are told
    /// by `slaDue`.
    #[graphql(directive = Allow::apply(Action::ReadHandoffs))]
    async fn handoff_told(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = HandoffTold> + use<>> {
        let own = caller(ctx)?.viewer.role;
        let events = follow::<method::Handoff>(ctx, after).await?;
        Ok(events.map(move |(event, row)| HandoffTold {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_acknowledged: event.kind == handoff::ACKNOWLEDGED_EVENT,
            is_yours: row.rule.receiver == own,
            handoff: Handoff(row),
        }))
    }
}

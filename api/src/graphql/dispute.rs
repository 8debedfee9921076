//! Disputes and late amendments on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::attribution::Claim;
use domain::dispute::Standing;
use domain::role::Action;
use futures_util::{Stream, StreamExt};

use super::allow::Allow;
use super::attribution::{AttributionClaimInput, AttributionState, claims};
use super::caller::{caller, failed};
use super::deal::Deal;
use super::deal_list::one;
use super::follow::{event_id, follow};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::role::RoleWord;
use super::scalar::DateTime;
use super::{global_id, loader};
use crate::usecase::dispute::{self, Filter, Seen, Verdict, position};
use crate::usecase::{Failure, Problem};

/// When a dispute was opened.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::dispute::DisputeKind")]
pub enum DisputeKind {
    /// Before the lock: the deal is not locked until RevOps decides.
    Contest,
    /// After the lock.
    Dispute,
}

/// How a dispute stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[graphql(remote = "domain::dispute::DisputeState")]
pub enum DisputeState {
    /// Nobody has decided.
    Open,
    /// The original reading holds.
    Upheld,
    /// Another reading holds; the original is kept beside it.
    Changed,
    /// Who opened it took it back before RevOps decided.
    Withdrawn,
}

/// One partner's part in a reading.
pub struct AttributionStanding(Standing);

/// One partner's part in a reading.
#[Object(directive = Allow::apply(Action::ReadDisputes))]
impl AttributionStanding {
    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// What it did.
    async fn state(&self) -> AttributionState {
        self.0.state.into()
    }
}

fn standings(reading: &[Standing]) -> Vec<AttributionStanding> {
    reading.iter().map(|it| AttributionStanding(*it)).collect()
}

/// A contested claim (before the lock) or a disputed attribution (after it). Nothing locked is ever edited: a decision sets rows
/// aside as they stand, and measures read the decided reading.
pub struct Dispute(pub Seen);

impl Dispute {
    fn is_withdrawn(&self) -> bool {
        self.0.row.state == domain::dispute::DisputeState::Withdrawn
    }
}

/// A contested claim (before the lock) or a disputed attribution (after it). Nothing locked is ever edited: a decision sets rows
/// aside as they stand, and measures read the decided reading.
#[Object(directive = Allow::apply(Action::ReadDisputes))]
impl Dispute {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Dispute", self.0.row.id)
    }

    /// The deal; null when the caller does not see it, or no longer.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        one(ctx, Some(self.0.row.deal_id)).await
    }

    /// Before the lock, or after it.
    async fn kind(&self) -> DisputeKind {
        self.0.row.kind.into()
    }

    /// How it stands.
    async fn state(&self) -> DisputeState {
        self.0.row.state.into()
    }

    /// The evidence, in words: for the side that disputes and for those who read the whole deal; else null.
    async fn evidence(&self) -> Option<&str> {
        self.0.is_told_evidence.then_some(self.0.row.evidence.as_str())
    }

    /// The reading that it was opened against: of the partners that the caller sees.
    async fn original(&self) -> Vec<AttributionStanding> {
        standings(&self.0.row.original)
    }

    /// The reading that the other side claims: of the partners that the caller sees.
    async fn claimed(&self) -> Vec<AttributionStanding> {
        standings(&self.0.row.claimed)
    }

    /// The reading that was decided: of the partners that the caller sees; null while it is open, and where it was taken back. With
    /// nobody in it the deal is direct.
    async fn decided(&self) -> Option<Vec<AttributionStanding>> {
        self.0.row.decided.as_deref().filter(|_| !self.is_withdrawn()).map(standings)
    }

    /// Why it was decided so, or taken back, for both sides to read; null while it is open.
    async fn reason(&self) -> Option<&str> {
        self.0.row.reason.as_deref()
    }

    /// The role of whoever opened it.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn opened_by_role(&self) -> RoleWord {
        self.0.row.opened_role.into()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.row.recorded_at)
    }

    /// When it was decided; null while it is open, and where it was taken back.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.row.decided_at.filter(|_| !self.is_withdrawn()).map(DateTime)
    }

    /// When it was taken back; null where it was not.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.0.row.decided_at.filter(|_| self.is_withdrawn()).map(DateTime)
    }

    /// The version, for `expectedVersion` of the decision.
    async fn version(&self) -> i64 {
        self.0.row.version
    }
}

/// What is claimed instead of the reading that stands, with the evidence.
#[derive(InputObject)]
pub struct DisputeOpenInput {
    /// The deal.
    deal_id: ID,
    /// Claims that no partner that you see was involved. Exactly one of `direct: true` and `partners` is given.
    direct: Option<bool>,
    /// What the partners did, as it should read: 1 to 20. A partner speaks for itself; what it does not see stays as it is, but
    /// that only one can have SOURCED the deal.
    partners: Option<Vec<AttributionClaimInput>>,
    /// The evidence, in words: 1 to 4000 characters.
    evidence: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of opening a dispute.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::OpenDisputes))]
pub struct DisputeOpenPayload {
    /// The dispute; null when it was refused.
    dispute: Option<Dispute>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// How a dispute is decided.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeOutcome {
    /// The original reading holds.
    Upheld,
    /// Another reading holds: the claimed one, or the one that is given.
    Changed,
}

/// A decision.
#[derive(InputObject)]
pub struct DisputeDecideInput {
    /// The dispute.
    id: ID,
    /// The version you read; another one refuses the decision.
    expected_version: Option<i64>,
    /// Which reading holds.
    outcome: DisputeOutcome,
    /// Of CHANGED: that the deal is direct, where that is not the claimed reading.
    direct: Option<bool>,
    /// Of CHANGED: the reading that holds, where it is not the claimed one.
    partners: Option<Vec<AttributionClaimInput>>,
    /// Why: 1 to 4000 characters. Both sides read it, so it names no partner to its rival.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

impl DisputeDecideInput {
    fn verdict(&self) -> Result<Verdict, Problem> {
        let is_named = self.direct.is_some() || self.partners.is_some();
        Ok(match self.outcome {
            DisputeOutcome::Upheld => Verdict::Uphold,
            DisputeOutcome::Changed if is_named => Verdict::Change(Some(claims(self.direct, self.partners.as_ref())?)),
            DisputeOutcome::Changed => Verdict::Change(None),
        })
    }
}

/// What came of a decision.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideDisputes))]
pub struct DisputeDecidePayload {
    /// The dispute; null when the decision was refused.
    dispute: Option<Dispute>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A dispute to take back.
#[derive(InputObject)]
pub struct DisputeWithdrawInput {
    /// The dispute; you opened it, or another token of your partner did.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// Why: 1 to 4000 characters. Both sides read it.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of taking a dispute back.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::OpenDisputes))]
pub struct DisputeWithdrawPayload {
    /// The dispute; null when it was refused.
    dispute: Option<Dispute>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A contribution that could only come after the lock.
#[derive(InputObject)]
pub struct AttributionAmendInput {
    /// The deal; its attribution is locked.
    deal_id: ID,
    /// The deal's version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The partner.
    partner_id: ID,
    /// What it did. SOURCED is never added late.
    state: AttributionState,
    /// The evidence, in words: 1 to 4000 characters.
    evidence: String,
    /// The recorded activity that it rests on; the latest touch where it is left out.
    activity_id: Option<ID>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of an amendment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DeclareAttribution))]
pub struct AttributionAmendPayload {
    /// The deal as it is now; null when the amendment was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes after a claim was made.
#[derive(Default)]
pub struct DisputeMutation;

/// A dispute by its id; a role that may not read disputes reads none.
pub(super) async fn shown(ctx: &Context<'_>, id: Option<uuid::Uuid>) -> Result<Option<Dispute>> {
    let Some(id) = id else { return Ok(None) };
    match dispute::find(caller(ctx)?, id).await {
        Ok(found) => Ok(found.map(Dispute)),
        Err(Failure::Denied) => Ok(None),
        Err(why) => Err(failed(&why)),
    }
}

#[Object]
impl DisputeMutation {
    /// Says with evidence what a deal's attribution should read instead. Before the lock this contests the claim, and the deal is
    /// not locked until RevOps decides; after the lock it disputes the attribution, which stands until then.
    #[graphql(directive = Allow::apply(Action::OpenDisputes))]
    async fn dispute_open(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dispute.")] input: DisputeOpenInput,
    ) -> Result<DisputeOpenPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let deal = global_id::input(&input.deal_id, "Deal", "dealId")?;
            let claims = claims(input.direct, input.partners.as_ref())?;
            dispute::open(caller, deal, claims, input.evidence.clone(), key).await
        };
        let (id, replayed, user_errors) = run("disputeOpen", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DisputeOpenPayload { dispute: shown(ctx, id).await?, replayed, user_errors })
    }

    /// Takes a dispute back before RevOps decides, with a reason that both sides read and the ledger keeps: the reading that stands
    /// holds. A contested deal can be locked again.
    #[graphql(directive = Allow::apply(Action::OpenDisputes))]
    async fn dispute_withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dispute.")] input: DisputeWithdrawInput,
    ) -> Result<DisputeWithdrawPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Dispute", "id")?;
            dispute::withdraw(caller, id, input.expected_version, input.reason.clone(), key).await
        };
        let (id, replayed, user_errors) = run("disputeWithdraw", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DisputeWithdrawPayload { dispute: shown(ctx, id).await?, replayed, user_errors })
    }

    /// Decides a dispute, with a reason that both sides read. What the decision adds rests on what was recorded by the lock.
    #[graphql(directive = Allow::apply(Action::DecideDisputes))]
    async fn dispute_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: DisputeDecideInput,
    ) -> Result<DisputeDecidePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Dispute", "id")?;
            dispute::decide(caller, id, input.expected_version, input.verdict()?, input.reason.clone(), key).await
        };
        let (id, replayed, user_errors) = run("disputeDecide", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DisputeDecidePayload { dispute: shown(ctx, id).await?, replayed, user_errors })
    }

    /// Adds after the lock what could only come later: INFLUENCED, ACCELERATED or EXPANSION_OR_RETENTION, with evidence. It is
    /// flagged late, and measures leave it out unless they are asked for it.
    #[graphql(directive = Allow::apply(Action::DeclareAttribution))]
    async fn attribution_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The amendment.")] input: AttributionAmendInput,
    ) -> Result<AttributionAmendPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let activity = input.activity_id.as_ref();
            let claim = Claim {
                partner_id: global_id::input(&input.partner_id, "Partner", "partnerId")?,
                state: input.state.into(),
                evidence: Some(input.evidence.clone()),
                basis_id: activity.map(|id| global_id::input(id, "Activity", "activityId")).transpose()?,
            };
            let deal = global_id::input(&input.deal_id, "Deal", "dealId")?;
            dispute::amend(caller, deal, input.expected_version, claim, key).await
        };
        let (id, replayed, user_errors) = run("attributionAmend", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(AttributionAmendPayload { deal: one(ctx, id).await?, replayed, user_errors })
    }
}

/// Which disputes to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct DisputeFilter {
    /// By the deal.
    deal_id: Option<IdFilter>,
    /// In one of these states.
    #[graphql(validator(max_items = 4))]
    states: Option<Vec<DisputeState>>,
}

/// Reads of disputes.
#[derive(Default)]
pub struct DisputeQuery;

#[Object]
impl DisputeQuery {
    /// Contested claims and disputed attributions, the latest first. A partner sees those that concern it.
    #[graphql(directive = Allow::apply(Action::ReadDisputes))]
    async fn disputes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which disputes to list.")] filter: Option<DisputeFilter>,
    ) -> Result<Connected<Dispute>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default();
        let deals = filter.deal_id.and_then(|ids| both(ids.eq, ids.any));
        let filter = Filter {
            deals: deals.map(|ids| global_id::all_of_kind(&ids, "Deal")),
            states: filter.states.map(|states| states.into_iter().map(Into::into).collect()),
        };
        let binding = Binding::of(caller, "disputes", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = dispute::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Disputes(filter), |it| (position(&it.row), it.row.id), Dispute))
    }

    /// A dispute; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadDisputes))]
    async fn dispute(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Result<Option<Dispute>> {
        shown(ctx, Some(global_id::of_kind(&id, "Dispute"))).await
    }
}

/// What happened to a dispute: read the dispute for how it stands now.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDisputes))]
pub struct AttributionDisputed {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// Whether RevOps decided, or it was taken back; else it was opened.
    is_decided: bool,
    /// The dispute.
    dispute: Dispute,
}

/// Follows of disputes.
#[derive(Default)]
pub struct DisputeSubscription;

#[Subscription]
impl DisputeSubscription {
    /// Claims that are contested and attributions that are disputed, and what was decided about them. Each is told once, of those
    /// that you may see, in the order in which it happened.
    #[graphql(directive = Allow::apply(Action::ReadDisputes))]
    async fn attribution_disputed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = AttributionDisputed> + use<>> {
        let events = follow::<Seen>(ctx, after).await?;
        Ok(events.map(|(event, seen)| AttributionDisputed {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_decided: event.kind == dispute::DECIDED_EVENT,
            dispute: Dispute(seen),
        }))
    }
}

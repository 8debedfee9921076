//! Conflicts of claims and their timeline on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, connect};
use super::registration::{Registration, all, one};
use super::scalar::DateTime;
use super::{global_id, loader};
use crate::usecase::claim;

/// How a conflict of claims was decided.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictOutcome {
    /// The claim with the first touch won, because it showed its discovery; the others were refused.
    FirstTouch,
    /// The influence credit was split equally.
    Split,
}

/// What happened on the timeline of claims on an account.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::claim::ClaimEventKind")]
pub enum ClaimEventKind {
    /// A need was discovered, as the claim shows.
    Discovered,
    /// A registration was submitted.
    Submitted,
    /// Its owner touched it first.
    FirstTouch,
    /// The vendor approved or refused it.
    Decided,
    /// A meeting was held.
    MeetingHeld,
    /// The meeting's summary was attached.
    SummaryAttached,
    /// Its validity began anew.
    Refreshed,
    /// The partner took it back.
    Withdrawn,
    /// A clock ran out.
    Expired,
    /// The lock of the attribution took over.
    Converted,
    /// A conflict of claims was decided.
    ConflictDecided,
    /// Another claim stands on the account. Whose and since when is not told.
    AnotherClaim,
}

/// A line of the timeline of claims on an account, which both sides see, each its part.
pub struct ClaimEvent(domain::claim::ClaimEvent);

/// A line of the timeline of claims on an account, which both sides see, each its part.
#[Object(directive = Allow::apply(Action::ReadRegistrations))]
impl ClaimEvent {
    /// What happened.
    async fn kind(&self) -> ClaimEventKind {
        self.0.kind.into()
    }

    /// When; null for another's claim.
    async fn at(&self) -> Option<DateTime> {
        self.0.at.map(DateTime)
    }

    /// The registration; null for another's claim.
    async fn registration(&self, ctx: &Context<'_>) -> Result<Option<Registration>> {
        one(ctx, self.0.registration_id).await
    }
}

/// A conflict of claims on one account: one is open at a time, and no claim is approved before it is decided.
pub struct RegistrationConflict(pub domain::claim::Conflict);

/// A conflict of claims on one account: one is open at a time, and no claim is approved before it is decided.
#[Object(directive = Allow::apply(Action::ReadRegistrations))]
impl RegistrationConflict {
    /// The global id.
    // Ids sort by time: a conflict's would tell a partner when another arrived. So would the instant it was opened.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn id(&self) -> ID {
        global_id::encode("RegistrationConflict", self.0.id)
    }

    /// The account's registrable domain.
    async fn domain(&self) -> &str {
        &self.0.domain
    }

    /// When the claims met.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened_at)
    }

    /// Whether an open deal that is direct, not declared yet or another partner's stands on the account: then the claim cannot be SOURCED.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn is_channel_conflict(&self) -> bool {
        self.0.is_channel
    }

    /// How it was decided; null while it is open.
    async fn outcome(&self) -> Option<ConflictOutcome> {
        let winner = self.0.decision.as_ref()?.winner;
        Some(if winner.is_some() { ConflictOutcome::FirstTouch } else { ConflictOutcome::Split })
    }

    /// When it was decided; null while it is open.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.decision.as_ref().map(|decision| DateTime(decision.verdict.mark.at))
    }

    /// Why, in words that both sides read.
    async fn reason(&self) -> Option<&str> {
        self.0.decision.as_ref().map(|decision| decision.verdict.reason.as_str())
    }

    /// The claims that the caller may see: while it is open, the live ones; after, those that were decided on.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn claims(&self, ctx: &Context<'_>) -> Result<Vec<Registration>> {
        let rows = claim::claims(caller(ctx)?, &self.0).await.map_err(|why| failed(&why))?;
        all(ctx, rows).await
    }

    /// Who wins by the rule: the claim with the first touch, if it shows its discovery or stands alone. Null where the rule splits
    /// the credit, and once it is decided.
    #[graphql(directive = Allow::apply(Action::DecideConflicts))]
    async fn first_touch(&self, ctx: &Context<'_>) -> Result<Option<Registration>> {
        if self.0.decision.is_some() {
            return Ok(None);
        }
        let rows = claim::claims(caller(ctx)?, &self.0).await.map_err(|why| failed(&why))?;
        one(ctx, claim::first(&rows)).await
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A decision on a conflict of claims.
#[derive(InputObject)]
pub struct RegistrationConflictDecideInput {
    /// The conflict.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The registration with the first touch, where its evidence is accepted; when left out, the influence credit is split equally.
    winner_id: Option<ID>,
    /// Why, in words that both sides read and that name nobody: at most 2000 characters.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of deciding a conflict.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideConflicts))]
pub struct RegistrationConflictDecidePayload {
    /// The conflict as it is now; null when the decision was refused.
    conflict: Option<RegistrationConflict>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A conflict that a registration of the caller is part of.
pub(super) async fn conflict(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<RegistrationConflict>> {
    match id {
        Some(id) => Ok(loader::conflict(ctx, id).await?.map(RegistrationConflict)),
        None => Ok(None),
    }
}

/// Reads of claims.
#[derive(Default)]
pub struct ClaimQuery;

#[Object]
impl ClaimQuery {
    /// Conflicts of claims, the latest first.
    #[graphql(directive = Allow::apply(Action::DecideConflicts))]
    async fn registration_conflicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Those that are open, or those that are decided; all when left out.")] is_open: Option<bool>,
    ) -> Result<Connected<RegistrationConflict>> {
        let caller = caller(ctx)?;
        let binding = Binding::of(caller, "registrationConflicts", &is_open);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = claim::page(caller, is_open, &ask).await.map_err(|why| failed(&why))?;
        let total = TotalCount::Conflicts(is_open);
        Ok(connect(page, &binding, total, |row| (claim::position(row), row.id), RegistrationConflict))
    }

    /// The timeline of claims on the account of a registration: what the caller may see of it, in order, and one bare line at its end
    /// for each other live claim. Null when there is no such registration for the caller.
    #[graphql(directive = Allow::apply(Action::ReadRegistrations))]
    async fn claim_timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration.")] registration_id: ID,
    ) -> Result<Option<Vec<ClaimEvent>>> {
        let id = global_id::of_kind(&registration_id, "Registration");
        let events = claim::timeline_of(caller(ctx)?, id).await.map_err(|why| failed(&why))?;
        Ok(events.map(|events| events.into_iter().map(ClaimEvent).collect()))
    }
}

/// Changes of claims.
#[derive(Default)]
pub struct ClaimMutation;

#[Object]
impl ClaimMutation {
    /// Decides a conflict of claims: for the first touch, whose rivals are then refused, or as a split of the influence credit.
    #[graphql(directive = Allow::apply(Action::DecideConflicts))]
    async fn registration_conflict_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: RegistrationConflictDecideInput,
    ) -> Result<RegistrationConflictDecidePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "RegistrationConflict", "id")?;
            let winner =
                input.winner_id.as_ref().map(|id| global_id::input(id, "Registration", "winnerId")).transpose()?;
            claim::decide(caller, id, input.expected_version, winner, &input.reason, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationConflictDecide", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationConflictDecidePayload { conflict: conflict(ctx, id).await?, replayed, user_errors })
    }
}

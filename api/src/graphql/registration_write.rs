//! Changes of deal registrations on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::mutation::{UserError, run};
use super::registration::{Registration, one};
use super::scalar::{Date, DateTime};
use crate::usecase::registration::{self, Facts};
use crate::usecase::{precheck, registration_step as step};

/// What a partner is told about an account before it registers it. Nobody else is ever named.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::precheck::Precheck")]
pub enum PrecheckAnswer {
    /// Nothing stands in the way.
    Clear,
    /// Something stands on it already: a registration becomes a conflict that the vendor decides.
    Contested,
    /// It is outside the partner's territory: a registration is refused.
    OutsideTerritory,
    /// It buys already: a registration opens an expansion.
    ExistingCustomer,
}

/// What the vendor says to a registration.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "step::Decision")]
pub enum RegistrationDecision {
    /// Yes: the clocks begin.
    Approve,
    /// No.
    Refuse,
}

/// An account to ask about.
#[derive(InputObject)]
pub struct RegistrationPrecheckInput {
    /// The partner that asks.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<ID>,
    /// The account's web site or domain.
    account_url: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An account to register.
#[derive(InputObject)]
pub struct RegistrationSubmitInput {
    /// The partner on whose behalf it is registered.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<ID>,
    /// The account's web site or domain.
    account_url: String,
    /// The account's name, at most 300 characters; the domain when left out.
    account_name: Option<String>,
    /// The buyer's role, at most 200 characters.
    buyer_role: String,
    /// The buyer's problem, at most 4000 characters.
    problem_statement: String,
    /// The day of the next meeting: today or later.
    next_meeting_on: Date,
    /// When the need was discovered; not in the future. Given together with its evidence.
    discovered_at: Option<DateTime>,
    /// What shows the discovery, at most 4000 characters: where claims meet, the first touch wins only with it.
    discovery_evidence: Option<String>,
    /// An open deal on the account that there is already; when left out, one is opened unless other claims stand.
    deal_id: Option<ID>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A registration whose owner touched it.
#[derive(InputObject)]
pub struct RegistrationTouchInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A registration to give to somebody.
#[derive(InputObject)]
pub struct RegistrationAssignInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The seat that owns it from now on: one that may decide registrations.
    owner_seat_id: ID,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A decision on a registration.
#[derive(InputObject)]
pub struct RegistrationDecideInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// Yes or no.
    decision: RegistrationDecision,
    /// Why, in words that the partner reads: at most 2000 characters.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A registration to begin anew.
#[derive(InputObject)]
pub struct RegistrationRefreshInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// Why, in words that the partner reads: at most 2000 characters.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A registration to take back.
#[derive(InputObject)]
pub struct RegistrationWithdrawInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// The summary of a meeting.
#[derive(InputObject)]
pub struct RegistrationSummaryAttachInput {
    /// The registration.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What was said, at most 10000 characters.
    summary: String,
    /// When the meeting was held. Needed where the vendor has not logged it; else it tells which one is meant: of those that owe a
    /// summary, the nearest of that day. Left out, it is the one whose summary is due first.
    held_at: Option<DateTime>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of asking about an account.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SubmitRegistrations))]
pub struct RegistrationPrecheckPayload {
    /// The answer, which stands for the day; null when it was refused.
    answer: Option<PrecheckAnswer>,
    /// About how many more accounts the partner may ask today.
    remaining_today: Option<i64>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A payload that holds the registration.
macro_rules! payload {
    ($name:ident, $action:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(SimpleObject)]
        #[graphql(directive = Allow::apply(Action::$action))]
        pub struct $name {
            /// The registration as it is now; null when it was refused.
            registration: Option<Registration>,
            /// Whether this is the stored answer to the same idempotency key.
            replayed: bool,
            /// Why it was refused; empty when it was done.
            user_errors: Vec<UserError>,
        }
    };
}

payload!(RegistrationSubmitPayload, SubmitRegistrations, "What came of registering an account.");
payload!(RegistrationTouchPayload, DecideRegistrations, "What came of recording a first touch.");
payload!(RegistrationAssignPayload, AssignRegistrations, "What came of giving a registration to somebody.");
payload!(RegistrationDecidePayload, DecideRegistrations, "What came of a decision.");
payload!(RegistrationRefreshPayload, DecideRegistrations, "What came of a refresh.");
payload!(RegistrationWithdrawPayload, SubmitRegistrations, "What came of taking a registration back.");
payload!(RegistrationSummaryAttachPayload, SubmitRegistrations, "What came of attaching a summary.");

/// Changes of registrations.
#[derive(Default)]
pub struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Asks about an account before it is registered. Each account counts once a day against the partner's limit, and the first
    /// answer of a day stands for the day.
    #[graphql(directive = Allow::apply(Action::SubmitRegistrations))]
    async fn registration_precheck(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: RegistrationPrecheckInput,
    ) -> Result<RegistrationPrecheckPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner =
                input.partner_id.as_ref().map(|id| global_id::input(id, "Partner", "partnerId")).transpose()?;
            precheck::ask(caller, partner, &input.account_url, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationPrecheck", input.idempotency_key.as_ref(), &input, work).await?;
        let Some(partner) = id else {
            return Ok(RegistrationPrecheckPayload { answer: None, remaining_today: None, replayed, user_errors });
        };
        let (answer, rest) =
            precheck::answered(caller, partner, &input.account_url).await.map_err(|why| failed(&why))?;
        let remaining_today = i64::try_from(rest).ok();
        Ok(RegistrationPrecheckPayload { answer: answer.map(Into::into), remaining_today, replayed, user_errors })
    }

    /// Registers an account, with its deal and its owner. Where other claims stand, the vendor decides the conflict first.
    #[graphql(directive = Allow::apply(Action::SubmitRegistrations))]
    async fn registration_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration.")] input: RegistrationSubmitInput,
    ) -> Result<RegistrationSubmitPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id =
                |given: &Option<ID>, kind, path| given.as_ref().map(|id| global_id::input(id, kind, path)).transpose();
            let facts = Facts {
                partner_id: id(&input.partner_id, "Partner", "partnerId")?,
                account_url: input.account_url.clone(),
                account_name: input.account_name.clone(),
                buyer_role: input.buyer_role.clone(),
                problem: input.problem_statement.clone(),
                next_meeting_on: input.next_meeting_on.0,
                discovered_at: input.discovered_at.map(|at| at.0),
                discovery_evidence: input.discovery_evidence.clone(),
                deal_id: id(&input.deal_id, "Deal", "dealId")?,
            };
            registration::submit(caller, facts, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationSubmit", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationSubmitPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Records the owner's first touch of a registration: due within 2 business hours.
    #[graphql(directive = Allow::apply(Action::DecideRegistrations))]
    async fn registration_touch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration.")] input: RegistrationTouchInput,
    ) -> Result<RegistrationTouchPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            step::touch(caller, global_id::input(&input.id, "Registration", "id")?, input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationTouch", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationTouchPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Gives a live registration to a seat that may decide it. The rules route what they fit by themselves.
    #[graphql(directive = Allow::apply(Action::AssignRegistrations))]
    async fn registration_assign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration, and to whom it goes.")] input: RegistrationAssignInput,
    ) -> Result<RegistrationAssignPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Registration", "id")?;
            let seat = global_id::input(&input.owner_seat_id, "Seat", "ownerSeatId")?;
            step::assign(caller, id, input.expected_version, seat, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationAssign", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationAssignPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Approves or refuses a registration, with a reason. The seat that submitted it does not decide it.
    #[graphql(directive = Allow::apply(Action::DecideRegistrations))]
    async fn registration_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: RegistrationDecideInput,
    ) -> Result<RegistrationDecidePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Registration", "id")?;
            step::decide(caller, id, input.expected_version, input.decision.into(), &input.reason, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationDecide", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationDecidePayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Begins the validity of an approved registration anew, on the strength of a meeting with its summary.
    #[graphql(directive = Allow::apply(Action::DecideRegistrations))]
    async fn registration_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration.")] input: RegistrationRefreshInput,
    ) -> Result<RegistrationRefreshPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Registration", "id")?;
            step::refresh(caller, id, input.expected_version, &input.reason, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationRefresh", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationRefreshPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Takes a registration back. A deal that it opened, and that went no further, is disqualified.
    #[graphql(directive = Allow::apply(Action::SubmitRegistrations))]
    async fn registration_withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The registration.")] input: RegistrationWithdrawInput,
    ) -> Result<RegistrationWithdrawPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Registration", "id")?;
            step::withdraw(caller, id, input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationWithdraw", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationWithdrawPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }

    /// Attaches the summary of a meeting: due within 24 hours of it. A late one lifts the suspension; each meeting owes its own.
    #[graphql(directive = Allow::apply(Action::SubmitRegistrations))]
    async fn registration_summary_attach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The summary.")] input: RegistrationSummaryAttachInput,
    ) -> Result<RegistrationSummaryAttachPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Registration", "id")?;
            let held_at = input.held_at.map(|at| at.0);
            step::summarise(caller, id, input.expected_version, &input.summary, held_at, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationSummaryAttach", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RegistrationSummaryAttachPayload { registration: one(ctx, id).await?, replayed, user_errors })
    }
}

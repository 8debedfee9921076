//! The Primary Sale and its gate on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Union};
use domain::cosell::Gate;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::deal_list::one;
use super::mutation::{UserError, run};
use super::partner::{Partner, PartnerPerson};
use super::scalar::{Date, DateTime};
use super::{global_id, loader};
use crate::usecase::cosell::{self, GateView};

/// Where the Primary Sale Stage Gate of a deal stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::cosell::GateState")]
pub enum GateState {
    /// Imported history: the gate was not there when it happened.
    Exempt,
    /// The Primary Sale is awaited: within 7 days of the registration, or of the lock, by default.
    Awaiting,
    /// The Primary Sale is logged.
    Open,
    /// The time passed first: it stays shut, and the miss counts for ever. Logging the Primary Sale opens it.
    Lapsed,
    /// Shut by mandatory disinvestment (Red). Nothing reaches it before the Three-State Threshold is measured.
    Shut,
}

/// What passes through the gate. A touch or an introduction does not.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::cosell::GatedActivity")]
pub enum GatedActivity {
    /// Vendor and partner meet the customer together.
    JointMeeting,
    /// Materials with both names are approved.
    MaterialsApproval,
    /// Market development funds are set aside for the deal.
    MdfAllocation,
}

/// The record that the partner's own rep is committed to a deal.
pub struct PrimarySale(domain::cosell::PrimarySale);

/// The record that the partner's own rep is committed to a deal.
#[Object(directive = Allow::apply(Action::ReadGate))]
impl PrimarySale {
    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The partner's rep who is committed.
    #[graphql(directive = Allow::apply(Action::ReadContacts))]
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<PartnerPerson>> {
        let people = loader::people(ctx, self.0.partner_id).await?;
        Ok(people.into_iter().find(|person| person.id == self.0.person_id).map(PartnerPerson))
    }

    /// When it was logged: the gate is open from then on.
    async fn logged_at(&self) -> DateTime {
        DateTime(self.0.logged.at)
    }

    /// When the partner confirmed it; null before.
    async fn confirmed_at(&self) -> Option<DateTime> {
        self.0.confirmed.map(|mark| DateTime(mark.at))
    }

    /// A note.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

/// The Primary Sale Stage Gate of a deal.
pub struct DealGate {
    view: GateView,
    today: chrono::NaiveDate,
}

/// The Primary Sale Stage Gate of a deal.
#[Object(directive = Allow::apply(Action::ReadGate))]
impl DealGate {
    /// Where it stands.
    async fn state(&self) -> GateState {
        self.view.gate.state().into()
    }

    /// The last day in which the Primary Sale is (or was) in time, in the program's time zone; null once it is open, and before the
    /// deal is registered or locked. Null for a partner where the countdown began with another's registration.
    async fn due_on(&self) -> Option<Date> {
        self.view.due_on.map(Date)
    }

    /// Days that are left for the Primary Sale after today; null where no countdown runs, or `dueOn` is null.
    async fn days_left(&self) -> Option<i64> {
        match self.view.gate {
            Gate::Awaiting { .. } => self.view.due_on.map(|day| (day - self.today).num_days()),
            _ => None,
        }
    }

    /// Since when it is open; null for a partner where the Primary Sale is not its own.
    async fn opened_at(&self) -> Option<DateTime> {
        self.view.opened_at.map(DateTime)
    }

    /// Whether the time for the Primary Sale passed before it was logged. That counts for ever.
    async fn is_missed(&self) -> bool {
        self.view.gate.is_missed()
    }

    /// The Primary Sale; null where there is none, or none of a partner that the caller may see.
    async fn primary_sale(&self) -> Option<PrimarySale> {
        self.view.sale.clone().map(PrimarySale)
    }
}

/// The gate of a deal that the caller may see.
pub(super) async fn of_deal(ctx: &Context<'_>, deal: Uuid) -> Result<Option<DealGate>> {
    let today = loader::program(ctx).await?.calendar.day(caller(ctx)?.office.clock.now());
    Ok(loader::gate(ctx, deal).await?.map(|view| DealGate { view, today }))
}

/// The joint activity may be done now.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RequestJointActivity))]
pub struct JointActivityPermit {
    /// The activity that was asked for.
    activity: GatedActivity,
    /// The gate that let it pass: OPEN, or EXEMPT for imported history.
    gate: GateState,
    /// When the answer was given. It holds as long as the gate does.
    permitted_at: DateTime,
}

/// The joint activity may not be done. There is no override.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RequestJointActivity))]
pub struct JointActivityRefusal {
    /// The activity that was asked for.
    activity: GatedActivity,
    /// The gate that refused.
    gate: GateState,
    /// The rule that refused: PRIMARY_SALE_NOT_LOGGED, PRIMARY_SALE_LAPSED or GATE_SHUT.
    rule: String,
    /// What is the matter, as a sentence.
    message: String,
    /// What to do about it.
    remedy: String,
    /// When it unblocks.
    unblocks: String,
    /// The last day in which the Primary Sale is (or was) in time; null where no countdown runs.
    due_on: Option<Date>,
}

/// The answer to asking for a joint activity.
#[derive(Union)]
pub enum JointActivityAnswer {
    /// It may be done.
    Permit(JointActivityPermit),
    /// It may not.
    Refusal(JointActivityRefusal),
}

/// A joint activity to ask for.
#[derive(InputObject)]
pub struct JointActivityRequestInput {
    /// The deal.
    deal_id: ID,
    /// What is to be done.
    activity: GatedActivity,
    /// A key of your choice: the same key with the same input within 24 hours is the same question; the answer is that of now.
    idempotency_key: Option<String>,
}

/// A Primary Sale to log.
#[derive(InputObject)]
pub struct PrimarySaleLogInput {
    /// The deal.
    deal_id: ID,
    /// The partner's rep who is committed: a person of the partner who sells.
    rep_id: ID,
    /// A note, at most 2000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A Primary Sale to confirm.
#[derive(InputObject)]
pub struct PrimarySaleConfirmInput {
    /// The deal.
    deal_id: ID,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of asking for a joint activity.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RequestJointActivity))]
pub struct JointActivityRequestPayload {
    /// The answer; null when the question was refused.
    answer: Option<JointActivityAnswer>,
    /// Whether the same question with the same idempotency key was asked before.
    replayed: bool,
    /// Why it was refused; empty when it was answered.
    user_errors: Vec<UserError>,
}

/// What came of logging a Primary Sale.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::LogPrimarySale))]
pub struct PrimarySaleLogPayload {
    /// The deal with its gate; null when it was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of confirming a Primary Sale.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ConfirmPrimarySale))]
pub struct PrimarySaleConfirmPayload {
    /// The deal with its gate; null when it was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn answered(ctx: &Context<'_>, deal: Uuid, activity: GatedActivity) -> Result<Option<JointActivityAnswer>> {
    let caller = caller(ctx)?;
    let Some((view, verdict)) = cosell::answer(caller, deal).await.map_err(|why| failed(&why))? else {
        return Ok(None);
    };
    let state = view.gate.state().into();
    Ok(Some(match verdict {
        Ok(()) => JointActivityAnswer::Permit(JointActivityPermit {
            activity,
            gate: state,
            permitted_at: DateTime(caller.office.clock.now()),
        }),
        Err(refusal) => JointActivityAnswer::Refusal(JointActivityRefusal {
            activity,
            gate: state,
            rule: <&str>::from(refusal).to_owned(),
            message: refusal.to_string(),
            remedy: refusal.remedy().to_owned(),
            unblocks: refusal.unblocks().to_owned(),
            due_on: view.due_on.map(Date),
        }),
    }))
}

/// Changes of the gate.
#[derive(Default)]
pub struct CosellMutation;

#[Object]
impl CosellMutation {
    /// Asks whether a joint activity may be done on a deal: a permit, or a refusal with its rule and remedy. There is no override.
    #[graphql(directive = Allow::apply(Action::RequestJointActivity))]
    async fn joint_activity_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] input: JointActivityRequestInput,
    ) -> Result<JointActivityRequestPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            cosell::request(caller, global_id::input(&input.deal_id, "Deal", "dealId")?, input.activity.into(), key)
                .await
        };
        let (id, replayed, user_errors) =
            run("jointActivityRequest", input.idempotency_key.as_ref(), &input, work).await?;
        let answer = match id {
            Some(deal) => answered(ctx, deal, input.activity).await?,
            None => None,
        };
        Ok(JointActivityRequestPayload { answer, replayed, user_errors })
    }

    /// Logs that the partner's own rep is committed to a deal: the gate opens from now on.
    #[graphql(directive = Allow::apply(Action::LogPrimarySale))]
    async fn primary_sale_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Primary Sale.")] input: PrimarySaleLogInput,
    ) -> Result<PrimarySaleLogPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let deal = global_id::input(&input.deal_id, "Deal", "dealId")?;
            let rep = global_id::input(&input.rep_id, "PartnerPerson", "repId")?;
            cosell::log(caller, deal, rep, input.note.as_deref(), key).await
        };
        let (id, replayed, user_errors) = run("primarySaleLog", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PrimarySaleLogPayload { deal: one(ctx, id).await?, replayed, user_errors })
    }

    /// Confirms, as the partner, that its rep is committed to a deal.
    #[graphql(directive = Allow::apply(Action::ConfirmPrimarySale))]
    async fn primary_sale_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Primary Sale.")] input: PrimarySaleConfirmInput,
    ) -> Result<PrimarySaleConfirmPayload> {
        let caller = caller(ctx)?;
        let work = async |key| cosell::confirm(caller, global_id::input(&input.deal_id, "Deal", "dealId")?, key).await;
        let (id, replayed, user_errors) =
            run("primarySaleConfirm", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PrimarySaleConfirmPayload { deal: one(ctx, id).await?, replayed, user_errors })
    }
}

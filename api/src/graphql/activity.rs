//! Activities on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::deal_list::one;
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, connect};
use super::partner::Partner;
use super::scalar::{Date, DateTime};
use super::{global_id, loader};
use crate::usecase::activity::{self, Facts};

/// The kind of an activity.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::activity::ActivityKind")]
pub enum ActivityKind {
    /// A partner introduced a buyer.
    Introduction,
    /// A touch of the partner on the deal.
    Touch,
    /// A meeting.
    Meeting,
    /// A call.
    Call,
    /// A message.
    Message,
    /// A demonstration.
    Demo,
    /// A note.
    Note,
}

/// What a log of a joint meeting lacks.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::activity::ActivityGap")]
pub enum ActivityGap {
    /// Which partner was there.
    Partner,
    /// Who was in the room, by function.
    OwnerFunctions,
    /// When the next step is.
    NextStepOn,
}

/// Something that happened on a deal, an account or with a partner.
pub struct Activity(pub domain::activity::Activity);

/// Something that happened on a deal, an account or with a partner.
#[Object(directive = Allow::apply(Action::ReadActivities))]
impl Activity {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Activity", self.0.id)
    }

    /// The kind.
    async fn kind(&self) -> ActivityKind {
        self.0.kind.into()
    }

    /// When it happened.
    async fn happened_at(&self) -> DateTime {
        DateTime(self.0.happened_at)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The system it was recorded in.
    async fn source_system(&self) -> &str {
        &self.0.source_system
    }

    /// The partner; null when none took part, or none that the caller may see.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// Whether vendor and partner met the customer together.
    async fn is_joint_meeting(&self) -> bool {
        self.0.is_joint_meeting
    }

    /// How many meetings the line stands for, where the source counted.
    async fn meeting_count(&self) -> Option<i64> {
        self.0.meeting_count
    }

    /// The next step's date.
    async fn next_step_on(&self) -> Option<Date> {
        self.0.next_step_on.map(Date)
    }

    /// The functions in the room, such as AE, SE, CSM, PartnerAE.
    async fn owner_functions(&self) -> &[String] {
        &self.0.owner_functions
    }

    /// What the log lacks of what is asked of a joint meeting: the partner, the functions in the room, the next step's date. Empty of
    /// anything else.
    async fn missing(&self) -> Vec<ActivityGap> {
        self.0.gaps().into_iter().map(Into::into).collect()
    }

    /// A note.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

/// A deal's activities, latest first.
pub(super) async fn of_deal(ctx: &Context<'_>, deal: Uuid, arguments: PageArguments) -> Result<Connected<Activity>> {
    let caller = caller(ctx)?;
    let binding = Binding::of(caller, "deal.activities", &deal);
    let ask = arguments.ask(&binding, OrderDirection::Desc)?;
    let page = activity::page_of_deal(caller, deal, &ask).await.map_err(|why| failed(&why))?;
    let total = TotalCount::Activities(deal);
    Ok(connect(page, &binding, total, |row| (activity::position(row), row.id), Activity))
}

/// An activity to log.
#[derive(InputObject)]
pub struct ActivityLogInput {
    /// The deal. Exactly one of `dealId` and `accountId` is given.
    deal_id: Option<ID>,
    /// The account, where there is no deal yet: an introduction often comes first.
    account_id: Option<ID>,
    /// The partner that took part.
    partner_id: Option<ID>,
    /// The kind.
    kind: ActivityKind,
    /// When it happened; not in the future.
    happened_at: DateTime,
    /// Whether vendor and partner met the customer together.
    #[graphql(default)]
    is_joint_meeting: bool,
    /// How many meetings it stands for, 1 to 1000.
    #[graphql(validator(minimum = 1, maximum = 1000))]
    meeting_count: Option<i64>,
    /// The next step's date.
    next_step_on: Option<Date>,
    /// The functions in the room, such as AE, SE, CSM, PartnerAE: at most 20.
    #[graphql(default)]
    owner_functions: Vec<String>,
    /// A note, at most 4000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of logging an activity.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::LogActivities))]
pub struct ActivityLogPayload {
    /// The activity; null when it was refused.
    activity: Option<Activity>,
    /// The deal with the activity; null when it was refused, or is on an account.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// An introduction that a partner made.
pub struct Introduction {
    row: domain::activity::Activity,
    is_in_time: bool,
}

/// An introduction that a partner made.
#[Object(directive = Allow::apply(Action::RecordIntroductions))]
impl Introduction {
    /// The deal; null when it is on an account.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        one(ctx, self.row.deal_id).await
    }

    /// When it happened.
    async fn happened_at(&self) -> DateTime {
        DateTime(self.row.happened_at)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.row.recorded_at)
    }

    /// Whether it was recorded soon enough for the partner to have SOURCED the deal: see `creditTable`.
    async fn is_in_time(&self) -> bool {
        self.is_in_time
    }
}

/// An introduction to be put on record.
#[derive(InputObject)]
pub struct IntroductionRecordInput {
    /// The deal.
    deal_id: ID,
    /// The partner that introduced the buyer; a partner's own token has no such field.
    #[graphql(directive = Allow::apply(Action::LogActivities))]
    partner_id: Option<ID>,
    /// When it happened; not in the future.
    happened_at: DateTime,
    /// Who was introduced to whom: at most 4000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recording an introduction.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordIntroductions))]
pub struct IntroductionRecordPayload {
    /// The introduction; null when it was refused.
    introduction: Option<Introduction>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of activities.
#[derive(Default)]
pub struct ActivityMutation;

#[Object]
impl ActivityMutation {
    /// Logs an activity on a deal that the caller sees, or on an account that has none yet.
    #[graphql(directive = Allow::apply(Action::LogActivities))]
    async fn activity_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] input: ActivityLogInput,
    ) -> Result<ActivityLogPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner_id =
                input.partner_id.as_ref().map(|id| global_id::input(id, "Partner", "partnerId")).transpose()?;
            let facts = Facts {
                deal_id: input.deal_id.as_ref().map(|id| global_id::input(id, "Deal", "dealId")).transpose()?,
                account_id: input
                    .account_id
                    .as_ref()
                    .map(|id| global_id::input(id, "Account", "accountId"))
                    .transpose()?,
                partner_id,
                kind: input.kind.into(),
                happened_at: input.happened_at.0,
                is_joint_meeting: input.is_joint_meeting,
                meeting_count: input.meeting_count,
                next_step_on: input.next_step_on.map(|day| day.0),
                owner_functions: input.owner_functions.clone(),
                note: input.note.clone(),
            };
            activity::log(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("activityLog", input.idempotency_key.as_ref(), &input, work).await?;
        let logged = match id {
            Some(id) => activity::find(caller, id).await.map_err(|why| failed(&why))?,
            None => None,
        };
        let deal = one(ctx, logged.as_ref().and_then(|activity| activity.deal_id)).await?;
        Ok(ActivityLogPayload { activity: logged.map(Activity), deal, replayed, user_errors })
    }

    /// Puts an introduction on record: the partner's own token for its own deals, or the vendor for it. Recorded within 48 hours of
    /// when it happened, it lets the partner have SOURCED the deal.
    #[graphql(directive = Allow::apply(Action::RecordIntroductions))]
    async fn introduction_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The introduction.")] input: IntroductionRecordInput,
    ) -> Result<IntroductionRecordPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = input.partner_id.as_ref();
            let facts = Facts {
                deal_id: Some(global_id::input(&input.deal_id, "Deal", "dealId")?),
                account_id: None,
                partner_id: partner.map(|id| global_id::input(id, "Partner", "partnerId")).transpose()?,
                kind: ActivityKind::Introduction.into(),
                happened_at: input.happened_at.0,
                is_joint_meeting: false,
                meeting_count: None,
                next_step_on: None,
                owner_functions: Vec::new(),
                note: input.note.clone(),
            };
            activity::introduce(caller, facts, key).await
        };
        let (id, replayed, user_errors) =
            run("introductionRecord", input.idempotency_key.as_ref(), &input, work).await?;
        let introduction = match id {
            Some(id) => activity::introduction(caller, id).await.map_err(|why| failed(&why))?,
            None => None,
        };
        let introduction = introduction.map(|(row, is_in_time)| Introduction { row, is_in_time });
        Ok(IntroductionRecordPayload { introduction, replayed, user_errors })
    }
}

//! The 90-day plan on the wire.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use domain::rollout as method;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::scalar::{Date, DateTime};
use crate::usecase::rollout::{self, Plan};

/// The four stretches of the 90-day plan.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Stretch")]
pub enum RolloutStretch {
    /// Weeks 1 and 2: baseline.
    Baseline,
    /// Weeks 3 to 6: train and launch.
    TrainAndLaunch,
    /// Weeks 7 to 9: prove it.
    Prove,
    /// Weeks 10 to 12: scale.
    Scale,
}

/// An item of the 90-day plan.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::RolloutItem")]
pub enum RolloutItem {
    /// Baseline: the first import of the CRM's own data is done. The system sees it.
    DataImported,
    /// Baseline: the program's own attribution framework, signed by RevOps and Finance, is active. The system sees it.
    CreditTableAgreed,
    /// Baseline: contract terms that give a number are on record. The system sees it.
    ContractTermsSet,
    /// Baseline: five active partners for a pilot. The system sees it.
    PilotPartners,
    /// Baseline: executive sponsors are defined. By hand.
    ExecutiveSponsors,
    /// Train and launch: battlecards are published. By hand.
    Battlecards,
    /// Train and launch: the demo environment is set up. By hand.
    DemoEnvironment,
    /// Train and launch: the certification quiz is published. By hand.
    CertificationQuiz,
    /// Train and launch: the dashboards are in use. By hand.
    Dashboards,
    /// Train and launch: the first registration is approved. The system sees it.
    FirstRegistrationApproved,
    /// Train and launch: weekly pods began, the first joint meeting is on record. The system sees it; imported history
    /// from before the plan does not count.
    FirstJointMeeting,
    /// Train and launch: the first joint solution page is open. By hand.
    JointSolutionPage,
    /// Prove: the first deal with a locked partner attribution closed, on which win rate and cycle delta rest. The system sees it;
    /// imported history from before the plan does not count.
    FirstPartnerDealClosed,
    /// Prove: one joint campaign with tagged links was run. By hand.
    JointCampaign,
    /// Prove: the first business review was held, with decisions: add, pause or invest. By hand.
    FirstBusinessReview,
    /// Scale: ten active partners. The system sees it.
    TenPartners,
    /// Scale: SLAs are enforced, the first promise was kept or its miss recorded. The system sees it.
    FirstPromiseDecided,
    /// Scale: a co-marketing calendar is released. By hand.
    CoMarketingCalendar,
    /// Scale: panels of net revenue after fees and of the attach rate are in use. By hand.
    RevenuePanels,
}

/// How an item stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ItemState")]
pub enum RolloutItemState {
    /// Its weeks have not begun.
    Upcoming,
    /// Its weeks have begun, and it is not done.
    Due,
    /// Its weeks are over, and it is not done.
    Overdue,
    /// It is done.
    Done,
}

/// An item of the plan as it stands today.
pub struct RolloutStanding(method::Standing);

/// An item of the plan as it stands today.
#[Object(directive = Allow::apply(Action::ReadRollout))]
impl RolloutStanding {
    /// The item.
    async fn item(&self) -> RolloutItem {
        self.0.item.into()
    }

    /// The stretch that it belongs to.
    async fn stretch(&self) -> RolloutStretch {
        self.0.item.stretch().into()
    }

    /// The first day of its weeks, in the program's time zone.
    async fn opens_on(&self) -> Date {
        Date(self.0.opens_on)
    }

    /// The last day of its weeks, inclusive.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// How it stands.
    async fn state(&self) -> RolloutItemState {
        self.0.state.into()
    }

    /// Whether it is ticked by hand; else the system ticks it by itself.
    async fn is_by_hand(&self) -> bool {
        self.0.is_by_hand
    }

    /// When it was done: the first trace of it, or the tick; null while it is not. It may be before the plan began.
    async fn done_at(&self) -> Option<DateTime> {
        self.0.finished.as_ref().map(|finished| DateTime(finished.at))
    }

    /// By what it is seen to be done: the fact, or the note of who ticked it; null while it is not.
    async fn done_by(&self) -> Option<&str> {
        self.0.finished.as_ref().map(|finished| finished.by.as_str())
    }
}

/// The 90-day plan: twelve weeks from baseline to scale.
pub struct Rollout(Plan);

/// The 90-day plan: twelve weeks from baseline to scale.
#[Object(directive = Allow::apply(Action::ReadRollout))]
impl Rollout {
    /// The first day of week 1, in the program's time zone.
    async fn starts_on(&self) -> Date {
        Date(self.0.rollout.starts_on)
    }

    /// Its items, in the order of the weeks.
    async fn items(&self) -> Vec<RolloutStanding> {
        self.0.items.iter().cloned().map(RolloutStanding).collect()
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.rollout.version
    }
}

async fn read(ctx: &Context<'_>) -> Result<Option<Rollout>> {
    Ok(rollout::read(caller(ctx)?).await.map_err(|why| failed(&why))?.map(Rollout))
}

/// Reads of the 90-day plan.
#[derive(Default)]
pub struct RolloutQuery;

#[Object]
impl RolloutQuery {
    /// The 90-day plan as it stands today; null where it was not started.
    #[graphql(directive = Allow::apply(Action::ReadRollout))]
    async fn rollout(&self, ctx: &Context<'_>) -> Result<Option<Rollout>> {
        read(ctx).await
    }
}

/// When the plan begins.
#[derive(InputObject)]
pub struct RolloutStartInput {
    /// The first day of week 1, in the program's time zone: any day, usually a Monday.
    starts_on: Date,
    /// The version you read, 0 when it was not started; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What was done by hand.
#[derive(InputObject)]
pub struct RolloutItemTickInput {
    /// The item: one that the system cannot see.
    item: RolloutItem,
    /// What was done, at most 2000 characters; left out, a tick is taken back.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of starting the plan.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::StartRollout))]
pub struct RolloutStartPayload {
    /// The plan; null when it was refused.
    rollout: Option<Rollout>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of ticking an item.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TickRollout))]
pub struct RolloutItemTickPayload {
    /// The plan; null when it was refused.
    rollout: Option<Rollout>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the 90-day plan.
#[derive(Default)]
pub struct RolloutMutation;

#[Object]
impl RolloutMutation {
    /// Starts the 90-day plan on a day, or moves it there; what is done stays done: imported history counts from the earliest day on which
    /// the plan ever began.
    #[graphql(directive = Allow::apply(Action::StartRollout))]
    async fn rollout_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When it begins.")] input: RolloutStartInput,
    ) -> Result<RolloutStartPayload> {
        let caller = caller(ctx)?;
        let work = async |key| rollout::start(caller, input.starts_on.0, input.expected_version, key).await;
        let (id, replayed, user_errors) = run("rolloutStart", input.idempotency_key.as_ref(), &input, work).await?;
        let rollout = if id.is_some() { read(ctx).await? } else { None };
        Ok(RolloutStartPayload { rollout, replayed, user_errors })
    }

    /// Ticks an item that the system cannot see, or takes the tick back.
    #[graphql(directive = Allow::apply(Action::TickRollout))]
    async fn rollout_item_tick(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was done.")] input: RolloutItemTickInput,
    ) -> Result<RolloutItemTickPayload> {
        let caller = caller(ctx)?;
        let work = async |key| rollout::tick(caller, input.item.into(), input.note.as_deref(), key).await;
        let (id, replayed, user_errors) = run("rolloutItemTick", input.idempotency_key.as_ref(), &input, work).await?;
        let rollout = if id.is_some() { read(ctx).await? } else { None };
        Ok(RolloutItemTickPayload { rollout, replayed, user_errors })
    }
}

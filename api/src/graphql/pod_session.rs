//! Sessions of the weekly joint pod, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::pod_session as method;
use domain::role::Action;
use uuid::Uuid;

use super::account::Account;
use super::allow::Allow;
use super::caller::{caller, failed};
use super::joint_call::{self, JointCall};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::pod::Pod;
use super::scalar::{Date, DateTime};
use super::sla::SlaOwner;
use super::{global_id, loader};
use crate::usecase::pod_session::{self, Facts, Filter, Step, Target, position};

/// Something that somebody does next.
pub struct PodStep(method::NextStep);

/// Something that somebody does next.
#[Object(directive = Allow::apply(Action::ReadJointCalls))]
impl PodStep {
    /// What is done; of an introduction, who is introduced to whom.
    async fn what(&self) -> &str {
        &self.0.what
    }

    /// Whose people do it.
    async fn side(&self) -> SlaOwner {
        self.0.side.into()
    }

    /// Who does it.
    async fn owner(&self) -> &str {
        &self.0.owner
    }

    /// By which day.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }
}

/// An account that both sides go for.
pub struct PodTarget(method::TargetAccount);

/// An account that both sides go for.
#[Object(directive = Allow::apply(Action::ReadJointCalls))]
impl PodTarget {
    /// Its name as it was in the session.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The account, where the program knows it and the caller may see it; else null.
    #[graphql(directive = Allow::apply(Action::ReadAccounts))]
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.0.account_id {
            Some(id) => Ok(loader::account(ctx, id).await?.map(Account)),
            None => Ok(None),
        }
    }

    /// What is done about it next.
    async fn next_steps(&self) -> Vec<PodStep> {
        self.0.next_steps.iter().cloned().map(PodStep).collect()
    }
}

/// How many a session has too few: all 0 where it is short of nothing.
pub struct PodShortfall(method::Shortfall);

/// How many a session has too few: all 0 where it is short of nothing.
#[Object(directive = Allow::apply(Action::ReadJointCalls))]
impl PodShortfall {
    /// Target accounts, of `podSessionAccounts` (5 by default).
    async fn target_accounts(&self) -> u32 {
        self.0.accounts
    }

    /// Introductions, of `podSessionIntroductions` (2 by default).
    async fn introductions(&self) -> u32 {
        self.0.introductions
    }

    /// Next steps, over all target accounts that were named, of `podSessionNextSteps` (1 by default) for each.
    async fn next_steps(&self) -> u32 {
        self.0.next_steps
    }
}

/// A session of the weekly joint pod: the vendor's AE or SE with the partner's AE or CS, 20 minutes. The guide asks of it for 5
/// target accounts, 2 introductions, and a next step each.
pub struct PodSession(method::PodSession);

/// A session of the weekly joint pod: the vendor's AE or SE with the partner's AE or CS, 20 minutes. The guide asks of it for 5
/// target accounts, 2 introductions, and a next step each.
#[Object(directive = Allow::apply(Action::ReadJointCalls))]
impl PodSession {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("PodSession", self.0.id)
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The vendor's pod.
    #[graphql(directive = Allow::apply(Action::ReadSeats))]
    async fn pod(&self, ctx: &Context<'_>) -> Result<Option<Pod>> {
        Ok(loader::pod(ctx, self.0.pod_id).await?.map(Pod))
    }

    /// The Monday of its week, in the program's zone.
    async fn week_on(&self) -> Date {
        Date(self.0.week_on)
    }

    /// When it was held.
    async fn held_at(&self) -> DateTime {
        DateTime(self.0.held_at)
    }

    /// How many minutes it took, where that was said.
    async fn minutes(&self) -> Option<i64> {
        self.0.minutes
    }

    /// The functions in the room, such as AE, SE, PartnerAE, PartnerCS.
    async fn functions(&self) -> &[String] {
        &self.0.functions
    }

    /// The target accounts, each with its next steps.
    async fn target_accounts(&self) -> Vec<PodTarget> {
        self.0.agenda.targets.iter().cloned().map(PodTarget).collect()
    }

    /// The introductions.
    async fn introductions(&self) -> Vec<PodStep> {
        self.0.agenda.introductions.iter().cloned().map(PodStep).collect()
    }

    /// How many it has too few, by the policy of the day on which it was held.
    async fn shortfall(&self) -> PodShortfall {
        PodShortfall(self.0.agenda.shortfall(self.0.quotas))
    }

    /// Whether it is short of nothing.
    async fn is_full(&self) -> bool {
        self.0.agenda.shortfall(self.0.quotas).is_none()
    }

    /// The version of the policy whose numbers were asked of it.
    async fn policy_version(&self) -> i64 {
        self.0.quotas.policy_version
    }

    /// The call that it was, with its summary.
    async fn joint_call(&self, ctx: &Context<'_>) -> Result<Option<JointCall>> {
        joint_call::of_session(ctx, self.0.id).await
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded.at)
    }
}

/// A session that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<PodSession>> {
    let Some(id) = id else { return Ok(None) };
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadJointCalls) {
        return Ok(None);
    }
    Ok(pod_session::find(caller, id).await.map_err(|why| failed(&why))?.map(PodSession))
}

/// A range of weeks by their Mondays, both ends included.
#[derive(InputObject, Clone)]
pub struct WeekRangeFilter {
    /// On this day or later.
    gte: Option<Date>,
    /// On this day or earlier.
    lte: Option<Date>,
}

/// Which sessions to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct PodSessionFilter {
    /// By the Monday of the week.
    week_on: Option<WeekRangeFilter>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
}

/// Reads of sessions of the joint pod.
#[derive(Default)]
pub struct PodSessionQuery;

#[Object]
impl PodSessionQuery {
    /// Sessions of the weekly joint pod, the latest first; a partner's token its own.
    #[graphql(directive = Allow::apply(Action::ReadJointCalls))]
    async fn pod_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which sessions to list.")] filter: Option<PodSessionFilter>,
    ) -> Result<Connected<PodSession>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default();
        let partners = filter.partner_id.and_then(|ids| both(ids.eq, ids.any));
        let filter = Filter {
            partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")),
            week_from: filter.week_on.as_ref().and_then(|range| range.gte).map(|day| day.0),
            week_to: filter.week_on.as_ref().and_then(|range| range.lte).map(|day| day.0),
        };
        let binding = Binding::of(caller, "podSessions", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = pod_session::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::PodSessions(filter), |row| (position(row), row.id), PodSession))
    }
}

/// Something that somebody does next.
#[derive(InputObject)]
pub struct PodStepInput {
    /// What is done, at most 2000 characters; of an introduction, who is introduced to whom.
    what: String,
    /// Whose people do it.
    side: SlaOwner,
    /// Who does it, at most 200 characters.
    owner: String,
    /// By which day.
    due_on: Date,
}

impl From<&PodStepInput> for Step {
    fn from(input: &PodStepInput) -> Self {
        Self { what: input.what.clone(), side: input.side.into(), owner: input.owner.clone(), due_on: input.due_on.0 }
    }
}

/// An account that both sides go for.
#[derive(InputObject)]
pub struct PodTargetInput {
    /// The account, where the program knows it.
    account_id: Option<ID>,
    /// Its name, which the partner reads; that of the account where it is left out.
    name: Option<String>,
    /// What is done about it next, at most 10 steps.
    #[graphql(default)]
    next_steps: Vec<PodStepInput>,
}

/// A session to record.
#[derive(InputObject)]
pub struct PodSessionRecordInput {
    /// The partner.
    partner_id: ID,
    /// The vendor's pod: one that works with the partner, and yours where you are of pods. It need not be named where only one is
    /// both.
    pod_id: Option<ID>,
    /// When it was held; not in the future. A pod has one session a week with a partner.
    held_at: DateTime,
    /// How many minutes it took, 1 to 1440.
    #[graphql(validator(minimum = 1, maximum = 1440))]
    minutes: Option<i64>,
    /// The functions in the room, such as AE, SE, PartnerAE, PartnerCS: at most 20.
    #[graphql(default)]
    functions: Vec<String>,
    /// The target accounts, at most 20.
    target_accounts: Vec<PodTargetInput>,
    /// The introductions, at most 20.
    introductions: Vec<PodStepInput>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recording a session.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordJointCalls))]
pub struct PodSessionRecordPayload {
    /// The session, with how many it has too few; null when it was refused.
    pod_session: Option<PodSession>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of sessions of the joint pod.
#[derive(Default)]
pub struct PodSessionMutation;

#[Object]
impl PodSessionMutation {
    /// Records a session of the weekly joint pod, and starts the clock of its summary. A session that is short of its quotas is
    /// recorded all the same, and says by how many.
    #[graphql(directive = Allow::apply(Action::RecordJointCalls))]
    async fn pod_session_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: PodSessionRecordInput,
    ) -> Result<PodSessionRecordPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let target = |it: &PodTargetInput| Target {
                account_id: it.account_id.as_ref().map(|id| global_id::of_kind(id, "Account")),
                name: it.name.clone(),
                next_steps: it.next_steps.iter().map(Into::into).collect(),
            };
            let facts = Facts {
                partner_id: global_id::input(&input.partner_id, "Partner", "partnerId")?,
                pod_id: input.pod_id.as_ref().map(|id| global_id::input(id, "Pod", "podId")).transpose()?,
                held_at: input.held_at.0,
                minutes: input.minutes,
                functions: input.functions.clone(),
                targets: input.target_accounts.iter().map(target).collect(),
                introductions: input.introductions.iter().map(Into::into).collect(),
            };
            pod_session::record(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("podSessionRecord", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PodSessionRecordPayload { pod_session: one(ctx, id).await?, replayed, user_errors })
    }
}

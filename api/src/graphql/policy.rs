//! The policy on the wire: versions, drafts, and what a draft would have changed.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::policy_number::{Change, Number};
use domain::policy_version::{PolicyDraft as Draft, PolicyVersion};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::global_id;
use super::mutation::{UserError, run};
use super::policy_values::{PolicyValues, PolicyValuesInput};
use super::preview::PolicyPreview;
use super::scalar::{Date, DateTime, Decimal, Quarter};
use crate::usecase::Failure;
use crate::usecase::policy::{self, Facts};
use crate::usecase::preview;

/// One number of a policy, as a person reads it.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyNumber {
    /// Its name: the field of `values`, with the unit at the end.
    pub name: String,
    /// What it does.
    pub description: String,
    /// What it is; null where it is left to the rule.
    pub value: Option<String>,
    /// What it is where nobody set it.
    pub default: Option<String>,
    /// The least it may be; null for a word.
    pub least: Option<Decimal>,
    /// The most it may be; null for a word.
    pub most: Option<Decimal>,
}

fn plain(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

impl From<Number> for PolicyNumber {
    fn from(number: Number) -> Self {
        Self {
            value: plain(&number.value),
            default: plain(&number.default),
            least: number.range.map(|(least, _)| Decimal(least)),
            most: number.range.map(|(_, most)| Decimal(most)),
            name: number.name,
            description: number.description,
        }
    }
}

/// A number that differs between two policies.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyChange {
    /// Its name.
    pub name: String,
    /// What it was.
    pub before: Option<String>,
    /// What it becomes.
    pub after: Option<String>,
}

impl From<Change> for PolicyChange {
    fn from(change: Change) -> Self {
        Self { before: plain(&change.before), after: plain(&change.after), name: change.name }
    }
}

/// One version of the program's policy: every number of the method that a program may set. A measure as of a date is computed
/// under the version that holds on that date, and names it as `policyVersion`.
pub struct Policy(pub PolicyVersion);

/// One version of the program's policy: every number of the method that a program may set. A measure as of a date is computed
/// under the version that holds on that date, and names it as `policyVersion`.
#[Object(directive = Allow::apply(Action::ReadPolicy))]
impl Policy {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Policy", self.0.id)
    }

    /// Its number, from 1.
    async fn version(&self) -> i64 {
        self.0.policy.version
    }

    /// The first day it holds, in the program's time zone; on a day on which several would hold, the latest does.
    async fn active_from(&self) -> Date {
        Date(self.0.active_from)
    }

    /// Every number as a typed field.
    async fn values(&self) -> PolicyValues {
        PolicyValues(self.0.policy.clone())
    }

    /// Every number with what it does, its default and its range.
    async fn numbers(&self) -> Vec<PolicyNumber> {
        self.0.policy.numbers().into_iter().map(Into::into).collect()
    }

    /// The global id of the seat that activated it; null for the one that a program begins with.
    async fn seat_id(&self) -> Option<ID> {
        (!self.0.seat_id.is_nil()).then(|| global_id::encode("Seat", self.0.seat_id))
    }

    /// Why it was activated.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was activated.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// Numbers that somebody thinks of, on top of a version of the policy. It holds for nothing until it is activated.
pub struct PolicyDraft(pub Draft);

/// Numbers that somebody thinks of, on top of a version of the policy. It holds for nothing until it is activated.
#[Object(directive = Allow::apply(Action::ReadPolicy))]
impl PolicyDraft {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("PolicyDraft", self.0.id)
    }

    /// What it is about.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The version of the policy that it changes. Once another is activated, the draft cannot be.
    async fn base_version(&self) -> i64 {
        self.0.base_version
    }

    /// Every number as a typed field, the changed ones among them.
    async fn values(&self) -> PolicyValues {
        PolicyValues(self.0.policy.clone())
    }

    /// The numbers that it changes.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<PolicyChange>> {
        let base = policy::of_version(caller(ctx)?, self.0.base_version).await.map_err(|why| failed(&why))?;
        let base = base.map_or_else(Default::default, |version| version.policy);
        Ok(self.0.policy.changes_of(&base).into_iter().map(Into::into).collect())
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The version of the policy that it became; null until it is activated.
    async fn activated_version(&self) -> Option<i64> {
        self.0.activated_version
    }

    /// The global id of the seat that began it.
    async fn seat_id(&self) -> ID {
        global_id::encode("Seat", self.0.seat_id)
    }

    /// When it was begun.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A version by its row, for a seat that may read it; none for any other.
pub(super) async fn version(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<Policy>> {
    match policy::find(caller(ctx)?, id).await {
        Ok(found) => Ok(found.map(Policy)),
        Err(Failure::Denied) => Ok(None),
        Err(why) => Err(failed(&why)),
    }
}

/// A draft by its row, for a seat that may read it; none for any other.
pub(super) async fn draft(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<PolicyDraft>> {
    match policy::find_draft(caller(ctx)?, id).await {
        Ok(found) => Ok(found.map(PolicyDraft)),
        Err(Failure::Denied) => Ok(None),
        Err(why) => Err(failed(&why)),
    }
}

/// Reads of the policy.
#[derive(Default)]
pub struct PolicyQuery;

#[Object]
impl PolicyQuery {
    /// The policy: the version of a number, or the one that holds on a day; the one that holds today where neither is given. Null
    /// where there is no such version.
    #[graphql(directive = Allow::apply(Action::ReadPolicy))]
    async fn policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version's number; it goes before `asOf`.")] version: Option<i64>,
        #[graphql(desc = "The day, in the program's time zone.")] as_of: Option<Date>,
    ) -> Result<Option<Policy>> {
        let caller = caller(ctx)?;
        let found = match version {
            Some(version) => policy::of_version(caller, version).await,
            None => policy::on(caller, as_of.map(|day| day.0)).await,
        };
        Ok(found.map_err(|why| failed(&why))?.map(Policy))
    }

    /// All versions of the policy, the latest first: those that held, the one that holds, and those that will.
    #[graphql(directive = Allow::apply(Action::ReadPolicy))]
    async fn policies(&self, ctx: &Context<'_>) -> Result<Vec<Policy>> {
        let all = policy::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(all.into_iter().map(Policy).collect())
    }

    /// Drafts that have not become a version, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadPolicy))]
    async fn policy_drafts(&self, ctx: &Context<'_>) -> Result<Vec<PolicyDraft>> {
        let drafts = policy::drafts(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(drafts.into_iter().map(PolicyDraft).collect())
    }

    /// What a draft would have changed in past quarters: which readings and evidence, which recommended tiers, which win rates would
    /// have been under the bar, the three bands of the forecast, when registrations would have ended, which gates would have lapsed and
    /// which promises would have been kept. Each quarter is read as of its last day, beside the policy that held then. Null where there
    /// is no such draft.
    #[graphql(directive = Allow::apply(Action::ReadPolicy))]
    async fn policy_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft's global id.")] draft_id: ID,
        #[graphql(desc = "Fiscal quarters that are over, at most 12.")] quarters: Vec<Quarter>,
    ) -> Result<Option<PolicyPreview>> {
        let caller = caller(ctx)?;
        if quarters.is_empty() {
            return Err(coded("BAD_USER_INPUT", "name at least one quarter"));
        }
        let id = global_id::of_kind(&draft_id, "PolicyDraft");
        let quarters: Vec<_> = quarters.into_iter().map(|quarter| quarter.0).collect();
        let tried = preview::tried(caller, id, &quarters).await.map_err(|why| failed(&why))?;
        let draft = policy::find_draft(caller, id).await.map_err(|why| failed(&why))?;
        Ok(draft.zip(tried).map(|(draft, tried)| PolicyPreview::of(draft, tried)))
    }
}

/// A new draft of the policy, or a change of one.
#[derive(InputObject)]
pub struct PolicyDraftInput {
    /// The draft to change; a new one on the latest version where it is left out.
    id: Option<ID>,
    /// The version of the draft you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What it is about; required for a new one.
    title: Option<String>,
    /// The numbers to change.
    values: Option<PolicyValuesInput>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of drafting.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManagePolicy))]
pub struct PolicyDraftPayload {
    /// The draft as it is now; null when it was refused.
    draft: Option<PolicyDraft>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done. Each wrong number is told.
    user_errors: Vec<UserError>,
}

/// The activation of a draft.
#[derive(InputObject)]
pub struct PolicyActivateInput {
    /// The draft.
    draft_id: ID,
    /// The version of the draft you read; another one refuses the activation.
    expected_version: Option<i64>,
    /// The first day it holds, in the program's time zone: today or later.
    active_from: Date,
    /// Why, 1 to 1,000 characters.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of an activation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManagePolicy))]
pub struct PolicyActivatePayload {
    /// The new version; null when it was refused.
    policy: Option<Policy>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the policy.
#[derive(Default)]
pub struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Begins a draft of the policy, or changes one. A draft holds for nothing: try it with `policyPreview`, then activate it.
    #[graphql(directive = Allow::apply(Action::ManagePolicy))]
    async fn policy_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: PolicyDraftInput,
    ) -> Result<PolicyDraftPayload> {
        let caller = caller(ctx)?;
        let values = input.values.as_ref().map(|values| values.0.clone()).unwrap_or_default();
        let facts = Facts { title: input.title.clone(), values };
        let work = async |key| {
            let id = input.id.as_ref().map(|id| global_id::input(id, "PolicyDraft", "id")).transpose()?;
            policy::draft(caller, id, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("policyDraft", input.idempotency_key.as_ref(), &input, work).await?;
        let draft = match id {
            Some(id) => policy::find_draft(caller, id).await.map_err(|why| failed(&why))?.map(PolicyDraft),
            None => None,
        };
        Ok(PolicyDraftPayload { draft, replayed, user_errors })
    }

    /// Makes a draft the next version of the policy, from today or a later day on. What was measured as of an earlier day, and
    /// what was published, stays under the version that held then.
    #[graphql(directive = Allow::apply(Action::ManagePolicy))]
    async fn policy_activate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activation.")] input: PolicyActivateInput,
    ) -> Result<PolicyActivatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.draft_id, "PolicyDraft", "draftId")?;
            policy::activate(caller, id, input.expected_version, input.active_from.0, &input.reason, key).await
        };
        let (id, replayed, user_errors) = run("policyActivate", input.idempotency_key.as_ref(), &input, work).await?;
        let policy = match id {
            Some(id) => policy::find(caller, id).await.map_err(|why| failed(&why))?.map(Policy),
            None => None,
        };
        Ok(PolicyActivatePayload { policy, replayed, user_errors })
    }
}

//! Attribution on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::attribution::Claim;
use domain::role::Action;

use super::activity::Activity;
use super::allow::Allow;
use super::caller::caller;
use super::deal::Deal;
use super::deal_list::one;
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::DateTime;
use super::{global_id, loader};
use crate::usecase::attribution;
use crate::usecase::{Problem, ProblemCode};

/// What a partner did for a deal. Together the four are the paper's "partner-influenced", called partner-involved here,
/// because INFLUENCED is one of them.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::attribution::AttributionState")]
pub enum AttributionState {
    /// The partner brought the deal.
    Sourced,
    /// The partner shaped a deal in motion.
    Influenced,
    /// The partner shortened or unblocked it.
    Accelerated,
    /// An upsell or a renewal after the close.
    ExpansionOrRetention,
}

/// How a deal's attribution was declared at Stage 1.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::attribution::Declaration")]
pub enum Declaration {
    /// An import could not tell, or nobody declared yet. It is not direct: such a deal is left out of Trust-Gap, and counted.
    Unknown,
    /// Declared as: no partner.
    Direct,
    /// Declared with partners and what they did.
    Partners,
}

/// Where a fact came from.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::attribution::Provenance")]
pub enum Provenance {
    /// From an imported file.
    Imported,
    /// Declared in the product.
    Declared,
}

/// One partner's part in one deal.
pub struct Attribution(pub domain::attribution::Attribution);

/// One partner's part in one deal.
#[Object(directive = Allow::apply(Action::ReadAttribution))]
impl Attribution {
    /// The global id.
    // Ids sort by time: beside the deal's, a partner's own would tell whether another partner was recorded before it.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn id(&self) -> ID {
        global_id::encode("Attribution", self.0.id)
    }

    /// The partner; null when the caller may not see it.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// What it did.
    async fn state(&self) -> AttributionState {
        self.0.state.into()
    }

    /// Whether it was added after the lock. Late ones are left out of measures unless asked for.
    async fn is_late(&self) -> bool {
        self.0.is_late
    }

    /// Where it came from.
    async fn provenance(&self) -> Provenance {
        self.0.provenance.into()
    }

    /// The evidence, in words.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// The recorded activity that it rests on: the introduction of a SOURCED one, a touch inside the influence window of an
    /// INFLUENCED or ACCELERATED one. Null where it was imported.
    #[graphql(directive = Allow::apply(Action::ReadActivities))]
    async fn basis(&self, ctx: &Context<'_>) -> Result<Option<Activity>> {
        match self.0.basis_id {
            Some(id) => Ok(loader::activity(ctx, id).await?.map(Activity)),
            None => Ok(None),
        }
    }

    /// When it was locked; null before.
    async fn locked_at(&self) -> Option<DateTime> {
        self.0.locked_at.map(DateTime)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// A partner and what it did.
///
/// SOURCED needs an introduction by that partner, on the deal or on its account, that was recorded within 48 hours of when it
/// happened; INFLUENCED and ACCELERATED need a recorded touch inside the influence window before the lock.
#[derive(InputObject)]
pub struct AttributionClaimInput {
    /// The partner.
    partner_id: ID,
    /// What it did. At most one partner is SOURCED.
    state: AttributionState,
    /// The evidence, in words: at most 2000 characters.
    evidence: Option<String>,
    /// The recorded activity that it rests on; where it is left out, the first introduction in time or the latest touch is taken.
    #[graphql(directive = Allow::apply(Action::ReadActivities))]
    activity_id: Option<ID>,
}

/// A declaration of a deal's attribution as a whole.
#[derive(InputObject)]
pub struct AttributionDeclareInput {
    /// The deal.
    deal_id: ID,
    /// The deal's version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// Declares that no partner was involved. Exactly one of `direct: true` and `partners` is given.
    direct: Option<bool>,
    /// The partners and what they did, 1 to 20.
    partners: Option<Vec<AttributionClaimInput>>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// The claims of a declaration: none for direct.
pub(super) fn claims(
    direct: Option<bool>,
    partners: Option<&Vec<AttributionClaimInput>>,
) -> Result<Vec<Claim>, Problem> {
    match (direct, partners) {
        (Some(true), None) => Ok(Vec::new()),
        (None | Some(false), Some(partners)) if !partners.is_empty() => {
            partners.iter().enumerate().map(|(at, claim)| claim.read(at)).collect()
        }
        _ => {
            let message = "give either direct: true, or at least one partner";
            Err(Problem::at(["partners"], ProblemCode::Required, message))
        }
    }
}

impl AttributionClaimInput {
    fn read(&self, at: usize) -> Result<Claim, Problem> {
        let id = |id: &ID, kind: &str, field: &str| match global_id::of_kind(id, kind) {
            nil if nil.is_nil() => {
                let path = ["partners", &at.to_string(), field];
                Err(Problem::at(path, ProblemCode::NotFound, "there is no such row"))
            }
            id => Ok(id),
        };
        Ok(Claim {
            partner_id: id(&self.partner_id, "Partner", "partnerId")?,
            state: self.state.into(),
            evidence: self.evidence.clone(),
            basis_id: self.activity_id.as_ref().map(|activity| id(activity, "Activity", "activityId")).transpose()?,
        })
    }
}

/// What came of a declaration.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DeclareAttribution))]
pub struct AttributionDeclarePayload {
    /// The deal as it is now; null when the declaration was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of attribution.
#[derive(Default)]
pub struct AttributionMutation;

#[Object]
impl AttributionMutation {
    /// Declares who did what for a deal. Before the lock it replaces the declaration before; on a deal that has reached Stage 1
    /// it is locked at once, and never edited after.
    #[graphql(directive = Allow::apply(Action::DeclareAttribution))]
    async fn attribution_declare(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The declaration.")] input: AttributionDeclareInput,
    ) -> Result<AttributionDeclarePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let deal = global_id::input(&input.deal_id, "Deal", "dealId")?;
            let claims = claims(input.direct, input.partners.as_ref())?;
            attribution::declare(caller, deal, input.expected_version, claims, key).await
        };
        let (id, replayed, user_errors) =
            run("attributionDeclare", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(AttributionDeclarePayload { deal: one(ctx, id).await?, replayed, user_errors })
    }
}

//! Pods on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::seat::ids;
use super::viewer::partners;
use super::{global_id, loader};
use crate::usecase::pod::{self, Facts};

/// The unit that runs deals: Partner AE, customer-facing AE, Partner Manager, RevOps lead. A seat that is bound to a pod sees
/// the pod's deals and those on which one of the pod's partners is attributed.
pub struct Pod(pub domain::seat::Pod);

/// The unit that runs deals: Partner AE, customer-facing AE, Partner Manager, RevOps lead. A seat that is bound to a pod sees
/// the pod's deals and those on which one of the pod's partners is attributed.
#[Object(directive = Allow::apply(Action::ReadSeats))]
impl Pod {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Pod", self.0.id)
    }

    /// The name, unique in the program.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The partners that it works with.
    async fn partners(&self, ctx: &Context<'_>) -> Result<Vec<Partner>> {
        partners(ctx, &self.0.partners).await
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Reads of pods.
#[derive(Default)]
pub struct PodQuery;

#[Object]
impl PodQuery {
    /// All pods of the program, by name.
    #[graphql(directive = Allow::apply(Action::ReadSeats))]
    async fn pods(&self, ctx: &Context<'_>) -> Result<Vec<Pod>> {
        let rows = pod::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(rows.into_iter().map(Pod).collect())
    }
}

/// A new pod.
#[derive(InputObject)]
pub struct PodCreateInput {
    /// The name; it differs from every other pod's by more than case.
    name: String,
    /// The partners that it works with.
    #[graphql(validator(max_items = 1000))]
    partner_ids: Option<Vec<ID>>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a pod. What is left out stays as it is; the list replaces the whole list.
#[derive(InputObject)]
pub struct PodUpdateInput {
    /// The pod.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new name.
    name: Option<String>,
    /// All partners that it works with from now on.
    #[graphql(validator(max_items = 1000))]
    partner_ids: Option<Vec<ID>>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of creating a pod.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSeats))]
pub struct PodCreatePayload {
    /// The pod; null when it was refused.
    pod: Option<Pod>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a pod.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSeats))]
pub struct PodUpdatePayload {
    /// The pod as it is now; null when the change was refused.
    pod: Option<Pod>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Pod>> {
    let Some(id) = id else { return Ok(None) };
    Ok(loader::pod(ctx, id).await?.map(Pod))
}

/// Changes of pods.
#[derive(Default)]
pub struct PodMutation;

#[Object]
impl PodMutation {
    /// Creates a pod.
    #[graphql(directive = Allow::apply(Action::ManageSeats))]
    async fn pod_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new pod.")] input: PodCreateInput,
    ) -> Result<PodCreatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts =
                Facts { name: Some(input.name.clone()), partners: ids(&input.partner_ids, "Partner", "partnerIds")? };
            pod::create(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("podCreate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PodCreatePayload { pod: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes a pod. What its seats see changes with their next request.
    #[graphql(directive = Allow::apply(Action::ManageSeats))]
    async fn pod_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: PodUpdateInput,
    ) -> Result<PodUpdatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts { name: input.name.clone(), partners: ids(&input.partner_ids, "Partner", "partnerIds")? };
            pod::update(caller, global_id::input(&input.id, "Pod", "id")?, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("podUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PodUpdatePayload { pod: one(ctx, id).await?, replayed, user_errors })
    }
}

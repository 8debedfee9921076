//! Who one is, and what one may do.

use async_graphql::{Context, Object, Result};
use chrono::Utc;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::partner::Partner;
use super::program::Program;
use super::role::RoleWord;
use super::scalar::DateTime;
use super::{global_id, loader};
use crate::limits::Limits;
use crate::usecase::{Caller, pod};

/// When the caller's token ends; the pipeline puts it into the request's data.
#[derive(Clone, Copy, Debug)]
pub struct ExpiresAt(pub chrono::DateTime<Utc>);

/// The caller: a seat in a program, or in a portfolio. Everything else in this schema is what this seat may see.
pub struct Viewer(Caller);

/// The caller: a seat in a program, or in a portfolio. Everything else in this schema is what this seat may see.
#[Object(directive = Allow::apply(Action::ReadSelf))]
impl Viewer {
    /// The subject of the token, as its issuer names the person or machine.
    async fn subject(&self) -> &str {
        &self.0.viewer.subject
    }

    /// The seat's name, for people to read.
    async fn name(&self) -> &str {
        &self.0.viewer.name
    }

    /// What the seat is. It stands in the database, not in the token, so that a change holds from the next request on.
    async fn role(&self) -> RoleWord {
        self.0.viewer.role.into()
    }

    /// The program that the seat is in.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn program(&self, ctx: &Context<'_>) -> Result<Program> {
        Ok(Program(loader::program(ctx).await?.clone()))
    }

    /// What the seat is bound to: it decides which rows exist for the caller.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn bindings(&self) -> SeatBindings {
        SeatBindings(self.0.clone())
    }

    /// When the token ends; a long connection ends with it.
    async fn expires_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
        ctx.data_opt::<ExpiresAt>().map(|at| DateTime(at.0))
    }

    /// The limits of this server. A request beyond one is refused before it runs, with a code.
    async fn limits(&self, ctx: &Context<'_>) -> ViewerLimits {
        ViewerLimits(ctx.data_opt::<Limits>().copied().unwrap_or_default())
    }
}

/// What a seat is bound to. A role that is bound to the whole program has none of these.
pub struct SeatBindings(Caller);

/// What a seat is bound to. A role that is bound to the whole program has none of these.
#[Object(directive = Allow::apply(Action::ReadProgram))]
impl SeatBindings {
    /// The pods of a PARTNER_AE or CUSTOMER_AE seat, by name.
    async fn pods(&self) -> Result<Vec<BoundPod>> {
        let pods = pod::of_viewer(&self.0).await.map_err(|why| failed(&why))?;
        Ok(pods.into_iter().map(|pod| BoundPod { id: pod.id, name: pod.name }).collect())
    }

    /// The partners that a PARTNER_MANAGER seat manages; the one that a PARTNER seat is; the partners of a seat's pods.
    async fn partners(&self, ctx: &Context<'_>) -> Result<Vec<Partner>> {
        let bound = &self.0.viewer.bindings;
        let mut ids: Vec<Uuid> = bound.partners.iter().chain(&bound.pod_partners).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        partners(ctx, &ids).await
    }

    /// The id that the CRM uses for this person as the owner of deals (CUSTOMER_AE).
    async fn owner_external_id(&self) -> Option<&str> {
        self.0.viewer.bindings.owner_external_id.as_deref()
    }
}

/// The partners with these ids that the caller may see, in one batch.
pub(super) async fn partners(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<Partner>> {
    let found = futures_util::future::try_join_all(ids.iter().map(|id| loader::partner(ctx, *id))).await?;
    Ok(found.into_iter().flatten().map(Partner).collect())
}

/// A pod that the caller's seat is bound to.
pub struct BoundPod {
    id: Uuid,
    name: String,
}

/// A pod that the caller's seat is bound to.
#[Object(directive = Allow::apply(Action::ReadProgram))]
impl BoundPod {
    /// The pod's global id.
    async fn id(&self) -> async_graphql::ID {
        global_id::encode("Pod", self.id)
    }

    /// The pod's name.
    async fn name(&self) -> &str {
        &self.name
    }
}

/// The limits of this server.
pub struct ViewerLimits(Limits);

fn int(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// The limits of this server.
#[Object(directive = Allow::apply(Action::ReadSelf))]
impl ViewerLimits {
    /// The most bytes of a request's body, and of a WebSocket message.
    async fn body_bytes(&self) -> i32 {
        int(self.0.body_bytes)
    }

    /// The most lexical tokens of a document.
    async fn document_tokens(&self) -> i32 {
        int(self.0.tokens)
    }

    /// The most fields of a document once every fragment is written out.
    async fn selections(&self) -> i32 {
        int(self.0.selections)
    }

    /// The most levels of fields.
    async fn depth(&self) -> i32 {
        int(self.0.depth)
    }

    /// The most aliases in a document.
    async fn aliases(&self) -> i32 {
        int(self.0.aliases)
    }

    /// The most root fields of a mutation.
    async fn root_mutations(&self) -> i32 {
        int(self.0.root_mutations)
    }

    /// The most directives on one field.
    async fn directives(&self) -> i32 {
        int(self.0.directives)
    }

    /// The most points that one request may cost. Every answer says in `extensions.cost` what it cost.
    async fn request_cost(&self) -> i32 {
        int(self.0.request_cost)
    }

    /// The points that a full bucket of the caller's holds.
    async fn bucket_points(&self) -> i32 {
        int(self.0.bucket)
    }

    /// The points that flow back into the bucket in a second.
    async fn restored_points_per_second(&self) -> i32 {
        int(self.0.restore_rate)
    }

    /// The sign-ins that may fail from one address at once; one that failed more often is answered 429.
    async fn failed_sign_ins(&self) -> i32 {
        int(self.0.failed_sign_ins)
    }

    /// The failed sign-ins that are forgotten in a second.
    async fn forgiven_sign_ins_per_second(&self) -> i32 {
        int(self.0.forgiven_sign_ins)
    }

    /// The rows of a page when none are asked for.
    async fn default_page(&self) -> i32 {
        int(self.0.default_page)
    }

    /// The most rows of a page.
    async fn max_page(&self) -> i32 {
        int(self.0.max_page)
    }

    /// How many seconds an operation may run.
    async fn execution_seconds(&self) -> i32 {
        int(self.0.execution_timeout.as_secs())
    }

    /// How many seconds a client may take to read the next piece of an answer.
    async fn write_seconds(&self) -> i32 {
        int(self.0.write_timeout.as_secs())
    }

    /// The most operations at once on one WebSocket.
    async fn operations_per_connection(&self) -> i32 {
        int(self.0.operations)
    }

    /// The most WebSockets and event streams at once of one caller.
    async fn connections(&self) -> i32 {
        int(self.0.connections)
    }
}

/// Reads of oneself.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who the caller is, and what limits apply.
    #[graphql(directive = Allow::apply(Action::ReadSelf))]
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(caller(ctx)?.clone()))
    }
}

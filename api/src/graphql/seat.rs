//! Seats on the wire: who may call, as what, bound to what.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, patch, run};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, connect};
use super::partner::Partner;
use super::pod::Pod;
use super::role::RoleWord;
use super::scalar::DateTime;
use super::viewer::partners;
use super::{global_id, loader};
use crate::usecase::seat::{self, Facts, Who, position};
use crate::usecase::{Problem, ProblemCode};

/// A person's or machine's place in the program. Who signs in is matched to a seat by the token's issuer and subject.
pub struct Seat(pub domain::seat::Seat);

/// A person's or machine's place in the program. Who signs in is matched to a seat by the token's issuer and subject.
#[Object(directive = Allow::apply(Action::ReadSeats))]
impl Seat {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Seat", self.0.id)
    }

    /// Who vouches for the subject: the exact `iss` of its tokens.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The subject: the exact `sub` of its tokens.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The name, for people to read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the seat is.
    async fn role(&self) -> RoleWord {
        self.0.role.into()
    }

    /// The pods it is bound to (PARTNER_AE, CUSTOMER_AE).
    async fn pods(&self, ctx: &Context<'_>) -> Result<Vec<Pod>> {
        let found = futures_util::future::try_join_all(self.0.pods.iter().map(|id| loader::pod(ctx, *id))).await?;
        Ok(found.into_iter().flatten().map(Pod).collect())
    }

    /// The partners it is bound to (PARTNER_MANAGER, PARTNER).
    async fn partners(&self, ctx: &Context<'_>) -> Result<Vec<Partner>> {
        partners(ctx, &self.0.partners).await
    }

    /// The id that the CRM uses for this person as the owner of deals (CUSTOMER_AE).
    async fn owner_external_id(&self) -> Option<&str> {
        self.0.owner_external_id.as_deref()
    }

    /// When it was taken away; null while it lets its subject in.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// When the row was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Reads of seats.
#[derive(Default)]
pub struct SeatQuery;

#[Object]
impl SeatQuery {
    /// The seats of people and machines, oldest first; revoked ones too. Those of minted tokens stand with their tokens.
    #[graphql(directive = Allow::apply(Action::ReadSeats))]
    async fn seats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connected<Seat>> {
        let caller = caller(ctx)?;
        let binding = Binding::of(caller, "seats", &());
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Asc)?;
        let page = seat::page(caller, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Seats, |row| (position(row), row.id), Seat))
    }
}

/// A new seat.
#[derive(InputObject)]
pub struct SeatGrantInput {
    /// Who vouches for the subject: the exact `iss` of its tokens.
    issuer: String,
    /// The subject: the exact `sub` of its tokens.
    subject: String,
    /// The name, for people to read.
    name: String,
    /// What the seat is. PORTFOLIO seats are granted from the command line.
    role: RoleWord,
    /// The pods it is bound to (PARTNER_AE, CUSTOMER_AE).
    #[graphql(validator(max_items = 1000))]
    pod_ids: Option<Vec<ID>>,
    /// The partners it is bound to (PARTNER_MANAGER), or the one it is (PARTNER).
    #[graphql(validator(max_items = 1000))]
    partner_ids: Option<Vec<ID>>,
    /// The id that the CRM uses for this person as the owner of deals (CUSTOMER_AE).
    owner_external_id: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a seat. What is left out stays as it is; a list replaces the whole list; null clears.
#[derive(InputObject)]
pub struct SeatUpdateInput {
    /// The seat.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new name.
    name: Option<String>,
    /// The new role. Bindings that it cannot have must be emptied in the same change.
    role: Option<RoleWord>,
    /// All pods it is bound to from now on.
    #[graphql(validator(max_items = 1000))]
    pod_ids: Option<Vec<ID>>,
    /// All partners it is bound to from now on.
    #[graphql(validator(max_items = 1000))]
    partner_ids: Option<Vec<ID>>,
    /// The id that the CRM uses for this person as the owner of deals.
    owner_external_id: MaybeUndefined<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A seat to take away.
#[derive(InputObject)]
pub struct SeatRevokeInput {
    /// The seat.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of granting a seat.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSeats))]
pub struct SeatGrantPayload {
    /// The seat; null when it was refused.
    seat: Option<Seat>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a seat.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSeats))]
pub struct SeatUpdatePayload {
    /// The seat as it is now; null when the change was refused.
    seat: Option<Seat>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of taking a seat away.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSeats))]
pub struct SeatRevokePayload {
    /// The seat as it is now; null when it was refused.
    seat: Option<Seat>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// The rows of a list of ids in an input; an id of another kind is a row that does not exist.
pub(super) fn ids(list: &Option<Vec<ID>>, kind: &str, path: &str) -> Result<Option<Vec<Uuid>>, Problem> {
    let Some(list) = list else { return Ok(None) };
    let one = |(at, id): (usize, &ID)| match global_id::of_kind(id, kind) {
        nil if nil.is_nil() => Err(Problem::at([path, &at.to_string()], ProblemCode::NotFound, "there is no such row")),
        id => Ok(id),
    };
    list.iter().enumerate().map(one).collect::<Result<_, _>>().map(Some)
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Seat>> {
    let Some(id) = id else { return Ok(None) };
    Ok(loader::seat(ctx, id).await?.map(Seat))
}

/// Changes of seats.
#[derive(Default)]
pub struct SeatMutation;

#[Object]
impl SeatMutation {
    /// Gives a person or machine a seat. One that the same subject had before, and lost, is given back with these facts.
    #[graphql(directive = Allow::apply(Action::ManageSeats))]
    async fn seat_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new seat.")] input: SeatGrantInput,
    ) -> Result<SeatGrantPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                name: Some(input.name.clone()),
                role: Some(input.role.into()),
                pods: ids(&input.pod_ids, "Pod", "podIds")?,
                partners: ids(&input.partner_ids, "Partner", "partnerIds")?,
                owner_external_id: Some(input.owner_external_id.clone()),
            };
            let who = Who { issuer: input.issuer.clone(), subject: input.subject.clone() };
            seat::grant(caller, who, facts, key).await
        };
        let (id, replayed, user_errors) = run("seatGrant", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(SeatGrantPayload { seat: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes a seat. It holds from the next request on. The last REVOPS seat keeps its role.
    #[graphql(directive = Allow::apply(Action::ManageSeats))]
    async fn seat_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: SeatUpdateInput,
    ) -> Result<SeatUpdatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                name: input.name.clone(),
                role: input.role.map(Into::into),
                pods: ids(&input.pod_ids, "Pod", "podIds")?,
                partners: ids(&input.partner_ids, "Partner", "partnerIds")?,
                owner_external_id: patch(&input.owner_external_id, Clone::clone),
            };
            seat::update(caller, global_id::input(&input.id, "Seat", "id")?, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("seatUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(SeatUpdatePayload { seat: one(ctx, id).await?, replayed, user_errors })
    }

    /// Takes a seat away: its subject is not let in from the next request on. The last REVOPS seat stays.
    #[graphql(directive = Allow::apply(Action::ManageSeats))]
    async fn seat_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The seat to take away.")] input: SeatRevokeInput,
    ) -> Result<SeatRevokePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            seat::revoke(caller, global_id::input(&input.id, "Seat", "id")?, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("seatRevoke", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(SeatRevokePayload { seat: one(ctx, id).await?, replayed, user_errors })
    }
}

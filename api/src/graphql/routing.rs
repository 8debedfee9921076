//! The rules that route registrations to their owners, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::seat::Seat;
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::routing;
use crate::usecase::{Problem, ProblemCode};

/// A rule that routes registrations. What it does not name fits everything; one that names nothing is the default.
pub struct RegistrationRoute(domain::routing::Route);

/// A rule that routes registrations. What it does not name fits everything; one that names nothing is the default.
#[Object(directive = Allow::apply(Action::ReadRegistrationRules))]
impl RegistrationRoute {
    /// The account's segment.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.0.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// The account's region, exactly as its row has it.
    async fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// The account's registrable domain.
    async fn domain(&self) -> Option<&str> {
        self.0.domain.as_deref()
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// The seat that owns what fits.
    async fn seat(&self, ctx: &Context<'_>) -> Result<Option<Seat>> {
        Ok(loader::seat(ctx, self.0.seat_id).await?.map(Seat))
    }
}

/// A rule to set.
#[derive(InputObject)]
pub struct RegistrationRouteInput {
    /// The account's segment.
    segment_id: Option<ID>,
    /// The account's region, exactly as its row has it.
    region: Option<String>,
    /// The account's web site or domain.
    domain: Option<String>,
    /// The partner.
    partner_id: Option<ID>,
    /// The seat that owns what fits.
    seat_id: ID,
}

/// The whole table of rules.
#[derive(InputObject)]
pub struct RegistrationRoutesSetInput {
    /// The rules in order, at most 500: the first that fits decides.
    routes: Vec<RegistrationRouteInput>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting the rules.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
pub struct RegistrationRoutesSetPayload {
    /// The rules as they are now; null when they were refused.
    registration_routes: Option<Vec<RegistrationRoute>>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

fn read(input: &RegistrationRouteInput, at: usize) -> Result<domain::routing::Route, Problem> {
    let id = |given: &ID, kind, field: &str| match global_id::of_kind(given, kind) {
        nil if nil.is_nil() => {
            Err(Problem::at(["routes", &at.to_string(), field], ProblemCode::NotFound, "there is no such row"))
        }
        id => Ok(id),
    };
    Ok(domain::routing::Route {
        segment_id: input.segment_id.as_ref().map(|given| id(given, "Segment", "segmentId")).transpose()?,
        region: input.region.clone(),
        domain: input.domain.clone(),
        partner_id: input.partner_id.as_ref().map(|given| id(given, "Partner", "partnerId")).transpose()?,
        seat_id: id(&input.seat_id, "Seat", "seatId")?,
    })
}

async fn all(ctx: &Context<'_>) -> Result<Vec<RegistrationRoute>> {
    let routes = routing::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
    Ok(routes.into_iter().map(RegistrationRoute).collect())
}

/// Reads of routing rules.
#[derive(Default)]
pub struct RoutingQuery;

#[Object]
impl RoutingQuery {
    /// The rules that route registrations to their owners, in order: the first that fits decides, else the partner's manager.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationRules))]
    async fn registration_routes(&self, ctx: &Context<'_>) -> Result<Vec<RegistrationRoute>> {
        all(ctx).await
    }
}

/// Changes of routing rules.
#[derive(Default)]
pub struct RoutingMutation;

#[Object]
impl RoutingMutation {
    /// Sets the rules that route registrations, all of them, in place of those before.
    #[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
    async fn registration_routes_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rules.")] input: RegistrationRoutesSetInput,
    ) -> Result<RegistrationRoutesSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let routes = input.routes.iter().enumerate().map(|(at, route)| read(route, at));
            routing::set(caller, routes.collect::<Result<_, Problem>>()?, key).await
        };
        let (id, replayed, user_errors) =
            run("registrationRoutesSet", input.idempotency_key.as_ref(), &input, work).await?;
        let registration_routes = if id.is_some() { Some(all(ctx).await?) } else { None };
        Ok(RegistrationRoutesSetPayload { registration_routes, replayed, user_errors })
    }
}

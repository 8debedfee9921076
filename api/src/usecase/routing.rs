//! The rules that route registrations to their owners, set by RevOps.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::sla;
use domain::account::domain_of;
use domain::role::{Action, may};
use domain::routing::{Arrival, Route, owners};
use domain::sla::SlaKind;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// All rules, in order.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<Route>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrationRules)?;
    Ok(entity::registration_route::all(caller.office.store.read(), slice).await?)
}

/// The seat that owns what arrives: of the first rule that fits and names a live seat that may decide it, else the partner's
/// manager \[ours\].
pub(super) async fn seat_for(
    work: &Work<'_>,
    arrival: Arrival<'_>,
    decides: Action,
) -> Result<Option<domain::seat::Seat>, Failure> {
    let routes = entity::registration_route::all(&work.tx, work.slice).await?;
    for id in owners(&routes, arrival) {
        let seat = entity::seat::find(&work.tx, work.slice, id).await?;
        let fit = seat.filter(|seat| seat.revoked_at.is_none() && may(seat.role, decides));
        if fit.is_some() {
            return Ok(fit);
        }
    }
    let manager = match arrival.partner_id {
        Some(partner) => entity::seat::manager_of(&work.tx, work.slice, partner).await?,
        None => None,
    };
    match manager {
        Some(id) => Ok(entity::seat::find(&work.tx, work.slice, id).await?),
        None => Ok(None),
    }
}

/// Starts the promise that what arrived comes to an owner within minutes; where a rule found one at once, it is kept at once.
pub(super) async fn promise(
    work: &mut Work<'_>,
    subject_type: &'static str,
    subject_id: Uuid,
    partner_id: Option<Uuid>,
    has_owner: bool,
) -> Result<(), Failure> {
    sla::start(work, SlaKind::Routing, subject_type, subject_id, partner_id, work.now).await?;
    if has_owner {
        sla::meet(work, SlaKind::Routing, subject_id, work.now).await?;
    }
    Ok(())
}

/// Sets the rules, all of them, in place of those before. The done row is the program.
///
/// # Errors
/// [`Failure`].
pub async fn set(caller: &Caller, routes: Vec<Route>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageRegistrationRules, key, async |work| {
        let mut problems = Problems::default();
        if routes.len() > 500 {
            problems.note("routes", ProblemCode::Invalid, "at most 500 rules");
            return Err(problems.settle().err().unwrap_or(Failure::NotFound));
        }
        let ids = |of: fn(&Route) -> Option<Uuid>| routes.iter().filter_map(of).collect::<Vec<_>>();
        let (tx, slice) = (&work.tx, work.slice);
        let segments = entity::segment::of_ids(tx, slice, &ids(|route| route.segment_id)).await?;
        let partners = entity::partner::of_ids(tx, slice, &ids(|route| route.partner_id)).await?;
        let seats = entity::seat::of_ids(tx, slice, &ids(|route| Some(route.seat_id))).await?;
        let mut kept = Vec::with_capacity(routes.len());
        for (at, route) in routes.iter().enumerate() {
            let at = at.to_string();
            let mut missing = |field: &str, is_there: bool, message: &str| {
                if !is_there {
                    problems.push(Problem::at(["routes", &at, field], ProblemCode::NotFound, message));
                }
            };
            let has_seat = seats.iter().any(|seat| seat.id == route.seat_id && seat.revoked_at.is_none());
            missing("seatId", has_seat, "there is no such seat");
            let has_segment = route.segment_id.is_none_or(|id| segments.iter().any(|segment| segment.id == id));
            missing("segmentId", has_segment, "there is no such segment");
            let has_partner = route.partner_id.is_none_or(|id| partners.iter().any(|partner| partner.id == id));
            missing("partnerId", has_partner, "there is no such partner");
            let domain = route.domain.as_deref().map(domain_of);
            if let Some(Err(why)) = domain {
                problems.push(Problem::at(["routes", &at, "domain"], ProblemCode::Invalid, why.to_string()));
            }
            let region = route.region.as_ref().and_then(|region| problems.take("routes", text::name(region, 200)));
            kept.push(Route { region, domain: domain.and_then(Result::ok), ..route.clone() });
        }
        problems.settle()?;
        entity::registration_route::replace(tx, slice, &kept, work.now).await?;
        let program = work.program_id();
        let said: Vec<_> = kept
            .iter()
            .map(|route| {
                json!({ "segmentId": route.segment_id, "region": route.region, "domain": route.domain,
                    "partnerId": route.partner_id, "seatId": route.seat_id })
            })
            .collect();
        work.record("registrationRoutes.set", "Program", program, json!({ "routes": said }));
        Ok(program)
    })
    .await
}

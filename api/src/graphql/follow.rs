//! What all subscriptions to events share: where to go on, and the id that a client resumes behind.

use async_graphql::{Context, Error, ID};
use futures_util::{Stream, StreamExt};
use std::sync::Arc;
use uuid::Uuid;

use super::caller::{CurrentEvent, LastEventId, caller, failed};
use super::global_id;
use crate::usecase::follow::{self, Followed, Told};

/// Every event about such rows that the caller may see, behind the one that the client has seen last: `Last-Event-ID` where an
/// event stream connects again, else the argument `after`.
///
/// # Errors
/// BAD_USER_INPUT where that event is not kept any more.
pub(super) async fn follow<T: Followed>(
    ctx: &Context<'_>,
    after: Option<ID>,
) -> Result<impl Stream<Item = (Arc<Told>, T)> + Send + use<T>, Error> {
    let resumed = ctx.data_opt::<LastEventId>().map(|LastEventId(id)| ID(id.clone()));
    // An id of another shape reads like one that is not kept.
    let after: Option<Uuid> = resumed.or(after).map(|id| global_id::of_kind(&id, "Event"));
    let events = follow::follow::<T>(caller(ctx)?, after).await.map_err(|why| failed(&why))?;
    let current = ctx.data_opt::<CurrentEvent>().cloned();
    let noted = move |(event, _): &(Arc<Told>, T)| {
        if let Some(current) = &current {
            current.set(event_id(event).0);
        }
    };
    Ok(events.inspect(noted).boxed())
}

/// The id of an event, as a client gives it back.
pub(super) fn event_id(event: &Told) -> ID {
    global_id::encode("Event", event.id)
}

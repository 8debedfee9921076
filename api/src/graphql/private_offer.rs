//! Private offers that were accepted, as they happen.

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use domain::role::Action;
use futures_util::{Stream, StreamExt};

use super::allow::Allow;
use super::follow::{event_id, follow};
use super::global_id;
use super::scalar::DateTime;
use crate::usecase::private_offer::Accepted;

/// A private offer that was accepted: the deal that is procured by it is won.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDealMoney))]
pub struct PrivateOfferAccepted {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// The deal: read it with `deal(id:)`.
    deal_id: ID,
    /// The deal's name.
    deal_name: String,
    /// The offer's id, where it is on record.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    offer_id: Option<String>,
}

/// Follows of private offers.
#[derive(Default)]
pub struct PrivateOfferSubscription;

#[Subscription]
impl PrivateOfferSubscription {
    /// Private offers that were accepted: a deal that is procured by one was won, or a won deal is said to be. Each is told once, of those
    /// that you may see, in the order in which it happened. Imports tell nobody.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn private_offer_accepted(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = PrivateOfferAccepted> + use<>> {
        let events = follow::<Accepted>(ctx, after).await?;
        Ok(events.map(|(event, Accepted(deal))| PrivateOfferAccepted {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            deal_id: global_id::encode("Deal", deal.id),
            deal_name: deal.name,
            offer_id: deal.offer_id,
        }))
    }
}

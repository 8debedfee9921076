//! What a seat holds, on the wire.

use async_graphql::{Context, ID, Object, Result};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::lead::Lead;
use super::measurement::int;
use super::partner::Partner;
use super::pod::Pod;
use super::registration::{self, Registration};
use super::seat::Seat;
use super::sla::SlaClock;
use super::{global_id, loader};
use crate::usecase::handover::{self, Handover as Held};

/// What a seat holds: what somebody else takes over when its person leaves. History stays where it is: it is no seat's own.
pub struct Handover(Held);

/// What a seat holds: what somebody else takes over when its person leaves. History stays where it is: it is no seat's own.
#[Object(directive = Allow::apply(Action::ReadHandover))]
impl Handover {
    /// The seat; it may be revoked already.
    async fn seat(&self) -> Seat {
        Seat(self.0.seat.clone())
    }

    /// The pods that it is a member of.
    async fn pods(&self) -> Vec<Pod> {
        self.0.pods.iter().cloned().map(Pod).collect()
    }

    /// The partners that it manages, or the one that it is.
    async fn partners(&self) -> Vec<Partner> {
        self.0.partners.iter().cloned().map(Partner).collect()
    }

    /// How many open deals it owns, here or by the owner's id in the CRM.
    async fn open_deals(&self) -> i32 {
        int(self.0.deals.0)
    }

    /// These deals, the first opened first, at most 100.
    async fn deals(&self, ctx: &Context<'_>) -> Result<Vec<Deal>> {
        let currency = loader::program(ctx).await?.currency;
        Ok(self.0.deals.1.iter().cloned().map(|row| Deal { row, currency }).collect())
    }

    /// How many live registrations it owns: submitted, approved or refreshed.
    async fn live_registrations(&self) -> i32 {
        int(self.0.registrations.0)
    }

    /// These registrations, the first submitted first, at most 100.
    async fn registrations(&self, ctx: &Context<'_>) -> Result<Vec<Registration>> {
        registration::all(ctx, self.0.registrations.1.clone()).await
    }

    /// How many leads it owns that are open or accepted.
    async fn open_leads(&self) -> i32 {
        int(self.0.leads.0)
    }

    /// These leads, in the order of the queue, at most 100.
    async fn leads(&self) -> Vec<Lead> {
        self.0.leads.1.iter().cloned().map(Lead).collect()
    }

    /// Promises about the deals, registrations and leads shown that are still owed, in time or not; the first due first, at most 100.
    async fn clocks(&self) -> Vec<SlaClock> {
        self.0.clocks.iter().cloned().map(SlaClock).collect()
    }
}

/// Reads of what a seat holds.
#[derive(Default)]
pub struct HandoverQuery;

#[Object]
impl HandoverQuery {
    /// What a seat of the program holds; null where there is no such seat.
    #[graphql(directive = Allow::apply(Action::ReadHandover))]
    async fn handover(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The seat's global id.")] seat_id: ID,
    ) -> Result<Option<Handover>> {
        let id = global_id::of_kind(&seat_id, "Seat");
        Ok(handover::of_seat(caller(ctx)?, id).await.map_err(|why| failed(&why))?.map(Handover))
    }
}

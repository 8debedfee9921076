//! Any row by its global id.

use async_graphql::{Context, ID, Interface, Object, Result};
use domain::role::Action;
use uuid::Uuid;

use super::account::Account;
use super::allow::Allow;
use super::caller::coded;
use super::deal::Deal;
use super::deal_list;
use super::deliverable::{self, Deliverable};
use super::dispute::{self, Dispute};
use super::escalation::{self, Escalation};
use super::handoff::{self, Handoff};
use super::joint_call::{self, JointCall};
use super::lead::{self, Lead};
use super::ledger::LedgerEntry;
use super::partner::Partner;
use super::pod::Pod;
use super::pod_request::{self, PodRequest};
use super::pod_session::{self, PodSession};
use super::policy::{self, Policy, PolicyDraft};
use super::registration::{self, Registration};
use super::seat::Seat;
use super::segment::Segment;
use super::sla::{self, SlaClock};
use super::{global_id, loader};

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub enum Node {
    /// A partner.
    Partner(Partner),
    /// A segment.
    Segment(Segment),
    /// An account.
    Account(Account),
    /// A deal.
    Deal(Deal),
    /// A lead.
    Lead(Lead),
    /// A seat.
    Seat(Seat),
    /// A pod.
    Pod(Pod),
    /// A promise with its due time.
    SlaClock(SlaClock),
    /// A deal registration.
    Registration(Registration),
    /// A request of the Pod to a partner.
    PodRequest(PodRequest),
    /// A handoff between stages of the funnel.
    Handoff(Handoff),
    /// A joint call.
    JointCall(JointCall),
    /// A session of the joint pod.
    PodSession(PodSession),
    /// An escalation.
    Escalation(Escalation),
    /// A dispute.
    Dispute(Dispute),
    /// A version of the policy.
    Policy(Policy),
    /// A draft of the policy.
    PolicyDraft(PolicyDraft),
    /// An entry of the ledger.
    LedgerEntry(LedgerEntry),
    /// Something published.
    Deliverable(Deliverable),
}

/// The row behind a global id; none when there is none, or none that the caller may see.
async fn fetch(ctx: &Context<'_>, kind: &str, id: Uuid) -> Result<Option<Node>> {
    Ok(match kind {
        "Partner" => loader::partner(ctx, id).await?.map(|row| Node::Partner(Partner(row))),
        "Segment" => loader::segment(ctx, id).await?.map(|row| Node::Segment(Segment(row))),
        "Account" => loader::account(ctx, id).await?.map(|row| Node::Account(Account(row))),
        "Deal" => deal_list::one(ctx, Some(id)).await?.map(Node::Deal),
        "Lead" => lead::one(ctx, Some(id)).await?.map(Node::Lead),
        "Seat" => loader::seat(ctx, id).await?.map(|row| Node::Seat(Seat(row))),
        "SlaClock" => sla::one(ctx, id).await?.map(Node::SlaClock),
        "Dispute" => dispute::shown(ctx, Some(id)).await?.map(Node::Dispute),
        "Pod" => loader::pod(ctx, id).await?.map(|row| Node::Pod(Pod(row))),
        "Handoff" => handoff::one(ctx, Some(id)).await?.map(Node::Handoff),
        "JointCall" => joint_call::one(ctx, Some(id)).await?.map(Node::JointCall),
        "PodSession" => pod_session::one(ctx, Some(id)).await?.map(Node::PodSession),
        "Escalation" => escalation::one(ctx, Some(id)).await?.map(Node::Escalation),
        "PodRequest" => pod_request::one(ctx, Some(id)).await?.map(Node::PodRequest),
        "Registration" => registration::one(ctx, Some(id)).await?.map(Node::Registration),
        "Policy" => policy::version(ctx, id).await?.map(Node::Policy),
        "PolicyDraft" => policy::draft(ctx, id).await?.map(Node::PolicyDraft),
        "Deliverable" => deliverable::one(ctx, Some(id)).await?.map(Node::Deliverable),
        "LedgerEntry" => super::ledger::one(ctx, id).await?.map(Node::LedgerEntry),
        _ => None,
    })
}

/// Reads of anything.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The row behind a global id; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Result<Option<Node>> {
        match global_id::decode(&id) {
            Some((kind, id)) => fetch(ctx, &kind, id).await,
            None => Ok(None),
        }
    }

    /// The rows behind global ids, at most 100, in the order asked for; null where there is none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            return Err(coded("BAD_USER_INPUT", "at most 100 ids"));
        }
        let each = ids.iter().map(async |id| match global_id::decode(id) {
            Some((kind, id)) => fetch(ctx, &kind, id).await,
            None => Ok(None),
        });
        futures_util::future::try_join_all(each).await
    }
}

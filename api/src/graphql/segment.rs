//! Segments on the wire.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, patch, run};
use super::{global_id, loader};
use crate::usecase::segment::{self, Facts};

/// A named part of the market, such as "Enterprise". Trust-Gap is measured per partner and segment.
pub struct Segment(pub domain::segment::Segment);

/// A named part of the market, such as "Enterprise". Trust-Gap is measured per partner and segment.
#[Object(directive = Allow::apply(Action::ReadSegments))]
impl Segment {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Segment", self.0.id)
    }

    /// The name, unique in the program.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How many accounts of the segment could buy at all; null when nobody said.
    #[graphql(directive = Allow::apply(Action::ReadSegmentsInside))]
    async fn addressable_accounts(&self) -> Option<i64> {
        self.0.addressable_accounts
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadSegmentsInside))]
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Reads of segments.
#[derive(Default)]
pub struct SegmentQuery;

#[Object]
impl SegmentQuery {
    /// All segments of the program, by name.
    #[graphql(directive = Allow::apply(Action::ReadSegments))]
    async fn segments(&self, ctx: &Context<'_>) -> Result<Vec<Segment>> {
        let rows = segment::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(rows.into_iter().map(Segment).collect())
    }
}

/// A new segment.
#[derive(InputObject)]
pub struct SegmentCreateInput {
    /// The name; it differs from every other segment's by more than case.
    name: String,
    /// How many accounts of the segment could buy at all.
    addressable_accounts: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a segment. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct SegmentUpdateInput {
    /// The segment.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new name.
    name: Option<String>,
    /// How many accounts of the segment could buy at all.
    addressable_accounts: MaybeUndefined<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of creating a segment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSegments))]
pub struct SegmentCreatePayload {
    /// The segment; null when it was refused.
    segment: Option<Segment>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a segment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageSegments))]
pub struct SegmentUpdatePayload {
    /// The segment as it is now; null when the change was refused.
    segment: Option<Segment>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of segments.
#[derive(Default)]
pub struct SegmentMutation;

#[Object]
impl SegmentMutation {
    /// Creates a segment.
    #[graphql(directive = Allow::apply(Action::ManageSegments))]
    async fn segment_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new segment.")] input: SegmentCreateInput,
    ) -> Result<SegmentCreatePayload> {
        let facts = Facts { name: Some(input.name.clone()), addressable_accounts: Some(input.addressable_accounts) };
        let caller = caller(ctx)?;
        let work = async |key| segment::create(caller, facts, key).await;
        let (id, replayed, user_errors) = run("segmentCreate", input.idempotency_key.as_ref(), &input, work).await?;
        let segment = match id {
            Some(id) => loader::segment(ctx, id).await?.map(Segment),
            None => None,
        };
        Ok(SegmentCreatePayload { segment, replayed, user_errors })
    }

    /// Changes a segment.
    #[graphql(directive = Allow::apply(Action::ManageSegments))]
    async fn segment_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: SegmentUpdateInput,
    ) -> Result<SegmentUpdatePayload> {
        let facts = Facts {
            name: input.name.clone(),
            addressable_accounts: patch(&input.addressable_accounts, |count| *count),
        };
        let caller = caller(ctx)?;
        let work = async |key| {
            segment::update(caller, global_id::input(&input.id, "Segment", "id")?, input.expected_version, facts, key)
                .await
        };
        let (id, replayed, user_errors) = run("segmentUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        let segment = match id {
            Some(id) => loader::segment(ctx, id).await?.map(Segment),
            None => None,
        };
        Ok(SegmentUpdatePayload { segment, replayed, user_errors })
    }
}

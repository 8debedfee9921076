//! The Partner Audit Matrix on the wire.

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_list;
use async_graphql::{
    Context, ContextSelectionSet, Enum, InputObject, Object, OutputType, Positioned, Result, ServerResult, Value,
};
use domain::role::Action;
use std::borrow::Cow;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::economics::{DealSizeDelta, DealVelocityPremium, PartnerYield, WorthByState};
use super::economics::{by_state, deal_size, money, partner_yield, velocity};
use super::measurement::{MeasuredFrame, TrustGap, Window, int, wants};
use super::measurement_wide::{MONEY, PARTNER_YIELD, TRUST_GAP};
use super::page::{IdFilter, OrderDirection, both};
use super::partner::Partner;
use super::recruit::{self, TierDecision};
use super::scalar::{Date, Money};
use super::segment::Segment;
use super::wide::{Plain, Selected, Text};
use super::{global_id, measurement_wide};
use crate::usecase::audit::{self, Filter, Matrix, OrderBy};
use crate::usecase::measurement::Ask;

/// Partner x segment: every partner that you may see, measured in every segment of the program. The numbers are the program's
/// and the same for everybody; only which partners are listed depends on who asks.
pub struct AuditMatrix(Arc<Matrix>);

/// Partner x segment: every partner that you may see, measured in every segment of the program. The numbers are the program's
/// and the same for everybody; only which partners are listed depends on who asks.
#[Object(directive = Allow::apply(Action::ReadAuditMatrix))]
impl AuditMatrix {
    /// The date as of which the window was taken.
    async fn as_of(&self) -> Date {
        Date(self.0.measures.frame.as_of)
    }

    /// Which quarters were measured.
    async fn window(&self) -> Window {
        self.0.measures.ask.window.into()
    }

    /// The first and last of these quarters, and the policy.
    async fn frame(&self) -> MeasuredFrame {
        (&*self.0.measures).into()
    }

    /// The cells. A cell without deals is here as well: unmeasured, with a reason, never 0.
    async fn cells(&self) -> AuditCells {
        AuditCells(self.0.clone())
    }

    /// Closed NEW deals without a segment: they are in the program's totals and in no cell.
    async fn closed_without_segment(&self) -> i32 {
        use domain::{book::Place, cell::Cohort};
        let closed = |cohort| self.0.measures.book.win_rate(None, Place::NoSegment, cohort).closed();
        int([Cohort::AnyPartner, Cohort::Direct, Cohort::Unknown].into_iter().map(closed).sum())
    }
}

/// The list of cells: thousands in a large program, so it is written at once where the query allows it.
pub struct AuditCells(Arc<Matrix>);

const NAMED: &[(&str, Option<&Plain>)] = &[("id", None), ("name", None)];
const PARTNER: Plain = Plain { name: "Partner", fields: NAMED };
const SEGMENT: Plain = Plain { name: "Segment", fields: NAMED };
const CELL: Plain = Plain {
    name: "AuditCell",
    fields: &[
        ("partner", Some(&PARTNER)),
        ("segment", Some(&SEGMENT)),
        ("trustGap", Some(&TRUST_GAP)),
        ("partnerYield", Some(&PARTNER_YIELD)),
        ("sourcedArr", Some(&MONEY)),
        ("segmentSpend", Some(&MONEY)),
    ],
};

impl AuditCells {
    fn write(&self, cell: &audit::AuditCell, of: &Selected, out: &mut Text) {
        let measures = &*self.0.measures;
        let named = |kind: &str, id: uuid::Uuid, name: &str, of: &Selected, out: &mut Text| {
            of.write(out, |field, _, out| match field {
                "id" => out.quoted(global_id::encode(kind, id).0),
                _ => out.text(name),
            });
        };
        of.write(out, |field, below, out| match field {
            "partner" => named("Partner", cell.partner.id, &cell.partner.name, below, out),
            "segment" => named("Segment", cell.segment.id, &cell.segment.name, below, out),
            "trustGap" => measurement_wide::trust_gap(&cell.trust_gap, measures, below, out),
            "partnerYield" => {
                measurement_wide::partner_yield(&measures.partner_yield(Some(cell.partner.id)), measures, below, out);
            }
            "sourcedArr" => measurement_wide::amount(money(measures, cell.sourced(measures).arr_minor), below, out),
            _ => measurement_wide::amount(money(measures, cell.spend(measures)), below, out),
        });
    }
}

impl OutputType for AuditCells {
    fn type_name() -> Cow<'static, str> {
        Vec::<AuditCell>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<AuditCell>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<AuditCell>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if let Some(of) = Selected::of(ctx, &CELL) {
            let mut out = Text::default();
            out.list(&self.0.cells, |cell, out| self.write(cell, &of, out));
            return Ok(out.into_value());
        }
        let cells = (0..self.0.cells.len()).map(|at| AuditCell(self.0.clone(), at));
        resolve_list(ctx, field, cells, Some(self.0.cells.len())).await
    }
}

/// One partner in one segment.
pub struct AuditCell(Arc<Matrix>, usize);

impl AuditCell {
    fn cell(&self) -> &audit::AuditCell {
        &self.0.cells[self.1]
    }
}

/// One partner in one segment.
#[Object(directive = Allow::apply(Action::ReadAuditMatrix))]
impl AuditCell {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner((*self.cell().partner).clone())
    }

    /// The segment.
    async fn segment(&self) -> Segment {
        Segment((*self.cell().segment).clone())
    }

    /// The partner's Trust-Gap in the segment.
    async fn trust_gap(&self) -> TrustGap {
        TrustGap(self.cell().trust_gap.clone(), self.0.measures.clone())
    }

    /// The partner's Yield over all segments: spend is booked on partners, so every cell of a partner repeats the same Yield.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn partner_yield(&self) -> PartnerYield {
        partner_yield(&self.0.measures, Some(self.cell().partner.id))
    }

    /// ARR of won deals that the partner SOURCED in the segment.
    async fn sourced_arr(&self) -> Money {
        money(&self.0.measures, self.cell().sourced(&self.0.measures).arr_minor)
    }

    /// Won deals of the segment by what the partner did.
    async fn attributed(&self) -> WorthByState {
        by_state(&self.0.measures, Some(self.cell().partner.id), self.cell().place())
    }

    /// Spend on the partner that was booked on this segment. What was booked on none is in the partner's Yield only.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    async fn segment_spend(&self) -> Money {
        money(&self.0.measures, self.cell().spend(&self.0.measures))
    }

    /// The latest decision of the partner's investment tier, the same in each of its cells; null where there never was one.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn last_tier(&self, ctx: &Context<'_>) -> Result<Option<TierDecision>> {
        recruit::latest(ctx, self.cell().partner.id).await
    }

    /// How large the partner's deals in the segment are beside direct ones.
    async fn deal_size(&self) -> DealSizeDelta {
        let cell = self.cell();
        deal_size(&self.0.measures, &self.0.measures.sizes(Some(cell.partner.id), cell.place()))
    }

    /// How fast the partner's deals in the segment close beside direct ones.
    async fn velocity(&self) -> DealVelocityPremium {
        let cell = self.cell();
        velocity(&self.0.measures, &self.0.measures.cycles(Some(cell.partner.id), cell.place()))
    }
}

/// By what the cells of the audit matrix are sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub enum AuditMatrixOrderField {
    /// The partner's name, then the segment's.
    Name,
    /// Trust-Gap in points. Cells without one come last, whichever the direction.
    TrustGap,
    /// The partner's Yield. Partners without one come last, whichever the direction.
    #[graphql(name = "YIELD", directive = Allow::apply(Action::ReadYield))]
    PartnerYield,
    /// ARR of won deals that the partner SOURCED in the segment.
    SourcedArr,
}

/// How the cells of the audit matrix are sorted.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct AuditMatrixOrder {
    /// By what.
    field: AuditMatrixOrderField,
    /// Which way; ascending where it is left out.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Which cells to list. All that are given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct AuditMatrixFilter {
    /// Of these partners.
    partner: Option<IdFilter>,
    /// Of these segments.
    segment: Option<IdFilter>,
    /// Only cells whose Trust-Gap is measured.
    #[graphql(default)]
    is_measured: bool,
}

impl From<AuditMatrixFilter> for Filter {
    fn from(filter: AuditMatrixFilter) -> Self {
        let ids = |filter: Option<IdFilter>, kind: &str| {
            let ids = filter.and_then(|filter| both(filter.eq, filter.any));
            ids.map(|ids| global_id::all_of_kind(&ids, kind))
        };
        Self {
            partners: ids(filter.partner, "Partner"),
            segments: ids(filter.segment, "Segment"),
            measured_only: filter.is_measured,
        }
    }
}

/// Reads of the audit matrix.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The Partner Audit Matrix: every partner that you may see, in every segment, over closed quarters.
    #[graphql(directive = Allow::apply(Action::ReadAuditMatrix))]
    async fn audit_matrix(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.")]
        as_of: Option<Date>,
        #[graphql(desc = "How to sort; by name where it is left out.")] order_by: Option<AuditMatrixOrder>,
        #[graphql(desc = "Which quarters to measure.", default)] window: Window,
        #[graphql(desc = "Which cells to list; all of them where it is left out.")] filter: Option<AuditMatrixFilter>,
        #[graphql(desc = "Whether to count partners that were added after a deal's attribution was locked.", default)]
        include_late: bool,
    ) -> Result<AuditMatrix> {
        let cells = ctx.look_ahead().field("cells");
        let ask = Ask {
            as_of: as_of.map(|day| day.0),
            window: window.into(),
            with_late: include_late,
            with_medians: wants::medians(&cells),
            is_lean: !wants::breakdown(&cells),
            ..Ask::default()
        };
        let order =
            order_by.unwrap_or(AuditMatrixOrder { field: AuditMatrixOrderField::Name, direction: OrderDirection::Asc });
        let descending = order.direction == OrderDirection::Desc;
        let filter = filter.unwrap_or_default().into();
        let matrix = audit::matrix(caller(ctx)?, ask, &filter, order.field.into(), descending)
            .await
            .map_err(|why| failed(&why))?;
        Ok(AuditMatrix(Arc::new(matrix)))
    }
}

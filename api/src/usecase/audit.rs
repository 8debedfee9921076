//! The Partner Audit Matrix: partner x segment (LOOP.md section 2, Phase 1).

use super::failure::Failure;
use super::measurement::{Ask, Measures, measure};
use super::office::Caller;
use domain::book::Place;
use domain::partner::{Partner, PartnerStatus};
use domain::role::Action;
use domain::segment::Segment;
use domain::trust_gap::TrustGap;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// What the cells are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderBy {
    /// The partner's name, then the segment's.
    #[default]
    Name,
    /// Trust-Gap in points; cells without one come last either way.
    TrustGap,
    /// The partner's Yield; partners without one come last either way.
    PartnerYield,
    /// Sourced ARR of the cell.
    SourcedArr,
}

/// Which cells are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these partners.
    pub partners: Option<Vec<Uuid>>,
    /// Of these segments.
    pub segments: Option<Vec<Uuid>>,
    /// Only cells whose Trust-Gap is measured.
    pub measured_only: bool,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct AuditCell {
    /// The partner.
    pub partner: Arc<Partner>,
    /// The segment.
    pub segment: Arc<Segment>,
    /// Its Trust-Gap.
    pub trust_gap: TrustGap,
}

/// The matrix.
#[derive(Debug)]
pub struct Matrix {
    /// The cells that the caller may list.
    pub cells: Vec<AuditCell>,
    /// The numbers.
    pub measures: Arc<Measures>,
}

/// The matrix: every partner that the caller lists and that is at work, or has facts in the window, with every segment.
/// A cell without deals is there, unmeasured and with its reason.
///
/// # Errors
/// [`Failure::Denied`], or a storage failure.
pub async fn matrix(
    caller: &Caller,
    ask: Ask,
    filter: &Filter,
    by: OrderBy,
    descending: bool,
) -> Result<Matrix, Failure> {
    let measures = measure(caller, Action::ReadAuditMatrix, ask, None).await?;
    let slice = caller.authorise(Action::ReadAuditMatrix)?;
    let store = caller.office.store.read();
    let (partners, segments) = (entity::partner::all(store, slice).await?, entity::segment::all(store, slice).await?);
    let segments: Vec<Arc<Segment>> = segments.into_iter().map(Arc::new).collect();
    let is_asked = |asked: &Option<Vec<Uuid>>, id: Uuid| asked.as_ref().is_none_or(|ids| ids.contains(&id));
    let has_facts: HashSet<Uuid> = measures.book.partners().chain(measures.spending.partners()).collect();
    let mut cells = Vec::new();
    for partner in partners.into_iter().map(Arc::new) {
        let is_at_work = partner.status == PartnerStatus::Active || has_facts.contains(&partner.id);
        if !is_at_work || !is_asked(&filter.partners, partner.id) {
            continue;
        }
        for segment in segments.iter().filter(|segment| is_asked(&filter.segments, segment.id)) {
            let trust_gap = measures.book.trust_gap(Some(partner.id), Place::Segment(segment.id), &measures.policy);
            if trust_gap.points.is_ok() || !filter.measured_only {
                cells.push(AuditCell { partner: partner.clone(), segment: segment.clone(), trust_gap });
            }
        }
    }
    sort(&mut cells, &measures, by, descending);
    Ok(Matrix { cells, measures })
}

/// Orders by the measure, nulls last either way, ties by name.
fn sort(cells: &mut Vec<AuditCell>, measures: &Measures, by: OrderBy, descending: bool) {
    cells.sort_by(|a, b| {
        let of = |cell: &AuditCell| (cell.partner.id, cell.segment.id);
        (&a.partner.name, &a.segment.name).cmp(&(&b.partner.name, &b.segment.name)).then_with(|| of(a).cmp(&of(b)))
    });
    let mut yields: HashMap<Uuid, Option<Decimal>> = HashMap::new();
    let mut value = |cell: &AuditCell| match by {
        OrderBy::Name => None,
        OrderBy::TrustGap => cell.trust_gap.points.ok(),
        OrderBy::PartnerYield => *yields
            .entry(cell.partner.id)
            .or_insert_with(|| measures.partner_yield(Some(cell.partner.id)).multiple.ok()),
        OrderBy::SourcedArr => Decimal::try_from_i128_with_scale(cell.sourced(measures).arr_minor, 0).ok(),
    };
    match by {
        OrderBy::Name if descending => cells.reverse(),
        OrderBy::Name => {}
        OrderBy::TrustGap | OrderBy::PartnerYield | OrderBy::SourcedArr => {
            let towards = |order: Ordering| if descending { order.reverse() } else { order };
            let mut valued: Vec<(Option<Decimal>, AuditCell)> =
                std::mem::take(cells).into_iter().map(|cell| (value(&cell), cell)).collect();
            // A stable sort: equals stay in the order of their names.
            valued.sort_by(|(a, _), (b, _)| match (a, b) {
                (Some(a), Some(b)) => towards(a.cmp(b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
            cells.extend(valued.into_iter().map(|(_, cell)| cell));
        }
    }
}

impl AuditCell {
    /// The cell's place in the book.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::Segment(self.segment.id)
    }

    /// Won deals that the partner sourced in the segment.
    #[must_use]
    pub fn sourced(&self, measures: &Measures) -> domain::economics::Worth {
        use domain::{book::Kinds, cell::Cohort, economics::Worth};
        Worth::won(&measures.book.value(Some(self.partner.id), self.place(), Cohort::Sourced, Kinds::All))
    }

    /// Spend on the partner that was booked on the segment, in minor units.
    #[must_use]
    pub fn spend(&self, measures: &Measures) -> i128 {
        measures.spending.in_segment(self.partner.id, Some(self.segment.id))
    }
}

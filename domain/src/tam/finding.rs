//! What a reader of a forecast must not overlook.

use super::amounts::Component;
use super::forecast::Forecast;
use super::yield_rule::Verdict;
use crate::evidence::Reason;
use rust_decimal::Decimal;
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingKind {
    /// A negative Trust-Gap: the partner drags the segment's win rate down.
    Drag,
    /// Planned spend reaches the bar of the conservative Yield rule.
    YieldSteppedDown,
    /// Planned spend rises although Yield qualifies for none.
    SpendNotQualified,
    /// A component is not measured and adds nothing.
    NotMeasured,
    /// Many accounts are counted both as sourced and as engaged.
    DoubleCounted,
    /// Several partners together engage more accounts than the segment has.
    EngagedBeyondSegment,
    /// The partner has more accounts of a segment in common with the vendor than the segment is said to have.
    OverlapBeyondSegment,
}

/// A finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// Of which partner; none where it is of several.
    pub partner_id: Option<Uuid>,
    /// In which segment.
    pub segment_id: Option<Uuid>,
    /// In which component.
    pub component: Option<Component>,
    /// Why it is not measured.
    pub reason: Option<Reason>,
    /// The share of accounts counted twice, or the accounts beyond the segment.
    pub measure: Option<Decimal>,
}

impl Forecast {
    /// What a reader must not overlook, partner by partner, then segment by segment.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for partner in &self.partners {
            let partner_id = Some(partner.partner_id);
            let of =
                |kind| Finding { kind, partner_id, segment_id: None, component: None, reason: None, measure: None };
            let has_plan = partner.spend.planned_minor > 0;
            match partner.spend.verdict {
                Verdict::SteppedDown => found.push(of(FindingKind::YieldSteppedDown)),
                Verdict::NotQualified => found.push(of(FindingKind::SpendNotQualified)),
                Verdict::NoYield if has_plan => found.push(Finding {
                    component: Some(Component::Sourced),
                    reason: partner.spend.reason,
                    ..of(FindingKind::NotMeasured)
                }),
                Verdict::NoYield | Verdict::Kept => {}
            }
            for cell in partner.cells.iter().filter(|cell| cell.segment_id.is_some()) {
                let at = |kind| Finding { segment_id: cell.segment_id, ..of(kind) };
                let Some(influenced) = &cell.influenced else { continue };
                if influenced.points.is_some_and(|points| points < Decimal::ZERO) {
                    found.push(at(FindingKind::Drag));
                }
                for component in [Component::Influenced, Component::Expansion] {
                    if let Some(reason) = cell.reason(partner, component) {
                        let (component, reason) = (Some(component), Some(reason));
                        found.push(Finding { component, reason, ..at(FindingKind::NotMeasured) });
                    }
                }
                if influenced.is_beyond_segment() {
                    found.push(at(FindingKind::OverlapBeyondSegment));
                }
                if let Some(share) = influenced.double_counted().filter(|share| *share >= self.policy.double_count_rate)
                {
                    found.push(Finding { measure: Some(share), ..at(FindingKind::DoubleCounted) });
                }
            }
        }
        for segment in self.segments().into_iter().flatten() {
            if let Some((_, excess)) = self.engaged(segment).filter(|(_, excess)| *excess > Decimal::ZERO) {
                found.push(Finding {
                    kind: FindingKind::EngagedBeyondSegment,
                    partner_id: None,
                    segment_id: Some(segment),
                    component: None,
                    reason: None,
                    measure: Some(excess),
                });
            }
        }
        found
    }
}

//! A partner's scorecard.

use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{Ask, Measures, last_completed, measure};
use super::office::Caller;
use domain::book::Place;
use domain::evidence::Evidence;
use domain::partner::Partner;
use domain::role::{Action, may};
use domain::segment::Segment;
use domain::slice::Reach;
use domain::trust_gap::TrustGap;
use std::sync::Arc;
use uuid::Uuid;

/// A partner with its numbers.
#[derive(Debug)]
pub struct Scorecard {
    /// The partner.
    pub partner: Partner,
    /// Its Trust-Gap in each segment in which it has a closed deal.
    pub trust_gaps: Vec<(Segment, TrustGap)>,
    /// The numbers.
    pub measures: Arc<Measures>,
}

/// The scorecard of a partner of the slice; none for any other. A partner's own seat asks without arguments, and is answered
/// as of the last completed quarter (ruling 31).
///
/// # Errors
/// [`Failure::Invalid`] when no partner is named, [`Failure::Denied`], or a storage failure.
pub async fn read(caller: &Caller, partner_id: Option<Uuid>, ask: Ask) -> Result<Option<Scorecard>, Failure> {
    let slice = caller.authorise(Action::ReadScorecard)?;
    let (partner_id, ask) = match (slice.reach(), partner_id) {
        (Reach::Own { partner }, _) => {
            let as_of = Some(last_completed(caller, slice).await?);
            (*partner, Ask { as_of, with_trend: ask.with_trend, with_medians: ask.with_medians, ..Ask::default() })
        }
        (_, Some(partner)) => (partner, ask),
        (_, None) => {
            let message = "partnerId is required: only a partner's own token has a scorecard of its own";
            let problem = Problem {
                code: ProblemCode::Required,
                message: message.into(),
                path: vec!["partnerId".into()],
                rule: None,
            };
            return Err(problem.into());
        }
    };
    let store = caller.office.store.read();
    let Some(partner) = entity::partner::find(store, slice, partner_id).await? else { return Ok(None) };
    let measures = measure(caller, Action::ReadScorecard, ask, Some(partner.id)).await?;
    let sees_direct_side = may(caller.viewer.role, Action::ReadTrustGap);
    let segments = entity::segment::all(store, slice).await?;
    let has_deals = |segment: &Segment| {
        let cohort = domain::book::with_partner(Some(partner.id));
        measures.book.win_rate(Some(partner.id), Place::Segment(segment.id), cohort).closed() > 0
    };
    let trust_gaps = segments
        .into_iter()
        .filter(has_deals)
        .map(|segment| {
            let mut gap = measures.book.trust_gap(Some(partner.id), Place::Segment(segment.id), &measures.policy);
            if !sees_direct_side {
                // From its own side: how many direct deals there are is not the partner's to know.
                let own = gap.co_sell.closed();
                gap.evidence = Evidence::of(own, own, measures.policy.solid_deals);
            }
            (segment, gap)
        })
        .collect();
    Ok(Some(Scorecard { partner, trust_gaps, measures }))
}

//! The program as an import sees it.

use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::import::context::{Context, KnownStage, Partners};
use domain::program::Program;
use domain::slice::Slice;
use domain::text;
use entity::{Conn, import_bulk};

/// Loads it.
pub(super) async fn load(
    conn: &impl Conn,
    slice: &Slice,
    program: &Program,
    now: DateTime<Utc>,
) -> Result<Context, Failure> {
    let partners = partners(conn, slice).await?;
    let segments = entity::segment::all(conn, slice).await?;
    let stages = entity::stage::all(conn, slice).await?;
    let rates = entity::fx_rate::all(conn, slice).await?;
    let pods = import_bulk::pods(conn, slice).await?;
    Ok(Context {
        currency: program.currency,
        calendar: program.calendar,
        today: program.calendar.day(now),
        segments: segments.into_iter().map(|segment| (text::key(&segment.name), segment.id)).collect(),
        partners,
        stages: stages
            .into_iter()
            .map(|it| {
                let known = KnownStage {
                    id: Some(it.id),
                    outcome: it.outcome,
                    is_stage_one_or_later: it.is_stage_one_or_later,
                };
                (text::key(&it.crm_name), known)
            })
            .collect(),
        pods: pods.into_iter().map(|(id, name)| (text::key(&name), id)).collect(),
        rates: rates.into_iter().map(|rate| ((rate.quarter, rate.currency), rate.rate)).collect(),
    })
}

/// The program's partners.
pub(super) async fn partners(conn: &impl Conn, slice: &Slice) -> Result<Partners, Failure> {
    let mut partners = Partners::default();
    for (id, external_id, name) in import_bulk::partners(conn, slice).await? {
        partners.add(id, external_id.as_deref(), &name);
    }
    Ok(partners)
}

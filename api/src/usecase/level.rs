//! Program levels: computed once a quarter for every partner at work, and changed by nobody.

use super::commit::commit;
use super::failure::Failure;
use super::office::Caller;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use domain::calendar::Calendar;
use domain::level::{LevelRecord, score};
use domain::partner::PartnerStatus;
use domain::role::Action;
use entity::production::Stretch;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// The first instant of a local day.
fn start_of(calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    calendar.zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// The latest level of each of these partners that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn latest_of(caller: &Caller, partners: &[Uuid]) -> Result<Vec<LevelRecord>, Failure> {
    let slice = caller.authorise(Action::ReadLevel)?;
    Ok(entity::program_level::latest_of(caller.office.store.read(), slice, partners).await?)
}

/// Computes the level of every partner at work that has none of the current quarter yet, from the trailing four quarters.
/// Doing it again in the same quarter does nothing.
///
/// # Errors
/// [`Failure`].
pub async fn compute(caller: &Caller) -> Result<(), Failure> {
    commit(caller, Action::ComputeLevels, None, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let calendar = &program.calendar;
        let quarter = calendar.quarter(calendar.day(work.now));
        let first_day = calendar.first_day(quarter);
        let window = calendar.trailing_four(first_day);
        let from = calendar.first_day(window.from);
        let stretch = Stretch {
            window,
            days: (from, calendar.last_day(window.to)),
            instants: (start_of(calendar, from), start_of(calendar, first_day)),
        };
        let known = entity::program_level::of_quarter(&work.tx, work.slice, quarter).await?;
        let known: HashSet<Uuid> = known.into_iter().map(|row| row.partner_id).collect();
        let policy = entity::policy::on(&work.tx, work.slice, first_day).await?;
        let standings = entity::production::standings(&work.tx, work.slice, &stretch).await?;
        let partners = entity::partner::all(&work.tx, work.slice).await?;
        let is_asked = |partner: &domain::partner::Partner| {
            partner.status == PartnerStatus::Active && !known.contains(&partner.id)
        };
        let levels: Vec<LevelRecord> = partners
            .iter()
            .filter(|partner| is_asked(partner))
            .map(|partner| {
                let standing = standings.get(&partner.id).copied().unwrap_or_default();
                let scored = score(&standing, program.currency.minor_digits(), &policy.level);
                LevelRecord {
                    id: work.id(),
                    partner_id: partner.id,
                    quarter,
                    level: scored.level,
                    score: scored.score,
                    standing,
                    policy_version: policy.version,
                    recorded_at: work.now,
                }
            })
            .collect();
        entity::program_level::insert(&work.tx, work.slice, &levels).await?;
        for row in &levels {
            let facts = json!({
                "partnerId": row.partner_id, "quarter": quarter.to_string(), "level": row.level, "score": row.score,
                "policyVersion": row.policy_version,
            });
            work.record("programLevel.compute", "PartnerLevel", row.id, facts);
        }
        Ok(work.program_id())
    })
    .await
    .map(|_| ())
}

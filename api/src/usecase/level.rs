//! Program levels: computed once a quarter for every partner at work, and changed by nobody.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use domain::calendar::Calendar;
use domain::level::{BENEFITS_MOST, Held, LevelBenefits, LevelRecord, ProgramLevel, score};
use domain::partner::PartnerStatus;
use domain::policy::Policy;
use domain::role::Action;
use domain::slice::Slice;
use domain::text;
use entity::Conn;
use entity::production::Stretch;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// The first instant of a local day.
fn start_of(calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    calendar.zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// The latest level of each of these partners that the caller may see, with what it gives.
///
/// # Errors
/// [`Failure`].
pub async fn latest_of(caller: &Caller, partners: &[Uuid]) -> Result<Vec<Held>, Failure> {
    let slice = caller.authorise(Action::ReadLevel)?;
    let store = caller.office.store.read();
    let records = entity::program_level::latest_of(store, slice, partners).await?;
    let all = entity::level_benefits::all(store, slice).await?;
    let held = |record: LevelRecord| {
        let benefits = all.iter().find(|benefits| benefits.level == record.level).cloned();
        Held { record, benefits }
    };
    Ok(records.into_iter().map(held).collect())
}

/// What each level gives that something was set for, the lowest first.
///
/// # Errors
/// [`Failure`].
pub async fn benefits(caller: &Caller) -> Result<Vec<LevelBenefits>, Failure> {
    let slice = caller.authorise(Action::ReadLevelBenefits)?;
    let mut all = entity::level_benefits::all(caller.office.store.read(), slice).await?;
    all.sort_by_key(|benefits| benefits.level);
    Ok(all)
}

/// Sets what a level gives, as a whole.
///
/// # Errors
/// [`Failure`].
pub async fn set_benefits(
    caller: &Caller,
    level: ProgramLevel,
    expected: Option<i64>,
    (benefits, checks_per_day): (&[String], Option<i32>),
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageLevelBenefits, key, async |work| {
        let all = entity::level_benefits::all(&work.tx, work.slice).await?;
        let before = all.iter().find(|row| row.level == level).map_or(0, |row| row.version);
        work.expect_version(before, expected)?;
        let mut problems = Problems::default();
        if benefits.len() > BENEFITS_MOST {
            problems.note("benefits", ProblemCode::Invalid, format!("at most {BENEFITS_MOST} benefits"));
        }
        let mut kept = Vec::new();
        for (at, benefit) in benefits.iter().enumerate() {
            match text::name(benefit, 500) {
                Ok(benefit) => kept.push(benefit),
                Err(why) => {
                    let path = ["benefits", &at.to_string()];
                    problems.push(Problem::at(path, ProblemCode::Invalid, why.to_string()));
                }
            }
        }
        let checks = checks_per_day.map(u32::try_from).transpose();
        let checks_per_day = problems.take("registrationChecksPerDay", checks.map_err(|_| "a number of 0 or more"));
        problems.settle()?;
        let row = LevelBenefits {
            level,
            benefits: kept,
            checks_per_day: checks_per_day.flatten(),
            version: before + 1,
            recorded_at: work.now,
        };
        entity::level_benefits::write(&work.tx, work.slice, &row).await?;
        let body = json!({ "level": level, "benefits": row.benefits, "checksPerDay": row.checks_per_day, "version": row.version });
        work.record("levelBenefits.set", "Program", work.program_id(), body);
        Ok(work.program_id())
    })
    .await
}

/// How many accounts a partner may ask about or register on one local day: what its level gives, else the policy's number. The
/// slice holds the partner.
pub(super) async fn checks_per_day(
    conn: &impl Conn,
    slice: &Slice,
    partner: Uuid,
    policy: &Policy,
) -> Result<u64, Failure> {
    let usual = u64::from(policy.registration.checks_per_day);
    let Some(record) = entity::program_level::latest_of(conn, slice, &[partner]).await?.pop() else { return Ok(usual) };
    let all = entity::level_benefits::all(conn, slice).await?;
    let own = all.iter().find(|row| row.level == record.level).and_then(|row| row.checks_per_day);
    Ok(own.map_or(usual, u64::from))
}

/// Computes the level of every partner at work that has none of the current quarter yet, from the trailing four quarters.
/// Doing it again in the same quarter does nothing. Returns how many were computed.
///
/// # Errors
/// [`Failure`].
pub async fn compute(caller: &Caller) -> Result<usize, Failure> {
    let mut computed = 0;
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
        computed = levels.len();
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
    .await?;
    Ok(computed)
}

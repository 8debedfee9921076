//! What partners produced in a window, partner by partner: sums that cells do not hold. As measures, they are program-wide
//! (ruling 1), and in the default reading: without late amendments (ruling 8).

use crate::column::read;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::Window;
use domain::economics::Worth;
use domain::funnel::StageRow;
use domain::level::Standing;
use domain::slice::Slice;
use sea_orm::{QueryResult, Statement};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

fn worth(row: &QueryResult) -> Result<Worth, DbErr> {
    let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
    let deals = count("deals")?;
    Ok(Worth { deals, arr_minor: row.try_get::<i64>("", "arr_minor")?.into(), without_arr: deals - count("known")? })
}

/// What each partner won in each stage of the funnel in a window: a deal counts once in each stage.
///
/// # Errors
/// [`DbErr`].
pub async fn by_stage(conn: &impl Conn, slice: &Slice, window: Window) -> Result<Vec<StageRow>, DbErr> {
    let sql = "SELECT partner_id, funnel_stage, COUNT(*) AS deals, CAST(COALESCE(SUM(arr_minor), 0) AS bigint) AS arr_minor,
                 COUNT(arr_minor) AS known
               FROM (
                 SELECT DISTINCT a.partner_id, d.id, d.arr_minor,
                   CASE WHEN a.state = 'SOURCED' THEN 'TOFU' WHEN a.state IN ('INFLUENCED', 'ACCELERATED') THEN 'CO_SELL'
                        WHEN d.kind = 'EXPANSION' THEN 'EXPAND' ELSE 'RETAIN' END AS funnel_stage
                 FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
                 WHERE d.program_id = $1 AND d.closed_quarter BETWEEN $2 AND $3 AND d.outcome = 'WON'
                   AND d.has_reached_stage_one AND NOT a.is_late
               ) produced
               GROUP BY partner_id, funnel_stage";
    let values = [slice.program_id().into(), window.from.index().into(), window.to.index().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let mut partners: BTreeMap<Uuid, StageRow> = BTreeMap::new();
    for row in &rows {
        let partner_id = row.try_get("", "partner_id")?;
        let stage = read("funnel stage", &row.try_get::<String>("", "funnel_stage")?)?;
        let produced = partners.entry(partner_id).or_insert(StageRow { partner_id, produced: BTreeMap::new() });
        produced.produced.insert(stage, worth(row)?);
    }
    Ok(partners.into_values().collect())
}

/// A stretch of time as quarters, days and instants.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Its quarters.
    pub window: Window,
    /// Its first day and its last.
    pub days: (NaiveDate, NaiveDate),
    /// Its first instant, and the first one after it.
    pub instants: (DateTime<Utc>, DateTime<Utc>),
}

/// What the program level of each partner is computed from.
///
/// # Errors
/// [`DbErr`].
pub async fn standings(conn: &impl Conn, slice: &Slice, stretch: &Stretch) -> Result<HashMap<Uuid, Standing>, DbErr> {
    let mut standings: HashMap<Uuid, Standing> = HashMap::new();
    let run = async |sql: &str, values: Vec<sea_orm::Value>| {
        let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
        rows.iter()
            .map(|row| Ok((row.try_get::<Uuid>("", "partner_id")?, row.try_get::<i64>("", "amount")?)))
            .collect::<Result<Vec<_>, DbErr>>()
    };
    let program = || sea_orm::Value::from(slice.program_id());
    let sourced = "SELECT a.partner_id, CAST(COALESCE(SUM(d.arr_minor), 0) AS bigint) AS amount
                   FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
                   WHERE d.program_id = $1 AND d.opened_on BETWEEN $2 AND $3 AND d.kind = 'NEW' AND a.state = 'SOURCED' AND NOT a.is_late
                   GROUP BY a.partner_id";
    for (partner, amount) in run(sourced, vec![program(), stretch.days.0.into(), stretch.days.1.into()]).await? {
        standings.entry(partner).or_default().sourced_minor = amount.into();
    }
    let influenced = "SELECT partner_id, CAST(COALESCE(SUM(arr_minor), 0) AS bigint) AS amount
                      FROM (
                        SELECT DISTINCT a.partner_id, d.id, d.arr_minor
                        FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
                        WHERE d.program_id = $1 AND d.closed_quarter BETWEEN $2 AND $3 AND d.outcome = 'WON'
                          AND d.has_reached_stage_one AND a.state IN ('INFLUENCED', 'ACCELERATED') AND NOT a.is_late
                      ) influenced
                      GROUP BY partner_id";
    let window = stretch.window;
    for (partner, amount) in
        run(influenced, vec![program(), window.from.index().into(), window.to.index().into()]).await?
    {
        standings.entry(partner).or_default().influenced_minor = amount.into();
    }
    let activities = "SELECT partner_id, COUNT(*) AS amount FROM activity
                      WHERE program_id = $1 AND happened_at >= $2 AND happened_at < $3 AND partner_id IS NOT NULL GROUP BY partner_id";
    for (partner, amount) in
        run(activities, vec![program(), stretch.instants.0.into(), stretch.instants.1.into()]).await?
    {
        standings.entry(partner).or_default().activities = u64::try_from(amount).unwrap_or_default();
    }
    Ok(standings)
}

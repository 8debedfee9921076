//! Cells: closed quarters computed once (DESIGN.md section 3). What they mean is said in [`domain::cell`].
//!
//! The rows of a run of quarters are computed by two `INSERT … SELECT` over the facts of these quarters, with one text for
//! both back ends. Each first brings the deals down to a few thousand sums, one per pattern of who did what, and then deals the
//! sums out to the cohorts of the pattern, so that a deal in six cohorts is read once.

use crate::column::read;
use crate::store::{Conn, DbErr, is_sqlite};
use domain::calendar::{Quarter, Window};
use domain::cell::{Cell, CellKey, CellValue, Histogram, Spot};
use domain::slice::Slice;
use sea_orm::{QueryResult, Statement, Value};
use uuid::Uuid;

/// Closed deals that count, of the program `$1`, in the quarters from `$2` to `$3`.
macro_rules! closed_deals {
    () => {
        "d.program_id = $1 AND d.closed_quarter BETWEEN $2 AND $3 AND d.outcome IN ('WON', 'LOST') AND d.has_reached_stage_one"
    };
}

/// What a statement needs of a deal; `$4` stands for no segment.
macro_rules! deal_columns {
    () => {
        "d.closed_quarter AS quarter, COALESCE(d.segment_id, $4) AS segment_id, d.kind AS kind, d.provenance AS provenance,
         d.declaration AS declaration, d.outcome AS outcome, d.arr_minor AS arr_minor, d.tcv_minor AS tcv_minor,
         d.cycle_days AS cycle_days"
    };
}

/// For each state: null when nobody is in it, 0 when somebody is on time, 1 when all who are were late.
macro_rules! pattern {
    () => {
        "MIN(CASE WHEN a.state = 'SOURCED' THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS sourced,
         MIN(CASE WHEN a.state = 'INFLUENCED' THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS influenced,
         MIN(CASE WHEN a.state = 'ACCELERATED' THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS accelerated,
         MIN(CASE WHEN a.state = 'EXPANSION_OR_RETENTION' THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS expansion,
         MIN(CASE WHEN a.state IN ('INFLUENCED', 'ACCELERATED') THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS shaped,
         MIN(CASE WHEN a.state <> 'EXPANSION_OR_RETENTION' THEN CASE WHEN a.is_late THEN 1 ELSE 0 END END) AS co_sell,
         MIN(CASE WHEN a.is_late THEN 1 ELSE 0 END) AS involved"
    };
}

/// The sums of the deals of one pattern.
macro_rules! sums_of_deals {
    () => {
        "SUM(CASE WHEN outcome = 'WON' THEN 1 ELSE 0 END) AS won,
         SUM(CASE WHEN outcome = 'LOST' THEN 1 ELSE 0 END) AS lost,
         COALESCE(SUM(arr_minor) FILTER (WHERE outcome = 'WON'), 0) AS won_arr_minor,
         COUNT(arr_minor) FILTER (WHERE outcome = 'WON') AS won_arr_count,
         COALESCE(SUM(arr_minor) FILTER (WHERE outcome = 'LOST'), 0) AS lost_arr_minor,
         COUNT(arr_minor) FILTER (WHERE outcome = 'LOST') AS lost_arr_count,
         COALESCE(SUM(cycle_days) FILTER (WHERE outcome = 'WON'), 0) AS won_days,
         COUNT(cycle_days) FILTER (WHERE outcome = 'WON') AS won_days_count,
         COALESCE(SUM(tcv_minor) FILTER (WHERE outcome = 'WON' AND arr_minor IS NOT NULL), 0) AS won_tcv_minor,
         COALESCE(SUM(arr_minor) FILTER (WHERE outcome = 'WON' AND tcv_minor IS NOT NULL), 0) AS won_tcv_arr_minor,
         COUNT(tcv_minor) FILTER (WHERE outcome = 'WON' AND arr_minor IS NOT NULL) AS won_tcv_count,
         string_agg(CAST(arr_minor AS text), ' ') FILTER (WHERE outcome = 'WON' AND kind = 'NEW') AS arr,
         string_agg(CAST(cycle_days AS text), ' ') FILTER (WHERE outcome = 'WON' AND kind = 'NEW') AS days"
    };
}

/// The columns of a row, from the sums of the patterns that are dealt to it.
macro_rules! sums_of_patterns {
    () => {
        "CAST(SUM(won) AS bigint), CAST(SUM(lost) AS bigint), CAST(SUM(won_arr_minor) AS bigint), CAST(SUM(won_arr_count) AS bigint),
         CAST(SUM(lost_arr_minor) AS bigint), CAST(SUM(lost_arr_count) AS bigint), CAST(SUM(won_days) AS bigint),
         CAST(SUM(won_days_count) AS bigint), CAST(SUM(won_tcv_minor) AS bigint), CAST(SUM(won_tcv_arr_minor) AS bigint),
         CAST(SUM(won_tcv_count) AS bigint)"
    };
}

/// The columns of a row, in the order in which both statements give them.
macro_rules! insert {
    () => {
        "INSERT INTO cell (program_id, quarter, segment_id, partner_id, cohort, kind, provenance, is_late, won, lost, won_arr_minor,
         won_arr_count, lost_arr_minor, lost_arr_count, won_days, won_days_count, won_tcv_minor, won_tcv_arr_minor, won_tcv_count,
         arr_histogram, days_histogram) "
    };
}

/// The rows of partners. A histogram is kept of CO_SELL only.
const OF_PARTNERS: &str = concat!(
    insert!(),
    "WITH seen AS (
       SELECT a.partner_id AS partner_id, ", deal_columns!(), ", ", pattern!(), "
       FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
       WHERE ", closed_deals!(), "
       GROUP BY d.program_id, d.id, a.partner_id
     ), summed AS (
       SELECT quarter, segment_id, partner_id, kind, provenance, sourced, influenced, accelerated, expansion, co_sell, ", sums_of_deals!(), "
       FROM seen
       GROUP BY quarter, segment_id, partner_id, kind, provenance, sourced, influenced, accelerated, expansion, co_sell
     ), dealt AS (
       SELECT summed.*, 'SOURCED' AS cohort, sourced AS late FROM summed WHERE sourced IS NOT NULL
       UNION ALL SELECT summed.*, 'INFLUENCED', influenced FROM summed WHERE influenced IS NOT NULL
       UNION ALL SELECT summed.*, 'ACCELERATED', accelerated FROM summed WHERE accelerated IS NOT NULL
       UNION ALL SELECT summed.*, 'EXPANSION_OR_RETENTION', expansion FROM summed WHERE expansion IS NOT NULL
       UNION ALL SELECT summed.*, 'CO_SELL', co_sell FROM summed WHERE co_sell IS NOT NULL
     )
     SELECT $1, quarter, segment_id, partner_id, cohort, kind, provenance, late = 1, ", sums_of_patterns!(), ",
       COALESCE(string_agg(arr, ' ') FILTER (WHERE cohort = 'CO_SELL'), ''),
       COALESCE(string_agg(days, ' ') FILTER (WHERE cohort = 'CO_SELL'), '')
     FROM dealt GROUP BY quarter, segment_id, partner_id, cohort, kind, provenance, late"
);

/// The rows that hold each deal once, under the partner `$5`: none. A histogram is kept of ANY_PARTNER and DIRECT only.
const OF_ALL: &str = concat!(
    insert!(),
    "WITH seen AS (
       SELECT ", deal_columns!(), ", ", pattern!(), "
       FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
       WHERE ", closed_deals!(), "
       GROUP BY d.program_id, d.id
     UNION ALL
       SELECT ", deal_columns!(), ", NULL, NULL, NULL, NULL, NULL, NULL, NULL
       FROM deal d
       WHERE ", closed_deals!(), "
         AND NOT EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id)
     ), summed AS (
       SELECT quarter, segment_id, kind, provenance, declaration, sourced, influenced, accelerated, expansion, shaped, involved, ",
         sums_of_deals!(), "
       FROM seen
       GROUP BY quarter, segment_id, kind, provenance, declaration, sourced, influenced, accelerated, expansion, shaped, involved
     ), dealt AS (
       SELECT summed.*, 'SOURCED' AS cohort, sourced AS late FROM summed WHERE sourced IS NOT NULL
       UNION ALL SELECT summed.*, 'INFLUENCED', influenced FROM summed WHERE influenced IS NOT NULL
       UNION ALL SELECT summed.*, 'ACCELERATED', accelerated FROM summed WHERE accelerated IS NOT NULL
       UNION ALL SELECT summed.*, 'EXPANSION_OR_RETENTION', expansion FROM summed WHERE expansion IS NOT NULL
       UNION ALL SELECT summed.*, 'INFLUENCED_OR_ACCELERATED', shaped FROM summed WHERE shaped IS NOT NULL
       UNION ALL SELECT summed.*, 'ANY_PARTNER', involved FROM summed WHERE involved IS NOT NULL
       UNION ALL SELECT summed.*,
           CASE WHEN declaration = 'DIRECT' OR (declaration = 'PARTNERS' AND involved = 1) THEN 'DIRECT' ELSE 'UNKNOWN' END,
           COALESCE(involved, 0)
         FROM summed WHERE COALESCE(involved, 1) = 1
     )
     SELECT $1, quarter, segment_id, $5, cohort, kind, provenance, late = 1, ", sums_of_patterns!(), ",
       COALESCE(string_agg(arr, ' ') FILTER (WHERE cohort IN ('ANY_PARTNER', 'DIRECT')), ''),
       COALESCE(string_agg(days, ' ') FILTER (WHERE cohort IN ('ANY_PARTNER', 'DIRECT')), '')
     FROM dealt GROUP BY quarter, segment_id, cohort, kind, provenance, late"
);

/// Computes the cells of these quarters (all when `None`) again from the facts, in the caller's transaction.
///
/// # Errors
/// [`DbErr`].
pub async fn rebuild(conn: &impl Conn, slice: &Slice, quarters: Option<&[i32]>) -> Result<(), DbErr> {
    match quarters {
        None => rebuild_run(conn, slice, i32::MIN, i32::MAX).await,
        Some(quarters) => {
            for (from, to) in runs(quarters) {
                rebuild_run(conn, slice, from, to).await?;
            }
            Ok(())
        }
    }
}

/// Neighbouring quarters as runs, so that each run takes one pass.
fn runs(quarters: &[i32]) -> Vec<(i32, i32)> {
    let mut sorted = quarters.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for quarter in sorted {
        match runs.last_mut() {
            Some(last) if quarter - last.1 <= 1 => last.1 = quarter,
            _ => runs.push((quarter, quarter)),
        }
    }
    runs
}

async fn rebuild_run(conn: &impl Conn, slice: &Slice, from: i32, to: i32) -> Result<(), DbErr> {
    let backend = conn.get_database_backend();
    if !is_sqlite(conn) && from != to {
        // Many quarters at once: room to group in memory and time to finish, for this transaction only.
        conn.execute_unprepared("SET LOCAL work_mem = '128MB'; SET LOCAL statement_timeout = 0").await?;
    }
    let mut values: Vec<Value> = vec![slice.program_id().into(), from.into(), to.into()];
    let run =
        |sql: &str, values: &[Value]| conn.execute_raw(Statement::from_sql_and_values(backend, sql, values.to_vec()));
    run("DELETE FROM cell WHERE program_id = $1 AND quarter BETWEEN $2 AND $3", &values).await?;
    values.push(Uuid::nil().into());
    run(OF_PARTNERS, &values).await?;
    values.push(Uuid::nil().into());
    run(OF_ALL, &values).await?;
    Ok(())
}

/// The sums of a window over its quarters and provenances. Measures are program-wide (ruling 1): of the slice, only the
/// program is asked; what a seat may list is decided where it is listed.
///
/// # Errors
/// [`DbErr`].
pub async fn window(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    whose: Whose,
) -> Result<Vec<(Spot, CellValue)>, DbErr> {
    let sql = format!(
        "SELECT segment_id, partner_id, cohort, kind, is_late, {SUMS} FROM cell WHERE {} {} GROUP BY segment_id, partner_id, cohort, kind, is_late",
        IN_WINDOW,
        whose.condition()
    );
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, whose.values(slice, window)))
        .await?;
    rows.iter().map(|row| Ok((read_spot(row)?, read_value(row)?))).collect()
}

/// As [`window`], quarter by quarter and over all segments.
///
/// # Errors
/// [`DbErr`].
pub async fn quarters(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    whose: Whose,
) -> Result<Vec<(Quarter, Spot, CellValue)>, DbErr> {
    let sql = format!(
        "SELECT quarter, partner_id, cohort, kind, is_late, {SUMS} FROM cell WHERE {} {} GROUP BY quarter, partner_id, cohort, kind, is_late ORDER BY quarter",
        IN_WINDOW,
        whose.condition()
    );
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, whose.values(slice, window)))
        .await?;
    rows.iter()
        .map(|row| Ok((Quarter::from_index(row.try_get("", "quarter")?), read_spot_in(row, None)?, read_value(row)?)))
        .collect()
}

/// The histograms of ARR and of days of a window, cell by cell.
///
/// # Errors
/// [`DbErr`].
pub async fn histograms(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    whose: Whose,
) -> Result<Vec<(Spot, Histogram, Histogram)>, DbErr> {
    let sql = format!(
        "SELECT segment_id, partner_id, cohort, kind, is_late, arr_histogram, days_histogram FROM cell WHERE {} {} AND kind = 'NEW' AND cohort IN ('CO_SELL', 'ANY_PARTNER', 'DIRECT')",
        IN_WINDOW,
        whose.condition()
    );
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, whose.values(slice, window)))
        .await?;
    rows.iter()
        .map(|row| Ok((read_spot(row)?, read_histogram(row, "arr_histogram")?, read_histogram(row, "days_histogram")?)))
        .collect()
}

/// The cells of one quarter, whole: for the comparison with the facts.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<(CellKey, Cell)>, DbErr> {
    let sql = "SELECT segment_id, partner_id, cohort, kind, provenance, is_late, won, lost, won_arr_minor, won_arr_count, lost_arr_minor, lost_arr_count, won_days, won_days_count, won_tcv_minor, won_tcv_arr_minor, won_tcv_count, arr_histogram, days_histogram FROM cell WHERE program_id = $1 AND quarter = $2";
    let values = [slice.program_id().into(), quarter.index().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let read_row = |row: &QueryResult| {
        let provenance = read("cell.provenance", &row.try_get::<String>("", "provenance")?)?;
        let key = CellKey { quarter, provenance, spot: read_spot(row)? };
        let cell = Cell {
            value: read_value(row)?,
            arr: read_histogram(row, "arr_histogram")?,
            days: read_histogram(row, "days_histogram")?,
        };
        Ok((key, cell))
    };
    rows.iter().map(read_row).collect()
}

/// The first quarter that has a cell or spend.
///
/// # Errors
/// [`DbErr`].
pub async fn first_quarter(conn: &impl Conn, slice: &Slice) -> Result<Option<Quarter>, DbErr> {
    let sql = "SELECT MIN(quarter) AS first FROM (SELECT MIN(quarter) AS quarter FROM cell WHERE program_id = $1
               UNION ALL SELECT MIN(quarter) FROM spend_line WHERE program_id = $1) begun";
    let row = conn
        .query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [slice.program_id().into()]))
        .await?;
    let first = row.map(|row| row.try_get::<Option<i32>>("", "first")).transpose()?.flatten();
    Ok(first.map(Quarter::from_index))
}

/// Whose cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Every partner's, and the rows without one.
    Everybodys,
    /// One partner's, and the rows without one, which it is compared with.
    Partner(Uuid),
    /// The rows without a partner only: totals.
    Nobodys,
}

impl Whose {
    const fn condition(self) -> &'static str {
        match self {
            Self::Everybodys => "",
            Self::Partner(_) => "AND partner_id IN ($4, $5)",
            Self::Nobodys => "AND partner_id = $4",
        }
    }

    fn values(self, slice: &Slice, window: Window) -> Vec<Value> {
        let mut values: Vec<Value> =
            vec![slice.program_id().into(), window.from.index().into(), window.to.index().into()];
        match self {
            Self::Everybodys => {}
            Self::Partner(partner) => values.extend([Uuid::nil().into(), partner.into()]),
            Self::Nobodys => values.push(Uuid::nil().into()),
        }
        values
    }
}

const IN_WINDOW: &str = "program_id = $1 AND quarter BETWEEN $2 AND $3";

const SUMS: &str = "CAST(SUM(won) AS bigint) AS won, CAST(SUM(lost) AS bigint) AS lost,
  CAST(SUM(won_arr_minor) AS bigint) AS won_arr_minor, CAST(SUM(won_arr_count) AS bigint) AS won_arr_count,
  CAST(SUM(lost_arr_minor) AS bigint) AS lost_arr_minor, CAST(SUM(lost_arr_count) AS bigint) AS lost_arr_count,
  CAST(SUM(won_days) AS bigint) AS won_days, CAST(SUM(won_days_count) AS bigint) AS won_days_count,
  CAST(SUM(won_tcv_minor) AS bigint) AS won_tcv_minor, CAST(SUM(won_tcv_arr_minor) AS bigint) AS won_tcv_arr_minor,
  CAST(SUM(won_tcv_count) AS bigint) AS won_tcv_count";

/// An id, none where it is nil.
fn id(row: &QueryResult, column: &str) -> Result<Option<Uuid>, DbErr> {
    row.try_get::<Uuid>("", column).map(|id| (!id.is_nil()).then_some(id))
}

fn read_spot(row: &QueryResult) -> Result<Spot, DbErr> {
    read_spot_in(row, id(row, "segment_id")?)
}

fn read_spot_in(row: &QueryResult, segment_id: Option<Uuid>) -> Result<Spot, DbErr> {
    Ok(Spot {
        segment_id,
        partner_id: id(row, "partner_id")?,
        cohort: read("cell.cohort", &row.try_get::<String>("", "cohort")?)?,
        kind: read("cell.kind", &row.try_get::<String>("", "kind")?)?,
        is_late: row.try_get("", "is_late")?,
    })
}

fn read_value(row: &QueryResult) -> Result<CellValue, DbErr> {
    let sum = |column: &str| row.try_get::<i64>("", column);
    let count = |column: &str| {
        u64::try_from(sum(column)?).map_err(|_| DbErr::Type(format!("column cell.{column} counts below zero")))
    };
    Ok(CellValue {
        won: count("won")?,
        lost: count("lost")?,
        won_arr_minor: sum("won_arr_minor")?.into(),
        won_arr_count: count("won_arr_count")?,
        lost_arr_minor: sum("lost_arr_minor")?.into(),
        lost_arr_count: count("lost_arr_count")?,
        won_days: sum("won_days")?.into(),
        won_days_count: count("won_days_count")?,
        won_tcv_minor: sum("won_tcv_minor")?.into(),
        won_tcv_arr_minor: sum("won_tcv_arr_minor")?.into(),
        won_tcv_count: count("won_tcv_count")?,
    })
}

fn read_histogram(row: &QueryResult, column: &'static str) -> Result<Histogram, DbErr> {
    read(column, &row.try_get::<String>("", column)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_quarters_are_one_run() {
        assert_eq!(runs(&[8, 5, 7, 7, 1]), [(1, 1), (5, 5), (7, 8)]);
        assert_eq!(runs(&[]), []);
    }
}

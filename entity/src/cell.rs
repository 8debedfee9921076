//! Cells: closed quarters computed once (DESIGN.md section 3). What they mean is said in [`domain::cell`].
//!
//! The rows of a run of quarters are computed by two `INSERT … SELECT` over the facts of these quarters, with one text for
//! both back ends. Each first brings the deals down to a few thousand sums, one per pattern of who did what, and then deals the
//! sums out to the cohorts of the pattern, so that a deal in six cohorts is read once.

use crate::column::{Places, read};
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

/// What a state adds to a pattern: a digit to the base 3 for each state, 0 when nobody is in it, 1 when somebody is on time, 2 when
/// all who are were late. One small number instead of four columns makes the groups cheap.
macro_rules! weight {
    () => {
        "CASE a.state WHEN 'SOURCED' THEN 1 WHEN 'INFLUENCED' THEN 3 WHEN 'ACCELERATED' THEN 9 ELSE 27 END"
    };
}

/// The sums of the deals of one pattern and outcome.
macro_rules! sums_of_deals {
    () => {
        "COUNT(*) AS deals, SUM(arr_minor) AS arr_minor, COUNT(arr_minor) AS arr_count, SUM(cycle_days) AS days, COUNT(cycle_days) AS days_count,
         SUM(tcv_minor) FILTER (WHERE arr_minor IS NOT NULL) AS tcv_minor,
         SUM(arr_minor) FILTER (WHERE tcv_minor IS NOT NULL) AS tcv_arr_minor,
         COUNT(tcv_minor) FILTER (WHERE arr_minor IS NOT NULL) AS tcv_count,
         string_agg(CAST(arr_minor AS text), ' ') FILTER (WHERE outcome = 'WON' AND kind = 'NEW') AS arr_list,
         string_agg(CAST(cycle_days AS text), ' ') FILTER (WHERE outcome = 'WON' AND kind = 'NEW') AS days_list"
    };
}

/// The columns of a row, from the sums of the patterns that are dealt to it; `late` is a digit.
macro_rules! columns_of_patterns {
    ($histograms:literal) => {
        concat!(
            "late = 2,
         CAST(COALESCE(SUM(deals) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(deals) FILTER (WHERE outcome = 'LOST'), 0) AS bigint),
         CAST(COALESCE(SUM(arr_minor) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(arr_count) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(arr_minor) FILTER (WHERE outcome = 'LOST'), 0) AS bigint),
         CAST(COALESCE(SUM(arr_count) FILTER (WHERE outcome = 'LOST'), 0) AS bigint),
         CAST(COALESCE(SUM(days) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(days_count) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(tcv_minor) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(tcv_arr_minor) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         CAST(COALESCE(SUM(tcv_count) FILTER (WHERE outcome = 'WON'), 0) AS bigint),
         COALESCE(string_agg(arr_list, ' ') FILTER (WHERE cohort IN (",
            $histograms,
            ")), ''),
         COALESCE(string_agg(days_list, ' ') FILTER (WHERE cohort IN (",
            $histograms,
            ")), '')"
        )
    };
}

/// The rows of the four states, from a pattern.
macro_rules! states {
    () => {
        "SELECT summed.*, 'SOURCED' AS cohort, pattern % 3 AS late FROM summed WHERE pattern % 3 <> 0
         UNION ALL SELECT summed.*, 'INFLUENCED', pattern / 3 % 3 FROM summed WHERE pattern / 3 % 3 <> 0
         UNION ALL SELECT summed.*, 'ACCELERATED', pattern / 9 % 3 FROM summed WHERE pattern / 9 % 3 <> 0
         UNION ALL SELECT summed.*, 'EXPANSION_OR_RETENTION', pattern / 27 FROM summed WHERE pattern / 27 <> 0"
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

/// The rows of partners. A partner has each state of a deal once, so its digits add up. A histogram is kept of CO_SELL only.
const OF_PARTNERS: &str = concat!(
    insert!(),
    "WITH seen AS (
       SELECT a.partner_id AS partner_id, ",
    deal_columns!(),
    ", SUM(",
    weight!(),
    " * CASE WHEN a.is_late THEN 2 ELSE 1 END) AS pattern
       FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
       WHERE ",
    closed_deals!(),
    "
       GROUP BY d.program_id, d.id, a.partner_id
     ), summed AS (
       SELECT quarter, segment_id, partner_id, kind, provenance, outcome, pattern, ",
    sums_of_deals!(),
    "
       FROM seen GROUP BY quarter, segment_id, partner_id, kind, provenance, outcome, pattern
     ), dealt AS (
       ",
    states!(),
    "
       UNION ALL SELECT summed.*, 'CO_SELL', CASE WHEN pattern % 3 = 1 OR pattern / 3 % 3 = 1 OR pattern / 9 % 3 = 1 THEN 1 ELSE 2 END
         FROM summed WHERE pattern % 27 <> 0
     )
     SELECT $1, quarter, segment_id, partner_id, cohort, kind, provenance, ",
    columns_of_patterns!("'CO_SELL'"),
    "
     FROM dealt GROUP BY quarter, segment_id, partner_id, cohort, kind, provenance, late"
);

/// The rows that hold each deal once, under the partner `$5`: none. Several partners may share a state of a deal, so the least
/// digit of each state is taken. A histogram is kept of ANY_PARTNER and DIRECT only.
const OF_ALL: &str = concat!(
    insert!(),
    "WITH involved AS (
       SELECT ",
    deal_columns!(),
    ",
         MIN(CASE WHEN a.state = 'SOURCED' THEN CASE WHEN a.is_late THEN 2 ELSE 1 END END) AS sourced,
         MIN(CASE WHEN a.state = 'INFLUENCED' THEN CASE WHEN a.is_late THEN 2 ELSE 1 END END) AS influenced,
         MIN(CASE WHEN a.state = 'ACCELERATED' THEN CASE WHEN a.is_late THEN 2 ELSE 1 END END) AS accelerated,
         MIN(CASE WHEN a.state = 'EXPANSION_OR_RETENTION' THEN CASE WHEN a.is_late THEN 2 ELSE 1 END END) AS expansion
       FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
       WHERE ",
    closed_deals!(),
    "
       GROUP BY d.program_id, d.id
     ), seen AS (
       SELECT quarter, segment_id, kind, provenance, declaration, outcome, arr_minor, tcv_minor, cycle_days,
         COALESCE(sourced, 0) + 3 * COALESCE(influenced, 0) + 9 * COALESCE(accelerated, 0) + 27 * COALESCE(expansion, 0) AS pattern
       FROM involved
     UNION ALL
       SELECT ",
    deal_columns!(),
    ", 0 AS pattern
       FROM deal d
       WHERE ",
    closed_deals!(),
    "
         AND NOT EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id)
     ), summed AS (
       SELECT quarter, segment_id, kind, provenance, declaration, outcome, pattern, ",
    sums_of_deals!(),
    "
       FROM seen GROUP BY quarter, segment_id, kind, provenance, declaration, outcome, pattern
     ), dealt AS (
       ",
    states!(),
    "
       UNION ALL SELECT summed.*, 'INFLUENCED_OR_ACCELERATED', CASE WHEN pattern / 3 % 3 = 1 OR pattern / 9 % 3 = 1 THEN 1 ELSE 2 END
         FROM summed WHERE pattern / 3 % 9 <> 0
       UNION ALL SELECT summed.*, 'ANY_PARTNER',
           CASE WHEN pattern % 3 = 1 OR pattern / 3 % 3 = 1 OR pattern / 9 % 3 = 1 OR pattern / 27 = 1 THEN 1 ELSE 2 END
         FROM summed WHERE pattern <> 0
       UNION ALL SELECT summed.*,
           CASE WHEN declaration = 'DIRECT' OR (declaration = 'PARTNERS' AND pattern <> 0) THEN 'DIRECT' ELSE 'UNKNOWN' END,
           CASE WHEN pattern = 0 THEN 1 ELSE 2 END
         FROM summed WHERE NOT (pattern % 3 = 1 OR pattern / 3 % 3 = 1 OR pattern / 9 % 3 = 1 OR pattern / 27 = 1)
     )
     SELECT $1, quarter, segment_id, $5, cohort, kind, provenance, ",
    columns_of_patterns!("'ANY_PARTNER', 'DIRECT'"),
    "
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
        // The planner cannot know how few patterns there are: it would sort every deal, and compile code for longer than it runs.
        conn.execute_unprepared("SET LOCAL work_mem = '128MB'; SET LOCAL enable_sort = off; SET LOCAL jit = off; SET LOCAL statement_timeout = 0").await?;
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

/// The sums of a window over its quarters and provenances; of a lean reading those of `LEAN_COHORTS` and `LEAN_SUMS` only. Measures are program-wide (ruling 1): of the slice, only the
/// program is asked; what a seat may list is decided where it is listed.
///
/// # Errors
/// [`DbErr`].
pub async fn window(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    whose: Whose,
    is_lean: bool,
) -> Result<Vec<(Spot, CellValue)>, DbErr> {
    let (sums, cohorts) = if is_lean { (LEAN_SUMS, LEAN_COHORTS) } else { (SUMS, "") };
    let sql = format!(
        "SELECT segment_id, partner_id, cohort, kind, is_late, {sums} FROM cell WHERE {IN_WINDOW} {} {cohorts}
         GROUP BY segment_id, partner_id, cohort, kind, is_late",
        whose.condition()
    );
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, whose.values(slice, window)))
        .await?;
    let value = if is_lean { read_lean_value } else { read_value };
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        Ok((read_spot(&mut places)?, value(&mut places)?))
    };
    rows.iter().map(read_row).collect()
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
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        let quarter = Quarter::from_index(places.next()?);
        Ok((quarter, read_spot_in(&mut places, None)?, read_value(&mut places)?))
    };
    rows.iter().map(read_row).collect()
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
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        Ok((read_spot(&mut places)?, read_histogram(&mut places)?, read_histogram(&mut places)?))
    };
    rows.iter().map(read_row).collect()
}

/// The days to close of a segment's won NEW deals in a window, each deal once: with any partner, or direct.
///
/// # Errors
/// [`DbErr`].
pub async fn cycles(conn: &impl Conn, slice: &Slice, window: Window, segment: Uuid) -> Result<Histogram, DbErr> {
    // A direct deal counts as what it was at its lock, so its late row is read, and that of its late partner is not.
    let sql = "SELECT days_histogram FROM cell WHERE program_id = $1 AND quarter BETWEEN $2 AND $3 AND segment_id = $4 AND partner_id = $5
               AND kind = 'NEW' AND (cohort = 'DIRECT' OR (cohort = 'ANY_PARTNER' AND NOT is_late))";
    let mut values = Whose::Everybodys.values(slice, window);
    values.extend([segment.into(), Uuid::nil().into()]);
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let mut cycles = Histogram::default();
    for row in &rows {
        cycles.merge(&read_histogram(&mut Places::new(row))?);
    }
    Ok(cycles)
}

/// The cells of one quarter, whole: for the comparison with the facts.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<(CellKey, Cell)>, DbErr> {
    let sql = "SELECT segment_id, partner_id, cohort, kind, is_late, provenance, won, lost, won_arr_minor, won_arr_count, lost_arr_minor, lost_arr_count, won_days, won_days_count, won_tcv_minor, won_tcv_arr_minor, won_tcv_count, arr_histogram, days_histogram FROM cell WHERE program_id = $1 AND quarter = $2";
    let values = [slice.program_id().into(), quarter.index().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        let spot = read_spot(&mut places)?;
        let provenance = read("cell.provenance", &places.next::<String>()?)?;
        let key = CellKey { quarter, provenance, spot };
        let value = read_value(&mut places)?;
        let cell = Cell { value, arr: read_histogram(&mut places)?, days: read_histogram(&mut places)? };
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

/// What rates, Yield and sourced ARR are made of; every partner with a closed deal is in one of these cohorts.
const LEAN_COHORTS: &str =
    "AND cohort IN ('CO_SELL', 'SOURCED', 'EXPANSION_OR_RETENTION', 'ANY_PARTNER', 'DIRECT', 'UNKNOWN')";

const LEAN_SUMS: &str = "CAST(SUM(won) AS bigint) AS won, CAST(SUM(lost) AS bigint) AS lost,
  CAST(SUM(won_arr_minor) AS bigint) AS won_arr_minor, CAST(SUM(won_arr_count) AS bigint) AS won_arr_count";

/// An id, none where it is nil.
fn id(places: &mut Places<'_>) -> Result<Option<Uuid>, DbErr> {
    places.next::<Uuid>().map(|id| (!id.is_nil()).then_some(id))
}

fn read_spot(places: &mut Places<'_>) -> Result<Spot, DbErr> {
    let segment_id = id(places)?;
    read_spot_in(places, segment_id)
}

fn read_spot_in(places: &mut Places<'_>, segment_id: Option<Uuid>) -> Result<Spot, DbErr> {
    Ok(Spot {
        segment_id,
        partner_id: id(places)?,
        cohort: read("cell.cohort", &places.next::<String>()?)?,
        kind: read("cell.kind", &places.next::<String>()?)?,
        is_late: places.next()?,
    })
}

fn count(places: &mut Places<'_>) -> Result<u64, DbErr> {
    u64::try_from(places.next::<i64>()?).map_err(|_| DbErr::Type("a cell counts below zero".to_owned()))
}

fn sum(places: &mut Places<'_>) -> Result<i128, DbErr> {
    places.next::<i64>().map(Into::into)
}

/// The columns of `LEAN_SUMS`.
fn read_lean_value(places: &mut Places<'_>) -> Result<CellValue, DbErr> {
    Ok(CellValue {
        won: count(places)?,
        lost: count(places)?,
        won_arr_minor: sum(places)?,
        won_arr_count: count(places)?,
        ..CellValue::default()
    })
}

/// The columns of `SUMS`.
fn read_value(places: &mut Places<'_>) -> Result<CellValue, DbErr> {
    Ok(CellValue {
        won: count(places)?,
        lost: count(places)?,
        won_arr_minor: sum(places)?,
        won_arr_count: count(places)?,
        lost_arr_minor: sum(places)?,
        lost_arr_count: count(places)?,
        won_days: sum(places)?,
        won_days_count: count(places)?,
        won_tcv_minor: sum(places)?,
        won_tcv_arr_minor: sum(places)?,
        won_tcv_count: count(places)?,
    })
}

fn read_histogram(places: &mut Places<'_>) -> Result<Histogram, DbErr> {
    read("cell.histogram", &places.next::<String>()?)
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

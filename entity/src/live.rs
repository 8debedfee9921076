//! Live sums that cells do not hold: the open pipeline and program spend. As measures, they are program-wide (ruling 1).

use crate::column::read;
use crate::store::{Conn, DbErr};
use domain::attribution::Declaration;
use domain::calendar::{Quarter, Window};
use domain::cell::Late;
use domain::economics::{Pipeline, Worth};
use domain::slice::Slice;
use domain::spend::SpendCategory;
use sea_orm::{QueryResult, Statement};
use std::collections::HashMap;
use uuid::Uuid;

/// The open pipeline.
///
/// # Errors
/// [`DbErr`].
pub async fn pipeline(conn: &impl Conn, slice: &Slice, late: Late) -> Result<Pipeline, DbErr> {
    // `$2` lets late amendments in. A flag of each open deal first, then one row for each combination of flags.
    let sql = "SELECT is_new, is_sourced, is_shaped, is_involved, has_any, declaration, COUNT(*) AS deals,
                 CAST(COALESCE(SUM(arr_minor), 0) AS bigint) AS arr_minor, COUNT(arr_minor) AS known
               FROM (
                 SELECT d.kind = 'NEW' AS is_new, d.declaration AS declaration, d.arr_minor AS arr_minor,
                   EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND a.state = 'SOURCED' AND (NOT a.is_late OR $2)) AS is_sourced,
                   EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND a.state IN ('INFLUENCED', 'ACCELERATED') AND (NOT a.is_late OR $2)) AS is_shaped,
                   EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND (NOT a.is_late OR $2)) AS is_involved,
                   EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id) AS has_any
                 FROM deal d WHERE d.program_id = $1 AND d.outcome = 'OPEN'
               ) open_deal
               GROUP BY is_new, is_sourced, is_shaped, is_involved, has_any, declaration";
    let values = [slice.program_id().into(), (late == Late::Counted).into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let mut pipeline = Pipeline::default();
    for row in &rows {
        let worth = read_worth(row)?;
        let is = |column: &str| row.try_get::<bool>("", column);
        let declaration: Declaration = read("deal.declaration", &row.try_get::<String>("", "declaration")?)?;
        if is("is_new")? && is("is_sourced")? {
            pipeline.sourced = pipeline.sourced.and(worth);
        }
        if is("is_shaped")? {
            pipeline.co_sell = pipeline.co_sell.and(worth);
        }
        let attach = &mut pipeline.attach;
        let is_direct = match declaration {
            Declaration::Direct => true,
            Declaration::Partners => is("has_any")?,
            Declaration::Unknown => false,
        };
        let side = match (is("is_involved")?, is_direct) {
            (true, _) => &mut attach.with_partner,
            (false, true) => &mut attach.direct,
            (false, false) => &mut attach.unknown,
        };
        *side = side.and(worth);
    }
    Ok(pipeline)
}

fn read_worth(row: &QueryResult) -> Result<Worth, DbErr> {
    let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
    let deals = count("deals")?;
    Ok(Worth { deals, arr_minor: row.try_get::<i64>("", "arr_minor")?.into(), without_arr: deals - count("known")? })
}

/// Program spend of a window on one partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The quarter.
    pub quarter: Quarter,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment it was spent on; none where it is unallocated (ruling 3).
    pub segment_id: Option<Uuid>,
    /// What it was spent on.
    pub category: SpendCategory,
    /// Minor units of the program's currency.
    pub amount_minor: i128,
}

/// Program spend of a window, summed by quarter, partner, segment and category.
///
/// # Errors
/// [`DbErr`].
pub async fn spend(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    partner_id: Option<Uuid>,
) -> Result<Vec<Spent>, DbErr> {
    let of_partner = if partner_id.is_some() { "AND partner_id = $4" } else { "" };
    let sql = format!(
        "SELECT quarter, partner_id, segment_id, category, CAST(SUM(amount_minor) AS bigint) AS amount_minor FROM spend_line
         WHERE program_id = $1 AND quarter BETWEEN $2 AND $3 {of_partner} GROUP BY quarter, partner_id, segment_id, category"
    );
    let mut values = vec![slice.program_id().into(), window.from.index().into(), window.to.index().into()];
    values.extend(partner_id.map(sea_orm::Value::from));
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let read_row = |row: &QueryResult| {
        Ok(Spent {
            quarter: Quarter::from_index(row.try_get("", "quarter")?),
            partner_id: row.try_get("", "partner_id")?,
            segment_id: row.try_get("", "segment_id")?,
            category: read("spend_line.category", &row.try_get::<String>("", "category")?)?,
            amount_minor: row.try_get::<i64>("", "amount_minor")?.into(),
        })
    };
    rows.iter().map(read_row).collect()
}

/// The first quarter of each partner's history: that of its first closed deal or spend.
///
/// # Errors
/// [`DbErr`].
pub async fn first_quarters(conn: &impl Conn, slice: &Slice) -> Result<HashMap<Uuid, Quarter>, DbErr> {
    let sql = "SELECT partner_id, MIN(quarter) AS first FROM (
                 SELECT partner_id, quarter FROM cell WHERE program_id = $1 AND partner_id <> $2
                 UNION ALL SELECT partner_id, quarter FROM spend_line WHERE program_id = $1
               ) begun GROUP BY partner_id";
    let values = [slice.program_id().into(), Uuid::nil().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "partner_id")?, Quarter::from_index(row.try_get("", "first")?))))
        .collect()
}

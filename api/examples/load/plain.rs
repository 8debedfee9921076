//! Limit L: hand-written axum and prepared statements, with no GraphQL, roles or tokens. It gives the same JSON as the queries
//! of `measure.rs`, which compares the two before it measures.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::Serialize;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{PgPool, Row};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use uuid::Uuid;

struct Plain {
    pool: PgPool,
    program: Uuid,
    /// The trailing four quarters.
    from: i32,
    to: i32,
}

type Answer<T> = Result<Json<Data<T>>, StatusCode>;

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

fn answer<T>(data: T) -> Answer<T> {
    Ok(Json(Data { data }))
}

#[derive(Serialize)]
struct Name {
    name: String,
}

#[derive(Clone, Serialize)]
struct Amount {
    amount: String,
}

#[derive(Serialize)]
struct Side {
    won: i64,
    lost: i64,
    rate: Option<String>,
}

#[derive(Serialize)]
struct Interval {
    low: String,
    high: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gap {
    points: Option<String>,
    co_sell: Side,
    direct: Side,
    interval: Option<Interval>,
    evidence: &'static str,
    reading: &'static str,
    #[serde(skip)]
    order: f64,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Worth {
    multiple: Option<String>,
    sourced_arr: Amount,
    spend: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    partner: Name,
    segment: Name,
    trust_gap: Gap,
    partner_yield: Worth,
}

#[derive(Serialize)]
struct Cells {
    cells: Vec<Cell>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Matrix {
    audit_matrix: Cells,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentGap {
    segment: Name,
    trust_gap: Gap,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    partner: Name,
    win_rate: Side,
    partner_yield: Worth,
    trust_gaps: Vec<SegmentGap>,
}

#[derive(Serialize)]
struct Scorecard {
    scorecard: Card,
}

#[derive(Serialize)]
struct Arr {
    amount: String,
    currency: &'static str,
}

#[derive(Serialize)]
struct Account {
    name: String,
    region: String,
}

#[derive(Serialize)]
struct Credit {
    partner: Name,
    state: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Latest {
    kind: String,
    happened_at: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deal {
    name: String,
    kind: String,
    outcome: String,
    opened_on: NaiveDate,
    arr: Option<Arr>,
    account: Account,
    segment: Name,
    attributions: Vec<Credit>,
    last_activity: Option<Latest>,
}

#[derive(Serialize)]
struct Edge {
    node: Deal,
}

#[derive(Serialize)]
struct Edges {
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Deals {
    deals: Edges,
}

#[derive(Serialize)]
struct OneDeal {
    deal: Option<Deal>,
}

pub(crate) async fn serve(url: &str, slug: &str, listen: SocketAddr) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new().max_connections(16).connect(url).await?;
    let row = sqlx::query("SELECT id, current_date FROM program WHERE slug = $1").bind(slug).fetch_one(&pool).await?;
    let (program, today): (Uuid, NaiveDate) = (row.get(0), row.get(1));
    let running = today.year() * 4 + i32::try_from(today.month0() / 3)?;
    let plain = Arc::new(Plain { pool, program, from: running - 4, to: running - 1 });
    let router = Router::new()
        .route("/matrix", get(matrix))
        .route("/deals", get(deals))
        .route("/deal/{id}", get(deal))
        .route("/scorecard/{id}", get(scorecard))
        .with_state(plain);
    axum::serve(tokio::net::TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

fn failed(why: sqlx::Error) -> StatusCode {
    eprintln!("{why}");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[derive(Clone, Copy, Default)]
struct Rate {
    won: i64,
    lost: i64,
}

impl Rate {
    fn rate(self) -> Option<f64> {
        (self.won + self.lost > 0).then(|| self.won as f64 / (self.won + self.lost) as f64)
    }

    fn side(self) -> Side {
        Side { won: self.won, lost: self.lost, rate: self.rate().map(|rate| format!("{rate:.10}")) }
    }

    /// Wilson's interval at 80 %.
    fn wilson(self) -> Option<(f64, f64)> {
        const Z: f64 = 1.281_551_565_544_600_4;
        let (rate, n) = (self.rate()?, (self.won + self.lost) as f64);
        let middle = rate + Z * Z / (2.0 * n);
        let half = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        Some(((middle - half) / whole, (middle + half) / whole))
    }
}

fn gap(with: Rate, without: Rate) -> Gap {
    let points = with.rate().zip(without.rate()).map(|(a, b)| (a - b) * 100.0);
    let interval = with.wilson().zip(without.wilson()).zip(with.rate().zip(without.rate())).map(
        |(((l1, u1), (l2, u2)), (a, b))| {
            let low = (a - b) - ((a - l1).powi(2) + (u2 - b).powi(2)).sqrt();
            let high = (a - b) + ((u1 - a).powi(2) + (b - l2).powi(2)).sqrt();
            (low * 100.0, high * 100.0)
        },
    );
    let fewest = (with.won + with.lost).min(without.won + without.lost);
    Gap {
        order: points.unwrap_or(f64::NEG_INFINITY),
        points: points.map(|points| format!("{points:.10}")),
        co_sell: with.side(),
        direct: without.side(),
        interval: interval.map(|(low, high)| Interval { low: format!("{low:.10}"), high: format!("{high:.10}") }),
        evidence: if fewest == 0 {
            "NONE"
        } else if fewest < 10 {
            "THIN"
        } else {
            "SOLID"
        },
        reading: match interval {
            None => "UNMEASURED",
            Some((low, _)) if low > 0.0 => "LIFT",
            Some((_, high)) if high < 0.0 => "DRAG",
            Some(_) => "INCONCLUSIVE",
        },
    }
}

fn money(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

const CELLS: &str = "SELECT partner_id, segment_id, cohort, sum(won)::bigint, sum(lost)::bigint, sum(won_arr_minor)::bigint FROM cell
    WHERE program_id = $1 AND quarter BETWEEN $2 AND $3 AND kind = 'NEW' AND NOT is_late AND cohort IN ('CO_SELL', 'DIRECT', 'SOURCED')
    GROUP BY partner_id, segment_id, cohort";

fn rate(row: &PgRow) -> Rate {
    Rate { won: row.get(3), lost: row.get(4) }
}

/// The cells of the window: co-sell by partner and segment, direct by segment, sourced ARR by partner.
type Sorted = (HashMap<(Uuid, Uuid), Rate>, HashMap<Uuid, Rate>, HashMap<Uuid, i64>);

fn sort(rows: &[PgRow]) -> Sorted {
    let (mut with, mut without, mut sourced) = (HashMap::new(), HashMap::new(), HashMap::new());
    for row in rows {
        let (partner, segment, cohort): (Uuid, Uuid, &str) = (row.get(0), row.get(1), row.get(2));
        match cohort {
            "CO_SELL" => drop(with.insert((partner, segment), rate(row))),
            "DIRECT" => drop(without.insert(segment, rate(row))),
            _ => *sourced.entry(partner).or_default() += row.get::<i64, _>(5),
        }
    }
    (with, without, sourced)
}

fn partner_yield(sourced: i64, spend: Option<i64>) -> Worth {
    let multiple = spend.filter(|spend| *spend > 0).map(|spend| format!("{:.10}", sourced as f64 / spend as f64));
    Worth {
        multiple,
        sourced_arr: Amount { amount: money(sourced) },
        spend: Amount { amount: money(spend.unwrap_or(0)) },
    }
}

async fn matrix(State(plain): State<Arc<Plain>>) -> Answer<Matrix> {
    let cells = sqlx::query(CELLS).bind(plain.program).bind(plain.from).bind(plain.to).fetch_all(&plain.pool);
    let spend = sqlx::query("SELECT partner_id, sum(amount_minor)::bigint FROM spend_line WHERE program_id = $1 AND quarter BETWEEN $2 AND $3 GROUP BY partner_id")
        .bind(plain.program).bind(plain.from).bind(plain.to).fetch_all(&plain.pool);
    let partners = sqlx::query("SELECT id, name FROM partner WHERE program_id = $1 ORDER BY name")
        .bind(plain.program)
        .fetch_all(&plain.pool);
    let segments = sqlx::query("SELECT id, name FROM segment WHERE program_id = $1 ORDER BY name")
        .bind(plain.program)
        .fetch_all(&plain.pool);
    let (cells, spend, partners, segments) = tokio::try_join!(cells, spend, partners, segments).map_err(failed)?;
    let (with, without, sourced) = sort(&cells);
    let spend: HashMap<Uuid, i64> = spend.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut out = Vec::with_capacity(partners.len() * segments.len());
    for partner in &partners {
        let (id, name): (Uuid, &str) = (partner.get(0), partner.get(1));
        let worth = partner_yield(sourced.get(&id).copied().unwrap_or(0), spend.get(&id).copied());
        for segment in &segments {
            let (segment_id, segment): (Uuid, &str) = (segment.get(0), segment.get(1));
            let with = with.get(&(id, segment_id)).copied().unwrap_or_default();
            let without = without.get(&segment_id).copied().unwrap_or_default();
            let (partner, segment) = (Name { name: name.into() }, Name { name: segment.into() });
            out.push(Cell { partner, segment, trust_gap: gap(with, without), partner_yield: worth.clone() });
        }
    }
    out.sort_by(|a, b| b.trust_gap.order.total_cmp(&a.trust_gap.order));
    answer(Matrix { audit_matrix: Cells { cells: out } })
}

async fn scorecard(State(plain): State<Arc<Plain>>, Path(id): Path<Uuid>) -> Answer<Scorecard> {
    let sql = "SELECT partner_id, segment_id, cohort, sum(won)::bigint, sum(lost)::bigint, sum(won_arr_minor)::bigint FROM cell
        WHERE program_id = $1 AND partner_id IN ($4, '00000000-0000-0000-0000-000000000000') AND quarter BETWEEN $2 AND $3 AND kind = 'NEW'
          AND NOT is_late AND cohort IN ('CO_SELL', 'DIRECT', 'SOURCED') GROUP BY partner_id, segment_id, cohort";
    let cells = sqlx::query(sql).bind(plain.program).bind(plain.from).bind(plain.to).bind(id).fetch_all(&plain.pool);
    let spend = sqlx::query("SELECT sum(amount_minor)::bigint FROM spend_line WHERE program_id = $1 AND quarter BETWEEN $2 AND $3 AND partner_id = $4")
        .bind(plain.program).bind(plain.from).bind(plain.to).bind(id).fetch_one(&plain.pool);
    let segments = sqlx::query("SELECT id, name FROM segment WHERE program_id = $1 ORDER BY name")
        .bind(plain.program)
        .fetch_all(&plain.pool);
    let partner = sqlx::query("SELECT name FROM partner WHERE program_id = $1 AND id = $2")
        .bind(plain.program)
        .bind(id)
        .fetch_one(&plain.pool);
    let (cells, spend, segments, partner) = tokio::try_join!(cells, spend, segments, partner).map_err(failed)?;
    let (with, without, sourced) = sort(&cells);
    let all =
        with.values().fold(Rate::default(), |sum, rate| Rate { won: sum.won + rate.won, lost: sum.lost + rate.lost });
    let gaps: Vec<SegmentGap> = (segments.iter())
        .map(|segment| {
            let (segment_id, name): (Uuid, &str) = (segment.get(0), segment.get(1));
            let with = with.get(&(id, segment_id)).copied().unwrap_or_default();
            let trust_gap = gap(with, without.get(&segment_id).copied().unwrap_or_default());
            SegmentGap { segment: Name { name: name.into() }, trust_gap }
        })
        .collect();
    answer(Scorecard {
        scorecard: Card {
            partner: Name { name: partner.get(0) },
            win_rate: all.side(),
            partner_yield: partner_yield(sourced.get(&id).copied().unwrap_or(0), spend.get(0)),
            trust_gaps: gaps,
        },
    })
}

const DEALS: &str =
    "SELECT d.id, d.name, d.kind, d.outcome, d.opened_on, d.arr_minor, a.name AS account, a.region, s.name AS segment
    FROM deal d LEFT JOIN account a ON a.program_id = d.program_id AND a.id = d.account_id
    LEFT JOIN segment s ON s.program_id = d.program_id AND s.id = d.segment_id WHERE d.program_id = $1 AND ";

/// Partners and the last activity of these deals, then the deals as JSON.
async fn with_parts(plain: &Plain, rows: Vec<PgRow>) -> Result<Vec<Deal>, sqlx::Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let credits = sqlx::query("SELECT t.deal_id, p.name, t.state FROM attribution t JOIN partner p ON p.program_id = t.program_id AND p.id = t.partner_id
        WHERE t.program_id = $1 AND t.deal_id = ANY($2)").bind(plain.program).bind(&ids).fetch_all(&plain.pool);
    let latest = sqlx::query(
        "SELECT DISTINCT ON (deal_id) deal_id, kind, happened_at FROM activity
        WHERE program_id = $1 AND deal_id = ANY($2) ORDER BY deal_id, happened_at DESC, id DESC",
    )
    .bind(plain.program)
    .bind(&ids)
    .fetch_all(&plain.pool);
    let (credits, latest) = tokio::try_join!(credits, latest)?;
    let mut by_deal: HashMap<Uuid, Vec<Credit>> = HashMap::new();
    for row in &credits {
        let credit = Credit { partner: Name { name: row.get(1) }, state: row.get(2) };
        by_deal.entry(row.get(0)).or_default().push(credit);
    }
    let mut latest: HashMap<Uuid, Latest> =
        latest.iter().map(|row| (row.get(0), Latest { kind: row.get(1), happened_at: row.get(2) })).collect();
    Ok(rows
        .iter()
        .map(|row| {
            let id: Uuid = row.get(0);
            Deal {
                name: row.get(1),
                kind: row.get(2),
                outcome: row.get(3),
                opened_on: row.get(4),
                arr: row.get::<Option<i64>, _>(5).map(|minor| Arr { amount: money(minor), currency: "USD" }),
                account: Account { name: row.get(6), region: row.get(7) },
                segment: Name { name: row.get(8) },
                attributions: by_deal.remove(&id).unwrap_or_default(),
                last_activity: latest.remove(&id),
            }
        })
        .collect())
}

async fn deals(State(plain): State<Arc<Plain>>) -> Answer<Deals> {
    let sql = select("d.outcome = 'OPEN' ORDER BY d.opened_on, d.id LIMIT 50");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(plain.program).fetch_all(&plain.pool).await.map_err(failed)?;
    let edges = with_parts(&plain, rows).await.map_err(failed)?.into_iter().map(|node| Edge { node }).collect();
    answer(Deals { deals: Edges { edges } })
}

fn select(rest: &str) -> String {
    format!("{DEALS}{rest}")
}

async fn deal(State(plain): State<Arc<Plain>>, Path(id): Path<Uuid>) -> Answer<OneDeal> {
    let sql = select("d.id = $2");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(plain.program)
        .bind(id)
        .fetch_all(&plain.pool)
        .await
        .map_err(failed)?;
    let deal = with_parts(&plain, rows).await.map_err(failed)?.pop();
    answer(OneDeal { deal })
}

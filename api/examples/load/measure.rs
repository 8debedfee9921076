//! Measures the same answers from the server and from limit L, in turns, over the same number of connections.

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

#[derive(Args)]
pub(crate) struct Measure {
    #[arg(long)]
    db: String,
    #[arg(long)]
    program: String,
    /// The server, http://127.0.0.1:PORT
    #[arg(long)]
    server: String,
    /// Limit L, http://127.0.0.1:PORT
    #[arg(long)]
    plain: String,
    /// A bearer token of the program.
    #[arg(long, env = "PARTNERLOOP_LOAD_TOKEN", hide_env_values = true)]
    token: String,
    /// Connections at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// The most seconds for each line.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// The most requests for each line.
    #[arg(long, default_value_t = 200_000)]
    requests: usize,
}

const GAP: &str =
    "trustGap { points coSell { won lost rate } direct { won lost rate } interval { low high } evidence reading }";
const WORTH: &str = "partnerYield { multiple sourcedArr { amount } spend { amount } }";
const DEAL: &str = "name kind outcome openedOn arr { amount currency } account { name region } segment { name } attributions { partner { name } state } lastActivity { kind happenedAt }";

/// One line of the table.
struct Work {
    name: &'static str,
    query: String,
    variables: Vec<Value>,
    paths: Vec<String>,
    /// Whether a fact changes before every request, so that no kept answer serves.
    is_cold: bool,
}

impl Measure {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let host = |url: &str| reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        for url in [&self.server, &self.plain] {
            ensure!(host(url).as_deref() == Some("127.0.0.1"), "{url} is not on this machine: only that is measured");
        }
        let pool = PgPool::connect(&self.db).await?;
        let client = Client::builder().pool_max_idle_per_host(self.connections).no_proxy().build()?;
        let this = Arc::new(self);
        println!(
            "{:<34} {:>9} {:>9} {:>9}   {:>9} {:>9} {:>9}   {:>7}",
            "", "server/s", "p50 ms", "p99 ms", "L/s", "p50 ms", "p99 ms", "of L"
        );
        for work in this.works(&client, &pool).await? {
            this.compare(&client, &work).await.with_context(|| work.name.to_owned())?;
            let work = Arc::new(work);
            let ours = this.clone().drive(&client, &pool, &work, true).await?;
            let plain = this.clone().drive(&client, &pool, &work, false).await?;
            println!(
                "{:<34} {:>9.0} {:>9.2} {:>9.2}   {:>9.0} {:>9.2} {:>9.2}   {:>6.2}x",
                work.name,
                ours.per_second,
                ours.p50,
                ours.p99,
                plain.per_second,
                plain.p50,
                plain.p99,
                ours.per_second / plain.per_second
            );
        }
        Ok(())
    }

    async fn works(&self, client: &Client, pool: &PgPool) -> anyhow::Result<Vec<Work>> {
        let matrix = format!(
            "{{ auditMatrix(orderBy: {{ field: TRUST_GAP, direction: DESC }}) {{ cells {{ partner {{ name }} segment {{ name }} {GAP} {WORTH} }} }} }}"
        );
        let list = format!(
            "{{ deals(first: 50, filter: {{ outcome: {{ eq: OPEN }} }}, orderBy: {{ field: OPENED_ON, direction: ASC }}) {{ edges {{ node {{ {DEAL} }} }} }} }}"
        );
        let (deals, deal_paths) = self.some(client, pool, "deals", "deal").await?;
        let (partners, partner_paths) = self.some(client, pool, "partners", "partner").await?;
        let one = |name, query, variables, paths, is_cold| Work { name, query, variables, paths, is_cold };
        let none = || vec![json!({})];
        Ok(vec![
            one("audit matrix, a fact changed before", matrix.clone(), none(), vec!["/matrix".into()], true),
            one("audit matrix, again", matrix, none(), vec!["/matrix".into()], false),
            one("50 open deals", list.clone(), none(), vec!["/deals".into()], false),
            one("50 open deals, a fact changed", list, none(), vec!["/deals".into()], true),
            one("one deal", format!("query($id: ID!) {{ deal(id: $id) {{ {DEAL} }} }}"), deals, deal_paths, false),
            one(
                "a scorecard",
                format!(
                    "query($id: ID!) {{ scorecard(partnerId: $id) {{ partner {{ name }} winRate {{ won lost rate }} {WORTH} trustGaps {{ segment {{ name }} {GAP} }} }} }}"
                ),
                partners,
                partner_paths.iter().map(|path| path.replace("/partner/", "/scorecard/")).collect(),
                true,
            ),
        ])
    }

    /// A hundred rows by their opaque ids, and the same by their ids in the database.
    async fn some(
        &self,
        client: &Client,
        pool: &PgPool,
        list: &str,
        table: &str,
    ) -> anyhow::Result<(Vec<Value>, Vec<String>)> {
        let query = format!("{{ {list}(first: 100) {{ edges {{ node {{ id externalId }} }} }} }}");
        let answer = self.post(client, &query, &json!({})).send().await?.json::<Value>().await?;
        let Some(edges) = answer["data"][list]["edges"].as_array() else { bail!("{answer}") };
        let (mut ids, mut paths) = (Vec::new(), Vec::new());
        for edge in edges {
            let sql = format!(
                "SELECT t.id FROM {table} t JOIN program p ON p.id = t.program_id WHERE p.slug = $1 AND t.external_id = $2"
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(&self.program)
                .bind(edge["node"]["externalId"].as_str())
                .fetch_one(pool)
                .await?;
            ids.push(json!({ "id": edge["node"]["id"] }));
            paths.push(format!("/{table}/{}", row.get::<Uuid, _>(0)));
        }
        Ok((ids, paths))
    }

    fn post(&self, client: &Client, query: &str, variables: &Value) -> RequestBuilder {
        client
            .post(format!("{}/graphql", self.server))
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }))
    }

    /// Both give the same: every text and count alike, every number within a billionth.
    async fn compare(&self, client: &Client, work: &Work) -> anyhow::Result<()> {
        let at = work.variables.len() / 2;
        let ours: Value = self.post(client, &work.query, &work.variables[at]).send().await?.json().await?;
        let plain: Value = client.get(format!("{}{}", self.plain, work.paths[at])).send().await?.json().await?;
        let (ours, plain) = (by_name(ours["data"].clone()), by_name(plain["data"].clone()));
        match differ(&ours, &plain, "data") {
            None => Ok(()),
            Some(where_) => bail!("the two answers differ at {where_}"),
        }
    }

    async fn drive(
        self: Arc<Self>,
        client: &Client,
        pool: &PgPool,
        work: &Arc<Work>,
        is_ours: bool,
    ) -> anyhow::Result<Run> {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let until = begun + Duration::from_secs(self.seconds);
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let (this, client, pool, work, next) =
                (self.clone(), client.clone(), pool.clone(), work.clone(), next.clone());
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if Instant::now() >= until || number >= this.requests {
                        return anyhow::Ok(took);
                    }
                    if work.is_cold {
                        sqlx::query("UPDATE program SET data_version = data_version + 1 WHERE slug = $1")
                            .bind(&this.program)
                            .execute(&pool)
                            .await?;
                    }
                    let at = number % work.variables.len();
                    let request = if is_ours {
                        this.post(&client, &work.query, &work.variables[at])
                    } else {
                        client.get(format!("{}{}", this.plain, work.paths[at]))
                    };
                    let from = Instant::now();
                    let answer = request.send().await?;
                    let status = answer.status();
                    let body = answer.bytes().await?;
                    took.push(from.elapsed());
                    ensure!(
                        status.is_success() && !body.starts_with(b"{\"errors\""),
                        "{status}: {}",
                        String::from_utf8_lossy(&body[..body.len().min(500)])
                    );
                }
            }));
        }
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        took.sort_unstable();
        let part = |part: f64| {
            took.get(((took.len() as f64 * part) as usize).min(took.len().saturating_sub(1)))
                .map_or(0.0, |it| it.as_secs_f64() * 1000.0)
        };
        Ok(Run { per_second: took.len() as f64 / seconds, p50: part(0.50), p99: part(0.99) })
    }
}

struct Run {
    per_second: f64,
    p50: f64,
    p99: f64,
}

/// Lists in one order, because neither side promises how ties are sorted.
fn by_name(value: Value) -> Value {
    match value {
        Value::Array(mut list) => {
            list = list.into_iter().map(by_name).collect();
            list.sort_by_key(|it| {
                let name = |path: &str| it.pointer(path).map(ToString::to_string).unwrap_or_default();
                (name("/partner/name"), name("/segment/name"), name("/node/name"), name("/state"))
            });
            Value::Array(list)
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, by_name(value))).collect()),
        other => other,
    }
}

fn differ(ours: &Value, plain: &Value, path: &str) -> Option<String> {
    match (ours, plain) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => a
            .iter()
            .find_map(|(key, value)| differ(value, b.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| differ(a, b, &format!("{path}[{at}]")))
        }
        (Value::String(a), Value::String(b)) => {
            let (x, y) = (a.parse::<f64>(), b.parse::<f64>());
            let same = a == b
                || matches!((x, y), (Ok(x), Ok(y)) if (x - y).abs() < 1e-6)
                || (a.contains('T') && b.contains('T') && a.get(..19) == b.get(..19));
            (!same).then(|| format!("{path}: {a} and {b}"))
        }
        (a, b) => (a != b).then(|| format!("{path}: {a} and {b}")),
    }
}

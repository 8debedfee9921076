//! The import beside its limit: a generated CSV, and the same rows through COPY into a staging table and one upsert into the real
//! tables, with neither checks nor verdicts. `scripts/load import` runs both.

use anyhow::Context;
use clap::Args;
use sqlx::{PgPool, Row};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;
use uuid::Uuid;

/// What is generated. Partners, segments and accounts are those that `fill --deals 0` has made.
#[derive(Args)]
pub(crate) struct Export {
    /// The file to write.
    #[arg(long)]
    file: PathBuf,
    #[arg(long, default_value_t = 100_000)]
    deals: u64,
    #[arg(long, default_value_t = 200)]
    partners: u64,
    #[arg(long, default_value_t = 8)]
    segments: u64,
    #[arg(long, default_value_t = 10_000)]
    accounts: u64,
}

/// The mapping of that file.
const MAPPING: &str = r#"object = "deals"

[fields]
external_id = "Id"
name = "Name"
account = "Account"
segment = "Segment"
outcome = { column = "Outcome", map = { "Won" = "WON", "Lost" = "LOST" } }
opened_on = "Opened"
closed_on = "Closed"
arr = "Amount"
currency = { constant = "USD" }
owner = "Owner"

[attribution]
partner = "Partner"
state = "State"
otherwise = "direct"
"#;

/// Writes the file, and its mapping beside it.
pub(crate) fn export(sizes: &Export) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(&sizes.file)?);
    writeln!(out, "Id,Name,Account,Segment,Outcome,Opened,Closed,Amount,Owner,Partner,State")?;
    let epoch = chrono::NaiveDate::from_ymd_opt(2021, 1, 1).context("a date")?;
    let mut line = String::new();
    for i in 1..=sizes.deals {
        // As random as this needs to be, and the same everywhere.
        let h = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let account = h % sizes.accounts + 1;
        let opened = epoch + chrono::Days::new(h / 3 % 1700);
        let closed = opened + chrono::Days::new(10 + h / 7 % 80);
        let outcome = if h / 13 % 100 < 30 { "Won" } else { "Lost" };
        let amount = 5_000 + h / 11 % 95_000;
        line.clear();
        write!(
            line,
            "D{i},Deal {i},A{account},Segment {},{outcome},{opened},{closed},{amount}.50,U{},",
            account % sizes.segments + 1,
            h % 200
        )?;
        if h % 100 < 45 {
            let state = ["SOURCED", "INFLUENCED", "ACCELERATED"][usize::try_from(h / 19 % 3)?];
            write!(line, "P{},{state}", h / 17 % sizes.partners + 1)?;
        } else {
            line.push(',');
        }
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    std::fs::write(sizes.file.with_extension("toml"), MAPPING)?;
    Ok(())
}

const STEPS: &[(&str, &str)] = &[
    (
        "upsert of deals",
        "INSERT INTO deal (program_id, id, external_id, name, account_id, segment_id, kind, outcome, has_reached_stage_one,
           opened_on, closed_on, closed_quarter, cycle_days, original_minor, original_currency, arr_minor, declaration,
           provenance, locked_at, owner_external_id, recorded_at, updated_at)
         SELECT $1, gen_random_uuid(), s.id, s.name, a.id, g.id, 'NEW', upper(s.outcome), true, s.opened, s.closed,
           (extract(year FROM s.closed) * 4 + extract(quarter FROM s.closed) - 1)::int, s.closed - s.opened,
           (s.amount * 100)::bigint, 'USD', (s.amount * 100)::bigint, CASE WHEN s.partner IS NULL THEN 'DIRECT' ELSE 'PARTNERS' END,
           'IMPORTED', now(), s.owner, now(), now()
         FROM staging s JOIN account a ON a.program_id = $1 AND a.external_id = s.account
           JOIN segment g ON g.program_id = $1 AND g.name = s.segment
         ON CONFLICT (program_id, external_id) DO UPDATE SET name = excluded.name, outcome = excluded.outcome,
           closed_on = excluded.closed_on, closed_quarter = excluded.closed_quarter, cycle_days = excluded.cycle_days,
           arr_minor = excluded.arr_minor, original_minor = excluded.original_minor, updated_at = excluded.updated_at",
    ),
    (
        "attributions",
        "INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, provenance, locked_at, recorded_at)
         SELECT $1, gen_random_uuid(), d.id, p.id, s.state, 'IMPORTED', now(), now()
         FROM staging s JOIN deal d ON d.program_id = $1 AND d.external_id = s.id
           JOIN partner p ON p.program_id = $1 AND p.external_id = s.partner
         ON CONFLICT DO NOTHING",
    ),
];

/// The limit: COPY into a staging table and upsert from it, in one transaction.
pub(crate) async fn upsert(url: &str, slug: &str, file: &Path) -> anyhow::Result<()> {
    let pool = PgPool::connect(url).await?;
    let program: Uuid = sqlx::query("SELECT id FROM program WHERE slug = $1")
        .bind(slug)
        .fetch_one(&pool)
        .await
        .context("no such program")?
        .get(0);
    let begun = Instant::now();
    let mut tx = pool.begin().await?;
    sqlx::query(
        "CREATE TEMP TABLE staging (id text PRIMARY KEY, name text, account text, segment text, outcome text, opened date,
           closed date, amount numeric, owner text, partner text, state text) ON COMMIT DROP",
    )
    .execute(&mut *tx)
    .await?;
    let mut copy = tx.copy_in_raw("COPY staging FROM STDIN WITH (FORMAT csv, HEADER true)").await?;
    copy.read_from(tokio::fs::File::open(file).await?).await?;
    let rows = copy.finish().await?;
    sqlx::query("ANALYZE staging").execute(&mut *tx).await?;
    println!("staging: {rows} rows after {} ms", begun.elapsed().as_millis());
    for (what, sql) in STEPS {
        let rows = sqlx::query(*sql).bind(program).execute(&mut *tx).await.with_context(|| (*what).to_owned())?;
        println!("{what}: {} rows after {} ms", rows.rows_affected(), begun.elapsed().as_millis());
    }
    tx.commit().await?;
    println!("staging and upsert: {} ms", begun.elapsed().as_millis());
    Ok(())
}

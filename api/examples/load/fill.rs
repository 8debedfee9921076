//! A generated tenant: every value follows from a row's number, so that two machines fill the same.

use anyhow::Context;
use clap::Args;
use sqlx::{PgPool, Row};
use uuid::Uuid;

#[derive(Args)]
pub(crate) struct Sizes {
    #[arg(long, default_value_t = 100_000)]
    deals: i64,
    #[arg(long, default_value_t = 200)]
    partners: i64,
    #[arg(long, default_value_t = 8)]
    segments: i64,
    #[arg(long, default_value_t = 10_000)]
    accounts: i64,
}

/// $1 program, $2 deals, $3 partners, $4 segments, $5 accounts, $6 slug. Deals spread over five years; those opened in the last
/// ninety days are open. `hashint4` shuffles: as random as this needs to be, and the same everywhere.
const STEPS: &[(&str, &str)] = &[
    ("segments", "INSERT INTO segment (program_id, id, name, name_key, addressable_accounts, recorded_at)
        SELECT $1, md5($6 || ' segment ' || i)::uuid, 'Segment ' || i, 'segment ' || i, 1000 * i, now()
        FROM generate_series(1, $4) i WHERE $2 + $3 + $5 > 0"),
    ("partners", "INSERT INTO partner (program_id, id, external_id, name, name_key, kind, recorded_at)
        SELECT $1, md5($6 || ' partner ' || i)::uuid, 'P' || i, 'Partner ' || i, 'partner ' || i,
          (ARRAY['RESELLER','SYSTEM_INTEGRATOR','MSP','ISV','HYPERSCALER','REFERRAL'])[(i % 6 + 1)::int], now()
        FROM generate_series(1, $3) i WHERE $2 + $4 + $5 > 0"),
    ("accounts", "INSERT INTO account (program_id, id, external_id, name, registrable_domain, segment_id, region, recorded_at)
        SELECT $1, md5($6 || ' account ' || i)::uuid, 'A' || i, 'Account ' || i, 'account' || i || '.example',
          md5($6 || ' segment ' || (i % $4 + 1))::uuid, (ARRAY['EMEA','AMER','APAC'])[(i % 3 + 1)::int], now()
        FROM generate_series(1, $5) i WHERE $2 + $3 > 0"),
    ("deals", "INSERT INTO deal (program_id, id, external_id, name, account_id, segment_id, kind, outcome, has_reached_stage_one,
          opened_on, closed_on, closed_quarter, cycle_days, expected_close_on, original_minor, original_currency, arr_minor,
          declaration, provenance, locked_at, owner_external_id, recorded_at, updated_at)
        SELECT $1, md5($6 || ' deal ' || i)::uuid, 'D' || i, 'Deal ' || i, md5($6 || ' account ' || account)::uuid,
          md5($6 || ' segment ' || (account % $4 + 1))::uuid, 'NEW', outcome, true, opened,
          CASE WHEN outcome <> 'OPEN' THEN closes END,
          CASE WHEN outcome <> 'OPEN' THEN (extract(year FROM closes) * 4 + extract(quarter FROM closes) - 1)::int END,
          CASE WHEN outcome <> 'OPEN' THEN closes - opened END,
          CASE WHEN outcome = 'OPEN' THEN closes END, arr, 'USD', arr,
          CASE WHEN h % 100 < 45 THEN 'PARTNERS' WHEN h % 100 < 95 THEN 'DIRECT' ELSE 'UNKNOWN' END, 'IMPORTED', now(),
          'U' || (h % 200), now(), now()
        FROM (SELECT i, h, h % $5 + 1 AS account, opened, opened + (10 + h / 7 % 80)::int AS closes,
            (5000 + h / 11 % 95000) * 100 AS arr,
            CASE WHEN opened + (10 + h / 7 % 80)::int > current_date THEN 'OPEN' WHEN h / 13 % 100 < 25 + h % $4 THEN 'WON' ELSE 'LOST' END AS outcome
          FROM (SELECT i, abs(hashint4(i::int)::bigint) AS h, current_date - (i * 7919 % 1826)::int AS opened
            FROM generate_series(1, $2) i) a) b(i, h, account, opened, closes, arr, outcome),
          LATERAL (SELECT $3 > 0 AS has) c WHERE c.has"),
    ("attributions", "INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, provenance, locked_at, recorded_at)
        SELECT $1, md5($6 || ' credit ' || i)::uuid, md5($6 || ' deal ' || i)::uuid, md5($6 || ' partner ' || (h / 17 % $3 + 1))::uuid,
          (ARRAY['SOURCED','INFLUENCED','ACCELERATED'])[(h / 19 % 3 + 1)::int], 'IMPORTED', now(), now()
        FROM (SELECT i, abs(hashint4(i::int)::bigint) AS h FROM generate_series(1, $2) i) a
        WHERE h % 100 < 45 AND $4 + $5 > 0"),
    ("activities", "INSERT INTO activity (program_id, id, deal_id, kind, happened_at, source_system, recorded_by, recorded_at)
        SELECT $1, md5($6 || ' activity ' || id || n)::uuid, id, (ARRAY['CALL','MEETING','TOUCH'])[n],
          date_trunc('second', now()) - make_interval(days => n * 3), 'load', $1, now()
        FROM deal, generate_series(1, 3) n
        WHERE program_id = $1 AND outcome = 'OPEN' AND $2 + $3 + $4 + $5 > 0 AND $6 <> ''"),
    ("spend", "INSERT INTO spend_line (program_id, id, external_id, partner_id, quarter, category, amount_minor, original_minor,
          original_currency, provenance, recorded_at)
        SELECT $1, md5($6 || ' spend ' || i || ' ' || q)::uuid, 'S' || i || '-' || q, md5($6 || ' partner ' || i)::uuid, q, 'MDF',
          1000000 + i * 1000, 1000000 + i * 1000, 'USD', 'IMPORTED', now()
        FROM generate_series(1, $3) i,
          generate_series(extract(year FROM current_date)::int * 4 - 16, extract(year FROM current_date)::int * 4 - 1 + extract(quarter FROM current_date)::int - 1) q
        WHERE $2 + $4 + $5 > 0"),
];

pub(crate) async fn fill(url: &str, slug: &str, sizes: &Sizes) -> anyhow::Result<()> {
    let pool = PgPool::connect(url).await?;
    let program: Uuid = sqlx::query("SELECT id FROM program WHERE slug = $1")
        .bind(slug)
        .fetch_one(&pool)
        .await
        .context("no such program")?
        .get(0);
    let mut tx = pool.begin().await?;
    for (what, sql) in STEPS {
        let query = sqlx::query(*sql)
            .bind(program)
            .bind(sizes.deals)
            .bind(sizes.partners)
            .bind(sizes.segments)
            .bind(sizes.accounts)
            .bind(slug);
        let rows = query.execute(&mut *tx).await.with_context(|| format!("filling {what}"))?.rows_affected();
        println!("{what}: {rows}");
    }
    tx.commit().await?;
    sqlx::query("ANALYZE").execute(&pool).await?;
    Ok(())
}

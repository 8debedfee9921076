//! What the methodology costs on one core: `cargo bench -p domain`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::attribution::{AttributionState, Declaration, Provenance};
use domain::calendar::{Calendar, Quarter};
use domain::cell::{Credit, Fact, count};
use domain::deal::{DealKind, Outcome};
use domain::evidence::{Level, Sample, newcombe};
use domain::import::bound::Bound;
use domain::import::context::{Context, Partners};
use domain::import::mapping::Mapping;
use domain::import::{Object, judge};
use domain::policy::Policy;
use domain::trust_gap::{TrustGap, WinRate};
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use uuid::Uuid;

fn trust_gap(bench: &mut Criterion) {
    let policy = Policy::default();
    let (with, without) = (WinRate { won: 17, lost: 14 }, WinRate { won: 41, lost: 97 });
    let sample =
        |won: u32, size: u32| Sample { rate: Decimal::from(won) / Decimal::from(size), size: Decimal::from(size) };
    bench.bench_function("newcombe", |it| {
        it.iter(|| newcombe(black_box(sample(17, 31)), black_box(sample(41, 138)), Level::Eighty));
    });
    bench.bench_function("trust_gap", |it| {
        it.iter(|| TrustGap::measure(black_box(with), black_box(without), 3, &policy))
    });
    // The matrix of a big program: 200 partners in 8 segments.
    let mut group = bench.benchmark_group("matrix");
    group.throughput(Throughput::Elements(1_600));
    group.bench_function("1600 gaps", |it| {
        it.iter(|| {
            (0..1_600)
                .map(|at| {
                    TrustGap::measure(WinRate { won: at % 23, lost: at % 31 }, without, 0, &policy).reading as usize
                })
                .sum::<usize>()
        });
    });
    group.finish();
}

fn tally(bench: &mut Criterion) {
    let quarter: Quarter = Quarter::from_index(2026 * 4);
    let credit = |partner: u128, state| Credit { partner_id: Uuid::from_u128(partner), state, is_late: false };
    let credits: Vec<Vec<Credit>> = (0..50)
        .map(|at| match at % 3 {
            0 => Vec::new(),
            1 => vec![credit(at % 20, AttributionState::Sourced)],
            _ => {
                vec![credit(at % 20, AttributionState::Influenced), credit(at % 7 + 30, AttributionState::Accelerated)]
            }
        })
        .collect();
    let facts: Vec<Fact<'_>> = (0..10_000_usize)
        .map(|at| {
            let credits = &credits[at % credits.len()];
            Fact {
                kind: DealKind::New,
                outcome: if at % 3 == 0 { Outcome::Won } else { Outcome::Lost },
                has_reached_stage_one: true,
                closed_quarter: Some(quarter),
                segment_id: Some(Uuid::from_u128((at % 8) as u128)),
                declaration: if credits.is_empty() { Declaration::Direct } else { Declaration::Partners },
                provenance: Provenance::Imported,
                arr_minor: Some(1_000_000 + (at as i64 % 900) * 100),
                tcv_minor: None,
                cycle_days: Some(10 + at as i64 % 80),
                credits,
            }
        })
        .collect();
    let mut group = bench.benchmark_group("cells");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("10000 deals", |it| {
        it.iter(|| {
            let mut cells = HashMap::new();
            facts.iter().for_each(|fact| count(&mut cells, fact));
            cells.len()
        });
    });
    group.finish();
}

fn import(bench: &mut Criterion) {
    let mapping = serde_json::json!({
        "object": "deals",
        "create_missing": true,
        "stages": { "Open": "OPEN", "Closed Won": "WON", "Closed Lost": "LOST" },
        "fields": { "external_id": "Id", "name": "Name", "segment": "Segment", "stage": "Stage", "arr": "Amount",
            "currency": { "constant": "USD" }, "opened_on": "Created", "closed_on": "Closed" },
        "attribution": { "partner": "Partner", "otherwise": "direct", "state": { "column": "Role", "map": { "brought in": "SOURCED" } } },
    });
    let (Ok(mapping), Ok(currency), Ok(today)) =
        (serde_json::from_value::<Mapping>(mapping), "USD".parse(), "2026-11-22".parse())
    else {
        return;
    };
    let header: Vec<String> =
        ["Id", "Name", "Segment", "Stage", "Amount", "Created", "Closed", "Partner", "Role"].map(String::from).into();
    let Ok(bound) = Bound::new(Arc::new(mapping), &header, &HashMap::new(), chrono_tz::Tz::UTC) else { return };
    let context = Context {
        currency,
        calendar: Calendar { zone: chrono_tz::Tz::UTC, fiscal_start_month: 1 },
        today,
        segments: HashMap::new(),
        partners: Partners::default(),
        stages: HashMap::new(),
        pods: HashMap::new(),
        rates: HashMap::new(),
    };
    let row = [
        "006A1",
        "Acme - Platform",
        "Enterprise",
        "Closed Won",
        "48250.50",
        "2026-01-14",
        "2026-03-30",
        "P-07",
        "brought in",
    ];
    let mut group = bench.benchmark_group("import");
    group.throughput(Throughput::Elements(1));
    group.bench_function("a row's verdict", |it| it.iter(|| judge(Object::Deals, &bound, &context, black_box(&row))));
    group.finish();
}

criterion_group!(benches, trust_gap, tally, import);
criterion_main!(benches);

//! `partnerloop demo --write-files DIR`: the simulated exports as files, each beside its mapping, with what they need before they can
//! be imported. To try an import by hand, and for whoever rehearses a first quarter.

use super::export::{exports, masters};
use super::market::Market;
use super::seed::STAGES;
use super::simulation::{QUARTERS, World};
use anyhow::Context;
use chrono::NaiveDate;
use domain::calendar::Calendar;
use serde_json::{Value, json};
use std::path::Path;

/// Writes a folder for each market: `program.json` with segments, stages, pods and exchange rates, and each export as a CSV with
/// the mapping that reads it.
///
/// # Errors
/// A file cannot be written.
pub(super) fn write(folder: &Path, markets: &[&'static Market], today: NaiveDate) -> anyhow::Result<()> {
    for market in markets {
        let calendar = Calendar { zone: market.zone.parse()?, fiscal_start_month: market.fiscal_start_month };
        let world = World::simulate(market, calendar, today);
        let own = folder.join(market.slug);
        std::fs::create_dir_all(&own).with_context(|| format!("{} cannot be made", own.display()))?;
        let keep = |name: &str, text: &[u8]| {
            let path = own.join(name);
            std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
        };
        let mut program = frame(&world);
        let mut imports = Vec::new();
        for export in masters(&world)?.into_iter().chain(exports(&world)?) {
            let (object, mapping): (&str, _) = (export.object.into(), export.file_name.replace(".csv", ".toml"));
            keep(export.file_name, &export.csv)?;
            keep(&mapping, export.mapping.as_bytes())?;
            imports.push(json!({ "object": object.to_lowercase(), "file": export.file_name, "mapping": mapping }));
        }
        // In the order in which they are imported: what a row names must be there.
        program["imports"] = imports.into();
        keep("program.json", serde_json::to_string_pretty(&program)?.as_bytes())?;
    }
    Ok(())
}

/// What there must be before the files are imported.
fn frame(world: &World) -> Value {
    let market = world.market;
    let segment = |it: &super::market::Segment| json!({ "name": it.name, "addressableAccounts": it.addressable });
    let stages = (0..).zip(STAGES).map(|(position, (name, outcome, is_stage_one_or_later))| {
        let outcome: &str = (*outcome).into();
        json!({ "crmName": name, "outcome": outcome, "position": position, "isStageOneOrLater": is_stage_one_or_later })
    });
    let rates = market.foreign.iter().flat_map(|(code, ..)| {
        (-1..=QUARTERS).map(move |step| {
            let rate = rust_decimal::Decimal::new(world.rate(code, step), 4);
            json!({ "currency": code, "quarter": world.running.plus(step - QUARTERS).to_string(), "rate": rate })
        })
    });
    json!({
        "slug": market.slug, "name": market.name, "currency": market.currency, "zone": market.zone,
        "fiscalStartMonth": market.fiscal_start_month, "asOf": world.today, "quarter": world.running.to_string(),
        "segments": market.segments.iter().map(segment).collect::<Vec<_>>(), "stages": stages.collect::<Vec<_>>(),
        "pods": market.pods.iter().map(|pod| pod.name).collect::<Vec<_>>(), "fxRates": rates.collect::<Vec<_>>(),
    })
}

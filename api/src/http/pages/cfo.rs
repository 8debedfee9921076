//! The CFO pack of a completed quarter as a page: four metrics, each with what it means, and nothing else.

use super::ask::{selected, written};
use super::sheet::{Cell, Part, Sheet, Table, Unit, at, human, list, number, text};
use crate::http::cost::Roots;
use serde_json::Value as Json;

/// The word of a path.
pub(super) const SLUG: &str = "cfo-pack";

const SELECTION: &str = "
program { name currency }
viewer { role }
cfoPack {
  quarter asOf currency definitionsVersion frame { from to policyVersion }
  partnerYield {
    definition { title formula window financeTerm }
    program { multiple evidence sourcedDeals sourcedDealsWithoutArr sourcedArr { amount } spend { amount } reason { message } }
    partners { partner { name } partnerYield { multiple evidence sourcedDeals sourcedDealsWithoutArr sourcedArr { amount } spend { amount } reason { message } } }
  }
  trustGap {
    definition { title formula window financeTerm }
    positiveShareRate evidence reason { message } positive { deals arr { amount } } all { deals arr { amount } }
    cells {
      partner { name } segment { name } isPositive coSell { deals arr { amount } }
      trustGap { points evidence reading coSell { won lost } direct { won lost } interval { low high } }
    }
  }
  partnerInfluencedArr {
    definition { title formula window financeTerm }
    evidence partnerInvolved { deals arr { amount } withoutArr }
    byState {
      sourced { deals arr { amount } } influenced { deals arr { amount } } accelerated { deals arr { amount } }
      expansionOrRetention { deals arr { amount } }
    }
  }
  dealVelocityPremium {
    definition { title formula window financeTerm }
    program {
      premiumRate meanDaysSaved medianDaysSaved evidence reason { message } partner { deals mean median } direct { deals mean median }
    }
  }
}";

/// The query of a role; none where its schema has no pack.
pub(super) fn document(roots: Roots<'_>) -> Option<String> {
    let body = written(roots, roots.query, &selected(&mut SELECTION.split_whitespace()));
    body.contains("cfoPack(quarter: $quarter)").then(|| format!("query CfoPackPage($quarter: Quarter) {{ {body} }}"))
}

/// The four metrics, where each has its definition.
const METRICS: [&str; 4] = ["partnerYield", "trustGap", "partnerInfluencedArr", "dealVelocityPremium"];

/// The sheet that every format is made of.
pub(super) fn sheet(data: &Json, slice_sha256: &str) -> Sheet {
    let pack = at(data, "cfoPack");
    let said = |path: &str| text(pack, path).unwrap_or_default().to_owned();
    let program = text(data, "program.name").unwrap_or_default();
    let mut sheet = Sheet {
        title: "CFO pack".into(),
        subtitle: format!("{program}, {}", said("quarter")),
        currency: said("currency"),
        ..Sheet::default()
    };
    sheet.facts = vec![
        ("Program", program.to_owned()),
        ("Quarter", format!("{}, as of {}", said("quarter"), said("asOf"))),
        ("Window", format!("{} to {}", said("frame.from"), said("frame.to"))),
        ("Currency", said("currency")),
        ("Policy version", at(pack, "frame.policyVersion").to_string()),
        ("Definitions version", said("definitionsVersion")),
    ];
    headlines(&mut sheet, pack);
    sheet.parts = vec![yields(pack), gaps(pack), arr(pack), velocity(pack), definitions(pack)];
    let role = text(data, "viewer.role").unwrap_or_default();
    sheet.facts.extend([
        ("Shown to", format!("{}, as far as this role may read it", human(role))),
        ("Slice SHA-256", slice_sha256.to_owned()),
    ]);
    sheet
}

/// A figure with its evidence, or why there is none.
fn headline(title: &str, of: &Json, path: &str, unit: Unit, beside: &str) -> (String, String, String) {
    let evidence = human(text(of, "evidence").unwrap_or_default()).to_lowercase();
    let told = match text(of, "reason.message") {
        Some(reason) => reason.to_owned(),
        None => format!("{beside}, evidence {evidence}"),
    };
    (title.to_owned(), Cell::number(of, path).shown(unit), told)
}

fn headlines(sheet: &mut Sheet, pack: &Json) {
    let shown = |of: &Json, path: &str, unit: Unit| Cell::number(of, path).shown(unit);
    let currency = sheet.currency.clone();
    let program = at(pack, "partnerYield.program");
    let spend = format!("on {} {currency} of spend", shown(program, "spend.amount", Unit::Money));
    sheet.headlines.push(headline("Partner Yield", program, "multiple", Unit::Multiple, &spend));
    let gap = at(pack, "trustGap");
    let pairs =
        format!("of the ARR of {} pairs of a closed co-sell deal and a partner", shown(gap, "all.deals", Unit::Count));
    sheet.headlines.push(headline("In pairs with a positive Trust-Gap", gap, "positiveShareRate", Unit::Rate, &pairs));
    let influenced = at(pack, "partnerInfluencedArr");
    let deals = format!("{currency}, {} won deals", shown(influenced, "partnerInvolved.deals", Unit::Count));
    sheet.headlines.push(headline(
        "Partner-influenced ARR",
        influenced,
        "partnerInvolved.arr.amount",
        Unit::Money,
        &deals,
    ));
    let cycles = at(pack, "dealVelocityPremium.program");
    let days = format!("{} days saved in the mean", shown(cycles, "meanDaysSaved", Unit::Plain));
    sheet.headlines.push(headline("Deal Velocity Premium", cycles, "premiumRate", Unit::Rate, &days));
}

fn yields(pack: &Json) -> Part {
    let mut table = Table::new([
        ("Partner", Unit::Text),
        ("Yield", Unit::Multiple),
        ("Evidence", Unit::Text),
        ("Sourced deals won", Unit::Count),
        ("Of these without ARR", Unit::Count),
        ("Sourced ARR", Unit::Money),
        ("Spend", Unit::Money),
        ("Why there is none", Unit::Text),
    ]);
    let row = |name: Cell, of: &Json| {
        vec![
            name,
            Cell::number(of, "multiple"),
            Cell::word(of, "evidence"),
            Cell::number(of, "sourcedDeals"),
            Cell::number(of, "sourcedDealsWithoutArr"),
            Cell::number(of, "sourcedArr.amount"),
            Cell::number(of, "spend.amount"),
            Cell::plain(of, "reason.message"),
        ]
    };
    for one in list(pack, "partnerYield.partners") {
        table.push(row(Cell::plain(one, "partner.name"), at(one, "partnerYield")));
    }
    table.total(row(Cell::text("Program"), at(pack, "partnerYield.program")));
    let without = number(at(pack, "partnerYield.program"), "sourcedDealsWithoutArr").unwrap_or_default();
    let lead = format!(
        "Sourced ARR won for each unit of program spend. {without} of the won sourced deals have no ARR recorded and add nothing."
    );
    Part { heading: "Partner Yield", lead, table: Some(table), ..Part::default() }
}

fn gaps(pack: &Json) -> Part {
    let mut table = Table::new([
        ("Partner", Unit::Text),
        ("Segment", Unit::Text),
        ("Points", Unit::Plain),
        ("Low", Unit::Plain),
        ("High", Unit::Plain),
        ("Reading", Unit::Text),
        ("Evidence", Unit::Text),
        ("Co-sell won", Unit::Count),
        ("Co-sell lost", Unit::Count),
        ("Direct won", Unit::Count),
        ("Direct lost", Unit::Count),
        ("Co-sell ARR", Unit::Money),
        ("Positive", Unit::Text),
    ]);
    for cell in list(pack, "trustGap.cells") {
        let gap = at(cell, "trustGap");
        let is_positive = at(cell, "isPositive").as_bool().unwrap_or_default();
        table.push(vec![
            Cell::plain(cell, "partner.name"),
            Cell::plain(cell, "segment.name"),
            Cell::number(gap, "points"),
            Cell::number(gap, "interval.low"),
            Cell::number(gap, "interval.high"),
            Cell::word(gap, "reading"),
            Cell::word(gap, "evidence"),
            Cell::number(gap, "coSell.won"),
            Cell::number(gap, "coSell.lost"),
            Cell::number(gap, "direct.won"),
            Cell::number(gap, "direct.lost"),
            Cell::number(cell, "coSell.arr.amount"),
            Cell::text(if is_positive { "Yes" } else { "No" }),
        ]);
    }
    let lead =
        "A Trust-Gap is one of a partner in a segment and is never added up to one number. Points are of a hundred."
            .into();
    Part { heading: "Trust-Gap", lead, table: Some(table), ..Part::default() }
}

fn arr(pack: &Json) -> Part {
    let of = at(pack, "partnerInfluencedArr");
    let mut table = Table::new([("What partners did", Unit::Text), ("Won deals", Unit::Count), ("ARR", Unit::Money)]);
    for (state, path) in [
        ("SOURCED", "byState.sourced"),
        ("INFLUENCED", "byState.influenced"),
        ("ACCELERATED", "byState.accelerated"),
        ("EXPANSION_OR_RETENTION", "byState.expansionOrRetention"),
    ] {
        let one = at(of, path);
        table.push(vec![Cell::text(human(state)), Cell::number(one, "deals"), Cell::number(one, "arr.amount")]);
    }
    let involved = at(of, "partnerInvolved");
    table.total(vec![
        Cell::text("Any, each deal once"),
        Cell::number(involved, "deals"),
        Cell::number(involved, "arr.amount"),
    ]);
    let without = number(involved, "withoutArr").unwrap_or_default();
    let lead = format!(
        "One deal may be in several states: they are never added. {without} of the won deals have no ARR recorded."
    );
    Part { heading: "Partner-influenced ARR", lead, table: Some(table), ..Part::default() }
}

fn velocity(pack: &Json) -> Part {
    let of = at(pack, "dealVelocityPremium.program");
    let mut table = Table::new([
        ("Side", Unit::Text),
        ("Won deals", Unit::Count),
        ("Mean days to close", Unit::Plain),
        ("Median days to close", Unit::Plain),
    ]);
    for (side, path) in [("With any partner", "partner"), ("Direct", "direct")] {
        let one = at(of, path);
        table.push(vec![
            Cell::text(side),
            Cell::number(one, "deals"),
            Cell::number(one, "mean"),
            Cell::number(one, "median"),
        ]);
    }
    let lead = "Won NEW deals with any partner beside direct ones; a positive premium is faster.".into();
    Part { heading: "Deal Velocity Premium", lead, table: Some(table), ..Part::default() }
}

fn definitions(pack: &Json) -> Part {
    let columns = ["Metric", "Formula", "Window", "What Finance calls it"];
    let mut table = Table::new(columns.map(|title| (title, Unit::Text)));
    for metric in METRICS {
        let of = at(at(pack, metric), "definition");
        table.push(["title", "formula", "window", "financeTerm"].map(|field| Cell::plain(of, field)).to_vec());
    }
    let lead = "What each number means. Metrics of activity are barred from this pack.".into();
    Part { heading: "Definitions", lead, table: Some(table), is_appendix: true, ..Part::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Schemas;
    use crate::http::Contracts;
    use domain::role::{Action, Role, may};
    use strum::IntoEnumIterator;

    #[test]
    fn whoever_reads_the_pack_reads_all_of_it() {
        let contracts = Contracts::new(&Schemas::build().unwrap_or_else(|missing| panic!("{missing:?}")));
        for role in Role::iter() {
            let document = document(contracts.of(role).roots());
            assert_eq!(document.is_some(), may(role, Action::ReadCfoPack), "{role:?}");
            let Some(document) = document else { continue };
            for word in SELECTION.split_whitespace() {
                assert!(document.contains(word), "{role:?}: {word}");
            }
        }
    }
}

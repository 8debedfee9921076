//! The Recruit Plan and the Stage Deployment Plan as parts of a page.

use super::sheet::{Cell, Chart, ChartKind, Part, Series, Sheet, Table, Unit, at, human, list, number, text};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use std::collections::BTreeSet;

const TIERS: [&str; 4] = ["INVEST", "MAINTAIN", "TEST", "EXIT"];
const STAGES: [&str; 4] = ["TOFU", "CO_SELL", "EXPAND", "RETAIN"];

/// What the section of a tier says: the tier, the heading, the columns.
type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SECTIONS: [Section; 4] = [
    ("INVEST", "Invest: the next activation step", &[("activationStep", "Activation step of the next quarter")]),
    ("MAINTAIN", "Maintain: what is held", &[("commitments", "Hold-steady commitments")]),
    (
        "TEST",
        "Test: what is watched, and what ends it",
        &[("auditSignals", "Trailing audit signals"), ("exitCriteria", "Exit criteria")],
    ),
    (
        "EXIT",
        "Exit: how it ends, and where the capacity goes",
        &[("offboarding", "Offboarding"), ("freedCapacity", "Where the freed capacity goes")],
    ),
];

/// How many partners of the whole program are in a tier, whoever reads.
fn counted(plan: &Json, tier: &str) -> Decimal {
    let found = list(plan, "tierCounts").iter().find(|one| text(one, "tier") == Some(tier));
    found.and_then(|one| number(one, "partners")).unwrap_or_default()
}

/// What stands at a table that lists fewer partners than are counted; nothing where it lists them all.
fn of_those(rows: usize, counted: Decimal) -> Option<String> {
    (Decimal::from(rows) < counted).then(|| {
        format!("Counts are of the whole program; listed are those that this reader may see, {rows} of {counted}.")
    })
}

/// Writes the Recruit Plan into the sheet.
pub(super) fn recruit(sheet: &mut Sheet, plan: &Json) {
    sheet.title = "Recruit Plan".into();
    let entries = list(plan, "entries");
    let of_tier = |tier: &str| entries.iter().filter(|entry| text(entry, "tier") == Some(tier)).collect::<Vec<_>>();
    for tier in TIERS {
        let some = of_tier(tier);
        let names: Vec<&str> = some.iter().filter_map(|entry| text(entry, "name")).take(6).collect();
        let all = counted(plan, tier);
        let more = if Decimal::from(names.len()) < all { ", \u{2026}" } else { "" };
        let named = match (names.is_empty(), all.is_zero()) {
            (false, _) => names.join(", ") + more,
            (true, true) => "no partner".to_owned(),
            (true, false) => "none of those that this reader may see".to_owned(),
        };
        sheet.headlines.push((human(tier), all.to_string(), named));
    }
    sheet.parts.push(tiers(plan, &of_tier));
    for (tier, heading, columns) in SECTIONS {
        let mut table = Table::new(
            std::iter::once(("Partner", Unit::Text)).chain(columns.iter().map(|(_, title)| (*title, Unit::Text))),
        );
        for entry in of_tier(tier) {
            let mut cells = vec![Cell::plain(entry, "name")];
            cells.extend(columns.iter().map(|(field, _)| Cell::plain(entry, field)));
            table.push(cells);
        }
        if !table.rows.is_empty() {
            let lead = of_those(table.rows.len(), counted(plan, tier)).unwrap_or_default();
            sheet.parts.push(Part { heading, lead, table: Some(table), ..Part::default() });
        }
    }
    sheet.parts.extend(facts(entries));
}

fn tiers<'a>(plan: &Json, of_tier: &impl Fn(&str) -> Vec<&'a Json>) -> Part {
    let is_recommended = list(plan, "entries").iter().any(|entry| entry.get("recommended").is_some());
    let mut columns = vec![("Partner", Unit::Text), ("Tier", Unit::Text)];
    if is_recommended {
        columns.extend([("Recommended", Unit::Text), ("Rule", Unit::Text)]);
    }
    columns.extend([("Decided on", Unit::Text), ("Reason", Unit::Text)]);
    let mut table = Table::new(columns);
    for tier in TIERS {
        for entry in of_tier(tier) {
            let mut cells = vec![Cell::plain(entry, "name"), Cell::word(entry, "tier")];
            if is_recommended {
                cells.extend([Cell::word(entry, "recommended"), Cell::word(entry, "rule")]);
            }
            cells.extend([Cell::plain(entry, "decidedOn"), Cell::plain(entry, "reason")]);
            table.push(cells);
        }
    }
    let chart = Chart {
        title: "Partners by tier".into(),
        about: "One bar for each tier: how many partners of the program are in it.".into(),
        kind: ChartKind::Bars,
        labels: TIERS.map(human).into(),
        series: vec![Series { name: "Partners".into(), values: TIERS.map(|tier| Some(counted(plan, tier))).into() }],
        unit: Unit::Count,
    };
    let all = TIERS.iter().map(|tier| counted(plan, tier)).sum();
    let part = of_those(table.rows.len(), all).map_or_else(String::new, |part| format!(" {part}"));
    Part {
        heading: "Decisions",
        lead: format!(
            "The system recommends, the operator decides; a reason stands where the two differ, and where a test ended.{part}"
        ),
        charts: vec![chart],
        table: Some(table),
        ..Part::default()
    }
}

/// The facts that recommendations rest on, where the reader's schema has them.
fn facts(entries: &[Json]) -> Option<Part> {
    let mut table = Table::new([
        ("Partner", Unit::Text),
        ("Fact", Unit::Text),
        ("Segment", Unit::Text),
        ("Value", Unit::Plain),
        ("Held against", Unit::Plain),
        ("Reached", Unit::Text),
        ("Measured over", Unit::Text),
        ("As of", Unit::Text),
        ("Policy", Unit::Plain),
    ]);
    for entry in entries {
        // Not in a plan that was published before plans told it.
        let window = text(entry, "from").zip(text(entry, "to"));
        let window = window.map_or(Cell::Empty, |(from, to)| Cell::text(format!("{from} to {to}")));
        for fact in list(entry, "facts") {
            let is_met = at(fact, "isMet").as_bool().unwrap_or_default();
            table.push(vec![
                Cell::plain(entry, "name"),
                Cell::word(fact, "kind"),
                Cell::plain(fact, "segment.name"),
                Cell::number(fact, "value"),
                Cell::number(fact, "bar"),
                Cell::text(if is_met { "yes" } else { "no" }),
                window.clone(),
                Cell::plain(entry, "decidedOn"),
                Cell::number(entry, "policyVersion"),
            ]);
        }
    }
    (!table.rows.is_empty()).then(|| Part {
        heading: "The facts behind each recommendation",
        lead: "As they were when the tier was decided, under the policy of that day, which may be an earlier one than the plan's. A value \
               that is not measured stands empty and reaches no bar."
            .into(),
        table: Some(table),
        is_appendix: true,
        ..Part::default()
    })
}

/// Writes the Stage Deployment Plan into the sheet.
pub(super) fn stages(sheet: &mut Sheet, plan: &Json) {
    sheet.title = "Stage Deployment Plan".into();
    let currency = text(plan, "currency").unwrap_or_default();
    currency.clone_into(&mut sheet.currency);
    sheet.facts.push((
        "Read from",
        format!("{} to {}", text(plan, "from").unwrap_or_default(), text(plan, "to").unwrap_or_default()),
    ));
    if let Some((revision, sha256)) = number(plan, "forecast.revision").zip(text(plan, "forecast.sha256")) {
        sheet.facts.push(("Reconciles to", format!("the forecast, revision {revision}, SHA-256 {sha256}")));
    }
    for stage in list(plan, "health") {
        let producing = number(stage, "producingPartners").unwrap_or_default();
        let partners = if producing == Decimal::ONE { "partner produces" } else { "partners produce" };
        sheet.headlines.push((
            human(text(stage, "stage").unwrap_or_default()),
            human(text(stage, "coverage").unwrap_or_default()),
            format!("{producing} Invest {partners}"),
        ));
    }
    sheet.parts.push(health(plan));
    if !list(plan, "findings").is_empty() {
        sheet.parts.push(findings(plan));
    }
    sheet.parts.push(mapping(plan, currency));
    // Not in the schema of who may not read BASE.
    if plan.get("reconciliation").is_some() {
        sheet.parts.push(sums(plan, currency));
        sheet.parts.push(commitments(plan));
    }
}

fn findings(plan: &Json) -> Part {
    let mut table = Table::new([("Finding", Unit::Text), ("What it says", Unit::Text)]);
    for found in list(plan, "findings") {
        table.push(vec![Cell::word(found, "code"), Cell::plain(found, "message")]);
    }
    Part {
        heading: "Findings",
        lead: "What of the funnel belongs in the next recruit objectives, and what to look at again.".into(),
        table: Some(table),
        ..Part::default()
    }
}

fn health(plan: &Json) -> Part {
    let mut table = Table::new([
        ("Stage", Unit::Text),
        ("Coverage", Unit::Text),
        ("Producing partners", Unit::Count),
        ("Of these, listed for this reader", Unit::Text),
    ]);
    let stages = list(plan, "health");
    for stage in stages {
        let names: Vec<&str> = list(stage, "producers").iter().filter_map(|partner| text(partner, "name")).collect();
        table.push(vec![
            Cell::word(stage, "stage"),
            Cell::word(stage, "coverage"),
            Cell::number(stage, "producingPartners"),
            if names.is_empty() { Cell::Empty } else { Cell::text(names.join(", ")) },
        ]);
    }
    let chart = Chart {
        title: "Producing partners by stage".into(),
        about: "One bar for each stage: how many Invest partners won a deal in it.".into(),
        kind: ChartKind::Bars,
        labels: stages
            .iter()
            .map(|stage| {
                format!(
                    "{} ({})",
                    human(text(stage, "stage").unwrap_or_default()),
                    text(stage, "coverage").unwrap_or_default().to_ascii_lowercase()
                )
            })
            .collect(),
        series: vec![Series {
            name: "Partners".into(),
            values: stages.iter().map(|stage| number(stage, "producingPartners")).collect(),
        }],
        unit: Unit::Count,
    };
    Part {
        heading: "Stage Health Card",
        lead: "A stage that nobody covers is a first-order finding: it changes the next quarter's recruit objectives."
            .into(),
        charts: vec![chart],
        table: Some(table),
        ..Part::default()
    }
}

fn mapping(plan: &Json, currency: &str) -> Part {
    let mut columns = vec![("Partner".to_owned(), Unit::Text)];
    for stage in STAGES {
        let stage = human(stage);
        columns.extend([
            (format!("{stage} deals"), Unit::Count),
            (format!("{stage} ARR, {currency}"), Unit::Money),
            (format!("{stage} deals without ARR"), Unit::Count),
        ]);
    }
    let mut table = Table::new(columns);
    for row in list(plan, "mapping") {
        let mut cells = vec![Cell::plain(row, "name")];
        for stage in STAGES {
            let found = list(row, "stages").iter().find(|one| text(one, "stage") == Some(stage)).unwrap_or(&Json::Null);
            cells.extend([
                Cell::number(found, "deals"),
                Cell::number(found, "arr.amount"),
                Cell::number(found, "withoutArr"),
            ]);
        }
        table.push(cells);
    }
    Part {
        heading: "Stage Mapping Matrix",
        lead: "What each Invest partner won in each stage, from production and never from aspiration. A deal on which a partner did \
               several things counts in each stage; one without a recorded ARR adds nothing to it."
            .into(),
        table: Some(table),
        ..Part::default()
    }
}

fn sums(plan: &Json, currency: &str) -> Part {
    let mut table = Table::new([
        ("Stage".to_owned(), Unit::Text),
        (format!("Committed, {currency}"), Unit::Money),
        (format!("Base forecast, {currency}"), Unit::Money),
        (format!("Difference, {currency}"), Unit::Money),
        ("Within the bound".to_owned(), Unit::Text),
    ]);
    let lines = list(plan, "reconciliation");
    for line in lines {
        let is_within = at(line, "isWithin").as_bool().unwrap_or_default();
        table.push(vec![
            Cell::word(line, "stage"),
            Cell::number(line, "committed.amount"),
            Cell::number(line, "base.amount"),
            Cell::number(line, "difference.amount"),
            Cell::text(if is_within { "yes" } else { "no" }),
        ]);
    }
    let values = |path: &str| lines.iter().map(|line| number(line, path)).collect();
    let chart = Chart {
        title: "Commitments beside the forecast".into(),
        about: "For each stage, what is committed and what Base forecasts.".into(),
        kind: ChartKind::Grouped,
        labels: lines.iter().map(|line| human(text(line, "stage").unwrap_or_default())).collect(),
        series: vec![
            Series { name: "Committed".into(), values: values("committed.amount") },
            Series { name: "Base forecast".into(), values: values("base.amount") },
        ],
        unit: Unit::Money,
    };
    let reason = text(plan, "reason").map_or_else(String::new, |reason| format!(" Reason for a difference: {reason}"));
    Part {
        heading: "Commitments beside the forecast",
        lead: format!(
            "Over four quarters and all Invest partners: TOFU with Sourced, Co-sell with Influenced, Expand with Expansion; Retain \
             stands apart.{reason}"
        ),
        charts: vec![chart],
        table: Some(table),
        ..Part::default()
    }
}

fn commitments(plan: &Json) -> Part {
    let lines = list(plan, "commitments");
    let quarters: BTreeSet<&str> = lines.iter().filter_map(|line| text(line, "forQuarter")).collect();
    let mut columns = vec![("Partner".to_owned(), Unit::Text), ("Stage".to_owned(), Unit::Text)];
    columns.extend(quarters.iter().map(|quarter| (format!("{quarter} ARR"), Unit::Money)));
    columns.extend([("Four quarters ARR".to_owned(), Unit::Money), ("Deals".to_owned(), Unit::Count)]);
    let mut table = Table::new(columns);
    // By name for the eye, by id for the sums: two partners may have the same name.
    let mut partners: Vec<(&str, &str)> =
        lines.iter().filter_map(|line| Some((text(line, "name")?, text(line, "partner.id")?))).collect();
    partners.sort_unstable();
    partners.dedup();
    for ((name, id), stage) in partners.iter().flat_map(|partner| STAGES.map(|stage| (*partner, stage))) {
        let is_it = |line: &&Json| text(line, "partner.id") == Some(id) && text(line, "stage") == Some(stage);
        let own: Vec<&Json> = lines.iter().filter(is_it).collect();
        if own.is_empty() {
            continue;
        }
        let of = |quarter: &str| own.iter().find(|line| text(line, "forQuarter") == Some(quarter));
        let sum = |path: &str| Cell::Number(own.iter().filter_map(|line| number(line, path)).sum());
        let mut cells = vec![Cell::text(name), Cell::text(human(stage))];
        cells.extend(
            quarters.iter().map(|quarter| of(quarter).map_or(Cell::Empty, |line| Cell::number(line, "arr.amount"))),
        );
        cells.extend([sum("arr.amount"), sum("deals")]);
        table.push(cells);
    }
    Part {
        heading: "Commitments",
        lead: "Of the partners that this reader may see.".into(),
        table: Some(table),
        ..Part::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;
    use serde_json::json;

    #[test]
    fn a_tier_counts_the_program_and_lists_what_the_reader_may_see() {
        let mut sheet = Sheet::default();
        let counts = [("INVEST", 3), ("MAINTAIN", 0), ("TEST", 1), ("EXIT", 0)];
        let plan = json!({
            "tierCounts": counts.map(|(tier, partners)| json!({ "tier": tier, "partners": partners })),
            "entries": [{ "name": "N", "tier": "INVEST", "activationStep": "Step" }],
        });
        recruit(&mut sheet, &plan);
        let said = |at: usize| (sheet.headlines[at].1.as_str(), sheet.headlines[at].2.as_str());
        assert_eq!((said(0), said(1)), (("3", "N, \u{2026}"), ("0", "no partner")));
        assert_eq!(said(2), ("1", "none of those that this reader may see"));
        assert_eq!(sheet.parts[0].charts[0].series[0].values[0], Some(dec!(3)));
        assert!(sheet.parts[0].lead.ends_with("listed are those that this reader may see, 1 of 4."));
        assert!(sheet.parts[1].lead.ends_with("listed are those that this reader may see, 1 of 3."));
        assert_eq!(of_those(3, dec!(3)), None);
    }

    #[test]
    fn partners_of_the_same_name_keep_their_own_commitments() {
        let line = |id: &str, amount: &str| {
            json!({
                "partner": { "id": id }, "name": "N", "stage": "TOFU", "forQuarter": "2026-Q4",
                "arr": { "amount": amount }, "deals": 1,
            })
        };
        let part = commitments(&json!({ "commitments": [line("a", "10.00"), line("b", "20.00")] }));
        let rows = part.table.unwrap().rows;
        let sums: Vec<&Cell> = rows.iter().map(|row| &row.cells[3]).collect();
        assert_eq!(sums, [&Cell::Number(dec!(10.00)), &Cell::Number(dec!(20.00))]);
    }
}

//! The forecast as parts of a page.

use super::sheet::{Cell, Chart, ChartKind, Outline, Part, Series, Sheet, Table, Unit, at, list, number, text};
use serde_json::Value as Json;

/// A band as a column of tables.
struct Band {
    field: &'static str,
    name: &'static str,
    about: &'static str,
}

const BANDS: [Band; 3] = [
    Band {
        field: "conservative",
        name: "Conservative",
        about: "The band to budget against: no credit on thin evidence, every measured drag.",
    },
    Band { field: "base", name: "Base", about: "The method's formulas as they stand." },
    Band { field: "stretch", name: "Stretch", about: "Upper limits. For internal use only." },
];

const COMPONENTS: [(&str, &str); 4] =
    [("sourced", "Sourced"), ("influenced", "Influenced"), ("drag", "Drag"), ("expansion", "Expansion")];

/// Partners that a chart has room for.
const CHARTED: usize = 12;

/// Writes the forecast into the sheet.
pub(super) fn parts(sheet: &mut Sheet, forecast: &Json) {
    // What the reader's schema has not is not in the answer.
    let bands: Vec<&Band> = BANDS.iter().filter(|band| forecast.get(band.field).is_some()).collect();
    let currency = text(forecast, "currency").unwrap_or_default();
    currency.clone_into(&mut sheet.currency);
    let quarters = list(forecast, "quarters");
    let span = |which: Option<&Json>| which.and_then(Json::as_str).unwrap_or_default().to_owned();
    sheet.title = "Partner-Influenced Forecast".into();
    sheet.facts.push(("Quarters", format!("{} to {}", span(quarters.first()), span(quarters.last()))));
    sheet.facts.push((
        "Read from",
        format!(
            "{} to {}, as of {}",
            text(forecast, "from").unwrap_or_default(),
            text(forecast, "to").unwrap_or_default(),
            text(forecast, "asOf").unwrap_or_default()
        ),
    ));
    let seasonal = number(forecast, "seasonalQuarters").unwrap_or_default();
    sheet.facts.push((
        "Seasonality",
        if seasonal.is_zero() {
            "a quarter each: there is too little history".into()
        } else {
            format!("of {seasonal} realised quarters")
        },
    ));
    for band in &bands {
        let total = Cell::number(forecast, &format!("{}.total.amount.amount", band.field)).shown(Unit::Money);
        sheet.headlines.push((format!("{}, {currency}", band.name), total, band.about.into()));
    }
    sheet.parts.extend([
        by_quarter(forecast, &bands),
        made_of(forecast, &bands),
        components_by_quarter(forecast, &bands),
        partners(forecast, &bands),
        segments(forecast, &bands),
        findings(forecast),
        lines(forecast, &bands),
        explained(forecast, &bands),
    ]);
    sheet.parts.retain(|part| part.table.as_ref().is_none_or(|table| !table.rows.is_empty()));
}

fn band_columns(bands: &[&Band]) -> Vec<(String, Unit)> {
    bands.iter().map(|band| (band.name.to_owned(), Unit::Money)).collect()
}

/// The totals of a line in each band.
fn totals<'a>(of: &'a Json, bands: &'a [&Band]) -> impl Iterator<Item = Cell> + 'a {
    bands.iter().map(|band| Cell::number(of, &format!("{}.total.amount.amount", band.field)))
}

fn by_quarter(forecast: &Json, bands: &[&Band]) -> Part {
    let mut columns = vec![("Quarter".to_owned(), Unit::Text)];
    columns.extend(band_columns(bands));
    let mut table = Table::new(columns);
    let quarters = list(forecast, "quarters");
    let value = |band: &Band, step: usize| {
        let quarter = list(forecast, &format!("{}.quarters", band.field)).get(step)?;
        number(quarter, "total.amount")
    };
    for (step, quarter) in quarters.iter().enumerate() {
        let mut cells = vec![Cell::text(quarter.as_str().unwrap_or_default())];
        cells.extend(bands.iter().map(|band| value(band, step).map_or(Cell::Empty, Cell::Number)));
        table.push(cells);
    }
    let mut cells = vec![Cell::text("Four quarters")];
    cells.extend(totals(forecast, bands));
    table.total(cells);
    let series = bands.iter().map(|band| Series {
        name: band.name.into(),
        values: (0..quarters.len()).map(|step| value(band, step)).collect(),
    });
    let chart = Chart {
        title: "Partner-influenced TAM by quarter".into(),
        about: "For each of the four quarters, one column for each band.".into(),
        kind: ChartKind::Grouped,
        labels: quarters.iter().map(|quarter| quarter.as_str().unwrap_or_default().to_owned()).collect(),
        series: series.collect(),
        unit: Unit::Money,
    };
    Part {
        heading: "The four quarters",
        lead: "Sourced, Influenced and Expansion TAM and the drag, together.".into(),
        charts: vec![chart],
        table: Some(table),
        ..Part::default()
    }
}

fn made_of(forecast: &Json, bands: &[&Band]) -> Part {
    let mut columns = vec![("Component".to_owned(), Unit::Text)];
    columns.extend(band_columns(bands));
    columns.extend([("Evidence".to_owned(), Unit::Text), ("Why it is not measured".to_owned(), Unit::Text)]);
    let mut table = Table::new(columns);
    let row = |field: &str, name: &str| {
        let mut cells = vec![Cell::text(name)];
        let path = |band: &Band, rest: &str| format!("{}.{field}.{rest}", band.field);
        cells.extend(bands.iter().map(|band| Cell::number(forecast, &path(band, "amount.amount"))));
        let first = bands.first();
        cells.push(first.map_or(Cell::Empty, |band| Cell::word(forecast, &path(band, "evidence"))));
        cells.push(first.map_or(Cell::Empty, |band| Cell::plain(forecast, &path(band, "reason.message"))));
        cells
    };
    for (field, name) in COMPONENTS {
        table.push(row(field, name));
    }
    table.total(row("total", "Total"));
    let charts = bands.first().map(|band| {
        let quarters = list(forecast, &format!("{}.quarters", band.field));
        let series = COMPONENTS.map(|(field, name)| Series {
            name: name.into(),
            values: quarters.iter().map(|quarter| number(quarter, &format!("{field}.amount"))).collect(),
        });
        Chart {
            title: format!("{}: what each quarter is made of", band.name),
            about: "For each quarter, the components on top of each other; the drag hangs below the line.".into(),
            kind: ChartKind::Stacked,
            labels: quarters.iter().map(|quarter| text(quarter, "quarter").unwrap_or_default().to_owned()).collect(),
            series: series.into(),
            unit: Unit::Money,
        }
    });
    Part {
        heading: "What it is made of",
        lead: "Sourced = planned spend x Yield. Influenced = accounts engaged x Trust-Gap x average ACV; where the Trust-Gap is \
               negative it is a drag. Expansion = customers touched x Expansion Probability x average expansion ACV."
            .into(),
        charts: charts.into_iter().collect(),
        table: Some(table),
        ..Part::default()
    }
}

fn components_by_quarter(forecast: &Json, bands: &[&Band]) -> Part {
    let mut columns = vec![("Band", Unit::Text), ("Quarter", Unit::Text)];
    columns.extend(COMPONENTS.map(|(_, name)| (name, Unit::Money)));
    columns.push(("Total", Unit::Money));
    let mut table = Table::new(columns);
    for band in bands {
        for quarter in list(forecast, &format!("{}.quarters", band.field)) {
            let mut cells = vec![Cell::text(band.name), Cell::plain(quarter, "quarter")];
            cells.extend(COMPONENTS.map(|(field, _)| Cell::number(quarter, &format!("{field}.amount"))));
            cells.push(Cell::number(quarter, "total.amount"));
            table.push(cells);
        }
    }
    Part {
        heading: "Components by quarter",
        lead: "Sourced follows the spend planned for the quarter; Influenced and Expansion follow the seasonality."
            .into(),
        table: Some(table),
        ..Part::default()
    }
}

fn partners(forecast: &Json, bands: &[&Band]) -> Part {
    let all = list(forecast, "partners");
    let has_rule = all.iter().any(|partner| partner.get("rule").is_some());
    let mut columns = vec![("Partner".to_owned(), Unit::Text)];
    if has_rule {
        let rule = [
            ("Planned spend", Unit::Money),
            ("Trailing spend", Unit::Money),
            ("Change", Unit::Rate),
            ("Yield", Unit::Multiple),
            ("Sourced deals", Unit::Count),
            ("Of these without ARR", Unit::Count),
            ("Evidence", Unit::Text),
            ("Yield rule", Unit::Text),
        ];
        columns.extend(rule.map(|(name, unit)| (name.to_owned(), unit)));
    }
    columns.extend(band_columns(bands));
    let mut table = Table::new(columns);
    for partner in all {
        let mut cells = vec![Cell::plain(partner, "partner.name")];
        if has_rule {
            cells.extend([
                Cell::number(partner, "rule.plannedSpend.amount"),
                Cell::number(partner, "rule.trailingSpend.amount"),
                Cell::number(partner, "rule.increaseRate"),
                Cell::number(partner, "rule.multiple"),
                Cell::number(partner, "rule.sourcedDeals"),
                Cell::number(partner, "rule.sourcedDealsWithoutArr"),
                Cell::word(partner, "rule.evidence"),
                Cell::word(partner, "rule.verdict"),
            ]);
        }
        cells.extend(totals(partner, bands));
        table.push(cells);
    }
    let charts = bands.first().map(|band| {
        let path = format!("{}.total.amount.amount", band.field);
        let mut ranked: Vec<_> = all.iter().filter_map(|partner| Some((partner, number(partner, &path)?))).collect();
        ranked.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        ranked.truncate(CHARTED);
        let name = |partner: &Json| text(partner, "partner.name").unwrap_or_default().to_owned();
        let more = all.len().saturating_sub(ranked.len());
        Chart {
            title: format!("{} by partner", band.name),
            about: if more == 0 {
                "One bar for each partner, the largest first.".into()
            } else {
                format!("One bar for each partner, the largest first; {more} more are in the table.")
            },
            kind: ChartKind::Bars,
            labels: ranked.iter().map(|(partner, _)| name(partner)).collect(),
            series: vec![Series {
                name: band.name.into(),
                values: ranked.iter().map(|(_, value)| Some(*value)).collect(),
            }],
            unit: Unit::Money,
        }
    });
    Part {
        heading: "Partners",
        lead: "Totals above are of the whole program; listed are the partners that this reader may see.".into(),
        charts: charts.into_iter().filter(|chart| !chart.labels.is_empty()).collect(),
        table: Some(table),
        ..Part::default()
    }
}

fn segment_name(of: &Json) -> Cell {
    text(of, "segment.name").map_or_else(|| Cell::text("No segment"), Cell::text)
}

fn segments(forecast: &Json, bands: &[&Band]) -> Part {
    let mut columns = vec![
        ("Segment".to_owned(), Unit::Text),
        ("Accounts engaged".to_owned(), Unit::Plain),
        ("Beyond the segment".to_owned(), Unit::Plain),
    ];
    columns.extend(band_columns(bands));
    let mut table = Table::new(columns);
    for segment in list(forecast, "segments") {
        let mut cells = vec![
            segment_name(segment),
            Cell::number(segment, "accountsEngaged"),
            Cell::number(segment, "accountsEngagedExcess"),
        ];
        cells.extend(totals(segment, bands));
        table.push(cells);
    }
    Part {
        heading: "Segments",
        lead: "All partners together. One account may be engaged by several partners.".into(),
        table: Some(table),
        ..Part::default()
    }
}

fn findings(forecast: &Json) -> Part {
    let mut table = Table::new([
        ("Finding", Unit::Text),
        ("Partner", Unit::Text),
        ("Segment", Unit::Text),
        ("Component", Unit::Text),
        ("What it means", Unit::Text),
        ("Why", Unit::Text),
        ("Share", Unit::Rate),
        ("Accounts", Unit::Plain),
    ]);
    for finding in list(forecast, "findings") {
        table.push(vec![
            Cell::word(finding, "code"),
            Cell::plain(finding, "partner.name"),
            Cell::plain(finding, "segment.name"),
            Cell::word(finding, "component"),
            Cell::plain(finding, "message"),
            Cell::plain(finding, "reason.message"),
            Cell::number(finding, "shareRate"),
            Cell::number(finding, "accounts"),
        ]);
    }
    Part {
        heading: "Findings",
        lead: "What a reader of this forecast must not overlook.".into(),
        table: Some(table),
        ..Part::default()
    }
}

fn lines(forecast: &Json, bands: &[&Band]) -> Part {
    let has_spend = list(forecast, "partners")
        .iter()
        .flat_map(|partner| list(partner, "cells"))
        .any(|cell| cell.get("plannedSpend").is_some());
    let mut columns = vec![("Partner".to_owned(), Unit::Text), ("Segment".to_owned(), Unit::Text)];
    if has_spend {
        columns.push(("Planned spend".to_owned(), Unit::Money));
    }
    columns.extend([
        ("Penetration".to_owned(), Unit::Text),
        ("Accounts engaged".to_owned(), Unit::Plain),
        ("Average ACV".to_owned(), Unit::Money),
        ("Customers touched".to_owned(), Unit::Count),
        ("Component".to_owned(), Unit::Text),
    ]);
    columns.extend(band_columns(bands));
    columns.push(("Evidence".to_owned(), Unit::Text));
    let mut table = Table::new(columns);
    for partner in list(forecast, "partners") {
        for cell in list(partner, "cells") {
            for (field, name) in COMPONENTS {
                let path = |band: &Band, rest: &str| format!("{}.{field}.{rest}", band.field);
                let amounts: Vec<Cell> =
                    bands.iter().map(|band| Cell::number(cell, &path(band, "amount.amount"))).collect();
                // A drag of nothing says no more than its Influenced TAM.
                let is_nothing = |amount: &Cell| match amount {
                    Cell::Empty => true,
                    Cell::Number(number) => field == "drag" && number.is_zero(),
                    Cell::Text(_) => false,
                };
                if amounts.iter().all(is_nothing) {
                    continue;
                }
                let mut cells = vec![Cell::plain(partner, "partner.name"), segment_name(cell)];
                if has_spend {
                    cells.push(Cell::number(cell, "plannedSpend.amount"));
                }
                cells.extend([
                    Cell::word(cell, "penetration"),
                    Cell::number(cell, "accountsEngaged"),
                    Cell::number(cell, "averageAcv.amount"),
                    Cell::number(cell, "customersTouched"),
                    Cell::text(name),
                ]);
                cells.extend(amounts);
                cells.push(bands.first().map_or(Cell::Empty, |band| Cell::word(cell, &path(band, "evidence"))));
                table.push(cells);
            }
        }
    }
    Part {
        heading: "Lines",
        lead: "Each partner in each segment, as far as it is measured. Each line is rounded to the minor unit once; totals add \
               rounded lines. A drag of 0 is left out."
            .into(),
        table: Some(table),
        is_appendix: true,
        ..Part::default()
    }
}

fn explained(forecast: &Json, bands: &[&Band]) -> Part {
    let mut outline = Vec::new();
    for partner in list(forecast, "partners") {
        for cell in list(partner, "cells") {
            for (field, name) in COMPONENTS {
                for band in bands {
                    let figure = at(cell, &format!("{}.{field}", band.field));
                    let told = at(figure, "explanation");
                    let amount = number(figure, "amount.amount");
                    if amount.is_none_or(|amount| field == "drag" && amount.is_zero()) || told.is_null() {
                        continue;
                    }
                    let title = format!(
                        "{}, {}: {name}, {} = {}",
                        text(partner, "partner.name").unwrap_or_default(),
                        segment_name(cell).exact(),
                        band.name,
                        text(told, "result").unwrap_or_default()
                    );
                    outline.push(Outline { title, lines: explanation(told) });
                }
            }
        }
    }
    Part {
        heading: "How each figure came about",
        lead: "The rule, its inputs and the arithmetic. Following the lines gives the figure again.".into(),
        outline,
        is_appendix: true,
        ..Part::default()
    }
}

fn explanation(told: &Json) -> Vec<String> {
    let inputs = list(told, "inputs").iter().map(|input| {
        let value = text(input, "value").unwrap_or("not shown to this reader");
        format!("{}: {value}", text(input, "name").unwrap_or_default())
    });
    let rule = text(told, "rule").map(str::to_owned);
    let steps = list(told, "steps").iter().filter_map(|step| step.as_str().map(str::to_owned));
    rule.into_iter().chain(inputs).chain(steps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_band_that_is_not_in_the_answer_is_nowhere_on_the_page() {
        let band = json!({ "total": { "amount": { "amount": "10.00" } }, "quarters": [] });
        let mut sheet = Sheet::default();
        parts(&mut sheet, &json!({ "quarters": ["2026-Q4"], "currency": "USD", "conservative": band }));
        assert_eq!(sheet.headlines.len(), 1);
        let said = format!("{sheet:?}");
        assert!(said.contains("Conservative") && !said.contains("\"Base\"") && !said.contains("Stretch"), "{said}");
    }
}

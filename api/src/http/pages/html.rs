//! A sheet as a page: one file that loads nothing, to be read on a screen and on paper.

use super::chart;
use super::sheet::{Part, Sheet, Table};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("../../../assets/document.css");

/// What the page may do: show its own style, and nothing else. The page says so itself too, for it is kept and forwarded as a file.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
});

/// The policy as a header, which can forbid frames as well.
pub(super) fn policy() -> String {
    format!("{}; frame-ancestors 'none'", *POLICY)
}

/// The page.
pub(super) fn write(sheet: &Sheet) -> Vec<u8> {
    let mut charts = 0;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(*POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (sheet.title) ", " (sheet.subtitle) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (sheet.title) }
                    p .subtitle { (sheet.subtitle) }
                    @if let Some(notice) = &sheet.notice { p .notice role="note" { (notice) } }
                }
                main {
                    @if !sheet.headlines.is_empty() {
                        ul .headlines {
                            @for (label, figure, about) in &sheet.headlines {
                                li { span .label { (label) } strong .negative[is_negative(figure)] { (figure) } span .about { (about) } }
                            }
                        }
                    }
                    dl .facts {
                        @for (name, value) in &sheet.facts {
                            div { dt { (name) } dd { (value) } }
                        }
                    }
                    @for part in &sheet.parts { (section(part, &mut charts)) }
                }
                footer { p { (sheet.title) ", " (sheet.subtitle) } }
            }
        }
    };
    page.into_string().into_bytes()
}

fn section(part: &Part, charts: &mut usize) -> Markup {
    html! {
        section .appendix[part.is_appendix] {
            h2 { (part.heading) }
            @if !part.lead.is_empty() { p .lead { (part.lead) } }
            @for one in &part.charts {
                @let number = { *charts += 1; *charts };
                figure { figcaption { (one.title) } (chart::draw(one, number)) }
            }
            @if let Some(shown) = &part.table { (table(part.heading, shown)) }
            @if !part.outline.is_empty() {
                div .outlines {
                    @for one in &part.outline {
                        div .outline { h3 { (one.title) } ol { @for line in &one.lines { li { (line) } } } }
                    }
                }
            }
        }
    }
}

fn is_negative(shown: &str) -> bool {
    shown.starts_with('-')
}

fn table(heading: &str, table: &Table) -> Markup {
    let filled = table.filled();
    html! {
        // What is wider than a screen scrolls, also by keyboard.
        div .scroll tabindex="0" role="region" aria-label=(heading) {
            table {
                thead { tr {
                    @for column in filled.iter().map(|at| &table.columns[*at]) {
                        th scope="col" .number[column.unit.is_number()] { (column.title) }
                    }
                } }
                tbody {
                    @for row in &table.rows {
                        tr .total[row.is_total] {
                            @for at in &filled {
                                @let unit = table.columns[*at].unit;
                                @let shown = row.cells[*at].shown(unit);
                                @if *at == 0 {
                                    th scope="row" { (shown) }
                                } @else {
                                    td .number[unit.is_number()] .negative[unit.is_number() && is_negative(&shown)] { (shown) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! Exports: `GET /exports/audit-matrix.csv` is the Partner Audit Matrix as a table for a spreadsheet.
//!
//! It is a GraphQL query of the server's own, run under the caller's schema through the same pipeline as any other: the same
//! rows, the same audience, cost, bucket and audit line, and each value as GraphQL prints it. A column that the caller's schema
//! has no field for is not there; a caller without the matrix is answered as if there were no such path. The portfolio pack beside it
//! is made the same way.

pub(super) mod portfolio;

use super::answer::Frame;
use super::audit::{Trail, rows};
use super::contract::Contract;
use super::graphql::refuse;
use super::media::Media;
use super::params::{Asked, form};
use super::pipeline::{Carries, prepare};
use super::refusal::{Code, Refusal};
use super::{Http, documents, frame};
use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaType, MetaTypeName};
use async_graphql::{Name, Value};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::sync::Arc;

/// The columns, each a path below `auditMatrix`: what concerns the whole matrix, then its cells. The path is the heading too.
const COLUMNS: &[&str] = &[
    "asOf",
    "frame.from",
    "frame.to",
    "frame.policyVersion",
    "frame.methodologyVersion",
    "frame.includesLate",
    "cells.partner.externalId",
    "cells.partner.name",
    "cells.segment.name",
    "cells.trustGap.points",
    "cells.trustGap.interval.low",
    "cells.trustGap.interval.high",
    "cells.trustGap.interval.level",
    "cells.trustGap.evidence",
    "cells.trustGap.reading",
    "cells.trustGap.reason.code",
    "cells.trustGap.dealsUntilConclusive",
    "cells.trustGap.coSell.won",
    "cells.trustGap.coSell.lost",
    "cells.trustGap.coSell.rate",
    "cells.trustGap.direct.won",
    "cells.trustGap.direct.lost",
    "cells.trustGap.direct.rate",
    "cells.trustGap.leftOutUnknown",
    "cells.sourcedArr.amount",
    "cells.attributed.sourced.deals",
    "cells.attributed.influenced.deals",
    "cells.attributed.influenced.arr.amount",
    "cells.attributed.accelerated.deals",
    "cells.attributed.accelerated.arr.amount",
    "cells.attributed.expansionOrRetention.deals",
    "cells.attributed.expansionOrRetention.arr.amount",
    "cells.segmentSpend.amount",
    "cells.partnerYield.multiple",
    "cells.partnerYield.evidence",
    "cells.partnerYield.sourcedArr.amount",
    "cells.partnerYield.spend.amount",
    "cells.dealSize.meanDelta",
    "cells.velocity.premiumRate",
    "cells.velocity.meanDaysSaved",
    "cells.sourcedArr.currency",
];

/// The parameters of the URL: arguments of `auditMatrix` as far as they make sense for a whole table.
const PARAMETERS: &[&str] = &["asOf", "window", "includeLate", "orderBy", "direction"];

/// What a path that does not exist is answered with.
const NOTHING: &str = "There is nothing here.";

/// Rows that go out together.
const ROWS: usize = 200;

/// GET of `/exports/audit-matrix.csv`.
pub(super) async fn audit_matrix(State(http): State<Arc<Http>>, request: Request) -> Response {
    let id = frame::id_of(request.extensions());
    let mut trail = Trail::begin(id.clone(), "export");
    match export(&http, request, &mut trail).await {
        Ok(response) => response,
        Err(refusal) => {
            trail.refused(refusal.code, refusal.faults.len());
            // A file that cannot be made is no 200.
            let status = Some(refusal.status(Media::GraphqlResponse));
            refuse(&http, &id, Media::Json, &Refusal { status, ..refusal }, None)
        }
    }
}

async fn export(http: &Http, request: Request, trail: &mut Trail) -> Result<Response, Refusal> {
    let (head, _) = request.into_parts();
    let (who, _) = http.sign_in(&head).await?;
    http.charge(&who, trail)?;
    let columns = Columns::of(http.contracts.of(who.viewer.role)).ok_or(Refusal::new(Code::NotFound, NOTHING))?;
    let document = columns.document();
    let hash = documents::hash(&document);
    let variables = variables(head.uri.query().unwrap_or_default())?;
    let asked = Asked { own: Some(document.into()), variables, ..Asked::default() };
    let prepared = prepare(http, who, asked, Carries::Queries, trail).await?;
    let data = match prepared.kept() {
        Some(data) => {
            trail.ran(0, None);
            data
        }
        None => {
            let mut response = prepared.run().await?;
            if let Some(error) = response.errors.pop() {
                return Err(Frame { limits: &http.limits, request_id: &trail.request_id }.refusal(error));
            }
            prepared.keep(&response);
            trail.ran(0, rows(&response.data));
            serde_json::to_vec(&response.data).map_err(|why| lost(&why))?.into()
        }
    };
    // The same columns of the same data are the same file.
    let tag =
        format!("\"{}\"", documents::hex(&Sha256::new().chain_update(hash).chain_update(&data).finalize().into()));
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let is_known = head.headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let Json::Object(mut data) = serde_json::from_slice(&data).map_err(|why| lost(&why))? else {
        return Err(lost(&"no object"));
    };
    let matrix = data.remove("auditMatrix").unwrap_or_default();
    let told = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-matrix.csv\""),
        (header::VARY, "Authorization"),
    ];
    Ok((kept, told, Body::from_stream(futures_util::stream::iter(columns.pieces(matrix)))).into_response())
}

fn lost(why: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(error = %why, "an export could not be written");
    Refusal::new(Code::InternalServerError, super::answer::INTERNAL)
}

/// The variables of the document, from the URL; the pipeline looks at their values as at those of any request.
fn variables(query: &str) -> Result<IndexMap<Name, Value>, Refusal> {
    let mut given = IndexMap::new();
    for (name, text) in form(query) {
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(Refusal::new(Code::BadRequest, format!("The parameters are {}.", PARAMETERS.join(", "))));
        }
        let value = match (name.as_str(), text.as_str()) {
            ("includeLate", "true") => Value::Boolean(true),
            ("includeLate", "false") => Value::Boolean(false),
            _ => Value::String(text),
        };
        if given.insert(Name::new(name), value).is_some() {
            return Err(Refusal::new(Code::BadRequest, "A parameter is given twice."));
        }
    }
    // An order is one value, so its field must be there where a direction is.
    let field = given.shift_remove("orderBy").unwrap_or_else(|| Value::from("NAME"));
    let direction = given.shift_remove("direction").unwrap_or_else(|| Value::from("ASC"));
    let order = [(Name::new("field"), field), (Name::new("direction"), direction)];
    given.insert(Name::new("orderBy"), Value::Object(order.into_iter().collect()));
    Ok(given)
}

/// The columns that a role's schema has.
struct Columns(Vec<&'static str>);

impl Columns {
    /// None where there is no matrix in it.
    fn of(contract: &Contract) -> Option<Self> {
        let types = contract.roots().types;
        let below = |of: &MetaType, name: &str| -> Option<String> {
            let (MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) = of else { return None };
            fields.get(name).map(|field| MetaTypeName::concrete_typename(&field.ty).to_owned())
        };
        let matrix = below(types.get("Query")?, "auditMatrix")?;
        let is_there = |path: &&str| {
            path.split('.')
                .try_fold(matrix.clone(), |of, name| types.get(of.as_str()).and_then(|of| below(of, name)))
                .is_some()
        };
        Some(Self(COLUMNS.iter().copied().filter(is_there).collect()))
    }

    /// The query for them.
    fn document(&self) -> String {
        let mut tree = Map::new();
        for path in &self.0 {
            let mut at = &mut tree;
            for name in path.split('.') {
                let below = at.entry(name).or_insert_with(|| Json::Object(Map::new()));
                let Json::Object(below) = below else { break };
                at = below;
            }
        }
        format!(
            "query AuditMatrixExport($asOf: Date, $window: Window! = TRAILING_FOUR, $includeLate: Boolean! = false, $orderBy: AuditMatrixOrder) \
             {{ auditMatrix(asOf: $asOf, window: $window, includeLate: $includeLate, orderBy: $orderBy){} }}",
            selection(&tree)
        )
    }

    /// The file, piece by piece: a heading, then the cells.
    fn pieces(self, mut matrix: Json) -> impl Iterator<Item = Result<Bytes, Infallible>> + Send + 'static {
        let cells = match matrix.get_mut("cells").map(Json::take) {
            Some(Json::Array(cells)) => cells,
            _ => Vec::new(),
        };
        let heading = piece(std::iter::once(self.0.iter().map(|path| (*path).to_owned()).collect()));
        let mut at = 0;
        let rest = std::iter::from_fn(move || {
            let some = cells.get(at..cells.len().min(at + ROWS)).filter(|some| !some.is_empty())?;
            at += some.len();
            Some(piece(some.iter().map(|cell| {
                let value = |path: &&str| match path.strip_prefix("cells.") {
                    Some(path) => text(cell, path),
                    None => text(&matrix, path),
                };
                self.0.iter().map(value).collect()
            })))
        });
        std::iter::once(heading).chain(rest).map(Ok)
    }
}

fn selection(tree: &Map<String, Json>) -> String {
    let one = |(name, below): (&String, &Json)| match below {
        Json::Object(below) => format!("{name}{}", selection(below)),
        _ => name.clone(),
    };
    if tree.is_empty() {
        return String::new();
    }
    format!(" {{ {} }}", tree.iter().map(one).collect::<Vec<_>>().join(" "))
}

/// The value at a path, as GraphQL prints it; a null is an empty cell.
fn text(of: &Json, path: &str) -> String {
    let found = path.split('.').try_fold(of, |of, name| of.get(name));
    match found {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => harmless(text),
        Some(Json::Array(texts)) => harmless(&texts.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" ")),
        Some(other) => other.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula: one that looks like it is led in by an apostrophe. Numbers are as they are.
pub(super) fn harmless(text: &str) -> String {
    // Some programs trim a cell before they look at it.
    let begins = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins && text.parse::<Decimal>().is_err() { format!("'{text}") } else { text.to_owned() }
}

/// Records as RFC 4180 has them.
fn piece(records: impl Iterator<Item = Vec<String>>) -> Bytes {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // Into memory, with as many cells in each record: neither can fail.
        let _ = writer.write_record(record);
    }
    writer.into_inner().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_a_number_stays_a_number() {
        for (text, cell) in [
            ("Acme", "Acme"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("\t=1", "'\t=1"),
            ("-4.000000000000", "-4.000000000000"),
        ] {
            assert_eq!(harmless(text), cell);
        }
    }

    #[test]
    fn records_are_quoted_where_they_must_be() {
        let record = vec!["a \"b\", c".to_owned(), "é\nx".to_owned(), String::new()];
        assert_eq!(piece(std::iter::once(record)), "\"a \"\"b\"\", c\",\"é\nx\",\r\n".as_bytes());
    }

    #[test]
    fn what_is_asked_twice_or_unknown_is_refused() {
        assert!(variables("asOf=2026-06-30&window=ALL&includeLate=true").is_ok_and(|given| given.len() == 4));
        assert!(variables("asOf=2026-06-30&asOf=2026-06-30").is_err() && variables("as_of=2026-06-30").is_err());
    }
}

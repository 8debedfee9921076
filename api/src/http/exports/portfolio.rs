//! The portfolio pack: `GET /exports/portfolio.csv` and `.json`, what an operating partner takes to its own report. Programs and
//! roll-ups with the edition of the methodology in it, and nothing below a program: no deals, people or accounts, because the query
//! that it is has no field for them.

use super::{NOTHING, lost, piece, text};
use crate::http::answer::Frame;
use crate::http::audit::{Trail, rows};
use crate::http::graphql::refuse;
use crate::http::media::Media;
use crate::http::params::{Asked, form};
use crate::http::pipeline::{Carries, prepare};
use crate::http::refusal::{Code, Refusal};
use crate::http::{Http, documents, frame};
use async_graphql::indexmap::IndexMap;
use async_graphql::registry::MetaType;
use async_graphql::{Name, Value};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const DOCUMENT: &str = "query PortfolioPack($asOf: Date) { portfolio(asOf: $asOf) {
  name methodologyVersion
  programs {
    name currency asOf from to
    partnerYield { multiple evidence reason { message } sourcedDeals sourcedDealsWithoutArr sourcedArr { amount } spend { amount } }
    velocity { premiumRate evidence reason { message } partner { deals } direct { deals } }
    nrr { rate reason }
    forecast { quarter publishedAt conservative { amount } } forecastReason
  }
  rollUps {
    currency programs
    yieldMultiple evidence reason { message } sourcedDeals sourcedDealsWithoutArr sourcedArr { amount } spend { amount }
    velocity { premiumRate evidence reason { message } partnerDeals directDeals }
    nrr { rate reason }
    forecasts forecastQuarters forecastConservative { amount } forecastReason
  }
} }";

/// The columns of the table: the heading, where a program has it, where a roll-up has it.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("name", "name", ""),
    ("programs", "", "programs"),
    ("currency", "currency", "currency"),
    ("asOf", "asOf", ""),
    ("from", "from", ""),
    ("to", "to", ""),
    ("yieldMultiple", "partnerYield.multiple", "yieldMultiple"),
    ("yieldEvidence", "partnerYield.evidence", "evidence"),
    ("yieldReason", "partnerYield.reason.message", "reason.message"),
    ("sourcedDeals", "partnerYield.sourcedDeals", "sourcedDeals"),
    ("sourcedDealsWithoutArr", "partnerYield.sourcedDealsWithoutArr", "sourcedDealsWithoutArr"),
    ("sourcedArr", "partnerYield.sourcedArr.amount", "sourcedArr.amount"),
    ("spend", "partnerYield.spend.amount", "spend.amount"),
    ("velocityPremiumRate", "velocity.premiumRate", "velocity.premiumRate"),
    ("velocityEvidence", "velocity.evidence", "velocity.evidence"),
    ("velocityReason", "velocity.reason.message", "velocity.reason.message"),
    ("velocityPartnerDeals", "velocity.partner.deals", "velocity.partnerDeals"),
    ("velocityDirectDeals", "velocity.direct.deals", "velocity.directDeals"),
    ("nrrRate", "nrr.rate", "nrr.rate"),
    ("nrrReason", "nrr.reason", "nrr.reason"),
    ("forecastQuarter", "forecast.quarter", "forecastQuarters"),
    ("forecastPublishedAt", "forecast.publishedAt", ""),
    ("forecastConservative", "forecast.conservative.amount", "forecastConservative.amount"),
    ("forecasts", "", "forecasts"),
    ("forecastReason", "forecastReason", "forecastReason"),
];

/// How the pack is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// GET of `/exports/portfolio.csv`.
pub(in crate::http) async fn csv(State(http): State<Arc<Http>>, request: Request) -> Response {
    answer(&http, request, Format::Csv).await
}

/// GET of `/exports/portfolio.json`.
pub(in crate::http) async fn json(State(http): State<Arc<Http>>, request: Request) -> Response {
    answer(&http, request, Format::Json).await
}

async fn answer(http: &Http, request: Request, format: Format) -> Response {
    let id = frame::id_of(request.extensions());
    let mut trail = Trail::begin(id.clone(), "export");
    match export(http, request, format, &mut trail).await {
        Ok(response) => response,
        Err(refusal) => {
            trail.refused(refusal.code, refusal.faults.len());
            // A file that cannot be made is no 200.
            let status = Some(refusal.status(Media::GraphqlResponse));
            refuse(http, &id, Media::Json, &Refusal { status, ..refusal }, None)
        }
    }
}

async fn export(http: &Http, request: Request, format: Format, trail: &mut Trail) -> Result<Response, Refusal> {
    let (head, _) = request.into_parts();
    let (who, _) = http.sign_in(&head).await?;
    http.charge(&who, trail)?;
    let types = http.contracts.of(who.viewer.role).roots().types;
    let has_portfolio =
        matches!(types.get("Query"), Some(MetaType::Object { fields, .. }) if fields.contains_key("portfolio"));
    if !has_portfolio {
        return Err(Refusal::new(Code::NotFound, NOTHING));
    }
    let variables = variables(head.uri.query().unwrap_or_default())?;
    let asked = Asked { own: Some(DOCUMENT.into()), variables, ..Asked::default() };
    let prepared = prepare(http, who, asked, Carries::Queries, trail).await?;
    let mut response = prepared.run().await?;
    if let Some(error) = response.errors.pop() {
        return Err(Frame { limits: &http.limits, request_id: &trail.request_id }.refusal(error));
    }
    trail.ran(0, rows(&response.data));
    let mut data = response.data.into_json().map_err(|why| lost(&why))?;
    let mut pack = data.get_mut("portfolio").map(Json::take).unwrap_or_default();
    let (bytes, ending, kind) = match format {
        Format::Csv => (table(&pack), "csv", "text/csv; charset=utf-8; header=present"),
        Format::Json => {
            pack.sort_all_objects();
            (pack.to_string().into_bytes(), "json", "application/json")
        }
    };
    let tag = format!("\"{}\"", documents::hex(&Sha256::digest(&bytes).into()));
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let is_known = head.headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let told = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"portfolio.{ending}\"")),
        (header::VARY, "Authorization".to_owned()),
    ];
    Ok((kept, told, bytes).into_response())
}

/// The date, where the URL names one; the pipeline looks at its value as at that of any request.
fn variables(query: &str) -> Result<IndexMap<Name, Value>, Refusal> {
    let mut given = IndexMap::new();
    for (name, text) in form(query) {
        if name != "asOf" || given.insert(Name::new("asOf"), Value::String(text)).is_some() {
            return Err(Refusal::new(Code::BadRequest, "The parameter is asOf, and it is given once."));
        }
    }
    Ok(given)
}

/// One line a program, then one a roll-up; each with the portfolio and the edition of the methodology.
fn table(pack: &Json) -> Vec<u8> {
    let lines = |list: &str| pack.get(list).and_then(Json::as_array).cloned().unwrap_or_default();
    let heading =
        ["portfolio", "methodologyVersion", "scope"].into_iter().chain(COLUMNS.iter().map(|(name, ..)| *name));
    let mut records: Vec<Vec<String>> = vec![heading.map(str::to_owned).collect()];
    for (scope, list) in [("PROGRAM", lines("programs")), ("ROLL_UP", lines("rollUps"))] {
        for line in &list {
            let mut record = vec![text(pack, "name"), text(pack, "methodologyVersion"), scope.to_owned()];
            record.extend(COLUMNS.iter().map(|(_, of_program, of_roll_up)| {
                let path = if scope == "PROGRAM" { of_program } else { of_roll_up };
                if path.is_empty() { String::new() } else { text(line, path) }
            }));
            records.push(record);
        }
    }
    piece(records.into_iter()).to_vec()
}

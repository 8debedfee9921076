//! Published deliverables as documents: `GET /documents/forecast/2026-Q4.html`, `/documents/forecast/2026-Q4/1.csv`, or
//! `/documents/{global id}.xlsx`. Without an ending, `Accept` decides.
//!
//! Like the exports, a document is a GraphQL query of the server's own under the caller's schema: its role decides bands, columns
//! and rows, and there is no second policy. What it may not see at all is answered as if there were no such path.
//!
//! The CFO pack of a completed quarter is a document too (`/documents/cfo-pack/2026-Q3.html`), though nobody publishes it.

mod ask;
mod cfo;
mod chart;
mod forecast;
mod html;
mod markdown;
mod plans;
mod records;
mod sheet;
mod workbook;

use super::answer::{Frame, INTERNAL};
use super::audit::{Trail, rows};
use super::documents::hex;
use super::graphql::refuse;
use super::media::Media;
use super::params::Asked;
use super::pipeline::{Carries, prepare};
use super::refusal::{Code, Refusal};
use super::{Http, frame};
use async_graphql::{Name, Value};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::calendar::Quarter;
use domain::deliverable::DeliverableKind;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use sheet::{Outline, Part, Sheet, at, human, number, text};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// What a path that does not exist is answered with.
const NOTHING: &str = "There is nothing here.";

/// Where documents are.
const ROOT: &str = "/documents/";

/// The fields of `Query` that documents are made of.
const DELIVERABLE: &str = "deliverable";
const CFO_PACK: &str = "cfoPack";

/// How many documents are written at the same time: a large one keeps a core busy, and other requests need some.
const AT_ONCE: usize = 2;

/// The places of those that are being written.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Html,
    Markdown,
    Csv,
    Xlsx,
    Json,
}

/// The formats: ending, media type. The first one is what a caller gets that does not say.
const FORMATS: [(Format, &str, &str); 5] = [
    (Format::Html, "html", "text/html; charset=utf-8"),
    (Format::Markdown, "md", "text/markdown; charset=utf-8"),
    (Format::Csv, "csv", "text/csv; charset=utf-8"),
    (Format::Xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (Format::Json, "json", "application/json"),
];

impl Format {
    /// The format of an ending, or without one that of `Accept`; the first one that the caller names wins.
    fn of(ending: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        if let Some(ending) = ending {
            return FORMATS.iter().find(|(_, own, _)| *own == ending).map(|(format, ..)| *format);
        }
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let named = accept.split(',').filter_map(|one| one.split(';').next()).find_map(|one| {
            let is_it = |(.., kind): &&(Self, &str, &str)| kind.split(';').next() == Some(one.trim());
            FORMATS.iter().find(is_it)
        });
        Some(named.map_or(Self::Html, |(format, ..)| *format))
    }

    fn told(self) -> (&'static str, &'static str) {
        let found = FORMATS.iter().find(|(format, ..)| *format == self);
        found.map_or(("html", "text/html; charset=utf-8"), |(_, ending, kind)| (*ending, *kind))
    }
}

/// Which deliverable a path names, as the argument of the query.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Id(String),
    Of(DeliverableKind, Quarter, Option<i32>),
}

impl Named {
    /// Reads `{id}`, `{kind}/{quarter}` or `{kind}/{quarter}/{revision}`.
    fn read(path: &str) -> Option<Self> {
        let steps: Vec<&str> = path.split('/').collect();
        let of = |kind: &str, quarter: &str| Some((DeliverableKind::of_slug(kind)?, quarter.parse().ok()?));
        match steps[..] {
            [id] if !id.is_empty() => Some(Self::Id(id.to_owned())),
            [kind, quarter] => of(kind, quarter).map(|(kind, quarter)| Self::Of(kind, quarter, None)),
            [kind, quarter, revision] => {
                let revision: i32 = revision.parse().ok().filter(|number| *number > 0)?;
                of(kind, quarter).map(|(kind, quarter)| Self::Of(kind, quarter, Some(revision)))
            }
            _ => None,
        }
    }

    fn argument(self) -> Value {
        let object = |fields: Vec<(&str, Value)>| {
            Value::Object(fields.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
        };
        match self {
            Self::Id(id) => object(vec![("id", Value::String(id))]),
            Self::Of(kind, quarter, revision) => {
                let kind: &'static str = kind.into();
                let mut of =
                    vec![("kind", Value::String(kind.into())), ("quarter", Value::String(quarter.to_string()))];
                of.extend(revision.map(|revision| ("revision", Value::Number(revision.into()))));
                object(vec![("of", object(of))])
            }
        }
    }
}

/// The routes.
pub(super) fn routes() -> Router<Arc<Http>> {
    Router::new().route("/documents/{*path}", get(document))
}

/// GET of a document.
async fn document(State(http): State<Arc<Http>>, request: Request) -> Response {
    let id = frame::id_of(request.extensions());
    let mut trail = Trail::begin(id.clone(), "document");
    match make(&http, request, &mut trail).await {
        Ok(response) => response,
        Err(refusal) => {
            trail.refused(refusal.code, refusal.faults.len());
            // A file that cannot be made is no 200.
            let status = Some(refusal.status(Media::GraphqlResponse));
            refuse(&http, &id, Media::Json, &Refusal { status, ..refusal }, None)
        }
    }
}

fn nothing() -> Refusal {
    Refusal::new(Code::NotFound, NOTHING)
}

fn lost(why: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(error = %why, "a document could not be written");
    Refusal::new(Code::InternalServerError, INTERNAL)
}

async fn make(http: &Http, request: Request, trail: &mut Trail) -> Result<Response, Refusal> {
    let (head, _) = request.into_parts();
    let (who, _) = http.sign_in(&head).await?;
    http.charge(&who, trail)?;
    let roots = http.contracts.of(who.viewer.role).roots();
    let path = head.uri.path().strip_prefix(ROOT).unwrap_or_default();
    // A global id holds no point, and neither does a quarter.
    let (path, ending) = path.split_once('.').map_or((path, None), |(path, ending)| (path, Some(ending)));
    let format = Format::of(ending, &head.headers).ok_or_else(nothing)?;
    let (query, argument, root) = match path.strip_prefix(cfo::SLUG).and_then(|rest| rest.strip_prefix('/')) {
        Some(quarter) => {
            let quarter: Quarter = quarter.parse().map_err(|_| nothing())?;
            (cfo::document(roots), (Name::new("quarter"), Value::String(quarter.to_string())), CFO_PACK)
        }
        None => {
            let named = Named::read(path).ok_or_else(nothing)?;
            (ask::document(roots), (Name::new("by"), named.argument()), DELIVERABLE)
        }
    };
    let query = query.ok_or_else(nothing)?;
    let variables = std::iter::once(argument).collect();
    let asked = Asked { own: Some(query.into()), variables, ..Asked::default() };
    let prepared = prepare(http, who, asked, Carries::Queries, trail).await?;
    // One deadline for the query and for what is written of its answer.
    let deadline = Instant::now() + http.limits.execution_timeout;
    let mut response = prepared.run().await?;
    if let Some(error) = response.errors.pop() {
        return Err(Frame { limits: &http.limits, request_id: &trail.request_id }.refusal(error));
    }
    trail.ran(0, rows(&response.data));
    let data = response.data.into_json().map_err(|why| lost(&why))?;
    if at(&data, root).is_null() {
        return Err(nothing());
    }
    let Written { slice, bytes, digest } = timeout_at(deadline, write(data, format))
        .await
        .map_err(|_| Refusal::new(Code::Timeout, "The document took too long to write and was given up."))??;
    // The slice's own hash, then that of these bytes: the notice of a later revision is in the second one only.
    let tag = format!("\"{}-{}\"", slice.sha256, digest.get(..16).unwrap_or_default());
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let is_known = head.headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let (ending, kind) = format.told();
    let place = if format == Format::Html { "inline" } else { "attachment" };
    let told = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{place}; filename=\"{}.{ending}\"", slice.file_name())),
        (header::VARY, "Authorization, Accept".to_owned()),
        (header::CONTENT_SECURITY_POLICY, html::policy()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((kept, told, Body::from(bytes)).into_response())
}

/// A document as it goes out.
struct Written {
    slice: Slice,
    bytes: Vec<u8>,
    /// Of the bytes.
    digest: String,
}

/// Writes a document where it holds up no other request.
///
/// # Errors
/// It could not be written.
async fn write(data: Json, format: Format) -> Result<Written, Refusal> {
    let place = PLACES.acquire().await.map_err(|why| lost(&why))?;
    let writing = tokio::task::spawn_blocking(move || {
        // Kept to the end, also where nobody waits for it any more: the core is as busy.
        let _place = place;
        let slice = Slice::of(data);
        let bytes = slice.written(format).map_err(|why| why.to_string())?;
        let digest = hex(&Sha256::digest(&bytes).into());
        Ok::<_, String>(Written { slice, bytes, digest })
    });
    writing.await.map_err(|why| lost(&why))?.map_err(|why| lost(&why))
}

/// What the caller may see of a deliverable.
struct Slice {
    data: Json,
    /// Of its canonical JSON.
    sha256: String,
    latest: Json,
}

impl Slice {
    fn of(mut data: Json) -> Self {
        // A later revision changes nothing of what this one says: it is told apart and not hashed.
        let deliverable = data.get_mut(DELIVERABLE).and_then(Json::as_object_mut);
        let latest = deliverable.and_then(|of| of.remove("latestRevision")).unwrap_or_default();
        data.sort_all_objects();
        let sha256 = hex(&Sha256::digest(data.to_string().as_bytes()).into());
        Self { data, sha256, latest }
    }

    fn is_cfo_pack(&self) -> bool {
        self.data.get(CFO_PACK).is_some()
    }

    fn file_name(&self) -> String {
        if self.is_cfo_pack() {
            return format!("{}-{}", cfo::SLUG, text(&self.data, "cfoPack.quarter").unwrap_or_default());
        }
        let of = |path: &str| at(&self.data, path).as_str().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let quarter = text(&self.data, "deliverable.quarter").unwrap_or_default();
        format!("{}-{quarter}-r{}", of("deliverable.kind"), at(&self.data, "deliverable.revision"))
    }

    fn written(&self, format: Format) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
        Ok(match format {
            Format::Json => self.data.to_string().into_bytes(),
            Format::Html => html::write(&self.sheet()),
            Format::Markdown => markdown::write(&self.sheet()),
            Format::Csv => records::write(&self.sheet()),
            Format::Xlsx => {
                // A pack is as of a day, and is made of no instant.
                let day = text(&self.data, "cfoPack.asOf").map(|day| format!("{day}T00:00:00"));
                let published = text(&self.data, "deliverable.publishedAt").unwrap_or_default();
                workbook::write(&self.sheet(), day.as_deref().unwrap_or(published))?
            }
        })
    }

    /// The sheet that every format is made of.
    fn sheet(&self) -> Sheet {
        if self.is_cfo_pack() {
            return cfo::sheet(&self.data, &self.sha256);
        }
        let of = at(&self.data, "deliverable");
        let said = |path: &str| text(&self.data, path).unwrap_or_default();
        let revision = number(of, "revision").unwrap_or_default();
        let kind = human(text(of, "kind").unwrap_or_default());
        let mut sheet = Sheet {
            title: kind.clone(),
            subtitle: format!("{}, {}, revision {revision}", said("program.name"), said("deliverable.quarter")),
            currency: said("program.currency").to_owned(),
            ..Sheet::default()
        };
        let replaces =
            (revision > 1.into()).then(|| format!(", replaces revision {}", revision - rust_decimal::Decimal::ONE));
        let by = match (of.get("publisher"), text(of, "publisher.name")) {
            (_, Some(name)) => format!(" by {name}"),
            (Some(Json::Null), None) => " by the server".to_owned(),
            _ => String::new(),
        };
        sheet.facts = vec![
            ("Program", said("program.name").to_owned()),
            ("Deliverable", format!("{kind}, {}", said("deliverable.quarter"))),
            ("Revision", format!("{revision}{}", replaces.unwrap_or_default())),
            ("Published", format!("{}{by}", instant(said("deliverable.publishedAt")))),
            ("Currency", said("program.currency").to_owned()),
            ("Policy version", at(of, "policyVersion").to_string()),
            ("Methodology version", text(of, "methodologyVersion").unwrap_or("none").to_owned()),
        ];
        if let Some(latest) = self.latest.as_i64().filter(|latest| revision < (*latest).into()) {
            sheet.notice = Some(format!("Revision {latest} has replaced this one."));
        }
        match text(of, "kind") {
            Some("FORECAST") if !at(of, "forecast").is_null() => forecast::parts(&mut sheet, at(of, "forecast")),
            Some("RECRUIT_PLAN") if !at(of, "recruitPlan").is_null() => {
                plans::recruit(&mut sheet, at(of, "recruitPlan"))
            }
            Some("STAGE_DEPLOYMENT_PLAN") if !at(of, "stageDeploymentPlan").is_null() => {
                plans::stages(&mut sheet, at(of, "stageDeploymentPlan"));
            }
            _ => sheet.parts.extend(whole(of)),
        }
        sheet.facts.extend([
            ("Shown to", format!("{}, as far as this role may read it", human(said("viewer.role")))),
            ("Content SHA-256", said("deliverable.sha256").to_owned()),
            ("Slice SHA-256", self.sha256.clone()),
        ]);
        sheet
    }
}

/// An instant as people write it, in UTC.
fn instant(text: &str) -> String {
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text.to_owned(),
    }
}

/// The whole content, for a kind that has no page of its own; only where the reader's schema has it.
fn whole(of: &Json) -> Option<Part> {
    let content: Json = serde_json::from_str(text(of, "content")?).ok()?;
    let lines = serde_json::to_string_pretty(&content).ok()?.lines().map(str::to_owned).collect();
    Some(Part {
        heading: "Content",
        lead: "As it was published.".into(),
        outline: vec![Outline { title: "Canonical JSON".into(), lines }],
        ..Part::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_a_person_writes_it() {
        let quarter: Quarter = "2026-Q4".parse().unwrap();
        let of = |revision| Some(Named::Of(DeliverableKind::RecruitPlan, quarter, revision));
        assert_eq!(Named::read("recruit-plan/2026-Q4"), of(None));
        assert_eq!(Named::read("recruit-plan/2026-Q4/2"), of(Some(2)));
        assert_eq!(Named::read("RGVs"), Some(Named::Id("RGVs".into())));
        for wrong in ["", "recruit-plan/", "plan/2026-Q4", "recruit-plan/2026", "recruit-plan/2026-Q4/0", "a/b/c/d"] {
            assert_eq!(Named::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_ending_decides_and_else_what_is_accepted() {
        let accept = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, http::HeaderValue::from_static(text));
            headers
        };
        assert_eq!(Format::of(Some("csv"), &accept("text/html")), Some(Format::Csv));
        assert_eq!(Format::of(Some("exe"), &accept("text/html")), None);
        assert_eq!(Format::of(None, &accept("text/csv;q=0.9, text/html")), Some(Format::Csv));
        assert_eq!(Format::of(None, &accept("*/*")), Some(Format::Html));
        assert_eq!(Format::of(None, &HeaderMap::new()), Some(Format::Html));
    }
}

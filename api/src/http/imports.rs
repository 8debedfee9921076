//! Uploads: `POST /imports/{object}` takes a file of any size, `GET /imports/{run}/rejects.csv` gives back what was not taken.
//!
//! The body is the file itself, the mapping comes in a header (base64), so nothing is parsed before the caller is known and
//! no browser can be made to send it across origins. The file is written to the spool folder as it comes.

use super::Http;
use super::frame::id_of;
use super::graphql::refuse;
use super::media::Media;
use super::refusal::{Code, Refusal};
use crate::usecase::import::{self, ImportFailure, Request as Import, follow, rejects};
use crate::usecase::{Caller, Failure, Office};
use axum::body::{Body, Bytes};
use axum::extract::{Path as Part, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::import::{FileProblem, Object};
use domain::role::Action;
use futures_util::StreamExt;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The header that carries the mapping file, in base64.
const MAPPING: &str = "x-partnerloop-mapping";
/// The header that carries the file's name, for people.
const FILE_NAME: &str = "x-partnerloop-file-name";
/// The largest upload.
const BYTES_MOST: u64 = 16 * 1024 * 1024 * 1024;
/// How long the next piece of an upload may take.
const PIECE: Duration = Duration::from_secs(30);
/// How many uploads are worked on at once.
const AT_ONCE: usize = 4;
/// How often interrupted uploads are looked for.
const LOOK: Duration = Duration::from_secs(60);

struct Uploads {
    http: Arc<Http>,
    office: Office,
    spool: PathBuf,
    places: Arc<Semaphore>,
}

/// The routes of uploads.
pub fn router(http: Arc<Http>, office: Office, spool: PathBuf) -> Router {
    let uploads = Arc::new(Uploads { http, office, spool, places: Arc::new(Semaphore::new(AT_ONCE)) });
    Router::new()
        .route("/imports/{what}", post(upload))
        .route("/imports/{what}/rejects.csv", get(download))
        .with_state(uploads)
}

/// Goes on with interrupted uploads until the server stops.
pub async fn go_on(office: Office, stop: CancellationToken) {
    loop {
        if let Err(why) = follow::go_on(&office).await {
            tracing::error!(error = %why, "interrupted imports could not be looked for");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    #[serde(default)]
    dry_run: bool,
}

async fn upload(
    State(uploads): State<Arc<Uploads>>,
    Part(what): Part<String>,
    Query(wish): Query<Wish>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let id = id_of(&head.extensions);
    let refused = |refusal: &Refusal| refuse(&uploads.http, &id, Media::Json, refusal, None);
    let caller = match uploads.caller(&head).await {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    let Ok(object) = what.parse::<Object>() else {
        return refused(&Refusal::new(Code::NotFound, "There is nothing here."));
    };
    let mapping = match mapping_of(&head.headers, object) {
        Ok(mapping) => mapping,
        Err(problems) => return unprocessable(&problems),
    };
    let Ok(place) = uploads.places.clone().try_acquire_owned() else {
        let refusal = Refusal::new(
            Code::RateLimited,
            "As many imports are at work as this server does at once. Try again later.",
        );
        return refused(&Refusal { retry_after: Some(30), ..refusal });
    };
    let run_id = uploads.office.clock.id();
    let path = match spooled(&uploads.spool, run_id, body).await {
        Ok(path) => path,
        Err(refusal) => return refused(&refusal),
    };
    let request = Import {
        object,
        file_name: file_name(&head.headers),
        path: path.clone(),
        mapping,
        mapping_folder: None,
        is_dry_run: wish.dry_run,
        resume: false,
        is_spooled: true,
        run_id: Some(run_id),
    };
    let (told, began) = oneshot::channel();
    tokio::spawn(async move {
        let _place = place;
        let told = std::sync::Mutex::new(Some(told));
        // The run is on record once there is any progress: only then can a client ask for it.
        let done = import::import(&caller, request, &|run| {
            let told = told.lock().ok().and_then(|mut told| told.take());
            if let Some(told) = told {
                // The client may have gone; the import goes on.
                let _ = told.send(run.id);
            }
        })
        .await;
        match done {
            Ok(_) | Err(ImportFailure::File(_)) => follow::discard(&path).await,
            Err(why) => tracing::error!(error = %why, run = %run_id, "an import was interrupted"),
        }
    });
    match began.await {
        Ok(run) => {
            let word: &str = object.into();
            let body = json!({ "id": global(run), "object": word, "rejects": format!("/imports/{run}/rejects.csv") });
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
        Err(_) => {
            refused(&Refusal::new(Code::InternalServerError, "The import could not begin. Nothing was imported."))
        }
    }
}

impl Uploads {
    async fn caller(&self, head: &Parts) -> Result<Caller, Box<Response>> {
        let who = self.http.admit(head).await?;
        let caller = Caller::new(self.office.clone(), Arc::new(who.viewer));
        match caller.authorise(Action::Import) {
            Ok(_) => Ok(caller),
            // Whether the route exists is nobody's secret, but it is no part of this caller's.
            Err(_) => {
                let refusal = Refusal::new(Code::Forbidden, "This seat may not import.");
                let refusal = Refusal { status: Some(StatusCode::FORBIDDEN), ..refusal };
                Err(Box::new(refuse(&self.http, &id_of(&head.extensions), Media::Json, &refusal, None)))
            }
        }
    }
}

/// The global id of a run, as GraphQL writes it.
fn global(run: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("ImportRun:{run}"))
}

/// A run by its global id or its plain one.
fn run_of(text: &str) -> Option<Uuid> {
    text.parse().ok().or_else(|| {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        plain.strip_prefix("ImportRun:")?.parse().ok()
    })
}

fn mapping_of(headers: &HeaderMap, object: Object) -> Result<String, Vec<FileProblem>> {
    let no = |message: &str| vec![FileProblem::new("BAD_MAPPING", message)];
    let encoded = headers
        .get(MAPPING)
        .ok_or_else(|| no("send the mapping file, in base64, in the header X-Partnerloop-Mapping"))?;
    let bytes = STANDARD.decode(encoded.as_bytes()).map_err(|_| no("X-Partnerloop-Mapping is not base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| no("the mapping is not UTF-8"))?;
    let mapping = import::mapping::parse(&text, object)?;
    import::mapping::lookups(&mapping, None)?;
    Ok(text)
}

fn file_name(headers: &HeaderMap) -> String {
    let name = headers.get(FILE_NAME).and_then(|name| name.to_str().ok()).unwrap_or("upload.csv");
    // For people to read: never a path.
    name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(200).collect()
}

fn unprocessable(problems: &[FileProblem]) -> Response {
    let errors: Vec<_> =
        problems.iter().map(|it| json!({ "message": it.message, "extensions": { "code": it.code } })).collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "errors": errors }))).into_response()
}

/// Writes the body to the spool folder, piece by piece.
async fn spooled(spool: &Path, run_id: Uuid, body: Body) -> Result<PathBuf, Refusal> {
    let fault = |why: std::io::Error| {
        tracing::error!(error = %why, "an upload could not be kept");
        Refusal::new(Code::InternalServerError, "The upload could not be kept. Nothing was imported.")
    };
    tokio::fs::create_dir_all(spool).await.map_err(fault)?;
    let path = spool.join(format!("{run_id}.csv"));
    let mut file = tokio::fs::File::create(&path).await.map_err(fault)?;
    match write(&mut file, body).await {
        Ok(()) => Ok(path),
        Err(refusal) => {
            follow::discard(&path).await;
            Err(refusal)
        }
    }
}

async fn write(file: &mut tokio::fs::File, body: Body) -> Result<(), Refusal> {
    let mut pieces = body.into_data_stream();
    let mut bytes = 0_u64;
    loop {
        let piece = match tokio::time::timeout(PIECE, pieces.next()).await {
            Err(_) => {
                return Err(Refusal::http(
                    StatusCode::REQUEST_TIMEOUT,
                    "The body took too long to arrive. Nothing was imported.",
                ));
            }
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                return Err(Refusal::http(StatusCode::BAD_REQUEST, "The body broke off. Nothing was imported."));
            }
            Ok(Some(Ok(piece))) => piece,
        };
        bytes += piece.len() as u64;
        if bytes > BYTES_MOST {
            return Err(Refusal::http(StatusCode::PAYLOAD_TOO_LARGE, "The file is larger than this server takes."));
        }
        if file.write_all(&piece).await.is_err() {
            return Err(Refusal::new(Code::InternalServerError, "The upload could not be kept. Nothing was imported."));
        }
    }
    file.sync_all()
        .await
        .map_err(|_| Refusal::new(Code::InternalServerError, "The upload could not be kept. Nothing was imported."))
}

async fn download(State(uploads): State<Arc<Uploads>>, Part(what): Part<String>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let id = id_of(&head.extensions);
    let caller = match uploads.caller(&head).await {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    let opened = match run_of(&what) {
        Some(run) => rejects::open(&caller, run).await,
        None => Err(Failure::NotFound),
    };
    let rejects = match opened {
        Ok(rejects) => rejects,
        Err(why) => {
            let code = if matches!(why, Failure::NotFound) { Code::NotFound } else { Code::InternalServerError };
            let refusal = Refusal {
                status: (code == Code::NotFound).then_some(StatusCode::NOT_FOUND),
                ..Refusal::new(code, "There is nothing here.")
            };
            return refuse(&uploads.http, &id, Media::Json, &refusal, None);
        }
    };
    let pieces = futures_util::stream::unfold(rejects, |mut rejects| async move {
        match rejects.next().await {
            Ok(None) => None,
            Ok(Some(piece)) => Some((Ok(Bytes::from(piece)), rejects)),
            Err(why) => Some((Err(std::io::Error::other(why.to_string())), rejects)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"rejects.csv\""),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

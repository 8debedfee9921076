//! The audit log: one line for each request, denied or not. Who, what and at what cost; never a token, never a variable's value.

use super::documents::{Hash, hex};
use super::refusal::Code;
use domain::slice::{Place, Viewer};
use tokio::time::Instant;
use tracing::info;
use uuid::Uuid;

/// What is known of a request so far; written as one line when it is over.
pub(super) struct Trail {
    pub request_id: String,
    pub transport: &'static str,
    pub who: Option<Who>,
    pub kind: Option<&'static str>,
    pub operation: Option<String>,
    pub document: Option<Hash>,
    pub cost: Option<u64>,
    /// The key of the caller's bucket; not logged.
    pub token: Option<Uuid>,
    began: Instant,
}

/// The seat, as the log names it.
#[derive(Clone)]
pub(super) struct Who {
    subject: String,
    role: &'static str,
    seat: String,
    place: String,
}

impl From<&Viewer> for Who {
    fn from(viewer: &Viewer) -> Self {
        let place = match viewer.place {
            Place::Program(id) => format!("program:{id}"),
            Place::Portfolio(id) => format!("portfolio:{id}"),
        };
        Self { subject: viewer.subject.clone(), role: viewer.role.word(), seat: viewer.seat_id.to_string(), place }
    }
}

impl Trail {
    pub(super) fn begin(request_id: &str, transport: &'static str) -> Self {
        Self {
            request_id: request_id.to_owned(),
            transport,
            who: None,
            kind: None,
            operation: None,
            document: None,
            cost: None,
            token: None,
            began: Instant::now(),
        }
    }

    /// Writes the line. `refused` is the code of a request that was not run, `errors` counts what went wrong in one that was.
    pub(super) fn end(&self, refused: Option<Code>, errors: usize) {
        let who = self.who.as_ref();
        let outcome = match refused {
            Some(code) => code.word(),
            None if errors > 0 => "ERRORS",
            None => "OK",
        };
        let seconds = self.began.elapsed().as_secs_f64();
        let role = who.map_or("", |who| who.role);
        metrics::counter!("partnerloop_operations_total", "role" => role, "kind" => self.kind.unwrap_or(""), "outcome" => outcome).increment(1);
        metrics::histogram!("partnerloop_operation_seconds", "kind" => self.kind.unwrap_or("")).record(seconds);
        info!(
            target: "audit",
            request_id = self.request_id,
            transport = self.transport,
            subject = who.map_or("", |who| &who.subject),
            role,
            seat = who.map_or("", |who| &who.seat),
            place = who.map_or("", |who| &who.place),
            kind = self.kind.unwrap_or(""),
            operation = self.operation.as_deref().unwrap_or(""),
            document = self.document.as_ref().map(hex).unwrap_or_default(),
            cost = self.cost.unwrap_or(0),
            decision = if refused.is_some() { "REFUSED" } else { "RAN" },
            outcome,
            errors,
            microseconds = self.began.elapsed().as_micros(),
        );
    }
}

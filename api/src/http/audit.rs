//! The audit log: one line for each request, denied or not. Who, what and at what cost; never a token, never a variable's value.

use super::documents::{Hash, hex};
use super::refusal::Code;
use crate::graphql::wide::written;
use async_graphql::Value;
use domain::slice::{Place, Viewer};
use serde::de::IgnoredAny;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::info;
use uuid::Uuid;

/// What is known of a request so far; written as one line when it is over.
pub(super) struct Trail {
    pub request_id: Arc<str>,
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
    seat: Uuid,
    place: Place,
}

impl From<&Viewer> for Who {
    fn from(viewer: &Viewer) -> Self {
        Self { subject: viewer.subject.clone(), role: viewer.role.word(), seat: viewer.seat_id, place: viewer.place }
    }
}

impl Trail {
    pub(super) fn begin(request_id: Arc<str>, transport: &'static str) -> Self {
        Self {
            request_id,
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

    /// Writes the line of a request that was not run.
    pub(super) fn refused(&self, code: Code, faults: usize) {
        self.write("REFUSED", code.word(), faults, None);
    }

    /// Writes the line of what ran: how many errors it had, and how many rows it gave where that is easily told.
    pub(super) fn ran(&self, errors: usize, rows: Option<usize>) {
        self.write("RAN", if errors == 0 { "OK" } else { "ERRORS" }, errors, rows);
    }

    fn write(&self, decision: &'static str, outcome: &'static str, errors: usize, rows: Option<usize>) {
        let elapsed = self.began.elapsed();
        let who = self.who.as_ref();
        let (role, kind) = (who.map_or("", |who| who.role), self.kind.unwrap_or(""));
        metrics::counter!("partnerloop_operations_total", "role" => role, "kind" => kind, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("partnerloop_operation_seconds", "kind" => kind).record(elapsed.as_secs_f64());
        let (program, portfolio) = match who.map(|who| who.place) {
            Some(Place::Program(id)) => (Some(id), None),
            Some(Place::Portfolio(id)) => (None, Some(id)),
            None => (None, None),
        };
        info!(
            target: "audit",
            request_id = &*self.request_id,
            transport = self.transport,
            subject = who.map(|who| who.subject.as_str()),
            role,
            seat = who.map(|who| display(who.seat)),
            program = program.map(display),
            portfolio = portfolio.map(display),
            kind,
            operation = self.operation.as_deref(),
            document = self.document.as_ref().map(hex),
            cost = self.cost,
            decision,
            outcome,
            errors,
            rows,
            microseconds = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        );
    }
}

/// The rows of an answer: the edges and cells directly below its root fields, and root lists.
pub(super) fn rows(data: &Value) -> Option<usize> {
    let Value::Object(roots) = data else { return None };
    let of = |root: &Value| match root {
        Value::List(items) => Some(items.len()),
        Value::Object(fields) => ["edges", "cells"].iter().find_map(|name| match fields.get(*name)? {
            Value::List(items) => Some(items.len()),
            other => written(other).and_then(|text| Some(serde_json::from_str::<Vec<IgnoredAny>>(text).ok()?.len())),
        }),
        _ => None,
    };
    roots.values().filter_map(of).reduce(|sum, rows| sum + rows)
}

//! From what was asked to what runs: everything between a caller and the schema, the same for HTTP, event streams and
//! WebSockets. Nothing runs before every step has passed.

use super::answer::{self, Cost, INTERNAL};
use super::audit::Trail;
use super::bucket::Throttle;
use super::contract::Contract;
use super::documents::{self, Hash};
use super::params::Asked;
use super::refusal::{Code, Fault, Refusal};
use super::{Http, cost, kept, variables};
use crate::auth::Authenticated;
use crate::graphql::viewer::ExpiresAt;
use crate::graphql::{CurrentEvent, LastEventId};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Name, Positioned, Request, Response, Variables};
use futures_util::FutureExt;
use futures_util::stream::BoxStream;
use http::StatusCode;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// What the transport can carry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// GET: queries.
    Queries,
    /// GET of an event stream: queries and subscriptions.
    Reads,
    /// POST: queries and mutations.
    One,
    /// Event streams and WebSockets: everything.
    Many,
}

/// An operation that may run.
pub(super) struct Prepared<'a> {
    http: &'a Http,
    contract: &'a Contract,
    who: Authenticated,
    document: Arc<ExecutableDocument>,
    operation_name: Option<String>,
    variables: Variables,
    absent: HashSet<Name>,
    pub kind: OperationType,
    pub cost: u64,
    pub throttle: Throttle,
    kept_under: Option<kept::Key>,
    last_event_id: Option<String>,
    /// The event that its subscription tells of now.
    pub(super) event: CurrentEvent,
}

/// A name that no document can hold: asking for it makes the library validate the document and run nothing.
const NO_OPERATION: &str = "\u{0}";

/// Checks a request in full and takes its cost out of the bucket, less the point that was taken when it came in.
///
/// # Errors
/// Why it does not run.
pub(super) async fn prepare<'a>(
    http: &'a Http,
    who: Authenticated,
    asked: Asked,
    carries: Carries,
    trail: &mut Trail,
) -> Result<Prepared<'a>, Refusal> {
    let limits = &http.limits;
    let contract = http.contracts.of(who.viewer.role);
    let (text, hash) = match asked.own {
        Some(own) => {
            let hash = documents::hash(&own);
            (own, hash)
        }
        None => http.documents.resolve(asked.query, asked.document_id.as_deref())?,
    };
    trail.document = Some(hash);
    let document = match contract.validated.get(&hash) {
        Some(document) => document,
        None => validate(http, contract, &text, hash).await?,
    };
    let operation = choose(&document, asked.operation_name.as_deref())?;
    trail.kind = Some(word(operation.node.ty));
    trail.operation = asked.operation_name.clone().or_else(|| only_name(&document));
    let kind = operation.node.ty;
    match (carries, kind) {
        (Carries::Queries, OperationType::Mutation | OperationType::Subscription)
        | (Carries::Reads, OperationType::Mutation) => {
            return Err(Refusal {
                allow: Some("POST"),
                ..Refusal::http(StatusCode::METHOD_NOT_ALLOWED, "Only queries are taken by GET.")
            });
        }
        (Carries::One, OperationType::Subscription) => {
            return Err(Refusal::new(
                Code::BadRequest,
                "A subscription needs Accept: text/event-stream, or the WebSocket at /graphql/ws.",
            ));
        }
        _ => {}
    }
    let given = variables::coerce(&operation.node, asked.variables, contract.roots(), limits.errors)?;
    let reduced;
    let (costed, costed_operation) = if given.absent.is_empty() {
        (&*document, &operation.node)
    } else {
        reduced = variables::reduce(&document, operation, &given.absent);
        let DocumentOperations::Single(operation) = &reduced.operations else {
            return Err(Refusal::new(Code::InternalServerError, INTERNAL));
        };
        (&reduced, &operation.node)
    };
    let cost = cost::of(contract.roots(), costed, costed_operation, &given.variables, limits)
        .map_err(|faults| Refusal::all(Code::BadUserInput, faults))?;
    trail.cost = Some(cost);
    if cost > limits.request_cost {
        let message = format!(
            "The operation costs {cost} points; one request may cost {}. Ask for smaller pages.",
            limits.request_cost
        );
        return Err(Refusal::new(Code::CostLimitExceeded, Fault::from(message)));
    }
    let throttle = http.buckets.take(who.token_key, cost.saturating_sub(1)).map_err(|empty| {
        let message =
            format!("The operation costs {cost} points; the bucket holds {}.", empty.throttle.currently_available);
        Refusal { retry_after: Some(empty.retry_after), ..Refusal::new(Code::RateLimited, Fault::from(message)) }
    })?;
    let kept_under = kept::Key::of(&who.viewer, http.clock.now(), &document, operation, &hash, &given.variables);
    Ok(Prepared {
        http,
        contract,
        kept_under,
        who,
        operation_name: asked.operation_name,
        variables: given.variables,
        absent: given.absent,
        kind,
        cost,
        throttle,
        document,
        last_event_id: None,
        event: CurrentEvent::default(),
    })
}

async fn validate(
    http: &Http,
    contract: &Contract,
    text: &str,
    hash: Hash,
) -> Result<Arc<ExecutableDocument>, Refusal> {
    let document = documents::parse(text, &http.limits)?;
    variables::check_types(&document, contract.roots())?;
    let document = Arc::new(document);
    let mut request = Request::new(String::new()).operation_name(NO_OPERATION);
    request.set_parsed_query((*document).clone());
    let found = AssertUnwindSafe(contract.careful.run(request)).catch_unwind().await;
    let found = found.map_err(|_| Refusal::new(Code::InternalServerError, INTERNAL))?;
    let is_valid = found.errors.iter().all(|error| error.locations.is_empty() && error.message.contains(NO_OPERATION));
    if !is_valid {
        return Err(answer::invalid(found.errors, &http.limits));
    }
    contract.validated.keep(hash, text.len(), document.clone());
    Ok(document)
}

fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Refusal> {
    let chosen = match (&document.operations, name) {
        (DocumentOperations::Single(only), None) => Some(only),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        (DocumentOperations::Multiple(_), None) => {
            return Err(Refusal::new(
                Code::OperationResolutionFailure,
                "The document has several operations: send operationName.",
            ));
        }
    };
    chosen.ok_or_else(|| Refusal::new(Code::OperationResolutionFailure, "The document has no operation of that name."))
}

fn only_name(document: &ExecutableDocument) -> Option<String> {
    document.operations.iter().next().and_then(|(name, _)| name.map(ToString::to_string))
}

const fn word(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

impl Prepared<'_> {
    /// What the client is told of the cost.
    pub(super) const fn told(&self) -> Cost {
        Cost { requested_query_cost: self.cost, actual_query_cost: Some(self.cost), throttle_status: self.throttle }
    }

    /// Resumes behind an event.
    pub(super) fn resume(&mut self, last_event_id: Option<String>) {
        self.last_event_id = last_event_id;
    }

    /// The data of the same question asked before, where nothing has changed since.
    pub(super) fn kept(&self) -> Option<Arc<[u8]>> {
        self.http.kept.find(self.kept_under.as_ref()?)
    }

    /// The data of an answer without errors as it goes out, kept where that is worth it: it is written once for both.
    pub(super) fn keep(&self, response: &Response) -> Option<Arc<[u8]>> {
        let key = self.kept_under.filter(|_| response.errors.is_empty())?;
        let data: Arc<[u8]> = serde_json::to_vec(&response.data).ok()?.into();
        self.http.kept.keep(key, data.clone());
        Some(data)
    }

    fn request(&self) -> Result<Request, Refusal> {
        let operation = choose(&self.document, self.operation_name.as_deref())?;
        let mut request = Request::new(String::new()).variables(self.variables.clone());
        request.set_parsed_query(variables::reduce(&self.document, operation, &self.absent));
        if let Some(id) = &self.last_event_id {
            request = request.data(LastEventId(id.clone()));
        }
        let request = request.data(self.event.clone());
        Ok((self.http.equip)(request.data(self.http.limits).data(ExpiresAt(self.who.expires_at)), &self.who))
    }

    /// Runs a query or a mutation within its deadline.
    ///
    /// # Errors
    /// It took too long, or panicked.
    pub(super) async fn run(&self) -> Result<Response, Refusal> {
        let running = async {
            if self.kind == OperationType::Query {
                let response = self.contract.plain.run(self.request()?).await;
                // A query may be asked again: only now is it worth looking at each field.
                if response.errors.is_empty() {
                    return Ok(response);
                }
            }
            Ok(self.contract.careful.run(self.request()?).await)
        };
        match tokio::time::timeout(self.http.limits.execution_timeout, AssertUnwindSafe(running).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Refusal::new(Code::InternalServerError, INTERNAL)),
            Err(_) => Err(Refusal::new(Code::Timeout, "The operation took too long and was stopped.")),
        }
    }

    /// Runs a subscription.
    ///
    /// # Errors
    /// None that `prepare` has not found before.
    pub(super) fn follow(&self) -> Result<BoxStream<'static, Response>, Refusal> {
        Ok(self.contract.careful.follow(self.request()?))
    }
}

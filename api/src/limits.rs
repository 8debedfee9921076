//! Every limit of the outside, in one place: the pipeline enforces them and `viewer { limits }` publishes them.

use std::time::Duration;

/// What one request, one connection and one token may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a request's body, and of a WebSocket frame.
    pub body_bytes: usize,
    /// The most bytes of a URL.
    pub url_bytes: usize,
    /// The most bytes of a request's head.
    pub header_bytes: usize,
    /// The most lexical tokens of a document.
    pub tokens: usize,
    /// The most selections of a document once every fragment is written out.
    pub selections: u64,
    /// The most levels of fields. The standard introspection query needs exactly 15.
    pub depth: u32,
    /// The most aliases in a document.
    pub aliases: u32,
    /// The most root fields of a mutation.
    pub root_mutations: u64,
    /// The most directives on one selection.
    pub directives: usize,
    /// The most points that one request may cost.
    pub request_cost: u64,
    /// The points that a full bucket holds.
    pub bucket: u64,
    /// The points that flow back into a bucket in a second.
    pub restore_rate: u64,
    /// The sign-ins that may fail from one address at once.
    pub failed_sign_ins: u64,
    /// The failed sign-ins that are forgotten in a second.
    pub forgiven_sign_ins: u64,
    /// The page of a connection that names no size.
    pub default_page: u64,
    /// The largest page of a connection.
    pub max_page: u64,
    /// The most errors in an answer.
    pub errors: usize,
    /// The most bytes of an error's message.
    pub message_bytes: usize,
    /// The most operations at once on one WebSocket.
    pub operations: usize,
    /// The most WebSockets and event streams at once of one token.
    pub connections: usize,
    /// How long a client may take for the head of a request.
    pub header_timeout: Duration,
    /// How long a client may take for the body of a request.
    pub body_timeout: Duration,
    /// How long a client may take to read the next piece of an answer.
    pub write_timeout: Duration,
    /// How long an operation may run.
    pub execution_timeout: Duration,
    /// How long a WebSocket may stay without `connection_init`.
    pub init_timeout: Duration,
    /// How often the token of a long connection is looked at again.
    pub recheck: Duration,
    /// How often an idle event stream or WebSocket is kept alive.
    pub keep_alive: Duration,
    /// How long requests in flight may finish when the server is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 200_000,
            url_bytes: 8 * 1024,
            header_bytes: 16 * 1024,
            tokens: 2_000,
            selections: 5_000,
            depth: 15,
            aliases: 30,
            root_mutations: 10,
            directives: 4,
            request_cost: 1_000,
            bucket: 1_000,
            restore_rate: 100,
            failed_sign_ins: 60,
            forgiven_sign_ins: 1,
            default_page: 20,
            max_page: 100,
            errors: 20,
            message_bytes: 300,
            operations: 20,
            connections: 20,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
            execution_timeout: Duration::from_secs(10),
            init_timeout: Duration::from_secs(10),
            recheck: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            drain: Duration::from_secs(10),
        }
    }
}

/// The stack of a thread that runs requests: the roots of the schema are merged of many parts, and a resolver of the last one
/// stands on the futures of all before it. Memory is taken as far as it is used.
pub const STACK: usize = 16 * 1024 * 1024;

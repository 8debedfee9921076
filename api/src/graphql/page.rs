//! Relay pages: bounded, keyset, with cursors bound to their list, filter, order and caller.

use async_graphql::connection::{
    Connection, CursorType, DefaultConnectionName, DefaultEdgeName, DisableNodesField, Edge, EmptyFields,
};
use async_graphql::{Context, Enum, Error, InputObject, Object, OutputType};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::role::Action;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::fmt::Debug;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use crate::usecase::page::{Ask, Page, Position, PositionKey};
use crate::usecase::{
    Caller, account, activity, capability, change, claim, deal, deliverable, dispute, escalation, handoff, import,
    joint_call, lead, ledger, partner, pod_request, pod_session, recruit, registration, seat, sla, spend, token,
};

/// The rows of a page when none are asked for.
pub const PAGE_DEFAULT: i32 = 20;
/// The most rows of a page.
pub const PAGE_MOST: i32 = 100;

/// A connection as all lists have it.
pub type Connected<T> =
    Connection<Cursor, T, TotalCount, EmptyFields, DefaultConnectionName, DefaultEdgeName, DisableNodesField>;

/// An opaque cursor.
#[derive(Clone, Debug)]
pub struct Cursor(pub String);

impl CursorType for Cursor {
    type Error = Infallible;
    fn decode_cursor(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
    fn encode_cursor(&self) -> String {
        self.0.clone()
    }
}

/// Which way a list is sorted.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderDirection {
    /// Smallest, earliest, A first.
    #[default]
    Asc,
    /// Largest, latest, Z first.
    Desc,
}

/// Comparisons of an id. All that are given must hold.
#[derive(InputObject, Clone, Debug)]
pub struct IdFilter {
    /// Exactly this one.
    pub eq: Option<async_graphql::ID>,
    /// One of these, at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    pub any: Option<Vec<async_graphql::ID>>,
}

/// Text comparisons. All that are given must hold.
#[derive(InputObject, Clone, Debug)]
pub struct TextFilter {
    /// Exactly this text.
    pub eq: Option<String>,
    /// One of these texts, at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    pub any: Option<Vec<String>>,
}

impl TextFilter {
    /// The texts that pass, or nothing where nothing is asked.
    #[must_use]
    pub fn list(&self) -> Option<Vec<String>> {
        both(self.eq.clone(), self.any.clone())
    }
}

/// What passes both an `eq` and an `in`.
pub fn both<T: PartialEq>(eq: Option<T>, any: Option<Vec<T>>) -> Option<Vec<T>> {
    match (eq, any) {
        (Some(one), Some(list)) => Some(if list.contains(&one) { vec![one] } else { Vec::new() }),
        (Some(one), None) => Some(vec![one]),
        (None, list) => list,
    }
}

/// The arguments of a page as the client gave them.
#[derive(Clone, Debug, Default)]
pub struct PageArguments {
    /// At most so many from the start.
    pub first: Option<i32>,
    /// Behind this cursor.
    pub after: Option<String>,
    /// At most so many from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// What a list's cursors are bound to.
#[derive(Clone, Debug)]
pub struct Binding(String);

impl Binding {
    /// Binds to the list, its filter and order, and the caller's place, role and rows. Bindings are sorted when they are read.
    pub fn of(caller: &Caller, list: &str, shape: &impl Debug) -> Self {
        let viewer = &caller.viewer;
        let text = format!("{list}|{shape:?}|{:?}|{:?}|{:?}", viewer.place, viewer.role, viewer.slice());
        Self(Sha256::digest(text.as_bytes()).iter().take(9).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The cursor of a row.
    #[must_use]
    pub fn cursor(&self, key: PositionKey, id: Uuid) -> Cursor {
        let plain = serde_json::to_string(&(&self.0, Position { key, id })).unwrap_or_default();
        Cursor(URL_SAFE_NO_PAD.encode(plain))
    }

    fn position(&self, cursor: &str) -> Result<Position, Error> {
        let read =
            || -> Option<(String, Position)> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok() };
        match read() {
            Some((binding, position)) if binding == self.0 && is_text(&position.key) => Ok(position),
            _ => Err(coded(
                "BAD_USER_INPUT",
                "this cursor is of another list, filter, order or scope: start again without it",
            )),
        }
    }
}

/// Whether a key is one that a row can have: PostgreSQL keeps no text with U+0000.
fn is_text(key: &PositionKey) -> bool {
    !matches!(key, PositionKey::Text(text) if text.contains('\0'))
}

impl PageArguments {
    /// Checks the arguments.
    ///
    /// # Errors
    /// BAD_USER_INPUT with what to do.
    pub fn ask(&self, binding: &Binding, direction: OrderDirection) -> Result<Ask, Error> {
        let bad = |message: &str| Err(coded("BAD_USER_INPUT", message));
        let limit = match (self.first, self.last) {
            (Some(_), Some(_)) => return bad("give first or last, not both"),
            (Some(count), None) | (None, Some(count)) => count,
            (None, None) => PAGE_DEFAULT,
        };
        if !(0..=PAGE_MOST).contains(&limit) {
            return bad("first and last are 0 to 100");
        }
        let position = |cursor: &Option<String>| cursor.as_deref().map(|cursor| binding.position(cursor)).transpose();
        Ok(Ask {
            limit: u64::try_from(limit).unwrap_or(0),
            from_end: self.last.is_some(),
            after: position(&self.after)?,
            before: position(&self.before)?,
            descending: direction == OrderDirection::Desc,
        })
    }
}

/// Builds a connection from a page.
pub fn connect<R, T: OutputType>(
    page: Page<R>,
    binding: &Binding,
    total: TotalCount,
    key: impl Fn(&R) -> (PositionKey, Uuid),
    wrap: impl Fn(R) -> T,
) -> Connected<T> {
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, total);
    connection.edges = page
        .rows
        .into_iter()
        .map(|row| {
            let (position, id) = key(&row);
            Edge::new(binding.cursor(position, id), wrap(row))
        })
        .collect();
    connection
}

/// What a list counts when it is asked to.
pub enum TotalCount {
    /// Partners.
    Partners(partner::Filter),
    /// Accounts.
    Accounts(account::Filter),
    /// Deals.
    Deals(Box<deal::Filter>),
    /// Leads.
    Leads(lead::Filter),
    /// Lines of spend.
    Spend(spend::Filter),
    /// Registrations.
    Registrations(registration::Filter),
    /// Requests of the Pod.
    PodRequests(pod_request::Filter),
    /// Handoffs.
    Handoffs(handoff::Filter),
    /// Joint calls.
    JointCalls(joint_call::Filter),
    /// Sessions of the joint pod.
    PodSessions(pod_session::Filter),
    /// Escalations.
    Escalations(escalation::Filter),
    /// Conflicts of claims: open, decided, or all.
    Conflicts(Option<bool>),
    /// Activities of a deal.
    Activities(Uuid),
    /// Disputes.
    Disputes(dispute::Filter),
    /// Seats of people and machines.
    Seats,
    /// Minted tokens.
    Tokens,
    /// Recorded changes.
    Changes(change::Filter),
    /// Entries of the ledger.
    Ledger(ledger::read::Filter),
    /// Signed checkpoints of the ledger.
    LedgerCheckpoints,
    /// Import runs.
    Imports,
    /// Promises with due times.
    SlaClocks(sla::Filter),
    /// Rows of an import run with these verdicts.
    ImportRows(Uuid, Vec<domain::import::Verdict>),
    /// What was published.
    Deliverables(deliverable::Filter),
    /// Decisions of tiers.
    TierDecisions(recruit::Filter),
    /// Entries of the capability map.
    Capabilities(capability::Search),
    /// Already counted.
    Known(u64),
}

/// The size of a list.
#[Object(directive = Allow::apply(Action::ReadSelf))]
impl TotalCount {
    /// How many rows the whole list has for this caller, whatever the page. Ask only when it is needed: it is counted anew.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let caller = caller(ctx)?;
        let count = match self {
            Self::Partners(filter) => partner::count(caller, filter).await,
            Self::Accounts(filter) => account::count(caller, filter).await,
            Self::Deals(filter) => deal::count(caller, filter).await,
            Self::Leads(filter) => lead::count(caller, filter).await,
            Self::Spend(filter) => spend::count(caller, filter).await,
            Self::Registrations(filter) => registration::count(caller, filter).await,
            Self::PodRequests(filter) => pod_request::count(caller, filter).await,
            Self::Handoffs(filter) => handoff::count(caller, filter).await,
            Self::JointCalls(filter) => joint_call::count(caller, filter).await,
            Self::PodSessions(filter) => pod_session::count(caller, filter).await,
            Self::Escalations(filter) => escalation::count(caller, filter).await,
            Self::Conflicts(open) => claim::count(caller, *open).await,
            Self::Activities(deal) => activity::count_of_deal(caller, *deal).await,
            Self::Disputes(filter) => dispute::count(caller, filter).await,
            Self::Seats => seat::count(caller).await,
            Self::Tokens => token::count(caller).await,
            Self::Changes(filter) => change::count(caller, filter).await,
            Self::Ledger(filter) => ledger::read::count(caller, filter).await,
            Self::LedgerCheckpoints => ledger::read::count_checkpoints(caller).await,
            Self::Imports => import::list::count(caller).await,
            Self::SlaClocks(filter) => sla::count(caller, filter).await,
            Self::ImportRows(run, verdicts) => import::list::row_count(caller, *run, verdicts).await,
            Self::Deliverables(filter) => deliverable::count(caller, filter).await,
            Self::TierDecisions(filter) => recruit::count(caller, filter).await,
            Self::Capabilities(search) => capability::count(caller, search).await,
            Self::Known(count) => Ok(*count),
        };
        count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)).map_err(|why| failed(&why))
    }
}

//! Following what happens: each event of the outbox exactly once, in order, across processes, and from where a client left off.
//!
//! Events are numbered after they were committed ([`entity::event::number`]), so "behind number n" never leaves out a
//! transaction that committed late. In each process one feed wakes on word of a commit (PostgreSQL's NOTIFY, or this
//! process's own poke) and every `LOOK` for what no word came of; it numbers what is new and passes it on. A follower keeps its place as
//! a number: the next number is taken from the feed, a gap (it came late, the channel overflowed, the process was slow) is
//! read from the outbox, and what it has seen is passed over.
//!
//! What of it a caller sees is decided for each event, by looking for the row it happened to within the caller's slice.

use super::failure::{Failure, Problem, ProblemCode};
use super::office::{Caller, Event, Office};
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Action;
use entity::DbErr;
pub use entity::event::Told;
use entity::listen::Listener;
use futures_util::Stream;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the feed looks without any word, and how long it waits after a failure.
const LOOK: Duration = Duration::from_secs(1);
/// How many events one look takes.
const AT_ONCE: u64 = 200;
/// How long events are kept, and so how long a client may be away and still resume.
pub const EVENTS_KEPT: TimeDelta = TimeDelta::days(7);

/// The events of this process's followers.
#[derive(Clone, Debug)]
pub struct Feed {
    told: broadcast::Sender<Arc<Told>>,
    poked: Arc<Notify>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { told: broadcast::channel(1024).0, poked: Arc::default() }
    }
}

impl Feed {
    /// How many follow.
    #[must_use]
    pub fn followers(&self) -> usize {
        self.told.receiver_count()
    }

    /// Says that something was committed.
    pub(super) fn poke(&self) {
        self.poked.notify_one();
    }
}

/// Keeps the feed going until the server stops.
pub async fn feed(office: Office, stop: CancellationToken) {
    let mut known = None;
    let mut listener = None;
    while !stop.is_cancelled() {
        if listener.is_none() {
            listener = Listener::open(&office.store).await.unwrap_or_else(|why| {
                tracing::warn!(error = %why, "the feed cannot listen; it looks instead");
                None
            });
        }
        if let Err(why) = pass_on(&office, &mut known).await {
            tracing::warn!(error = %why, "the feed could not look for events; it tries again");
        }
        let heard = async {
            match &mut listener {
                Some(listener) => listener.heard().await,
                None => std::future::pending().await,
            }
        };
        let lost = tokio::select! {
            () = stop.cancelled() => return,
            () = office.feed.poked.notified() => false,
            heard = heard => heard.is_err(),
            () = tokio::time::sleep(LOOK) => false,
        };
        if lost {
            listener = None;
        }
    }
}

/// What this process was told: the number of the latest event, and the data version, of each program.
struct Known {
    places: HashMap<Uuid, i64>,
    versions: HashMap<Uuid, i64>,
}

/// Numbers what is new, passes on what the followers have not been told, and says where another process changed data.
async fn pass_on(office: &Office, known: &mut Option<Known>) -> Result<(), DbErr> {
    let store = &office.store;
    if known.is_none() {
        // Followers that are there already read from the outbox what came before.
        let places = entity::event::feeds(store.read()).await?.into_iter().collect();
        let versions = entity::program::data_versions(store.read()).await?.into_iter().collect();
        *known = Some(Known { places, versions });
    }
    for program_id in entity::event::unnumbered(store.read()).await? {
        entity::event::number(store, program_id).await?;
    }
    let Some(Known { places, versions }) = known else { return Ok(()) };
    for (program_id, last) in entity::event::feeds(store.read()).await? {
        let place = places.entry(program_id).or_default();
        while *place < last {
            let events = entity::event::behind(store.read(), program_id, *place, AT_ONCE).await?;
            // What is forgotten already is nobody's news.
            *place = events.last().map_or(last, |event| event.seq);
            for event in events {
                // Nobody listening is fine.
                let _ = office.feed.told.send(Arc::new(event));
            }
        }
    }
    for (program_id, version) in entity::program::data_versions(store.read()).await? {
        if versions.insert(program_id, version) != Some(version) {
            let _ = office.events.send(Arc::new(Event::data_changed(program_id)));
        }
    }
    Ok(())
}

/// A row that events tell of, as a follower sees it.
pub trait Followed: Sized + Send + 'static {
    /// What a follower must be allowed to do.
    const ACTION: Action;
    /// The kinds of events that tell of it.
    const KINDS: &'static [&'static str];
    /// The row that an event happened to, within the caller's slice; none is an event that does not exist for the caller.
    fn see(caller: &Caller, event: &Told) -> impl Future<Output = Result<Option<Self>, Failure>> + Send;
}

/// Every event about such rows that the caller may see, from now on, or behind the one it has seen last.
///
/// # Errors
/// [`Failure::Denied`]; [`Failure::Invalid`] where the event to go on behind is not kept, or not the caller's to know of.
pub async fn follow<T: Followed>(
    caller: &Caller,
    after: Option<Uuid>,
) -> Result<impl Stream<Item = (Arc<Told>, T)> + Send + use<T>, Failure> {
    let slice = caller.authorise(T::ACTION)?;
    let (store, program_id) = (&caller.office.store, slice.program_id());
    let seq = match after {
        None => entity::event::last_seq(store.read(), program_id).await?,
        Some(id) => {
            let seen = match entity::event::find(store.read(), program_id, id).await? {
                Some(event) if is_of::<T>(&event) && T::see(caller, &event).await?.is_some() => Some(event.seq),
                _ => None,
            };
            seen.ok_or_else(|| Problem {
                code: ProblemCode::NotFound,
                message: "that event is not kept any more: read the present state, and subscribe without it".into(),
                path: vec!["after".into()],
                rule: None,
            })?
        }
    };
    let follower = Follower {
        office: caller.office.clone(),
        program_id,
        seq,
        // What is told between the place and this is read from the outbox first.
        told: caller.office.feed.told.subscribe(),
        ready: VecDeque::new(),
        must_look: true,
    };
    let start = (follower, caller.clone());
    Ok(futures_util::stream::unfold(start, async |(mut follower, caller)| {
        loop {
            let event = follower.next().await?;
            if !is_of::<T>(&event) {
                continue;
            }
            let seen = loop {
                match T::see(&caller, &event).await {
                    Ok(seen) => break seen,
                    // An event is told once: it waits until the row can be read.
                    Err(why) => follower.wait(&why.to_string()).await,
                }
            };
            if let Some(row) = seen {
                return Some(((event, row), (follower, caller)));
            }
        }
    }))
}

fn is_of<T: Followed>(event: &Told) -> bool {
    T::KINDS.contains(&event.kind.as_str())
}

/// Somebody's place among the events of a program.
struct Follower {
    office: Office,
    program_id: Uuid,
    seq: i64,
    told: broadcast::Receiver<Arc<Told>>,
    ready: VecDeque<Arc<Told>>,
    must_look: bool,
}

impl Follower {
    /// The event with the next number.
    async fn next(&mut self) -> Option<Arc<Told>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seq = event.seq;
                return Some(event);
            }
            if self.must_look {
                match entity::event::behind(self.office.store.read(), self.program_id, self.seq, AT_ONCE).await {
                    Ok(events) => {
                        self.must_look = !events.is_empty();
                        self.ready.extend(events.into_iter().map(Arc::new));
                    }
                    Err(why) => self.wait(&why.to_string()).await,
                }
                continue;
            }
            match self.told.recv().await {
                Ok(event) if event.program_id != self.program_id || event.seq <= self.seq => {}
                Ok(event) if event.seq == self.seq + 1 => self.ready.push_back(event),
                Ok(_) | Err(RecvError::Lagged(_)) => self.must_look = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn wait(&self, why: &str) {
        tracing::warn!(error = why, "a follower could not read; it tries again");
        tokio::time::sleep(LOOK).await;
    }
}

/// Forgets events that nobody can resume behind any more. Returns how many.
///
/// # Errors
/// A storage failure.
pub(super) async fn forget(caller: &Caller, program_id: Uuid, now: DateTime<Utc>) -> Result<u64, Failure> {
    Ok(entity::event::forget_before(caller.office.store.write(), program_id, now - EVENTS_KEPT).await?)
}

//! The reading half: a thread of its own that turns the file into judged rows, so that parsing and writing overlap.

use super::header::Opened;
use domain::import::context::Context;
use domain::import::fact::Fact;
use domain::import::{FileProblem, Judged, Object, Problem, Verdict, judge, verdict};
use std::fs::File;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// How many rows go together.
const ROWS: usize = 2000;
/// How many bytes of text go together at most, so that long rows do not add up.
const BYTES: usize = 4 * 1024 * 1024;

/// A judged row.
pub(super) struct Item {
    pub(super) number: u64,
    pub(super) verdict: Verdict,
    pub(super) problems: Vec<Problem>,
    /// The row's text, where it may be needed again.
    pub(super) raw: String,
    /// The fact's id and text, of a row that is taken.
    pub(super) staged: Option<(String, String)>,
}

/// Some rows, and how many bytes of the file were read.
pub(super) struct Batch {
    pub(super) items: Vec<Item>,
    pub(super) bytes_read: u64,
}

/// What the thread works with.
pub(super) struct Reading {
    pub(super) opened: Opened<File>,
    pub(super) object: Object,
    pub(super) context: Arc<Context>,
    /// Records up to this one were read by an earlier attempt.
    pub(super) skip_to: u64,
    /// Whether rows that are taken may still be held when they are written.
    pub(super) keeps_raw: bool,
}

/// Reads to the end, or until nobody listens any more.
pub(super) fn read(mut reading: Reading, to: &Sender<Result<Batch, FileProblem>>) {
    loop {
        let batch = next(&mut reading);
        if batch.as_ref().is_ok_and(|batch| batch.items.is_empty()) {
            return;
        }
        let is_broken = batch.is_err();
        if to.blocking_send(batch).is_err() || is_broken {
            return;
        }
    }
}

fn next(reading: &mut Reading) -> Result<Batch, FileProblem> {
    let mut items = Vec::with_capacity(ROWS);
    let mut bytes = 0;
    while items.len() < ROWS && bytes < BYTES {
        let Some(record) = reading.opened.records.read()? else { break };
        if record.number <= reading.skip_to {
            continue;
        }
        bytes += record.raw.len();
        let judged = match record.trouble.clone() {
            // A blank line is blank whatever stands around it.
            Some(trouble) => Judged { fact: None, problems: vec![trouble] },
            None => judge(reading.object, &reading.opened.bound, &reading.context, &record.cells()),
        };
        items.push(item(judged, record.number, record.raw, reading.keeps_raw));
    }
    Ok(Batch { items, bytes_read: reading.opened.records.bytes_read() })
}

fn item(judged: Judged, number: u64, raw: String, keeps_raw: bool) -> Item {
    let verdict = verdict(&judged.problems);
    let staged = judged.fact.map(|fact| (fact.external_id().to_owned(), text_of(&fact)));
    let raw = if keeps_raw || verdict != Verdict::Accepted { raw } else { String::new() };
    Item { number, verdict, problems: judged.problems, raw, staged }
}

/// A fact as the text it is set aside as.
fn text_of(fact: &Fact) -> String {
    serde_json::to_string(fact).unwrap_or_default()
}

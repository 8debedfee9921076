//! An entry as a leaf of the log: a record that all who hold a receipt may read, with digests of the parts that only some may.

use super::tree::{Hash, leaf};
use super::{Entry, INSIDE, PARTNERS, Salt, canonical, instant};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Digests come in such numbers, filled up with decoys: how many partners an entry names cannot be counted.
const DIGESTS_STEP: usize = 8;

/// A part of an entry with the salt of its own that keeps anybody from guessing it from its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// 16 bytes, base64.
    pub salt: String,
    /// What it says, as JSON.
    pub text: String,
}

impl Disclosure {
    /// The digest that the record holds: of the salt's bytes and the text's.
    #[must_use]
    pub fn digest(&self) -> String {
        let salt = STANDARD.decode(&self.salt).unwrap_or_default();
        STANDARD.encode(Sha256::new().chain_update(salt).chain_update(&self.text).finalize())
    }
}

/// An entry's leaf: the record, the salt before it, and the parts behind its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record as JSON: what the leaf says.
    pub text: String,
    /// 16 bytes, base64.
    pub salt: String,
    /// The whole entry, for the program itself.
    pub whole: Disclosure,
    /// Each named partner's own part.
    pub parts: Vec<(Uuid, Disclosure)>,
}

/// A salt of one part, from which no other can be told.
fn salt_of(secret: Salt, of: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new().chain_update(secret.0).chain_update(of).finalize().into();
    std::array::from_fn(|at| hash[at])
}

fn disclosure(secret: Salt, of: &str, text: Value) -> Disclosure {
    Disclosure { salt: STANDARD.encode(salt_of(secret, of)), text: canonical(text) }
}

/// The hash of a leaf from what a receipt shows of it; none when the salt is no base64.
#[must_use]
pub fn leaf_hash(salt: &str, text: &str) -> Option<Hash> {
    let mut bytes = STANDARD.decode(salt).ok()?;
    bytes.extend_from_slice(text.as_bytes());
    Some(leaf(&bytes))
}

impl Record {
    /// The record of an entry. It hangs on the entry's row alone, so that it can be made again at any time.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let body: Value = serde_json::from_str(&entry.body).unwrap_or(Value::Null);
        // What the row says to the letter is committed to, so that an edit of its spelling is an edit.
        let all = json!({ "body": entry.body, "partners": entry.partners, "seat": entry.seat_id });
        let whole = disclosure(entry.salt, "whole", all);
        let parts: Vec<(Uuid, Disclosure)> = entry
            .partners
            .iter()
            .map(|partner| {
                let own = json!({ "partnerId": partner, "says": own(&body, *partner) });
                (*partner, disclosure(entry.salt, &partner.to_string(), own))
            })
            .collect();
        let mut digests: Vec<String> =
            std::iter::once(&whole).chain(parts.iter().map(|(_, part)| part)).map(Disclosure::digest).collect();
        for decoy in digests.len()..digests.len().next_multiple_of(DIGESTS_STEP) {
            digests.push(disclosure(entry.salt, &format!("decoy {decoy}"), Value::Null).digest());
        }
        // By their bytes: the order tells nothing.
        digests.sort_unstable();
        let text = canonical(json!({
            "body": shared(body),
            "digests": digests,
            "id": entry.id,
            "kind": entry.kind,
            "program": entry.program_id,
            "recordedAt": instant(entry.recorded_at),
            "subject": { "id": entry.subject_id, "type": entry.subject_type },
        }));
        Self { text, salt: STANDARD.encode(salt_of(entry.salt, "record")), whole, parts }
    }

    /// The leaf's hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.salt, &self.text).unwrap_or_default()
    }
}

/// What every partner with a receipt may read of a body.
fn shared(body: Value) -> Map<String, Value> {
    let Value::Object(mut body) = body else { return Map::new() };
    body.remove(PARTNERS);
    body.remove(INSIDE);
    body
}

/// What a body says of one partner alone.
fn own(body: &Value, partner: Uuid) -> Vec<&Value> {
    let partner = partner.to_string();
    let items = body.get(PARTNERS).and_then(Value::as_array);
    items.into_iter().flatten().filter(|item| item["partnerId"] == *partner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EntryKind;

    pub(crate) fn entry(partners: &[u128]) -> Entry {
        let items: Vec<Value> =
            partners.iter().map(|id| json!({ "partnerId": Uuid::from_u128(*id), "state": "SOURCED" })).collect();
        Entry {
            id: Uuid::from_u128(1),
            program_id: Uuid::from_u128(2),
            kind: EntryKind::AttributionLocked,
            subject_type: "Deal".into(),
            subject_id: Uuid::from_u128(3),
            partners: partners.iter().map(|id| Uuid::from_u128(*id)).collect(),
            body: canonical(json!({ "declaration": "PARTNERS", "partners": items, "inside": { "note": "secret" } })),
            salt: Salt([7; 16]),
            seat_id: Uuid::from_u128(4),
            recorded_at: "2026-10-05T09:00:00Z".parse().unwrap(),
            sequence: None,
        }
    }

    #[test]
    fn a_record_shows_what_is_shared_and_hides_the_rest_behind_digests() {
        let record = Record::of(&entry(&[11, 12]));
        assert!(record.text.contains(r#""declaration":"PARTNERS""#));
        for hidden in ["secret", "SOURCED", &Uuid::from_u128(11).to_string(), &Uuid::from_u128(4).to_string()] {
            assert!(!record.text.contains(hidden), "{hidden} in {}", record.text);
        }
        let (partner, part) = &record.parts[0];
        assert_eq!(*partner, Uuid::from_u128(11));
        assert!(part.text.contains(&partner.to_string()) && !part.text.contains(&Uuid::from_u128(12).to_string()));
        for part in [&record.whole, &record.parts[0].1, &record.parts[1].1] {
            assert!(record.text.contains(&part.digest()));
        }
    }

    #[test]
    fn how_many_partners_are_named_cannot_be_counted() {
        let digests = |partners: &[u128]| {
            let record: Value = serde_json::from_str(&Record::of(&entry(partners)).text).unwrap();
            record["digests"].as_array().unwrap().len()
        };
        assert_eq!((digests(&[]), digests(&[11]), digests(&[11, 12, 13])), (8, 8, 8));
        assert_eq!(digests(&[1, 2, 3, 4, 5, 6, 7, 8]), 16);
    }

    #[test]
    fn every_column_of_the_row_is_in_the_hash() {
        let right = entry(&[11]);
        let hash = Record::of(&right).hash();
        let other = Uuid::from_u128(99);
        let edits: Vec<Entry> = vec![
            Entry { id: other, ..right.clone() },
            Entry { program_id: other, ..right.clone() },
            Entry { kind: EntryKind::Opening, ..right.clone() },
            Entry { subject_type: "Partner".into(), ..right.clone() },
            Entry { subject_id: other, ..right.clone() },
            Entry { partners: vec![], ..right.clone() },
            Entry { body: right.body.replace("secret", "Secret"), ..right.clone() },
            Entry { body: format!(" {}", right.body), ..right.clone() },
            Entry { salt: Salt([8; 16]), ..right.clone() },
            Entry { seat_id: other, ..right.clone() },
            Entry { recorded_at: "2026-10-05T09:00:00.000001Z".parse().unwrap(), ..right.clone() },
        ];
        for edited in edits {
            assert!(Record::of(&edited).hash() != hash, "{edited:?}");
        }
    }
}

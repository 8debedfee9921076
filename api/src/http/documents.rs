//! Documents: the folder of those that first-party clients are known by, and the cache of those that were valid before.

use super::refusal::{Code, Refusal};
use super::{lex, measure};
use crate::limits::Limits;
use async_graphql::parser::{self, types::ExecutableDocument};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A document's SHA-256.
pub(super) type Hash = [u8; 32];

/// The hash of a document's text.
pub(super) fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// The hash as lower-case hex.
pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        text
    })
}

/// The documents of a folder, by hash. Read once at start; nothing is registered at run time.
#[derive(Debug, Default)]
pub struct Documents {
    by_hash: HashMap<Hash, Arc<str>>,
    is_exclusive: bool,
}

impl Documents {
    /// Reads every `.graphql` file of a folder. With `is_exclusive`, only these are run and everything else is refused.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn read(folder: &Path, is_exclusive: bool) -> std::io::Result<Self> {
        let mut by_hash = HashMap::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                let text = std::fs::read_to_string(&path)?;
                by_hash.insert(hash(&text), Arc::from(text));
            }
        }
        Ok(Self { by_hash, is_exclusive })
    }

    /// How many documents the folder had.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// The text to run and its hash, from what was sent: a text, an id, or both where they agree.
    pub(super) fn resolve(&self, query: Option<String>, id: Option<&str>) -> Result<(Arc<str>, Hash), Refusal> {
        let wanted = id.map(|id| {
            parse_id(id).ok_or_else(|| Refusal::new(Code::BadRequest, "A documentId is sha256: and 64 hex digits."))
        });
        let wanted = wanted.transpose()?;
        let found = match (query, wanted) {
            (Some(text), None) => {
                let hash = hash(&text);
                (self.is_exclusive)
                    .then(|| self.by_hash.get(&hash).cloned())
                    .map_or_else(|| Some((text.into(), hash)), |known| Some((known?, hash)))
            }
            (Some(text), Some(wanted)) => {
                if hash(&text) != wanted {
                    return Err(Refusal::new(Code::BadRequest, "The query is not the document that the id names."));
                }
                if self.is_exclusive {
                    self.by_hash.get(&wanted).map(|known| (known.clone(), wanted))
                } else {
                    Some((text.into(), wanted))
                }
            }
            (None, Some(wanted)) => self.by_hash.get(&wanted).map(|known| (known.clone(), wanted)),
            (None, None) => return Err(Refusal::new(Code::BadRequest, "Send a query or a documentId.")),
        };
        found.ok_or_else(|| {
            Refusal::new(
                Code::PersistedQueryNotFound,
                "There is no such document; documents are not registered at run time.",
            )
        })
    }
}

fn parse_id(id: &str) -> Option<Hash> {
    let digits = id.strip_prefix("sha256:").unwrap_or(id).as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(hash)
}

/// Documents that passed the whole validation for one role's schema. Each role's schema has its own, so that the key needs no
/// role and no schema version (ruling 29); it is asked only after authentication.
#[derive(Clone)]
pub(super) struct Validated(Cache<Hash, Arc<ExecutableDocument>>);

/// Bytes of document text that one role's cache may stand for.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;

impl Validated {
    pub(super) fn new() -> Self {
        // A parsed document takes some ten times its text; the weigher only sees the tree, so it counts entries by a flat size
        // and large documents are not kept at all.
        Self(Cache::builder().max_capacity(CACHE_BYTES / 4096).build())
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<ExecutableDocument>> {
        self.0.get(hash)
    }

    pub(super) fn keep(&self, hash: Hash, text_bytes: usize, document: Arc<ExecutableDocument>) {
        if text_bytes <= 16 * 1024 {
            self.0.insert(hash, document);
        }
    }
}

/// Parses a document that is small enough, and measures it.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<ExecutableDocument, Refusal> {
    lex::check(text, limits)?;
    // The parser's own message quotes the whole line; the place is enough.
    let document = parser::parse_query(text).map_err(|error| {
        let location = error.positions().next().map(|pos| (pos.line, pos.column));
        let fault =
            super::refusal::Fault { location, ..super::refusal::Fault::from("The document is not GraphQL here.") };
        Refusal::new(Code::GraphqlParseFailed, fault)
    })?;
    measure::check(&document, limits)?;
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_documents_by_hash_and_may_refuse_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.graphql"), "{ a }").unwrap();
        let id = format!("sha256:{}", hex(&hash("{ a }")));
        for is_exclusive in [false, true] {
            let documents = Documents::read(folder.path(), is_exclusive).unwrap();
            assert_eq!(documents.len(), 1);
            assert_eq!(&*documents.resolve(None, Some(&id)).unwrap().0, "{ a }");
            assert_eq!(&*documents.resolve(Some("{ a }".into()), None).unwrap().0, "{ a }");
            assert_eq!(&*documents.resolve(Some("{ a }".into()), Some(&id)).unwrap().0, "{ a }");
            assert_eq!(documents.resolve(Some("{ b }".into()), None).is_err(), is_exclusive);
            assert_eq!(documents.resolve(Some("{ b }".into()), Some(&id)).unwrap_err().code, Code::BadRequest);
            let unknown = format!("sha256:{}", "0".repeat(64));
            assert_eq!(documents.resolve(None, Some(&unknown)).unwrap_err().code, Code::PersistedQueryNotFound);
            assert_eq!(documents.resolve(None, Some("sha256:é")).unwrap_err().code, Code::BadRequest);
        }
    }

    #[test]
    fn a_syntax_error_names_its_place_and_quotes_nothing() {
        let refusal = parse("{ a\n  secret(: }", &Limits::default()).unwrap_err();
        assert_eq!(refusal.code, Code::GraphqlParseFailed);
        assert_eq!(refusal.faults[0].location.unwrap().0, 2);
        assert!(!refusal.faults[0].message.contains("secret"));
    }
}

//! Opaque global ids: base64url of `Type:uuid`.

use async_graphql::{ID, MaybeUndefined};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::usecase::{Problem, ProblemCode};

/// The global id of a row.
#[must_use]
pub fn encode(kind: &str, id: Uuid) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{kind}:{id}")))
}

/// The type and the row of a global id; `None` for anything else.
#[must_use]
pub fn decode(id: &ID) -> Option<(String, Uuid)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_str()).ok()?).ok()?;
    let (kind, uuid) = text.split_once(':')?;
    // Only the one spelling that `encode` writes.
    (uuid.len() == 36).then_some(())?;
    Some((kind.to_owned(), uuid.parse().ok()?))
}

/// The row of a global id of this type; nil, which no row has, for anything else: a foreign id reads like one that never was.
#[must_use]
pub fn of_kind(id: &ID, kind: &str) -> Uuid {
    decode(id).filter(|(found, _)| found == kind).map_or(Uuid::nil(), |(_, uuid)| uuid)
}

/// The rows of global ids.
#[must_use]
pub fn all_of_kind(ids: &[ID], kind: &str) -> Vec<Uuid> {
    ids.iter().map(|id| of_kind(id, kind)).collect()
}

/// The row of an id in an input.
///
/// # Errors
/// NOT_FOUND at the path.
pub fn input(id: &ID, kind: &str, path: &str) -> Result<Uuid, Problem> {
    match of_kind(id, kind) {
        nil if nil.is_nil() => Err(Problem::at([path], ProblemCode::NotFound, "there is no such row")),
        uuid => Ok(uuid),
    }
}

/// An id in an input that may be absent, null or a row of this type.
///
/// # Errors
/// NOT_FOUND at the path.
pub fn reference(given: &MaybeUndefined<ID>, kind: &str, path: &str) -> Result<Option<Option<Uuid>>, Problem> {
    match given {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(id) => Ok(Some(Some(input(id, kind, path)?))),
    }
}

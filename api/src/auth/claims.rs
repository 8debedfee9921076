//! The text of a token, read strictly and not yet believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Longer tokens are refused unread.
const TOKEN_MOST: usize = 8 * 1024;
/// The longest name in a token: an issuer, a subject, a key id, a slug.
const NAME_MOST: usize = 512;
/// The last second of the year 9999: later instants are not dates.
const INSTANT_MOST: i64 = 253_402_300_799;

/// What the header says. `jku`, `x5u`, `jwk` and `x5c` are not even read: keys come from configuration alone.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: String,
    /// Empty where the token has none.
    pub(super) typ: String,
}

/// What the token claims.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Vec<String>,
    pub(super) exp: i64,
    pub(super) iat: i64,
    pub(super) nbf: Option<i64>,
    pub(super) jti: Option<String>,
    all: Map<String, Value>,
}

/// A token taken apart.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    /// What the signature is over.
    pub(super) signed: &'a str,
    pub(super) signature: &'a str,
    pub(super) header: Header,
    pub(super) claims: Claims,
}

/// Takes a token apart; `None` for whatever is not a signed JWT of the strictest form.
pub(super) fn read(bearer: &str) -> Option<Unverified<'_>> {
    if bearer.len() > TOKEN_MOST || !bearer.is_ascii() {
        return None;
    }
    let (signed, signature) = bearer.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    if payload.contains('.') || header.is_empty() || payload.is_empty() || signature.is_empty() {
        return None;
    }
    Some(Unverified {
        signed,
        signature,
        header: read_header(&object(header)?)?,
        claims: read_claims(object(payload)?)?,
    })
}

fn read_header(header: &Map<String, Value>) -> Option<Header> {
    // A critical extension is one that a verifier must understand; this one understands none (RFC 7515 section 4.1.11).
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.contains_key(*name)) {
        return None;
    }
    let typ = match header.get("typ") {
        None => String::new(),
        Some(_) => name(header, "typ")?,
    };
    Some(Header { alg: name(header, "alg")?, kid: name(header, "kid")?, typ })
}

fn read_claims(claims: Map<String, Value>) -> Option<Claims> {
    // A sender-constrained token is no bearer token.
    if claims.contains_key("cnf") {
        return None;
    }
    let aud = match claims.get("aud")? {
        Value::String(_) => vec![name(&claims, "aud")?],
        Value::Array(list) if !list.is_empty() => {
            list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let nbf = match claims.get("nbf") {
        None => None,
        Some(_) => Some(instant(&claims, "nbf")?),
    };
    let jti = match claims.get("jti") {
        None => None,
        Some(_) => Some(name(&claims, "jti")?),
    };
    Some(Claims {
        iss: name(&claims, "iss")?,
        sub: name(&claims, "sub")?,
        aud,
        exp: instant(&claims, "exp")?,
        iat: instant(&claims, "iat")?,
        nbf,
        jti,
        all: claims,
    })
}

impl Claims {
    /// A claim that names something: absent is fine, anything but a name is not.
    pub(super) fn named(&self, claim: &str) -> Option<Option<String>> {
        if self.all.contains_key(claim) { name(&self.all, claim).map(Some) } else { Some(None) }
    }
}

fn name(object: &Map<String, Value>, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?;
    let is_plain = !text.is_empty() && text.len() <= NAME_MOST && !text.chars().any(char::is_control);
    is_plain.then(|| text.to_owned())
}

/// A NumericDate (RFC 7519 section 2), which may have a fraction.
fn instant(object: &Map<String, Value>, key: &str) -> Option<i64> {
    let number = object.get(key)?.as_number()?;
    let seconds = match number.as_i64() {
        Some(seconds) => seconds,
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie between 0 and the year 9999")]
        None => number.as_f64().filter(|seconds| (0.0..=253_402_300_799.0).contains(seconds))? as i64,
    };
    (0..=INSTANT_MOST).contains(&seconds).then_some(seconds)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice::<Strict>(&bytes).ok().map(|strict| strict.0)
}

/// A JSON object that says nothing twice: two readers of a repeated claim may believe two things.
struct Strict(Map<String, Value>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Strict;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Strict, A::Error> {
                let mut map = Map::new();
                while let Some((key, value)) = access.next_entry::<String, Value>()? {
                    if map.insert(key, value).is_some() {
                        return Err(A::Error::custom("a repeated name"));
                    }
                }
                Ok(Strict(map))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

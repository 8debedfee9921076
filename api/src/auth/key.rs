//! Public keys that tokens are verified with. A key has one id and one algorithm; a token chooses neither.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The algorithms that a key may be for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, strum::EnumString, strum::IntoStaticStr, strum::Display,
)]
pub enum Alg {
    /// RSA PKCS#1 v1.5 with SHA-256, 2048 to 8192 bits.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Alg {
    const fn library(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::ES256 => Algorithm::ES256,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }
}

/// Why something is no key to verify tokens with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It has no id, or one that is not a short text.
    #[error("it has no key id")]
    Kid,
    /// A private key was given where a public one is meant.
    #[error("it is a private key: give the public one")]
    Private,
    /// It is not of the kind that its algorithm needs.
    #[error("it is not a public key for {0}")]
    NotFor(Alg),
    /// It is for something else: encryption, or another algorithm.
    #[error("it is not for RS256, ES256 or EdDSA signatures")]
    Purpose,
    /// It is too weak or too large.
    #[error("its RSA modulus has {0} bits, where 2048 to 8192 are asked for")]
    Bits(usize),
    /// It is too weak.
    #[error("its RSA exponent is smaller than 65537 or even")]
    Exponent,
}

/// A public key with its id and its one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: String,
    alg: Alg,
    decoding: DecodingKey,
    thumbprint: String,
    /// The members that name the key, as RFC 7638 spells them.
    canonical: String,
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.kid, self.alg)
    }
}

impl VerifyingKey {
    /// A key from a PEM text: a public key or a certificate.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_pem(kid: &str, alg: Alg, pem: &[u8]) -> Result<Self, BadKey> {
        if String::from_utf8_lossy(pem).contains("PRIVATE KEY") {
            return Err(BadKey::Private);
        }
        let decoding = match alg {
            Alg::RS256 => DecodingKey::from_rsa_pem(pem),
            Alg::ES256 => DecodingKey::from_ec_pem(pem),
            Alg::EdDSA => DecodingKey::from_ed_pem(pem),
        };
        let jwk = decoding
            .and_then(|key| Jwk::from_decoding_key(&key, Some(alg.library())))
            .map_err(|_| BadKey::NotFor(alg))?;
        let Ok(Value::Object(mut jwk)) = serde_json::to_value(&jwk) else { return Err(BadKey::NotFor(alg)) };
        jwk.insert("kid".into(), kid.into());
        Self::from_jwk(&jwk)
    }

    /// A key from one member of a JWKS.
    ///
    /// # Errors
    /// [`BadKey`]; such a member is left out and does not spoil the others.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, BadKey> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let kid = text("kid").filter(|kid| !kid.is_empty() && kid.len() <= 512).ok_or(BadKey::Kid)?;
        if ["d", "k"].iter().any(|member| jwk.contains_key(*member)) {
            return Err(BadKey::Private);
        }
        let is_for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig");
        let verifies = |ops: &Value| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify"));
        if !is_for_signatures || !jwk.get("key_ops").is_none_or(verifies) {
            return Err(BadKey::Purpose);
        }
        let (alg, words): (Alg, &[&str]) = match (text("kty"), text("crv")) {
            (Some("RSA"), None) => (Alg::RS256, &["RS256"]),
            (Some("EC"), Some("P-256")) => (Alg::ES256, &["ES256"]),
            (Some("OKP"), Some("Ed25519")) => (Alg::EdDSA, &["EdDSA", "Ed25519"]),
            _ => return Err(BadKey::Purpose),
        };
        if !jwk.get("alg").is_none_or(|said| said.as_str().is_some_and(|said| words.contains(&said))) {
            return Err(BadKey::Purpose);
        }
        let bytes =
            |name: &str| text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(BadKey::NotFor(alg));
        let (decoding, canonical) = match alg {
            Alg::RS256 => {
                let (modulus, exponent) = (without_zeros(bytes("n")?), without_zeros(bytes("e")?));
                check_rsa(&modulus, &exponent)?;
                let canonical = format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    URL_SAFE_NO_PAD.encode(&exponent),
                    URL_SAFE_NO_PAD.encode(&modulus)
                );
                (DecodingKey::from_rsa_raw_components(&modulus, &exponent), canonical)
            }
            Alg::ES256 => {
                let (x, y) = (exactly_32(bytes("x")?, alg)?, exactly_32(bytes("y")?, alg)?);
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                (DecodingKey::from_ec_components(&x, &y).map_err(|_| BadKey::NotFor(alg))?, canonical)
            }
            Alg::EdDSA => {
                let x = exactly_32(bytes("x")?, alg)?;
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
                (DecodingKey::from_ed_components(&x).map_err(|_| BadKey::NotFor(alg))?, canonical)
            }
        };
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()));
        Ok(Self { kid: kid.to_owned(), alg, decoding, thumbprint, canonical })
    }

    /// The key's RFC 7638 thumbprint: equal for equal keys, whatever their id.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The key as a member of a JWKS.
    #[must_use]
    pub fn public_jwk(&self) -> Map<String, Value> {
        let mut jwk: Map<String, Value> = serde_json::from_str(&self.canonical).unwrap_or_default();
        let alg: &'static str = self.alg.into();
        for (name, value) in [("alg", alg), ("use", "sig"), ("kid", &self.kid)] {
            jwk.insert(name.to_owned(), value.into());
        }
        jwk
    }

    /// Whether the signature is this key's. The token's own word for the algorithm must be the key's.
    pub(super) fn verifies(&self, alg: &str, signed: &str, signature: &str) -> bool {
        let word: &'static str = self.alg.into();
        alg == word && crypto::verify(signature, signed.as_bytes(), &self.decoding, self.alg.library()).unwrap_or(false)
    }
}

fn without_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

fn exactly_32(bytes: Vec<u8>, alg: Alg) -> Result<String, BadKey> {
    if bytes.len() == 32 { Ok(URL_SAFE_NO_PAD.encode(bytes)) } else { Err(BadKey::NotFor(alg)) }
}

fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), BadKey> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(BadKey::Bits(bits));
    }
    let is_large = exponent.len() > 3 || (exponent.len() == 3 && exponent >= [1, 0, 1].as_slice());
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    if is_large && is_odd && exponent.len() <= 4 { Ok(()) } else { Err(BadKey::Exponent) }
}

/// Keys by their ids. Two sets of equal keys have one generation; what was verified under another is verified again.
#[derive(Clone, Debug)]
pub struct KeySet {
    generation: u64,
    keys: HashMap<String, VerifyingKey>,
}

static GENERATIONS: AtomicU64 = AtomicU64::new(1);

impl KeySet {
    /// A set; an id that stands twice is ambiguous and is left out.
    #[must_use]
    pub fn of(list: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let mut keys = HashMap::new();
        let mut twice = Vec::new();
        for key in list {
            if let Some(before) = keys.insert(key.kid.clone(), key) {
                twice.push(before.kid);
            }
        }
        for kid in twice {
            keys.remove(&kid);
        }
        Self { generation: GENERATIONS.fetch_add(1, Ordering::Relaxed), keys }
    }

    /// As [`KeySet::of`], keeping the generation of `before` when nothing has changed.
    #[must_use]
    pub fn after(before: &Self, list: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let mut set = Self::of(list);
        let same = |key: &VerifyingKey| before.get(&key.kid).is_some_and(|old| old.thumbprint == key.thumbprint);
        if set.keys.len() == before.keys.len() && set.keys.values().all(same) {
            set.generation = before.generation;
        }
        set
    }

    /// The key of exactly that id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.get(kid)
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.values()
    }

    /// Which set this is.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }
}

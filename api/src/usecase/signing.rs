//! The keys that this server signs with. One key and one `typ` per purpose (ruling 29): the key of minted tokens signs
//! nothing else, and the development key is known to `demo` alone.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::seat::{DEV_ISSUER, MINT_ISSUER};
use entity::server_key;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ledger::key::LedgerKey;
use super::{Failure, Office};
use std::sync::Arc;

/// The audience of the tokens that this server signs.
pub const AUDIENCE: &str = "partnerloop";

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Partner and machine tokens.
    Mint,
    /// The local development key.
    Dev,
}

impl Purpose {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mint => "MINT",
            Self::Dev => "DEV",
        }
    }

    /// The `typ` of tokens signed for this purpose.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Mint => "partnerloop-token+jwt",
            Self::Dev => "partnerloop-dev+jwt",
        }
    }

    /// The issuer of tokens signed for this purpose.
    #[must_use]
    pub const fn issuer(self) -> &'static str {
        match self {
            Self::Mint => MINT_ISSUER,
            Self::Dev => DEV_ISSUER,
        }
    }
}

/// Why a text is no signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSigningKey {
    /// Not a PKCS#8 PEM text.
    #[error("it is not a PKCS#8 PEM file (make one with: partnerloop keygen FILE)")]
    Pem,
    /// Another kind of key.
    #[error("it is not an Ed25519 private key (make one with: partnerloop keygen FILE)")]
    Kind,
    /// The system's randomness failed.
    #[error("the system gave no randomness for a key")]
    Randomness,
}

/// An Ed25519 key that signs tokens for one purpose.
#[derive(Clone)]
pub struct SigningKey {
    purpose: Purpose,
    kid: String,
    x: String,
    encoding: EncodingKey,
    ledger: Arc<LedgerKey>,
}

/// Without the private key, which must never reach a log.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("purpose", &self.purpose).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What a token that we sign says. Role and bindings stand in the database and are not in it.
#[derive(Clone, Debug, Serialize)]
pub struct SignedClaims {
    /// [`Purpose::issuer`].
    pub iss: &'static str,
    /// [`AUDIENCE`].
    pub aud: &'static str,
    /// The subject of the seat.
    pub sub: String,
    /// Issued at.
    pub iat: i64,
    /// Not valid before.
    pub nbf: i64,
    /// Not valid from then on.
    pub exp: i64,
    /// The token's id: a minted token is looked up by it at every request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The program's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The portfolio's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portfolio: Option<String>,
}

/// A fresh Ed25519 private key as a PKCS#8 PEM text.
///
/// # Errors
/// [`BadSigningKey::Randomness`].
pub fn generate() -> Result<String, BadSigningKey> {
    let pair = Ed25519KeyPair::generate().map_err(|_| BadSigningKey::Randomness)?;
    let der = pair.to_pkcs8v1().map_err(|_| BadSigningKey::Randomness)?;
    Ok(pem("PRIVATE KEY", der.as_ref()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

/// The public key's DER before its 32 bytes (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The id of a public key: its RFC 7638 thumbprint.
pub(super) fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

/// A public key as a member of a JWKS.
pub(super) fn jwk(kid: &str, x: &str) -> serde_json::Map<String, serde_json::Value> {
    let members = [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig"), ("kid", kid), ("x", x)];
    members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// A public key as a PEM text.
pub(super) fn public_pem(x: &str) -> String {
    let x = URL_SAFE_NO_PAD.decode(x).unwrap_or_default();
    pem("PUBLIC KEY", &[SPKI.as_slice(), &x].concat())
}

/// The public key in such a PEM text.
pub(super) fn x_of(public_pem: &str) -> Option<String> {
    let body: String = public_pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).ok()?;
    der.strip_prefix(SPKI.as_slice()).filter(|x| x.len() == 32).map(|x| URL_SAFE_NO_PAD.encode(x))
}

impl SigningKey {
    /// A key from its PKCS#8 PEM text. Its id is its RFC 7638 thumbprint.
    ///
    /// # Errors
    /// [`BadSigningKey`].
    pub fn from_pem(purpose: Purpose, text: &str) -> Result<Self, BadSigningKey> {
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PRIVATE KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"));
        let body: String = body.ok_or(BadSigningKey::Pem)?.split_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| BadSigningKey::Pem)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| BadSigningKey::Kind)?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let ledger = Arc::new(LedgerKey::derive(&pair)?);
        Ok(Self { purpose, kid: thumbprint(&x), x, encoding: EncodingKey::from_ed_der(&der), ledger })
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a member of a JWKS.
    #[must_use]
    pub fn public_jwk(&self) -> serde_json::Map<String, serde_json::Value> {
        jwk(&self.kid, &self.x)
    }

    /// The public key as a PEM text.
    #[must_use]
    pub fn public_pem(&self) -> String {
        public_pem(&self.x)
    }

    /// The key that signs the ledger's checkpoints, derived from this one and of use for nothing else.
    #[must_use]
    pub fn ledger(&self) -> Arc<LedgerKey> {
        Arc::clone(&self.ledger)
    }

    /// A signed token.
    ///
    /// # Errors
    /// When the signature cannot be made, which a key that was read cannot cause.
    pub fn sign(&self, claims: &SignedClaims) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header {
            typ: Some(self.purpose.typ().into()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }
}

/// The key of a purpose that the database keeps, made where there is none yet: for `demo` and for development tokens.
///
/// # Errors
/// A storage failure, or a kept key that is none.
pub async fn kept(office: &Office, purpose: Purpose) -> Result<SigningKey, Failure> {
    let broken = |why: BadSigningKey| {
        Failure::Storage(entity::DbErr::Custom(format!("the {} key cannot be used: {why}", purpose.word())))
    };
    if server_key::find(office.store.read(), purpose.word()).await?.is_none() {
        let text = generate().map_err(broken)?;
        let key = SigningKey::from_pem(purpose, &text).map_err(broken)?;
        server_key::insert(
            office.store.write(),
            purpose.word(),
            key.kid(),
            &text,
            &key.public_pem(),
            office.clock.now(),
        )
        .await?;
    }
    // Read back: of two processes that made one at the same time, both use the first.
    let row = server_key::find(office.store.write(), purpose.word()).await?;
    let row = row
        .ok_or_else(|| Failure::Storage(entity::DbErr::Custom("the key that was just written is not there".into())))?;
    SigningKey::from_pem(purpose, &row.private_pem).map_err(broken)
}

/// The ids of the keys that the database keeps: `serve` refuses to work with any of them.
///
/// # Errors
/// A storage failure.
pub async fn kept_kids(office: &Office) -> Result<Vec<String>, Failure> {
    Ok(server_key::kids(office.store.read()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_read_back_and_other_texts_are_refused() {
        let text = generate().unwrap();
        let key = SigningKey::from_pem(Purpose::Mint, &text).unwrap();
        assert_eq!(key.kid().len(), 43);
        assert!(key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"));
        assert!(!format!("{key:?}").contains(&text.lines().nth(1).unwrap()[..20]));
        assert_eq!(SigningKey::from_pem(Purpose::Mint, "x").unwrap_err(), BadSigningKey::Pem);
        assert_eq!(SigningKey::from_pem(Purpose::Mint, &key.public_pem()).unwrap_err(), BadSigningKey::Pem);
        let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(SigningKey::from_pem(Purpose::Mint, other).unwrap_err(), BadSigningKey::Kind);
    }
}

//! The key that signs checkpoints: derived from the key that the server is given, and of use for nothing else (ruling 29).

use crate::usecase::signing::{BadSigningKey, jwk, public_pem, thumbprint, x_of};
use crate::usecase::{Failure, Office};
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ledger::checkpoint::{Checkpoint, PURPOSE, PublicKey, seal};
use entity::ledger_key;
use serde_json::{Map, Value};

/// What the derived key is bound to.
const INFO: &[u8] = b"partnerloop ledger checkpoint key";

/// An Ed25519 key that signs checkpoints.
pub struct LedgerKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
    x: String,
    kid: String,
}

/// Without the private key, which must never reach a log.
impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl LedgerKey {
    /// The ledger's key that belongs to a signing key: neither can be told from the other.
    ///
    /// # Errors
    /// [`BadSigningKey::Kind`], which a key that was read cannot cause.
    pub fn derive(from: &Ed25519KeyPair) -> Result<Self, BadSigningKey> {
        let kind = |_| BadSigningKey::Kind;
        let seed = from.seed().map_err(kind)?;
        let seed = seed.as_be_bytes().map_err(kind)?;
        let mut derived = [0; 32];
        Salt::new(HKDF_SHA256, &[])
            .extract(seed.as_ref())
            .expand(&[INFO], HKDF_SHA256)
            .and_then(|key| key.fill(&mut derived))
            .map_err(kind)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&derived).map_err(|_| BadSigningKey::Kind)?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| BadSigningKey::Kind)?;
        let x = URL_SAFE_NO_PAD.encode(public);
        Ok(Self { pair, public: PublicKey(public), kid: thumbprint(&x), x })
    }

    /// The key's id: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The public key as a PEM text.
    #[must_use]
    pub fn public_pem(&self) -> String {
        public_pem(&self.x)
    }

    /// The public key as a member of a JWKS.
    #[must_use]
    pub fn public_jwk(&self) -> Jwk {
        ledger_jwk(&self.x)
    }

    /// A checkpoint as a signed note.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        seal(checkpoint, self.public, |text| self.pair.sign(text).as_ref().to_vec())
    }
}

/// A JSON Web Key.
pub type Jwk = Map<String, Value>;

/// A public key of the ledger as a member of a JWKS: it says what it is for.
fn ledger_jwk(x: &str) -> Jwk {
    let mut members = jwk(&thumbprint(x), x);
    members.insert("purpose".into(), PURPOSE.into());
    members
}

/// The public keys that checkpoints are checked with: the present one, and those that signed before it.
///
/// # Errors
/// [`Failure::Storage`].
pub async fn published(office: &Office, present: &LedgerKey) -> Result<Vec<Jwk>, Failure> {
    let mut keys = vec![present.public_jwk()];
    keys.extend(kept(office).await?.into_iter().filter(|key| key["kid"] != present.kid));
    Ok(keys)
}

/// The public keys that signed a checkpoint so far.
///
/// # Errors
/// [`Failure::Storage`].
pub async fn kept(office: &Office) -> Result<Vec<Jwk>, Failure> {
    let kept = ledger_key::all(office.store.read()).await?;
    Ok(kept.iter().filter_map(|pem| x_of(pem)).map(|x| ledger_jwk(&x)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usecase::signing::{Purpose, SigningKey, generate};
    use domain::ledger::checkpoint::{BadCheckpoint, keys};
    use domain::ledger::tree::leaf;
    use uuid::Uuid;

    #[test]
    fn a_checkpoint_is_believed_by_its_own_key_and_no_other() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        let [one, two] = [one, two].map(|text| SigningKey::from_pem(Purpose::Mint, &text).unwrap());
        let checkpoint = Checkpoint {
            program_id: Uuid::from_u128(5),
            size: 3,
            root: leaf(b"x"),
            at: "2026-10-05T09:00:00.000001Z".parse().unwrap(),
        };
        let note = one.ledger().sign(&checkpoint);
        assert_eq!(note.lines().next(), Some(format!("partnerloop/ledger/{}", checkpoint.program_id).as_str()));
        let set = |keys: &[Jwk]| serde_json::json!({ "keys": keys }).to_string();
        let both = keys(&set(&[two.public_jwk(), two.ledger().public_jwk(), one.ledger().public_jwk()])).unwrap();
        assert_eq!((both.len(), Checkpoint::open(&note, &both)), (2, Ok(checkpoint.clone())));
        // The key of tokens is no key of the ledger, and is not read as one.
        assert_eq!(keys(&set(&[one.public_jwk()])).unwrap(), []);
        let other = keys(&set(&[two.ledger().public_jwk()])).unwrap();
        assert_eq!(Checkpoint::open(&note, &other), Err(BadCheckpoint::UnknownKey));
        for (from, to) in [("\n3\n", "\n4\n"), (".000001Z", ".000002Z"), ("— p", "- p"), ("\n\n", "\n")] {
            assert!(Checkpoint::open(&note.replacen(from, to, 1), &both).is_err(), "{from}");
        }
    }
}

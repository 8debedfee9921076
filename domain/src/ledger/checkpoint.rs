//! A checkpoint: the log's size and root, signed (C2SP tlog-checkpoint in a C2SP signed-note).

use super::instant;
use super::tree::Hash;
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use signed_note::{Note, Signature, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::Checkpoint as Text;
use uuid::Uuid;

/// What the origin of a program's log begins with; the program's id follows.
const ORIGIN: &str = "partnerloop/ledger/";
/// The byte before an Ed25519 key in a signed note.
const ED25519: u8 = 1;
/// What a key in a key set must be for, to sign checkpoints: one key, one purpose (ruling 29).
pub const PURPOSE: &str = "partnerloop-ledger";

/// The log as it stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The program.
    pub program_id: Uuid,
    /// How many leaves it had.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// When it was signed.
    pub at: DateTime<Utc>,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// It is no signed note with a checkpoint in it.
    #[error("the checkpoint is malformed")]
    Malformed,
    /// None of the keys signed it.
    #[error("the checkpoint is signed by none of the ledger's keys")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the checkpoint's signature is wrong")]
    BadSignature,
}

/// The public key that checkpoints are checked with: 32 bytes of Ed25519.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The id that a signature of the program's log names the key by.
    #[must_use]
    pub fn id(self, origin: &str) -> u32 {
        signed_note::key_id(origin, &self.encoded())
    }

    fn encoded(self) -> Vec<u8> {
        [&[ED25519], self.0.as_slice()].concat()
    }

    fn verifier(self, origin: &str) -> Option<Box<dyn Verifier>> {
        let key = format!("{origin}+{:08x}+{}", self.id(origin), STANDARD.encode(self.encoded()));
        StandardVerifier::new(&key).ok().map(|verifier| Box::new(verifier) as Box<dyn Verifier>)
    }
}

/// The members of a JSON Web Key that matter here.
#[derive(Serialize, Deserialize)]
struct Jwk {
    #[serde(default)]
    crv: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    x: String,
}

/// The ledger's keys of a JSON Web Key Set, such as `/.well-known/jwks.json` is; keys for anything else are passed over.
///
/// # Errors
/// When the text is no key set.
pub fn keys(jwks: &str) -> Result<Vec<PublicKey>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    let set: Set = serde_json::from_str(jwks)?;
    let ours = set.keys.into_iter().filter(|key| key.crv == "Ed25519" && key.purpose == PURPOSE);
    Ok(ours.filter_map(|key| URL_SAFE_NO_PAD.decode(key.x).ok()?.try_into().ok().map(PublicKey)).collect())
}

impl Checkpoint {
    /// The origin of a program's log, which is also the name that its keys sign under.
    #[must_use]
    pub fn origin(program_id: Uuid) -> String {
        format!("{ORIGIN}{program_id}")
    }

    /// What is signed: the origin, the size, the root, and when.
    #[must_use]
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root.0);
        format!("{}\n{}\n{root}\n{}\n", Self::origin(self.program_id), self.size, instant(self.at))
    }

    /// Reads a signed checkpoint.
    ///
    /// # Errors
    /// [`BadCheckpoint`] unless one of the keys signed it.
    pub fn open(note: &str, keys: &[PublicKey]) -> Result<Self, BadCheckpoint> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| BadCheckpoint::Malformed)?;
        let text = Text::from_bytes(note.text()).map_err(|_| BadCheckpoint::Malformed)?;
        let known = VerifierList::new(keys.iter().filter_map(|key| key.verifier(text.origin())).collect());
        note.verify(&known).map_err(|why| match why {
            signed_note::NoteError::UnverifiedNote => BadCheckpoint::UnknownKey,
            signed_note::NoteError::MalformedNote
            | signed_note::NoteError::InvalidSigner
            | signed_note::NoteError::InvalidSignature { .. }
            | signed_note::NoteError::MismatchedVerifier
            | signed_note::NoteError::VerificationError(_)
            | signed_note::NoteError::SignatureError(_) => BadCheckpoint::BadSignature,
        })?;
        let program = text.origin().strip_prefix(ORIGIN).and_then(|id| id.parse().ok());
        let at = text.extension().lines().next().and_then(|at| at.parse().ok());
        match (program, at) {
            (Some(program_id), Some(at)) => Ok(Self { program_id, size: text.size(), root: *text.hash(), at }),
            _ => Err(BadCheckpoint::Malformed),
        }
    }
}

/// A checkpoint as a signed note; `sign` makes the Ed25519 signature of this public key over a text.
#[must_use]
pub fn seal(checkpoint: &Checkpoint, key: PublicKey, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let (origin, text) = (Checkpoint::origin(checkpoint.program_id), checkpoint.text());
    let id = key.id(&origin);
    let signature = Signature::new(origin, id, sign(text.as_bytes()));
    let note = signature.and_then(|signature| Note::new(text.as_bytes(), &[signature]));
    note.map(|note| String::from_utf8_lossy(&note.to_bytes()).into_owned()).unwrap_or_default()
}

//! A receipt: a leaf with all that is needed to believe it, but for the public key.

use super::checkpoint::{BadCheckpoint, Checkpoint, PublicKey};
use super::record::{Disclosure, leaf_hash};
use super::tree::{Hash, includes};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format's name and version.
pub const FORMAT: &str = "partnerloop-receipt/1";

/// A receipt as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// [`FORMAT`].
    pub format: String,
    /// The record: what the leaf says, as JSON.
    pub record: String,
    /// The salt before it: 16 bytes, base64.
    pub salt: String,
    /// The parts that this holder may read.
    pub disclosures: Vec<Disclosure>,
    /// The leaf's place in the log, from 0.
    pub sequence: u64,
    /// The inclusion proof, from the leaf up: hashes, base64.
    pub proof: Vec<String>,
    /// The signed checkpoint that it leads to.
    pub checkpoint: String,
}

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// The record.
    pub record: Value,
    /// The parts that were disclosed.
    pub disclosures: Vec<Value>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReceipt {
    /// It is no receipt.
    #[error("this is no receipt of the format {FORMAT}: {0}")]
    Malformed(String),
    /// Its checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] BadCheckpoint),
    /// It is of another program's log.
    #[error("the record is of another program than the checkpoint")]
    OtherProgram,
    /// The log does not hold it.
    #[error("the record is not in the log that was signed: it, its salt, its place or its proof was changed")]
    NotIncluded,
    /// A disclosure is not behind any digest.
    #[error("disclosure {0} is not part of the record")]
    NotDisclosed(usize),
}

impl Receipt {
    /// Reads a receipt and checks it against the ledger's public keys; nothing else is needed.
    ///
    /// # Errors
    /// [`BadReceipt`].
    pub fn verify(text: &str, keys: &[PublicKey]) -> Result<Proven, BadReceipt> {
        let malformed = |why: &dyn std::fmt::Display| BadReceipt::Malformed(why.to_string());
        let receipt: Self = serde_json::from_str(text).map_err(|why| malformed(&why))?;
        if receipt.format != FORMAT {
            return Err(malformed(&receipt.format));
        }
        let record: Value = serde_json::from_str(&receipt.record).map_err(|why| malformed(&why))?;
        let checkpoint = Checkpoint::open(&receipt.checkpoint, keys)?;
        if record["program"] != checkpoint.program_id.to_string() {
            return Err(BadReceipt::OtherProgram);
        }
        let hashes = receipt.proof.iter().map(|hash| Hash::parse_hash(hash));
        let proof: Vec<Hash> = hashes.collect::<Result<_, _>>().map_err(|why| malformed(&why))?;
        let leaf = leaf_hash(&receipt.salt, &receipt.record).ok_or_else(|| malformed(&"the salt is no base64"))?;
        if !includes(&proof, checkpoint.size, checkpoint.root, receipt.sequence, leaf) {
            return Err(BadReceipt::NotIncluded);
        }
        let digests: Vec<&str> = record["digests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut disclosures = Vec::with_capacity(receipt.disclosures.len());
        for (at, disclosure) in receipt.disclosures.iter().enumerate() {
            if !digests.contains(&disclosure.digest().as_str()) {
                return Err(BadReceipt::NotDisclosed(at));
            }
            disclosures.push(serde_json::from_str(&disclosure.text).map_err(|why| malformed(&why))?);
        }
        Ok(Proven { record, disclosures, checkpoint })
    }
}

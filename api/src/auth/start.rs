//! With which keys a server starts, and with which it refuses to.

use super::Authenticator;
use super::issuer::{Binding, Issuer, Keys};
use super::jwks::{Jwks, JwksError};
use super::key::{Alg, BadKey, KeySet, VerifyingKey};
use crate::usecase::ledger::key::{Jwk, published};
use crate::usecase::signing::{BadSigningKey, Purpose, SigningKey, kept, kept_kids};
use crate::usecase::{Failure, Office};
use domain::seat::{DEV_ISSUER, MINT_ISSUER};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where `serve` finds its trust.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A TOML file of identity providers (`PARTNERLOOP_ISSUERS`).
    pub issuers: Option<PathBuf>,
    /// A PKCS#8 PEM file with the Ed25519 key that signs minted tokens (`PARTNERLOOP_SIGNING_KEY`).
    pub signing_key: Option<PathBuf>,
    /// PEM files with the public keys of earlier signing keys, whose tokens still hold (`PARTNERLOOP_RETIRED_KEYS`).
    pub retired_keys: Vec<PathBuf>,
}

/// Why a server does not start. One sentence each.
#[derive(Debug, thiserror::Error)]
pub enum Unsafe {
    /// Nobody could sign in.
    #[error("no identity provider is configured: set PARTNERLOOP_ISSUERS to a TOML file with at least one [[issuer]]")]
    NoIssuer,
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// The issuers file is wrong.
    #[error("{0} is not a list of issuers: {1}")]
    Toml(PathBuf, String),
    /// An issuer without a name.
    #[error("an issuer has an empty `issuer`: give the exact `iss` of its tokens")]
    NoName,
    /// A name that is reserved.
    #[error("the issuer {0} is this server's own name for tokens it signs itself: no identity provider may have it")]
    OwnName(String),
    /// The development issuer.
    #[error("the issuer {DEV_ISSUER} is the development key's: `serve` never trusts it")]
    DevIssuer,
    /// Two issuers of one name.
    #[error("the issuer {0} is configured twice")]
    Twice(String),
    /// No audience.
    #[error("the issuer {0} has no `audience`: without one, a token for any other service would be let in")]
    NoAudience(String),
    /// No program.
    #[error("the issuer {0} is bound to no program and no portfolio: list their slugs in `programs` or `portfolios`")]
    NoProgram(String),
    /// No `typ`.
    #[error("the issuer {0} accepts no `typ`: leave it out for at+jwt")]
    NoTyp(String),
    /// Neither or both sources of keys.
    #[error("the issuer {0} needs either `jwks_url` or [[issuer.key]], and not both")]
    Source(String),
    /// A bad JWKS URL.
    #[error("the issuer {0} cannot be asked for its keys: {1}")]
    Jwks(String, JwksError),
    /// A bad key.
    #[error("the key {1} of the issuer {0} cannot be used: {2}")]
    Key(String, String, BadKey),
    /// Two keys of one id.
    #[error("the issuer {0} has two keys of one `kid`")]
    KeyTwice(String),
    /// A key from the database, where demo keeps its own.
    #[error("the key in {0} is the development key or the demo's, which anybody with the database has")]
    DevKey(PathBuf),
    /// No signing key.
    #[error("no signing key: set PARTNERLOOP_SIGNING_KEY to a file made by `partnerloop keygen FILE`")]
    NoSigningKey,
    /// A readable signing key.
    #[error("the signing key {0} can be read or written by every user of this machine: chmod 600 it")]
    Exposed(PathBuf),
    /// A bad signing key.
    #[error("the signing key {0} cannot be used: {1}")]
    SigningKey(PathBuf, BadSigningKey),
    /// A bad retired key.
    #[error("the retired key {0} cannot be used: {1}")]
    RetiredKey(PathBuf, BadKey),
    /// The database failed.
    #[error("the database could not be asked for its keys: {0}")]
    Storage(#[from] Failure),
}

/// What a server knows callers by.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Verifies tokens.
    pub authenticator: Arc<Authenticator>,
    /// The office, which can now mint tokens.
    pub office: Office,
    /// The body of `/.well-known/jwks.json`: the public keys of the tokens that this server mints, and of the ledger's
    /// checkpoints that it signs.
    pub jwks: Arc<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    issuer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    #[serde(default)]
    audience: String,
    jwks_url: Option<String>,
    /// A private certificate authority, for the JWKS URL.
    ca_file: Option<PathBuf>,
    #[serde(default)]
    key: Vec<EntryKey>,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    portfolios: Vec<String>,
    #[serde(default = "at_jwt")]
    typ: Vec<String>,
    #[serde(default = "program")]
    program_claim: String,
    #[serde(default = "portfolio")]
    portfolio_claim: String,
}

fn at_jwt() -> Vec<String> {
    vec!["at+jwt".into()]
}

fn program() -> String {
    "program".into()
}

fn portfolio() -> String {
    "portfolio".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryKey {
    kid: String,
    alg: Alg,
    file: PathBuf,
}

/// The identity of `serve`.
///
/// # Errors
/// Everything that is unsafe, not just the first.
pub async fn serve(office: Office, settings: &Settings) -> Result<Identity, Vec<Unsafe>> {
    let mut wrong = Vec::new();
    let kept = match kept_kids(&office).await {
        Ok(kept) => kept,
        Err(why) => return Err(vec![why.into()]),
    };
    let issuers = match &settings.issuers {
        Some(path) => providers(&office, path, &kept, &mut wrong),
        None => Vec::new(),
    };
    if issuers.is_empty() && wrong.is_empty() {
        wrong.push(Unsafe::NoIssuer);
    }
    let mint = settings.signing_key.as_deref().map_or(Err(Unsafe::NoSigningKey), |path| signing_key(path, &kept));
    let mint = mint.map_err(|why| wrong.push(why)).ok();
    let mut own = Vec::new();
    for path in &settings.retired_keys {
        match retired_key(path) {
            Ok(key) => own.push(key),
            Err(why) => wrong.push(why),
        }
    }
    match mint {
        Some(mint) if wrong.is_empty() => match published(&office, &mint.ledger()).await {
            Ok(ledger) => Ok(open(office, mint, own, ledger, issuers)),
            Err(why) => Err(vec![why.into()]),
        },
        _ => Err(wrong),
    }
}

/// The identity of `demo`: keys kept in the database, and the development issuer.
///
/// # Errors
/// A storage failure.
pub async fn demo(office: Office) -> Result<Identity, Failure> {
    let mint = kept(&office, Purpose::Mint).await?;
    let dev = kept(&office, Purpose::Dev).await?;
    let keys = KeySet::of(VerifyingKey::from_jwk(&dev.public_jwk()));
    let ledger = published(&office, &mint.ledger()).await?;
    Ok(open(office, mint, Vec::new(), ledger, vec![Issuer::own(Purpose::Dev, keys)]))
}

fn open(
    office: Office,
    mint: SigningKey,
    retired: Vec<VerifyingKey>,
    ledger: Vec<Jwk>,
    mut issuers: Vec<Issuer>,
) -> Identity {
    let mut members = vec![serde_json::Value::Object(mint.public_jwk())];
    members.extend(retired.iter().map(|key| serde_json::Value::Object(key.public_jwk())));
    members.extend(ledger.into_iter().map(serde_json::Value::Object));
    let jwks = serde_json::json!({ "keys": members }).to_string();
    let own = retired.into_iter().chain(VerifyingKey::from_jwk(&mint.public_jwk()));
    issuers.push(Issuer::own(Purpose::Mint, KeySet::of(own)));
    let office = office.with_mint(mint);
    Identity { authenticator: Arc::new(Authenticator::new(office.clone(), issuers)), office, jwks: jwks.into() }
}

fn read(path: &Path) -> Result<Vec<u8>, Unsafe> {
    std::fs::read(path).map_err(|why| Unsafe::File(path.to_owned(), why))
}

fn signing_key(path: &Path, kept: &[String]) -> Result<SigningKey, Unsafe> {
    let text = read(path)?;
    if is_exposed(path) {
        return Err(Unsafe::Exposed(path.to_owned()));
    }
    let key = SigningKey::from_pem(Purpose::Mint, &String::from_utf8_lossy(&text));
    let key = key.map_err(|why| Unsafe::SigningKey(path.to_owned(), why))?;
    if kept.iter().any(|kid| kid == key.kid()) { Err(Unsafe::DevKey(path.to_owned())) } else { Ok(key) }
}

/// A retired key is known by its thumbprint, as it was when it signed.
fn retired_key(path: &Path) -> Result<VerifyingKey, Unsafe> {
    let wrong = |why| Unsafe::RetiredKey(path.to_owned(), why);
    let text = read(path)?;
    let key = VerifyingKey::from_pem("retired", Alg::EdDSA, &text).map_err(wrong)?;
    VerifyingKey::from_pem(key.thumbprint(), Alg::EdDSA, &text).map_err(wrong)
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}

fn providers(office: &Office, path: &Path, kept: &[String], wrong: &mut Vec<Unsafe>) -> Vec<Issuer> {
    let parsed = read(path).and_then(|text| {
        toml::from_str::<File>(&String::from_utf8_lossy(&text))
            .map_err(|why| Unsafe::Toml(path.to_owned(), why.message().to_owned()))
    });
    let entries = match parsed {
        Ok(file) => file.issuer,
        Err(why) => {
            wrong.push(why);
            return Vec::new();
        }
    };
    // Files are named relative to the file that names them.
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut issuers: Vec<Issuer> = Vec::new();
    for entry in entries {
        if issuers.iter().any(|issuer| issuer.name == entry.issuer) {
            wrong.push(Unsafe::Twice(entry.issuer));
            continue;
        }
        match provider(office, folder, entry, kept) {
            Ok(issuer) => issuers.push(issuer),
            Err(why) => wrong.push(why),
        }
    }
    issuers
}

fn provider(office: &Office, folder: &Path, entry: Entry, kept: &[String]) -> Result<Issuer, Unsafe> {
    let name = entry.issuer.clone();
    match name.as_str() {
        "" => return Err(Unsafe::NoName),
        DEV_ISSUER => return Err(Unsafe::DevIssuer),
        MINT_ISSUER => return Err(Unsafe::OwnName(name)),
        _ => {}
    }
    if entry.audience.is_empty() {
        return Err(Unsafe::NoAudience(name));
    }
    if entry.programs.is_empty() && entry.portfolios.is_empty() {
        return Err(Unsafe::NoProgram(name));
    }
    if entry.typ.is_empty() {
        return Err(Unsafe::NoTyp(name));
    }
    let keys = match (&entry.jwks_url, entry.key.is_empty()) {
        (Some(url), true) => {
            let ca = entry.ca_file.as_ref().map(|file| read(&folder.join(file))).transpose()?;
            let jwks =
                Jwks::new(url, ca.as_deref(), office.clock.clone()).map_err(|why| Unsafe::Jwks(name.clone(), why))?;
            Keys::Remote(Arc::new(jwks))
        }
        (None, false) => Keys::Fixed(Arc::new(fixed_keys(folder, &name, &entry.key, kept)?)),
        _ => return Err(Unsafe::Source(name)),
    };
    let Entry { audience, programs, portfolios, typ, program_claim, portfolio_claim, .. } = entry;
    Ok(Issuer {
        name,
        audience,
        typ,
        keys,
        binding: Binding::Provider { programs, portfolios, program_claim, portfolio_claim },
    })
}

fn fixed_keys(folder: &Path, issuer: &str, entries: &[EntryKey], kept: &[String]) -> Result<KeySet, Unsafe> {
    let mut keys = Vec::new();
    for entry in entries {
        let path = folder.join(&entry.file);
        let key = VerifyingKey::from_pem(&entry.kid, entry.alg, &read(&path)?);
        let key = key.map_err(|why| Unsafe::Key(issuer.to_owned(), entry.kid.clone(), why))?;
        if kept.iter().any(|kid| kid == key.thumbprint()) {
            return Err(Unsafe::DevKey(path));
        }
        keys.push(key);
    }
    let set = KeySet::of(keys);
    if set.iter().count() == entries.len() { Ok(set) } else { Err(Unsafe::KeyTwice(issuer.to_owned())) }
}

//! `partnerloop ledger export` and `partnerloop ledger verify`.

use super::Database;
use crate::usecase::ledger::verify::Verified;
use crate::usecase::ledger::{export, key, verify};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use domain::ledger::audit::Findings;
use domain::ledger::checkpoint::{Checkpoint, PublicKey, keys};
use domain::ledger::export::Reader;
use domain::ledger::receipt::Receipt;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exports a program's ledger, and verifies one.
#[derive(Args)]
pub(super) struct Ledger {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a program's whole log to stdout, to be verified anywhere. It holds every secret of the log.
    Export(Export),
    /// Verifies an export or a receipt without the server, or (without a file) the logs in the database.
    Verify(Verify),
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    database: Database,
    /// The program's slug.
    #[arg(long)]
    program: String,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    database: Database,
    /// An export. Nothing but this file and the keys is read.
    #[arg(conflicts_with = "receipt")]
    file: Option<PathBuf>,
    /// A receipt. Nothing but this file and the keys is read.
    #[arg(long, requires = "key")]
    receipt: Option<PathBuf>,
    /// The ledger's public keys: a copy of /.well-known/jwks.json, kept where the server's owner cannot change it.
    #[arg(long)]
    key: Option<PathBuf>,
    /// A signed checkpoint that was kept elsewhere, or a receipt with one: the log must still begin with it.
    #[arg(long)]
    checkpoint: Vec<PathBuf>,
    /// In the database, only the program with this slug.
    #[arg(long)]
    program: Option<String>,
}

impl Ledger {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Export(command) => command.run().await,
            Command::Verify(command) => command.run().await,
        }
    }
}

impl Export {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let office = self.database.open_existing().await?;
        for program in super::check::programs(&office, Some(&self.program)).await? {
            let mut out = BufWriter::new(std::io::stdout().lock());
            export::export(&office, &program, |line| {
                serde_json::to_writer(&mut out, line)?;
                Ok::<_, anyhow::Error>(out.write_all(b"\n")?)
            })
            .await?;
            out.flush()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

impl Verify {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let keys = match &self.key {
            Some(path) => {
                let keys = keys(&read(path)?).with_context(|| format!("{} is no key set", path.display()))?;
                if keys.is_empty() {
                    bail!(
                        "{} holds no key of a ledger (a member with \"purpose\": \"partnerloop-ledger\")",
                        path.display()
                    );
                }
                Some(keys)
            }
            None => None,
        };
        match (&self.receipt, &self.file) {
            (Some(path), _) => receipt(path, keys.as_deref().unwrap_or_default()),
            (None, Some(path)) => file(path, keys, self.held()?),
            (None, None) => self.database(keys).await,
        }
    }

    /// The checkpoints that were kept elsewhere; one in a receipt is taken out of it.
    fn held(&self) -> anyhow::Result<Vec<String>> {
        let note = |text: String| serde_json::from_str::<Receipt>(&text).map_or(text, |receipt| receipt.checkpoint);
        self.checkpoint.iter().map(|path| read(path).map(note)).collect()
    }

    async fn database(&self, given: Option<Vec<PublicKey>>) -> anyhow::Result<ExitCode> {
        let office = self.database.open_existing().await?;
        let trusted = match given {
            Some(keys) => keys,
            None => {
                eprintln!(
                    "without --key, the checkpoints are checked with the keys in the database, which whoever can write it could change too"
                );
                keys(&serde_json::json!({ "keys": key::kept(&office).await? }).to_string())?
            }
        };
        let opened = self.held()?.into_iter().map(|note| Checkpoint::open(&note, &trusted));
        let held: Vec<Checkpoint> = opened.collect::<Result<_, _>>().context("a checkpoint that was kept elsewhere")?;
        let mut is_clean = true;
        for program in super::check::programs(&office, self.program.as_deref()).await? {
            let held = held.iter().filter(|checkpoint| checkpoint.program_id == program.id).cloned().collect();
            let Verified { entries, checkpoints, waiting, findings } =
                verify::verify(&office, &program, trusted.clone(), held).await?;
            println!(
                "{}: {entries} entries, {checkpoints} checkpoints, {waiting} waiting to be sealed, {} findings",
                program.slug, findings.count
            );
            is_clean &= say(&program.slug, &findings);
        }
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

/// Says what was found; whether it was nothing.
fn say(of: &str, findings: &Findings) -> bool {
    for finding in &findings.named {
        eprintln!("{of}: {finding}");
    }
    findings.count == 0
}

fn file(path: &Path, keys: Option<Vec<PublicKey>>, held: Vec<String>) -> anyhow::Result<ExitCode> {
    if keys.is_none() {
        eprintln!(
            "without --key, the checkpoints are checked with the keys that the file itself names, which proves less"
        );
    }
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut reader = Reader::new(keys, held);
    for line in BufReader::new(file).lines() {
        reader.line(&line?)?;
    }
    let verified = reader.finish()?;
    println!(
        "{}: {} entries, {} checkpoints, {} entries not yet signed for, {} findings",
        verified.slug, verified.entries, verified.checkpoints, verified.unsigned, verified.findings.count
    );
    Ok(if say(&verified.slug, &verified.findings) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn receipt(path: &Path, keys: &[PublicKey]) -> anyhow::Result<ExitCode> {
    match Receipt::verify(&read(path)?, keys) {
        Ok(proven) => {
            println!("{:#}", proven.record);
            for part in &proven.disclosures {
                println!("{part:#}");
            }
            println!(
                "proven: in the log of {} entries that was signed {}",
                proven.checkpoint.size, proven.checkpoint.at
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            eprintln!("{}: {why}", path.display());
            Ok(ExitCode::from(1))
        }
    }
}

//! `partnerloop keygen FILE`

use crate::usecase::signing::{Purpose, SigningKey, generate};
use anyhow::Context;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes the Ed25519 key that `serve` signs partner and machine tokens with.
#[derive(Args)]
pub(super) struct Keygen {
    /// Where to write the private key (PKCS#8 PEM, readable by you alone). An existing file is never overwritten.
    file: PathBuf,
}

impl Keygen {
    /// # Errors
    /// When the file exists or cannot be written.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let text = generate()?;
        let key = SigningKey::from_pem(Purpose::Mint, &text)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.file).with_context(|| format!("{} cannot be made", self.file.display()))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .with_context(|| format!("{} cannot be written", self.file.display()))?;
        println!("{}", key.kid());
        Ok(ExitCode::SUCCESS)
    }
}

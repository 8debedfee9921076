//! `partnerloop schema [--role ROLE]`

use anyhow::anyhow;
use clap::Args;
use domain::role::Role;
use std::process::ExitCode;

/// Prints the schema.
#[derive(Args)]
pub(super) struct Schema {
    /// Prints this role's own schema instead of the whole.
    #[arg(long)]
    role: Option<Role>,
}

impl Schema {
    /// # Errors
    /// The elements of the schema that declare no audience.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let sdl = self.role.map_or_else(crate::graphql::sdl_full, crate::graphql::sdl_of);
        print!("{}", sdl.map_err(|missing| anyhow!("without a declared audience: {}", missing.join(", ")))?);
        Ok(ExitCode::SUCCESS)
    }
}

//! `frontdesk audit verify` and `frontdesk audit list`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{database, offline};
use crate::config::DatabaseUrl;
use crate::store::audit::{AuditEntry, AuditError};
use crate::store::logins::Digest;

/// What to do with the audit log. The server may be running.
#[derive(Clone, Copy, Subcommand)]
pub(super) enum What {
    /// Look the chain over, from the first entry to the last: exit code 0 if it is whole, else 1 and the first
    /// entry that does not fit
    Verify {
        /// An entry that an earlier run printed and that was kept elsewhere: only this tells that the end of
        /// the log was cut off, or all of it written anew
        #[arg(long, value_name = "SEQ:HASH", value_parser = noted)]
        noted: Option<(i64, Digest)>,
    },
    /// Print the newest entries, one a line
    List {
        /// How many
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

pub(super) fn run(what: What, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |_, of| match what {
        What::Verify { noted } => verify(of, noted).await,
        What::List { limit } => list(of, limit).await,
    })
}

async fn verify(of: &DatabaseUrl, noted: Option<(i64, Digest)>) -> Result<String, AuditError> {
    let chain = database::verify_audit(of, noted).await?;
    let hash: String = chain.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("whole: {} entries; the last one is {}:{hash}", chain.seq, chain.seq))
}

async fn list(of: &DatabaseUrl, limit: u32) -> Result<String, AuditError> {
    let entries = database::newest_audit(of, limit).await?;
    Ok(entries.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn line(AuditEntry { seq, deed, .. }: &AuditEntry) -> String {
    let who = if deed.name.is_empty() { &deed.actor } else { &deed.name };
    let id = deed.actor_id.map_or(String::new(), |id| format!(" ({}:{id})", deed.actor));
    let parts = [&deed.address, &deed.action, &deed.target, &deed.detail];
    let rest: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    format!("{seq}  {}  {who}{id}  {}", deed.at, rest.join("  "))
}

fn noted(text: &str) -> Result<(i64, Digest), String> {
    let bad = || "takes SEQ:HASH as printed by an earlier run".to_owned();
    let (seq, hex) = text.split_once(':').ok_or_else(bad)?;
    let seq: i64 = seq.parse().map_err(|_| bad())?;
    if hex.len() != 64 || !hex.is_ascii() {
        return Err(bad());
    }
    let mut hash = [0; 32];
    for (n, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).map_err(|_| bad())?;
    }
    Ok((seq, hash))
}

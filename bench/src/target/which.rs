//! What the command line says of the server to be measured.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use tempfile::TempDir;

use crate::peer::Peer;

/// Which server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct Which {
    /// Start one on a throw-away folder and a free port (the default without --url).
    #[arg(long, conflicts_with = "url")]
    pub spawn: bool,
    /// Its program.
    #[arg(long, default_value = "target/release/frontdesk")]
    pub server: PathBuf,
    /// Instead of ours, one of the other stacks' servers.
    #[arg(long, value_enum, conflicts_with_all = ["url", "server"])]
    pub peer: Option<Peer>,
    /// Where they are installed.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    pub peers: PathBuf,
    /// A folder for throw-away data; on the disk that is to be measured.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// Server on one core, generator on another; with a server of our own, and two cores.
    #[arg(long, value_enum, default_value = "yes", num_args = 0..=1, default_missing_value = "yes")]
    pub pin: YesNo,
    /// A running server, e.g. http://127.0.0.1:8080, started with FRONTDESK_RATE_LIMITS=off.
    #[arg(long)]
    pub url: Option<String>,
    /// An agent's login there.
    #[arg(long, requires = "url")]
    pub agent_email: Option<String>,
    /// Its password.
    #[arg(long, requires = "url")]
    pub agent_password: Option<String>,
    /// Its process, for CPU time and memory, if it runs on this machine.
    #[arg(long, requires = "url")]
    pub server_pid: Option<i32>,
    /// Send load to an address that is not of this machine.
    #[arg(long)]
    pub i_own_this_server: bool,
}

impl Which {
    /// A folder for throw-away data.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn folder(&self) -> anyhow::Result<TempDir> {
        let folder = match &self.folder {
            Some(folder) => tempfile::Builder::new().prefix("frontdesk-bench-").tempdir_in(folder),
            None => TempDir::with_prefix("frontdesk-bench-"),
        };
        folder.context("no folder for throw-away data")
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

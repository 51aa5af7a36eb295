//! Stacks that one would pick instead: their small servers in `bench/peers`, measured by the same scenarios.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::load::Protocol;
use crate::load::peers::centrifuge::Centrifuge;
use crate::load::peers::plain::Plain;
use crate::load::peers::socketio::SocketIo;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// Flask-SocketIO with gevent.
    Flask,
    /// Socket.IO on Node.
    Socketio,
    /// `ws` on Node, by hand.
    Ws,
    /// The Centrifuge library, Go.
    Centrifuge,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Flask, Self::Socketio, Self::Ws, Self::Centrifuge];

    /// As on the command line, and the name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flask => "flask",
            Self::Socketio => "socketio",
            Self::Ws => "ws",
            Self::Centrifuge => "centrifuge",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Flask => "Flask-SocketIO, gevent",
            Self::Socketio => "Socket.IO, Node",
            Self::Ws => "`ws`, Node",
            Self::Centrifuge => "Centrifuge, Go",
        }
    }

    /// How its server is started: the program and its arguments, in which `PORT` stands for the port.
    ///
    /// # Errors
    /// It is not installed.
    pub fn command(self, peers: &Path) -> anyhow::Result<(PathBuf, Vec<String>)> {
        let folder = std::path::absolute(peers.join(self.name())).context("no folder of peers")?;
        let (needed, program, server) = match self {
            Self::Flask => (".venv/bin/python", folder.join(".venv/bin/python"), Some("server.py")),
            Self::Socketio | Self::Ws => ("node_modules", PathBuf::from("node"), Some("server.js")),
            Self::Centrifuge => ("server", folder.join("server"), None),
        };
        ensure!(
            folder.join(needed).exists(),
            "{} is not installed: run `{}/setup {}`",
            self.name(),
            peers.display(),
            self.name()
        );
        let server = server.map(|server| folder.join(server).to_string_lossy().into_owned());
        Ok((program, server.into_iter().chain(["PORT".to_owned()]).collect()))
    }

    /// Its adapter.
    pub fn protocol(self) -> Box<dyn Protocol> {
        match self {
            Self::Flask | Self::Socketio => Box::new(SocketIo),
            Self::Ws => Box::new(Plain),
            Self::Centrifuge => Box::new(Centrifuge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        for peer in Peer::ALL {
            let said = peer.command(folder.path()).expect_err("not there").to_string();
            assert!(said.contains(peer.name()) && said.contains("setup"), "{said}");
        }
        std::fs::create_dir_all(folder.path().join("ws/node_modules")).expect("made");
        let (program, arguments) = Peer::Ws.command(folder.path()).expect("installed");
        assert_eq!(program, Path::new("node"));
        assert!(arguments[0].ends_with("ws/server.js") && arguments[1] == "PORT", "{arguments:?}");
    }
}

//! A token that only this process and whoever may read its data folder know: with it the program asks the server
//! that runs. A new one at each start.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use secrecy::SecretString;

use crate::auth::Token;

/// Where it is, in the data folder.
const FILE: &str = "operator.token";

/// Makes it anew. `None`, and a word in the log, where it cannot be written: all else works without.
pub fn token(data_dir: &Path) -> Option<SecretString> {
    let token = Token::random().ok()?;
    let written = write(&data_dir.join(FILE), token.reveal());
    if let Err(error) = &written {
        tracing::warn!(%error, "frontdesk check will not be let in: its token cannot be written");
    }
    written.ok().map(|()| SecretString::from(token.reveal()))
}

/// The token of the server that runs on this folder.
pub fn shown(data_dir: &Path) -> Option<SecretString> {
    let text = fs::read_to_string(data_dir.join(FILE)).ok()?;
    Token::shown(text.trim()).map(|token| SecretString::from(token.reveal()))
}

fn write(path: &Path, token: &str) -> std::io::Result<()> {
    // A new file: the mode of an old one would stay.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn only_its_owner_reads_it() {
        let folder = tempfile::TempDir::new().expect("folder");
        fs::write(folder.path().join(FILE), "an old one, open to all").expect("file");
        let made = token(folder.path()).expect("token");
        let mode = fs::metadata(folder.path().join(FILE)).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let seen = shown(folder.path()).expect("token");
        assert_eq!(seen.expose_secret(), made.expose_secret());
        assert!(token(&folder.path().join("nowhere")).is_none());
    }
}

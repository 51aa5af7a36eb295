//! Secrets that must be had back (the seeds of second factors): sealed before they are stored.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use frontdesk_domain::refusal::{Code, Refusal};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The key's file in the data folder, where the operator gives none.
pub const KEY_FILE: &str = "secret.key";
/// The shortest key that an operator may give, in characters.
pub const KEY_MIN_CHARS: usize = 32;

const KEY_BYTES: usize = 32;

/// Where the next key lies while a rotation is under way.
const NEXT_FILE: &str = "secret.key.next";

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    /// The first seals; all open.
    keys: Arc<Vec<LessSafeKey>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault under the first of these keys, which also opens what was sealed under the others. They are
    /// digested first, so any text of enough randomness will do.
    ///
    /// # Errors
    /// `internal`, if the cipher takes no such key.
    pub fn new(keys: &[SecretString]) -> Result<Self, Refusal> {
        let key = |text: &SecretString| {
            let bytes = Sha256::digest(text.expose_secret().as_bytes());
            UnboundKey::new(&AES_256_GCM, &bytes).map(LessSafeKey::new).map_err(|_| internal())
        };
        Ok(Self { keys: Arc::new(keys.iter().map(key).collect::<Result<_, _>>()?) })
    }

    /// Seals a secret. `whose` is bound to it: it opens for the same owner only.
    ///
    /// # Errors
    /// `internal`, without randomness.
    pub fn seal(&self, secret: &[u8], whose: &[u8]) -> Result<Vec<u8>, Refusal> {
        // A fresh nonce for each: the few secrets of a hotel are far from where random ones meet.
        let mut sealed = vec![0; NONCE_LEN];
        getrandom::fill(&mut sealed).map_err(|_| internal())?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed).map_err(|_| internal())?;
        let mut body = secret.to_vec();
        let key = self.keys.first().ok_or_else(internal)?;
        key.seal_in_place_append_tag(nonce, Aad::from(whose), &mut body).map_err(|_| internal())?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what was sealed under one of the keys for this owner; `None` for anything else.
    pub fn open(&self, sealed: &[u8], whose: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        self.keys.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut body = body.to_vec();
            let plain = key.open_in_place(nonce, Aad::from(whose), &mut body).ok()?;
            Some(plain.to_vec())
        })
    }
}

/// The keys in the data folder, one made if there is none. A second one is there while a rotation is under way,
/// or was cut short.
///
/// # Errors
/// When they cannot be read or made.
pub fn keys_in(data_dir: &Path) -> io::Result<Vec<SecretString>> {
    let path = data_dir.join(KEY_FILE);
    let key = match read_key(&path)? {
        Some(key) => key,
        None => {
            let key = new_key()?;
            fs::create_dir_all(data_dir)?;
            write_key(&path, &key)?;
            key
        }
    };
    Ok(std::iter::once(key).chain(read_key(&data_dir.join(NEXT_FILE))?).collect())
}

/// Begins a rotation: a new key beside the present one. One that a rotation cut short has left is taken up again.
///
/// # Errors
/// When it cannot be read or made.
pub fn next_key(data_dir: &Path) -> io::Result<SecretString> {
    let path = data_dir.join(NEXT_FILE);
    match read_key(&path)? {
        Some(key) => Ok(key),
        None => {
            let key = new_key()?;
            write_key(&path, &key)?;
            Ok(key)
        }
    }
}

/// Ends a rotation, once everything is sealed under the new key: it takes the old one's place.
///
/// # Errors
/// When it cannot be moved.
pub fn use_next_key(data_dir: &Path) -> io::Result<()> {
    fs::rename(data_dir.join(NEXT_FILE), data_dir.join(KEY_FILE))?;
    File::open(data_dir)?.sync_all()
}

fn read_key(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned().into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// 256 random bits.
fn new_key() -> io::Result<SecretString> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(STANDARD_NO_PAD.encode(bytes).into())
}

/// Writes a key that only its owner may read, synced; whole or not at all.
fn write_key(path: &Path, key: &SecretString) -> io::Result<()> {
    let fresh = path.with_extension("partial");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    writeln!(file, "{}", key.expose_secret())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn internal() -> Refusal {
    Refusal::new(Code::Internal, "internal")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn opens_for_its_owner_and_under_its_key_only() {
        let vault = Vault::new(&["one key".into()]).expect("vault");
        let sealed = vault.seal(b"seed", b"mia").expect("sealed");
        assert_ne!(sealed, vault.seal(b"seed", b"mia").expect("sealed"), "a nonce of its own");
        assert_eq!(vault.open(&sealed, b"mia").as_deref(), Some(&b"seed"[..]));
        assert_eq!(vault.open(&sealed, b"jon"), None);
        let other = Vault::new(&["another key".into()]).expect("vault");
        assert_eq!(other.open(&sealed, b"mia"), None);
        let both = Vault::new(&["another key".into(), "one key".into()]).expect("vault");
        assert_eq!(both.open(&sealed, b"mia").as_deref(), Some(&b"seed"[..]));
        let anew = both.seal(b"seed", b"mia").expect("sealed");
        assert!(other.open(&anew, b"mia").is_some() && vault.open(&anew, b"mia").is_none());
        let mut bent = sealed.clone();
        bent[NONCE_LEN] ^= 1;
        assert_eq!(vault.open(&bent, b"mia"), None);
        assert_eq!(vault.open(&sealed[..5], b"mia"), None);
    }

    #[test]
    fn a_key_is_made_once_rotated_and_nobody_elses() {
        let folder = tempfile::tempdir().expect("folder");
        let keys = |at: &Path| -> Vec<String> {
            keys_in(at).expect("keys").iter().map(|key| key.expose_secret().to_owned()).collect()
        };
        let first = keys(folder.path());
        assert!(first.len() == 1 && first[0].len() >= KEY_MIN_CHARS);
        assert_eq!(keys(folder.path()), first);
        let mode = fs::metadata(folder.path().join(KEY_FILE)).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let next = next_key(folder.path()).expect("next").expose_secret().to_owned();
        assert_eq!(next_key(folder.path()).expect("next").expose_secret(), next, "taken up again");
        assert_eq!(keys(folder.path()), [first[0].clone(), next.clone()]);
        use_next_key(folder.path()).expect("used");
        assert_eq!(keys(folder.path()), [next]);
    }
}

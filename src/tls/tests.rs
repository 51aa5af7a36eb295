//! Files that are certificates, and those that are none.

use std::fs;

use tempfile::TempDir;

use super::*;

fn files(folder: &TempDir) -> TlsFiles {
    TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") }
}

fn write(files: &TlsFiles, name: &str) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("certificate");
    fs::write(&files.certificate, made.cert.pem()).expect("file");
    fs::write(&files.key, made.signing_key.serialize_pem()).expect("file");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = TempDir::new().expect("folder");
    let files = files(&folder);
    let error = |files: &TlsFiles| Certificates::read(files.clone()).expect_err("wrong").to_string();
    assert!(error(&files).starts_with("FRONTDESK_TLS_CERT takes "));
    write(&files, "desk.example");
    assert!(Certificates::read(files.clone()).is_ok());
    fs::write(&files.key, "no key").expect("file");
    assert!(error(&files).starts_with("FRONTDESK_TLS_KEY takes "), "{}", error(&files));
    let other = TlsFiles { certificate: folder.path().join("other.pem"), key: files.key.clone() };
    write(&other, "other.example");
    assert!(error(&files).starts_with("FRONTDESK_TLS_KEY is not the key"), "{}", error(&files));
    fs::write(&files.certificate, "").expect("file");
    assert!(error(&files).starts_with("FRONTDESK_TLS_CERT takes "));
}

#[test]
fn a_wrong_change_changes_nothing() {
    let folder = TempDir::new().expect("folder");
    let files = files(&folder);
    write(&files, "desk.example");
    let certificates = Certificates::read(files.clone()).expect("good");
    fs::write(&files.certificate, "half").expect("file");
    assert!(!certificates.renew());
    write(&files, "desk.example");
    assert!(certificates.renew());
}

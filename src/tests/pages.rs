//! The pages, the widget and their files, as browsers ask for them. They must have been built before.

use reqwest::Response;

use crate::support::{Caller, Server};

async fn ask(caller: &Caller, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = caller.http.request(method.parse().unwrap(), caller.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The script that a page loads.
fn script(page: &str) -> String {
    let mut files = page.split(['"', '\'']).filter(|part| part.starts_with("/assets/"));
    files.find(|file| file.ends_with(".js")).expect("a page loads its script").to_owned()
}

#[tokio::test]
async fn in_three_forms_with_a_tag_each() {
    let server = Server::start(&[]).await;
    let caller = server.caller();
    let page = ask(&caller, "GET", "/", &[]).await.text().await.unwrap();
    let script = script(&page);
    for (path, media_type) in [
        ("/widget.js", "text/javascript; charset=utf-8"),
        (script.as_str(), "text/javascript; charset=utf-8"),
    ] {
        let mut tags = Vec::new();
        let mut lengths = Vec::new();
        for (accepted, encoding) in [
            ("br, gzip", "br"),
            ("gzip, deflate", "gzip"),
            ("identity", ""),
            ("br;q=0, gzip", "gzip"),
            ("zstd", ""),
        ] {
            let answer = ask(&caller, "GET", path, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.status(), 200, "{path}");
            assert_eq!(header(&answer, "content-encoding"), encoding, "{path} {accepted}");
            assert_eq!(header(&answer, "content-type"), media_type, "{path}");
            assert!(header(&answer, "vary").to_lowercase().contains("accept-encoding"), "{path}");
            let forever = path.starts_with("/assets/");
            assert_eq!(header(&answer, "cache-control").contains("immutable"), forever, "{path}");
            let tag = header(&answer, "etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
            let body = answer.bytes().await.unwrap();
            assert_eq!(body.starts_with(&[0x1f, 0x8b]), encoding == "gzip", "{path}");
            let held = [("accept-encoding", accepted), ("if-none-match", tag.as_str())];
            let again = ask(&caller, "GET", path, &held).await;
            assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()), "{path}");
            assert_eq!(again.bytes().await.unwrap().len(), 0);
            let other = [("accept-encoding", accepted), ("if-none-match", "\"other\"")];
            assert_eq!(ask(&caller, "GET", path, &other).await.status(), 200);
            let head = ask(&caller, "HEAD", path, &[("accept-encoding", accepted)]).await;
            assert_eq!((head.status().as_u16(), header(&head, "etag")), (200, tag.as_str()), "HEAD {path}");
            assert_eq!(header(&head, "content-encoding"), encoding);
            assert_eq!(header(&head, "content-length"), body.len().to_string(), "HEAD {path}");
            assert_eq!(head.bytes().await.unwrap().len(), 0);
            tags.push(tag);
            lengths.push(body.len());
        }
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{path}: {tags:?}");
        assert!(lengths[0] < lengths[2] && lengths[1] < lengths[2], "{path}: {lengths:?}");
    }
}

/// The values of an attribute in a page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!("{attribute}=\"");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn a_page_runs_its_own_scripts_by_a_nonce_that_no_other_answer_has() {
    let server = Server::start(&[]).await;
    let caller = server.caller();
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/?embed=1", "/dashboard", "/dashboard/join"] {
        for _ in 0..3 {
            let answer = ask(&caller, "GET", path, &[("accept-encoding", "br, gzip")]).await;
            assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8", "{path}");
            // Kept by nobody who could show it beside another answer's policy.
            assert_eq!(
                (header(&answer, "cache-control"), header(&answer, "etag")),
                ("private, no-cache", "")
            );
            let policy = header(&answer, "content-security-policy").to_owned();
            let page = answer.text().await.unwrap();
            let nonces = values(&page, "nonce");
            assert_eq!(nonces.len(), page.matches("<script").count(), "{path}: {page}");
            let nonce = nonces[0];
            assert!(nonce.len() >= 22 && nonces.iter().all(|one| *one == nonce), "{path}: {nonces:?}");
            assert!(policy.contains(&format!("script-src 'nonce-{nonce}' 'strict-dynamic';")), "{policy}");
            assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
            assert!(seen.insert(nonce.to_owned()), "{path}: {nonce} came before");
        }
        let head = ask(&caller, "HEAD", path, &[]).await;
        assert_eq!((head.status().as_u16(), head.bytes().await.unwrap().len()), (200, 0), "HEAD {path}");
    }
}

#[tokio::test]
async fn every_file_that_a_page_names_is_there() {
    let server = Server::start(&[]).await;
    let caller = server.caller();
    for path in ["/", "/dashboard"] {
        let page = ask(&caller, "GET", path, &[]).await.text().await.unwrap();
        assert!(page.to_lowercase().starts_with("<!doctype html>"));
        let names: Vec<&str> = page.split(['"', '\'']).filter(|part| part.starts_with("/assets/")).collect();
        assert!(!names.is_empty(), "{page}");
        for name in names {
            assert_eq!(ask(&caller, "GET", name, &[]).await.status(), 200, "{name}");
        }
        // What the policy forbids cannot be in the page.
        assert!(!page.contains("<script>") && !page.contains(" onclick="), "{page}");
    }
}

#[tokio::test]
async fn only_the_embedded_page_may_be_framed() {
    let server = Server::start(&[("FRONTDESK_ALLOWED_ORIGINS", "https://hotel.example")]).await;
    let caller = server.caller();
    for (path, ancestors) in [
        ("/", "frame-ancestors 'none'"),
        ("/?embed=1", "frame-ancestors 'self' https://hotel.example"),
        ("/dashboard", "frame-ancestors 'none'"),
        ("/dashboard?embed=1", "frame-ancestors 'none'"),
    ] {
        let answer = ask(&caller, "GET", path, &[]).await;
        let policy = header(&answer, "content-security-policy");
        assert!(policy.contains(ancestors), "{path}: {policy}");
        assert!(policy.contains("script-src 'nonce-") && policy.contains("connect-src 'self'"), "{policy}");
    }
    let widget = ask(&caller, "GET", "/widget.js", &[("origin", "https://hotel.example")]).await;
    assert_eq!(header(&widget, "cross-origin-resource-policy"), "cross-origin");
    let page = ask(&caller, "GET", "/", &[]).await;
    assert_eq!(header(&page, "cross-origin-resource-policy"), "same-origin");
}

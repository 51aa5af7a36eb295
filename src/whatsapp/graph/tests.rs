//! The client against a stand-in that misbehaves.

use std::net::{Ipv4Addr, SocketAddr};

use frontdesk_actors::ports::whatsapp::{Letter, Recipient, SendFault, WhatsAppApi};
use frontdesk_actors::ports::{FileError, MediaSource};
use frontdesk_bench::fake_graph::{FakeGraph, Fault, Settings};
use frontdesk_domain::outgoing::Payload;
use secrecy::SecretString;

use super::{GraphClient, GraphError, GraphSettings};

async fn graph() -> FakeGraph {
    let _ = rustls::crypto::ring::default_provider().install_default();
    FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Settings::default()).await.expect("a port")
}

fn client(base: &str, token: &str) -> GraphClient {
    let settings = GraphSettings {
        base: Some(base.to_owned()),
        token: SecretString::from(token),
        number: Settings::default().number,
        files: None,
    };
    GraphClient::new(settings).expect("good settings")
}

fn letter(text: &str) -> Letter {
    Letter {
        to: Recipient::Phone("491512345".into()),
        payload: Payload::Text { text: text.into() },
        quote: None,
        tracker: "t".into(),
    }
}

#[tokio::test]
async fn what_is_known_and_what_is_not() {
    let graph = graph().await;
    let client = client(&graph.url(), "fake-token");
    for (fault, wanted) in [
        (Fault::Refuse(131_047), SendFault::Refused(131_047)),
        (Fault::Refuse(131_000), SendFault::Refused(131_000)),
        (Fault::CutBefore, SendFault::Unclear),
        (Fault::CutAfter, SendFault::Unclear),
        (Fault::Gateway, SendFault::Unclear),
        (Fault::GatewayAfter, SendFault::Unclear),
    ] {
        graph.script([fault]);
        assert_eq!(client.send(letter("x")).await, Err(wanted), "{fault:?}");
    }
    let wamid = client.send(letter("hello")).await.expect("taken");
    assert_eq!(graph.accepted().last().map(|last| last.wamid.clone()), Some(wamid));
    client.mark_read("wamid.IN", true).await.expect("marked");
    assert_eq!(graph.marks(), [("wamid.IN".to_owned(), true)]);
}

#[tokio::test]
async fn a_dead_token_and_nobody_there() {
    let graph = graph().await;
    let (dead, url) = (client(&graph.url(), "old-token"), graph.url());
    assert_eq!(dead.send(letter("x")).await, Err(SendFault::Refused(190)));
    assert!(matches!(dead.number().await, Err(GraphError::Refused { code: 190, .. })));
    drop(graph);
    let gone = client(&url, "fake-token");
    assert_eq!(gone.send(letter("x")).await, Err(SendFault::Unreachable));
}

#[tokio::test]
async fn the_account() {
    let graph = graph().await;
    let client = client(&graph.url(), "fake-token");
    assert_eq!(client.number().await.map(|number| number.status), Ok("CONNECTED".to_owned()));
    assert_eq!(client.subscribed_apps().await.map(|apps| apps.len()), Ok(1));
    let templates = client.templates().await.expect("templates").items;
    assert_eq!(templates.len(), 3);
    assert_eq!(templates.iter().find(|each| each.language == "de").map(|each| each.blanks.len()), Some(2));
    assert_eq!(client.try_send().await, Ok(()));
    assert!(graph.accepted().is_empty(), "nobody got anything");
    assert!(matches!(client.open("no-such-file").await, Err(FileError::Gone)));
}

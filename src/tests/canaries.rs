//! What the model is told: this conversation, what the guest sees of it, and the hotel's knowledge. Everything else
//! holds a word that no prompt may hold.

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::support::server::ADMIN;
use crate::support::{Ai, Client};

/// Guests; each asks twenty times, for more go to the embedded answerer.
const GUESTS: usize = 15;
const QUESTIONS: usize = 20;
/// In everything that is none of the model's business.
const CANARY: &str = "yellowbird";

/// Hotels that are tried side by side.
const AT_ONCE: usize = 3;

/// One hotel by `make test`; `make canaries` has a hundred thousand prompts.
#[tokio::test(flavor = "multi_thread")]
async fn no_prompt_holds_a_word_of_anything_else() {
    let wanted = std::env::var("FRONTDESK_CANARIES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let hotels = usize::div_ceil(wanted, GUESTS * QUESTIONS);
    let seen = stream::iter(0..hotels).map(|_| tokio::spawn(hotel())).buffer_unordered(AT_ONCE);
    let prompts: usize = seen.map(|seen| seen.expect("see above")).fold(0, async |sum, n| sum + n).await;
    println!("{prompts} prompts of {hotels} hotels, no canary in any of them");
}

/// A hotel with its guests, who all ask. How many prompts there were.
async fn hotel() -> usize {
    let settings = [("OPENAI_API_KEY", "sk-yellowbird-0123456789"), ("OPENAI_MAX_TPM", "100000000")];
    let ai = Ai::start("delta=0,text=Gladly.", &settings).await;
    ai.model.journal().keep_bodies();
    let mut desk = ai.server.dashboard().await.1;
    let guests = join_all((0..GUESTS).map(|nth| guest(&ai, nth))).await;
    for (nth, (conversation, _)) in guests.iter().enumerate() {
        let note = json!({"type":"send","id":format!("n{nth}"),"conversation":conversation,
            "text":format!("{CANARY} note: asks too much"),"note":true});
        desk.done(note).await;
        let tag = json!({"type":"act","id":format!("t{nth}"),"conversation":conversation,"action":"tag",
            "add":[CANARY],"remove":[]});
        desk.done(tag).await;
    }
    join_all(guests.into_iter().enumerate().map(|(nth, (_, page))| talk(page, nth))).await;
    let entries = ai.model.journal().entries();
    assert!(entries.len() >= GUESTS * QUESTIONS, "each question was asked: {}", entries.len());
    let mut of_each = [0; GUESTS];
    for entry in &entries {
        let body = entry.body.as_deref().unwrap();
        let words: Vec<usize> = (0..GUESTS).filter(|nth| body.contains(&own_word(*nth))).collect();
        assert_eq!(words.len(), 1, "the words of one guest and nobody else's: {body}");
        of_each[words[0]] += 1;
        for secret in [CANARY, ADMIN.0, ADMIN.1] {
            assert!(!body.contains(secret), "{secret}: {body}");
        }
    }
    assert!(of_each.iter().all(|asked| *asked >= QUESTIONS), "{of_each:?}");
    entries.len()
}

/// A word that this guest says and nobody else.
fn own_word(nth: usize) -> String {
    format!("kiwi{}bird", char::from(b'a' + u8::try_from(nth).unwrap()))
}

async fn guest(ai: &Ai, nth: usize) -> (String, Client) {
    let mut guest = ai.server.caller();
    let about = json!({"name": format!("{CANARY} {nth}"), "email": format!("{CANARY}{nth}@mail.test"), "room": CANARY});
    guest.new_session(about).await;
    let page = ai.server.page(&guest, None).await.0;
    (guest.conversation, page)
}

async fn talk(mut page: Client, nth: usize) {
    for question in 0..QUESTIONS {
        page.say(&format!("q{question}"), &format!("My dog {} is hungry. Is there a bowl?", own_word(nth)))
            .await;
        page.expect("draft_end").await;
    }
}

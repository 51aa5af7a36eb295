//! Something that a model is to write for an agent, in one go: no tools, no sources of its own.

use frontdesk_actors::ports::ModelError;
use frontdesk_domain::ids::TurnId;
use futures_util::stream::BoxStream;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The lease that lets the call go; for correlation and for the books.
    pub turn: TurnId,
    /// What is to be done.
    pub rules: String,
    /// What it is to be done with; words of others are fenced.
    pub matter: String,
}

/// Who writes.
pub trait Writer: Send + Sync + 'static {
    /// Starts writing. The stream ends after the last word; one that breaks off says so by an error. Dropping it
    /// closes the connection.
    fn write(&self, errand: Errand) -> BoxStream<'static, Result<String, ModelError>>;
}

/// What fences others' words in a prompt: eight random bytes. Without randomness the fence is weak, and what comes
/// of it is still only a draft.
pub fn fence() -> String {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_le_bytes(bytes))
}

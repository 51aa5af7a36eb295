//! The WhatsApp channel's wire: what Meta's Cloud API sends us, and what we ask of it.

pub mod check;
mod digest;
pub mod graph;
mod numbers;
pub mod payload;
pub mod signature;

use frontdesk_domain::ids::PropertyId;
use secrecy::SecretString;

use crate::config::WhatsApp;
pub use numbers::Numbers;
use signature::Secrets;

/// What the webhook works with.
#[derive(Debug)]
pub struct Webhook {
    /// Who may send to it.
    pub secrets: Secrets,
    /// What Meta says when it tries whether the address is ours.
    pub verify_token: SecretString,
    /// Our numbers.
    pub numbers: Numbers,
}

impl Webhook {
    /// The webhook of the settings' one number, which is the property's.
    pub fn new(config: &WhatsApp, property: PropertyId) -> Self {
        Self {
            secrets: Secrets::new(&config.app_secrets),
            verify_token: config.verify_token.clone(),
            numbers: Numbers::of([(config.phone_number_id.clone(), property)]),
        }
    }
}

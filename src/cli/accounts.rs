//! `frontdesk reset-login` and `frontdesk rotate-key`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use secrecy::ExposeSecret;

use super::offline;
use crate::app;
use crate::audit::{Action, Actor, Audit};
use crate::auth::{self, Hasher, Vault, vault};
use crate::http::now;
use crate::store::{Account, Opened};

/// Makes up a password for an account and prints it; all its logins end.
pub(super) fn reset_login(email: &str, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |_, of| {
        let opened = Opened::open(of).await?;
        let store = opened.database();
        let Some(account) = store.account_by_email(email).await? else {
            bail!("no account has the address {email}");
        };
        let password = auth::made_up_password()?;
        let password_hash = Hasher::default().hash(password.clone()).await?;
        let (id, account_property) = (account.id, account.property);
        let (disabled, must_change) = (false, true);
        let account = Account { password_hash, disabled, must_change, updated_at: now(), ..account };
        store.put_account(account).await?;
        store.remove_second_factor(id).await?;
        store.end_sessions(id, None).await?;
        let actor = Actor::operator().within(account_property);
        Audit::new(store.clone()).record(&actor, Action::LoginReset, format!("agent:{id}")).await;
        opened.close().await;
        Ok::<_, anyhow::Error>(format!("New login  {email}  {}", password.expose_secret()))
    })
}

/// Seals everything anew. Whenever this is cut short, the server still opens all, and this may run again.
pub(super) fn rotate_key(file: Option<&Path>) -> ExitCode {
    offline::run(file, async |config, of| {
        let data_dir = &config.storage.data_dir;
        let opened = Opened::open(of).await?;
        let store = opened.database();
        let own = config.server.secret_key.clone();
        let key = match &own {
            Some(key) => key.clone(),
            None => vault::next_key(data_dir).context("a new key in FRONTDESK_DATA_DIR")?,
        };
        let sealer = Vault::new(&[key])?;
        // Opens under the next key as well: an earlier run may have come as far as the database.
        let opener = app::vault(config)?;
        let mut sealed = Vec::new();
        for (agent, seed) in store.sealed_seeds().await? {
            let Some(plain) = opener.open(&seed, agent.0.as_bytes()) else {
                bail!("the second factor of {agent} opens under no key at hand; reset-login turns it off");
            };
            sealed.push((agent, sealer.seal(&plain, agent.0.as_bytes())?));
        }
        let mut webhooks = store.sealed_webhook_secrets().await?;
        let mut count = sealed.len();
        for webhook in &mut webhooks {
            let old = webhook.old_secret.as_mut().map(|(old, _)| old);
            for secret in std::iter::once(&mut webhook.secret).chain(old) {
                let Some(plain) = opener.open(secret, webhook.id.as_bytes()) else {
                    bail!(
                        "the secret of webhook {} opens under no key at hand; give it a new one",
                        webhook.id
                    );
                };
                *secret = sealer.seal(&plain, webhook.id.as_bytes())?;
                count += 1;
            }
        }
        let mut sources = store.reservation_sources().await?;
        for source in &mut sources {
            let Some(plain) = opener.open(&source.secret, source.id.as_bytes()) else {
                bail!("the secret of the reservations opens under no key at hand; make a new one");
            };
            source.secret = sealer.seal(&plain, source.id.as_bytes())?;
            count += 1;
        }
        let mut keys = store.identity_keys().await?;
        for key in &mut keys {
            let old = key.old.as_mut().map(|(old, _)| old);
            for one in std::iter::once(&mut key.key).chain(old) {
                let Some(plain) = opener.open(&one.secret, one.id.as_bytes()) else {
                    bail!("the secret that signs who guests are opens under no key at hand; make a new one");
                };
                one.secret = sealer.seal(&plain, one.id.as_bytes())?;
                count += 1;
            }
        }
        store.put_sealed_seeds(sealed).await?;
        store.put_sealed_webhook_secrets(webhooks).await?;
        for source in sources {
            store.put_reservation_source(source).await?;
        }
        for key in keys {
            store.put_identity_key(key).await?;
        }
        Audit::new(store.clone()).record(&Actor::operator(), Action::KeyRotated, "").await;
        opened.close().await;
        if own.is_none() {
            vault::use_next_key(data_dir).context("secret.key in FRONTDESK_DATA_DIR")?;
        }
        Ok::<_, anyhow::Error>(format!("{count} secrets are sealed under the new key"))
    })
}

//! Several nodes over one database: what a node knows of the others, and what only one of them does.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use frontdesk_actors::ports::{Lead, Neighbours};
use frontdesk_domain::letter::NodeId;

use crate::bus::Nats;
use crate::config::Config;
use crate::http::AppState;
use crate::store::Opened;

use super::StartError;

/// How often the node that does what only one does looks for what the others have left it to do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The others, if there may be any; the way to them; and whether it falls to us to do what only one does.
pub(super) async fn neighbours(
    config: &Config,
    store: &Opened,
    me: NodeId,
) -> Result<(Option<Neighbours>, Option<Arc<Nats>>, Lead), StartError> {
    let (Some(url), Opened::Postgres(store)) = (&config.storage.nats_url, store) else {
        return Ok((None, None, Lead::alone()));
    };
    if config.server.secret_key.is_none() {
        tracing::warn!(
            "FRONTDESK_SECRET_KEY is not set: each node seals secrets under a key of its own, which the others lack"
        );
    }
    let log = crate::store::Accounts::epoch(&**store).await.context("the database has no name")?;
    let nats = Arc::new(Nats::connect(url, log, me).await?);
    let (leads, lead) = watch::channel(false);
    let leading = Arc::clone(store);
    tokio::spawn(async move { leading.lead(leads).await });
    let neighbours = Neighbours { me, owners: Arc::clone(store) as _, bus: Arc::clone(&nats) as _ };
    Ok((Some(neighbours), Some(nats), Lead::following(lead)))
}

/// Runs what only one node does, as long as it falls to us. It is cut off where it is when it no longer does: all of
/// it can be taken up again.
pub(super) fn as_the_one<F, T>(mut lead: Lead, begin: F) -> JoinHandle<()>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            lead.until(true).await;
            tokio::select! {
                () = begin() => {}
                () = lead.until(false) => {}
            }
        }
    })
}

/// Wakes what only one node does, again and again: it does not hear what is written at the others.
pub(super) async fn look_again(state: AppState) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        state.webhooks.now();
        state.erasures.now();
        state.reservations.notify_one();
    }
}

//! What WhatsApp reports: first to the table, then to the conversation, whose rules say if it is news.

use std::sync::Arc;

use ractor::rpc::CallResult;
use ractor::{ActorRef, RpcReplyPort};

use frontdesk_domain::conversation::Command;
use frontdesk_domain::event::DeliveryState;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::refusal::Refusal;

use crate::directory::Directory;
use crate::messages::{ConversationMsg, DeliveryReport, Reply, WhatsAppOutboxMsg};
use crate::ports::StoreError;
use crate::ports::whatsapp::{Deliveries, News};

use super::{STORE_AGAIN, WhatsAppOutbox};

/// How long a conversation may take to write down what it is told.
const TOLD_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

impl WhatsAppOutbox {
    /// Answered once it is on disk.
    pub(super) fn on_status(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        report: DeliveryReport,
        reply: RpcReplyPort<Result<(), Refusal>>,
    ) {
        let (myself, deliveries) = (myself.clone(), Arc::clone(&self.plan.deliveries));
        let state = report.state;
        tokio::spawn(async move {
            let stored = deliveries.report(report).await;
            let answer = match &stored {
                Ok(_) => Ok(()),
                Err(StoreError::Overloaded) => Err(Refusal::overloaded()),
                Err(_) => Err(Refusal::unavailable()),
            };
            let _ = reply.send(answer);
            if let Ok(Some(of)) = stored {
                metrics::counter!("frontdesk_whatsapp_deliveries_total", "state" => name(state)).increment(1);
                // It may have settled the try that this conversation waits for.
                let _ = myself.cast(WhatsAppOutboxMsg::Settled(of));
                let _ = myself.cast(WhatsAppOutboxMsg::TellNews(Some(of)));
            }
        });
    }

    /// Tells conversations what staff do not know yet. What fails is told again after the next look.
    pub(super) fn on_tell_news(&self, myself: &ActorRef<WhatsAppOutboxMsg>, of: Option<ConversationId>) {
        let (deliveries, directory) = (Arc::clone(&self.plan.deliveries), self.directory.clone());
        let myself = myself.clone();
        tokio::spawn(async move {
            let news = match deliveries.news(of).await {
                Ok(news) => news,
                Err(error) => {
                    tracing::warn!(%error, "what is new of messages could not be read");
                    let _ = myself.send_after(STORE_AGAIN, move || WhatsAppOutboxMsg::TellNews(of)).await;
                    return;
                }
            };
            for each in news {
                if !tell(&directory, deliveries.as_ref(), each).await {
                    let _ = myself.send_after(STORE_AGAIN, move || WhatsAppOutboxMsg::TellNews(of)).await;
                    return;
                }
            }
        });
    }
}

fn name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Sent => "sent",
        DeliveryState::Failed => "failed",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Read => "read",
    }
}

/// True if it is told, or nobody is there to be told.
async fn tell(directory: &Directory, deliveries: &dyn Deliveries, news: News) -> bool {
    let Ok(conversation) = directory.find_or_open(news.conversation) else { return false };
    let command = Command::Delivered { of: news.of, state: news.state, error: news.error.clone() };
    let ask = |port: RpcReplyPort<_>| ConversationMsg::Perform {
        who: None,
        command: Box::new(command),
        reply: Reply::to_caller(port),
    };
    match conversation.call(ask, Some(TOLD_WITHIN)).await {
        Ok(CallResult::Success(Ok(_))) => deliveries.told(news).await.is_ok(),
        _ => false,
    }
}

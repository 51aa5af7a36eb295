//! What the tree of actors is built on, and how it is put together.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ractor::concurrency::JoinHandle;
use ractor::{Actor, SpawnErr};
use uuid::Uuid;

use crate::admission::Admission;
use crate::ai_pool::{AiPool, Limits};
use crate::books::Books;
use crate::cluster::Cluster;
use crate::directory::Directory;
use crate::ports::{Ladder, Lead, Model, Neighbours, Store};
use crate::post::{KnowledgeChanged, Post};
use crate::quotas::Quotas;
use crate::root::{Addresses, Plan, Root};
use crate::whatsapp_media::MediaPlan;
use crate::whatsapp_outbox::OutboxPlan;
use crate::{conversation, socket, somewhere};

use super::{Hub, Shared};

/// What the tree is built on.
pub struct Foundation {
    /// The log.
    pub store: Arc<dyn Store>,
    /// The language model, if there is one.
    pub model: Option<Arc<dyn Model>>,
    /// Answers without a model.
    pub embedded: Arc<dyn Model>,
    /// The pool's limits.
    pub ai_limits: Limits,
    /// Where the model's adapter says what its calls came to.
    pub books: Arc<Books>,
    /// To whom alarms go that nobody acknowledges.
    pub ladder: Ladder,
    /// How fast clients may be.
    pub quotas: Arc<Quotas>,
    /// Where guests' files come from and go, if there is a channel that brings any.
    pub media: Option<MediaPlan>,
    /// How messages go out over WhatsApp, if they do.
    pub outbox: Option<OutboxPlan>,
    /// Names the log.
    pub epoch: Uuid,
    /// Names this process.
    pub node: String,
    /// Other processes over the same database, if there are any.
    pub neighbours: Option<Neighbours>,
    /// What only one process does.
    pub lead: Lead,
    /// Told that another process changed a hotel's knowledge.
    pub knowledge: KnowledgeChanged,
}

impl Hub {
    /// Starts the tree.
    ///
    /// # Errors
    /// If an actor does not start.
    pub async fn start(on: Foundation) -> Result<(Self, JoinHandle<()>), SpawnErr> {
        let at = Addresses::default();
        let directory = Directory::default();
        let admission = Admission::default();
        let cluster = on.neighbours.map(|neighbours| Arc::new(Cluster::new(neighbours)));
        let conversations = Arc::new(conversation::Surroundings {
            store: Arc::clone(&on.store),
            directory: directory.clone(),
            pool: at.ai_pool.clone(),
            inbox: at.inbox.clone(),
            ladder: on.ladder,
            outbox: at.whatsapp_outbox.clone(),
            poison: Arc::default(),
            cluster: cluster.clone(),
        });
        let (around, supervisor) = (Arc::clone(&conversations), at.conversations.clone());
        let among = cluster.clone();
        directory.open_with(Box::new(move |id| match &among {
            None => conversation::open(id, Arc::clone(&around), supervisor.cell()?),
            Some(cluster) => {
                somewhere::open(id, Arc::clone(&around), Arc::clone(cluster), supervisor.cell()?)
            }
        }));
        let post = Post {
            at: at.clone(),
            directory: directory.clone(),
            lead: on.lead.clone(),
            knowledge: on.knowledge,
        };
        let sockets = Arc::new(socket::Surroundings {
            store: Arc::clone(&on.store),
            directory: directory.clone(),
            web_ingress: at.web_ingress.clone(),
            inbox: at.inbox.clone(),
            quotas: Arc::clone(&on.quotas),
            admission: admission.clone(),
            epoch: on.epoch,
            node: on.node,
        });
        on.books.connect(at.ai_pool.clone());
        let (model, embedded, limits) = (on.model, on.embedded, on.ai_limits);
        let store = Arc::clone(&on.store);
        let ai_pool = Box::new(move || AiPool {
            model: model.clone(),
            embedded: Arc::clone(&embedded),
            store: Arc::clone(&store),
            limits: limits.clone(),
        });
        let plan = Plan {
            addresses: at.clone(),
            conversations,
            sockets,
            ai_pool,
            media: on.media,
            outbox: on.outbox,
            lead: on.lead,
        };
        let (root, done) = Actor::spawn(None, Root { plan }, ()).await?;
        let shared = Shared {
            at,
            directory,
            store: on.store,
            quotas: on.quotas,
            admission,
            draining: AtomicBool::new(false),
            root,
            cluster,
            post,
        };
        Ok((Self { shared: Arc::new(shared) }, done))
    }
}

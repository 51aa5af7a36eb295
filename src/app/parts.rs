//! The server's parts, put together.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Semaphore;
use uuid::Uuid;

use frontdesk_actors::ai_pool::Limits;
use frontdesk_actors::books::Books;
use frontdesk_actors::hub::{Foundation, Hub};
use frontdesk_actors::ports::{Files, Ladder, Model, Pager, Store};
use frontdesk_actors::quotas::Quotas;
use frontdesk_actors::whatsapp_media::MediaPlan;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::letter::NodeId;

use crate::ai::bill::Billing;
use crate::ai::embedded::Embedded;
use crate::ai::errand::Writer;
use crate::ai::knowledge::KnowledgeBases;
use crate::ai::openai::{self, OpenAi, OpenAiSettings};
use crate::ai::recorder::{self, Recorder};
use crate::ai::retriever;
use crate::attachments::Folder;
use crate::audit::Audit;
use crate::auth::{self, Attempts, Hasher, Printed, Vault, vault};
use crate::config::{Ai, Alarms, Config};
use crate::egress::{Egress, Lookup, SystemLookup};
use crate::help::Help;
use crate::http::state::{AppState, CODES_AT_ONCE, Started, UPLOADS_AT_ONCE, now};
use crate::oidc::Oidc;
use crate::pager::AlarmPost;
use crate::privacy::Nudge;
use crate::rehearse::Rehearsals;
use crate::store::{Database, Opened};
use crate::telemetry;
use crate::webhooks::Wake;
use crate::whatsapp::Webhook;

use super::{StartError, demo, nodes, operator, whatsapp};

/// The slug of the property that the first start makes.
const DEFAULT_PROPERTY: &str = "default";

/// What runs, and what must be closed at the end.
pub struct Parts {
    /// What the HTTP side works with.
    pub state: AppState,
    /// The database, to be closed last.
    pub store: Opened,
}

impl Parts {
    /// Puts the server together; tells the first admin's login if one was made up.
    pub async fn assemble(config: Arc<Config>) -> Result<(Self, Option<Printed>), StartError> {
        // One crypto provider for every TLS client of the process. A second call finds it in place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let metrics = telemetry::start_metrics()?;
        let node = NodeId(Uuid::now_v7());
        let shares = config.storage.nats_url.is_some();
        let store = Opened::open_as(&config.storage.database, shares.then_some(node)).await?;
        let db = store.database();
        let (neighbours, nats, lead) = nodes::neighbours(&config, &store, node).await?;
        let hasher = Hasher::default();
        let property = first_property(&*db, &config).await?;

        let words = config.storage.data_dir.join(retriever::LEXICON_FILE);
        let lexicon = retriever::lexicon(&words).map_err(|error| anyhow::anyhow!(error))?;
        let speech = retriever::Speech { lexicon, emergency_number: config.ai.emergency_number.clone() };
        let build = retriever::build(speech);
        let knowledge = KnowledgeBases::new(Arc::clone(&db) as _, Arc::clone(&build));
        let quotas = Arc::new(Quotas::new(config.server.rate_limits));
        let books = Arc::new(Books::default());
        let files = Folder::new(&config.storage.data_dir);
        let kept: Arc<dyn Files> = Arc::new(files.clone());
        let graph = match &config.whatsapp {
            Some(settings) => Some(whatsapp::client(settings, Some(Arc::clone(&kept)))?),
            None => None,
        };
        let channel = config.whatsapp.as_ref().zip(graph.as_ref());
        let (recorder, records) = Recorder::new();
        tokio::spawn(recorder::store(Arc::clone(&db), records));
        let model = language_model(&config.ai, &knowledge, &books, &recorder)?;
        let (hub, _) = Hub::start(Foundation {
            store: Arc::clone(&db) as Arc<dyn Store>,
            model: model.clone().map(|model| model as Arc<dyn Model>),
            embedded: Arc::new(Embedded::new(Arc::clone(&knowledge)).with_recorder(recorder)),
            ai_limits: pool_limits(&config.ai),
            books: Arc::clone(&books),
            ladder: ladder(&config.alarms),
            quotas: Arc::clone(&quotas),
            media: graph.clone().map(|graph| MediaPlan { source: Arc::new(graph), files: kept }),
            outbox: channel.map(|(settings, graph)| whatsapp::outbox(settings, graph, store.deliveries())),
            epoch: db.epoch().await?,
            node: node.to_string(),
            neighbours,
            lead: lead.clone(),
            knowledge: {
                let knowledge = Arc::clone(&knowledge);
                Arc::new(move |property| knowledge.changed(property))
            },
        })
        .await
        .context("the actors did not start")?;
        if let Some(nats) = nats {
            nats.listen(hub.post());
        }

        let webhook = config.whatsapp.as_ref().map(|settings| Arc::new(Webhook::new(settings, property)));
        let asked = model.clone().map(|model| model as Arc<dyn Model>);
        let writer = model.map(|model| model as Arc<dyn Writer>);
        let help = Help::new(hub.clone(), Arc::clone(&db) as _, Arc::clone(&knowledge), writer);
        let rehearsed = asked.is_some().then(|| model_settings(&config.ai));
        let rehearsals = Rehearsals::new(hub.clone(), Arc::clone(&knowledge), build, rehearsed, books);
        let attempts = Attempts::new(config.server.rate_limits);
        let vault = vault(&config)?;
        let egress = {
            let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
            Egress::new(&config.integrations.webhook_networks, &lookup)?
        };
        let oidc = config.oidc.clone().map(|settings| Arc::new(Oidc::new(settings, egress.clone())));
        let data_dir = config.storage.data_dir.clone();
        let others = hub.clone();
        let state = AppState {
            hub,
            help,
            rehearsals,
            attempts,
            vault,
            audit: Audit::new(Arc::clone(&db) as _),
            db,
            config,
            quotas,
            hasher,
            whatsapp: webhook,
            graph,
            files,
            egress,
            oidc,
            webhooks: Wake::default(),
            erasures: Nudge::default(),
            reservations: Arc::default(),
            codes: Arc::new(Semaphore::new(CODES_AT_ONCE)),
            uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
            knowledge_changed: Arc::new(move |property| {
                knowledge.changed(property);
                others.knowledge_changed(property);
            }),
            lead,
            sockets: crate::http::sockets::Sockets::default(),
            metrics: Some(metrics),
            started: Started::default(),
            model: asked,
            operator: operator::token(&data_dir),
            checking: Arc::new(Semaphore::new(1)),
        };
        // Last: a password that is made up is shown only by a start that succeeds, and only once.
        let named = state.config.first_admin.as_ref();
        let printed = auth::first_admin(state.db.as_ref(), &state.hasher, named, property, now()).await?;
        Ok((Self { state, store }, printed))
    }
}

/// What seals stored secrets: under the operator's key, or one in the data folder.
pub fn vault(config: &Config) -> Result<Vault, StartError> {
    let keys = match &config.server.secret_key {
        Some(key) => std::iter::once(key.clone()).chain(config.server.secret_key_old.clone()).collect(),
        None => vault::keys_in(&config.storage.data_dir)
            .context("the file secret.key in FRONTDESK_DATA_DIR cannot be read or made")?,
    };
    Ok(Vault::new(&keys)?)
}

/// The property that the first start makes, with the demo hotel's knowledge if that is wanted.
async fn first_property(db: &dyn Database, config: &Config) -> Result<PropertyId, StartError> {
    let (property, is_new) = db.property(DEFAULT_PROPERTY, demo::NAME).await?;
    if is_new && config.demo {
        db.add_entries(demo::entries(property, now())?, None).await?;
    }
    Ok(property)
}

/// The language model, if the operator names a key or a server.
fn language_model(
    config: &Ai,
    knowledge: &Arc<KnowledgeBases>,
    books: &Arc<Books>,
    recorder: &Recorder,
) -> Result<Option<Arc<OpenAi>>, StartError> {
    if config.key.is_none() && config.base_url.is_none() {
        tracing::info!("no language model is set up; the knowledge base answers by itself");
        return Ok(None);
    }
    let model = OpenAi::new(model_settings(config), Arc::clone(knowledge))
        .context("OPENAI_BASE_URL or OPENAI_API_KEY")?;
    let billing = Arc::new(Billing(Arc::clone(books)));
    Ok(Some(Arc::new(model.with_watcher(billing).with_recorder(recorder.clone()))))
}

/// The model's server, key and name, as the operator has set them.
pub fn model_settings(config: &Ai) -> OpenAiSettings {
    OpenAiSettings {
        base_url: config.base_url.clone().unwrap_or_else(|| openai::BASE_URL.to_owned()),
        api_key: config.key.clone(),
        model: config.model.clone().unwrap_or_else(|| openai::MODEL.to_owned()),
        ..OpenAiSettings::default()
    }
}

fn pool_limits(config: &Ai) -> Limits {
    Limits {
        concurrency: config.max_concurrency as usize,
        requests_a_minute: config.max_rpm,
        tokens_a_minute: config.max_tpm,
        answer_tokens: u64::from(OpenAiSettings::default().max_tokens),
        budget: config.budget,
        price: config.price,
        ..Limits::default()
    }
}

/// Who is told of an alarm that nobody acknowledges.
fn ladder(config: &Alarms) -> Ladder {
    let pager = config.webhook.clone().and_then(|url| {
        AlarmPost::start(url).inspect_err(|error| tracing::error!(%error, "alarms cannot be passed on")).ok()
    });
    Ladder { rungs: config.rungs.clone(), pager: pager.map(|pager| Arc::new(pager) as Arc<dyn Pager>) }
}

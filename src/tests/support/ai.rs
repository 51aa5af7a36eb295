//! A server with a language model behind it that does as it is told.

use std::net::{Ipv4Addr, SocketAddr};

use frontdesk_bench::fake_openai::FakeOpenAi;

use super::Server;

pub struct Ai {
    pub model: FakeOpenAi,
    pub server: Server,
}

impl Ai {
    /// `script`: what every request gets; see `frontdesk_bench::fake_openai::script::KEYS`.
    pub async fn start(script: &str, settings: &[(&str, &str)]) -> Self {
        let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let (url, name) = (model.url(), format!("fake:{script}"));
        let mut all = vec![
            ("OPENAI_BASE_URL", url.as_str()),
            ("OPENAI_MODEL", name.as_str()),
            ("OPENAI_MAX_RPM", "1000000"),
        ];
        all.extend_from_slice(settings);
        let server = Server::start(&all).await;
        Self { model, server }
    }
}

//! Every failure has its class, and none hangs.

use std::time::Instant;

use frontdesk_actors::ports::ModelError;

use super::*;

const TABLE: &[(&str, Class)] = &[
    ("status=429", Class::RetryableRate),
    ("status=429,kind=tokens,retry-after=2", Class::RetryableRate),
    ("status=429,kind=slow-down,limits=absurd", Class::RetryableRate),
    ("status=429,body=html", Class::RetryableRate),
    ("status=429,body=text", Class::RetryableRate),
    ("status=429,body=empty", Class::RetryableRate),
    ("status=429,body=vllm-old", Class::RetryableRate),
    ("status=429,body=vllm-new", Class::RetryableRate),
    ("status=429,body=broken", Class::RetryableRate),
    ("status=429,kind=quota", Class::Money),
    ("status=429,kind=quota-code", Class::Money),
    ("status=429,kind=spend", Class::Money),
    ("status=429,kind=credit", Class::Money),
    ("status=402,body=empty", Class::Money),
    ("status=401", Class::Auth),
    ("status=401,body=html", Class::Auth),
    ("status=403,body=vllm-new", Class::Auth),
    ("status=400", Class::BadRequest),
    ("status=400,body=vllm-old", Class::BadRequest),
    ("status=404,body=ollama", Class::BadRequest),
    ("status=404,body=html", Class::BadRequest),
    ("status=302,body=html", Class::BadRequest),
    ("status=400,kind=too-long", Class::TooLong),
    ("status=413,body=html", Class::TooLong),
    ("status=400,kind=filter", Class::ContentFilter),
    ("status=500", Class::RetryableServer),
    ("status=500,body=html", Class::RetryableServer),
    ("status=502,body=empty", Class::RetryableServer),
    ("status=503,kind=overloaded,body=json", Class::RetryableServer),
    ("status=503,body=huge", Class::RetryableServer),
    ("html", Class::BadAnswer),
    ("error-at=0,kind=quota", Class::Money),
    ("error-at=0,kind=rate", Class::RetryableRate),
    ("error-at=0", Class::RetryableServer),
    ("error-at=3", Class::RetryableServer),
    ("error-at=3,kind=bad", Class::BadRequest),
    ("garbage-at=0", Class::BadAnswer),
    ("garbage-at=3", Class::BadAnswer),
    ("bad-utf8-at=3", Class::BadAnswer),
    ("huge-at=0", Class::BadAnswer),
    ("huge-at=3", Class::BadAnswer),
    ("text=", Class::BadAnswer),
    ("finish=content_filter", Class::ContentFilter),
    ("tool=pay_the_bill", Class::BadAnswer),
    ("finish=none,no-done", Class::Interrupted),
    ("finish=none,no-done,unchunked", Class::Interrupted),
    ("finish=empty,no-done", Class::Interrupted),
    ("stall-headers", Class::TimedOut),
    ("slow-headers=800", Class::TimedOut),
    ("slow-first-token=800", Class::TimedOut),
    ("stall-at=0", Class::TimedOut),
    ("stall-at=3", Class::TimedOut),
    ("delta=250", Class::TimedOut),
    ("comments,delta=280", Class::TimedOut),
];

#[tokio::test]
async fn each_failure_has_its_class() {
    let rig = Rig::new().await;
    for (nth, (script, class)) in TABLE.iter().enumerate() {
        let started = Instant::now();
        let heard = rig.ask(script).await;
        assert_eq!(rig.class(), Some(*class), "{script}: {heard:?}");
        assert_eq!(heard.error(), Some(ModelError::from(*class)), "{script}");
        assert!(started.elapsed() < TIMERS.turn + TIMERS.connect, "{script} took {:?}", started.elapsed());
        assert_eq!(rig.report().requests, 1, "{script}: an attempt of its own");
        assert_eq!(rig.fake.journal().entries().len(), nth + 1, "{script}: retried");
        assert_eq!(rig.reports.0.lock().expect("lock").len(), nth + 1, "{script}: one report each");
    }
}

#[tokio::test]
async fn a_cut_is_an_interruption_wherever_it_comes() {
    let rig = Rig::new().await;
    // role, "One", " two.", finish, usage, [DONE]
    for cut in ["chunk", "clean", "reset", "half"] {
        for unchunked in ["", ",unchunked"] {
            for at in 0..=6 {
                let script = format!("text=One two.,cut-at={at},cut={cut}{unchunked}");
                let heard = rig.ask(&script).await;
                if at <= 3 {
                    assert_eq!(heard.error(), Some(ModelError::Interrupted), "{script}: {heard:?}");
                } else {
                    assert!(heard.citations().is_empty() && heard.text == "One two.", "{script}: {heard:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_there() {
    let rig = Rig::new().await;
    let settings = OpenAiSettings { base_url: "http://127.0.0.1:1/v1".to_owned(), ..rig.settings("") };
    let heard = rig.say(&rig.model_of(settings), vec![guest("hi")]).await;
    assert_eq!(heard.error(), Some(ModelError::Unreachable));
    assert_eq!(rig.class(), Some(Class::Unreachable));
    let settings =
        OpenAiSettings { base_url: "http://no-such-host.invalid/v1".to_owned(), ..rig.settings("") };
    assert_eq!(
        rig.say(&rig.model_of(settings), vec![guest("hi")]).await.error(),
        Some(ModelError::Unreachable)
    );
}

#[tokio::test]
async fn limits_reach_the_report() {
    let rig = Rig::new().await;
    rig.ask("status=429,retry-after-ms=250,limits=good").await;
    let Outcome::Failed(failure) = rig.report().outcome else { panic!("not failed") };
    assert_eq!((failure.status, failure.retry_after()), (Some(429), Some(Duration::from_millis(250))));
    assert_eq!(rig.report().limits.requests.remaining, Some(599));
    rig.ask("limits=good").await;
    assert_eq!(rig.report().limits.tokens.reset, Some(Duration::from_secs(360)));
}

#[tokio::test]
async fn the_stand_ins_own_limit_is_told_as_a_rate() {
    let rig = Rig::with(Limits { requests: Some(1), ..Limits::default() }).await;
    assert!(rig.ask("").await.error().is_none());
    assert_eq!(rig.ask("").await.error(), Some(ModelError::RateLimited));
    assert_eq!(rig.fake.journal().totals().violations, 1);
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_refused() {
    let rig = Rig::new().await;
    for base_url in ["", "example.com/v1", "ftp://example.com"] {
        let settings = OpenAiSettings { base_url: base_url.to_owned(), ..OpenAiSettings::default() };
        assert!(OpenAi::new(settings, Arc::clone(&rig.bases)).is_err(), "{base_url}");
    }
    for key in ["a\nb", "clé", "\u{0}"] {
        let settings = OpenAiSettings { api_key: Some(key.into()), ..OpenAiSettings::default() };
        assert!(OpenAi::new(settings, Arc::clone(&rig.bases)).is_err(), "{key:?}");
    }
    let settings = OpenAiSettings { api_key: Some("sk-secret".into()), ..OpenAiSettings::default() };
    assert!(!format!("{settings:?}").contains("sk-secret"));
}

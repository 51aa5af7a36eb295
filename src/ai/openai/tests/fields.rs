//! Servers that do not take every field of the request.

use super::*;

#[tokio::test]
async fn a_refused_field_is_left_out_from_then_on() {
    for field in ["tools", "stream_options", "temperature", "max_completion_tokens", "store"] {
        let rig = Rig::new().await;
        let model = rig.model(&format!("reject={field}"));
        for turn in 0..2 {
            let heard = rig.say(&model, vec![guest("When is breakfast?")]).await;
            assert_eq!(heard.citations(), ["Breakfast"], "{field}");
            assert_eq!(rig.report().requests, if turn == 0 { 2 } else { 1 }, "{field}");
        }
    }
}

#[tokio::test]
async fn a_needed_field_that_is_refused_is_a_failure() {
    let rig = Rig::new().await;
    assert!(rig.ask("reject=messages").await.error().is_some());
    assert_eq!((rig.class(), rig.report().requests), (Some(Class::BadRequest), 1));
}

//! The well-behaved answer: the first source of the prompt, cited.

use serde_json::Value;

/// All texts of a request's messages, one a line.
pub fn prompt_text(request: &Value) -> String {
    let messages = request.get("messages").and_then(Value::as_array);
    let texts = messages.into_iter().flatten().filter_map(|message| message.get("content")?.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// The body of source `[1]`: what stands between its heading and the next one, in one line.
///
/// A source is a line that begins with `[1]`, followed by its text; it ends at an empty line, at the next
/// number, or at a line that begins with `<`.
pub fn from_first_source(request: &Value) -> String {
    let text = prompt_text(request);
    let lines = text.lines().skip_while(|line| !line.starts_with("[1] ")).skip(1);
    let ends = |line: &str| line.trim().is_empty() || line.starts_with('[') || line.starts_with('<');
    let body: Vec<&str> = lines.take_while(|line| !ends(line)).map(str::trim).collect();
    if body.is_empty() {
        "I am a stand-in without a source.".to_owned()
    } else {
        format!("{} [1]", body.join(" "))
    }
}

/// The text with its digits as letters, none of which begins anything that a hotel could be held to: an
/// answer may not hold a number that no source has.
pub fn spelled(text: &str) -> String {
    const DIGITS: [char; 10] = ['G', 'H', 'J', 'K', 'P', 'Q', 'T', 'W', 'X', 'Z'];
    let letter = |digit: char| digit.to_digit(10).and_then(|digit| DIGITS.get(digit as usize).copied());
    text.chars().map(|character| letter(character).unwrap_or(character)).collect()
}

/// So many numbered words about the first word of the guest's last message: they show whose question is
/// answered, and whether any of them is missing.
pub fn about_last(request: &Value, words: usize) -> String {
    let text = prompt_text(request);
    let last = text.rfind("\n</guest-").and_then(|end| {
        let begin = text[..end].rfind("<guest-")?;
        text[begin..end].split_once(">\n").map(|(_, said)| said)
    });
    let word: String = last.and_then(|said| said.split_whitespace().next()).unwrap_or("nothing").into();
    let words: Vec<String> = (1..=words).map(|n| format!("w{}", spelled(&n.to_string()))).collect();
    format!("About {word}: {}", words.join(" "))
}

/// The pieces that a text is streamed in: words with the space before them.
pub fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for character in text.chars() {
        match pieces.last_mut() {
            Some(last) if character != ' ' => last.push(character),
            _ => pieces.push(character.to_string()),
        }
    }
    pieces
}

/// Tokens as the stand-in counts them: four bytes each, rounded up.
pub fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn echoes_the_first_source() {
        let content = "Sources:\n[1] Breakfast\nFrom 7 to 10.\nIn the hall.\n[2] Pool\nClosed.";
        let request = json!({"messages": [{"role": "system", "content": content}, {"role": "user"}]});
        assert_eq!(from_first_source(&request), "From 7 to 10. In the hall. [1]");
        let content = "<guest-7>\nold words\n</guest-7>\n<guest-7>\nnew|1 words\n</guest-7>\n\nAnswer.";
        let request = json!({"messages": [{"role": "user", "content": content}]});
        assert_eq!(about_last(&request, 2), "About new|1: wH wJ");
        assert_eq!(about_last(&json!({}), 1), "About nothing: wH");
        assert_eq!(pieces("a bc  d").concat(), "a bc  d");
        assert_eq!(pieces("a bc").len(), 2);
    }
}

//! The AI writes Markdown; WhatsApp knows bold, italics, lists and code, each in its own way.

/// Markdown as WhatsApp shows it best. Links keep their address in sight, pictures become their words.
pub fn plain(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut in_code = false;
    for line in markdown.lines() {
        if !out.is_empty() {
            out.push('\n');
        }
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            out.push_str("```");
        } else if in_code {
            out.push_str(line);
        } else {
            self::line(line, &mut out);
        }
    }
    if in_code {
        out.push_str("\n```");
    }
    out
}

fn line(line: &str, out: &mut String) {
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && body[hashes..].starts_with(' ') {
        // Emphasis within a heading would close the heading's own.
        let words = inline(body[hashes..].trim()).replace('*', "");
        out.push_str(&format!("*{words}*"));
        return;
    }
    out.push_str(indent);
    let item = ["- ", "* ", "+ "].iter().find_map(|mark| body.strip_prefix(mark));
    match item {
        Some(item) => {
            out.push_str("• ");
            out.push_str(&inline(item));
        }
        None => out.push_str(&inline(body)),
    }
}

/// Emphasis and links within a line.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((shown, left)) = link(rest).or_else(|| marked(rest)) {
            out.push_str(&shown);
            rest = left;
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// `[words](address)`, or a picture: what is shown, and what follows.
fn link(text: &str) -> Option<(String, &str)> {
    let picture = text.starts_with("![");
    let inner = text.strip_prefix("![").or_else(|| text.strip_prefix('['))?;
    let (words, after) = inner.split_once("](")?;
    if words.contains(['[', ']', '\n']) {
        return None;
    }
    let (address, left) = after.split_once(')')?;
    let address = address.split_whitespace().next().unwrap_or_default();
    let shown = match () {
        () if picture || address.is_empty() => words.to_owned(),
        () if words == address || words.is_empty() => address.to_owned(),
        () => format!("{} ({address})", inline(words)),
    };
    Some((shown, left))
}

/// `**bold**`, `__bold__`, `~~struck~~`, `*italics*`, and code, which is left as it is.
fn marked(text: &str) -> Option<(String, &str)> {
    if let Some(inner) = text.strip_prefix('`') {
        let (code, left) = inner.split_once('`')?;
        return (!code.is_empty()).then(|| (format!("`{code}`"), left));
    }
    for (mark, shown) in [("**", '*'), ("__", '*'), ("~~", '~'), ("*", '_')] {
        let Some(inner) = text.strip_prefix(mark) else { continue };
        let Some((words, left)) = inner.split_once(mark) else { continue };
        let solid = |each: Option<char>| each.is_some_and(|each| !each.is_whitespace());
        if solid(words.chars().next()) && solid(words.chars().last()) {
            return Some((format!("{shown}{}{shown}", inline(words)), left));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_whatsapp_writes_it() {
        for (markdown, shown) in [
            ("Breakfast is **free**.", "Breakfast is *free*."),
            ("*Please* ring", "_Please_ ring"),
            ("_Please_ ring", "_Please_ ring"),
            ("## Opening hours", "*Opening hours*"),
            ("## The **pool**", "*The pool*"),
            ("- one\n- two\n  - three", "• one\n• two\n  • three"),
            ("1. first\n2. second", "1. first\n2. second"),
            ("[the menu](https://hotel.example/menu)", "the menu (https://hotel.example/menu)"),
            ("[https://hotel.example](https://hotel.example)", "https://hotel.example"),
            ("![map](https://evil.example/x.png) here", "map here"),
            ("~~12~~ 10 o'clock", "~12~ 10 o'clock"),
            ("```\nlet **x**\n```", "```\nlet **x**\n```"),
            ("Use `**` so", "Use `**` so"),
            ("2 * 3 * 4 = 24", "2 * 3 * 4 = 24"),
            ("a lone ** stays", "a lone ** stays"),
            ("[not a link] (really)", "[not a link] (really)"),
            ("", ""),
        ] {
            assert_eq!(plain(markdown), shown, "{markdown:?}");
        }
    }
}

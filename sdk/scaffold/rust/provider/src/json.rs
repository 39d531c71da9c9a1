//! Just enough JSON for one provider: an object of strings, and one member out of an answer.

/// `{"name": "value", ...}`, escaped.
pub fn object(members: &[(&str, &str)]) -> String {
    let mut out = String::from("{");
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        push_string(&mut out, value);
    }
    out.push('}');
    out
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The text of the top-level member `name` of an object: a string without its quotes or a number as
/// written. None: absent, of another type, or with escapes (ids have none).
pub fn member<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = document.trim_start().strip_prefix('{')?;
    loop {
        let (key, after) = string(rest.trim_start())?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        if key == name {
            return scalar(value);
        }
        rest = skip(value)?.trim_start().strip_prefix(',')?;
    }
}

/// What stands between the quotes of a leading string, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    for (i, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&inside[..i], &inside[i + 1..])),
            _ => {}
        }
    }
    None
}

fn scalar(text: &str) -> Option<&str> {
    if text.starts_with('"') {
        let (inside, _) = string(text)?;
        return (!inside.contains('\\')).then_some(inside);
    }
    let end = text.find(|c: char| !"0123456789-+.eE".contains(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// What follows a leading value. Brackets are counted, not matched: a peer that mixes them up gets
/// nothing worse than an answer without an id.
fn skip(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            rest = string(rest)?.1;
            if depth == 0 {
                return Some(rest);
            }
            continue;
        }
        if depth == 0 && (c == ',' || c == '}') {
            return Some(rest);
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(rest);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_a_peer_can_read() {
        let written = object(&[("a", "x\"\\\n"), ("b", "é")]);
        assert_eq!(written, "{\"a\":\"x\\\"\\\\\\u000a\",\"b\":\"é\"}");
    }

    #[test]
    fn finds_members_behind_any_value() {
        let answer = r#" { "x": {"id": [1, "]}"]}, "y": null, "n": -1.5e3, "id": "m-1" } "#;
        assert_eq!(member(answer, "id"), Some("m-1"));
        assert_eq!(member(answer, "n"), Some("-1.5e3"));
        assert_eq!(member(answer, "y"), None);
        assert_eq!(member(answer, "z"), None);
    }

    #[test]
    fn survives_every_prefix_of_an_answer() {
        let answer = r#"{"a": {"b": "\"c"}, "id": "m-1"}"#;
        for end in 0..answer.len() - 1 {
            let found = member(&answer[..end], "id");
            assert!(found.is_none() || found == Some("m-1"));
        }
    }
}

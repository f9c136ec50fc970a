//! Strings in JSON, escaped as PostgreSQL escapes them.

/// Appends `text` as a JSON string, with its quotes.
pub(crate) fn json_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < b' ' || *byte == b'"' || *byte == b'\\') {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((special, after)) = from.split_first() else { break };
        match special {
            b'"' => out.extend_from_slice(br#"\""#),
            b'\\' => out.extend_from_slice(br"\\"),
            0x08 => out.extend_from_slice(br"\b"),
            0x0c => out.extend_from_slice(br"\f"),
            b'\n' => out.extend_from_slice(br"\n"),
            b'\r' => out.extend_from_slice(br"\r"),
            b'\t' => out.extend_from_slice(br"\t"),
            control => {
                out.extend_from_slice(br"\u00");
                let digits = [control >> 4, control & 15];
                out.extend(digits.iter().filter_map(|digit| HEX.get(usize::from(*digit))));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_the_server() {
        // SELECT to_json(E'a"\\\b\f\n\r\t\x01\x1f/\x7fé'::text)
        let mut out = Vec::new();
        json_string("a\"\\\u{8}\u{c}\n\r\t\u{1}\u{1f}/\u{7f}é", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\u{7f}é\"");
    }
}

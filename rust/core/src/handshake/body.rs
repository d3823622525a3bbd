//! The body of an answer that refuses the upgrade, for error messages (RFC 9112 §6).

use super::Response;

/// Bytes of a body that are kept.
const MAX_BODY: usize = 4096;

/// Where a body ends.
#[derive(Debug)]
enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

/// Collects the start of the body of an answer.
#[derive(Debug)]
pub(super) struct Body {
    response: Response,
    framing: Framing,
    raw: Vec<u8>,
}

impl Body {
    pub(super) fn of(response: Response) -> Self {
        let framing = if response.status < 200 || matches!(response.status, 204 | 304) {
            Framing::Length(0)
        } else if response.fields.has_token("transfer-encoding", "chunked") {
            Framing::Chunked
        } else {
            let length = response.values("content-length").find_map(|value| value.parse().ok());
            length.map_or(Framing::UntilEnd, Framing::Length)
        };
        Self { response, framing, raw: Vec::new() }
    }

    /// Takes more bytes. True once nothing more of interest can come.
    pub(super) fn handle_input(&mut self, bytes: &[u8]) -> bool {
        let room = MAX_BODY - self.raw.len();
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.raw.len() == MAX_BODY
            || match self.framing {
                Framing::Length(length) => self.raw.len() >= length,
                // Behind trailers it does not look like this, and is waited for until the deadline.
                Framing::Chunked => self.raw.ends_with(b"0\r\n\r\n"),
                Framing::UntilEnd => false,
            }
    }

    /// The answer with what came of its body, without the framing.
    pub(super) fn finish(self) -> Response {
        let body = match self.framing {
            Framing::Length(length) => self.raw[..self.raw.len().min(length)].to_vec(),
            Framing::Chunked => dechunk(&self.raw),
            Framing::UntilEnd => self.raw,
        };
        Response { body, ..self.response }
    }
}

/// The content of chunks (RFC 9112 §7.1), as far as they are whole and well formed.
fn dechunk(mut raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(raw) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let chunk = &raw[start..];
        if size == 0 {
            break;
        }
        if chunk.len() <= size {
            content.extend_from_slice(chunk);
            break;
        }
        content.extend_from_slice(&chunk[..size]);
        raw = chunk[size..].strip_prefix(b"\r\n").unwrap_or_default();
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Fields;

    fn body(fields: &[(&str, &str)]) -> Body {
        Body::of(Response { status: 401, fields: Fields::of(fields), body: Vec::new() })
    }

    #[test]
    fn content_length_ends_a_body() {
        let mut body = body(&[("Content-Length", "5")]);
        assert!(!body.handle_input(b"hel"));
        assert!(body.handle_input(b"lo and more"));
        assert_eq!(body.finish().body(), b"hello");
    }

    #[test]
    fn chunks_are_joined() {
        let mut body = body(&[("Transfer-Encoding", "chunked")]);
        assert!(!body.handle_input(b"3\r\nhel\r\n2;x=y\r\nlo\r\n"));
        assert!(body.handle_input(b"0\r\n\r\n"));
        assert_eq!(body.finish().body(), b"hello");
    }

    #[test]
    fn malformed_chunks_give_what_came_before() {
        for (raw, expected) in [("zz", ""), ("3\r\nab", "ab"), ("2\r\nabX", "ab"), ("ffffffffffffffff\r\na", "a")] {
            assert_eq!(dechunk(raw.as_bytes()), expected.as_bytes(), "{raw:?}");
        }
    }

    #[test]
    fn body_without_length_is_bounded() {
        let mut body = body(&[]);
        assert!(!body.handle_input(b"x"));
        assert!(body.handle_input(&[b'y'; 10_000]));
        assert_eq!(body.finish().body().len(), MAX_BODY);
    }
}

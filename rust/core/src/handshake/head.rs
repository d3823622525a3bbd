//! Heads of HTTP messages, with bounds on their size.

use super::{Fields, Refusal, Response};
use crate::error::{Error, ErrorKind, Phase};

/// Bytes that a head may have. Engines and servers in use stay under 8 KiB; some cookies need more.
const MAX_HEAD: usize = 16 * 1024;

/// Header fields that a head may have.
const MAX_HEADERS: usize = 128;

/// Reads the head of an answer from the start of `bytes`: the answer and the length of its head, or `None` while it
/// is incomplete.
pub(super) fn parse_response(bytes: &[u8]) -> Result<Option<(Response, usize)>, Error> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut fields);
    let bounded = &bytes[..bytes.len().min(MAX_HEAD)];
    match head.parse(bounded) {
        Ok(httparse::Status::Complete(len)) => {
            if head.version != Some(1) {
                return Err(invalid("the server answered with HTTP/1.0"));
            }
            let fields = Fields::from_parsed(head.headers);
            Ok(Some((Response { status: head.code.unwrap_or_default(), fields, body: Vec::new() }, len)))
        }
        Ok(httparse::Status::Partial) if bytes.len() >= MAX_HEAD => Err(too_big(&format!("over {MAX_HEAD} bytes"))),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(too_big(&format!("over {MAX_HEADERS} header fields"))),
        Err(reason) => {
            Err(invalid(&format!("the server did not answer in HTTP: {}", reason.to_string().to_lowercase())))
        }
    }
}

/// A request as it stands in its head.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) is_http_1_1: bool,
    pub(super) fields: Fields,
    /// Bytes of the head.
    pub(super) len: usize,
}

/// Reads the head of a request from the start of `bytes`; `None` while it is incomplete.
pub(super) fn parse_request(bytes: &[u8]) -> Result<Option<RequestHead>, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut fields);
    match head.parse(&bytes[..bytes.len().min(MAX_HEAD)]) {
        Ok(httparse::Status::Complete(len)) => Ok(Some(RequestHead {
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            is_http_1_1: head.version == Some(1),
            fields: Fields::from_parsed(head.headers),
            len,
        })),
        Ok(httparse::Status::Partial) if bytes.len() >= MAX_HEAD => Err(Refusal::HeadTooBig),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HeadTooBig),
        Err(_) => Err(Refusal::BadRequest("the request is no HTTP")),
    }
}

fn too_big(bound: &str) -> Error {
    Error::new(Phase::Handshake, ErrorKind::HeadTooBig, format!("the answer of the server has {bound}"))
}

pub(super) fn invalid(message: &str) -> Error {
    Error::new(Phase::Handshake, ErrorKind::InvalidResponse, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(text: &str) -> Response {
        let (response, len) = parse_response(text.as_bytes()).unwrap().unwrap();
        assert_eq!(len, text.len());
        response
    }

    #[test]
    fn reason_phrase_may_be_missing_and_a_value_empty() {
        let response = parse("HTTP/1.1 101\r\nX-Empty:\r\nX-Space: \r\nUpgrade: websocket\r\n\r\n");
        assert_eq!(response.status(), 101);
        assert_eq!(response.values("x-empty").collect::<Vec<_>>(), [""]);
        assert!(response.fields.has_token("upgrade", "WebSocket"));
    }

    #[test]
    fn incomplete_head_asks_for_more() {
        let head = b"HTTP/1.1 101 Ok\r\nConnection: Upgrade\r\n\r\n";
        for len in 0..head.len() {
            assert_eq!(parse_response(&head[..len]).unwrap(), None, "{len}");
        }
    }

    #[test]
    fn head_is_bounded() {
        let long = format!("HTTP/1.1 101 Ok\r\nX: {}\r\n\r\n", "a".repeat(MAX_HEAD));
        assert_eq!(parse_response(long.as_bytes()).unwrap_err().kind(), ErrorKind::HeadTooBig);
        let many = format!("HTTP/1.1 101 Ok\r\n{}\r\n", "X: 1\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(parse_response(many.as_bytes()).unwrap_err().kind(), ErrorKind::HeadTooBig);
    }

    #[test]
    fn what_is_not_http_1_1_is_refused() {
        for text in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.0 101 Ok\r\n\r\n", "\x16\x03\x01\x00"] {
            assert_eq!(parse_response(text.as_bytes()).unwrap_err().kind(), ErrorKind::InvalidResponse, "{text:?}");
        }
    }
}

//! The server's side of the upgrade (RFC 6455 §4.2).

use super::head::{RequestHead, parse_request};
use super::target::parse_target;
use super::{Agreed, ExtraFields, UpgradeRequest, extensions};
use crate::config::Compression;
use crate::error::{Error, ErrorKind, Phase};
use base64::Engine as _;
use std::fmt::Write as _;
use tungstenite::handshake::derive_accept_key;

/// A request that is not answered with 101, and the answer that it gets (RFC 6455 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400: the request is no HTTP/1.1, or lacks something that RFC 6455 §4.2.1 asks for.
    BadRequest(&'static str),
    /// 405: the method is not GET.
    MethodNotAllowed,
    /// 408: the request did not come in time.
    Timeout,
    /// 426: it is no request for WebSocket.
    UpgradeRequired,
    /// 426: it is for another version of WebSocket (RFC 6455 §4.4).
    UnsupportedVersion,
    /// 431: the head is too big.
    HeadTooBig,
}

impl Refusal {
    fn status(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest(_) => (400, "Bad Request"),
            Self::MethodNotAllowed => (405, "Method Not Allowed"),
            Self::Timeout => (408, "Request Timeout"),
            Self::UpgradeRequired | Self::UnsupportedVersion => (426, "Upgrade Required"),
            Self::HeadTooBig => (431, "Request Header Fields Too Large"),
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::BadRequest(reason) => reason,
            Self::MethodNotAllowed => "the method is not GET",
            Self::Timeout => "the request did not come in time",
            Self::UpgradeRequired => "there is no `Upgrade: websocket`",
            Self::UnsupportedVersion => "the version of WebSocket is not 13",
            Self::HeadTooBig => "the head of the request is too big",
        }
    }

    /// The bytes of the answer.
    pub(crate) fn answer(self) -> Vec<u8> {
        let (status, phrase) = self.status();
        let fields = match self {
            Self::MethodNotAllowed => "Allow: GET\r\n",
            Self::UpgradeRequired => "Connection: Upgrade, close\r\nUpgrade: websocket\r\n",
            Self::UnsupportedVersion => {
                "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            }
            Self::BadRequest(_) | Self::Timeout | Self::HeadTooBig => "Connection: close\r\n",
        };
        let body = format!("{}\n", self.reason());
        let length = body.len();
        format!(
            "HTTP/1.1 {status} {phrase}\r\n{fields}Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// The same for the application of the server.
    pub(crate) fn error(self) -> Error {
        let kind = match self {
            Self::Timeout => ErrorKind::HandshakeTimeout,
            Self::HeadTooBig => ErrorKind::HeadTooBig,
            _ => ErrorKind::InvalidRequest,
        };
        let status = self.status().0;
        let message = format!("the request was refused with HTTP status {status}: {}", self.reason());
        Error::new(Phase::Handshake, kind, message)
    }
}

/// A request that may be accepted.
#[derive(Debug)]
pub(crate) struct Requested {
    pub(crate) request: UpgradeRequest,
    /// Came behind the head and belongs to the first frames.
    pub(crate) rest: Vec<u8>,
}

/// Reads the request and makes the answer. It knows no sockets and no clock.
#[derive(Debug)]
pub(crate) struct ServerHandshake {
    extra: ExtraFields,
    compression: Compression,
    received: Vec<u8>,
}

impl ServerHandshake {
    /// `extra` are the sub-protocols that the server speaks and what it adds to its answer.
    pub(crate) fn new(extra: ExtraFields, compression: Compression) -> Self {
        Self { extra, compression, received: Vec::new() }
    }

    /// Takes bytes from the client; `None` if more are needed.
    ///
    /// # Errors
    /// How the request is to be refused.
    pub(crate) fn handle_input(&mut self, bytes: &[u8]) -> Result<Option<Requested>, Refusal> {
        self.received.extend_from_slice(bytes);
        let Some(head) = parse_request(&self.received)? else { return Ok(None) };
        let rest = self.received.split_off(head.len);
        Ok(Some(Requested { request: check(head)?, rest }))
    }

    /// What the server agrees to, and the answer with which the connection is open.
    pub(crate) fn accept(&self, request: &UpgradeRequest) -> (Agreed, Vec<u8>) {
        let key = request.fields.only("sec-websocket-key").unwrap_or_default();
        let protocol = self.choose_protocol(request);
        let chosen = extensions::choose(self.compression, &request.fields);
        let (deflate, extensions) = chosen.unzip();
        let answer = self.compose(&derive_accept_key(key.as_bytes()), &protocol, extensions.as_deref());
        (Agreed { protocol, deflate }, answer)
    }

    /// The first that the client wants and the server speaks. Without one the connection goes on all the same, and
    /// the client decides (RFC 6455 §4.2.2).
    fn choose_protocol(&self, request: &UpgradeRequest) -> String {
        let spoken = self.extra.protocols();
        let chosen = request.protocols().find(|wanted| spoken.iter().any(|protocol| protocol == wanted));
        chosen.unwrap_or_default().to_owned()
    }

    fn compose(&self, accept_key: &str, protocol: &str, extensions: Option<&str>) -> Vec<u8> {
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept_key}\r\n"
        );
        let mut field = |name: &str, value: &str| {
            write!(answer, "{name}: {value}\r\n").expect("writing to memory does not fail");
        };
        if !protocol.is_empty() {
            field("Sec-WebSocket-Protocol", protocol);
        }
        if let Some(extensions) = extensions {
            field("Sec-WebSocket-Extensions", extensions);
        }
        for (name, value) in self.extra.fields() {
            field(name, value);
        }
        answer.push_str("\r\n");
        answer.into_bytes()
    }
}

/// Checks a request (RFC 6455 §4.2.1).
fn check(head: RequestHead) -> Result<UpgradeRequest, Refusal> {
    if head.method != "GET" {
        return Err(Refusal::MethodNotAllowed);
    }
    if !head.is_http_1_1 {
        return Err(Refusal::BadRequest("the request is not HTTP/1.1"));
    }
    let Some(host) = head.fields.only("host") else {
        return Err(Refusal::BadRequest("there is no `Host`, or more than one"));
    };
    let Some(target) = parse_target(&head.target) else {
        return Err(Refusal::BadRequest("the target is neither a path nor a URL"));
    };
    // Its bytes would be taken for frames.
    if head.fields.values("content-length").any(|length| length != "0")
        || head.fields.values("transfer-encoding").next().is_some()
    {
        return Err(Refusal::BadRequest("the request has a body"));
    }
    if !head.fields.has_token("upgrade", "websocket") {
        return Err(Refusal::UpgradeRequired);
    }
    if !head.fields.has_token("connection", "upgrade") {
        return Err(Refusal::BadRequest("there is no `Connection: Upgrade`"));
    }
    if head.fields.values("sec-websocket-version").count() > 1 {
        return Err(Refusal::BadRequest("there is more than one `Sec-WebSocket-Version`"));
    }
    if head.fields.only("sec-websocket-version") != Some("13") {
        return Err(Refusal::UnsupportedVersion);
    }
    if !head.fields.only("sec-websocket-key").is_some_and(is_key) {
        return Err(Refusal::BadRequest("there is no valid `Sec-WebSocket-Key`, or more than one"));
    }
    let host = target.host.unwrap_or_else(|| host.to_owned());
    Ok(UpgradeRequest { target: target.origin_form, host, fields: head.fields })
}

/// Whether `key` is 16 bytes in base64 (RFC 6455 §4.1).
fn is_key(key: &str) -> bool {
    base64::engine::general_purpose::STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET /chat?x=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
        Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: b, a\r\n\r\n";

    fn handshake(protocols: &[&str], lines: &[&str]) -> ServerHandshake {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        ServerHandshake::new(ExtraFields::new(&owned(protocols), &owned(lines)).unwrap(), Compression::Disabled)
    }

    #[track_caller]
    fn accepted(handshake: &mut ServerHandshake, bytes: &[u8]) -> (UpgradeRequest, String, String, Vec<u8>) {
        match handshake.handle_input(bytes) {
            Ok(Some(Requested { request, rest })) => {
                let (agreed, answer) = handshake.accept(&request);
                (request, agreed.protocol, String::from_utf8(answer).unwrap(), rest)
            }
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    #[test]
    fn request_is_answered_as_in_the_example_of_the_rfc() {
        let mut handshake = handshake(&["a", "b"], &["X-A: 1"]);
        let (request, protocol, answer, rest) = accepted(&mut handshake, &[REQUEST.as_bytes(), b"rest"].concat());
        assert_eq!(
            answer,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\nX-A: 1\r\n\r\n"
        );
        assert_eq!((protocol.as_str(), request.target(), rest.as_slice()), ("b", "/chat?x=1", &b"rest"[..]));
        assert_eq!(request.values("host").next(), Some("example.com"));
    }

    #[test]
    fn request_may_come_byte_by_byte() {
        let mut handshake = handshake(&[], &[]);
        let (last, most) = REQUEST.as_bytes().split_last().unwrap();
        for byte in most {
            assert!(matches!(handshake.handle_input(&[*byte]), Ok(None)));
        }
        accepted(&mut handshake, &[*last]);
    }

    #[test]
    fn client_without_a_common_protocol_is_accepted_without_one() {
        for spoken in [&[][..], &["x"]] {
            let (_, protocol, answer, _) = accepted(&mut handshake(spoken, &[]), REQUEST.as_bytes());
            assert!(protocol.is_empty() && !answer.contains("Protocol:"));
        }
    }

    #[test]
    fn bad_requests_get_the_status_that_says_why() {
        for (from, to, status) in [
            ("GET", "POST", 405),
            ("GET /chat?x=1 HTTP/1.1", "GET /", 400),
            ("HTTP/1.1", "HTTP/1.0", 400),
            ("Host: example.com\r\n", "", 400),
            ("Host:", "Host: other.com\r\nHost:", 400),
            ("Upgrade: websocket", "Upgrade: h2c", 426),
            ("Connection: keep-alive, Upgrade", "Connection: close", 400),
            ("Version: 13", "Version: 8", 426),
            ("Sec-WebSocket-Version: 13\r\n", "", 426),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
            ("dGhlIHNhbXBsZSBub25jZQ==", "short", 400),
            ("Host:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nHost:", 400),
            ("Host: example.com", &format!("X: {}", "a".repeat(20_000)), 431),
        ] {
            let refusal = handshake(&[], &[]).handle_input(REQUEST.replacen(from, to, 1).as_bytes()).unwrap_err();
            let answer = String::from_utf8(refusal.answer()).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{to:?}: {answer}");
            assert_eq!(refusal.error().phase(), Phase::Handshake);
        }
    }

    #[test]
    fn other_version_is_told_which_one_is_spoken() {
        let answer = String::from_utf8(Refusal::UnsupportedVersion.answer()).unwrap();
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"));
    }
}

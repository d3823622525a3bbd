//! The client's side of the upgrade (RFC 6455 §4.1).

use super::body::Body;
use super::head::{invalid, parse_response};
use super::{Agreed, ExtraFields, Response, extensions};
use crate::config::Compression;
use crate::error::{Error, ErrorKind, Phase};
use crate::url::WsUrl;
use std::fmt::Write as _;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

/// Answers before the real one that are skipped. Servers in use send one or two.
const MAX_INTERIM_ANSWERS: usize = 8;

/// The server has agreed.
#[derive(Debug)]
pub(crate) struct Upgraded {
    pub(crate) response: Response,
    pub(crate) agreed: Agreed,
    /// Came behind the head and belongs to the first frames.
    pub(crate) rest: Vec<u8>,
}

/// Sends the request and checks the answer. It knows no sockets and no clock: bytes come in, [`Upgraded`] comes out.
#[derive(Debug)]
pub(crate) struct ClientHandshake {
    protocols: Vec<String>,
    compression: Compression,
    accept_key: String,
    received: Vec<u8>,
    /// How many of these bytes are interim answers.
    skipped: usize,
    interim_answers: usize,
    /// An answer other than 101, while its body is collected.
    refused: Option<Body>,
}

impl ClientHandshake {
    /// Starts a handshake; returns it together with the bytes of the request.
    pub(crate) fn new(url: &WsUrl, extra: &ExtraFields, compression: Compression) -> (Self, Vec<u8>) {
        let key = generate_key();
        let request = compose(url, extra, extensions::offer(compression), &key);
        let handshake = Self {
            protocols: extra.protocols().to_vec(),
            compression,
            accept_key: derive_accept_key(key.as_bytes()),
            received: Vec::new(),
            skipped: 0,
            interim_answers: 0,
            refused: None,
        };
        (handshake, request.into_bytes())
    }

    /// Takes bytes from the server; `None` if more are needed.
    ///
    /// # Errors
    /// Why the connection cannot be opened.
    pub(crate) fn handle_input(&mut self, bytes: &[u8]) -> Result<Option<Upgraded>, Error> {
        if self.refused.is_some() {
            return self.handle_body(bytes);
        }
        self.received.extend_from_slice(bytes);
        loop {
            let unread = &self.received[self.skipped..];
            let Some((response, head_len)) = parse_response(unread)? else { return Ok(None) };
            self.skipped += head_len;
            match response.status {
                101 => return self.accept(response),
                100..=199 => self.count_interim_answer()?,
                _ => {
                    self.refused = Some(Body::of(response));
                    let start = self.received.split_off(self.skipped);
                    return self.handle_body(&start);
                }
            }
        }
    }

    /// The server will send nothing more, or time is up: what has come so far is judged.
    pub(crate) fn end(&mut self) -> Error {
        match self.refused.take() {
            Some(body) => refused(body.finish()),
            None => {
                let message = "the server ended the connection without a whole answer to the upgrade request";
                Error::new(Phase::Handshake, ErrorKind::ConnectionLost, message)
            }
        }
    }

    /// Whether the server has refused and only the rest of its explanation is waited for.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Interim answers come before the real one (RFC 9110 §15.2).
    fn count_interim_answer(&mut self) -> Result<(), Error> {
        self.interim_answers += 1;
        if self.interim_answers > MAX_INTERIM_ANSWERS {
            return Err(invalid(&format!("the server sent over {MAX_INTERIM_ANSWERS} interim answers")));
        }
        Ok(())
    }

    fn handle_body(&mut self, bytes: &[u8]) -> Result<Option<Upgraded>, Error> {
        let is_whole = self.refused.as_mut().is_some_and(|body| body.handle_input(bytes));
        if is_whole { Err(self.end()) } else { Ok(None) }
    }

    /// Checks a 101 (RFC 6455 §4.1, "if the server's response").
    fn accept(&mut self, response: Response) -> Result<Option<Upgraded>, Error> {
        match self.check(&response) {
            Ok(agreed) => Ok(Some(Upgraded { response, agreed, rest: self.received.split_off(self.skipped) })),
            Err(error) => Err(error.with_response(response)),
        }
    }

    fn check(&self, response: &Response) -> Result<Agreed, Error> {
        if !response.fields.only("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
            return Err(invalid("the server's answer has no `Upgrade: websocket`"));
        }
        if !response.fields.has_token("connection", "upgrade") {
            return Err(invalid("the server's answer has no `Connection: Upgrade`"));
        }
        if response.fields.only("sec-websocket-accept") != Some(self.accept_key.as_str()) {
            return Err(invalid("the server's answer has no `Sec-WebSocket-Accept` that fits the request"));
        }
        let deflate = extensions::check(self.compression, &response.fields)?;
        Ok(Agreed { protocol: self.check_protocol(response)?, deflate })
    }

    fn check_protocol(&self, response: &Response) -> Result<String, Error> {
        let mismatch = |message| Err(Error::new(Phase::Handshake, ErrorKind::ProtocolMismatch, message));
        let requested = self.protocols.join(", ");
        let mut chosen = response.values("sec-websocket-protocol");
        match (chosen.next(), chosen.next()) {
            (None, _) if self.protocols.is_empty() => Ok(String::new()),
            (None, _) => mismatch(format!("the server chose none of the requested sub-protocols ({requested})")),
            (Some(one), None) if self.protocols.iter().any(|protocol| protocol == one) => Ok(one.to_owned()),
            (Some(one), _) => {
                mismatch(format!("the server chose the sub-protocol {one:?}, requested were ({requested})"))
            }
        }
    }
}

/// The request of RFC 6455 §4.1, in the order that Godot's own peer sends it.
fn compose(url: &WsUrl, extra: &ExtraFields, extensions: Option<&str>, key: &str) -> String {
    let mut request = format!("GET {} HTTP/1.1\r\n", url.target());
    let mut field = |name: &str, value: &str| {
        write!(request, "{name}: {value}\r\n").expect("writing to memory does not fail");
    };
    if !extra.has("host") {
        field("Host", &url.host_header());
    }
    field("Upgrade", "websocket");
    field("Connection", "Upgrade");
    field("Sec-WebSocket-Key", key);
    field("Sec-WebSocket-Version", "13");
    if !extra.protocols().is_empty() {
        field("Sec-WebSocket-Protocol", &extra.protocols().join(", "));
    }
    if let Some(extensions) = extensions {
        field("Sec-WebSocket-Extensions", extensions);
    }
    if let Some(authorization) = url.authorization().filter(|_| !extra.has("authorization")) {
        field("Authorization", authorization);
    }
    for (name, value) in extra.fields() {
        field(name, value);
    }
    request.push_str("\r\n");
    request
}

fn refused(response: Response) -> Error {
    let status = response.status;
    let (kind, message) = match (status, response.values("location").next()) {
        (300..=399, Some(location)) => {
            (ErrorKind::Redirected, format!("the server redirects to {location:?} (HTTP status {status})"))
        }
        _ => (ErrorKind::HttpStatus, format!("the server answered with HTTP status {status} instead of 101")),
    };
    Error::new(Phase::Handshake, kind, message).with_response(response)
}

#[cfg(test)]
mod tests;

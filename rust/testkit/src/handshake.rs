//! The server's half of the opening handshake ([RFC 6455 §4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)).

use tungstenite::handshake::derive_accept_key;

use crate::script::Respond;

/// A request head that waits for its answer.
#[derive(Debug)]
pub(crate) struct Request {
    head: String,
}

impl Request {
    pub(crate) fn new(head: String) -> Self {
        Self { head }
    }

    /// The value of the first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(candidate, _)| candidate.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// A 101 with the right accept key, the first sub-protocol that was asked for, and the extra lines.
    pub(crate) fn switching_protocols(&self, extra: &[String]) -> String {
        let mut lines = vec![
            "HTTP/1.1 101 Switching Protocols".to_owned(),
            "Upgrade: websocket".to_owned(),
            "Connection: Upgrade".to_owned(),
            format!("Sec-WebSocket-Accept: {}", self.accept_key()),
        ];
        let is_protocol_set = extra.iter().any(|line| is_header(line, "Sec-WebSocket-Protocol"));
        let offered = self.header("Sec-WebSocket-Protocol").and_then(|list| list.split(',').next());
        if let (false, Some(protocol)) = (is_protocol_set, offered) {
            lines.push(format!("Sec-WebSocket-Protocol: {}", protocol.trim()));
        }
        lines.extend_from_slice(extra);
        format!("{}\r\n\r\n", lines.join("\r\n"))
    }

    /// The response as the script wants it.
    pub(crate) fn scripted(&self, respond: &Respond) -> String {
        let head = respond.head.join("\r\n").replace("{accept}", &self.accept_key());
        format!("{head}\r\n\r\n{}", respond.body)
    }

    fn accept_key(&self) -> String {
        derive_accept_key(self.header("Sec-WebSocket-Key").unwrap_or_default().as_bytes())
    }
}

fn is_header(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(candidate, _)| candidate.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";

    #[test]
    fn accept_key_is_that_of_the_rfc_example() {
        let response = Request::new(HEAD.to_owned()).switching_protocols(&[]);
        assert!(response.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{response}");
        assert!(response.ends_with("\r\nSec-WebSocket-Protocol: chat\r\n\r\n"), "{response}");
    }

    #[test]
    fn scripted_subprotocol_replaces_the_first_offer() {
        let extra = ["sec-websocket-protocol: superchat".to_owned()];
        let response = Request::new(HEAD.to_owned()).switching_protocols(&extra);
        assert!(!response.contains(": chat"), "{response}");
        assert!(response.ends_with("\r\nsec-websocket-protocol: superchat\r\n\r\n"), "{response}");
    }
}

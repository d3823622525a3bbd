//! What a server has seen, in a form that tests compare.

use std::str;

use serde::{Deserialize, Serialize};

/// Longest text that an event holds in full, in bytes.
const LONGEST_TEXT: usize = 256;

/// An event of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Connections of one server are numbered from 0 in the order in which they were accepted.
    pub connection: usize,
    /// What happened.
    pub event: Event,
}

/// Something that a server has seen or done, in JSON externally tagged and in snake case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A connection came from this address.
    Accepted(String),
    /// A whole binary message.
    Binary(BinaryDigest),
    /// A close frame; 1005 stands for "without a code".
    Close(u16, String),
    /// The TLS alert `close_notify`.
    CloseNotify,
    /// The script reached its end.
    Done,
    /// The peer sent FIN.
    Eof,
    /// The script could not go on; the text says at which step and why.
    Failed(String),
    /// A data frame that is not a message by itself. The whole message is recorded when it is complete.
    Fragment(FragmentDigest),
    /// A ping; bytes that are not UTF-8 are replaced.
    Ping(String),
    /// A pong; bytes that are not UTF-8 are replaced.
    Pong(String),
    /// A request head, verbatim, with its blank line.
    Request(String),
    /// The peer reset the connection.
    Reset,
    /// TLS took up the session of an earlier connection. What follows is [`Event::Sni`].
    Resumed,
    /// TLS is established; the server name that the client asked for.
    Sni(Option<String>),
    /// A whole text message of up to 256 bytes.
    Text(String),
    /// A whole longer text message.
    TextDigest(TextDigest),
    /// TLS failed, for example because the client refused the certificate.
    TlsError(String),
    /// The client broke a rule.
    Violation(String),
}

impl Event {
    /// The tag that the event has in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Binary(_) => "binary",
            Self::Close(..) => "close",
            Self::CloseNotify => "close_notify",
            Self::Done => "done",
            Self::Eof => "eof",
            Self::Failed(_) => "failed",
            Self::Fragment(_) => "fragment",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Request(_) => "request",
            Self::Reset => "reset",
            Self::Resumed => "resumed",
            Self::Sni(_) => "sni",
            Self::Text(_) => "text",
            Self::TextDigest(_) => "text_digest",
            Self::TlsError(_) => "tls_error",
            Self::Violation(_) => "violation",
        }
    }

    /// The event for a binary message.
    pub fn binary(payload: &[u8]) -> Self {
        Self::Binary(BinaryDigest {
            size: payload.len(),
            head: payload.iter().take(16).copied().collect(),
            sum: sum(payload),
        })
    }

    /// The event for a text message: the text or, if it is long, its digest.
    pub fn text(text: &str) -> Self {
        if text.len() <= LONGEST_TEXT {
            return Self::Text(text.to_owned());
        }
        Self::TextDigest(TextDigest {
            size: text.len(),
            head: text.chars().take(32).collect(),
            sum: sum(text.as_bytes()),
        })
    }
}

/// A binary message in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryDigest {
    /// Length in bytes.
    pub size: usize,
    /// The first 16 bytes.
    pub head: Vec<u8>,
    /// The sum of all bytes.
    pub sum: u64,
}

/// A data frame in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FragmentDigest {
    /// 0 (continuation), 1 (text) or 2 (binary).
    pub opcode: u8,
    /// Whether this frame ends its message.
    pub fin: bool,
    /// Length of the payload in bytes.
    pub size: usize,
}

/// A text message in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDigest {
    /// Length in bytes.
    pub size: usize,
    /// The first 32 characters.
    pub head: String,
    /// The sum of all bytes.
    pub sum: u64,
}

fn sum(payload: &[u8]) -> u64 {
    payload.iter().map(|byte| u64::from(*byte)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_the_documented_json() {
        let cases = [
            (Event::Close(1005, String::new()), r#"{"close":[1005,""]}"#),
            (Event::Eof, r#""eof""#),
            (Event::Resumed, r#""resumed""#),
            (Event::Sni(None), r#"{"sni":null}"#),
            (Event::binary(&[1, 2, 255]), r#"{"binary":{"size":3,"head":[1,2,255],"sum":258}}"#),
            (Event::text("hi"), r#"{"text":"hi"}"#),
        ];
        for (event, json) in cases {
            assert_eq!(serde_json::to_string(&event).unwrap(), json);
            assert_eq!(serde_json::from_str::<Event>(json).unwrap(), event);
            assert!(json.contains(event.name()));
        }
    }

    #[test]
    fn long_text_becomes_a_digest() {
        let head = "ä".repeat(32);
        let digest = TextDigest { size: 400, head, sum: 200 * (0xC3 + 0xA4) };
        assert_eq!(Event::text(&"ä".repeat(200)), Event::TextDigest(digest));
    }
}

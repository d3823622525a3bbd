//! The steps that a scripted server goes through on one connection.

use serde::{Deserialize, Serialize};

use crate::pki::LeafKind;

/// One step of a script, seen from the server.
///
/// In JSON a step is externally tagged and in snake case, so that a script reads like
/// `["upgrade", {"text": "hello"}, {"close": [1000, "bye"]}, "fin"]`.
///
/// Steps that read frames (`answer_close`, `drain`, `echo`, `expect`, `expect_ping`, `hold`) record each of them and
/// answer pings with pongs, until [`Step::Mute`]. A step that gets no byte for the server's timeout fails the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reads frames until a close frame comes, and answers it with the same payload.
    AnswerClose,
    /// Sends one binary message.
    Binary(Vec<u8>),
    /// Sends a close frame with any code, also a forbidden one.
    Close(u16, String),
    /// Sends a close frame without a payload.
    CloseEmpty,
    /// Sends the TLS `close_notify` alert.
    CloseNotify,
    /// Keeps all that follows, up to [`Step::Uncork`], to send it in one write call.
    Cork,
    /// Reads frames until a close frame, EOF or a reset; does not answer the close.
    Drain,
    /// Sends each message back until a close frame, answers that, then says `close_notify` (with TLS) and `fin`.
    /// Also ends when the peer goes without a close frame.
    Echo,
    /// Reads frames until so many data messages are complete.
    Expect(usize),
    /// Reads frames until so many pings came.
    ExpectPing(usize),
    /// Sends many messages.
    Fill(Fill),
    /// Sends what is corked, then shuts down the sending side of the TCP connection.
    Fin,
    /// Sends one data frame, which may be a fragment.
    Fragment(Fragment),
    /// Sends exactly these bytes, which should be a frame.
    FrameRaw(Vec<u8>),
    /// Keeps reading until EOF or a reset: frames after an upgrade, before it any bytes.
    Hold,
    /// From now on pings stay without an answer.
    Mute,
    /// Sends a ping.
    Ping(String),
    /// Sends a pong.
    Pong(String),
    /// Sends exactly these bytes.
    Raw(Vec<u8>),
    /// Reads one request head, up to the blank line, and records it.
    ReadRequest,
    /// Reads a request head if none is waiting for its answer, then answers with these lines.
    Respond(Respond),
    /// Resets the connection and ends the script.
    Rst,
    /// Neither reads nor writes until the server is stopped.
    Stall,
    /// Sends one text message.
    Text(String),
    /// Accepts TLS with a certificate of this kind and records the server name that the client asked for.
    /// Usually the first step, but may also follow the answer to a `CONNECT` request.
    Tls(LeafKind),
    /// From now on writes leave in pieces of so many bytes, one system call each; 0 turns this off.
    Trickle(usize),
    /// Sends what is corked in one write call.
    Uncork,
    /// Reads a request head if none is waiting for its answer, then answers with a correct 101.
    /// Of the sub-protocols that the client offers the first is taken.
    Upgrade,
    /// As [`Step::Upgrade`], with further header lines. One that sets `Sec-WebSocket-Protocol` replaces the choice.
    UpgradeWith(Vec<String>),
    /// Waits until [`Server::signal`](crate::Server::signal) was called with this name, before or during the step.
    Wait(String),
}

impl Step {
    /// The step as JSON for messages, cut to a readable length.
    pub(crate) fn summary(&self) -> String {
        const LONGEST: usize = 80;
        let json = serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"));
        match json.char_indices().nth(LONGEST) {
            Some((cut, _)) => format!("{}…", &json[..cut]),
            None => json,
        }
    }
}

/// Messages that carry their own number: each byte of message `i` is `b'a' + i % 26`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Text or binary.
    pub kind: MessageKind,
    /// Bytes per message.
    pub size: usize,
    /// Number of messages; in JSON 1 if left out.
    #[serde(default = "one")]
    pub count: usize,
}

/// A data frame that need not be a whole message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    /// 0 (continuation), 1 (text) or 2 (binary); only the low four bits are sent.
    pub opcode: u8,
    /// Whether this frame ends its message.
    pub fin: bool,
    /// The payload.
    pub payload: String,
}

/// The kind of a data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

/// A response that is sent as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Respond {
    /// Status line and headers without line ends. `{accept}` is replaced by the right `Sec-WebSocket-Accept`.
    pub head: Vec<String>,
    /// What follows the blank line.
    #[serde(default)]
    pub body: String,
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_reads_as_the_documented_json() {
        let json = r#"["upgrade", {"text": "hello"}, {"close": [1000, "bye"]}, {"tls": "wrong_name"}, {"trickle": 3},
            {"fill": {"kind": "binary", "size": 5}}, {"respond": {"head": ["HTTP/1.1 404 Not Found"]}}, "fin"]"#;
        let script: Vec<Step> = serde_json::from_str(json).unwrap();
        assert_eq!(
            script,
            [
                Step::Upgrade,
                Step::Text("hello".into()),
                Step::Close(1000, "bye".into()),
                Step::Tls(LeafKind::WrongName),
                Step::Trickle(3),
                Step::Fill(Fill { kind: MessageKind::Binary, size: 5, count: 1 }),
                Step::Respond(Respond { head: vec!["HTTP/1.1 404 Not Found".into()], body: String::new() }),
                Step::Fin,
            ]
        );
    }
}

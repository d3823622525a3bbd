//! The opening handshake of a client: what it asks, and which answers it takes.

use base64::Engine as _;
use tungsten_core::{ErrorKind, Kind, ReadyState, SendError};

use super::rig::{Rig, accept_key, field};
use super::wire::text;

const URL: &str = "ws://server.example.com/chat?room=1";

/// A valid answer with `from` replaced by `to` must not open the connection.
#[track_caller]
fn expect_refused(from: &str, to: &str, kind: ErrorKind) {
    let mut rig = Rig::connecting(URL, &["chat"]);
    let accepted = rig.accepted();
    assert!(accepted.contains(from), "{accepted}");
    rig.deliver(accepted.replacen(from, to, 1).as_bytes());
    rig.receive_end();
    rig.expect_not_opened(kind);
}

#[track_caller]
fn expect_open(from: &str, to: &str) {
    let mut rig = Rig::connecting(URL, &[]);
    let accepted = rig.accepted();
    assert!(accepted.contains(from), "{accepted}");
    rig.deliver(accepted.replacen(from, to, 1).as_bytes());
    assert_eq!(rig.peer.state(), ReadyState::Open, "{:?}", rig.peer.error());
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn request_is_a_get_of_http_1_1_for_path_and_query() {
    let head = Rig::connecting(URL, &[]).head();
    assert_eq!(head.lines().next(), Some("GET /chat?room=1 HTTP/1.1"));
    assert!(head.ends_with("\r\n\r\n"));
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn request_has_each_required_field_once() {
    let head = Rig::connecting(URL, &[]).head();
    assert_eq!(field(&head, "Host"), ["server.example.com"]);
    assert_eq!(field(&head, "Upgrade"), ["websocket"]);
    assert_eq!(field(&head, "Connection"), ["Upgrade"]);
    assert_eq!(field(&head, "Sec-WebSocket-Version"), ["13"]);
    assert_eq!(field(&head, "Sec-WebSocket-Key").len(), 1);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn host_has_the_port_if_it_is_not_the_default_one() {
    let head = Rig::connecting("ws://server.example.com:9080/", &[]).head();
    assert_eq!(field(&head, "Host"), ["server.example.com:9080"]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn key_is_sixteen_random_bytes_in_base64() {
    let keys: Vec<Vec<u8>> = (0..8)
        .map(|_| {
            let head = Rig::connecting(URL, &[]).head();
            base64::engine::general_purpose::STANDARD.decode(field(&head, "Sec-WebSocket-Key")[0]).unwrap()
        })
        .collect();
    assert!(keys.iter().all(|key| key.len() == 16));
    assert!((1..keys.len()).all(|idx| !keys[..idx].contains(&keys[idx])), "{keys:?}");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn protocols_are_asked_for_in_order_and_extensions_not_at_all() {
    let head = Rig::connecting(URL, &["superchat", "chat"]).head();
    assert_eq!(field(&head, "Sec-WebSocket-Protocol"), ["superchat, chat"]);
    assert!(field(&head, "Sec-WebSocket-Extensions").is_empty());
    let head = Rig::connecting(URL, &[]).head();
    assert!(field(&head, "Sec-WebSocket-Protocol").is_empty());
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn nothing_is_sent_before_the_answer() {
    let mut rig = Rig::connecting(URL, &[]);
    let accepted = rig.accepted();
    let now = std::time::Instant::now();
    assert_eq!(rig.peer.send(Kind::Text, b"early", now), Err(SendError::NotOpen));
    rig.settle();
    assert!(rig.far.take().is_empty());
    rig.deliver(accepted.as_bytes());
    rig.send(Kind::Text, b"now");
    assert_eq!(rig.frames(), [text("now")]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn valid_answer_opens() {
    expect_open("websocket", "websocket");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn names_and_tokens_of_the_answer_may_be_in_any_case() {
    expect_open("Upgrade: websocket", "UPGRADE: WebSocket");
    expect_open("Connection: Upgrade", "connection: uPGRADE");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn first_frame_may_come_in_one_piece_with_the_answer() {
    let mut rig = Rig::connecting(URL, &[]);
    let accepted = rig.accepted();
    rig.deliver(&[accepted.as_bytes(), &text("first").encode()].concat());
    assert_eq!(rig.texts(), ["first"]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn answer_with_another_status_is_no_connection() {
    expect_refused("101 Switching Protocols", "200 OK", ErrorKind::HttpStatus);
    expect_refused("101 Switching Protocols", "401 Unauthorized", ErrorKind::HttpStatus);
    expect_refused("101 Switching Protocols", "302 Found\r\nLocation: ws://other/", ErrorKind::Redirected);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn answer_without_upgrade_is_no_connection() {
    expect_refused("Upgrade: websocket\r\n", "", ErrorKind::InvalidResponse);
    expect_refused("Upgrade: websocket", "Upgrade: h2c", ErrorKind::InvalidResponse);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn answer_without_connection_upgrade_is_no_connection() {
    expect_refused("Connection: Upgrade\r\n", "", ErrorKind::InvalidResponse);
    expect_refused("Connection: Upgrade", "Connection: close", ErrorKind::InvalidResponse);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn answer_with_a_wrong_accept_key_is_no_connection() {
    expect_refused("Sec-WebSocket-Accept: ", "X: ", ErrorKind::InvalidResponse);
    expect_refused("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x", ErrorKind::InvalidResponse);
    let other = format!("Sec-WebSocket-Accept: {}\r\nX: ", accept_key("AQIDBAUGBwgJCgsMDQ4PEA=="));
    expect_refused("Sec-WebSocket-Accept: ", &other, ErrorKind::InvalidResponse);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn accept_key_is_compared_with_its_case() {
    let mut rig = Rig::connecting(URL, &[]);
    let accepted = rig.accepted();
    let key = field(&accepted, "Sec-WebSocket-Accept")[0].to_owned();
    rig.deliver(accepted.replace(&key, &key.to_lowercase()).as_bytes());
    rig.expect_not_opened(ErrorKind::InvalidResponse);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn space_around_the_accept_key_is_ignored() {
    expect_open("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept:  \t");
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn extension_that_was_not_asked_for_is_no_connection() {
    let extension = "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade";
    expect_refused("Upgrade", extension, ErrorKind::UnexpectedExtension);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn protocol_that_was_not_asked_for_is_no_connection() {
    expect_refused("Upgrade", "Sec-WebSocket-Protocol: superchat\r\nUpgrade", ErrorKind::ProtocolMismatch);
    expect_refused("Upgrade", "Sec-WebSocket-Protocol: Chat\r\nUpgrade", ErrorKind::ProtocolMismatch);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn what_is_not_http_is_no_connection() {
    for answer in ["HTTP/1.0 101 Switching Protocols\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{1}\u{2}\u{3}"] {
        let mut rig = Rig::connecting(URL, &[]);
        rig.deliver(answer.as_bytes());
        rig.expect_not_opened(ErrorKind::InvalidResponse);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-11.3.3>
#[test]
fn accept_key_that_is_there_twice_is_no_connection() {
    for other in ["x", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""] {
        let mut rig = Rig::connecting(URL, &[]);
        let accepted = rig.accepted();
        let line = format!("\r\nSec-WebSocket-Accept: {other}\r\n\r\n");
        rig.deliver(accepted.replacen("\r\n\r\n", &line, 1).as_bytes());
        rig.expect_not_opened(ErrorKind::InvalidResponse);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>
#[test]
fn answer_that_upgrades_to_something_else_too_is_no_connection() {
    for upgrade in ["Upgrade: websocket, h2c", "Upgrade: websocket\r\nUpgrade: h2c"] {
        expect_refused("Upgrade: websocket", upgrade, ErrorKind::InvalidResponse);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-11.3.4>
#[test]
fn protocol_that_is_chosen_twice_is_no_connection() {
    let twice = "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\nUpgrade";
    expect_refused("Upgrade", twice, ErrorKind::ProtocolMismatch);
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-15.2>
#[test]
fn interim_answers_are_skipped_up_to_a_bound() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    for in_one_piece in [false, true] {
        let mut rig = Rig::connecting(URL, &[]);
        let answer = interim.repeat(8) + &rig.accepted();
        let step = if in_one_piece { answer.len() } else { 7 };
        answer.as_bytes().chunks(step).for_each(|piece| rig.deliver(piece));
        assert_eq!(rig.peer.state(), ReadyState::Open, "{:?}", rig.peer.error());

        let mut rig = Rig::connecting(URL, &[]);
        let answer = interim.repeat(9);
        let step = if in_one_piece { answer.len() } else { 7 };
        answer.as_bytes().chunks(step).for_each(|piece| rig.deliver(piece));
        rig.expect_not_opened(ErrorKind::InvalidResponse);
        assert_eq!(rig.peer.error().unwrap().message(), "the server sent over 8 interim answers");
    }
}

//! The opening handshake of a server: which requests it takes, and what it answers to the others.

use tungsten_core::{ErrorKind, ReadyState};

use super::rig::{REQUEST, Rig, SAMPLE_ACCEPT, field};
use super::wire::{MASK, text};

/// The sample request with `from` replaced by `to`.
#[track_caller]
fn request(from: &str, to: &str) -> String {
    assert!(REQUEST.contains(from), "{from:?}");
    REQUEST.replacen(from, to, 1)
}

/// The bytes are answered with this status, whole and with a reason, and the connection fails with this kind.
#[track_caller]
fn expect_refused(bytes: &str, status: u16, kind: ErrorKind) -> String {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(bytes.as_bytes());
    expect_refusal(&mut rig, status, kind)
}

#[track_caller]
fn expect_refusal(rig: &mut Rig, status: u16, kind: ErrorKind) -> String {
    let answer = rig.head();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(field(head, "Content-Length"), [body.len().to_string()]);
    assert!(!body.is_empty());
    assert!(!rig.far.watch_end()(), "the end of the stream may take the answer away from the client");
    rig.receive_end();
    assert!(rig.far.take().is_empty(), "the answer is the last thing that is written");
    rig.expect_not_opened(kind);
    if kind == ErrorKind::InvalidRequest {
        let message = rig.peer.error().unwrap().message().to_owned();
        assert!(message.contains(&status.to_string()), "{message}");
    }
    answer
}

#[track_caller]
fn expect_accepted(bytes: &str) -> String {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(bytes.as_bytes());
    assert_eq!(rig.peer.state(), ReadyState::Open, "{:?}", rig.peer.error());
    rig.head()
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>
#[test]
fn sample_request_gets_the_sample_answer() {
    let answer = expect_accepted(REQUEST);
    assert_eq!(answer.lines().next(), Some("HTTP/1.1 101 Switching Protocols"));
    assert_eq!(field(&answer, "Upgrade"), ["websocket"]);
    assert_eq!(field(&answer, "Connection"), ["Upgrade"]);
    assert_eq!(field(&answer, "Sec-WebSocket-Accept"), [SAMPLE_ACCEPT]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn names_and_tokens_of_the_request_may_be_in_any_case_and_among_others() {
    expect_accepted(&request("Upgrade: websocket", "UPGRADE: h2c, WebSocket"));
    expect_accepted(&request("Connection: Upgrade", "connection: keep-alive, upgrade"));
    expect_accepted(&request("Sec-WebSocket-Key", "sec-websocket-key"));
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn request_may_come_byte_by_byte() {
    let mut rig = Rig::accepting(&[]);
    for byte in REQUEST.as_bytes() {
        assert_eq!(rig.peer.state(), ReadyState::Connecting);
        rig.deliver(&[*byte]);
    }
    assert_eq!(rig.peer.state(), ReadyState::Open);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>
#[test]
fn first_frame_may_come_in_one_piece_with_the_request() {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(&[REQUEST.as_bytes(), &text("eager").masked(MASK).encode()].concat());
    assert_eq!(rig.texts(), ["eager"]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>
#[test]
fn application_of_the_server_sees_the_request() {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(request("Host", "Origin: http://example.com\r\nHost").as_bytes());
    let request = rig.peer.request().unwrap();
    assert_eq!(request.target(), "/chat");
    assert!(request.values("origin").eq(["http://example.com"]));
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>
#[test]
fn first_protocol_of_the_client_that_the_server_speaks_is_chosen() {
    for (asked, spoken, chosen) in [
        ("superchat, chat", &["chat", "superchat"][..], "superchat"),
        ("x, chat", &["chat"], "chat"),
        ("Chat", &["chat"], ""),
        ("chat", &[], ""),
    ] {
        let mut rig = Rig::accepting(spoken);
        rig.deliver(request("Host", &format!("Sec-WebSocket-Protocol: {asked}\r\nHost")).as_bytes());
        assert_eq!((rig.peer.state(), rig.peer.protocol()), (ReadyState::Open, chosen), "{asked}");
        let answered: Vec<&str> = Some(chosen).into_iter().filter(|chosen| !chosen.is_empty()).collect();
        assert_eq!(field(&rig.head(), "Sec-WebSocket-Protocol"), answered, "{asked}");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>
#[test]
fn extensions_are_declined_by_silence() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nHost";
    let answer = expect_accepted(&request("Host", offer));
    assert!(field(&answer, "Sec-WebSocket-Extensions").is_empty());
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_post_is_answered_with_405() {
    let answer = expect_refused(&request("GET", "POST"), 405, ErrorKind::InvalidRequest);
    assert_eq!(field(&answer, "Allow"), ["GET"]);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_missing_or_unusable_key_is_answered_with_400() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    expect_refused(&request(key, ""), 400, ErrorKind::InvalidRequest);
    expect_refused(&request(key, &key.repeat(2)), 400, ErrorKind::InvalidRequest);
    // Not base64; empty; 15 bytes; 17 bytes.
    for value in ["!", "", "AQIDBAUGBwgJCgsMDQ4P", "AQIDBAUGBwgJCgsMDQ4PEBE="] {
        expect_refused(&request("dGhlIHNhbXBsZSBub25jZQ==", value), 400, ErrorKind::InvalidRequest);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_missing_upgrade_is_answered_with_426() {
    let answer = expect_refused(&request("Upgrade: websocket\r\n", ""), 426, ErrorKind::InvalidRequest);
    assert_eq!(field(&answer, "Upgrade"), ["websocket"]);
    expect_refused(&request("Upgrade: websocket", "Upgrade: h2c"), 426, ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn missing_connection_upgrade_is_answered_with_400() {
    expect_refused(&request("Connection: Upgrade\r\n", ""), 400, ErrorKind::InvalidRequest);
    expect_refused(&request("Connection: Upgrade", "Connection: keep-alive"), 400, ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn missing_host_is_answered_with_400() {
    let host = "Host: server.example.com\r\n";
    expect_refused(&request(host, ""), 400, ErrorKind::InvalidRequest);
    expect_refused(&request(host, &host.repeat(2)), 400, ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.4>
#[test]
fn f1_other_version_is_answered_with_426_and_the_one_that_is_spoken() {
    for version in ["Version: 8", "Version: 14", "Version: 013", "Version: ", "Versions: 13"] {
        let answer = expect_refused(&request("Version: 13", version), 426, ErrorKind::InvalidRequest);
        assert_eq!(field(&answer, "Sec-WebSocket-Version"), ["13"], "{version}");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_malformed_request_is_answered_with_400() {
    for bytes in ["GET / HTTP/1.1 x\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\r\n\r\n", "GET / HTTP/1.1\r\nno field\r\n\r\n"] {
        expect_refused(bytes, 400, ErrorKind::InvalidRequest);
    }
    expect_refused(&request("HTTP/1.1", "HTTP/1.0"), 400, ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_head_of_twenty_kilobytes_is_answered_with_431() {
    let cookie = format!("Cookie: {}\r\nHost", "x".repeat(20_000));
    expect_refused(&request("Host", &cookie), 431, ErrorKind::HeadTooBig);
    let unfinished = request("Host", &cookie);
    expect_refused(&unfinished[..18_000], 431, ErrorKind::HeadTooBig);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn f1_half_a_head_is_answered_with_408_once_time_is_up() {
    for half in [&REQUEST[..0], &REQUEST[..1], &REQUEST[..REQUEST.len() - 1]] {
        let mut rig = Rig::accepting(&[]);
        rig.deliver(half.as_bytes());
        rig.advance(9.9);
        assert!(rig.far.take().is_empty());
        rig.advance(0.1);
        expect_refusal(&mut rig, 408, ErrorKind::HandshakeTimeout);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn client_that_does_not_leave_after_a_refusal_is_left() {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(request("GET", "POST").as_bytes());
    assert_eq!((rig.peer.state(), rig.events.len()), (ReadyState::Connecting, 0));
    rig.deliver(b"a body that nobody asked for");
    rig.advance(0.9);
    assert_eq!(rig.peer.state(), ReadyState::Connecting);
    rig.advance(0.1);
    rig.expect_not_opened(ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1>
#[test]
fn client_that_leaves_before_its_request_is_whole_gets_no_answer() {
    let mut rig = Rig::accepting(&[]);
    rig.deliver(&REQUEST.as_bytes()[..20]);
    rig.receive_end();
    assert!(rig.far.take().is_empty());
    rig.expect_not_opened(ErrorKind::ConnectionLost);
}

/// The absolute form is what proxies send, and a server has to take it; what it names counts, not the `Host` field.
///
/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2>
#[test]
fn absolute_form_of_the_target_is_understood_as_path_and_query() {
    for (target, path, host) in [
        ("http://example.com/forbidden", "/forbidden", "example.com"),
        ("HTTPS://example.com:8080/a?b=c:/d", "/a?b=c:/d", "example.com:8080"),
        ("ws://example.com", "/", "example.com"),
        ("wss://[::1]:80?x=/y", "/?x=/y", "[::1]:80"),
        ("/chat", "/chat", "server.example.com"),
        ("//example.com/chat", "//example.com/chat", "server.example.com"),
        ("/http://example.com/", "/http://example.com/", "server.example.com"),
    ] {
        let mut rig = Rig::accepting(&[]);
        rig.deliver(request("GET /chat", &format!("GET {target}")).as_bytes());
        assert_eq!(rig.peer.state(), ReadyState::Open, "{target}: {:?}", rig.peer.error());
        let request = rig.peer.request().unwrap();
        assert_eq!((request.target(), request.host()), (path, host), "{target}");
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>
#[test]
fn other_forms_of_the_target_are_answered_with_400() {
    for target in [
        "example.com:80",
        "*",
        "chat",
        "?x=1",
        "ftp://example.com/",
        "http:/chat",
        "http:///chat",
        "http://",
        "http://user@example.com/",
        "://example.com/",
        "/chat#fragment",
        "http://example.com/chat#fragment",
        "http://example.com#fragment",
    ] {
        expect_refused(&request("GET /chat", &format!("GET {target}")), 400, ErrorKind::InvalidRequest);
    }
}

/// A body would be read as frames.
///
/// <https://www.rfc-editor.org/rfc/rfc9112#section-6>
#[test]
fn request_with_a_body_is_answered_with_400() {
    for line in ["Content-Length: 5", "content-length: +0", "Content-Length: 0\r\nContent-Length: 5", "Content-Length:"]
    {
        expect_refused(&request("Host", &format!("{line}\r\nHost")), 400, ErrorKind::InvalidRequest);
    }
    for line in ["Transfer-Encoding: chunked", "transfer-encoding: identity", "Transfer-Encoding:"] {
        expect_refused(&request("Host", &format!("{line}\r\nHost")), 400, ErrorKind::InvalidRequest);
    }
    expect_accepted(&request("Host", "Content-Length: 0\r\nHost"));
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-11.3.5>
#[test]
fn version_that_is_there_twice_is_refused() {
    let version = "Sec-WebSocket-Version: 13\r\n";
    expect_refused(&request(version, &version.repeat(2)), 400, ErrorKind::InvalidRequest);
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-7.8>
#[test]
fn lists_of_the_request_may_be_in_several_fields() {
    expect_accepted(&request("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket"));
    expect_accepted(&request("Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"));
}

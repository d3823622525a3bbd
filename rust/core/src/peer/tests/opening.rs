//! From the URL to an open connection, and what ends the way there.

use super::*;
use crate::connection::frames::{close, text};

#[test]
fn life_goes_from_the_name_to_the_close_frame_of_the_server() {
    let mut rig = Rig::new();
    rig.resolver = FakeResolver::silent();
    rig.set_attempt(Attempt::Pending);
    rig.connect();
    rig.poll();
    assert_eq!((rig.peer.opening_phase(), rig.peer.address()), (Some(Phase::Resolve), None));

    rig.resolver.answer(Ok(vec![ADDRESS]));
    rig.poll();
    let address = SocketAddr::new(ADDRESS, 80);
    assert_eq!((rig.peer.opening_phase(), rig.peer.address()), (Some(Phase::Connect), Some(address)));

    rig.set_attempt(Attempt::Connected);
    rig.poll();
    assert_eq!((rig.peer.opening_phase(), rig.peer.address()), (Some(Phase::Handshake), Some(address)));
    rig.expect_state(ReadyState::Connecting);
    rig.expect_no_event();

    rig.upgrade();
    assert_eq!((rig.peer.opening_phase(), rig.peer.address()), (None, Some(address)));
    assert_eq!(rig.peer.response().map(Response::status), Some(101));
    rig.expect_state(ReadyState::Open);

    rig.feed(&text("hello"));
    assert_eq!(rig.messages(), ["hello"]);
    rig.expect_no_event();

    rig.feed(&close(1000, "bye"));
    assert_eq!(rig.frames(), [(CLOSE, close(1000, "bye")[2..].to_vec())]);
    rig.expect_event(Event::CloseRequested(received_close(1000, "bye")));
    rig.expect_closed(true);
    assert_eq!((rig.close_code(), rig.peer.error().is_none(), rig.peer.address()), (Some(1000), true, None));
    assert!(rig.wire.is_finished() && rig.wire.is_dropped());
}

#[test]
fn request_is_written_piece_by_piece_into_a_full_socket() {
    let mut rig = Rig::new();
    rig.connect();
    rig.wire.set_room(0);
    for _ in 0..1000 {
        rig.poll();
        rig.wire.set_room(1);
    }
    rig.wire.set_room(usize::MAX);
    rig.upgrade();
}

#[test]
fn answer_may_come_byte_by_byte() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    for byte in accepted {
        rig.expect_no_event();
        rig.feed(&[byte]);
    }
    rig.expect_event(Event::Opened);
}

#[test]
fn lookup_that_is_never_answered_times_out() {
    let mut rig = Rig::new();
    rig.resolver = FakeResolver::silent();
    rig.connect();
    rig.advance(9.9);
    rig.expect_no_event();
    rig.advance(0.1);
    rig.expect_failed(Phase::Resolve, ErrorKind::HandshakeTimeout, "looking up the host took longer than 10s");
}

#[test]
fn connecting_that_hangs_times_out() {
    let mut rig = Rig::new();
    rig.set_attempt(Attempt::Pending);
    rig.connect();
    rig.poll();
    rig.advance(10.0);
    rig.expect_failed(Phase::Connect, ErrorKind::HandshakeTimeout, "connecting took longer than 10s");
    assert!(rig.wire.is_dropped());
}

#[test]
fn hello_of_tls_that_is_never_answered_times_out() {
    let mut rig = Rig::new();
    rig.try_connect("wss://game.test/").unwrap();
    rig.poll();
    assert_eq!(rig.peer.opening_phase(), Some(Phase::Tls));
    assert_eq!(rig.wire.take_written().first(), Some(&22), "a handshake record");
    rig.advance(10.0);
    rig.expect_failed(Phase::Tls, ErrorKind::HandshakeTimeout, "negotiating TLS took longer than 10s");
}

#[test]
fn upgrade_that_is_never_answered_times_out() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.advance(9.9);
    rig.feed(b"HTTP/1.1 101 Switching Protocols\r\n");
    rig.expect_no_event();
    rig.advance(0.1);
    let message = "waiting for the answer to the upgrade request took longer than 10s";
    rig.expect_failed(Phase::Handshake, ErrorKind::HandshakeTimeout, message);
    assert!(rig.wire.is_dropped());
}

#[test]
fn one_deadline_covers_all_phases() {
    let mut rig = Rig::new();
    rig.resolver = FakeResolver::silent();
    rig.set_attempt(Attempt::Pending);
    rig.connect();
    rig.advance(4.0);
    rig.resolver.answer(Ok(vec![ADDRESS]));
    rig.advance(4.0);
    rig.set_attempt(Attempt::Connected);
    rig.advance(1.9);
    rig.expect_state(ReadyState::Connecting);
    rig.advance(0.1);
    rig.expect_event(Event::Failed);
    assert_eq!(rig.peer.error().map(Error::phase), Some(Phase::Handshake));
}

#[test]
fn name_without_an_address_is_not_found() {
    let mut rig = Rig::new();
    rig.resolver.answer(Ok(Vec::new()));
    rig.connect();
    rig.poll();
    let message = "looking up \"game.test\" failed: it has no address";
    rig.expect_failed(Phase::Resolve, ErrorKind::NameNotFound, message);
}

#[test]
fn failed_lookup_is_reported_with_its_reason() {
    let mut rig = Rig::new();
    rig.resolver.answer(Err("no name server".to_owned()));
    rig.connect();
    rig.poll();
    let message = "looking up \"game.test\" failed: no name server";
    rig.expect_failed(Phase::Resolve, ErrorKind::NameNotFound, message);
}

#[test]
fn refused_connection_is_reported_with_its_address() {
    let mut rig = Rig::new();
    rig.set_attempt(Attempt::Refused);
    rig.connect();
    rig.poll();
    let message = "connecting to 10.0.0.1:80 failed: connection refused";
    rig.expect_failed(Phase::Connect, ErrorKind::ConnectionRefused, message);
}

#[test]
fn refusal_is_reported_with_status_and_body() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.feed(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno ");
    rig.expect_no_event();
    rig.feed(b"ticket");
    let message = "the server answered with HTTP status 401 instead of 101";
    rig.expect_failed(Phase::Handshake, ErrorKind::HttpStatus, message);
    let response = rig.peer.response().unwrap();
    assert_eq!((response.status(), response.body()), (401, &b"no ticket"[..]));
}

#[test]
fn body_without_an_end_is_waited_for_one_second() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.feed(b"HTTP/1.1 503 Busy\r\n\r\ntry later");
    rig.advance(0.9);
    rig.expect_no_event();
    rig.advance(0.1);
    rig.expect_event(Event::Failed);
    assert_eq!(rig.peer.response().map(Response::body), Some(&b"try later"[..]));
}

#[test]
fn body_that_is_cut_off_is_reported_as_far_as_it_came() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.wire.end();
    rig.feed(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nban");
    rig.expect_event(Event::Failed);
    assert_eq!(rig.peer.response().map(Response::body), Some(&b"ban"[..]));
}

#[test]
fn refusal_just_before_the_deadline_is_no_timeout() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.advance(9.9);
    rig.feed(b"HTTP/1.1 503 Busy\r\n\r\ntry later");
    rig.advance(0.1);
    let message = "the server answered with HTTP status 503 instead of 101";
    rig.expect_failed(Phase::Handshake, ErrorKind::HttpStatus, message);
}

#[test]
fn server_that_leaves_without_an_answer_is_reported() {
    let mut rig = Rig::new();
    rig.connect();
    rig.wire.end();
    rig.poll();
    let message = "the server ended the connection without a whole answer to the upgrade request";
    rig.expect_failed(Phase::Handshake, ErrorKind::ConnectionLost, message);
}

#[test]
fn answer_in_many_pieces_does_not_hold_up_a_poll() {
    let mut rig = Rig::new();
    rig.connect();
    let accepted = rig.accept();
    accepted.iter().for_each(|byte| rig.wire.deliver(&[*byte]));
    let mut polls = 0;
    while rig.peer.state() == ReadyState::Connecting {
        rig.poll();
        polls += 1;
    }
    assert_eq!(polls, accepted.len().div_ceil(MAX_READS));
}

#[test]
fn flood_of_interim_answers_is_refused() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.feed(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000));
    let message = "the server sent over 8 interim answers";
    rig.expect_failed(Phase::Handshake, ErrorKind::InvalidResponse, message);
}

#[test]
fn close_while_opening_abandons_it_without_an_event() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.close(1000);
    rig.expect_state(ReadyState::Closed);
    assert!(rig.wire.is_dropped());
    rig.expect_nothing_more();
    assert!(rig.peer.error().is_none() && rig.peer.close_frame().is_none());
}

#[test]
fn abort_while_opening_abandons_it_without_an_event() {
    let mut rig = Rig::new();
    rig.connect();
    rig.poll();
    rig.peer.abort();
    rig.expect_state(ReadyState::Closed);
    assert!(rig.wire.is_dropped());
    rig.expect_nothing_more();
}

#[test]
fn peer_in_use_is_not_connected_again() {
    let mut rig = Rig::new();
    rig.connect();
    assert_eq!(rig.try_connect("ws://other.test/"), Err(Misuse::AlreadyInUse));
    rig.upgrade();
    assert_eq!(rig.try_connect("ws://other.test/"), Err(Misuse::AlreadyInUse));
    rig.feed(&text("still here"));
    assert_eq!(rig.messages(), ["still here"]);
}

#[test]
fn connecting_again_forgets_the_last_connection() {
    let mut rig = Rig::open();
    rig.feed(&[text("not read"), close(4000, "")].concat());
    rig.poll();
    rig.expect_state(ReadyState::Closed);
    assert_eq!((rig.peer.queued_messages(), rig.close_code()), (1, Some(4000)));

    rig.connect();
    rig.expect_state(ReadyState::Connecting);
    rig.expect_no_event();
    assert_eq!((rig.peer.queued_messages(), rig.close_code()), (0, None));
    assert!(rig.peer.response().is_none() && rig.peer.error().is_none());
    rig.upgrade();
    rig.feed(&text("again"));
    assert_eq!(rig.messages(), ["again"]);
}

#[test]
fn connecting_again_after_a_failure_forgets_the_error() {
    let mut rig = Rig::new();
    rig.set_attempt(Attempt::Refused);
    rig.connect();
    rig.poll();
    rig.expect_event(Event::Failed);
    rig.set_attempt(Attempt::Connected);
    rig.connect();
    assert!(rig.peer.error().is_none());
    rig.upgrade();
}

#[test]
fn connecting_while_closing_abandons_the_old_connection() {
    let mut rig = Rig::open();
    rig.close(1000);
    rig.expect_state(ReadyState::Closing);
    let old = rig.wire.clone();
    rig.connect();
    assert!(old.is_dropped());
    rig.upgrade();
    rig.expect_no_event();
    rig.expect_state(ReadyState::Open);
}

#[test]
fn secure_url_without_tls_is_refused_and_changes_nothing() {
    let mut rig = Rig::open();
    rig.feed(&close(4000, ""));
    let network = Network { resolver: Box::new(rig.resolver.clone()), connector: Box::new(crate::net::TcpConnector) };
    let url = WsUrl::parse("wss://game.test/").unwrap();
    let request = Request { url, protocols: Vec::new(), headers: Vec::new(), tls: None };
    assert!(matches!(rig.peer.connect(request, network, rig.now), Err(Misuse::InvalidUrl(_))));
    assert_eq!(rig.close_code(), Some(4000));
}

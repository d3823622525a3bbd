//! A server's way to an open connection: what it does at a time, and how long it waits.

use super::*;

pub(super) const REQUEST: &str = "GET / HTTP/1.1\r\nHost: game.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A server's peer with a client that has just connected.
fn serving() -> Rig {
    serving_with(|_| {})
}

fn serving_with(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::with(change);
    rig.welcome();
    rig
}

/// A server's peer whose client has asked for something else.
fn refusing() -> Rig {
    let mut rig = serving();
    rig.feed(REQUEST.replace("GET", "POST").as_bytes());
    assert!(rig.wire.take_written().starts_with(b"HTTP/1.1 405 "));
    rig
}

#[test]
fn request_in_many_pieces_is_read_with_many_polls() {
    let mut rig = serving();
    REQUEST.as_bytes().iter().for_each(|byte| rig.wire.deliver(&[*byte]));
    let mut polls = 0;
    while rig.peer.state() == ReadyState::Connecting {
        let unread = rig.wire.unread();
        rig.poll();
        assert!(unread - rig.wire.unread() <= MAX_READS);
        assert!(rig.wire.unread() == 0 || rig.peer.next_poll() == NextPoll::Now);
        polls += 1;
    }
    assert_eq!(polls, REQUEST.len().div_ceil(MAX_READS));
    rig.expect_event(Event::Opened);
}

#[test]
fn half_a_request_waits_for_more_or_for_the_deadline() {
    let mut rig = serving();
    rig.feed(&REQUEST.as_bytes()[..20]);
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(Some(rig.now + Duration::from_secs(10))));
}

#[test]
fn refusal_ends_with_the_client_and_not_before() {
    let mut rig = refusing();
    rig.advance(0.9);
    assert!(!rig.wire.is_finished() && !rig.wire.is_dropped());
    rig.wire.end();
    rig.poll();
    assert!(rig.wire.is_finished() && rig.wire.is_dropped());
    rig.expect_event(Event::Failed);
}

#[test]
fn refusal_ends_after_a_second_if_the_client_stays() {
    let mut rig = refusing();
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(Some(rig.now + Duration::from_secs(1))));
    rig.advance(1.0);
    assert!(rig.wire.is_finished() && rig.wire.is_dropped());
    rig.expect_event(Event::Failed);
}

#[test]
fn what_a_refused_client_still_sends_is_read_with_many_polls() {
    let mut rig = refusing();
    (0..3 * MAX_READS).for_each(|_| rig.wire.deliver(b"a body that nobody asked for"));
    rig.wire.end();
    for _ in 0..3 {
        rig.expect_no_event();
        rig.poll();
        assert!(rig.peer.state() == ReadyState::Closed || rig.peer.next_poll() == NextPoll::Now);
    }
    rig.poll();
    rig.expect_event(Event::Failed);
}

#[test]
fn times_beyond_those_of_the_clock_are_no_deadlines() {
    let never = |config: &mut Config| {
        config.handshake_timeout = Duration::MAX;
        config.close_timeout = Duration::MAX;
        config.heartbeat_interval = Some(Duration::MAX);
        config.heartbeat_timeout = Duration::MAX;
    };
    let mut rig = serving_with(never);
    rig.poll();
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
    rig.feed(REQUEST.as_bytes());
    rig.expect_event(Event::Opened);
    rig.poll();
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
    rig.close(1000);
    rig.advance(1_000_000.0);
    rig.expect_state(ReadyState::Closing);
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
}

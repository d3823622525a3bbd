//! Servers that are silent, slow or well.

use super::*;
use crate::connection::frames::frame;

fn with_heartbeat() -> Rig {
    Rig::open_with(|config| {
        config.heartbeat_interval = Some(Duration::from_secs(1));
        config.heartbeat_timeout = Duration::from_secs(5);
    })
}

/// Answers the pings that were written since the last call; returns how many there were.
fn answer_pings(rig: &mut Rig) -> usize {
    let pings: Vec<_> = rig.frames().into_iter().filter(|(opcode, _)| *opcode == PING).collect();
    pings.iter().for_each(|(_, payload)| rig.wire.deliver(&frame(0x8A, payload)));
    pings.len()
}

#[test]
fn healthy_server_survives_frames_that_are_longer_than_the_interval() {
    let mut rig = with_heartbeat();
    let mut answered = 0;
    for _ in 0..1000 {
        rig.advance(1.2);
        answered += answer_pings(&mut rig);
    }
    assert_eq!(answered, 1000);
    rig.expect_state(ReadyState::Open);
    rig.expect_no_event();
    assert_eq!(rig.peer.round_trip_time(), Some(Duration::from_secs_f64(1.2)));
}

#[test]
fn silent_server_is_given_up_within_interval_and_timeout() {
    let mut rig = with_heartbeat();
    for _ in 0..10 {
        rig.advance(0.9);
        answer_pings(&mut rig);
    }
    rig.poll();
    let silent_since = rig.now;
    while rig.peer.state() == ReadyState::Open {
        rig.advance(0.01);
    }
    let detected = rig.now - silent_since;
    assert!(detected <= Duration::from_millis(6010) && detected >= Duration::from_secs(5), "{detected:?}");
    rig.expect_closed(false);
    let message = "no answer to a ping within 5s";
    rig.expect_error(Phase::Open, ErrorKind::HeartbeatTimeout, message);
}

#[test]
fn server_that_sends_but_answers_no_ping_is_alive() {
    let mut rig = with_heartbeat();
    for _ in 0..100 {
        rig.feed(&frame(0x82, b"state of the game"));
        rig.messages();
        rig.advance(1.0);
    }
    rig.expect_state(ReadyState::Open);
}

#[test]
fn game_that_stood_still_sees_the_answers_that_came_meanwhile() {
    let mut rig = with_heartbeat();
    rig.advance(1.0);
    answer_pings(&mut rig);
    rig.advance(60.0);
    rig.expect_state(ReadyState::Open);
    rig.expect_no_event();
}

#[test]
fn no_heartbeat_is_sent_unless_asked_for() {
    let mut rig = Rig::open();
    rig.advance(1_000_000.0);
    rig.expect_state(ReadyState::Open);
    assert!(rig.frames().is_empty());
}

#[test]
fn ping_of_the_server_is_answered_in_the_same_poll() {
    let mut rig = Rig::open();
    rig.feed(&frame(0x89, b"are you there"));
    assert_eq!(rig.frames(), [(PONG, b"are you there".to_vec())]);
}

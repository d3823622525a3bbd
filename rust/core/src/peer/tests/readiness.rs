//! When a peer asks to be polled again. A listener tells of a stream once: what a peer leaves there unasked, the end
//! included, would stay there for ever.

use super::*;
use crate::connection::frames::{frame, text};
use crate::net::NextPoll;

/// Polls as a listener does that will not tell of the stream again.
fn poll_while_asked(rig: &mut Rig) {
    for _ in 0..100 {
        if rig.peer.next_poll() != NextPoll::Now {
            return;
        }
        rig.poll();
    }
    panic!("the peer asks for ever");
}

#[test]
fn end_that_comes_with_the_last_bytes_is_found() {
    let cases: [(&str, Vec<u8>); 6] = [
        ("half a header", vec![0x82]),
        ("half a frame", vec![0x82, 100, 1, 2, 3]),
        ("a first fragment", frame(0x02, b"first")),
        ("a ping", frame(0x89, b"")),
        ("a pong", frame(0x8A, b"")),
        ("a message", text("last words")),
    ];
    for (name, bytes) in cases {
        for is_reset in [false, true] {
            let mut rig = Rig::open();
            if is_reset {
                rig.wire.fail_reads();
            } else {
                rig.wire.end();
            }
            rig.feed(&bytes);
            poll_while_asked(&mut rig);
            assert_eq!(rig.peer.state(), ReadyState::Closed, "{name}, reset: {is_reset}");
            rig.expect_closed(false);
        }
    }
}

#[test]
fn peer_whose_stream_is_empty_does_not_ask() {
    let mut rig = Rig::open();
    rig.poll();
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
    rig.feed(&text("hello"));
    poll_while_asked(&mut rig);
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
    assert_eq!(rig.messages(), ["hello"]);
}

#[test]
fn peer_that_waits_for_room_to_write_does_not_ask() {
    let mut rig = Rig::open();
    rig.wire.set_room(0);
    rig.send("stuck");
    poll_while_asked(&mut rig);
    assert_eq!(rig.peer.next_poll(), NextPoll::WhenReadyOr(None));
}

#[test]
fn all_pongs_of_a_burst_leave_and_what_is_sent_after_them() {
    let mut rig = Rig::open();
    let pings: Vec<u8> = (0..200u8).flat_map(|number| frame(0x89, &[number; 125])).collect();
    rig.feed(&pings);
    poll_while_asked(&mut rig);
    let last = rig.frames().pop().map(|(opcode, payload)| (opcode, payload[0]));
    assert_eq!(last, Some((PONG, 199)));
    rig.send("after the burst");
    assert_eq!(rig.frames(), [(TEXT, b"after the burst".to_vec())]);
}

#[test]
fn pings_are_answered_while_the_stream_is_never_quite_empty() {
    let mut rig = Rig::open();
    for number in 0..400u32 {
        rig.wire.set_room(1000);
        rig.wire.deliver(&frame(0x89, &[&number.to_be_bytes()[..], &[0; 121]].concat()));
        // More than there is room for, so that something always waits.
        while rig.peer.buffered_amount() < 8000 {
            let now = rig.now;
            rig.peer.send(Kind::Binary, &[7; 4000], now).unwrap();
        }
        rig.poll();
    }
    rig.wire.set_room(usize::MAX);
    rig.poll();
    rig.poll();
    let pongs = rig.frames().into_iter().filter(|(opcode, _)| *opcode == PONG);
    let numbers: Vec<u32> = pongs.map(|(_, payload)| u32::from_be_bytes(payload[..4].try_into().unwrap())).collect();
    assert_eq!(numbers.last(), Some(&399));
    let longest = numbers.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(longest <= Some(150), "a ping waited for {longest:?} others");
}

//! Many messages leave together.

use super::*;
use crate::SendError;

fn send(rig: &mut Rig, count: usize, len: usize) {
    (0..count).for_each(|_| rig.peer.send(Kind::Binary, &vec![7; len], rig.now).unwrap());
}

fn written(rig: &Rig) -> usize {
    parse(&rig.wire.take_written()).len()
}

#[test]
fn first_message_after_a_poll_is_written_at_once() {
    let mut rig = Rig::open();
    for _ in 0..3 {
        send(&mut rig, 1, 10);
        assert_eq!((written(&rig), rig.peer.has_gathered()), (1, false));
        rig.poll();
    }
}

#[test]
fn those_beyond_leave_with_a_flush_or_the_next_poll() {
    let mut rig = Rig::open();
    send(&mut rig, 50, 10);
    assert_eq!((written(&rig), rig.peer.has_gathered()), (1, true));
    rig.peer.flush(rig.now);
    assert_eq!((written(&rig), rig.peer.has_gathered()), (49, false));
    send(&mut rig, 3, 10);
    assert_eq!(written(&rig), 0);
    rig.poll();
    assert_eq!(written(&rig), 3);
}

#[test]
fn they_leave_once_they_are_many_bytes_or_many_messages() {
    let mut rig = Rig::open();
    send(&mut rig, 1 + 70, 1000);
    assert_eq!(written(&rig), 1 + 66, "64 KiB, or the mark before, are 66 messages of 1000 bytes");
    let mut rig = Rig::open();
    send(&mut rig, 1 + 300, 0);
    assert_eq!(written(&rig), 1 + 256);
}

#[test]
fn close_frame_is_behind_them() {
    let mut rig = Rig::open();
    send(&mut rig, 50, 10);
    rig.peer.close(CloseFrame::to_send(1000, "").unwrap(), rig.now);
    let frames = parse(&rig.wire.take_written());
    assert_eq!(frames.len(), 51);
    assert_eq!(frames[50].0, CLOSE);
}

#[test]
fn marks_refuse_only_what_the_stream_does_not_take() {
    let mut rig = Rig::open_with(|config| {
        config.outbound_high_water = Some(100);
        config.max_queued_messages = Some(10);
    });
    send(&mut rig, 200, 30);
    send(&mut rig, 200, 0);
    rig.wire.set_room(0);
    let accepted = std::iter::from_fn(|| rig.peer.send(Kind::Binary, &[7; 30], rig.now).ok()).count();
    assert!(accepted <= 4, "{accepted}");
    assert_eq!(rig.peer.send(Kind::Binary, b"", rig.now), Err(SendError::Full));
}

#[test]
fn stream_that_takes_nothing_is_not_asked_with_every_message() {
    let mut rig = Rig::open();
    rig.wire.set_room(0);
    send(&mut rig, 100, 10);
    assert!(!rig.peer.has_gathered(), "the next poll will ask");
    rig.wire.set_room(usize::MAX);
    rig.poll();
    assert_eq!(written(&rig), 100);
}

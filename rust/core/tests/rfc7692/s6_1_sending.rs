//! What is sent: which messages are compressed, and how they are marked.

use std::time::Instant;

use tungsten_core::{Compression, Encoded, Kind, Volume};

use super::agreement::{FarEnd, RSV1, alone, alone_with, config, decompressed, noise, open, takeover, verse};
use super::rig::{BOTH, Pair, Side};
use super::wire::{BINARY, FIN, Frame, TEXT, binary, ping, text};

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn compressed_message_is_one_frame_with_the_first_reserved_bit() {
    for side in BOTH {
        let mut rig = alone(side);
        rig.send(Kind::Text, verse(1000).as_bytes());
        rig.send(Kind::Binary, &[7; 100_000]);
        rig.ping(b"not compressed");
        rig.settle();
        let frames = rig.frames();
        assert_eq!(
            frames.iter().map(|frame| frame.first).collect::<Vec<_>>(),
            [FIN | RSV1 | TEXT, FIN | RSV1 | BINARY, ping("").first]
        );
        assert!(frames[0].payload.len() < 200 && frames[1].payload.len() < 1000);
        assert_eq!(decompressed(&frames[0].payload), verse(1000).as_bytes());
        assert!(decompressed(&frames[1].payload) == [7; 100_000]);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn message_below_the_threshold_is_sent_as_it_is() {
    for side in BOTH {
        let mut rig = alone_with(side, |config| config.compression_threshold = 100);
        rig.send(Kind::Text, verse(99).as_bytes());
        rig.settle();
        assert_eq!(rig.frames(), [text(&verse(99))]);
        rig.send(Kind::Text, verse(100).as_bytes());
        rig.settle();
        assert_eq!(rig.frames()[0].first, FIN | RSV1 | TEXT);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn threshold_and_level_may_change_while_the_connection_is_open() {
    for side in BOTH {
        for mut rig in [alone(side), takeover(side)] {
            let mut far = FarEnd::new();
            for level in [1, 9, 1, 6, 2, 3] {
                rig.peer.set_config(tungsten_core::Config { compression_level: level, ..rig.peer.config().clone() });
                rig.send(Kind::Text, verse(3000).as_bytes());
                rig.settle();
                let frames = rig.frames();
                assert_eq!(frames[0].first, FIN | RSV1 | TEXT);
                assert_eq!(far.decompress(&frames[0].payload), verse(3000).as_bytes(), "level {level}");
            }
            let plain = tungsten_core::Config { compression_threshold: usize::MAX, ..rig.peer.config().clone() };
            rig.peer.set_config(plain);
            rig.send(Kind::Text, verse(3000).as_bytes());
            rig.settle();
            assert_eq!(rig.frames(), [text(&verse(3000))]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn empty_message_is_sent_as_it_is() {
    for side in BOTH {
        for mut rig in [alone(side), takeover(side)] {
            rig.send(Kind::Text, b"");
            rig.settle();
            assert_eq!(rig.frames(), [text("")]);
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-6.1>
#[test]
fn message_that_would_grow_is_sent_as_it_is() {
    for side in BOTH {
        let mut rig = alone(side);
        for len in [1, 10, 1000, 100_000] {
            rig.send(Kind::Binary, &noise(len));
            rig.settle();
            assert_eq!(rig.frames(), [binary(noise(len))]);
        }
        rig.send(Kind::Text, verse(1000).as_bytes());
        rig.settle();
        assert_eq!(decompressed(&rig.frames()[0].payload), verse(1000).as_bytes());
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1>
#[test]
fn messages_refer_to_earlier_ones_with_context_takeover_only() {
    for side in BOTH {
        for (mut rig, is_shared) in [(alone(side), false), (takeover(side), true)] {
            let mut far = FarEnd::new();
            let mut sizes = Vec::new();
            for message in [noise(500), noise(10_000), noise(500), verse(70_000).into_bytes(), noise(500)] {
                rig.send(Kind::Binary, &message);
                rig.settle();
                let frame = rig.frames().remove(0);
                sizes.push(frame.payload.len());
                let is_compressed = frame.first & RSV1 != 0;
                let received = if is_compressed { far.decompress(&frame.payload) } else { frame.payload };
                assert!(received == message);
            }
            assert_eq!(sizes[2] < 100, is_shared, "{sizes:?}");
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2>
#[test]
fn client_that_is_told_a_window_too_small_for_it_sends_messages_as_they_are() {
    for mode in [Compression::Enabled, Compression::ContextTakeover] {
        let mut rig = open(Side::Client, mode, "; client_max_window_bits=8", |_| {});
        rig.send(Kind::Text, verse(1000).as_bytes());
        rig.settle();
        assert_eq!(rig.frames(), [text(&verse(1000))]);
        rig.receive(&[FarEnd::new().message(TEXT, verse(1000))]);
        assert_eq!(rig.texts(), [verse(1000)]);
    }
}

/// What `Peer::send_encoded` puts on the wire of each of these servers.
fn broadcast(message: &Encoded, modes: &[(Compression, &str, u8)]) -> Vec<Frame> {
    let frame = |(mode, parameters, level): &(Compression, &str, u8)| {
        let mut rig = open(Side::Server, *mode, parameters, |config| config.compression_level = *level);
        rig.peer.send_encoded(message, Instant::now()).unwrap();
        rig.settle();
        let wire = rig.frames().remove(0);
        let sent = rig.peer.compression().unwrap().sent;
        assert_eq!(sent, Volume { payload: 3000, wire: wire.payload.len() as u64 });
        wire
    };
    modes.iter().map(frame).collect()
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1>
#[test]
fn message_for_many_is_compressed_as_each_of_them_has_agreed() {
    use Compression::{ContextTakeover, Enabled};
    let message = Encoded::new(Kind::Text, verse(3000).as_bytes()).unwrap();
    let small_window = "; server_max_window_bits=9";
    let modes = [
        (Enabled, "", 2),
        (Enabled, small_window, 2),
        (Enabled, "", 9),
        (ContextTakeover, "", 2),
        (ContextTakeover, "; server_no_context_takeover", 2),
    ];
    for frame in broadcast(&message, &[modes, modes].concat()) {
        assert_eq!(frame.first, FIN | RSV1 | TEXT);
        assert_eq!(decompressed(&frame.payload), verse(3000).as_bytes());
    }
    let incompressible = Encoded::new(Kind::Binary, &noise(3000)).unwrap();
    let frames = broadcast(&incompressible, &modes);
    assert!([0, 1, 2, 4].into_iter().all(|idx| frames[idx] == binary(noise(3000))));
    assert_eq!(decompressed(&frames[3].payload), noise(3000));
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1>
#[test]
fn message_for_many_follows_the_messages_before_it_where_context_is_taken_over() {
    let mut rig = takeover(Side::Server);
    let mut far = FarEnd::new();
    let message = Encoded::new(Kind::Binary, &noise(1000)).unwrap();
    for round in 0..3 {
        rig.peer.send_encoded(&message, Instant::now()).unwrap();
        rig.settle();
        let frame = rig.frames().remove(0);
        assert_eq!(frame.payload.len() < 100, round > 0);
        assert_eq!(far.decompress(&frame.payload), noise(1000));
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1>
#[test]
fn message_for_many_goes_to_those_without_compression_and_from_clients_too() {
    let message = Encoded::new(Kind::Text, verse(300).as_bytes()).unwrap();
    let mut plain = super::rig::Rig::open(Side::Server);
    plain.peer.send_encoded(&message, Instant::now()).unwrap();
    plain.settle();
    assert_eq!(plain.frames(), [text(&verse(300))]);
    let mut client = alone(Side::Client);
    client.peer.send_encoded(&message, Instant::now()).unwrap();
    client.settle();
    assert_eq!(decompressed(&client.frames()[0].payload), verse(300).as_bytes());
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-4>
#[test]
fn both_ends_count_the_bytes_before_and_after_and_remember_them() {
    let mut pair = Pair::open_with(config(Compression::Enabled), config(Compression::Enabled));
    pair.client.send(Kind::Text, verse(1000).as_bytes(), pair.now).unwrap();
    pair.client.send(Kind::Binary, &noise(100), pair.now).unwrap();
    pair.client.flush(pair.now);
    pair.poll(Side::Server);
    let sent = pair.client.compression().unwrap().sent;
    assert_eq!(sent.payload, 1100);
    assert!((100..300).contains(&sent.wire), "{sent:?}");
    assert_eq!(pair.server.compression().unwrap().received, sent);
    assert_eq!(pair.server.compression().unwrap().sent, Volume::default());
    pair.client.abort();
    pair.poll(Side::Server);
    pair.poll(Side::Server);
    assert_eq!(pair.client.compression().unwrap().sent, sent);
    assert_eq!(pair.server.compression().unwrap().received, sent);
}

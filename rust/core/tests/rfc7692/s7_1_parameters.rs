//! Context takeover and windows, between our own ends and with another.

use tungsten_core::{Compression, Kind};

use super::agreement::{FarEnd, RSV1, config, decompressed, noise, open, verse};
use super::rig::{BOTH, Pair, Side};
use super::wire::BINARY;

/// Messages of many sizes; some come back, near and far.
fn messages() -> Vec<Vec<u8>> {
    let sizes = [10, 300, 300, 5000, 300, 40_000, 5000, 100_000, 300];
    sizes.into_iter().flat_map(|len| [noise(len), verse(len).into_bytes()]).collect()
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1>
#[test]
fn client_and_server_understand_each_other_in_every_mode() {
    use Compression::{ContextTakeover, Disabled, Enabled};
    for client in [Disabled, Enabled, ContextTakeover] {
        for server in [Disabled, Enabled, ContextTakeover] {
            let mut pair = Pair::open_with(config(client), config(server));
            for message in messages() {
                pair.client.send(Kind::Binary, &message, pair.now).unwrap();
                pair.server.send(Kind::Binary, &message, pair.now).unwrap();
                // A poll takes 64 KiB of what is compressed.
                for _ in 0..2 {
                    pair.poll(Side::Server);
                    pair.poll(Side::Client);
                }
                for peer in [&mut pair.client, &mut pair.server] {
                    assert!(peer.receive().expect("a message").payload() == message, "{client:?}, {server:?}");
                }
            }
        }
    }
}

/// The parameters that tell our end how to compress.
fn parameters_for(side: Side, takeover: bool, window_bits: u8) -> String {
    let name = if side == Side::Client { "client" } else { "server" };
    let takeover = if takeover { String::new() } else { format!("; {name}_no_context_takeover") };
    format!("{takeover}; {name}_max_window_bits={window_bits}")
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2>
#[test]
fn sender_is_understood_with_every_window_and_takeover() {
    for side in BOTH {
        for takeover in [false, true] {
            for window_bits in 9..=15 {
                let parameters = parameters_for(side, takeover, window_bits);
                let mut rig = open(side, Compression::ContextTakeover, &parameters, |_| {});
                let mut far = FarEnd::new();
                for message in messages() {
                    rig.send(Kind::Binary, &message);
                    rig.settle();
                    let frame = rig.frames().remove(0);
                    let is_compressed = frame.first & RSV1 != 0;
                    assert!(is_compressed || !takeover);
                    let received = match (is_compressed, takeover) {
                        (false, _) => frame.payload,
                        (true, false) => decompressed(&frame.payload),
                        (true, true) => far.decompress(&frame.payload),
                    };
                    assert!(received == message, "{side:?}, {parameters}");
                }
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2>
#[test]
fn sender_does_not_refer_to_what_is_further_back_than_the_window() {
    for side in BOTH {
        for takeover in [false, true] {
            for window_bits in 9..=14 {
                let mut rig =
                    open(side, Compression::ContextTakeover, &parameters_for(side, takeover, window_bits), |_| {});
                let window = 1 << window_bits;
                for (distance, is_seen) in [(window / 4, true), (window, false)] {
                    let message = noise(distance).repeat(2);
                    rig.send(Kind::Binary, &message);
                    rig.settle();
                    let len = rig.frames().remove(0).payload.len();
                    assert_eq!(len < message.len() * 3 / 4, is_seen, "{side:?}, {window_bits} bits, {distance} back");
                }
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1>
#[test]
fn other_end_may_refer_to_earlier_messages_unless_it_has_agreed_not_to() {
    let mut far = FarEnd::new();
    let twice = [far.message(BINARY, noise(1000)), far.message(BINARY, noise(1000))];
    for (side, parameter) in
        [(Side::Client, "server_no_context_takeover"), (Side::Server, "client_no_context_takeover")]
    {
        let mut rig = open(side, Compression::ContextTakeover, "", |_| {});
        rig.receive(&twice);
        assert_eq!(rig.messages().len(), 2);
        rig.expect_open();

        let mut rig = open(side, Compression::ContextTakeover, &format!("; {parameter}"), |_| {});
        rig.receive(&twice);
        assert_eq!(rig.messages().len(), 1);
        rig.expect_violation();
    }
}

/// Some clients ignore that a server wants it of them, so it is taken from those only that offer it.
///
/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.2>
#[test]
fn client_that_does_not_offer_to_give_up_takeover_is_understood() {
    for mode in [Compression::Enabled, Compression::ContextTakeover] {
        let mut rig = open(Side::Server, mode, "; client_max_window_bits", |_| {});
        let mut far = FarEnd::new();
        rig.receive(&[far.message(BINARY, noise(1000)), far.message(BINARY, noise(1000))]);
        assert_eq!(rig.messages().len(), 2);
        rig.expect_open();
        assert!(!rig.peer.compression().unwrap().parameters.client_no_context_takeover);
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.1>
#[test]
fn server_that_does_not_give_up_takeover_is_understood_all_the_same() {
    let mut rig = open(Side::Client, Compression::Enabled, "", |_| {});
    let mut far = FarEnd::new();
    rig.receive(&[far.message(BINARY, noise(1000)), far.message(BINARY, noise(1000))]);
    assert_eq!(rig.messages().len(), 2);
    assert!(rig.peer.compression().unwrap().parameters.client_no_context_takeover);
}

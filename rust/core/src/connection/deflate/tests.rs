use super::*;
use crate::config::Config;
use flate2::{Decompress, FlushDecompress};
use tungstenite::protocol::Role;

/// Numbers by xorshift: the same ones for the same seed, on every machine.
fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % bound
    }
}

/// Words in any order, which shrink, or any bytes, which do not.
fn payload(random: &mut impl FnMut(usize) -> usize, len: usize) -> Vec<u8> {
    let is_noise = random(4) == 0;
    let mut payload = Vec::new();
    while payload.len() < len {
        match random(5) {
            _ if is_noise => payload.push(random(256) as u8),
            word => payload.extend_from_slice(["position", "velocity", "{}", "health", "0.125"][word].as_bytes()),
        }
    }
    payload.truncate(len);
    payload
}

fn parameters(takeover: bool, window_bits: u8) -> DeflateParameters {
    DeflateParameters {
        server_no_context_takeover: !takeover,
        server_max_window_bits: window_bits,
        ..DeflateParameters::default()
    }
}

fn config(level: u8) -> Config {
    Config { compression_threshold: 0, compression_level: level, ..Config::default() }
}

fn compress(compressor: &mut Compressor, payload: &[u8], level: u8) -> Option<Vec<u8>> {
    let method = compressor.method(payload.len(), &config(level))?;
    compressor.compress(payload, method)
}

/// Decompresses a message that comes in one piece.
fn decompress(decompressor: &mut Decompressor, mut input: &[u8], room: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut buf = vec![0; room];
    decompressor.start();
    while !input.is_empty() {
        let (consumed, produced) = decompressor.inflate(input, &mut buf)?;
        out.extend_from_slice(&buf[..produced]);
        input = &input[consumed..];
    }
    loop {
        let (produced, is_whole) = decompressor.finish(&mut buf)?;
        out.extend_from_slice(&buf[..produced]);
        if is_whole {
            return Ok(out);
        }
    }
}

/// What any other implementation would make of a message, with a window of this size.
fn oracle(inflater: &mut Decompress, compressed: &[u8], len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 64);
    inflater.decompress_vec(&[compressed, &TAIL].concat(), &mut out, FlushDecompress::Sync).unwrap();
    out
}

#[test]
fn every_message_survives_with_every_window_level_and_room() {
    let mut random = random(1);
    for window_bits in [9, 12, 15] {
        for takeover in [false, true] {
            let parameters = parameters(takeover, window_bits);
            let mut compressor = Compressor::new(Role::Server, &parameters);
            let mut decompressor = Decompressor::new(Role::Client, &parameters);
            let mut oracle_stream = Decompress::new(false);
            for round in 0..27 {
                let len = 1 + random([100, 1000, 40_000][round % 3]);
                let sent = payload(&mut random, len);
                let level = 1 + (round / 3) as u8;
                let Some(wire) = compress(&mut compressor, &sent, level) else {
                    assert!(!takeover, "what went through the compressor has to be sent");
                    continue;
                };
                assert!(takeover || wire.len() < sent.len());
                let room = [3, 10, 4096, 100_000][random(4)];
                assert!(decompress(&mut decompressor, &wire, room).unwrap() == sent);
                if !takeover {
                    oracle_stream = Decompress::new(false);
                }
                assert!(oracle(&mut oracle_stream, &wire, len) == sent, "{window_bits} bits, level {level}");
            }
        }
    }
}

#[test]
fn message_that_would_grow_is_left_alone_unless_later_ones_refer_to_it() {
    let mut random = random(2);
    let noise: Vec<u8> = (0..1000).map(|_| random(256) as u8).collect();
    for (takeover, expected) in [(false, false), (true, true)] {
        let mut compressor = Compressor::new(Role::Server, &parameters(takeover, 15));
        assert_eq!(compress(&mut compressor, &noise, 2).is_some(), expected);
    }
}

#[test]
fn same_message_again_takes_next_to_nothing_with_takeover() {
    let message = (0..60).map(|number| number.to_string()).collect::<String>().into_bytes();
    let mut alone = Compressor::new(Role::Server, &parameters(false, 15));
    let sizes = [0; 2].map(|_| compress(&mut alone, &message, 2).unwrap().len());
    assert_eq!(sizes[0], sizes[1]);
    let mut takeover = Compressor::new(Role::Server, &parameters(true, 15));
    let sizes = [0; 2].map(|_| compress(&mut takeover, &message, 2).unwrap().len());
    assert!(sizes[1] < 15, "{sizes:?}");
}

#[test]
fn window_that_zlib_cannot_do_leaves_messages_as_they_are() {
    let parameters = DeflateParameters { client_max_window_bits: 8, ..DeflateParameters::default() };
    let compressor = Compressor::new(Role::Client, &parameters);
    assert_eq!(compressor.method(1000, &config(2)), None);
    assert!(Compressor::new(Role::Server, &parameters).method(1000, &config(2)).is_some());
}

#[test]
fn threshold_is_the_length_from_which_on_messages_are_compressed() {
    let compressor = Compressor::new(Role::Server, &DeflateParameters::default());
    let method = |len, compression_threshold| {
        compressor.method(len, &Config { compression_threshold, ..Config::default() }).is_some()
    };
    assert_eq!([method(255, 256), method(256, 256)], [false, true]);
    assert_eq!([method(0, 0), method(1, 0)], [false, true]);
}

#[test]
fn levels_that_zlib_does_not_know_count_as_the_nearest() {
    let compressor = Compressor::new(Role::Server, &DeflateParameters::default());
    for (level, nearest) in [(0, 1), (10, 9), (255, 9)] {
        assert_eq!(compressor.method(1000, &config(level)), compressor.method(1000, &config(nearest)));
    }
}

#[test]
fn what_is_no_compressed_data_is_refused() {
    for (input, why) in [
        (&[0xFF, 0xFF][..], "invalid block type"),
        (&[0x00, 0x01, 0x00, 0x00, 0x00, 0x61], "invalid stored block lengths"),
        // Refers to what was never there.
        (&[0xF2, 0x00, 0x11, 0x00, 0x00], "invalid distance too far back"),
        // Cut off; what would be said of the rest depends on what is missing.
        (&[0xF2, 0x48, 0xCD], "invalid stored block lengths"),
        (&[0x00, 0x0A, 0x00, 0xF5, 0xFF, 0x48], "it ends within a block"),
    ] {
        let mut decompressor = Decompressor::new(Role::Client, &parameters(false, 15));
        assert_eq!(decompress(&mut decompressor, input, 100), Err(why.to_owned()), "{input:x?}");
    }
}

#[test]
fn decompressor_that_has_failed_spoils_nothing_for_others() {
    for _ in 0..10 {
        let mut failing = Decompressor::new(Role::Client, &parameters(false, 15));
        decompress(&mut failing, &[0xF2, 0x48, 0xCD], 100).unwrap_err();
        let mut other = Decompressor::new(Role::Client, &parameters(false, 15));
        assert_eq!(decompress(&mut other, &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], 100).unwrap(), b"Hello");
    }
}

#[test]
fn volume_is_what_was_read_and_what_came_of_it() {
    let mut decompressor = Decompressor::new(Role::Client, &parameters(false, 15));
    decompress(&mut decompressor, &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], 1).unwrap();
    decompressor.count_plain(100);
    assert_eq!(decompressor.volume(), Volume { payload: 105, wire: 107 });
}

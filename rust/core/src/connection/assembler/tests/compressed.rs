//! Compressed messages among others, in any pieces.

use super::super::super::budget::{MAX_DEFLATED, MAX_INFLATED};
use super::super::super::frames::text;
use super::*;
use flate2::{Compress, Compression, FlushCompress};

const SEEDS: u64 = 150;

/// Numbers by xorshift: the same ones for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn payload(&mut self) -> Vec<u8> {
        let len = [0, 10, 300, 20_000][self.below(4)];
        let letters = 1 + self.below(20);
        (0..self.below(len + 1)).map(|_| b'a' + self.below(letters) as u8).collect()
    }
}

/// What the other side sends, and what it means.
struct Script {
    random: Random,
    role: Role,
    stream: Option<Compress>,
    wire: Vec<u8>,
    meaning: Vec<Item>,
}

impl Script {
    fn new(seed: u64, role: Role, takeover: bool) -> Self {
        let mut random = Random::new(seed);
        let window_bits = 9 + random.below(7) as u8;
        let stream = takeover.then(|| Compress::new_with_window_bits(Compression::new(6), false, window_bits));
        Self { random, role, stream, wire: Vec::new(), meaning: Vec::new() }
    }

    fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut fresh = Compress::new(Compression::new(self.random.below(10) as u32), false);
        let stream = self.stream.as_mut().unwrap_or(&mut fresh);
        let mut out = Vec::with_capacity(payload.len() + 1000);
        // More than one block, as a sender may like it.
        let (head, tail) = payload.split_at(self.random.below(payload.len() + 1));
        stream.compress_vec(head, &mut out, FlushCompress::Sync).unwrap();
        stream.compress_vec(tail, &mut out, FlushCompress::Sync).unwrap();
        if payload.is_empty() {
            return vec![0];
        }
        out.truncate(out.len() - 4);
        out
    }

    fn push(&mut self, first: u8, payload: &[u8]) {
        let encode = if self.role == Role::Client { frame } else { masked };
        self.wire.extend(encode(first, payload));
    }

    fn add_message(&mut self) {
        let payload = self.random.payload();
        let kind = 1 + self.random.below(2) as u8;
        let is_compressed = self.random.below(3) > 0;
        let wire = if is_compressed { self.compress(&payload) } else { payload.clone() };
        let mut first = kind | if is_compressed { 0x40 } else { 0 };
        let mut rest = wire.as_slice();
        while self.random.below(3) == 0 {
            let (fragment, after) = rest.split_at(self.random.below(rest.len() + 1));
            self.push(first, fragment);
            (first, rest) = (0, after);
            if self.random.below(2) == 0 {
                self.push(0x89, b"ping");
                self.meaning.push(Item::Ping(b"ping".to_vec()));
            }
        }
        self.push(first | 0x80, rest);
        self.meaning.push(message(if kind == 1 { Kind::Text } else { Kind::Binary }, payload));
    }
}

#[test]
fn messages_come_out_as_they_were_before_they_were_compressed() {
    for seed in 1..=SEEDS {
        let role = if seed % 2 == 0 { Role::Client } else { Role::Server };
        let takeover = seed % 3 == 0;
        let mut script = Script::new(seed, role, takeover);
        (0..10).for_each(|_| script.add_message());
        let parameters = DeflateParameters {
            server_no_context_takeover: !takeover,
            client_no_context_takeover: !takeover,
            ..DeflateParameters::default()
        };
        let mut rig = Rig::deflated(role, &parameters);
        let mut rest = script.wire.as_slice();
        while !rest.is_empty() {
            let most = [3, 100, 10_000][script.random.below(3)];
            let (piece, after) = rest.split_at(rest.len().min(1 + script.random.below(most)));
            rig.feed(piece).unwrap();
            rest = after;
        }
        assert!(rig.is_between_messages(), "seed {seed}");
        assert!(rig.items == script.meaning, "seed {seed}");
    }
}

/// Zeros, compressed.
fn zeros(len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len / 500 + 100);
    Compress::new(Compression::best(), false).compress_vec(&vec![0; len], &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

/// A client that has agreed on compression without context takeover.
fn rig() -> Rig {
    let parameters = DeflateParameters { server_no_context_takeover: true, ..DeflateParameters::default() };
    Rig::deflated(Role::Client, &parameters)
}

/// Reads a stream to its end in polls of so many bytes. Returns how many polls that took; each took `at_most` bytes.
fn polls(rig: &mut Rig, wire: &[u8], piece: usize, at_most: usize) -> usize {
    let mut polls = 0;
    for mut input in wire.chunks(piece) {
        loop {
            rig.assembler.start_poll();
            let before = input.len();
            let pause = rig.read(&mut input).unwrap();
            let taken = before - input.len();
            assert!(taken <= at_most, "{taken} bytes in one poll");
            polls += 1;
            if pause == Assembled::NeedsInput {
                break;
            }
        }
    }
    polls
}

#[test]
fn poll_decompresses_no_more_than_a_bound_and_the_next_one_goes_on() {
    let mut rig = rig();
    rig.assembler.set_max_message_size(5 * MAX_INFLATED);
    let wire = frame(0xC2, &zeros(5 * MAX_INFLATED));
    let mut input = wire.as_slice();
    let mut before = 0;
    for _ in 0..5 {
        rig.assembler.start_poll();
        rig.read(&mut input).unwrap();
        let len = rig.assembler.message.as_ref().map_or(before, Partial::len);
        assert!(len - before < MAX_INFLATED + INFLATED, "{}", len - before);
        before = len;
    }
    rig.assembler.start_poll();
    rig.read(&mut input).unwrap();
    assert!(rig.items == [message(Kind::Binary, vec![0; 5 * MAX_INFLATED])]);
}

#[test]
fn bomb_is_refused_with_its_first_byte_too_many() {
    let mut rig = rig();
    rig.assembler.set_max_message_size(10_000);
    rig.feed(&frame(0xC2, &zeros(10_000))).unwrap();
    assert_eq!(rig.feed(&frame(0xC2, &zeros(1 << 20))), Err(Violation::Size(10_001, 10_000)));
}

#[test]
fn limit_that_is_lowered_within_a_message_is_in_force_at_once() {
    let mut rig = rig();
    let wire = frame(0xC2, &zeros(100_000));
    rig.feed(&wire[..wire.len() - 1]).unwrap();
    rig.assembler.set_max_message_size(1000);
    let refused = rig.feed(&wire[wire.len() - 1..]);
    assert!(matches!(refused, Err(Violation::Size(100_000.., 1000))), "{refused:?}");
}

#[test]
fn final_blocks_that_come_at_once_are_spread_over_polls() {
    let mut rig = rig();
    let wire = [frame(0x42, &[0x03, 0x00].repeat(128 * 1024)), frame(0x80, &[0x00])].concat();
    let polls = polls(&mut rig, &wire, wire.len(), 2 * MAX_FRAMES + 16);
    assert!((8..=9).contains(&polls), "{polls}");
    assert_eq!(rig.items, [message(Kind::Binary, [])]);
}

#[test]
fn flood_of_final_blocks_is_spread_over_polls() {
    let mut rig = rig();
    let wire = [frame(0x42, &[0x03, 0x00].repeat(3 * MAX_FRAMES)), frame(0x80, &[0x00])].concat();
    // As many pieces as they like in one poll.
    let mut pauses = 0;
    for mut piece in wire.chunks(1000) {
        while rig.read(&mut piece).unwrap() == Assembled::Exhausted {
            pauses += 1;
            rig.assembler.start_poll();
        }
    }
    assert_eq!(pauses, 3);
    assert_eq!(rig.items, [message(Kind::Binary, [])]);
}

#[test]
fn blocks_that_bring_nothing_are_spread_over_polls_by_their_bytes() {
    let mut rig = rig();
    // Stored blocks without a byte in them (RFC 1951 §3.2.4).
    let wire = [frame(0x42, &[0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(50_000)), frame(0x80, &[0x00])].concat();
    let polls = polls(&mut rig, &wire, wire.len(), MAX_DEFLATED + 16);
    assert_eq!(polls, wire.len().div_ceil(MAX_DEFLATED));
    assert_eq!(rig.items, [message(Kind::Binary, [])]);
}

#[test]
fn whole_message_keeps_no_more_memory_than_it_needs() {
    let mut rig = rig();
    rig.feed(&frame(0xC2, &zeros(100_000))).unwrap();
    let Some(Item::Message(message)) = rig.items.pop() else { panic!("a message") };
    let memory = message.into_payload().try_into_mut().unwrap();
    assert_eq!((memory.len(), memory.capacity()), (100_000, 100_000));
}

#[test]
fn data_that_is_not_valid_is_a_violation() {
    let mut rig = rig();
    let reason = "invalid block type".to_owned();
    let bytes = [text("before"), frame(0xC1, b"\xFF\xFF")].concat();
    assert_eq!(rig.feed(&bytes), Err(Violation::Compression(reason)));
    assert_eq!(rig.items, [string("before")]);
}

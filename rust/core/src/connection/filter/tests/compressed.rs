//! Compressed messages among others, in any pieces.

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

/// What the other side sends, and what it means: opcode and payload of messages and control frames.
struct Script {
    random: Random,
    role: Role,
    stream: Option<Compress>,
    wire: Vec<u8>,
    meaning: Vec<(u8, Vec<u8>)>,
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
                self.meaning.push((9, b"ping".to_vec()));
            }
        }
        self.push(first | 0x80, rest);
        self.meaning.push((kind, payload));
    }
}

/// Messages and control frames out of what tungstenite was given, which has to be valid.
fn meaning(role: Role, mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut meaning = Vec::new();
    let mut message: Option<(u8, Vec<u8>)> = None;
    while !bytes.is_empty() {
        let mut cursor = std::io::Cursor::new(bytes);
        let (header, len) = FrameHeader::parse(&mut cursor).unwrap().expect("whole headers");
        assert_eq!((header.rsv1, header.mask.is_some()), (false, role == Role::Server));
        let mask = header.mask.unwrap_or_default();
        let (frame, rest) = bytes.split_at((cursor.position() + len) as usize);
        let payload = &frame[cursor.position() as usize..];
        let payload = payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]);
        match header.opcode {
            OpCode::Control(_) => meaning.push((u8::from(header.opcode), payload.collect())),
            OpCode::Data(Data::Continue) => message.as_mut().expect("a message").1.extend(payload),
            OpCode::Data(_) => assert!(message.replace((header.opcode.into(), payload.collect())).is_none()),
        }
        if header.is_final && matches!(header.opcode, OpCode::Data(_)) {
            meaning.extend(message.take());
        }
        bytes = rest;
    }
    assert!(message.is_none());
    meaning
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
        let filter = Filter::new(role, LIMIT, Some(Decompressor::new(role, &parameters)));
        let mut rig = Rig { filter, out: Vec::new() };
        let mut rest = script.wire.as_slice();
        while !rest.is_empty() {
            let most = [3, 100, 10_000][script.random.below(3)];
            let (piece, after) = rest.split_at(rest.len().min(1 + script.random.below(most)));
            rig.feed(piece).unwrap();
            rest = after;
        }
        assert!(rig.filter.is_between_messages(), "seed {seed}");
        assert!(meaning(role, &rig.out) == script.meaning, "seed {seed}");
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
    Rig {
        filter: Filter::new(Role::Client, LIMIT, Some(Decompressor::new(Role::Client, &parameters))),
        out: Vec::new(),
    }
}

#[test]
fn poll_decompresses_no_more_than_a_bound_and_the_next_one_goes_on() {
    let mut rig = rig();
    let bytes = frame(0xC2, &zeros(5 * MAX_INFLATED));
    let mut input = bytes.as_slice();
    let mut polls = 0;
    while !rig.filter.is_between_messages() || polls == 0 {
        rig.filter.start_counting();
        let before = rig.out.len();
        let mut buf = [0; 4096];
        while let Ok(len) = rig.filter.read(&mut input, &mut buf) {
            rig.out.extend_from_slice(&buf[..len]);
        }
        assert!(rig.out.len() - before < MAX_INFLATED + MAX_INFLATED / 100);
        assert!(!input.is_empty() || rig.filter.needs_no_input() || rig.filter.is_between_messages());
        polls += 1;
    }
    assert!((5..=6).contains(&polls), "{polls}");
    assert!(meaning(Role::Client, &rig.out) == [(2, vec![0; 5 * MAX_INFLATED])]);
}

#[test]
fn flood_of_final_blocks_is_spread_over_polls() {
    let mut rig = rig();
    let wire = [frame(0x42, &[0x03, 0x00].repeat(3 * MAX_FRAMES)), frame(0x80, &[0x00])].concat();
    let mut polls = 0;
    let mut pieces = wire.chunks(2 * MAX_FRAMES);
    let mut piece = pieces.next().unwrap();
    while !rig.filter.is_between_messages() || polls == 0 {
        rig.filter.start_counting();
        // As many pieces as a poll takes.
        loop {
            let mut buf = [0; 4096];
            match rig.filter.read(&mut piece, &mut buf) {
                Ok(len) => rig.out.extend_from_slice(&buf[..len]),
                Err(_) if piece.is_empty() && pieces.len() > 0 => piece = pieces.next().unwrap(),
                Err(_) => break,
            }
        }
        polls += 1;
    }
    assert!((3..=4).contains(&polls), "{polls}");
    assert_eq!(meaning(Role::Client, &rig.out), [(2, vec![])]);
}

/// What one poll hands on; how many bytes it has taken.
fn poll(rig: &mut Rig, input: &mut &[u8]) -> usize {
    rig.filter.start_counting();
    let before = input.len();
    let mut buf = [0; 4096];
    while let Ok(len) = rig.filter.read(input, &mut buf) {
        rig.out.extend_from_slice(&buf[..len]);
    }
    before - input.len()
}

#[test]
fn final_blocks_that_come_at_once_are_spread_over_polls() {
    let mut rig = rig();
    let blocks = 128 * 1024;
    let wire = [frame(0x42, &[0x03, 0x00].repeat(blocks)), frame(0x80, &[0x00])].concat();
    let mut input = wire.as_slice();
    let mut polls = 0;
    while !rig.filter.is_between_messages() || polls == 0 {
        let taken = poll(&mut rig, &mut input);
        assert!(taken <= 2 * MAX_FRAMES + 16, "{taken} bytes in one poll");
        polls += 1;
    }
    assert!((8..=9).contains(&polls), "{polls}");
    assert_eq!(meaning(Role::Client, &rig.out), [(2, vec![])]);
}

#[test]
fn blocks_that_bring_nothing_are_spread_over_polls_by_their_bytes() {
    let mut rig = rig();
    // Stored blocks without a byte in them (RFC 1951 §3.2.4).
    let wire = [frame(0x42, &[0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(50_000)), frame(0x80, &[0x00])].concat();
    let mut input = wire.as_slice();
    let mut polls = 0;
    while !rig.filter.is_between_messages() || polls == 0 {
        let taken = poll(&mut rig, &mut input);
        assert!(taken <= MAX_DEFLATED + 16, "{taken} bytes in one poll");
        polls += 1;
    }
    assert_eq!(polls, wire.len().div_ceil(MAX_DEFLATED));
    assert_eq!(meaning(Role::Client, &rig.out), [(2, vec![])]);
}

#[test]
fn little_room_is_used_as_it_is() {
    for room in 14..40 {
        let mut rig = rig();
        let bytes = frame(0xC1, &zeros(1000));
        let (mut input, mut buf) = (bytes.as_slice(), vec![0; room]);
        while let Ok(len) = rig.filter.read(&mut input, &mut buf) {
            rig.out.extend_from_slice(&buf[..len]);
        }
        assert!(meaning(Role::Client, &rig.out) == [(1, vec![0; 1000])], "room {room}");
    }
}

#[test]
fn compressed_message_is_known_to_tungstenite_from_its_first_frame_on() {
    let mut rig = rig();
    rig.feed(&frame(0x41, b"")).unwrap();
    assert_eq!(rig.out, frame(0x01, b""));
    rig.feed(&frame(0xC1, b"x")).unwrap();
    assert_eq!(rig.out[2..], [0xC1, 0, b'x']);
}

#[test]
fn data_that_is_not_valid_is_a_violation() {
    let mut rig = rig();
    let reason = "a compressed message cannot be decompressed: invalid block type";
    assert_eq!(rig.feed(&[text("before"), frame(0xC1, b"\xFF\xFF")].concat()), Err(reason.to_owned()));
    assert_eq!(rig.out, text("before"));
    assert_eq!(rig.feed(&text("after")), Err(reason.to_owned()));
}

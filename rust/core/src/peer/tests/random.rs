//! Thousands of lives, of clients and of servers, in which the other side, streams and applications do anything at any
//! time.

use super::accepting::REQUEST;
use super::*;
use crate::config::Compression;
use crate::connection::frames::{close, frame};
use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;

const LIVES: u64 = 3000;
const STEPS: usize = 80;

/// Numbers by xorshift: the same ones for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// Which end of the connection the peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

/// What the other side says: a server once it has read the request, a client from the start.
struct Script {
    role: Role,
    bytes: Vec<u8>,
    /// How many of them were delivered.
    delivered: usize,
    /// Each message and where its last byte is.
    messages: Vec<(String, usize)>,
    /// Whether a close frame comes last.
    closes: bool,
    /// Whether messages may be compressed.
    compresses: bool,
}

impl Script {
    /// For a peer in this role. `head` is what the other side begins with if all is well.
    fn new(random: &mut Random, role: Role, head: Vec<u8>, compresses: bool) -> Self {
        let mut script = Self { role, bytes: head, delivered: 0, messages: Vec::new(), closes: false, compresses };
        if compresses {
            script.bytes.splice(script.bytes.len() - 2.., *b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        }
        match (random.below(20), role) {
            (0, Role::Client) => script.bytes = b"HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nbad".to_vec(),
            (0, Role::Server) => script.bytes = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(),
            (1, _) => script.bytes = b"SSH-2.0-OpenSSH\r\n".to_vec(),
            _ => script.add_frames(random),
        }
        script
    }

    /// Frames as the other side sends them: those of a client are masked (RFC 6455 §5.3), here by nothing.
    fn add(&mut self, mut frame: Vec<u8>) {
        if self.role == Role::Server {
            let len = match frame[1] {
                126 => 4,
                127 => 10,
                _ => 2,
            };
            frame[1] |= 0x80;
            frame.splice(len..len, [0; 4]);
        }
        self.bytes.extend(frame);
    }

    fn add_frames(&mut self, random: &mut Random) {
        for number in 0..random.below(30) {
            let message = format!("{number} {}", "x".repeat(random.below(300) as usize));
            let is_compressed = self.compresses && random.one_in(2);
            let payload = if is_compressed { stored(&message) } else { message.clone().into_bytes() };
            let first = if is_compressed { 0x41 } else { 0x01 };
            if random.one_in(4) {
                let (start, end) = payload.split_at(payload.len() / 2);
                for frame in [frame(first, start), frame(0x89, b"ping"), frame(0x80, end)] {
                    self.add(frame);
                }
            } else {
                self.add(frame(0x80 | first, &payload));
            }
            self.messages.push((message, self.bytes.len()));
        }
        match random.below(4) {
            0 => self.add(frame(0xE1, b"reserved bits")),
            1 => {}
            _ => {
                self.closes = true;
                self.add(close(4001, "done"));
            }
        }
    }

    fn next_piece(&mut self, random: &mut Random) -> &[u8] {
        let rest = self.bytes.len() - self.delivered;
        let most = if random.one_in(3) { 10_000 } else { 100 };
        let len = rest.min(1 + random.below(most) as usize);
        self.delivered += len;
        &self.bytes[self.delivered - len..self.delivered]
    }

    fn is_delivered(&self) -> bool {
        self.delivered == self.bytes.len()
    }

    fn delivered_messages(&self) -> usize {
        self.messages.iter().filter(|(_, end)| *end <= self.delivered).count()
    }
}

/// A message in a block without compression (RFC 7692 §7.2.3.3).
fn stored(message: &str) -> Vec<u8> {
    let len = message.len() as u16;
    [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), message.as_bytes(), &[0]].concat()
}

/// The whole data frames among these bytes: whether each is compressed, and its payload.
fn data_frames(bytes: &[u8]) -> Vec<(bool, Vec<u8>)> {
    let mut cursor = Cursor::new(bytes);
    let mut frames = Vec::new();
    while let Some((header, len)) = FrameHeader::parse(&mut cursor).expect("frames of a peer are valid") {
        let mask = header.mask.unwrap_or_default();
        let start = cursor.position() as usize;
        let Some(payload) = bytes.get(start..start + len as usize) else { break };
        if u8::from(header.opcode) < CLOSE {
            assert!(header.is_final, "messages are sent whole");
            frames.push((header.rsv1, payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]).collect()));
        }
        cursor.set_position((start + payload.len()) as u64);
    }
    frames
}

/// One peer from its first connection to the end of it.
struct Life {
    seed: u64,
    role: Role,
    random: Random,
    rig: Rig,
    script: Option<Script>,
    events: Vec<Event>,
    received: Vec<String>,
    /// The messages that the peer has accepted.
    sent: Vec<String>,
    /// The other side sends nothing more.
    ended: bool,
    /// The application took its leave, which no event tells of.
    abandoned: bool,
    /// Nothing but the other side ends the connection.
    undisturbed: bool,
}

impl Life {
    fn new(role: Role, seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let undisturbed = random.one_in(2);
        let mut rig = Rig::with(|config| {
            config.inbound_high_water = 1 + random.below(1000) as usize;
            config.compression = if random.one_in(2) { Compression::Enabled } else { Compression::Disabled };
            config.compression_threshold = if random.one_in(2) { 0 } else { 1000 };
            config.heartbeat_interval = (!undisturbed && random.one_in(2)).then_some(Duration::from_secs(1));
        });
        let script = match role {
            Role::Client => {
                rig.set_attempt(Attempt::Pending);
                rig.connect();
                None
            }
            Role::Server => {
                rig.welcome();
                let compresses = may_compress(&rig) && random.one_in(2);
                Some(Script::new(&mut random, role, REQUEST.into(), compresses))
            }
        };
        let (events, received, sent) = Default::default();
        Self { seed, role, random, rig, script, events, received, sent, ended: false, abandoned: false, undisturbed }
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            match self.random.below(10) {
                0..=3 => self.other_side_acts(),
                4 if !self.undisturbed => self.network_fails(),
                5 if !self.undisturbed => self.application_leaves(),
                _ => self.application_acts(),
            }
            self.poll();
        }
        self.come_to_an_end();
        self.check();
    }

    fn other_side_acts(&mut self) {
        match &mut self.script {
            None if self.rig.peer.opening_phase() == Some(Phase::Handshake) => {
                let accepted = self.rig.accept();
                let compresses = may_compress(&self.rig);
                self.script = Some(Script::new(&mut self.random, self.role, accepted, compresses));
            }
            None => match self.random.below(30) {
                0 => self.rig.set_attempt(Attempt::Refused),
                1..=15 => self.rig.set_attempt(Attempt::Connected),
                _ => {}
            },
            Some(_) if self.ended => {}
            Some(_) if self.random.one_in(40) => self.end_stream(),
            Some(script) if !script.is_delivered() => {
                self.rig.wire.deliver(script.next_piece(&mut self.random));
            }
            Some(_) => {}
        }
    }

    fn end_stream(&mut self) {
        self.ended = true;
        if self.random.one_in(2) { self.rig.wire.end() } else { self.rig.wire.fail_reads() }
    }

    fn network_fails(&mut self) {
        match self.random.below(20) {
            _ if self.script.is_none() => {}
            0 => self.rig.wire.fail_writes(),
            1..=4 => self.rig.wire.set_room(self.random.below(50) as usize),
            _ => self.rig.wire.set_room(usize::MAX),
        }
    }

    fn application_leaves(&mut self) {
        let before = self.rig.peer.state();
        match self.random.below(40) {
            0 => self.rig.peer.abort(),
            1 => self.rig.peer.leave(self.rig.now),
            2..=4 => self.rig.close(1000),
            _ => return,
        }
        let left = self.rig.peer.state() == ReadyState::Closed;
        self.abandoned |= left && before != ReadyState::Closed;
    }

    fn application_acts(&mut self) {
        match self.random.below(6) {
            0 => self.received.extend(self.rig.messages()),
            1 => {
                let message = self.rig.peer.receive();
                self.received.extend(message.map(|message| String::from_utf8(message.payload().to_vec()).unwrap()));
            }
            2 => {
                let is_open = self.rig.peer.state() == ReadyState::Open;
                let message = format!("hello {}", self.sent.len());
                let sent = self.rig.peer.send(Kind::Text, message.as_bytes(), self.rig.now);
                assert!(sent == Err(SendError::NotOpen) || (is_open && sent.is_ok()), "{sent:?}");
                self.sent.extend(sent.is_ok().then_some(message));
            }
            3 => self.rig.now += Duration::from_millis(self.random.below(if self.undisturbed { 50 } else { 1000 })),
            _ => {}
        }
    }

    fn poll(&mut self) {
        let before = self.rig.peer.state();
        self.rig.poll();
        assert!(is_in_order(before, self.rig.peer.state()), "{before:?} to {:?}", self.rig.peer.state());
        self.events.extend(std::iter::from_fn(|| self.rig.peer.poll_event()));
    }

    /// Everything the other side has to say arrives, and the application reads it.
    fn come_to_an_end(&mut self) {
        self.rig.wire.set_room(usize::MAX);
        while let Some(script) = self.script.as_mut().filter(|script| !script.is_delivered()) {
            if self.ended {
                break;
            }
            self.rig.wire.deliver(script.next_piece(&mut self.random));
        }
        self.rig.wire.end();
        for _ in 0..300 {
            self.rig.now += Duration::from_millis(100);
            self.poll();
            self.received.extend(self.rig.messages());
        }
    }

    fn check(&self) {
        assert_eq!(self.rig.peer.state(), ReadyState::Closed);
        self.check_events();
        if let Some(script) = &self.script {
            self.check_messages(script);
        }
        self.check_sent();
    }

    /// What was accepted has left in its order, all of it if the end is clean.
    fn check_sent(&self) {
        let written = self.rig.wire.take_written();
        let head = match self.role {
            // The request was taken by who has answered it; without an answer nothing was sent.
            Role::Client if self.script.is_some() => 0,
            Role::Server if written.starts_with(b"HTTP/1.1 101 ") => {
                written.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(written.len(), |end| end + 4)
            }
            _ => return assert!(self.sent.is_empty(), "{:?}", self.sent),
        };
        let frames = data_frames(&written[head..]);
        let fits = |((is_compressed, payload), message): (&(bool, Vec<u8>), &String)| {
            *is_compressed || payload == message.as_bytes()
        };
        assert!(frames.len() <= self.sent.len() && frames.iter().zip(&self.sent).all(fits), "{frames:?}");
        if self.events.last() == Some(&Event::Closed { clean: true }) {
            assert_eq!(frames.len(), self.sent.len(), "a clean end, but not all has left");
        }
    }

    fn check_events(&self) {
        let is_end = |event: &Event| matches!(event, Event::Closed { .. } | Event::Failed);
        let ends = self.events.iter().filter(|event| is_end(event)).count();
        assert_eq!(ends, usize::from(!self.abandoned), "{:?}", self.events);
        match self.events.as_slice() {
            [] | [Event::Failed] | [Event::Opened] => {}
            [Event::Opened, Event::Closed { .. }] => {}
            [Event::Opened, Event::CloseRequested(_)] => assert!(self.abandoned),
            [Event::Opened, Event::CloseRequested(_), Event::Closed { .. }] => {}
            other => panic!("{other:?}"),
        }
    }

    fn check_messages(&self, script: &Script) {
        let sent: Vec<&String> = script.messages.iter().map(|(message, _)| message).collect();
        assert!(sent.len() >= self.received.len() && self.received.iter().zip(&sent).all(|(got, sent)| got == *sent));
        if self.undisturbed && self.events.first() == Some(&Event::Opened) {
            assert_eq!(self.received.len(), script.delivered_messages());
            let clean = script.closes && script.is_delivered();
            assert_eq!(self.events.last(), Some(&Event::Closed { clean }));
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was the life with seed {}", self.seed);
        }
    }
}

fn may_compress(rig: &Rig) -> bool {
    cfg!(feature = "deflate") && rig.peer.config().compression == Compression::Enabled
}

/// States are passed through in one direction only.
fn is_in_order(before: ReadyState, after: ReadyState) -> bool {
    let rank = |state| match state {
        ReadyState::Connecting => 0,
        ReadyState::Open => 1,
        ReadyState::Closing => 2,
        ReadyState::Closed => 3,
    };
    rank(before) <= rank(after)
}

#[test]
fn every_life_ends_once_and_loses_no_message() {
    (1..=LIVES).for_each(|seed| Life::new(Role::Client, seed).run());
}

#[test]
fn every_life_of_a_server_ends_once_and_loses_no_message() {
    (1..=LIVES).for_each(|seed| Life::new(Role::Server, seed).run());
}

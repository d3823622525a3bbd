//! Bytes behind the handshake.

use tungsten_core::{Compression, Config, ErrorKind, Event, ReadyState};

use crate::memory::peak_of;
use crate::random::{Input, Random};
use crate::reference::{self, End, Setup};
use crate::subject::Subject;

/// What a connection may hold beyond a few times its limits: buffers to read with, compressor and decompressor, mostly.
const MEMORY: isize = 896 * 1024;

/// Small, so that it is met.
const MAX_MESSAGE_SIZE: usize = 16 * 1024;

/// How the connection is set up, out of one byte of the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) is_server: bool,
    mode: Compression,
    /// A server does what its client asks for; a client what its server tells it.
    is_alone: bool,
    /// Each message stops reading until it is taken out.
    is_narrow: bool,
}

impl Choice {
    pub(crate) fn new(byte: u8) -> Self {
        let mode = match byte >> 1 & 3 {
            0 => Compression::Disabled,
            1 => Compression::Enabled,
            _ => Compression::ContextTakeover,
        };
        Self { is_server: byte & 1 != 0, mode, is_alone: byte & 8 != 0, is_narrow: byte & 16 != 0 }
    }

    /// How the other side compresses: with reference to its earlier messages or not, if it may compress.
    pub(crate) fn takeover(self) -> Option<bool> {
        (self.mode != Compression::Disabled).then_some(!self.is_alone)
    }

    fn subject(self) -> Subject {
        let config = Config {
            compression: self.mode,
            max_message_size: MAX_MESSAGE_SIZE,
            inbound_high_water: if self.is_narrow { 1 } else { 2 * MAX_MESSAGE_SIZE },
            ..Config::default()
        };
        let extensions: &[u8] = match (self.takeover(), self.is_server, self.is_alone) {
            (None, ..) => b"",
            (_, true, true) => b"permessage-deflate; client_no_context_takeover",
            (_, false, true) => b"permessage-deflate; server_no_context_takeover",
            _ => b"permessage-deflate",
        };
        let subject = Subject::open(self.is_server, config, extensions);
        assert!(subject.is_open(), "{:?}", subject.peer.error());
        assert_eq!(subject.peer.compression().is_some(), self.mode != Compression::Disabled);
        subject
    }
}

/// The first byte chooses the setup, the second the pieces, and the others come from the network.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (Some(choice), Some(seed)) = (input.byte(), input.byte()) else { return };
    compare(Choice::new(choice), seed, input.0);
}

/// Checks that a connection gives what a plain reading does.
pub(crate) fn compare(choice: Choice, seed: u8, wire: &[u8]) {
    let setup = Setup { is_server: choice.is_server, takeover: choice.takeover(), max_message_size: MAX_MESSAGE_SIZE };
    let (messages, end) = reference::read(wire, setup);
    let pieces = Random::new(seed).pieces(wire);
    let bound = MEMORY + 4 * (wire.len() + MAX_MESSAGE_SIZE) as isize;
    let mut expected = messages.iter();
    let peak = peak_of(|| {
        let mut subject = choice.subject();
        let mut check = |subject: &mut Subject| {
            while let Some(message) = subject.receive() {
                let (kind, payload) = expected.next().expect("no more messages than a plain reading gives");
                assert_eq!((message.kind(), message.payload()), (*kind, payload.as_slice()));
            }
        };
        for piece in &pieces {
            subject.deliver(piece);
            subject.poll();
            check(&mut subject);
        }
        subject.end();
        // A poll has its bounds, so a bomb takes some.
        for _ in 0..10 + messages.len() + wire.len() / 16 {
            subject.poll();
            check(&mut subject);
        }
        check_end(&mut subject, end);
    });
    assert_eq!(expected.next(), None, "no less messages than a plain reading gives");
    assert!(peak < bound, "{peak} bytes were held, {bound} are the most");
}

/// One end, and the right one.
fn check_end(subject: &mut Subject, expected: End) {
    assert_eq!(subject.peer.state(), ReadyState::Closed);
    let events: Vec<Event> = std::iter::from_fn(|| subject.peer.poll_event()).collect();
    let ends = events.iter().filter(|event| matches!(event, Event::Closed { .. } | Event::Failed)).count();
    assert_eq!(ends, 1, "{events:?}");
    let found = match (events.last(), subject.peer.error().map(|error| error.kind())) {
        (Some(Event::Closed { clean: true }), None) => {
            End::Closed(subject.peer.close_frame().expect("a close frame").code())
        }
        (Some(Event::Closed { clean: false }), Some(ErrorKind::ConnectionLost)) => End::Open,
        (
            Some(Event::Closed { clean: false }),
            Some(ErrorKind::ProtocolViolation | ErrorKind::InvalidText | ErrorKind::MessageTooBig),
        ) => End::Failed,
        other => panic!("{other:?}"),
    };
    let is_right = found == expected || (expected == End::Undecided && matches!(found, End::Open | End::Failed));
    assert!(is_right, "{found:?}, and {expected:?} in a plain reading: {:?}", subject.peer.error());
}

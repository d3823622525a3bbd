//! Requests and answers.

use tungsten_core::{Compression, Config, ErrorKind, ReadyState};

use crate::memory::peak_of;
use crate::random::{Input, Random};
use crate::subject::Subject;

/// What may be held besides the bytes that came: buffers to read with, the fields of a head, the state of an open connection.
const MEMORY: isize = 640 * 1024;

/// Stands for what only a server knows that has read the request.
const ACCEPT: &[u8] = b"@ACCEPT@";

/// What there is to see of an end.
type Outcome = (ReadyState, Option<ErrorKind>, String, Vec<u8>);

/// The first byte chooses the role, the second the pieces, and the others come from the network.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (Some(choice), Some(seed)) = (input.byte(), input.byte()) else { return };
    let is_server = choice & 1 != 0;
    let mut outcomes = [0, seed].map(|seed| outcome(is_server, choice, seed, input.0));
    if !is_server {
        // The key of a client is another one each time.
        outcomes.iter_mut().for_each(|outcome| outcome.3.clear());
    }
    assert_eq!(outcomes[0], outcomes[1], "it depends on the pieces");
}

fn outcome(is_server: bool, choice: u8, seed: u8, bytes: &[u8]) -> Outcome {
    let compression = if choice & 2 == 0 { Compression::Disabled } else { Compression::ContextTakeover };
    let config = Config { compression, max_message_size: 1000, ..Config::default() };
    let mut outcome = None;
    let bound = MEMORY + 16 * bytes.len() as isize;
    let peak = peak_of(|| {
        let mut subject = if is_server { Subject::server(config) } else { Subject::client(config) };
        let bytes = if is_server { bytes.to_vec() } else { with_key(bytes, &subject.accept_key()) };
        for piece in Random::new(seed).pieces(&bytes) {
            subject.deliver(&piece);
            subject.poll();
            while subject.receive().is_some() {}
        }
        outcome = Some(end(subject));
    });
    assert!(peak < bound, "{peak} bytes were held, {bound} are the most");
    outcome.expect("it was run")
}

/// Once nothing more comes and all deadlines are over.
fn end(mut subject: Subject) -> Outcome {
    subject.end();
    for _ in 0..20 {
        subject.poll();
        while subject.receive().is_some() {}
        subject.advance(30);
    }
    let state = subject.peer.state();
    assert_eq!(state, ReadyState::Closed);
    let kind = subject.peer.error().map(|error| error.kind());
    (state, kind, subject.peer.protocol().to_owned(), subject.take_written())
}

fn with_key(bytes: &[u8], key: &str) -> Vec<u8> {
    let Some(start) = bytes.windows(ACCEPT.len()).position(|window| window == ACCEPT) else { return bytes.to_vec() };
    [&bytes[..start], key.as_bytes(), &bytes[start + ACCEPT.len()..]].concat()
}

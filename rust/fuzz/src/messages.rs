//! Valid frames, mostly, which a script describes: so that the fuzzer need not find out how to compress and to mask.

use crate::frames::{Choice, compare};
use crate::random::Input;
use crate::wire::{BINARY, CLOSE, Compressor, FIN, PING, RSV1, TEXT, frame};

/// So that one input is not a thousand.
const LONGEST: usize = 256 * 1024;

/// The first byte chooses the setup, the second the pieces, the third the window; the others are the script.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (Some(choice), Some(seed), Some(window)) = (input.byte(), input.byte(), input.byte()) else { return };
    let choice = Choice::new(choice);
    let mask = choice.is_server.then_some([0x37, 0xFA, 0x21, seed]);
    let compressor = Compressor::new(choice.takeover().unwrap_or_default(), 9 + window % 7);
    let mut script = Script { input, mask, compressor, wire: Vec::new() };
    while script.wire.len() < LONGEST && script.step() {}
    compare(choice, seed, &script.wire);
}

struct Script<'a> {
    input: Input<'a>,
    mask: Option<[u8; 4]>,
    compressor: Compressor,
    wire: Vec<u8>,
}

impl Script<'_> {
    /// False if the script is over.
    fn step(&mut self) -> bool {
        let Some(step) = self.input.byte() else { return false };
        match step & 7 {
            // A message: its kind, compressed or not, in one frame or more.
            0..=4 => self.message(step),
            5 => {
                let payload = self.input.string();
                self.push(FIN | (PING + (step >> 3 & 1)), payload);
            }
            6 => {
                let payload = self.input.string();
                self.push(FIN | CLOSE, payload);
            }
            // Whatever comes.
            _ => {
                let first = self.input.byte().unwrap_or_default();
                let payload = self.input.string();
                self.push(first, payload);
            }
        }
        true
    }

    fn message(&mut self, step: u8) {
        let times = usize::from(step >> 4);
        let payload = self.input.string().repeat(1 + times * times);
        let (kind, payload) = match step & 1 {
            0 => (TEXT, String::from_utf8_lossy(&payload).into_owned().into_bytes()),
            _ => (BINARY, payload),
        };
        let is_compressed = step & 2 != 0;
        let wire = if is_compressed { self.compressor.compress(&payload) } else { payload };
        let first = kind | if is_compressed { RSV1 } else { 0 };
        if step & 8 == 0 {
            self.push(FIN | first, &wire);
        } else {
            self.fragments(first, &wire);
        }
    }

    /// A message in fragments, with pings between them; how long they are stands in the script.
    fn fragments(&mut self, mut first: u8, mut wire: &[u8]) {
        let lengths = self.input.string();
        for length in lengths {
            let (fragment, rest) = wire.split_at(usize::from(*length).min(wire.len()));
            self.push(first, fragment);
            if length % 2 == 0 {
                self.push(FIN | PING, fragment.get(..9).unwrap_or_default());
            }
            (first, wire) = (0, rest);
        }
        self.push(FIN | first, wire);
    }

    fn push(&mut self, first: u8, payload: &[u8]) {
        self.wire.extend(frame(first, payload, self.mask));
    }
}

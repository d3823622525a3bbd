//! Messages on their way in.

use super::zlib::{Inflater, Progress};
use super::{TAIL, Volume};
use crate::handshake::DeflateParameters;
use crate::pool::Pool;
use tungstenite::protocol::Role;

static POOL: Pool<Box<Inflater>> = Pool::new();

/// A last, empty block (RFC 1951 §3.2.4): valid wherever a block may start, and nowhere else.
const PROBE: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];

/// Decompresses what one connection receives, piece by piece.
#[derive(Debug)]
pub(in crate::connection) struct Decompressor {
    takeover: bool,
    /// What reads the message that is under way; with context takeover, what has read those before.
    inflater: Option<Box<Inflater>>,
    /// Nothing of a block was read since the message or the last final block.
    is_at_start: bool,
    /// How much of [`TAIL`] was read.
    tail: usize,
    /// Final blocks since [`Self::take_final_blocks`].
    final_blocks: usize,
    volume: Volume,
}

impl Decompressor {
    pub(in crate::connection) fn new(role: Role, parameters: &DeflateParameters) -> Self {
        let alone = match role {
            Role::Client => parameters.server_no_context_takeover,
            Role::Server => parameters.client_no_context_takeover,
        };
        Self {
            takeover: !alone,
            inflater: None,
            is_at_start: true,
            tail: 0,
            final_blocks: 0,
            volume: Volume::default(),
        }
    }

    /// A compressed message begins.
    pub(in crate::connection) fn start(&mut self) {
        self.is_at_start = true;
        self.tail = 0;
    }

    /// Decompresses a part of the message, until there is no more input or no more room; both must not be empty.
    /// Returns how much was read and how much was written.
    ///
    /// # Errors
    /// Why the input is no compressed data.
    pub(in crate::connection) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), String> {
        let step = self.step(input, output)?;
        if step.consumed == 0 && step.produced == 0 {
            return Err("it makes no progress".to_owned());
        }
        self.volume.add(0, step.consumed as u64);
        Ok((step.consumed, step.produced))
    }

    /// Goes on once the last byte of the message was read, as long as there is room, which there must be. Returns how
    /// much was written and whether that was all.
    ///
    /// # Errors
    /// Why what was read is no compressed data.
    pub(in crate::connection) fn finish(&mut self, output: &mut [u8]) -> Result<(usize, bool), String> {
        let mut written = 0;
        // A message without a byte, and one that a final block has ended (RFC 7692 §7.2.3.4), are whole.
        while !self.is_at_start {
            let step = self.step(&TAIL[self.tail..], &mut output[written..])?;
            self.tail += step.consumed;
            written += step.produced;
            if written == output.len() {
                return Ok((written, false));
            }
            if self.tail == TAIL.len() {
                break;
            }
        }
        if !self.takeover {
            self.give_back()?;
        }
        Ok((written, true))
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, String> {
        let inflater = self.inflater.get_or_insert_with(|| {
            let mut inflater = POOL.take(|_| true).unwrap_or_else(|| Box::new(Inflater::new()));
            inflater.reset();
            inflater
        });
        let step = inflater.inflate(input, output)?;
        self.is_at_start = step.is_end;
        if step.is_end {
            inflater.reset();
            self.final_blocks += 1;
        }
        self.volume.add(step.produced as u64, 0);
        Ok(step)
    }

    /// The message is over, and so is the need for memory. With context takeover one cannot look whether the last
    /// block was whole without spoiling what follows.
    fn give_back(&mut self) -> Result<(), String> {
        let Some(mut inflater) = self.inflater.take() else { return Ok(()) };
        if !self.is_at_start && !inflater.inflate(&PROBE, &mut [0])?.is_end {
            return Err("it ends within a block".to_owned());
        }
        POOL.put(inflater);
        Ok(())
    }

    /// How many final blocks have come since the last call. Each takes as long as a frame, and may have two bytes.
    pub(in crate::connection) fn take_final_blocks(&mut self) -> usize {
        std::mem::take(&mut self.final_blocks)
    }

    /// Told of a message that was not compressed.
    pub(in crate::connection) fn count_plain(&mut self, len: u64) {
        self.volume.add(len, len);
    }

    pub(in crate::connection) fn volume(&self) -> Volume {
        self.volume
    }
}

//! What tungstenite takes for a stream: bytes at hand to read from, and a queue to write to that never blocks.

use super::filter::Filter;
use crate::queue::TransmitQueue;
use std::io::{self, Read, Write};

/// Bytes of automatic pongs that may wait to be written. A peer that floods us with pings and reads nothing gets
/// no more; of what it pings beyond that, the newest is answered (RFC 6455 §5.5.3).
const MAX_WAITING_PONGS: usize = 16 * 1024;

/// The opcode of a pong in the first byte of its frame (RFC 6455 §11.8).
const PONG: u8 = 0x8A;

/// Automatic answers to pings: how many bytes of them are queued, and the one that found no room.
#[derive(Debug, Default)]
pub(super) struct Pongs {
    queued: usize,
    /// Where the last of them ends in the queue.
    end: u64,
    postponed: Option<Vec<u8>>,
}

impl Pongs {
    /// Told when the queue got shorter: there is room for the postponed pong once those before it have left.
    pub(super) fn refill(&mut self, transmit: &mut TransmitQueue) {
        if !transmit.has_left(self.end) {
            return;
        }
        self.queued = 0;
        if let Some(frame) = self.postponed.take() {
            self.push(&frame, transmit);
        }
    }

    fn push(&mut self, frame: &[u8], transmit: &mut TransmitQueue) {
        if self.queued + frame.len() > MAX_WAITING_PONGS {
            self.postponed = Some(frame.to_vec());
        } else {
            self.queued += frame.len();
            transmit.push_control(frame);
            self.end = transmit.position();
        }
    }
}

/// Both directions of one call into tungstenite.
#[derive(Debug)]
pub(super) struct Shim<'a, 'b> {
    input: &'a mut &'b [u8],
    filter: &'a mut Filter,
    transmit: &'a mut TransmitQueue,
    pongs: &'a mut Pongs,
}

impl<'a, 'b> Shim<'a, 'b> {
    pub(super) fn new(
        input: &'a mut &'b [u8],
        filter: &'a mut Filter,
        transmit: &'a mut TransmitQueue,
        pongs: &'a mut Pongs,
    ) -> Self {
        Self { input, filter, transmit, pongs }
    }
}

impl Read for Shim<'_, '_> {
    /// Tells of what [`Filter::read`] tells; never the end of the stream.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.filter.read(self.input, buf)
    }
}

impl Write for Shim<'_, '_> {
    /// Takes one whole frame: with a write buffer of 0 tungstenite writes each frame on its own.
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        if frame.first() == Some(&PONG) {
            self.pongs.push(frame, self.transmit);
        } else {
            self.transmit.push_control(frame);
        }
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

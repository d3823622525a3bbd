//! Automatic answers to pings (RFC 6455 §5.5.3).

use crate::queue::TransmitQueue;

/// Bytes of automatic pongs that may wait to be written. A peer that floods us with pings and reads nothing gets
/// no more; of what it pings beyond that, the newest is answered (RFC 6455 §5.5.3).
const MAX_WAITING: usize = 16 * 1024;

/// How many bytes of pongs are queued, and the one that found no room.
#[derive(Debug, Default)]
pub(super) struct Pongs {
    queued: usize,
    /// Where the last of them ends in the queue.
    end: u64,
    postponed: Option<Vec<u8>>,
}

impl Pongs {
    /// Queues the frame of a pong, or keeps it until there is room.
    pub(super) fn push(&mut self, frame: &[u8], transmit: &mut TransmitQueue) {
        if self.queued + frame.len() > MAX_WAITING {
            self.postponed = Some(frame.to_vec());
        } else {
            self.queued += frame.len();
            transmit.push_control(frame);
            self.end = transmit.position();
        }
    }

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
}

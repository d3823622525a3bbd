//! Bytes that wait to be written, in chunks that are written from the front and never moved.

use crate::pool::Pool;
use std::collections::VecDeque;

/// Small frames share a chunk of up to this size, so that many of them leave in one write.
const CHUNK: usize = 64 * 1024;

/// Messages that an empty queue may have room for to be kept.
const MAX_ROOM: usize = 1024;

/// What queues that are empty have left behind.
static EMPTY: Pool<Memory> = Pool::new();

/// What a queue is made of.
#[derive(Debug, Default)]
struct Memory {
    /// Chunks that take no more, oldest first.
    full: VecDeque<Vec<u8>>,
    /// The newest chunk.
    tail: Vec<u8>,
    /// Messages that have not left whole, oldest first.
    unsent: VecDeque<Unsent>,
}

/// Frames in the order of their sending.
///
/// A chunk is dropped once the stream has taken it, so that the memory held goes down while a large message leaves, and
/// a partial write costs nothing but an offset. What was taken has not left yet: TLS may hold it until the socket has
/// room.
///
/// Invariant: no full chunk is empty, and `offset` is less than the length of the first one; `left <= taken <= pushed`.
#[derive(Debug, Default)]
pub(crate) struct TransmitQueue {
    memory: Memory,
    offset: usize,
    /// Bytes since the start: that were pushed, that the stream has taken, and that have left.
    pushed: u64,
    taken: u64,
    left: u64,
    unsent_payload: usize,
}

/// One message in the queue.
#[derive(Debug)]
struct Unsent {
    /// The value of `left` at which the message has left.
    end: u64,
    payload: usize,
}

impl TransmitQueue {
    /// Where `len` more bytes go.
    fn tail(&mut self, len: usize) -> &mut Vec<u8> {
        if self.is_empty() {
            self.memory = EMPTY.take(|_| true).unwrap_or_default();
        }
        let Memory { full, tail, .. } = &mut self.memory;
        if !tail.is_empty() && tail.len() + len > CHUNK {
            full.push_back(std::mem::take(tail));
        }
        if tail.len() + len > tail.capacity() {
            // It grows in long strides, as what is in it has to move each time.
            tail.reserve_exact((3 * tail.len()).min(CHUNK - tail.len().min(CHUNK)).max(len));
        }
        tail
    }

    /// Appends a control frame.
    pub(crate) fn push_control(&mut self, frame: &[u8]) {
        self.tail(frame.len()).extend_from_slice(frame);
        self.pushed += frame.len() as u64;
    }

    /// Appends the frame of a message, `len` bytes that `write` appends to what it is given. `payload` of them count
    /// for [`Self::unsent_payload`] until the frame has left.
    pub(crate) fn push_message(&mut self, len: usize, payload: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let tail = self.tail(len);
        let before = tail.len();
        write(tail);
        debug_assert_eq!(tail.len() - before, len, "the length of a frame is known before");
        self.pushed += len as u64;
        self.memory.unsent.push_back(Unsent { end: self.pushed, payload });
        self.unsent_payload += payload;
    }

    /// The next bytes for the stream; empty once it has taken all.
    pub(crate) fn front(&self) -> &[u8] {
        &self.memory.full.front().unwrap_or(&self.memory.tail)[self.offset..]
    }

    /// Takes `len` bytes off the front: the stream has them now.
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.front().len(), "more was taken than was there");
        self.offset += len;
        self.taken += len as u64;
        if self.front().is_empty() {
            self.offset = 0;
            let Memory { full, tail, .. } = &mut self.memory;
            if full.pop_front().is_none() {
                tail.clear();
                if tail.capacity() > CHUNK {
                    *tail = Vec::new();
                }
            }
        }
    }

    /// All that the stream has taken has left.
    pub(crate) fn settle(&mut self) {
        self.left = self.taken;
        while self.memory.unsent.front().is_some_and(|message| message.end <= self.left) {
            if let Some(message) = self.memory.unsent.pop_front() {
                self.unsent_payload -= message.payload;
            }
        }
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops everything that waits, and the memory.
    pub(crate) fn clear(&mut self) {
        let pushed = self.pushed;
        let empty = Self { pushed, taken: pushed, left: pushed, ..Self::default() };
        let Memory { mut full, mut tail, mut unsent } = std::mem::replace(self, empty).memory;
        let is_fit =
            (1..=CHUNK).contains(&tail.capacity()) && unsent.capacity() <= MAX_ROOM && full.capacity() <= MAX_ROOM;
        if is_fit {
            full.clear();
            tail.clear();
            unsent.clear();
            EMPTY.put(Memory { full, tail, unsent });
        }
    }

    /// Bytes that the stream was not given or has not taken.
    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.pushed - self.taken).unwrap_or(usize::MAX)
    }

    /// Whether all has left.
    pub(crate) fn is_empty(&self) -> bool {
        self.left == self.pushed
    }

    /// How many bytes were ever pushed, for [`Self::has_left`].
    pub(crate) fn position(&self) -> u64 {
        self.pushed
    }

    /// Whether all has left that was pushed up to a [`Self::position`].
    pub(crate) fn has_left(&self, position: u64) -> bool {
        self.left >= position
    }

    /// Payload bytes of the messages that have not left whole, as Godot counts them.
    pub(crate) fn unsent_payload(&self) -> usize {
        self.unsent_payload
    }

    /// How many messages have not left whole.
    pub(crate) fn unsent_messages(&self) -> usize {
        self.memory.unsent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut TransmitQueue, byte: u8, len: usize) {
        queue.push_message(len, len - 1, |tail| tail.resize(tail.len() + len, byte));
    }

    fn drain(queue: &mut TransmitQueue, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !queue.is_empty() {
            let len = queue.front().len().min(step);
            out.extend_from_slice(&queue.front()[..len]);
            queue.advance(len);
            queue.settle();
        }
        out
    }

    #[test]
    fn bytes_leave_in_order_whatever_the_size_of_a_write() {
        for step in [1, 7, 1000, usize::MAX] {
            let mut queue = TransmitQueue::default();
            let mut expected = Vec::new();
            for (byte, len) in [(1, 10), (2, CHUNK * 2), (3, 10), (4, CHUNK - 5), (5, 100)] {
                push(&mut queue, byte, len);
                expected.resize(expected.len() + len, byte);
            }
            assert!(drain(&mut queue, step) == expected, "step {step}");
        }
    }

    #[test]
    fn small_frames_share_a_chunk() {
        let mut queue = TransmitQueue::default();
        (0..100).for_each(|_| push(&mut queue, 1, 100));
        assert_eq!(queue.front().len(), 10_000);
    }

    #[test]
    fn message_counts_in_full_until_its_last_byte_has_left() {
        let mut queue = TransmitQueue::default();
        push(&mut queue, 1, 11);
        push(&mut queue, 2, 21);
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (30, 2));
        queue.advance(10);
        queue.settle();
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (30, 2));
        queue.advance(1);
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (30, 2), "taken is not left");
        queue.settle();
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (20, 1));
        queue.advance(21);
        assert!(queue.front().is_empty() && !queue.is_empty());
        queue.settle();
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (0, 0));
        assert!(queue.is_empty());
    }

    #[test]
    fn what_is_dropped_counts_as_left() {
        let mut queue = TransmitQueue::default();
        push(&mut queue, 1, 10);
        let position = queue.position();
        queue.clear();
        assert!(queue.is_empty() && queue.has_left(position));
        push(&mut queue, 1, 10);
        assert!(!queue.is_empty() && !queue.has_left(queue.position()));
    }

    #[test]
    fn control_frame_is_no_message() {
        let mut queue = TransmitQueue::default();
        queue.push_control(&[0x89, 0]);
        assert_eq!((queue.unsent_payload(), queue.unsent_messages(), queue.front()), (0, 0, &[0x89, 0][..]));
    }

    #[test]
    fn empty_queue_holds_no_memory() {
        let mut queue = TransmitQueue::default();
        push(&mut queue, 1, 1 << 20);
        drain(&mut queue, usize::MAX);
        assert_eq!((queue.memory.tail.capacity(), queue.memory.unsent.capacity()), (0, 0));
    }
}

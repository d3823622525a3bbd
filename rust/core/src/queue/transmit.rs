//! Bytes that wait to be written, in chunks that are written from the front and never moved.

use std::collections::VecDeque;

/// Small frames share a chunk of up to this size, so that many of them leave in one write.
const CHUNK: usize = 64 * 1024;

/// Frames in the order of their sending.
///
/// A chunk is dropped once it was written, so that the memory held goes down while a large message leaves, and a
/// partial write costs nothing but an offset.
///
/// Invariant: no chunk is empty, and `offset` is less than the length of the first one.
#[derive(Debug, Default)]
pub(crate) struct TransmitQueue {
    chunks: VecDeque<Vec<u8>>,
    offset: usize,
    /// Bytes pushed and bytes written since the start; their difference waits.
    pushed: u64,
    written: u64,
    /// Messages that were not written whole, oldest first.
    unsent: VecDeque<Unsent>,
    unsent_payload: usize,
}

/// One message in the queue.
#[derive(Debug)]
struct Unsent {
    /// The value of `written` at which the message has left.
    end: u64,
    payload: usize,
}

impl TransmitQueue {
    /// Where `len` more bytes go.
    fn tail(&mut self, len: usize) -> &mut Vec<u8> {
        match self.chunks.back_mut() {
            // It grows in long strides, as what is in it has to move each time.
            Some(last) if last.len() + len <= CHUNK => {
                if last.len() + len > last.capacity() {
                    last.reserve((3 * last.len()).max(len).min(CHUNK - last.len()));
                }
            }
            _ => self.chunks.push_back(Vec::with_capacity(len)),
        }
        self.chunks.back_mut().expect("a chunk was just made sure of")
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
        self.unsent.push_back(Unsent { end: self.pushed, payload });
        self.unsent_payload += payload;
    }

    /// The next bytes to write; empty if none wait.
    pub(crate) fn front(&self) -> &[u8] {
        self.chunks.front().map_or(&[], |chunk| &chunk[self.offset..])
    }

    /// Takes `len` bytes off the front: they were written.
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.front().len(), "more was written than was there");
        self.offset += len;
        self.written += len as u64;
        if self.chunks.front().is_some_and(|chunk| chunk.len() == self.offset) {
            self.chunks.pop_front();
            self.offset = 0;
        }
        while self.unsent.front().is_some_and(|message| message.end <= self.written) {
            if let Some(message) = self.unsent.pop_front() {
                self.unsent_payload -= message.payload;
            }
        }
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops everything that waits, and the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.pushed - self.written).unwrap_or(usize::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Payload bytes of the messages that have not left whole, as Godot counts them.
    pub(crate) fn unsent_payload(&self) -> usize {
        self.unsent_payload
    }

    /// How many messages have not left whole.
    pub(crate) fn unsent_messages(&self) -> usize {
        self.unsent.len()
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
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (30, 2));
        queue.advance(1);
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (20, 1));
        queue.advance(21);
        assert_eq!((queue.unsent_payload(), queue.unsent_messages()), (0, 0));
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
        assert_eq!((queue.chunks.capacity(), queue.unsent.capacity()), (0, 0));
    }
}

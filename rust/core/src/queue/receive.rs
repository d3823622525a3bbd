//! Messages that arrived and were not read yet.

use crate::pool::Pool;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;

/// The type of a message (RFC 6455 §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any bytes.
    Binary,
    /// UTF-8.
    Text,
}

/// A complete message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    kind: Kind,
    payload: Bytes,
}

impl Message {
    pub(crate) fn new(kind: Kind, payload: Bytes) -> Self {
        Self { kind, payload }
    }

    /// Whether it was sent as text or as binary.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its bytes; valid UTF-8 if it is text.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Its text; nothing if it is binary.
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            // It was checked when it came. To do it again costs little, and to leave it out needs `unsafe`.
            Kind::Text => simdutf8::basic::from_utf8(&self.payload).ok(),
            Kind::Binary => None,
        }
    }
}

#[cfg(all(test, feature = "deflate"))]
impl Message {
    pub(crate) fn into_payload(self) -> Bytes {
        self.payload
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {} bytes", self.kind, self.payload.len())
    }
}

/// Queues that are empty.
static EMPTY: Pool<VecDeque<Message>> = Pool::new();

/// Messages that an empty queue may have room for to be kept.
const MAX_ROOM: usize = 1024;

/// Received messages, oldest first, and how many bytes they hold.
///
/// Invariant: `bytes` is the sum of the payload lengths. While there is no message, there is no memory for one.
#[derive(Debug, Default)]
pub(crate) struct ReceiveQueue {
    messages: VecDeque<Message>,
    bytes: usize,
    total: u64,
}

impl ReceiveQueue {
    pub(crate) fn push(&mut self, message: Message) {
        if self.messages.capacity() == 0 {
            self.messages = EMPTY.take(|_| true).unwrap_or_default();
        }
        self.bytes += message.payload.len();
        self.total += 1;
        self.messages.push_back(message);
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.payload.len();
        if self.messages.is_empty() {
            let messages = std::mem::take(&mut self.messages);
            if messages.capacity() <= MAX_ROOM {
                EMPTY.put(messages);
            }
        }
        Some(message)
    }

    /// What [`Self::pop`] would take out.
    pub(crate) fn front(&self) -> Option<&Message> {
        self.messages.front()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many were ever pushed.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether a reader should wait until some messages were taken out.
    pub(crate) fn is_full(&self, high_water: usize, max_messages: Option<usize>) -> bool {
        self.bytes >= high_water.max(1) || max_messages.is_some_and(|max| self.messages.len() >= max.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(size: usize) -> Message {
        Message::new(Kind::Binary, Bytes::from(vec![7; size]))
    }

    #[test]
    fn one_message_may_be_larger_than_the_mark() {
        let mut queue = ReceiveQueue::default();
        assert!(!queue.is_full(100, None));
        queue.push(message(1000));
        assert!(queue.is_full(100, None));
        queue.pop();
        assert!(!queue.is_full(100, None));
    }

    #[test]
    fn count_fills_the_queue_too() {
        let mut queue = ReceiveQueue::default();
        queue.push(message(0));
        queue.push(message(0));
        assert!(queue.is_full(100, Some(2)));
        assert!(!queue.is_full(100, Some(3)));
        assert!(!queue.is_full(100, None));
    }

    #[test]
    fn only_a_text_has_text() {
        let message = |kind| Message::new(kind, Bytes::from("grün"));
        assert_eq!((message(Kind::Text).text(), message(Kind::Binary).text()), (Some("grün"), None));
    }

    #[test]
    fn front_is_what_pop_takes_out() {
        let mut queue = ReceiveQueue::default();
        assert!(queue.front().is_none());
        queue.push(message(1));
        queue.push(message(2));
        assert_eq!(queue.front(), Some(&message(1)));
        assert_eq!(queue.pop(), Some(message(1)));
    }

    #[test]
    fn mark_of_zero_still_lets_one_message_in() {
        assert!(!ReceiveQueue::default().is_full(0, Some(0)));
    }
}

//! Received bytes that wait to be read.

use super::violation::Violation;

/// Why they wait.
#[derive(Debug)]
pub(super) enum Wait {
    /// The receive queue is full.
    NoRoom,
    /// This poll has done its share.
    Exhausted,
    /// The other side did this behind messages of this poll. It counts with the next one, so that they can be answered;
    /// what is behind it does not count.
    Unanswered(Violation),
}

/// Bytes that wait, at most what one read from the network gave, and why.
///
/// While something waits, even without a byte, nothing more is read from the network, and the connection does not end.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: Option<Box<Waiting>>,
    /// Messages have come since [`Self::start_poll`].
    has_delivered: bool,
}

/// What waits.
#[derive(Debug)]
pub(super) struct Waiting {
    bytes: Vec<u8>,
    /// How many of the bytes were read.
    read: usize,
    why: Wait,
}

impl Inbox {
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// The bytes that wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> Option<&[u8]> {
        self.waiting.as_deref().map(Waiting::bytes)
    }

    pub(super) fn has_delivered(&self) -> bool {
        self.has_delivered
    }

    /// A new poll begins.
    pub(super) fn start_poll(&mut self) {
        self.has_delivered = false;
    }

    /// Told of a message.
    pub(super) fn handle_delivered(&mut self) {
        self.has_delivered = true;
    }

    /// Keeps bytes that come behind those that wait. False if none do, and these need not.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(waiting) = &mut self.waiting else { return false };
        waiting.bytes.extend_from_slice(bytes);
        true
    }

    /// What waited does not any more.
    pub(super) fn take(&mut self) -> Option<Box<Waiting>> {
        self.waiting.take()
    }

    /// Lets the last `len` of these bytes wait.
    pub(super) fn keep(&mut self, bytes: &[u8], len: usize, why: Wait) {
        let bytes = bytes[bytes.len() - len..].to_vec();
        self.waiting = Some(Box::new(Waiting { bytes, read: 0, why }));
    }

    /// Lets the last `len` bytes of what had waited do so again. They stay where they are.
    pub(super) fn keep_again(&mut self, mut waiting: Box<Waiting>, len: usize, why: Wait) {
        waiting.read = waiting.bytes.len() - len;
        waiting.why = why;
        self.waiting = Some(waiting);
    }
}

impl Waiting {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    /// What is wrong with what comes next, if that is known.
    pub(super) fn violation(&self) -> Option<&Violation> {
        match &self.why {
            Wait::Unanswered(violation) => Some(violation),
            Wait::NoRoom | Wait::Exhausted => None,
        }
    }
}

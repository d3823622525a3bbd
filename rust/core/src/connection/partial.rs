//! A message while it arrives.

use super::mask::{Mask, extend_masked};
use super::violation::Violation;
use crate::queue::{Kind, Message};

/// What has come of a message. Memory follows that, and not what a header claims.
#[derive(Debug)]
pub(super) struct Partial {
    kind: Kind,
    is_compressed: bool,
    payload: Vec<u8>,
    /// How much of a text is known to be UTF-8.
    checked: usize,
}

impl Partial {
    pub(super) fn new(kind: Kind, is_compressed: bool) -> Self {
        Self { kind, is_compressed, payload: Vec::new(), checked: 0 }
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    pub(super) fn len(&self) -> usize {
        self.payload.len()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.payload.capacity()
    }

    /// Adds a piece of the `remaining` bytes of a frame. Text is checked as it comes, so that it is refused with its
    /// first bad byte, however long the message would be.
    ///
    /// # Errors
    /// The message is too big, or the text is not UTF-8.
    pub(super) fn append(
        &mut self,
        piece: &[u8],
        mask: Option<Mask>,
        remaining: u64,
        max_size: usize,
    ) -> Result<(), Violation> {
        let size = self.payload.len() + piece.len();
        if size > max_size {
            return Err(Violation::Size(size as u64, max_size));
        }
        self.make_room(piece.len(), usize::try_from(remaining).unwrap_or(usize::MAX));
        extend_masked(&mut self.payload, piece, mask);
        self.check_text()
    }

    /// Makes room for a piece, and as much more as is there already, but never for more than is to come.
    fn make_room(&mut self, piece: usize, remaining: usize) {
        if self.payload.capacity() - self.payload.len() < piece {
            self.payload.reserve_exact(self.payload.len().max(piece).min(remaining));
        }
    }

    fn check_text(&mut self) -> Result<(), Violation> {
        if self.kind == Kind::Binary {
            return Ok(());
        }
        match simdutf8::compat::from_utf8(&self.payload[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            // The last character may not be whole yet.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::Text),
        }
        Ok(())
    }

    /// The message, of which nothing more comes.
    ///
    /// # Errors
    /// The text ends within a character.
    pub(super) fn finish(mut self) -> Result<Message, Violation> {
        if self.kind == Kind::Text && self.checked < self.payload.len() {
            return Err(Violation::Text);
        }
        // Fragments come with no word about how many follow.
        self.payload.shrink_to_fit();
        Ok(Message::new(self.kind, self.payload.into()))
    }
}

//! A message in one frame or a close frame, which need nothing of tungstenite.

use super::super::mask::extend_masked;
use super::Follows;
use crate::close::CloseFrame;
use crate::queue::{Kind, Message};
use std::str::Utf8Error;

/// What a frame is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Message(Kind),
    Close,
}

/// Such a frame while its bytes arrive.
#[derive(Debug)]
pub(super) struct Whole {
    content: Content,
    /// As the next byte of the payload is masked.
    mask: Option<[u8; 4]>,
    remaining: u64,
    payload: Vec<u8>,
}

impl Whole {
    pub(super) fn new(content: Content, mask: Option<[u8; 4]>, len: u64) -> Self {
        Self { content, mask, remaining: len, payload: Vec::new() }
    }

    /// Takes what is at hand. True if that was all.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> bool {
        let remaining = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let len = remaining.min(input.len());
        self.make_room(len, remaining);
        let (piece, rest) = input.split_at(len);
        *input = rest;
        self.remaining -= len as u64;
        match &mut self.mask {
            None => self.payload.extend_from_slice(piece),
            Some(mask) => {
                extend_masked(&mut self.payload, piece, *mask);
                mask.rotate_left(len % 4);
            }
        }
        self.remaining == 0
    }

    /// Makes room for what has come, and as much more as is there already, but never for more than is to come: what a
    /// header claims costs nothing, and what is whole has no room to spare.
    fn make_room(&mut self, len: usize, remaining: usize) {
        if self.payload.capacity() - self.payload.len() < len {
            self.payload.reserve_exact(self.payload.len().max(len).min(remaining));
        }
    }

    /// What it was.
    ///
    /// # Errors
    /// Text that is not UTF-8.
    pub(super) fn finish(self) -> Result<Follows, Utf8Error> {
        match self.content {
            Content::Close => CloseFrame::from_payload(&self.payload).map(Follows::Close),
            Content::Message(kind) => {
                if kind == Kind::Text {
                    std::str::from_utf8(&self.payload)?;
                }
                Ok(Follows::Message(Message::owned(kind, self.payload)))
            }
        }
    }
}

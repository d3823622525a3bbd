//! Memory for small messages that came together.

use super::mask::{Mask, copy_masked, extend_masked};
use bytes::{Bytes, BytesMut};

/// Messages of at least this size have memory of their own: an allocation is little beside their bytes.
const SHARED_BELOW: usize = 4096;

/// The most that messages share. Each of them keeps all of it alive; but they are read in the order in which they came,
/// so a queue keeps little more than what it has.
const LARGEST: usize = 64 * 1024;

/// What the small messages of one read are copied into, so that not each of them costs an allocation.
#[derive(Debug, Default)]
pub(super) struct Block(BytesMut);

impl Block {
    /// A copy of `payload`, unmasked; so many bytes have come `behind` it.
    pub(super) fn copy(&mut self, payload: &[u8], mask: Option<Mask>, behind: usize) -> Bytes {
        let has_room = payload.len() <= self.0.capacity();
        if payload.len() >= SHARED_BELOW || (!has_room && behind < payload.len()) {
            let mut alone = Vec::with_capacity(payload.len());
            extend_masked(&mut alone, payload, mask);
            return alone.into();
        }
        if !has_room {
            self.0 = BytesMut::with_capacity((payload.len() + behind).min(LARGEST));
        }
        match mask {
            None => self.0.extend_from_slice(payload),
            Some(mask) => {
                self.0.resize(payload.len(), 0);
                copy_masked(&mut self.0, payload, mask);
            }
        }
        self.0.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_right_whatever_came_before() {
        let mut block = Block::default();
        let source: Vec<u8> = (0..10_000).map(|i| i as u8).collect();
        let mask = Some([0; 4]);
        let lengths = [0, 1, 100, 4095, 4096, 9000, 70, 4000, 0, 3];
        let copies: Vec<Bytes> = lengths.iter().map(|len| block.copy(&source[..*len], mask, 100_000)).collect();
        for (copy, len) in copies.iter().zip(lengths) {
            assert_eq!(copy, &source[..len]);
        }
    }

    #[test]
    fn message_that_came_alone_has_memory_of_its_own() {
        let copy = Block::default().copy(b"alone", None, 0);
        assert!(copy.is_unique());
        let mut block = Block::default();
        let copies = [block.copy(b"one", None, 100), block.copy(b"two", None, 95)];
        assert!(!copies[0].is_unique(), "they share");
    }

    #[test]
    fn no_more_memory_is_taken_than_came() {
        let mut block = Block::default();
        block.copy(&[0; 16], None, 16);
        assert_eq!(block.0.capacity(), 16);
        let mut block = Block::default();
        block.copy(&[0; 16], None, 1 << 20);
        assert_eq!(block.0.capacity(), LARGEST - 16);
    }
}

//! Frames as RFC 6455 §5.2 draws them, and compression of messages (RFC 7692), plainly.

use flate2::{Compress, Compression, FlushCompress};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;

/// What ends each compressed message and is not sent (RFC 7692 §7.2.1).
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// A frame, masked if there is a mask.
pub(crate) fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(mask_bit | len as u8),
        len @ 126..65536 => {
            bytes.push(mask_bit | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(mask_bit | 127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(mask.into_iter().flatten());
    bytes.extend(masked(payload, mask.unwrap_or_default()));
    bytes
}

/// With the mask on it, or without the one that was.
pub(crate) fn masked(payload: &[u8], mask: [u8; 4]) -> impl Iterator<Item = u8> {
    payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask)
}

/// The other side's compressor.
pub(crate) struct Compressor {
    stream: Compress,
    takeover: bool,
}

impl Compressor {
    pub(crate) fn new(takeover: bool, window_bits: u8) -> Self {
        Self { stream: Compress::new_with_window_bits(Compression::new(6), false, window_bits), takeover }
    }

    pub(crate) fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        if payload.is_empty() {
            // RFC 7692 §7.2.3.6.
            return vec![0];
        }
        if !self.takeover {
            self.stream.reset();
        }
        let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 100);
        self.stream.compress_vec(payload, &mut out, FlushCompress::Sync).expect("compressing does not fail");
        assert!(out.ends_with(&TAIL) && out.len() < out.capacity());
        out.truncate(out.len() - TAIL.len());
        out
    }
}

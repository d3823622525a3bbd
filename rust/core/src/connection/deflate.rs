//! Compression of messages (RFC 7692 §7.2), in both directions.
//!
//! Without context takeover the memory for it, which is large, is borrowed from a [pool](crate::pool::Pool) for as long
//! as a message needs it. With context takeover a connection owns what it has used once.

mod compressor;
mod decompressor;
#[cfg(all(test, feature = "deflate"))]
mod tests;
#[cfg(feature = "deflate")]
mod zlib;
#[cfg(not(feature = "deflate"))]
#[path = "deflate/absent.rs"]
mod zlib;

use crate::handshake::DeflateParameters;
pub(super) use compressor::{Compressor, Method};
pub(super) use decompressor::Decompressor;

/// What ends each compressed message and is not sent (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// What compression has come to on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressionStatus {
    /// What both sides have agreed on.
    pub parameters: DeflateParameters,
    /// Messages that were accepted for sending.
    pub sent: Volume,
    /// Messages that were received, as far as they have been read.
    pub received: Volume,
}

impl CompressionStatus {
    /// The bytes that travelled for each byte of payload, in both directions together: 0.25 is a quarter. 1 before
    /// there was any.
    pub fn ratio(&self) -> f64 {
        let payload = self.sent.payload + self.received.payload;
        let wire = self.sent.wire + self.received.wire;
        if payload == 0 { 1.0 } else { wire as f64 / payload as f64 }
    }
}

/// Bytes of messages in one direction, compressed or not. Their quotient is the ratio of compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// As the application sees them.
    pub payload: u64,
    /// As they travel, without the headers of frames.
    pub wire: u64,
}

impl Volume {
    pub(super) fn add(&mut self, payload: u64, wire: u64) {
        self.payload += payload;
        self.wire += wire;
    }
}

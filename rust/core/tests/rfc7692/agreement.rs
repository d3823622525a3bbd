//! Ends that have agreed on compression, and the other end's compressor.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use tungsten_core::{Compression, Config};

use super::rig::{Rig, Side};
use super::wire::{FIN, Frame};

/// Marks a message as compressed (§6).
pub(super) const RSV1: u8 = 0x40;

/// What is not sent of a compressed message (§7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Any message is compressed.
pub(super) fn config(compression: Compression) -> Config {
    Config { compression, compression_threshold: 0, ..Config::default() }
}

/// An end that compresses each message on its own, and so does the other.
#[track_caller]
pub(super) fn alone(side: Side) -> Rig {
    alone_with(side, |_| {})
}

#[track_caller]
pub(super) fn alone_with(side: Side, change: impl FnOnce(&mut Config)) -> Rig {
    open(side, Compression::Enabled, "; server_no_context_takeover; client_no_context_takeover", change)
}

/// Both ends refer to earlier messages.
#[track_caller]
pub(super) fn takeover(side: Side) -> Rig {
    open(side, Compression::ContextTakeover, "", |_| {})
}

/// The other end offers or answers with these parameters.
#[track_caller]
pub(super) fn open(side: Side, mode: Compression, parameters: &str, change: impl FnOnce(&mut Config)) -> Rig {
    let mut config = config(mode);
    change(&mut config);
    let rig =
        Rig::open_with_field(side, config, &format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n"));
    assert!(rig.peer.compression().is_some());
    rig
}

/// The other end's state.
pub(super) struct FarEnd {
    compressor: Compress,
    decompressor: Decompress,
}

impl FarEnd {
    pub(super) fn new() -> Self {
        Self { compressor: Compress::new(flate2::Compression::new(6), false), decompressor: Decompress::new(false) }
    }

    /// A message of one frame.
    pub(super) fn message(&mut self, opcode: u8, payload: impl AsRef<[u8]>) -> Frame {
        Frame::new(FIN | RSV1 | opcode, self.compress(payload.as_ref()))
    }

    pub(super) fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 100);
        self.compressor.compress_vec(payload, &mut out, FlushCompress::Sync).unwrap();
        assert!(out.ends_with(&TAIL) && out.len() < out.capacity());
        out.truncate(out.len() - TAIL.len());
        out
    }

    pub(super) fn decompress(&mut self, compressed: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 << 20);
        let wire = [compressed, &TAIL].concat();
        self.decompressor.decompress_vec(&wire, &mut out, FlushDecompress::Sync).unwrap();
        assert!(out.len() < out.capacity());
        out
    }
}

/// One message compressed on its own.
pub(super) fn compressed(payload: impl AsRef<[u8]>) -> Vec<u8> {
    FarEnd::new().compress(payload.as_ref())
}

/// The same the other way.
pub(super) fn decompressed(compressed: &[u8]) -> Vec<u8> {
    FarEnd::new().decompress(compressed)
}

/// Text that gets smaller.
pub(super) fn verse(len: usize) -> String {
    "the quick brown fox jumps over the lazy dog; ".chars().cycle().take(len).collect()
}

/// Bytes that do not.
pub(super) fn noise(len: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(step).collect()
}

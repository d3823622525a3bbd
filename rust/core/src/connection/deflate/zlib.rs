//! zlib's deflate and inflate, raw (RFC 1951).

use super::TAIL;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Room for a small message, and more than zlib needs to say that it is done.
const LEAST_ROOM: usize = 64;

/// Compresses messages.
#[derive(Debug)]
pub(super) struct Deflater {
    stream: Compress,
    window_bits: u8,
    level: u8,
}

impl Deflater {
    pub(super) fn new(window_bits: u8, level: u8) -> Self {
        let stream = Compress::new_with_window_bits(Compression::new(level.into()), false, window_bits);
        Self { stream, window_bits, level }
    }

    pub(super) fn is_for(&self, window_bits: u8, level: u8) -> bool {
        (self.window_bits, self.level) == (window_bits, level)
    }

    /// Forgets the messages before. All of them have to be whole: zlib-rs 0.6 does not forget a block that is open.
    pub(super) fn reset(&mut self) {
        self.stream.reset();
    }

    /// Compresses a message, up to the [`TAIL`] that is not sent (RFC 7692 §7.2.1). `None` if it has failed and may
    /// not be used any more, which is a bug.
    pub(super) fn deflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(payload.len() / 4 + LEAST_ROOM);
        let start = self.stream.total_in();
        loop {
            let taken = usize::try_from(self.stream.total_in() - start).unwrap_or(usize::MAX);
            let rest = payload.get(taken..).unwrap_or_default();
            let result = self.stream.compress_vec(rest, &mut out, FlushCompress::Sync);
            if let Err(error) = result {
                log::error!("a message was not compressed: {error}; please report this");
                return None;
            }
            // Room that is left means that all is written.
            if out.len() < out.capacity() {
                break;
            }
            out.reserve(out.len());
        }
        debug_assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
        Some(out)
    }
}

/// Decompresses messages, whatever the window they were compressed with.
#[derive(Debug)]
pub(super) struct Inflater(Decompress);

/// What one call has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) consumed: usize,
    pub(super) produced: usize,
    /// The last block has ended (RFC 1951 §3.2.3, BFINAL).
    pub(super) is_end: bool,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Forgets the messages before.
    pub(super) fn reset(&mut self) {
        self.0.reset(false);
    }

    /// Decompresses until there is no more input or no more room.
    ///
    /// # Errors
    /// Why the input is no compressed data.
    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, String> {
        let (total_in, total_out) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output, FlushDecompress::Sync);
        let status = status.map_err(|error| error.message().unwrap_or("malformed data").to_owned())?;
        Ok(Progress {
            consumed: usize::try_from(self.0.total_in() - total_in).unwrap_or(usize::MAX),
            produced: usize::try_from(self.0.total_out() - total_out).unwrap_or(usize::MAX),
            is_end: status == Status::StreamEnd,
        })
    }
}

//! How much one poll reads of what costs us more than it costs the sender.

/// Frames and final blocks: a peer can make a million empty ones out of two megabytes.
pub(super) const MAX_FRAMES: usize = 16 * 1024;

/// Bytes that are made by decompressing: a peer can make a thousand of each that it sends.
pub(super) const MAX_INFLATED: usize = 1024 * 1024;

/// Bytes of compressed messages: a block of eleven bytes has tables that take a microsecond to build, and may have
/// nothing else.
pub(super) const MAX_DEFLATED: usize = 64 * 1024;

/// What was read in this poll.
#[derive(Debug, Default)]
pub(super) struct Budget {
    frames: usize,
    deflated: usize,
    inflated: usize,
}

impl Budget {
    pub(super) fn count_frames(&mut self, frames: usize) {
        self.frames += frames;
    }

    pub(super) fn count_inflated(&mut self, deflated: usize, inflated: usize) {
        self.deflated += deflated;
        self.inflated += inflated;
    }

    pub(super) fn allows_a_frame(&self) -> bool {
        self.frames < MAX_FRAMES
    }

    /// How many bytes of compressed messages may still be read; none if they have given enough.
    pub(super) fn deflated_left(&self) -> usize {
        let is_enough = self.inflated >= MAX_INFLATED || !self.allows_a_frame();
        if is_enough { 0 } else { MAX_DEFLATED.saturating_sub(self.deflated) }
    }
}

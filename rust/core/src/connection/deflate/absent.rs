//! Stands in for `zlib.rs` without the feature `deflate`: as nothing is negotiated, nothing of this is ever made.

/// See `zlib.rs`.
#[derive(Debug)]
pub(super) enum Deflater {}

/// See `zlib.rs`.
#[derive(Debug)]
pub(super) enum Inflater {}

/// See `zlib.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) consumed: usize,
    pub(super) produced: usize,
    pub(super) is_end: bool,
}

impl Deflater {
    pub(super) fn new(_window_bits: u8, _level: u8) -> Self {
        unreachable!("compression is not negotiated without the feature `deflate`")
    }

    pub(super) fn is_for(&self, _window_bits: u8, _level: u8) -> bool {
        match *self {}
    }

    pub(super) fn reset(&mut self) {
        match *self {}
    }

    pub(super) fn deflate(&mut self, _payload: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}

impl Inflater {
    pub(super) fn new() -> Self {
        unreachable!("compression is not negotiated without the feature `deflate`")
    }

    pub(super) fn reset(&mut self) {
        match *self {}
    }

    pub(super) fn inflate(&mut self, _input: &[u8], _output: &mut [u8]) -> Result<Progress, String> {
        match *self {}
    }
}

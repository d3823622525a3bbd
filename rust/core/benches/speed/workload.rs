//! What instructions are counted of. Everything happens in memory.

use std::process::ExitCode;

use crate::session::Session;

/// Bytes that the stream takes at a time: what a socket with small buffers takes.
const PIECE: usize = 16 * 1024;

/// A connection is opened.
pub(crate) const HANDSHAKE: &str = "handshake";
/// A message of 1 KiB goes there and back, 64 of them under way.
pub(crate) const ECHO_1K: &str = "echo_1k";
/// A MiB of one large message goes there.
pub(crate) const LARGE_1M: &str = "large_1m";

/// Does the work so many times. What is done once, such as opening a connection, is not part of what is counted, as two
/// numbers of times are compared.
pub(crate) fn run(name: &str, times: usize) -> ExitCode {
    match name {
        HANDSHAKE => (0..times).for_each(|_| drop(Session::in_memory(PIECE, PIECE))),
        ECHO_1K => Session::in_memory(64 << 10, 64 << 10).echo(&[7; 1024], 64, times),
        // Zeros, as the system has them at no cost.
        LARGE_1M => Session::in_memory(times << 20, PIECE).carry(&vec![0; times << 20]),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

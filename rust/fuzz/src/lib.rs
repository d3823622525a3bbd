//! Targets for a fuzzer. Each is a function that takes any bytes, drives a [`Peer`](tungsten_core::Peer) over a stream
//! in memory with them, and panics if something is not as it has to be.
//!
//! | target | what the bytes are | what has to be |
//! |---|---|---|
//! | [`extensions`] | offers and answers of permessage-deflate | both sides understand an agreement in the same way |
//! | [`frames`] | what comes behind the handshake | what a plain [reading](reference) gives |
//! | [`handshake`] | requests and answers | the outcome does not depend on the pieces that they come in |
//! | [`messages`] | a script of messages, fragments and control frames, compressed or not | what a plain [reading](reference) gives |
//!
//! All of them: no panic, one end, and no more [memory] than a bound.

pub mod extensions;
pub mod frames;
pub mod handshake;
mod memory;
pub mod messages;
mod random;
mod reference;
mod subject;
mod wire;

/// Makes a program of a target: for libFuzzer, or else one that runs the files it is given.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[cfg(feature = "libfuzzer")]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $run(data));

        #[cfg(not(feature = "libfuzzer"))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $run(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}

//! What a connection asks of a byte stream.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::net::SocketAddr;

/// A stream of bytes in both directions that never blocks.
pub trait Stream: Debug + Send {
    /// Whether the stream is connected by now.
    ///
    /// # Errors
    /// Why it will never be.
    fn poll_connected(&mut self) -> io::Result<bool>;

    /// Reads what has arrived; 0 means that nothing more will.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing has arrived; anything else is the end of the stream.
    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as there is room for, at least one byte.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is no room; anything else is the end of the stream.
    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// The same for pieces that follow each other. A stream that takes only one at a time takes of the first.
    ///
    /// # Errors
    /// As for [`Self::transmit`].
    fn transmit_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = pieces.iter().find(|piece| !piece.is_empty());
        first.map_or(Ok(0), |piece| self.transmit(piece))
    }

    /// Tells the other side that nothing more will be written. It may still be read from.
    fn finish(&mut self);

    /// Whether [`Self::finish`] does that. Some streams cannot end one direction alone; dropping them ends both.
    fn can_half_close(&self) -> bool {
        true
    }

    /// Turns Nagle's algorithm off (`true`) or on. What is not TCP ignores it.
    fn set_no_delay(&mut self, enabled: bool);

    /// Whom the stream is connected to, or is being connected to.
    fn peer_address(&self) -> Option<SocketAddr>;
}

/// Starts streams.
pub trait Connector: Debug + Send {
    /// Starts to connect; [`Stream::poll_connected`] tells how it goes.
    ///
    /// # Errors
    /// Why the attempt could not even be started.
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>>;
}

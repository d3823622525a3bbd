//! A stream with or without TLS on top.

use super::Stream;
use super::tls::TlsSession;
use crate::error::Error;
use crate::queue::TransmitQueue;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Bytes that are read from a socket at a time.
const READ: usize = 256 * 1024;

/// Buffers for reading, shared by all the connections that one thread polls: an idle connection holds none.
pub struct Scratch {
    wire: Box<[u8]>,
    plain: Box<[u8]>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { wire: vec![0; READ].into(), plain: vec![0; READ].into() }
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

/// What one read gave.
#[derive(Debug)]
pub(crate) enum Received {
    /// Something came, and more may be there. A read that was `short` has taken all the bytes, but an end may have come
    /// behind them, of which the system has told already.
    Bytes { short: bool },
    /// Nothing is there now.
    Nothing,
    /// Nothing more will come.
    End,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// All has left, what TLS had of it included.
    All,
    /// Something waits until the stream has room, or until TLS is negotiated.
    WouldBlock,
}

/// A connected stream, with TLS if the URL asked for it.
#[derive(Debug)]
pub(crate) struct Link {
    stream: Box<dyn Stream>,
    tls: Option<Box<TlsSession>>,
    /// Nothing more comes; of a `close_notify` the stream itself knows nothing.
    ended: bool,
    finished: bool,
}

impl Link {
    pub(crate) fn new(stream: Box<dyn Stream>, tls: Option<TlsSession>) -> Self {
        Self { stream, tls: tls.map(Box::new), ended: false, finished: false }
    }

    pub(crate) fn peer_address(&self) -> Option<SocketAddr> {
        self.stream.peer_address()
    }

    pub(crate) fn poll_connected(&mut self) -> io::Result<bool> {
        self.stream.poll_connected()
    }

    pub(crate) fn set_no_delay(&mut self, enabled: bool) {
        self.stream.set_no_delay(enabled);
    }

    /// Whether TLS still negotiates.
    pub(crate) fn is_negotiating(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_negotiating())
    }

    /// Reads once; every piece of what the application is meant to see goes to `sink`. An end comes again with every
    /// later read.
    ///
    /// # Errors
    /// Why TLS failed, which is an end too. The end of the stream, whatever its reason, is [`Received::End`].
    pub(crate) fn receive(&mut self, scratch: &mut Scratch, sink: impl FnMut(&[u8])) -> Result<Received, Error> {
        if self.ended {
            return Ok(Received::End);
        }
        let received = self.read(scratch, sink);
        self.ended = matches!(received, Ok(Received::End) | Err(_));
        received
    }

    fn read(&mut self, scratch: &mut Scratch, mut sink: impl FnMut(&[u8])) -> Result<Received, Error> {
        let len = match self.stream.receive(&mut scratch.wire) {
            Ok(0) => return Ok(Received::End),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Received::Nothing),
            Err(error) => {
                log::debug!("reading failed: {error}");
                return Ok(Received::End);
            }
        };
        let bytes = &scratch.wire[..len];
        if let Some(tls) = &mut self.tls {
            let result = tls.handle_input(bytes, &mut scratch.plain, sink);
            // An alert may have to be sent, whatever came of it.
            if let Err(error) = tls.flush(&mut *self.stream) {
                log::debug!("writing failed: {error}");
            }
            if result? {
                return Ok(Received::End);
            }
        } else {
            sink(bytes);
        }
        Ok(Received::Bytes { short: len < scratch.wire.len() })
    }

    /// Writes from the front of the queue until it is empty or the socket is full.
    ///
    /// # Errors
    /// Why nothing more can be written.
    pub(crate) fn transmit(&mut self, queue: &mut TransmitQueue) -> io::Result<Flushed> {
        loop {
            if let Some(tls) = &mut self.tls
                && !tls.flush(&mut *self.stream)?
            {
                return Ok(Flushed::WouldBlock);
            }
            // TLS holds nothing back here, so all that it was given has left.
            queue.settle();
            if queue.is_empty() {
                return Ok(Flushed::All);
            }
            if self.is_negotiating() {
                return Ok(Flushed::WouldBlock);
            }
            let taken = match &mut self.tls {
                None => match self.stream.transmit(queue.front()) {
                    Ok(written) => written,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Flushed::WouldBlock),
                    Err(error) => return Err(error),
                },
                Some(tls) => tls.write(queue.front())?,
            };
            queue.advance(taken);
        }
    }

    /// Whether the other side may be waited for after [`Self::finish`].
    pub(crate) fn can_half_close(&self) -> bool {
        self.stream.can_half_close()
    }

    /// Tells the other side that nothing more will be written, once everything was.
    pub(crate) fn finish(&mut self) {
        if self.finished {
            return;
        }
        if let Some(tls) = &mut self.tls {
            match tls.finish(&mut *self.stream) {
                Ok(true) => {}
                // The socket is full; whoever flushes next comes here again.
                Ok(false) => return,
                Err(error) => log::debug!("writing failed: {error}"),
            }
        }
        self.finished = true;
        self.stream.finish();
    }
}

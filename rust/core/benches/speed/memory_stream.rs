//! Streams without a system below them, so that nothing but the core is counted.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tungsten_core::net::{Connector, Stream};

type Pipe = Arc<Mutex<VecDeque<u8>>>;

/// One end. What is written waits in a pipe until the other end reads it.
#[derive(Clone, Debug)]
pub(crate) struct MemoryStream {
    incoming: Pipe,
    outgoing: Pipe,
    /// What a pipe holds, which is what a socket takes before it is full.
    capacity: usize,
}

/// Two ends; the first one also connects to itself.
pub(crate) fn pair(capacity: usize) -> (MemoryStream, MemoryStream) {
    let (there, back) = (Pipe::default(), Pipe::default());
    let first = MemoryStream { incoming: Arc::clone(&back), outgoing: Arc::clone(&there), capacity };
    (first, MemoryStream { incoming: there, outgoing: back, capacity })
}

impl Connector for MemoryStream {
    fn connect(&mut self, _address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.clone()))
    }
}

impl Stream for MemoryStream {
    fn poll_connected(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut incoming = self.incoming.lock().expect("one thread");
        if incoming.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { incoming.read(buf) }
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut outgoing = self.outgoing.lock().expect("one thread");
        let len = bytes.len().min(self.capacity - outgoing.len());
        outgoing.extend(&bytes[..len]);
        if len == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(len) }
    }

    fn finish(&mut self) {}

    fn set_no_delay(&mut self, _enabled: bool) {}

    fn peer_address(&self) -> Option<SocketAddr> {
        Some((Ipv4Addr::LOCALHOST, 1).into())
    }
}

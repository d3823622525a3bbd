//! The same bytes over TCP without a protocol, in the largest pieces that fit: the most that any protocol can reach.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// Bytes that are read at a time, as the core does.
const READ: usize = 256 * 1024;

/// Two ends of a TCP connection, driven in turns by one thread.
pub(crate) struct RawSession {
    client: TcpStream,
    host: TcpStream,
    /// What the client sends: as many messages as may be under way.
    burst: Vec<u8>,
    buf: Vec<u8>,
    /// What the host has received and not sent back.
    pending: Vec<u8>,
}

impl RawSession {
    pub(crate) fn open(burst: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a listener");
        let (host, _) = listener.accept().expect("a client");
        for stream in [&client, &host] {
            stream.set_nodelay(true).expect("an open stream");
            stream.set_nonblocking(true).expect("an open stream");
        }
        let pending = Vec::with_capacity(burst.len());
        Self { client, host, burst, buf: vec![0; READ], pending }
    }

    /// Sends so many bytes there and back.
    pub(crate) fn echo(&mut self, total: usize) {
        let (mut sent, mut received) = (0, 0);
        while received < total {
            let room = (self.burst.len() - (sent - received)).min(total - sent);
            sent += write(&mut self.client, &self.burst[..room]);
            self.answer();
            received += read(&mut self.client, &mut self.buf);
        }
    }

    fn answer(&mut self) {
        let len = read(&mut self.host, &mut self.buf);
        self.pending.extend_from_slice(&self.buf[..len]);
        let sent = write(&mut self.host, &self.pending);
        self.pending.drain(..sent);
    }
}

fn read(stream: &mut TcpStream, buf: &mut [u8]) -> usize {
    match stream.read(buf) {
        Ok(len) => len,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => panic!("reading failed: {error}"),
    }
}

fn write(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    if bytes.is_empty() {
        return 0;
    }
    match stream.write(bytes) {
        Ok(len) => len,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => panic!("writing failed: {error}"),
    }
}

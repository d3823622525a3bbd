//! TCP.

use super::{Connector, Stream};
use socket2::SockRef;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};

/// What keeps a write from sending a signal. Sockets of other systems have been told before, or know no such signal.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NO_SIGNAL: i32 = 0;

/// Connects over TCP, with Nagle's algorithm off: a game's messages are small and urgent.
#[derive(Debug, Default)]
pub struct TcpConnector;

impl Connector for TcpConnector {
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let socket = mio::net::TcpStream::connect(address)?;
        Ok(Box::new(TcpStream::new(socket, address)))
    }
}

/// A TCP connection, made or accepted.
#[derive(Debug)]
pub(super) struct TcpStream {
    socket: mio::net::TcpStream,
    address: SocketAddr,
}

impl TcpStream {
    pub(super) fn new(socket: mio::net::TcpStream, address: SocketAddr) -> Self {
        Self { socket, address }
    }
}

impl Stream for TcpStream {
    fn poll_connected(&mut self) -> io::Result<bool> {
        if let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        match self.socket.peer_addr() {
            Ok(_) => {
                self.set_no_delay(true);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            // Linux and macOS disagree on the error of a socket that is still connecting.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        retry(|| self.socket.read(buf))
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        retry(|| self.socket.write(bytes))
    }

    fn transmit_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        // std's would end the process of an engine with SIGPIPE once the other side is gone.
        retry(|| self.socket.try_io(|| SockRef::from(&self.socket).send_vectored_with_flags(pieces, NO_SIGNAL)))
    }

    fn finish(&mut self) {
        // Fails only if the other side is gone already.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    fn set_no_delay(&mut self, enabled: bool) {
        if let Err(error) = self.socket.set_nodelay(enabled) {
            log::debug!("Nagle's algorithm could not be set: {error}");
        }
    }

    fn peer_address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }
}

/// Repeats a call that a signal interrupted.
fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn socket_does_not_delay_from_the_start_and_does_if_told_so() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let socket = mio::net::TcpStream::connect(address).unwrap();
        // Accepted connections are connected at both ends.
        let _accepted = listener.accept().unwrap();
        let mut stream = TcpStream::new(socket, address);
        assert!(!stream.socket.nodelay().unwrap());
        assert!(stream.poll_connected().unwrap());
        assert!(stream.socket.nodelay().unwrap());
        stream.set_no_delay(false);
        assert!(!stream.socket.nodelay().unwrap());
        stream.set_no_delay(true);
        assert!(stream.socket.nodelay().unwrap());
    }
}

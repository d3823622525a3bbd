//! A network in memory, for tests: what it does is said beforehand, what was done to it can be looked at afterwards.

use super::{Connector, Lookup, Resolver, Stream};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// Also behind a failed assertion, or dropping a stream would hide which one.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

type Found = Poll<Result<Vec<IpAddr>, String>>;

/// Gives every name the same answer. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct FakeResolver(Arc<Mutex<Found>>);

impl FakeResolver {
    /// Answers no lookup until [`Self::answer`] is called.
    pub(crate) fn silent() -> Self {
        Self(Arc::new(Mutex::new(Poll::Pending)))
    }

    pub(crate) fn answer(&self, answer: Result<Vec<IpAddr>, String>) {
        *lock(&self.0) = Poll::Ready(answer);
    }
}

impl Resolver for FakeResolver {
    fn lookup(&self, _host: &str) -> Box<dyn Lookup> {
        Box::new(self.clone())
    }
}

impl Lookup for FakeResolver {
    fn poll(&mut self) -> Found {
        lock(&self.0).clone()
    }
}

/// What an attempt to connect has come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    CannotStart,
    Connected,
    Pending,
    Refused,
}

/// Asks a plan how the attempts at each address go. Clones share what they know.
#[derive(Clone)]
pub(crate) struct FakeConnector {
    plan: Arc<dyn Fn(SocketAddr) -> Attempt + Send + Sync>,
    started: Arc<Mutex<Vec<SocketAddr>>>,
    wire: Wire,
}

impl FakeConnector {
    /// `plan` is asked with each poll of an attempt; every stream is an end of `wire`.
    pub(crate) fn new(plan: impl Fn(SocketAddr) -> Attempt + Send + Sync + 'static, wire: Wire) -> Self {
        Self { plan: Arc::new(plan), started: Arc::default(), wire }
    }

    /// The addresses that were tried, in this order.
    pub(crate) fn started(&self) -> Vec<IpAddr> {
        lock(&self.started).iter().map(SocketAddr::ip).collect()
    }
}

impl Connector for FakeConnector {
    fn connect(&mut self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        lock(&self.started).push(address);
        match (self.plan)(address) {
            Attempt::CannotStart => Err(io::ErrorKind::NetworkUnreachable.into()),
            _ => Ok(Box::new(FakeStream { address, network: self.clone() })),
        }
    }
}

impl fmt::Debug for FakeConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeConnector").field("started", &self.started).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct FakeStream {
    address: SocketAddr,
    network: FakeConnector,
}

impl Stream for FakeStream {
    fn poll_connected(&mut self) -> io::Result<bool> {
        match (self.network.plan)(self.address) {
            Attempt::CannotStart | Attempt::Refused => Err(io::ErrorKind::ConnectionRefused.into()),
            Attempt::Connected => Ok(true),
            Attempt::Pending => Ok(false),
        }
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.network.wire.state().receive(buf)
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.network.wire.state().transmit(bytes)
    }

    fn transmit_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.transmit(&bytes)
    }

    fn finish(&mut self) {
        self.network.wire.state().finished = true;
    }

    fn can_half_close(&self) -> bool {
        self.network.wire.state().can_half_close
    }

    fn set_no_delay(&mut self, enabled: bool) {
        self.network.wire.state().no_delay = Some(enabled);
    }

    fn peer_address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        self.network.wire.state().dropped = true;
    }
}

/// A stream as its other side sees it. Clones are the same stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// One read gives bytes of one piece.
    pieces: VecDeque<Vec<u8>>,
    /// What reading gives once all pieces were read; without it, that nothing is there.
    end: Option<Result<(), io::ErrorKind>>,
    written: Vec<u8>,
    writes: usize,
    /// Bytes that can be written before the stream is full.
    room: usize,
    broken: Option<io::ErrorKind>,
    can_half_close: bool,
    finished: bool,
    dropped: bool,
    no_delay: Option<bool>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            pieces: VecDeque::new(),
            end: None,
            written: Vec::new(),
            writes: 0,
            room: usize::MAX,
            broken: None,
            can_half_close: true,
            finished: false,
            dropped: false,
            no_delay: None,
        }
    }
}

impl State {
    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.pieces.pop_front() else {
            return match self.end {
                None => Err(io::ErrorKind::WouldBlock.into()),
                Some(Ok(())) => Ok(0),
                Some(Err(kind)) => Err(kind.into()),
            };
        };
        let len = piece.len().min(buf.len());
        buf[..len].copy_from_slice(&piece[..len]);
        if len < piece.len() {
            piece.drain(..len);
            self.pieces.push_front(piece);
        }
        Ok(len)
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.finished, "bytes were written behind the end");
        if let Some(kind) = self.broken {
            return Err(kind.into());
        }
        let len = bytes.len().min(self.room);
        if len == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.written.extend_from_slice(&bytes[..len]);
        self.writes += 1;
        self.room -= len;
        Ok(len)
    }
}

impl Wire {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Sends a piece.
    pub(crate) fn deliver(&self, piece: &[u8]) {
        assert!(!piece.is_empty(), "an empty read is the end");
        self.state().pieces.push_back(piece.to_vec());
    }

    /// Sends nothing more, in order.
    pub(crate) fn end(&self) {
        self.state().end.get_or_insert(Ok(()));
    }

    /// Reading fails once all pieces were read.
    pub(crate) fn fail_reads(&self) {
        self.state().end.get_or_insert(Err(io::ErrorKind::ConnectionReset));
    }

    /// Writing fails from now on.
    pub(crate) fn fail_writes(&self) {
        self.state().broken = Some(io::ErrorKind::BrokenPipe);
    }

    /// It cannot end one direction alone.
    pub(crate) fn forbid_half_close(&self) {
        self.state().can_half_close = false;
    }

    /// Takes only so many bytes more.
    pub(crate) fn set_room(&self, room: usize) {
        self.state().room = room;
    }

    /// What was written since the last call.
    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.state().written)
    }

    /// How many writes there were.
    pub(crate) fn writes(&self) -> usize {
        self.state().writes
    }

    /// Bytes that were delivered and not read.
    pub(crate) fn unread(&self) -> usize {
        self.state().pieces.iter().map(Vec::len).sum()
    }

    /// Whether nothing more will be written.
    pub(crate) fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// What the stream was told last about Nagle's algorithm.
    pub(crate) fn no_delay(&self) -> Option<bool> {
        self.state().no_delay
    }

    /// Whether the stream is gone.
    pub(crate) fn is_dropped(&self) -> bool {
        self.state().dropped
    }
}

//! A listener, and which of its streams have something to do.

use super::Stream;
use super::tcp::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Connections that the system keeps for us between two polls. The engine's 8 turn players away when a lobby opens.
const BACKLOG: i32 = 1024;

/// Connections that are accepted in one poll; the others wait for the next.
const MAX_ACCEPTS: usize = 256;

/// Events that are taken from the system at a time.
const MAX_EVENTS: usize = 1024;

/// Open files that a server asks the system to be allowed.
#[cfg(unix)]
const MAX_DESCRIPTORS: u64 = 65_536;

const LISTENER: Token = Token(usize::MAX);

/// Names a stream that was accepted. Never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(usize);

/// A connection that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// What it is called.
    pub id: StreamId,
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// Makes it ready from outside of a poll.
    pub wake: Wake,
}

/// Makes a stream ready although nothing has arrived: its owner has changed what it wants.
#[derive(Clone, Debug)]
pub struct Wake {
    id: StreamId,
    woken: Arc<Mutex<Vec<StreamId>>>,
}

impl Wake {
    pub(crate) fn wake(&self) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if woken.last() != Some(&self.id) {
            woken.push(self.id);
        }
    }
}

/// Accepts TCP connections and tells which of them are worth polling, at a cost that does not depend on those that are
/// not.
///
/// After [`Listener::poll`], [`Listener::accept`] hands out new streams and [`Listener::next_ready`] those to poll;
/// after each such poll of the owner, [`Listener::set_next`] takes note of when it wants the next one.
pub struct Listener {
    /// `None` once no more are accepted.
    socket: Option<mio::net::TcpListener>,
    poll: Poll,
    events: Events,
    next_id: usize,
    may_accept: bool,
    ready: Ready,
    deadlines: Deadlines,
    woken: Arc<Mutex<Vec<StreamId>>>,
}

/// Streams to poll, each once.
#[derive(Debug, Default)]
struct Ready {
    queue: VecDeque<StreamId>,
    queued: BTreeSet<StreamId>,
}

/// When streams want to be polled although nothing has arrived.
#[derive(Debug, Default)]
struct Deadlines {
    by_time: BTreeSet<(Instant, StreamId)>,
    by_stream: HashMap<StreamId, Instant>,
}

/// When the owner of a stream wants to poll it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPoll {
    /// With the next poll.
    Now,
    /// When something arrives or there is room to write, at the latest at this time.
    WhenReadyOr(Option<Instant>),
}

impl Listener {
    /// Listens on a port of one address, or of all (`None`); port 0 takes a free one.
    ///
    /// # Errors
    /// Why it cannot listen: [`io::ErrorKind::AddrInUse`] if another program does.
    pub fn bind(address: Option<IpAddr>, port: u16) -> io::Result<Self> {
        raise_descriptor_limit();
        let socket = match address {
            Some(address) => listen(SocketAddr::new(address, port))?,
            // A system without IPv6 still has the other one.
            None => {
                listen(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)).or_else(|error| match error.kind() {
                    io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
                    _ => listen(SocketAddr::new([0, 0, 0, 0].into(), port)),
                })?
            }
        };
        let mut socket = mio::net::TcpListener::from_std(socket);
        let poll = Poll::new()?;
        poll.registry().register(&mut socket, LISTENER, Interest::READABLE)?;
        Ok(Self {
            socket: Some(socket),
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            next_id: 0,
            may_accept: true,
            ready: Ready::default(),
            deadlines: Deadlines::default(),
            woken: Arc::default(),
        })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?.local_addr()
    }

    /// Gives the port back. The streams that were accepted go on.
    pub fn stop_accepting(&mut self) {
        self.socket = None;
    }

    /// Asks the system what has happened, without waiting.
    pub fn poll(&mut self, now: Instant) {
        loop {
            match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return log::warn!("asking for events failed: {error}"),
            }
            let mut count = 0;
            for event in &self.events {
                count += 1;
                match event.token() {
                    LISTENER => self.may_accept = true,
                    Token(id) => self.ready.push(StreamId(id)),
                }
            }
            if count < MAX_EVENTS {
                break;
            }
        }
        while let Some(id) = self.deadlines.pop_due(now) {
            self.ready.push(id);
        }
        let woken = std::mem::take(&mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner));
        woken.into_iter().for_each(|id| self.ready.push(id));
    }

    /// The streams that have connected, up to a bound; each is ready at once.
    pub fn accept(&mut self) -> Vec<Accepted> {
        let mut accepted = Vec::new();
        while let Some(socket) = self.socket.as_ref().filter(|_| self.may_accept && accepted.len() < MAX_ACCEPTS) {
            match socket.accept() {
                Ok((socket, address)) => accepted.extend(self.register(socket, address)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.may_accept = false,
                // The client has left already.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                }
                Err(error) => {
                    // No descriptor is left: those that wait are accepted once others have gone.
                    log::debug!("accepting failed: {error}");
                    break;
                }
            }
        }
        accepted
    }

    fn register(&mut self, mut socket: mio::net::TcpStream, address: SocketAddr) -> Option<Accepted> {
        let id = StreamId(self.next_id);
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut socket, Token(id.0), both) {
            log::warn!("a connection could not be watched: {error}");
            return None;
        }
        self.next_id += 1;
        self.ready.push(id);
        let wake = Wake { id, woken: Arc::clone(&self.woken) };
        Some(Accepted { id, stream: Box::new(TcpStream::new(socket, address)), wake })
    }

    /// The next stream to poll.
    pub fn next_ready(&mut self) -> Option<StreamId> {
        let id = self.ready.queue.pop_front()?;
        self.ready.queued.remove(&id);
        Some(id)
    }

    /// How many streams are ready. Those that become so while they are polled wait for the next round.
    pub fn ready_count(&self) -> usize {
        self.ready.queue.len()
    }

    /// Takes note of when a stream is to be polled again.
    pub fn set_next(&mut self, id: StreamId, next: NextPoll) {
        match next {
            NextPoll::Now => self.ready.push(id),
            NextPoll::WhenReadyOr(deadline) => self.deadlines.set(id, deadline),
        }
    }

    /// Forgets a stream that is gone. (The system forgets it with its socket.)
    pub fn forget(&mut self, id: StreamId) {
        self.deadlines.set(id, None);
        if self.ready.queued.remove(&id) {
            self.ready.queue.retain(|ready| *ready != id);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Ready {
    fn push(&mut self, id: StreamId) {
        if self.queued.insert(id) {
            self.queue.push_back(id);
        }
    }
}

impl Deadlines {
    fn set(&mut self, id: StreamId, deadline: Option<Instant>) {
        let before = match deadline {
            Some(deadline) => self.by_stream.insert(id, deadline),
            None => self.by_stream.remove(&id),
        };
        if before != deadline {
            if let Some(before) = before {
                self.by_time.remove(&(before, id));
            }
            if let Some(deadline) = deadline {
                self.by_time.insert((deadline, id));
            }
        }
    }

    fn pop_due(&mut self, now: Instant) -> Option<StreamId> {
        let (_, id) = self.by_time.first().copied().filter(|(deadline, _)| *deadline <= now)?;
        self.set(id, None);
        Some(id)
    }
}

/// Many systems start a process with 1024 descriptors at most, and let it ask for more.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(MAX_DESCRIPTORS) {
        log::debug!("the limit of open files stays as it is: {error}");
    }
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    // On Windows this would let two programs listen on one port.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        // Any fixed point will do.
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *START.get_or_init(Instant::now) + Duration::from_millis(millis)
    }

    #[test]
    fn deadlines_come_in_their_order_and_a_new_one_replaces_the_old() {
        let mut deadlines = Deadlines::default();
        deadlines.set(StreamId(1), Some(at(30)));
        deadlines.set(StreamId(2), Some(at(20)));
        deadlines.set(StreamId(3), Some(at(10)));
        deadlines.set(StreamId(1), Some(at(5)));
        deadlines.set(StreamId(2), None);
        assert_eq!(deadlines.pop_due(at(4)), None);
        assert_eq!(deadlines.pop_due(at(10)), Some(StreamId(1)));
        assert_eq!(deadlines.pop_due(at(10)), Some(StreamId(3)));
        assert_eq!(deadlines.pop_due(at(100)), None);
        assert!(deadlines.by_stream.is_empty() && deadlines.by_time.is_empty());
    }

    #[test]
    fn stream_is_ready_once_however_often_it_is_told() {
        let mut ready = Ready::default();
        ready.push(StreamId(1));
        ready.push(StreamId(2));
        ready.push(StreamId(1));
        assert_eq!(ready.queue, [StreamId(1), StreamId(2)]);
    }
}

//! A listener, and which of its streams have something to do.

use super::tcp::TcpStream;
use super::wake::Woken;
use super::{Stream, Wake};
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that the system keeps for us between two polls. The engine's 8 turn players away when a lobby opens.
const BACKLOG: i32 = 1024;

/// Connections that are accepted in one poll; the others wait for the next.
const MAX_ACCEPTS: usize = 256;

/// Events that are taken from the system at a time.
const MAX_EVENTS: usize = 1024;

/// How long a listener that has no descriptor left waits for one before it tries again to accept.
const RETRY: Duration = Duration::from_millis(100);

/// Open files that a server asks the system to be allowed.
#[cfg(unix)]
const MAX_DESCRIPTORS: u64 = 65_536;

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);

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

/// Accepts TCP connections and tells which of them are worth polling, at a cost that does not depend on those that are
/// not.
///
/// After [`Listener::poll`], [`Listener::accept`] hands out new streams and [`Listener::next_ready`] those to poll;
/// after each such poll of the owner, [`Listener::set_next`] takes note of when it wants the next one. A program that
/// has nothing else to do calls [`Listener::wait`] before.
pub struct Listener {
    /// `None` once no more are accepted.
    socket: Option<mio::net::TcpListener>,
    poll: Poll,
    events: Events,
    next_id: usize,
    backlog: Backlog,
    ready: Ready,
    deadlines: Deadlines,
    woken: Arc<Woken>,
}

/// The connections that the system keeps for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backlog {
    /// The system will tell when there is one.
    Empty,
    /// There may be some.
    Waiting,
    /// There are some, and nothing to accept them with.
    Stuck,
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
        let woken = Arc::new(Woken::new(poll.registry(), WAKER)?);
        Ok(Self {
            socket: Some(socket),
            poll,
            events: Events::with_capacity(MAX_EVENTS),
            next_id: 0,
            backlog: Backlog::Waiting,
            ready: Ready::default(),
            deadlines: Deadlines::default(),
            woken,
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
        self.backlog = Backlog::Empty;
    }

    /// Waits until there is something for [`Self::poll`] to tell: something has happened to a stream, one has
    /// connected, a deadline is due, or a [`Wake`] was used, in this thread or in another. Waits no longer than
    /// `timeout`, if there is one. Now and then it ends for nothing.
    pub fn wait(&mut self, now: Instant, timeout: Option<Duration>) {
        let is_busy = !self.ready.queue.is_empty() || self.backlog == Backlog::Waiting;
        if is_busy || !self.woken.start_waiting() {
            return;
        }
        let deadline = self.deadlines.first().map(|deadline| deadline.saturating_duration_since(now));
        let retry = (self.backlog == Backlog::Stuck).then_some(RETRY);
        self.take_events([timeout, deadline, retry].into_iter().flatten().min());
        self.woken.stop_waiting();
    }

    /// Asks the system what has happened, without waiting.
    pub fn poll(&mut self, now: Instant) {
        // There may be more than fit.
        while self.take_events(Some(Duration::ZERO)) == MAX_EVENTS {}
        while let Some(id) = self.deadlines.pop_due(now) {
            self.ready.push(id);
        }
        self.woken.take().into_iter().for_each(|id| self.ready.push(id));
    }

    /// Takes what the system has to tell; how many events that were.
    fn take_events(&mut self, timeout: Option<Duration>) -> usize {
        if let Err(error) = self.poll.poll(&mut self.events, timeout) {
            // A signal is no reason to try again: what it has kept us from comes with the next poll.
            if error.kind() != io::ErrorKind::Interrupted {
                log::warn!("asking for events failed: {error}");
            }
            return 0;
        }
        let mut count = 0;
        for event in &self.events {
            count += 1;
            match event.token() {
                LISTENER if self.socket.is_some() => self.backlog = Backlog::Waiting,
                LISTENER | WAKER => {}
                Token(id) => self.ready.push(StreamId(id)),
            }
        }
        count
    }

    /// The streams that have connected, up to a bound; each is ready at once.
    pub fn accept(&mut self) -> Vec<Accepted> {
        let mut accepted = Vec::new();
        while let Some(socket) = &self.socket
            && self.backlog != Backlog::Empty
            && accepted.len() < MAX_ACCEPTS
        {
            match socket.accept() {
                Ok((socket, address)) => accepted.extend(self.register(socket, address)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.backlog = Backlog::Empty,
                // The client has left already.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                }
                Err(error) => {
                    // No descriptor is left: those that wait are accepted once others have gone.
                    log::debug!("accepting failed: {error}");
                    self.backlog = Backlog::Stuck;
                    break;
                }
            }
        }
        accepted
    }

    fn register(&mut self, mut socket: mio::net::TcpStream, address: SocketAddr) -> Option<Accepted> {
        let id = StreamId(self.next_id);
        // Asked for once and told once at each change: to wait for room takes no further call.
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut socket, Token(id.0), both) {
            log::warn!("a connection could not be watched: {error}");
            return None;
        }
        self.next_id += 1;
        self.ready.push(id);
        let wake = Wake::new(id, Arc::clone(&self.woken));
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

    fn first(&self) -> Option<Instant> {
        self.by_time.first().map(|(deadline, _)| *deadline)
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
    // One socket for both families, which some systems have to be asked for.
    if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    // A server that was started again gets its port although old connections linger. On Windows this would let two
    // programs listen on one port.
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
    use std::net::Ipv4Addr;
    use std::thread;

    /// How long a wait may take that is to end before.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// A listener for which nothing has come yet.
    fn quiet() -> Listener {
        let mut listener = Listener::bind(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        listener.poll(Instant::now());
        assert!(listener.accept().is_empty());
        listener
    }

    /// How long it waits, and the stream that is ready then.
    fn wait(listener: &mut Listener, timeout: Duration) -> (Duration, Option<StreamId>) {
        let begin = Instant::now();
        listener.wait(begin, Some(timeout));
        let waited = begin.elapsed();
        listener.poll(Instant::now());
        (waited, listener.next_ready())
    }

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

    #[test]
    fn wait_ends_with_its_timeout_if_nothing_comes() {
        let mut listener = quiet();
        let timeout = Duration::from_millis(50);
        let (waited, ready) = wait(&mut listener, timeout);
        assert!((timeout..PATIENCE).contains(&waited) && ready.is_none(), "{waited:?}");
        listener.set_next(StreamId(1), NextPoll::WhenReadyOr(Some(Instant::now() + PATIENCE)));
        assert!(wait(&mut listener, Duration::ZERO).0 < PATIENCE, "a timeout of zero does not wait");
    }

    #[test]
    fn wait_ends_at_the_first_deadline() {
        let mut listener = quiet();
        let now = Instant::now();
        listener.set_next(StreamId(1), NextPoll::WhenReadyOr(Some(now + PATIENCE)));
        listener.set_next(StreamId(2), NextPoll::WhenReadyOr(Some(now + Duration::from_millis(50))));
        listener.wait(now, None);
        assert!((Duration::from_millis(50)..PATIENCE).contains(&now.elapsed()));
        listener.poll(Instant::now());
        assert_eq!((listener.next_ready(), listener.next_ready()), (Some(StreamId(2)), None));
    }

    #[test]
    fn wait_ends_when_another_thread_wakes_a_stream() {
        let mut listener = quiet();
        let woken = Arc::clone(&listener.woken);
        let waker = thread::spawn(move || {
            while !woken.is_waiting() {
                thread::yield_now();
            }
            Wake::new(StreamId(3), woken).wake();
        });
        let (waited, ready) = wait(&mut listener, PATIENCE);
        waker.join().unwrap();
        assert!(waited < PATIENCE && ready == Some(StreamId(3)), "{waited:?}, {ready:?}");
        let timeout = Duration::from_millis(50);
        let (waited, ready) = wait(&mut listener, timeout);
        assert!(waited >= timeout && ready.is_none(), "it waits again");
    }

    #[test]
    fn there_is_no_wait_while_a_stream_is_ready_or_was_woken() {
        let mut listener = quiet();
        listener.set_next(StreamId(1), NextPoll::Now);
        let (waited, ready) = wait(&mut listener, PATIENCE);
        assert!(waited < PATIENCE && ready == Some(StreamId(1)));
        Wake::new(StreamId(2), Arc::clone(&listener.woken)).wake();
        let (waited, ready) = wait(&mut listener, PATIENCE);
        assert!(waited < PATIENCE && ready == Some(StreamId(2)));
    }

    #[test]
    fn listener_without_descriptors_waits_before_it_tries_again_to_accept() {
        let mut listener = quiet();
        listener.backlog = Backlog::Stuck;
        assert!((RETRY..PATIENCE).contains(&wait(&mut listener, PATIENCE).0));
    }
}

//! What the tests over real sockets share: a client that is polled until something has happened.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::net::IpAddr;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use tungsten_core::net::{Lookup, Resolver, Scratch, TcpConnector, ThreadResolver, TlsClient, TlsOptions};
use tungsten_core::{
    CloseFrame, Config, Error, ErrorKind, Event, Kind, Message, Misuse, Network, Peer, Phase, ReadyState, Request,
    WsUrl,
};
use tungsten_testkit::{Recorded, Server, TestAuthority};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A deadline that no machine is too slow for. Tests let it pass with [`Clock::expire`].
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// A clock that goes as the machine's does, and can be put forward.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead: Duration,
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.ahead
    }

    /// Goes on to behind a deadline that has just begun. Returns a time shortly before it.
    pub(crate) fn expire(&mut self, deadline: Duration) -> Instant {
        // More than any test takes.
        let margin = PATIENCE * 6;
        self.ahead += deadline.checked_sub(margin).expect("a deadline that no machine is too slow for");
        let early = self.now();
        self.ahead += margin;
        early
    }
}

/// A peer together with all that was seen of it.
pub(crate) struct Client {
    pub(crate) peer: Peer,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Vec<Message>,
    /// Whether messages are read as they come.
    pub(crate) reads: bool,
    /// The poll that took longest.
    pub(crate) longest_poll: Duration,
    clock: Clock,
    scratch: Scratch,
}

impl Client {
    /// A client that is not connected yet.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            peer: Peer::new(config),
            events: Vec::new(),
            messages: Vec::new(),
            reads: true,
            longest_poll: Duration::ZERO,
            clock: Clock::default(),
            scratch: Scratch::default(),
        }
    }

    /// A client with default limits that has begun to connect.
    #[track_caller]
    pub(crate) fn connect(url: &str) -> Self {
        Self::connect_with(Config::default(), request(url))
    }

    #[track_caller]
    pub(crate) fn connect_with(config: Config, request: Request) -> Self {
        let mut client = Self::new(config);
        client.start(request).unwrap();
        client
    }

    /// A client whose connection is open.
    #[track_caller]
    pub(crate) fn open(url: &str) -> Self {
        let mut client = Self::connect(url);
        client.until_open();
        client
    }

    pub(crate) fn start(&mut self, request: Request) -> Result<(), Misuse> {
        self.peer.connect(request, network(), self.clock.now())
    }

    pub(crate) fn poll(&mut self) {
        self.poll_at(self.clock.now());
    }

    fn poll_at(&mut self, now: Instant) {
        let begin = Instant::now();
        self.peer.poll(now, &mut self.scratch);
        self.longest_poll = self.longest_poll.max(begin.elapsed());
        self.events.extend(std::iter::from_fn(|| self.peer.poll_event()));
        if self.reads {
            self.read();
        }
    }

    /// Lets a deadline pass that has just begun. Nothing happens before it.
    #[track_caller]
    pub(crate) fn expire(&mut self, deadline: Duration) {
        let before = (self.peer.state(), self.events.len());
        let early = self.clock.expire(deadline);
        self.poll_at(early);
        assert_eq!((self.peer.state(), self.events.len()), before, "too early: {:?}", self.peer.error());
    }

    /// Reads all messages that wait.
    pub(crate) fn read(&mut self) {
        self.messages.extend(std::iter::from_fn(|| self.peer.receive()));
    }

    /// Polls until `condition` holds.
    #[track_caller]
    pub(crate) fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self) {
            let seen = (self.peer.state(), &self.events, self.messages.len(), self.peer.error());
            assert!(Instant::now() < deadline, "it did not happen in time; seen so far: {seen:?}");
            self.poll();
            thread::yield_now();
        }
    }

    /// Polls until the connection has come so far on its way.
    #[track_caller]
    pub(crate) fn until_phase(&mut self, phase: Phase) {
        self.until(|client| client.peer.opening_phase() == Some(phase));
    }

    #[track_caller]
    pub(crate) fn until_open(&mut self) {
        self.until(|client| client.peer.state() != ReadyState::Connecting);
        assert_eq!(self.peer.state(), ReadyState::Open, "{:?}", self.peer.error());
        assert_eq!(self.events, [Event::Opened]);
    }

    /// Polls until the open connection is over.
    #[track_caller]
    pub(crate) fn until_closed(&mut self, clean: bool) {
        self.until(|client| client.peer.state() == ReadyState::Closed);
        let ends = self.events.iter().filter(|event| matches!(event, Event::Closed { .. } | Event::Failed)).count();
        assert_eq!((self.events.first(), ends), (Some(&Event::Opened), 1));
        assert_eq!(self.events.last(), Some(&Event::Closed { clean }), "{:?}", self.peer.error());
    }

    /// Polls until the connection could not be opened; the reason.
    #[track_caller]
    pub(crate) fn until_failed(&mut self) -> &Error {
        self.until(|client| client.peer.state() != ReadyState::Connecting);
        assert_eq!((self.peer.state(), self.events.as_slice()), (ReadyState::Closed, &[Event::Failed][..]));
        self.peer.error().unwrap()
    }

    #[track_caller]
    pub(crate) fn expect_failed(&mut self, phase: Phase, kind: ErrorKind, part_of_message: &str) {
        let error = self.until_failed();
        assert_eq!((error.phase(), error.kind()), (phase, kind), "{error}");
        assert!(error.message().contains(part_of_message), "{error}");
    }

    #[track_caller]
    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8]) {
        self.peer.send(kind, payload, self.clock.now()).unwrap();
    }

    pub(crate) fn close(&mut self, code: i64, reason: &str) {
        self.peer.close(CloseFrame::to_send(code, reason).unwrap(), self.clock.now());
    }

    /// The messages that were read, as text.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.messages.iter().map(|message| std::str::from_utf8(message.payload()).unwrap()).collect()
    }

    /// Code and reason of the close frame that ended the connection.
    pub(crate) fn close_frame(&self) -> Option<(u16, &str)> {
        self.peer.close_frame().map(|frame| (frame.code(), frame.reason()))
    }
}

pub(crate) fn network() -> Network {
    Network { resolver: Box::new(Hosts), connector: Box::new(TcpConnector) }
}

/// Has the system look up the name of this machine, and knows no other one: nobody outside of it is asked.
#[derive(Debug)]
struct Hosts;

impl Resolver for Hosts {
    fn lookup(&self, host: &str) -> Box<dyn Lookup> {
        if host == "localhost" { ThreadResolver::default().lookup(host) } else { Box::new(Unknown) }
    }
}

#[derive(Debug)]
struct Unknown;

impl Lookup for Unknown {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        Poll::Ready(Err("the tests know no such host".to_owned()))
    }
}

/// A request that trusts the authority of the tests.
pub(crate) fn request(url: &str) -> Request {
    let trusted = Some(TestAuthority::shared().ca_pem());
    with_tls(url, &TlsOptions { trusted, ..TlsOptions::default() })
}

pub(crate) fn with_tls(url: &str, options: &TlsOptions) -> Request {
    let tls = Some(TlsClient::new(options).unwrap());
    Request { url: WsUrl::parse(url).unwrap(), protocols: Vec::new(), headers: Vec::new(), tls }
}

/// Waits until the server has recorded an event of this name; all of them.
#[track_caller]
pub(crate) fn recorded(server: &Server, name: &str) -> Vec<Recorded> {
    server.wait_for_events(name, 1, PATIENCE).unwrap()
}

/// What the server has recorded, up to the end of its script, without what every connection begins with.
#[track_caller]
pub(crate) fn recorded_frames(server: &Server) -> Vec<tungsten_testkit::Event> {
    use tungsten_testkit::Event::{Accepted, Done, Request, Resumed, Sni};
    let events = recorded(server, "done").into_iter().map(|recorded| recorded.event);
    let events = events.take_while(|event| *event != Done);
    events.filter(|event| !matches!(event, Accepted(_) | Request(_) | Resumed | Sni(_))).collect()
}

/// The head of the first request, line by line.
#[track_caller]
pub(crate) fn request_lines(server: &Server) -> Vec<String> {
    let head = recorded(server, "request").into_iter().find_map(|recorded| match recorded.event {
        tungsten_testkit::Event::Request(head) => Some(head),
        _ => None,
    });
    head.unwrap().lines().map(str::to_owned).collect()
}

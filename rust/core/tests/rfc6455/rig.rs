//! One end of a connection under test, with the test as the other end; or both ends against each other.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

use base64::Engine as _;
use tungsten_core::net::{Connector, Lookup, Resolver, Scratch, Stream};
use tungsten_core::{
    CloseFrame, Config, ErrorKind, Event, Guest, Kind, Message, Network, Peer, Phase, ReadyState, Request, WsUrl,
};

use super::wire::{CLOSE, End, FIN, Frame, LengthForm, MASK, pipe};

/// The request of the example in §1.3, whose answer has the key [`SAMPLE_ACCEPT`].
pub(super) const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

pub(super) const SAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Which end is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

pub(super) const BOTH: [Side; 2] = [Side::Client, Side::Server];

/// An end under test, the clock, and the stream as seen from the other end.
pub(super) struct Rig {
    pub(super) peer: Peer,
    pub(super) events: Vec<Event>,
    pub(super) messages: Vec<Message>,
    pub(super) far: End,
    side: Side,
    now: Instant,
    scratch: Scratch,
}

impl Rig {
    /// A client that has sent its request.
    #[track_caller]
    pub(super) fn connecting(url: &str, protocols: &[&str]) -> Self {
        Self::connecting_with(Config::default(), url, protocols)
    }

    #[track_caller]
    pub(super) fn connecting_with(config: Config, url: &str, protocols: &[&str]) -> Self {
        let (near, far) = pipe();
        let mut rig = Self::new(Side::Client, config, far);
        rig.peer.connect(request(url, protocols), network(near), rig.now).unwrap();
        rig.settle();
        rig
    }

    /// A server that waits for a request.
    #[track_caller]
    pub(super) fn accepting(protocols: &[&str]) -> Self {
        Self::accepting_with(Config::default(), protocols)
    }

    #[track_caller]
    pub(super) fn accepting_with(config: Config, protocols: &[&str]) -> Self {
        let (near, far) = pipe();
        let mut rig = Self::new(Side::Server, config, far);
        rig.peer.accept(guest(near, protocols), rig.now).unwrap();
        rig
    }

    /// An end whose connection is open.
    #[track_caller]
    pub(super) fn open(side: Side) -> Self {
        Self::open_with(side, |_| {})
    }

    #[track_caller]
    pub(super) fn open_with(side: Side, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::open_with_field(side, config, "")
    }

    /// The same, where the other end has added a field to its part of the handshake, as a whole line.
    #[track_caller]
    pub(super) fn open_with_field(side: Side, config: Config, line: &str) -> Self {
        let mut rig = match side {
            Side::Client => Self::connecting_with(config, "ws://server.example.com/chat", &[]),
            Side::Server => Self::accepting_with(config, &[]),
        };
        let head = match side {
            Side::Client => rig.accepted(),
            Side::Server => REQUEST.to_owned(),
        };
        rig.deliver(head.replacen("Upgrade:", &format!("{line}Upgrade:"), 1).as_bytes());
        rig.far.take();
        assert_eq!(rig.peer.state(), ReadyState::Open, "{:?}", rig.peer.error());
        assert_eq!(std::mem::take(&mut rig.events), [Event::Opened]);
        rig
    }

    fn new(side: Side, config: Config, far: End) -> Self {
        Self {
            peer: Peer::new(config),
            events: Vec::new(),
            messages: Vec::new(),
            far,
            side,
            now: Instant::now(),
            scratch: Scratch::default(),
        }
    }

    /// The 101 that fits the request of the client.
    #[track_caller]
    pub(super) fn accepted(&mut self) -> String {
        let request = self.head();
        let accept = accept_key(field(&request, "Sec-WebSocket-Key")[0]);
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
    }

    /// What was written, as the text that a handshake is.
    #[track_caller]
    pub(super) fn head(&mut self) -> String {
        String::from_utf8(self.far.take()).unwrap()
    }

    /// Polls and reads messages until nothing happens any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..4 {
            self.peer.poll(self.now, &mut self.scratch);
            self.messages.extend(std::iter::from_fn(|| self.peer.receive()));
            self.events.extend(std::iter::from_fn(|| self.peer.poll_event()));
        }
    }

    pub(super) fn advance(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
        self.settle();
    }

    /// Bytes arrive.
    pub(super) fn deliver(&mut self, bytes: &[u8]) {
        self.far.write(bytes);
        self.settle();
    }

    /// Frames arrive, masked as they have to be.
    pub(super) fn receive(&mut self, frames: &[Frame]) {
        let frames = frames.iter().cloned();
        let bytes: Vec<u8> = frames.flat_map(|frame| frame.with_mask(self.mask_of_far_end()).encode()).collect();
        self.deliver(&bytes);
    }

    /// The other end says that nothing more follows.
    pub(super) fn receive_end(&mut self) {
        self.far.finish();
        self.settle();
    }

    /// How the other end has to mask (§5.1).
    pub(super) fn mask_of_far_end(&self) -> Option<[u8; 4]> {
        (self.side == Side::Server).then_some(MASK)
    }

    #[track_caller]
    pub(super) fn send(&mut self, kind: Kind, payload: &[u8]) {
        self.peer.send(kind, payload, self.now).unwrap();
    }

    #[track_caller]
    pub(super) fn ping(&mut self, payload: &[u8]) {
        self.peer.ping(payload, self.now).unwrap();
    }

    pub(super) fn close(&mut self, code: i64, reason: &str) {
        self.close_with(CloseFrame::to_send(code, reason).unwrap());
    }

    pub(super) fn close_with(&mut self, frame: CloseFrame) {
        self.peer.close(frame, self.now);
    }

    /// The frames that were written since the last call. All of them are masked as they have to be (§5.1), and their
    /// lengths are in the shortest form (§5.2).
    #[track_caller]
    pub(super) fn frames(&mut self) -> Vec<Frame> {
        let seen = Frame::parse_all(&self.far.take()).into_iter().map(|frame| {
            assert_eq!(frame.mask.is_some(), self.side == Side::Client, "{frame:?}");
            assert_eq!(frame.form, LengthForm::shortest(frame.payload.len()), "{frame:?}");
            frame.with_mask(None)
        });
        seen.collect()
    }

    /// The messages that arrived since the last call.
    pub(super) fn messages(&mut self) -> Vec<(Kind, Vec<u8>)> {
        self.messages.drain(..).map(|message| (message.kind(), message.payload().to_vec())).collect()
    }

    /// The same as text.
    #[track_caller]
    pub(super) fn texts(&mut self) -> Vec<String> {
        let texts = self.messages().into_iter().map(|(kind, payload)| {
            assert_eq!(kind, Kind::Text);
            String::from_utf8(payload).unwrap()
        });
        texts.collect()
    }

    /// Nothing ends the connection.
    #[track_caller]
    pub(super) fn expect_open(&mut self) {
        assert_eq!(self.peer.state(), ReadyState::Open, "{:?}", self.peer.error());
        assert_eq!(self.events, []);
    }

    /// The connection was failed (§7.1.7): the last thing written is a close frame with this code, and once the other
    /// end is gone, that is what is reported.
    #[track_caller]
    pub(super) fn expect_failed_with(&mut self, code: u16, kind: ErrorKind) {
        let last = self.frames().pop().expect("a close frame");
        assert_eq!((last.first, &last.payload[..2]), (FIN | CLOSE, &code.to_be_bytes()[..]));
        assert!(self.far.watch_end()(), "nothing follows the close frame");
        self.receive_end();
        assert_eq!(self.events, [Event::Closed { clean: false }]);
        let error = self.peer.error().expect("an error");
        assert_eq!((error.phase(), error.kind()), (Phase::Open, kind), "{error}");
        assert!(!error.message().is_empty());
        assert_eq!(self.peer.close_frame().map(|frame| frame.code()), Some(code));
    }

    #[track_caller]
    pub(super) fn expect_violation(&mut self) {
        self.expect_failed_with(1002, ErrorKind::ProtocolViolation);
    }

    /// The connection could not be opened.
    #[track_caller]
    pub(super) fn expect_not_opened(&mut self, kind: ErrorKind) {
        assert_eq!((self.peer.state(), self.events.as_slice()), (ReadyState::Closed, &[Event::Failed][..]));
        let error = self.peer.error().expect("an error");
        assert_eq!((error.phase(), error.kind()), (Phase::Handshake, kind), "{error}");
    }

    /// Both close frames were exchanged.
    #[track_caller]
    pub(super) fn expect_closed_with(&self, code: u16, reason: &str) {
        assert_eq!(self.peer.state(), ReadyState::Closed);
        assert_eq!(self.events.last(), Some(&Event::Closed { clean: true }));
        assert_eq!(self.peer.close_frame().map(|frame| (frame.code(), frame.reason())), Some((code, reason)));
        assert!(self.peer.error().is_none());
    }
}

/// A client and a server, connected to each other.
pub(super) struct Pair {
    pub(super) client: Peer,
    pub(super) server: Peer,
    client_finished: Box<dyn Fn() -> bool>,
    server_finished: Box<dyn Fn() -> bool>,
    pub(super) now: Instant,
    scratch: Scratch,
}

impl Pair {
    #[track_caller]
    pub(super) fn open() -> Self {
        Self::open_with(Config::default(), Config::default())
    }

    #[track_caller]
    pub(super) fn open_with(client: Config, server: Config) -> Self {
        let (near, far) = pipe();
        let mut pair = Self {
            client: Peer::new(client),
            server: Peer::new(server),
            client_finished: Box::new(far.watch_end()),
            server_finished: Box::new(near.watch_end()),
            now: Instant::now(),
            scratch: Scratch::default(),
        };
        pair.client.connect(request("ws://server.example.com/", &["chat"]), network(near), pair.now).unwrap();
        pair.server.accept(guest(far, &["chat"]), pair.now).unwrap();
        for peer in [Side::Client, Side::Server, Side::Client] {
            pair.poll(peer);
        }
        assert_eq!((pair.client.state(), pair.server.state()), (ReadyState::Open, ReadyState::Open));
        assert_eq!((pair.client.protocol(), pair.server.protocol()), ("chat", "chat"));
        pair
    }

    pub(super) fn poll(&mut self, side: Side) {
        match side {
            Side::Client => self.client.poll(self.now, &mut self.scratch),
            Side::Server => self.server.poll(self.now, &mut self.scratch),
        }
    }

    /// Whether client and server have ended their halves of the stream.
    pub(super) fn finished(&self) -> (bool, bool) {
        ((self.client_finished)(), (self.server_finished)())
    }
}

/// The values of every field with this name in a head.
pub(super) fn field<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
}

/// §1.3: the base64 of the SHA-1 of the key with a fixed text behind it.
pub(super) fn accept_key(key: &str) -> String {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(hash)
}

fn request(url: &str, protocols: &[&str]) -> Request {
    Request { url: WsUrl::parse(url).unwrap(), protocols: owned(protocols), headers: Vec::new(), tls: None }
}

/// A client that is expected at this end.
fn guest(end: End, protocols: &[&str]) -> Guest {
    Guest {
        stream: Box::new(end),
        tls: None,
        protocols: owned(protocols),
        headers: Vec::new(),
        asks: false,
        wake: None,
    }
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|item| (*item).to_owned()).collect()
}

/// A network whose only connection is this one.
fn network(end: End) -> Network {
    Network { resolver: Box::new(Anywhere), connector: Box::new(Ready(Some(end))) }
}

/// Every name has the same address.
#[derive(Debug)]
struct Anywhere;

impl Resolver for Anywhere {
    fn lookup(&self, _host: &str) -> Box<dyn Lookup> {
        Box::new(Anywhere)
    }
}

impl Lookup for Anywhere {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        Poll::Ready(Ok(vec![Ipv4Addr::LOCALHOST.into()]))
    }
}

/// Hands out a stream that is connected already.
#[derive(Debug)]
struct Ready(Option<End>);

impl Connector for Ready {
    fn connect(&mut self, _address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.0.take().ok_or(io::ErrorKind::AddrInUse)?))
    }
}

impl fmt::Debug for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig").field("side", &self.side).field("peer", &self.peer).finish_non_exhaustive()
    }
}

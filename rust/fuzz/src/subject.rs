//! A peer under test, with the fuzzer as the other side of the stream.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use base64::Engine as _;
use tungsten_core::net::{Connector, Lookup, Resolver, Scratch, Stream};
use tungsten_core::{Config, Guest, Message, Network, Peer, ReadyState, Request, WsUrl};

/// The field that extensions are negotiated with.
const FIELD: &str = "Sec-WebSocket-Extensions";

thread_local! {
    /// As large as two reads from the network, so all subjects of a thread share it.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A peer, its clock, and the stream as seen from the other end.
pub(crate) struct Subject {
    pub(crate) peer: Peer,
    stream: Shared,
    now: Instant,
}

impl Subject {
    /// A server that waits for a request.
    pub(crate) fn server(config: Config) -> Self {
        let mut subject = Self::new(config);
        let stream = Box::new(Near(Shared::clone(&subject.stream)));
        let (protocols, headers) = (vec!["chat".to_owned()], Vec::new());
        let guest = Guest { stream, tls: None, protocols, headers, asks: false, wake: None };
        subject.peer.accept(guest, subject.now).expect("a guest");
        subject
    }

    /// A client that has sent its request.
    pub(crate) fn client(config: Config) -> Self {
        let mut subject = Self::new(config);
        let url = WsUrl::parse("ws://127.0.0.1/chat").expect("a URL");
        let request = Request { url, protocols: vec!["chat".to_owned()], headers: Vec::new(), tls: None };
        let near = Near(Shared::clone(&subject.stream));
        let network = Network { resolver: Box::new(NoNames), connector: Box::new(Ready(Some(near))) };
        subject.peer.connect(request, network, subject.now).expect("a request");
        subject.poll();
        subject.poll();
        subject
    }

    fn new(config: Config) -> Self {
        Self { peer: Peer::new(config), stream: Shared::default(), now: Instant::now() }
    }

    /// An end whose connection is open. The other side has offered, or answered with, these extensions.
    pub(crate) fn open(is_server: bool, config: Config, extensions: &[u8]) -> Self {
        let mut subject = if is_server { Self::server(config) } else { Self::client(config) };
        let head = if is_server { request(extensions) } else { answer(&subject.accept_key(), extensions) };
        subject.deliver(&head);
        subject.settle();
        subject
    }

    pub(crate) fn is_open(&self) -> bool {
        self.peer.state() == ReadyState::Open
    }

    /// What the client has to hear for its key (RFC 6455 §4.2.2); takes what was written.
    pub(crate) fn accept_key(&self) -> String {
        let head = String::from_utf8(self.take_written()).expect("a request");
        let key = field(&head, "Sec-WebSocket-Key").expect("a key");
        let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(hash)
    }

    /// The extensions that the server has agreed to; takes what was written.
    pub(crate) fn extensions_of_answer(&self) -> Option<String> {
        let head = String::from_utf8(self.take_written()).expect("an answer");
        field(&head, FIELD).map(str::to_owned)
    }

    /// Bytes arrive: one piece is one read.
    pub(crate) fn deliver(&self, piece: &[u8]) {
        if !piece.is_empty() {
            lock(&self.stream).pieces.push_back(piece.to_vec());
        }
    }

    /// Nothing more will arrive.
    pub(crate) fn end(&self) {
        lock(&self.stream).ended = true;
    }

    pub(crate) fn advance(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub(crate) fn poll(&mut self) {
        SCRATCH.with_borrow_mut(|scratch| self.peer.poll(self.now, scratch));
    }

    /// Polls until opening has come to something.
    pub(crate) fn settle(&mut self) {
        for _ in 0..3 {
            self.poll();
        }
    }

    pub(crate) fn receive(&mut self) -> Option<Message> {
        self.peer.receive()
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// What was written since the last call.
    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.stream).written)
    }
}

/// The request of a client; `extensions` may be no text.
fn request(extensions: &[u8]) -> Vec<u8> {
    let head = "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    with_extensions(head, extensions)
}

fn answer(accept_key: &str, extensions: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: {accept_key}\r\n"
    );
    with_extensions(&head, extensions)
}

fn with_extensions(head: &str, extensions: &[u8]) -> Vec<u8> {
    let name = if extensions.is_empty() { String::new() } else { format!("{FIELD}: ") };
    let end: &[u8] = if extensions.is_empty() { b"\r\n" } else { b"\r\n\r\n" };
    [head.as_bytes(), name.as_bytes(), extensions, end].concat()
}

/// The value of a field of a head.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Both directions of a stream in memory.
#[derive(Debug, Default)]
struct Lanes {
    pieces: VecDeque<Vec<u8>>,
    ended: bool,
    written: Vec<u8>,
    finished: bool,
}

type Shared = Arc<Mutex<Lanes>>;

/// Also behind a failed assertion, which is what the fuzzer looks for.
fn lock(lanes: &Shared) -> MutexGuard<'_, Lanes> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of it that the subject has.
#[derive(Debug)]
struct Near(Shared);

impl Stream for Near {
    fn poll_connected(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut lanes = lock(&self.0);
        let Some(mut piece) = lanes.pieces.pop_front() else {
            return if lanes.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        };
        let len = piece.len().min(buf.len());
        buf[..len].copy_from_slice(&piece[..len]);
        if len < piece.len() {
            piece.drain(..len);
            lanes.pieces.push_front(piece);
        }
        Ok(len)
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lanes = lock(&self.0);
        assert!(!lanes.finished, "bytes were written behind the end");
        lanes.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn finish(&mut self) {
        lock(&self.0).finished = true;
    }

    fn set_no_delay(&mut self, _: bool) {}

    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }
}

/// Hands out a stream that is connected already.
#[derive(Debug)]
struct Ready(Option<Near>);

impl Connector for Ready {
    fn connect(&mut self, _address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.0.take().ok_or(io::ErrorKind::AddrInUse)?))
    }
}

/// The URL has an address.
#[derive(Debug)]
struct NoNames;

impl Resolver for NoNames {
    fn lookup(&self, _host: &str) -> Box<dyn Lookup> {
        Box::new(NoNames)
    }
}

impl Lookup for NoNames {
    fn poll(&mut self) -> Poll<Result<Vec<IpAddr>, String>> {
        Poll::Ready(Err("no names".to_owned()))
    }
}

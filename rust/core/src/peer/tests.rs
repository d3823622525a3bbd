//! Whole lives of a peer, in virtual time and over a network in memory.

mod accepting;
mod closing;
mod delivery;
mod gathering;
mod heartbeat;
mod opening;
mod random;
mod readiness;
mod secure;

use super::*;
use crate::connection::frames::parse;
use crate::error::ErrorKind;
use crate::net::fake::{Attempt, FakeConnector, FakeResolver, Wire};
use crate::net::{Connector as _, TlsClient, TlsOptions};
use crate::url::WsUrl;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tungstenite::handshake::derive_accept_key;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A peer, the clock, and the network as seen from the other side.
struct Rig {
    peer: Peer,
    now: Instant,
    scratch: Scratch,
    resolver: FakeResolver,
    attempt: Arc<Mutex<Attempt>>,
    wire: Wire,
    tls: TlsOptions,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// A peer that is not connected; names resolve and addresses can be connected to at once.
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        let resolver = FakeResolver::silent();
        resolver.answer(Ok(vec![ADDRESS]));
        Self {
            peer: Peer::new(config),
            now: Instant::now(),
            scratch: Scratch::default(),
            resolver,
            attempt: Arc::new(Mutex::new(Attempt::Connected)),
            wire: Wire::default(),
            tls: TlsOptions::default(),
        }
    }

    /// A peer whose connection was just opened.
    #[track_caller]
    fn open() -> Self {
        Self::open_with(|_| {})
    }

    #[track_caller]
    fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut rig = Self::with(change);
        rig.connect();
        rig.upgrade();
        rig
    }

    /// Connects over a new wire.
    fn try_connect(&mut self, url: &str) -> Result<(), Misuse> {
        let wire = Wire::default();
        let attempt = Arc::clone(&self.attempt);
        let network = Network {
            resolver: Box::new(self.resolver.clone()),
            connector: Box::new(FakeConnector::new(move |_| *attempt.lock().unwrap(), wire.clone())),
        };
        let url = WsUrl::parse(url)?;
        let tls = url.is_secure().then(|| TlsClient::new(&self.tls).unwrap());
        let request = Request { url, protocols: Vec::new(), headers: Vec::new(), tls };
        self.peer.connect(request, network, self.now)?;
        self.wire = wire;
        Ok(())
    }

    #[track_caller]
    fn connect(&mut self) {
        self.try_connect("ws://game.test/").unwrap();
    }

    /// Takes in a client that has just connected.
    #[track_caller]
    fn welcome(&mut self) {
        let wire = Wire::default();
        let mut connector = FakeConnector::new(|_| Attempt::Connected, wire.clone());
        let guest = Guest {
            stream: connector.connect(SocketAddr::new(ADDRESS, 80)).unwrap(),
            tls: None,
            protocols: Vec::new(),
            headers: Vec::new(),
            asks: false,
            wake: None,
        };
        self.peer.accept(guest, self.now).unwrap();
        self.wire = wire;
    }

    #[track_caller]
    fn upgrade(&mut self) {
        let accepted = self.accept();
        self.feed(&accepted);
        self.expect_event(Event::Opened);
    }

    /// The 101 that fits the request of the peer.
    #[track_caller]
    fn accept(&mut self) -> Vec<u8> {
        self.poll();
        accept(&self.wire.take_written())
    }

    /// What attempts to connect come to from now on.
    fn set_attempt(&self, attempt: Attempt) {
        *self.attempt.lock().unwrap() = attempt;
    }

    fn poll(&mut self) {
        self.peer.poll(self.now, &mut self.scratch);
    }

    /// Time passes, then the peer is polled once.
    fn advance(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
        self.poll();
    }

    /// One piece arrives, then the peer is polled once.
    fn feed(&mut self, piece: &[u8]) {
        self.wire.deliver(piece);
        self.poll();
    }

    #[track_caller]
    fn send(&mut self, text: &str) {
        self.peer.send(Kind::Text, text.as_bytes(), self.now).unwrap();
    }

    fn close(&mut self, code: i64) {
        self.peer.close(close_frame(code), self.now);
    }

    fn messages(&mut self) -> Vec<String> {
        let messages = std::iter::from_fn(|| self.peer.receive());
        messages.map(|message| String::from_utf8_lossy(message.payload()).into_owned()).collect()
    }

    /// The frames that were written since the last call.
    fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        parse(&self.wire.take_written())
    }

    #[track_caller]
    fn expect_event(&mut self, expected: Event) {
        assert_eq!(self.peer.poll_event(), Some(expected));
    }

    #[track_caller]
    fn expect_no_event(&mut self) {
        assert_eq!(self.peer.poll_event(), None);
    }

    #[track_caller]
    fn expect_state(&self, expected: ReadyState) {
        assert_eq!(self.peer.state(), expected);
    }

    #[track_caller]
    fn expect_error(&self, phase: Phase, kind: ErrorKind, message: &str) {
        let error = self.peer.error().expect("an error");
        assert_eq!((error.phase(), error.kind(), error.message()), (phase, kind, message));
    }

    /// The connection was not opened, and that was said once.
    #[track_caller]
    fn expect_failed(&mut self, phase: Phase, kind: ErrorKind, message: &str) {
        self.expect_state(ReadyState::Closed);
        self.expect_event(Event::Failed);
        self.expect_nothing_more();
        self.expect_error(phase, kind, message);
    }

    /// The connection is over, and that was said once.
    #[track_caller]
    fn expect_closed(&mut self, clean: bool) {
        self.expect_state(ReadyState::Closed);
        self.expect_event(Event::Closed { clean });
        self.expect_nothing_more();
    }

    /// Whatever time passes, nothing happens any more.
    #[track_caller]
    fn expect_nothing_more(&mut self) {
        let state = self.peer.state();
        for _ in 0..10 {
            self.advance(100.0);
            self.expect_no_event();
            self.expect_state(state);
        }
    }

    /// The code of the close frame that ended the last connection.
    fn close_code(&self) -> Option<u16> {
        self.peer.close_frame().map(|frame| frame.code())
    }
}

fn close_frame(code: i64) -> CloseFrame {
    CloseFrame::to_send(code, "").unwrap()
}

fn received_close(code: u16, reason: &str) -> CloseFrame {
    CloseFrame::to_send(code.into(), reason).unwrap()
}

/// The 101 that fits a request.
#[track_caller]
fn accept(request: &[u8]) -> Vec<u8> {
    let request = str::from_utf8(request).unwrap();
    let (_, rest) = request.split_once("Sec-WebSocket-Key: ").expect("a whole request was written");
    let accept = derive_accept_key(rest.split("\r\n").next().unwrap().as_bytes());
    let lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    format!("{}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

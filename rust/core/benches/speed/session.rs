//! Two ends of one connection, polled in turns by one thread.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use tungsten_core::net::{Connector, Listener, Scratch, Stream, TcpConnector, ThreadResolver};
use tungsten_core::{Config, Guest, Kind, Network, Peer, ReadyState, Request, WsUrl};

use crate::memory_stream;

/// A client and the server's end.
pub(crate) struct Session {
    client: Peer,
    host: Peer,
    scratch: Scratch,
    // Closing it would close the stream that it has handed out.
    _listener: Option<Listener>,
}

impl Session {
    /// Over TCP on the loopback.
    pub(crate) fn over_tcp(bytes_in_flight: usize) -> Self {
        let mut listener = Listener::bind(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0).expect("a free port");
        let url = format!("ws://{}", listener.local_address().expect("an address"));
        let mut client = Peer::new(config(bytes_in_flight));
        client.connect(request(&url), network(TcpConnector), Instant::now()).expect("a good request");
        let mut scratch = Scratch::default();
        let stream = loop {
            client.poll(Instant::now(), &mut scratch);
            listener.poll(Instant::now());
            if let Some(accepted) = listener.accept().pop() {
                break accepted.stream;
            }
        };
        Self::open(client, stream, bytes_in_flight, Some(listener))
    }

    /// Over memory that takes so many bytes at a time.
    pub(crate) fn in_memory(bytes_in_flight: usize, piece: usize) -> Self {
        let (ours, theirs) = memory_stream::pair(piece);
        let mut client = Peer::new(config(bytes_in_flight));
        client.connect(request("ws://127.0.0.1:1"), network(ours), Instant::now()).expect("a good request");
        Self::open(client, Box::new(theirs), bytes_in_flight, None)
    }

    fn open(client: Peer, stream: Box<dyn Stream>, bytes_in_flight: usize, listener: Option<Listener>) -> Self {
        let mut host = Peer::new(config(bytes_in_flight));
        let guest = Guest { stream, tls: None, protocols: Vec::new(), headers: Vec::new(), asks: false, wake: None };
        host.accept(guest, Instant::now()).expect("a good answer");
        let mut session = Self { client, host, scratch: Scratch::default(), _listener: listener };
        while session.client.state() != ReadyState::Open || session.host.state() != ReadyState::Open {
            assert!(session.client.error().is_none(), "{:?}", session.client.error());
            session.poll(Instant::now());
        }
        session
    }

    /// Sends so many messages there and back, with `window` of them under way. The clock is read once a frame.
    pub(crate) fn echo(&mut self, message: &[u8], window: usize, count: usize) {
        let (mut sent, mut received) = (0, 0);
        while received < count {
            let now = Instant::now();
            while sent < count && sent - received < window {
                self.client.send(Kind::Binary, message, now).expect("room for it");
                sent += 1;
            }
            self.poll(now);
            while let Some(message) = self.host.receive() {
                self.host.send(Kind::Binary, message.payload(), now).expect("room for it");
            }
            self.client.poll(now, &mut self.scratch);
            received += std::iter::from_fn(|| self.client.receive()).count();
        }
    }

    /// Sends a message from the client to the server.
    pub(crate) fn carry(&mut self, message: &[u8]) {
        self.client.send(Kind::Binary, message, Instant::now()).expect("room for it");
        while self.host.queued_messages() == 0 {
            self.poll(Instant::now());
        }
        let received = self.host.receive().expect("it is queued");
        assert_eq!(received.payload().len(), message.len());
    }

    fn poll(&mut self, now: Instant) {
        self.client.poll(now, &mut self.scratch);
        self.host.poll(now, &mut self.scratch);
    }
}

fn config(bytes_in_flight: usize) -> Config {
    Config {
        max_message_size: bytes_in_flight.max(1),
        inbound_high_water: bytes_in_flight * 2,
        outbound_high_water: None,
        ..Config::default()
    }
}

fn request(url: &str) -> Request {
    let url = WsUrl::parse(url).expect("a good URL");
    Request { url, protocols: Vec::new(), headers: Vec::new(), tls: None }
}

/// An address needs no resolver, but there has to be one.
fn network(connector: impl Connector + 'static) -> Network {
    Network { resolver: Box::new(ThreadResolver::default()), connector: Box::new(connector) }
}

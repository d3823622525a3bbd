//! Sends every message back, as a server or as a client.
//!
//! ```sh
//! cargo run --package tungsten-core --example echo -- server              # prints `ready PORT`
//! cargo run --package tungsten-core --example echo -- client ws://127.0.0.1:PORT/
//! ```
//!
//! A client takes any number of URLs and goes to one after the other, each until the server closes.

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;
use std::{env, io, thread};

use tungsten_core::net::{Accepted, Listener, Scratch, StreamId, TcpConnector, ThreadResolver};
use tungsten_core::{Compression, Config, Guest, Misuse, Network, Peer, ReadyState, Request, SendError, WsUrl};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    match args.next().as_deref() {
        Some("client") => Ok(args.try_for_each(|url| visit(&url))?),
        Some("server") => Ok(Server::bind()?.run()?),
        _ => Err("usage: echo server | echo client URL...".into()),
    }
}

/// Limits, deadlines and what else there is to choose, the same for both ends.
fn config() -> Config {
    Config { compression: Compression::ContextTakeover, ..Config::default() }
}

/// Connects, and echoes until the server has closed.
fn visit(url: &str) -> Result<(), Misuse> {
    let request = Request { url: WsUrl::parse(url)?, protocols: Vec::new(), headers: Vec::new(), tls: None };
    let network = Network { resolver: Box::new(ThreadResolver::default()), connector: Box::new(TcpConnector) };
    let mut peer = Peer::new(config());
    let mut scratch = Scratch::default();
    peer.connect(request, network, Instant::now())?;
    while peer.state() != ReadyState::Closed {
        let now = Instant::now();
        peer.poll(now, &mut scratch);
        echo(&mut peer, now);
        // This is where a game has the rest of its frame.
        thread::yield_now();
    }
    report(&peer);
    Ok(())
}

/// Clients that have come, by the streams that the listener knows them by.
struct Server {
    listener: Listener,
    peers: HashMap<StreamId, Peer>,
    scratch: Scratch,
}

impl Server {
    /// Listens on a free port of this machine, and prints which one that is.
    fn bind() -> io::Result<Self> {
        let listener = Listener::bind(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0)?;
        println!("ready {}", listener.local_address()?.port());
        Ok(Self { listener, peers: HashMap::new(), scratch: Scratch::default() })
    }

    fn run(mut self) -> Result<(), Misuse> {
        loop {
            self.listener.wait(Instant::now(), None);
            let now = Instant::now();
            self.listener.poll(now);
            for accepted in self.listener.accept() {
                self.welcome(accepted, now)?;
            }
            // Those that become ready meanwhile wait for the next round.
            for _ in 0..self.listener.ready_count() {
                if let Some(id) = self.listener.next_ready() {
                    self.serve(id, now);
                }
            }
        }
    }

    fn welcome(&mut self, accepted: Accepted, now: Instant) -> Result<(), Misuse> {
        let Accepted { id, stream, wake } = accepted;
        let mut peer = Peer::new(config());
        let (protocols, headers) = (Vec::new(), Vec::new());
        peer.accept(Guest { stream, tls: None, protocols, headers, asks: false, wake: Some(wake) }, now)?;
        self.peers.insert(id, peer);
        Ok(())
    }

    fn serve(&mut self, id: StreamId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.poll(now, &mut self.scratch);
        echo(peer, now);
        if peer.state() == ReadyState::Closed {
            report(peer);
            self.peers.remove(&id);
            self.listener.forget(id);
        } else {
            self.listener.set_next(id, peer.next_poll());
        }
    }
}

/// Sends back what has come. While something waits to be sent, nothing is read: a client that sends and never reads
/// fills its own buffers, not ours.
fn echo(peer: &mut Peer, now: Instant) {
    while peer.buffered_amount() == 0 {
        let Some(message) = peer.receive() else { return };
        match peer.send(message.kind(), message.payload(), now) {
            Ok(()) => {}
            // The other side has closed and does not want an answer any more.
            Err(SendError::NotOpen) => return,
            Err(error) => unreachable!("a message that was received can be sent: {error}"),
        }
    }
}

fn report(peer: &Peer) {
    match (peer.error(), peer.close_frame()) {
        (Some(error), _) => eprintln!("{error}"),
        (None, Some(frame)) => eprintln!("closed with {} {}", frame.code(), frame.reason()),
        (None, None) => {}
    }
}

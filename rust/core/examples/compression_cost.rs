//! What compression costs and saves: `cargo run --release -p tungsten-core --example compression_cost`.
//!
//! A client and a server exchange the positions of players as JSON, in memory, in every mode. The times are those of
//! one thread and for one message: what a sender needs more than for a plain one, and what a receiver does.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tungsten_core::net::{Connector, Lookup, Resolver, Scratch, Stream};
use tungsten_core::{Compression, Config, Guest, Kind, Network, Peer, ReadyState, Request, WsUrl};

/// Sizes of a message: an event, the state of a few players, that of a whole match.
const SIZES: [usize; 4] = [128, 256, 1024, 16 * 1024];

const LEVELS: [u8; 5] = [1, 2, 3, 6, 9];

/// Messages of one measurement, and how often it is taken; the fastest counts.
const MESSAGES: usize = 200;
const ROUNDS: usize = 20;

fn main() {
    println!(
        "{:>6}  {:<16} {:>5}  {:>6} {:>6}  {:>8} {:>8}",
        "bytes", "mode", "level", "wire", "ratio", "send us", "read us"
    );
    for size in SIZES {
        let plain = measure(Compression::Disabled, 1, size);
        for mode in [Compression::Enabled, Compression::ContextTakeover] {
            for level in LEVELS {
                let cost = measure(mode, level, size);
                println!(
                    "{size:>6}  {:<16} {level:>5}  {:>6.0} {:>6.2}  {:>8.2} {:>8.2}",
                    format!("{mode:?}"),
                    cost.wire,
                    size as f64 / cost.wire,
                    cost.send - plain.send,
                    cost.read - plain.read
                );
            }
        }
    }
}

/// Of one message.
struct Cost {
    /// Bytes of payload that travel.
    wire: f64,
    /// Microseconds.
    send: f64,
    read: f64,
}

fn measure(compression: Compression, level: u8, size: usize) -> Cost {
    let config = Config {
        compression,
        compression_threshold: 0,
        compression_level: level,
        outbound_high_water: None,
        inbound_high_water: usize::MAX,
        max_queued_messages: None,
        ..Config::default()
    };
    let mut pair = Pair::open(config);
    let mut game = Game::new();
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let messages: Vec<String> = (0..MESSAGES).map(|_| game.state(size)).collect();
        let spent = pair.exchange(&messages);
        best = (best.0.min(spent.0), best.1.min(spent.1));
    }
    let of_one = |spent: Duration| spent.as_secs_f64() * 1e6 / MESSAGES as f64;
    let sent = pair.server.compression().map(|status| status.sent.wire as f64 / (MESSAGES * ROUNDS) as f64);
    Cost { wire: sent.unwrap_or(size as f64), send: of_one(best.0), read: of_one(best.1) }
}

/// A client and a server.
struct Pair {
    client: Peer,
    server: Peer,
    scratch: Scratch,
}

impl Pair {
    fn open(config: Config) -> Self {
        let (near, far) = pipe();
        let (mut client, mut server) = (Peer::new(config.clone()), Peer::new(config));
        let network = Network { resolver: Box::new(Nowhere), connector: Box::new(Ready(Some(near))) };
        let url = WsUrl::parse("ws://127.0.0.1/").expect("the URL is valid");
        let request = Request { url, protocols: Vec::new(), headers: Vec::new(), tls: None };
        let guest = Guest {
            stream: Box::new(far),
            tls: None,
            protocols: Vec::new(),
            headers: Vec::new(),
            asks: false,
            wake: None,
        };
        let now = Instant::now();
        client.connect(request, network, now).expect("the request is valid");
        server.accept(guest, now).expect("the server is new");
        let mut scratch = Scratch::default();
        while client.state() != ReadyState::Open {
            client.poll(now, &mut scratch);
            server.poll(now, &mut scratch);
        }
        Self { client, server, scratch }
    }

    /// What the server needs to send the messages, and the client to read them.
    fn exchange(&mut self, messages: &[String]) -> (Duration, Duration) {
        let begin = Instant::now();
        for message in messages {
            self.server.send(Kind::Text, message.as_bytes(), begin).expect("no mark is set");
        }
        self.server.poll(begin, &mut self.scratch);
        let sent = begin.elapsed();
        let begin = Instant::now();
        for message in messages {
            while self.client.queued_messages() == 0 {
                self.client.poll(begin, &mut self.scratch);
            }
            let received = self.client.receive().expect("a message waits");
            assert_eq!(received.payload(), message.as_bytes());
        }
        (sent, begin.elapsed())
    }
}

/// Players who move about.
struct Game {
    tick: u32,
    players: Vec<(f32, f32)>,
    random: u64,
}

impl Game {
    fn new() -> Self {
        Self { tick: 0, players: vec![(500.0, 500.0); 400], random: 88_172_645_463_325_252 }
    }

    fn next(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    /// The state of as many players as fit into so many bytes.
    fn state(&mut self, size: usize) -> String {
        self.tick += 1;
        let mut text = format!("{{\"type\":\"state\",\"tick\":{},\"players\":[", self.tick);
        for id in 0..self.players.len() {
            let (dx, dy) = (self.next(400) as f32 / 100.0 - 2.0, self.next(400) as f32 / 100.0 - 2.0);
            let health = 100 - self.next(10);
            let animation = ["idle", "run", "jump", "attack"][self.next(4) as usize];
            let (x, y) = &mut self.players[id];
            (*x, *y) = (*x + dx, *y + dy);
            text += &format!(
                "{{\"id\":{id},\"name\":\"player_{id}\",\"x\":{x:.2},\"y\":{y:.2},\"hp\":{health},\
                 \"anim\":\"{animation}\"}},"
            );
            if text.len() >= size {
                break;
            }
        }
        text.truncate(size);
        text
    }
}

/// One direction of a stream.
type Lane = Arc<Mutex<VecDeque<u8>>>;

/// One end of a stream in memory.
#[derive(Debug)]
struct End {
    incoming: Lane,
    outgoing: Lane,
}

fn pipe() -> (End, End) {
    let (one, other) = (Lane::default(), Lane::default());
    (End { incoming: Arc::clone(&one), outgoing: Arc::clone(&other) }, End { incoming: other, outgoing: one })
}

impl Stream for End {
    fn poll_connected(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match io::Read::read(&mut *self.incoming.lock().expect("one thread"), buf)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }

    fn transmit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.lock().expect("one thread").extend(bytes);
        Ok(bytes.len())
    }

    fn finish(&mut self) {}

    fn set_no_delay(&mut self, _: bool) {}

    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }
}

/// No name is looked up.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn lookup(&self, _host: &str) -> Box<dyn Lookup> {
        unreachable!("the URL has an address")
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

//! What an idle connection holds (B6), counted by the allocator on the thread that polls it.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use support::{Client, request};
use tungsten_core::{Config, Kind};
use tungsten_testkit::{LeafKind, Server, Step};

/// What an idle connection may hold, whatever its limits.
const LIMIT: isize = 16 * 1024;
/// What a connection without TLS holds after any message: no buffer of 4 KiB, or of the size of a message, is left.
const PLAIN_LIMIT: isize = 3 * 1024;

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has no counter any more.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Connections share memory for messages. A test that gave some of it to another, on its own thread, would be off by
/// that.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn huge_limits() -> Config {
    Config {
        inbound_high_water: 16 << 20,
        outbound_high_water: Some(16 << 20),
        max_message_size: 64 << 20,
        ..Config::default()
    }
}

/// What an open connection holds that has exchanged a message of this size, and nothing is under way.
fn held_after_echo(server: &Server, config: Config, size: usize) -> isize {
    let request = request(&server.url());
    // What connections share, as memory for messages and TLS sessions to resume, is there after the first ones.
    for others in (0..8).rev() {
        let mut client = Client::connect_with(config.clone(), request.clone());
        client.until_open();
        client.poll();
        if others == 0 {
            echo(&mut client, size);
        }
    }
    let mut client = Client::new(config);
    let before = HELD.get();
    client.start(request.clone()).unwrap();
    client.until_open();
    echo(&mut client, size);
    HELD.get() - before
}

fn echo(client: &mut Client, size: usize) {
    client.send(Kind::Binary, &vec![7; size]);
    client.until(|client| client.messages.len() == 1);
    assert_eq!(client.messages[0].payload().len(), size);
    client.messages = Vec::new();
    // Whatever is given back with the next poll.
    client.poll();
}

fn plain() -> Server {
    Server::start([Step::Upgrade, Step::Echo])
}

fn encrypted() -> Server {
    Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo])
}

#[test]
fn b6_idle_connection_holds_little_whatever_its_limits() {
    let _alone = alone();
    for config in [Config::default(), huge_limits()] {
        let held = held_after_echo(&plain(), config, 10);
        assert!(held <= PLAIN_LIMIT, "{held} bytes");
    }
}

#[test]
fn b6_idle_encrypted_connection_holds_little() {
    let _alone = alone();
    let held = held_after_echo(&encrypted(), Config::default(), 10);
    assert!(held <= LIMIT, "{held} bytes");
}

#[test]
fn b6_memory_of_a_large_message_is_given_back() {
    let _alone = alone();
    for (server, limit) in [(plain(), PLAIN_LIMIT), (encrypted(), LIMIT)] {
        for size in [50_000, 10 << 20] {
            let config = Config { close_timeout: Duration::from_secs(1), ..Config::default() };
            let held = held_after_echo(&server, config, size);
            assert!(held <= limit, "{held} bytes after {size}");
        }
    }
}

#[cfg(feature = "deflate")]
mod compression {
    use super::{Client, Config, HELD, Kind, alone, request};
    use crate::support::PATIENCE;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Instant;
    use tungsten_core::net::{Listener, Scratch};
    use tungsten_core::{Compression, Guest, Peer};

    /// A client and a server, both polled by this thread.
    struct Pair {
        listener: Listener,
        client: Client,
        server: Peer,
        /// What the polls of the server have left behind.
        held_by_server: isize,
        scratch: Scratch,
    }

    impl Pair {
        fn open(client: &Config, server: &Config) -> Self {
            let listener = Listener::bind(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0).unwrap();
            let url = format!("ws://{}", listener.local_address().unwrap());
            let client = Client::connect_with(client.clone(), request(&url));
            let server = Peer::new(server.clone());
            let mut pair = Self { listener, client, server, held_by_server: 0, scratch: Scratch::default() };
            pair.until(|pair| !pair.client.events.is_empty());
            pair
        }

        #[track_caller]
        fn until(&mut self, condition: impl Fn(&Self) -> bool) {
            let deadline = Instant::now() + PATIENCE;
            while !condition(self) {
                assert!(Instant::now() < deadline, "it did not happen in time");
                self.poll();
            }
        }

        fn poll(&mut self) {
            let now = Instant::now();
            self.listener.poll(now);
            for accepted in self.listener.accept() {
                let (protocols, headers, wake) = (Vec::new(), Vec::new(), Some(accepted.wake));
                let guest = Guest { stream: accepted.stream, tls: None, protocols, headers, asks: false, wake };
                self.server.accept(guest, now).unwrap();
            }
            let before = HELD.get();
            self.server.poll(now, &mut self.scratch);
            self.held_by_server += HELD.get() - before;
            self.client.poll();
        }

        /// The message goes there and back.
        fn echo(&mut self, payload: &[u8]) {
            self.client.send(Kind::Text, payload);
            self.until(|pair| pair.server.queued_messages() == 1);
            let message = self.server.receive().unwrap();
            self.server.send(message.kind(), message.payload(), Instant::now()).unwrap();
            self.until(|pair| pair.client.messages.len() == 1);
            assert!(self.client.messages[0].payload() == payload);
            self.client.messages = Vec::new();
            self.poll();
        }
    }

    /// What both ends of a connection hold after messages went there and back, beyond what they hold without
    /// compression.
    fn held_for(compression: Compression) -> isize {
        let verse: Vec<u8> = (0..200_000).flat_map(|number: u32| number.to_string().into_bytes()).collect();
        let held = |compression| {
            let config = Config { compression, ..Config::default() };
            // What the whole process shares is there after the first ones.
            let mut pairs = [(); 2].map(|()| {
                let before = HELD.get();
                let mut pair = Pair::open(&config, &config);
                [1000, 1_000_000, 1000].into_iter().for_each(|len| pair.echo(&verse[..len]));
                (HELD.get() - before, pair)
            });
            assert_eq!(pairs[1].1.client.peer.compression().is_some(), compression != Compression::Disabled);
            std::mem::take(&mut pairs[1].0)
        };
        held(compression) - held(Compression::Disabled)
    }

    #[test]
    fn idle_connection_that_compresses_each_message_on_its_own_holds_nothing_for_it() {
        let _alone = alone();
        let held = held_for(Compression::Enabled);
        assert!(held <= 1024, "{held} bytes");
    }

    #[test]
    fn connection_with_context_takeover_holds_a_compressor_and_a_decompressor() {
        let _alone = alone();
        // Both ends have both.
        let held = held_for(Compression::ContextTakeover) / 2;
        assert!((400_000..450_000).contains(&held), "{held} bytes");
    }

    #[test]
    fn server_holds_a_decompressor_for_a_client_that_refers_to_its_earlier_messages() {
        let _alone = alone();
        let config = |compression| Config { compression, ..Config::default() };
        let held = |client| {
            let server = config(Compression::Enabled);
            let mut pairs = [(); 2].map(|()| Pair::open(&config(client), &server));
            pairs.each_mut().map(|pair| {
                // Without an answer, for which the server would need memory too.
                for _ in 0..3 {
                    pair.client.send(Kind::Text, &[b'x'; 1000]);
                    pair.until(|pair| pair.server.queued_messages() == 1);
                    let before = HELD.get();
                    drop(pair.server.receive());
                    pair.held_by_server += HELD.get() - before;
                }
                pair.held_by_server
            })[1]
        };
        let held = held(Compression::ContextTakeover) - held(Compression::Enabled);
        assert!((45_000..50_000).contains(&held), "{held} bytes");
    }
}

/// What an open connection holds for so many bytes that claim to be the start of a message of 16 MiB.
fn held_for_header(first: u8) -> isize {
    let header = [&[first, 127][..], &(16_u64 << 20).to_be_bytes(), &[7; 1000]].concat();
    let server = Server::start([Step::Upgrade, Step::Wait("go".to_owned()), Step::Raw(header), Step::Hold]);
    let mut client = Client::open(&server.url());
    client.poll();
    server.signal("go");
    let before = HELD.get();
    let seen = |client: &Client| HELD.get() > before || client.peer.state() != tungsten_core::ReadyState::Open;
    client.until(seen);
    HELD.get() - before
}

#[test]
fn memory_follows_what_has_come_and_not_what_a_header_claims() {
    let _alone = alone();
    // A binary message, the first fragments of one and of a text, a text, and what is not valid.
    for first in [0x82, 0x02, 0x01, 0x81, 0x80, 0x83, 0xC2] {
        let held = held_for_header(first);
        assert!(held <= LIMIT, "{first:x}: {held} bytes");
    }
}

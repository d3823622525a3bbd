//! What an idle connection holds (B6), counted by the allocator on the thread that polls it.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;
use support::{Client, request};
use tungsten_core::{Config, Kind};
use tungsten_testkit::{LeafKind, Server, Step};

/// What an idle connection may hold, whatever its limits.
const LIMIT: isize = 16 * 1024;

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
    // What all connections to one server share, such as TLS sessions to resume, is there after the first ones.
    for _ in 0..8 {
        let mut client = Client::connect_with(config.clone(), request.clone());
        client.until_open();
        client.poll();
    }
    let mut client = Client::new(config);
    let before = HELD.get();
    client.start(request.clone()).unwrap();
    client.until_open();
    client.send(Kind::Binary, &vec![7; size]);
    client.until(|client| client.messages.len() == 1);
    assert_eq!(client.messages[0].payload().len(), size);
    client.messages = Vec::new();
    // Whatever is given back with the next poll.
    client.poll();
    HELD.get() - before
}

fn plain() -> Server {
    Server::start([Step::Upgrade, Step::Echo])
}

fn encrypted() -> Server {
    Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo])
}

#[test]
fn b6_idle_connection_holds_little_whatever_its_limits() {
    for config in [Config::default(), huge_limits()] {
        let held = held_after_echo(&plain(), config, 10);
        assert!(held <= LIMIT, "{held} bytes");
    }
}

#[test]
fn b6_idle_encrypted_connection_holds_little() {
    let held = held_after_echo(&encrypted(), Config::default(), 10);
    assert!(held <= LIMIT, "{held} bytes");
}

#[test]
fn b6_memory_of_a_large_message_is_given_back() {
    for server in [plain(), encrypted()] {
        let config = Config { close_timeout: Duration::from_secs(1), ..Config::default() };
        let held = held_after_echo(&server, config, 10 << 20);
        assert!(held <= LIMIT, "{held} bytes");
    }
}

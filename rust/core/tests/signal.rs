//! As a part of an engine, which leaves signals as the system has them; a program that Rust starts ignores this one.

#![cfg(target_os = "linux")]

mod support;

use std::thread;
use std::time::Instant;

use support::{Client, PATIENCE};
use tungsten_core::Kind;
use tungsten_testkit::{LeafKind, Server, Step};

/// Writes after the server has gone. Without a poll nobody has told the client.
#[track_caller]
fn write_to_nobody(mut script: Vec<Step>) {
    script.extend([Step::Upgrade, Step::Expect(1), Step::Fin, Step::Rst]);
    let server = Server::start(script);
    let mut client = Client::open(&server.url());
    let deadline = Instant::now() + PATIENCE;
    while client.peer.send(Kind::Text, b"hello", Instant::now()).is_ok() {
        assert!(Instant::now() < deadline, "writing goes on and on");
        client.peer.flush(Instant::now());
        thread::yield_now();
    }
    client.until_closed(false);
}

#[test]
fn write_that_nobody_reads_ends_the_connection_and_not_the_process() {
    // SAFETY: this is the only test of its program, and no handler is replaced.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    write_to_nobody(Vec::new());
    write_to_nobody(vec![Step::Tls(LeafKind::Good)]);
}

//! Over TLS, which holds bytes of its own between the queue and the stream.

use super::*;
use crate::connection::frames::close;
use crate::net::{Connector, Identity, Stream, TlsServer, TlsSession, Verification};
use tungsten_testkit::{LeafKind, TestAuthority};

/// A peer that speaks TLS, and the server's end of it.
struct Secure {
    rig: Rig,
    server: TlsSession,
    /// What the server writes to.
    stream: Box<dyn Stream>,
    wire: Wire,
    /// What the server has decrypted.
    decrypted: Vec<u8>,
}

impl Secure {
    /// A connection that was just opened.
    fn open() -> Self {
        let mut secure = Self::asking();
        let accepted = accept(&std::mem::take(&mut secure.decrypted));
        secure.send(&accepted);
        secure.rig.expect_event(Event::Opened);
        secure.exchange();
        secure
    }

    /// A peer that has sent its request.
    fn asking() -> Self {
        let leaf = TestAuthority::shared().leaf(LeafKind::Good);
        let identity = Identity { certificates: leaf.chain_pem().into(), key: leaf.key_pem().into() };
        let wire = Wire::default();
        let mut network = FakeConnector::new(|_| Attempt::Connected, wire.clone());
        let mut secure = Self {
            rig: Rig::with(|config| config.outbound_high_water = None),
            server: TlsServer::new(&identity).unwrap().start().unwrap(),
            stream: network.connect((ADDRESS, 443).into()).unwrap(),
            wire,
            decrypted: Vec::new(),
        };
        secure.rig.tls.verification = Verification::Nothing;
        secure.rig.try_connect("wss://game.test/").unwrap();
        while !secure.decrypted.ends_with(b"\r\n\r\n") {
            secure.exchange();
        }
        secure
    }

    /// Polls the peer, and lets the server take and answer what came of it.
    fn exchange(&mut self) {
        self.rig.poll();
        let written = self.rig.wire.take_written();
        let decrypted = &mut self.decrypted;
        let plain = &mut vec![0; 1 << 16];
        self.server.handle_input(&written, plain, |bytes| decrypted.extend_from_slice(bytes)).unwrap();
        self.server.flush(&mut *self.stream).unwrap();
        let answer = self.wire.take_written();
        if !answer.is_empty() {
            self.rig.wire.deliver(&answer);
        }
    }

    /// A message that was gathered and the answer to the server's close frame go to TLS together, and no further.
    fn close_while_much_waits(&mut self) {
        self.rig.send("at once");
        self.rig.send(&"x".repeat(1000));
        self.rig.wire.set_room(100);
        self.send(&close(1000, ""));
    }

    /// The server sends bytes, and the peer is polled.
    fn send(&mut self, bytes: &[u8]) {
        self.server.write(bytes).unwrap();
        self.server.flush(&mut *self.stream).unwrap();
        self.rig.wire.deliver(&self.wire.take_written());
        self.rig.poll();
    }
}

#[test]
fn message_that_tls_holds_has_not_left() {
    let mut secure = Secure::open();
    secure.rig.wire.set_room(100);
    secure.rig.send(&"x".repeat(1000));
    assert_eq!(secure.rig.peer.buffered_amount(), 1000);
    secure.rig.wire.set_room(usize::MAX);
    secure.rig.poll();
    assert_eq!(secure.rig.peer.buffered_amount(), 0);
}

#[test]
fn connection_is_not_over_before_all_that_tls_holds_has_left() {
    let mut secure = Secure::open();
    secure.close_while_much_waits();
    secure.rig.poll();
    secure.rig.expect_state(ReadyState::Closing);
    secure.rig.wire.set_room(usize::MAX);
    secure.rig.expect_event(Event::CloseRequested(received_close(1000, "")));
    secure.exchange();
    secure.rig.expect_closed(true);
    let frames: Vec<_> =
        parse(&secure.decrypted).into_iter().map(|(opcode, payload)| (opcode, payload.len())).collect();
    assert_eq!(frames, [(TEXT, 7), (TEXT, 1000), (CLOSE, 2)]);
}

#[test]
fn connection_that_ends_with_bytes_in_tls_is_not_clean() {
    let mut secure = Secure::open();
    secure.close_while_much_waits();
    secure.rig.expect_event(Event::CloseRequested(received_close(1000, "")));
    secure.rig.advance(5.0);
    secure.rig.expect_closed(false);
}

#[test]
fn end_that_comes_in_tls_with_the_answer_is_found_though_the_stream_goes_on() {
    let mut secure = Secure::asking();
    let accepted = accept(&secure.decrypted);
    secure.server.write(&accepted).unwrap();
    secure.server.finish(&mut *secure.stream).unwrap();
    secure.rig.feed(&secure.wire.take_written());
    secure.rig.expect_event(Event::Opened);
    secure.rig.expect_closed(false);
}

#[test]
fn large_message_leaves_in_few_writes() {
    let mut secure = Secure::open();
    let before = secure.rig.wire.writes();
    secure.rig.send(&"x".repeat(1 << 20));
    let writes = secure.rig.wire.writes() - before;
    assert!(writes <= 20, "{writes} writes");
    secure.exchange();
    assert_eq!(parse(&secure.decrypted), [(TEXT, vec![b'x'; 1 << 20])]);
}

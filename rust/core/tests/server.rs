//! Many connections of a server over one listener.

mod support;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};
use support::{Client, Clock, LONG, PATIENCE, request};
use tungsten_core::net::{Accepted, Identity, Listener, Scratch, StreamId, TlsServer};
use tungsten_core::{CloseFrame, Config, ErrorKind, Guest, Kind, Peer, ReadyState};
use tungsten_testkit::{LeafKind, RawClient, TestAuthority};

/// An echo server that polls only those that its listener names.
struct Server {
    listener: Listener,
    peers: HashMap<StreamId, Peer>,
    config: Config,
    tls: Option<TlsServer>,
    clock: Clock,
    scratch: Scratch,
    /// Peers that the last poll has polled.
    polled: usize,
    ended: Vec<Peer>,
}

impl Server {
    fn new(config: Config) -> Self {
        let listener = Listener::bind(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), 0).unwrap();
        let (clock, scratch) = (Clock::default(), Scratch::default());
        Self { listener, peers: HashMap::new(), config, tls: None, clock, scratch, polled: 0, ended: Vec::new() }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_address().unwrap()
    }

    fn url(&self) -> String {
        format!("ws://{}", self.address())
    }

    fn poll(&mut self) {
        self.poll_at(self.clock.now());
    }

    /// Lets a deadline pass that has just begun for all clients. None ends before it.
    #[track_caller]
    fn expire(&mut self, deadline: Duration) {
        let ended = self.ended.len();
        let early = self.clock.expire(deadline);
        self.poll_at(early);
        assert_eq!(self.ended.len(), ended, "too early");
    }

    fn poll_at(&mut self, now: Instant) {
        self.listener.poll(now);
        for Accepted { id, stream, wake } in self.listener.accept() {
            let mut peer = Peer::new(self.config.clone());
            let guest = Guest {
                stream,
                tls: self.tls.clone(),
                protocols: Vec::new(),
                headers: Vec::new(),
                asks: false,
                wake: Some(wake),
            };
            peer.accept(guest, now).unwrap();
            self.peers.insert(id, peer);
        }
        self.polled = 0;
        for _ in 0..self.listener.ready_count() {
            let id = self.listener.next_ready().unwrap();
            self.poll_peer(id, now);
        }
    }

    fn poll_peer(&mut self, id: StreamId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        self.polled += 1;
        peer.poll(now, &mut self.scratch);
        while let Some(message) = peer.receive() {
            let _closing = peer.send(message.kind(), message.payload(), now);
        }
        if peer.state() == ReadyState::Closed {
            self.ended.extend(self.peers.remove(&id));
            self.listener.forget(id);
        } else {
            self.listener.set_next(id, peer.next_poll());
        }
    }

    /// Polls itself and the clients until `condition` holds.
    #[track_caller]
    fn until(&mut self, clients: &mut [Client], condition: impl Fn(&Self, &[Client]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self, clients) {
            assert!(Instant::now() < deadline, "it did not happen in time");
            self.poll();
            clients.iter_mut().for_each(Client::poll);
        }
    }

    /// So many clients whose connections are open at both ends.
    #[track_caller]
    fn joined(&mut self, count: usize) -> Vec<Client> {
        let mut clients: Vec<_> = (0..count).map(|_| Client::connect(&self.url())).collect();
        self.until(&mut clients, |server, clients| {
            clients.iter().all(|client| client.peer.state() == ReadyState::Open)
                && server.peers.values().filter(|peer| peer.state() == ReadyState::Open).count() == count
        });
        clients
    }

    /// Speaks TLS from now on; the URL for clients.
    fn start_tls(&mut self) -> String {
        let identity = TestAuthority::shared().leaf(LeafKind::Good);
        let identity = Identity { certificates: identity.chain_pem().into(), key: identity.key_pem().into() };
        self.tls = Some(TlsServer::new(&identity).unwrap());
        format!("wss://localhost:{}", self.address().port())
    }

    /// A client whose connection over TLS is open at both ends.
    #[track_caller]
    fn joined_over_tls(&mut self) -> [Client; 1] {
        let url = self.start_tls();
        let mut clients = [Client::connect_with(Config::default(), request(&url))];
        self.until(&mut clients, |server, clients| {
            clients[0].peer.state() == ReadyState::Open
                && server.peers.values().all(|peer| peer.state() == ReadyState::Open)
        });
        clients
    }

    /// A client that has been upgraded and does nothing by itself.
    #[track_caller]
    fn raw_client(&mut self) -> RawClient {
        let (address, is_secure) = (self.address(), self.tls.is_some());
        let client = thread::spawn(move || -> io::Result<RawClient> {
            let mut client = RawClient::connect(address)?;
            if is_secure {
                client.start_tls("localhost")?;
            }
            client.upgrade(&[])?;
            Ok(client)
        });
        self.until(&mut [], |_, _| client.is_finished());
        client.join().unwrap().unwrap()
    }

    /// Polls until nothing is left to do.
    fn settle(&mut self) {
        while {
            self.poll();
            self.polled > 0
        } {}
    }
}

#[test]
fn many_clients_join_are_answered_and_leave() {
    let mut server = Server::new(Config::default());
    let mut clients = server.joined(100);
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(Kind::Text, number.to_string().as_bytes());
    }
    server.until(&mut clients, |_, clients| clients.iter().all(|client| client.messages.len() == 1));
    assert!(clients.iter().enumerate().all(|(number, client)| client.texts() == [number.to_string()]));
    clients.iter_mut().for_each(|client| client.close(4000, "bye"));
    server.until(&mut clients, |server, clients| {
        server.peers.is_empty() && clients.iter().all(|client| client.peer.state() == ReadyState::Closed)
    });
    assert!(server.ended.iter().all(|peer| peer.close_frame().is_some_and(|frame| frame.code() == 4000)));
}

#[test]
fn f3_idle_clients_are_not_polled() {
    let mut server = Server::new(Config::default());
    let mut clients = server.joined(50);
    server.settle();
    server.poll();
    assert_eq!(server.polled, 0);
    clients[7].send(Kind::Text, b"hello");
    server.until(&mut clients[7..8], |_, clients| clients[0].messages.len() == 1);
    assert!(server.polled <= 1, "{}", server.polled);
}

#[test]
fn server_that_waits_in_a_thread_of_its_own_polls_when_there_is_something_and_not_before() {
    let mut server = Server::new(Config::default());
    let url = server.url();
    let server = thread::spawn(move || {
        let (mut rounds, end) = (0, Instant::now() + PATIENCE);
        while server.ended.is_empty() && Instant::now() < end {
            server.listener.wait(Instant::now(), Some(PATIENCE));
            server.poll();
            rounds += 1;
        }
        (rounds, server.ended.len())
    });
    let mut client = Client::open(&url);
    for number in 1..=10 {
        client.send(Kind::Text, b"hello");
        client.until(|client| client.messages.len() == number);
    }
    client.close(1000, "");
    client.until_closed(true);
    let (rounds, ended) = server.join().unwrap();
    assert_eq!(ended, 1);
    assert!(rounds <= 100, "{rounds} polls");
}

#[test]
fn client_that_reads_late_gets_all_of_a_large_answer() {
    let mut server = Server::new(Config { outbound_high_water: None, ..Config::default() });
    let mut clients = server.joined(1);
    let large = vec![7; 8 << 20];
    clients[0].send(Kind::Binary, &large);
    server.until(&mut clients, |_, clients| clients[0].messages.len() == 1);
    assert!(clients[0].messages[0].payload() == large);
}

#[test]
fn messages_that_the_server_leaves_unread_wait_and_come_when_it_reads() {
    let mut server = Server::new(Config { inbound_high_water: 1000, ..Config::default() });
    let mut clients = server.joined(1);
    let now = Instant::now();
    for _ in 0..50 {
        clients[0].send(Kind::Binary, &[1; 500]);
    }
    clients[0].poll();
    // Without `poll_peer`, nobody reads.
    let id = *server.peers.keys().next().unwrap();
    let deadline = now + PATIENCE;
    while server.peers[&id].queued_messages() < 2 {
        assert!(Instant::now() < deadline);
        server.listener.poll(now);
        while let Some(ready) = server.listener.next_ready() {
            let peer = server.peers.get_mut(&ready).unwrap();
            peer.poll(now, &mut server.scratch);
            server.listener.set_next(ready, peer.next_poll());
            if peer.queued_messages() >= 2 {
                break;
            }
        }
    }
    let first = server.peers.get_mut(&id).unwrap().receive().unwrap();
    server.peers.get_mut(&id).unwrap().send(first.kind(), first.payload(), now).unwrap();
    server.until(&mut clients, |_, clients| clients[0].messages.len() == 50);
}

#[test]
fn silent_client_is_dropped_after_the_timeout_though_nothing_arrives() {
    let mut server = Server::new(Config { handshake_timeout: LONG, ..Config::default() });
    let mut client = RawClient::connect(server.address()).unwrap();
    client.send_raw(b"GET / HTTP/1.1\r\nHost: h\r\n").unwrap();
    server.until(&mut [], |server, _| server.peers.len() == 1);
    server.expire(LONG);
    server.until(&mut [], |server, _| server.peers.is_empty());
    assert_eq!(server.ended[0].error().unwrap().kind(), ErrorKind::HandshakeTimeout);
    assert!(client.read_head().unwrap().starts_with("HTTP/1.1 408 "));
}

#[test]
fn close_from_outside_of_a_poll_is_bounded_by_its_timeout() {
    let mut server = Server::new(Config { close_timeout: LONG, ..Config::default() });
    let mut clients = server.joined(1);
    server.settle();
    let peer = server.peers.values_mut().next().unwrap();
    peer.close(CloseFrame::to_send(1001, "").unwrap(), Instant::now());
    // The client is not polled, so it never answers.
    server.expire(LONG);
    server.until(&mut [], |server, _| server.peers.is_empty());
    assert_eq!(server.ended[0].error().unwrap().kind(), ErrorKind::CloseTimeout);
    clients[0].until_closed(true);
}

#[test]
fn heartbeat_finds_a_client_that_has_gone_silent() {
    let config = Config { heartbeat_interval: Some(LONG), heartbeat_timeout: LONG, ..Config::default() };
    let mut server = Server::new(config);
    let clients = server.joined(1);
    server.expire(LONG);
    server.poll();
    assert_eq!(server.ended.len(), 0, "only a ping is due");
    server.expire(LONG);
    server.until(&mut [], |server, _| server.peers.is_empty());
    assert_eq!(server.ended[0].error().unwrap().kind(), ErrorKind::HeartbeatTimeout);
    drop(clients);
}

#[test]
fn server_with_tls_sends_its_certificate() {
    let mut server = Server::new(Config::default());
    let mut clients = server.joined_over_tls();
    clients[0].send(Kind::Text, b"secret");
    server.until(&mut clients, |_, clients| clients[0].messages.len() == 1);
    clients[0].close(1000, "");
    server.until(&mut clients, |server, _| server.peers.is_empty());
}

#[test]
fn port_that_is_taken_is_told() {
    let server = Server::new(Config::default());
    let taken = Listener::bind(Some(server.address().ip()), server.address().port());
    assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn half_open_connections_do_not_hold_up_others() {
    let mut server = Server::new(Config { handshake_timeout: Duration::from_secs(60), ..Config::default() });
    let silent: Vec<_> = (0..100).map(|_| RawClient::connect(server.address()).unwrap()).collect();
    server.until(&mut [], |server, _| server.peers.len() == 100);
    let mut client = [Client::connect(&server.url())];
    server.until(&mut client, |_, clients| clients[0].peer.state() == ReadyState::Open);
    drop(silent);
}

#[test]
fn c7_five_hundred_half_requests_are_dropped_with_408_while_others_are_served() {
    let mut server = Server::new(Config { handshake_timeout: LONG, ..Config::default() });
    // In two halves, as many systems allow no more than 1024 descriptors to a process.
    for _ in 0..2 {
        let mut silent: Vec<_> = (0..250).map(|_| RawClient::connect(server.address()).unwrap()).collect();
        for client in &mut silent {
            client.send_raw(b"GET / HTTP/1.1\r\nHost: h\r\n").unwrap();
        }
        server.until(&mut [], |server, _| server.peers.len() == 250);
        let mut other = [Client::connect(&server.url())];
        server.until(&mut other, |_, clients| clients[0].peer.state() == ReadyState::Open);
        other[0].send(Kind::Text, b"served");
        server.until(&mut other, |_, clients| clients[0].messages.len() == 1);
        other[0].close(1000, "");
        server.until(&mut other, |server, _| server.peers.len() == 250);
        server.expire(LONG);
        server.until(&mut [], |server, _| server.peers.is_empty());
        for client in &mut silent {
            assert!(client.read_head().unwrap().starts_with("HTTP/1.1 408 "));
        }
    }
    let refused = |peer: &&Peer| peer.error().is_some_and(|error| error.kind() == ErrorKind::HandshakeTimeout);
    assert_eq!(server.ended.iter().filter(refused).count(), 500);
}

#[test]
fn all_that_was_sent_arrives_over_tls_although_the_client_closes_while_it_waits() {
    let config = Config { outbound_high_water: None, max_queued_messages: None, ..Config::default() };
    let mut server = Server::new(config);
    let mut clients = server.joined_over_tls();
    let now = Instant::now();
    let peer = server.peers.values_mut().next().unwrap();
    for number in 0..300u32 {
        peer.send(Kind::Binary, &[&number.to_be_bytes()[..], &[0; 60_000]].concat(), now).unwrap();
    }
    // So much that neither system takes all of it.
    server.settle();
    assert!(server.peers.values().all(|peer| peer.buffered_amount() > 0));
    clients[0].close(1000, "");
    server.until(&mut clients, |server, clients| {
        server.peers.is_empty() && clients[0].peer.state() == ReadyState::Closed
    });
    clients[0].until_closed(true);
    let numbers = clients[0].messages.iter().map(|message| message.payload()[..4].try_into().unwrap());
    assert!(numbers.map(u32::from_be_bytes).eq(0..300), "{} have arrived", clients[0].messages.len());
}

#[test]
fn client_that_vanishes_in_the_middle_is_noticed() {
    for is_secure in [false, true] {
        for bytes in [&[0x82][..], &[0x82, 0x85, 1, 2, 3, 4, 5], &[0x02, 0x80, 1, 2, 3, 4], &[0x89, 0x80, 1, 2, 3, 4]] {
            let mut server = Server::new(Config::default());
            if is_secure {
                server.start_tls();
            }
            let mut client = server.raw_client();
            server.settle();
            client.send_raw(bytes).unwrap();
            drop(client);
            server.until(&mut [], |server, _| server.peers.is_empty());
        }
    }
}

//! Steps over TLS.

mod rig;

use std::net::TcpStream;
use std::sync::Arc;

use rig::{PATIENCE, events_until};
use rustls::pki_types::ServerName;
use rustls::version::TLS12;
use rustls::{ClientConnection, StreamOwned};
use tungsten_testkit::{
    Event, Frame, Issuer, Leaf, LeafKind, Options, RawClient, Respond, Server, Step, TestAuthority,
};
use tungstenite::Message;

fn secure_echo() -> Server {
    Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Echo])
}

#[test]
fn secure_echo_returns_ten_megabytes_to_an_independent_client() {
    let server = secure_echo();
    assert_eq!(server.url(), format!("wss://localhost:{}", server.port()));
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(TestAuthority::shared().client_config(), name).unwrap();
    let stream = StreamOwned::new(connection, TcpStream::connect(server.address()).unwrap());
    let (mut socket, _response) = tungstenite::client::client(server.url(), stream).unwrap();
    let message = Message::binary(vec![b'm'; 10_000_000]);
    socket.send(message.clone()).unwrap();
    assert!(socket.read().unwrap() == message);
    socket.close(None).unwrap();
    let events = events_until(&server, "done");
    assert!(events.contains(&Event::Sni(Some("localhost".into()))), "{events:?}");
}

#[test]
fn secure_echo_ends_with_close_notify_and_fin() {
    let server = secure_echo();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.start_tls("127.0.0.1").unwrap();
    client.upgrade(&[]).unwrap();
    client.send(Frame::close(1000, "bye")).unwrap();
    assert_eq!(client.read_frame().unwrap(), Some(Frame::close(1000, "bye")));
    assert_eq!(client.read_frame().unwrap(), None);
    client.close_notify().unwrap();
    drop(client);
    // An address is not a name, so it is not sent.
    let close = Event::Close(1000, "bye".into());
    assert_eq!(events_until(&server, "eof"), [Event::Sni(None), close, Event::Done, Event::CloseNotify, Event::Eof]);
}

#[test]
fn each_bad_certificate_is_refused_and_the_alert_recorded() {
    for kind in [LeafKind::WrongName, LeafKind::Expired, LeafKind::SelfSigned] {
        let server = Server::start([Step::Tls(kind), Step::Upgrade]);
        let mut client = RawClient::connect(server.address()).unwrap();
        let error = client.start_tls("localhost").unwrap_err();
        assert!(error.to_string().contains("invalid peer certificate"), "{kind:?}: {error}");
        let events = events_until(&server, "failed");
        assert!(matches!(&events[..], [Event::TlsError(_), Event::Failed(_)]), "{kind:?}: {events:?}");
    }
}

#[test]
fn wrong_name_is_the_only_fault_of_its_certificate() {
    let server = Server::start([Step::Tls(LeafKind::WrongName), Step::Upgrade]);
    let mut client = RawClient::connect(server.address()).unwrap();
    client.start_tls("other.invalid").unwrap();
    client.upgrade(&[]).unwrap();
}

#[test]
fn corked_tls_steps_arrive_with_the_close_notify_in_one_segment() {
    let script = [
        Step::Tls(LeafKind::Good),
        Step::Cork,
        Step::Upgrade,
        Step::Text("a".into()),
        Step::Close(1000, String::new()),
        Step::CloseNotify,
        Step::Uncork,
        Step::Stall,
    ];
    let server = Server::start(script);
    let config = TestAuthority::shared().client_config();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(config, name).unwrap();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.complete_io(&mut socket).unwrap();
    // Take the session tickets apart from what the script sends.
    server.wait_for_events("sni", 1, PATIENCE).unwrap();
    let request = "GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    std::io::Write::write_all(&mut connection.writer(), request.as_bytes()).unwrap();
    connection.write_tls(&mut socket).unwrap();
    server.wait_for_events("request", 1, PATIENCE).unwrap();
    let mut is_closed = false;
    while !is_closed {
        let before = connection.process_new_packets().unwrap().plaintext_bytes_to_read();
        connection.read_tls(&mut socket).unwrap();
        let state = connection.process_new_packets().unwrap();
        let arrived = state.plaintext_bytes_to_read() - before;
        is_closed = state.peer_has_closed();
        assert!(arrived == 0 || is_closed, "{arrived} bytes came without the close_notify");
    }
}

#[test]
fn tls_can_begin_after_the_answer_to_connect() {
    let established = Respond { head: vec!["HTTP/1.1 200 OK".into()], body: String::new() };
    let script = [Step::Respond(established), Step::Tls(LeafKind::Good), Step::Upgrade, Step::Text("deep".into())];
    let server = Server::start(script);
    let mut client = RawClient::connect(server.address()).unwrap();
    client.send_raw(b"CONNECT localhost:1 HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(client.read_head().unwrap(), "HTTP/1.1 200 OK\r\n\r\n");
    client.start_tls("localhost").unwrap();
    client.upgrade(&[]).unwrap();
    assert_eq!(client.read_frame().unwrap(), Some(Frame::text("deep")));
}

#[test]
fn fin_without_close_notify_is_seen_as_a_truncation() {
    let server = Server::start([Step::Tls(LeafKind::Good), Step::Upgrade, Step::Text("cut".into()), Step::Fin]);
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(TestAuthority::shared().client_config(), name).unwrap();
    let stream = StreamOwned::new(connection, TcpStream::connect(server.address()).unwrap());
    let (mut socket, _response) = tungstenite::client::client(server.url(), stream).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("cut"));
    let error = socket.read().unwrap_err();
    assert!(error.to_string().contains("close_notify"), "{error}");
}

#[test]
fn configuration_in_the_options_comes_before_the_script() {
    let leaf = Leaf { names: vec!["other.invalid".into()], issuer: Issuer::Intermediate, ..Leaf::default() };
    let identity = TestAuthority::shared().issue(&leaf).unwrap();
    let tls = Some(identity.server_config_with(&[&TLS12], None));
    let server = Server::start_with(Options { tls, ..Options::new([Step::Upgrade]) }).unwrap();
    assert!(server.url().starts_with("wss://"), "{}", server.url());
    let mut client = RawClient::connect(server.address()).unwrap();
    client.start_tls("other.invalid").unwrap();
    client.upgrade(&[]).unwrap();
}

#[test]
fn session_that_is_taken_up_again_is_recorded() {
    let server = secure_echo();
    let config = TestAuthority::shared().client_config();
    for _ in 0..2 {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name).unwrap();
        let stream = StreamOwned::new(connection, TcpStream::connect(server.address()).unwrap());
        tungstenite::client::client(server.url(), stream).unwrap();
    }
    let events = server.wait_for_events("sni", 2, PATIENCE).unwrap();
    let resumed = events.iter().filter(|recorded| recorded.event == Event::Resumed);
    assert!(resumed.map(|recorded| recorded.connection).eq([1]), "{events:?}");
}

#[test]
fn configuration_of_an_identity_is_shared() {
    let leaf = TestAuthority::shared().leaf(LeafKind::Good);
    assert!(Arc::ptr_eq(&leaf.server_config(), &leaf.server_config()));
    assert!(leaf.chain_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(leaf.key_pem().starts_with("-----BEGIN PRIVATE KEY-----"));
}

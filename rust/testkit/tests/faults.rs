//! Steps that shape the TCP stream, and the end of servers.

mod rig;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rig::{PATIENCE, events_until, upgraded};
use tungsten_testkit::{BlackHole, Event, Fill, Frame, MessageKind, Options, RawClient, Server, Step, closed_port};
use tungstenite::Message;

#[test]
fn corked_steps_arrive_in_one_segment() {
    let script =
        [Step::Cork, Step::Upgrade, Step::Text("a".into()), Step::Close(1000, "bye".into()), Step::Uncork, Step::Stall];
    let server = Server::start(script);
    let mut client = RawClient::connect(server.address()).unwrap();
    client.send_raw(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").unwrap();
    let segment = client.read_some().unwrap();
    let frames = [Frame::text("a").encode(), Frame::close(1000, "bye").encode()].concat();
    assert!(segment.starts_with(b"HTTP/1.1 101 "));
    assert!(segment.ends_with(&frames));
}

#[test]
fn trickled_bytes_arrive_complete() {
    let server = Server::start([Step::Trickle(3), Step::Upgrade, Step::Text("drip".into())]);
    assert_eq!(upgraded(&server).read_frame().unwrap(), Some(Frame::text("drip")));
}

#[test]
fn rst_is_seen_as_a_reset() {
    let server = Server::start([Step::Upgrade, Step::Expect(1), Step::Rst]);
    let mut client = upgraded(&server);
    client.send(Frame::text("now")).unwrap();
    assert_eq!(client.read_frame().unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn reset_by_the_client_is_recorded() {
    let server = Server::start([Step::Upgrade, Step::Hold]);
    upgraded(&server).rst().unwrap();
    assert_eq!(events_until(&server, "done"), [Event::Reset, Event::Done]);
}

#[test]
fn fin_leaves_the_other_direction_open() {
    let server = Server::start([Step::Upgrade, Step::Fin, Step::Expect(1), Step::Hold]);
    let mut client = upgraded(&server);
    assert_eq!(client.read_frame().unwrap(), None);
    client.send(Frame::text("after fin")).unwrap();
    client.fin().unwrap();
    assert_eq!(events_until(&server, "done"), [Event::Text("after fin".into()), Event::Eof, Event::Done]);
}

#[test]
fn writing_after_fin_fails_the_script() {
    let server = Server::start([Step::Upgrade, Step::Fin, Step::Text("late".into())]);
    let _client = upgraded(&server);
    let events = events_until(&server, "failed");
    assert_eq!(events, [Event::Failed(r#"step 2, {"text":"late"}: nothing can be sent after fin"#.into())]);
}

#[test]
fn stop_while_stalled_returns_at_once() {
    for last in [Step::Stall, Step::Hold, Step::Wait("never".into()), Step::Expect(1)] {
        let server = Server::start([Step::Upgrade, Step::Text("here".into()), last]);
        let mut client = upgraded(&server);
        assert_eq!(client.read_frame().unwrap(), Some(Frame::text("here")));
        let begin = Instant::now();
        server.stop();
        assert!(begin.elapsed() < Duration::from_secs(5), "took {:?}", begin.elapsed());
        assert!(!client.read_frame().is_ok_and(|frame| frame.is_some()));
    }
}

#[test]
fn stop_while_the_peer_does_not_read_returns_at_once() {
    let fill = Fill { kind: MessageKind::Binary, size: 1_000_000, count: 100 };
    let server = Server::start([Step::Upgrade, Step::Fill(fill)]);
    let _client = upgraded(&server);
    let begin = Instant::now();
    drop(server);
    assert!(begin.elapsed() < Duration::from_secs(5), "took {:?}", begin.elapsed());
}

#[test]
fn wait_ends_when_the_server_is_stopped() {
    let server = Server::start([]);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.wait_for_events("eof", 1, PATIENCE));
        server.stop();
        assert!(waiting.join().unwrap().unwrap_err().stopped);
    });
}

#[test]
fn signal_lets_the_script_go_on() {
    let server = Server::start([Step::Upgrade, Step::Wait("go".into()), Step::Text("went".into())]);
    let mut client = upgraded(&server);
    assert!(!server.report().iter().any(|recorded| recorded.event == Event::Done));
    server.signal("go");
    assert_eq!(client.read_frame().unwrap(), Some(Frame::text("went")));
}

#[test]
fn echo_returns_ten_megabytes_of_text() {
    let server = Server::start([Step::Upgrade, Step::Echo]);
    let stream = TcpStream::connect(server.address()).unwrap();
    let (mut socket, _response) = tungstenite::client::client(server.url(), stream).unwrap();
    let message = Message::text("t".repeat(10_000_000));
    socket.send(message.clone()).unwrap();
    assert!(socket.read().unwrap() == message);
    socket.close(None).unwrap();
    let events = events_until(&server, "done");
    assert!(matches!(&events[..], [Event::TextDigest(_), Event::Close(1005, _), Event::Done]), "{events:?}");
}

#[test]
fn server_without_recording_keeps_no_events() {
    let options = Options { recording: false, ..Options::new([Step::Upgrade, Step::Echo]) };
    let server = Server::start_with(options).unwrap();
    let mut client = upgraded(&server);
    client.send(Frame::text("x")).unwrap();
    assert_eq!(client.read_frame().unwrap(), Some(Frame::text("x")));
    assert_eq!(server.report(), []);
}

#[test]
fn black_hole_never_answers() {
    let hole = BlackHole::open().unwrap();
    let error = TcpStream::connect_timeout(&hole.address(), Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[test]
fn closed_port_refuses() {
    let address = SocketAddr::from(([127, 0, 0, 1], closed_port().unwrap()));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn hold_before_an_upgrade_reads_any_bytes() {
    let server = Server::start([Step::Hold]);
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.write_all(&[0xFF; 10]).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(socket.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(events_until(&server, "done"), [Event::Eof, Event::Done]);
}

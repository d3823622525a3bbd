//! Steps of the opening handshake.

mod rig;

use rig::{PATIENCE, events_until};
use tungsten_testkit::{Event, Frame, Options, RawClient, Respond, Server, Step};
use tungstenite::Message;

#[test]
fn upgrade_satisfies_an_independent_client() {
    let server = Server::start([Step::Upgrade, Step::Text("hello".into()), Step::AnswerClose]);
    let stream = std::net::TcpStream::connect(server.address()).unwrap();
    let (mut socket, _response) = tungstenite::client::client(server.url(), stream).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("hello"));
    socket.close(None).unwrap();
    assert_eq!(events_until(&server, "done"), [Event::Close(1005, String::new()), Event::Done]);
}

#[test]
fn request_is_recorded_verbatim() {
    let server = Server::start([Step::ReadRequest, Step::Upgrade]);
    let mut client = RawClient::connect(server.address()).unwrap();
    client.send_raw(b"GET /a?b HTTP/1.1\r\nX-Odd:  two  \r\n\r\n").unwrap();
    client.read_head().unwrap();
    let recorded = server.wait_for_events("done", 1, PATIENCE).unwrap();
    let request = Event::Request("GET /a?b HTTP/1.1\r\nX-Odd:  two  \r\n\r\n".into());
    assert_eq!(recorded.iter().filter(|recorded| recorded.event == request).count(), 1);
    assert!(recorded.iter().any(|recorded| recorded.event.name() == "violation"), "{recorded:?}");
}

#[test]
fn extra_headers_and_the_first_subprotocol_are_sent() {
    let server = Server::start([Step::UpgradeWith(vec!["X-Extra: 1".into()])]);
    let mut client = RawClient::connect(server.address()).unwrap();
    let head = client.upgrade(&["Sec-WebSocket-Protocol: chat, other"]).unwrap();
    assert!(head.ends_with("\r\nSec-WebSocket-Protocol: chat\r\nX-Extra: 1\r\n\r\n"), "{head}");
}

#[test]
fn response_is_sent_as_scripted() {
    let redirect = Respond { head: vec!["HTTP/1.1 302 Found".into(), "Location: /b".into()], body: String::new() };
    let accept = Respond { head: vec!["HTTP/1.1 101 Odd".into(), "Accept={accept}".into()], body: "rest".into() };
    let server = Server::start([Step::Respond(redirect), Step::Respond(accept)]);
    let mut client = RawClient::connect(server.address()).unwrap();
    assert_eq!(client.upgrade(&[]).unwrap(), "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n");
    let head = client.upgrade(&[]).unwrap();
    assert_eq!(head, "HTTP/1.1 101 Odd\r\nAccept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    assert_eq!(client.read_to_end().unwrap(), b"rest");
}

#[test]
fn server_listens_on_ipv6_if_asked() {
    let script = [Step::Upgrade, Step::Text("six".into())];
    let server = Server::start_with(Options { ipv6: true, ..Options::new(script) }).unwrap();
    assert_eq!(server.url(), format!("ws://[::1]:{}", server.port()));
    let mut client = rig::upgraded(&server);
    assert_eq!(client.read_frame().unwrap(), Some(Frame::text("six")));
}

use super::*;

const URL: &str = "ws://example.com/chat";

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// A handshake with its request, and the head of a valid answer to it.
struct Rig {
    handshake: ClientHandshake,
    request: String,
}

impl Rig {
    fn new(protocols: &[&str], headers: &[&str]) -> Self {
        Self::for_url(URL, protocols, headers)
    }

    fn for_url(url: &str, protocols: &[&str], headers: &[&str]) -> Self {
        let extra = ExtraFields::new(&lines(protocols), &lines(headers)).unwrap();
        let (handshake, request) = ClientHandshake::new(&WsUrl::parse(url).unwrap(), &extra, Compression::Disabled);
        Self { handshake, request: String::from_utf8(request).unwrap() }
    }

    fn answer(&self, more: &str) -> String {
        let accept = &self.handshake.accept_key;
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
        )
    }

    fn handle(&mut self, bytes: &str) -> Result<Option<Upgraded>, Error> {
        self.handshake.handle_input(bytes.as_bytes())
    }

    #[track_caller]
    fn expect_protocol(&mut self, bytes: &str) -> String {
        match self.handle(bytes) {
            Ok(Some(Upgraded { agreed, .. })) => agreed.protocol,
            other => panic!("expected an upgrade, got {other:?}"),
        }
    }

    #[track_caller]
    fn expect_error(&mut self, bytes: &str) -> Error {
        self.handle(bytes).expect_err("expected an error")
    }
}

#[test]
fn request_has_the_fields_of_the_rfc_and_those_of_the_application() {
    let rig = Rig::new(&["chat", " x "], &["X-A: 1", "Origin:http://game"]);
    let key = rig.request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    assert_eq!(key.len(), 24);
    assert_eq!(
        rig.request,
        format!(
            "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, x\r\n\
             X-A: 1\r\nOrigin: http://game\r\n\r\n"
        )
    );
}

#[test]
fn credentials_are_sent_unless_the_application_sends_its_own() {
    let url = "ws://user:pw@host/";
    assert!(Rig::for_url(url, &[], &[]).request.contains("Authorization: Basic dXNlcjpwdw==\r\n"));
    let own = Rig::for_url(url, &[], &["Authorization: Bearer x"]).request;
    assert!(own.contains("Authorization: Bearer x\r\n") && !own.contains("Basic"));
}

#[test]
fn application_may_set_the_host() {
    let request = Rig::new(&[], &["Host: other"]).request;
    assert_eq!(request.matches("Host:").count(), 1);
    assert!(request.contains("Host: other\r\n"));
}

#[test]
fn answer_may_come_byte_by_byte_and_what_follows_is_kept() {
    let mut rig = Rig::new(&[], &[]);
    let answer = rig.answer("") + "rest";
    for byte in answer[..answer.len() - 5].bytes() {
        assert!(matches!(rig.handshake.handle_input(&[byte]), Ok(None)));
    }
    match rig.handle("\nrest") {
        Ok(Some(Upgraded { rest, response, .. })) => {
            assert_eq!((rest.as_slice(), response.status()), (&b"rest"[..], 101))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn connection_may_be_a_list_and_interim_answers_are_skipped() {
    let mut rig = Rig::new(&[], &[]);
    let answer = rig.answer("").replace("Connection: Upgrade", "Connection: keep-alive, Upgrade");
    assert_eq!(rig.expect_protocol(&format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{answer}")), "");
}

#[test]
fn answer_without_a_required_field_is_invalid() {
    for (field, instead) in [
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: close"),
        ("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x"),
    ] {
        let mut rig = Rig::new(&[], &[]);
        let answer = rig.answer("").replacen(field, instead, 1);
        let error = rig.expect_error(&answer);
        assert_eq!((error.kind(), error.phase()), (ErrorKind::InvalidResponse, Phase::Handshake), "{field}");
        assert!(error.response().is_some());
    }
}

#[test]
fn unrequested_extension_is_refused() {
    let mut rig = Rig::new(&[], &[]);
    let answer = rig.answer("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    assert_eq!(rig.expect_error(&answer).kind(), ErrorKind::UnexpectedExtension);
}

#[test]
fn chosen_protocol_is_one_of_the_requested() {
    let mut rig = Rig::new(&["a", "b"], &[]);
    let answer = rig.answer("Sec-WebSocket-Protocol: b\r\n");
    assert_eq!(rig.expect_protocol(&answer), "b");
}

#[test]
fn protocol_mismatch_names_both_lists() {
    for (requested, answered, message) in [
        (&["a", "b"][..], "", "the server chose none of the requested sub-protocols (a, b)"),
        (&["a"], "Sec-WebSocket-Protocol: x\r\n", "the server chose the sub-protocol \"x\", requested were (a)"),
        (&[], "Sec-WebSocket-Protocol: x\r\n", "the server chose the sub-protocol \"x\", requested were ()"),
        (
            &["a", "b"],
            "Sec-WebSocket-Protocol: a, b\r\n",
            "the server chose the sub-protocol \"a, b\", requested were (a, b)",
        ),
    ] {
        let mut rig = Rig::new(requested, &[]);
        let answer = rig.answer(answered);
        let error = rig.expect_error(&answer);
        assert_eq!((error.kind(), error.message()), (ErrorKind::ProtocolMismatch, message));
    }
}

#[test]
fn refusal_carries_status_headers_and_body() {
    let mut rig = Rig::new(&[], &[]);
    let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 9\r\n\r\n";
    assert!(matches!(rig.handle(&format!("{head}go ")), Ok(None)));
    let error = rig.expect_error("away!!");
    assert_eq!(error.kind(), ErrorKind::HttpStatus);
    assert_eq!(error.message(), "the server answered with HTTP status 401 instead of 101");
    let response = error.response().unwrap();
    assert_eq!((response.status(), response.body()), (401, &b"go away!!"[..]));
    assert_eq!(response.values("www-authenticate").next(), Some("Basic"));
    assert!(!error.is_retryable());
}

#[test]
fn redirection_says_where_to() {
    let mut rig = Rig::new(&[], &[]);
    let error = rig.expect_error("HTTP/1.1 302 Found\r\nLocation: wss://b/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert_eq!(error.message(), "the server redirects to \"wss://b/\" (HTTP status 302)");
}

#[test]
fn busy_server_may_be_asked_again() {
    let mut rig = Rig::new(&[], &[]);
    assert!(rig.expect_error("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").is_retryable());
}

#[test]
fn refusal_without_an_end_is_judged_by_what_came() {
    let mut rig = Rig::new(&[], &[]);
    assert!(matches!(rig.handle("HTTP/1.1 403 No\r\n\r\nbecause"), Ok(None)));
    assert!(rig.handshake.is_refused());
    assert_eq!(rig.handshake.end().response().unwrap().body(), b"because");
}

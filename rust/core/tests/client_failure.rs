//! Failures that say what happened: each with a phase and a kind of its own.

mod support;

use std::task::Poll;
use std::thread;
use std::time::Instant;

use support::{Client, LONG, PATIENCE, request, with_tls};
use tungsten_core::net::{Resolver as _, ThreadResolver, TlsClient, TlsOptions, Verification};
use tungsten_core::{Config, ErrorKind, Misuse, Phase, Response};
use tungsten_testkit::{LeafKind, Respond, Server, Step, TestAuthority, closed_port};

/// A client that gets so far and no further, and whose time is up then.
#[track_caller]
fn expired_in(phase: Phase, url: &str) -> Client {
    let config = Config { handshake_timeout: LONG, ..Config::default() };
    let mut client = Client::connect_with(config, request(url));
    client.until_phase(phase);
    client.expire(LONG);
    client
}

fn respond(head: &[&str], body: &str) -> Server {
    let head = head.iter().map(|line| (*line).to_owned()).collect();
    Server::start([Step::Respond(Respond { head, body: body.to_owned() }), Step::Hold])
}

fn secure(kind: LeafKind) -> Server {
    Server::start([Step::Tls(kind), Step::Upgrade, Step::Hold])
}

#[test]
fn d1_refused_port_is_a_refused_connection() {
    let port = closed_port().unwrap();
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}"));
    client.expect_failed(Phase::Connect, ErrorKind::ConnectionRefused, &format!("127.0.0.1:{port}"));
}

#[test]
fn d1_unknown_host_is_a_name_that_is_not_found() {
    let mut client = Client::connect("ws://no-such-host.invalid/");
    client.expect_failed(Phase::Resolve, ErrorKind::NameNotFound, "no-such-host.invalid");
    assert!(client.peer.error().unwrap().message().contains("the tests know no such host"));
}

#[test]
fn name_that_cannot_be_a_name_is_refused_by_the_system_itself() {
    // No label has more than 63 letters (RFC 1035 §2.3.4), so there is nothing that a name server could be asked.
    let mut lookup = ThreadResolver::default().lookup(&format!("{}.invalid", "x".repeat(64)));
    let deadline = Instant::now() + PATIENCE;
    let answer = loop {
        if let Poll::Ready(answer) = lookup.poll() {
            break answer;
        }
        assert!(Instant::now() < deadline, "there is no answer");
        thread::yield_now();
    };
    assert!(answer.is_err_and(|why| !why.is_empty()));
}

#[test]
fn d1_refusal_with_401_tells_status_headers_and_body() {
    let head = ["HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic", "Content-Length: 9"];
    let server = respond(&head, "no ticket");
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::HttpStatus, "401");
    let response = client.peer.response().unwrap();
    assert_eq!((response.status(), response.body()), (401, &b"no ticket"[..]));
    assert!(response.values("www-authenticate").eq(["Basic"]));
    assert_eq!(client.peer.error().and_then(|error| error.response()), Some(response));
}

#[test]
fn d1_redirection_tells_where_to() {
    let server = respond(&["HTTP/1.1 302 Found", "Location: https://game.invalid/", "Content-Length: 0"], "");
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::Redirected, "https://game.invalid/");
    assert_eq!(client.peer.response().map(Response::status), Some(302));
}

#[test]
fn d1_wrong_authority_is_an_untrusted_certificate() {
    let server = secure(LeafKind::Good);
    let other = TestAuthority::new().unwrap();
    let options = TlsOptions { trusted: Some(other.ca_pem()), ..TlsOptions::default() };
    let mut client = Client::connect_with(Config::default(), with_tls(&server.url(), &options));
    client.expect_failed(Phase::Tls, ErrorKind::CertificateUntrusted, "certificate");
}

#[test]
fn d1_default_trust_does_not_include_the_authority_of_a_test() {
    let server = secure(LeafKind::Good);
    let mut client = Client::connect_with(Config::default(), with_tls(&server.url(), &TlsOptions::default()));
    client.expect_failed(Phase::Tls, ErrorKind::CertificateUntrusted, "certificate");
}

#[test]
fn d1_wrong_host_name_is_a_certificate_for_another_name() {
    let server = secure(LeafKind::WrongName);
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Tls, ErrorKind::CertificateName, "localhost");
}

#[test]
fn d1_expired_certificate_is_said_to_be_expired() {
    let server = secure(LeafKind::Expired);
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Tls, ErrorKind::CertificateExpired, "certificate");
}

#[test]
fn d1_plain_server_behind_wss_is_a_failure_of_tls() {
    let server = Server::start([Step::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Step::Hold]);
    let mut client = Client::connect(&format!("wss://localhost:{}", server.port()));
    client.expect_failed(Phase::Tls, ErrorKind::TlsFailed, "may not speak TLS");
}

#[test]
fn d1_server_that_hangs_up_on_the_hello_is_a_failure_of_tls() {
    let server = Server::start([Step::Fin]);
    let mut client = Client::connect(&format!("wss://localhost:{}", server.port()));
    client.expect_failed(Phase::Tls, ErrorKind::TlsFailed, "while TLS was negotiated");
}

#[test]
fn d1_protocol_mismatch_tells_what_was_requested() {
    let server = respond(
        &[
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: {accept}",
        ],
        "",
    );
    let mut request = request(&server.url());
    request.protocols = vec!["chess".into(), "go".into()];
    let mut client = Client::connect_with(Config::default(), request);
    client.expect_failed(Phase::Handshake, ErrorKind::ProtocolMismatch, "chess, go");
}

#[test]
fn d1_server_that_speaks_something_else_is_an_invalid_answer() {
    let server = Server::start([Step::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), Step::Hold]);
    let mut client = Client::connect(&server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::InvalidResponse, "did not answer in HTTP");
}

#[test]
fn c1_upgrade_that_is_never_answered_times_out() {
    let server = Server::start([Step::Stall]);
    let mut client = expired_in(Phase::Handshake, &server.url());
    client.expect_failed(Phase::Handshake, ErrorKind::HandshakeTimeout, "upgrade request took longer than 3600s");
}

#[test]
fn c2_hello_that_is_never_answered_times_out() {
    let server = Server::start([Step::Stall]);
    let mut client = expired_in(Phase::Tls, &format!("wss://127.0.0.1:{}", server.port()));
    client.expect_failed(Phase::Tls, ErrorKind::HandshakeTimeout, "negotiating TLS took longer than 3600s");
}

#[test]
fn bad_certificate_is_accepted_if_its_fault_is_not_looked_for() {
    let trusted = Some(TestAuthority::shared().ca_pem());
    let chain_only = TlsOptions { trusted, verification: Verification::ChainOnly, ..TlsOptions::default() };
    let nothing = TlsOptions { verification: Verification::Nothing, ..TlsOptions::default() };
    for (kind, options) in [
        (LeafKind::WrongName, &chain_only),
        (LeafKind::WrongName, &nothing),
        (LeafKind::Expired, &nothing),
        (LeafKind::SelfSigned, &nothing),
    ] {
        let server = secure(kind);
        Client::connect_with(Config::default(), with_tls(&server.url(), options)).until_open();
    }
}

#[test]
fn e8_self_signed_certificate_that_is_trusted_itself_is_accepted() {
    let server = secure(LeafKind::SelfSigned);
    let trusted = Some(TestAuthority::shared().leaf(LeafKind::SelfSigned).chain_pem().to_owned());
    let options = TlsOptions { trusted, ..TlsOptions::default() };
    Client::connect_with(Config::default(), with_tls(&server.url(), &options)).until_open();
}

#[test]
fn certificates_that_cannot_be_read_are_refused() {
    for trusted in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let options = TlsOptions { trusted: Some(trusted.to_owned()), ..TlsOptions::default() };
        assert!(matches!(TlsClient::new(&options), Err(Misuse::InvalidCertificate(_))), "{trusted:?}");
    }
}

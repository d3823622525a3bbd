//! How compression is offered, accepted and declined.

use tungsten_core::{Compression, Config, DeflateParameters, ErrorKind, ReadyState};

use super::agreement::config;
use super::rig::{Pair, REQUEST, Rig, field};

const MODES: [Compression; 3] = [Compression::Disabled, Compression::Enabled, Compression::ContextTakeover];

/// What a client offers in this mode.
fn offered(mode: Compression) -> Vec<String> {
    let head = Rig::connecting_with(config(mode), "ws://server.example.com/", &[]).head();
    field(&head, "Sec-WebSocket-Extensions").into_iter().map(str::to_owned).collect()
}

/// What a server answers to these fields.
#[track_caller]
fn answered(mode: Compression, offers: &[&str]) -> Vec<String> {
    let mut rig = Rig::accepting_with(config(mode), &[]);
    let lines: String = offers.iter().map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n")).collect();
    rig.deliver(REQUEST.replacen("Upgrade:", &format!("{lines}Upgrade:"), 1).as_bytes());
    assert_eq!(rig.peer.state(), ReadyState::Open, "{offers:?}");
    let head = rig.head();
    let answer: Vec<_> = field(&head, "Sec-WebSocket-Extensions").into_iter().map(str::to_owned).collect();
    assert_eq!(rig.peer.compression().is_some(), !answer.is_empty());
    answer
}

/// A client whose offer is answered in this way.
#[track_caller]
fn client_with(mode: Compression, answer: &str) -> Rig {
    let mut rig = Rig::connecting_with(config(mode), "ws://server.example.com/", &[]);
    let head = rig.accepted();
    let line = format!("Sec-WebSocket-Extensions: {answer}\r\nUpgrade:");
    rig.deliver(head.replacen("Upgrade:", &line, 1).as_bytes());
    rig
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn compression_is_offered_only_if_it_is_wanted() {
    assert!(offered(Compression::Disabled).is_empty());
    assert_eq!(
        offered(Compression::Enabled),
        ["permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits"]
    );
    assert_eq!(offered(Compression::ContextTakeover), ["permessage-deflate; client_max_window_bits"]);
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn offer_of_an_application_is_refused_like_any_field_of_the_handshake() {
    let line = "Sec-WebSocket-Extensions: permessage-deflate".to_owned();
    assert!(tungsten_core::check_headers(&[], &[line]).is_err());
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn server_takes_the_first_offer_that_it_can_take_in_any_field() {
    let mode = Compression::ContextTakeover;
    assert_eq!(answered(mode, &["permessage-deflate"]), ["permessage-deflate"]);
    assert_eq!(
        answered(mode, &["x-other", "permessage-deflate; server_max_window_bits=10, permessage-deflate"]),
        ["permessage-deflate; server_max_window_bits=10"]
    );
    let offers = ["permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_no_context_takeover"];
    assert_eq!(answered(mode, &offers), ["permessage-deflate; server_no_context_takeover"]);
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn server_declines_by_silence_and_never_refuses_a_client_for_its_offer() {
    for mode in MODES {
        for offer in ["", ",", ";", "x-webkit-deflate-frame", "permessage-deflate; x=\"", "permessage-deflate;;", "\"a"]
        {
            assert!(answered(mode, &[offer]).is_empty(), "{offer:?}");
        }
    }
    assert!(answered(Compression::Disabled, &["permessage-deflate"]).is_empty());
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn client_goes_on_without_compression_if_the_server_does_not_take_it() {
    let pair = Pair::open_with(config(Compression::Enabled), Config::default());
    assert_eq!((pair.client.compression(), pair.server.compression()), (None, None));
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-5.1>
#[test]
fn answer_that_the_offer_does_not_allow_is_no_connection() {
    for answer in [
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate, x-other",
        "x-other",
        "permessage-deflate;",
    ] {
        for mode in MODES {
            let mut rig = client_with(mode, answer);
            rig.expect_not_opened(ErrorKind::UnexpectedExtension);
            assert!(rig.peer.error().unwrap().message().contains(answer.split(';').next().unwrap()), "{answer}");
        }
    }
    client_with(Compression::Disabled, "permessage-deflate").expect_not_opened(ErrorKind::UnexpectedExtension);
}

/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1>
#[test]
fn both_ends_tell_what_was_agreed_on() {
    use Compression::{ContextTakeover, Enabled};
    for (client, server, client_takeover, server_takeover) in [
        (Enabled, Enabled, false, false),
        (Enabled, ContextTakeover, false, false),
        (ContextTakeover, Enabled, true, false),
        (ContextTakeover, ContextTakeover, true, true),
    ] {
        let pair = Pair::open_with(config(client), config(server));
        let expected = DeflateParameters {
            server_no_context_takeover: !server_takeover,
            client_no_context_takeover: !client_takeover,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        };
        for peer in [&pair.client, &pair.server] {
            assert_eq!(peer.compression().unwrap().parameters, expected, "{client:?}, {server:?}");
        }
    }
}

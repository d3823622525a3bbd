use super::*;
use Compression::{ContextTakeover, Disabled, Enabled};

const OUR_OFFER: &str =
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits";

fn fields(values: &[&str]) -> Fields {
    Fields::of(&values.iter().map(|value| (FIELD, *value)).collect::<Vec<_>>())
}

fn answer_to(mode: Compression, offers: &[&str]) -> Option<String> {
    choose(mode, &fields(offers)).map(|(_, answer)| answer)
}

#[track_caller]
fn checked(mode: Compression, answer: &str) -> DeflateParameters {
    check(mode, &fields(&[answer])).unwrap().expect("an agreement")
}

#[test]
fn nothing_is_asked_for_or_agreed_to_when_disabled() {
    assert_eq!(offer(Disabled), None);
    assert_eq!(answer_to(Disabled, &["permessage-deflate"]), None);
    assert_eq!(check(Disabled, &fields(&[])).unwrap(), None);
    let error = check(Disabled, &fields(&["permessage-deflate"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedExtension);
}

#[test]
fn offer_says_what_the_client_will_do() {
    assert_eq!(offer(Enabled), Some(OUR_OFFER));
    assert_eq!(offer(ContextTakeover), Some("permessage-deflate; client_max_window_bits"));
}

#[test]
fn server_takes_the_first_offer_that_it_can() {
    const BOTH: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    const SERVER: &str = "permessage-deflate; server_no_context_takeover";
    for (offers, enabled, takeover) in [
        (&["permessage-deflate"][..], SERVER, "permessage-deflate"),
        (&["PerMessage-Deflate"], SERVER, "permessage-deflate"),
        (&[OUR_OFFER], BOTH, BOTH),
        (&["permessage-deflate; client_no_context_takeover"], BOTH, "permessage-deflate; client_no_context_takeover"),
        (
            &["permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits=8"],
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            &["permessage-deflate; server_max_window_bits=15"],
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
            "permessage-deflate; server_max_window_bits=15",
        ),
        // A window of 256 bytes is more than zlib can do; the second offer is taken.
        (&["permessage-deflate; server_max_window_bits=8, permessage-deflate"], SERVER, "permessage-deflate"),
        (&["permessage-deflate; x, x-webkit-deflate-frame", "foo, , permessage-deflate"], SERVER, "permessage-deflate"),
    ] {
        assert_eq!(answer_to(Enabled, offers).as_deref(), Some(enabled), "{offers:?}");
        assert_eq!(answer_to(ContextTakeover, offers).as_deref(), Some(takeover), "{offers:?}");
    }
}

#[test]
fn server_declines_what_it_cannot_take_or_understand() {
    for offer in [
        "",
        "x-webkit-deflate-frame",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=+10",
        "permessage-deflate; server_max_window_bits=1e1",
        "permessage-deflate; server_max_window_bits=300",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=\"true\"",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; unknown",
        "permessage-deflate; ",
        "permessage-deflate=1",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate; server_max_window_bits=\"10",
        "; permessage-deflate",
        "\"permessage-deflate\"",
        "\u{FFFD}",
    ] {
        assert_eq!(answer_to(ContextTakeover, &[offer]), None, "{offer:?}");
    }
}

#[test]
fn client_takes_any_valid_answer_to_its_offer() {
    let all = DeflateParameters::default();
    for (answer, takeover) in [
        ("permessage-deflate", all),
        ("PERMESSAGE-DEFLATE", all),
        (
            "permessage-deflate; server_no_context_takeover",
            DeflateParameters { server_no_context_takeover: true, ..all },
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            DeflateParameters { client_no_context_takeover: true, ..all },
        ),
        ("permessage-deflate;server_max_window_bits=8", DeflateParameters { server_max_window_bits: 8, ..all }),
        ("permessage-deflate;client_max_window_bits=\"8\"", DeflateParameters { client_max_window_bits: 8, ..all }),
        ("permessage-deflate; client_max_window_bits=15; server_max_window_bits=15", all),
        (", permessage-deflate,", all),
    ] {
        assert_eq!(checked(ContextTakeover, answer), takeover, "{answer:?}");
        // A client that has said that it compresses each message on its own does so.
        let enabled = DeflateParameters { client_no_context_takeover: true, ..takeover };
        assert_eq!(checked(Enabled, answer), enabled, "{answer:?}");
    }
}

#[test]
fn client_refuses_what_its_offer_does_not_allow() {
    for (answer, why) in [
        (&["foo"][..], "not requested"),
        (&["permessage-bzip2"], "not requested"),
        (&["permessage-deflate, foo"], "more than one extension"),
        (&["permessage-deflate", "permessage-deflate"], "more than one extension"),
        (&["permessage-deflate; unknown"], "unknown is unknown"),
        (&["permessage-deflate; server_no_context_takeover=1"], "server_no_context_takeover has a value"),
        (&["permessage-deflate; client_no_context_takeover=1"], "client_no_context_takeover has a value"),
        (&["permessage-deflate; server_max_window_bits"], "server_max_window_bits is no number"),
        (&["permessage-deflate; client_max_window_bits"], "client_max_window_bits is no number"),
        (&["permessage-deflate; client_max_window_bits=16"], "client_max_window_bits is no number"),
        (&["permessage-deflate; server_max_window_bits=08"], "server_max_window_bits is no number"),
        (
            &["permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"],
            "server_max_window_bits is repeated",
        ),
        (&["permessage-deflate;"], "malformed"),
        (&["permessage-deflate; \"x\""], "malformed"),
    ] {
        for mode in [Enabled, ContextTakeover] {
            let error = check(mode, &fields(answer)).unwrap_err();
            assert_eq!((error.phase(), error.kind()), (Phase::Handshake, ErrorKind::UnexpectedExtension));
            assert!(error.message().contains(why), "{answer:?}: {error}");
        }
    }
}

#[test]
fn both_sides_understand_what_they_agree_on_in_the_same_way() {
    for client in [Enabled, ContextTakeover] {
        for server in [Enabled, ContextTakeover] {
            let (parameters, answer) = choose(server, &fields(&[offer(client).unwrap()])).unwrap();
            assert_eq!(checked(client, &answer), parameters, "{client:?} and {server:?}");
        }
    }
}

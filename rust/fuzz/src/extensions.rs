//! Offers and answers of permessage-deflate (RFC 7692 §7).

use tungsten_core::{Compression, Config, DeflateParameters, ErrorKind, Kind};

use crate::random::Input;
use crate::reference::{self, Setup};
use crate::subject::Subject;

/// Which parameters there are (RFC 7692 §7.1).
const KNOWN: [&str; 4] =
    ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"];

const MODES: [Compression; 2] = [Compression::Enabled, Compression::ContextTakeover];

/// The first byte chooses the mode of the server; the others are the value of the field.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let Some(choice) = input.byte() else { return };
    // What is no value of a field is for the target `handshake`.
    let value: Vec<u8> = input.0.iter().map(|byte| if byte.is_ascii_control() { b' ' } else { *byte }).collect();
    offer(MODES[usize::from(choice % 2)], &value);
    for mode in MODES {
        answer(mode, &value);
    }
}

fn config(compression: Compression) -> Config {
    Config { compression, compression_threshold: 0, ..Config::default() }
}

/// A client offers something. Whatever the server agrees to, our client takes, and both mean the same.
fn offer(mode: Compression, value: &[u8]) {
    let mut server = Subject::open(true, config(mode), value);
    assert!(server.is_open(), "an offer is no reason to refuse a client");
    let agreed = server.peer.compression().map(|status| status.parameters);
    let Some(answer) = server.extensions_of_answer() else {
        assert_eq!(agreed, None);
        return;
    };
    let agreed = agreed.expect("what is said holds");
    check_answer(&answer, value);
    for mode in MODES {
        let mut client = Subject::open(false, config(mode), answer.as_bytes());
        assert!(client.is_open(), "{answer:?}: {:?}", client.peer.error());
        let understood = client.peer.compression().map(|status| status.parameters);
        let own = mode == Compression::Enabled;
        let client_no_context_takeover = agreed.client_no_context_takeover || own;
        assert_eq!(understood, Some(DeflateParameters { client_no_context_takeover, ..agreed }));
        if mode == MODES[1] {
            talk(&mut client, &mut server);
            talk(&mut server, &mut client);
        }
    }
}

/// An answer has parameters that there are, each once, and a window only if it was asked for.
fn check_answer(answer: &str, offer: &[u8]) {
    let mut parts = answer.split("; ");
    assert_eq!(parts.next(), Some("permessage-deflate"));
    let offer = String::from_utf8_lossy(offer).to_ascii_lowercase();
    assert!(offer.contains("permessage-deflate"));
    let mut seen = Vec::new();
    for part in parts {
        let (name, bits) = part.split_once('=').map_or((part, None), |(name, bits)| (name, Some(bits)));
        assert!(KNOWN.contains(&name) && !seen.contains(&name), "{answer:?}");
        let is_window = name.ends_with("_max_window_bits");
        let is_right = match bits.map(str::parse::<u8>) {
            None => !is_window,
            Some(bits) => is_window && offer.contains(name) && bits.is_ok_and(|bits| (8..=15).contains(&bits)),
        };
        assert!(is_right, "{answer:?}");
        seen.push(name);
    }
}

/// Messages arrive as they were sent, also those that may refer to others.
fn talk(from: &mut Subject, to: &mut Subject) {
    for text in ["one message and one message", "one message and one message", ""] {
        from.peer.send(Kind::Text, text.as_bytes(), from.now()).expect("it is open");
        from.poll();
        to.deliver(&from.take_written());
        to.poll();
        assert_eq!(to.receive().expect("a message").payload(), text.as_bytes());
    }
}

/// A server answers with something. Our client goes on only with what it can do.
fn answer(mode: Compression, value: &[u8]) {
    let mut client = Subject::open(false, config(mode), value);
    if !client.is_open() {
        assert_eq!(client.peer.error().map(|error| error.kind()), Some(ErrorKind::UnexpectedExtension));
        return;
    }
    let parameters = client.peer.compression().map(|status| status.parameters);
    let bits = parameters.map(|parameters| [parameters.server_max_window_bits, parameters.client_max_window_bits]);
    assert!(bits.is_none_or(|bits| bits.iter().all(|bits| (8..=15).contains(bits))));
    let text = b"a message in a message in a message in a message";
    for _ in 0..2 {
        client.peer.send(Kind::Text, text, client.now()).expect("it is open");
    }
    client.poll();
    let takeover = parameters.map(|parameters| !parameters.client_no_context_takeover);
    let setup = Setup { is_server: true, takeover, max_message_size: 1000 };
    let (messages, end) = reference::read(&client.take_written(), setup);
    assert_eq!((messages, end), (vec![(Kind::Text, text.to_vec()); 2], reference::End::Open));
}

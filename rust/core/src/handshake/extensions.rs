//! `Sec-WebSocket-Extensions`: permessage-deflate is offered, chosen and checked (RFC 7692 §5, §7).

mod list;
#[cfg(all(test, feature = "deflate"))]
mod tests;

use super::Fields;
use crate::config::Compression;
use crate::error::{Error, ErrorKind, Phase};
use list::{Extension, Parameter, parse_list};

/// The field that extensions are negotiated with (RFC 6455 §11.3.2).
const FIELD: &str = "sec-websocket-extensions";

/// The name of the extension, and of its parameters (RFC 7692 §7.1).
const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The largest window, which is in force unless another one is agreed on (RFC 7692 §7.1.2).
const MAX_WINDOW_BITS: u8 = 15;

/// The smallest window that can be agreed on, and the smallest that zlib can compress with.
const MIN_WINDOW_BITS: u8 = 8;
const MIN_COMPRESSOR_WINDOW_BITS: u8 = 9;

/// What both sides have agreed on for compression (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateParameters {
    /// The server compresses each message on its own.
    pub server_no_context_takeover: bool,
    /// The client compresses each message on its own.
    pub client_no_context_takeover: bool,
    /// How far back the server may refer, as the logarithm to base 2 of bytes: 8 to 15.
    pub server_max_window_bits: u8,
    /// How far back the client may refer, in the same way.
    pub client_max_window_bits: u8,
}

impl Default for DeflateParameters {
    /// What is in force if no parameter is given.
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: MAX_WINDOW_BITS,
            client_max_window_bits: MAX_WINDOW_BITS,
        }
    }
}

/// What a client asks for; `None` if it asks for nothing.
///
/// It says that it knows `client_max_window_bits`, because some servers need that to be small.
pub(super) fn offer(mode: Compression) -> Option<&'static str> {
    match mode {
        _ if cfg!(not(feature = "deflate")) => None,
        Compression::Disabled => None,
        Compression::Enabled => {
            Some("permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits")
        }
        Compression::ContextTakeover => Some("permessage-deflate; client_max_window_bits"),
    }
}

/// What a server agrees to: the first of the client's offers that it can take, and the words to say so. Everything
/// else is declined by silence (RFC 6455 §9.1).
pub(super) fn choose(mode: Compression, request: &Fields) -> Option<(DeflateParameters, String)> {
    offer(mode)?;
    let offers = request.values(FIELD).flat_map(parse_list).flatten();
    let mut acceptable = offers.filter_map(|offer| accept_offer(mode, &offer));
    acceptable.next()
}

/// What a server makes of one offer, and its answer.
fn accept_offer(mode: Compression, offer: &Extension) -> Option<(DeflateParameters, String)> {
    let mut parameters = read_parameters(offer, Side::Offer).ok()?;
    if parameters.server_max_window_bits < MIN_COMPRESSOR_WINDOW_BITS {
        return None;
    }
    if mode == Compression::Enabled {
        // Not so of a client that has not offered it: it would have to obey (RFC 7692 §7.1.1.2), and some do not.
        parameters.server_no_context_takeover = true;
    }
    // We decompress with any window, so the client may keep its largest.
    parameters.client_max_window_bits = MAX_WINDOW_BITS;
    let mut answer = NAME.to_owned();
    if parameters.server_no_context_takeover {
        answer = format!("{answer}; {SERVER_NO_CONTEXT_TAKEOVER}");
    }
    if parameters.client_no_context_takeover {
        answer = format!("{answer}; {CLIENT_NO_CONTEXT_TAKEOVER}");
    }
    // Has to be repeated if it was asked for, whatever its value (RFC 7692 §7.1.2.1).
    if offer.parameters.iter().any(|parameter| parameter.name == SERVER_MAX_WINDOW_BITS) {
        answer = format!("{answer}; {SERVER_MAX_WINDOW_BITS}={}", parameters.server_max_window_bits);
    }
    Some((parameters, answer))
}

/// What a client makes of the server's answer to its [`offer`].
///
/// # Errors
/// [`ErrorKind::UnexpectedExtension`] for anything that the offer does not allow.
pub(super) fn check(mode: Compression, answer: &Fields) -> Result<Option<DeflateParameters>, Error> {
    let values: Vec<&str> = answer.values(FIELD).filter(|value| !value.is_empty()).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let text = values.join(", ");
    let refused = |why: &str| Error::new(Phase::Handshake, ErrorKind::UnexpectedExtension, format!("{why}: {text:?}"));
    let Some(extensions) = parse_list(&text).collect::<Option<Vec<_>>>() else {
        return Err(refused("the server's list of extensions is malformed"));
    };
    let [extension] = extensions.as_slice() else {
        return Err(refused("the server chose more than one extension"));
    };
    if offer(mode).is_none() || extension.name != NAME {
        return Err(refused("the server chose extensions that were not requested"));
    }
    let mut parameters = read_parameters(extension, Side::Answer)
        .map_err(|why| refused(&format!("the server's parameters for compression are invalid, {why}")))?;
    // What the client has said of itself holds, whether the server repeats it or not (RFC 7692 §7.1.1.2).
    parameters.client_no_context_takeover |= mode == Compression::Enabled;
    Ok(Some(parameters))
}

/// Where parameters stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Offer,
    Answer,
}

/// Reads the parameters of permessage-deflate (RFC 7692 §7.1); an error says which rule they break.
fn read_parameters(extension: &Extension, side: Side) -> Result<DeflateParameters, String> {
    if extension.name != NAME {
        return Err("it is another extension".to_owned());
    }
    let mut parameters = DeflateParameters::default();
    for (idx, parameter) in extension.parameters.iter().enumerate() {
        let name = parameter.name.as_str();
        if extension.parameters[..idx].iter().any(|earlier| earlier.name == name) {
            return Err(format!("{name} is repeated"));
        }
        match name {
            SERVER_NO_CONTEXT_TAKEOVER => parameters.server_no_context_takeover = read_flag(parameter)?,
            CLIENT_NO_CONTEXT_TAKEOVER => parameters.client_no_context_takeover = read_flag(parameter)?,
            SERVER_MAX_WINDOW_BITS => parameters.server_max_window_bits = read_window_bits(parameter)?,
            // In an offer it may merely say that the client knows the parameter (RFC 7692 §7.1.2.2).
            CLIENT_MAX_WINDOW_BITS if side == Side::Offer && parameter.value.is_none() => {}
            CLIENT_MAX_WINDOW_BITS => parameters.client_max_window_bits = read_window_bits(parameter)?,
            unknown => return Err(format!("{unknown} is unknown")),
        }
    }
    Ok(parameters)
}

fn read_flag(parameter: &Parameter) -> Result<bool, String> {
    match parameter.value {
        None => Ok(true),
        Some(_) => Err(format!("{} has a value", parameter.name)),
    }
}

/// A decimal number without leading zeros (RFC 7692 §7.1.2).
fn read_window_bits(parameter: &Parameter) -> Result<u8, String> {
    let bits =
        parameter.value.as_deref().filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse().ok());
    bits.filter(|bits| (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(bits))
        .ok_or_else(|| format!("{} is no number from {MIN_WINDOW_BITS} to {MAX_WINDOW_BITS}", parameter.name))
}

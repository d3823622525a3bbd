//! Between Godot's types and ours.

use godot::builtin::{GString, PackedStringArray, VarDictionary, vdict};
use godot::global::Error;
use std::net::IpAddr;
use std::time::Duration;
use tungsten_core::{DeflateParameters, Header, Misuse, SendError};

pub(crate) use super::utf32::{text, utf8};

pub(crate) fn strings(array: &PackedStringArray) -> Vec<String> {
    array.as_slice().iter().map(GString::to_string).collect()
}

pub(crate) fn string_array(strings: &[String]) -> PackedStringArray {
    strings.iter().map(GString::from).collect()
}

/// Header fields as `Name: value`.
pub(crate) fn header_lines(headers: &[Header]) -> PackedStringArray {
    headers.iter().map(|header| text(&format!("{}: {}", header.name, header.value))).collect()
}

/// The value of a header field, whatever the case of its name; those of several are a list (RFC 9110 §5.3). Empty
/// without one.
pub(crate) fn header_value(headers: &[Header], name: &GString) -> GString {
    let name = name.to_string();
    let fields = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(&name));
    text(&fields.map(|header| header.value.as_str()).collect::<Vec<_>>().join(", "))
}

/// The reason of a close frame. Godot 3 sends a NUL at its end.
pub(crate) fn reason(reason: &str) -> GString {
    text(reason.trim_end_matches('\0'))
}

/// The longest time that a property takes, some 31 years. More is rather a mistake in a calculation, and no clock of the
/// system tells of 1e19 seconds.
pub(crate) const MAX_SECONDS: f64 = 1e9;

/// Seconds as GDScript gives them; `None` unless they are a number from 0 to [`MAX_SECONDS`].
pub(crate) fn duration(seconds: f64) -> Option<Duration> {
    (0.0..=MAX_SECONDS).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// The same, above 0.
pub(crate) fn positive_duration(seconds: f64) -> Option<Duration> {
    duration(seconds).filter(|duration| !duration.is_zero())
}

/// A result as GDScript gets it.
pub(crate) fn result(result: Result<(), Error>) -> Error {
    result.map_or_else(|error| error, |()| Error::OK)
}

/// An address as Godot writes it: IPv6 in full, unless it stands for one of IPv4 (as with a listener for both).
pub(crate) fn address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments().map(|segment| format!("{segment:x}")).join(":"),
    }
}

/// What was agreed on for compression, by the names of RFC 7692 §7.1.
pub(crate) fn deflate_parameters(parameters: &DeflateParameters) -> VarDictionary {
    vdict! {
        "server_no_context_takeover" => parameters.server_no_context_takeover,
        "client_no_context_takeover" => parameters.client_no_context_takeover,
        "server_max_window_bits" => parameters.server_max_window_bits,
        "client_max_window_bits" => parameters.client_max_window_bits,
    }
}

/// What the engine's own peer returns for the same misuse.
pub(crate) fn misuse(misuse: &Misuse) -> Error {
    match misuse {
        Misuse::AlreadyInUse => Error::ERR_ALREADY_IN_USE,
        _ => Error::ERR_INVALID_PARAMETER,
    }
}

/// What the engine's own peer returns for the same refusal.
pub(crate) fn send_error(error: SendError) -> Error {
    match error {
        SendError::NotOpen => Error::FAILED,
        SendError::Full => Error::ERR_OUT_OF_MEMORY,
        SendError::InvalidText | SendError::PingTooLong => Error::ERR_INVALID_PARAMETER,
    }
}

//! `ws://` and `wss://` URLs (RFC 6455 §3), read as browsers read them.

use crate::error::Misuse;
use base64::Engine as _;
use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use url::Host;

/// A URL of a WebSocket server, taken apart.
///
/// Spaces and other characters that HTTP does not allow are percent-encoded, the fragment is dropped, and a user name
/// with password becomes an `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WsUrl {
    secure: bool,
    host: Host,
    port: u16,
    target: String,
    authorization: Option<String>,
}

impl WsUrl {
    /// Reads `url`. Without a scheme it is taken for `ws://`, as Godot's own peer does.
    ///
    /// # Errors
    /// [`Misuse::InvalidUrl`] if it is empty, holds a control character, has another scheme than `ws` or `wss` or a
    /// mistyped one, or no usable host or port.
    pub fn parse(url: &str) -> Result<Self, Misuse> {
        let invalid = |reason: &str| Misuse::InvalidUrl(reason.to_owned());
        // The parser below would drop tabs and line breaks without a word.
        if url.chars().any(char::is_control) {
            return Err(invalid("it holds a control character"));
        }
        let behind_scheme = behind_scheme(url);
        if behind_scheme.is_none() && has_mistyped_scheme(url) {
            return Err(invalid("its scheme is not followed by \"://\""));
        }
        // The parser below would take a path for the host.
        if authority_of(behind_scheme.unwrap_or(url)).is_empty() {
            return Err(invalid("it has no host"));
        }
        let parsed = match behind_scheme {
            Some(_) => url::Url::parse(url),
            None => url::Url::parse(&format!("ws://{url}")),
        };
        let parsed = parsed.map_err(|reason| invalid(&reason.to_string()))?;
        let secure = match parsed.scheme() {
            "ws" => false,
            "wss" => true,
            other => return Err(invalid(&format!("its scheme is {other}, not ws or wss"))),
        };
        let host = parsed.host().ok_or_else(|| invalid("it has no host"))?.to_owned();
        let port = match parsed.port_or_known_default() {
            Some(port) if port != 0 => port,
            _ => return Err(invalid("its port is 0")),
        };
        let target = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        Ok(Self { secure, host, port, target, authorization: basic_authorization(&parsed) })
    }

    /// Whether TLS is asked for (`wss`).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host without brackets: a name in lower case, or an address.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
        }
    }

    /// The port; 80 or 443 if the URL has none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the request line asks for: path and query, percent-encoded.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The value of the `Host` header (RFC 9110 §7.2): brackets around IPv6, no port if it is the default one.
    pub fn host_header(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The value of the `Authorization` header if the URL carries a user name (RFC 7617).
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

/// What follows the scheme, if there is one.
fn behind_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme =
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(rest)
}

/// Host and port, with what stands before them.
fn authority_of(rest: &str) -> &str {
    &rest[..rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())]
}

/// Whether a URL without a scheme, such as `ws:/host` or `wss//host`, was meant to have one. A host may be called like
/// a scheme: `ws:9080/chat`.
fn has_mistyped_scheme(url: &str) -> bool {
    let authority = authority_of(url);
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    let is_scheme = ["ws", "wss", "http", "https"].iter().any(|scheme| name.eq_ignore_ascii_case(scheme));
    is_scheme
        && match port {
            None => url[name.len()..].starts_with("//"),
            // A user name may have a password.
            Some(port) => !port.contains('@') && (port.is_empty() || port.contains(|c: char| !c.is_ascii_digit())),
        }
}

fn basic_authorization(url: &url::Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(url: &str) -> WsUrl {
        WsUrl::parse(url).unwrap()
    }

    #[test]
    fn default_ports_and_path() {
        let url = parse("ws://Example.com");
        assert_eq!((url.port(), url.target(), url.host_header().as_str()), (80, "/", "example.com"));
        let url = parse("wss://example.com/chat");
        assert_eq!((url.port(), url.target(), url.host_header().as_str()), (443, "/chat", "example.com"));
        assert!(url.is_secure());
    }

    #[test]
    fn port_other_than_the_default_is_in_the_host_header() {
        assert_eq!(parse("ws://h:443/").host_header(), "h:443");
        assert_eq!(parse("wss://h:443/").host_header(), "h");
    }

    #[test]
    fn ipv6_keeps_its_brackets_in_the_host_header_and_loses_them_in_the_host() {
        let url = parse("ws://[::1]:9080/a b?x=ü#frag");
        assert_eq!(url.host_header(), "[::1]:9080");
        assert_eq!(url.host(), "::1");
        assert_eq!(url.target(), "/a%20b?x=%C3%BC");
    }

    #[test]
    fn query_without_a_path_is_a_query() {
        let url = parse("ws://127.0.0.1:9080?token=1");
        assert_eq!((url.port(), url.target()), (9080, "/?token=1"));
    }

    #[test]
    fn user_and_password_become_basic_authorization() {
        let url = parse("ws://us%C3%A9r:p%3Aw@h/");
        assert_eq!(url.authorization(), Some("Basic dXPDqXI6cDp3"));
        assert_eq!(parse("ws://h/").authorization(), None);
    }

    #[test]
    fn missing_scheme_is_ws() {
        let url = parse("localhost:9080/x?u=http://y");
        assert!(!url.is_secure());
        assert_eq!((url.host().as_str(), url.port(), url.target()), ("localhost", 9080, "/x?u=http://y"));
    }

    #[test]
    fn host_may_be_called_like_a_scheme() {
        for (url, host, port) in
            [("ws", "ws", 80), ("ws/chat", "ws", 80), ("wss:9080/chat", "wss", 9080), ("ws://ws/", "ws", 80)]
        {
            let url = parse(url);
            assert_eq!((url.host().as_str(), url.port()), (host, port));
        }
        assert_eq!(parse("ws:secret@host:9080").host(), "host");
    }

    #[test]
    fn mistyped_scheme_is_no_host() {
        for url in ["ws:/host", "wss:/host:9080/x", "WS:host", "ws:", "wss:\\\\host", "ws:://host", "http:/host"] {
            let reason = "its scheme is not followed by \"://\"";
            assert_eq!(WsUrl::parse(url), Err(Misuse::InvalidUrl(reason.to_owned())), "{url:?}");
        }
        for url in ["wss//host", "ws//host:9080/x", "Http//host", "https//host"] {
            let reason = "its scheme is not followed by \"://\"";
            assert_eq!(WsUrl::parse(url), Err(Misuse::InvalidUrl(reason.to_owned())), "{url:?}");
        }
    }

    #[test]
    fn path_is_no_host() {
        for url in
            ["ws:///host", "wss:////host/x", "/host", "//host/x", "ws://?x", "ws://#x", "?x", "\\host", "ws://\\h"]
        {
            assert_eq!(WsUrl::parse(url), Err(Misuse::InvalidUrl("it has no host".to_owned())), "{url:?}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for url in ["", "ws://", "http://h/", "ws://h:0/", "ws://h:99999/", "ws://h:x/", "ws://h/\r\nX: 1", "ws://h\t/"]
        {
            assert!(matches!(WsUrl::parse(url), Err(Misuse::InvalidUrl(_))), "{url:?}");
        }
    }
}

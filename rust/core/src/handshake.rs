//! The HTTP upgrade (RFC 6455 §4), tolerant where browsers are.

mod body;
mod client;
mod head;

pub(crate) use client::{ClientHandshake, Outcome, RequestHeaders};

/// A header field of an HTTP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name as it was received.
    pub name: String,
    /// The value without surrounding white space; bytes that are not UTF-8 are replaced.
    pub value: String,
}

/// The answer of a server to the upgrade request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<Header>,
    body: Vec<u8>,
}

impl Response {
    /// The HTTP status: 101 if the connection was opened.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// All header fields, in the order they were received.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The values of every field with this name, whatever its case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let matching = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        matching.map(|header| header.value.as_str())
    }

    /// Whether a field that is a list of tokens (RFC 9110 §5.6.1) has `token`, whatever its case.
    fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name).flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
    }

    /// The first 4 KiB of the body; empty for 101.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Whether `text` is a token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

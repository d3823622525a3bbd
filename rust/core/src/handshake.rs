//! The HTTP upgrade (RFC 6455 §4), tolerant where browsers are.

mod body;
mod client;
mod extensions;
mod fields;
mod head;
mod rejection;
mod server;
mod target;

pub(crate) use client::{ClientHandshake, Upgraded};
pub use extensions::DeflateParameters;
pub use fields::Header;
pub(crate) use fields::{ExtraFields, Fields};
pub use rejection::Rejection;
pub(crate) use server::{Refusal, Requested, ServerHandshake};

/// Whether sub-protocols and header fields (`Name: value`) can be sent as they are.
///
/// # Errors
/// [`Misuse::InvalidProtocol`](crate::Misuse::InvalidProtocol) and
/// [`Misuse::InvalidHeader`](crate::Misuse::InvalidHeader) name the first that cannot.
pub fn check_headers(protocols: &[String], headers: &[String]) -> Result<(), crate::Misuse> {
    ExtraFields::new(protocols, headers).map(drop)
}

/// What both sides have agreed on.
#[derive(Debug)]
pub(crate) struct Agreed {
    /// The sub-protocol; empty if none.
    pub(crate) protocol: String,
    /// How messages are compressed, if they are.
    pub(crate) deflate: Option<DeflateParameters>,
}

/// The answer of a server to the upgrade request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Fields,
    body: Vec<u8>,
}

impl Response {
    /// The HTTP status: 101 if the connection was opened.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// All header fields, in the order they were received.
    pub fn headers(&self) -> &[Header] {
        self.fields.all()
    }

    /// The values of every field with this name, whatever its case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.values(name)
    }

    /// The first 4 KiB of the body; empty for 101.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// The upgrade request of a client, as a server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeRequest {
    target: String,
    host: String,
    fields: Fields,
}

impl UpgradeRequest {
    /// What the request line asks for: path and query, percent-encoded, starting with a slash. Of an absolute URL the
    /// rest is left out (RFC 9112 §3.2.2).
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whom the client has asked, with the port unless it is the default one: the host of an absolute URL in the
    /// request line, else the `Host` field.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// All header fields, in the order they were received.
    pub fn headers(&self) -> &[Header] {
        self.fields.all()
    }

    /// The values of every field with this name, whatever its case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.values(name)
    }

    /// The sub-protocols that the client asks for, the most wanted first (RFC 6455 §1.9).
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.fields.tokens("sec-websocket-protocol")
    }
}

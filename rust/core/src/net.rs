//! The drivers: names, sockets and TLS. The only part of the crate that touches the outside world.
//!
//! [`Resolver`], [`Connector`] and [`Stream`] are traits: an engine brings its own resolver, a server its own streams,
//! and a test a network that exists only in memory.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "sockets, threads and clocks belong here")]

mod certificate;
mod dial;
#[cfg(test)]
pub(crate) mod fake;
mod link;
mod listen;
mod resolve;
mod stream;
mod tcp;
mod tls;
mod tls_error;
mod trust;
mod verify;
mod wake;

pub(crate) use dial::Dial;
pub use link::Scratch;
pub(crate) use link::{Flushed, Link, Received};
pub use listen::{Accepted, Listener, NextPoll, StreamId};
pub use resolve::{Lookup, Resolver, ThreadResolver};
pub use stream::{Connector, Stream};
pub use tcp::TcpConnector;
#[cfg(test)]
pub(crate) use tls::TlsSession;
pub use tls::{Identity, KeyPin, TlsClient, TlsOptions, TlsServer, Verification};
pub use trust::SystemCertificates;
pub use wake::Wake;

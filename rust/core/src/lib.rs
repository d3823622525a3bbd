//! WebSocket connections that are polled, for programs that own their main loop.
//!
//! ```text
//!             bytes and `now` in                      messages and states out
//!  sockets ──▶ net::Stream ──▶ net::link (TLS) ──▶ handshake ──▶ Connection ──▶ Peer::receive
//!             (net/ only)      rustls                httparse     frames, deflate
//! ```
//!
//! * [`Peer`] is one connection as an application sees it: connect, poll, send, receive, close. It may be given to
//!   another thread.
//! * [`WsUrl`], [`Config`], [`Error`] are what goes in and what comes out of it.
//! * [`net`] holds the drivers: name resolution, dialling, TLS, TCP. Each is a trait, so that a whole life of a
//!   connection can be run in virtual time.
//!
//! # What this crate does not do
//!
//! It starts no threads of its own but those of [`net::ThreadResolver`], never blocks but in [`net::Listener::wait`],
//! never sleeps, never reads the clock (every call that needs the time takes it), and never prints: it reports through
//! return values and [`log`].

#![deny(missing_docs)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]
#![cfg_attr(not(test), warn(clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used))]

mod close;
mod config;
mod connection;
mod error;
mod handshake;
mod heartbeat;
pub mod net;
mod peer;
mod pool;
mod queue;
mod url;

pub use close::{CloseFrame, InvalidCloseCode};
pub use config::{Compression, Config};
pub use connection::{CompressionStatus, Encoded, SendError, Volume};
pub use error::{Error, ErrorKind, Misuse, Phase};
pub use handshake::{DeflateParameters, Header, Rejection, Response, UpgradeRequest, check_headers};
pub use peer::{Event, Guest, Network, Peer, ReadyState, Request};
pub use queue::{Kind, Message};
pub use url::WsUrl;

// A connection, and a listener with all of its own, may go to another thread.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Peer>();
    is_send::<net::Listener>();
};

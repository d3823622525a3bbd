//! What goes into a peer, and what comes out of it.

use crate::close::CloseFrame;
use crate::net::{Connector, Resolver, Stream, TlsClient, TlsServer, Wake};
use crate::url::WsUrl;

/// What to connect to, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub url: WsUrl,
    /// Sub-protocols to ask for, the most wanted first (RFC 6455 §1.9).
    pub protocols: Vec<String>,
    /// Header fields to add to the request, as `Name: value`.
    pub headers: Vec<String>,
    /// TLS for a `wss` URL; without it such a URL cannot be used.
    pub tls: Option<TlsClient>,
}

/// A stream on which a client is expected to ask for an upgrade.
#[derive(Debug)]
pub struct Guest {
    /// The bytes.
    pub stream: Box<dyn Stream>,
    /// TLS, unless the stream is plain or does it itself.
    pub tls: Option<TlsServer>,
    /// Sub-protocols that the server speaks.
    pub protocols: Vec<String>,
    /// Header fields to add to the answer, as `Name: value`.
    pub headers: Vec<String>,
    /// Whether the application decides on the request, with [`Peer::accept_request`](super::Peer::accept_request) or
    /// [`Peer::reject_request`](super::Peer::reject_request).
    pub asks: bool,
    /// How to be polled again if a listener decides on it.
    pub wake: Option<Wake>,
}

/// The outside world.
#[derive(Debug)]
pub struct Network {
    /// Looks host names up.
    pub resolver: Box<dyn Resolver>,
    /// Connects to addresses.
    pub connector: Box<dyn Connector>,
}

/// What a peer is doing, as an application may rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// A connection is being opened.
    Connecting,
    /// Messages may be sent.
    Open,
    /// A close frame was sent or received; the end is near.
    Closing,
    /// No connection.
    Closed,
}

/// Something that happened in [`Peer::poll`](super::Peer::poll). Each happens at most once for a connection, and
/// nothing after the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The connection is open.
    Opened,
    /// The other side sent a close frame before we did.
    CloseRequested(CloseFrame),
    /// The connection was open and is over. Clean means that both close frames were exchanged (RFC 6455 §7.1.4).
    Closed {
        /// Whether both close frames were exchanged.
        clean: bool,
    },
    /// The connection could not be opened; [`Peer::error`](super::Peer::error) says why.
    Failed,
}

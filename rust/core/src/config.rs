//! Every knob of a connection, with its unit, range, default and the reason for the default.

use std::time::Duration;

/// Limits and deadlines of one connection.
///
/// They may be changed at any time and are in force at once, but for [`Self::compression`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How long opening may take, from the call that starts it until the connection is open: name resolution, TCP,
    /// TLS and the HTTP upgrade together.
    ///
    /// Default 10 s: a mobile network that needs longer is not fit for a game, and a player waits no longer.
    pub handshake_timeout: Duration,

    /// How long closing may take, from the first close frame until the connection is gone. Messages that wait in the
    /// transmit queue are sent first and count.
    ///
    /// Default 5 s: long enough for a full round trip on a bad line, short enough not to hold up leaving a game.
    pub close_timeout: Duration,

    /// How often a ping is sent while the connection is open. `None` sends none.
    ///
    /// Default `None`, as RFC 6455 §5.5.2 leaves pings to the application.
    pub heartbeat_interval: Option<Duration>,

    /// How long after an unanswered ping the other side counts as gone, if nothing else arrives meanwhile.
    ///
    /// Default 5 s: well over a slow round trip, so that a stutter is not taken for a lost connection.
    pub heartbeat_timeout: Duration,

    /// Bytes that a received message may have. A larger one ends the connection with code 1009.
    ///
    /// Default 16 MiB: no game message is larger by intent, and a hostile peer can make us hold no more than this.
    pub max_message_size: usize,

    /// Bytes of received messages that may wait to be read before reading from the network pauses. One message may
    /// be larger than the mark; it is a mark, not a limit on a message. At least 1.
    ///
    /// Default 65535, the value of Godot's own peer.
    pub inbound_high_water: usize,

    /// Bytes of messages that may wait to be sent before [`Peer::send`](crate::Peer::send) refuses more. One message
    /// may be larger than the mark. `None` never refuses.
    ///
    /// Default 65535, the value of Godot's own peer.
    pub outbound_high_water: Option<usize>,

    /// How many messages may wait in each direction before the same happens as at the marks above. At least 1 for
    /// reading; `None` sets no bound on the count.
    ///
    /// Default 4096, the value of Godot's own peer.
    pub max_queued_messages: Option<usize>,

    /// Whether to offer or to accept compression of messages (RFC 7692). It is read when a connection is started;
    /// what was agreed on then stays in force.
    ///
    /// Default [`Compression::Disabled`]: it costs time for each message, and a proxy that gets it wrong breaks the
    /// game.
    pub compression: Compression,

    /// Bytes of payload below which a message is sent uncompressed. 0 compresses all but empty ones.
    ///
    /// Default 256: smaller messages hardly shrink on their own. With [`Compression::ContextTakeover`] they do, and a
    /// lower value pays.
    pub compression_threshold: usize,

    /// How hard the compressor tries: from 1, the fastest, to 9, the smallest. Other values count as the nearest.
    ///
    /// Default 2, by measurement with the positions of players as JSON, each message on its own: 1 KiB becomes 444
    /// bytes in 5 us with level 1, 343 in 12 us with level 2, and 329 in 17 us with level 9; 16 KiB become 5352 bytes
    /// in 39 us, 3948 in 88 us, and 3411 in 397 us (`examples/compression_cost.rs`, November 2026).
    pub compression_level: u8,
}

/// Whether messages may be compressed (RFC 7692).
///
/// Nothing is compressed unless both sides agree. Without the feature `deflate` of this crate they never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Neither offered nor accepted.
    #[default]
    Disabled,
    /// Each message on its own. A connection that is idle holds no memory for it, so it is fit for a server with
    /// thousands of clients. A client that does not offer the same, as browsers do not, may refer to its earlier
    /// messages: a server then holds 47 KiB for it from its first compressed message on (`tests/memory.rs`).
    Enabled,
    /// Each message may refer to what the ones before it had in common with it, unless the other side is against it:
    /// messages that are small and alike shrink to a few bytes. A connection that has sent and received such
    /// messages holds 420 KiB for it.
    ContextTakeover,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            heartbeat_interval: None,
            heartbeat_timeout: Duration::from_secs(5),
            max_message_size: 16 * 1024 * 1024,
            inbound_high_water: 65535,
            outbound_high_water: Some(65535),
            max_queued_messages: Some(4096),
            compression: Compression::Disabled,
            compression_threshold: 256,
            compression_level: 2,
        }
    }
}

//! The properties of a peer, as the game set them.

use crate::classes::class_enum::class_enum;
use crate::engine::tls::Extras;
use std::time::Duration;
use tungsten_core::net::{Identity, KeyPin};
use tungsten_core::{Config, Misuse};

class_enum! {
    /// See [`tungsten_core::Compression`].
    Compression as "UnnamedWebSocketPeer.Compression" {
        Disabled = 0, "COMPRESSION_DISABLED";
        Enabled = 1, "COMPRESSION_ENABLED";
        ContextTakeover = 2, "COMPRESSION_CONTEXT_TAKEOVER";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketPeer.Compression"))
}

impl Compression {
    /// The drop-down list of the inspector.
    pub(crate) const CHOICES: &'static str = "Disabled:0,Enabled:1,Context Takeover:2";
}

impl From<Compression> for tungsten_core::Compression {
    fn from(mode: Compression) -> Self {
        match mode {
            Compression::Disabled => Self::Disabled,
            Compression::Enabled => Self::Enabled,
            Compression::ContextTakeover => Self::ContextTakeover,
        }
    }
}

/// Values that a getter gives back as they were set, whatever they mean to the core.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) protocols: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) pinned_public_keys: Vec<String>,
    /// What makes no sense is kept: nothing is connected with it.
    pub(crate) client_certificate: Result<Option<Identity>, &'static str>,
    pub(crate) inbound_buffer_size: i64,
    pub(crate) outbound_buffer_size: i64,
    pub(crate) max_queued_packets: i64,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) heartbeat_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) compression: Compression,
    pub(crate) compression_threshold: i64,
    pub(crate) compression_level: u8,
    /// Invariant: at least 1, at most what Godot can count.
    max_message_size: i32,
}

/// What `set_buffers` of the classes of Godot 3 was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffers {
    pub(crate) inbound_bytes: i64,
    pub(crate) outbound_bytes: i64,
    pub(crate) packets: i64,
}

impl Buffers {
    /// A peer has one count of packets for both directions, so it gets the larger one.
    pub(crate) fn from_kb(inbound: i64, inbound_packets: i64, outbound: i64, outbound_packets: i64) -> Self {
        Self {
            inbound_bytes: inbound.saturating_mul(1024),
            outbound_bytes: outbound.saturating_mul(1024),
            packets: inbound_packets.max(outbound_packets),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            protocols: Vec::new(),
            headers: Vec::new(),
            pinned_public_keys: Vec::new(),
            client_certificate: Ok(None),
            inbound_buffer_size: 65535,
            outbound_buffer_size: 65535,
            max_queued_packets: 4096,
            heartbeat_interval: Duration::ZERO,
            heartbeat_timeout: config.heartbeat_timeout,
            handshake_timeout: config.handshake_timeout,
            close_timeout: config.close_timeout,
            compression: Compression::Disabled,
            compression_threshold: i64::try_from(config.compression_threshold).unwrap_or(i64::MAX),
            compression_level: config.compression_level,
            max_message_size: i32::try_from(config.max_message_size).unwrap_or(i32::MAX),
        }
    }
}

impl Settings {
    pub(crate) fn max_message_size(&self) -> i64 {
        self.max_message_size.into()
    }

    /// False if Godot could not count the bytes of such a message.
    pub(crate) fn set_max_message_size(&mut self, size: i64) -> bool {
        match i32::try_from(size) {
            Ok(size @ 1..) => {
                self.max_message_size = size;
                true
            }
            _ => false,
        }
    }

    /// The keys of which a server must have one.
    ///
    /// # Errors
    /// The first text that is no hash of a key.
    pub(crate) fn pins(&self) -> Result<Vec<KeyPin>, Misuse> {
        self.pinned_public_keys.iter().map(|key| KeyPin::parse(key)).collect()
    }

    /// What TLS has to know beyond `TLSOptions`.
    ///
    /// # Errors
    /// What was set that makes no sense: a connection without it would be less safe than the script asked for.
    pub(crate) fn tls(&self) -> Result<Extras, String> {
        let pins = self.pins().map_err(|error| format!("pinned_public_keys: {error}"))?;
        let identity = self.client_certificate.clone().map_err(|error| format!("set_client_certificate: {error}"))?;
        Ok(Extras { pins, identity })
    }

    /// What they mean: as with the engine's own peer, an outbound size of 0 or less and a negative count set no
    /// bound, and an interval of 0 sends no pings.
    pub(crate) fn config(&self) -> Config {
        Config {
            handshake_timeout: self.handshake_timeout,
            close_timeout: self.close_timeout,
            heartbeat_interval: Some(self.heartbeat_interval).filter(|interval| !interval.is_zero()),
            heartbeat_timeout: self.heartbeat_timeout,
            max_message_size: usize::try_from(self.max_message_size).unwrap_or(usize::MAX),
            inbound_high_water: usize::try_from(self.inbound_buffer_size).unwrap_or_default(),
            outbound_high_water: usize::try_from(self.outbound_buffer_size).ok().filter(|size| *size > 0),
            max_queued_messages: usize::try_from(self.max_queued_packets).ok(),
            compression: self.compression.into(),
            compression_threshold: usize::try_from(self.compression_threshold).unwrap_or_default(),
            compression_level: self.compression_level,
        }
    }
}

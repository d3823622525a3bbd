//! The properties of a peer, as the game set them.

use crate::enums::Compression;
use crate::tls::Extras;
use std::time::Duration;
use tungsten_core::net::{Identity, KeyPin};
use tungsten_core::{Config, Misuse};

/// Values that a getter gives back as they were set, whatever they mean to the core.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) protocols: Vec<String>,
    pub(super) headers: Vec<String>,
    pub(super) pinned_public_keys: Vec<String>,
    /// What makes no sense is kept: nothing is connected with it.
    pub(super) client_certificate: Result<Option<Identity>, &'static str>,
    pub(super) inbound_buffer_size: i64,
    pub(super) outbound_buffer_size: i64,
    pub(super) max_queued_packets: i64,
    pub(super) heartbeat_interval: Duration,
    pub(super) heartbeat_timeout: Duration,
    pub(super) handshake_timeout: Duration,
    pub(super) close_timeout: Duration,
    pub(super) compression: Compression,
    pub(super) compression_threshold: i64,
    pub(super) compression_level: u8,
    /// Invariant: at least 1, at most what Godot can count.
    max_message_size: i32,
}

/// What `set_buffers` of the classes of Godot 3 was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffers {
    pub(super) inbound_bytes: i64,
    pub(super) outbound_bytes: i64,
    pub(super) packets: i64,
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
    pub(super) fn max_message_size(&self) -> i64 {
        self.max_message_size.into()
    }

    /// False if Godot could not count the bytes of such a message.
    pub(super) fn set_max_message_size(&mut self, size: i64) -> bool {
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
    pub(super) fn pins(&self) -> Result<Vec<KeyPin>, Misuse> {
        self.pinned_public_keys.iter().map(|key| KeyPin::parse(key)).collect()
    }

    /// What TLS has to know beyond `TLSOptions`.
    ///
    /// # Errors
    /// What was set that makes no sense: a connection without it would be less safe than the script asked for.
    pub(super) fn tls(&self) -> Result<Extras, String> {
        let pins = self.pins().map_err(|error| format!("pinned_public_keys: {error}"))?;
        let identity = self.client_certificate.clone().map_err(|error| format!("set_client_certificate: {error}"))?;
        Ok(Extras { pins, identity })
    }

    /// What they mean: as with the engine's own peer, an outbound size of 0 or less and a negative count set no
    /// bound, and an interval of 0 sends no pings.
    pub(super) fn config(&self) -> Config {
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

//! The properties that classes have in common, as the game set them.

use crate::classes::class_enum::class_enum;
use crate::engine::convert;
use crate::engine::tls::{self, Extras};
use godot::builtin::PackedStringArray;
use godot::classes::{CryptoKey, X509Certificate};
use godot::obj::Gd;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tungsten_core::net::{Identity, KeyPin, Stream};
use tungsten_core::{Config, Guest, Misuse, check_headers};

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

/// What a script may set. Getters give values back as they were set, whatever they mean to the core; a setter that
/// refuses one says why and changes nothing.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) protocols: Vec<String>,
    pub(crate) headers: Vec<String>,
    pinned_public_keys: Vec<String>,
    /// What makes no sense is kept: nothing is connected with it.
    client_certificate: Result<Option<Identity>, &'static str>,
    inbound_buffer_size: i64,
    outbound_buffer_size: i64,
    max_queued_packets: i64,
    heartbeat_interval: Duration,
    heartbeat_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    close_timeout: Duration,
    compression: Compression,
    compression_threshold: i64,
    compression_level: u8,
    /// Invariant: at least 1, at most what Godot can count.
    max_message_size: i32,
    /// Of a server; 0 sets no bound.
    pub(crate) max_clients: usize,
    pub(crate) max_pending_clients: usize,
    pub(crate) allowed_origins: Vec<String>,
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
            max_clients: 0,
            max_pending_clients: 1024,
            allowed_origins: Vec::new(),
        }
    }
}

/// The properties, by their names in Godot.
impl Settings {
    pub(crate) fn supported_protocols(&self) -> PackedStringArray {
        convert::string_array(&self.protocols)
    }

    pub(crate) fn set_supported_protocols(&mut self, protocols: PackedStringArray) -> Result<(), String> {
        self.protocols = trimmed(&protocols);
        Ok(())
    }

    pub(crate) fn handshake_headers(&self) -> PackedStringArray {
        convert::string_array(&self.headers)
    }

    pub(crate) fn set_handshake_headers(&mut self, headers: PackedStringArray) -> Result<(), String> {
        self.headers = convert::strings(&headers);
        Ok(())
    }

    pub(crate) fn inbound_buffer_size(&self) -> i64 {
        self.inbound_buffer_size
    }

    pub(crate) fn set_inbound_buffer_size(&mut self, size: i64) -> Result<(), String> {
        self.inbound_buffer_size = size;
        Ok(())
    }

    pub(crate) fn outbound_buffer_size(&self) -> i64 {
        self.outbound_buffer_size
    }

    pub(crate) fn set_outbound_buffer_size(&mut self, size: i64) -> Result<(), String> {
        self.outbound_buffer_size = size;
        Ok(())
    }

    pub(crate) fn max_queued_packets(&self) -> i64 {
        self.max_queued_packets
    }

    pub(crate) fn set_max_queued_packets(&mut self, count: i64) -> Result<(), String> {
        self.max_queued_packets = count;
        Ok(())
    }

    pub(crate) fn heartbeat_interval(&self) -> f64 {
        self.heartbeat_interval.as_secs_f64()
    }

    pub(crate) fn set_heartbeat_interval(&mut self, interval: f64) -> Result<(), String> {
        self.heartbeat_interval = seconds(interval)?;
        Ok(())
    }

    pub(crate) fn heartbeat_timeout(&self) -> f64 {
        self.heartbeat_timeout.as_secs_f64()
    }

    pub(crate) fn set_heartbeat_timeout(&mut self, timeout: f64) -> Result<(), String> {
        self.heartbeat_timeout = positive_seconds(timeout)?;
        Ok(())
    }

    pub(crate) fn handshake_timeout(&self) -> f64 {
        self.handshake_timeout.as_secs_f64()
    }

    pub(crate) fn set_handshake_timeout(&mut self, timeout: f64) -> Result<(), String> {
        self.handshake_timeout = positive_seconds(timeout)?;
        Ok(())
    }

    pub(crate) fn close_timeout(&self) -> f64 {
        self.close_timeout.as_secs_f64()
    }

    pub(crate) fn set_close_timeout(&mut self, timeout: f64) -> Result<(), String> {
        self.close_timeout = positive_seconds(timeout)?;
        Ok(())
    }

    pub(crate) fn max_message_size(&self) -> i64 {
        self.max_message_size.into()
    }

    pub(crate) fn set_max_message_size(&mut self, size: i64) -> Result<(), String> {
        let counted = i32::try_from(size).ok().filter(|size| *size > 0);
        self.max_message_size = counted.ok_or_else(|| format!("{size} is not between 1 and 2147483647 bytes"))?;
        Ok(())
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    pub(crate) fn set_compression(&mut self, compression: Compression) -> Result<(), String> {
        self.compression = compression;
        Ok(())
    }

    pub(crate) fn compression_threshold(&self) -> i64 {
        self.compression_threshold
    }

    pub(crate) fn set_compression_threshold(&mut self, size: i64) -> Result<(), String> {
        self.compression_threshold = size;
        Ok(())
    }

    pub(crate) fn compression_level(&self) -> i64 {
        self.compression_level.into()
    }

    pub(crate) fn set_compression_level(&mut self, level: i64) -> Result<(), String> {
        let known = u8::try_from(level).ok().filter(|level| (1..=9).contains(level));
        self.compression_level = known.ok_or_else(|| format!("{level} is not a level from 1 to 9"))?;
        Ok(())
    }

    pub(crate) fn pinned_public_keys(&self) -> PackedStringArray {
        convert::string_array(&self.pinned_public_keys)
    }

    /// What makes no sense is kept, too: nothing is connected with it.
    pub(crate) fn set_pinned_public_keys(&mut self, keys: PackedStringArray) -> Result<(), String> {
        self.pinned_public_keys = convert::strings(&keys);
        self.pins().map(drop).map_err(|error| error.to_string())
    }

    /// Who a client is, for servers that ask. What makes no sense is kept, too: nothing is connected with it.
    pub(crate) fn set_client_certificate(
        &mut self,
        key: Option<Gd<CryptoKey>>,
        certificate: Option<Gd<X509Certificate>>,
    ) -> Result<(), String> {
        self.client_certificate = key.zip(certificate).map(|(key, own)| tls::identity(&key, &own)).transpose();
        self.client_certificate.as_ref().map(drop).map_err(|reason| (*reason).to_owned())
    }

    pub(crate) fn max_clients(&self) -> i64 {
        i64::try_from(self.max_clients).unwrap_or(i64::MAX)
    }

    pub(crate) fn set_max_clients(&mut self, count: i64) -> Result<(), String> {
        self.max_clients = usize::try_from(count).unwrap_or_default();
        Ok(())
    }

    pub(crate) fn max_pending_clients(&self) -> i64 {
        i64::try_from(self.max_pending_clients).unwrap_or(i64::MAX)
    }

    pub(crate) fn set_max_pending_clients(&mut self, count: i64) -> Result<(), String> {
        self.max_pending_clients = usize::try_from(count).unwrap_or_default().max(1);
        Ok(())
    }

    pub(crate) fn allowed_origins(&self) -> PackedStringArray {
        convert::string_array(&self.allowed_origins)
    }

    pub(crate) fn set_allowed_origins(&mut self, origins: PackedStringArray) -> Result<(), String> {
        self.allowed_origins = convert::strings(&origins);
        Ok(())
    }
}

impl Settings {
    /// Of a server and of a multiplayer peer, where Godot 3 and the engine's own give a handshake less time.
    pub(crate) fn of_session() -> Self {
        Self { handshake_timeout: Duration::from_secs(3), ..Self::default() }
    }

    /// The same with what one request adds.
    pub(crate) fn with_request(&self, protocols: &PackedStringArray, headers: &PackedStringArray) -> Self {
        Self { protocols: trimmed(protocols), headers: convert::strings(headers), ..self.clone() }
    }

    /// As `set_buffers` of the classes of Godot 3. A peer has one count of packets for both directions, so it gets the
    /// larger one.
    pub(crate) fn set_buffers(&mut self, in_kb: i64, in_packets: i64, out_kb: i64, out_packets: i64) {
        self.inbound_buffer_size = in_kb.saturating_mul(1024);
        self.outbound_buffer_size = out_kb.saturating_mul(1024);
        self.max_queued_packets = in_packets.max(out_packets);
    }

    /// Whether the protocols and headers can be sent.
    pub(crate) fn check_headers(&self) -> Result<(), Misuse> {
        check_headers(&self.protocols, &self.headers)
    }

    /// A client that has come on a stream without TLS.
    pub(crate) fn guest(&self, stream: Box<dyn Stream>) -> Guest {
        let (protocols, headers) = (self.protocols.clone(), self.headers.clone());
        Guest { stream, tls: None, protocols, headers, asks: false, wake: None }
    }

    /// The keys of which a server must have one.
    ///
    /// # Errors
    /// The first text that is no hash of a key.
    fn pins(&self) -> Result<Vec<KeyPin>, Misuse> {
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

/// Settings that a server and its clients have in common: a client's own begin with the first change of one of them.
/// (With `Arc`, because a script may poll a client in a thread.)
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedSettings(Arc<Settings>);

impl From<Settings> for SharedSettings {
    fn from(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }
}

impl Deref for SharedSettings {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

impl DerefMut for SharedSettings {
    fn deref_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.0)
    }
}

fn trimmed(texts: &PackedStringArray) -> Vec<String> {
    convert::strings(texts).iter().map(|text| text.trim().to_owned()).collect()
}

fn seconds(seconds: f64) -> Result<Duration, String> {
    convert::duration(seconds).ok_or_else(|| format!("{seconds} is not a number of seconds from 0 to 1e9"))
}

fn positive_seconds(seconds: f64) -> Result<Duration, String> {
    convert::positive_duration(seconds)
        .ok_or_else(|| format!("{seconds} is not a number of seconds above 0, up to 1e9"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shared_until_they_are_changed_on_one_side() {
        let server = SharedSettings::from(Settings::of_session());
        let (other, mut changed) = (server.clone(), server.clone());
        assert_eq!(changed.set_max_queued_packets(1), Ok(()));
        assert!(std::ptr::eq(&*server, &*other));
        assert_eq!([server.max_queued_packets(), changed.max_queued_packets()], [4096, 1]);
        assert_eq!(changed.handshake_timeout, server.handshake_timeout);
    }
}

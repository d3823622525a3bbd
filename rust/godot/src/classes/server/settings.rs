//! The properties of a server.

use crate::classes::settings::{Buffers, Compression};
use std::time::Duration;
use tungsten_core::net::TlsServer;

/// The properties of a server that need no engine.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) protocols: Vec<String>,
    pub(super) extra_headers: Vec<String>,
    pub(super) bind_ip: String,
    pub(super) handshake_timeout: Duration,
    pub(super) buffers: Option<Buffers>,
    pub(super) compression: Compression,
    /// 0 sets no bound.
    pub(super) max_clients: usize,
    pub(super) max_pending_clients: usize,
    pub(super) allowed_origins: Vec<String>,
    pub(super) tls: Option<TlsServer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            extra_headers: Vec::new(),
            bind_ip: "*".to_owned(),
            // The value of Godot 3.
            handshake_timeout: Duration::from_secs(3),
            buffers: None,
            compression: Compression::Disabled,
            max_clients: 0,
            max_pending_clients: 1024,
            allowed_origins: Vec::new(),
            tls: None,
        }
    }
}

//! Messages on their way out.

use super::Volume;
use super::zlib::Deflater;
use crate::config::Config;
use crate::handshake::DeflateParameters;
use crate::pool::Pool;
use tungstenite::protocol::Role;

static POOL: Pool<Box<Deflater>> = Pool::new();

/// The smallest window that zlib can compress with; a peer may ask for less.
const MIN_WINDOW_BITS: u8 = 9;

/// The levels that zlib knows.
const MIN_LEVEL: u8 = 1;
const MAX_LEVEL: u8 = 9;

/// How a message is compressed. Without context takeover the result depends on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connection) struct Method {
    window_bits: u8,
    level: u8,
}

impl Method {
    /// Compresses a message on its own. `None` if it would not get smaller.
    pub(in crate::connection) fn compress(self, payload: &[u8]) -> Option<Vec<u8>> {
        let Self { window_bits, level } = self;
        let pooled = POOL.take(|deflater| deflater.is_for(window_bits, level));
        let mut deflater = pooled.unwrap_or_else(|| Box::new(Deflater::new(window_bits, level)));
        deflater.reset();
        let compressed = deflater.deflate(payload)?;
        POOL.put(deflater);
        Some(compressed).filter(|compressed| compressed.len() < payload.len())
    }
}

/// Compresses what one connection sends.
#[derive(Debug)]
pub(in crate::connection) struct Compressor {
    window_bits: u8,
    takeover: bool,
    /// With context takeover, what has compressed the messages before.
    own: Option<Box<Deflater>>,
    volume: Volume,
}

impl Compressor {
    pub(in crate::connection) fn new(role: Role, parameters: &DeflateParameters) -> Self {
        let (window_bits, alone) = match role {
            Role::Client => (parameters.client_max_window_bits, parameters.client_no_context_takeover),
            Role::Server => (parameters.server_max_window_bits, parameters.server_no_context_takeover),
        };
        Self { window_bits, takeover: !alone, own: None, volume: Volume::default() }
    }

    /// How a message of this length is to be compressed, if it is.
    pub(in crate::connection) fn method(&self, len: usize, config: &Config) -> Option<Method> {
        let is_wanted = len > 0 && len >= config.compression_threshold && self.window_bits >= MIN_WINDOW_BITS;
        let level = config.compression_level.clamp(MIN_LEVEL, MAX_LEVEL);
        is_wanted.then_some(Method { window_bits: self.window_bits, level })
    }

    /// Whether messages refer to those before, so that the result is for this connection alone.
    pub(in crate::connection) fn has_takeover(&self) -> bool {
        self.takeover
    }

    /// Compresses a message. `None` if it is better sent as it is.
    pub(in crate::connection) fn compress(&mut self, payload: &[u8], method: Method) -> Option<Vec<u8>> {
        if !self.takeover {
            return method.compress(payload);
        }
        let Method { window_bits, level } = method;
        // One for another level would have to be flushed first; a new one may follow at any time.
        let own = self.own.take().filter(|deflater| deflater.is_for(window_bits, level));
        let mut own = own.unwrap_or_else(|| Box::new(Deflater::new(window_bits, level)));
        // Later messages may refer to this one, so it is sent compressed even if it grows.
        let compressed = own.deflate(payload)?;
        self.own = Some(own);
        Some(compressed)
    }

    /// Told of a message that was queued, and of the bytes that travel for it.
    pub(in crate::connection) fn count(&mut self, payload: usize, wire: usize) {
        self.volume.add(payload as u64, wire as u64);
    }

    pub(in crate::connection) fn volume(&self) -> Volume {
        self.volume
    }
}

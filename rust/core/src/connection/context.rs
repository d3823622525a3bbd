//! tungstenite's part of a connection.

use super::MAX_CONTROL_PAYLOAD;
use crate::config::Config;
use std::fmt;
use std::io::{self, Read, Write};
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

/// What tungstenite reads at a time, and what it holds for that.
const READ_BUFFER: usize = 4096;

/// A `WebSocketContext` that is there while a message is under way or the connection is closing. Between messages
/// nothing is left inside but memory: of its read buffer, and of the largest message that it has seen.
pub(super) struct Context {
    role: Role,
    inner: Option<Box<WebSocketContext>>,
    /// Frames may wait inside that it has read ahead.
    is_ahead: bool,
}

impl Context {
    pub(super) fn new(role: Role) -> Self {
        Self { role, inner: None, is_ahead: false }
    }

    /// The context, made if there is none.
    pub(super) fn get(&mut self, config: &Config) -> &mut WebSocketContext {
        self.inner.get_or_insert_with(|| Box::new(WebSocketContext::new(self.role, Some(limits(config)))))
    }

    /// Reads a message; `None` if all that was there has been taken.
    pub(super) fn read(
        &mut self,
        config: &Config,
        stream: &mut (impl Read + Write),
    ) -> Result<Option<Message>, tungstenite::Error> {
        self.is_ahead = true;
        match self.get(config).read(stream) {
            Ok(message) => Ok(Some(message)),
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_ahead = false;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether nothing was read ahead that [`Self::read`] would give.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_ahead
    }

    /// Gives the memory back. Only between messages, and as long as no close frame was sent or received.
    pub(super) fn forget(&mut self) {
        self.inner = None;
    }

    pub(super) fn set_config(&mut self, config: &Config) {
        if let Some(inner) = &mut self.inner {
            inner.set_config(|current| *current = limits(config));
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("role", &self.role).finish_non_exhaustive()
    }
}

/// tungstenite's limit on frames is for control frames too, which have one of their own; what is a message has to keep
/// to the other.
fn limits(config: &Config) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(Some(config.max_message_size))
        .max_frame_size(Some(config.max_message_size.max(MAX_CONTROL_PAYLOAD)))
}

//! An open connection on its stream.

use super::MAX_READS;
use crate::close::CloseFrame;
use crate::connection::Connection;
use crate::error::{Error, Phase};
use crate::net::{Flushed, Link, Received, Scratch};
use std::time::Instant;

/// How many messages leave at once after a poll. Those beyond are gathered: each write costs the system as much as some
/// kilobytes in it, and who sends many at a time does not wait for one.
const PROMPT_MESSAGES: u32 = 1;

/// Bytes and messages that are gathered before they are written all the same.
const GATHERED_BYTES: usize = 64 * 1024;
const GATHERED_MESSAGES: usize = 256;

/// An open connection and the stream it runs over.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) link: Link,
    pub(super) connection: Connection,
    pub(super) close_reported: bool,
    /// The stream has said that nothing is there; its listener tells when that changes. A read that got less than it
    /// could have is no such word: the end of the stream may be behind.
    is_drained: bool,
    /// TLS failed; the connection can only end.
    pub(super) tls_error: Option<Error>,
    /// Messages that were sent since the last poll.
    sent: u32,
    /// The stream has not taken all that it was given; the next poll tries again.
    is_blocked: bool,
}

impl Session {
    pub(super) fn new(link: Link, connection: Connection) -> Self {
        Self { link, connection, close_reported: false, is_drained: false, tls_error: None, sent: 0, is_blocked: false }
    }

    pub(super) fn poll(&mut self, now: Instant, scratch: &mut Scratch) {
        self.sent = 0;
        self.connection.resume(now);
        for _ in 0..MAX_READS {
            if !self.connection.wants_input() || !self.read(now, scratch) {
                break;
            }
        }
        self.connection.handle_timeout(now);
        self.flush(now);
    }

    /// Reads once. False if another read would most likely bring nothing.
    fn read(&mut self, now: Instant, scratch: &mut Scratch) -> bool {
        let connection = &mut self.connection;
        let received = self.link.receive(scratch, |bytes| connection.handle_input(bytes, now));
        self.is_drained = !matches!(received, Ok(Received::Bytes { .. }));
        match received {
            Ok(Received::Bytes { short }) => return !short,
            Ok(Received::Nothing) => {}
            Ok(Received::End) => self.connection.handle_end_of_stream(),
            Err(error) => {
                self.tls_error = Some(Error::new(Phase::Open, error.kind(), error.message()));
                self.connection.handle_end_of_stream();
            }
        }
        false
    }

    /// Whether the next poll has something to do whatever happens until then.
    pub(super) fn has_more(&self) -> bool {
        let may_read = !self.is_drained && self.connection.wants_input();
        may_read || self.connection.can_resume()
    }

    /// Takes note of a message that was queued, and writes it unless it is better gathered with others.
    pub(super) fn handle_sent(&mut self, now: Instant) {
        self.sent = self.sent.saturating_add(1);
        let transmit = self.connection.transmit();
        let is_much = transmit.len() >= GATHERED_BYTES || transmit.unsent_messages() >= GATHERED_MESSAGES;
        if !self.is_blocked && (self.sent <= PROMPT_MESSAGES || is_much) {
            self.flush(now);
        }
    }

    /// Whether messages were gathered that the stream has not been offered.
    pub(super) fn has_gathered(&self) -> bool {
        !self.is_blocked && self.connection.has_unsent()
    }

    /// Writes what waits, and ends the stream after the last close frame.
    pub(super) fn flush(&mut self, now: Instant) {
        self.is_blocked = self.write(now) == Flushed::WouldBlock;
        if self.connection.is_finished_writing() {
            self.link.finish();
            if !self.link.can_half_close() {
                // Both sides would wait for the end of the other.
                self.connection.handle_end_of_stream();
            }
        }
    }

    fn write(&mut self, now: Instant) -> Flushed {
        loop {
            match self.link.transmit(self.connection.transmit()) {
                Ok(flushed) => {
                    self.connection.handle_transmitted();
                    // Room in the queue may have been waited for.
                    if flushed == Flushed::WouldBlock || !self.connection.has_unsent() {
                        return flushed;
                    }
                }
                Err(error) => {
                    self.connection.handle_write_error(&error.to_string(), now);
                    return Flushed::All;
                }
            }
        }
    }

    /// The close frame of the other side, once, if it came before ours.
    pub(super) fn take_close_request(&mut self) -> Option<CloseFrame> {
        if self.close_reported || !self.connection.was_close_requested() {
            return None;
        }
        self.close_reported = true;
        self.connection.close_received().cloned()
    }
}

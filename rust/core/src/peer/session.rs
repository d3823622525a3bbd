//! An open connection on its stream.

use super::MAX_READS;
use crate::close::CloseFrame;
use crate::connection::Connection;
use crate::error::{Error, Phase};
use crate::net::{Link, Received, Scratch};
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
    /// The last read did not take all that was there, or there was none.
    pub(super) may_have_more: bool,
    /// TLS failed; the connection can only end.
    pub(super) tls_error: Option<Error>,
    /// Messages that were sent since the last poll.
    sent: u32,
    /// The stream has not taken all that it was given; the next poll tries again.
    is_stalled: bool,
}

impl Session {
    pub(super) fn new(link: Link, connection: Connection) -> Self {
        Self {
            link,
            connection,
            close_reported: false,
            may_have_more: true,
            tls_error: None,
            sent: 0,
            is_stalled: false,
        }
    }

    pub(super) fn poll(&mut self, now: Instant, scratch: &mut Scratch) {
        self.sent = 0;
        self.connection.resume(now);
        self.may_have_more = true;
        for _ in 0..MAX_READS {
            if !self.may_have_more || !self.connection.wants_input() {
                break;
            }
            self.may_have_more = self.read(now, scratch);
        }
        self.connection.handle_timeout(now);
        self.flush(now);
    }

    /// Reads once. False if there is nothing more to read now.
    fn read(&mut self, now: Instant, scratch: &mut Scratch) -> bool {
        let connection = &mut self.connection;
        match self.link.receive(scratch, |bytes| connection.handle_input(bytes, now)) {
            Ok(Received::Bytes { more }) => more,
            Ok(Received::Nothing) => false,
            Ok(Received::End) => {
                self.connection.handle_end_of_stream();
                false
            }
            Err(error) => {
                self.tls_error = Some(Error::new(Phase::Open, error.kind(), error.message()));
                self.connection.handle_end_of_stream();
                false
            }
        }
    }

    /// Takes note of a message that was queued, and writes it unless it is better gathered with others.
    pub(super) fn handle_sent(&mut self, now: Instant) {
        self.sent = self.sent.saturating_add(1);
        let transmit = self.connection.transmit();
        let is_much = transmit.len() >= GATHERED_BYTES || transmit.unsent_messages() >= GATHERED_MESSAGES;
        if !self.is_stalled && (self.sent <= PROMPT_MESSAGES || is_much) {
            self.flush(now);
        }
    }

    /// Whether messages were gathered that the stream has not been offered.
    pub(super) fn has_gathered(&self) -> bool {
        !self.is_stalled && self.connection.has_unsent()
    }

    /// Writes what waits, and ends the stream after the last close frame.
    pub(super) fn flush(&mut self, now: Instant) {
        if let Err(error) = self.link.transmit(self.connection.transmit()) {
            self.connection.handle_write_error(&error.to_string(), now);
        } else {
            self.connection.handle_transmitted();
        }
        self.is_stalled = self.connection.has_unsent();
        if self.connection.is_finished_writing() {
            self.link.finish();
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

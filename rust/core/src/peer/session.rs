//! An open connection on its stream.

use super::MAX_READS;
use crate::close::CloseFrame;
use crate::connection::Connection;
use crate::error::{Error, Phase};
use crate::net::{Link, Received, Scratch};
use std::time::Instant;

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
}

impl Session {
    pub(super) fn poll(&mut self, now: Instant, scratch: &mut Scratch) {
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

    /// Writes what waits, and ends the stream after the last close frame.
    pub(super) fn flush(&mut self, now: Instant) {
        if let Err(error) = self.link.transmit(self.connection.transmit()) {
            self.connection.handle_write_error(&error.to_string(), now);
        } else {
            self.connection.handle_transmitted();
        }
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

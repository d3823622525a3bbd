//! The stages of a connection, and how it goes from one to the next.

use super::accepting::Accepting;
use super::opening::Opening;
use super::session::Session;
use super::{Event, Peer};
use crate::close::CloseFrame;
use crate::connection::{CompressionStatus, Connection, End};
use crate::error::Error;
use crate::handshake::{DeflateParameters, Response, UpgradeRequest};
use crate::net::Scratch;
use crate::queue::ReceiveQueue;
use std::task::Poll;
use std::time::Instant;

#[derive(Debug)]
pub(super) enum Stage {
    Idle,
    Opening(Box<Opening>),
    Accepting(Box<Accepting>),
    Open(Box<Session>),
}

/// What can still be asked for after the end of a connection.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) response: Option<Response>,
    pub(super) request: Option<UpgradeRequest>,
    pub(super) protocol: String,
    pub(super) close: Option<CloseFrame>,
    pub(super) error: Option<Error>,
    /// What compression had come to when the connection ended.
    pub(super) compression: Option<CompressionStatus>,
    /// Messages that were not read when the connection ended.
    pub(super) left_over: ReceiveQueue,
}

/// A stream that has been upgraded.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// With the answer that a client got, or with the request that a server got.
    pub(super) record: Record,
    pub(super) deflate: Option<DeflateParameters>,
    /// Bytes that came behind the handshake.
    pub(super) rest: Vec<u8>,
}

impl Peer {
    /// Goes on as far as it can on the way to an open connection.
    pub(super) fn poll_opening(&mut self, now: Instant, scratch: &mut Scratch) {
        let timeout = self.config.handshake_timeout;
        let polled = match &mut self.stage {
            Stage::Opening(opening) => opening.poll(now, timeout, scratch),
            Stage::Accepting(accepting) => accepting.poll(now, timeout, scratch),
            Stage::Idle | Stage::Open(_) => return,
        };
        match polled {
            Poll::Pending => {}
            Poll::Ready(Ok(opened)) => self.open(opened, now),
            Poll::Ready(Err(error)) => self.fail(error),
        }
    }

    fn open(&mut self, opened: Opened, now: Instant) {
        let config = self.config.clone();
        let (link, mut connection) = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Opening(opening) => (opening.into_link(), Connection::client(config, opened.deflate, now)),
            Stage::Accepting(accepting) => {
                (Some(accepting.into_link()), Connection::server(config, opened.deflate, now))
            }
            Stage::Idle | Stage::Open(_) => return,
        };
        let Some(link) = link else { return };
        if !opened.rest.is_empty() {
            connection.handle_input(&opened.rest, now);
        }
        self.record = opened.record;
        self.stage = Stage::Open(Box::new(Session::new(link, connection)));
        self.events.push_back(Event::Opened);
    }

    fn fail(&mut self, error: Error) {
        log::debug!("opening failed: {error:?}");
        self.record = Record { response: error.response().cloned(), error: Some(error), ..Record::default() };
        self.stage = Stage::Idle;
        self.events.push_back(Event::Failed);
    }

    /// Lets the application see how far closing has come.
    pub(super) fn report_progress(&mut self) {
        let Stage::Open(session) = &mut self.stage else { return };
        if let Some(frame) = session.take_close_request() {
            self.events.push_back(Event::CloseRequested(frame));
        }
        if let Some(frame) = session.connection.close_received() {
            self.record.close = Some(frame.clone());
        }
        if let Some(end) = session.connection.end() {
            let end = end.clone();
            self.finish(end);
        } else if !session.connection.is_open() {
            self.is_closing = true;
        }
    }

    fn finish(&mut self, end: End) {
        let Stage::Open(session) = std::mem::replace(&mut self.stage, Stage::Idle) else { return };
        let clean = matches!(end, End::Clean(_));
        (self.record.close, self.record.error) = match end {
            End::Clean(frame) => (Some(frame), None),
            End::Failed(frame, error) => (Some(frame), Some(error)),
            // All that the connection knows is that its stream has ended; TLS knows why.
            End::Lost(error) => (session.connection.close_received().cloned(), session.tls_error.or(Some(error))),
        };
        self.record.keep(session.connection);
        self.events.push_back(Event::Closed { clean });
    }
}

impl Record {
    /// Takes over from a connection that is gone.
    pub(super) fn keep(&mut self, connection: Connection) {
        self.compression = connection.compression();
        self.left_over = connection.into_received();
    }
}

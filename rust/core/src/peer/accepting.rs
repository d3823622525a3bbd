//! The server's way to an open connection: request, answer, under one deadline.

use super::MAX_READS;
use super::stage::{Opened, Record};
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::{Refusal, Rejection, Requested, ServerHandshake, UpgradeRequest};
use crate::net::{Link, NextPoll, Received, Scratch};
use crate::queue::TransmitQueue;
use std::net::SocketAddr;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

/// How long a refused client may take to read why. Dropping the stream at once would take the answer away from a
/// client that is still writing.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A stream on which an upgrade request is expected.
#[derive(Debug)]
pub(super) struct Accepting {
    link: Link,
    started: Instant,
    handshake: ServerHandshake,
    unsent: TransmitQueue,
    step: ServerStep,
    /// The application decides on each request.
    asks: bool,
    /// The last poll has read as often as it may, and not found the stream empty.
    may_have_more: bool,
}

#[derive(Debug)]
enum ServerStep {
    /// The stream itself is not ready: one of the engine may still be doing its own TLS.
    Connect,
    Request,
    /// The application has not decided yet.
    Decide(Requested),
    /// The answer is being written.
    Answer(Box<Opened>),
    Refuse {
        error: Error,
        deadline: Instant,
    },
}

impl Accepting {
    pub(super) fn new(link: Link, handshake: ServerHandshake, asks: bool, now: Instant) -> Self {
        Self {
            link,
            started: now,
            handshake,
            unsent: TransmitQueue::default(),
            step: ServerStep::Connect,
            asks,
            may_have_more: false,
        }
    }

    /// The request that the application has to decide on.
    pub(super) fn undecided(&self) -> Option<&UpgradeRequest> {
        match &self.step {
            ServerStep::Decide(requested) => Some(&requested.request),
            _ => None,
        }
    }

    /// Accepts the request that was undecided; the next poll answers it.
    pub(super) fn accept_request(&mut self) {
        match std::mem::replace(&mut self.step, ServerStep::Request) {
            ServerStep::Decide(requested) => self.answer(requested),
            other => self.step = other,
        }
    }

    /// Refuses the request that was undecided; the next poll answers it.
    pub(super) fn reject_request(&mut self, rejection: &Rejection, now: Instant) {
        if matches!(self.step, ServerStep::Decide(_)) {
            self.refuse(&rejection.answer(), rejection.error(), now);
        }
    }

    fn answer(&mut self, requested: Requested) {
        let Requested { request, rest } = requested;
        let (agreed, bytes) = self.handshake.accept(&request);
        self.unsent.push_control(&bytes);
        let record = Record { request: Some(request), protocol: agreed.protocol, ..Record::default() };
        self.step = ServerStep::Answer(Box::new(Opened { record, deflate: agreed.deflate, rest }));
    }

    pub(super) fn into_link(self) -> Link {
        self.link
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.link.peer_address()
    }

    pub(super) fn phase(&self) -> Phase {
        if self.link.is_negotiating() || matches!(self.step, ServerStep::Connect) {
            Phase::Tls
        } else {
            Phase::Handshake
        }
    }

    /// When [`Self::poll`] has something to do.
    pub(super) fn next_poll(&self, timeout: Duration) -> NextPoll {
        match self.step {
            _ if self.may_have_more => NextPoll::Now,
            ServerStep::Refuse { deadline, .. } => NextPoll::WhenReadyOr(Some(deadline)),
            _ => NextPoll::WhenReadyOr(self.started.checked_add(timeout)),
        }
    }

    /// Goes as far as it can now.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        timeout: Duration,
        scratch: &mut Scratch,
    ) -> Poll<Result<Opened, Error>> {
        let result = self.advance(now, scratch);
        if result.is_pending() && now.saturating_duration_since(self.started) >= timeout {
            return self.time_out(now, timeout, scratch);
        }
        result
    }

    fn advance(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        self.may_have_more = false;
        if matches!(self.step, ServerStep::Connect) {
            if !self.link.poll_connected().map_err(|error| lost(Phase::Tls, &error.to_string()))? {
                return Poll::Pending;
            }
            self.step = ServerStep::Request;
        }
        if matches!(self.step, ServerStep::Request) {
            ready!(self.read_request(now, scratch))?;
        }
        self.link.transmit(&mut self.unsent).map_err(|error| lost(Phase::Handshake, &error.to_string()))?;
        match &mut self.step {
            ServerStep::Answer(opened) if self.unsent.is_empty() => Poll::Ready(Ok(std::mem::take(&mut **opened))),
            ServerStep::Refuse { .. } => self.poll_refusal(now, scratch),
            _ => Poll::Pending,
        }
    }

    /// Reads until the request is whole, which makes the next step, or until this poll has read enough.
    fn read_request(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<(), Error>> {
        for _ in 0..MAX_READS {
            let mut bytes = Vec::new();
            let received = self.link.receive(scratch, |piece| bytes.extend_from_slice(piece));
            // What was read counts before the end that may have come with it.
            match self.handshake.handle_input(&bytes) {
                Ok(Some(requested)) if self.asks => self.step = ServerStep::Decide(requested),
                Ok(Some(requested)) => self.answer(requested),
                Err(refusal) => self.refuse(&refusal.answer(), refusal.error(), now),
                Ok(None) => match received? {
                    Received::Bytes { .. } => continue,
                    Received::Nothing => return Poll::Pending,
                    Received::End => {
                        let reason = "the client went away before its request was whole";
                        return Poll::Ready(Err(lost(Phase::Handshake, reason)));
                    }
                },
            }
            return Poll::Ready(Ok(()));
        }
        self.may_have_more = true;
        Poll::Pending
    }

    fn refuse(&mut self, answer: &[u8], error: Error, now: Instant) {
        self.unsent.push_control(answer);
        self.step = ServerStep::Refuse { error, deadline: now + REFUSAL_TIMEOUT };
    }

    /// Waits, within bounds, for the client to have read why it was refused. Our half of the stream ends last: some
    /// clients (Qt's) drop an answer that the end of TLS comes right behind.
    fn poll_refusal(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let is_gone = self.drop_input(scratch);
        let ServerStep::Refuse { error, deadline } = &self.step else { return Poll::Pending };
        if !is_gone && now < *deadline {
            return Poll::Pending;
        }
        if self.unsent.is_empty() {
            self.link.finish();
        }
        Poll::Ready(Err(error.clone()))
    }

    /// Reads what a refused client still sends. True once that has ended.
    fn drop_input(&mut self, scratch: &mut Scratch) -> bool {
        for _ in 0..MAX_READS {
            match self.link.receive(scratch, |_| {}) {
                Ok(Received::Bytes { .. }) => {}
                Ok(Received::Nothing) => return false,
                Ok(Received::End) | Err(_) => return true,
            }
        }
        self.may_have_more = true;
        false
    }

    /// Time is up: a client that has not sent its request is told so (RFC 9110 §15.5.9).
    fn time_out(&mut self, now: Instant, timeout: Duration, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let message = format!("waiting for the upgrade request took longer than {timeout:?}");
        let error = Error::new(self.phase(), ErrorKind::HandshakeTimeout, message);
        match &self.step {
            ServerStep::Request => {
                self.refuse(&Refusal::Timeout.answer(), error, now);
                // The answer leaves with this poll: nothing else may ever make the client's stream ready.
                self.advance(now, scratch)
            }
            ServerStep::Connect | ServerStep::Decide(_) | ServerStep::Answer(..) => Poll::Ready(Err(error)),
            // Has a deadline of its own.
            ServerStep::Refuse { .. } => Poll::Pending,
        }
    }
}

fn lost(phase: Phase, reason: &str) -> Error {
    Error::new(phase, ErrorKind::ConnectionLost, format!("the connection was lost: {reason}"))
}

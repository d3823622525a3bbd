//! The server's way to an open connection: request, answer, under one deadline.

use super::Opened;
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::{Answer, ExtraFields, Refusal, ServerHandshake, UpgradeRequest};
use crate::net::{Link, Received, Scratch};
use crate::queue::TransmitQueue;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long a refused client may take to read why. Dropping the stream at once would take the answer away from a
/// client that is still writing.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A stream on which an upgrade request is expected.
#[derive(Debug)]
pub(super) struct Accepting {
    link: Option<Link>,
    started: Instant,
    handshake: ServerHandshake,
    unsent: TransmitQueue,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// The stream itself, TLS included, is not ready.
    Connect,
    Request,
    Answer(Accepted),
    Refuse {
        error: Error,
        deadline: Instant,
    },
}

#[derive(Debug)]
struct Accepted {
    request: UpgradeRequest,
    protocol: String,
    rest: Vec<u8>,
    ended: bool,
}

impl Accepting {
    pub(super) fn new(link: Link, extra: ExtraFields, now: Instant) -> Self {
        let handshake = ServerHandshake::new(extra);
        Self { link: Some(link), started: now, handshake, unsent: TransmitQueue::default(), step: Step::Connect }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.link.as_ref().and_then(Link::peer_address)
    }

    pub(super) fn phase(&self) -> Phase {
        match self.step {
            Step::Connect => Phase::Tls,
            Step::Request | Step::Answer(_) | Step::Refuse { .. } => Phase::Handshake,
        }
    }

    /// When [`Self::poll`] has something to do although nothing has arrived.
    pub(super) fn deadline(&self, timeout: Duration) -> Instant {
        match self.step {
            Step::Refuse { deadline, .. } => deadline,
            Step::Connect | Step::Request | Step::Answer(_) => self.started + timeout,
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
        let Some(link) = &mut self.link else { return Poll::Pending };
        if matches!(self.step, Step::Connect) {
            match link.poll_connected() {
                Ok(true) => self.step = Step::Request,
                Ok(false) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(lost(Phase::Tls, &error.to_string()))),
            }
        }
        if matches!(self.step, Step::Request) {
            std::task::ready!(self.read_request(now, scratch))?;
        }
        if let Err(error) = self.transmit() {
            return Poll::Ready(Err(error));
        }
        match &self.step {
            Step::Answer(_) if self.unsent.is_empty() => self.hand_out(),
            Step::Refuse { .. } => self.poll_refusal(now, scratch),
            _ => Poll::Pending,
        }
    }

    /// Reads until the request is whole, which makes the next step.
    fn read_request(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<(), Error>> {
        let Some(link) = &mut self.link else { return Poll::Pending };
        loop {
            let handshake = &mut self.handshake;
            let mut answer = Ok(Answer::Incomplete);
            let received = link.receive(scratch, |bytes| match &mut answer {
                Ok(Answer::Incomplete) => answer = handshake.handle_input(bytes),
                Ok(Answer::Accepted { rest, .. }) => rest.extend_from_slice(bytes),
                Err(_) => {}
            });
            let ended = !matches!(received, Ok(Received::Bytes { .. }));
            match (answer, received) {
                (Ok(Answer::Accepted { request, protocol, bytes, rest }), _) => {
                    self.unsent.push_control(&bytes);
                    self.step = Step::Answer(Accepted { request, protocol, rest, ended });
                    return Poll::Ready(Ok(()));
                }
                (Err(refusal), _) => {
                    self.refuse(refusal, refusal.error(), now);
                    return Poll::Ready(Ok(()));
                }
                (Ok(Answer::Incomplete), Ok(Received::Bytes { .. })) => {}
                (Ok(Answer::Incomplete), Ok(Received::Nothing)) => return Poll::Pending,
                (Ok(Answer::Incomplete), Ok(Received::End)) => {
                    return Poll::Ready(Err(lost(
                        Phase::Handshake,
                        "the client went away before its request was whole",
                    )));
                }
                (Ok(Answer::Incomplete), Err(error)) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal, error: Error, now: Instant) {
        self.unsent.clear();
        self.unsent.push_control(&refusal.answer());
        self.step = Step::Refuse { error, deadline: now + REFUSAL_TIMEOUT };
    }

    fn transmit(&mut self) -> Result<(), Error> {
        let Some(link) = &mut self.link else { return Ok(()) };
        link.transmit(&mut self.unsent).map_err(|error| lost(Phase::Handshake, &error.to_string()))
    }

    /// Waits, within bounds, for the client to have read why it was refused.
    fn poll_refusal(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let (Some(link), Step::Refuse { error, deadline }) = (&mut self.link, &self.step) else { return Poll::Pending };
        if self.unsent.is_empty() {
            link.finish();
        }
        let gone = match link.receive(scratch, |_| {}) {
            Ok(Received::Bytes { .. } | Received::Nothing) => false,
            Ok(Received::End) | Err(_) => true,
        };
        if gone || now >= *deadline { Poll::Ready(Err(error.clone())) } else { Poll::Pending }
    }

    fn hand_out(&mut self) -> Poll<Result<Opened, Error>> {
        let step = std::mem::replace(&mut self.step, Step::Request);
        let (Step::Answer(Accepted { request, protocol, rest, ended }), Some(link)) = (step, self.link.take()) else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(Opened { link, protocol, rest, ended, response: None, request: Some(request) }))
    }

    /// Time is up: a client that has not sent its request is told so (RFC 9110 §15.5.9).
    fn time_out(&mut self, now: Instant, timeout: Duration, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let message = format!("waiting for the upgrade request took longer than {timeout:?}");
        let error = Error::new(self.phase(), ErrorKind::HandshakeTimeout, message);
        match &self.step {
            Step::Request => {
                self.refuse(Refusal::Timeout, error, now);
                self.advance(now, scratch)
            }
            Step::Connect | Step::Answer(_) => Poll::Ready(Err(error)),
            // Has a deadline of its own.
            Step::Refuse { .. } => Poll::Pending,
        }
    }
}

fn lost(phase: Phase, reason: &str) -> Error {
    Error::new(phase, ErrorKind::ConnectionLost, format!("the connection was lost: {reason}"))
}

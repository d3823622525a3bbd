//! The server's way to an open connection: request, answer, under one deadline.

use super::{MAX_READS, Opened};
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::{Agreed, Answer, Refusal, Rejection, ServerHandshake, UpgradeRequest};
use crate::net::{Link, Next, Received, Scratch};
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
    /// The application decides on each request.
    asks: bool,
    /// The last poll has read as often as it may, and not found the stream empty.
    may_have_more: bool,
}

#[derive(Debug)]
enum Step {
    /// The stream itself is not ready.
    Connect,
    Request,
    /// The application has not decided yet.
    Decide(Requested),
    /// The answer is being written.
    Answer(Requested, Agreed),
    Refuse {
        error: Error,
        deadline: Instant,
    },
}

#[derive(Debug)]
struct Requested {
    request: UpgradeRequest,
    rest: Vec<u8>,
    ended: bool,
}

impl Accepting {
    pub(super) fn new(link: Link, handshake: ServerHandshake, asks: bool, now: Instant) -> Self {
        Self {
            link: Some(link),
            started: now,
            handshake,
            unsent: TransmitQueue::default(),
            step: Step::Connect,
            asks,
            may_have_more: false,
        }
    }

    /// The request that the application has to decide on.
    pub(super) fn undecided(&self) -> Option<&UpgradeRequest> {
        match &self.step {
            Step::Decide(requested) => Some(&requested.request),
            _ => None,
        }
    }

    /// Accepts the request that was undecided; the next poll answers it.
    pub(super) fn admit(&mut self) {
        match std::mem::replace(&mut self.step, Step::Request) {
            Step::Decide(requested) => self.answer(requested),
            other => self.step = other,
        }
    }

    /// Refuses the request that was undecided; the next poll answers it.
    pub(super) fn reject(&mut self, rejection: &Rejection, now: Instant) {
        if matches!(self.step, Step::Decide(_)) {
            self.refuse(&rejection.answer(), rejection.error(), now);
        }
    }

    fn answer(&mut self, requested: Requested) {
        let (agreed, bytes) = self.handshake.accept(&requested.request);
        self.unsent.push_control(&bytes);
        self.step = Step::Answer(requested, agreed);
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.link.as_ref().and_then(Link::peer_address)
    }

    pub(super) fn phase(&self) -> Phase {
        let is_negotiating = self.link.as_ref().is_some_and(Link::is_negotiating);
        if is_negotiating || matches!(self.step, Step::Connect) { Phase::Tls } else { Phase::Handshake }
    }

    /// When [`Self::poll`] has something to do.
    pub(super) fn next_poll(&self, timeout: Duration) -> Next {
        match self.step {
            _ if self.may_have_more => Next::Now,
            Step::Refuse { deadline, .. } => Next::WhenReadyOr(Some(deadline)),
            _ => Next::WhenReadyOr(self.started.checked_add(timeout)),
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
            Step::Answer(..) if self.unsent.is_empty() => self.hand_out(),
            Step::Refuse { .. } => self.poll_refusal(now, scratch),
            _ => Poll::Pending,
        }
    }

    /// Reads until the request is whole, which makes the next step, or until this poll has read enough.
    fn read_request(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<(), Error>> {
        let Some(link) = &mut self.link else { return Poll::Pending };
        for _ in 0..MAX_READS {
            let mut bytes = Vec::new();
            let received = link.receive(scratch, |piece| bytes.extend_from_slice(piece));
            let ended = !matches!(received, Ok(Received::Bytes { .. }));
            match (self.handshake.handle_input(&bytes), received) {
                (Ok(Answer::Requested { request, rest }), _) => {
                    let requested = Requested { request, rest, ended };
                    if self.asks {
                        self.step = Step::Decide(requested);
                    } else {
                        self.answer(requested);
                    }
                    return Poll::Ready(Ok(()));
                }
                (Err(refusal), _) => {
                    self.refuse(&refusal.answer(), refusal.error(), now);
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
        self.may_have_more = true;
        Poll::Pending
    }

    fn refuse(&mut self, answer: &[u8], error: Error, now: Instant) {
        self.unsent.clear();
        self.unsent.push_control(answer);
        self.step = Step::Refuse { error, deadline: now + REFUSAL_TIMEOUT };
    }

    fn transmit(&mut self) -> Result<(), Error> {
        if let Some(link) = &mut self.link {
            link.transmit(&mut self.unsent).map_err(|error| lost(Phase::Handshake, &error.to_string()))?;
        }
        Ok(())
    }

    /// Waits, within bounds, for the client to have read why it was refused. Our half of the stream ends last: some
    /// clients (Qt's) drop an answer that the end of TLS comes right behind.
    fn poll_refusal(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let is_gone = self.drop_input(scratch);
        let (Some(link), Step::Refuse { error, deadline }) = (&mut self.link, &self.step) else { return Poll::Pending };
        if !is_gone && now < *deadline {
            return Poll::Pending;
        }
        if self.unsent.is_empty() {
            link.finish();
        }
        Poll::Ready(Err(error.clone()))
    }

    /// Reads what a refused client still sends. True once that has ended.
    fn drop_input(&mut self, scratch: &mut Scratch) -> bool {
        let Some(link) = &mut self.link else { return true };
        for _ in 0..MAX_READS {
            match link.receive(scratch, |_| {}) {
                Ok(Received::Bytes { .. }) => {}
                Ok(Received::Nothing) => return false,
                Ok(Received::End) | Err(_) => return true,
            }
        }
        self.may_have_more = true;
        false
    }

    fn hand_out(&mut self) -> Poll<Result<Opened, Error>> {
        let step = std::mem::replace(&mut self.step, Step::Request);
        let (Step::Answer(Requested { request, rest, ended }, agreed), Some(link)) = (step, self.link.take()) else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(Opened { link, agreed, rest, ended, response: None, request: Some(request) }))
    }

    /// Time is up: a client that has not sent its request is told so (RFC 9110 §15.5.9).
    fn time_out(&mut self, now: Instant, timeout: Duration, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        let message = format!("waiting for the upgrade request took longer than {timeout:?}");
        let error = Error::new(self.phase(), ErrorKind::HandshakeTimeout, message);
        match &self.step {
            Step::Request => {
                self.refuse(&Refusal::Timeout.answer(), error, now);
                self.advance(now, scratch)
            }
            Step::Connect | Step::Decide(_) | Step::Answer(..) => Poll::Ready(Err(error)),
            // Has a deadline of its own.
            Step::Refuse { .. } => Poll::Pending,
        }
    }
}

fn lost(phase: Phase, reason: &str) -> Error {
    Error::new(phase, ErrorKind::ConnectionLost, format!("the connection was lost: {reason}"))
}

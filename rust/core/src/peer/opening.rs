//! The way to an open connection: name, TCP, TLS, upgrade, under one deadline.

use super::{MAX_READS, Network, Opened, Request};
use crate::config::Compression;
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::{Agreed, ClientHandshake, ExtraFields, Outcome, Response};
use crate::net::{Dial, Link, Lookup, Received, Scratch, Stream};
use crate::queue::TransmitQueue;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long the rest of an explanation is waited for once a server has refused.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that is being opened.
#[derive(Debug)]
pub(super) struct Opening {
    request: Request,
    headers: ExtraFields,
    compression: Compression,
    network: Network,
    started: Instant,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Resolve(Box<dyn Lookup>),
    Connect(Dial),
    Upgrade(Box<Upgrade>),
    /// The stream was handed out.
    Done,
}

/// What a read while upgrading gave.
enum Read {
    Accepted(Accepted),
    Something,
    Nothing,
}

/// The server has agreed to upgrade.
struct Accepted {
    response: Response,
    agreed: Agreed,
    rest: Vec<u8>,
    ended: bool,
}

/// TLS and HTTP over a connected stream.
#[derive(Debug)]
struct Upgrade {
    link: Link,
    address: Option<SocketAddr>,
    handshake: ClientHandshake,
    unsent: TransmitQueue,
    body_deadline: Option<Instant>,
}

impl Opening {
    pub(super) fn new(
        request: Request,
        headers: ExtraFields,
        compression: Compression,
        network: Network,
        now: Instant,
    ) -> Self {
        let step = match request.url.address() {
            Some(address) => Step::Connect(Dial::new(vec![address], request.url.port(), now)),
            None => Step::Resolve(network.resolver.lookup(&request.url.host())),
        };
        Self { request, headers, compression, network, started: now, step }
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
            return Poll::Ready(Err(self.timed_out(timeout)));
        }
        result
    }

    pub(super) fn phase(&self) -> Phase {
        match &self.step {
            Step::Resolve(_) => Phase::Resolve,
            Step::Connect(_) => Phase::Connect,
            Step::Upgrade(upgrade) if upgrade.link.is_negotiating() => Phase::Tls,
            Step::Upgrade(_) | Step::Done => Phase::Handshake,
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.step {
            Step::Resolve(_) | Step::Done => None,
            Step::Connect(dial) => dial.current_address(),
            Step::Upgrade(upgrade) => upgrade.address,
        }
    }

    fn advance(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        loop {
            match &mut self.step {
                Step::Resolve(lookup) => match lookup.poll() {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(addresses)) if !addresses.is_empty() => {
                        self.step = Step::Connect(Dial::new(addresses, self.request.url.port(), now));
                    }
                    Poll::Ready(Ok(_)) => return Poll::Ready(Err(self.unresolved("it has no address"))),
                    Poll::Ready(Err(reason)) => return Poll::Ready(Err(self.unresolved(&reason))),
                },
                Step::Connect(dial) => match dial.poll(now, &mut *self.network.connector) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(stream)) => match self.start_upgrade(stream) {
                        Ok(upgrade) => self.step = Step::Upgrade(Box::new(upgrade)),
                        Err(error) => return Poll::Ready(Err(error)),
                    },
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                },
                Step::Upgrade(upgrade) => {
                    let accepted = std::task::ready!(upgrade.poll(now, scratch));
                    return accepted.map_or_else(|error| Poll::Ready(Err(error)), |accepted| self.hand_out(accepted));
                }
                Step::Done => return Poll::Pending,
            }
        }
    }

    fn start_upgrade(&self, stream: Box<dyn Stream>) -> Result<Upgrade, Error> {
        let url = &self.request.url;
        let tls = match &self.request.tls {
            Some(tls) if url.is_secure() => Some(tls.start(&url.host())?),
            _ => None,
        };
        let (handshake, request) = ClientHandshake::new(url, &self.headers, self.compression);
        let mut unsent = TransmitQueue::default();
        unsent.push_control(&request);
        let address = stream.peer_address();
        Ok(Upgrade { link: Link::new(stream, tls), address, handshake, unsent, body_deadline: None })
    }

    fn hand_out(&mut self, accepted: Accepted) -> Poll<Result<Opened, Error>> {
        let Step::Upgrade(upgrade) = std::mem::replace(&mut self.step, Step::Done) else { return Poll::Pending };
        let Accepted { response, agreed, rest, ended } = accepted;
        Poll::Ready(Ok(Opened { link: upgrade.link, agreed, rest, ended, response: Some(response), request: None }))
    }

    fn unresolved(&self, reason: &str) -> Error {
        let host = self.request.url.host();
        Error::new(Phase::Resolve, ErrorKind::NameNotFound, format!("looking up {host:?} failed: {reason}"))
    }

    fn timed_out(&mut self, timeout: Duration) -> Error {
        if let Step::Upgrade(upgrade) = &mut self.step
            && upgrade.handshake.is_refused()
        {
            return upgrade.handshake.end();
        }
        let phase = self.phase();
        let doing = match phase {
            Phase::Resolve => "looking up the host",
            Phase::Connect => "connecting",
            Phase::Tls => "negotiating TLS",
            Phase::Handshake | Phase::Open | Phase::Close => "waiting for the answer to the upgrade request",
        };
        Error::new(phase, ErrorKind::HandshakeTimeout, format!("{doing} took longer than {timeout:?}"))
    }
}

impl Upgrade {
    fn poll(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Accepted, Error>> {
        for _ in 0..MAX_READS {
            self.transmit();
            match self.read(now, scratch) {
                Ok(Read::Accepted(accepted)) => return Poll::Ready(Ok(accepted)),
                Ok(Read::Something) => {}
                Ok(Read::Nothing) => break,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.poll_body_deadline(now)
    }

    /// A write that fails shows as the end of the stream with the next read, which knows more.
    fn transmit(&mut self) {
        if let Err(error) = self.link.transmit(&mut self.unsent) {
            log::debug!("writing the upgrade request failed: {error}");
        }
    }

    fn read(&mut self, now: Instant, scratch: &mut Scratch) -> Result<Read, Error> {
        let mut bytes = Vec::new();
        let received = self.link.receive(scratch, |piece| bytes.extend_from_slice(piece));
        match (self.handshake.handle_input(&bytes)?, received) {
            (Outcome::Upgraded { response, agreed, rest }, received) => {
                // Whatever came behind the answer is for the connection to judge.
                let ended = !matches!(received, Ok(Received::Bytes { .. }));
                Ok(Read::Accepted(Accepted { response, agreed, rest, ended }))
            }
            (Outcome::Incomplete, Ok(Received::Bytes { .. })) => {
                if self.body_deadline.is_none() && self.handshake.is_refused() {
                    self.body_deadline = Some(now + BODY_TIMEOUT);
                }
                Ok(Read::Something)
            }
            (Outcome::Incomplete, Ok(Received::Nothing)) => Ok(Read::Nothing),
            (Outcome::Incomplete, Ok(Received::End)) => Err(self.ended()),
            (Outcome::Incomplete, Err(error)) => Err(error),
        }
    }

    fn poll_body_deadline(&mut self, now: Instant) -> Poll<Result<Accepted, Error>> {
        match self.body_deadline {
            Some(deadline) if now >= deadline => Poll::Ready(Err(self.ended())),
            _ => Poll::Pending,
        }
    }

    fn ended(&mut self) -> Error {
        if self.link.is_negotiating() {
            let message = "the server ended the connection while TLS was negotiated";
            return Error::new(Phase::Tls, ErrorKind::TlsFailed, message);
        }
        self.handshake.end()
    }
}

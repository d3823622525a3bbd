//! The client's way to an open connection: name, TCP, TLS, upgrade, under one deadline.

use super::stage::{Opened, Record};
use super::{MAX_READS, Network, Request};
use crate::config::Compression;
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::{ClientHandshake, ExtraFields, Upgraded};
use crate::net::{Dial, Link, Lookup, Received, Scratch, Stream};
use crate::queue::TransmitQueue;
use std::net::SocketAddr;
use std::task::{Poll, ready};
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
    step: ClientStep,
}

#[derive(Debug)]
enum ClientStep {
    Resolve(Box<dyn Lookup>),
    Connect(Dial),
    Upgrade(Box<Upgrade>),
}

/// TLS and HTTP over a connected stream.
#[derive(Debug)]
struct Upgrade {
    link: Link,
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
            Some(address) => ClientStep::Connect(Dial::new(vec![address], request.url.port(), now)),
            None => ClientStep::Resolve(network.resolver.lookup(&request.url.host())),
        };
        Self { request, headers, compression, network, started: now, step }
    }

    pub(super) fn phase(&self) -> Phase {
        match &self.step {
            ClientStep::Resolve(_) => Phase::Resolve,
            ClientStep::Connect(_) => Phase::Connect,
            ClientStep::Upgrade(upgrade) if upgrade.link.is_negotiating() => Phase::Tls,
            ClientStep::Upgrade(_) => Phase::Handshake,
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.step {
            ClientStep::Resolve(_) => None,
            ClientStep::Connect(dial) => dial.current_address(),
            ClientStep::Upgrade(upgrade) => upgrade.link.peer_address(),
        }
    }

    /// The stream, once it is connected.
    pub(super) fn into_link(self) -> Option<Link> {
        match self.step {
            ClientStep::Resolve(_) | ClientStep::Connect(_) => None,
            ClientStep::Upgrade(upgrade) => Some(upgrade.link),
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
            return Poll::Ready(Err(self.timed_out(timeout)));
        }
        result
    }

    fn advance(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        loop {
            self.step = match &mut self.step {
                ClientStep::Resolve(lookup) => {
                    let addresses = ready!(lookup.poll()).map_err(|reason| self.unresolved(&reason))?;
                    if addresses.is_empty() {
                        return Poll::Ready(Err(self.unresolved("it has no address")));
                    }
                    ClientStep::Connect(Dial::new(addresses, self.request.url.port(), now))
                }
                ClientStep::Connect(dial) => {
                    let stream = ready!(dial.poll(now, &mut *self.network.connector))?;
                    ClientStep::Upgrade(Box::new(self.start_upgrade(stream)?))
                }
                ClientStep::Upgrade(upgrade) => return upgrade.poll(now, scratch),
            };
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
        Ok(Upgrade { link: Link::new(stream, tls), handshake, unsent, body_deadline: None })
    }

    fn unresolved(&self, reason: &str) -> Error {
        let host = self.request.url.host();
        Error::new(Phase::Resolve, ErrorKind::NameNotFound, format!("looking up {host:?} failed: {reason}"))
    }

    fn timed_out(&mut self, timeout: Duration) -> Error {
        // Only the rest of an explanation is missing: the refusal itself says more than the time that it took.
        if let ClientStep::Upgrade(upgrade) = &mut self.step
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
    fn poll(&mut self, now: Instant, scratch: &mut Scratch) -> Poll<Result<Opened, Error>> {
        for _ in 0..MAX_READS {
            self.transmit();
            let mut bytes = Vec::new();
            let received = self.link.receive(scratch, |piece| bytes.extend_from_slice(piece));
            // What was read counts before the end that may have come with it.
            if let Some(upgraded) = self.handshake.handle_input(&bytes)? {
                return Poll::Ready(Ok(upgraded.into()));
            }
            match received? {
                Received::Bytes { .. } => self.limit_body(now),
                Received::Nothing => break,
                Received::End => return Poll::Ready(Err(self.ended())),
            }
        }
        match self.body_deadline {
            Some(deadline) if now >= deadline => Poll::Ready(Err(self.ended())),
            _ => Poll::Pending,
        }
    }

    /// A write that fails shows as the end of the stream with the next read, which knows more.
    fn transmit(&mut self) {
        if let Err(error) = self.link.transmit(&mut self.unsent) {
            log::debug!("writing the upgrade request failed: {error}");
        }
    }

    /// A server that has refused may be slow to say why, or never end.
    fn limit_body(&mut self, now: Instant) {
        if self.handshake.is_refused() {
            self.body_deadline.get_or_insert(now + BODY_TIMEOUT);
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

impl From<Upgraded> for Opened {
    fn from(upgraded: Upgraded) -> Self {
        let Upgraded { response, agreed, rest } = upgraded;
        let record = Record { response: Some(response), protocol: agreed.protocol, ..Record::default() };
        Self { record, deflate: agreed.deflate, rest }
    }
}

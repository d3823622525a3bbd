//! Happy eyeballs (RFC 8305): the addresses of a host are tried side by side, so that a dead one costs little.

use super::{Connector, Stream};
use crate::error::{Error, ErrorKind, Phase};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long an attempt has the field to itself (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Addresses of one host that are tried at all.
const MAX_ADDRESSES: usize = 6;

/// A host that is being connected to.
#[derive(Debug)]
pub(crate) struct Dial {
    waiting: VecDeque<SocketAddr>,
    attempts: Vec<(SocketAddr, Box<dyn Stream>)>,
    next_attempt: Instant,
    last_failure: Option<(SocketAddr, io::Error)>,
}

impl Dial {
    /// Dials `addresses`, the most preferred first. The first attempt starts with the first [`Self::poll`].
    pub(crate) fn new(addresses: Vec<IpAddr>, port: u16, now: Instant) -> Self {
        let addresses = interleave(addresses).into_iter().take(MAX_ADDRESSES);
        Self {
            waiting: addresses.map(|address| SocketAddr::new(address, port)).collect(),
            attempts: Vec::new(),
            next_attempt: now,
            last_failure: None,
        }
    }

    /// The first stream that is connected; the other attempts are dropped.
    pub(crate) fn poll(&mut self, now: Instant, connector: &mut dyn Connector) -> Poll<Result<Box<dyn Stream>, Error>> {
        loop {
            if let Some(winner) = self.poll_attempts() {
                return Poll::Ready(Ok(winner));
            }
            if self.attempts.is_empty() && self.waiting.is_empty() {
                return Poll::Ready(Err(self.failure()));
            }
            // Where all attempts have failed there is none to leave the field to.
            if !(self.attempts.is_empty() || now >= self.next_attempt) {
                return Poll::Pending;
            }
            let Some(address) = self.waiting.pop_front() else { return Poll::Pending };
            self.start(address, now, connector);
        }
    }

    /// The address that is being tried, or will be.
    pub(crate) fn current_address(&self) -> Option<SocketAddr> {
        self.attempts.last().map(|(address, _)| *address).or_else(|| self.waiting.front().copied())
    }

    fn start(&mut self, address: SocketAddr, now: Instant, connector: &mut dyn Connector) {
        self.next_attempt = now + ATTEMPT_DELAY;
        match connector.connect(address) {
            Ok(stream) => self.attempts.push((address, stream)),
            Err(error) => self.last_failure = Some((address, error)),
        }
    }

    fn poll_attempts(&mut self) -> Option<Box<dyn Stream>> {
        let mut idx = 0;
        while let Some((address, stream)) = self.attempts.get_mut(idx) {
            match stream.poll_connected() {
                Ok(true) => return Some(self.attempts.swap_remove(idx).1),
                Ok(false) => idx += 1,
                Err(error) => {
                    self.last_failure = Some((*address, error));
                    self.attempts.remove(idx);
                }
            }
        }
        None
    }

    fn failure(&self) -> Error {
        match &self.last_failure {
            Some((address, error)) => {
                let kind = match error.kind() {
                    io::ErrorKind::ConnectionRefused => ErrorKind::ConnectionRefused,
                    _ => ErrorKind::Unreachable,
                };
                Error::new(Phase::Connect, kind, format!("connecting to {address} failed: {error}"))
            }
            None => Error::new(Phase::Resolve, ErrorKind::NameNotFound, "the host has no address"),
        }
    }
}

/// Alternates between the address families, starting with that of the first address (RFC 8305 §4).
fn interleave(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let starts_with_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let (first, second): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == starts_with_v4);
    let mut queues = [first, second];
    let mut mixed = Vec::new();
    while queues.iter().any(|queue| !queue.is_empty()) {
        mixed.extend(queues.iter_mut().filter_map(VecDeque::pop_front));
    }
    mixed
}

#[cfg(test)]
mod tests;

//! One connection as an application sees it, from the URL to its end.

mod accepting;
mod interface;
mod opening;
mod session;
#[cfg(test)]
mod tests;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::connection::{CompressionStatus, Connection, Encoded, End, SendError};
use crate::error::{Error, Misuse, Phase};
use crate::handshake::{Agreed, ExtraFields, Rejection, Response, ServerHandshake, UpgradeRequest};
use crate::net::{Link, Next, Scratch, Wake};
use crate::queue::{Kind, Message, ReceiveQueue};
use accepting::Accepting;
pub use interface::{Event, Guest, Network, ReadyState, Request};
use opening::Opening;
use session::Session;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

/// Reads of one poll: more than this waits for the next one, so that no peer can hold up a frame.
const MAX_READS: usize = 4;

/// A connection that is driven by [`Peer::poll`]. It may be used again after its end.
#[derive(Debug)]
pub struct Peer {
    stage: Stage,
    config: Config,
    state: ReadyState,
    events: VecDeque<Event>,
    outcome: Outcome,
    response: Option<Response>,
    request: Option<UpgradeRequest>,
    protocol: String,
    /// What compression had come to when the connection ended.
    compression: Option<CompressionStatus>,
    /// Messages that were not read when the connection ended.
    left_over: ReceiveQueue,
    /// How to be polled again if a listener decides on it.
    wake: Option<Wake>,
    /// The last poll brought messages, so the next one tells what else has happened.
    is_behind: bool,
}

/// How the last connection ended.
#[derive(Debug, Default)]
struct Outcome {
    close: Option<CloseFrame>,
    error: Option<Error>,
}

#[derive(Debug)]
enum Stage {
    Idle,
    Opening(Box<Opening>),
    Accepting(Box<Accepting>),
    Open(Box<Session>),
}

/// A stream that has been upgraded.
#[derive(Debug)]
struct Opened {
    link: Link,
    agreed: Agreed,
    /// Bytes that came behind the handshake.
    rest: Vec<u8>,
    /// Nothing will come behind them.
    ended: bool,
    /// The answer, as a client got it.
    response: Option<Response>,
    /// The request, as a server got it.
    request: Option<UpgradeRequest>,
}

impl Peer {
    /// A peer without a connection.
    pub fn new(config: Config) -> Self {
        Self {
            stage: Stage::Idle,
            config,
            state: ReadyState::Closed,
            events: VecDeque::new(),
            outcome: Outcome::default(),
            response: None,
            request: None,
            protocol: String::new(),
            compression: None,
            left_over: ReceiveQueue::default(),
            wake: None,
            is_behind: false,
        }
    }

    /// The limits and deadlines in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Puts other limits and deadlines in force, for an open connection too.
    pub fn set_config(&mut self, config: Config) {
        if let Stage::Open(session) = &mut self.stage {
            session.connection.set_config(config.clone());
        }
        self.config = config;
        self.wake();
    }

    /// Asks to be polled: what is waited for has changed.
    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake.wake();
        }
    }

    /// Starts to connect. How it goes on is up to [`Self::poll`]; how it ended, to [`Self::state`] and
    /// [`Self::error`]. A connection that is still closing is abandoned.
    ///
    /// # Errors
    /// Why the request could not even be started; nothing has changed then.
    pub fn connect(&mut self, request: Request, network: Network, now: Instant) -> Result<(), Misuse> {
        if matches!(self.state, ReadyState::Connecting | ReadyState::Open) {
            return Err(Misuse::AlreadyInUse);
        }
        let headers = ExtraFields::new(&request.protocols, &request.headers)?;
        if request.url.is_secure() && request.tls.is_none() {
            return Err(Misuse::InvalidUrl("it needs TLS, which was not given".to_owned()));
        }
        self.reset();
        self.state = ReadyState::Connecting;
        self.stage = Stage::Opening(Box::new(Opening::new(request, headers, self.config.compression, network, now)));
        Ok(())
    }

    /// Starts to serve a client that has connected.
    ///
    /// # Errors
    /// Why it could not even be started; nothing has changed then.
    pub fn accept(&mut self, guest: Guest, now: Instant) -> Result<(), Misuse> {
        if matches!(self.state, ReadyState::Connecting | ReadyState::Open) {
            return Err(Misuse::AlreadyInUse);
        }
        let extra = ExtraFields::new(&guest.protocols, &guest.headers)?;
        let tls = guest.tls.map(|tls| tls.start()).transpose()?;
        self.reset();
        self.state = ReadyState::Connecting;
        self.wake = guest.wake;
        let handshake = ServerHandshake::new(extra, self.config.compression);
        let accepting = Accepting::new(Link::new(guest.stream, tls), handshake, guest.asks, now);
        self.stage = Stage::Accepting(Box::new(accepting));
        Ok(())
    }

    /// The request that waits for a decision.
    pub fn undecided_request(&self) -> Option<&UpgradeRequest> {
        match &self.stage {
            Stage::Accepting(accepting) => accepting.undecided(),
            _ => None,
        }
    }

    /// Accepts the request that waits for a decision; the next poll answers it.
    pub fn admit(&mut self) {
        if let Stage::Accepting(accepting) = &mut self.stage {
            accepting.admit();
        }
        self.wake();
    }

    /// Refuses the request that waits for a decision (RFC 6455 §4.2.2); the next poll answers it.
    pub fn reject(&mut self, rejection: &Rejection, now: Instant) {
        if let Stage::Accepting(accepting) = &mut self.stage {
            accepting.reject(rejection, now);
        }
        self.wake();
    }

    /// Forgets the last connection.
    fn reset(&mut self) {
        self.stage = Stage::Idle;
        self.events.clear();
        self.outcome = Outcome::default();
        self.response = None;
        self.request = None;
        self.protocol.clear();
        self.compression = None;
        self.left_over = ReceiveQueue::default();
        self.wake = None;
        self.is_behind = false;
    }

    /// Does all that can be done now, without waiting: reads, answers, writes, and looks at the deadlines.
    ///
    /// A poll that brought messages does not report the end of the connection; the next one does. So an application
    /// that reads while the state is [`ReadyState::Open`] sees every message.
    pub fn poll(&mut self, now: Instant, scratch: &mut Scratch) {
        let before = self.messages_received();
        self.poll_opening(now, scratch);
        // What came with the upgrade is enough for one poll.
        if self.messages_received() == before
            && let Stage::Open(session) = &mut self.stage
        {
            session.poll(now, scratch);
        }
        self.is_behind = self.messages_received() > before;
        if !self.is_behind {
            self.report_progress();
        }
    }

    /// When the next [`Self::poll`] has something to do. A peer whose streams no listener watches is polled all the
    /// time and has no need to ask.
    pub fn next_poll(&self) -> Next {
        match &self.stage {
            Stage::Idle => Next::WhenReadyOr(None),
            Stage::Opening(_) => Next::Now,
            Stage::Accepting(accepting) => accepting.next_poll(self.config.handshake_timeout),
            Stage::Open(session) if self.is_behind => Next::Now,
            Stage::Open(session) if session.has_more() => Next::Now,
            Stage::Open(session) => Next::WhenReadyOr(session.connection.deadline()),
        }
    }

    fn poll_opening(&mut self, now: Instant, scratch: &mut Scratch) {
        let timeout = self.config.handshake_timeout;
        let polled = match &mut self.stage {
            Stage::Opening(opening) => opening.poll(now, timeout, scratch),
            Stage::Accepting(accepting) => accepting.poll(now, timeout, scratch),
            Stage::Idle | Stage::Open(_) => return,
        };
        match polled {
            Poll::Pending => {}
            Poll::Ready(Ok(opened)) => self.open(opened, now),
            Poll::Ready(Err(error)) => self.finish_with_error(error),
        }
    }

    fn open(&mut self, opened: Opened, now: Instant) {
        let config = self.config.clone();
        let is_server = opened.request.is_some();
        let Agreed { protocol, deflate } = opened.agreed;
        let mut connection =
            if is_server { Connection::server(config, deflate, now) } else { Connection::client(config, deflate, now) };
        if !opened.rest.is_empty() {
            connection.handle_input(&opened.rest, now);
        }
        if opened.ended {
            connection.handle_end_of_stream();
        }
        self.response = opened.response;
        self.request = opened.request;
        self.protocol = protocol;
        self.state = ReadyState::Open;
        self.events.push_back(Event::Opened);
        self.stage = Stage::Open(Box::new(Session::new(opened.link, connection)));
    }

    fn finish_with_error(&mut self, error: Error) {
        log::debug!("opening failed: {error:?}");
        self.response = error.response().cloned();
        self.outcome.error = Some(error);
        self.stage = Stage::Idle;
        self.state = ReadyState::Closed;
        self.events.push_back(Event::Failed);
    }

    /// Lets the application see how far closing has come.
    fn report_progress(&mut self) {
        let Stage::Open(session) = &mut self.stage else { return };
        if let Some(frame) = session.take_close_request() {
            self.events.push_back(Event::CloseRequested(frame));
        }
        if let Some(frame) = session.connection.close_received() {
            self.outcome.close = Some(frame.clone());
        }
        if let Some(end) = session.connection.end() {
            let end = end.clone();
            self.finish(end);
        } else if !session.connection.is_open() {
            self.state = ReadyState::Closing;
        }
    }

    fn finish(&mut self, end: End) {
        let Stage::Open(session) = std::mem::replace(&mut self.stage, Stage::Idle) else { return };
        let clean = matches!(end, End::Clean(_));
        self.outcome = match end {
            End::Clean(frame) => Outcome { close: Some(frame), error: None },
            End::Failed(frame, error) => Outcome { close: Some(frame), error: Some(error) },
            End::Lost(error) => Outcome {
                close: session.connection.close_received().cloned(),
                error: Some(session.tls_error.unwrap_or(error)),
            },
        };
        self.keep(session.connection);
        self.state = ReadyState::Closed;
        self.events.push_back(Event::Closed { clean });
    }

    /// Keeps what may be asked for after the end.
    fn keep(&mut self, connection: Connection) {
        self.compression = connection.compression();
        self.left_over = connection.into_received();
    }

    /// Sends a message; what the socket does not take at once leaves with the next polls, in order.
    ///
    /// The first message after a poll is written at once. More are gathered and leave together, once they are 64 KiB,
    /// with [`Self::flush`] or with the next poll.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn send(&mut self, kind: Kind, payload: &[u8], now: Instant) -> Result<(), SendError> {
        self.submit(now, |connection| connection.send(kind, payload))
    }

    /// Sends a message that was encoded for many peers.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn send_encoded(&mut self, message: &Encoded, now: Instant) -> Result<(), SendError> {
        self.submit(now, |connection| connection.send_encoded(message))
    }

    /// Sends a ping (RFC 6455 §5.5.2), at once.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn ping(&mut self, payload: &[u8], now: Instant) -> Result<(), SendError> {
        self.submit(now, |connection| connection.ping(payload))?;
        // One that waits would not tell the time.
        self.flush(now);
        Ok(())
    }

    /// Writes the messages that were gathered.
    pub fn flush(&mut self, now: Instant) {
        if let Stage::Open(session) = &mut self.stage {
            session.flush(now);
            if session.connection.is_broken() {
                self.wake();
            }
        }
    }

    /// Whether [`Self::flush`] has something to do.
    pub fn has_gathered(&self) -> bool {
        matches!(&self.stage, Stage::Open(session) if session.has_gathered())
    }

    /// Queues something, and writes it unless it is better gathered with others.
    fn submit(
        &mut self,
        now: Instant,
        queue: impl Fn(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let session = self.open_session()?;
        let mut result = queue(&mut session.connection);
        if result == Err(SendError::Full) && session.has_gathered() {
            // There may be room once what was gathered has left.
            session.flush(now);
            result = queue(&mut session.connection);
        }
        result?;
        session.handle_sent(now);
        if session.has_gathered() || session.connection.is_broken() {
            self.wake();
        }
        Ok(())
    }

    fn open_session(&mut self) -> Result<&mut Session, SendError> {
        match &mut self.stage {
            Stage::Open(session) if self.state == ReadyState::Open => Ok(session),
            _ => Err(SendError::NotOpen),
        }
    }

    /// Closes the connection: what waits is sent, then the close frame. The state is [`ReadyState::Closing`] until
    /// the other side has answered or `close_timeout` is over. A connection that is being opened is abandoned, and
    /// no event tells of it. If it is closing or closed already, nothing happens.
    pub fn close(&mut self, frame: CloseFrame, now: Instant) {
        match (&mut self.stage, self.state) {
            (Stage::Opening(_) | Stage::Accepting(_), _) => {
                self.stage = Stage::Idle;
                self.state = ReadyState::Closed;
                self.wake();
            }
            (Stage::Open(session), ReadyState::Open) => {
                session.connection.close(frame, now);
                session.flush(now);
                self.state = ReadyState::Closing;
                self.wake();
            }
            _ => {}
        }
    }

    /// The application goes away: tries to say so with 1001 (RFC 6455 §7.4.1), without waiting for anything, and
    /// drops the connection.
    pub fn leave(&mut self, now: Instant) {
        self.close(CloseFrame::going_away(), now);
        if let Stage::Open(session) = &mut self.stage {
            session.link.finish();
        }
        self.abort();
    }

    /// Drops the connection without a close frame. No event tells of it. Without a connection nothing happens, and
    /// what is known of the last one stays.
    pub fn abort(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => return,
            Stage::Open(session) => self.keep(session.connection),
            Stage::Opening(_) | Stage::Accepting(_) => {}
        }
        self.events.clear();
        self.outcome = Outcome::default();
        self.state = ReadyState::Closed;
        self.wake();
    }

    /// What the peer is doing.
    pub fn state(&self) -> ReadyState {
        self.state
    }

    /// The oldest event that was not taken yet.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The same, if `wanted` says so.
    pub fn poll_event_if(&mut self, wanted: impl FnOnce(&Event) -> bool) -> Option<Event> {
        self.events.pop_front_if(|event| wanted(event))
    }

    /// The oldest message that was not read yet. Messages stay readable after the end.
    pub fn receive(&mut self) -> Option<Message> {
        match &mut self.stage {
            Stage::Open(session) => {
                let was_paused = session.connection.is_paused();
                let message = session.connection.receive();
                if was_paused {
                    self.wake();
                }
                message
            }
            _ => self.left_over.pop(),
        }
    }

    /// How many messages wait to be read.
    pub fn queued_messages(&self) -> usize {
        self.received().len()
    }

    /// How many messages the connection has brought so far, read or not.
    pub fn messages_received(&self) -> u64 {
        self.received().total()
    }

    fn received(&self) -> &ReceiveQueue {
        match &self.stage {
            Stage::Open(session) => session.connection.received(),
            _ => &self.left_over,
        }
    }

    /// Payload bytes of the messages that have not left whole.
    pub fn buffered_amount(&self) -> usize {
        match &self.stage {
            Stage::Open(session) => session.connection.unsent_payload(),
            _ => 0,
        }
    }

    /// The close frame that ended the last connection: the received one, or ours if we ended it for a violation.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.outcome.close.as_ref()
    }

    /// Why the last connection failed; `None` if it did not, or not yet.
    pub fn error(&self) -> Option<&Error> {
        self.outcome.error.as_ref()
    }

    /// The answer of the server to the upgrade request, once it came.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// The upgrade request of the client, if the peer is the server's end and it came.
    pub fn request(&self) -> Option<&UpgradeRequest> {
        self.request.as_ref()
    }

    /// The sub-protocol that the server chose; empty if none.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// What both sides have agreed on for compression, and what it has come to; `None` if messages are not compressed.
    /// It stays readable after the end.
    pub fn compression(&self) -> Option<CompressionStatus> {
        match &self.stage {
            Stage::Open(session) => session.connection.compression(),
            _ => self.compression,
        }
    }

    /// Whom the peer is connected to or is connecting to; `None` without a connection and while a name is looked up.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.stage {
            Stage::Idle => None,
            Stage::Opening(opening) => opening.address(),
            Stage::Accepting(accepting) => accepting.address(),
            Stage::Open(session) => session.link.peer_address(),
        }
    }

    /// What the peer is doing on the way to an open connection; `None` if it is not on that way.
    pub fn opening_phase(&self) -> Option<Phase> {
        match &self.stage {
            Stage::Opening(opening) => Some(opening.phase()),
            Stage::Accepting(accepting) => Some(accepting.phase()),
            Stage::Idle | Stage::Open(_) => None,
        }
    }

    /// The time from the last answered heartbeat to its answer.
    pub fn round_trip_time(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Open(session) => session.connection.round_trip(),
            _ => None,
        }
    }

    /// Turns Nagle's algorithm off (`true`, the default) or on. False if nothing is connected.
    pub fn set_no_delay(&mut self, enabled: bool) -> bool {
        match &mut self.stage {
            Stage::Open(session) => session.link.set_no_delay(enabled),
            Stage::Idle | Stage::Opening(_) | Stage::Accepting(_) => return false,
        }
        true
    }
}

//! One connection as an application sees it, from the URL to its end.

mod accepting;
mod interface;
mod opening;
mod session;
mod stage;
#[cfg(test)]
mod tests;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::connection::{CompressionStatus, Connection, Encoded, SendError};
use crate::error::{Error, Misuse, Phase};
use crate::handshake::{ExtraFields, Rejection, Response, ServerHandshake, UpgradeRequest};
use crate::net::{Link, NextPoll, Scratch, Wake};
use crate::queue::{Kind, Message, ReceiveQueue};
use accepting::Accepting;
pub use interface::{Event, Guest, Network, ReadyState, Request};
use opening::Opening;
use session::Session;
use stage::{Record, Stage};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Reads of one poll: more than this waits for the next one, so that no peer can hold up a frame.
const MAX_READS: usize = 4;

/// A connection that is driven by [`Peer::poll`]. It may be used again after its end.
///
/// [`Self::connect`] or [`Self::accept`] starts it. From then on [`Self::poll`] is called again and again, in a game
/// with each frame, and behind it what has come is taken out: [`Self::poll_event`] until there is nothing, then
/// [`Self::receive`]. Messages are sent at any time in between, [`Self::flush`] last. A peer that a listener watches is
/// polled when [`Self::next_poll`] says so, which is asked after all else.
///
/// Methods come in this order: those that start and end a connection, those that let it go on and tell what has come of
/// that, those that an application uses on an open one, and getters.
#[derive(Debug)]
pub struct Peer {
    config: Config,
    stage: Stage,
    record: Record,
    events: VecDeque<Event>,
    /// The application was told that the open connection is closing.
    is_closing: bool,
    /// The last poll brought messages, so the next one tells what else has happened.
    is_behind: bool,
    /// How to be polled again if a listener decides on it.
    wake: Option<Wake>,
}

impl Peer {
    /// A peer without a connection.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            stage: Stage::Idle,
            record: Record::default(),
            events: VecDeque::new(),
            is_closing: false,
            is_behind: false,
            wake: None,
        }
    }

    /// Starts to connect. How it goes on is up to [`Self::poll`]; how it ended, to [`Self::state`] and
    /// [`Self::error`]. A connection that is still closing is abandoned.
    ///
    /// # Errors
    /// Why the request could not even be started; nothing has changed then.
    pub fn connect(&mut self, request: Request, network: Network, now: Instant) -> Result<(), Misuse> {
        self.check_unused()?;
        let headers = ExtraFields::new(&request.protocols, &request.headers)?;
        if request.url.is_secure() && request.tls.is_none() {
            return Err(Misuse::InvalidUrl("it needs TLS, which was not given".to_owned()));
        }
        let opening = Opening::new(request, headers, self.config.compression, network, now);
        self.start(Stage::Opening(Box::new(opening)), None);
        Ok(())
    }

    /// Starts to serve a client that has connected.
    ///
    /// # Errors
    /// Why it could not even be started; nothing has changed then.
    pub fn accept(&mut self, guest: Guest, now: Instant) -> Result<(), Misuse> {
        self.check_unused()?;
        let extra = ExtraFields::new(&guest.protocols, &guest.headers)?;
        let tls = guest.tls.map(|tls| tls.start()).transpose()?;
        let handshake = ServerHandshake::new(extra, self.config.compression);
        let accepting = Accepting::new(Link::new(guest.stream, tls), handshake, guest.asks, now);
        self.start(Stage::Accepting(Box::new(accepting)), guest.wake);
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
    pub fn accept_request(&mut self) {
        if let Stage::Accepting(accepting) = &mut self.stage {
            accepting.accept_request();
        }
        self.wake();
    }

    /// Refuses the request that waits for a decision (RFC 6455 §4.2.2); the next poll answers it.
    pub fn reject_request(&mut self, rejection: &Rejection, now: Instant) {
        if let Stage::Accepting(accepting) = &mut self.stage {
            accepting.reject_request(rejection, now);
        }
        self.wake();
    }

    /// Closes the connection: what waits is sent, then the close frame. The state is [`ReadyState::Closing`] until
    /// the other side has answered or `close_timeout` is over. A connection that is being opened is abandoned, and
    /// no event tells of it. If it is closing or closed already, nothing happens.
    pub fn close(&mut self, frame: CloseFrame, now: Instant) {
        match &mut self.stage {
            Stage::Opening(_) | Stage::Accepting(_) => self.stage = Stage::Idle,
            Stage::Open(session) if !self.is_closing => {
                session.connection.close(frame, now);
                session.flush(now);
                self.is_closing = true;
            }
            Stage::Idle | Stage::Open(_) => return,
        }
        self.wake();
    }

    /// The application goes away: tries to say so with 1001 (RFC 6455 §7.4.1), without waiting for anything, and
    /// drops the connection.
    pub fn leave(&mut self, now: Instant) {
        self.close(CloseFrame::going_away(), now);
        // What the system has been given leaves though the socket is dropped, and the end behind it.
        if let Some(session) = self.session_mut() {
            session.link.finish();
        }
        self.abort();
    }

    /// Drops the connection without a close frame. No event tells of it. Without a connection nothing happens, and
    /// what is known of the last one stays.
    pub fn abort(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => return,
            Stage::Open(session) => self.record.keep(session.connection),
            Stage::Opening(_) | Stage::Accepting(_) => {}
        }
        self.events.clear();
        (self.record.close, self.record.error) = (None, None);
        self.wake();
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
            && let Some(session) = self.session_mut()
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
    pub fn next_poll(&self) -> NextPoll {
        match &self.stage {
            Stage::Idle => NextPoll::WhenReadyOr(None),
            // No listener watches a stream that is being dialled.
            Stage::Opening(_) => NextPoll::Now,
            Stage::Accepting(accepting) => accepting.next_poll(self.config.handshake_timeout),
            Stage::Open(session) if self.is_behind || session.has_more() => NextPoll::Now,
            Stage::Open(session) => NextPoll::WhenReadyOr(session.connection.deadline()),
        }
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
        let Some(session) = self.session_mut() else { return self.record.left_over.pop() };
        let was_paused = session.connection.is_paused();
        let message = session.connection.receive();
        // There is room again for what the stream has told of already, and will not again.
        if was_paused {
            self.wake();
        }
        message
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
        let Some(session) = self.session_mut() else { return };
        session.flush(now);
        if session.connection.is_broken() {
            self.wake();
        }
    }

    /// Puts other limits and deadlines in force, for an open connection too.
    pub fn set_config(&mut self, config: Config) {
        if let Some(session) = self.session_mut() {
            session.connection.set_config(config.clone());
        }
        self.config = config;
        // A deadline may be nearer now.
        self.wake();
    }

    /// Turns Nagle's algorithm off (`true`, the default) or on. False if nothing is connected.
    pub fn set_no_delay(&mut self, enabled: bool) -> bool {
        let Some(session) = self.session_mut() else { return false };
        session.link.set_no_delay(enabled);
        true
    }

    /// The limits and deadlines in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the peer is doing.
    pub fn state(&self) -> ReadyState {
        match &self.stage {
            Stage::Idle => ReadyState::Closed,
            Stage::Opening(_) | Stage::Accepting(_) => ReadyState::Connecting,
            Stage::Open(_) if self.is_closing => ReadyState::Closing,
            Stage::Open(_) => ReadyState::Open,
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

    /// Whom the peer is connected to or is connecting to; `None` without a connection and while a name is looked up.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.stage {
            Stage::Idle => None,
            Stage::Opening(opening) => opening.address(),
            Stage::Accepting(accepting) => accepting.address(),
            Stage::Open(session) => session.link.peer_address(),
        }
    }

    /// The message that [`Self::receive`] would return.
    pub fn peek(&self) -> Option<&Message> {
        self.received().front()
    }

    /// How many messages wait to be read.
    pub fn queued_messages(&self) -> usize {
        self.received().len()
    }

    /// How many messages the connection has brought so far, read or not.
    pub fn messages_received(&self) -> u64 {
        self.received().total()
    }

    /// Payload bytes of the messages that have not left whole.
    pub fn buffered_amount(&self) -> usize {
        self.session().map_or(0, |session| session.connection.unsent_payload())
    }

    /// Whether [`Self::flush`] has something to do.
    pub fn has_gathered(&self) -> bool {
        self.session().is_some_and(Session::has_gathered)
    }

    /// The time from the last answered heartbeat to its answer.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.session()?.connection.round_trip()
    }

    /// What both sides have agreed on for compression, and what it has come to; `None` if messages are not compressed.
    /// It stays readable after the end.
    pub fn compression(&self) -> Option<CompressionStatus> {
        self.session().map_or(self.record.compression, |session| session.connection.compression())
    }

    /// The answer of the server to the upgrade request, once it came.
    pub fn response(&self) -> Option<&Response> {
        self.record.response.as_ref()
    }

    /// The upgrade request of the client, if the peer is the server's end and it came.
    pub fn request(&self) -> Option<&UpgradeRequest> {
        self.record.request.as_ref()
    }

    /// The sub-protocol that the server chose; empty if none.
    pub fn protocol(&self) -> &str {
        &self.record.protocol
    }

    /// The close frame that ended the last connection: the received one, or ours if we ended it for a violation.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.record.close.as_ref()
    }

    /// Why the last connection failed; `None` if it did not, or not yet.
    pub fn error(&self) -> Option<&Error> {
        self.record.error.as_ref()
    }
}

impl Peer {
    fn check_unused(&self) -> Result<(), Misuse> {
        match self.state() {
            ReadyState::Connecting | ReadyState::Open => Err(Misuse::AlreadyInUse),
            ReadyState::Closing | ReadyState::Closed => Ok(()),
        }
    }

    /// Begins anew; nothing is left of the last connection.
    fn start(&mut self, stage: Stage, wake: Option<Wake>) {
        *self = Self { stage, wake, ..Self::new(std::mem::take(&mut self.config)) };
    }

    /// Queues something, and writes it unless it is better gathered with others.
    fn submit(
        &mut self,
        now: Instant,
        queue: impl Fn(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let session = match &mut self.stage {
            Stage::Open(session) if !self.is_closing => session,
            _ => return Err(SendError::NotOpen),
        };
        let mut result = queue(&mut session.connection);
        if result == Err(SendError::Full) && session.has_gathered() {
            // There may be room once what was gathered has left.
            session.flush(now);
            result = queue(&mut session.connection);
        }
        result?;
        session.handle_sent(now);
        // A poll writes what was gathered, or tells of the end.
        if session.has_gathered() || session.connection.is_broken() {
            self.wake();
        }
        Ok(())
    }

    /// Asks to be polled: what is waited for has changed.
    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake.wake();
        }
    }

    fn received(&self) -> &ReceiveQueue {
        self.session().map_or(&self.record.left_over, |session| session.connection.received())
    }

    fn session(&self) -> Option<&Session> {
        match &self.stage {
            Stage::Open(session) => Some(session),
            _ => None,
        }
    }

    fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.stage {
            Stage::Open(session) => Some(session),
            _ => None,
        }
    }
}

//! One connection after the upgrade: tungstenite over buffers in memory, with queues, limits, close and deadlines.

mod context;
mod deflate;
mod filter;
#[cfg(test)]
pub(crate) mod frames;
mod mask;
mod outgoing;
mod shim;
#[cfg(test)]
mod tests;
mod violation;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Phase};
use crate::handshake::DeflateParameters;
use crate::heartbeat::{Beat, Heartbeat};
use crate::queue::{Kind, Message, ReceiveQueue, TransmitQueue};
use context::Context;
pub use deflate::{CompressionStatus, Volume};
use deflate::{Compressor, Decompressor};
use filter::{Filter, Follows};
pub use outgoing::{Encoded, SendError};
use outgoing::{check_text, data_header, write_frame};
use shim::{Pongs, Shim};
use std::fmt;
use std::time::{Duration, Instant};
use tungstenite::protocol::Role;
use violation::{sentence_of, violation_of};

/// Bytes a ping or pong may carry (RFC 6455 §5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

/// How a connection ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Both close frames were exchanged; this is the received one.
    Clean(CloseFrame),
    /// We ended it with this close frame, because of this error.
    Failed(CloseFrame, Error),
    /// It ended before both close frames were exchanged.
    Lost(Error),
}

/// What the received bytes hold next.
enum Read {
    Message(Message),
    /// A ping or a pong.
    Control(tungstenite::Message),
    Close(CloseFrame),
    /// No more for now.
    All,
}

/// The protocol state of one open connection.
///
/// Bytes go in through [`Self::handle_input`] and [`Self::handle_end_of_stream`], time through
/// [`Self::handle_timeout`]; bytes to write come out of [`Self::transmit`], messages out of [`Self::receive`], and
/// [`Self::end`] tells when it is over.
pub(crate) struct Connection {
    context: Context,
    filter: Filter,
    /// How messages are compressed, if that was agreed on.
    deflate: Option<DeflateParameters>,
    compressor: Option<Compressor>,
    role: Role,
    config: Config,
    /// Received bytes that wait, and how many of them were processed. At most what one read gave.
    input: Vec<u8>,
    processed: usize,
    /// Messages wait in `input` or inside tungstenite because the receive queue was full.
    held_back: bool,
    /// What the other side did wrong behind messages of this poll. It counts with the next one, so that they can be
    /// answered.
    postponed: Option<tungstenite::Error>,
    /// Messages that had come before this poll.
    received_before: u64,
    received: ReceiveQueue,
    transmit: TransmitQueue,
    pongs: Pongs,
    heartbeat: Heartbeat,
    close_sent: Option<CloseFrame>,
    close_received: Option<CloseFrame>,
    /// The other side sent its close frame before ours.
    close_requested: bool,
    /// When closing began: with the first close frame, or when nothing could be written any more.
    closing_since: Option<Instant>,
    /// Why we ended the connection, and the close frame that says so: the other side broke the protocol or a limit.
    violation: Option<Box<(CloseFrame, Error)>>,
    /// Nothing more comes from the other side.
    ended: bool,
    /// Nothing more can be written.
    broken: Option<String>,
    end: Option<End>,
}

impl Connection {
    /// A client's connection that has just been upgraded.
    pub(crate) fn client(config: Config, deflate: Option<DeflateParameters>, now: Instant) -> Self {
        Self::new(Role::Client, config, deflate, now)
    }

    /// A server's connection whose upgrade has just been answered.
    pub(crate) fn server(config: Config, deflate: Option<DeflateParameters>, now: Instant) -> Self {
        Self::new(Role::Server, config, deflate, now)
    }

    fn new(role: Role, config: Config, deflate: Option<DeflateParameters>, now: Instant) -> Self {
        let decompressor = deflate.map(|parameters| Decompressor::new(role, &parameters));
        Self {
            context: Context::new(role),
            filter: Filter::new(role, config.max_message_size, decompressor),
            deflate,
            compressor: deflate.map(|parameters| Compressor::new(role, &parameters)),
            role,
            config,
            input: Vec::new(),
            processed: 0,
            held_back: false,
            postponed: None,
            received_before: 0,
            received: ReceiveQueue::default(),
            transmit: TransmitQueue::default(),
            pongs: Pongs::default(),
            heartbeat: Heartbeat::new(now),
            close_sent: None,
            close_received: None,
            close_requested: false,
            closing_since: None,
            violation: None,
            ended: false,
            broken: None,
            end: None,
        }
    }

    /// Puts new limits and deadlines in force.
    pub(crate) fn set_config(&mut self, config: Config) {
        if config.max_message_size != self.config.max_message_size {
            self.context.set_config(&config);
            self.filter.set_max_message_size(config.max_message_size);
        }
        self.config = config;
    }

    /// Whether more bytes may be handed to [`Self::handle_input`]; false while the receive queue is full.
    pub(crate) fn wants_input(&self) -> bool {
        self.end.is_none() && !self.ended && !self.held_back && !self.is_paused()
    }

    /// Whether [`Self::resume`] has something to do.
    pub(crate) fn can_resume(&self) -> bool {
        self.end.is_none() && self.held_back && !self.is_paused()
    }

    /// Whether nothing can be written any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// When [`Self::handle_timeout`] has something to do if nothing else happens before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if let Some(since) = self.closing_since {
            return since.checked_add(self.config.close_timeout);
        }
        let interval = self.config.heartbeat_interval.filter(|_| self.is_open())?;
        self.heartbeat.deadline(interval, self.config.heartbeat_timeout)
    }

    /// Whether reading waits for the application to take messages out.
    pub(crate) fn is_paused(&self) -> bool {
        self.received.is_full(self.config.inbound_high_water, self.config.max_queued_messages)
    }

    /// A new poll: goes on with bytes that waited, for room in the receive queue or for this.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.filter.start_counting();
        self.received_before = self.received.total();
        if self.can_resume() {
            let waiting = std::mem::take(&mut self.input);
            let rest = self.process(&waiting[self.processed..], now);
            if rest > 0 {
                self.processed = waiting.len() - rest;
                self.input = waiting;
            } else {
                self.processed = 0;
            }
            self.update_end();
        }
    }

    /// Takes bytes from the network. What finds no room is kept until [`Self::resume`].
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Instant) {
        debug_assert!(!bytes.is_empty());
        self.heartbeat.handle_received(now);
        if self.held_back {
            self.input.extend_from_slice(bytes);
        } else {
            let rest = self.process(bytes, now);
            self.input.extend_from_slice(&bytes[bytes.len() - rest..]);
        }
        self.update_end();
    }

    /// The other side will send nothing more.
    pub(crate) fn handle_end_of_stream(&mut self) {
        self.ended = true;
        self.update_end();
    }

    /// Writing failed: what waits will never leave. What the other side sent before may still be read.
    pub(crate) fn handle_write_error(&mut self, reason: &str, now: Instant) {
        if self.broken.is_none() {
            self.broken = Some(reason.to_owned());
            self.transmit.clear();
            self.start_closing(now);
        }
        self.update_end();
    }

    /// Lets time pass: pings, and deadlines.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.poll_heartbeat(now);
        let timeout = self.config.close_timeout;
        if self.end.is_none() && self.closing_since.is_some_and(|since| now.saturating_duration_since(since) >= timeout)
        {
            self.end = Some(self.timed_out());
        }
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`SendError::NotOpen`] once a close frame was sent or received, [`SendError::Full`] at the marks,
    /// [`SendError::InvalidText`] for text that is not UTF-8.
    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8]) -> Result<(), SendError> {
        self.check_room()?;
        check_text(kind, payload)?;
        let mask = (self.role == Role::Client).then(rand::random::<[u8; 4]>);
        let compressed = self.compress(payload);
        let wire = compressed.as_deref().unwrap_or(payload);
        let header = data_header(kind, compressed.is_some(), mask);
        let len = header.len(wire.len() as u64) + wire.len();
        self.transmit.push_message(len, payload.len(), |queue| write_frame(queue, &header, wire));
        self.count_sent(payload.len(), wire.len());
        Ok(())
    }

    /// Queues a message that was encoded for many connections.
    ///
    /// # Errors
    /// As for [`Self::send`].
    pub(crate) fn send_encoded(&mut self, message: &Encoded) -> Result<(), SendError> {
        let payload = message.payload().len();
        let method = self.compressor.as_ref().and_then(|compressor| compressor.method(payload, &self.config));
        let is_own = method.is_some() && self.compressor.as_ref().is_some_and(Compressor::has_takeover);
        if self.role == Role::Client || is_own {
            return self.send(message.kind(), message.payload());
        }
        self.check_room()?;
        let frame = message.frame(method);
        let bytes = frame.bytes();
        self.transmit.push_message(bytes.len(), payload, |queue| queue.extend_from_slice(bytes));
        self.count_sent(payload, frame.payload().len());
        Ok(())
    }

    /// The message in fewer bytes, if it is to be sent so.
    fn compress(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let compressor = self.compressor.as_mut()?;
        let method = compressor.method(payload.len(), &self.config)?;
        compressor.compress(payload, method)
    }

    fn count_sent(&mut self, payload: usize, wire: usize) {
        if let Some(compressor) = &mut self.compressor {
            compressor.count(payload, wire);
        }
    }

    fn check_room(&self) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::NotOpen);
        }
        let bytes_full = self.config.outbound_high_water.is_some_and(|mark| self.transmit.unsent_payload() >= mark);
        let count_full = self.config.max_queued_messages.is_some_and(|max| self.transmit.unsent_messages() >= max);
        if bytes_full || count_full { Err(SendError::Full) } else { Ok(()) }
    }

    /// Queues a ping.
    ///
    /// # Errors
    /// [`SendError::NotOpen`] as for [`Self::send`], [`SendError::PingTooLong`] over 125 bytes.
    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::NotOpen);
        }
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::PingTooLong);
        }
        self.send_ping(payload);
        Ok(())
    }

    /// Queues a close frame behind everything that waits, and starts the deadline. A second call does nothing.
    pub(crate) fn close(&mut self, frame: CloseFrame, now: Instant) {
        if !self.is_open() {
            return;
        }
        self.start_closing(now);
        self.send_close(frame);
        self.update_end();
    }

    /// Whether messages may be sent: no close frame in either direction, and no failure.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none() && self.broken.is_none() && self.close_sent.is_none() && self.close_received.is_none()
    }

    /// The close frame of the other side, if it came.
    pub(crate) fn close_received(&self) -> Option<&CloseFrame> {
        self.close_received.as_ref()
    }

    /// Whether that frame came before ours.
    pub(crate) fn was_close_requested(&self) -> bool {
        self.close_requested
    }

    /// The time from the last answered heartbeat to its answer.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.heartbeat.round_trip()
    }

    /// How it ended, once it has.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether our close frame is the last thing that will ever be written, so that the stream may be finished once
    /// the queue is empty: always after a violation, and for both sides once both frames were exchanged.
    pub(crate) fn is_finished_writing(&self) -> bool {
        self.transmit.is_empty() && self.close_sent.is_some() && (self.violation.is_some() || self.end.is_some())
    }

    /// Bytes to write.
    pub(crate) fn transmit(&mut self) -> &mut TransmitQueue {
        &mut self.transmit
    }

    /// Told after bytes of [`Self::transmit`] were written.
    pub(crate) fn handle_transmitted(&mut self) {
        // Nothing follows a close frame (RFC 6455 §5.5.1).
        if self.close_sent.is_none() {
            self.pongs.refill(&mut self.transmit);
        }
        self.update_end();
    }

    /// The oldest message that was not taken out yet.
    pub(crate) fn receive(&mut self) -> Option<Message> {
        self.received.pop()
    }

    /// Messages that wait to be taken out, for a connection that is gone.
    pub(crate) fn into_received(self) -> ReceiveQueue {
        self.received
    }

    pub(crate) fn received(&self) -> &ReceiveQueue {
        &self.received
    }

    /// What was agreed on for compression, and what it has come to.
    pub(crate) fn compression(&self) -> Option<CompressionStatus> {
        let parameters = self.deflate?;
        let sent = self.compressor.as_ref().map(Compressor::volume).unwrap_or_default();
        let received = self.filter.decompressor().map(Decompressor::volume).unwrap_or_default();
        Some(CompressionStatus { parameters, sent, received })
    }

    /// Whether bytes wait to be written.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.transmit.is_empty()
    }

    pub(crate) fn unsent_payload(&self) -> usize {
        self.transmit.unsent_payload()
    }

    /// Takes messages out of bytes. How many of the bytes have to wait, at their end.
    fn process(&mut self, mut bytes: &[u8], now: Instant) -> usize {
        self.held_back = false;
        while self.end.is_none() && self.violation.is_none() && self.close_received.is_none() {
            if self.is_paused() {
                self.held_back = true;
                return bytes.len();
            }
            if let Some(error) = self.postponed.take() {
                self.fail(&error, now);
                break;
            }
            match self.read(&mut bytes) {
                Ok(Read::Message(message)) => self.received.push(message),
                Ok(Read::Control(message)) => self.handle_control(message, now),
                Ok(Read::Close(frame)) => self.handle_close(frame, now),
                Ok(Read::All) => {
                    self.handle_taken(bytes);
                    return bytes.len();
                }
                Err(error) if self.received.total() > self.received_before && self.is_open() => {
                    self.postponed = Some(error);
                    self.held_back = true;
                    break;
                }
                Err(error) => self.fail(&error, now),
            }
        }
        // Nothing behind the end of a connection counts.
        0
    }

    /// Reads what comes next: a message in one frame and a close frame by the filter, all else by tungstenite.
    fn read(&mut self, bytes: &mut &[u8]) -> Result<Read, tungstenite::Error> {
        loop {
            // What tungstenite has read ahead comes first.
            if self.context.is_empty() {
                match self.filter.read_whole(bytes)? {
                    Follows::Message(message) => return Ok(Read::Message(message)),
                    Follows::Close(frame) => return Ok(Read::Close(frame)),
                    Follows::Incomplete => return Ok(Read::All),
                    // Nothing is left that would need a context.
                    Follows::Other if bytes.is_empty() && self.filter.is_between_messages() => return Ok(Read::All),
                    Follows::Other => {}
                }
            }
            let mut shim = Shim::new(bytes, &mut self.filter, &mut self.transmit, &mut self.pongs);
            return match self.context.read(&self.config, &mut shim)? {
                None if self.filter.is_taking_out() => continue,
                None => Ok(Read::All),
                Some(tungstenite::Message::Text(text)) => Ok(Read::Message(Message::new(Kind::Text, text.into()))),
                Some(tungstenite::Message::Binary(payload)) => Ok(Read::Message(Message::new(Kind::Binary, payload))),
                Some(control) => Ok(Read::Control(control)),
            };
        }
    }

    /// tungstenite has taken all that it was given; `rest` was held back from it to bound the work of this poll.
    fn handle_taken(&mut self, rest: &[u8]) {
        if !rest.is_empty() || self.filter.needs_no_input() {
            self.held_back = true;
        } else if self.filter.is_between_messages() && self.is_open() {
            self.context.forget();
        }
    }

    fn handle_control(&mut self, message: tungstenite::Message, now: Instant) {
        match message {
            tungstenite::Message::Pong(payload) => self.heartbeat.handle_pong(&payload, now),
            // tungstenite has made the pong, and would keep it until the next call.
            tungstenite::Message::Ping(_) => self.flush_context(),
            _ => debug_assert!(false, "tungstenite hands out whole messages, and gets no close frame that is valid"),
        }
    }

    fn handle_close(&mut self, frame: CloseFrame, now: Instant) {
        self.start_closing(now);
        if self.close_sent.is_none() {
            self.close_requested = true;
            self.send_close(frame.clone());
        }
        self.close_received = Some(frame);
    }

    /// The other side broke the protocol or a limit: sends the close frame that says so (RFC 6455 §7.1.7).
    fn fail(&mut self, error: &tungstenite::Error, now: Instant) {
        let (frame, kind) = violation_of(error);
        let reason = sentence_of(error, self.config.max_message_size);
        log::debug!("received data refused with {}: {reason}", frame.code());
        self.violation = Some(Box::new((frame.clone(), Error::new(self.phase(), kind, reason))));
        self.start_closing(now);
        if self.close_sent.is_none() {
            self.send_close(frame);
        }
    }

    fn send_close(&mut self, frame: CloseFrame) {
        let wire = frame.to_wire();
        self.close_sent = Some(frame);
        let mut nothing: &[u8] = &[];
        let mut shim = Shim::new(&mut nothing, &mut self.filter, &mut self.transmit, &mut self.pongs);
        if let Err(error) = self.context.get(&self.config).close(&mut shim, wire) {
            log::error!("a close frame was not queued: {error}; please report this");
        }
    }

    /// Makes tungstenite write the answers that it holds back until the next call.
    fn flush_context(&mut self) {
        let mut nothing: &[u8] = &[];
        let mut shim = Shim::new(&mut nothing, &mut self.filter, &mut self.transmit, &mut self.pongs);
        // A server's context reports its own end here; ours is decided by `update_end`.
        let _ = self.context.get(&self.config).flush(&mut shim);
    }

    fn start_closing(&mut self, now: Instant) {
        self.closing_since.get_or_insert(now);
    }

    fn poll_heartbeat(&mut self, now: Instant) {
        let Some(interval) = self.config.heartbeat_interval else { return };
        if !self.is_open() {
            return;
        }
        let paused = !self.wants_input();
        match self.heartbeat.poll(now, interval, self.config.heartbeat_timeout, paused) {
            Some(Beat::Ping(payload)) => self.send_ping(&payload),
            Some(Beat::Dead) => {
                let message = format!("no answer to a ping within {:?}", self.config.heartbeat_timeout);
                self.end = Some(End::Lost(Error::new(Phase::Open, ErrorKind::HeartbeatTimeout, message)));
            }
            None => {}
        }
    }

    fn send_ping(&mut self, payload: &[u8]) {
        debug_assert!(payload.len() <= MAX_CONTROL_PAYLOAD);
        let ping = tungstenite::Message::Ping(bytes::Bytes::copy_from_slice(payload));
        let mut nothing: &[u8] = &[];
        let mut shim = Shim::new(&mut nothing, &mut self.filter, &mut self.transmit, &mut self.pongs);
        if let Err(error) = self.context.get(&self.config).write(&mut shim, ping) {
            log::error!("a ping was not queued: {error}; please report this");
        }
    }

    /// Decides whether it is over. Received bytes that wait come first: nothing ends before they were read.
    fn update_end(&mut self) {
        if self.end.is_some() || self.held_back {
            return;
        }
        let done_writing = self.transmit.is_empty() || self.broken.is_some();
        self.end = match (self.violation.as_deref(), &self.close_received) {
            (Some((frame, error)), _) if self.ended || self.broken.is_some() => {
                Some(End::Failed(frame.clone(), error.clone()))
            }
            (None, Some(frame)) if self.broken.is_none() && done_writing => Some(End::Clean(frame.clone())),
            // The other side may have ended its half of the stream; ours still takes the answer.
            (None, Some(_)) if self.broken.is_some() => Some(End::Lost(self.lost())),
            (None, None) if self.ended => Some(End::Lost(self.lost())),
            _ => None,
        };
    }

    fn lost(&self) -> Error {
        let message = match &self.broken {
            Some(reason) => format!("the connection was lost: {reason}"),
            None => "the other side ended the connection without a close frame".to_owned(),
        };
        Error::new(self.phase(), ErrorKind::ConnectionLost, message)
    }

    fn phase(&self) -> Phase {
        if self.close_sent.is_some() { Phase::Close } else { Phase::Open }
    }

    fn timed_out(&self) -> End {
        if let Some((frame, error)) = self.violation.as_deref() {
            return End::Failed(frame.clone(), error.clone());
        }
        if self.broken.is_some() {
            return End::Lost(self.lost());
        }
        let message = format!("closing took longer than {:?}", self.config.close_timeout);
        End::Lost(Error::new(Phase::Close, ErrorKind::CloseTimeout, message))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("close_sent", &self.close_sent)
            .field("close_received", &self.close_received)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

//! One connection after the upgrade, in memory: queues, limits, close and deadlines.

mod assembler;
mod block;
mod budget;
mod closing;
mod deflate;
#[cfg(test)]
pub(crate) mod frames;
mod header;
mod inbox;
mod mask;
mod outgoing;
mod partial;
mod pongs;
#[cfg(test)]
mod tests;
mod violation;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::handshake::DeflateParameters;
use crate::heartbeat::{Beat, Heartbeat};
use crate::queue::{Kind, Message, ReceiveQueue, TransmitQueue};
use assembler::{Assembled, Assembler, Item};
use block::Block;
use closing::Closing;
pub(crate) use closing::End;
pub use deflate::{CompressionStatus, Volume};
use deflate::{Compressor, Decompressor};
use inbox::{Inbox, Wait};
use mask::Mask;
pub use outgoing::{Encoded, SendError};
use outgoing::{check_text, control_frame, data_header, write_frame};
use pongs::Pongs;
use std::fmt;
use std::time::{Duration, Instant};
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::coding::Control;
use violation::Violation;

/// Bytes that a ping, a pong or a close frame may carry (RFC 6455 §5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

/// The protocol state of one open connection.
///
/// Bytes go in through [`Self::handle_input`] and [`Self::handle_end_of_stream`], time through
/// [`Self::handle_timeout`]; bytes to write come out of [`Self::transmit`], messages out of [`Self::receive`], and
/// [`Self::end`] tells when it is over.
pub(crate) struct Connection {
    role: Role,
    config: Config,
    assembler: Assembler,
    inbox: Inbox,
    received: ReceiveQueue,
    /// How messages are compressed, if that was agreed on.
    deflate: Option<DeflateParameters>,
    compressor: Option<Compressor>,
    transmit: TransmitQueue,
    pongs: Pongs,
    heartbeat: Heartbeat,
    closing: Closing,
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
            role,
            assembler: Assembler::new(role, config.max_message_size, decompressor),
            config,
            inbox: Inbox::default(),
            received: ReceiveQueue::default(),
            deflate,
            compressor: deflate.map(|parameters| Compressor::new(role, &parameters)),
            transmit: TransmitQueue::default(),
            pongs: Pongs::default(),
            heartbeat: Heartbeat::new(now),
            closing: Closing::default(),
        }
    }

    // What it is like.

    /// Whether messages may be sent: no close frame in either direction, and no failure.
    pub(crate) fn is_open(&self) -> bool {
        self.closing.is_open()
    }

    /// Whether nothing can be written any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.closing.is_broken()
    }

    /// Whether more bytes may be handed to [`Self::handle_input`]; false while the receive queue is full.
    pub(crate) fn wants_input(&self) -> bool {
        self.closing.wants_input() && !self.inbox.is_waiting() && !self.is_paused()
    }

    /// Whether [`Self::resume`] has something to do.
    pub(crate) fn can_resume(&self) -> bool {
        self.closing.end().is_none() && self.inbox.is_waiting() && !self.is_paused()
    }

    /// Whether reading waits for the application to take messages out.
    pub(crate) fn is_paused(&self) -> bool {
        self.received.is_full(self.config.inbound_high_water, self.config.max_queued_messages)
    }

    /// When [`Self::handle_timeout`] has something to do if nothing else happens before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.closing.has_begun() {
            return self.closing.deadline(self.config.close_timeout);
        }
        let interval = self.config.heartbeat_interval.filter(|_| self.is_open())?;
        self.heartbeat.deadline(interval, self.config.heartbeat_timeout)
    }

    /// The close frame of the other side, if it came.
    pub(crate) fn close_received(&self) -> Option<&CloseFrame> {
        self.closing.received()
    }

    /// Whether that frame came before ours.
    pub(crate) fn was_close_requested(&self) -> bool {
        self.closing.was_requested()
    }

    /// How it ended, once it has.
    pub(crate) fn end(&self) -> Option<&End> {
        self.closing.end()
    }

    /// Whether the last thing that will ever be written has left, so that the stream may be finished.
    pub(crate) fn is_finished_writing(&self) -> bool {
        self.transmit.is_empty() && self.closing.is_last_word()
    }

    /// The time from the last answered heartbeat to its answer.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.heartbeat.round_trip()
    }

    /// What was agreed on for compression, and what it has come to.
    pub(crate) fn compression(&self) -> Option<CompressionStatus> {
        let parameters = self.deflate?;
        let sent = self.compressor.as_ref().map(Compressor::volume).unwrap_or_default();
        let received = self.assembler.decompressor().map(Decompressor::volume).unwrap_or_default();
        Some(CompressionStatus { parameters, sent, received })
    }

    /// Messages that wait to be taken out.
    pub(crate) fn received(&self) -> &ReceiveQueue {
        &self.received
    }

    /// The same, of a connection that is gone.
    pub(crate) fn into_received(self) -> ReceiveQueue {
        self.received
    }

    /// Whether bytes wait to be written.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.transmit.is_empty()
    }

    /// Payload bytes of messages that wait to be written.
    pub(crate) fn unsent_payload(&self) -> usize {
        self.transmit.unsent_payload()
    }

    // What happens to it.

    /// Puts new limits and deadlines in force.
    pub(crate) fn set_config(&mut self, config: Config) {
        self.assembler.set_max_message_size(config.max_message_size);
        self.config = config;
    }

    /// A new poll: goes on with bytes that waited, for room in the receive queue or for this.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.assembler.start_poll();
        self.inbox.start_poll();
        if !self.can_resume() {
            return;
        }
        let Some(waiting) = self.inbox.take() else { return };
        if let Some(violation) = waiting.violation() {
            self.fail(violation, now);
        } else if let Some((len, why)) = self.process(waiting.bytes(), now) {
            self.inbox.keep_again(waiting, len, why);
        }
        self.update_end();
    }

    /// Takes bytes from the network. What finds no room is kept until [`Self::resume`].
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Instant) {
        debug_assert!(!bytes.is_empty());
        self.heartbeat.handle_received(now);
        // One read may give several pieces, as TLS has its records.
        if self.inbox.push(bytes) {
            return;
        }
        if let Some((len, why)) = self.process(bytes, now) {
            self.inbox.keep(bytes, len, why);
        }
        self.update_end();
    }

    /// The other side will send nothing more.
    pub(crate) fn handle_end_of_stream(&mut self) {
        self.closing.handle_end_of_stream();
        self.update_end();
    }

    /// Writing failed: what waits will never leave. What the other side sent before may still be read.
    pub(crate) fn handle_write_error(&mut self, reason: &str, now: Instant) {
        self.transmit.clear();
        self.closing.handle_write_error(reason, now);
        self.update_end();
    }

    /// Lets time pass: pings, and deadlines.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.poll_heartbeat(now);
        self.closing.handle_timeout(now, self.config.close_timeout);
    }

    /// Bytes to write.
    pub(crate) fn transmit(&mut self) -> &mut TransmitQueue {
        &mut self.transmit
    }

    /// Told after bytes of [`Self::transmit`] were written.
    pub(crate) fn handle_transmitted(&mut self) {
        // Nothing follows a close frame (RFC 6455 §5.5.1).
        if !self.closing.has_sent() {
            self.pongs.refill(&mut self.transmit);
        }
        self.update_end();
    }

    // What the application does.

    /// The oldest message that was not taken out yet.
    pub(crate) fn receive(&mut self) -> Option<Message> {
        self.received.pop()
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`SendError::NotOpen`] once a close frame was sent or received, [`SendError::Full`] at the marks,
    /// [`SendError::InvalidText`] for text that is not UTF-8.
    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8]) -> Result<(), SendError> {
        self.check_room()?;
        check_text(kind, payload)?;
        let mask = self.mask();
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
        self.send_control(Control::Ping, payload);
        Ok(())
    }

    /// Queues a close frame behind everything that waits, and starts the deadline. A second call does nothing.
    pub(crate) fn close(&mut self, frame: CloseFrame, now: Instant) {
        if self.is_open() {
            self.send_close(frame, now);
            self.update_end();
        }
    }

    // What comes from the other side.

    /// Takes all out of bytes that may be read now. How many have to wait, at their end, and why.
    fn process(&mut self, mut bytes: &[u8], now: Instant) -> Option<(usize, Wait)> {
        let mut block = Block::default();
        // Nothing behind the end of a connection counts.
        while self.closing.is_listening() {
            if self.is_paused() {
                return Some((bytes.len(), Wait::NoRoom));
            }
            match self.assembler.read(&mut bytes, &mut block) {
                Ok(Assembled::Item(item)) => self.handle_item(item, now),
                Ok(Assembled::NeedsInput) => return None,
                Ok(Assembled::Exhausted) => return Some((bytes.len(), Wait::Exhausted)),
                Err(violation) if self.inbox.has_delivered() && self.is_open() => {
                    return Some((0, Wait::Unanswered(violation)));
                }
                Err(violation) => self.fail(&violation, now),
            }
        }
        None
    }

    fn handle_item(&mut self, item: Item, now: Instant) {
        match item {
            Item::Message(message) => {
                self.received.push(message);
                self.inbox.handle_delivered();
            }
            Item::Ping(payload) if !self.closing.has_sent() => {
                let frame = control_frame(Control::Pong, self.mask(), &payload);
                self.pongs.push(&frame, &mut self.transmit);
            }
            Item::Ping(_) => {}
            Item::Pong(payload) => self.heartbeat.handle_pong(&payload, now),
            Item::Close(frame) => {
                self.closing.handle_received(frame.clone(), now);
                self.answer_with(frame, now);
            }
        }
    }

    /// The other side broke the protocol or a limit: sends the close frame that says so (RFC 6455 §7.1.7).
    fn fail(&mut self, violation: &Violation, now: Instant) {
        let frame = violation.close_frame();
        log::debug!("received data refused with {}: {violation}", frame.code());
        self.closing.handle_violation(violation, now);
        self.answer_with(frame, now);
    }

    /// Sends a close frame, unless ours has been sent.
    fn answer_with(&mut self, frame: CloseFrame, now: Instant) {
        if !self.closing.has_sent() {
            self.send_close(frame, now);
        }
    }

    fn send_close(&mut self, frame: CloseFrame, now: Instant) {
        self.send_control(Control::Close, &frame.to_payload());
        self.closing.handle_sent(frame, now);
    }

    fn send_control(&mut self, opcode: Control, payload: &[u8]) {
        debug_assert!(payload.len() <= MAX_CONTROL_PAYLOAD);
        let frame = control_frame(opcode, self.mask(), payload);
        self.transmit.push_control(&frame);
    }

    /// A new mask for a client (RFC 6455 §5.3); a server has none.
    fn mask(&self) -> Option<Mask> {
        (self.role == Role::Client).then(rand::random)
    }

    fn poll_heartbeat(&mut self, now: Instant) {
        let Some(interval) = self.config.heartbeat_interval else { return };
        if !self.is_open() {
            return;
        }
        let timeout = self.config.heartbeat_timeout;
        let paused = !self.wants_input();
        match self.heartbeat.poll(now, interval, timeout, paused) {
            Some(Beat::Ping(payload)) => self.send_control(Control::Ping, &payload),
            Some(Beat::Dead) => self.closing.handle_silence(timeout),
            None => {}
        }
    }

    /// Decides whether it is over. Received bytes that wait come first: nothing ends before they were read.
    fn update_end(&mut self) {
        if !self.inbox.is_waiting() {
            self.closing.update(!self.transmit.is_empty());
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("role", &self.role).field("closing", &self.closing).finish_non_exhaustive()
    }
}

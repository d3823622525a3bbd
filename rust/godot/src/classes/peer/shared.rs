//! What the methods of the class have in common, and what other classes of ours use.

use super::{Notice, WebSocketPeer};
use crate::classes::settings::SharedSettings;
use crate::engine::resolver::EngineResolver;
use crate::engine::stream::EngineStream;
use crate::engine::tls::{self, Trust};
use crate::engine::{convert, scratch};
use crate::load::console::{self, Refusal};
use crate::session::delivery::{Delivery, Step};
use crate::session::watch::Pulse;
use godot::builtin::{PackedByteArray, Variant};
use godot::classes::StreamPeer;
use godot::global::Error;
use godot::init::is_main_thread;
use godot::meta::ToGodot as _;
use godot::obj::{Gd, NewGd as _, WithBaseField as _};
use std::time::Instant;
use tungsten_core::net::TcpConnector;
use tungsten_core::{
    CloseFrame, Encoded, Event, Guest, Kind, Message, Misuse, Network, Peer, ReadyState, Rejection, Request, SendError,
    WsUrl,
};

impl WebSocketPeer {
    /// One with settings of its own to start with.
    pub(crate) fn with_settings(settings: impl Into<SharedSettings>) -> Gd<Self> {
        let mut peer = Self::new_gd();
        {
            let mut peer = peer.bind_mut();
            peer.settings = settings.into();
            peer.configure();
        }
        peer
    }

    /// Puts the settings in force.
    pub(super) fn configure(&mut self) {
        self.peer.set_config(self.settings.config());
    }

    /// Starts to connect.
    pub(crate) fn connect(&mut self, url: &str, trust: Trust<'_>) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Error::ERR_ALREADY_IN_USE.into());
        }
        if url.is_empty() {
            return Err(Refusal::invalid("the URL is empty"));
        }
        trust.check().map_err(Refusal::invalid)?;
        let parsed = WsUrl::parse(url).map_err(misuse)?;
        let extras = self.settings.tls();
        let tls = extras.and_then(|extras| parsed.is_secure().then(|| tls::client(trust, extras)).transpose());
        let request = Request {
            url: parsed,
            protocols: self.settings.protocols.clone(),
            headers: self.settings.headers.clone(),
            tls: tls.map_err(Refusal::invalid)?,
        };
        let network = Network { resolver: Box::new(EngineResolver), connector: Box::new(TcpConnector) };
        self.peer.connect(request, network, Instant::now()).map_err(misuse)?;
        self.start_over(url.to_owned());
        Ok(())
    }

    /// Starts to serve a client on a stream of the engine.
    pub(super) fn accept_engine_stream(&mut self, stream: Option<Gd<StreamPeer>>) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Error::ERR_ALREADY_IN_USE.into());
        }
        let stream = stream.ok_or_else(|| Refusal::invalid("the stream is null"))?;
        // Before the stream is ours: what we hold we end.
        self.settings.check_headers().map_err(misuse)?;
        let not_one = "the stream is neither a StreamPeerTCP nor a StreamPeerTLS over one";
        let stream = EngineStream::new(stream).ok_or_else(|| Refusal::invalid(not_one))?;
        let is_tls = stream.is_tls();
        self.accept(self.settings.guest(Box::new(stream)))?;
        self.is_tls = is_tls;
        Ok(())
    }

    /// Starts to serve a client.
    pub(crate) fn accept(&mut self, guest: Guest) -> Result<(), Refusal> {
        let is_tls = guest.tls.is_some();
        self.peer.accept(guest, Instant::now()).map_err(misuse)?;
        self.is_tls = is_tls;
        self.start_over(String::new());
        Ok(())
    }

    /// What the call of `place` returns, by which a script starts a connection that it polls itself.
    #[track_caller]
    pub(super) fn started(&mut self, place: &str, result: Result<(), Refusal>) -> Error {
        if result.is_ok() {
            self.pulse = Pulse::start("WebSocketPeer");
        }
        console::outcome(place, result)
    }

    /// Whether it connects or is open.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.peer.state(), ReadyState::Connecting | ReadyState::Open)
    }

    /// Forgets the last connection: another one has been started.
    fn start_over(&mut self, requested_url: String) {
        self.requested_url = requested_url;
        self.was_string = false;
        self.delivery = Delivery::default();
        self.is_end_told = false;
    }

    /// Accepts the request that waits for it, or refuses it.
    pub(crate) fn answer_request(&mut self, rejection: Option<&Rejection>) {
        match rejection {
            None => self.peer.accept_request(),
            Some(rejection) => self.peer.reject_request(rejection, Instant::now()),
        }
    }

    /// Ends the connection at once; the other side is told that the game goes away.
    pub(crate) fn leave(&mut self) {
        self.peer.leave(Instant::now());
    }

    /// Whether nothing is left: no connection, and nothing to tell of the last one.
    pub(crate) fn is_over(&self) -> bool {
        self.peer.state() == ReadyState::Closed
    }

    /// The oldest message that was not read.
    pub(crate) fn take_message(&mut self) -> Option<Message> {
        self.peer.receive()
    }

    /// The same as a script gets it: a text as `String`, a binary one as `PackedByteArray`; null without one.
    pub(crate) fn take_value(&mut self) -> Variant {
        self.take_packet().as_ref().map(value).unwrap_or_default()
    }

    pub(crate) fn send_kind(&mut self, kind: Kind, payload: &[u8]) -> Error {
        let sent = self.peer.send(kind, payload, Instant::now());
        self.handle_sent(sent)
    }

    pub(crate) fn send_encoded(&mut self, message: &Encoded) -> Error {
        let sent = self.peer.send_encoded(message, Instant::now());
        self.handle_sent(sent)
    }

    /// Makes sure that a message that was gathered with others leaves within this frame.
    fn handle_sent(&mut self, sent: Result<(), SendError>) -> Error {
        // The queue of deferred calls is emptied by the main thread, which must not meet a peer that another one uses.
        if !self.is_flush_due && self.peer.has_gathered() && is_main_thread() {
            self.is_flush_due = true;
            // By its name: a function of the library would be called also if the library is reloaded before.
            self.base_mut().call_deferred("_flush", &[]);
        }
        sent.map_or_else(convert::send_error, |()| Error::OK)
    }

    pub(super) fn flush_now(&mut self) {
        self.is_flush_due = false;
        self.peer.flush(Instant::now());
    }

    /// Does what [`Peer::poll`] does.
    pub(crate) fn advance(&mut self) {
        scratch::with(|scratch| self.peer.poll(Instant::now(), scratch));
    }

    /// The next thing to tell, in the order in which things happened. Nobody is handed messages.
    pub(crate) fn next_notice(&mut self) -> Option<Notice> {
        self.next_notice_to(|_| false)
    }

    /// The same to a class of which `listens` tells whether a signal has listeners. See [`Delivery`] for messages; those
    /// that nobody has heard of before the end are left to be read.
    pub(crate) fn next_notice_to(&mut self, listens: impl Fn(&str) -> bool) -> Option<Notice> {
        if let Some(opened) = self.peer.poll_event_if(|event| matches!(event, Event::Opened)) {
            return Some(Notice::Event(opened));
        }
        let is_end_told = self.is_end_told;
        let listens = |signal: &str| !is_end_told && listens(signal);
        while let Some(step) = self.delivery.next(self.peer.messages_received(), self.peer.queued_messages(), listens) {
            return Some(match step {
                Step::Announce => Notice::Data,
                Step::Show => Notice::Message(self.peer.peek().map(value).unwrap_or_default()),
                Step::HandOut => Notice::Message(self.take_value()),
                Step::Drop => {
                    self.peer.receive();
                    continue;
                }
            });
        }
        let event = self.peer.poll_event()?;
        self.is_end_told |= matches!(event, Event::Closed { .. } | Event::Failed);
        Some(Notice::Event(event))
    }

    pub(crate) fn core(&self) -> &Peer {
        &self.peer
    }

    /// Closes with a code and a reason, which the method at `place` was given.
    #[track_caller]
    pub(crate) fn close_for(&mut self, place: &str, code: i64, reason: &str) {
        if code < 0 || self.peer.state() == ReadyState::Connecting {
            self.peer.abort();
            self.pulse.stop();
            return;
        }
        match CloseFrame::to_send(code, reason) {
            Ok(frame) => {
                if !CloseFrame::reason_fits(reason) {
                    console::warning(place, "the reason was cut to the 123 bytes that a close frame holds");
                }
                self.peer.close(frame, Instant::now());
            }
            Err(error) => console::error(place, error),
        }
    }

    /// Takes the oldest packet out. Without one the error is that of the engine's own peer.
    pub(super) fn take_packet(&mut self) -> Result<Message, Error> {
        match self.peer.receive() {
            Some(message) => {
                self.was_string = message.kind() == Kind::Text;
                Ok(message)
            }
            None if self.peer.state() == ReadyState::Open => Err(Error::ERR_UNAVAILABLE),
            None => Err(Error::FAILED),
        }
    }
}

/// A message as a script gets it.
fn value(message: &Message) -> Variant {
    match message.text() {
        Some(text) => convert::text(text).to_variant(),
        None => PackedByteArray::from(message.payload()).to_variant(),
    }
}

/// A misuse that the core has found.
fn misuse(misuse: Misuse) -> Refusal {
    Refusal::new(convert::misuse(&misuse), misuse)
}

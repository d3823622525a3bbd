//! What the methods of the class have in common, and what other classes of ours use.

use super::{Notice, WebSocketPeer, WriteMode};
use crate::classes::settings::{Buffers, Settings};
use crate::engine::convert;
use crate::engine::resolver::EngineResolver;
use crate::engine::scratch;
use crate::engine::tls::{self, OptionalTlsOptions};
use crate::load::console::{self, Refusal};
use godot::builtin::{GString, PackedByteArray, Variant};
use godot::global::Error;
use godot::init::is_main_thread;
use godot::meta::ToGodot as _;
use godot::obj::WithBaseField as _;
use std::fmt::Display;
use std::time::Instant;
use tungsten_core::net::{Accepted, TcpConnector, TlsClient, TlsServer};
use tungsten_core::{
    CloseFrame, Encoded, Event, Guest, Kind, Message, Misuse, Network, Peer, ReadyState, Rejection, Request, SendError,
    WsUrl, check_headers,
};

impl WebSocketPeer {
    /// Starts to connect as a script asks for it.
    pub(crate) fn connect_with_options(&mut self, url: &GString, options: OptionalTlsOptions) -> Result<(), Refusal> {
        let options = options.0;
        if url.is_empty() {
            return Err(Refusal::new(Error::ERR_INVALID_PARAMETER, "the URL is empty"));
        }
        if options.as_ref().is_some_and(tls::is_for_server) {
            return Err(Refusal::new(Error::ERR_INVALID_PARAMETER, "the TLSOptions are those of a server"));
        }
        self.connect_with(&url.to_string(), |extras| tls::client(options.as_ref(), extras))
    }

    /// Starts to connect; `tls` is asked only if the URL needs it.
    pub(crate) fn connect_with(
        &mut self,
        url: &str,
        tls: impl FnOnce(&tls::Extras) -> Result<TlsClient, String>,
    ) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Refusal::new(Error::ERR_ALREADY_IN_USE, ""));
        }
        let misuse = |error: Misuse| Refusal::new(convert::misuse(&error), error);
        let parsed = WsUrl::parse(url).map_err(misuse)?;
        let extras = self.settings.tls();
        let tls = extras.and_then(|extras| parsed.is_secure().then(|| tls(&extras)).transpose());
        let tls = tls.map_err(|reason| Refusal::new(Error::ERR_INVALID_PARAMETER, reason))?;
        let request = Request {
            url: parsed,
            protocols: self.settings.protocols.clone(),
            headers: self.settings.headers.clone(),
            tls,
        };
        let network = Network { resolver: Box::new(EngineResolver), connector: Box::new(TcpConnector) };
        self.peer.connect(request, network, Instant::now()).map_err(misuse)?;
        self.start_over(url.to_owned());
        Ok(())
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.peer.state(), ReadyState::Connecting | ReadyState::Open)
    }

    /// Forgets the last connection: another one has been started.
    pub(super) fn start_over(&mut self, requested_url: String) {
        self.requested_url = requested_url;
        self.was_string = false;
        self.announced = 0;
    }

    /// Starts to serve a client of a listener, with the settings of this peer.
    pub(crate) fn accept_plainly(&mut self, accepted: Accepted, tls: Option<TlsServer>) -> Error {
        let Settings { protocols, headers, .. } = self.settings.clone();
        let Accepted { stream, wake, .. } = accepted;
        self.accept_guest(Guest { stream, tls, protocols, headers, asks: false, wake: Some(wake) })
    }

    /// Starts to serve a client.
    pub(crate) fn accept_guest(&mut self, guest: Guest) -> Error {
        let is_tls = guest.tls.is_some();
        if let Err(error) = self.peer.accept(guest, Instant::now()) {
            return console::refuse("WebSocketPeer.accept_stream", &error, convert::misuse(&error));
        }
        self.is_tls = is_tls;
        self.start_over(String::new());
        Error::OK
    }

    /// Accepts the client that waits for a decision, or refuses it.
    pub(crate) fn decide(&mut self, rejection: Option<&Rejection>) {
        match rejection {
            None => self.peer.admit(),
            Some(rejection) => self.peer.reject(rejection, Instant::now()),
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

    /// Whether the protocols and headers can be sent.
    pub(crate) fn check_headers(&self) -> Result<(), Misuse> {
        check_headers(&self.settings.protocols, &self.settings.headers)
    }

    /// Puts the settings of another peer in force.
    pub(crate) fn copy_settings(&mut self, other: &Self) {
        self.change_settings(|settings| *settings = other.settings.clone());
    }

    pub(crate) fn set_buffers(&mut self, buffers: Buffers) {
        self.change_settings(|settings| {
            settings.inbound_buffer_size = buffers.inbound_bytes;
            settings.outbound_buffer_size = buffers.outbound_bytes;
            settings.max_queued_packets = buffers.packets;
        });
    }

    /// The oldest message that was not read.
    pub(crate) fn take_message(&mut self) -> Option<Message> {
        self.peer.receive()
    }

    /// The same as a script gets it: a text as `String`, a binary one as `PackedByteArray`; null without one.
    pub(crate) fn take_value(&mut self) -> Variant {
        match self.take_packet() {
            Ok(message) if message.kind() == Kind::Text => {
                convert::text(&String::from_utf8_lossy(message.payload())).to_variant()
            }
            Ok(message) => PackedByteArray::from(message.payload()).to_variant(),
            Err(_) => Variant::nil(),
        }
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

    /// The next thing to tell, in the order in which things happened. A message that was read already is not told.
    pub(crate) fn next_notice(&mut self) -> Option<Notice> {
        if let Some(opened) = self.peer.poll_event_if(|event| matches!(event, Event::Opened)) {
            return Some(Notice::Event(opened));
        }
        let received = self.peer.messages_received();
        if self.peer.queued_messages() == 0 {
            self.announced = received;
        }
        if self.announced < received {
            self.announced += 1;
            return Some(Notice::Message);
        }
        self.peer.poll_event().map(Notice::Event)
    }

    pub(crate) fn core(&self) -> &Peer {
        &self.peer
    }

    /// Closes with a code and a reason of ours.
    pub(crate) fn close_with(&mut self, code: i64, reason: GString) {
        self.close_for("WebSocketPeer.close", code, &reason);
    }

    /// Closes with a code and a reason that a script has given to the method at `place`.
    #[track_caller]
    pub(crate) fn close_for(&mut self, place: &str, code: i64, reason: &GString) {
        if code < 0 || self.peer.state() == ReadyState::Connecting {
            self.peer.abort();
            self.pulse.stop();
            return;
        }
        let reason = reason.to_string();
        match CloseFrame::to_send(code, &reason) {
            Ok(frame) => {
                if !CloseFrame::reason_fits(&reason) {
                    console::warning(place, "the reason was cut to the 123 bytes that a close frame holds");
                }
                self.peer.close(frame, Instant::now());
            }
            Err(error) => console::error(place, error),
        }
    }

    /// Makes its settings those of an object of another class.
    pub(crate) fn speak_for(&mut self, class: &'static str) {
        self.speaks_for = class;
    }

    /// Refuses the value of a setting.
    #[track_caller]
    pub(super) fn complain(&self, property: &str, reason: impl Display) {
        console::error(&format!("{}.{property}", self.speaks_for), reason);
    }

    pub(super) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.peer.set_config(self.settings.config());
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8], mode: WriteMode) -> Error {
        self.send_kind(mode.into(), bytes)
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

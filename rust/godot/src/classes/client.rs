//! `WebSocketClient`: the client of Godot 3, with its signals.

#![expect(unreachable_pub, reason = "`#[var]` makes public accessors")]

use crate::classes::error::WebSocketError;
use crate::classes::peer::{Notice, WebSocketPeer};
use crate::classes::property::{Configured as _, settings_properties};
use crate::classes::settings::{Compression, Settings};
use crate::engine::convert;
use crate::engine::tls::Trust;
use crate::load::console::{self, Refusal};
use crate::session::connection::Connection;
use crate::session::membership::{Membership, Step};
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::signal;
use crate::session::watch::Pulse;
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::classes::{CryptoKey, MultiplayerPeerExtension, TlsOptions, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use std::time::{Duration, Instant};
use tungsten_core::{CloseFrame, Event, Kind, ReadyState};

/// How long a server may take to tell a client its id, as long as opening may take.
const ID_TIMEOUT: Duration = Duration::from_secs(10);

/// A WebSocket client with signals. Its page of help is `doc_classes/WebSocketClient.xml`.
#[derive(GodotClass)]
#[class(base = MultiplayerPeerExtension, init, tool, rename = UnnamedWebSocketClient)]
pub(crate) struct WebSocketClient {
    #[var(get = is_verify_ssl_enabled, set = set_verify_ssl_enabled, usage_flags = [EDITOR])]
    verify_ssl: PhantomVar<bool>,
    #[var(get = is_verify_tls_enabled, set = set_verify_tls_enabled, usage_flags = [EDITOR])]
    verify_tls: PhantomVar<bool>,
    #[var(get = get_trusted_ssl_certificate, set = set_trusted_ssl_certificate, usage_flags = [EDITOR])]
    trusted_ssl_certificate: PhantomVar<Option<Gd<X509Certificate>>>,
    #[var(get = get_trusted_tls_certificate, set = set_trusted_tls_certificate, usage_flags = [EDITOR])]
    trusted_tls_certificate: PhantomVar<Option<Gd<X509Certificate>>>,
    #[var(usage_flags = [NONE])]
    tls_options: Option<Gd<TlsOptions>>,
    #[init(val = true)]
    verify: bool,
    trusted: Option<Gd<X509Certificate>>,
    settings: Settings,
    connection: Connection,
    is_multiplayer: bool,
    membership: Membership,
    mailbox: Mailbox,
    pulse: Pulse,
    base: Base<MultiplayerPeerExtension>,
}

/// A signal to emit.
enum Signal {
    Established(GString),
    Data,
    Message(Variant),
    CloseRequest(i64, GString),
    /// The connection of this peer is over; how, and whether it was open before.
    Ended(Gd<WebSocketPeer>, End),
    Failed(Gd<WebSocketError>),
    PeerConnected,
    PeerDisconnected,
}

/// How a connection ends.
enum End {
    Closed { clean: bool },
    Failed,
}

#[godot_api]
impl WebSocketClient {
    #[signal]
    fn connection_established(protocol: GString);

    #[signal]
    fn connection_error();

    #[signal]
    fn connection_closed(was_clean_close: bool);

    #[signal]
    fn data_received();

    #[signal]
    fn server_close_request(code: i64, reason: GString);

    #[signal]
    fn message_received(data: Variant);

    #[signal]
    fn failed(error: Gd<WebSocketError>);

    #[func]
    fn connect_to_url(
        &mut self,
        url: GString,
        #[opt(default = &PackedStringArray::new())] protocols: PackedStringArray,
        #[opt(default = false)] gd_mp_api: bool,
        #[opt(default = &PackedStringArray::new())] custom_headers: PackedStringArray,
    ) -> Error {
        if self.connection.is_busy() {
            return Error::ERR_ALREADY_IN_USE;
        }
        let settings = self.settings.with_request(&protocols, &custom_headers);
        let trust = Trust::new(self.tls_options.as_ref(), self.verify, self.trusted.as_ref());
        if let Err(refusal) = self.connection.start(settings, &url.to_string(), trust) {
            return refusal.told("WebSocketClient.connect_to_url");
        }
        self.is_multiplayer = gd_mp_api;
        self.membership = Membership::new(ID_TIMEOUT);
        self.mailbox.inbox.clear();
        self.pulse = Pulse::start("WebSocketClient");
        Error::OK
    }

    #[func]
    fn disconnect_from_host(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        self.connection.close_for("WebSocketClient.disconnect_from_host", code, &reason.to_string());
        self.rest();
    }

    #[func]
    fn get_peer(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        self.connection.peer().filter(|_| id == SERVER)
    }

    #[func]
    fn get_connected_host(&self) -> GString {
        self.connection.peer().map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
    }

    #[func]
    fn get_connected_port(&self) -> u16 {
        self.connection.peer().map_or(0, |peer| peer.bind().get_connected_port())
    }

    #[func]
    fn set_buffers(
        &mut self,
        input_buffer_size_kb: i64,
        input_max_packets: i64,
        output_buffer_size_kb: i64,
        output_max_packets: i64,
    ) -> Error {
        if self.connection.is_busy() {
            let refusal = Refusal::new(Error::FAILED, "there is a connection already");
            return refusal.told("WebSocketClient.set_buffers");
        }
        self.settings.set_buffers(input_buffer_size_kb, input_max_packets, output_buffer_size_kb, output_max_packets);
        Error::OK
    }

    #[func]
    fn is_verify_ssl_enabled(&self) -> bool {
        self.verify
    }

    #[func]
    fn set_verify_ssl_enabled(&mut self, enabled: bool) {
        self.verify = enabled;
    }

    #[func]
    fn is_verify_tls_enabled(&self) -> bool {
        self.verify
    }

    #[func]
    fn set_verify_tls_enabled(&mut self, enabled: bool) {
        self.verify = enabled;
    }

    #[func]
    fn get_trusted_ssl_certificate(&self) -> Option<Gd<X509Certificate>> {
        self.trusted.clone()
    }

    #[func]
    fn set_trusted_ssl_certificate(&mut self, certificate: Option<Gd<X509Certificate>>) {
        self.set_trusted(certificate);
    }

    #[func]
    fn get_trusted_tls_certificate(&self) -> Option<Gd<X509Certificate>> {
        self.trusted.clone()
    }

    #[func]
    fn set_trusted_tls_certificate(&mut self, certificate: Option<Gd<X509Certificate>>) {
        self.set_trusted(certificate);
    }

    #[func]
    fn set_client_certificate(&mut self, key: Option<Gd<CryptoKey>>, certificate: Option<Gd<X509Certificate>>) {
        self.change("set_client_certificate", |settings| settings.set_client_certificate(key, certificate));
    }
}

settings_properties! {
    WebSocketClient, usage_flags = [EDITOR];
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size);
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size);
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(buffer_size);
    max_message_size: i64, get_max_message_size, set_max_message_size(size);
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout);
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size);
    compression_level: i64, get_compression_level, set_compression_level(level);
    pinned_public_keys: PackedStringArray, get_pinned_public_keys, set_pinned_public_keys(keys);
}

impl WebSocketClient {
    fn set_trusted(&mut self, certificate: Option<Gd<X509Certificate>>) {
        if self.connection.is_busy() {
            console::error("WebSocketClient.trusted_tls_certificate", "there is a connection already");
        } else {
            self.trusted = certificate;
        }
    }

    /// Whatever is over need not be polled any more.
    fn rest(&mut self) {
        if self.connection.state() == ReadyState::Closed || self.status() == ConnectionStatus::DISCONNECTED {
            self.pulse.stop();
        }
    }

    /// The next signal that `peer` gives rise to; none if nothing is left to tell, or a handler has started another
    /// connection.
    fn next_signal(&mut self, peer: &mut Gd<WebSocketPeer>, now: Instant) -> Option<Signal> {
        if !self.connection.is(peer) {
            return None;
        }
        if self.is_multiplayer {
            return self.next_of_session(peer, now);
        }
        let notice = peer.bind_mut().next_notice_to(|signal| signal::has_listeners(self, signal))?;
        Some(match notice {
            Notice::Data => Signal::Data,
            Notice::Message(data) => Signal::Message(data),
            Notice::Event(Event::Opened) => Signal::Established(convert::text(peer.bind().core().protocol())),
            Notice::Event(Event::CloseRequested(frame)) => close_request(&frame),
            Notice::Event(Event::Closed { clean }) => Signal::Ended(peer.clone(), End::Closed { clean }),
            Notice::Event(Event::Failed) => Signal::Ended(peer.clone(), End::Failed),
        })
    }

    fn next_of_session(&mut self, peer: &mut Gd<WebSocketPeer>, now: Instant) -> Option<Signal> {
        match self.membership.next(peer, &mut self.mailbox.inbox, now)? {
            Step::Joined => Some(Signal::PeerConnected),
            Step::CloseRequested(frame) => Some(close_request(&frame)),
            Step::Left => Some(Signal::PeerDisconnected),
            Step::NotJoined(error) => error.map(|error| Signal::Failed(WebSocketError::of(&error))),
        }
    }

    /// What the engine expects of a multiplayer peer that is told to end at once: it is disconnected when the call
    /// returns, and no signal follows.
    fn forget_connection(&mut self) {
        self.connection.let_go();
        self.membership = Membership::default();
        self.pulse.stop();
        self.mailbox.inbox.clear();
    }

    /// Nothing is bound while a handler runs: it may do anything, dropping the last reference included.
    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::Established(protocol) => this.signals().connection_established().emit(&protocol),
            Signal::Data => this.signals().data_received().emit(),
            Signal::Message(data) => this.signals().message_received().emit(&data),
            Signal::CloseRequest(code, reason) => this.signals().server_close_request().emit(code, &reason),
            Signal::Ended(peer, end) => Self::emit_end(this, &peer, &end),
            Signal::Failed(error) => this.signals().failed().emit(&error),
            Signal::PeerConnected => this.signals().peer_connected().emit(i64::from(SERVER)),
            Signal::PeerDisconnected => {
                this.signals().peer_disconnected().emit(i64::from(SERVER));
                // The status says that it is connected until everybody knows.
                this.bind_mut().membership.conclude();
            }
        }
    }

    fn emit_end(this: &mut Gd<Self>, peer: &Gd<WebSocketPeer>, end: &End) {
        let error = peer.bind().core().error().map(WebSocketError::of);
        if let Some(error) = error {
            this.signals().failed().emit(&error);
        }
        // A handler may have started another connection.
        if this.bind().connection.is(peer) {
            match end {
                End::Closed { clean } => this.signals().connection_closed().emit(*clean),
                End::Failed => this.signals().connection_error().emit(),
            }
        }
    }
}

fn close_request(frame: &CloseFrame) -> Signal {
    Signal::CloseRequest(frame.code().into(), convert::reason(frame.reason()))
}

multiplayer_class!(WebSocketClient);

impl Multiplayer for WebSocketClient {
    fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    fn mailbox_mut(&mut self) -> &mut Mailbox {
        &mut self.mailbox
    }

    fn poll_session(mut this: Gd<Self>) {
        let Some(mut peer) = this.bind().connection.peer() else { return };
        this.bind().pulse.beat();
        peer.bind_mut().advance();
        signal::emit_all(&mut this, |client| client.next_signal(&mut peer, Instant::now()), Self::emit);
        this.bind_mut().rest();
    }

    fn end_session(&mut self) {
        self.disconnect_from_host(1000, GString::new());
        if self.is_multiplayer {
            self.forget_connection();
        }
    }

    fn dismiss(&mut self, peer: i32, force: bool) {
        if peer != SERVER {
            return;
        }
        if force && self.is_multiplayer {
            self.forget_connection();
        } else {
            self.disconnect_from_host(if force { -1 } else { 1000 }, GString::new());
        }
    }

    fn status(&self) -> ConnectionStatus {
        match self.connection.state() {
            _ if self.is_multiplayer => self.membership.status(),
            ReadyState::Connecting => ConnectionStatus::CONNECTING,
            ReadyState::Open | ReadyState::Closing => ConnectionStatus::CONNECTED,
            ReadyState::Closed => ConnectionStatus::DISCONNECTED,
        }
    }

    fn is_server(&self) -> bool {
        false
    }

    fn unique_id(&self) -> i32 {
        self.membership.id()
    }

    // Without `gd_mp_api` packets are those of the peer that `get_peer(1)` returns; this object has none of its own.
    fn may_read(&self) -> bool {
        self.is_multiplayer && (self.membership.id() != 0 || self.mailbox.inbox.len() > 0)
    }

    fn send_packet(&mut self, packet: &[u8]) -> Error {
        match self.membership.id() {
            0 => Error::ERR_UNCONFIGURED,
            _ => self.connection.send(Kind::Binary, packet),
        }
    }
}

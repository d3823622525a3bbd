//! `WebSocketClient`: the client of Godot 3, with its signals.

use crate::multiplayer::{self, Inbox, Outgoing, SERVER};
use crate::web_socket_error::WebSocketError;
use crate::web_socket_peer::{Buffers, Notice, WebSocketPeer};
use crate::{convert, tls};
use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode};
use godot::classes::{IMultiplayerPeerExtension, MultiplayerPeerExtension, X509Certificate};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tungsten_core::{Event, Kind, ReadyState};

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

    #[init(val = true)]
    verify: bool,
    trusted: Option<Gd<X509Certificate>>,
    buffers: Option<Buffers>,
    peer: Option<Gd<WebSocketPeer>>,
    is_multiplayer: bool,
    /// Told by the server in its first message; 0 before.
    unique_id: i32,
    /// When the server has taken too long for that.
    id_deadline: Option<Instant>,
    inbox: Inbox,
    outgoing: Outgoing,
    base: Base<MultiplayerPeerExtension>,
}

/// A signal to emit.
enum Signal {
    Established(GString),
    Data,
    Message(Variant),
    CloseRequest(i64, GString),
    Closed(bool),
    Error,
    Failed(Gd<WebSocketError>),
    PeerConnected,
    PeerDisconnected,
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
        if self.is_busy() {
            return Error::ERR_ALREADY_IN_USE;
        }
        let mut peer = WebSocketPeer::new_gd();
        let error = {
            let mut peer = peer.bind_mut();
            peer.set_supported_protocols(protocols);
            peer.set_handshake_headers(custom_headers);
            if let Some(buffers) = self.buffers {
                peer.set_buffers(buffers);
            }
            peer.connect_with(&url.to_string(), |_| tls::client_of_godot_3(self.verify, self.trusted.as_ref()))
        };
        if error == Error::OK {
            self.peer = Some(peer);
            self.is_multiplayer = gd_mp_api;
            self.unique_id = 0;
            self.id_deadline = None;
            self.inbox.clear();
        }
        error
    }

    #[func]
    fn disconnect_from_host(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        if let Some(peer) = &mut self.peer {
            peer.bind_mut().close_with(code, reason);
        }
    }

    #[func]
    fn get_peer(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        self.peer.clone().filter(|_| id == SERVER)
    }

    #[func]
    fn get_connected_host(&self) -> GString {
        self.peer.as_ref().map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
    }

    #[func]
    fn get_connected_port(&self) -> u16 {
        self.peer.as_ref().map_or(0, |peer| peer.bind().get_connected_port())
    }

    #[func]
    fn set_buffers(
        &mut self,
        input_buffer_size_kb: i64,
        input_max_packets: i64,
        output_buffer_size_kb: i64,
        output_max_packets: i64,
    ) -> Error {
        if self.is_busy() {
            godot_error!("WebSocketClient.set_buffers: there is a connection already");
            return Error::FAILED;
        }
        self.buffers =
            Some(Buffers::from_kb(input_buffer_size_kb, input_max_packets, output_buffer_size_kb, output_max_packets));
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
}

impl WebSocketClient {
    fn set_trusted(&mut self, certificate: Option<Gd<X509Certificate>>) {
        if self.is_busy() {
            godot_error!("WebSocketClient.trusted_tls_certificate: there is a connection already");
        } else {
            self.trusted = certificate;
        }
    }

    fn state(&self) -> ReadyState {
        self.peer.as_ref().map_or(ReadyState::Closed, |peer| peer.bind().core().state())
    }

    fn is_busy(&self) -> bool {
        matches!(self.state(), ReadyState::Connecting | ReadyState::Open)
    }

    /// The next signals that `peer` gives rise to; none if nothing is left to tell, or a handler has started another
    /// connection.
    fn next_signals(&mut self, peer: &mut Gd<WebSocketPeer>, now: Instant) -> Vec<Signal> {
        if !self.is_current(peer) {
            return Vec::new();
        }
        if self.is_multiplayer && self.collect(peer, now) {
            return Vec::new();
        }
        let Some(notice) = peer.bind_mut().next_notice() else { return Vec::new() };
        match notice {
            Notice::Message if self.is_multiplayer => self.read_id(peer),
            Notice::Message => vec![self.message(peer)],
            Notice::Event(Event::Opened) if self.is_multiplayer => {
                self.id_deadline = Some(now + ID_TIMEOUT);
                // Nothing to tell before the id is there, which may be waiting already.
                self.next_signals(peer, now)
            }
            Notice::Event(Event::Opened) => {
                vec![Signal::Established(convert::text(peer.bind().core().protocol()))]
            }
            Notice::Event(Event::CloseRequested(frame)) => {
                vec![Signal::CloseRequest(frame.code.into(), convert::reason(&frame.reason))]
            }
            Notice::Event(Event::Closed { .. }) if self.is_multiplayer => {
                if self.unique_id == 0 {
                    failure(peer)
                } else {
                    vec![Signal::PeerDisconnected]
                }
            }
            Notice::Event(Event::Closed { clean }) => {
                let mut signals = failure(peer);
                signals.push(Signal::Closed(clean));
                signals
            }
            Notice::Event(Event::Failed) => {
                let mut signals = failure(peer);
                if !self.is_multiplayer {
                    signals.push(Signal::Error);
                }
                signals
            }
        }
    }

    fn is_current(&self, peer: &Gd<WebSocketPeer>) -> bool {
        self.peer.as_ref() == Some(peer)
    }

    /// A message goes to whoever listens: with its content, or as a note that one can be read.
    fn message(&self, peer: &mut Gd<WebSocketPeer>) -> Signal {
        let listeners = self.base().get_signal_connection_list("message_received");
        if listeners.is_empty() { Signal::Data } else { Signal::Message(peer.bind_mut().take_value()) }
    }

    /// Takes the packets over once the id is known. Whether there were any: the engine is to read them before it hears
    /// that the server has gone.
    fn collect(&mut self, peer: &mut Gd<WebSocketPeer>, now: Instant) -> bool {
        let mut peer = peer.bind_mut();
        if self.unique_id == 0 {
            if self.id_deadline.take_if(|deadline| now >= *deadline).is_some() {
                peer.close_with(1002, GString::from("no id was sent"));
            }
            return false;
        }
        let had_any = peer.core().queued_messages() > 0;
        while !self.inbox.is_full()
            && let Some(message) = peer.take_message()
        {
            self.inbox.push(SERVER, message);
        }
        had_any
    }

    /// The first message of a server is the id of the client: four bytes, little endian, at least 2.
    fn read_id(&mut self, peer: &mut Gd<WebSocketPeer>) -> Vec<Signal> {
        let mut peer = peer.bind_mut();
        let message = peer.take_message();
        let bytes = message.as_ref().and_then(|message| message.payload().try_into().ok());
        match bytes.map(i32::from_le_bytes) {
            // One that comes after a wrong one is too late.
            Some(id @ 2..) if peer.core().state() == ReadyState::Open => {
                self.unique_id = id;
                self.id_deadline = None;
                vec![Signal::PeerConnected]
            }
            _ => {
                peer.close_with(1000, GString::new());
                Vec::new()
            }
        }
    }

    /// What the engine expects of a multiplayer peer that is told to end at once: it is disconnected when the call
    /// returns, and no signal follows.
    fn forget_connection(&mut self) {
        self.peer = None;
        self.unique_id = 0;
        self.id_deadline = None;
        self.inbox.clear();
    }

    fn send_packet(&mut self, bytes: &[u8]) -> Error {
        match &mut self.peer {
            Some(peer) if self.unique_id != 0 => peer.bind_mut().send_kind(Kind::Binary, bytes),
            _ => Error::ERR_UNCONFIGURED,
        }
    }

    /// Nothing is bound while a handler runs: it may do anything, dropping the last reference included.
    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::Established(protocol) => this.signals().connection_established().emit(&protocol),
            Signal::Data => this.signals().data_received().emit(),
            Signal::Message(data) => this.signals().message_received().emit(&data),
            Signal::CloseRequest(code, reason) => this.signals().server_close_request().emit(code, &reason),
            Signal::Closed(clean) => this.signals().connection_closed().emit(clean),
            Signal::Error => this.signals().connection_error().emit(),
            Signal::Failed(error) => this.signals().failed().emit(&error),
            Signal::PeerConnected => this.signals().peer_connected().emit(i64::from(SERVER)),
            Signal::PeerDisconnected => {
                this.signals().peer_disconnected().emit(i64::from(SERVER));
                // The status says that it is connected until everybody knows.
                this.bind_mut().unique_id = 0;
            }
        }
    }
}

/// Why the connection of a peer has failed, if it has.
fn failure(peer: &Gd<WebSocketPeer>) -> Vec<Signal> {
    peer.bind().core().error().map(|error| Signal::Failed(WebSocketError::of(error))).into_iter().collect()
}

#[godot_api]
impl IMultiplayerPeerExtension for WebSocketClient {
    #[func(gd_self)]
    fn poll(mut this: Gd<Self>) {
        let Some(mut peer) = this.bind().peer.clone() else { return };
        peer.bind_mut().advance();
        loop {
            let signals = this.bind_mut().next_signals(&mut peer, Instant::now());
            if signals.is_empty() {
                return;
            }
            for signal in signals {
                // A handler of the signal before may have started another connection.
                if this.bind().is_current(&peer) {
                    Self::emit(&mut this, signal);
                }
            }
        }
    }

    // The trait insists on the form that the engine never calls.
    fn poll(&mut self) {
        unreachable!("the form above is registered")
    }

    fn close(&mut self) {
        self.disconnect_from_host(1000, GString::new());
        if self.is_multiplayer {
            self.forget_connection();
        }
    }

    fn disconnect_peer(&mut self, p_peer: i32, p_force: bool) {
        if p_peer != SERVER {
            return;
        }
        if p_force && self.is_multiplayer {
            self.forget_connection();
        } else {
            self.disconnect_from_host(if p_force { -1 } else { 1000 }, GString::new());
        }
    }

    fn get_connection_status(&self) -> ConnectionStatus {
        match self.state() {
            _ if self.is_multiplayer && self.unique_id != 0 => ConnectionStatus::CONNECTED,
            ReadyState::Connecting => ConnectionStatus::CONNECTING,
            ReadyState::Open | ReadyState::Closing if self.is_multiplayer => ConnectionStatus::CONNECTING,
            ReadyState::Open | ReadyState::Closing => ConnectionStatus::CONNECTED,
            ReadyState::Closed => ConnectionStatus::DISCONNECTED,
        }
    }

    // Without `gd_mp_api` packets are those of the peer that `get_peer(1)` returns; this object has none of its own.
    #[func(gd_self)]
    unsafe fn get_packet_rawptr(
        mut this: Gd<Self>,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        let taken = catch_unwind(AssertUnwindSafe(|| {
            let mut this = this.bind_mut();
            if !this.is_multiplayer || this.unique_id == 0 {
                return Err(Error::ERR_UNCONFIGURED);
            }
            // SAFETY: the engine passes pointers to two locals of its own.
            unsafe { this.inbox.hand_out(r_buffer, r_buffer_size) }
        }));
        taken.map_or(Error::FAILED, convert::result)
    }

    #[func(gd_self)]
    unsafe fn put_packet_rawptr(mut this: Gd<Self>, p_buffer: RawPtr<*const u8>, p_buffer_size: i32) -> Error {
        // SAFETY: the arguments are those of the virtual.
        let bytes = match unsafe { multiplayer::bytes(&p_buffer, p_buffer_size) } {
            Ok(bytes) => bytes,
            Err(error) => return error,
        };
        catch_unwind(AssertUnwindSafe(|| this.bind_mut().send_packet(bytes))).unwrap_or(Error::FAILED)
    }

    fn get_available_packet_count(&self) -> i32 {
        self.inbox.len()
    }

    fn get_max_packet_size(&self) -> i32 {
        i32::MAX
    }

    fn get_packet_channel(&self) -> i32 {
        0
    }

    fn get_packet_mode(&self) -> TransferMode {
        TransferMode::RELIABLE
    }

    fn get_packet_peer(&self) -> i32 {
        self.inbox.sender()
    }

    fn set_transfer_channel(&mut self, p_channel: i32) {
        self.outgoing.channel = p_channel;
    }

    fn get_transfer_channel(&self) -> i32 {
        self.outgoing.channel
    }

    fn set_transfer_mode(&mut self, p_mode: TransferMode) {
        self.outgoing.mode = p_mode;
    }

    fn get_transfer_mode(&self) -> TransferMode {
        self.outgoing.mode
    }

    fn set_target_peer(&mut self, p_peer: i32) {
        // Everything goes to the server, which passes it on.
        self.outgoing.target = p_peer;
    }

    fn is_server(&self) -> bool {
        false
    }

    fn get_unique_id(&self) -> i32 {
        self.unique_id
    }

    fn is_server_relay_supported(&self) -> bool {
        true
    }
}

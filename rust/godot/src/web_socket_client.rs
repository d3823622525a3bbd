//! `WebSocketClient`: the client of Godot 3, with its signals.

use crate::web_socket_peer::{Notice, WebSocketPeer};
use crate::{convert, tls};
use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode};
use godot::classes::{IMultiplayerPeerExtension, MultiplayerPeerExtension, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use tungsten_core::{Event, ReadyState};

/// The id of the server (`MultiplayerPeer.TARGET_PEER_SERVER`).
const SERVER: i32 = 1;

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
    #[init(val = TransferMode::RELIABLE)]
    transfer_mode: TransferMode,
    transfer_channel: i32,
    base: Base<MultiplayerPeerExtension>,
}

/// What `set_buffers` was told.
#[derive(Clone, Copy, Debug)]
struct Buffers {
    inbound_bytes: i64,
    outbound_bytes: i64,
    packets: i64,
}

/// A signal to emit.
enum Signal {
    Established(GString),
    Data,
    CloseRequest(i64, GString),
    Closed(bool),
    Error,
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

    #[func]
    fn connect_to_url(
        &mut self,
        url: GString,
        #[opt(default = &PackedStringArray::new())] protocols: PackedStringArray,
        #[opt(default = false)] gd_mp_api: bool,
        #[opt(default = &PackedStringArray::new())] custom_headers: PackedStringArray,
    ) -> Error {
        if gd_mp_api {
            godot_error!("WebSocketClient.connect_to_url: gd_mp_api is not supported yet");
            return Error::ERR_UNAVAILABLE;
        }
        if self.is_busy() {
            return Error::ERR_ALREADY_IN_USE;
        }
        let mut peer = WebSocketPeer::new_gd();
        let error = {
            let mut peer = peer.bind_mut();
            peer.set_supported_protocols(protocols);
            peer.set_handshake_headers(custom_headers);
            if let Some(buffers) = self.buffers {
                peer.set_inbound_buffer_size(buffers.inbound_bytes);
                peer.set_outbound_buffer_size(buffers.outbound_bytes);
                peer.set_max_queued_packets(buffers.packets);
            }
            peer.connect_with(&url.to_string(), |_| tls::client_of_godot_3(self.verify, self.trusted.as_ref()))
        };
        if error == Error::OK {
            self.peer = Some(peer);
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
        self.buffers = Some(Buffers {
            inbound_bytes: input_buffer_size_kb.saturating_mul(1024),
            outbound_bytes: output_buffer_size_kb.saturating_mul(1024),
            packets: input_max_packets.max(output_max_packets),
        });
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

    /// The next signal that `peer` gives rise to; `None` once there is none, or a handler has started another
    /// connection.
    fn next_signal(&self, peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if self.peer.as_ref() != Some(peer) {
            return None;
        }
        let mut peer = peer.bind_mut();
        Some(match peer.next_notice()? {
            Notice::Message => Signal::Data,
            Notice::Event(Event::Opened) => Signal::Established(convert::text(peer.core().protocol())),
            Notice::Event(Event::CloseRequested(frame)) => {
                Signal::CloseRequest(frame.code.into(), convert::text(&frame.reason))
            }
            Notice::Event(Event::Closed { clean }) => Signal::Closed(clean),
            Notice::Event(Event::Failed) => Signal::Error,
        })
    }
}

#[godot_api]
impl IMultiplayerPeerExtension for WebSocketClient {
    // Handlers may do anything, dropping the last reference included: nothing is bound while one runs.
    #[func(gd_self)]
    fn poll(this: Gd<Self>) {
        let Some(mut peer) = this.bind().peer.clone() else { return };
        peer.bind_mut().advance();
        loop {
            let signal = this.bind().next_signal(&mut peer);
            match signal {
                Some(Signal::Established(protocol)) => this.signals().connection_established().emit(&protocol),
                Some(Signal::Data) => this.signals().data_received().emit(),
                Some(Signal::CloseRequest(code, reason)) => {
                    this.signals().server_close_request().emit(code, &reason);
                }
                Some(Signal::Closed(clean)) => this.signals().connection_closed().emit(clean),
                Some(Signal::Error) => this.signals().connection_error().emit(),
                None => return,
            }
        }
    }

    // The trait insists on the form that the engine never calls.
    fn poll(&mut self) {
        unreachable!("the form above is registered")
    }

    fn close(&mut self) {
        self.disconnect_from_host(1000, GString::new());
    }

    fn disconnect_peer(&mut self, p_peer: i32, p_force: bool) {
        let Some(peer) = self.peer.as_mut().filter(|_| p_peer == SERVER) else { return };
        peer.bind_mut().close_with(if p_force { -1 } else { 1000 }, GString::new());
    }

    fn get_connection_status(&self) -> ConnectionStatus {
        match self.state() {
            ReadyState::Connecting => ConnectionStatus::CONNECTING,
            ReadyState::Open | ReadyState::Closing => ConnectionStatus::CONNECTED,
            ReadyState::Closed => ConnectionStatus::DISCONNECTED,
        }
    }

    // Packets are those of the peer that `get_peer(1)` returns; this object has none of its own.
    unsafe fn get_packet_rawptr(
        &mut self,
        _r_buffer: godot::meta::conv::RawPtr<*mut godot::meta::conv::RawPtr<*const u8>>,
        _r_buffer_size: godot::meta::conv::RawPtr<*mut i32>,
    ) -> Error {
        Error::ERR_UNCONFIGURED
    }

    unsafe fn put_packet_rawptr(
        &mut self,
        _p_buffer: godot::meta::conv::RawPtr<*const u8>,
        _p_buffer_size: i32,
    ) -> Error {
        Error::ERR_UNCONFIGURED
    }

    fn get_available_packet_count(&self) -> i32 {
        0
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
        SERVER
    }

    fn set_transfer_channel(&mut self, p_channel: i32) {
        self.transfer_channel = p_channel;
    }

    fn get_transfer_channel(&self) -> i32 {
        self.transfer_channel
    }

    fn set_transfer_mode(&mut self, p_mode: TransferMode) {
        self.transfer_mode = p_mode;
    }

    fn get_transfer_mode(&self) -> TransferMode {
        self.transfer_mode
    }

    fn set_target_peer(&mut self, _p_peer: i32) {}

    fn is_server(&self) -> bool {
        false
    }

    fn get_unique_id(&self) -> i32 {
        0
    }
}

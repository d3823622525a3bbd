//! `WebSocketServer`: the server of Godot 3, with its signals.

mod serving;

use crate::classes::error::WebSocketError;
use crate::classes::property::settings_properties;
use crate::classes::settings::{Compression, Settings, SharedSettings};
use crate::engine::convert;
use crate::load::console::{self, Refusal};
use crate::session::endpoint::Endpoint;
use crate::session::hosting;
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::server_class::server_class;
use crate::session::watch::Pulse;
use godot::classes::MultiplayerPeerExtension;
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::global::Error;
use godot::prelude::*;
use tungsten_core::check_headers;

/// A WebSocket server with signals. Its page of help is `doc_classes/WebSocketServer.xml`.
#[derive(GodotClass)]
#[class(base = MultiplayerPeerExtension, init, tool, rename = UnnamedWebSocketServer)]
pub(crate) struct WebSocketServer {
    #[init(val = Settings::of_session().into())]
    settings: SharedSettings,
    endpoint: Endpoint,
    is_multiplayer: bool,
    mailbox: Mailbox,
    pulse: Pulse,
    base: Base<MultiplayerPeerExtension>,
}

#[godot_api]
impl WebSocketServer {
    #[signal]
    fn client_connected(id: i64, protocol: GString, resource_name: GString);

    #[signal]
    fn client_disconnected(id: i64, was_clean_close: bool);

    #[signal]
    fn client_close_request(id: i64, code: i64, reason: GString);

    #[signal]
    fn data_received(id: i64);

    #[signal]
    fn failed(id: i64, error: Gd<WebSocketError>);

    #[signal]
    fn message_received(id: i64, data: Variant);

    #[func]
    fn listen(
        &mut self,
        port: i64,
        #[opt(default = &PackedStringArray::new())] protocols: PackedStringArray,
        #[opt(default = false)] gd_mp_api: bool,
    ) -> Error {
        if let Err(refusal) = self.start_listening(port, protocols) {
            return refusal.told("WebSocketServer.listen");
        }
        self.is_multiplayer = gd_mp_api;
        self.mailbox.inbox.clear();
        self.pulse = Pulse::start("WebSocketServer");
        Error::OK
    }

    #[func]
    fn stop(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        if self.endpoint.stop("WebSocketServer.stop", code, &reason.to_string()) {
            self.pulse.stop();
            self.mailbox.inbox.clear();
        }
    }

    #[func]
    fn set_extra_headers(&mut self, #[opt(default = &PackedStringArray::new())] headers: PackedStringArray) {
        let headers = convert::strings(&headers);
        match check_headers(&[], &headers) {
            Ok(()) => self.settings.headers = headers,
            Err(error) => console::error("WebSocketServer.set_extra_headers", error),
        }
    }

    #[func]
    fn set_buffers(
        &mut self,
        input_buffer_size_kb: i64,
        input_max_packets: i64,
        output_buffer_size_kb: i64,
        output_max_packets: i64,
    ) -> Error {
        if self.endpoint.roster.is_listening() {
            return Refusal::new(Error::FAILED, "the server is listening").told("WebSocketServer.set_buffers");
        }
        self.settings.set_buffers(input_buffer_size_kb, input_max_packets, output_buffer_size_kb, output_max_packets);
        Error::OK
    }
}

settings_properties! {
    WebSocketServer, usage_flags = [EDITOR];
    supported_protocols: PackedStringArray, get_supported_protocols, set_supported_protocols(protocols);
    handshake_headers: PackedStringArray, get_handshake_headers, set_handshake_headers(headers);
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size);
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size);
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(max_queued_packets);
    max_message_size: i64, get_max_message_size, set_max_message_size(size);
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout);
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size);
    compression_level: i64, get_compression_level, set_compression_level(level);
    max_clients: i64, get_max_clients, set_max_clients(count);
    max_pending_clients: i64, get_max_pending_clients, set_max_pending_clients(count);
    allowed_origins: PackedStringArray, get_allowed_origins, set_allowed_origins(origins);
}

server_class!(WebSocketServer, usage_flags = [EDITOR]);

impl WebSocketServer {
    /// Protocols are given here or with the property, as scripts of Godot 3 or of Godot 4 do.
    fn start_listening(&mut self, port: i64, protocols: PackedStringArray) -> Result<(), Refusal> {
        let mut settings = self.settings.clone();
        if !protocols.is_empty() {
            settings.set_supported_protocols(protocols).map_err(Refusal::invalid)?;
        }
        self.endpoint.listen(port, &settings)?;
        self.settings = settings;
        Ok(())
    }
}

multiplayer_class!(WebSocketServer);

impl Multiplayer for WebSocketServer {
    fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    fn mailbox_mut(&mut self) -> &mut Mailbox {
        &mut self.mailbox
    }

    fn poll_session(this: Gd<Self>) {
        this.bind().pulse.beat();
        hosting::serve(this);
    }

    /// A multiplayer session is over: the server goes away (RFC 6455 §7.4.1).
    fn end_session(&mut self) {
        self.stop(1001, GString::new());
    }

    fn dismiss(&mut self, peer: i32, force: bool) {
        self.disconnect_client(peer, if force { -1 } else { 1000 }, GString::new());
    }

    fn status(&self) -> ConnectionStatus {
        if self.endpoint.roster.is_listening() { ConnectionStatus::CONNECTED } else { ConnectionStatus::DISCONNECTED }
    }

    fn is_server(&self) -> bool {
        true
    }

    fn unique_id(&self) -> i32 {
        SERVER
    }

    // Without `gd_mp_api` packets are those of the peers; this object has none of its own.
    fn may_read(&self) -> bool {
        self.is_multiplayer
    }

    fn send_packet(&mut self, packet: &[u8]) -> Error {
        if !self.is_multiplayer || !self.endpoint.roster.is_listening() {
            return Error::ERR_UNCONFIGURED;
        }
        self.endpoint.roster.send_packet(packet, &self.mailbox.outgoing)
    }
}

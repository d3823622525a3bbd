//! `WebSocketServer`: the server of Godot 3, with its signals.

mod filter;
mod serving;
mod settings;

use crate::classes::peer::{WebSocketPeer, WriteMode};
use crate::classes::settings::{Buffers, Compression};
use crate::engine::{convert, tls};
use crate::load::console;
use crate::session::hosting;
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::roster::Roster;
use crate::session::watch::Pulse;
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::classes::{CryptoKey, MultiplayerPeerExtension, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use settings::Settings;
use tungsten_core::net::TlsServer;
use tungsten_core::{CloseFrame, Kind, check_headers};

/// A WebSocket server with signals. Its page of help is `doc_classes/WebSocketServer.xml`.
#[derive(GodotClass)]
#[class(base = MultiplayerPeerExtension, init, tool, rename = UnnamedWebSocketServer)]
pub(crate) struct WebSocketServer {
    #[var(get = get_bind_ip, set = set_bind_ip, usage_flags = [EDITOR])]
    bind_ip: PhantomVar<GString>,
    #[var(get = get_private_key, set = set_private_key, usage_flags = [EDITOR])]
    private_key: PhantomVar<Option<Gd<CryptoKey>>>,
    #[var(get = get_ssl_certificate, set = set_ssl_certificate, usage_flags = [EDITOR])]
    ssl_certificate: PhantomVar<Option<Gd<X509Certificate>>>,
    #[var(get = get_ca_chain, set = set_ca_chain, usage_flags = [EDITOR])]
    ca_chain: PhantomVar<Option<Gd<X509Certificate>>>,
    #[var(get = get_handshake_timeout, set = set_handshake_timeout, usage_flags = [EDITOR])]
    handshake_timeout: PhantomVar<f64>,
    #[var(get = get_max_clients, set = set_max_clients, usage_flags = [EDITOR])]
    max_clients: PhantomVar<i64>,
    #[var(get = get_max_pending_clients, set = set_max_pending_clients, usage_flags = [EDITOR])]
    max_pending_clients: PhantomVar<i64>,
    #[var(get = get_allowed_origins, set = set_allowed_origins, usage_flags = [EDITOR])]
    allowed_origins: PhantomVar<PackedStringArray>,
    #[var(
        get = get_compression, set = set_compression,
        hint = ENUM, hint_string = Compression::CHOICES, usage_flags = [EDITOR, CLASS_IS_ENUM]
    )]
    compression: PhantomVar<Compression>,
    #[var(get = get_request_filter, set = set_request_filter, usage_flags = [NONE])]
    request_filter: PhantomVar<Callable>,

    settings: Settings,
    key: Option<Gd<CryptoKey>>,
    certificate: Option<Gd<X509Certificate>>,
    chain: Option<Gd<X509Certificate>>,
    #[init(val = Callable::invalid())]
    filter: Callable,
    is_multiplayer: bool,
    roster: Roster,
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

    #[func]
    fn listen(
        &mut self,
        port: i64,
        #[opt(default = &PackedStringArray::new())] protocols: PackedStringArray,
        #[opt(default = false)] gd_mp_api: bool,
    ) -> Error {
        if self.roster.is_listening() {
            return Error::ERR_ALREADY_IN_USE;
        }
        let Ok(port) = u16::try_from(port) else {
            return console::refuse(
                "WebSocketServer.listen",
                format!("{port} is no port"),
                Error::ERR_INVALID_PARAMETER,
            );
        };
        self.settings.tls = match self.tls() {
            Ok(tls) => tls,
            Err(reason) => return console::refuse("WebSocketServer.listen", reason, Error::ERR_INVALID_PARAMETER),
        };
        let protocols = convert::strings(&protocols);
        if let Err(error) = check_headers(&protocols, &self.settings.extra_headers) {
            return console::refuse("WebSocketServer.listen", error, Error::ERR_INVALID_PARAMETER);
        }
        self.settings.protocols = protocols;
        let error = self.roster.listen(&self.settings.bind_ip, port);
        if error != Error::OK {
            return error;
        }
        self.is_multiplayer = gd_mp_api;
        self.mailbox.inbox.clear();
        self.pulse = Pulse::start("WebSocketServer");
        Error::OK
    }

    #[func]
    fn stop(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        if code >= 0
            && let Err(error) = CloseFrame::to_send(code, &reason.to_string())
        {
            // Nobody could be told.
            return console::error("WebSocketServer.stop", error);
        }
        self.pulse.stop();
        for mut peer in self.roster.stop() {
            peer.bind_mut().close_for("WebSocketServer.stop", code, &reason);
        }
        self.mailbox.inbox.clear();
    }

    #[func]
    fn is_listening(&self) -> bool {
        self.roster.is_listening()
    }

    #[func]
    fn get_local_port(&self) -> u16 {
        self.roster.local_port()
    }

    #[func]
    fn has_peer(&self, id: i32) -> bool {
        self.roster.has(id)
    }

    #[func]
    fn get_peer(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        self.roster.peer(id)
    }

    #[func]
    fn get_peers(&self) -> PackedInt32Array {
        self.roster.peers().map(|(id, _)| id).collect()
    }

    #[func]
    fn get_peer_address(&self, id: i32) -> GString {
        self.roster.peer(id).map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
    }

    #[func]
    fn get_peer_port(&self, id: i32) -> u16 {
        self.roster.peer(id).map_or(0, |peer| peer.bind().get_connected_port())
    }

    // The multiplayer API has a method of this name with other arguments; scripts of Godot 3 mean this one.
    #[func(rename = disconnect_peer)]
    fn disconnect_client(&mut self, id: i32, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        match self.roster.peer(id) {
            Some(mut peer) => peer.bind_mut().close_for("WebSocketServer.disconnect_peer", code, &reason),
            None => console::error("WebSocketServer.disconnect_peer", format_args!("there is no client {id}")),
        }
    }

    #[func]
    fn set_extra_headers(&mut self, #[opt(default = &PackedStringArray::new())] headers: PackedStringArray) {
        let headers = convert::strings(&headers);
        match check_headers(&[], &headers) {
            Ok(()) => self.settings.extra_headers = headers,
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
        if self.roster.is_listening() {
            return console::refuse("WebSocketServer.set_buffers", "the server is listening", Error::FAILED);
        }
        self.settings.buffers =
            Some(Buffers::from_kb(input_buffer_size_kb, input_max_packets, output_buffer_size_kb, output_max_packets));
        Error::OK
    }

    #[func]
    fn broadcast(
        &mut self,
        message: PackedByteArray,
        #[opt(default = godot::meta::owned_into_arg(WriteMode::Binary))] write_mode: WriteMode,
    ) -> Error {
        self.roster.send(write_mode.into(), message.as_slice(), |_| true)
    }

    #[func]
    fn broadcast_text(&mut self, message: GString) -> Error {
        self.roster.send(Kind::Text, convert::utf8(&message).as_bytes(), |_| true)
    }

    #[func]
    fn get_bind_ip(&self) -> GString {
        GString::from(&self.settings.bind_ip)
    }

    #[func]
    fn set_bind_ip(&mut self, ip: GString) {
        let ip = ip.to_string();
        if self.is_unlocked("bind_ip") {
            if ip == "*" || ip.parse::<std::net::IpAddr>().is_ok() {
                self.settings.bind_ip = ip;
            } else {
                console::error("WebSocketServer.bind_ip", format_args!("{ip:?} is neither an address nor \"*\""));
            }
        }
    }

    #[func]
    fn get_private_key(&self) -> Option<Gd<CryptoKey>> {
        self.key.clone()
    }

    #[func]
    fn set_private_key(&mut self, key: Option<Gd<CryptoKey>>) {
        if self.is_unlocked("private_key") {
            self.key = key;
        }
    }

    #[func]
    fn get_ssl_certificate(&self) -> Option<Gd<X509Certificate>> {
        self.certificate.clone()
    }

    #[func]
    fn set_ssl_certificate(&mut self, certificate: Option<Gd<X509Certificate>>) {
        if self.is_unlocked("ssl_certificate") {
            self.certificate = certificate;
        }
    }

    #[func]
    fn get_ca_chain(&self) -> Option<Gd<X509Certificate>> {
        self.chain.clone()
    }

    #[func]
    fn set_ca_chain(&mut self, chain: Option<Gd<X509Certificate>>) {
        if self.is_unlocked("ca_chain") {
            self.chain = chain;
        }
    }

    #[func]
    fn get_handshake_timeout(&self) -> f64 {
        self.settings.handshake_timeout.as_secs_f64()
    }

    #[func]
    fn set_handshake_timeout(&mut self, timeout: f64) {
        match convert::positive_duration(timeout) {
            Some(timeout) => self.settings.handshake_timeout = timeout,
            None => console::error(
                "WebSocketServer.handshake_timeout",
                format_args!("{timeout} is not a number of seconds above 0, up to 1e9"),
            ),
        }
    }

    #[func]
    fn get_max_clients(&self) -> i64 {
        i64::try_from(self.settings.max_clients).unwrap_or(i64::MAX)
    }

    #[func]
    fn set_max_clients(&mut self, count: i64) {
        self.settings.max_clients = usize::try_from(count).unwrap_or_default();
    }

    #[func]
    fn get_max_pending_clients(&self) -> i64 {
        i64::try_from(self.settings.max_pending_clients).unwrap_or(i64::MAX)
    }

    #[func]
    fn set_max_pending_clients(&mut self, count: i64) {
        self.settings.max_pending_clients = usize::try_from(count).unwrap_or_default().max(1);
    }

    #[func]
    fn get_allowed_origins(&self) -> PackedStringArray {
        convert::string_array(&self.settings.allowed_origins)
    }

    #[func]
    fn set_allowed_origins(&mut self, origins: PackedStringArray) {
        self.settings.allowed_origins = convert::strings(&origins);
    }

    #[func]
    fn get_compression(&self) -> Compression {
        self.settings.compression
    }

    #[func]
    fn set_compression(&mut self, compression: Compression) {
        self.settings.compression = compression;
    }

    #[func]
    fn get_request_filter(&self) -> Callable {
        self.filter.clone()
    }

    #[func]
    fn set_request_filter(&mut self, filter: Callable) {
        if let Some(doubt) = filter::doubt(&filter) {
            console::warning("WebSocketServer.request_filter", doubt);
        }
        self.filter = filter;
    }
}

impl WebSocketServer {
    fn is_unlocked(&self, property: &str) -> bool {
        let unlocked = !self.roster.is_listening();
        if !unlocked {
            let place = format!("WebSocketServer.{property}");
            console::error(&place, "it cannot be changed while the server is listening");
        }
        unlocked
    }

    /// TLS if there is a key and a certificate.
    fn tls(&self) -> Result<Option<TlsServer>, String> {
        match (&self.key, &self.certificate) {
            (Some(key), Some(certificate)) => tls::server(key, certificate, self.chain.as_ref()).map(Some),
            (None, None) => Ok(None),
            _ => Err("TLS needs both private_key and ssl_certificate".to_owned()),
        }
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
        if self.roster.is_listening() { ConnectionStatus::CONNECTED } else { ConnectionStatus::DISCONNECTED }
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
        if !self.is_multiplayer || !self.roster.is_listening() {
            return Error::ERR_UNCONFIGURED;
        }
        self.roster.send_packet(packet, &self.mailbox.outgoing)
    }
}

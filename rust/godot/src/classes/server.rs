//! `WebSocketServer`: the server of Godot 3, with its signals.

mod serving;

use crate::classes::peer::{WebSocketPeer, WriteMode};
use crate::classes::property::settings_properties;
use crate::classes::settings::{Compression, Settings, SharedSettings};
use crate::engine::{convert, tls};
use crate::load::console::{self, Refusal};
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::roster::Roster;
use crate::session::watch::Pulse;
use crate::session::{filter, hosting};
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::classes::{CryptoKey, MultiplayerPeerExtension, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
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
    #[var(get = get_request_filter, set = set_request_filter, usage_flags = [NONE])]
    request_filter: PhantomVar<Callable>,

    #[init(val = Settings::of_session().into())]
    settings: SharedSettings,
    #[init(val = "*".to_owned())]
    ip: String,
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
        if let Err(refusal) = self.start_listening(port, &protocols) {
            return refusal.told("WebSocketServer.listen");
        }
        self.is_multiplayer = gd_mp_api;
        self.mailbox.inbox.clear();
        self.pulse = Pulse::start("WebSocketServer");
        Error::OK
    }

    #[func]
    fn stop(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        let reason = reason.to_string();
        if code >= 0
            && let Err(error) = CloseFrame::to_send(code, &reason)
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
            Some(mut peer) => peer.bind_mut().close_for("WebSocketServer.disconnect_peer", code, &reason.to_string()),
            None => console::error("WebSocketServer.disconnect_peer", format_args!("there is no client {id}")),
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
        if self.roster.is_listening() {
            return Refusal::new(Error::FAILED, "the server is listening").told("WebSocketServer.set_buffers");
        }
        self.settings.set_buffers(input_buffer_size_kb, input_max_packets, output_buffer_size_kb, output_max_packets);
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
        GString::from(&self.ip)
    }

    #[func]
    fn set_bind_ip(&mut self, ip: GString) {
        let ip = ip.to_string();
        if self.is_unlocked("bind_ip") {
            if ip == "*" || ip.parse::<std::net::IpAddr>().is_ok() {
                self.ip = ip;
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

settings_properties! {
    WebSocketServer, usage_flags = [EDITOR];
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout);
    max_clients: i64, get_max_clients, set_max_clients(count);
    max_pending_clients: i64, get_max_pending_clients, set_max_pending_clients(count);
    allowed_origins: PackedStringArray, get_allowed_origins, set_allowed_origins(origins);
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
}

impl WebSocketServer {
    fn start_listening(&mut self, port: i64, protocols: &PackedStringArray) -> Result<(), Refusal> {
        let port = u16::try_from(port).map_err(|_| Refusal::invalid(format_args!("{port} is no port")))?;
        let tls = self.tls().map_err(Refusal::invalid)?;
        let protocols = convert::strings(protocols);
        check_headers(&protocols, &self.settings.headers).map_err(Refusal::invalid)?;
        self.settings.protocols = protocols;
        Ok(self.roster.listen(&self.ip, port, tls)?)
    }

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

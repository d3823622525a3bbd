//! `WebSocketMultiplayerPeer`: high-level multiplayer over WebSocket, with the engine's own peer on either side.

mod serving;

use crate::classes::error::WebSocketError;
use crate::classes::peer::WebSocketPeer;
use crate::classes::property::{Configured as _, settings_properties};
use crate::classes::settings::{Compression, Settings, SharedSettings};
use crate::engine::tls::{self, OptionalTlsOptions, Trust};
use crate::load::console::{self, Refusal};
use crate::session::membership::{Membership, Step};
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::roster::Roster;
use crate::session::watch::Pulse;
use crate::session::{filter, hosting, signal};
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::classes::{CryptoKey, MultiplayerPeerExtension, TlsOptions, X509Certificate};
use godot::global::Error;
use godot::meta::owned_into_arg;
use godot::prelude::*;
use std::time::Instant;
use tungsten_core::Kind;

/// A peer of high-level multiplayer. Its page of help is `doc_classes/WebSocketMultiplayerPeer.xml`.
#[derive(GodotClass)]
#[class(base = MultiplayerPeerExtension, init, tool, rename = UnnamedWebSocketMultiplayerPeer)]
pub(crate) struct WebSocketMultiplayerPeer {
    #[var(get = get_request_filter, set = set_request_filter, usage_flags = [NONE])]
    request_filter: PhantomVar<Callable>,
    #[init(val = Settings::of_session().into())]
    settings: SharedSettings,
    role: Role,
    /// The clients of a server.
    roster: Roster,
    #[init(val = Callable::invalid())]
    filter: Callable,
    mailbox: Mailbox,
    /// Connections that were closed and have not come to their ends.
    leaving: Vec<Gd<WebSocketPeer>>,
    last_error: Option<Gd<WebSocketError>>,
    pulse: Pulse,
    base: Base<MultiplayerPeerExtension>,
}

/// What it is in the session.
#[derive(Debug, Default)]
enum Role {
    #[default]
    Nobody,
    Client {
        peer: Gd<WebSocketPeer>,
        membership: Membership,
    },
    Server,
}

#[godot_api]
impl WebSocketMultiplayerPeer {
    #[func]
    fn create_client(
        &mut self,
        url: GString,
        #[opt(default = owned_into_arg(OptionalTlsOptions(None)))] tls_client_options: OptionalTlsOptions,
    ) -> Error {
        if !matches!(self.role, Role::Nobody) {
            return Error::ERR_ALREADY_IN_USE;
        }
        let mut peer = WebSocketPeer::with_settings(self.settings.clone());
        let result = peer.bind_mut().connect(&url.to_string(), Trust::Options(tls_client_options.0.as_ref()));
        if result.is_ok() {
            let membership = Membership::new(self.settings.handshake_timeout);
            self.begin(Role::Client { peer, membership });
        }
        console::outcome("WebSocketMultiplayerPeer.create_client", result)
    }

    #[func]
    fn create_server(
        &mut self,
        port: i64,
        #[opt(default = "*")] bind_address: GString,
        #[opt(default = owned_into_arg(OptionalTlsOptions(None)))] tls_server_options: OptionalTlsOptions,
    ) -> Error {
        if !matches!(self.role, Role::Nobody) {
            return Error::ERR_ALREADY_IN_USE;
        }
        let result = self.listen(port, &bind_address.to_string(), tls_server_options.0.as_ref());
        if result.is_ok() {
            self.begin(Role::Server);
        }
        console::outcome("WebSocketMultiplayerPeer.create_server", result)
    }

    #[func]
    fn get_peer(&self, peer_id: i32) -> Option<Gd<WebSocketPeer>> {
        self.find(peer_id)
    }

    #[func]
    fn get_peer_address(&self, id: i32) -> GString {
        self.find(id).map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
    }

    #[func]
    fn get_peer_port(&self, id: i32) -> u16 {
        self.find(id).map_or(0, |peer| peer.bind().get_connected_port())
    }

    #[func]
    fn get_local_port(&self) -> u16 {
        self.roster.local_port()
    }

    #[func]
    fn get_request_filter(&self) -> Callable {
        self.filter.clone()
    }

    #[func]
    fn set_request_filter(&mut self, filter: Callable) {
        filter::warn_of("WebSocketMultiplayerPeer.request_filter", &filter);
        self.filter = filter;
    }

    #[func]
    fn set_client_certificate(&mut self, key: Option<Gd<CryptoKey>>, certificate: Option<Gd<X509Certificate>>) {
        self.change("set_client_certificate", |settings| settings.set_client_certificate(key, certificate));
    }

    #[func]
    fn get_last_error(&self) -> Option<Gd<WebSocketError>> {
        self.last_error.clone()
    }
}

settings_properties! {
    WebSocketMultiplayerPeer, usage_flags = [STORAGE, EDITOR];
    supported_protocols: PackedStringArray, get_supported_protocols, set_supported_protocols(protocols);
    handshake_headers: PackedStringArray, get_handshake_headers, set_handshake_headers(protocols);
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size);
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size);
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout);
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(max_queued_packets);
    max_message_size: i64, get_max_message_size, set_max_message_size(size);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout);
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size);
    compression_level: i64, get_compression_level, set_compression_level(level);
    max_clients: i64, get_max_clients, set_max_clients(count);
    max_pending_clients: i64, get_max_pending_clients, set_max_pending_clients(count);
    allowed_origins: PackedStringArray, get_allowed_origins, set_allowed_origins(origins);
    pinned_public_keys: PackedStringArray, get_pinned_public_keys, set_pinned_public_keys(keys);
}

impl WebSocketMultiplayerPeer {
    fn listen(&mut self, port: i64, address: &str, options: Option<&Gd<TlsOptions>>) -> Result<(), Refusal> {
        let tls = options.map(tls::server_of_options).transpose().map_err(Refusal::invalid)?;
        self.roster.listen(port, address, tls, &self.settings)
    }

    fn begin(&mut self, role: Role) {
        self.role = role;
        self.pulse = Pulse::start("WebSocketMultiplayerPeer");
        self.mailbox.inbox.clear();
        self.last_error = None;
    }

    fn find(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        match &self.role {
            Role::Nobody => None,
            Role::Client { peer, .. } => (id == SERVER).then(|| peer.clone()),
            Role::Server => self.roster.peer(id),
        }
    }

    /// Takes note of why a connection has failed.
    fn note_error(&mut self, error: Option<&tungsten_core::Error>) {
        if let Some(error) = error {
            self.last_error = Some(WebSocketError::of(error));
        }
    }

    fn is_client_of(&self, connection: &Gd<WebSocketPeer>) -> bool {
        matches!(&self.role, Role::Client { peer, .. } if peer == connection)
    }

    fn poll_client(mut this: Gd<Self>, mut peer: Gd<WebSocketPeer>) {
        peer.bind_mut().advance();
        let next = |client: &mut Self| {
            let step = client.next_step(&mut peer, Instant::now())?;
            Some((step, peer.clone()))
        };
        signal::emit_all(&mut this, next, |this, (step, peer)| match step {
            Step::Joined => this.signals().peer_connected().emit(i64::from(SERVER)),
            Step::CloseRequested(_) => {}
            Step::Left => {
                this.signals().peer_disconnected().emit(i64::from(SERVER));
                // The status says that it is connected until everybody knows.
                this.bind_mut().forget(&peer);
            }
            Step::NotJoined(_) => this.bind_mut().forget(&peer),
        });
    }

    /// The next step of a client; none if a handler has ended the session.
    fn next_step(&mut self, connection: &mut Gd<WebSocketPeer>, now: Instant) -> Option<Step> {
        if !self.is_client_of(connection) {
            return None;
        }
        let Role::Client { membership, .. } = &mut self.role else { return None };
        let step = membership.next(connection, &mut self.mailbox.inbox, now)?;
        match &step {
            Step::NotJoined(error) => self.note_error(error.as_ref()),
            Step::Left => self.note_error(connection.bind().core().error()),
            Step::Joined | Step::CloseRequested(_) => {}
        }
        Some(step)
    }

    /// The session of a client is over. Packets that were not read stay readable.
    fn forget(&mut self, connection: &Gd<WebSocketPeer>) {
        if self.is_client_of(connection) {
            self.role = Role::Nobody;
            self.pulse.stop();
        }
    }

    /// Closes the connection of a client and leaves the session at once. What has not been sent leaves with the polls
    /// to come, if there are any.
    fn leave(&mut self, code: i64) {
        self.pulse.stop();
        if let Role::Client { mut peer, .. } = std::mem::take(&mut self.role) {
            peer.bind_mut().close_for("WebSocketMultiplayerPeer.close", code, "");
            self.leaving.push(peer);
        }
        self.mailbox.inbox.clear();
    }

    /// Goes on with the ends of connections that were closed.
    fn poll_leaving(&mut self) {
        self.leaving.retain_mut(|peer| {
            let mut peer = peer.bind_mut();
            peer.advance();
            !peer.is_over()
        });
    }
}

multiplayer_class!(WebSocketMultiplayerPeer);

impl Multiplayer for WebSocketMultiplayerPeer {
    fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    fn mailbox_mut(&mut self) -> &mut Mailbox {
        &mut self.mailbox
    }

    fn poll_session(mut this: Gd<Self>) {
        this.bind().pulse.beat();
        this.bind_mut().poll_leaving();
        let client = match &this.bind().role {
            Role::Client { peer, .. } => Some(peer.clone()),
            // A server that has closed still has connections that come to their end.
            Role::Server | Role::Nobody => None,
        };
        match client {
            Some(peer) => Self::poll_client(this, peer),
            None => hosting::serve(this),
        }
    }

    /// The game goes away (RFC 6455 §7.4.1).
    fn end_session(&mut self) {
        if let Role::Server = self.role {
            for mut peer in self.roster.stop() {
                peer.bind_mut().close_for("WebSocketMultiplayerPeer.close", 1001, "");
            }
            self.role = Role::Nobody;
        }
        self.leave(1001);
    }

    fn dismiss(&mut self, id: i32, force: bool) {
        const PLACE: &str = "WebSocketMultiplayerPeer.disconnect_peer";
        let Some(mut peer) = self.find(id) else {
            return console::error(PLACE, format_args!("there is no peer {id}"));
        };
        match &self.role {
            Role::Client { .. } if force => self.leave(1000),
            Role::Client { .. } => peer.bind_mut().close_for(PLACE, 1000, ""),
            Role::Server | Role::Nobody => {
                self.roster.dismiss(id);
                peer.bind_mut().close_for(PLACE, 1000, "");
                if force {
                    self.roster.retire(id);
                }
            }
        }
    }

    fn status(&self) -> ConnectionStatus {
        match &self.role {
            Role::Nobody => ConnectionStatus::DISCONNECTED,
            Role::Client { membership, .. } if membership.id() == 0 => ConnectionStatus::CONNECTING,
            Role::Client { .. } | Role::Server => ConnectionStatus::CONNECTED,
        }
    }

    fn is_server(&self) -> bool {
        matches!(self.role, Role::Server)
    }

    fn unique_id(&self) -> i32 {
        match &self.role {
            Role::Nobody => 0,
            Role::Client { membership, .. } => membership.id(),
            Role::Server => SERVER,
        }
    }

    fn may_read(&self) -> bool {
        self.status() == ConnectionStatus::CONNECTED || self.mailbox.inbox.len() > 0
    }

    fn send_packet(&mut self, packet: &[u8]) -> Error {
        if self.status() != ConnectionStatus::CONNECTED {
            return Error::ERR_UNCONFIGURED;
        }
        match &mut self.role {
            Role::Client { peer, .. } => peer.bind_mut().send_kind(Kind::Binary, packet),
            Role::Server | Role::Nobody => self.roster.send_packet(packet, &self.mailbox.outgoing),
        }
    }
}

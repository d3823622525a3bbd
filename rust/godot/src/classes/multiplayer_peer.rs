//! `WebSocketMultiplayerPeer`: high-level multiplayer over WebSocket, with the engine's own peer on either side.

mod serving;

use crate::classes::error::WebSocketError;
use crate::classes::peer::WebSocketPeer;
use crate::classes::settings::Compression;
use crate::engine::tls::{self, OptionalTlsOptions};
use crate::load::console;
use crate::session::hosting;
use crate::session::membership::{Membership, Step};
use crate::session::multiplayer::{Mailbox, Multiplayer, SERVER};
use crate::session::multiplayer_class::multiplayer_class;
use crate::session::roster::Roster;
use crate::session::watch::Pulse;
use godot::classes::MultiplayerPeerExtension;
use godot::classes::multiplayer_peer::ConnectionStatus;
use godot::global::Error;
use godot::meta::owned_into_arg;
use godot::prelude::*;
use std::time::{Duration, Instant};
use tungsten_core::Kind;
use tungsten_core::net::TlsServer;

/// The value of the engine's own peer, in seconds.
const HANDSHAKE_TIMEOUT: f64 = 3.0;

/// A peer of high-level multiplayer. Its page of help is `doc_classes/WebSocketMultiplayerPeer.xml`.
#[derive(GodotClass)]
#[class(base = MultiplayerPeerExtension, init, tool, rename = UnnamedWebSocketMultiplayerPeer)]
pub(crate) struct WebSocketMultiplayerPeer {
    #[var(get = get_supported_protocols, set = set_supported_protocols, usage_flags = [STORAGE, EDITOR])]
    supported_protocols: PhantomVar<PackedStringArray>,
    #[var(get = get_handshake_headers, set = set_handshake_headers, usage_flags = [STORAGE, EDITOR])]
    handshake_headers: PhantomVar<PackedStringArray>,
    #[var(get = get_inbound_buffer_size, set = set_inbound_buffer_size, usage_flags = [STORAGE, EDITOR])]
    inbound_buffer_size: PhantomVar<i64>,
    #[var(get = get_outbound_buffer_size, set = set_outbound_buffer_size, usage_flags = [STORAGE, EDITOR])]
    outbound_buffer_size: PhantomVar<i64>,
    #[var(get = get_handshake_timeout, set = set_handshake_timeout, usage_flags = [STORAGE, EDITOR])]
    handshake_timeout: PhantomVar<f64>,
    #[var(get = get_max_queued_packets, set = set_max_queued_packets, usage_flags = [STORAGE, EDITOR])]
    max_queued_packets: PhantomVar<i64>,
    #[var(get = get_max_message_size, set = set_max_message_size, usage_flags = [STORAGE, EDITOR])]
    max_message_size: PhantomVar<i64>,
    #[var(get = get_heartbeat_interval, set = set_heartbeat_interval, usage_flags = [STORAGE, EDITOR])]
    heartbeat_interval: PhantomVar<f64>,
    #[var(get = get_heartbeat_timeout, set = set_heartbeat_timeout, usage_flags = [STORAGE, EDITOR])]
    heartbeat_timeout: PhantomVar<f64>,
    #[var(get = get_close_timeout, set = set_close_timeout, usage_flags = [STORAGE, EDITOR])]
    close_timeout: PhantomVar<f64>,
    #[var(
        get = get_compression, set = set_compression,
        hint = ENUM, hint_string = Compression::CHOICES, usage_flags = [STORAGE, EDITOR, CLASS_IS_ENUM]
    )]
    compression: PhantomVar<Compression>,
    #[var(get = get_compression_threshold, set = set_compression_threshold, usage_flags = [STORAGE, EDITOR])]
    compression_threshold: PhantomVar<i64>,
    #[var(get = get_compression_level, set = set_compression_level, usage_flags = [STORAGE, EDITOR])]
    compression_level: PhantomVar<i64>,

    /// Never connected: has the settings of the connections to come.
    #[init(val = template())]
    template: Gd<WebSocketPeer>,
    role: Role,
    /// The clients of a server.
    roster: Roster,
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
    Server {
        tls: Option<TlsServer>,
    },
}

fn template() -> Gd<WebSocketPeer> {
    let mut template = WebSocketPeer::new_gd();
    {
        let mut template = template.bind_mut();
        template.speak_for("WebSocketMultiplayerPeer");
        template.set_handshake_timeout(HANDSHAKE_TIMEOUT);
    }
    template
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
        let mut peer = self.new_peer();
        let started = peer.bind_mut().connect_with_options(&url, tls_client_options);
        if let Err(refusal) = started {
            return refusal.told("WebSocketMultiplayerPeer.create_client");
        }
        let timeout = Duration::from_secs_f64(self.get_handshake_timeout());
        self.begin(Role::Client { peer, membership: Membership::new(timeout) });
        Error::OK
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
        let Ok(port) = u16::try_from(port) else {
            return refuse_server(&format!("{port} is no port"));
        };
        if let Err(error) = self.template.bind().check_headers() {
            return refuse_server(&error.to_string());
        }
        let tls = match tls_server_options.0.as_ref().map(tls::server_of_options).transpose() {
            Ok(tls) => tls,
            Err(reason) => return refuse_server(&reason),
        };
        let error = self.roster.listen(&bind_address.to_string(), port);
        if error == Error::OK {
            self.begin(Role::Server { tls });
        }
        error
    }

    #[func]
    fn get_peer(&self, peer_id: i32) -> Option<Gd<WebSocketPeer>> {
        let peer = self.find(peer_id);
        if peer.is_none() {
            console::error("WebSocketMultiplayerPeer.get_peer", format_args!("there is no peer {peer_id}"));
        }
        peer
    }

    #[func]
    fn get_peer_address(&self, id: i32) -> GString {
        self.get_peer(id).map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
    }

    #[func]
    fn get_peer_port(&self, id: i32) -> u16 {
        self.get_peer(id).map_or(0, |peer| peer.bind().get_connected_port())
    }

    #[func]
    fn get_local_port(&self) -> u16 {
        self.roster.local_port()
    }

    #[func]
    fn get_last_error(&self) -> Option<Gd<WebSocketError>> {
        self.last_error.clone()
    }

    #[func]
    fn get_supported_protocols(&self) -> PackedStringArray {
        self.template.bind().get_supported_protocols()
    }

    #[func]
    fn set_supported_protocols(&mut self, protocols: PackedStringArray) {
        self.template.bind_mut().set_supported_protocols(protocols);
    }

    #[func]
    fn get_handshake_headers(&self) -> PackedStringArray {
        self.template.bind().get_handshake_headers()
    }

    #[func]
    fn set_handshake_headers(&mut self, protocols: PackedStringArray) {
        self.template.bind_mut().set_handshake_headers(protocols);
    }

    #[func]
    fn get_inbound_buffer_size(&self) -> i64 {
        self.template.bind().get_inbound_buffer_size()
    }

    #[func]
    fn set_inbound_buffer_size(&mut self, buffer_size: i64) {
        self.template.bind_mut().set_inbound_buffer_size(buffer_size);
    }

    #[func]
    fn get_outbound_buffer_size(&self) -> i64 {
        self.template.bind().get_outbound_buffer_size()
    }

    #[func]
    fn set_outbound_buffer_size(&mut self, buffer_size: i64) {
        self.template.bind_mut().set_outbound_buffer_size(buffer_size);
    }

    #[func]
    fn get_handshake_timeout(&self) -> f64 {
        self.template.bind().get_handshake_timeout()
    }

    #[func]
    fn set_handshake_timeout(&mut self, timeout: f64) {
        self.template.bind_mut().set_handshake_timeout(timeout);
    }

    #[func]
    fn get_max_queued_packets(&self) -> i64 {
        self.template.bind().get_max_queued_packets()
    }

    #[func]
    fn set_max_queued_packets(&mut self, max_queued_packets: i64) {
        self.template.bind_mut().set_max_queued_packets(max_queued_packets);
    }

    #[func]
    fn get_max_message_size(&self) -> i64 {
        self.template.bind().get_max_message_size()
    }

    #[func]
    fn set_max_message_size(&mut self, size: i64) {
        self.template.bind_mut().set_max_message_size(size);
    }

    #[func]
    fn get_heartbeat_interval(&self) -> f64 {
        self.template.bind().get_heartbeat_interval()
    }

    #[func]
    fn set_heartbeat_interval(&mut self, interval: f64) {
        self.template.bind_mut().set_heartbeat_interval(interval);
    }

    #[func]
    fn get_heartbeat_timeout(&self) -> f64 {
        self.template.bind().get_heartbeat_timeout()
    }

    #[func]
    fn set_heartbeat_timeout(&mut self, timeout: f64) {
        self.template.bind_mut().set_heartbeat_timeout(timeout);
    }

    #[func]
    fn get_close_timeout(&self) -> f64 {
        self.template.bind().get_close_timeout()
    }

    #[func]
    fn set_close_timeout(&mut self, timeout: f64) {
        self.template.bind_mut().set_close_timeout(timeout);
    }

    #[func]
    fn get_compression(&self) -> Compression {
        self.template.bind().get_compression()
    }

    #[func]
    fn set_compression(&mut self, compression: Compression) {
        self.template.bind_mut().set_compression(compression);
    }

    #[func]
    fn get_compression_threshold(&self) -> i64 {
        self.template.bind().get_compression_threshold()
    }

    #[func]
    fn set_compression_threshold(&mut self, size: i64) {
        self.template.bind_mut().set_compression_threshold(size);
    }

    #[func]
    fn get_compression_level(&self) -> i64 {
        self.template.bind().get_compression_level()
    }

    #[func]
    fn set_compression_level(&mut self, level: i64) {
        self.template.bind_mut().set_compression_level(level);
    }
}

impl WebSocketMultiplayerPeer {
    fn new_peer(&self) -> Gd<WebSocketPeer> {
        let mut peer = WebSocketPeer::new_gd();
        peer.bind_mut().copy_settings(&self.template.bind());
        peer
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
            Role::Server { .. } => self.roster.peer(id),
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
        loop {
            let step = this.bind_mut().next_step(&mut peer, Instant::now());
            match step {
                None => return,
                Some(Step::Joined) => this.signals().peer_connected().emit(i64::from(SERVER)),
                Some(Step::CloseRequested(_)) => {}
                Some(Step::Left) => {
                    this.signals().peer_disconnected().emit(i64::from(SERVER));
                    // The status says that it is connected until everybody knows.
                    this.bind_mut().forget(&peer);
                }
                Some(Step::NotJoined(_)) => this.bind_mut().forget(&peer),
            }
        }
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
            peer.bind_mut().close_with(code, GString::new());
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
            Role::Server { .. } | Role::Nobody => None,
        };
        match client {
            Some(peer) => Self::poll_client(this, peer),
            None => hosting::serve(this),
        }
    }

    /// The game goes away (RFC 6455 §7.4.1).
    fn end_session(&mut self) {
        if let Role::Server { .. } = self.role {
            for mut peer in self.roster.stop() {
                peer.bind_mut().close_with(1001, GString::new());
            }
            self.role = Role::Nobody;
        }
        self.leave(1001);
    }

    fn dismiss(&mut self, id: i32, force: bool) {
        let Some(mut peer) = self.find(id) else {
            return console::error("WebSocketMultiplayerPeer.disconnect_peer", format_args!("there is no peer {id}"));
        };
        match &self.role {
            Role::Client { .. } if force => self.leave(1000),
            Role::Client { .. } => peer.bind_mut().close_with(1000, GString::new()),
            Role::Server { .. } | Role::Nobody => {
                self.roster.dismiss(id);
                peer.bind_mut().close_with(1000, GString::new());
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
            Role::Client { .. } | Role::Server { .. } => ConnectionStatus::CONNECTED,
        }
    }

    fn is_server(&self) -> bool {
        matches!(self.role, Role::Server { .. })
    }

    fn unique_id(&self) -> i32 {
        match &self.role {
            Role::Nobody => 0,
            Role::Client { membership, .. } => membership.id(),
            Role::Server { .. } => SERVER,
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
            Role::Server { .. } | Role::Nobody => self.roster.send_packet(packet, &self.mailbox.outgoing),
        }
    }
}

fn refuse_server(reason: &str) -> Error {
    console::refuse("WebSocketMultiplayerPeer.create_server", reason, Error::ERR_INVALID_PARAMETER)
}

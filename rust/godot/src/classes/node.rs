//! `WebSocketNode`: a client for the scene tree, which polls itself; [`in_tree`] says how.

#![expect(unreachable_pub, reason = "`#[export]` makes public accessors")]

use crate::classes::error::WebSocketError;
use crate::classes::peer::{Notice, State, WebSocketPeer, WriteMode};
use crate::classes::property::{Configured as _, SECONDS, SECONDS_OR_NEVER, settings_properties};
use crate::classes::settings::{Compression, Settings};
use crate::engine::convert;
use crate::engine::tls::Trust;
use crate::load::console::Refusal;
use crate::session::connection::Connection;
use crate::session::{in_tree, signal};
use godot::classes::notify::NodeNotification;
use godot::classes::{CryptoKey, Engine, INode, Node, TlsOptions, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use tungsten_core::{ErrorKind, Event, Kind, Misuse, Phase, ReadyState, WsUrl};

/// A connection as a node. Its page of help is `doc_classes/WebSocketNode.xml`.
#[derive(GodotClass)]
#[class(base = Node, init, tool, rename = UnnamedWebSocketNode)]
pub(crate) struct WebSocketNode {
    #[export]
    #[var(set = set_url)]
    url: GString,
    #[export]
    #[var(set = set_connect_on_ready)]
    #[init(val = true)]
    connect_on_ready: bool,
    // Last, as the group goes on with the properties of the settings.
    #[export_group(name = "TLS")]
    #[export]
    #[init(val = true)]
    verify_tls: bool,
    #[export]
    trusted_tls_certificate: Option<Gd<X509Certificate>>,
    #[var(usage_flags = [NONE])]
    tls_options: Option<Gd<TlsOptions>>,

    settings: Settings,
    connection: Connection,
    base: Base<Node>,
}

/// A signal to emit.
enum Signal {
    Opened(GString),
    Message(Variant),
    Closed(i64, GString, bool),
    Failed(Gd<WebSocketError>),
}

#[godot_api]
impl WebSocketNode {
    #[signal]
    fn opened(protocol: GString);

    #[signal]
    fn message_received(data: Variant);

    #[signal]
    fn closed(code: i64, reason: GString, was_clean: bool);

    #[signal]
    fn failed(error: Gd<WebSocketError>);

    #[func]
    fn open(&mut self, #[opt(default = "")] url: GString) -> Error {
        if self.connection.is_busy() {
            return Error::ERR_ALREADY_IN_USE;
        }
        if let Err(refusal) = in_tree::check(&self.base()) {
            return refusal.of(&in_tree::name(&self.base())).told("WebSocketNode.open");
        }
        if !url.is_empty() {
            self.set_url(url);
        }
        match self.connect() {
            Ok(()) => {
                in_tree::hear_of_frames(&self.base().clone());
                Error::OK
            }
            Err(refusal) => self.report(refusal),
        }
    }

    #[func]
    fn send(
        &mut self,
        message: PackedByteArray,
        #[opt(default = godot::meta::owned_into_arg(WriteMode::Binary))] write_mode: WriteMode,
    ) -> Error {
        self.connection.send(write_mode.into(), message.as_slice())
    }

    #[func]
    fn send_text(&mut self, message: GString) -> Error {
        self.connection.send(Kind::Text, convert::utf8(&message).as_bytes())
    }

    #[func]
    fn close(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        self.connection.close_for("WebSocketNode.close", code, &reason.to_string());
    }

    #[func]
    fn get_ready_state(&self) -> State {
        self.connection.state().into()
    }

    #[func]
    fn is_open(&self) -> bool {
        self.connection.state() == ReadyState::Open
    }

    #[func]
    fn get_peer(&self) -> Option<Gd<WebSocketPeer>> {
        self.connection.peer()
    }

    #[func]
    fn set_client_certificate(&mut self, key: Option<Gd<CryptoKey>>, certificate: Option<Gd<X509Certificate>>) {
        self.change("set_client_certificate", |settings| settings.set_client_certificate(key, certificate));
    }

    #[func]
    fn set_url(&mut self, url: GString) {
        self.url = url;
        self.base_mut().update_configuration_warnings();
    }

    #[func]
    fn set_connect_on_ready(&mut self, enabled: bool) {
        self.connect_on_ready = enabled;
        self.base_mut().update_configuration_warnings();
    }

    #[func(gd_self, rename = _tungsten_poll)]
    fn poll(mut this: Gd<Self>) {
        let Some(mut peer) = this.bind().peer_to_poll() else { return };
        peer.bind_mut().advance();
        signal::emit_all(&mut this, |node| node.next_signal(&mut peer), Self::emit);
    }
}

settings_properties! {
    WebSocketNode, usage_flags = [STORAGE, EDITOR];
    pinned_public_keys: PackedStringArray, get_pinned_public_keys, set_pinned_public_keys(keys);
    #[group = "Handshake"]
    supported_protocols: PackedStringArray, get_supported_protocols, set_supported_protocols(protocols);
    handshake_headers: PackedStringArray, get_handshake_headers, set_handshake_headers(protocols);
    #[group = "Times"]
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout), RANGE(SECONDS);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout), RANGE(SECONDS);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval), RANGE(SECONDS_OR_NEVER);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout), RANGE(SECONDS);
    #[group = "Limits"]
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size), NONE("suffix:B");
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size), NONE("suffix:B");
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(buffer_size);
    max_message_size: i64, get_max_message_size, set_max_message_size(size), NONE("suffix:B");
    #[group = "Compression"]
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size), NONE("suffix:B");
    compression_level: i64, get_compression_level, set_compression_level(level), RANGE("1,9");
}

impl WebSocketNode {
    /// Starts to connect with the settings of the node.
    fn connect(&mut self) -> Result<(), Refusal> {
        let trust = Trust::new(self.tls_options.as_ref(), self.verify_tls, self.trusted_tls_certificate.as_ref());
        self.connection.start(self.settings.clone(), &self.url.to_string(), trust)
    }

    /// Says why nothing was started: on the console, as it is a mistake in the game, and with `failed` once the call is
    /// over, since whoever relies on `connect_on_ready` sees no returned error.
    fn report(&mut self, refusal: Refusal) -> Error {
        let error = tungsten_core::Error::new(Phase::Resolve, ErrorKind::InvalidParameter, refusal.reason());
        let arguments = ["failed".to_variant(), WebSocketError::of(&error).to_variant()];
        self.base_mut().call_deferred("emit_signal", &arguments);
        refusal.of(&in_tree::name(&self.base())).told("WebSocketNode.open")
    }

    fn on_ready(&mut self) {
        // The script's own `_ready` has run, and may have opened.
        let is_wanted = self.connect_on_ready && !self.url.is_empty() && self.connection.peer().is_none();
        if is_wanted && !Engine::singleton().is_editor_hint() {
            // As a call of the engine, at whose end the console hears of a mistake: this object is not borrowed then.
            self.base_mut().call("open", &[]);
        }
    }

    fn on_exit_tree(&mut self) {
        self.connection.let_go();
        in_tree::hear_no_more_of_frames(&self.base().clone());
    }

    fn peer_to_poll(&self) -> Option<Gd<WebSocketPeer>> {
        self.connection.peer().filter(|_| in_tree::may_poll(&self.base()))
    }

    /// The next signal that `peer` gives rise to; none if nothing is left to tell, or a handler has started another
    /// connection.
    fn next_signal(&self, peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if self.connection.is(peer) { next_signal(peer, |signal| signal::has_listeners(self, signal)) } else { None }
    }

    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::Opened(protocol) => this.signals().opened().emit(&protocol),
            Signal::Message(data) => this.signals().message_received().emit(&data),
            Signal::Closed(code, reason, clean) => this.signals().closed().emit(code, &reason, clean),
            Signal::Failed(error) => this.signals().failed().emit(&error),
        }
    }
}

#[godot_api]
impl INode for WebSocketNode {
    fn on_notification(&mut self, what: NodeNotification) {
        match what {
            NodeNotification::READY => self.on_ready(),
            NodeNotification::EXIT_TREE => self.on_exit_tree(),
            _ => {}
        }
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        let url = self.url.to_string();
        let warning = match WsUrl::parse(&url) {
            Err(_) if url.is_empty() && self.connect_on_ready => {
                "The URL is empty: nothing is connected when the node is ready. Enter one, or turn \"Connect On Ready\" \
                 off and call open()."
                    .to_owned()
            }
            Err(Misuse::InvalidUrl(reason)) if !url.is_empty() => format!("The URL cannot be used: {reason}."),
            _ => return PackedStringArray::new(),
        };
        [GString::from(&warning)].into_iter().collect()
    }
}

/// The next signal that a connection gives rise to.
fn next_signal(peer: &mut Gd<WebSocketPeer>, listens: impl Fn(&str) -> bool) -> Option<Signal> {
    loop {
        let mut peer = peer.bind_mut();
        return Some(match peer.next_notice_to(&listens)? {
            Notice::Data => continue,
            Notice::Message(data) => Signal::Message(data),
            Notice::Event(Event::Opened) => Signal::Opened(convert::text(peer.core().protocol())),
            Notice::Event(Event::CloseRequested(_)) => continue,
            Notice::Event(Event::Failed) => match peer.core().error() {
                Some(error) => Signal::Failed(WebSocketError::of(error)),
                None => continue,
            },
            Notice::Event(Event::Closed { clean }) => {
                let frame = peer.core().close_frame();
                let code = frame.map_or(-1, |frame| frame.code().into());
                let reason = frame.map(|frame| convert::reason(frame.reason())).unwrap_or_default();
                Signal::Closed(code, reason, clean)
            }
        });
    }
}

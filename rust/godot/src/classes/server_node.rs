//! `WebSocketServerNode`: a server for the scene tree, which polls itself; [`in_tree`] says how.

#![expect(unreachable_pub, reason = "`#[export]` makes public accessors")]

use crate::classes::error::WebSocketError;
use crate::classes::peer::WebSocketPeer;
use crate::classes::property::{SECONDS, SECONDS_OR_NEVER, settings_properties};
use crate::classes::settings::{Compression, Settings, SharedSettings};
use crate::load::console::{self, Refusal};
use crate::session::delivery::MESSAGE_RECEIVED;
use crate::session::endpoint::Endpoint;
use crate::session::host::Host;
use crate::session::news::{self, News};
use crate::session::roster::Roster;
use crate::session::server_class::server_class;
use crate::session::{hosting, in_tree, signal};
use godot::classes::notify::NodeNotification;
use godot::classes::{Engine, INode, Node};
use godot::global::Error;
use godot::obj::EngineEnum as _;
use godot::prelude::*;
use tungsten_core::net::StreamId;

/// A server as a node. Its page of help is `doc_classes/WebSocketServerNode.xml`.
#[derive(GodotClass)]
#[class(base = Node, init, tool, rename = UnnamedWebSocketServerNode)]
pub(crate) struct WebSocketServerNode {
    #[export(range = (0.0, 65535.0))]
    #[var(set = set_port)]
    #[init(val = 9080)]
    port: i64,
    #[export]
    #[init(val = true)]
    listen_on_ready: bool,

    #[init(val = Settings::of_session().into())]
    settings: SharedSettings,
    endpoint: Endpoint,
    base: Base<Node>,
}

#[godot_api]
impl WebSocketServerNode {
    #[signal]
    fn client_connected(id: i64, protocol: GString, resource_name: GString);

    #[signal]
    fn client_disconnected(id: i64, was_clean_close: bool);

    #[signal]
    fn message_received(id: i64, data: Variant);

    #[signal]
    fn failed(id: i64, error: Gd<WebSocketError>);

    #[func]
    fn listen(&mut self, #[opt(default = -1)] port: i64) -> Error {
        let result = self.start_listening(if port == -1 { self.port } else { port });
        console::outcome("WebSocketServerNode.listen", result.map_err(|refusal| self.named(refusal)))
    }

    #[func]
    fn stop(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        self.endpoint.stop("WebSocketServerNode.stop", code, &reason.to_string());
    }

    #[func]
    fn set_port(&mut self, port: i64) {
        match u16::try_from(port) {
            Ok(_) => self.port = port,
            Err(_) => console::error("WebSocketServerNode.port", format_args!("{port} is no port")),
        }
    }

    /// Listens because of `listen_on_ready`. Nobody sees what it returns, so the console hears of every failure.
    #[func(rename = _tungsten_listen)]
    fn listen_when_ready(&mut self) {
        if let Err(refusal) = self.start_listening(self.port) {
            let error = refusal.error().as_str();
            let refusal = refusal.or_because(format_args!("port {} cannot be listened on, {error}", self.port));
            self.named(refusal).told("WebSocketServerNode.listen_on_ready");
        }
    }

    #[func(gd_self, rename = _tungsten_poll)]
    fn poll(this: Gd<Self>) {
        let may_poll = in_tree::may_poll(&this.bind().base());
        if may_poll {
            hosting::serve(this);
        }
    }
}

settings_properties! {
    WebSocketServerNode, usage_flags = [STORAGE, EDITOR], apply = warn_anew;
    #[group = "Admission"]
    max_clients: i64, get_max_clients, set_max_clients(count);
    max_pending_clients: i64, get_max_pending_clients, set_max_pending_clients(count);
    allowed_origins: PackedStringArray, get_allowed_origins, set_allowed_origins(origins);
    #[group = "Handshake"]
    supported_protocols: PackedStringArray, get_supported_protocols, set_supported_protocols(protocols);
    handshake_headers: PackedStringArray, get_handshake_headers, set_handshake_headers(headers);
    #[group = "Times"]
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout), RANGE(SECONDS);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout), RANGE(SECONDS);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval), RANGE(SECONDS_OR_NEVER);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout), RANGE(SECONDS);
    #[group = "Limits"]
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size), NONE("suffix:B");
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size), NONE("suffix:B");
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(max_queued_packets);
    max_message_size: i64, get_max_message_size, set_max_message_size(size), NONE("suffix:B");
    #[group = "Compression"]
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size), NONE("suffix:B");
    compression_level: i64, get_compression_level, set_compression_level(level), RANGE("1,9");
}

server_class!(WebSocketServerNode, usage_flags = [STORAGE, EDITOR]);

impl WebSocketServerNode {
    fn start_listening(&mut self, port: i64) -> Result<(), Refusal> {
        in_tree::check(&self.base())?;
        self.endpoint.listen(port, &self.settings)?;
        self.port = port;
        in_tree::hear_of_frames(&self.base().clone());
        Ok(())
    }

    fn named(&self, refusal: Refusal) -> Refusal {
        refusal.of(&in_tree::name(&self.base()))
    }

    fn warn_anew(&mut self) {
        self.base_mut().update_configuration_warnings();
    }

    fn on_ready(&mut self) {
        // The script's own `_ready` has run, and may have listened.
        if self.listen_on_ready && !self.is_listening() && !Engine::singleton().is_editor_hint() {
            // As a call of the engine, at whose end the console hears of a mistake: this object is not borrowed then.
            self.base_mut().call("_tungsten_listen", &[]);
        }
    }

    /// Ends all connections, also those that a script has kept.
    fn on_exit_tree(&mut self) {
        self.endpoint.roster.leave();
        in_tree::hear_no_more_of_frames(&self.base().clone());
    }
}

#[godot_api]
impl INode for WebSocketServerNode {
    fn on_notification(&mut self, what: NodeNotification) {
        match what {
            NodeNotification::READY => self.on_ready(),
            NodeNotification::EXIT_TREE => self.on_exit_tree(),
            _ => {}
        }
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        let reasons = [self.endpoint.doubt(), self.settings.check_headers().err().map(|error| error.to_string())];
        let warnings = reasons.into_iter().flatten();
        warnings.map(|reason| GString::from(&format!("The node cannot listen: {reason}."))).collect()
    }
}

impl Host for WebSocketServerNode {
    type Signal = News;

    fn roster(&self) -> &Roster {
        &self.endpoint.roster
    }

    fn roster_mut(&mut self) -> &mut Roster {
        &mut self.endpoint.roster
    }

    fn request_filter(&self) -> Callable {
        self.endpoint.request_filter.clone()
    }

    fn listens(&self, signal: &str) -> bool {
        signal == MESSAGE_RECEIVED && signal::has_listeners(self, signal)
    }

    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<News> {
        if self.roster().holds(stream, peer) { news::next(self, stream, peer) } else { None }
    }

    fn emit(this: &mut Gd<Self>, news: News) {
        match news {
            // As with `WebSocketNode`, the end itself says enough.
            News::Data(_) | News::CloseRequested(..) => {}
            news => news::emit(this, news),
        }
    }
}

//! `WebSocketNode`: a client for the scene tree, which polls itself.

#![expect(unreachable_pub, reason = "`#[export]` makes public accessors")]

use crate::enums::{Compression, WriteMode};
use crate::web_socket_error::WebSocketError;
use crate::web_socket_peer::{Notice, WebSocketPeer};
use crate::{convert, tls};
use godot::classes::node::ProcessMode;
use godot::classes::{Engine, INode, Node, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use tungsten_core::{Event, Kind};

/// A connection as a node. Its page of help is `doc_classes/WebSocketNode.xml`.
#[derive(GodotClass)]
#[class(base = Node, init, rename = UnnamedWebSocketNode)]
pub(crate) struct WebSocketNode {
    #[export]
    url: GString,
    #[export]
    #[init(val = true)]
    connect_on_ready: bool,
    #[export]
    protocols: PackedStringArray,
    #[export]
    headers: PackedStringArray,
    #[export(range = (0.0, 60.0, 0.1, or_greater, suffix = "s"))]
    heartbeat_interval: f64,
    #[var(get = get_compression, set = set_compression, usage_flags = [STORAGE, EDITOR])]
    compression: PhantomVar<Compression>,
    #[export]
    #[init(val = true)]
    verify_tls: bool,
    #[export]
    trusted_tls_certificate: Option<Gd<X509Certificate>>,

    #[init(val = Compression::Disabled)]
    compression_mode: Compression,
    peer: Option<Gd<WebSocketPeer>>,
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
        if !url.is_empty() {
            self.url = url;
        }
        let mut peer = WebSocketPeer::new_gd();
        let started = {
            let mut peer = peer.bind_mut();
            peer.speak_for("WebSocketNode");
            peer.set_supported_protocols(self.protocols.clone());
            peer.set_handshake_headers(self.headers.clone());
            peer.set_heartbeat_interval(self.heartbeat_interval);
            peer.set_compression(self.compression_mode);
            let (verify, trusted) = (self.verify_tls, self.trusted_tls_certificate.as_ref());
            peer.connect_with(&self.url.to_string(), |_| tls::client_of_godot_3(verify, trusted))
        };
        peer.bind_mut().speak_for("WebSocketPeer");
        if let Err(refusal) = started {
            return refusal.of(&self.name_in_tree()).told("WebSocketNode.open");
        }
        // The one before goes with its last reference, and says so to the other side.
        self.peer = Some(peer);
        Error::OK
    }

    #[func]
    fn send(
        &mut self,
        message: PackedByteArray,
        #[opt(default = godot::meta::owned_into_arg(WriteMode::Binary))] write_mode: WriteMode,
    ) -> Error {
        self.send_kind(write_mode.into(), message.as_slice())
    }

    #[func]
    fn send_text(&mut self, message: GString) -> Error {
        self.send_kind(Kind::Text, convert::utf8(&message).as_bytes())
    }

    #[func]
    fn close(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        if let Some(peer) = &mut self.peer {
            peer.bind_mut().close_for("WebSocketNode.close", code, &reason);
        }
    }

    #[func]
    fn get_peer(&self) -> Option<Gd<WebSocketPeer>> {
        self.peer.clone()
    }

    #[func]
    fn get_compression(&self) -> Compression {
        self.compression_mode
    }

    #[func]
    fn set_compression(&mut self, compression: Compression) {
        self.compression_mode = compression;
    }
}

impl WebSocketNode {
    /// Which node it is: games have many.
    fn name_in_tree(&self) -> String {
        let node = self.base();
        if node.is_inside_tree() { node.get_path().to_string() } else { node.get_name().to_string() }
    }

    fn send_kind(&mut self, kind: Kind, payload: &[u8]) -> Error {
        self.peer.as_mut().map_or(Error::FAILED, |peer| peer.bind_mut().send_kind(kind, payload))
    }

    fn is_current(&self, peer: &Gd<WebSocketPeer>) -> bool {
        self.peer.as_ref() == Some(peer)
    }

    fn emit(this: &Gd<Self>, signal: Signal) {
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
    fn ready(&mut self) {
        if Engine::singleton().is_editor_hint() {
            return;
        }
        // A game that pauses is still connected.
        if self.base().get_process_mode() == ProcessMode::INHERIT {
            self.base_mut().set_process_mode(ProcessMode::ALWAYS);
        }
        if self.connect_on_ready && !self.url.is_empty() {
            self.open(GString::new());
        }
    }

    // Nothing is bound while a handler runs: it may do anything, freeing the node included.
    #[func(gd_self)]
    fn process(this: Gd<Self>, _delta: f64) {
        let Some(mut peer) = this.bind().peer.clone() else { return };
        peer.bind_mut().advance();
        while this.is_instance_valid() && this.bind().is_current(&peer) {
            let signal = next_signal(&mut peer);
            match signal {
                Some(signal) => Self::emit(&this, signal),
                None => return,
            }
        }
    }

    fn exit_tree(&mut self) {
        // Says 1001 to the other side, without waiting.
        self.peer = None;
    }
}

/// The next signal that a connection gives rise to.
fn next_signal(peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
    loop {
        let mut peer = peer.bind_mut();
        return Some(match peer.next_notice()? {
            Notice::Message => Signal::Message(peer.take_value()),
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

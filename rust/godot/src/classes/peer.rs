//! `WebSocketPeer`: a connection, polled by the game.

mod shared;

use crate::classes::class_enum::{attach, class_enum};
use crate::classes::error::WebSocketError;
use crate::classes::property::{Configured as _, settings_properties};
use crate::classes::settings::{Compression, Settings, SharedSettings};
use crate::engine::convert;
use crate::engine::tls::{OptionalTlsOptions, Trust};
use crate::load::console;
use crate::session::delivery::Delivery;
use crate::session::watch::Pulse;
use godot::classes::{CryptoKey, IPacketPeerExtension, PacketPeerExtension, StreamPeer, X509Certificate};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::meta::owned_into_arg;
use godot::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tungsten_core::{Event, Kind, Message, Peer, ReadyState, Response, UpgradeRequest};

/// A WebSocket connection. Its page of help is `doc_classes/WebSocketPeer.xml`.
#[derive(GodotClass)]
// With an `init` of our own, gdext leaves hot reloading out for API levels below 4.3.
#[class(base = PacketPeerExtension, init, tool, rename = UnnamedWebSocketPeer)]
pub(crate) struct WebSocketPeer {
    settings: SharedSettings,
    #[init(val = Peer::new(Settings::default().config()))]
    peer: Peer,
    requested_url: String,
    /// The stream that was accepted is encrypted.
    is_tls: bool,
    #[init(val = WriteMode::Binary)]
    write_mode: WriteMode,
    /// What the engine is reading: [`Self::get_packet_rawptr`] has told it where that is. It stays until the next one,
    /// as the engine expects: `get_var` can make objects whose setters poll this peer.
    lent: Option<Message>,
    /// The last message that was taken out was text.
    was_string: bool,
    /// How the last `get_packet` went.
    #[init(val = Error::OK)]
    packet_error: Error,
    /// [`Self::flush`] is called when the frame ends.
    is_flush_due: bool,
    delivery: Delivery,
    /// [`Self::next_notice`] has told of the end.
    is_end_told: bool,
    pulse: Pulse,
    base: Base<PacketPeerExtension>,
}

class_enum! {
    /// What a peer is doing.
    State as "UnnamedWebSocketPeer.State" {
        Connecting = 0, "STATE_CONNECTING";
        Open = 1, "STATE_OPEN";
        Closing = 2, "STATE_CLOSING";
        Closed = 3, "STATE_CLOSED";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketPeer.State"))
}

impl From<ReadyState> for State {
    fn from(state: ReadyState) -> Self {
        match state {
            ReadyState::Connecting => Self::Connecting,
            ReadyState::Open => Self::Open,
            ReadyState::Closing => Self::Closing,
            ReadyState::Closed => Self::Closed,
        }
    }
}

class_enum! {
    /// How a message is sent. As with the engine's own peer, everything that is not text is binary.
    WriteMode as "UnnamedWebSocketPeer.WriteMode" {
        Text = 0, "WRITE_MODE_TEXT";
        Binary = 1, "WRITE_MODE_BINARY";
    }
    unknown => Ok(Self::Binary)
}

// SAFETY: plain numbers; the engine's defaults cannot be changed through them.
unsafe impl godot::meta::GodotImmutable for WriteMode {}

impl From<WriteMode> for Kind {
    fn from(mode: WriteMode) -> Self {
        match mode {
            WriteMode::Text => Self::Text,
            WriteMode::Binary => Self::Binary,
        }
    }
}

/// Attaches the enumerations to the class, once it is registered.
pub(crate) fn register_enums() {
    attach::<WebSocketPeer>("State", State::TABLE);
    attach::<WebSocketPeer>("WriteMode", WriteMode::TABLE);
    attach::<WebSocketPeer>("Compression", Compression::TABLE);
}

/// What there is to tell to a class that emits signals.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A message can be read: `data_received`.
    Data,
    /// What a message says: `message_received`.
    Message(Variant),
    /// Something happened to the connection.
    Event(Event),
}

#[godot_api]
impl IPacketPeerExtension for WebSocketPeer {
    // A virtual that panics leaves its result unwritten, and a borrow conflict panics before the body runs; so the
    // two that are called for every packet bind themselves, inside a boundary.
    #[func(gd_self)]
    unsafe fn get_packet_rawptr(
        mut this: Gd<Self>,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Error {
        // SAFETY: the engine passes pointers to two locals of its own.
        unsafe {
            *r_buffer.ptr() = RawPtr::null();
            *r_buffer_size.ptr() = 0;
        }
        let taken = catch_unwind(AssertUnwindSafe(|| {
            let mut this = this.bind_mut();
            let packet = this.take_packet()?;
            let payload = this.lent.insert(packet).payload();
            let size = i32::try_from(payload.len()).map_err(|_| Error::ERR_OUT_OF_MEMORY)?;
            // SAFETY: as above; `lent` keeps the bytes until the engine asks for the next packet.
            unsafe {
                *r_buffer.ptr() = RawPtr::new(payload.as_ptr());
                *r_buffer_size.ptr() = size;
            }
            Ok(())
        }));
        taken.map_or(Error::FAILED, convert::result)
    }

    #[func(gd_self)]
    unsafe fn put_packet_rawptr(mut this: Gd<Self>, p_buffer: RawPtr<*const u8>, p_buffer_size: i32) -> Error {
        let Ok(size) = usize::try_from(p_buffer_size) else { return Error::ERR_INVALID_PARAMETER };
        // SAFETY: the engine passes `size` bytes, which may be nowhere if there are none.
        let bytes = if size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(p_buffer.ptr(), size) } };
        let sent = catch_unwind(AssertUnwindSafe(|| {
            let mut this = this.bind_mut();
            let kind = this.write_mode.into();
            this.send_kind(kind, bytes)
        }));
        sent.unwrap_or(Error::FAILED)
    }

    fn get_available_packet_count(&self) -> i32 {
        i32::try_from(self.peer.queued_messages()).unwrap_or(i32::MAX)
    }

    fn get_max_packet_size(&self) -> i32 {
        i32::try_from(self.settings.max_message_size()).unwrap_or(i32::MAX)
    }
}

#[godot_api]
impl WebSocketPeer {
    #[func]
    fn connect_to_url(
        &mut self,
        url: GString,
        #[opt(default = owned_into_arg(OptionalTlsOptions(None)))] tls_client_options: OptionalTlsOptions,
    ) -> Error {
        let result = self.connect(&url.to_string(), Trust::Options(tls_client_options.0.as_ref()));
        self.started("WebSocketPeer.connect_to_url", result)
    }

    #[func]
    fn accept_stream(&mut self, stream: Option<Gd<StreamPeer>>) -> Error {
        let result = self.accept_engine_stream(stream);
        self.started("WebSocketPeer.accept_stream", result)
    }

    #[func]
    fn poll(&mut self) {
        self.pulse.beat();
        self.advance();
        if self.is_over() {
            self.pulse.stop();
        }
    }

    #[func]
    fn ping(&mut self, #[opt(default = &PackedByteArray::new())] payload: PackedByteArray) -> Error {
        self.peer.ping(payload.as_slice(), Instant::now()).map_or_else(convert::send_error, |()| Error::OK)
    }

    #[func]
    fn get_round_trip_time(&self) -> f64 {
        self.peer.round_trip_time().map_or(-1.0, |time| time.as_secs_f64())
    }

    // The one of `PacketPeer` copies byte by byte, which takes half of the time of a large packet.
    #[func]
    fn get_packet(&mut self) -> PackedByteArray {
        let taken = self.take_packet();
        self.packet_error = taken.as_ref().map_or_else(|error| *error, |_| Error::OK);
        taken.map(|packet| PackedByteArray::from(packet.payload())).unwrap_or_default()
    }

    // The one of `PacketPeer` knows only of its own `get_packet`.
    #[func]
    fn get_packet_error(&self) -> Error {
        self.packet_error
    }

    #[func]
    fn get_message(&mut self) -> Variant {
        self.take_value()
    }

    #[func]
    fn send(
        &mut self,
        message: PackedByteArray,
        #[opt(default = owned_into_arg(WriteMode::Binary))] write_mode: WriteMode,
    ) -> Error {
        self.send_kind(write_mode.into(), message.as_slice())
    }

    #[func]
    fn send_text(&mut self, message: GString) -> Error {
        self.send_kind(Kind::Text, convert::utf8(&message).as_bytes())
    }

    #[func]
    fn close(&mut self, #[opt(default = 1000)] code: i64, #[opt(default = "")] reason: GString) {
        self.close_for("WebSocketPeer.close", code, &reason.to_string());
    }

    #[func]
    fn get_ready_state(&self) -> State {
        self.peer.state().into()
    }

    #[func]
    fn get_close_code(&self) -> i32 {
        self.peer.close_frame().map_or(-1, |frame| frame.code().into())
    }

    #[func]
    fn get_close_reason(&self) -> GString {
        self.peer.close_frame().map(|frame| convert::reason(frame.reason())).unwrap_or_default()
    }

    #[func]
    fn get_last_error(&self) -> Option<Gd<WebSocketError>> {
        self.peer.error().map(WebSocketError::of)
    }

    #[func]
    pub(crate) fn get_connected_host(&self) -> GString {
        self.peer.address().map(|address| GString::from(&convert::address(address.ip()))).unwrap_or_default()
    }

    #[func]
    pub(crate) fn get_connected_port(&self) -> u16 {
        self.peer.address().map_or(0, |address| address.port())
    }

    #[func]
    fn get_selected_protocol(&self) -> GString {
        convert::text(self.peer.protocol())
    }

    #[func]
    fn get_requested_url(&self) -> GString {
        match self.peer.request() {
            Some(request) => {
                let scheme = if self.is_tls { "wss" } else { "ws" };
                convert::text(&format!("{scheme}://{}{}", request.host(), request.target()))
            }
            None => GString::from(&self.requested_url),
        }
    }

    #[func]
    fn get_request_headers(&self) -> PackedStringArray {
        convert::header_lines(self.peer.request().map(UpgradeRequest::headers).unwrap_or_default())
    }

    #[func]
    fn get_request_header(&self, name: GString) -> GString {
        convert::header_value(self.peer.request().map(UpgradeRequest::headers).unwrap_or_default(), &name)
    }

    #[func]
    fn get_response_headers(&self) -> PackedStringArray {
        convert::header_lines(self.peer.response().map(Response::headers).unwrap_or_default())
    }

    #[func]
    fn get_response_header(&self, name: GString) -> GString {
        convert::header_value(self.peer.response().map(Response::headers).unwrap_or_default(), &name)
    }

    #[func]
    fn get_response_status(&self) -> i32 {
        self.peer.response().map_or(0, |response| response.status().into())
    }

    #[func]
    fn set_no_delay(&mut self, enabled: bool) {
        if !self.peer.set_no_delay(enabled) {
            console::error("WebSocketPeer.set_no_delay", "there is no connection");
        }
    }

    #[func]
    fn get_current_outbound_buffered_amount(&self) -> i64 {
        i64::try_from(self.peer.buffered_amount()).unwrap_or(i64::MAX)
    }

    #[func]
    fn was_string_packet(&self) -> bool {
        self.was_string
    }

    #[func]
    fn get_write_mode(&self) -> WriteMode {
        self.write_mode
    }

    #[func]
    fn set_write_mode(&mut self, mode: WriteMode) {
        self.write_mode = mode;
    }

    #[func]
    fn is_connected_to_host(&self) -> bool {
        matches!(self.peer.state(), ReadyState::Open | ReadyState::Closing)
    }

    #[func]
    fn get_compression_parameters(&self) -> VarDictionary {
        self.peer.compression().map(|status| convert::deflate_parameters(&status.parameters)).unwrap_or_default()
    }

    #[func]
    fn get_compression_ratio(&self) -> f64 {
        self.peer.compression().map_or(1.0, |status| status.ratio())
    }

    #[func]
    fn set_client_certificate(&mut self, key: Option<Gd<CryptoKey>>, certificate: Option<Gd<X509Certificate>>) {
        self.change("set_client_certificate", |settings| settings.set_client_certificate(key, certificate));
    }

    /// Deferred to the end of a frame by sending. The underscore hides it from help, as with methods of the engine.
    #[func(rename = _flush)]
    fn flush(&mut self) {
        self.flush_now();
    }
}

settings_properties! {
    WebSocketPeer, usage_flags = [STORAGE, EDITOR], apply = configure;
    supported_protocols: PackedStringArray, get_supported_protocols, set_supported_protocols(protocols);
    handshake_headers: PackedStringArray, get_handshake_headers, set_handshake_headers(protocols);
    inbound_buffer_size: i64, get_inbound_buffer_size, set_inbound_buffer_size(buffer_size);
    outbound_buffer_size: i64, get_outbound_buffer_size, set_outbound_buffer_size(buffer_size);
    max_queued_packets: i64, get_max_queued_packets, set_max_queued_packets(buffer_size);
    heartbeat_interval: f64, get_heartbeat_interval, set_heartbeat_interval(interval);
    heartbeat_timeout: f64, get_heartbeat_timeout, set_heartbeat_timeout(timeout);
    handshake_timeout: f64, get_handshake_timeout, set_handshake_timeout(timeout);
    close_timeout: f64, get_close_timeout, set_close_timeout(timeout);
    max_message_size: i64, get_max_message_size, set_max_message_size(size);
    compression: Compression, get_compression, set_compression(compression), ENUM(Compression::CHOICES);
    compression_threshold: i64, get_compression_threshold, set_compression_threshold(size);
    compression_level: i64, get_compression_level, set_compression_level(level);
    pinned_public_keys: PackedStringArray, get_pinned_public_keys, set_pinned_public_keys(keys);
}

impl Drop for WebSocketPeer {
    /// Tells the other side that the game goes away.
    fn drop(&mut self) {
        self.leave();
    }
}

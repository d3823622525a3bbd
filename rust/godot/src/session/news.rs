//! What a server with signals tells of its clients.

use crate::classes::error::WebSocketError;
use crate::classes::peer::{Notice, WebSocketPeer};
use crate::engine::convert;
use crate::session::delivery::{DATA_RECEIVED, MESSAGE_RECEIVED};
use crate::session::host::Host;
use godot::builtin::{GString, Variant, vslice};
use godot::classes::Object;
use godot::obj::Gd;
use tungsten_core::net::StreamId;
use tungsten_core::{Event, UpgradeRequest};

/// Something to tell of a client, who comes first.
pub(crate) enum News {
    Connected(i32, GString, GString),
    Data(i32),
    Message(i32, Variant),
    CloseRequested(i32, i64, GString),
    Disconnected(i32, Gd<WebSocketPeer>, bool),
}

/// The next thing to tell of a client. Who has no id was never announced, or the server has stopped.
pub(crate) fn next(host: &mut impl Host, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<News> {
    let id = host.roster().id_of(stream);
    let notice = peer.bind_mut().next_notice_to(|signal| id.is_some() && host.listens(signal))?;
    match (notice, id) {
        (Notice::Event(Event::Opened), _) => Some(connected(host.roster_mut().assign_id(stream), &peer.bind())),
        (Notice::Data, Some(id)) => Some(News::Data(id)),
        (Notice::Message(data), Some(id)) => Some(News::Message(id, data)),
        (Notice::Event(Event::CloseRequested(frame)), Some(id)) => {
            Some(News::CloseRequested(id, frame.code().into(), convert::reason(frame.reason())))
        }
        (Notice::Event(Event::Closed { clean }), Some(id)) => Some(News::Disconnected(id, peer.clone(), clean)),
        (_, None) | (Notice::Event(Event::Failed), _) => None,
    }
}

fn connected(id: i32, peer: &WebSocketPeer) -> News {
    let target = peer.core().request().map(UpgradeRequest::target).unwrap_or_default();
    News::Connected(id, convert::text(peer.core().protocol()), convert::text(target))
}

/// Emits the signals for it. Nothing is bound.
pub(crate) fn emit(this: &mut Gd<impl Host>, news: News) {
    let mut emit = |signal, arguments: &[Variant]| {
        this.upcast_mut::<Object>().emit_signal(signal, arguments);
    };
    match news {
        News::Connected(id, protocol, resource) => emit("client_connected", vslice![id, protocol, resource]),
        News::Data(id) => emit(DATA_RECEIVED, vslice![id]),
        News::Message(id, data) => emit(MESSAGE_RECEIVED, vslice![id, data]),
        News::CloseRequested(id, code, reason) => emit("client_close_request", vslice![id, code, reason]),
        News::Disconnected(id, peer, clean) => emit_end(this, id, &peer, clean),
    }
}

fn emit_end(this: &mut Gd<impl Host>, id: i32, peer: &Gd<WebSocketPeer>, clean: bool) {
    let error = peer.bind().core().error().map(WebSocketError::of);
    if let Some(error) = error {
        this.upcast_mut::<Object>().emit_signal("failed", vslice![id, error]);
    }
    // A handler may have stopped the server.
    if this.is_instance_valid() && this.bind().roster().peer(id).as_ref() == Some(peer) {
        this.upcast_mut::<Object>().emit_signal("client_disconnected", vslice![id, clean]);
    }
}

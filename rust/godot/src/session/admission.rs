//! Whether the request of a client is accepted.

use crate::classes::peer::WebSocketPeer;
use crate::engine::convert;
use crate::load::console;
use crate::session::filter::{self, Question};
use crate::session::host::Host;
use godot::meta::ToGodot as _;
use godot::obj::Gd;
use tungsten_core::net::StreamId;
use tungsten_core::{Rejection, UpgradeRequest};

/// Accepts the request of a client or refuses it, if it waits for that. Nothing is bound while a script is asked.
pub(crate) fn accept_request<H: Host>(this: &mut Gd<H>, stream: StreamId, peer: &mut Gd<WebSocketPeer>) {
    let refused = match peer.bind().core().undecided_request() {
        Some(request) => rejection(&*this.bind(), request),
        None => return,
    };
    let rejection = refused.or_else(|| ask(this, peer));
    // The filter may have stopped the server, or freed it.
    if this.is_instance_valid() && this.bind().roster().holds(stream, peer) {
        if rejection.is_none() {
            this.bind_mut().roster_mut().accept_request(stream);
        }
        let mut peer = peer.bind_mut();
        peer.answer_request(rejection.as_ref());
        peer.advance();
    }
}

/// How a request is refused before a script is asked, if it is.
fn rejection(host: &impl Host, request: &UpgradeRequest) -> Option<Rejection> {
    let (max, allowed) = (host.settings().max_clients, &host.settings().allowed_origins);
    if max > 0 && host.roster().accepted_count() >= max {
        return Some(Rejection::with_status(503));
    }
    let is_foreign = |origin: &str| !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
    // Only browsers send an origin, and they always do.
    let is_out = !allowed.is_empty() && request.values("origin").any(is_foreign);
    is_out.then(|| Rejection::with_status(403))
}

/// How the filter of the game refuses a request, if it does. One that fails lets nobody in.
fn ask<H: Host>(this: &Gd<H>, peer: &Gd<WebSocketPeer>) -> Option<Rejection> {
    let filter = this.bind().request_filter();
    if filter.is_null() {
        return None;
    }
    let question = question(&peer.bind())?;
    filter::ask(&filter, &question).unwrap_or_else(|reason| {
        console::error(&format!("{}.request_filter", H::NAME), reason);
        Some(Rejection::with_status(500))
    })
}

/// What a filter is asked about the client that waits.
fn question(peer: &WebSocketPeer) -> Option<Question> {
    let request = peer.core().undecided_request()?;
    let (target, headers) = (convert::text(request.target()), convert::header_lines(request.headers()));
    Some([target.to_variant(), headers.to_variant(), peer.get_connected_host().to_variant()])
}

//! The connection of a class that has one at a time.

use crate::classes::peer::WebSocketPeer;
use crate::classes::settings::Settings;
use crate::engine::tls::Trust;
use crate::load::console::Refusal;
use godot::global::Error;
use godot::obj::Gd;
use tungsten_core::{Kind, ReadyState};

/// The last connection that was started, until it is let go.
#[derive(Debug, Default)]
pub(crate) struct Connection(Option<Gd<WebSocketPeer>>);

impl Connection {
    /// Starts another one and lets go of the last.
    pub(crate) fn start(&mut self, settings: Settings, url: &str, trust: Trust<'_>) -> Result<(), Refusal> {
        let mut peer = WebSocketPeer::with_settings(settings);
        peer.bind_mut().connect(url, trust)?;
        self.let_go();
        self.0 = Some(peer);
        Ok(())
    }

    pub(crate) fn peer(&self) -> Option<Gd<WebSocketPeer>> {
        self.0.clone()
    }

    /// Whether this is still the connection of that peer.
    pub(crate) fn is(&self, peer: &Gd<WebSocketPeer>) -> bool {
        self.0.as_ref() == Some(peer)
    }

    pub(crate) fn state(&self) -> ReadyState {
        self.0.as_ref().map_or(ReadyState::Closed, |peer| peer.bind().core().state())
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.0.as_ref().is_some_and(|peer| peer.bind().is_busy())
    }

    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8]) -> Error {
        self.0.as_mut().map_or(Error::FAILED, |peer| peer.bind_mut().send_kind(kind, payload))
    }

    /// See [`WebSocketPeer::close_for`].
    #[track_caller]
    pub(crate) fn close_for(&mut self, place: &str, code: i64, reason: &str) {
        if let Some(peer) = &mut self.0 {
            peer.bind_mut().close_for(place, code, reason);
        }
    }

    /// Ends what is left of it, and says 1001 to the other side, without waiting. A script that has kept the peer keeps
    /// no connection.
    pub(crate) fn let_go(&mut self) {
        if let Some(mut peer) = self.0.take() {
            peer.bind_mut().leave();
        }
    }
}

//! A class that lets clients in.

use crate::classes::peer::WebSocketPeer;
use crate::classes::property::Configured;
use crate::session::roster::Roster;
use godot::builtin::Callable;
use godot::classes::Object;
use godot::obj::bounds::DeclUser;
use godot::obj::{Bounds, Gd, Inherits};
use tungsten_core::net::StreamId;

/// What [`crate::session::hosting`] asks of a class.
pub(crate) trait Host: Configured + Bounds<Declarer = DeclUser> + Inherits<Object> {
    /// What it emits.
    type Signal;

    fn roster(&self) -> &Roster;

    fn roster_mut(&mut self) -> &mut Roster;

    /// What is asked about a request before it is accepted; null to ask nobody.
    fn request_filter(&self) -> Callable;

    /// Whether it hangs up on whoever comes.
    fn refuses_new(&self) -> bool {
        false
    }

    /// Whether anybody listens to a signal about messages.
    fn listens(&self, _signal: &str) -> bool {
        false
    }

    /// The next signal that a connection gives rise to.
    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<Self::Signal>;

    /// Emits a signal. Nothing is bound.
    fn emit(this: &mut Gd<Self>, signal: Self::Signal);
}

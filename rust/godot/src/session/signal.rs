//! How signals are emitted.

use crate::session::delivery::MESSAGE_RECEIVED;
use godot::builtin::StringName;
use godot::classes::Object;
use godot::obj::bounds::DeclUser;
use godot::obj::{Bounds, Gd, GodotClass, Inherits, WithBaseField};
use std::sync::OnceLock;

/// Emits one signal after the other, as long as there is a `next` one. Nothing is bound while a handler runs: it may do
/// anything, freeing the object and dropping the last reference to it included.
pub(crate) fn emit_all<C, S>(this: &mut Gd<C>, mut next: impl FnMut(&mut C) -> Option<S>, emit: impl Fn(&mut Gd<C>, S))
where
    C: GodotClass + Bounds<Declarer = DeclUser>,
{
    while this.is_instance_valid() {
        let signal = next(&mut this.bind_mut());
        let Some(signal) = signal else { return };
        emit(this, signal);
    }
}

/// Whether anything is connected to a signal about messages.
pub(crate) fn has_listeners<C: WithBaseField>(object: &C, signal: &str) -> bool
where
    C::Base: Inherits<Object>,
{
    !object.base().upcast_ref::<Object>().get_signal_connection_list(name(signal)).is_empty()
}

/// The name for the engine, made once: that takes longer than to ask with it, which is done for each message.
fn name(signal: &str) -> &'static StringName {
    static MESSAGE: OnceLock<StringName> = OnceLock::new();
    static DATA: OnceLock<StringName> = OnceLock::new();
    let name = if signal == MESSAGE_RECEIVED { &MESSAGE } else { &DATA };
    name.get_or_init(|| StringName::from(signal))
}

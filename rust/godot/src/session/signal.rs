//! How signals are emitted.

use godot::classes::Object;
use godot::obj::bounds::DeclUser;
use godot::obj::{Bounds, Gd, GodotClass, Inherits, WithBaseField};

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

/// Whether anything is connected to a signal of the object.
pub(crate) fn has_listeners<C: WithBaseField + Inherits<Object>>(object: &C, signal: &str) -> bool {
    !object.to_gd().upcast::<Object>().get_signal_connection_list(signal).is_empty()
}

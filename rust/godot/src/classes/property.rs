//! Properties of a class that are settings.

use crate::classes::settings::Settings;
use crate::load::console;
use godot::obj::GodotClass;
use godot::register::info::{PropertyHint, PropertyHintInfo, PropertyUsageFlags};
use godot::register::private::{register_group, register_var};
use godot::register::property::Var;

/// Hints for the inspector.
pub(crate) const SECONDS: &str = "0.1,60,0.1,or_greater,suffix:s";
pub(crate) const SECONDS_OR_NEVER: &str = "0,60,0.1,or_greater,suffix:s";

/// A class that has settings. [`settings_properties`] makes properties of them.
pub(crate) trait Configured {
    /// Its plain name.
    const NAME: &'static str;

    fn settings(&self) -> &Settings;

    fn settings_mut(&mut self) -> &mut Settings;

    /// Puts settings that have changed in force.
    fn apply_settings(&mut self) {}

    /// Changes a setting as a script asks for it; the console hears why not.
    #[track_caller]
    fn change(&mut self, property: &str, change: impl FnOnce(&mut Settings) -> Result<(), String>) {
        match change(self.settings_mut()) {
            Ok(()) => self.apply_settings(),
            Err(reason) => console::error(&format!("{}.{property}", Self::NAME), reason),
        }
    }
}

/// Makes properties of a class out of its field `settings`, with `register_properties` to be called once the class is
/// registered. A line has the name, the type, the accessors with the argument as the engine shows it, and a hint for
/// the inspector if there is more to say than the type does; a `#[group]` of the inspector begins with it. `apply` is
/// what follows a change. (gdext takes accessors of a `#[var]` only from the one block that has the signals, which no
/// macro can add to.)
macro_rules! settings_properties {
    (
        $class:ident, usage_flags = [$($usage:ident),*] $(, apply = $apply:ident)?;
        $(
            $(#[group = $group:literal])?
            $name:ident: $type:ident, $get:ident, $set:ident($value:ident) $(, $hint:ident($hint_text:expr))?;
        )*
    ) => {
        #[godot::register::godot_api(secondary)]
        impl $class {
            $(
                #[func]
                fn $get(&self) -> $type {
                    $crate::classes::property::Configured::settings(self).$name()
                }

                #[func]
                fn $set(&mut self, $value: $type) {
                    let name = stringify!($name);
                    $crate::classes::property::Configured::change(self, name, |settings| settings.$set($value));
                }
            )*
        }

        impl $crate::classes::property::Configured for $class {
            const NAME: &'static str = stringify!($class);

            fn settings(&self) -> &$crate::classes::settings::Settings {
                &self.settings
            }

            fn settings_mut(&mut self) -> &mut $crate::classes::settings::Settings {
                &mut self.settings
            }

            $(fn apply_settings(&mut self) {
                self.$apply();
            })?
        }

        impl $class {
            pub(crate) fn register_properties() {
                let usage = $(godot::register::info::PropertyUsageFlags::$usage)|*;
                $(
                    $($crate::classes::property::begin_group::<$class>($group);)?
                    let hint = None $(.or(Some((godot::register::info::PropertyHint::$hint, $hint_text))))?;
                    let accessors = (stringify!($get), stringify!($set));
                    $crate::classes::property::register::<$class, $type>(stringify!($name), accessors, hint, usage);
                )*
            }
        }
    };
}

pub(crate) use settings_properties;

/// Registers a property whose accessors are registered.
pub(crate) fn register<C: GodotClass, T: Var>(
    name: &str,
    (getter, setter): (&str, &str),
    hint: Option<(PropertyHint, &str)>,
    usage: PropertyUsageFlags,
) {
    let hint = hint.map(|(hint, text)| PropertyHintInfo { hint, hint_string: text.into() });
    register_var::<C, T>(name, getter, setter, hint, Some(usage | T::godot_shape().usage_flags()));
}

/// Puts the properties that follow into a group of the inspector.
pub(crate) fn begin_group<C: GodotClass>(name: &str) {
    register_group::<C>(name, "");
}

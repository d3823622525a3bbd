//! What makes an enumeration of a class one to Godot, too: `WebSocketPeer.State`, `WebSocketPeer.STATE_OPEN`.
//!
//! gdext 0.5 shows a Rust enum to scripts as a bare integer; the macro below makes a real one, and [`attach`] registers
//! it.

use godot::prelude::*;
use godot::register::private::constant::{ConstantKind, ExportConstant, IntegerConstant};

/// Declares an enum whose variants carry their names in Godot.
macro_rules! class_enum {
    (
        $(#[$attribute:meta])*
        $name:ident as $godot_name:literal { $($variant:ident = $value:literal, $constant:literal;)* }
        unknown => $unknown:expr
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(i32)]
        pub(crate) enum $name { $($variant = $value),* }

        impl $name {
            pub(crate) const TABLE: &'static [(&'static str, i64)] = &[$(($constant, $value)),*];
        }

        impl godot::meta::GodotConvert for $name {
            type Via = i64;

            fn godot_shape() -> godot::meta::shape::GodotShape {
                let enumerators = Self::TABLE.iter().map(|(name, value)| {
                    godot::meta::shape::EnumeratorShape::new_int(*name, *value)
                });
                godot::meta::shape::GodotShape::Enum {
                    variant_type: godot::builtin::VariantType::INT,
                    enumerators: enumerators.collect::<Vec<_>>().into(),
                    godot_name: Some($godot_name.into()),
                    is_bitfield: false,
                }
            }
        }

        impl godot::meta::ToGodot for $name {
            type Pass = <i64 as godot::meta::ToGodot>::Pass;

            fn to_godot(&self) -> i64 {
                *self as i64
            }
        }

        impl godot::register::property::SimpleVar for $name {}

        impl godot::meta::FromGodot for $name {
            fn try_from_godot(value: i64) -> Result<Self, godot::meta::error::ConvertError> {
                match value {
                    $($value => Ok(Self::$variant),)*
                    _ => $unknown,
                }
            }
        }
    };
}

/// Attaches an enumeration to its class, once that is registered.
pub(crate) fn attach<T: GodotClass>(name: &str, table: &[(&str, i64)]) {
    let enumerators = table.iter().map(|(name, value)| IntegerConstant::new(name, *value)).collect();
    ExportConstant::new(T::class_id(), ConstantKind::Enum { name: name.into(), enumerators }).register();
}

pub(crate) use class_enum;

//! Enumerations of our classes as Godot knows them: `WebSocketPeer.State`, `WebSocketPeer.STATE_OPEN`.
//!
//! gdext 0.5 shows a Rust enum to scripts as a bare integer; the macro below registers a real one.

use crate::web_socket_error::WebSocketError;
use crate::web_socket_peer::WebSocketPeer;
use godot::prelude::*;
use godot::register::private::constant::{ConstantKind, ExportConstant, IntegerConstant};
use tungsten_core::{ErrorKind, Kind, Phase, ReadyState};

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
            const TABLE: &'static [(&'static str, i64)] = &[$(($constant, $value)),*];
        }

        impl godot::meta::GodotConvert for $name {
            type Via = i64;

            fn godot_shape() -> godot::meta::shape::GodotShape {
                let enumerators = Self::TABLE.iter().map(|(name, value)| {
                    godot::meta::shape::EnumeratorShape::new_int(*name, *value)
                });
                godot::meta::shape::GodotShape::Enum {
                    variant_type: VariantType::INT,
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

class_enum! {
    /// See [`tungsten_core::Compression`].
    Compression as "UnnamedWebSocketPeer.Compression" {
        Disabled = 0, "COMPRESSION_DISABLED";
        Enabled = 1, "COMPRESSION_ENABLED";
        ContextTakeover = 2, "COMPRESSION_CONTEXT_TAKEOVER";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketPeer.Compression"))
}

class_enum! {
    /// See [`tungsten_core::Phase`].
    ErrorPhase as "UnnamedWebSocketError.Phase" {
        Resolve = 0, "PHASE_RESOLVE";
        Connect = 1, "PHASE_CONNECT";
        Tls = 2, "PHASE_TLS";
        Handshake = 3, "PHASE_HANDSHAKE";
        Open = 4, "PHASE_OPEN";
        Close = 5, "PHASE_CLOSE";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketError.Phase"))
}

class_enum! {
    /// See [`tungsten_core::ErrorKind`].
    Reason as "UnnamedWebSocketError.Kind" {
        NameNotFound = 0, "KIND_NAME_NOT_FOUND";
        ConnectionRefused = 1, "KIND_CONNECTION_REFUSED";
        Unreachable = 2, "KIND_UNREACHABLE";
        CertificateUntrusted = 3, "KIND_CERTIFICATE_UNTRUSTED";
        CertificateName = 4, "KIND_CERTIFICATE_NAME";
        CertificateExpired = 5, "KIND_CERTIFICATE_EXPIRED";
        CertificateInvalid = 6, "KIND_CERTIFICATE_INVALID";
        TlsFailed = 7, "KIND_TLS_FAILED";
        HandshakeTimeout = 8, "KIND_HANDSHAKE_TIMEOUT";
        ConnectionLost = 9, "KIND_CONNECTION_LOST";
        HeartbeatTimeout = 10, "KIND_HEARTBEAT_TIMEOUT";
        CloseTimeout = 11, "KIND_CLOSE_TIMEOUT";
        Redirected = 12, "KIND_REDIRECTED";
        HttpStatus = 13, "KIND_HTTP_STATUS";
        InvalidResponse = 14, "KIND_INVALID_RESPONSE";
        ProtocolMismatch = 15, "KIND_PROTOCOL_MISMATCH";
        UnexpectedExtension = 16, "KIND_UNEXPECTED_EXTENSION";
        ProtocolViolation = 17, "KIND_PROTOCOL_VIOLATION";
        InvalidText = 18, "KIND_INVALID_TEXT";
        MessageTooBig = 19, "KIND_MESSAGE_TOO_BIG";
        HeadTooBig = 20, "KIND_HEAD_TOO_BIG";
        Internal = 21, "KIND_INTERNAL";
        InvalidRequest = 22, "KIND_INVALID_REQUEST";
        TurnedAway = 23, "KIND_TURNED_AWAY";
        InvalidParameter = 24, "KIND_INVALID_PARAMETER";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketError.Kind"))
}

impl Compression {
    /// The drop-down list of the inspector.
    pub(crate) const CHOICES: &'static str = "Disabled:0,Enabled:1,Context Takeover:2";
}

impl From<Compression> for tungsten_core::Compression {
    fn from(mode: Compression) -> Self {
        match mode {
            Compression::Disabled => Self::Disabled,
            Compression::Enabled => Self::Enabled,
            Compression::ContextTakeover => Self::ContextTakeover,
        }
    }
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

impl From<WriteMode> for Kind {
    fn from(mode: WriteMode) -> Self {
        match mode {
            WriteMode::Text => Self::Text,
            WriteMode::Binary => Self::Binary,
        }
    }
}

impl From<Phase> for ErrorPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Resolve => Self::Resolve,
            Phase::Connect => Self::Connect,
            Phase::Tls => Self::Tls,
            Phase::Handshake => Self::Handshake,
            Phase::Open => Self::Open,
            Phase::Close => Self::Close,
        }
    }
}

impl From<ErrorKind> for Reason {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NameNotFound => Self::NameNotFound,
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::CertificateUntrusted => Self::CertificateUntrusted,
            ErrorKind::CertificateName => Self::CertificateName,
            ErrorKind::CertificateExpired => Self::CertificateExpired,
            ErrorKind::CertificateInvalid => Self::CertificateInvalid,
            ErrorKind::TlsFailed => Self::TlsFailed,
            ErrorKind::HandshakeTimeout => Self::HandshakeTimeout,
            ErrorKind::ConnectionLost => Self::ConnectionLost,
            ErrorKind::HeartbeatTimeout => Self::HeartbeatTimeout,
            ErrorKind::CloseTimeout => Self::CloseTimeout,
            ErrorKind::Redirected => Self::Redirected,
            ErrorKind::HttpStatus => Self::HttpStatus,
            ErrorKind::InvalidParameter => Self::InvalidParameter,
            ErrorKind::InvalidResponse => Self::InvalidResponse,
            ErrorKind::InvalidRequest => Self::InvalidRequest,
            ErrorKind::ProtocolMismatch => Self::ProtocolMismatch,
            ErrorKind::UnexpectedExtension => Self::UnexpectedExtension,
            ErrorKind::ProtocolViolation => Self::ProtocolViolation,
            ErrorKind::InvalidText => Self::InvalidText,
            ErrorKind::TurnedAway => Self::TurnedAway,
            ErrorKind::MessageTooBig => Self::MessageTooBig,
            ErrorKind::HeadTooBig => Self::HeadTooBig,
            ErrorKind::Internal => Self::Internal,
        }
    }
}

/// Attaches the enumerations to their classes, once these are registered.
pub(crate) fn register() {
    attach::<WebSocketPeer>("State", State::TABLE);
    attach::<WebSocketPeer>("WriteMode", WriteMode::TABLE);
    attach::<WebSocketPeer>("Compression", Compression::TABLE);
    attach::<WebSocketError>("Phase", ErrorPhase::TABLE);
    attach::<WebSocketError>("Kind", Reason::TABLE);
}

fn attach<T: GodotClass>(name: &str, table: &[(&str, i64)]) {
    let enumerators = table.iter().map(|(name, value)| IntegerConstant::new(name, *value)).collect();
    ExportConstant::new(T::class_id(), ConstantKind::Enum { name: name.into(), enumerators }).register();
}

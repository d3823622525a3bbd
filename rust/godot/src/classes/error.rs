//! `WebSocketError`.

use crate::classes::class_enum::{attach, class_enum};
use crate::engine::convert;
use godot::prelude::*;
use tungsten_core::{Error, ErrorKind, Phase, Response};

/// Why a connection failed. Its page of help is `doc_classes/WebSocketError.xml`.
#[derive(GodotClass)]
#[class(base = RefCounted, no_init, tool, rename = UnnamedWebSocketError)]
pub(crate) struct WebSocketError {
    #[var(get = get_phase, no_set)]
    phase: PhantomVar<ErrorPhase>,
    #[var(get = get_kind, no_set)]
    kind: PhantomVar<Reason>,
    #[var(get = get_message, no_set)]
    message: PhantomVar<GString>,
    #[var(get = get_http_status, no_set)]
    http_status: PhantomVar<i32>,
    #[var(get = get_http_headers, no_set)]
    http_headers: PhantomVar<PackedStringArray>,
    #[var(get = get_http_body, no_set)]
    http_body: PhantomVar<PackedByteArray>,
    #[var(get = get_close_code, no_set)]
    close_code: PhantomVar<i32>,
    #[var(get = get_close_reason, no_set)]
    close_reason: PhantomVar<GString>,
    error: Error,
}

#[godot_api]
impl WebSocketError {
    pub(crate) fn of(error: &Error) -> Gd<Self> {
        Gd::from_object(Self {
            phase: PhantomVar::default(),
            kind: PhantomVar::default(),
            message: PhantomVar::default(),
            http_status: PhantomVar::default(),
            http_headers: PhantomVar::default(),
            http_body: PhantomVar::default(),
            close_code: PhantomVar::default(),
            close_reason: PhantomVar::default(),
            error: error.clone(),
        })
    }

    #[func]
    fn get_phase(&self) -> ErrorPhase {
        self.error.phase().into()
    }

    #[func]
    fn get_kind(&self) -> Reason {
        self.error.kind().into()
    }

    #[func]
    fn get_message(&self) -> GString {
        convert::text(self.error.message())
    }

    #[func]
    fn get_http_status(&self) -> i32 {
        self.error.response().map_or(0, |response| response.status().into())
    }

    #[func]
    fn get_http_headers(&self) -> PackedStringArray {
        convert::header_lines(self.error.response().map(Response::headers).unwrap_or_default())
    }

    #[func]
    fn get_http_body(&self) -> PackedByteArray {
        self.error.response().map(|response| PackedByteArray::from(response.body())).unwrap_or_default()
    }

    #[func]
    fn get_close_code(&self) -> i32 {
        self.error.close_frame().map_or(-1, |frame| frame.code().into())
    }

    #[func]
    fn get_close_reason(&self) -> GString {
        self.error.close_frame().map(|frame| convert::reason(frame.reason())).unwrap_or_default()
    }

    #[func]
    fn is_retryable(&self) -> bool {
        self.error.is_retryable()
    }
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
        InvalidRequest = 21, "KIND_INVALID_REQUEST";
        TurnedAway = 22, "KIND_TURNED_AWAY";
        InvalidParameter = 23, "KIND_INVALID_PARAMETER";
    }
    unknown => Err(godot::meta::error::ConvertError::new("not a WebSocketError.Kind"))
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
        }
    }
}

/// Attaches the enumerations to the class, once it is registered.
pub(crate) fn register_enums() {
    attach::<WebSocketError>("Phase", ErrorPhase::TABLE);
    attach::<WebSocketError>("Kind", Reason::TABLE);
}

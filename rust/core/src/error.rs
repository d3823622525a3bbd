//! Errors, sorted by who must act.

use crate::close::CloseFrame;
use crate::handshake::Response;
use std::fmt;

/// What a connection was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While the host name was looked up.
    Resolve,
    /// While TCP connected.
    Connect,
    /// While TLS was negotiated.
    Tls,
    /// While the HTTP upgrade was exchanged (RFC 6455 §4).
    Handshake,
    /// While messages could be exchanged.
    Open,
    /// While close frames were exchanged (RFC 6455 §7).
    Close,
}

/// Why a connection failed.
///
/// Exhaustive on purpose: whoever maps kinds to something else is told by the compiler about a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    // The environment: a name, a route, a certificate, a clock.
    /// The host name has no address.
    NameNotFound,
    /// Nothing listens at the address, or a firewall refused.
    ConnectionRefused,
    /// The network failed while connecting.
    Unreachable,
    /// The certificate was not issued by a trusted authority.
    CertificateUntrusted,
    /// The certificate is for another host.
    CertificateName,
    /// The certificate has expired or is not valid yet.
    CertificateExpired,
    /// The certificate was refused for another reason.
    CertificateInvalid,
    /// TLS failed: no common version, an alert, or a server that does not speak TLS.
    TlsFailed,
    /// Opening took longer than `handshake_timeout`.
    HandshakeTimeout,
    /// The other side went away without a close frame.
    ConnectionLost,
    /// A ping was not answered within `heartbeat_timeout`.
    HeartbeatTimeout,
    /// Closing took longer than `close_timeout`.
    CloseTimeout,

    // The peer: it answered, but not as RFC 6455 says.
    /// The server answered with a redirection (3xx with a `Location`), which is not followed.
    Redirected,
    /// The server answered with another status than 101.
    HttpStatus,
    /// The answer was not a valid HTTP upgrade.
    InvalidResponse,
    /// The request was not a valid HTTP upgrade; it was refused with an HTTP status.
    InvalidRequest,
    /// None of the requested sub-protocols was chosen, or one that was not requested.
    ProtocolMismatch,
    /// An extension was chosen that was not requested, or with parameters that the request does not allow.
    UnexpectedExtension,
    /// A frame broke RFC 6455, or compressed data RFC 7692; 1002 was sent.
    ProtocolViolation,
    /// A text message was not UTF-8; 1007 was sent.
    InvalidText,
    /// The server closed the connection before it let the client into its session; the close frame says why.
    TurnedAway,

    // Limits: a bound of ours was hit.
    /// A message was larger than `max_message_size`; 1009 was sent.
    MessageTooBig,
    /// The head of the HTTP answer was larger than the bound.
    HeadTooBig,

    // The application.
    /// The URL or a setting cannot be used; nothing was started.
    InvalidParameter,
}

/// Why and when a connection failed, with a sentence for logs.
#[derive(Clone)]
pub struct Error {
    phase: Phase,
    kind: ErrorKind,
    message: String,
    response: Option<Box<Response>>,
    close_frame: Option<Box<CloseFrame>>,
}

impl Error {
    /// An error of a layer above this crate, which an application is to see like ours.
    pub fn new(phase: Phase, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { phase, kind, message: message.into(), response: None, close_frame: None }
    }

    /// Of a client that a server sends away after the upgrade, with this close frame.
    pub fn turned_away(close_frame: CloseFrame) -> Self {
        let message =
            format!("the server let nobody in: it closed with {} {:?}", close_frame.code(), close_frame.reason());
        let error = Self::new(Phase::Handshake, ErrorKind::TurnedAway, message);
        Self { close_frame: Some(Box::new(close_frame)), ..error }
    }

    pub(crate) fn with_response(mut self, response: Response) -> Self {
        self.response = Some(Box::new(response));
        self
    }

    /// What the connection was doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was tried and why it failed, for logs; lower case, without a final dot.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP answer, if one arrived and was not the expected one.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// The close frame of the server, if that is what the error is about.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.close_frame.as_deref()
    }

    /// Whether the same attempt may succeed later without a change by the player or the developer: the network, a
    /// busy server (429, 5xx) or a timeout failed it, not a certificate, a refusal or a broken protocol.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::NameNotFound
            | ErrorKind::ConnectionRefused
            | ErrorKind::Unreachable
            | ErrorKind::HandshakeTimeout
            | ErrorKind::ConnectionLost
            | ErrorKind::HeartbeatTimeout
            | ErrorKind::CloseTimeout => true,
            ErrorKind::HttpStatus => {
                self.response.as_ref().is_some_and(|response| matches!(response.status(), 408 | 429 | 500..=599))
            }
            // Going away, and of the registry of RFC 6455 §11.7: service restart, try again later.
            ErrorKind::TurnedAway => {
                self.close_frame.as_ref().is_some_and(|frame| matches!(frame.code(), 1001 | 1012 | 1013))
            }
            ErrorKind::CertificateUntrusted
            | ErrorKind::CertificateName
            | ErrorKind::CertificateExpired
            | ErrorKind::CertificateInvalid
            | ErrorKind::TlsFailed
            | ErrorKind::Redirected
            | ErrorKind::InvalidResponse
            | ErrorKind::InvalidRequest
            | ErrorKind::ProtocolMismatch
            | ErrorKind::UnexpectedExtension
            | ErrorKind::ProtocolViolation
            | ErrorKind::InvalidText
            | ErrorKind::MessageTooBig
            | ErrorKind::HeadTooBig
            | ErrorKind::InvalidParameter => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:?}: {}", self.phase, self.kind, self.message)
    }
}

impl std::error::Error for Error {}

/// A call that the caller should not have made: nothing happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// A connection is being opened or is open already.
    AlreadyInUse,
    /// The URL cannot be used, with the reason.
    InvalidUrl(String),
    /// A header is not `Name: value`, holds a control character, or is one that the handshake sets itself.
    InvalidHeader(String),
    /// A sub-protocol is empty, given twice, or holds a character that RFC 6455 §4.1 does not allow.
    InvalidProtocol(String),
    /// The given certificates cannot be used, with the reason.
    InvalidCertificate(String),
    /// A text that is no hash of a public key.
    InvalidPin(String),
    /// The refusal of a request cannot be sent, with the reason.
    InvalidRejection(String),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInUse => f.write_str("a connection is already opening or open"),
            Self::InvalidUrl(reason) => write!(f, "the URL cannot be used: {reason}"),
            Self::InvalidHeader(header) => write!(f, "the header {header:?} cannot be sent"),
            Self::InvalidProtocol(protocol) => write!(f, "the sub-protocol {protocol:?} cannot be requested"),
            Self::InvalidCertificate(reason) => write!(f, "the certificate cannot be used: {reason}"),
            Self::InvalidPin(text) => write!(f, "{text:?} is no SHA-256 hash in base64"),
            Self::InvalidRejection(reason) => write!(f, "the refusal cannot be sent: {reason}"),
        }
    }
}

impl std::error::Error for Misuse {}

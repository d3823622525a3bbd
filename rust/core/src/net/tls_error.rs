//! Why TLS failed, in words.

use super::trust::Standing;
use crate::error::{Error, ErrorKind, Misuse, Phase};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};
use std::time::Duration;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{DateTime, Decode as _, SliceReader};

/// What we speak, for those who look after the other side.
const OUR_CIPHERS: &str = "TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305";

/// The keys that we can use and check.
const OUR_KEYS: &str = "ECDSA with P-256 or P-384, Ed25519, and RSA of at least 2048 bits";

pub(super) fn failed(kind: ErrorKind, message: String) -> Error {
    Error::new(Phase::Tls, kind, message)
}

pub(super) fn tls_failed(reason: &str) -> Error {
    failed(ErrorKind::TlsFailed, format!("TLS failed: {reason}"))
}

pub(super) fn certificate_or_tls_failed(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            let (kind, reason) = certificate_refused(reason);
            failed(kind, format!("the certificate of the server was refused: {reason}"))
        }
        rustls::Error::AlertReceived(alert) => tls_failed(&alert_received(*alert)),
        rustls::Error::PeerIncompatible(reason) => tls_failed(&nothing_in_common(reason)),
        rustls::Error::InvalidMessage(_) => tls_failed(&format!("{error} (the server may not speak TLS on this port)")),
        rustls::Error::PeerMisbehaved(reason) => tls_failed(&format!("the other side broke its rules ({reason:?})")),
        error => tls_failed(&error.to_string()),
    }
}

/// Why a certificate and its key cannot be shown to others.
pub(super) fn unusable_identity(error: &rustls::Error) -> Misuse {
    Misuse::InvalidCertificate(match error {
        rustls::Error::InconsistentKeys(_) => "the private key belongs to another certificate".to_owned(),
        rustls::Error::General(_) => {
            format!("the private key is of a kind that is not supported; there are {OUR_KEYS}")
        }
        rustls::Error::InvalidCertificate(reason) => certificate_refused(reason).1,
        error => error.to_string(),
    })
}

/// The other side has said why it ends (RFC 8446 §6.2).
fn alert_received(alert: AlertDescription) -> String {
    let reason = match alert {
        AlertDescription::CertificateRequired => "the server asks for a certificate of the client".to_owned(),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => format!(
            "the other side found nothing that both of us speak, or wants a certificate of the client; we speak \
             {OUR_CIPHERS}, with keys for {OUR_KEYS}"
        ),
        AlertDescription::ProtocolVersion => "the other side speaks neither TLS 1.2 nor 1.3".to_owned(),
        AlertDescription::UnrecognisedName => "the server does not serve this host".to_owned(),
        AlertDescription::UnknownCA => {
            "the other side does not trust the authority of the certificate that it was shown".to_owned()
        }
        AlertDescription::CertificateExpired => "the certificate that the other side was shown has expired".to_owned(),
        AlertDescription::AccessDenied
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => {
            "the other side refused the certificate that it was shown".to_owned()
        }
        _ => "the other side ended it".to_owned(),
    };
    format!("{reason} (alert {alert:?})")
}

fn nothing_in_common(reason: &PeerIncompatible) -> String {
    match reason {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => "the other side speaks neither TLS 1.2 nor 1.3".to_owned(),
        reason => format!("the other side speaks nothing that we do ({reason:?}); we speak {OUR_CIPHERS}"),
    }
}

fn certificate_refused(reason: &CertificateError) -> (ErrorKind, String) {
    let (kind, words) = match reason {
        CertificateError::UnknownIssuer => {
            (ErrorKind::CertificateUntrusted, "it was not issued by a trusted authority".to_owned())
        }
        CertificateError::ApplicationVerificationFailure => {
            (ErrorKind::CertificateUntrusted, "its key is none of those that are pinned".to_owned())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            (ErrorKind::CertificateName, wrong_name(&expected.to_str(), presented))
        }
        CertificateError::NotValidForName => (ErrorKind::CertificateName, "it is for another name".to_owned()),
        CertificateError::ExpiredContext { time, not_after } => {
            let (expired, now) = (date(*not_after), date(*time));
            (ErrorKind::CertificateExpired, format!("it expired on {expired}, and here it is {now}"))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let (valid, now) = (date(*not_before), date(*time));
            (ErrorKind::CertificateExpired, format!("it is not valid before {valid}, and here it is {now}"))
        }
        CertificateError::Expired => (ErrorKind::CertificateExpired, "it has expired".to_owned()),
        CertificateError::NotValidYet => (ErrorKind::CertificateExpired, "it is not valid yet".to_owned()),
        CertificateError::Other(error) => other_reason(error),
        reason => (ErrorKind::CertificateInvalid, what_is_wrong(reason)),
    };
    (kind, words)
}

/// What is wrong with the certificate itself.
fn what_is_wrong(reason: &CertificateError) -> String {
    match reason {
        CertificateError::BadEncoding => "it cannot be read".to_owned(),
        // In a chain it means an unknown issuer, so this is that of the handshake.
        CertificateError::BadSignature => {
            format!("its key has not signed, or is of a kind that is not supported; there are {OUR_KEYS}")
        }
        CertificateError::InvalidPurpose => "it is not for servers".to_owned(),
        CertificateError::InvalidPurposeContext { presented, .. } => {
            let purposes: Vec<_> = presented.iter().map(ToString::to_string).collect();
            format!("it is for {}, not for servers", purposes.join(" and "))
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
            format!("it is signed with {}, which is not supported", algorithm(signature_algorithm_id))
        }
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id, .. } => {
            let signature = algorithm(signature_algorithm_id);
            format!(
                "it is signed with {signature} by a key of a kind that is not supported for that; there are {OUR_KEYS}"
            )
        }
        reason => reason.to_string(),
    }
}

fn other_reason(OtherError(error): &OtherError) -> (ErrorKind, String) {
    if let Some(standing) = error.downcast_ref() {
        let kind = match standing {
            Standing::OutOfDate => ErrorKind::CertificateExpired,
            Standing::Authority | Standing::NoAuthority => ErrorKind::CertificateUntrusted,
        };
        return (kind, standing.to_string());
    }
    let words = match error.downcast_ref() {
        Some(webpki::Error::CaUsedAsEndEntity) => "it is that of an authority, not of a server",
        Some(webpki::Error::EndEntityUsedAsCa) => "it was issued by a certificate that is no authority (CA:TRUE)",
        Some(webpki::Error::NameConstraintViolation) => "its authority may not issue certificates for its names",
        Some(webpki::Error::PathLenConstraintViolated) => "there are more authorities above it than its root allows",
        Some(webpki::Error::UnsupportedCertVersion) => "it is not of version 3 of X.509",
        Some(webpki::Error::UnsupportedCriticalExtension) => {
            "it demands an extension of X.509 that is not supported (critical)"
        }
        _ => return (ErrorKind::CertificateInvalid, error.to_string()),
    };
    (ErrorKind::CertificateInvalid, words.to_owned())
}

/// At most so many names of a certificate are told.
const NAMES_TOLD: usize = 5;

fn wrong_name(expected: &str, names: &[String]) -> String {
    if names.is_empty() {
        return format!("it has no name, and the server is {expected:?}");
    }
    let told = names[..names.len().min(NAMES_TOLD)].join(", ");
    let more = match names.len().saturating_sub(NAMES_TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("it is for {told}{more}, not for {expected:?}")
}

fn date(time: UnixTime) -> String {
    let date = DateTime::from_unix_duration(Duration::from_secs(time.as_secs()));
    date.map_or_else(|_| format!("second {} of Unix", time.as_secs()), |date| date.to_string())
}

/// The name of an algorithm for signatures, by the contents of its `AlgorithmIdentifier` (RFC 5280 §4.1.1.2).
fn algorithm(contents: &[u8]) -> String {
    let id = SliceReader::new(contents).and_then(|mut reader| ObjectIdentifier::decode(&mut reader));
    let Ok(id) = id.map(|id| id.to_string()) else { return "an unknown algorithm".to_owned() };
    match id.as_str() {
        "1.2.840.113549.1.1.4" => "MD5 and RSA",
        "1.2.840.113549.1.1.5" => "SHA-1 and RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "SHA-256 and RSA",
        "1.2.840.113549.1.1.12" => "SHA-384 and RSA",
        "1.2.840.113549.1.1.13" => "SHA-512 and RSA",
        "1.2.840.113549.1.1.14" => "SHA-224 and RSA",
        "1.2.840.10040.4.3" => "SHA-1 and DSA",
        "1.2.840.10045.4.1" => "SHA-1 and ECDSA",
        "1.2.840.10045.4.3.1" => "SHA-224 and ECDSA",
        "1.2.840.10045.4.3.2" => "SHA-256 and ECDSA",
        "1.2.840.10045.4.3.3" => "SHA-384 and ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512 and ECDSA",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        id => return format!("algorithm {id}"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ExtendedKeyPurpose, InvalidMessage};
    use std::sync::Arc;

    #[track_caller]
    fn expect(error: impl Into<rustls::Error>, kind: ErrorKind, part_of_message: &str) {
        let error = certificate_or_tls_failed(&error.into());
        assert_eq!((error.phase(), error.kind()), (Phase::Tls, kind));
        assert!(error.message().contains(part_of_message), "{error}");
    }

    fn signed_with(contents: &[u8]) -> CertificateError {
        let signature_algorithm_id = contents.to_vec();
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            supported_algorithms: Vec::new(),
        }
    }

    fn by_webpki(error: webpki::Error) -> CertificateError {
        CertificateError::Other(OtherError(Arc::new(error)))
    }

    #[test]
    fn algorithm_that_is_not_supported_has_its_name() {
        let sha_1_and_rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0];
        let md_2_and_rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2];
        let sha_1_and_ecdsa = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
        let kind = ErrorKind::CertificateInvalid;
        expect(signed_with(&sha_1_and_rsa), kind, "signed with SHA-1 and RSA, which is not supported");
        expect(signed_with(&sha_1_and_ecdsa), kind, "signed with SHA-1 and ECDSA, which is not supported");
        expect(signed_with(&md_2_and_rsa), kind, "signed with algorithm 1.2.840.113549.1.1.2, which");
        expect(signed_with(&[6, 9, 1]), kind, "signed with an unknown algorithm, which");
    }

    #[test]
    fn reason_of_webpki_is_told_in_words() {
        let kind = ErrorKind::CertificateInvalid;
        expect(by_webpki(webpki::Error::CaUsedAsEndEntity), kind, "of an authority, not of a server");
        expect(by_webpki(webpki::Error::EndEntityUsedAsCa), kind, "is no authority");
        expect(by_webpki(webpki::Error::NameConstraintViolation), kind, "may not issue certificates for its names");
        expect(by_webpki(webpki::Error::PathLenConstraintViolated), kind, "more authorities above it");
        expect(by_webpki(webpki::Error::UnsupportedCertVersion), kind, "version 3");
        expect(by_webpki(webpki::Error::UnsupportedCriticalExtension), kind, "extension");
    }

    #[test]
    fn certificate_is_refused_in_words() {
        let kind = ErrorKind::CertificateInvalid;
        expect(CertificateError::BadEncoding, kind, "it cannot be read");
        expect(CertificateError::BadSignature, kind, "RSA of at least 2048 bits");
        expect(CertificateError::InvalidPurpose, kind, "it is not for servers");
        let (required, presented) = (ExtendedKeyPurpose::ServerAuth, vec![ExtendedKeyPurpose::ClientAuth]);
        let purpose = CertificateError::InvalidPurposeContext { required, presented };
        expect(purpose, kind, "it is for client authentication, not for servers");
        let second = |second| UnixTime::since_unix_epoch(Duration::from_secs(second));
        let expired = CertificateError::ExpiredContext { time: second(1_000_000_000), not_after: second(0) };
        let words = "it expired on 1970-01-01T00:00:00Z, and here it is 2001-09-09T01:46:40Z";
        expect(expired, ErrorKind::CertificateExpired, words);
        let early = CertificateError::NotValidYetContext { time: second(0), not_before: second(1_000_000_000) };
        let words = "it is not valid before 2001-09-09T01:46:40Z, and here it is 1970-01-01T00:00:00Z";
        expect(early, ErrorKind::CertificateExpired, words);
    }

    #[test]
    fn some_of_many_names_are_told() {
        let names: Vec<_> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(wrong_name("x", &names), "it is for 0, 1, 2, 3, 4 and 2 more, not for \"x\"");
        assert_eq!(wrong_name("x", &names[..1]), "it is for 0, not for \"x\"");
        assert_eq!(wrong_name("x", &[]), "it has no name, and the server is \"x\"");
    }

    #[test]
    fn handshake_that_fails_is_told_in_words() {
        let kind = ErrorKind::TlsFailed;
        for (alert, words) in [
            (AlertDescription::CertificateRequired, "asks for a certificate"),
            (AlertDescription::HandshakeFailure, "TLS 1.2 with ECDHE and AES-GCM"),
            (AlertDescription::ProtocolVersion, "neither TLS 1.2 nor 1.3"),
            (AlertDescription::UnrecognisedName, "does not serve this host"),
            (AlertDescription::UnknownCA, "does not trust the authority"),
            (AlertDescription::BadCertificate, "refused the certificate"),
            (AlertDescription::CertificateExpired, "has expired"),
            (AlertDescription::InternalError, "alert InternalError"),
        ] {
            expect(rustls::Error::AlertReceived(alert), kind, words);
        }
        expect(PeerIncompatible::ServerDoesNotSupportTls12Or13, kind, "neither TLS 1.2 nor 1.3");
        expect(PeerIncompatible::NoCipherSuitesInCommon, kind, "TLS 1.2 with ECDHE");
        expect(InvalidMessage::InvalidContentType, kind, "may not speak TLS on this port");
    }
}

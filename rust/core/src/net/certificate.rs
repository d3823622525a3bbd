//! What rustls does not tell of a certificate: its dates, its names, and what it is for.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};
use std::net::IpAddr;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

/// `id-at-commonName` (RFC 5280 appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// `id-ce-nameConstraints` (RFC 5280 §4.2.1.10).
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");

/// `id-kp-serverAuth` and `anyExtendedKeyUsage` (RFC 5280 §4.2.1.12).
const FOR_SERVERS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), ObjectIdentifier::new_unwrap("2.5.29.37.0")];

/// When a certificate is valid (RFC 5280 §4.1.2.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Validity {
    /// # Errors
    /// Whether `now` is before or after it.
    pub(super) fn check(self, now: UnixTime) -> Result<(), CertificateError> {
        let Self { not_before, not_after } = self;
        if now < not_before {
            return Err(CertificateError::NotValidYetContext { time: now, not_before });
        }
        if now > not_after {
            return Err(CertificateError::ExpiredContext { time: now, not_after });
        }
        Ok(())
    }
}

/// A certificate, taken apart.
pub(super) struct Parsed(Certificate);

impl Parsed {
    pub(super) fn new(der: &CertificateDer<'_>) -> Result<Self, Error> {
        Certificate::from_der(der).map(Self).map_err(|_| CertificateError::BadEncoding.into())
    }

    pub(super) fn validity(&self) -> Validity {
        let validity = &self.0.tbs_certificate.validity;
        Validity {
            not_before: UnixTime::since_unix_epoch(validity.not_before.to_unix_duration()),
            not_after: UnixTime::since_unix_epoch(validity.not_after.to_unix_duration()),
        }
    }

    /// Whether it says that it is an authority (RFC 5280 §4.2.1.9), as one that Godot has made for a server does too.
    pub(super) fn is_authority(&self) -> bool {
        self.extension::<BasicConstraints>().flatten().is_some_and(|constraints| constraints.ca)
    }

    /// Whether it is an authority whose key is for signing certificates (RFC 5280 §4.2.1.3), or for anything.
    pub(super) fn may_issue(&self) -> bool {
        let may_sign = match self.extension::<KeyUsage>() {
            None => true,
            Some(usage) => usage.is_some_and(|usage| usage.key_cert_sign()),
        };
        self.is_authority() && may_sign
    }

    /// Whether it is for servers (RFC 5280 §4.2.1.12), or for anything.
    pub(super) fn is_for_servers(&self) -> bool {
        match self.extension::<ExtendedKeyUsage>() {
            None => true,
            Some(usage) => usage.is_some_and(|usage| usage.0.iter().any(|purpose| FOR_SERVERS.contains(purpose))),
        }
    }

    /// Whether it limits the names in the certificates below it (RFC 5280 §4.2.1.10).
    pub(super) fn has_name_constraints(&self) -> bool {
        self.extension_bytes(NAME_CONSTRAINTS).is_some()
    }

    /// Whether its name is `name` in the way of old: it has no alternative names, and the common name is the same.
    pub(super) fn has_common_name(&self, name: &str) -> bool {
        self.extension_bytes(SubjectAltName::OID).is_none()
            && self.common_names().any(|common| common.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whom it is for, in words: its alternative names, else its common ones.
    pub(super) fn names(&self) -> Vec<String> {
        if self.extension_bytes(SubjectAltName::OID).is_none() {
            let names = self.common_names().map(|name| String::from_utf8_lossy(name).into_owned());
            return names.map(|name| format!("{name:?} by its common name")).collect();
        }
        let names = self.extension::<SubjectAltName>().flatten().map(|names| names.0).unwrap_or_default();
        names.iter().filter_map(name_in_words).collect()
    }

    fn common_names(&self) -> impl Iterator<Item = &[u8]> {
        let attributes = self.0.tbs_certificate.subject.0.iter().flat_map(|relative| relative.0.iter());
        attributes.filter(|attribute| attribute.oid == COMMON_NAME).map(|attribute| attribute.value.value())
    }

    fn extension_bytes(&self, id: ObjectIdentifier) -> Option<&[u8]> {
        let mut extensions = self.0.tbs_certificate.extensions.iter().flatten();
        extensions.find(|extension| extension.extn_id == id).map(|extension| extension.extn_value.as_bytes())
    }

    /// `Some(None)` if it is there and cannot be read.
    fn extension<'a, E: AssociatedOid + Decode<'a>>(&'a self) -> Option<Option<E>> {
        self.extension_bytes(E::OID).map(|bytes| E::from_der(bytes).ok())
    }
}

fn name_in_words(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(format!("{:?}", name.as_str())),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

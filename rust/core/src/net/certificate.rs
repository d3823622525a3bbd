//! What rustls does not tell of a certificate: its common name and its dates.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid as _;
use x509_cert::ext::pkix::BasicConstraints;

/// `id-at-commonName` (RFC 5280 appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// `id-ce-subjectAltName` (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// A certificate, taken apart.
pub(super) struct Parsed(Certificate);

impl Parsed {
    pub(super) fn new(der: &CertificateDer<'_>) -> Result<Self, Error> {
        Certificate::from_der(der).map(Self).map_err(|_| CertificateError::BadEncoding.into())
    }

    /// Checks that it is valid at `now`.
    pub(super) fn check_dates(&self, now: UnixTime) -> Result<(), Error> {
        let validity = &self.0.tbs_certificate.validity;
        let not_before = UnixTime::since_unix_epoch(validity.not_before.to_unix_duration());
        let not_after = UnixTime::since_unix_epoch(validity.not_after.to_unix_duration());
        if now < not_before {
            return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
        }
        if now > not_after {
            return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
        }
        Ok(())
    }

    /// Whether it may issue others (RFC 5280 §4.2.1.9), as one that Godot has made for a server says too.
    pub(super) fn is_authority(&self) -> bool {
        let extensions = self.0.tbs_certificate.extensions.iter().flatten();
        let mut constraints = extensions.filter(|extension| extension.extn_id == BasicConstraints::OID);
        constraints.any(|extension| {
            BasicConstraints::from_der(extension.extn_value.as_bytes()).is_ok_and(|constraints| constraints.ca)
        })
    }

    /// Whether its name is `name` in the way of old: it has no alternative names, and the common name is the same.
    pub(super) fn has_common_name(&self, name: &str) -> bool {
        let certificate = &self.0.tbs_certificate;
        let mut extensions = certificate.extensions.iter().flatten();
        if extensions.any(|extension| extension.extn_id == SUBJECT_ALT_NAME) {
            return false;
        }
        let attributes = certificate.subject.0.iter().flat_map(|relative| relative.0.iter());
        let mut names = attributes.filter(|attribute| attribute.oid == COMMON_NAME);
        names.any(|attribute| attribute.value.value().eq_ignore_ascii_case(name.as_bytes()))
    }
}

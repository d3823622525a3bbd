//! What rustls does not tell of a certificate: its common name and its dates.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;

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
        let now = Duration::from_secs(now.as_secs());
        if now < validity.not_before.to_unix_duration() {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > validity.not_after.to_unix_duration() {
            return Err(CertificateError::Expired.into());
        }
        Ok(())
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

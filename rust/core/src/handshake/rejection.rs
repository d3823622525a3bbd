//! The answer of an application that does not want a client (RFC 6455 §4.2.2).

use super::ExtraFields;
use crate::error::{Error, ErrorKind, Misuse, Phase};
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// The statuses that refuse (RFC 9110 §15.5 and §15.6). A client that is redirected would have to be asked about it.
const STATUSES: RangeInclusive<u16> = 400..=599;

/// Bytes of header fields that an answer may have: what our own client reads of a head.
const MAX_FIELDS: usize = 16 * 1024;

/// Bytes that a body may have. It is held until the client has read it.
const MAX_BODY: usize = 64 * 1024;

/// An HTTP answer that refuses the upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    extra: ExtraFields,
    body: Vec<u8>,
}

impl Rejection {
    /// Only a status, from 400 to 599; the body is its words. Any other number becomes 500.
    pub fn with_status(status: u16) -> Self {
        let status = if STATUSES.contains(&status) { status } else { 500 };
        Self { status, extra: ExtraFields::default(), body: format!("{}\n", phrase_of(status)).into_bytes() }
    }

    /// The same with header fields (`Name: value`), of at most 16 KiB. A body without `Content-Type` is text.
    ///
    /// # Errors
    /// [`Misuse::InvalidHeader`] names the first field that cannot be sent, [`Misuse::InvalidRejection`] says what else
    /// is wrong.
    pub fn new(status: i64, headers: &[String], body: Option<Vec<u8>>) -> Result<Self, Misuse> {
        let refused = |reason: String| Err(Misuse::InvalidRejection(reason));
        let Some(status) = u16::try_from(status).ok().filter(|status| STATUSES.contains(status)) else {
            return refused(format!("{status} is not a status from 400 to 599"));
        };
        let extra = ExtraFields::new(&[], headers)?;
        if headers.iter().map(String::len).sum::<usize>() > MAX_FIELDS {
            return refused(format!("the headers have more than {MAX_FIELDS} bytes"));
        }
        let plain = Self::with_status(status);
        let body = body.unwrap_or(plain.body);
        if body.len() > MAX_BODY {
            return refused(format!("the body has {} bytes, which is more than {MAX_BODY}", body.len()));
        }
        Ok(Self { status, extra, body })
    }

    /// The bytes of the answer.
    pub(crate) fn answer(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\nConnection: close\r\n", self.status, phrase_of(self.status));
        let mut field = |name: &str, value: &str| {
            write!(head, "{name}: {value}\r\n").expect("writing to memory does not fail");
        };
        if !self.extra.has("content-type") {
            field("Content-Type", "text/plain; charset=utf-8");
        }
        for (name, value) in self.extra.fields() {
            field(name, value);
        }
        field("Content-Length", &self.body.len().to_string());
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// The same for the application of the server.
    pub(crate) fn error(&self) -> Error {
        let (status, phrase) = (self.status, phrase_of(self.status));
        let message = format!("the request was refused with HTTP status {status}: {phrase}");
        Error::new(Phase::Handshake, ErrorKind::InvalidRequest, message)
    }
}

/// The words for a status (RFC 9110 §15) that an application may refuse with.
fn phrase_of(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rejection: &Rejection) -> String {
        String::from_utf8(rejection.answer()).unwrap()
    }

    #[test]
    fn status_alone_is_answered_with_its_words() {
        assert_eq!(
            text(&Rejection::with_status(403)),
            "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 10\r\n\r\nForbidden\n"
        );
    }

    #[test]
    fn number_that_does_not_refuse_becomes_500() {
        for status in [0, 101, 200, 302, 399, 600, u16::MAX] {
            assert!(text(&Rejection::with_status(status)).starts_with("HTTP/1.1 500 "), "{status}");
            assert!(matches!(Rejection::new(status.into(), &[], None), Err(Misuse::InvalidRejection(_))), "{status}");
        }
    }

    #[test]
    fn fields_and_body_are_sent_as_they_are() {
        let headers = ["Content-Type: application/json".to_owned(), "Retry-After: 60".to_owned()];
        let rejection = Rejection::new(429, &headers, Some(b"{}".to_vec())).unwrap();
        assert_eq!(
            text(&rejection),
            "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Retry-After: 60\r\nContent-Length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn what_would_inject_or_exceed_a_bound_is_refused() {
        for line in ["X: a\r\nY: b", "Content-Length: 3", "Transfer-Encoding: chunked", "no colon"] {
            let result = Rejection::new(403, &[line.to_owned()], None);
            assert_eq!(result, Err(Misuse::InvalidHeader(line.to_owned())), "{line:?}");
        }
        let large = format!("X: {}", "a".repeat(MAX_FIELDS));
        assert!(matches!(Rejection::new(403, &[large], None), Err(Misuse::InvalidRejection(_))));
        for (len, is_sent) in [(MAX_BODY, true), (MAX_BODY + 1, false)] {
            assert_eq!(Rejection::new(403, &[], Some(vec![b'a'; len])).is_ok(), is_sent, "{len}");
        }
    }
}

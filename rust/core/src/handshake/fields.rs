//! Header fields: received ones, and those that an application adds.

use crate::error::Misuse;

/// A header field of an HTTP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name as it was received.
    pub name: String,
    /// The value without surrounding white space; bytes that are not UTF-8 are replaced.
    pub value: String,
}

/// The header fields of a received message, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<Header>);

impl Fields {
    pub(super) fn from_parsed(parsed: &[httparse::Header<'_>]) -> Self {
        let fields = parsed.iter().map(|field| Header {
            name: field.name.to_owned(),
            value: String::from_utf8_lossy(field.value).trim().to_owned(),
        });
        Self(fields.collect())
    }

    pub(crate) fn all(&self) -> &[Header] {
        &self.0
    }

    /// The values of every field with this name, whatever its case.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    }

    /// The items of every field with this name that is a list (RFC 9110 §5.6.1).
    pub(crate) fn tokens<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Whether such a list has `token`, whatever its case.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.tokens(name).any(|item| item.eq_ignore_ascii_case(token))
    }

    /// The value of a field that must be there once.
    pub(super) fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    #[cfg(test)]
    pub(super) fn of(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() });
        Self(fields.collect())
    }
}

/// Fields that the handshake sets itself, and those that would give the message a body.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
];

/// What the application adds to the request or to the answer, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExtraFields {
    protocols: Vec<String>,
    fields: Vec<(String, String)>,
}

impl ExtraFields {
    /// Takes sub-protocols, most wanted first, and `Name: value` lines.
    ///
    /// # Errors
    /// [`Misuse::InvalidProtocol`] and [`Misuse::InvalidHeader`] for what cannot be sent as it is: nothing is
    /// repaired, so that no text can smuggle a second header in.
    pub(crate) fn new(protocols: &[String], lines: &[String]) -> Result<Self, Misuse> {
        let mut checked = Self::default();
        for protocol in protocols {
            let protocol = protocol.trim_matches([' ', '\t']);
            if !is_token(protocol) || checked.protocols.iter().any(|earlier| earlier == protocol) {
                return Err(Misuse::InvalidProtocol(protocol.to_owned()));
            }
            checked.protocols.push(protocol.to_owned());
        }
        for line in lines {
            checked.fields.push(parse_line(line).ok_or_else(|| Misuse::InvalidHeader(line.clone()))?);
        }
        Ok(checked)
    }

    pub(super) fn protocols(&self) -> &[String] {
        &self.protocols
    }

    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
    }
}

fn parse_line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim_matches([' ', '\t']);
    let reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
    let printable = !value.chars().any(|c| c.is_control() && c != '\t');
    (is_token(name) && !reserved && printable).then(|| (name.to_owned(), value.to_owned()))
}

/// Whether `text` is a token (RFC 9110 §5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn what_would_inject_a_header_is_refused() {
        for line in ["X: a\r\nY: b", "X\r\nY: b", "X : a", ": a", "X", "X: a\0", "Sec-WebSocket-Key: x", "upgrade: h2c"]
        {
            let result = ExtraFields::new(&[], &lines(&[line]));
            assert_eq!(result, Err(Misuse::InvalidHeader(line.to_owned())), "{line:?}");
        }
        for protocol in ["", "a b", "a\r\nX: 1", "a,b", "ü"] {
            let result = ExtraFields::new(&lines(&[protocol]), &[]);
            assert_eq!(result, Err(Misuse::InvalidProtocol(protocol.to_owned())), "{protocol:?}");
        }
        assert!(matches!(ExtraFields::new(&lines(&["a", "a"]), &[]), Err(Misuse::InvalidProtocol(_))));
    }

    #[test]
    fn token_is_found_in_a_list_whatever_its_case() {
        let fields = Fields::of(&[("Connection", "keep-alive"), ("connection", "x , Upgrade,")]);
        assert!(fields.has_token("CONNECTION", "upgrade"));
        assert!(!fields.has_token("Connection", "up"));
    }

    #[test]
    fn field_that_is_there_twice_is_not_the_only_one() {
        let fields = Fields::of(&[("Key", "a"), ("key", "b"), ("X", "")]);
        assert_eq!((fields.only("key"), fields.only("x"), fields.only("y")), (None, Some(""), None));
    }
}

//! What a request line asks for (RFC 9112 §3.2).

/// The schemes that the absolute form may have. It is the proxy that wrote it, so that of HTTP is usual.
const SCHEMES: [&str; 4] = ["http", "https", "ws", "wss"];

/// A target, in whatever form it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Path and query: the origin form, which is all that an application sees.
    pub(super) origin_form: String,
    /// Whom the absolute form names; it counts, and not the `Host` field (RFC 9112 §3.2.2).
    pub(super) host: Option<String>,
}

/// Reads the origin form and the absolute form. `None` for others: those of `CONNECT` and `OPTIONS`, and what is none.
pub(super) fn parse_target(text: &str) -> Option<Target> {
    if text.contains('#') {
        return None;
    }
    if text.starts_with('/') {
        return Some(Target { origin_form: text.to_owned(), host: None });
    }
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_known || host.is_empty() || host.contains(['@', '\\']) {
        return None;
    }
    let origin_form = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some(Target { origin_form, host: Some(host.to_owned()) })
}

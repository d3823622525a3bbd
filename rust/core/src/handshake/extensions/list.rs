//! The grammar of a list of extensions (RFC 6455 §9.1).

use super::super::fields::is_token;

/// An extension with its parameters, in the order they were given. Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// Without the quotes that it may stand in.
    pub(super) value: Option<String>,
}

/// The items of a list; `None` for one that is malformed. Empty items are left out (RFC 9110 §5.6.1).
pub(super) fn parse_list(text: &str) -> impl Iterator<Item = Option<Extension>> {
    split(text, ',').filter(|item| !item.is_empty()).map(parse_extension)
}

fn parse_extension(text: &str) -> Option<Extension> {
    let mut parts = split(text, ';');
    let name = parts.next().filter(|name| is_token(name))?.to_ascii_lowercase();
    let parameters = parts.map(parse_parameter).collect::<Option<Vec<_>>>()?;
    Some(Extension { name, parameters })
}

fn parse_parameter(text: &str) -> Option<Parameter> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim_end(), Some(unquote(value.trim_start())?)),
        None => (text, None),
    };
    is_token(name).then(|| Parameter { name: name.to_ascii_lowercase(), value })
}

/// A token, or a quoted string that is a token once the quotes and escapes are gone (RFC 6455 §9.1).
fn unquote(text: &str) -> Option<String> {
    let value = match text.strip_prefix('"') {
        Some(rest) => {
            let mut value = String::new();
            let mut chars = rest.strip_suffix('"')?.chars();
            while let Some(char) = chars.next() {
                value.push(if char == '\\' { chars.next()? } else { char });
            }
            value
        }
        None => text.to_owned(),
    };
    is_token(&value).then_some(value)
}

/// The parts between separators that do not stand in quotes, without white space around them.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_separator = move |char| {
        let found = char == separator && !is_quoted;
        is_quoted ^= char == '"' && !is_escaped;
        is_escaped = char == '\\' && is_quoted && !is_escaped;
        found
    };
    text.split(is_separator).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list as it was understood, written plainly; `?` is a malformed item.
    fn understood(text: &str) -> String {
        let item = |item: Option<Extension>| {
            let Some(extension) = item else { return "?".to_owned() };
            let parameters = extension.parameters.into_iter().map(|parameter| match parameter.value {
                Some(value) => format!(";{}={value}", parameter.name),
                None => format!(";{}", parameter.name),
            });
            extension.name + &parameters.collect::<String>()
        };
        parse_list(text).map(item).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lists_are_read_as_the_grammar_says() {
        for (text, expected) in [
            ("", ""),
            ("a", "a"),
            ("A;B=C", "a;b=C"),
            ("a, b;c; d=1 ,e", "a b;c;d=1 e"),
            (" ,a,,\tb , ", "a b"),
            ("a;b=\"1\"", "a;b=1"),
            ("a ; b = 1", "a;b=1"),
            (r#"a;b="\1\0""#, "a;b=10"),
            (r#"a;b="c,d", e"#, "? e"),
            (r#"a;b="c;d", e"#, "? e"),
            (r#"a;b="c\",d", e"#, "? e"),
            ("a;, b", "? b"),
            ("a;b=, c", "? c"),
            ("a;=1, c", "? c"),
            ("a b, c", "? c"),
            ("a;b=\"\", c", "? c"),
            ("a;b=\"1, c", "?"),
            (r#"a;b="1\"#, "?"),
            (";a", "?"),
            ("ü, a", "? a"),
        ] {
            assert_eq!(understood(text), expected, "{text:?}");
        }
    }
}

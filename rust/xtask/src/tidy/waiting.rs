//! What makes tests slow or fail by chance.

use anyhow::Result;

use super::Finding;
use super::source::{self, Source};

/// Tests that wait on purpose, each with the reason.
const MAY_WAIT: [(&str, &str); 1] =
    [("godot-project/tests/testkit.gd", "asks over a socket of its own while the game stands still")];

/// The hosts that tests talk to.
const HOSTS: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];

/// A test waits for an event with a deadline, not for time to pass.
pub(super) fn sleeps() -> Result<Vec<Finding>> {
    let waits = ["thread::sleep", "OS.delay_", "create_timer"];
    let problem = |code: &str| {
        let wait = waits.into_iter().find(|wait| code.contains(wait))?;
        // The rules themselves name what they look for.
        (!code.contains(&format!("\"{wait}"))).then(|| format!("{wait} in a test"))
    };
    let sources = tests()?;
    let checked = sources.iter().filter(|source| !MAY_WAIT.iter().any(|(path, _)| *path == source.path));
    Ok(checked.flat_map(|source| source.findings(|line| line.is_test, problem)).collect())
}

/// A test listens on port 0 and asks which port that became. Only addresses of this machine are looked at, in tests with
/// sockets: a URL that is merely parsed may have any port.
pub(super) fn fixed_ports() -> Result<Vec<Finding>> {
    let problem = |code: &str| fixed_port(code).map(|port| format!("fixed port {port}"));
    let sources = tests()?;
    let with_sockets = sources.iter().filter(|source| source.path.contains("/tests/"));
    Ok(with_sockets.flat_map(|source| source.findings(|line| line.is_test, problem)).collect())
}

fn tests() -> Result<Vec<Source>> {
    let mut sources = source::rust("rust")?;
    sources.extend(source::gdscript("godot-project/tests")?);
    Ok(sources)
}

/// The first port that is written out after a loopback host. Those below 1024 do not count: no test can listen there, they
/// only stand in texts.
fn fixed_port(code: &str) -> Option<u16> {
    HOSTS.iter().find_map(|host| {
        code.match_indices(host).find_map(|(idx, _)| {
            let rest = &code[idx + host.len()..];
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok().filter(|port| *port >= 1024)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_that_is_written_out_is_found() {
        assert_eq!(fixed_port("bind(\"127.0.0.1:8080\")"), Some(8080));
        assert_eq!(fixed_port("\"ws://[::1]:9001/a\""), Some(9001));
    }

    #[test]
    fn port_that_is_asked_for_is_fine() {
        assert_eq!(fixed_port("bind(\"127.0.0.1:0\")"), None);
        assert_eq!(fixed_port("\"CONNECT localhost:1 HTTP/1.1\""), None);
        assert_eq!(fixed_port("format!(\"ws://127.0.0.1:{port}/\")"), None);
        assert_eq!(fixed_port("\"ws://localhost:%d\" % port"), None);
        assert_eq!(fixed_port("\"ws://localhost:99999\""), None);
    }
}

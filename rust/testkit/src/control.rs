//! Scripted servers for other processes: one JSON request per line, one JSON reply per line.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tungsten_testkit::{BlackHole, LeafKind, Options, Server, Step, TestAuthority, closed_port};

/// Opens the control port, prints `ready PORT` and serves it on threads of its own until the process ends.
pub(crate) fn start() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("open the control port")?;
    let port = listener.local_addr().context("find the control port")?.port();
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "ready {port}").and_then(|()| stdout.flush()).context("print the control port")?;
    let peers = Arc::new(Peers::default());
    thread::Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let peers = Arc::clone(&peers);
            thread::spawn(move || {
                // An error means that the client went away; there is nobody left to tell.
                let _gone = serve(&stream, &peers);
            });
        }
    })?;
    Ok(())
}

/// In JSON externally tagged and in snake case: `{"start": {"script": ["upgrade", "echo"]}}`, `"authority"`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    /// The certificate to trust.
    Authority,
    /// A port on which connections never finish; stopped like a server.
    BlackHole,
    /// A port on which connections are refused.
    ClosedPort,
    /// Certificate and key of a server, as PEM.
    Identity(LeafKind),
    /// The events of a server.
    Report(u64),
    /// Lets a server pass its `wait` step of this name.
    Signal(Signal),
    /// Starts a server.
    Start(Start),
    /// Stops a server.
    Stop(u64),
    /// Waits until a server has recorded an event of this name.
    WaitFor(WaitFor),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signal {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    #[serde(default)]
    script: Option<Vec<Step>>,
    /// One script per connection instead of the same for all; see [`Options::scripts`].
    #[serde(default)]
    scripts: Vec<Vec<Step>>,
    #[serde(default)]
    ipv6: bool,
    /// Seconds; see [`Options::timeout`].
    #[serde(default = "default_timeout")]
    timeout: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitFor {
    id: u64,
    event: String,
    /// How many events of this name are awaited.
    #[serde(default = "default_count")]
    count: usize,
    /// Seconds.
    #[serde(default = "default_timeout")]
    timeout: f64,
}

fn default_timeout() -> f64 {
    10.0
}

fn default_count() -> usize {
    1
}

/// All that was started and not stopped.
#[derive(Default)]
struct Peers {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    peers: HashMap<u64, Peer>,
}

enum Peer {
    BlackHole {
        _kept_open: BlackHole,
    },
    /// Shared, so that a wait does not block the other control connections.
    Server(Arc<Server>),
}

impl Peers {
    fn answer(&self, line: &str) -> anyhow::Result<Value> {
        let value: Value = serde_json::from_str(line).context("parse the request")?;
        let request = serde_json::from_value(whole_numbers(value)).context("understand the request")?;
        Ok(match request {
            Request::Authority => json!({ "ca": TestAuthority::shared().ca_pem() }),
            Request::BlackHole => {
                let hole = BlackHole::open().context("open a black hole")?;
                let port = hole.port();
                json!({ "id": self.add(Peer::BlackHole { _kept_open: hole }), "port": port })
            }
            Request::ClosedPort => json!({ "port": closed_port().context("find a closed port")? }),
            Request::Identity(kind) => {
                let identity = TestAuthority::shared().leaf(kind);
                json!({ "certificate": identity.chain_pem(), "key": identity.key_pem() })
            }
            Request::Report(id) => json!({ "events": self.server(id)?.report() }),
            Request::Signal(Signal { id, name }) => {
                self.server(id)?.signal(&name);
                json!({})
            }
            Request::Start(start) => self.start(start)?,
            Request::Stop(id) => {
                self.stop(id)?;
                json!({})
            }
            Request::WaitFor(wait) => {
                let timeout = seconds(wait.timeout)?;
                json!({ "events": self.server(wait.id)?.wait_for_events(&wait.event, wait.count, timeout)? })
            }
        })
    }

    fn start(&self, start: Start) -> anyhow::Result<Value> {
        let scripts = match (start.script, start.scripts) {
            (Some(script), scripts) if scripts.is_empty() => vec![script],
            (None, scripts) if !scripts.is_empty() => scripts,
            _ => bail!("give either a script or scripts"),
        };
        let timeout = seconds(start.timeout)?;
        let options = Options { scripts, ipv6: start.ipv6, timeout, ..Options::new([]) };
        let server = Server::start_with(options).context("start a server")?;
        let (port, url) = (server.port(), server.url());
        let id = self.add(Peer::Server(Arc::new(server)));
        Ok(json!({ "id": id, "port": port, "url": url, "ca": TestAuthority::shared().ca_pem() }))
    }

    fn add(&self, peer: Peer) -> u64 {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        state.peers.insert(id, peer);
        id
    }

    fn server(&self, id: u64) -> anyhow::Result<Arc<Server>> {
        match self.lock().peers.get(&id) {
            Some(Peer::Server(server)) => Ok(Arc::clone(server)),
            Some(Peer::BlackHole { .. }) => bail!("{id} is a black hole, not a server"),
            None => bail!("no server has the id {id}"),
        }
    }

    fn stop(&self, id: u64) -> anyhow::Result<()> {
        let peer = self.lock().peers.remove(&id).with_context(|| format!("no server has the id {id}"))?;
        // Not only dropped: another control connection may be waiting for its events.
        if let Peer::Server(server) = peer {
            server.stop();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(stream: &TcpStream, peers: &Peers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream;
    for line in BufReader::new(stream).lines() {
        let reply = peers.answer(&line?).unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        writer.write_all(format!("{reply}\n").as_bytes())?;
    }
    Ok(())
}

fn seconds(number: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(number).with_context(|| format!("{number} is not a time in seconds"))
}

/// Godot parses every JSON number as a float and would send back the id 1 as `1.0`.
fn whole_numbers(value: Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(values) => values.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect(),
        other => other,
    }
}

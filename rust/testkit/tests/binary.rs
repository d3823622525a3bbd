//! The binary as other processes use it.

mod rig;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};

use rig::PATIENCE;
use serde_json::{Value, json};
use tungsten_testkit::{Frame, RawClient};

/// The binary with its first line of output; ends with this value.
struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    first_line: String,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tungsten-testkit"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
        let stdin = child.stdin.take();
        Self { child, stdin, first_line }
    }

    /// Where it is ready.
    fn place(&self) -> &str {
        self.first_line.trim_end().strip_prefix("ready ").unwrap()
    }

    /// Closes the standard input and returns whether the process then ended well.
    fn end(&mut self) -> bool {
        self.stdin = None;
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

struct Control {
    process: Process,
    stream: BufReader<TcpStream>,
}

impl Control {
    fn start() -> Self {
        let process = Process::start(&["control"]);
        let port = process.place().parse().unwrap();
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { process, stream: BufReader::new(stream) }
    }

    fn ask(&mut self, request: Value) -> Value {
        self.ask_line(&request.to_string())
    }

    fn ask_line(&mut self, line: &str) -> Value {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut reply = String::new();
        self.stream.read_line(&mut reply).unwrap();
        serde_json::from_str(&reply).unwrap()
    }
}

fn loopback(port: &Value) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port.as_u64().unwrap().try_into().unwrap()))
}

#[test]
fn control_runs_a_script_and_reports_it() {
    let mut control = Control::start();
    let script = json!(["upgrade", {"wait": "go"}, {"text": "hello"}, "answer_close"]);
    let started = control.ask(json!({"start": {"script": script, "ipv6": false}}));
    assert_eq!(started["id"], 1);
    assert_eq!(started["url"], format!("ws://127.0.0.1:{}", started["port"]));
    assert!(started["ca"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let mut client = RawClient::connect(loopback(&started["port"])).unwrap();
    client.upgrade(&[]).unwrap();
    assert_eq!(control.ask(json!({"signal": {"id": 1, "name": "go"}})), json!({}));
    assert_eq!(client.read_frame().unwrap(), Some(Frame::text("hello")));
    client.send(Frame::close(1000, "bye")).unwrap();
    let waited = control.ask(json!({"wait_for": {"id": 1, "event": "done", "timeout": 5.0}}));
    let events = waited["events"].as_array().unwrap();
    assert_eq!(events[events.len() - 2], json!({"connection": 0, "event": {"close": [1000, "bye"]}}));
    assert_eq!(control.ask(json!({"report": 1}))["events"].as_array().unwrap(), events);
    assert_eq!(control.ask(json!({"stop": 1})), json!({}));
    assert_eq!(control.ask(json!({"stop": 1})), json!({"error": "no server has the id 1"}));
}

#[test]
fn control_takes_whole_numbers_written_as_floats() {
    let mut control = Control::start();
    let started = control.ask_line(r#"{"start": {"script": ["upgrade", {"close": [1000.0, "bye"]}, {"raw": [1.0]}]}}"#);
    assert_eq!(started["id"], 1, "{started}");
    assert_eq!(control.ask_line(r#"{"report": 1.0}"#), json!({"events": []}));
}

#[test]
fn control_explains_what_it_does_not_understand() {
    let mut control = Control::start();
    for (line, part) in [
        ("nonsense", "parse the request"),
        (r#"{"start": {"script": ["levitate"]}}"#, "levitate"),
        (r#"{"start": {}}"#, "either a script or scripts"),
        (r#"{"wait_for": {"id": 1, "event": "eof", "timeout": -1}}"#, "-1 is not a time"),
        (r#"{"report": 7}"#, "no server has the id 7"),
    ] {
        let reply = control.ask_line(line);
        assert!(reply["error"].as_str().unwrap().contains(part), "{line}: {reply}");
    }
}

#[test]
fn control_reports_a_wait_in_vain() {
    let mut control = Control::start();
    control.ask(json!({"start": {"script": ["upgrade"]}}));
    let reply = control.ask(json!({"wait_for": {"id": 1, "event": "eof", "timeout": 0.01}}));
    assert!(reply["error"].as_str().unwrap().starts_with("the time was up"), "{reply}");
}

#[test]
fn control_offers_certificates_and_dead_ends() {
    let mut control = Control::start();
    let authority = control.ask(json!("authority"));
    let identity = control.ask(json!({"identity": "self_signed"}));
    assert!(authority["ca"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(identity["certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(identity["key"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    let closed = control.ask(json!({"closed_port": null}));
    assert!(TcpStream::connect(loopback(&closed["port"])).is_err());
    let hole = control.ask(json!({"black_hole": null}));
    assert_eq!(control.ask(json!({"stop": hole["id"]})), json!({}));
}

#[test]
fn control_ends_with_its_standard_input() {
    let mut control = Control::start();
    control.ask(json!({"start": {"script": ["stall"]}}));
    assert!(control.process.end());
}

#[test]
fn echo_serves_both_addresses() {
    let ca_file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("echo-ca.pem");
    let mut process = Process::start(&["echo", "--ca-file", ca_file.to_str().unwrap()]);
    let line: Value = serde_json::from_str(process.place()).unwrap();
    assert_eq!(line["ca"], ca_file.to_str().unwrap());
    assert!(std::fs::read_to_string(&ca_file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(line["wss"].as_str().unwrap().starts_with("wss://localhost:"));
    let address = line["ws"].as_str().unwrap().strip_prefix("ws://").unwrap().parse().unwrap();
    for text in ["first", "second"] {
        let mut client = RawClient::connect(address).unwrap();
        client.upgrade(&[]).unwrap();
        client.send(Frame::text(text)).unwrap();
        assert_eq!(client.read_frame().unwrap(), Some(Frame::text(text)));
    }
    assert!(process.end());
}

#[test]
fn identity_writes_three_files_and_ends() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("identity");
    let mut process = Process::start(&["identity", "--dir", dir.to_str().unwrap()]);
    assert_eq!(process.first_line, "");
    assert!(process.child.wait().unwrap().success());
    for (name, kind) in [("authority", "CERTIFICATE"), ("certificate", "CERTIFICATE"), ("key", "PRIVATE KEY")] {
        let pem = std::fs::read_to_string(dir.join(format!("{name}.pem"))).unwrap();
        assert!(pem.starts_with(&format!("-----BEGIN {kind}-----")), "{name}");
    }
}

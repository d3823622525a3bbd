//! What happens to the programs that were started when we are asked to end.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(20);

/// Stands for an engine: says that it is there, and hangs.
const HANGS: &str = "#!/bin/sh\necho started >&3\nsleep 600\n";

#[test]
fn child_that_hangs_ends_with_us() {
    let engine = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hangs");
    fs::write(&engine, HANGS).unwrap();
    fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();
    // All that is started inherits the third stream, so that ends when all have ended.
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" godot 3>&1"]).arg(env!("CARGO_BIN_EXE_xtask"));
    let mut xtask = command.env("GODOT4_BIN", engine).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(xtask.stdout.take().unwrap());
    let (tx, lines) = channel();
    thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tx.send(line)));
    assert_eq!(lines.recv_timeout(PATIENCE).unwrap(), "started");
    kill_process(Pid::from_child(&xtask), Signal::TERM).unwrap();
    assert_eq!(lines.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Disconnected);
    assert!(!xtask.wait().unwrap().success());
}
